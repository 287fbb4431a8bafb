//! Rows of a table by their ids.

use crate::cpu::Cpu;
use crate::kernel::embed::Embed;
use crate::kernel::schedule::Access;
use crate::kernel::{Rows, RowsMut};
use crate::program::builder::{Connection, check, error};
use crate::program::{BuildError, Builder, Problem, Value};
use crate::step::{Call, Step, StepError};

/// A table of embeddings.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    /// `[count, columns]`, row by row.
    pub values: &'a [f32],
    /// Numbers in a row.
    pub columns: usize,
    /// One row for each place in the sequence, added to the row of the id there: `[height_max, columns]`.
    pub positions: Option<&'a [f32]>,
}

impl Builder {
    /// `table[id] + positions[place]` for each id.
    ///
    /// # Shapes
    /// `[rows]` to `[rows, columns]`.
    ///
    /// # Errors
    /// [`BuildError`] for a table of another size or not finite. An id beyond the table is an error of the run.
    pub fn embed(&mut self, name: &str, ids: Value, table: Table<'_>) -> Result<Value, BuildError> {
        self.expect(name, ids, true)?;
        let columns = table.columns;
        if columns == 0 || table.values.is_empty() {
            return Err(error(name, Problem::Range(columns.min(table.values.len()))));
        }
        let whole = table.values.len() / columns * columns;
        check(name, "table", table.values, whole)?;
        let (height, width) = self.size(ids);
        if let Some(positions) = table.positions {
            check(name, "positions", positions, height * width * columns)?;
        }
        let connection = Connection {
            name,
            reads: &[(ids, Access::Rows)],
            shape: (height, width, columns),
            splits: true,
            scratch: 0,
        };
        let step = Embedding {
            cpu: self.cpu,
            columns,
            table: table.values.to_vec(),
            positions: table.positions.map(<[f32]>::to_vec),
        };
        self.step(&connection, step)
    }
}

#[derive(Debug)]
struct Embedding {
    cpu: Cpu,
    columns: usize,
    table: Vec<f32>,
    positions: Option<Vec<f32>>,
}

impl Step for Embedding {
    fn about(&self) -> String {
        let positions = if self.positions.is_some() {
            ", positions"
        } else {
            ""
        };
        format!(
            "embed {} -> {}{positions}",
            self.table.len() / self.columns,
            self.columns
        )
    }

    fn flops(&self, rows: usize) -> u64 {
        (rows * self.columns) as u64
    }

    fn weight_bytes(&self) -> u64 {
        4 * (self.table.len() + self.positions.as_ref().map_or(0, Vec::len)) as u64
    }

    fn run(&self, call: &mut Call<'_>) -> Result<(), StepError> {
        let positions = self.positions.as_ref().map(|positions| Rows {
            values: &positions[call.rows.start * self.columns..],
            stride: self.columns,
        });
        let found = Embed {
            ids: call.read(0).numbers.i32(),
            table: &self.table,
            columns: self.columns,
            scale: 1.0,
            positions,
            out: RowsMut {
                values: call.out.values,
                stride: call.out.stride,
            },
        }
        .run(self.cpu);
        found.map_err(|unknown| StepError::Id {
            id: unknown.id,
            count: unknown.count,
        })
    }
}
