//! The list of triggers: read from lines, matched as a tree of phrases.

use thiserror::Error;

use super::super::words::{PhraseFault, Phrases};
use super::Category;

/// The list that is built in.
const BUILT_IN: &str = include_str!("triggers.tsv");
/// Most phrases of a list, alternatives counted each.
pub const TRIGGERS_MAX: usize = 50_000;

/// What a phrase of the list does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Gives its category to the mentions in its reach.
    Trigger(Category, Reach),
    /// Looks like a trigger and is none.
    Pseudo(Axes),
    /// Axes what triggers reach.
    End(Axes, Side),
    /// Heads a section, whose mentions have the category; none for a section that only ends the one before.
    Section(Option<Category>),
    /// Answers a question.
    Answer(Answer),
    /// May stand before an answer and says nothing.
    Filler,
    /// Begins a question.
    Question(Question),
    /// Names who speaks, before a colon.
    Speaker,
}

impl Role {
    /// The category of a heading; the inner is none for one that only ends the section before.
    pub(super) fn section(self) -> Option<Option<Category>> {
        let Role::Section(category) = self else {
            return None;
        };
        Some(category)
    }

    pub(super) fn answer(self) -> Option<Answer> {
        let Role::Answer(answer) = self else { return None };
        Some(answer)
    }

    pub(super) fn question(self) -> Option<Question> {
        let Role::Question(question) = self else {
            return None;
        };
        Some(question)
    }
}

/// Where a trigger looks for mentions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    Forward,
    Backward,
    Both,
    /// Forward to what begins with the next word, and no further.
    Next,
    /// Backward to what ends with the word before, and no further.
    Previous,
}

/// Whose triggers an end or a pseudo trigger concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axes {
    Presence,
    Time,
    Experiencer,
    Any,
}

/// From which side an end is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// By triggers before and behind it.
    Both,
    /// Only by triggers that stand behind it and look back.
    FromBehind,
}

/// What an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No,
    Maybe,
    /// What was said is so.
    Agreed,
    /// What the answer names and nothing else.
    Only,
}

/// Whether yes or no answers a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    Closed,
    Open,
}

/// The phrases that give a mention its context.
#[derive(Clone, Debug)]
pub struct Triggers {
    pub(super) phrases: Phrases<Role>,
    count: usize,
}

/// Why a list of triggers cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TriggerFault {
    /// A line has not three columns.
    #[error("line {line}: expected category, direction and phrase with a tab between, found {found} columns")]
    Columns {
        /// Counted from 1.
        line: usize,
        /// Columns that it has.
        found: usize,
    },
    /// A category and direction that do not exist together.
    #[error("line {line}: there is no direction `{direction}` of category `{category}`")]
    Kind {
        /// Counted from 1.
        line: usize,
        /// The first column.
        category: String,
        /// The second column.
        direction: String,
    },
    /// A phrase without a word.
    #[error("line {line}: the phrase has no word")]
    Empty {
        /// Counted from 1.
        line: usize,
    },
    /// A phrase with too many words.
    #[error("line {line}: the phrase has {found} words, 16 are allowed")]
    Long {
        /// Counted from 1.
        line: usize,
        /// Words that it has.
        found: usize,
    },
    /// Alternatives in braces that are not closed, nested or too many.
    #[error("line {line}: alternatives are written `{{a|b}}`, not nested, at most 4000 a line")]
    Alternatives {
        /// Counted from 1.
        line: usize,
    },
    /// More phrases than a list may have.
    #[error("line {line}: there are more than {TRIGGERS_MAX} phrases")]
    Many {
        /// Counted from 1.
        line: usize,
    },
}

impl TriggerFault {
    /// The line, counted from 1.
    pub fn line(&self) -> usize {
        match self {
            TriggerFault::Columns { line, .. }
            | TriggerFault::Kind { line, .. }
            | TriggerFault::Empty { line, .. }
            | TriggerFault::Long { line, .. }
            | TriggerFault::Alternatives { line, .. }
            | TriggerFault::Many { line, .. } => *line,
        }
    }
}

impl Triggers {
    /// The list that is built in. It holds no phrase of a data set.
    ///
    /// # Panics
    /// Never: a test reads the list.
    pub fn built_in() -> Self {
        match Self::parse(BUILT_IN) {
            Ok(triggers) => triggers,
            Err(fault) => unreachable!("the built-in list is tested: {fault}"),
        }
    }

