//! One linear machine for each class, against all others.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::{BaselineError, SparseRows};

/// How to train.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SvmOptions {
    /// Cost of a violated margin; scikit-learn's and LIBLINEAR's `C`, usually 1.
    pub cost: f64,
    /// How far the violations of the optimum may lie apart at the end: 0.01 is enough for the third digit of accuracy.
    pub tolerance: f64,
    /// Most passes over the examples for each class.
    pub passes_max: u32,
    /// Seed of the order of the examples.
    pub seed: u64,
}

/// Linear support vector machines, one for each class.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearSvm {
    classes: usize,
    /// `[columns + 1, classes]`; the last row is the bias.
    weights: Vec<f32>,
}

/// Rows with their classes, and what a violated margin costs: what machines are trained on, one for each class.
///
/// The machine of a class finds the weights `w`, with the bias among them, for which half the squared length of `w` plus
/// the sum of `c (what is missing to a margin of 1)²` over the rows is least. `c` is [`SvmOptions::cost`], for rows of the
/// class times its weight. Of two classes both have their own weights in either machine, which then mirror each other.
///
/// # Source
/// Hsieh, Chang, Lin, Keerthi and Sundararajan 2008, "A dual coordinate descent method for large-scale linear SVM",
/// algorithms 1 and 3, with the L2-loss; costs are those of LIBLINEAR 2.3, `train` and `train_one`.
#[derive(Clone, Debug)]
pub struct SvmProblem<'a> {
    rows: &'a SparseRows,
    labels: &'a [u32],
    weights: &'a [f64],
    /// Squared length of each row with its bias.
    squares: Vec<f64>,
}

/// A machine that was trained, and how well it does on what it learnt from.
#[derive(Clone, Debug, PartialEq)]
pub struct SvmSolution {
    /// `[columns + 1]`; the last is the bias.
    pub weights: Vec<f64>,
    /// The sum of the costs of all rows.
    pub loss: f64,
    /// Rows on the right side.
    pub right: usize,
}

impl<'a> SvmProblem<'a> {
    /// The problem of rows with these labels, with a weight for each class.
    ///
    /// # Errors
    /// [`BaselineError::Length`] if there are not as many labels as rows, [`BaselineError::Class`] for a label without a
    /// weight, [`BaselineError::NoExamples`].
    pub fn new(rows: &'a SparseRows, labels: &'a [u32], weights: &'a [f64]) -> Result<Self, BaselineError> {
        let classes = weights.len();
        if rows.len() != labels.len() {
            return Err(BaselineError::Length {
                what: "labels",
                expected: rows.len(),
                found: labels.len(),
            });
        }
        if let Some(&class) = labels.iter().find(|class| **class as usize >= classes) {
            return Err(BaselineError::Class { class, classes });
        }
        if rows.is_empty() {
            return Err(BaselineError::NoExamples);
        }
        let square = |(_, value): (usize, f32)| f64::from(value).powi(2);
        let squares = (0..rows.len())
            .map(|row| 1.0 + rows.row(row).map(square).sum::<f64>())
            .collect();
        Ok(Self {
            rows,
            labels,
            weights,
            squares,
        })
    }

    /// Trains the machine of a class against all others.
    ///
    /// # Errors
    /// [`BaselineError::Class`] for a class without a weight.
    pub fn solve(
        &self,
        class: u32,
        options: SvmOptions,
        random: &mut ChaCha8Rng,
    ) -> Result<SvmSolution, BaselineError> {
        let classes = self.weights.len();
        let own = self
            .weights
            .get(class as usize)
            .ok_or(BaselineError::Class { class, classes })?;
        let others = match self.weights {
            [first, second] => first + second - own,
            _ => 1.0,
        };
        let sides: Vec<Side> = self
            .labels
            .iter()
            .map(|label| match *label == class {
                true => Side {
                    sign: 1.0,
                    cost: options.cost * own,
                },
                false => Side {
                    sign: -1.0,
                    cost: options.cost * others,
                },
            })
            .collect();
        let weights = Machine::new(self, &sides).trained(options, random);
        let (mut loss, mut right) = (0.0, 0);
        for (row, side) in sides.iter().enumerate() {
            let margin = side.sign * product(self.rows, row, &weights);
            loss += side.cost * (1.0 - margin).max(0.0).powi(2);
            right += usize::from(margin > 0.0);
        }
        Ok(SvmSolution { weights, loss, right })
    }
}

