//! What the CPU can do, found out once and passed along.

use std::fmt;
use std::str::FromStr;

/// The vector instructions that kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Whatever the compiler's base target has.
    Portable,
    /// AVX2 and FMA.
    Avx2,
    /// AVX-512 F, BW, DQ and VL.
    Avx512,
}

/// Registers that hold tiles of matrices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TileRegisters {
    /// There are none.
    None,
    /// Played in plain Rust.
    Played,
    /// Those of AMX, with products of bf16 and of 8-bit numbers.
    #[cfg_attr(
        not(all(target_arch = "x86_64", target_os = "linux")),
        allow(dead_code, reason = "asked for on Linux only")
    )]
    Amx,
}

/// Instructions that this process may use. A value of this type is the proof that the CPU has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cpu {
    level: Level,
    bf16: bool,
    int8: bool,
    tiles: TileRegisters,
}

impl Cpu {
    /// Everything this CPU has, and the operating system lets this process use. AMX counts only once a product in each
    /// of its formats has been what plain Rust says.
    pub fn detect() -> Cpu {
        Cpu::detect_at_most(Most::All)
    }

    /// As [`Cpu::detect`], but no more than `most`; below [`Most::Amx`], AMX is not even tried.
    pub fn detect_at_most(most: Most) -> Cpu {
        let mut cpu = Cpu::PORTABLE;
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        {
            use std::arch::is_x86_feature_detected as has;
            if has!("avx2") && has!("fma") {
                cpu.level = Level::Avx2;
            }
            let wide = has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl");
            if cpu.level == Level::Avx2 && wide {
                cpu.level = Level::Avx512;
                cpu.bf16 = has!("avx512bf16");
                cpu.int8 = has!("avx512vnni");
            }
        }
        #[cfg(all(target_arch = "x86_64", target_os = "linux", not(miri)))]
        if most >= Most::Amx && cpu.bf16 && cpu.int8 {
            let tiles = TileRegisters::Amx;
            let with_tiles = Cpu { tiles, ..cpu };
            if crate::kernel::amx::is_sound(with_tiles) {
                cpu = with_tiles;
            }
        }
        cpu.at_most(most)
    }

    /// Plain Rust: the twin that every kernel is tested against.
    pub const PORTABLE: Cpu = Cpu {
        level: Level::Portable,
        bf16: false,
        int8: false,
        tiles: TileRegisters::None,
    };

    /// The twin of AMX: plain Rust that plays its registers. Slow, for tests.
    pub const PORTABLE_TILES: Cpu = Cpu {
        tiles: TileRegisters::Played,
        ..Cpu::PORTABLE
    };

    /// What this CPU has, but no more than `most`.
    #[must_use]
    pub fn at_most(self, most: Most) -> Cpu {
        let level = match most {
            Most::Portable => Level::Portable,
            Most::Avx2 => Level::Avx2,
            Most::Avx512 | Most::Avx512Dot | Most::Amx | Most::All => Level::Avx512,
        };
        Cpu {
            level: self.level.min(level),
            bf16: self.bf16 && most >= Most::Avx512Dot,
            int8: self.int8 && most >= Most::Avx512Dot,
            tiles: if most >= Most::Amx {
                self.tiles
            } else {
                TileRegisters::None
            },
        }
    }

    /// The vectors that kernels use.
    pub fn level(self) -> Level {
        self.level
    }

    /// True where products of bf16 have an instruction for vectors (AVX-512 BF16).
    pub fn has_bf16(self) -> bool {
        self.bf16
    }

    /// True where products of 8-bit numbers have an instruction for vectors (AVX-512 VNNI). Elsewhere they are 16
    /// bits wide.
    pub fn has_int8(self) -> bool {
        self.int8
    }

    /// True where products of bf16 and of 8-bit numbers have instructions for tiles (AMX).
    pub fn has_amx(self) -> bool {
        self.tiles == TileRegisters::Amx
    }

    /// True where bf16 is computed as such. Elsewhere it is slower than f32, and a program made for bf16 computes in
    /// f32.
    pub(crate) fn computes_bf16(self) -> bool {
        self.bf16 || self.has_tiles()
    }

    /// This CPU as if it had AMX, for tests that play its instructions.
    #[cfg(test)]
    pub(crate) fn with_amx(self) -> Cpu {
        let tiles = TileRegisters::Amx;
        Cpu { tiles, ..self }
    }

    pub(crate) fn tiles(self) -> TileRegisters {
        self.tiles
    }

    pub(crate) fn has_tiles(self) -> bool {
        self.tiles != TileRegisters::None
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Portable => "portable",
            Level::Avx2 => "avx2",
            Level::Avx512 => "avx512",
        };
        let bf16 = if self.bf16 { "+bf16" } else { "" };
        let int8 = if self.int8 { "+vnni" } else { "" };
        let tiles = match self.tiles {
            TileRegisters::None => "",
            TileRegisters::Played => "+tiles",
            TileRegisters::Amx => "+amx",
        };
        write!(f, "{level}{bf16}{int8}{tiles}")
    }
}

/// A bound on the instructions used, for tests and for comparisons; each has what those before it have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Most {
    /// No vector instructions beyond the compiler's base target.
    Portable,
    /// AVX2 and FMA.
    Avx2,
    /// AVX-512 without its extensions for bf16 and 8-bit products.
    Avx512,
    /// AVX-512 with BF16 and VNNI.
    Avx512Dot,
    /// AMX.
    Amx,
    /// Everything there is.
    All,
}

/// A bound that is none of `portable`, `avx2`, `avx512`, `avx512dot`, `amx` and `all`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of `portable`, `avx2`, `avx512`, `avx512dot`, `amx`, `all`")]
pub struct UnknownMost(pub String);

impl FromStr for Most {
    type Err = UnknownMost;

    fn from_str(text: &str) -> Result<Most, UnknownMost> {
        match text {
            "portable" => Ok(Most::Portable),
            "avx2" => Ok(Most::Avx2),
            "avx512" => Ok(Most::Avx512),
            "avx512dot" => Ok(Most::Avx512Dot),
            "amx" => Ok(Most::Amx),
            "all" => Ok(Most::All),
            other => Err(UnknownMost(other.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_takes_away_what_lies_above_it() {
        let all = Cpu {
            level: Level::Avx512,
            bf16: true,
            int8: true,
            tiles: TileRegisters::Amx,
        };
        let names = ["portable", "avx2", "avx512", "avx512dot", "amx", "all"];
        let bounded = names.map(|name| all.at_most(name.parse().unwrap()).to_string());
        let most = "avx512+bf16+vnni+amx";
        assert_eq!(
            bounded,
            ["portable", "avx2", "avx512", "avx512+bf16+vnni", most, most]
        );
        assert!("sse".parse::<Most>().is_err());
    }
}
