//! Times in a sentence as triggers: what began more than 14 days before is historical.
//!
//! # Source
//! Harkema et al. (2009), section 2: a condition is recent within two weeks, historical before that.

use std::ops::Range;

use super::super::super::times::{Amount, Expression, Moment, Near, Unit, Value};
use super::super::super::words::Reading;
use super::Category;

/// Days up to which something is recent.
const RECENT_DAYS_MAX: f64 = 14.0;
/// Words of a sentence that plans: its durations lie ahead.
const PLANS: [&str; 18] = [
    "continue",
    "course",
    "daily",
    "dose",
    "follow",
    "give",
    "given",
    "mg",
    "plan",
    "prescribed",
    "repeat",
    "schedule",
    "scheduled",
    "start",
    "started",
    "take",
    "taking",
    "tablets",
];
/// Words before a time that is only what now is compared with.
const COMPARES: [&str; 10] = [
    "changed",
    "change",
    "changes",
    "unchanged",
    "stable",
    "increased",
    "decreased",
    "grown",
    "improved",
    "than",
];
/// Most words of a sentence before a duration that are looked through for a plan.
const PLAN_WORDS_MAX: usize = 24;

/// A time that acts as a trigger.
pub(super) struct Dated {
    pub(super) category: Category,
    /// The word behind it.
    pub(super) end: usize,
    /// What follows shows that it reaches there too: "three-week history of", "in 2011 for".
    pub(super) reaches_forward: bool,
}

/// What a time that begins with word `at` says of the mentions around it; none for most dates, whose distance
/// from the day of the note is not known.
pub(super) fn read(
    reading: &Reading<'_>,
    words: &Range<usize>,
    at: usize,
    expression: &Expression,
) -> Option<Dated> {
    let after = reading.word_from(expression.range.end);
    if at > words.start && reading.is_one_of(at - 1, &COMPARES) {
        return None;
    }
    let history = [
        &["history", "of"][..],
        &["hx", "of"],
        &["h", "/", "o"],
        &["history"],
        &["hx"],
    ]
    .iter()
    .find(|words| reading.are(after, words))
    .map_or(0, |words| words.len());
    let category = match &expression.value {
        Value::At(moment) => of_moment(moment)?,
        Value::Since(moment) => of_start(moment)?,
        Value::Duration(amount) => {
            let leads = reading.is_one_of(at, &["for", "x", "\u{d7}", "lasting"]);
            let is_of =
                reading.is(after, "of") && !reading.is_one_of(after + 1, &["gestation", "pregnancy", "age"]);
            let from = words.start.max(at.saturating_sub(PLAN_WORDS_MAX));
            let is_planned = (from..at).any(|place| reading.is_one_of(place, &PLANS));
            match (leads || is_of || history > 0) && (!is_planned || history > 0) {
                true => by_length(amount),
                false => return None,
            }
        }
        Value::Age(_) if reading.is_one_of(at, &["at", "when"]) => Category::Historical,
        Value::Window(_) => Category::Recent,
        Value::Age(_) | Value::Ahead(_) => return None,
    };
    let followers = [
        "for", "with", "of", "due", "after", "because", "by", "he", "she", "they", "i", "we", "the",
    ];
    Some(Dated {
        category,
        end: after + history,
        reaches_forward: history > 0 || reading.is_one_of(after, &followers),
    })
}

fn of_moment(moment: &Moment) -> Option<Category> {
    match moment {
        Moment::Ago(amount) => Some(by_length(amount)),
        Moment::Decade(_) => Some(Category::Historical),
        // A year, or a month of a year, is named for what is past.
        Moment::Date(date) if date.year.is_some() && date.day.is_none() && date.ambiguous.is_none() => {
            Some(Category::Historical)
        }
        Moment::Period {
            side: Near::Last,
            unit,
        } => Some(match unit {
            Unit::Month | Unit::Year | Unit::Decade => Category::Historical,
            Unit::Second | Unit::Minute | Unit::Hour | Unit::Day | Unit::Week => Category::Recent,
        }),
        Moment::Day(super::super::super::times::Day::Tomorrow) => None,
        Moment::Day(_) => Some(Category::Recent),
        Moment::Date(_) | Moment::Weekday { .. } | Moment::Period { .. } => None,
    }
}

fn of_start(moment: &Moment) -> Option<Category> {
    match moment {
        Moment::Weekday { .. } => Some(Category::Recent),
        Moment::Date(date) if date.year.is_some() => Some(Category::Historical),
        Moment::Ago(_) | Moment::Decade(_) | Moment::Period { .. } | Moment::Day(_) | Moment::Date(_) => {
            of_moment(moment)
        }
    }
}

/// A number of weeks that is not written, as in "a few weeks", is taken for more than two.
fn by_length(amount: &Amount) -> Category {
    let is_long = match amount.high {
        Some(number) => number * amount.unit.days() > RECENT_DAYS_MAX,
        None => amount.unit >= Unit::Week,
    };
    match is_long {
        true => Category::Historical,
        false => Category::Recent,
    }
}
