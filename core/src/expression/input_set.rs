//! A set of inputs in one machine word.

use super::INPUT_COUNT_MAX;

/// A set of input numbers below [`INPUT_COUNT_MAX`]; it is copied, compared and joined without allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct InputSet(u64);

impl InputSet {
    /// The set of one input; empty when the number is [`INPUT_COUNT_MAX`] or above.
    pub fn of(input: u16) -> InputSet {
        InputSet(1u64.checked_shl(u32::from(input)).unwrap_or(0))
    }

    /// The inputs that are in either set.
    pub fn union(self, other: InputSet) -> InputSet {
        InputSet(self.0 | other.0)
    }

    /// Whether an input is in the set.
    pub fn contains(self, input: u16) -> bool {
        !self.is_empty() && InputSet::of(input).0 & self.0 != 0
    }

    /// Whether the set holds no input.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The inputs in ascending order.
    pub fn iter(self) -> impl Iterator<Item = u16> {
        (0..INPUT_COUNT_MAX).filter(move |input| self.contains(*input))
    }
}

impl FromIterator<InputSet> for InputSet {
    fn from_iter<I: IntoIterator<Item = InputSet>>(sets: I) -> InputSet {
        sets.into_iter().fold(InputSet::default(), InputSet::union)
    }
}
