//! Goes through the words of a sentence once for each axis, so that a phrase of one never hides one of another.

use std::ops::Range;

use super::super::super::times::{self, Expression};
use super::super::super::words::{Reading, Sort};
use super::super::Category;
use super::super::triggers::{Axes, Reach, Role, Side, Triggers};
use super::{Axis, Event, Events, Scopes, dated};

/// Words that carry a time on to what stands before a comma.
const LINKS: [&str; 24] = [
    "about",
    "almost",
    "around",
    "beginning",
    "began",
    "diagnosed",
    "first",
    "for",
    "found",
    "in",
    "last",
    "noted",
    "onset",
    "over",
    "removed",
    "repaired",
    "resected",
    "since",
    "started",
    "starting",
    "treated",
    "approximately",
    "initially",
    "which",
];
/// Most words of a clause up to its verb.
const SUBJECT_WORDS_MAX: usize = 5;
/// Verbs that make what stands before them a subject.
const VERBS: [&str; 16] = [
    "is",
    "are",
    "was",
    "were",
    "has",
    "have",
    "had",
    "remains",
    "remain",
    "continues",
    "appears",
    "feels",
    "gets",
    "shows",
    "seems",
    "began",
];
/// What a verb is followed by where it only says that something was looked for.
const FINDS: [&str; 14] = [
    "seen",
    "noted",
    "found",
    "present",
    "identified",
    "reported",
    "detected",
    "observed",
    "evident",
    "appreciated",
    "absent",
    "negative",
    "denied",
    "not",
];

/// Pronouns of those spoken of.
const PRONOUNS: [&str; 6] = ["he", "she", "him", "her", "his", "they"];

/// What the triggers of some words reach.
pub(super) fn read(reading: &Reading<'_>, words: &Range<usize>, triggers: &Triggers) -> Scopes {
    let expressions = times::within(reading, words);
    let events = |axis, expressions| {
        let mut scan = Scan {
            reading,
            words: words.clone(),
            triggers,
            axis,
            events: Events::default(),
            clause: words.start,
        };
        scan.run(expressions);
        scan.events
    };
    Scopes {
        presence: events(Axis::Presence, &[]),
        time: events(Axis::Time, &expressions),
        experiencer: events(Axis::Experiencer, &[]),
    }
}

struct Scan<'a> {
    reading: &'a Reading<'a>,
    words: Range<usize>,
    triggers: &'a Triggers,
    axis: Axis,
    events: Events,
    /// The first word of the clause.
    clause: usize,
}

impl<'a> Scan<'a> {
    fn run(&mut self, expressions: &[Expression]) {
        let mut expressions = expressions.iter().peekable();
        let mut at = self.words.start;
        while at < self.words.end {
            let byte = self.reading.bytes(at..at + 1).start;
            while expressions.next_if(|next| next.range.start < byte).is_some() {}
            let expression = expressions.peek().filter(|next| next.range.start == byte);
            let dated =
                expression.and_then(|expression| dated::read(self.reading, &self.words, at, expression));
            let phrase = self.longest(at);
            let phrase = phrase.filter(|(end, _)| dated.as_ref().is_none_or(|dated| *end > dated.end));
            let next = match (phrase, dated) {
                (Some((end, roles)), _) => {
                    self.phrase(at..end, roles);
                    end
                }
                (None, Some(dated)) => {
                    self.dated(at, &dated);
                    dated.end
                }
                (None, None) => {
                    self.label(at);
                    self.fresh_clause(at);
                    at + 1
                }
            };
            if self.opens_clause(at) {
                self.clause = at + 1;
            }
            at = next;
        }
    }

