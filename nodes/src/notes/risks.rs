//! Red flags: phrases of a list that a clinician should see at once, each with its context.
//!
//! It triages nobody: it finds words, says how urgent the list calls them, and whether the note says that they hold.
//! A note without a flag is not a note without danger. Invariant: every phrase that is found is returned; `is_raised`
//! only tells apart those that are denied, another person's, or may come.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use thiserror::Error;

#[cfg(test)]
mod tests;

use super::context::{Context, Experiencer, Presence, Time, Triggers, contexts, sentences};
use super::words::{PhraseFault, Phrases, Reading};

/// The list that is built in.
const BUILT_IN: &str = include_str!("risks.tsv");
/// Most phrases of a list, alternatives counted each.
pub const PHRASES_MAX: usize = 20_000;

/// How urgent a flag is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// To be seen within days.
    Soon,
    /// To be seen today.
    Urgent,
    /// To be seen now.
    Emergency,
}

/// The flags of a list with their phrases.
#[derive(Clone, Debug)]
pub struct Flags {
    names: Vec<(String, Severity)>,
    phrases: Phrases<Sign>,
    count: usize,
}

/// What a phrase of the list stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    /// A flag by itself.
    Alone(usize),
    /// A flag only where its ground is in the note too, as bleeding is with pregnancy.
    With(usize),
    /// The ground of a flag.
    Ground(usize),
}

/// A flag that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Risk {
    /// The flag, as the list names it.
    pub flag: String,
    /// How urgent the list calls it.
    pub severity: Severity,
    /// Where its phrase stands, in bytes.
    pub range: Range<usize>,
    /// What holds of it.
    pub context: Context,
    /// Whether the note says that it holds: it is not absent, is the patient's and is not hypothetical.
    pub is_raised: bool,
}

/// Why a list of flags cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FlagFault {
    /// A line has not three columns.
    #[error("line {line}: expected flag, severity and phrase with a tab between, found {found} columns")]
    Columns {
        /// Counted from 1.
        line: usize,
        /// Columns that it has.
        found: usize,
    },
    /// A severity that does not exist.
    #[error("line {line}: `{found}` is none of `emergency`, `urgent` and `soon`")]
    Severity {
        /// Counted from 1.
        line: usize,
        /// The second column.
        found: String,
    },
    /// A flag with two severities.
    #[error("line {line}: flag `{flag}` has another severity above")]
    Twice {
        /// Counted from 1.
        line: usize,
        /// The flag.
        flag: String,
    },
    /// A phrase that is empty, too long or has alternatives that are not written well.
    #[error(
        "line {line}: the phrase is empty, has more than 16 words, or its alternatives are not written `{{a|b}}`"
    )]
    Phrase {
        /// Counted from 1.
        line: usize,
    },
    /// More phrases than a list may have.
    #[error("line {line}: there are more than {PHRASES_MAX} phrases")]
    Many {
        /// Counted from 1.
        line: usize,
    },
}

impl FlagFault {
    /// The line, counted from 1.
    pub fn line(&self) -> usize {
        match self {
            FlagFault::Columns { line, .. }
            | FlagFault::Severity { line, .. }
            | FlagFault::Twice { line, .. }
            | FlagFault::Phrase { line, .. }
            | FlagFault::Many { line, .. } => *line,
        }
    }
}

impl Flags {
    /// The list that is built in. It holds no phrase of a data set.
    ///
    /// # Panics
    /// Never: a test reads the list.
    pub fn built_in() -> Self {
        match Self::parse(BUILT_IN) {
            Ok(flags) => flags,
            Err(fault) => unreachable!("the built-in list is tested: {fault}"),
        }
    }

    /// Reads a list. A line is a flag, a severity and a phrase, with tabs between; `risks.tsv` describes them at its
    /// head. Empty lines and those that begin with `#` are passed over.
    ///
    /// # Errors
    /// The first line that cannot be read.
    pub fn parse(text: &str) -> Result<Self, FlagFault> {
        let mut flags = Flags {
            names: Vec::new(),
            phrases: Phrases::new(),
            count: 0,
        };
        let mut known = BTreeMap::new();
        for (index, row) in text.lines().enumerate() {
            if !row.trim().is_empty() && !row.starts_with('#') {
                flags.add(row, index + 1, &mut known)?;
            }
        }
        Ok(flags)
    }

