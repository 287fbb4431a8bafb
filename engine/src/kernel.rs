//! Loops over numbers, compiled for each instruction set: the only place with `unsafe`.
//!
//! One file a kernel. Each is a value with checked slices and a generic `run`; [`Cpu::run`] enters it with the
//! best vectors the CPU has. What they compute is tested against slow references and against their portable form.
#![allow(
    unsafe_code,
    reason = "vector instructions and tiles of matrices held in registers"
)]

use crate::cpu::{Cpu, Level};

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub(crate) mod amx;
mod attention;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
pub(crate) mod depthwise;
mod dot;
pub(crate) mod elementwise;
pub(crate) mod embed;
pub(crate) mod gelu;
mod math;
mod matmul;
pub(crate) mod norm;
pub(crate) mod norm_passes;
mod pack;
pub(crate) mod patches;
pub(crate) mod pool;
mod product;
pub(crate) mod recurrent;
pub(crate) mod schedule;
mod simd;
pub(crate) mod softmax;
pub(crate) mod softmax_back;
pub(crate) mod strided;
mod tiles;
#[cfg(test)]
mod trial;
pub(crate) mod windows;

pub use attention::Mask;
pub(crate) use attention::{Attention, Heads};
pub use matmul::Activation;
pub(crate) use matmul::{Matmul, Rows, RowsMut, spread};
pub(crate) use pack::{Format, Matrix, Packed};
pub(crate) use simd::Simd;

/// A computation that is compiled once per instruction set.
pub(crate) trait Kernel {
    type Output;
    /// Must be `#[inline(always)]`, with everything it calls in its inner loops.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

impl Cpu {
    /// Runs a kernel with the best vectors this CPU has.
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.level() {
            Level::Portable => kernel.run(simd::Portable),
            // SAFETY: a `Cpu` is of a level only if the CPU has its instructions.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { run_avx2(kernel) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { run_avx512(kernel) },
            #[cfg(not(target_arch = "x86_64"))]
            Level::Avx2 | Level::Avx512 => kernel.run(simd::Portable),
        }
    }
}

/// # Safety
/// The CPU has AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: the caller vouches for the CPU.
    kernel.run(unsafe { avx2::Avx2::assume() })
}

/// # Safety
/// The CPU has AVX-512 F, BW, DQ, VL and FMA.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,fma")]
unsafe fn run_avx512<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: the caller vouches for the CPU.
    kernel.run(unsafe { avx512::Avx512::assume() })
}
