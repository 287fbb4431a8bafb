//! Multi-head attention over fused queries, keys and values.

use crate::cpu::Cpu;
use crate::kernel::schedule::Access;
use crate::kernel::{Attention, Format, Heads, Mask, RowsMut};
use crate::program::builder::Connection;
use crate::program::{BuildError, Builder, Problem, Value, builder};
use crate::step::{Call, Step, StepError};

impl Builder {
    /// `softmax(q k^T / sqrt(width)) v` for each of so many heads, over all rows of `qkv`; the number of rows of a run
    /// is the length of the sequence.
    ///
    /// # Shapes
    /// `[rows, 3 * heads * width]`, queries before keys before values, to `[rows, heads * width]`.
    ///
    /// # Errors
    /// [`BuildError`] when the columns do not divide by three times the heads.
    ///
    /// # Source
    /// Vaswani et al. 2017, "Attention is all you need", equation 1.
    pub fn attention(
        &mut self,
        name: &str,
        qkv: Value,
        heads: usize,
        mask: Mask,
    ) -> Result<Value, BuildError> {
        self.expect(name, qkv, false)?;
        let columns = qkv.columns();
        if heads == 0 || heads > columns || !columns.is_multiple_of(3 * heads) {
            let expected = format!("three times {heads} heads");
            let found = format!("{columns} columns");
            return Err(builder::error(name, Problem::Shape { expected, found }));
        }
        let heads = Heads {
            count: heads,
            width: columns / (3 * heads),
        };
        let (format, _) = self.format(name, heads.width, self.rows_max(qkv));
        let format = match format {
            Format::Bf16 => Format::Bf16,
            Format::F32 | Format::Int8 | Format::Int16 => Format::F32,
        };
        let keys_max = self.rows_max(qkv);
        let (height, width) = self.size(qkv);
        let connection = Connection {
            name,
            reads: &[(qkv, Access::Whole)],
            shape: (height, width, columns / 3),
            splits: true,
            scratch: Attention::scratch(self.cpu, format, heads, keys_max),
        };
        let step = SelfAttention {
            cpu: self.cpu,
            format,
            heads,
            mask,
            keys_max,
        };
        self.step(&connection, step)
    }
}

#[derive(Debug)]
pub(crate) struct SelfAttention {
    pub(crate) cpu: Cpu,
    pub(crate) format: Format,
    pub(crate) heads: Heads,
    pub(crate) mask: Mask,
    /// Most rows there can be.
    pub(crate) keys_max: usize,
}

impl Step for SelfAttention {
    fn about(&self) -> String {
        let mask = match self.mask {
            Mask::None => String::new(),
            Mask::Causal => ", causal".to_owned(),
            Mask::Band { before, after } => format!(", {before} before and {after} after"),
        };
        let Heads { count, width } = self.heads;
        format!("attention {count} x {width}{mask}, {}", self.format.name())
    }

    fn flops(&self, rows: usize) -> u64 {
        4 * (rows * self.keys_max * self.heads.count * self.heads.width) as u64
    }

    fn run(&self, call: &mut Call<'_>) -> Result<(), StepError> {
        let qkv = call.read(0);
        Attention {
            cpu: self.cpu,
            format: self.format,
            heads: self.heads,
            mask: self.mask,
            qkv: qkv.rows(),
            keys: qkv.height * qkv.width,
            rows: call.rows.clone(),
            out: RowsMut {
                values: call.out.values,
                stride: call.out.stride,
            },
            scratch: call.scratch,
        }
        .run();
        Ok(())
    }
}
