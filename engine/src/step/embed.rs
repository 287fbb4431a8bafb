//! Rows of a table by their ids.

use std::ops::Range;

use crate::cpu::Cpu;
use crate::kernel::embed::{Embed, EmbedSum, UnknownId};
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

impl Builder {
    /// The sum of `table[id]` over some of the ids of each row, those at `places`; id 0 stands for nothing.
    ///
    /// # Shapes
    /// Ids of [`Builder::id_rows`], `[rows, each]`, to `[rows, columns]`.
    ///
    /// # Errors
    /// As [`Builder::embed`]; a table with positions and places that a row does not have are refused.
    ///
    /// # Source
    /// Bojanowski et al. 2017, "Enriching word vectors with subword information", section 3.2.
    pub fn embed_sum(
        &mut self,
        name: &str,
        ids: Value,
        places: Range<usize>,
        table: Table<'_>,
    ) -> Result<Value, BuildError> {
        self.expect(name, ids, true)?;
        let columns = table.columns;
        if columns == 0 || table.values.is_empty() || table.positions.is_some() {
            return Err(error(name, Problem::Range(columns.min(table.values.len()))));
        }
        let whole = table.values.len() / columns * columns;
        check(name, "table", table.values, whole)?;
        let (height, each) = self.size(ids);
        if places.is_empty() || places.end > each {
            return Err(error(name, Problem::Range(places.end)));
        }
        let connection = Connection {
            name,
            reads: &[(ids, Access::Whole)],
            shape: (height, 1, columns),
            splits: true,
            scratch: 0,
        };
        let step = EmbeddingSum {
            cpu: self.cpu,
            columns,
            each,
            places,
            table: table.values.to_vec(),
        };
        self.step(&connection, step)
    }
}

#[derive(Debug)]
struct EmbeddingSum {
    cpu: Cpu,
    columns: usize,
    each: usize,
    places: Range<usize>,
    table: Vec<f32>,
}

impl Step for EmbeddingSum {
    fn about(&self) -> String {
        let (rows, each) = (self.table.len() / self.columns, self.places.len());
        format!("embed {rows} -> {}, sum of {each}", self.columns)
    }

    fn flops(&self, rows: usize) -> u64 {
        (rows * self.places.len() * self.columns) as u64
    }

    fn weight_bytes(&self) -> u64 {
        4 * self.table.len() as u64
    }

    fn run(&self, call: &mut Call<'_>) -> Result<(), StepError> {
        let ids = call.read(0).numbers.i32();
        let found = EmbedSum {
            ids: &ids[call.rows.start * self.each..call.rows.end * self.each],
            each: self.each,
            places: self.places.clone(),
            table: &self.table,
            columns: self.columns,
            out: RowsMut {
                values: call.out.values,
                stride: call.out.stride,
            },
        }
        .run(self.cpu);
        found.map_err(unknown)
    }
}

fn unknown(unknown: UnknownId) -> StepError {
    StepError::Id {
        id: unknown.id,
        count: unknown.count,
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
        found.map_err(unknown)
    }
}