    /// Reads a list. A line is a category, a direction and a phrase, with tabs between; empty lines and those
    /// that begin with `#` are passed over. `triggers.tsv` describes categories and directions at its head.
    ///
    /// # Errors
    /// The first line that cannot be read.
    pub fn parse(text: &str) -> Result<Self, TriggerFault> {
        let empty = Triggers {
            phrases: Phrases::new(),
            count: 0,
        };
        empty.extended(text)
    }

    /// This list with the lines of another, as a hospital may have its own.
    ///
    /// # Errors
    /// The first line that cannot be read, counted in the added text.
    pub fn extended(&self, text: &str) -> Result<Self, TriggerFault> {
        let mut all = self.clone();
        for (index, row) in text.lines().enumerate() {
            if !row.trim().is_empty() && !row.starts_with('#') {
                all.add(row, index + 1)?;
            }
        }
        Ok(all)
    }

    /// Phrases of the list, alternatives counted each.
    pub fn count(&self) -> usize {
        self.count
    }

    fn add(&mut self, row: &str, line: usize) -> Result<(), TriggerFault> {
        let columns: Vec<&str> = row.split('\t').map(str::trim).collect();
        let &[category, direction, phrase] = columns.as_slice() else {
            return Err(TriggerFault::Columns {
                line,
                found: columns.len(),
            });
        };
        let role = role(category, direction).ok_or_else(|| TriggerFault::Kind {
            line,
            category: category.to_owned(),
            direction: direction.to_owned(),
        })?;
        let added = self.phrases.add(phrase, &role).map_err(|fault| match fault {
            PhraseFault::Empty => TriggerFault::Empty { line },
            PhraseFault::Long { count } => TriggerFault::Long { line, found: count },
            PhraseFault::Alternatives => TriggerFault::Alternatives { line },
        })?;
        self.count += added;
        match self.count > TRIGGERS_MAX {
            true => Err(TriggerFault::Many { line }),
            false => Ok(()),
        }
    }
}

fn role(category: &str, direction: &str) -> Option<Role> {
    let side = match direction {
        "end" => Some(Side::Both),
        "end-behind" => Some(Side::FromBehind),
        _ => None,
    };
    let axes = match category {
        "presence" => Some(Axes::Presence),
        "time" => Some(Axes::Time),
        "experiencer" => Some(Axes::Experiencer),
        "any" => Some(Axes::Any),
        _ => None,
    };
    if let Some(axes) = axes {
        return match direction {
            "pseudo" => Some(Role::Pseudo(axes)),
            _ => side.map(|side| Role::End(axes, side)),
        };
    }
    let role = match (category, direction) {
        ("none", "section") => Role::Section(None),
        ("filler", "answer") => Role::Filler,
        ("affirmed", "answer") => Role::Answer(Answer::Yes),
        ("negated", "answer") => Role::Answer(Answer::No),
        ("possible", "answer") => Role::Answer(Answer::Maybe),
        ("agreed", "answer") => Role::Answer(Answer::Agreed),
        ("only", "answer") => Role::Answer(Answer::Only),
        ("closed", "question") => Role::Question(Question::Closed),
        ("open", "question") => Role::Question(Question::Open),
        ("speaker", "turn") => Role::Speaker,
        (category, direction) => return of_category(category, direction),
    };
    Some(role)
}

fn of_category(category: &str, direction: &str) -> Option<Role> {
    let category = match category {
        "negated" => Category::Negated,
        "possible" => Category::Possible,
        "affirmed" => Category::Affirmed,
        "historical" => Category::Historical,
        "recent" => Category::Recent,
        "hypothetical" => Category::Hypothetical,
        "other" => Category::Other,
        _ => return None,
    };
    match direction {
        "forward" => Some(Role::Trigger(category, Reach::Forward)),
        "backward" => Some(Role::Trigger(category, Reach::Backward)),
        "both" => Some(Role::Trigger(category, Reach::Both)),
        "next" => Some(Role::Trigger(category, Reach::Next)),
        "previous" => Some(Role::Trigger(category, Reach::Previous)),
        "section" => Some(Role::Section(Some(category))),
        _ => None,
    }
}
