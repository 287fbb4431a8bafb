//! Layer normalisation.

use crate::cpu::Cpu;
use crate::kernel::norm_passes::{NormBackward, NormForward};

/// What the way back through a normalisation needs.
#[derive(Clone, Debug)]
pub struct Normal {
    /// The rows with mean 0 and deviation 1, `[rows, columns]`.
    values: Vec<f32>,
    /// What each row was multiplied by.
    scales: Vec<f32>,
}

/// The gradients of a normalisation.
#[derive(Debug)]
pub struct NormGradient {
    /// `[rows, columns]`.
    pub x: Vec<f32>,
    /// `[columns]`.
    pub gamma: Vec<f32>,
    /// `[columns]`.
    pub beta: Vec<f32>,
}

/// Returns `(x - mean) / sqrt(variance + epsilon) * gamma + beta` row by row, and what [`norm_back`] needs.
///
/// `x`: `[rows, columns]`; `gamma`: `[columns]`; `beta`: the same, or none for zero.
///
/// # Panics
/// `x` has no whole rows, or `beta` another length than `gamma`.
pub fn norm(cpu: Cpu, x: &[f32], (gamma, beta): (&[f32], &[f32]), epsilon: f32) -> (Vec<f32>, Normal) {
    let mut out = vec![0.0; x.len()];
    let mut normal = Normal {
        values: vec![0.0; x.len()],
        scales: vec![0.0; x.len() / gamma.len().max(1)],
    };
    NormForward {
        x,
        gamma,
        beta,
        epsilon,
        normal: &mut normal.values,
        scales: &mut normal.scales,
        out: &mut out,
    }
    .run(cpu);
    (out, normal)
}

/// Returns the gradients of a normalisation from that of its result.
///
/// # Panics
/// The sizes are not those of [`norm`].
pub fn norm_back(cpu: Cpu, normal: &Normal, gamma: &[f32], gradient: &[f32]) -> NormGradient {
    let mut to = NormGradient {
        x: vec![0.0; gradient.len()],
        gamma: vec![0.0; gamma.len()],
        beta: vec![0.0; gamma.len()],
    };
    NormBackward {
        gradient,
        normal: &normal.values,
        scales: &normal.scales,
        gamma,
        to_x: &mut to.x,
        to_gamma: &mut to.gamma,
        to_beta: &mut to.beta,
    }
    .run(cpu);
    to
}
