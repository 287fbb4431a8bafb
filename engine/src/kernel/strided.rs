//! Products of matrices in any layout, which are met once and so are not packed beforehand.
//!
//! The loops are those of the `gemm` crate, on one thread or on those of the current pool; here sizes are checked.

use gemm::Parallelism;

/// Products of fewer multiplications are not worth a second thread.
const SHARED_MULTIPLICATIONS: usize = 192 * 192 * 192;

/// A matrix within a slice.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// What it lies in; its first number is the first.
    pub values: &'a [f32],
    /// Rows and columns.
    pub shape: [usize; 2],
    /// From a row to the next, and from a column to the next.
    pub strides: [usize; 2],
}

/// Rows to be written, `stride` apart.
#[derive(Debug)]
pub struct ViewMut<'a> {
    /// What they lie in; the first number is the first.
    pub values: &'a mut [f32],
    /// Rows and columns.
    pub shape: [usize; 2],
    /// From a row to the next.
    pub stride: usize,
}

impl<'a> View<'a> {
    /// Rows of so many columns, one after the other.
    pub fn rows(values: &'a [f32], columns: usize) -> Self {
        let shape = [values.len() / columns.max(1), columns];
        View {
            values,
            shape,
            strides: [columns, 1],
        }
    }

    /// Rows that become columns.
    #[must_use]
    pub fn transposed(self) -> Self {
        View {
            values: self.values,
            shape: [self.shape[1], self.shape[0]],
            strides: [self.strides[1], self.strides[0]],
        }
    }
}

impl<'a> ViewMut<'a> {
    /// Rows of so many columns, one after the other.
    pub fn rows(values: &'a mut [f32], columns: usize) -> Self {
        let shape = [values.len() / columns.max(1), columns];
        ViewMut {
            values,
            shape,
            stride: columns,
        }
    }
}

/// What becomes of the numbers that stood where a product is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// They are lost.
    Replaced,
    /// The product is added to them.
    Kept,
}

/// Writes `factor * a b` to `out`.
///
/// # Panics
/// The shapes do not fit, or a slice is too short for its shape.
pub fn product(a: View<'_>, b: View<'_>, (factor, before): (f32, Before), out: ViewMut<'_>) {
    let [rows, depth] = a.shape;
    let columns = b.shape[1];
    assert_eq!(b.shape[0], depth, "the columns of `a` are the rows of `b`");
    assert_eq!(
        out.shape,
        [rows, columns],
        "the result has the rows of `a` and the columns of `b`"
    );
    for view in [a, b] {
        assert!(view.values.len() >= reach(view.shape, view.strides));
    }
    assert!(out.values.len() >= reach(out.shape, [out.stride, 1]));
    assert!(out.stride >= columns, "rows of the result do not overlap");
    let work = rows.saturating_mul(columns).saturating_mul(depth);
    let threads = if work < SHARED_MULTIPLICATIONS || rayon::current_num_threads() == 1 {
        Parallelism::None
    } else {
        Parallelism::Rayon(0)
    };
    let stride =
        |view: View<'_>, dim: usize| isize::try_from(view.strides[dim]).expect("a slice has fewer numbers");
    // SAFETY: every number that the shapes and strides lead to lies within its slice, as asserted above, and `out` is
    // borrowed by nobody else.
    unsafe {
        gemm::gemm(
            rows,
            columns,
            depth,
            out.values.as_mut_ptr(),
            1,
            isize::try_from(out.stride).expect("a slice has fewer numbers"),
            before == Before::Kept,
            a.values.as_ptr(),
            stride(a, 1),
            stride(a, 0),
            b.values.as_ptr(),
            stride(b, 1),
            stride(b, 0),
            1.0,
            factor,
            false,
            false,
            false,
            threads,
        );
    }
}

/// Numbers from the first to the last of a matrix.
fn reach(shape: [usize; 2], strides: [usize; 2]) -> usize {
    if shape[0] == 0 || shape[1] == 0 {
        return 0;
    }
    (shape[0] - 1) * strides[0] + (shape[1] - 1) * strides[1] + 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::trial::{SIZES, dense, near, numbers};

    fn size() -> impl Strategy<Value = usize> {
        prop::sample::select(&SIZES[..])
    }

    proptest! {
        #[test]
        fn every_layout_gives_the_slow_product(
            (rows, depth, columns) in (size(), size(), size()),
            turned in any::<[bool; 2]>(),
            kept in any::<bool>(),
        ) {
            let (a, b) = (numbers(rows * depth, 1), numbers(depth * columns, 2));
            let view = |values, [rows, columns]: [usize; 2], turned: bool| match turned {
                false => View::rows(values, columns),
                true => View::rows(values, rows).transposed(),
            };
            let (a, b) = (view(&a, [rows, depth], turned[0]), view(&b, [depth, columns], turned[1]));
            let at = |view: View<'_>, row: usize, column: usize| {
                f64::from(view.values[row * view.strides[0] + column * view.strides[1]])
            };
            let start = if kept { 1.0 } else { 0.0 };
            let one = |row, column| start + 0.5 * (0..depth).map(|k| at(a, row, k) * at(b, k, column)).sum::<f64>();
            let expected: Vec<f64> =
                (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))).map(|(r, c)| one(r, c)).collect();
            let stride = columns + 1;
            let mut out = vec![f32::NAN; rows * stride];
            if kept {
                out.chunks_mut(stride).for_each(|row| row[..columns].fill(1.0));
            }
            let to = ViewMut { values: &mut out, shape: [rows, columns], stride };
            product(a, b, (0.5, if kept { Before::Kept } else { Before::Replaced }), to);
            near(&dense(&out, stride, columns), &expected, 1e-6 * depth as f64)?;
        }
    }
}
