//! Mentions in a sentence, as BIO tags name them: found, missed and invented.
//!
//! A mention counts as found only with its type and with both its ends; nothing is given for half of one.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::{MetricError, f1, same_length, share};

/// A run of tokens with one type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mention<'a> {
    /// Its type: the tag without `B-` or `I-`.
    pub kind: &'a str,
    /// First token.
    pub start: usize,
    /// Token after the last.
    pub end: usize,
}

impl Mention<'_> {
    /// Returns the places of its tokens.
    pub fn tokens(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// Returns the mentions that `tags` name, in their order.
///
/// `B-x` always begins one. `I-x` goes on with one of the same type and begins one otherwise, as in the shared task's
/// program; every other tag names nothing.
///
/// # Source
/// Tjong Kim Sang and De Meulder 2003, "Introduction to the CoNLL-2003 shared task", and its program `conlleval`.
pub fn mentions<'a>(tags: &[&'a str]) -> Vec<Mention<'a>> {
    let mut mentions: Vec<Mention<'a>> = Vec::new();
    let mut open = false;
    for (place, tag) in tags.iter().enumerate() {
        let (begins, kind) = match tag.split_once('-') {
            Some(("B", kind)) => (true, kind),
            Some(("I", kind)) => (false, kind),
            _ => {
                open = false;
                continue;
            }
        };
        match mentions.last_mut() {
            Some(last) if open && !begins && last.kind == kind => last.end = place + 1,
            _ => mentions.push(Mention {
                kind,
                start: place,
                end: place + 1,
            }),
        }
        open = true;
    }
    mentions
}

/// Mentions counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpanCounts {
    /// Found and there.
    pub right: u64,
    /// Found.
    pub found: u64,
    /// There.
    pub gold: u64,
}

impl SpanCounts {
    /// Returns the share of the mentions found that are there; NaN if none was found.
    pub fn precision(&self) -> f64 {
        share(self.right, self.found)
    }

    /// Returns the share of the mentions there that were found; NaN if there is none.
    pub fn recall(&self) -> f64 {
        share(self.right, self.gold)
    }

    /// Returns the harmonic mean of the two; NaN if nothing is there and nothing was found.
    pub fn f1(&self) -> f64 {
        f1(self.right, self.found, self.gold)
    }

    fn add(&mut self, other: SpanCounts) {
        self.right += other.right;
        self.found += other.found;
        self.gold += other.gold;
    }
}

/// What a tagger gets right, in mentions, in sentences and in tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpanReport {
    /// Mentions of all types.
    pub micro: SpanCounts,
    /// Mentions by type, in the order of their names.
    pub kinds: BTreeMap<String, SpanCounts>,
    /// Sentences.
    pub sentences: u64,
    /// Sentences in which each tag is right.
    pub sentences_right: u64,
    /// Tokens.
    pub tokens: u64,
    /// Tokens with the right tag.
    pub tokens_right: u64,
}

impl SpanReport {
    /// Compares the tags of each sentence.
    ///
    /// # Errors
    /// [`MetricError::Length`] if the sentences or the tags of one differ in number.
    pub fn count(gold: &[Vec<&str>], found: &[Vec<&str>]) -> Result<Self, MetricError> {
        same_length("tagged sentences", gold.len(), found.len())?;
        let mut report = Self {
            micro: SpanCounts::default(),
            kinds: BTreeMap::new(),
            sentences: gold.len() as u64,
            sentences_right: 0,
            tokens: 0,
            tokens_right: 0,
        };
        for (gold, found) in gold.iter().zip(found) {
            same_length("tags of a sentence", gold.len(), found.len())?;
            let right = gold
                .iter()
                .zip(found)
                .filter(|(gold, found)| gold == found)
                .count();
            report.tokens += gold.len() as u64;
            report.tokens_right += right as u64;
            report.sentences_right += u64::from(right == gold.len());
            for (kind, counts) in counted(gold, found, |_| true) {
                report.micro.add(counts);
                match report.kinds.get_mut(kind) {
                    Some(sum) => sum.add(counts),
                    None => {
                        report.kinds.insert(kind.to_owned(), counts);
                    }
                }
            }
        }
        Ok(report)
    }

    /// Returns the share of sentences in which each tag is right; NaN without sentences.
    pub fn all_right(&self) -> f64 {
        share(self.sentences_right, self.sentences)
    }

    /// Returns the share of tokens with the right tag; NaN without tokens.
    pub fn tag_accuracy(&self) -> f64 {
        share(self.tokens_right, self.tokens)
    }
}

/// Types and texts of mentions that a tagger learnt from.
#[derive(Clone, Debug, Default)]
pub struct SeenValues {
    values: BTreeSet<(String, String)>,
}

/// Mentions by whether the tagger learnt from one with the same type and text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeenSplit {
    /// Those it had seen.
    pub seen: SpanCounts,
    /// Those it had not.
    pub unseen: SpanCounts,
}

impl SeenValues {
    /// Takes note of the mentions of a sentence to learn from.
    ///
    /// # Errors
    /// [`MetricError::Length`] if tokens and tags differ in number.
    pub fn learn(&mut self, tokens: &[&str], tags: &[&str]) -> Result<(), MetricError> {
        same_length("tags of a sentence", tokens.len(), tags.len())?;
        for mention in mentions(tags) {
            self.values.insert(value(tokens, &mention));
        }
        Ok(())
    }

