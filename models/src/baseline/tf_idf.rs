//! Texts as weighted counts of their words, pairs of words, and runs of characters within words.

use std::collections::HashMap;

use super::SparseRows;

/// Lengths of the runs of characters.
const RUNS: std::ops::RangeInclusive<usize> = 2..=5;

/// Weights learnt from texts: one column for each word, pair of words, and run of characters in them.
///
/// The value of a term in a text is `(1 + ln tf) (1 + ln((1 + n) / (1 + df)))`: it is there `tf` times, and it is in
/// `df` of the `n` texts. The values of words and pairs have the length 1 together, and so have those of characters.
///
/// A word is two or more letters, digits or underscores, in lower case. Runs of 2 to 5 characters do not cross blanks,
/// but take one blank at each end of what stands between blanks.
///
/// # Source
/// Salton and Buckley 1988, "Term-weighting approaches in automatic text retrieval"; terms and weights are those of
/// scikit-learn's `TfidfVectorizer` with `sublinear_tf`, with `analyzer` `word` and `char_wb`.
#[derive(Clone, Debug)]
pub struct TfIdf {
    words: Terms,
    runs: Terms,
}

/// Columns and weights of terms.
#[derive(Clone, Debug, Default)]
struct Terms {
    columns: HashMap<String, u32>,
    /// By column; the number of texts until all are read.
    weights: Vec<f32>,
}

impl TfIdf {
    /// Learns the terms of `texts`. Columns are numbered in the order in which terms are first seen.
    pub fn fit(texts: &[&str]) -> Self {
        let (mut words, mut runs) = (Terms::default(), Terms::default());
        for text in texts {
            let text = text.to_lowercase();
            words.learn(|each| words_and_pairs(&text, each));
            runs.learn(|each| character_runs(&text, each));
        }
        words.weigh(texts.len());
        runs.weigh(texts.len());
        Self { words, runs }
    }

    /// Returns the number of columns.
    pub fn columns(&self) -> usize {
        self.words.weights.len() + self.runs.weights.len()
    }

    /// Returns a row for each text, columns ascending. Terms that were not learnt are left out.
    pub fn rows(&self, texts: &[&str]) -> SparseRows {
        let mut rows = SparseRows::new(self.columns());
        let first_run = u32::try_from(self.words.weights.len()).unwrap_or(u32::MAX);
        for text in texts {
            let text = text.to_lowercase();
            let words = self.words.row(|each| words_and_pairs(&text, each));
            let runs = self.runs.row(|each| character_runs(&text, each));
            let shifted = runs
                .into_iter()
                .map(|(column, value)| (column + first_run, value));
            rows.push(words.into_iter().chain(shifted));
        }
        rows
    }

    /// Returns the column of a word or a pair of words with one blank between.
    pub fn word_column(&self, term: &str) -> Option<u32> {
        self.words.columns.get(term).copied()
    }
}

impl Terms {
    /// Counts each term of a text once.
    fn learn(&mut self, terms: impl FnOnce(&mut dyn FnMut(&str))) {
        let mut seen = Vec::new();
        terms(&mut |term| {
            let column = match self.columns.get(term) {
                Some(&column) => column,
                None => {
                    let column = u32::try_from(self.weights.len()).unwrap_or(u32::MAX);
                    self.columns.insert(term.to_owned(), column);
                    self.weights.push(0.0);
                    column
                }
            };
            seen.push(column);
        });
        seen.sort_unstable();
        seen.dedup();
        seen.iter()
            .for_each(|column| self.weights[*column as usize] += 1.0);
    }

    /// Turns the numbers of texts into weights.
    fn weigh(&mut self, texts: usize) {
        for weight in &mut self.weights {
            *weight = 1.0 + ((1.0 + texts as f32) / (1.0 + *weight)).ln();
        }
    }

    /// The weighted terms of a text, of length 1 together.
    fn row(&self, terms: impl FnOnce(&mut dyn FnMut(&str))) -> Vec<(u32, f32)> {
        let mut found = Vec::new();
        terms(&mut |term| found.extend(self.columns.get(term)));
        found.sort_unstable();
        let value = |same: &[u32]| {
            let weight = self.weights[same[0] as usize];
            (same[0], (1.0 + (same.len() as f32).ln()) * weight)
        };
        let mut row: Vec<(u32, f32)> = found.chunk_by(|a, b| a == b).map(value).collect();
        let length = row.iter().map(|(_, value)| value * value).sum::<f32>().sqrt();
        row.iter_mut().for_each(|(_, value)| *value /= length);
        row
    }
}

/// Calls `each` with the words of `text` and with pairs of them.
fn words_and_pairs(text: &str, each: &mut dyn FnMut(&str)) {
    let is_inside = |character: char| character.is_alphanumeric() || character == '_';
    let words = text.split(|character| !is_inside(character));
    let (mut before, mut pair) = ("", String::new());
    for word in words.filter(|word| word.chars().nth(1).is_some()) {
        each(word);
        if !before.is_empty() {
            pair.clear();
            pair.extend([before, " ", word]);
            each(&pair);
        }
        before = word;
    }
}

/// Calls `each` with the runs of characters in what stands between blanks, with a blank at both ends.
fn character_runs(text: &str, each: &mut dyn FnMut(&str)) {
    let (mut padded, mut ends) = (String::new(), Vec::new());
    for word in text.split_whitespace() {
        padded.clear();
        padded.extend([" ", word, " "]);
        ends.clear();
        ends.extend(padded.char_indices().map(|(place, _)| place));
        ends.push(padded.len());
        let characters = ends.len() - 1;
        for length in RUNS {
            if characters <= length {
                // What is not longer than the run is one run, and there is no other of a greater length.
                each(&padded);
                break;
            }
            ends.windows(length + 1)
                .for_each(|run| each(&padded[run[0]..run[length]]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference::reference;
    use super::*;

    #[test]
    fn rows_are_those_of_scikit_learn() {
        let given = &reference().tf_idf;
        let texts = |texts: &'static [String]| texts.iter().map(String::as_str).collect::<Vec<_>>();
        let learnt = TfIdf::fit(&texts(&given.train));
        assert_eq!(learnt.columns(), given.columns);
        let rows = learnt.rows(&texts(&given.test));
        let terms = |terms: &HashMap<String, u32>, first: u32| {
            // Sorted, for a map has no order.
            let mut named: Vec<(u32, String)> = terms
                .iter()
                .map(|(term, column)| (column + first, term.clone()))
                .collect();
            named.sort();
            named
        };
        let mut names = terms(&learnt.words.columns, 0);
        names.extend(terms(&learnt.runs.columns, u32::try_from(names.len()).unwrap()));
        for (row, expected) in given.rows.iter().enumerate() {
            let mut seen: Vec<(bool, String, f32)> = rows
                .row(row)
                .map(|(column, value)| {
                    (
                        column >= learnt.words.weights.len(),
                        names[column].1.clone(),
                        value,
                    )
                })
                .collect();
            seen.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
            assert_eq!(seen.len(), expected.len());
            for (seen, expected) in seen.iter().zip(expected) {
                assert_eq!((seen.0, &seen.1), (expected.0, &expected.1));
                assert!((f64::from(seen.2) - expected.2).abs() < 1e-6, "{}", seen.1);
            }
        }
    }

    #[test]
    fn texts_without_a_known_term_are_empty_rows() {
        let rows = TfIdf::fit(&["ab cd"]).rows(&["", "xyz"]);
        assert_eq!((rows.row(0).count(), rows.row(1).count()), (0, 0));
        assert_eq!(TfIdf::fit(&[]).rows(&["a"]).columns(), 0);
    }
}
