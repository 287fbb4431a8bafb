//! The tile registers of AMX, on Linux: instructions, permission, and the check before they are ever used.
//!
//! Nothing else here: loops are in [`super::tiles`]. Inline assembly, as the instructions are not in stable Rust.
//!
//! # Source
//! Intel, "Intel 64 and IA-32 Architectures Software Developer's Manual", volume 1, chapter 18 (Intel AMX), and
//! volume 2, `CPUID` leaves 7 and 1DH; Linux, `Documentation/arch/x86/xstate.rst` (permission).

use std::arch::asm;
use std::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};
use std::sync::OnceLock;

use super::matmul::{Activation, Matmul, Rows, RowsMut};
use super::pack::{Matrix, Packed};
use super::tiles::Tiles;
use crate::cpu::Cpu;

#[cfg(test)]
pub(super) mod trap;

/// Proof that this process may use AMX, and its registers: words are four 8-bit numbers if `IS_WHOLE`, else two
/// `bf16`. The registers are free again when it is dropped.
pub(super) struct Amx<const IS_WHOLE: bool>(());

impl<const IS_WHOLE: bool> Amx<IS_WHOLE> {
    /// # Safety
    /// The CPU has AMX with products of bf16 and 8-bit numbers, the system lets this process use it, and nothing
    /// else on this thread uses its registers while this value lives.
    #[inline(always)]
    pub(super) unsafe fn assume() -> Amx<IS_WHOLE> {
        Amx(())
    }
}

/// What `LDTILECFG` reads: palette 1, and for each register bytes in a row and rows.
#[repr(C, align(64))]
struct Config([u8; 64]);

/// Instructions that may change any tile register. The compiler itself uses none, so they keep what they hold from
/// one block to the next.
macro_rules! tile_asm {
    ($($operands:tt)*) => {
        asm!(
            $($operands)*,
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack, preserves_flags),
        )
    };
}

impl<const IS_WHOLE: bool> Tiles for Amx<IS_WHOLE> {
    #[inline(always)]
    fn configure(&mut self, rows: [usize; 8]) {
        let mut config = Config([0; 64]);
        config.0[0] = 1;
        for (register, rows) in rows.into_iter().enumerate() {
            config.0[16 + 2 * register] = 64;
            config.0[48 + register] = rows.to_le_bytes()[0];
        }
        // SAFETY: `assume` vouches for the instruction; it reads these 64 bytes, which are valid for palette 1.
        unsafe { tile_asm!("ldtilecfg [{config}]", config = in(reg) config.0.as_ptr()) }
    }

    #[inline(always)]
    unsafe fn load<const T: usize>(&mut self, from: *const u32, stride: usize) {
        // SAFETY: the caller vouches for the words, `assume` for the instruction.
        unsafe {
            tile_asm!(
                "tileloadd tmm{tile}, [{from} + {stride}]",
                tile = const T,
                from = in(reg) from,
                stride = in(reg) 4 * stride
            );
        }
    }

    #[inline(always)]
    fn multiply<const C: usize, const A: usize, const B: usize>(&mut self) {
        // SAFETY: `assume` vouches for the instructions, which touch no memory.
        unsafe {
            match IS_WHOLE {
                true => tile_asm!("tdpbusd tmm{c}, tmm{a}, tmm{b}", c = const C, a = const A, b = const B),
                false => tile_asm!("tdpbf16ps tmm{c}, tmm{a}, tmm{b}", c = const C, a = const A, b = const B),
            }
        }
    }

    #[inline(always)]
    unsafe fn store<const T: usize>(&mut self, to: *mut u32, stride: usize) {
        // SAFETY: the caller vouches for the words, `assume` for the instruction.
        unsafe {
            tile_asm!(
                "tilestored [{to} + {stride}], tmm{tile}",
                tile = const T,
                to = in(reg) to,
                stride = in(reg) 4 * stride
            );
        }
    }
}

impl<const IS_WHOLE: bool> Drop for Amx<IS_WHOLE> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: `assume` vouches for the instruction; nobody needs the registers any more.
        unsafe { tile_asm!("tilerelease") }
    }
}

/// True where this CPU has AMX, the system lets this process use it, and products by it are what plain Rust says.
/// Asked once in a process; `cpu` is the one detected, with tile registers.
pub(crate) fn is_sound(cpu: Cpu) -> bool {
    // A fact about the machine, like those that the standard library keeps about the CPU.
    static IS_SOUND: OnceLock<bool> = OnceLock::new();
    *IS_SOUND.get_or_init(|| has_instructions() && is_permitted() && agrees(cpu))
}

/// True where the CPU has tiles of 16 rows of 64 bytes in eight registers, and the system saves them.
fn has_instructions() -> bool {
    const OSXSAVE: u32 = 1 << 27;
    const AMX_BF16: u32 = 1 << 22;
    const AMX_TILE: u32 = 1 << 24;
    const AMX_INT8: u32 = 1 << 25;
    /// Configuration and data of tiles in `XCR0`.
    const SAVED: u64 = 0b11 << 17;
    const ALL: u32 = AMX_BF16 | AMX_TILE | AMX_INT8;
    let most = __cpuid(0).eax;
    if most < 0x1d || __cpuid(1).ecx & OSXSAVE == 0 || __cpuid_count(7, 0).edx & ALL != ALL {
        return false;
    }
    // SAFETY: the system has enabled `XGETBV`, which is what OSXSAVE says.
    if unsafe { _xgetbv(0) } & SAVED != SAVED {
        return false;
    }
    let palette = __cpuid_count(0x1d, 1);
    let (row_bytes, registers) = (palette.ebx & 0xffff, palette.ebx >> 16);
    row_bytes == 64 && registers >= 8 && palette.ecx & 0xffff == 16
}

