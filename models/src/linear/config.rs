//! The sizes of a linear model, as a card holds them.

use serde::{Deserialize, Serialize};

use super::Terms;
use crate::net::{ConfigFault, rules};
use crate::weights::{Start, TensorSpec};

/// Most weights of a model: 4 MiB of them in a file.
pub const PARAMETERS_MAX: usize = 1 << 21;

/// Names of the tensors of a model.
const TENSORS: [&str; 3] = ["idf", "weights", "bias"];

/// The sizes of a linear model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinearConfig {
    /// What of a text becomes which rows.
    pub terms: Terms,
    /// How many classes there are.
    pub classes: usize,
}

impl LinearConfig {
    /// Refuses sizes out of their ranges, and more than [`PARAMETERS_MAX`] weights.
    ///
    /// # Errors
    /// [`ConfigFault`] says which rule is broken.
    pub fn validate(&self) -> Result<(), ConfigFault> {
        self.terms.validate()?;
        rules(&[
            (
                (1..=PARAMETERS_MAX).contains(&self.classes),
                "`classes` must be from 1 to 2097152",
            ),
            (
                self.parameters() <= PARAMETERS_MAX,
                "a linear model must have at most 2097152 weights: fewer `rows`, or fewer classes",
            ),
        ])
    }

    /// How many numbers the model has.
    pub fn parameters(&self) -> usize {
        (self.terms.rows.saturating_add(1))
            .saturating_mul(self.classes)
            .saturating_add(self.terms.rows)
    }

    /// Bytes of the model in memory.
    pub fn bytes(&self) -> usize {
        size_of::<f32>() * self.parameters()
    }

    /// Every tensor the model has.
    pub fn tensors(&self) -> Vec<TensorSpec> {
        let shapes = [
            vec![self.terms.rows],
            vec![self.terms.rows, self.classes],
            vec![self.classes],
        ];
        let tensor = |(name, shape): (&str, Vec<usize>)| TensorSpec::new(name, name, &shape, Start::Zeros);
        TENSORS.into_iter().zip(shapes).map(tensor).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_has_no_more_weights_than_are_counted() {
        let config = |rows: usize, classes: usize| LinearConfig {
            terms: Terms {
                rows,
                grams: 2,
                run_min: 3,
                run_max: 0,
                words_max: 100,
            },
            classes,
        };
        let sound = config(1 << 16, 20);
        assert_eq!(sound.validate(), Ok(()));
        let counted: usize = sound.tensors().iter().map(TensorSpec::count).sum();
        assert_eq!(sound.parameters(), counted);
        assert!(config(1 << 16, 32).validate().is_err());
        assert!(config(1 << 16, usize::MAX).validate().is_err());
        assert!(config(1 << 16, 0).validate().is_err());
    }
}
