//! How large numbers get where 8 bits have to hold them.

use std::collections::BTreeMap;

use crate::step::Read;

/// The largest absolute value that each step reads, by the name of the step; found by
/// [`Program::observe`](super::Program::observe) on data that is like what will come.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranges {
    largest: BTreeMap<String, f32>,
}

impl Ranges {
    /// Nothing seen yet.
    pub fn new() -> Ranges {
        Ranges::default()
    }

    /// Ranges that were found before, by the name of the step.
    pub fn from_largest(largest: impl IntoIterator<Item = (String, f32)>) -> Ranges {
        Ranges {
            largest: largest.into_iter().collect(),
        }
    }

    /// The largest absolute value each step has read.
    pub fn largest(&self) -> impl Iterator<Item = (&str, f32)> {
        self.largest
            .iter()
            .map(|(step, largest)| (step.as_str(), *largest))
    }

    pub(super) fn of(&self, step: &str) -> Option<f32> {
        self.largest.get(step).copied()
    }

    pub(super) fn note(&mut self, step: &str, read: &Read<'_>, columns: usize) {
        let rows = read.rows();
        let numbers = rows
            .values
            .chunks(rows.stride)
            .flat_map(|row| row.iter().take(columns));
        let largest = numbers.fold(0.0f32, |most, value| most.max(value.abs()));
        let seen = self.largest.entry(step.to_owned()).or_insert(0.0);
        *seen = seen.max(largest);
    }
}
