//! Quantiles of the F distribution, for limits far out in its tail.

/// The value that an F-distributed number of `(a, b)` degrees of freedom exceeds with probability `tail`, which is above 0
/// and below 1. Both degrees of freedom are above 0.
///
/// The logarithm of the value is halved down to; the tail is the regularised incomplete beta function I_x(b/2, a/2) at
/// x = b / (b + a f), whose logarithm stays exact where the tail itself is tiny.
///
/// # Source
/// Abramowitz and Stegun 1964, equation 26.6.2.
pub fn f_quantile(tail: f64, (a, b): (f64, f64)) -> f64 {
    let target = tail.ln();
    let log_tail = |log_value: f64| {
        let ratio = a / b * log_value.exp();
        log_beta_tail(ratio, (a / 2.0, b / 2.0))
    };
    let (mut low, mut high) = (-200.0_f64, 200.0_f64);
    for _ in 0..200 {
        let middle = (low + high) / 2.0;
        match log_tail(middle) > target {
            true => low = middle,
            false => high = middle,
        }
    }
    ((low + high) / 2.0).exp()
}

/// The logarithm of I_x(b, a) at x = 1 / (1 + ratio).
fn log_beta_tail(ratio: f64, (a, b): (f64, f64)) -> f64 {
    let log_x = -ratio.ln_1p();
    let log_rest = log_x + ratio.ln();
    let x = log_x.exp();
    let front = b * log_x + a * log_rest - (log_gamma(a) + log_gamma(b) - log_gamma(a + b));
    // The fraction converges fast on this side of the mean, and its complement on the other.
    match x < (b + 1.0) / (a + b + 2.0) {
        true => front - b.ln() + continued_fraction(x, (b, a)).ln(),
        false => {
            let rest = log_rest.exp();
            let other = front - a.ln() + continued_fraction(rest, (a, b)).ln();
            (-other.exp()).ln_1p()
        }
    }
}

/// The continued fraction of the incomplete beta function, by Lentz's method.
///
/// # Source
/// Abramowitz and Stegun 1964, equation 26.5.8; Thompson and Barnett 1986 for the method.
fn continued_fraction(x: f64, (a, b): (f64, f64)) -> f64 {
    let away_from_zero = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut product = d;
    for step in 1..500 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away_from_zero(1.0 + even * d);
        c = away_from_zero(1.0 + even / c);
        product *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away_from_zero(1.0 + odd * d);
        c = away_from_zero(1.0 + odd / c);
        let change = d * c;
        product *= change;
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    product
}

/// The logarithm of the gamma function of a number above 0.
///
/// # Source
/// Lanczos 1964, "A precision approximation of the gamma function", with the coefficients of Godfrey for g = 7, n = 9.
#[allow(clippy::excessive_precision, reason = "the coefficients are as published")]
fn log_gamma(value: f64) -> f64 {
    const COEFFICIENTS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_13,
        -176.615_029_162_140_59,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_571_6e-6,
        1.505_632_735_149_311_6e-7,
    ];
    let shifted = value - 1.0;
    let series = COEFFICIENTS
        .iter()
        .enumerate()
        .fold(0.999_999_999_999_809_93, |sum, (index, coefficient)| {
            sum + coefficient / (shifted + index as f64 + 1.0)
        });
    let base = shifted + 7.5;
    0.5 * std::f64::consts::TAU.ln() + (shifted + 0.5) * base.ln() - base + series.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tail: f64, degrees: (f64, f64), expected: f64) {
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
            check(tail, (2.0, 2.0), 1.0 / tail - 1.0);
        }
    }

    #[test]
    fn with_two_degrees_above_the_tail_is_a_power() {
        // P(F > f) = (1 + 2 f / b)^(-b/2).
        for (tail, b) in [(0.01, 8.0), (1.0 / 86_400.0, 57.0), (1e-5, 1_000.0)] {
            let expected = b / 2.0 * (f64::powf(tail, -2.0 / b) - 1.0);
            check(tail, (2.0, b), expected);
        }
    }

    #[test]
    fn other_degrees_are_those_of_scipy() {
        // scipy.stats.f.isf
        for (tail, degrees, expected) in SCIPY {
            check(*tail, *degrees, *expected);
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
