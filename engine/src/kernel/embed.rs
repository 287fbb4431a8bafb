//! Rows of a table by their number.

use super::Kernel;
use super::elementwise::each_into;
use super::matmul::{Rows, RowsMut};
use super::simd::Simd;
use crate::cpu::Cpu;

/// An id that is not the number of a row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("id {id} at {at} is not one of the {count} rows of the table")]
pub(crate) struct UnknownId {
    /// The id.
    pub(crate) id: i32,
    /// Where it stands among the ids.
    pub(crate) at: usize,
    /// Rows of the table.
    pub(crate) count: usize,
}

/// `out[row] = table[ids[row]] * scale + positions[row]`.
pub(crate) struct Embed<'a> {
    /// One a row.
    pub(crate) ids: &'a [i32],
    /// `[count, columns]`, without gaps.
    pub(crate) table: &'a [f32],
    /// At least 1.
    pub(crate) columns: usize,
    /// 1 for none.
    pub(crate) scale: f32,
    /// `[rows, columns]`.
    pub(crate) positions: Option<Rows<'a>>,
    /// `[rows, columns]`.
    pub(crate) out: RowsMut<'a>,
}

impl Embed<'_> {
    /// Writes the rows.
    ///
    /// # Errors
    /// The first [`UnknownId`]; then nothing has been written.
    ///
    /// # Panics
    /// A slice is too short.
    pub(crate) fn run(self, cpu: Cpu) -> Result<(), UnknownId> {
        let count = self.table.len() / self.columns;
        let known = |id: i32| usize::try_from(id).is_ok_and(|id| id < count);
        if let Some(at) = self.ids.iter().position(|id| !known(*id)) {
            let id = self.ids[at];
            return Err(UnknownId { id, at, count });
        }
        cpu.run(self);
        Ok(())
    }
}

impl Kernel for Embed<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let scale = s.splat(self.scale);
        for (row, id) in self.ids.iter().enumerate() {
            // An id below 0 has been refused.
            let from = &self.table[id.unsigned_abs() as usize * self.columns..][..self.columns];
            let to = &mut self.out.values[row * self.out.stride..][..self.columns];
            match self.positions {
                Some(positions) => each_into(
                    s,
                    [from, &positions.values[row * positions.stride..][..self.columns]],
                    to,
                    #[inline(always)]
                    |[x, position]| s.mul_add(x, scale, position),
                ),
                None => each_into(
                    s,
                    [from],
                    to,
                    #[inline(always)]
                    |[x]| s.mul(x, scale),
                ),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::trial::{SIZES, cpus, dense, near, numbers};

    proptest! {
        #[test]
        fn every_cpu_gives_the_slow_rows_or_the_first_unknown_id(
            ids in prop::collection::vec(-1i32..12, 0..6),
            columns in prop::sample::select(&SIZES[..]),
            scale in prop::sample::select(vec![1.0f32, 16.0]),
            with_positions in any::<bool>(),
        ) {
            let count = 11;
            let (table, positions) = (numbers(count * columns, 1), numbers(ids.len() * columns, 2));
            let unknown = ids.iter().position(|id| !(0..11).contains(id));
            let stride = columns + 1;
            for cpu in cpus() {
                let mut out = vec![f32::NAN; ids.len() * stride];
                let answer = Embed {
                    ids: &ids,
                    table: &table,
                    columns,
                    scale,
                    positions: with_positions.then_some(Rows { values: &positions, stride: columns }),
                    out: RowsMut { values: &mut out, stride },
                }
                .run(cpu);
                if let Some(at) = unknown {
                    prop_assert_eq!(answer, Err(UnknownId { id: ids[at], at, count }));
                    prop_assert!(out.iter().all(|x| x.is_nan()));
                    continue;
                }
                prop_assert_eq!(answer, Ok(()));
                let one = |(row, id): (usize, &i32), column: usize| {
                    let more = if with_positions { positions[row * columns + column] } else { 0.0 };
                    let id = usize::try_from(*id).unwrap();
                    f64::from(table[id * columns + column]) * f64::from(scale) + f64::from(more)
                };
                let rows = ids.iter().enumerate();
                let expected: Vec<f64> = rows.flat_map(|row| (0..columns).map(move |at| one(row, at))).collect();
                near(&dense(&out, stride, columns), &expected, 1e-6)?;
            }
        }
    }
}
