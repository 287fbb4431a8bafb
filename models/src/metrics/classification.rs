//! Classes found against classes that are right.

use super::{MetricError, f1, known_classes, same_length, share};

/// How often each class was taken for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfusionMatrix {
    classes: usize,
    /// `[classes, classes]`: gold, then found.
    counts: Vec<u64>,
}

/// What a model makes of one class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassScores {
    /// The class.
    pub class: u32,
    /// Share of the examples found to be of the class that are; NaN if none was found.
    pub precision: f64,
    /// Share of the examples of the class that were found; NaN if there are none.
    pub recall: f64,
    /// Harmonic mean of the two; NaN if the class neither is there nor was found.
    pub f1: f64,
    /// Examples of the class.
    pub support: u64,
    /// Examples found to be of the class.
    pub found: u64,
}

/// A class taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confused {
    /// The class that was right.
    pub gold: u32,
    /// The class that was found.
    pub found: u32,
    /// How often.
    pub count: u64,
}

impl ConfusionMatrix {
    /// Counts the pairs of `gold[i]` and `found[i]`, both below `classes`.
    ///
    /// # Errors
    /// [`MetricError::Length`] if the lists differ in length, [`MetricError::Class`] for a class beyond `classes`.
    pub fn count(classes: usize, gold: &[u32], found: &[u32]) -> Result<Self, MetricError> {
        same_length("classes found", gold.len(), found.len())?;
        known_classes(gold, classes)?;
        known_classes(found, classes)?;
        let mut counts = vec![0; classes * classes];
        for (gold, found) in gold.iter().zip(found) {
            counts[*gold as usize * classes + *found as usize] += 1;
        }
        Ok(Self { classes, counts })
    }

    /// Returns the number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Returns one row per gold class: how often each class was found for it.
    ///
    /// # Shapes
    /// `[classes]` rows of `[classes]`.
    pub fn rows(&self) -> impl Iterator<Item = &[u64]> {
        self.counts.chunks_exact(self.classes.max(1))
    }

    /// Returns the number of examples.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Returns the number of examples in their own class.
    pub fn right(&self) -> u64 {
        self.counts.iter().step_by(self.classes + 1).sum()
    }

    /// Returns the share of examples in their own class; NaN without examples.
    pub fn accuracy(&self) -> f64 {
        share(self.right(), self.total())
    }

    /// Returns precision, recall and F1 of each class.
    pub fn class_scores(&self) -> Vec<ClassScores> {
        let mut found = vec![0; self.classes];
        for row in self.rows() {
            found.iter_mut().zip(row).for_each(|(sum, count)| *sum += count);
        }
        let scores = |(class, row): (u32, &[u64])| {
            let (right, support) = (row[class as usize], row.iter().sum());
            let found = found[class as usize];
            ClassScores {
                class,
                precision: share(right, found),
                recall: share(right, support),
                f1: f1(right, found, support),
                support,
                found,
            }
        };
        (0..).zip(self.rows()).map(scores).collect()
    }

    /// Returns the mean F1 of the classes that are there or were found; NaN if there is none.
    pub fn macro_f1(&self) -> f64 {
        let scores: Vec<f64> = self
            .class_scores()
            .iter()
            .map(|class| class.f1)
            .filter(|f1| !f1.is_nan())
            .collect();
        scores.iter().sum::<f64>() / scores.len() as f64
    }

    /// Returns at most `limit` pairs of different classes, the most frequent first, equally frequent ones by class.
    pub fn most_confused(&self, limit: usize) -> Vec<Confused> {
        let mut pairs = Vec::new();
        for (gold, row) in (0..).zip(self.rows()) {
            for (found, &count) in (0..).zip(row) {
                if count > 0 && gold != found {
                    pairs.push(Confused { gold, found, count });
                }
            }
        }
        pairs.sort_by_key(|pair| (std::cmp::Reverse(pair.count), pair.gold, pair.found));
        pairs.truncate(limit);
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference::{close, reference};
    use super::*;

    fn matrix() -> ConfusionMatrix {
        let given = &reference().classification;
        ConfusionMatrix::count(given.classes, &given.gold, &given.found).unwrap()
    }

    #[test]
    fn the_matrix_is_that_of_scikit_learn() {
        let rows: Vec<Vec<u64>> = matrix().rows().map(<[u64]>::to_vec).collect();
        assert_eq!(rows, reference().classification.confusion);
    }

    #[test]
    fn accuracy_and_macro_f1_are_those_of_scikit_learn() {
        let given = &reference().classification;
        close(matrix().accuracy(), given.accuracy);
        close(matrix().macro_f1(), given.macro_f1);
    }

    #[test]
    fn the_scores_of_each_class_are_those_of_scikit_learn() {
        let given = &reference().classification;
        for scores in matrix().class_scores() {
            let class = scores.class as usize;
            close(scores.precision, given.precision[class]);
            close(scores.recall, given.recall[class]);
            close(scores.f1, given.f1[class]);
            assert_eq!(scores.support, given.support[class]);
        }
    }

    #[test]
    fn what_is_neither_there_nor_found_has_no_figure() {
        let matrix = ConfusionMatrix::count(3, &[0, 1], &[0, 0]).unwrap();
        let scores = matrix.class_scores();
        assert!(scores[1].precision.is_nan() && scores[2].recall.is_nan() && scores[2].f1.is_nan());
        // The mean of 2/3 and 0, without the third class.
        close(matrix.macro_f1(), 1.0 / 3.0);
        assert!(ConfusionMatrix::count(3, &[], &[]).unwrap().accuracy().is_nan());
        assert!(ConfusionMatrix::count(0, &[], &[]).unwrap().macro_f1().is_nan());
    }

    #[test]
    fn the_most_frequent_confusions_come_first() {
        let matrix = ConfusionMatrix::count(3, &[0, 0, 1, 2, 2, 2], &[0, 1, 0, 1, 1, 2]).unwrap();
        let pairs: Vec<(u32, u32, u64)> = matrix
            .most_confused(2)
            .iter()
            .map(|pair| (pair.gold, pair.found, pair.count))
            .collect();
        assert_eq!(pairs, [(2, 1, 2), (0, 1, 1)]);
    }

    #[test]
    fn lists_that_do_not_fit_are_refused() {
        assert!(matches!(
            ConfusionMatrix::count(2, &[0, 1], &[0]),
            Err(MetricError::Length {
                expected: 2,
                found: 1,
                ..
            })
        ));
        assert_eq!(
            ConfusionMatrix::count(2, &[0], &[2]),
            Err(MetricError::Class { class: 2, classes: 2 })
        );
    }
}
