//! The regularised incomplete beta function, in logarithms, and what is worked out from it.
//!
//! Invariant: a tail of 10^-300 has its logarithm to about twelve digits, as one of a half has.

/// Steps of the continued fraction after which it is taken as it is; arguments of this crate need fewer than a hundred.
const STEPS_MAX: u32 = 1_000;
/// What stands for a zero denominator.
const TINY: f64 = 1e-300;
/// Halvings of an interval when a quantile is searched: more than a double has digits.
const HALVINGS: u32 = 200;

/// Coefficients of Lanczos' approximation for g = 7.
const LANCZOS: [f64; 9] = [
    0.999_999_999_999_809_9,
    676.520_368_121_885_1,
    -1_259.139_216_722_402_8,
    771.323_428_777_653_1,
    -176.615_029_162_140_6,
    12.507_343_278_686_905,
    -0.138_571_095_265_720_12,
    9.984_369_578_019_572e-6,
    1.505_632_735_149_311_6e-7,
];

/// The logarithm of the gamma function, for arguments of a half and more.
///
/// # Source
/// Lanczos (1964), "A precision approximation of the gamma function"; coefficients for g = 7 by Godfrey (2001).
pub fn ln_gamma(x: f64) -> f64 {
    let x = x - 1.0;
    let sum = LANCZOS[1..]
        .iter()
        .zip(1_u32..)
        .fold(LANCZOS[0], |sum, (coefficient, place)| {
            sum + coefficient / (x + f64::from(place))
        });
    let shifted = x + 7.5;
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * shifted.ln() - shifted + sum.ln()
}

/// The logarithm of the beta function, for arguments of a half and more.
pub fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

/// The logarithms of `x` and of `1 - x`, each exact by itself: near 0 and near 1 one of them says nothing of the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Logarithms {
    /// `x`, from 0 to 1.
    pub x: f64,
    /// The logarithm of `x`.
    pub ln_x: f64,
    /// The logarithm of `1 - x`.
    pub ln_rest: f64,
}

/// The natural logarithm of the regularised incomplete beta function I_x(a, b); `ln_beta` is that of B(a, b).
///
/// # Source
/// DLMF 8.17.22 and 8.17.4; the continued fraction by Lentz's algorithm: Thompson and Barnett (1986), "Coulomb and Bessel
/// functions of complex arguments and order".
pub fn ln_incomplete_beta(at: Logarithms, (a, b): (f64, f64), ln_beta: f64) -> f64 {
    if at.x <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if at.x >= 1.0 {
        return 0.0;
    }
    let front = a * at.ln_x + b * at.ln_rest - ln_beta;
    if at.x < (a + 1.0) / (a + b + 2.0) {
        return front - a.ln() + fraction(at.x, a, b).ln();
    }
    let rest = (front - b.ln() + fraction(1.0 - at.x, b, a).ln()).exp();
    (-rest).ln_1p()
}