/// The weights of classes that count alike however many rows each has: the number of rows over the number of classes and
/// of rows of the class. Classes without rows have the weight 1.
///
/// # Source
/// King and Zeng 2001, "Logistic regression in rare events data"; scikit-learn's `class_weight="balanced"`.
pub fn balanced(labels: &[u32], classes: usize) -> Vec<f64> {
    let mut counts = vec![0_usize; classes];
    for label in labels {
        if let Some(count) = counts.get_mut(*label as usize) {
            *count += 1;
        }
    }
    let present = counts.iter().filter(|count| **count > 0).count();
    let weight = |count: usize| match count {
        0 => 1.0,
        count => labels.len() as f64 / (present * count) as f64,
    };
    counts.into_iter().map(weight).collect()
}

impl LinearSvm {
    /// Trains each class against all others, all of them weighing 1: see [`SvmProblem`].
    ///
    /// # Errors
    /// [`BaselineError::Length`] if there are not as many labels as rows, [`BaselineError::Class`] for a label beyond
    /// `classes`, [`BaselineError::NoExamples`].
    pub fn fit(
        rows: &SparseRows,
        labels: &[u32],
        classes: usize,
        options: SvmOptions,
    ) -> Result<Self, BaselineError> {
        Self::fit_weighted(rows, labels, &vec![1.0; classes], options)
    }

    /// Trains each class against all others, with a weight for each: see [`SvmProblem`].
    ///
    /// # Errors
    /// As [`LinearSvm::fit`].
    pub fn fit_weighted(
        rows: &SparseRows,
        labels: &[u32],
        weights: &[f64],
        options: SvmOptions,
    ) -> Result<Self, BaselineError> {
        let problem = SvmProblem::new(rows, labels, weights)?;
        let classes = weights.len();
        let mut all = vec![0.0; (rows.columns() + 1) * classes];
        let mut random = ChaCha8Rng::seed_from_u64(options.seed);
        for (place, class) in (0..).take(classes).enumerate() {
            let machine = problem.solve(class, options, &mut random)?.weights;
            let column = all.iter_mut().skip(place).step_by(classes);
            #[allow(
                clippy::cast_possible_truncation,
                reason = "weights are kept in single precision"
            )]
            column
                .zip(machine)
                .for_each(|(place, weight)| *place = weight as f32);
        }
        Ok(Self {
            classes,
            weights: all,
        })
    }

    /// Returns the number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Returns the number of weights, with the biases.
    pub fn parameters(&self) -> usize {
        self.weights.len()
    }

    /// Returns the signed margin of each row for each class. The largest of a row names its class, and is low for what
    /// belongs to none.
    ///
    /// # Shapes
    /// `[rows, classes]`.
    ///
    /// # Errors
    /// [`BaselineError::Length`] if the rows have not as many columns as those trained on.
    pub fn margins(&self, rows: &SparseRows) -> Result<Vec<f32>, BaselineError> {
        let columns = (self.weights.len() / self.classes.max(1)).saturating_sub(1);
        if rows.columns() != columns {
            return Err(BaselineError::Length {
                what: "columns",
                expected: columns,
                found: rows.columns(),
            });
        }
        let bias = &self.weights[columns * self.classes..];
        let mut margins = bias.repeat(rows.len());
        for (row, margins) in margins.chunks_exact_mut(self.classes.max(1)).enumerate() {
            for (column, value) in rows.row(row) {
                let weights = &self.weights[column * self.classes..][..self.classes];
                margins
                    .iter_mut()
                    .zip(weights)
                    .for_each(|(margin, weight)| *margin += value * weight);
            }
        }
        Ok(margins)
    }
}