/// Asks Linux to let all threads of this process use tile registers, for good.
fn is_permitted() -> bool {
    const ARCH_PRCTL: u64 = 158;
    const ARCH_REQ_XCOMP_PERM: u64 = 0x1023;
    const XFEATURE_XTILEDATA: u64 = 18;
    let answer: u64;
    // SAFETY: the call takes two numbers and touches no memory of ours; `syscall` overwrites these registers only.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") ARCH_PRCTL => answer,
            in("rdi") ARCH_REQ_XCOMP_PERM,
            in("rsi") XFEATURE_XTILEDATA,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    answer == 0
}

/// A product whose answer is known to the last bit: all of its sums are whole numbers below 2^24.
struct Trial {
    rows: usize,
    depth: usize,
    columns: usize,
    is_whole: bool,
}

/// One row and one column more than two tiles, and depths that fill a tile's last word in part.
const TRIALS: [Trial; 4] = [
    Trial {
        rows: 33,
        depth: 83,
        columns: 49,
        is_whole: false,
    },
    Trial {
        rows: 7,
        depth: 33,
        columns: 15,
        is_whole: false,
    },
    Trial {
        rows: 33,
        depth: 131,
        columns: 49,
        is_whole: true,
    },
    Trial {
        rows: 7,
        depth: 65,
        columns: 15,
        is_whole: true,
    },
];

/// True where every trial on a CPU has the answer of plain Rust, bit for bit.
fn agrees(cpu: Cpu) -> bool {
    TRIALS
        .iter()
        .all(|trial| is_same(&trial.answer(cpu), &trial.answer(Cpu::PORTABLE)))
}

/// True for the same bits; one NaN is as good as another.
fn is_same(seen: &[f32], expected: &[f32]) -> bool {
    let same = |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
    seen.len() == expected.len() && seen.iter().zip(expected).all(same)
}

impl Trial {
    fn answer(&self, cpu: Cpu) -> Vec<f32> {
        // Whole numbers from -63 to 64 in an order without a pattern: a bf16 holds them exactly.
        let numbers = |count: usize, seed: u32| -> Vec<f32> {
            let mut state = seed;
            let mut next = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                f32::from((state >> 25).to_le_bytes()[0]) - 63.0
            };
            (0..count).map(|_| next()).collect()
        };
        let (mut a, mut weights) = (
            numbers(self.rows * self.depth, 1),
            numbers(self.depth * self.columns, 2),
        );
        let bias = numbers(self.columns, 3);
        a[self.depth + 1] = f32::NAN;
        // With 127 in each column, and as the largest row, an 8-bit number stands for itself.
        weights[..self.columns].fill(127.0);
        let matrix = Matrix {
            values: &weights,
            depth: self.depth,
            columns: self.columns,
        };
        let packed = match self.is_whole {
            true => Packed::int8(cpu, matrix, &bias, 127.0),
            false => Packed::bf16(cpu, matrix, &bias),
        };
        let mut out = vec![0.0; self.rows * self.columns];
        Matmul {
            a: Rows {
                values: &a,
                stride: self.depth,
            },
            rows: self.rows,
            weights: &packed,
            residual: None,
            activation: Activation::None,
            out: RowsMut {
                values: &mut out,
                stride: self.columns,
            },
            scratch: &mut vec![0; Matmul::scratch(&packed, self.rows)],
        }
        .run();
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_passes_where_tiles_do_as_the_manual_says() {
        assert!(agrees(Cpu::PORTABLE_TILES));
    }

    #[test]
    fn the_assembly_agrees_where_its_instructions_are_played_and_releases_the_registers() {
        let Some(cpu) = trap::cpu() else {
            println!("skipped: this CPU has AMX itself, or no AVX-512 BF16 and VNNI beside it");
            return;
        };
        assert!(agrees(cpu));
        assert!(trap::are_released());
        assert!(!is_permitted(), "Linux lets a CPU without AMX use it");
    }

    #[test]
    fn every_instruction_set_agrees_on_the_trials() {
        for cpu in crate::kernel::trial::cpus() {
            assert!(agrees(cpu), "{cpu}");
        }
    }

    #[test]
    fn the_check_sees_a_single_wrong_bit() {
        for trial in &TRIALS {
            let expected = trial.answer(Cpu::PORTABLE);
            let finite = expected.iter().filter(|value| value.is_finite()).count();
            assert_eq!(finite, (trial.rows - 1) * trial.columns);
            for at in 0..expected.len() {
                let mut seen = expected.clone();
                seen[at] = f32::from_bits(seen[at].to_bits() ^ 1);
                let is_nan = expected[at].is_nan();
                assert_eq!(is_same(&seen, &expected), is_nan, "[{at}]");
            }
            assert!(!is_same(&expected[1..], &expected));
        }
    }

    #[test]
    fn instructions_are_found_where_linux_finds_them() {
        let text = std::fs::read_to_string("/proc/cpuinfo").unwrap();
        let has = |flag: &str| text.split_whitespace().any(|word| word == flag);
        let all = ["amx_tile", "amx_bf16", "amx_int8"].into_iter().all(has);
        assert_eq!(has_instructions(), all);
        assert!(all || !Cpu::detect().has_amx());
    }
}