    /// This list with the lines of another, as a hospital may have its own.
    ///
    /// # Errors
    /// The first line that cannot be read, counted in the added text.
    pub fn extended(&self, text: &str) -> Result<Self, FlagFault> {
        let mut all = self.clone();
        let names = self.names.iter().enumerate();
        let mut known = names.map(|(place, (name, _))| (name.clone(), place)).collect();
        for (index, row) in text.lines().enumerate() {
            if !row.trim().is_empty() && !row.starts_with('#') {
                all.add(row, index + 1, &mut known)?;
            }
        }
        Ok(all)
    }

    /// Names and severities in the order of the list.
    pub fn names(&self) -> impl Iterator<Item = (&str, Severity)> {
        self.names
            .iter()
            .map(|(name, severity)| (name.as_str(), *severity))
    }

    /// Phrases of the list, alternatives counted each.
    pub fn count(&self) -> usize {
        self.count
    }

    fn add(&mut self, row: &str, line: usize, known: &mut BTreeMap<String, usize>) -> Result<(), FlagFault> {
        let columns: Vec<&str> = row.split('\t').map(str::trim).collect();
        let &[flag, severity, phrase] = columns.as_slice() else {
            return Err(FlagFault::Columns {
                line,
                found: columns.len(),
            });
        };
        let severity = match severity {
            "emergency" => Severity::Emergency,
            "urgent" => Severity::Urgent,
            "soon" => Severity::Soon,
            other => {
                return Err(FlagFault::Severity {
                    line,
                    found: other.to_owned(),
                });
            }
        };
        let at = *known.entry(flag.to_owned()).or_insert(self.names.len());
        match self.names.get(at) {
            None => self.names.push((flag.to_owned(), severity)),
            Some((_, before)) if *before != severity => {
                return Err(FlagFault::Twice {
                    line,
                    flag: flag.to_owned(),
                });
            }
            Some(_) => (),
        }
        let (sign, phrase) = match (phrase.strip_prefix("with:"), phrase.strip_prefix("ground:")) {
            (Some(phrase), _) => (Sign::With(at), phrase),
            (None, Some(phrase)) => (Sign::Ground(at), phrase),
            (None, None) => (Sign::Alone(at), phrase),
        };
        let added = self.phrases.add(phrase, &sign).map_err(|fault| match fault {
            PhraseFault::Empty | PhraseFault::Long { .. } | PhraseFault::Alternatives => {
                FlagFault::Phrase { line }
            }
        })?;
        self.count += added;
        match self.count > PHRASES_MAX {
            true => Err(FlagFault::Many { line }),
            false => Ok(()),
        }
    }
}

/// The flags of a note in its order, raised or not.
///
/// A flag with a ground is found where its ground stands anywhere in the note, and raised only where the ground
/// holds of the patient too.
pub fn risks(text: &str, flags: &Flags, triggers: &Triggers) -> Vec<Risk> {
    let signs = signs(text, flags);
    let places: Vec<Range<usize>> = signs.iter().map(|(_, range)| range.clone()).collect();
    let contexts = contexts(text, &places, triggers);
    let mut grounds: BTreeMap<usize, bool> = BTreeMap::new();
    for ((sign, _), context) in signs.iter().zip(&contexts) {
        if let Sign::Ground(flag) = sign {
            *grounds.entry(*flag).or_default() |= holds(context) && context.time == Time::Recent;
        }
    }
    let mut found = Vec::new();
    for ((sign, range), context) in signs.into_iter().zip(contexts) {
        let (flag, is_grounded) = match sign {
            Sign::Alone(flag) => (flag, Some(true)),
            Sign::With(flag) => (flag, grounds.get(&flag).copied()),
            Sign::Ground(_) => continue,
        };
        if let (Some(is_grounded), Some((name, severity))) = (is_grounded, flags.names.get(flag)) {
            found.push(Risk {
                flag: name.clone(),
                severity: *severity,
                range,
                is_raised: is_grounded && holds(&context),
                context,
            });
        }
    }
    found
}

/// Every phrase of the list in the text, the longest at each place.
fn signs(text: &str, flags: &Flags) -> Vec<(Sign, Range<usize>)> {
    let reading = Reading::new(text);
    let mut found = Vec::new();
    for sentence in sentences(text) {
        let words = reading.word_from(sentence.start)..reading.word_from(sentence.end);
        let mut at = words.start;
        while at < words.end {
            let Some((end, signs)) = flags.phrases.longest(&reading, &words, at, |_| true) else {
                at += 1;
                continue;
            };
            let range = reading.bytes(at..end);
            found.extend(signs.iter().map(|sign| (*sign, range.clone())));
            at = end;
        }
    }
    found
}

fn holds(context: &Context) -> bool {
    context.presence != Presence::Absent
        && context.experiencer == Experiencer::Patient
        && context.time != Time::Hypothetical
}