/// The continued fraction of the incomplete beta function.
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    let away = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut value = d;
    for step in 1..=STEPS_MAX {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for coefficient in [even, odd] {
            d = 1.0 / away(1.0 + coefficient * d);
            c = away(1.0 + coefficient / c);
            change = c * d;
            value *= change;
        }
        if (change - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    value
}

/// The value that a number of Fisher's F distribution exceeds with probability `tail`, which is above 0 and below 1. Both
/// degrees of freedom are above 0.
///
/// The tail is I_x(second / 2, first / 2) at x = second / (second + first f), whose logarithm stays exact where the tail itself is
/// tiny.
///
/// # Source
/// Abramowitz and Stegun (1964), equation 26.6.2.
pub fn f_quantile(tail: f64, (first, second): (f64, f64)) -> f64 {
    let (a, b) = (second / 2.0, first / 2.0);
    let (target, ln_beta) = (tail.ln(), ln_beta(a, b));
    border(|value| {
        let ratio = first / second * value;
        let ln_x = -ratio.ln_1p();
        let at = Logarithms {
            x: ln_x.exp(),
            ln_x,
            ln_rest: ln_x + ratio.ln(),
        };
        ln_incomplete_beta(at, (a, b), ln_beta) > target
    })
}

/// The positive number up to which `is_below` holds.
pub(crate) fn border(is_below: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while is_below(high) && high < 1e300 {
        low = high;
        high *= 2.0;
    }
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        match is_below(middle) {
            true => low = middle,
            false => high = middle,
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(found: f64, expected: f64) {
        let off = (found - expected).abs() / expected.abs().max(1.0);
        assert!(off < 1e-12, "{found} for {expected}");
    }

    #[test]
    fn the_gamma_function_of_whole_numbers_is_a_factorial() {
        check(ln_gamma(1.0), 0.0);
        check(ln_gamma(5.0), 24_f64.ln());
        check(ln_gamma(21.0), 2_432_902_008_176_640_000_f64.ln());
        // The square root of pi.
        check(ln_gamma(0.5), std::f64::consts::PI.sqrt().ln());
    }

    #[test]
    fn whole_parameters_give_binomial_sums() {
        // I_x(a, b) is the chance of `a` or more of a + b - 1 throws: Abramowitz and Stegun 26.5.24.
        let of = |x: f64, a: f64, b: f64| {
            let at = Logarithms {
                x,
                ln_x: x.ln(),
                ln_rest: (-x).ln_1p(),
            };
            ln_incomplete_beta(at, (a, b), ln_beta(a, b)).exp()
        };
        check(of(0.3, 1.0, 1.0), 0.3);
        check(of(0.3, 2.0, 1.0), 0.09);
        check(of(0.9, 1.0, 3.0), 0.999);
        check(of(0.5, 3.0, 3.0), 0.5);
        check(
            of(0.25, 2.0, 3.0),
            6.0 * 0.0625 * 0.5625 + 4.0 * 0.015_625 * 0.75 + 0.003_906_25,
        );
    }

    #[test]
    fn quantiles_of_f_are_those_of_the_tables() {
        // NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.3: upper 1 % of F(3, 20), F(10, 60); with one and one
        // degrees it is the square of a Cauchy quantile, tan(0.495 pi)^2.
        assert!((f_quantile(0.01, (3.0, 20.0)) - 4.938).abs() < 5e-4);
        assert!((f_quantile(0.01, (10.0, 60.0)) - 2.632).abs() < 5e-4);
        let cauchy = (0.495 * std::f64::consts::PI).tan().powi(2);
        assert!((f_quantile(0.01, (1.0, 1.0)) / cauchy - 1.0).abs() < 1e-9);
    }

    fn check_quantile(tail: f64, degrees: (f64, f64), expected: f64) {
        let found = f_quantile(tail, degrees);
        assert!(
            (found / expected - 1.0).abs() < 1e-9,
            "{tail} {degrees:?}: {found}, expected {expected}"
        );
    }

    #[test]
    fn two_and_two_degrees_have_a_closed_form() {
        // P(F > f) = 1 / (1 + f).
        for tail in [0.5, 0.05, 1e-3, 1e-7] {
            check_quantile(tail, (2.0, 2.0), 1.0 / tail - 1.0);
        }
    }

    #[test]
    fn with_two_degrees_above_the_tail_is_a_power() {
        // P(F > f) = (1 + 2 f / b)^(-b/2).
        for (tail, b) in [(0.01, 8.0), (1.0 / 86_400.0, 57.0), (1e-5, 1_000.0)] {
            let expected = b / 2.0 * (f64::powf(tail, -2.0 / b) - 1.0);
            check_quantile(tail, (2.0, b), expected);
        }
    }

    #[test]
    fn other_degrees_are_those_of_scipy() {
        // scipy.stats.f.isf
        for (tail, degrees, expected) in SCIPY {
            check_quantile(*tail, *degrees, *expected);
        }
    }

    const SCIPY: &[(f64, (f64, f64), f64)] = &[
        (1.1574074074074073e-05, (3.0, 8.0), 54.323550900023214),
        (1.1574074074074073e-05, (3.0, 57.0), 10.66003424689046),
        (1.1574074074074073e-05, (3.0, 997.0), 8.638917733498685),
        (3.858024691358025e-06, (3.0, 597.0), 9.503928656769755),
        (0.3, (5.0, 7.0), 1.5054733793133426),
        (0.9, (4.0, 10.0), 0.25511013641558666),
    ];
}
