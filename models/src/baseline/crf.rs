//! A tagger of tokens: a linear chain of tags over hand-made features.
//!
//! The score of a sequence of tags is the sum of the weights of each token's features with its tag, of each pair of
//! neighbouring tags, and of the first and the last tag; its probability is the exponential, divided by the sum of
//! those of all sequences.

use std::collections::{BTreeSet, HashMap};

use motet_engine::decode::viterbi::Chain;

use super::BaselineError;

mod features;
mod lattice;
mod train;

pub use features::features;

/// How to train.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrfOptions {
    /// Penalty of the squared length of the weights against the log-likelihood of all sentences, as CRFsuite's `c2`.
    pub penalty: f64,
    /// Passes over the sentences.
    pub passes: u32,
    /// Length of the first steps; it falls to zero in a straight line.
    pub rate: f64,
    /// Tokens that a feature must be seen at to be kept.
    pub count_min: u32,
    /// Seed of the order of the sentences.
    pub seed: u64,
}

/// Tokens with their tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaggedSentence<'a> {
    /// Tokens.
    pub tokens: &'a [&'a str],
    /// A tag for each token.
    pub tags: &'a [&'a str],
}

/// A trained tagger.
///
/// # Source
/// Lafferty, McCallum and Pereira 2001, "Conditional random fields".
#[derive(Clone, Debug, PartialEq)]
pub struct Crf {
    /// Tags, in the order of their texts.
    tags: Vec<String>,
    /// Rows of `weights`.
    columns: HashMap<String, u32>,
    /// `[features, tags]`.
    weights: Vec<f32>,
    /// `[tags, tags]`: from the tag of a token to that of the next.
    transitions: Vec<f32>,
    /// `[tags]`.
    start: Vec<f32>,
    /// `[tags]`.
    end: Vec<f32>,
}

/// A sentence as the rows of weights that its tokens have.
#[derive(Clone, Debug)]
struct Encoded {
    /// Features of all tokens, one token after the other.
    features: Vec<u32>,
    /// Where the features of each token end.
    ends: Vec<usize>,
    /// Places of the tags; empty if they are not known.
    gold: Vec<usize>,
}

impl Crf {
    /// Learns from `sentences`; those without tokens are left out.
    ///
    /// # Errors
    /// [`BaselineError::Length`] if a sentence has not as many tags as tokens, [`BaselineError::NoExamples`].
    pub fn fit(sentences: &[TaggedSentence<'_>], options: CrfOptions) -> Result<Self, BaselineError> {
        for sentence in sentences {
            if sentence.tokens.len() != sentence.tags.len() {
                return Err(BaselineError::Length {
                    what: "tags",
                    expected: sentence.tokens.len(),
                    found: sentence.tags.len(),
                });
            }
        }
        let tags: BTreeSet<&str> = sentences
            .iter()
            .flat_map(|sentence| sentence.tags)
            .copied()
            .collect();
        if tags.is_empty() {
            return Err(BaselineError::NoExamples);
        }
        let tags: Vec<String> = tags.into_iter().map(str::to_owned).collect();
        let columns = learnt_columns(sentences, options.count_min);
        let mut crf = Self {
            weights: vec![0.0; columns.len() * tags.len()],
            transitions: vec![0.0; tags.len() * tags.len()],
            start: vec![0.0; tags.len()],
            end: vec![0.0; tags.len()],
            tags,
            columns,
        };
        let encode = |sentence: &TaggedSentence<'_>| {
            let place = |tag: &&str| {
                crf.tags
                    .binary_search_by(|known| known.as_str().cmp(tag))
                    .unwrap_or(0)
            };
            let mut encoded = crf.encode(sentence.tokens);
            encoded.gold = sentence.tags.iter().map(place).collect();
            encoded
        };
        let encoded: Vec<Encoded> = sentences
            .iter()
            .filter(|sentence| !sentence.tokens.is_empty())
            .map(encode)
            .collect();
        train::train(&mut crf, &encoded, options);
        Ok(crf)
    }

    /// Returns the tags, in the order of their texts.
    pub fn tags(&self) -> &[String] {
        &self.tags
    }

    /// Returns the number of weights.
    pub fn parameters(&self) -> usize {
        self.weights.len() + self.transitions.len() + self.start.len() + self.end.len()
    }

    /// Returns the most probable tags of a sentence, one for each token.
    pub fn tag(&self, tokens: &[&str]) -> Vec<&str> {
        let emissions = self.emissions(&self.encode(tokens));
        let chain = Chain {
            transitions: &self.transitions,
            start: &self.start,
            end: &self.end,
        };
        let mut path = vec![0; tokens.len()];
        let mut scratch = vec![0.0; chain.scratch(tokens.len())];
        // Weights are finite, so there is a path.
        let _ = chain.best(&emissions, &mut scratch, &mut path);
        path.iter().map(|tag| self.tags[*tag as usize].as_str()).collect()
    }

