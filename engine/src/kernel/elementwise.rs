//! What happens to each number by itself: activations, sums, and a factor and an offset for each column.

use super::Kernel;
use super::math;
use super::matmul::{Activation, Rows, RowsMut};
use super::simd::Simd;
use crate::cpu::Cpu;

/// `out = activation(input)`.
pub(crate) struct Activate<'a> {
    /// `[rows, columns]`.
    pub(crate) input: Rows<'a>,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) activation: Activation,
    /// `[rows, columns]`.
    pub(crate) out: RowsMut<'a>,
}

impl Activate<'_> {
    /// Computes it.
    ///
    /// # Panics
    /// A slice is too short.
    pub(crate) fn run(self, cpu: Cpu) {
        cpu.run(self);
    }
}

impl Kernel for Activate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        for row in 0..self.rows {
            let from = &self.input.values[row * self.input.stride..][..self.columns];
            let to = &mut self.out.values[row * self.out.stride..][..self.columns];
            activate(s, self.activation, from, to);
        }
    }
}

/// How two numbers become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pairing {
    /// `a + b`.
    Sum,
    /// `a * b`.
    Product,
}

/// `out = activation(a + b)`, or of `a * b`.
pub(crate) struct Pair<'a> {
    pub(crate) how: Pairing,
    /// `[rows, columns]`.
    pub(crate) a: Rows<'a>,
    /// `[rows, columns]`.
    pub(crate) b: Rows<'a>,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) activation: Activation,
    /// `[rows, columns]`.
    pub(crate) out: RowsMut<'a>,
}

impl Pair<'_> {
    /// Computes it.
    ///
    /// # Panics
    /// A slice is too short.
    pub(crate) fn run(self, cpu: Cpu) {
        cpu.run(self);
    }
}

impl Kernel for Pair<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        for row in 0..self.rows {
            let a = &self.a.values[row * self.a.stride..][..self.columns];
            let b = &self.b.values[row * self.b.stride..][..self.columns];
            let to = &mut self.out.values[row * self.out.stride..][..self.columns];
            match self.how {
                Pairing::Sum => each_into(
                    s,
                    [a, b],
                    to,
                    #[inline(always)]
                    |[a, b]| s.add(a, b),
                ),
                Pairing::Product => each_into(
                    s,
                    [a, b],
                    to,
                    #[inline(always)]
                    |[a, b]| s.mul(a, b),
                ),
            }
            super::matmul::activate(s, self.activation, to);
        }
    }
}

/// `out = input * factors + offsets`, column by column: a batch norm that cannot be folded, or features brought to
/// a common scale.
pub(crate) struct Scale<'a> {
    /// `[rows, columns]`.
    pub(crate) input: Rows<'a>,
    pub(crate) rows: usize,
    /// One a column: there are as many columns as numbers here.
    pub(crate) factors: &'a [f32],
    /// One a column, or none for zero.
    pub(crate) offsets: &'a [f32],
    /// `[rows, columns]`.
    pub(crate) out: RowsMut<'a>,
}

impl Scale<'_> {
    /// Computes it.
    ///
    /// # Panics
    /// A slice is too short.
    pub(crate) fn run(self, cpu: Cpu) {
        assert!(self.offsets.is_empty() || self.offsets.len() == self.factors.len());
        cpu.run(self);
    }
}

impl Kernel for Scale<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let columns = self.factors.len();
        for row in 0..self.rows {
            let from = &self.input.values[row * self.input.stride..][..columns];
            let to = &mut self.out.values[row * self.out.stride..][..columns];
            if self.offsets.is_empty() {
                each_into(
                    s,
                    [from, self.factors],
                    to,
                    #[inline(always)]
                    |[x, factor]| s.mul(x, factor),
                );
            } else {
                each_into(
                    s,
                    [from, self.factors, self.offsets],
                    to,
                    #[inline(always)]
                    |[x, factor, offset]| s.mul_add(x, factor, offset),
                );
            }
        }
    }
}

/// Writes the activation of `from` to `to`.
#[inline(always)]
fn activate<S: Simd>(s: S, activation: Activation, from: &[f32], to: &mut [f32]) {
    macro_rules! each {
        ($f:expr) => {
            each_into(
                s,
                [from],
                to,
                #[inline(always)]
                |[x]| $f(s, x),
            )
        };
    }
    match activation {
        Activation::None => to.copy_from_slice(from),
        // A NaN stays one: of a NaN and a number, the second operand is returned.
        Activation::Relu => each!(|s: S, x| s.max(s.splat(0.0), x)),
        Activation::Gelu => each!(math::gelu),
        Activation::Silu => each!(math::silu),
        Activation::Tanh => each!(math::tanh),
        Activation::Sigmoid => each!(math::sigmoid),
        Activation::Leaky => each!(math::leaky),
    }
}

/// Writes `f` of the numbers that stand at the same place in all of `from`. Lanes beyond the slices are 0 in what
/// `f` is given, and what it returns there is dropped.
///
/// # Panics
/// The slices are not of one length.
#[inline(always)]
pub(super) fn each_into<S: Simd, const N: usize>(
    s: S,
    from: [&[f32]; N],
    to: &mut [f32],
    mut f: impl FnMut([S::F; N]) -> S::F,
) {
    let count = to.len();
    assert!(from.iter().all(|from| from.len() == count));
    let mut at = 0;
    // SAFETY: every slice has `count` numbers, and none beyond them is read or written.
    unsafe {
        while at + S::LANES <= count {
            let value = f(std::array::from_fn(
                #[inline(always)]
                |n| s.load(from[n].as_ptr().add(at)),
            ));
            s.store(to.as_mut_ptr().add(at), value);
            at += S::LANES;
        }
        if at < count {
            let value = f(std::array::from_fn(
                #[inline(always)]
                |n| s.load_some(from[n].as_ptr().add(at), count - at),
            ));
            s.store_some(to.as_mut_ptr().add(at), count - at, value);
        }
    }
}

