//! Products of rows and panels of words, tile by tile in vector registers.

use super::dot::Dot;
use super::matmul::{Activation, Rows, activate};
use super::pack::Panels;
use super::simd::Simd;

/// Bytes of rows that stay in the second-level cache while panels pass by.
pub(super) const ROWS_BYTES: usize = 256 << 10;

/// A product in words.
pub(super) struct Product<'a> {
    pub(super) a: &'a [u32],
    pub(super) a_stride: usize,
    pub(super) panels: Panels<'a>,
    pub(super) residual: Option<Rows<'a>>,
    pub(super) activation: Activation,
    pub(super) out: *mut f32,
    pub(super) out_stride: usize,
}

/// Calls `$tile` with the number of rows as a constant.
macro_rules! by_rows {
    ($rows:expr, $max:expr, $($count:literal)*, $tile:ident) => {
        match $rows {
            // Only tiles that the registers have room for are compiled.
            $($count => if const { $count <= $max } { $tile!($count) },)*
            _ => unreachable!("tiles are no higher than the registers allow"),
        }
    };
}

impl Product<'_> {
    /// # Safety
    /// The rows of `a`, `out` and `residual` and the panels reach as far as `rows`, columns and depth say.
    #[inline(always)]
    pub(super) unsafe fn run<D: Dot>(&self, dot: D, rows: usize) {
        let most = D::S::TILE_ROWS;
        let block = (ROWS_BYTES / (4 * self.a_stride.max(1)) / most).max(1) * most;
        let mut first = 0;
        while first < rows {
            let end = rows.min(first + block);
            let mut column = 0;
            while column < self.panels.columns {
                let wide = self.panels.columns - column > D::S::LANES;
                // SAFETY: as the caller vouches.
                unsafe {
                    if wide {
                        self.panel::<D, 2>(dot, column, first..end);
                    } else {
                        self.panel::<D, 1>(dot, column, first..end);
                    }
                }
                column += 2 * D::S::LANES;
            }
            first = end;
        }
    }

    /// # Safety
    /// As of `run`; the panel at `column` is `V` vectors wide.
    #[inline(always)]
    unsafe fn panel<D: Dot, const V: usize>(&self, dot: D, column: usize, rows: std::ops::Range<usize>) {
        // Tiles of almost equal height keep the registers busy to the last row.
        let tiles = rows.len().div_ceil(D::S::TILE_ROWS);
        let mut row = rows.start;
        for tile in (0..tiles).rev() {
            let height = (rows.end - row).div_ceil(tile + 1);
            macro_rules! tile {
                ($count:literal) => {
                    dot.enter(
                        #[inline(always)]
                        || {
                            // SAFETY: as the caller vouches; the tile ends before `rows` do.
                            unsafe { self.tile::<D, V, $count>(dot, column, row) }
                        },
                    )
                };
            }
            by_rows!(height, D::S::TILE_ROWS, 1 2 3 4 5 6 7 8 9 10 11 12, tile);
            row += height;
        }
    }

    /// `R` rows of the panel at `column`, sums in registers.
    ///
    /// # Safety
    /// As of `panel`; `row + R` rows are there.
    #[inline(always)]
    #[allow(
        clippy::needless_range_loop,
        reason = "plain loops over constants are unrolled, which keeps the sums in registers"
    )]
    unsafe fn tile<D: Dot, const V: usize, const R: usize>(&self, dot: D, column: usize, row: usize) {
        let s = dot.simd();
        let lanes = D::S::LANES;
        let deep = self.panels.deep;
        // SAFETY: as the caller vouches: panels are filled up to whole vectors, rows are as deep as panels, and
        // the rows of `out` and `residual` have all columns; the last vector is read and written in part.
        unsafe {
            let mut words = self.panels.words.as_ptr().add(column * deep);
            let mut a = self.a.as_ptr().add(row * self.a_stride);
            let start: [D::Sums; V] =
                std::array::from_fn(|v| dot.start(self.panels.start.as_ptr().add(column + v * lanes)));
            let mut sums = [start; R];
            for _ in 0..deep {
                let b: [D::Words; V] = std::array::from_fn(|v| dot.words(words.add(v * lanes)));
                for (r, sums) in sums.iter_mut().enumerate() {
                    for v in 0..V {
                        sums[v] = dot.add(sums[v], a.add(r * self.a_stride), b[v]);
                    }
                }
                words = words.add(V * lanes);
                a = a.add(1);
            }
            let lowest = s.splat(match self.activation {
                Activation::Relu => 0.0,
                _ => f32::NEG_INFINITY,
            });
            let out = self.out.add(row * self.out_stride + column);
            let scale = self.panels.scale.as_ptr().add(column);
            let bias = self.panels.bias.as_ptr().add(column);
            if self.panels.columns - column >= V * lanes {
                match self.residual {
                    None => {
                        for (r, sums) in sums.iter().enumerate() {
                            for v in 0..V {
                                let value = dot.finish(sums[v], scale.add(v * lanes), bias.add(v * lanes));
                                s.store(out.add(r * self.out_stride + v * lanes), s.max(lowest, value));
                            }
                        }
                    }
                    Some(residual) => {
                        let from = residual.values.as_ptr().add(row * residual.stride + column);
                        for (r, sums) in sums.iter().enumerate() {
                            for v in 0..V {
                                let value = dot.finish(sums[v], scale.add(v * lanes), bias.add(v * lanes));
                                let more = s.load(from.add(r * residual.stride + v * lanes));
                                let to = out.add(r * self.out_stride + v * lanes);
                                s.store(to, s.max(lowest, s.add(value, more)));
                            }
                        }
                    }
                }
            } else {
                let mut tile = [[s.splat(0.0); V]; R];
                for (sums, tile) in sums.iter().zip(&mut tile) {
                    for v in 0..V {
                        tile[v] = dot.finish(sums[v], scale.add(v * lanes), bias.add(v * lanes));
                    }
                }
                self.store_some(s, &tile, (row, column), lowest);
            }
            if !matches!(self.activation, Activation::None | Activation::Relu) {
                let width = (V * lanes).min(self.panels.columns - column);
                for r in 0..R {
                    let to = self.out.add((row + r) * self.out_stride + column);
                    activate(s, self.activation, std::slice::from_raw_parts_mut(to, width));
                }
            }
        }
    }

    /// Stores a tile that ends with the columns.
    ///
    /// # Safety
    /// As of `tile`.
    #[inline(always)]
    unsafe fn store_some<S: Simd, const V: usize>(
        &self,
        s: S,
        tile: &[[S::F; V]],
        (row, column): (usize, usize),
        lowest: S::F,
    ) {
        for (r, values) in tile.iter().enumerate() {
            for (v, value) in values.iter().enumerate() {
                let at = column + v * S::LANES;
                let count = self.panels.columns.saturating_sub(at).min(S::LANES);
                // SAFETY: as the caller vouches; nothing beyond the columns is read or written.
                unsafe {
                    let more = match self.residual {
                        Some(residual) => s.load_some(
                            residual.values.as_ptr().add((row + r) * residual.stride + at),
                            count,
                        ),
                        None => s.splat(0.0),
                    };
                    let to = self.out.add((row + r) * self.out_stride + at);
                    s.store_some(to, count, s.max(lowest, s.add(*value, more)));
                }
            }
        }
    }
}