    /// The longest phrase of this axis from a word on; none where a pseudo trigger begins within it and goes on
    /// behind it, as "not only" does in "is not only".
    fn longest(&self, at: usize) -> Option<(usize, &'a [Role])> {
        let axis = self.axis;
        let triggers: &'a Triggers = self.triggers;
        let phrases = &triggers.phrases;
        let (end, roles) = phrases.longest(self.reading, &self.words, at, |role| is_on(role, axis))?;
        let is_pseudo = |role: &Role| matches!(role, Role::Pseudo(_)) && is_on(role, axis);
        let is_hidden = (at + 1..end).any(|inner| {
            let pseudo = phrases.longest(self.reading, &self.words, inner, is_pseudo);
            pseudo.is_some_and(|(pseudo_end, _)| pseudo_end > end)
        });
        (!is_hidden).then_some((end, roles))
    }

    /// Whether a clause begins behind this word; "asthma, diagnosed in 2005" is one clause.
    fn opens_clause(&self, at: usize) -> bool {
        let is_linked =
            self.reading.is_one_of(at + 1, &LINKS) || self.reading.sort(at + 1) == Some(Sort::Digits);
        match self.reading.written(at) {
            ";" | ":" | "that" => true,
            "," | "(" => !is_linked,
            _ => false,
        }
    }

    fn phrase(&mut self, words: Range<usize>, roles: &[Role]) {
        let range = self.reading.bytes(words.clone());
        let axis = self.axis;
        for role in roles.iter().filter(|role| is_on(role, axis)) {
            match role {
                Role::Trigger(category, reach @ (Reach::Next | Reach::Previous)) => {
                    self.beside(&words, *category, *reach);
                }
                Role::Trigger(category, reach) => self.trigger(&range, *category, *reach),
                Role::End(_, _) if self.goes_on_of_kin(words.start) => (),
                Role::End(_, side) => self.end(&range, *side),
                Role::Pseudo(_)
                | Role::Section(_)
                | Role::Answer(_)
                | Role::Filler
                | Role::Question(_)
                | Role::Speaker => (),
            }
        }
    }

    /// Whether a pronoun stands for the relative of the one who speaks: in "my dad is well, he had a stroke".
    fn goes_on_of_kin(&self, at: usize) -> bool {
        let last = self.events.to_the_left.last();
        let is_kin = last.is_some_and(|last| {
            let word = self.reading.word_from(last.range.start);
            last.sets == Some(Category::Other) && word > 0 && self.reading.is(word - 1, "my")
        });
        let joint = usize::from(self.reading.is_one_of(at, &[",", "and", ";"]));
        is_kin && self.reading.is_one_of(at + joint, &PRONOUNS)
    }

    fn trigger(&mut self, range: &Range<usize>, category: Category, reach: Reach) {
        let text = self.reading.text;
        let events = &mut self.events;
        // "No likely source" denies: what is doubted within a denial is denied.
        let denied = events.to_the_left.last().filter(|last| {
            matches!(category, Category::Possible | Category::Affirmed)
                && last.sets == Some(Category::Negated)
                && text[last.range.end..range.start].trim().is_empty()
        });
        let (range, category) = match denied {
            Some(last) => (last.range.start..range.end, Category::Negated),
            None => (range.clone(), category),
        };
        let event = |sets| Event {
            range: range.clone(),
            sets,
            floor: 0,
        };
        let (left, right) = match reach {
            Reach::Forward | Reach::Next => (Some(category), None),
            Reach::Backward | Reach::Previous => (None, Some(category)),
            Reach::Both => (Some(category), Some(category)),
        };
        add(&mut events.to_the_left, event(left));
        add(&mut events.to_the_right, event(right));
    }

    /// A trigger that reaches only what stands beside it, as in `non-tender` and `pain-free`.
    fn beside(&mut self, words: &Range<usize>, category: Category, reach: Reach) {
        let range = self.reading.bytes(words.clone());
        let events = &mut self.events;
        let event = |range, sets, floor| Event { range, sets, floor };
        if reach == Reach::Next {
            let next = self.reading.bytes(words.end..words.end + 1);
            add(&mut events.to_the_left, event(range, Some(category), 0));
            add(&mut events.to_the_left, event(next, None, 0));
        } else if let Some(before) = words.start.checked_sub(1) {
            let floor = self.reading.bytes(before..words.start).end.saturating_sub(1);
            add(&mut events.to_the_right, event(range, Some(category), floor));
        }
    }

