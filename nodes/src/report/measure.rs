//! How a realiser's texts are: sound, varied, short.

use std::collections::BTreeSet;

use super::parse::{self, Extent, Names};
use super::record::Report;
use super::text::Realiser;

/// Words that an adult reads in a minute.
///
/// # Source
/// Brysbaert (2019), How many words do we read per minute?: 238 for silent reading of English non-fiction.
pub const WORDS_PER_MINUTE: f64 = 238.0;

/// Most reports of one measurement.
pub const REPORTS_MAX: usize = 1_000_000;

/// What was measured over many reports.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Reports that were written.
    pub reports: usize,
    /// Reports that the realiser gave no text for.
    pub refused: usize,
    /// Texts that the reader could not read.
    pub unreadable: usize,
    /// Facts that the record does not hold.
    pub unsupported: usize,
    /// Facts that are said twice.
    pub repeated: usize,
    /// Facts that must be said and are not.
    pub missing: usize,
    /// Facts that were read.
    pub facts: usize,
    /// Distinct patterns of sentences per 100 reports, on average over whole hundreds; 0 with fewer reports.
    pub shapes_per_100: f64,
    /// Distinct patterns among the sentences with the main evidence alone, per 100 reports.
    pub evidence_shapes_per_100: f64,
    /// Words of the median text.
    pub median_words: usize,
    /// Words that 95 % of texts do not pass.
    pub p95_words: usize,
}

impl Measured {
    /// Returns how long the median text takes to read, in seconds.
    pub fn median_reading_s(&self) -> f64 {
        reading_s(self.median_words)
    }

    /// Returns how long 95 % of texts take to read at most, in seconds.
    pub fn p95_reading_s(&self) -> f64 {
        reading_s(self.p95_words)
    }
}

fn reading_s(words: usize) -> f64 {
    f64::from(u32::try_from(words).unwrap_or(u32::MAX)) * 60.0 / WORDS_PER_MINUTE
}

/// Measures a realiser over reports, of which at most [`REPORTS_MAX`] are taken.
pub fn measure(realiser: &dyn Realiser, reports: impl Iterator<Item = Report>) -> Measured {
    let mut measured = Measured {
        reports: 0,
        refused: 0,
        unreadable: 0,
        unsupported: 0,
        repeated: 0,
        missing: 0,
        facts: 0,
        shapes_per_100: 0.0,
        evidence_shapes_per_100: 0.0,
        median_words: 0,
        p95_words: 0,
    };
    let mut words: Vec<usize> = Vec::new();
    let mut shapes = Shapes::default();
    for report in reports.take(REPORTS_MAX) {
        let Ok(text) = realiser.realise(&report) else {
            measured.refused += 1;
            continue;
        };
        measured.reports += 1;
        let text = text.plain();
        words.push(text.split_whitespace().count());
        let names = Names::of(&report);
        let (Ok(facts), Ok(found)) = (parse::read(&text, &names), parse::shapes(&text, &names)) else {
            measured.unreadable += 1;
            continue;
        };
        let verdict = parse::compare(&facts, &report, Extent::Full);
        measured.facts += facts.len();
        measured.unsupported += verdict.unsupported.len();
        measured.repeated += verdict.repeated.len();
        measured.missing += verdict.missing.len();
        shapes.add(found);
    }
    words.sort_unstable();
    let at = |share: usize| words.get(words.len().saturating_sub(1) * share / 100);
    measured.median_words = at(50).copied().unwrap_or(0);
    measured.p95_words = at(95).copied().unwrap_or(0);
    (measured.shapes_per_100, measured.evidence_shapes_per_100) = shapes.averages();
    measured
}

/// Patterns by hundreds of reports.
#[derive(Default)]
struct Shapes {
    all: BTreeSet<String>,
    evidence: BTreeSet<String>,
    reports: u32,
    hundreds: u32,
    sums: (usize, usize),
}

impl Shapes {
    fn add(&mut self, shapes: Vec<String>) {
        let is_evidence = |shape: &&String| shape.contains("<quantity>") && shape.contains("<number>");
        self.evidence.extend(shapes.iter().find(is_evidence).cloned());
        self.all.extend(shapes);
        self.reports += 1;
        if self.reports == 100 {
            self.sums.0 += self.all.len();
            self.sums.1 += self.evidence.len();
            let hundreds = self.hundreds + 1;
            *self = Self {
                hundreds,
                sums: self.sums,
                ..Self::default()
            };
        }
    }

    fn averages(&self) -> (f64, f64) {
        let average = |sum: usize| match self.hundreds {
            0 => 0.0,
            hundreds => f64::from(u32::try_from(sum).unwrap_or(u32::MAX)) / f64::from(hundreds),
        };
        (average(self.sums.0), average(self.sums.1))
    }
}
