//! One number for many.

use crate::cpu::Cpu;
use crate::kernel::RowsMut;
use crate::kernel::pool::{GlobalPool, Pool, PoolKind};
use crate::kernel::schedule::Access;
use crate::program::builder::Connection;
use crate::program::{BuildError, Builder, Value};
use crate::step::conv::Window;
use crate::step::{Call, Step, StepError};

impl Builder {
    /// The mean of each channel over all rows.
    ///
    /// # Shapes
    /// `[rows, channels]` to `[1, channels]`.
    ///
    /// # Errors
    /// [`BuildError`] for ids and for a name that is taken.
    pub fn global_average(&mut self, name: &str, x: Value) -> Result<Value, BuildError> {
        self.global(name, x, PoolKind::Mean)
    }

    /// The sum of each channel over all rows.
    ///
    /// # Shapes
    /// `[rows, channels]` to `[1, channels]`.
    ///
    /// # Errors
    /// As [`Builder::global_average`].
    pub fn global_sum(&mut self, name: &str, x: Value) -> Result<Value, BuildError> {
        self.global(name, x, PoolKind::Sum)
    }

    /// The largest number of each channel over all rows.
    ///
    /// # Shapes
    /// `[rows, channels]` to `[1, channels]`.
    ///
    /// # Errors
    /// As [`Builder::global_average`].
    pub fn global_max(&mut self, name: &str, x: Value) -> Result<Value, BuildError> {
        self.global(name, x, PoolKind::Max)
    }

    /// The mean of each channel over the pixels under a window; padding is no pixel.
    ///
    /// # Shapes
    /// `[height, width, channels]` to `[height', width', channels]`.
    ///
    /// # Errors
    /// [`BuildError`] for a window that fits nowhere.
    pub fn average(&mut self, name: &str, x: Value, window: Window) -> Result<Value, BuildError> {
        self.pool(name, x, (PoolKind::Mean, window))
    }

    /// The largest number of each channel under a window.
    ///
    /// # Shapes
    /// As [`Builder::average`].
    ///
    /// # Errors
    /// As [`Builder::average`].
    pub fn max(&mut self, name: &str, x: Value, window: Window) -> Result<Value, BuildError> {
        self.pool(name, x, (PoolKind::Max, window))
    }

    fn global(&mut self, name: &str, x: Value, kind: PoolKind) -> Result<Value, BuildError> {
        self.expect(name, x, false)?;
        let connection = Connection {
            name,
            reads: &[(x, Access::Whole)],
            shape: (1, 1, x.columns()),
            splits: false,
            scratch: 0,
        };
        let step = Global {
            cpu: self.cpu,
            kind,
            pixels_max: self.rows_max(x),
            channels: x.columns(),
        };
        self.step(&connection, step)
    }

    fn pool(
        &mut self,
        name: &str,
        x: Value,
        (kind, window): (PoolKind, Window),
    ) -> Result<Value, BuildError> {
        self.expect(name, x, false)?;
        let (height, width) = window.outputs(name, self.size(x))?;
        let connection = Connection {
            name,
            reads: &[(x, Access::Whole)],
            shape: (height, width, x.columns()),
            splits: true,
            scratch: 0,
        };
        let step = Windowed {
            cpu: self.cpu,
            kind,
            window,
            channels: x.columns(),
        };
        self.step(&connection, step)
    }
}

#[derive(Debug)]
struct Global {
    cpu: Cpu,
    kind: PoolKind,
    pixels_max: usize,
    channels: usize,
}

impl Step for Global {
    fn about(&self) -> String {
        format!("global {}", name(self.kind))
    }

    fn height(&self, _reads: &[usize]) -> usize {
        1
    }

    fn flops(&self, rows: usize) -> u64 {
        (rows * self.pixels_max * self.channels) as u64
    }

    fn run(&self, call: &mut Call<'_>) -> Result<(), StepError> {
        let image = call.read(0);
        GlobalPool {
            kind: self.kind,
            input: image.rows(),
            rows: image.height * image.width,
            out: &mut call.out.values[..self.channels],
        }
        .run(self.cpu);
        Ok(())
    }
}

#[derive(Debug)]
struct Windowed {
    cpu: Cpu,
    kind: PoolKind,
    window: Window,
    channels: usize,
}

impl Step for Windowed {
    fn about(&self) -> String {
        format!(
            "{} {} x {}",
            name(self.kind),
            self.window.kernel.0,
            self.window.kernel.1
        )
    }

    fn height_min(&self) -> usize {
        self.window.height_min()
    }

    fn height(&self, reads: &[usize]) -> usize {
        self.window.over((reads[0], 1)).height.outputs()
    }

    fn flops(&self, rows: usize) -> u64 {
        (rows * self.channels * self.window.kernel.0 * self.window.kernel.1) as u64
    }

    fn run(&self, call: &mut Call<'_>) -> Result<(), StepError> {
        let image = call.read(0);
        Pool {
            kind: self.kind,
            input: image.rows(),
            windows: self.window.over((image.height, image.width)),
            channels: self.channels,
            positions: call.rows.clone(),
            out: RowsMut {
                values: call.out.values,
                stride: call.out.stride,
            },
        }
        .run(self.cpu);
        Ok(())
    }
}

fn name(kind: PoolKind) -> &'static str {
    match kind {
        PoolKind::Mean => "average",
        PoolKind::Sum => "sum",
        PoolKind::Max => "max",
    }
}
