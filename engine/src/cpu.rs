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

/// Instructions that this process may use. A value of this type is the proof that the CPU has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cpu {
    level: Level,
    bf16: bool,
    int8: bool,
}

impl Cpu {
    /// Everything this CPU has.
    pub fn detect() -> Cpu {
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
        cpu
    }

    /// Plain Rust: the twin that every kernel is tested against.
    pub const PORTABLE: Cpu = Cpu {
        level: Level::Portable,
        bf16: false,
        int8: false,
    };

    /// What this CPU has, but no more than `most`.
    #[must_use]
    pub fn at_most(self, most: Most) -> Cpu {
        let level = match most {
            Most::Portable => Level::Portable,
            Most::Avx2 => Level::Avx2,
            Most::Avx512 | Most::All => Level::Avx512,
        };
        Cpu {
            level: self.level.min(level),
            bf16: self.bf16 && most == Most::All,
            int8: self.int8 && most == Most::All,
        }
    }

    /// The vectors that kernels use.
    pub fn level(self) -> Level {
        self.level
    }

    /// True where products of bf16 have an instruction (AVX-512 BF16). Elsewhere bf16 is slower than f32, and a
    /// program made for bf16 computes in f32.
    pub fn has_bf16(self) -> bool {
        self.bf16
    }

    /// True where products of 8-bit numbers have an instruction (AVX-512 VNNI). Elsewhere they are 16 bits wide.
    pub fn has_int8(self) -> bool {
        self.int8
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
        write!(f, "{level}{bf16}{int8}")
    }
}

/// A bound on the instructions used, for tests and for comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Most {
    /// No vector instructions beyond the compiler's base target.
    Portable,
    /// AVX2 and FMA.
    Avx2,
    /// AVX-512 without its extensions for bf16 and 8-bit products.
    Avx512,
    /// Everything there is.
    All,
}

/// A bound that is none of `portable`, `avx2`, `avx512` and `all`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of `portable`, `avx2`, `avx512`, `all`")]
pub struct UnknownMost(pub String);

impl FromStr for Most {
    type Err = UnknownMost;

    fn from_str(text: &str) -> Result<Most, UnknownMost> {
        match text {
            "portable" => Ok(Most::Portable),
            "avx2" => Ok(Most::Avx2),
            "avx512" => Ok(Most::Avx512),
            "all" => Ok(Most::All),
            other => Err(UnknownMost(other.to_owned())),
        }
    }
}