/// As [`each_into`], in place: `f` is given the number that it replaces first.
///
/// # Panics
/// The slices are not of one length.
#[inline(always)]
pub(super) fn each_with<S: Simd, const N: usize>(
    s: S,
    values: &mut [f32],
    with: [&[f32]; N],
    mut f: impl FnMut(S::F, [S::F; N]) -> S::F,
) {
    let count = values.len();
    assert!(with.iter().all(|with| with.len() == count));
    let mut at = 0;
    // SAFETY: every slice has `count` numbers, and none beyond them is read or written.
    unsafe {
        while at + S::LANES <= count {
            let place = values.as_mut_ptr().add(at);
            let more = std::array::from_fn(
                #[inline(always)]
                |n| s.load(with[n].as_ptr().add(at)),
            );
            s.store(place, f(s.load(place), more));
            at += S::LANES;
        }
        if at < count {
            let place = values.as_mut_ptr().add(at);
            let more = std::array::from_fn(
                #[inline(always)]
                |n| s.load_some(with[n].as_ptr().add(at), count - at),
            );
            s.store_some(place, count - at, f(s.load_some(place, count - at), more));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::trial::{ACTIVATIONS, SIZES, activated, cpus, dense, near, numbers};

    fn run(rows: usize, columns: usize, kernel: impl FnOnce(RowsMut<'_>)) -> Vec<f32> {
        let stride = columns + 1;
        let mut out = vec![f32::NAN; rows * stride];
        kernel(RowsMut {
            values: &mut out,
            stride,
        });
        dense(&out, stride, columns)
    }

    proptest! {
        #[test]
        fn every_cpu_gives_the_slow_numbers(
            rows in 1usize..4,
            columns in prop::sample::select(&SIZES[..]),
            activation in prop::sample::select(&ACTIVATIONS[..]),
            seed in 1u32..1000,
        ) {
            let a: Vec<f32> = numbers(rows * columns, seed).iter().map(|x| 5.0 * x).collect();
            let b = numbers(rows * columns, seed + 1);
            let (factors, offsets) = (numbers(columns, seed + 2), numbers(columns, seed + 3));
            let [rows_a, rows_b] = [&a, &b].map(|values| Rows { values, stride: columns });
            let both = || (0..rows * columns).map(|at| (f64::from(a[at]), f64::from(b[at]), at % columns));
            let expected: Vec<f64> = both().map(|(a, _, _)| activated(activation, a)).collect();
            let added: Vec<f64> = both().map(|(a, b, _)| activated(activation, a + b)).collect();
            let multiplied: Vec<f64> = both().map(|(a, b, _)| activated(activation, a * b)).collect();
            let scaled: Vec<f64> = both().map(|(a, _, at)| a * f64::from(factors[at])).collect();
            let moved: Vec<f64> = both().map(|(a, _, at)| a * f64::from(factors[at]) + f64::from(offsets[at])).collect();
            for cpu in cpus() {
                let activate = |out: RowsMut<'_>| Activate { input: rows_a, rows, columns, activation, out }.run(cpu);
                near(&run(rows, columns, activate), &expected, 1e-6)?;
                let pair = |how: Pairing, out: RowsMut<'_>| Pair { how, a: rows_a, b: rows_b, rows, columns, activation, out }.run(cpu);
                near(&run(rows, columns, |out| pair(Pairing::Sum, out)), &added, 1e-6)?;
                near(&run(rows, columns, |out| pair(Pairing::Product, out)), &multiplied, 1e-6)?;
                let scale = |offsets: &[f32], out: RowsMut<'_>| Scale { input: rows_a, rows, factors: &factors, offsets, out }.run(cpu);
                near(&run(rows, columns, |out| scale(&[], out)), &scaled, 1e-6)?;
                near(&run(rows, columns, |out| scale(&offsets, out)), &moved, 1e-6)?;
            }
        }
    }

    #[test]
    fn a_nan_is_not_activated_away_and_infinities_have_their_limits() {
        for cpu in cpus() {
            for activation in ACTIVATIONS {
                let values = [f32::NAN, f32::INFINITY, -100.0, 0.0];
                let input = Rows {
                    values: &values,
                    stride: 4,
                };
                let seen = run(1, 4, |out| {
                    Activate {
                        input,
                        rows: 1,
                        columns: 4,
                        activation,
                        out,
                    }
                    .run(cpu)
                });
                let limit = match activation {
                    Activation::Tanh | Activation::Sigmoid => 1.0,
                    _ => f32::INFINITY,
                };
                assert!(seen[0].is_nan(), "{activation:?} of NaN is {}", seen[0]);
                assert!(seen[1].to_bits() == limit.to_bits(), "{activation:?} {}", seen[1]);
                let low = match activation {
                    Activation::None => -100.0,
                    Activation::Tanh => -1.0,
                    Activation::Leaky => -0.4,
                    _ => 0.0,
                };
                near(&seen[2..3], &[low], 1e-6).unwrap();
            }
        }
    }
}