/// Returns the class with the largest margin of each row, the first of equals, and that margin.
///
/// # Shapes
/// `margins` is `[rows, classes]`.
pub fn top_margins(margins: &[f32], classes: usize) -> Vec<(u32, f32)> {
    let top = |row: &[f32]| {
        let larger = |best: (u32, f32), next: (u32, f32)| if next.1 > best.1 { next } else { best };
        (0..)
            .zip(row.iter().copied())
            .fold((0, f32::NEG_INFINITY), larger)
    };
    margins.chunks_exact(classes.max(1)).map(top).collect()
}

/// The margin of a row without its sign; the last weight is the bias.
fn product(rows: &SparseRows, row: usize, weights: &[f64]) -> f64 {
    let products = rows
        .row(row)
        .map(|(column, value)| weights[column] * f64::from(value));
    weights[rows.columns()] + products.sum::<f64>()
}

/// On which side a row must be, and what it costs if it is not.
#[derive(Clone, Copy, Debug)]
struct Side {
    sign: f64,
    cost: f64,
}

/// One machine on its way to the optimum of the dual problem.
struct Machine<'a> {
    rows: &'a SparseRows,
    sides: &'a [Side],
    /// Squared length of each row with its bias.
    squares: &'a [f64],
    /// `[columns + 1]`.
    weights: Vec<f64>,
    /// Multiplier of each row, not negative.
    multipliers: Vec<f64>,
}

impl<'a> Machine<'a> {
    fn new(problem: &'a SvmProblem<'_>, sides: &'a [Side]) -> Self {
        Self {
            rows: problem.rows,
            sides,
            squares: &problem.squares,
            weights: vec![0.0; problem.rows.columns() + 1],
            multipliers: vec![0.0; problem.rows.len()],
        }
    }

    /// Descends until the violations lie close together. Rows whose multiplier is and stays zero are left out, and
    /// looked at again at the end.
    fn trained(mut self, options: SvmOptions, random: &mut ChaCha8Rng) -> Vec<f64> {
        let mut active: Vec<usize> = (0..self.rows.len()).collect();
        let mut active_len = active.len();
        let mut shrink_above = f64::INFINITY;
        for _ in 0..options.passes_max {
            active[..active_len].shuffle(random);
            let (mut most, mut least) = (f64::NEG_INFINITY, f64::INFINITY);
            let mut place = 0;
            while place < active_len {
                let row = active[place];
                let slope = self.slope(row);
                let at_bound = self.multipliers[row] <= 0.0;
                if at_bound && slope > shrink_above {
                    active_len -= 1;
                    active.swap(place, active_len);
                    continue;
                }
                let violation = if at_bound { slope.min(0.0) } else { slope };
                (most, least) = (most.max(violation), least.min(violation));
                if violation.abs() > 1e-12 {
                    self.step(row, slope);
                }
                place += 1;
            }
            shrink_above = if most > 0.0 { most } else { f64::INFINITY };
            if active_len == 0 || most - least <= options.tolerance {
                if active_len == active.len() {
                    break;
                }
                active_len = active.len();
                shrink_above = f64::INFINITY;
            }
        }
        self.weights
    }

    /// The slope of the dual problem along one multiplier.
    fn slope(&self, row: usize) -> f64 {
        let Side { sign, cost } = self.sides[row];
        sign * product(self.rows, row, &self.weights) - 1.0 + self.multipliers[row] / (2.0 * cost)
    }