    fn encode(&self, tokens: &[&str]) -> Encoded {
        let (mut known, mut ends) = (Vec::new(), Vec::new());
        for place in 0..tokens.len() {
            features(tokens, place, &mut |feature| {
                known.extend(self.columns.get(feature))
            });
            ends.push(known.len());
        }
        Encoded {
            features: known,
            ends,
            gold: Vec::new(),
        }
    }

    /// The scores of the tags of each token.
    ///
    /// # Shapes
    /// `[tokens, tags]`.
    fn emissions(&self, sentence: &Encoded) -> Vec<f32> {
        let labels = self.tags.len();
        let mut emissions = vec![0.0; sentence.ends.len() * labels];
        for (token, row) in emissions.chunks_exact_mut(labels).enumerate() {
            for feature in sentence.token(token) {
                let weights = &self.weights[*feature as usize * labels..][..labels];
                row.iter_mut()
                    .zip(weights)
                    .for_each(|(score, weight)| *score += weight);
            }
        }
        emissions
    }
}

impl Encoded {
    /// The features of one token.
    fn token(&self, token: usize) -> &[u32] {
        let start = if token == 0 { 0 } else { self.ends[token - 1] };
        &self.features[start..self.ends[token]]
    }
}

/// Numbers the features that are frequent enough, in the order in which they are first seen.
fn learnt_columns(sentences: &[TaggedSentence<'_>], count_min: u32) -> HashMap<String, u32> {
    let mut counts: HashMap<String, u32> = HashMap::new();
    let mut order = Vec::new();
    for sentence in sentences {
        for place in 0..sentence.tokens.len() {
            features(
                sentence.tokens,
                place,
                &mut |feature| match counts.get_mut(feature) {
                    Some(count) => *count += 1,
                    None => {
                        counts.insert(feature.to_owned(), 1);
                        order.push(feature.to_owned());
                    }
                },
            );
        }
    }
    order.retain(|feature| counts[feature] >= count_min);
    order.into_iter().zip(0..).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: CrfOptions = CrfOptions {
        penalty: 0.1,
        passes: 30,
        rate: 0.2,
        count_min: 1,
        seed: 1,
    };

    fn fit(sentences: &[(&[&str], &[&str])], options: CrfOptions) -> Result<Crf, BaselineError> {
        let sentences: Vec<TaggedSentence<'_>> = sentences
            .iter()
            .map(|(tokens, tags)| TaggedSentence { tokens, tags })
            .collect();
        Crf::fit(&sentences, options)
    }

    #[test]
    fn it_learns_what_a_word_is_and_what_its_neighbour_makes_of_it() {
        let crf = fit(
            &[
                (&["play", "queen", "today"], &["O", "B-artist", "O"]),
                (&["the", "queen", "came"], &["O", "O", "O"]),
                (
                    &["play", "the", "king", "today"],
                    &["O", "B-artist", "I-artist", "O"],
                ),
                (&["play", "king", "now"], &["O", "B-artist", "O"]),
                (&["the", "king", "left"], &["O", "O", "O"]),
            ],
            OPTIONS,
        )
        .unwrap();
        assert_eq!(crf.tags(), ["B-artist", "I-artist", "O"]);
        assert_eq!(crf.tag(&["play", "prince", "now"]), ["O", "B-artist", "O"]);
        assert_eq!(
            crf.tag(&["play", "the", "king", "now"]),
            ["O", "B-artist", "I-artist", "O"]
        );
        assert_eq!(crf.tag(&["the", "prince", "came"]), ["O", "O", "O"]);
        assert!(crf.tag(&[]).is_empty());
    }

    #[test]
    fn the_same_seed_gives_the_same_tagger() {
        let sentences: [(&[&str], &[&str]); 2] = [(&["a", "b"], &["X", "Y"]), (&["b", "a"], &["Y", "X"])];
        assert_eq!(fit(&sentences, OPTIONS), fit(&sentences, OPTIONS));
    }

    #[test]
    fn rare_features_are_left_out() {
        let sentences: [(&[&str], &[&str]); 2] = [(&["ab"], &["X"]), (&["ac"], &["Y"])];
        let all = fit(&sentences, OPTIONS).unwrap();
        let frequent = fit(
            &sentences,
            CrfOptions {
                count_min: 2,
                ..OPTIONS
            },
        )
        .unwrap();
        assert!(all.columns.contains_key("word=ab") && !frequent.columns.contains_key("word=ab"));
        assert!(frequent.columns.contains_key("prefix=a"));
    }

    #[test]
    fn examples_that_do_not_fit_are_refused() {
        assert!(matches!(
            fit(&[(&["a"], &[])], OPTIONS),
            Err(BaselineError::Length { .. })
        ));
        assert_eq!(fit(&[], OPTIONS), Err(BaselineError::NoExamples));
        assert_eq!(fit(&[(&[], &[])], OPTIONS), Err(BaselineError::NoExamples));
    }
}
