//! Choices that follow from the record: the same record, the same choices.

use super::super::record::Report;

/// A stream of choices for one sentence.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    /// None where the first of all is taken.
    state: Option<u64>,
}

/// A number made of a record's JSON.
///
/// # Source
/// Fowler, Noll, Vo (1991): FNV-1a with 64 bits.
pub(super) fn seed(report: &Report) -> u64 {
    // A checked report has finite numbers only, so that it always has a JSON.
    let json = serde_json::to_vec(report).unwrap_or_default();
    json.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

impl Choice {
    /// Begins the choices of one sentence: a number for which, so that sentences do not change each other.
    pub(super) fn new(seed: u64, sentence: u64) -> Self {
        let mut choice = Self {
            state: Some(seed ^ sentence.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        };
        choice.next();
        choice
    }

    /// Choices that always fall on the first, for tables.
    pub(super) fn first() -> Self {
        Self { state: None }
    }

    /// Returns one of a list that is not empty.
    pub(super) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        let count = u64::try_from(from.len()).unwrap_or(1).max(1);
        let index = usize::try_from(self.next() % count).unwrap_or(0);
        from[index]
    }

    /// The next number.
    ///
    /// # Source
    /// Steele, Lea, Flood (2014): SplitMix.
    fn next(&mut self) -> u64 {
        let Some(state) = &mut self.state else {
            return 0;
        };
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