    fn end(&mut self, range: &Range<usize>, side: Side) {
        let event = Event {
            range: range.clone(),
            sets: None,
            floor: 0,
        };
        let events = &mut self.events;
        add(&mut events.to_the_right, event.clone());
        match side {
            Side::Both => add(&mut events.to_the_left, event),
            Side::FromBehind => (),
        }
    }

    /// A time that stands in the text reaches back within its clause, and forward where it opens one.
    fn dated(&mut self, at: usize, dated: &dated::Dated) {
        let range = self.reading.bytes(at..dated.end);
        let floor = self.reading.bytes(self.clause..self.words.end).start;
        let forward = dated.reaches_forward || at <= self.clause + 2;
        let event = |sets| Event {
            range: range.clone(),
            sets,
            floor,
        };
        if forward {
            self.events.to_the_left.push(event(Some(dated.category)));
        }
        self.events.to_the_right.push(event(Some(dated.category)));
    }

    /// A clause with a subject and a verb of its own is not denied by the clause before: "no warmth, and the joint
    /// is stiff". A list whose verb only says that it was looked for stays one: "no cyanosis and clubbing were seen".
    fn fresh_clause(&mut self, at: usize) {
        if self.axis != Axis::Presence || !matches!(self.reading.written(at), "," | "and") {
            return;
        }
        let reading = self.reading;
        let start = at + 1 + usize::from(reading.is(at + 1, "and"));
        let stops = |place: usize| {
            reading.sort(place) != Some(Sort::Letters)
                || reading.is_one_of(place, &["and", "or", "nor", "that", "which", "who"])
        };
        let end = self.words.end.min(start + SUBJECT_WORDS_MAX);
        let mut places = (start..end).take_while(|place| !stops(*place));
        let verb = places.find(|place| reading.is_one_of(*place, &VERBS));
        let is_clause = verb.is_some_and(|verb| verb > start && !reading.is_one_of(verb + 1, &FINDS));
        let is_deed = reading.is(at, "and")
            && reading.written(at + 1).len() > 4
            && reading.lower(at + 1).ends_with("ed")
            && reading.is_one_of(at + 2, &["a", "an", "the", "his", "her", "on", "to"]);
        if is_clause || is_deed {
            let range = reading.bytes(at..at + 1);
            self.end(&range, Side::Both);
        }
    }

    /// A capital word before a colon begins a new field, as `Chest:` does within a line of findings.
    fn label(&mut self, at: usize) {
        let is_label = self.reading.written(at + 1) == ":"
            && at + 2 < self.words.end
            && self.reading.sort(at) == Some(Sort::Letters)
            && self.reading.written(at).starts_with(char::is_uppercase);
        if is_label {
            let range = self.reading.bytes(at..at + 1);
            self.end(&range, Side::Both);
        }
    }
}

/// Whether a phrase has a part in what is decided on an axis.
fn is_on(role: &Role, axis: Axis) -> bool {
    match role {
        Role::Trigger(category, _) => Axis::of(*category) == axis,
        Role::Pseudo(axes) | Role::End(axes, _) => match axes {
            Axes::Presence => axis == Axis::Presence,
            Axes::Time => axis == Axis::Time,
            Axes::Experiencer => axis == Axis::Experiencer,
            Axes::Any => true,
        },
        Role::Section(_) | Role::Answer(_) | Role::Filler | Role::Question(_) | Role::Speaker => false,
    }
}

/// Adds an event. A phrase of the list may have several lines: what one of them sets, another does not end.
fn add(events: &mut Vec<Event>, event: Event) {
    match events.last_mut() {
        Some(last) if last.range == event.range => last.sets = event.sets.or(last.sets),
        Some(_) | None => events.push(event),
    }
}
