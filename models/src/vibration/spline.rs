//! Cubic splines through evenly spaced values.

/// The second derivatives, times the square of the spacing, of the spline whose first two and last two pieces are one cubic
/// each ("not a knot"); all 0 for fewer than four values.
///
/// # Source
/// de Boor 1978, "A practical guide to splines", chapter IV, equations 8 and 16.
pub(super) fn curvatures(values: &[f64]) -> Vec<f64> {
    let count = values.len();
    let mut curvatures = vec![0.0; count];
    if count < 4 {
        return curvatures;
    }
    let bend = |index: usize| 6.0 * (values[index - 1] - 2.0 * values[index] + values[index + 1]);
    // The ends make the first and the last inner equation one of a single unknown.
    curvatures[1] = bend(1) / 6.0;
    curvatures[count - 2] = bend(count - 2) / 6.0;
    // Gauss for 1, 4, 1 in between, with the known ends on the right side.
    let mut factors = vec![0.0; count];
    let mut before = (0.0, curvatures[1]);
    for index in 2..count.saturating_sub(2) {
        let known = match index {
            2 => curvatures[1],
            _ => 0.0,
        } + match index + 3 == count {
            true => curvatures[count - 2],
            false => 0.0,
        };
        let pivot = 4.0 - before.0;
        let carried = if index == 2 { 0.0 } else { before.1 };
        let value = (bend(index) - known - carried) / pivot;
        factors[index] = 1.0 / pivot;
        curvatures[index] = value;
        before = (factors[index], value);
    }
    for index in (2..count.saturating_sub(3)).rev() {
        curvatures[index] -= factors[index] * curvatures[index + 1];
    }
    curvatures[0] = 2.0 * curvatures[1] - curvatures[2];
    curvatures[count - 1] = 2.0 * curvatures[count - 2] - curvatures[count - 3];
    curvatures
}

/// The spline at a place between two values: `share` of the way from the one at `index` to the next.
pub(super) fn value(values: &[f64], curvatures: &[f64], (index, share): (usize, f64)) -> f64 {
    let rest = 1.0 - share;
    let bend = (rest.powi(3) - rest) * curvatures[index] + (share.powi(3) - share) * curvatures[index + 1];
    rest * values[index] + share * values[index + 1] + bend / 6.0
}
