//! Rows against the principal components of normal rows: Hotelling's T² within them, and the squared error Q beside them.

use super::BaselineError;
use crate::beta::f_quantile;

/// Share of the variance that the components hold.
const VARIANCE: f64 = 0.9;
/// Share of normal rows within the limits.
const WITHIN: f64 = 0.99;
/// The value that this share of the normal distribution lies below.
const NORMAL: f64 = 2.326_347_874_040_840_8;
/// Sweeps of Jacobi's method, of which a dozen are enough.
const SWEEPS_MAX: usize = 100;

/// Principal components of normal rows, and the limits of T² and Q.
///
/// # Source
/// Hotelling (1947), "Multivariate quality control"; the limit of Q by Jackson and Mudholkar (1979), "Control procedures for
/// residuals associated with principal component analysis".
#[derive(Clone, Debug, PartialEq)]
pub struct Hotelling {
    /// Mean and standard deviation of each column.
    scales: Vec<(f64, f64)>,
    /// Variance and direction of each component that is kept.
    components: Vec<(f64, Vec<f64>)>,
    t2_limit: f64,
    q_limit: f64,
}

impl Hotelling {
    /// The components of normal rows.
    ///
    /// # Shapes
    /// `rows`: `[rows][columns]`.
    ///
    /// # Errors
    /// [`BaselineError::NoExamples`] without more rows than columns, [`BaselineError::Length`] for rows of other columns.
    pub fn train(rows: &[Vec<f64>]) -> Result<Self, BaselineError> {
        let columns = rows.first().ok_or(BaselineError::NoExamples)?.len();
        if let Some(row) = rows.iter().find(|row| row.len() != columns) {
            return Err(BaselineError::Length {
                what: "columns",
                expected: columns,
                found: row.len(),
            });
        }
        if rows.len() <= columns + 1 || columns < 2 {
            return Err(BaselineError::NoExamples);
        }
        let count = rows.len() as f64;
        let scales: Vec<(f64, f64)> = (0..columns)
            .map(|column| {
                let values = || rows.iter().map(|row| row[column]);
                let mean = values().sum::<f64>() / count;
                let variance = values().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
                (mean, if variance > 0.0 { variance.sqrt() } else { 1.0 })
            })
            .collect();
        let scaled: Vec<Vec<f64>> = rows.iter().map(|row| scale(row, &scales)).collect();
        let covariance =
            |a: usize, b: usize| scaled.iter().map(|row| row[a] * row[b]).sum::<f64>() / (count - 1.0);
        let matrix = (0..columns)
            .map(|a| (0..columns).map(|b| covariance(a, b)).collect())
            .collect();
        let mut components = eigen(matrix);
        components.sort_by(|a, b| b.0.total_cmp(&a.0));
        let total: f64 = components.iter().map(|(variance, _)| variance).sum();
        let mut sum = 0.0;
        let kept = components.iter().take_while(|(variance, _)| {
            let goes_on = sum / total < VARIANCE;
            sum += variance;
            goes_on
        });
        let kept = kept.count().clamp(1, columns - 1);
        let rest: Vec<f64> = components[kept..].iter().map(|(variance, _)| *variance).collect();
        components.truncate(kept);
        let kept = kept as f64;
        let factor = kept * (count - 1.0) * (count + 1.0) / (count * (count - kept));
        Ok(Self {
            scales,
            components,
            t2_limit: factor * f_quantile(1.0 - WITHIN, (kept, count - kept)),
            q_limit: q_limit(&rest),
        })
    }

    /// The larger of T² and Q, each over its limit: above 1 where a row is anomalous.
    pub fn score(&self, row: &[f64]) -> f64 {
        let row = scale(row, &self.scales);
        let mut left = row.clone();
        let mut t2 = 0.0;
        for (variance, direction) in &self.components {
            let along: f64 = row.iter().zip(direction).map(|(value, part)| value * part).sum();
            t2 += along * along / variance;
            left.iter_mut()
                .zip(direction)
                .for_each(|(value, part)| *value -= along * part);
        }
        let q: f64 = left.iter().map(|value| value * value).sum();
        (t2 / self.t2_limit).max(q / self.q_limit)
    }
}

