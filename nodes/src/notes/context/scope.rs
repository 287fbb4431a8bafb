//! What the triggers of one sentence reach.
//!
//! A mention is reached from the left by the nearest trigger or end before it, and from the right by the nearest
//! behind it. This is the rule of the papers, that a reach goes to the end of the sentence, to a term that ends
//! it, or to the next trigger of its kind, told from the mention's side: so it costs a search, not a sweep.

use std::ops::Range;

use super::super::words::Reading;
use super::triggers::Triggers;
use super::{Category, Evidence};

mod dated;
mod scan;

/// One of the three things that are decided of a mention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    Presence,
    Time,
    Experiencer,
}

impl Axis {
    pub(super) fn of(category: Category) -> Self {
        match category {
            Category::Negated | Category::Possible | Category::Affirmed => Axis::Presence,
            Category::Historical | Category::Recent | Category::Hypothetical => Axis::Time,
            Category::Other => Axis::Experiencer,
        }
    }
}

/// A trigger or an end, as one side meets it.
#[derive(Clone, Debug)]
struct Event {
    range: Range<usize>,
    /// None for an end.
    sets: Option<Category>,
    /// A trigger that looks back reaches no mention that ends before this byte.
    floor: usize,
}

/// The events of one axis, in the order of the text.
#[derive(Clone, Debug, Default)]
struct Events {
    /// Met by a mention that looks to its left.
    to_the_left: Vec<Event>,
    /// Met by a mention that looks to its right.
    to_the_right: Vec<Event>,
}

/// What the triggers of a sentence reach.
#[derive(Clone, Debug, Default)]
pub(super) struct Scopes {
    presence: Events,
    time: Events,
    experiencer: Events,
}

impl Scopes {
    /// Reads the triggers of some words, which are a sentence or its end.
    pub(super) fn read(reading: &Reading<'_>, words: &Range<usize>, triggers: &Triggers) -> Self {
        scan::read(reading, words, triggers)
    }

    /// The evidence that decides on a mention.
    pub(super) fn decide(&self, axis: Axis, mention: &Range<usize>) -> Option<Evidence> {
        let events = self.of(axis);
        let before = events
            .to_the_left
            .partition_point(|event| event.range.start < mention.start);
        let left = before.checked_sub(1).and_then(|at| events.to_the_left.get(at));
        let behind = events
            .to_the_right
            .partition_point(|event| event.range.end <= mention.end);
        let right = events
            .to_the_right
            .get(behind)
            .filter(|event| event.floor < mention.end);
        let evidence = |event: &Event| {
            event.sets.map(|category| Evidence {
                category,
                range: event.range.clone(),
            })
        };
        match (left.and_then(evidence), right.and_then(evidence)) {
            (Some(left), Some(right)) => match rank(left.category) >= rank(right.category) {
                true => Some(left),
                false => Some(right),
            },
            (left, right) => left.or(right),
        }
    }

    /// What the first time behind a byte says, in whichever clause it stands.
    pub(super) fn time_behind(&self, byte: usize) -> Option<Evidence> {
        let events = &self.time.to_the_right;
        let event = events.get(events.partition_point(|event| event.range.start < byte))?;
        event.sets.map(|category| Evidence {
            category,
            range: event.range.clone(),
        })
    }

    /// The evidence that still reaches out at the end of the words.
    pub(super) fn left_open(&self, axis: Axis) -> Option<Evidence> {
        let end = usize::MAX;
        self.decide(axis, &(end..end))
    }

    fn of(&self, axis: Axis) -> &Events {
        match axis {
            Axis::Presence => &self.presence,
            Axis::Time => &self.time,
            Axis::Experiencer => &self.experiencer,
        }
    }
}

/// Which of two triggers decides when a mention is reached from both sides.
fn rank(category: Category) -> u8 {
    match category {
        Category::Negated | Category::Hypothetical | Category::Other => 3,
        Category::Possible | Category::Historical => 2,
        Category::Affirmed | Category::Recent => 1,
    }
}
