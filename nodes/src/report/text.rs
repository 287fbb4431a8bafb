//! The text of a report: short, the most important first, and nothing that the record does not hold.
//!
//! A [`Realiser`] turns a record into sentences. [`Templates`] does so with a grammar of patterns: it chooses what to say
//! within a bound of words, joins what belongs together, and varies by a seed that is made of the record, so that one
//! record always gives one text. Every text is read back by `parse` and compared with the record before it is given
//! out. Here is no judgement about machines. Invariant: a text that is returned is sound.

use super::parse::{self, Extent, TextError, Verdict};
use super::record::{Quantity, Report, ReportError, Unit};

mod choice;
mod findings;
mod headline;
mod history;
mod number;
mod outputs;
mod pattern;
mod select;
mod spoken;
#[cfg(test)]
mod tests;
mod words;
mod writer;

pub use select::WORDS_AIM;

/// What a sentence is about. Sentences of a text stand in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// Machine, zone, alarm, since when.
    Headline,
    /// What was measured.
    Evidence,
    /// What probably is the matter, what speaks against it, what to look at.
    Cause,
    /// What to look at, where there is no cause.
    Check,
    /// What is wrong with the data.
    Data,
    /// How long the machine may last.
    Life,
    /// What changed.
    Change,
    /// What was done to it.
    WorkOrder,
}

/// A sentence, with its full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// What it is about.
    pub topic: Topic,
    /// Its words.
    pub text: String,
}

/// The text of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Its sentences; at least one.
    pub sentences: Vec<Sentence>,
}

/// Why there is no text.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RealiseError {
    /// The record is refused.
    #[error("the record is refused")]
    Record(#[from] ReportError),
    /// A pattern has a placeholder that its sentence does not fill.
    #[error("the pattern `{pattern}` cannot be filled")]
    Pattern {
        /// The pattern.
        pattern: &'static str,
    },
    /// The text cannot be read back.
    #[error("the text cannot be read back: `{text}`")]
    Unreadable {
        /// The text.
        text: String,
        /// What stopped the reader.
        source: TextError,
    },
    /// The text says something else than the record.
    #[error("the text says something else than the record: `{text}`")]
    Unsound {
        /// The text.
        text: String,
        /// What is wrong with it.
        verdict: Verdict,
    },
}

/// Something that writes reports, so that patterns and nets can be compared.
pub trait Realiser {
    /// Returns what it is called in tables.
    fn name(&self) -> &str;

    /// Writes the text of a report.
    ///
    /// # Errors
    /// [`RealiseError`]: a refused record, or a text that is not sound.
    fn realise(&self, report: &Report) -> Result<Text, RealiseError>;
}

/// The grammar of patterns.
#[derive(Clone, Copy, Debug, Default)]
pub struct Templates;

impl Realiser for Templates {
    fn name(&self) -> &str {
        "templates"
    }

    fn realise(&self, report: &Report) -> Result<Text, RealiseError> {
        report.check()?;
        let varied = select::text(report, writer::Style::Varied)?;
        if is_sound(&varied.plain(), report, Extent::Full).is_ok() {
            return Ok(varied);
        }
        // Names can be made of words of the language in ways that quotes alone can set apart.
        let quoted = select::text(report, writer::Style::Quoted)?;
        is_sound(&quoted.plain(), report, Extent::Full)?;
        Ok(quoted)
    }
}

impl Text {
    /// Returns the sentences one after another.
    pub fn plain(&self) -> String {
        let sentences: Vec<&str> = self
            .sentences
            .iter()
            .map(|sentence| sentence.text.as_str())
            .collect();
        sentences.join(" ")
    }

    /// Returns Markdown: the first sentence in bold, the others as a list, and what made the findings.
    pub fn markdown(&self, report: &Report) -> String {
        outputs::markdown(self, report)
    }
}

/// Returns one sentence for the ear, with numbers and units as words; names stay as they are.
///
/// # Errors
/// [`RealiseError`], as [`Realiser::realise`].
pub fn spoken(report: &Report) -> Result<String, RealiseError> {
    report.check()?;
    let varied = spoken::sentence(report, writer::Style::Varied)?;
    if is_sound(&varied, report, Extent::Brief).is_ok() {
        return Ok(varied);
    }
    let quoted = spoken::sentence(report, writer::Style::Quoted)?;
    is_sound(&quoted, report, Extent::Brief)?;
    Ok(quoted)
}

/// Returns the name of a quantity for tables.
pub(super) fn quantity_name(quantity: &Quantity) -> String {
    words::quantity(quantity, &mut choice::Choice::first(), number::Manner::Written)
}

/// Returns a value of a quantity with its unit, rounded as in texts.
pub(super) fn value_with_unit(value: f64, unit: Unit, quantity: &Quantity) -> String {
    number::measure(value, unit, number::digits(quantity), number::Manner::Written)
}

fn is_sound(text: &str, report: &Report, extent: Extent) -> Result<(), RealiseError> {
    let verdict = parse::verify(text, report, extent).map_err(|source| RealiseError::Unreadable {
        text: text.to_owned(),
        source,
    })?;
    if verdict.is_sound() {
        return Ok(());
    }
    Err(RealiseError::Unsound {
        text: text.to_owned(),
        verdict,
    })
}