fn scale(row: &[f64], scales: &[(f64, f64)]) -> Vec<f64> {
    let pairs = row.iter().zip(scales);
    pairs
        .map(|(value, (mean, deviation))| (value - mean) / deviation)
        .collect()
}

fn q_limit(rest: &[f64]) -> f64 {
    let power = |exponent| rest.iter().map(|variance| variance.powi(exponent)).sum::<f64>();
    let [first, second, third] = [1, 2, 3].map(power);
    let h = 1.0 - 2.0 * first * third / (3.0 * second * second);
    let inner =
        1.0 - second * h * (1.0 - h) / (first * first) + NORMAL * (2.0 * second * h * h).sqrt() / first;
    first * inner.powf(1.0 / h)
}

/// Eigenvalues and eigenvectors of a symmetric matrix, in no order.
///
/// # Source
/// Jacobi (1846); Golub and Van Loan (2013), "Matrix computations", algorithm 8.5.2.
fn eigen(mut matrix: Vec<Vec<f64>>) -> Vec<(f64, Vec<f64>)> {
    let size = matrix.len();
    let mut vectors: Vec<Vec<f64>> = (0..size)
        .map(|row| {
            (0..size)
                .map(|column| f64::from(u8::from(row == column)))
                .collect()
        })
        .collect();
    for _ in 0..SWEEPS_MAX {
        let mut beside = 0.0;
        for p in 0..size {
            for q in p + 1..size {
                beside += matrix[p][q] * matrix[p][q];
                rotate(&mut matrix, &mut vectors, (p, q));
            }
        }
        if beside < 1e-28 {
            break;
        }
    }
    let column = |place: usize| vectors.iter().map(|row| row[place]).collect();
    (0..size)
        .map(|place| (matrix[place][place], column(place)))
        .collect()
}

/// Turns the plane of two axes so that the entry between them becomes 0.
fn rotate(matrix: &mut [Vec<f64>], vectors: &mut [Vec<f64>], (p, q): (usize, usize)) {
    if matrix[p][q] == 0.0 {
        return;
    }
    let angle = (matrix[q][q] - matrix[p][p]) / (2.0 * matrix[p][q]);
    let tangent = 1.0_f64.copysign(angle) / (angle.abs() + angle.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    let sine = tangent * cosine;
    let turn = |row: &mut [f64]| {
        let (a, b) = (row[p], row[q]);
        row[p] = cosine * a - sine * b;
        row[q] = sine * a + cosine * b;
    };
    matrix.iter_mut().for_each(|row| turn(row));
    let (above, below) = matrix.split_at_mut(q);
    for (a, b) in above[p].iter_mut().zip(&mut below[0]) {
        (*a, *b) = (cosine * *a - sine * *b, sine * *a + cosine * *b);
    }
    vectors.iter_mut().for_each(|row| turn(row));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvalues_are_those_of_a_matrix_by_hand() {
        // 2 on the diagonal and -1 beside it: 2 - 2 cos(k pi / 4).
        let matrix = vec![vec![2.0, -1.0, 0.0], vec![-1.0, 2.0, -1.0], vec![0.0, -1.0, 2.0]];
        let mut found = eigen(matrix.clone());
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (step, (value, vector)) in (1..).zip(&found) {
            let expected = 2.0 - 2.0 * (f64::from(step) * std::f64::consts::PI / 4.0).cos();
            assert!((value - expected).abs() < 1e-12, "{value} for {expected}");
            for (row, part) in matrix.iter().zip(vector) {
                let product: f64 = row.iter().zip(vector).map(|(a, b)| a * b).sum();
                assert!((product - value * part).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_row_off_the_plane_of_normal_rows_is_beyond_the_limit() {
        let rows: Vec<Vec<f64>> = (0..200_u32)
            .map(|row| {
                let [a, b, c] = [37, 61, 89].map(|step| f64::from(row * step % 101) / 101.0 - 0.5);
                vec![a, a + 0.05 * b, c]
            })
            .collect();
        let learnt = Hotelling::train(&rows).unwrap();
        let beyond = rows.iter().filter(|row| learnt.score(row) > 1.0).count();
        assert!(beyond < 10, "{beyond}");
        assert!(learnt.score(&[0.3, -0.3, 0.0]) > 1.0);
        assert!(Hotelling::train(&rows[..3]).is_err());
    }
}
