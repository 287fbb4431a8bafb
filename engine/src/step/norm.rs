//! Normalisation of rows.

use crate::cpu::Cpu;
use crate::kernel::RowsMut;
use crate::kernel::norm::{Norm as Kernel, NormKind};
use crate::kernel::schedule::Access;
use crate::program::builder::{Connection, check};
use crate::program::{BuildError, Builder, Value};
use crate::step::{Call, Step, StepError};

/// Weights and ways of a normalisation.
#[derive(Clone, Copy, Debug)]
pub struct Norm<'a> {
    /// `[columns]`.
    pub gamma: &'a [f32],
    /// `[columns]`, or none for zero.
    pub beta: &'a [f32],
    /// Added to the variance; more than 0.
    pub epsilon: f32,
    /// Added to the input first: `[rows, columns]`.
    pub residual: Option<Value>,
}

impl Builder {
    /// Layer normalisation of each row of `x + residual`: `(x - mean) / sqrt(variance + epsilon) * gamma + beta`.
    ///
    /// # Errors
    /// [`BuildError`] for weights of another size or not finite, and for a residual of another shape.
    ///
    /// # Source
    /// Ba, Kiros and Hinton 2016, "Layer normalization", equation 4.
    pub fn layer_norm(&mut self, name: &str, x: Value, norm: Norm<'_>) -> Result<Value, BuildError> {
        self.norm(name, x, norm, NormKind::Layer)
    }

    /// Division of each row of `x + residual` by the root of its mean square, times gamma, plus beta.
    ///
    /// # Errors
    /// As [`Builder::layer_norm`].
    ///
    /// # Source
    /// Zhang and Sennrich 2019, "Root mean square layer normalization", equation 4.
    pub fn rms_norm(&mut self, name: &str, x: Value, norm: Norm<'_>) -> Result<Value, BuildError> {
        self.norm(name, x, norm, NormKind::Rms)
    }

    fn norm(&mut self, name: &str, x: Value, norm: Norm<'_>, kind: NormKind) -> Result<Value, BuildError> {
        let columns = x.columns();
        self.expect(name, x, false)?;
        check(name, "gamma", norm.gamma, columns)?;
        if !norm.beta.is_empty() {
            check(name, "beta", norm.beta, columns)?;
        }
        let mut reads = vec![(x, Access::Rows)];
        if let Some(residual) = norm.residual {
            self.same_shape(name, x, residual)?;
            reads.push((residual, Access::Rows));
        }
        let (height, width) = self.size(x);
        let connection = Connection {
            name,
            reads: &reads,
            shape: (height, width, columns),
            splits: true,
            scratch: 0,
        };
        let step = RowNorm {
            cpu: self.cpu,
            kind,
            gamma: norm.gamma.to_vec(),
            beta: norm.beta.to_vec(),
            epsilon: norm.epsilon,
            has_residual: norm.residual.is_some(),
        };
        self.step(&connection, step)
    }
}

#[derive(Debug)]
struct RowNorm {
    cpu: Cpu,
    kind: NormKind,
    gamma: Vec<f32>,
    beta: Vec<f32>,
    epsilon: f32,
    has_residual: bool,
}

impl Step for RowNorm {
    fn about(&self) -> String {
        let kind = match self.kind {
            NormKind::Layer => "layer norm",
            NormKind::Rms => "rms norm",
        };
        let residual = if self.has_residual { ", residual" } else { "" };
        format!("{kind}{residual}")
    }

    fn flops(&self, rows: usize) -> u64 {
        8 * (rows * self.gamma.len()) as u64
    }

    fn weight_bytes(&self) -> u64 {
        4 * (self.gamma.len() + self.beta.len()) as u64
    }

    fn run(&self, call: &mut Call<'_>) -> Result<(), StepError> {
        Kernel {
            kind: self.kind,
            input: call.read(0).rows(),
            residual: self.has_residual.then(|| call.read(1).rows()),
            rows: call.rows.len(),
            gamma: &self.gamma,
            beta: &self.beta,
            epsilon: self.epsilon,
            out: RowsMut {
                values: call.out.values,
                stride: call.out.stride,
            },
        }
        .run(self.cpu);
        Ok(())
    }
}
