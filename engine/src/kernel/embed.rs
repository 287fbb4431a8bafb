//! Rows of a table by their number.

use std::ops::Range;

use super::Kernel;
use super::elementwise::{each_into, each_with};
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
        known(self.ids, self.table.len() / self.columns)?;
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

/// `out[row]` = the sum of `table[id]` over the ids of the row at some places; id 0 stands for nothing.
pub(crate) struct EmbedSum<'a> {
    /// `[rows, each]`.
    pub(crate) ids: &'a [i32],
    /// Ids of a row; at least 1.
    pub(crate) each: usize,
    /// Those that count; places beyond a row are a panic.
    pub(crate) places: Range<usize>,
    /// `[count, columns]`, without gaps.
    pub(crate) table: &'a [f32],
    /// At least 1.
    pub(crate) columns: usize,
    /// `[rows, columns]`.
    pub(crate) out: RowsMut<'a>,
}

impl EmbedSum<'_> {
    /// Writes the rows.
    ///
    /// # Errors
    /// The first [`UnknownId`]; then nothing has been written.
    ///
    /// # Panics
    /// A slice is too short.
    pub(crate) fn run(self, cpu: Cpu) -> Result<(), UnknownId> {
        let count = self.table.len() / self.columns;
        for (row, ids) in self.ids.chunks_exact(self.each).enumerate() {
            known(&ids[self.places.clone()], count).map_err(|unknown| UnknownId {
                at: row * self.each + self.places.start + unknown.at,
                ..unknown
            })?;
        }
        cpu.run(self);
        Ok(())
    }
}

impl Kernel for EmbedSum<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        for (row, ids) in self.ids.chunks_exact(self.each).enumerate() {
            let to = &mut self.out.values[row * self.out.stride..][..self.columns];
            to.fill(0.0);
            for id in ids[self.places.clone()].iter().filter(|id| **id != 0) {
                // An id below 0 has been refused.
                let from = &self.table[id.unsigned_abs() as usize * self.columns..][..self.columns];
                each_with(
                    s,
                    to,
                    [from],
                    #[inline(always)]
                    |sum, [x]| s.add(sum, x),
                );
            }
        }
    }
}

/// Refuses ids that are not numbers of rows.
fn known(ids: &[i32], count: usize) -> Result<(), UnknownId> {
    let known = |id: i32| usize::try_from(id).is_ok_and(|id| id < count);
    match ids.iter().position(|id| !known(*id)) {
        Some(at) => Err(UnknownId {
            id: ids[at],
            at,
            count,
        }),
        None => Ok(()),
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

        #[test]
        fn every_cpu_gives_the_slow_sums_of_rows(
            ids in prop::collection::vec(0i32..12, 0..24),
            each in 1usize..5,
            ends in (0usize..5, 0usize..5),
            columns in prop::sample::select(&SIZES[..]),
        ) {
            let first = ends.0 % each;
            let places = first..first + 1 + ends.1 % (each - first);
            let (rows, count, stride) = (ids.len() / each, 11, columns + 1);
            let ids = &ids[..rows * each];
            let table = numbers(count * columns, 1);
            for cpu in cpus() {
                let mut out = vec![f32::NAN; rows * stride];
                let answer = EmbedSum {
                    ids,
                    each,
                    places: places.clone(),
                    table: &table,
                    columns,
                    out: RowsMut { values: &mut out, stride },
                }
                .run(cpu);
                let counts = |at: usize| places.contains(&(at % each));
                if let Some(at) = (0..ids.len()).position(|at| counts(at) && ids[at] == 11) {
                    prop_assert_eq!(answer, Err(UnknownId { id: 11, at, count }));
                    continue;
                }
                let value = |id: i32, column: usize| match usize::try_from(id).unwrap() {
                    0 => 0.0,
                    id => f64::from(table[id * columns + column]),
                };
                let row = |ids: &[i32]| {
                    let sum = |column| ids[places.clone()].iter().map(|id| value(*id, column)).sum();
                    (0..columns).map(sum).collect::<Vec<f64>>()
                };
                let expected: Vec<f64> = ids.chunks(each).flat_map(row).collect();
                near(&dense(&out, stride, columns), &expected, 1e-6)?;
            }
        }
    }
}
