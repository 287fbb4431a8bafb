//! The lines of a note: its sentences, with the section, the speaker and the list that each belongs to.

use std::ops::Range;

use super::super::words::{Reading, Sort};
use super::scope::Axis;
use super::sentences::{is_bullet, split};
use super::triggers::{Role, Triggers};
use super::{Category, Evidence};

/// Most words of a line that leads to a list which are read, from its end.
const LEAD_WORDS_MAX: usize = 24;
/// Most words of a heading that is not in the list.
const HEADING_WORDS_MAX: usize = 6;

/// A sentence and what stands above it.
pub(super) struct Line {
    /// Its words.
    pub(super) words: Range<usize>,
    /// Its first word behind a bullet, a speaker or a heading.
    pub(super) body: usize,
    /// What its section says.
    section: Option<Evidence>,
    /// Counts the turns of a conversation; none outside one.
    pub(super) turn: Option<usize>,
    /// The words of the line that leads to the list it is an item of, as in `denies:`.
    pub(super) lead: Option<Range<usize>>,
}

impl Line {
    /// What the section says on an axis.
    pub(super) fn section_on(&self, axis: Axis) -> Option<Evidence> {
        let section = self.section.as_ref();
        section
            .filter(|section| Axis::of(section.category) == axis)
            .cloned()
    }
}

/// The lines of a note in their order.
pub(super) struct Layout {
    pub(super) lines: Vec<Line>,
}

impl Layout {
    pub(super) fn read(reading: &Reading<'_>, triggers: &Triggers) -> Self {
        let mut lines: Vec<Line> = Vec::new();
        let (mut section, mut turn, mut lead) = (None, None, None);
        for words in split(reading) {
            let is_item = is_bullet(reading, words.start);
            let start = match is_item {
                true => words.start + bullet_words(reading, words.start),
                false => words.start,
            };
            let mut body = start;
            match head(reading, triggers, start, words.end) {
                Head::Speaker { end } => {
                    turn = Some(turn.map_or(0, |turn: usize| turn + 1));
                    section = None;
                    body = end;
                }
                Head::Section { category, end } => {
                    let range = reading.bytes(start..end);
                    section = category.map(|category| Evidence { category, range });
                    body = end;
                }
                Head::None => (),
            }
            if !is_item {
                lead = None;
            }
            let leads = !is_item && reading.written(words.end - 1) == ":";
            lines.push(Line {
                words: words.clone(),
                body,
                section: section.clone(),
                turn,
                lead: lead.clone(),
            });
            if leads {
                lead = Some(words.start.max(words.end.saturating_sub(LEAD_WORDS_MAX))..words.end);
            }
        }
        Layout { lines }
    }

    /// The line that a word is in, and its number.
    pub(super) fn line_of(&self, word: usize) -> Option<(usize, &Line)> {
        let at = self.lines.partition_point(|line| line.words.end <= word);
        self.lines.get(at).map(|line| (at, line))
    }
}

/// What a line begins with.
enum Head {
    Speaker { end: usize },
    Section { category: Option<Category>, end: usize },
    None,
}

fn head(reading: &Reading<'_>, triggers: &Triggers, start: usize, end: usize) -> Head {
    let within = start..end;
    let speaker = triggers
        .phrases
        .longest(reading, &within, start, |role| matches!(role, Role::Speaker));
    if let Some((after, _)) = speaker
        && reading.written(after) == ":"
    {
        return Head::Speaker { end: after + 1 };
    }
    let section = triggers
        .phrases
        .longest(reading, &within, start, |role| matches!(role, Role::Section(_)));
    if let Some((after, roles)) = section {
        let category = roles.iter().find_map(|role| role.section());
        if reading.written(after) == ":" && after < end {
            return Head::Section {
                category: category.flatten(),
                end: after + 1,
            };
        }
        if after == end {
            return Head::Section {
                category: category.flatten(),
                end,
            };
        }
    }
    other_heading(reading, triggers, within)
}

/// A heading that is not in the list ends the section before when it stands alone on its line or in capitals,
/// unless it names a relative, as the headings within a family history do.
fn other_heading(reading: &Reading<'_>, triggers: &Triggers, within: Range<usize>) -> Head {
    let last = within.end.min(within.start + HEADING_WORDS_MAX + 1);
    let Some(colon) = (within.start..last).find(|at| reading.written(*at) == ":") else {
        return Head::None;
    };
    let is_alone = colon + 1 == within.end;
    let is_capital = (within.start..colon)
        .filter(|at| reading.sort(*at) == Some(Sort::Letters))
        .all(|at| reading.written(at).len() > 3 && reading.written(at).chars().all(char::is_uppercase));
    let is_relative = triggers
        .phrases
        .longest(reading, &within, within.start, |role| {
            matches!(role, Role::Trigger(Category::Other, _))
        })
        .is_some();
    match colon > within.start && (is_alone || is_capital) && !is_relative {
        true => Head::Section {
            category: None,
            end: colon + 1,
        },
        false => Head::None,
    }
}

/// Words of a bullet: a mark, or a number with its stop.
fn bullet_words(reading: &Reading<'_>, at: usize) -> usize {
    match reading.sort(at) {
        Some(Sort::Digits) => 2,
        Some(Sort::Letters | Sort::Mark) | None => 1,
    }
}