    /// Adds the mentions of a sentence to `split`, those there and those found each by their own text.
    ///
    /// # Errors
    /// [`MetricError::Length`] if tokens and tags differ in number.
    pub fn split(
        &self,
        tokens: &[&str],
        gold: &[&str],
        found: &[&str],
        split: &mut SeenSplit,
    ) -> Result<(), MetricError> {
        same_length("tags of a sentence", tokens.len(), gold.len())?;
        same_length("tags of a sentence", tokens.len(), found.len())?;
        let is_seen = |mention: &Mention<'_>| self.values.contains(&value(tokens, mention));
        for (_, counts) in counted(gold, found, is_seen) {
            split.seen.add(counts);
        }
        for (_, counts) in counted(gold, found, |mention| !is_seen(mention)) {
            split.unseen.add(counts);
        }
        Ok(())
    }
}

fn value(tokens: &[&str], mention: &Mention<'_>) -> (String, String) {
    (mention.kind.to_owned(), tokens[mention.tokens()].join(" "))
}

/// Counts, by type, the mentions of one sentence that `counts` lets through.
fn counted<'a>(
    gold: &[&'a str],
    found: &[&'a str],
    counts: impl Fn(&Mention<'a>) -> bool,
) -> BTreeMap<&'a str, SpanCounts> {
    let listed = |tags: &[&'a str]| mentions(tags).into_iter().filter(&counts).collect::<Vec<_>>();
    let (gold, found) = (listed(gold), listed(found));
    let mut kinds: BTreeMap<&str, SpanCounts> = BTreeMap::new();
    for mention in &gold {
        kinds.entry(mention.kind).or_default().gold += 1;
    }
    for mention in &found {
        let counts = kinds.entry(mention.kind).or_default();
        counts.found += 1;
        // Mentions of a sentence are few: a search costs less than a set.
        counts.right += u64::from(gold.contains(mention));
    }
    kinds
}

#[cfg(test)]
mod tests {
    use super::super::reference::{close, reference};
    use super::*;

    fn tags(text: &str) -> Vec<&str> {
        text.split(' ').collect()
    }

    #[test]
    fn tags_name_mentions_as_in_the_shared_task() {
        let check = |text: &str, expected: &[(&str, usize, usize)]| {
            let tags = tags(text);
            let seen: Vec<(&str, usize, usize)> = mentions(&tags)
                .iter()
                .map(|mention| (mention.kind, mention.start, mention.end))
                .collect();
            assert_eq!(seen, expected, "{text}");
        };
        check("O O", &[]);
        check("B-a I-a O", &[("a", 0, 2)]);
        check("B-a B-a", &[("a", 0, 1), ("a", 1, 2)]);
        check("I-a I-a", &[("a", 0, 2)]);
        check("B-a I-b", &[("a", 0, 1), ("b", 1, 2)]);
        check("B-a O I-a", &[("a", 0, 1), ("a", 2, 3)]);
        check("B-a-b I-a-b", &[("a-b", 0, 2)]);
        check("E-a x", &[]);
    }

    #[test]
    fn the_counts_are_those_of_seqeval() {
        let given = &reference().spans;
        let split = |lines: &'static [String]| lines.iter().map(|line| tags(line)).collect::<Vec<_>>();
        let report = SpanReport::count(&split(&given.gold), &split(&given.found)).unwrap();
        close(report.micro.precision(), given.precision);
        close(report.micro.recall(), given.recall);
        close(report.micro.f1(), given.f1);
        close(report.all_right(), given.all_right);
        close(report.tag_accuracy(), given.tag_accuracy);
        assert_eq!(report.kinds.len(), given.kinds.len());
        for (kind, expected) in &given.kinds {
            close(report.kinds[kind].precision(), expected[0]);
            close(report.kinds[kind].recall(), expected[1]);
            close(report.kinds[kind].f1(), expected[2]);
        }
    }

    #[test]
    fn a_value_is_seen_with_its_type_or_not_at_all() {
        let mut seen = SeenValues::default();
        seen.learn(&["to", "new", "york"], &["O", "B-city", "I-city"])
            .unwrap();
        let mut split = SeenSplit::default();
        let tokens = ["new", "york", "or", "york", "rome"];
        let gold = ["B-city", "I-city", "O", "B-city", "B-city"];
        let found = ["B-city", "I-city", "O", "B-band", "B-city"];
        seen.split(&tokens, &gold, &found, &mut split).unwrap();
        let counts = |right, found, gold| SpanCounts { right, found, gold };
        assert_eq!(split.seen, counts(1, 1, 1));
        assert_eq!(split.unseen, counts(1, 2, 2));
    }

    #[test]
    fn sentences_of_different_lengths_are_refused() {
        assert!(SpanReport::count(&[vec!["O"]], &[vec!["O", "O"]]).is_err());
        assert!(SpanReport::count(&[vec!["O"]], &[]).is_err());
        assert!(SpanReport::count(&[], &[]).unwrap().all_right().is_nan());
    }
}