    /// Moves one multiplier to its best value.
    fn step(&mut self, row: usize, slope: f64) {
        let Side { sign, cost } = self.sides[row];
        let before = self.multipliers[row];
        let after = (before - slope / (self.squares[row] + 1.0 / (2.0 * cost))).max(0.0);
        self.multipliers[row] = after;
        let change = (after - before) * sign;
        for (column, value) in self.rows.row(row) {
            self.weights[column] += change * f64::from(value);
        }
        self.weights[self.rows.columns()] += change;
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference::reference;
    use super::*;

    const OPTIONS: SvmOptions = SvmOptions {
        cost: 1.0,
        tolerance: 1e-6,
        passes_max: 10_000,
        seed: 1,
    };

    fn dense(values: &[f32], columns: usize) -> SparseRows {
        let mut rows = SparseRows::new(columns);
        for row in values.chunks_exact(columns) {
            rows.push((0..).zip(row.iter().copied()));
        }
        rows
    }

    #[test]
    fn margins_are_those_of_liblinear() {
        let given = &reference().svm;
        let rows = dense(&given.rows, given.columns);
        let options = SvmOptions {
            cost: given.cost,
            ..OPTIONS
        };
        let machine = LinearSvm::fit(&rows, &given.labels, given.classes, options).unwrap();
        let margins = machine.margins(&rows).unwrap();
        assert_eq!(margins.len(), given.margins.len());
        for (seen, expected) in margins.iter().zip(&given.margins) {
            assert!((f64::from(*seen) - expected).abs() < 1e-4, "{seen} {expected}");
        }
    }

    #[test]
    fn margins_of_balanced_classes_are_those_of_liblinear() {
        let given = &reference().balanced;
        for case in given {
            let rows = dense(&case.rows, case.columns);
            let options = SvmOptions {
                cost: case.cost,
                ..OPTIONS
            };
            let weights = balanced(&case.labels, case.classes);
            let machine = LinearSvm::fit_weighted(&rows, &case.labels, &weights, options).unwrap();
            let margins = machine.margins(&rows).unwrap();
            assert_eq!(margins.len(), case.margins.len());
            for (seen, expected) in margins.iter().zip(&case.margins) {
                assert!((f64::from(*seen) - expected).abs() < 1e-4, "{seen} {expected}");
            }
        }
    }

    #[test]
    fn balanced_weights_are_rows_over_classes_and_rows_of_the_class() {
        // 4 rows, of 2 classes that are there: 4 / (2 * 3) and 4 / (2 * 1).
        assert_eq!(balanced(&[0, 0, 2, 0], 3), [4.0 / 6.0, 1.0, 2.0]);
    }

    #[test]
    fn two_points_have_the_margin_of_the_closed_form() {
        // Points 1 and -1 with weight w and no bias by symmetry: least of w²/2 + 2 (1 - w)², so w = 4/5.
        let rows = dense(&[1.0, -1.0], 1);
        let machine = LinearSvm::fit(&rows, &[0, 1], 2, OPTIONS).unwrap();
        let margins = machine.margins(&rows).unwrap();
        for (seen, expected) in margins.iter().zip([0.8, -0.8, -0.8, 0.8]) {
            assert!((seen - expected).abs() < 1e-5, "{margins:?}");
        }
        assert_eq!(
            top_margins(&margins, 2)
                .iter()
                .map(|top| top.0)
                .collect::<Vec<_>>(),
            [0, 1]
        );
    }

    #[test]
    fn examples_that_do_not_fit_are_refused() {
        let rows = dense(&[1.0], 1);
        let fit = |labels: &[u32]| LinearSvm::fit(&rows, labels, 2, OPTIONS).unwrap_err();
        assert!(matches!(fit(&[]), BaselineError::Length { .. }));
        assert_eq!(fit(&[2]), BaselineError::Class { class: 2, classes: 2 });
        let nothing = LinearSvm::fit(&SparseRows::new(1), &[], 2, OPTIONS);
        assert_eq!(nothing, Err(BaselineError::NoExamples));
        let machine = LinearSvm::fit(&rows, &[1], 2, OPTIONS).unwrap();
        assert!(machine.margins(&SparseRows::new(2)).is_err());
    }
}
