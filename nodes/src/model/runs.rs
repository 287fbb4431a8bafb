//! A net at work in a node, wherever the plan puts it: on the CPU, or on the GPU with the CPU to fall back on.

#[cfg(feature = "gpu")]
use std::sync::Arc;

use motet_core::arena::{ReadLease, WriteLease};
use motet_core::node::{NodeError, Scratch};
use motet_core::port::Element;
use motet_engine::Numbers;

use super::compiled::Compiled;
#[cfg(feature = "gpu")]
use crate::gpu::net::{GpuNet, Wanted, computed_here};

/// Values whose squares are summed up in 32 bits before they join a sum in 64.
const CHUNK: usize = 256;
/// Sums side by side, which the compiler turns into vectors.
const LANES: usize = 16;

/// What a node computes with.
pub(super) struct Runs {
    cpu: Compiled,
    #[cfg(feature = "gpu")]
    gpu: Option<Arc<GpuNet>>,
}

/// Where an answer goes: a field of an output, and its sizes.
pub(super) struct Place<'a> {
    pub(super) lease: &'a mut WriteLease,
    pub(super) field: usize,
    pub(super) dims: &'a [u32],
    /// Whether the node itself reads the answer.
    #[cfg_attr(
        not(feature = "gpu"),
        expect(dead_code, reason = "on the CPU every answer can be read")
    )]
    pub(super) is_read: bool,
}

/// How a firing went, beside its answer.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// The mean of the squared differences between answer and input.
    pub(super) distance: f64,
    /// Why the work was not done where the plan says.
    pub(super) fallback: Option<String>,
}

impl Runs {
    /// On the CPU.
    pub(super) fn here(cpu: Compiled) -> Runs {
        Runs {
            cpu,
            #[cfg(feature = "gpu")]
            gpu: None,
        }
    }

    /// On the GPU, or on the CPU once that fails.
    #[cfg(feature = "gpu")]
    pub(super) fn there(gpu: Arc<GpuNet>, cpu: Compiled) -> Runs {
        Runs { cpu, gpu: Some(gpu) }
    }

    /// How it was opened, for people.
    pub(super) fn remarks(&self) -> Vec<String> {
        #[cfg(feature = "gpu")]
        return self.gpu.iter().map(|gpu| gpu.remark()).collect();
        #[cfg(not(feature = "gpu"))]
        Vec::new()
    }

    /// Computes the answer to a value, and how far it is from the value if that is asked for.
    pub(super) fn run(
        &self,
        value: &ReadLease,
        place: Place<'_>,
        scratch: Scratch<'_>,
        wants_distance: bool,
    ) -> Result<Done, NodeError> {
        #[cfg(feature = "gpu")]
        if let Some(gpu) = &self.gpu {
            return self.run_there(gpu, value, place, (scratch, wants_distance));
        }
        let output = place.lease.tensor::<f32>(place.field, place.dims)?;
        Ok(Done {
            distance: self.run_here(value, output, (scratch, wants_distance))?,
            fallback: None,
        })
    }

    /// Computes on the CPU what a node has put together itself.
    pub(super) fn run_numbers_here(
        &self,
        numbers: &[f32],
        output: &mut [f32],
        words: &mut [u32],
    ) -> Result<(), NodeError> {
        self.cpu.run_in(Numbers::F32(numbers), output, words)
    }

    /// The same of ids.
    pub(super) fn run_ids_here(
        &self,
        ids: &[i32],
        output: &mut [f32],
        words: &mut [u32],
    ) -> Result<(), NodeError> {
        self.cpu.run_in(Numbers::I32(ids), output, words)
    }

    /// The answer of the CPU to a value that is here.
    fn run_here(
        &self,
        value: &ReadLease,
        output: &mut [f32],
        (scratch, wants_distance): (Scratch<'_>, bool),
    ) -> Result<f64, NodeError> {
        if value.element(0)? == Element::F32 {
            return self.run_numbers(value.tensor(0)?, output, (scratch, wants_distance));
        }
        self.cpu.run(Numbers::I32(value.tensor(0)?), output, scratch)?;
        Ok(0.0)
    }

    fn run_numbers(
        &self,
        numbers: &[f32],
        output: &mut [f32],
        (scratch, wants_distance): (Scratch<'_>, bool),
    ) -> Result<f64, NodeError> {
        self.cpu.run(Numbers::F32(numbers), output, scratch)?;
        Ok(match wants_distance {
            true => mean_square(numbers, output),
            false => 0.0,
        })
    }

    #[cfg(feature = "gpu")]
    fn run_there(
        &self,
        gpu: &GpuNet,
        value: &ReadLease,
        place: Place<'_>,
        (scratch, wants_distance): (Scratch<'_>, bool),
    ) -> Result<Done, NodeError> {
        let Place {
            lease, field, dims, ..
        } = place;
        let leaves = lease.may_leave(field) && !place.is_read;
        let wanted = Wanted {
            values: !leaves,
            distance: wants_distance,
        };
        let why = match gpu.run(value, wanted)? {
            Ok(answer) => {
                if leaves {
                    lease.leave::<f32>(field, dims, answer.resident)?;
                } else {
                    copy(&answer.values, lease.tensor::<f32>(field, dims)?)?;
                    lease.attach(field, answer.resident);
                }
                let distance = answer.distance.map_or(0.0, f64::from);
                return Ok(Done {
                    distance,
                    fallback: None,
                });
            }
            Err(why) => why,
        };
        let output = lease.tensor::<f32>(field, dims)?;
        let distance = match computed_here(value) {
            Some(numbers) => self.run_numbers(&numbers?, output, (scratch, wants_distance))?,
            None => self.run_here(value, output, (scratch, wants_distance))?,
        };
        Ok(Done {
            distance,
            fallback: Some(why),
        })
    }
}

#[cfg(feature = "gpu")]
fn copy(values: &[f32], output: &mut [f32]) -> Result<(), NodeError> {
    if values.len() != output.len() {
        let message = format!("the GPU gives {} numbers, not {}", values.len(), output.len());
        return Err(NodeError::Failed(message));
    }
    output.copy_from_slice(values);
    Ok(())
}

/// The mean of the squared differences.
fn mean_square(left: &[f32], right: &[f32]) -> f64 {
    let chunks = left.chunks(CHUNK).zip(right.chunks(CHUNK));
    let sum = |(left, right): (&[f32], &[f32])| {
        let mut sums = [0.0f32; LANES];
        for (left, right) in left.chunks(LANES).zip(right.chunks(LANES)) {
            for ((sum, a), b) in sums.iter_mut().zip(left).zip(right) {
                *sum += (a - b) * (a - b);
            }
        }
        f64::from(sums.iter().sum::<f32>())
    };
    chunks.map(sum).sum::<f64>() / left.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_square_is_that_of_the_definition() {
        let left: Vec<f32> = (0..1000_u16).map(f32::from).collect();
        let right: Vec<f32> = left.iter().map(|value| value + 3.0).collect();
        assert!((mean_square(&left, &right) - 9.0).abs() < 1e-9);
        assert!(mean_square(&[], &[]).abs() < 1e-9);
    }
}
