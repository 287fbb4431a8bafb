//! Texts that are nearly the same, found exactly and without comparing all with all.
//!
//! A text is the set of its stretches of five characters. Two texts whose sets overlap by four fifths share one of
//! their rarest stretches, so only texts that share such a one are compared. The texts that are searched are taken in
//! blocks, so that memory does not grow with them.
//!
//! # Source
//! Chaudhuri, Ganti and Kaushik, "A Primitive Operator for Similarity Joins in Data Cleaning", 2006 (prefix filter);
//! Bayardo, Ma and Srikant, "Scaling Up All Pairs Similarity Search", 2007 (rare stretches first, bounds on length);
//! Broder, "On the resemblance and containment of documents", 1997 (resemblance of sets of shingles).

use std::collections::HashMap;

/// Least ratio of common to all stretches at which two texts are nearly the same.
pub const NEAR_JACCARD: f64 = NEAR.0 as f64 / NEAR.1 as f64;

/// [`NEAR_JACCARD`] as a fraction, which compares without rounding.
const NEAR: (usize, usize) = (4, 5);

/// Characters in a stretch.
const SHINGLE_CHARACTERS: usize = 5;

/// Stretches after which a block of texts ends.
const BLOCK_SHINGLES: usize = 2_000_000;

/// A text that is nearly the same as another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Near {
    /// Index of the text.
    pub text: usize,
    /// Index of the other.
    pub other: usize,
    /// Ratio of common to all stretches, from [`NEAR_JACCARD`] to 1.
    pub jaccard: f64,
}

/// Returns a text as it is compared: lower case, letters and digits alone, single spaces.
///
/// A text without letters and digits is only trimmed.
pub fn normalise(text: &str) -> String {
    let mut normalised = String::with_capacity(text.len());
    for character in text.chars().flat_map(char::to_lowercase) {
        if character.is_alphanumeric() {
            normalised.push(character);
        } else if !normalised.is_empty() && !normalised.ends_with(' ') {
            normalised.push(' ');
        }
    }
    normalised.truncate(normalised.trim_end().len());
    if normalised.is_empty() {
        return text.trim().to_owned();
    }
    normalised
}

/// Returns one of `others` for each of `texts` that has one nearly the same, in the order of `texts`.
///
/// Texts are compared as they are: [`normalise`] them first.
pub fn near_duplicates(texts: &[&str], others: &[&str]) -> Vec<Near> {
    search(texts, others, BLOCK_SHINGLES)
}

fn search(texts: &[&str], others: &[&str], block_shingles: usize) -> Vec<Near> {
    let mut found: Vec<Option<Near>> = vec![None; texts.len()];
    let mut start = 0;
    while start < others.len() {
        let block = Block::new(&others[start..], block_shingles);
        let mut seen = vec![usize::MAX; block.len()];
        for (text, found) in found.iter_mut().enumerate().filter(|(_, found)| found.is_none()) {
            let near = block.find(&shingles(texts[text]), text, &mut seen);
            *found = near.map(|(other, jaccard)| Near {
                text,
                other: start + other,
                jaccard,
            });
        }
        start += block.len();
    }
    found.into_iter().flatten().collect()
}

/// Returns the stretches of a text, ascending, each once; a shorter text is one stretch.
///
/// Five characters of 21 bits each are one number, so that equal numbers are equal stretches.
fn shingles(text: &str) -> Vec<u128> {
    let characters: Vec<char> = text.chars().collect();
    let pack = |stretch: &[char]| {
        stretch.iter().fold(0, |packed: u128, character| {
            (packed << 21) | u128::from(u32::from(*character))
        })
    };
    let mut shingles: Vec<u128> = if characters.len() < SHINGLE_CHARACTERS {
        vec![pack(&characters)]
    } else {
        characters.windows(SHINGLE_CHARACTERS).map(pack).collect()
    };
    shingles.sort_unstable();
    shingles.dedup();
    shingles
}

/// Returns how many of the rarest of `count` stretches are enough to find every text that is nearly the same.
fn prefix(count: usize) -> usize {
    count - (NEAR.0 * count).div_ceil(NEAR.1) + 1
}

/// Some of the texts that are searched.
struct Block {
    /// Rank of each stretch, the rarest first.
    ranks: HashMap<u128, u32>,
    /// Ranks of the stretches of each text, ascending.
    texts: Vec<Vec<u32>>,
    /// For each rank, the texts that have it in their prefix.
    postings: Vec<Vec<u32>>,
}

impl Block {
    /// Takes texts until they have as many stretches as a block may have, one at least.
    fn new(others: &[&str], block_shingles: usize) -> Self {
        let mut counts: HashMap<u128, u32> = HashMap::new();
        let mut taken: Vec<Vec<u128>> = Vec::new();
        let mut total = 0;
        for text in others {
            if total >= block_shingles {
                break;
            }
            let shingles = shingles(text);
            total += shingles.len();
            for shingle in &shingles {
                *counts.entry(*shingle).or_default() += 1;
            }
            taken.push(shingles);
        }
        let mut order: Vec<(u32, u128)> = counts
            .into_iter()
            .map(|(shingle, count)| (count, shingle))
            .collect();
        order.sort_unstable();
        let ranks: HashMap<u128, u32> = (0..)
            .zip(&order)
            .map(|(rank, (_, shingle))| (*shingle, rank))
            .collect();
        let mut postings = vec![Vec::new(); order.len()];
        let mut texts = Vec::with_capacity(taken.len());
        for (index, shingles) in (0_u32..).zip(taken) {
            let mut text: Vec<u32> = shingles
                .iter()
                .filter_map(|shingle| ranks.get(shingle).copied())
                .collect();
            text.sort_unstable();
            for rank in &text[..prefix(text.len())] {
                postings[*rank as usize].push(index);
            }
            texts.push(text);
        }
        Self {
            ranks,
            texts,
            postings,
        }
    }

    fn len(&self) -> usize {
        self.texts.len()
    }

    /// Returns a text that is nearly the same as the one with these stretches; `seen` marks by `mark` what was compared.
    fn find(&self, shingles: &[u128], mark: usize, seen: &mut [usize]) -> Option<(usize, f64)> {
        let mut known: Vec<u32> = shingles
            .iter()
            .filter_map(|shingle| self.ranks.get(shingle).copied())
            .collect();
        known.sort_unstable();
        let count = shingles.len();
        // Stretches that the block lacks are the rarest of all: they come first and lead nowhere.
        let length = prefix(count).saturating_sub(count - known.len());
        for rank in known.iter().take(length) {
            for other in &self.postings[*rank as usize] {
                let other = *other as usize;
                let candidate = &self.texts[other];
                let fits = NEAR.0 * count.max(candidate.len()) <= NEAR.1 * count.min(candidate.len());
                if std::mem::replace(&mut seen[other], mark) == mark || !fits {
                    continue;
                }
                let (common, all) = overlap(&known, candidate, count);
                if NEAR.1 * common >= NEAR.0 * all {
                    return Some((other, common as f64 / all as f64));
                }
            }
        }
        None
    }
}

/// Returns how many stretches are in both and how many in any; `count` is that of the first with those not in `known`.
fn overlap(known: &[u32], other: &[u32], count: usize) -> (usize, usize) {
    let (mut left, mut right, mut common) = (0, 0, 0);
    while let (Some(one), Some(two)) = (known.get(left), other.get(right)) {
        common += usize::from(one == two);
        left += usize::from(one <= two);
        right += usize::from(two <= one);
    }
    (common, count + other.len() - common)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Compares all with all, by sets of strings.
    fn slow(text: &str, other: &str) -> f64 {
        let set = |text: &str| -> BTreeSet<String> {
            let characters: Vec<char> = text.chars().collect();
            let length = SHINGLE_CHARACTERS.min(characters.len());
            match length {
                0 => [String::new()].into(),
                _ => characters
                    .windows(length)
                    .map(|stretch| stretch.iter().collect())
                    .collect(),
            }
        };
        let (one, two) = (set(text), set(other));
        one.intersection(&two).count() as f64 / one.union(&two).count() as f64
    }

    fn words() -> impl Strategy<Value = String> {
        let word = prop::sample::select(vec![
            "play", "some", "music", "by", "the", "weather", "é", "in", "rome",
        ]);
        prop::collection::vec(word, 0..14).prop_map(|words| words.join(" "))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn the_index_finds_what_comparing_all_with_all_finds(
            texts in prop::collection::vec(words(), 1..20),
            others in prop::collection::vec(words(), 1..20),
            block_shingles in 1_usize..400,
        ) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let others: Vec<&str> = others.iter().map(String::as_str).collect();
            let found = search(&texts, &others, block_shingles);
            for near in &found {
                let expected = slow(texts[near.text], others[near.other]);
                prop_assert!((near.jaccard - expected).abs() < 1e-12 && expected >= NEAR_JACCARD);
            }
            let found: BTreeSet<usize> = found.iter().map(|near| near.text).collect();
            for (index, text) in texts.iter().enumerate() {
                let expected = others.iter().any(|other| slow(text, other) >= NEAR_JACCARD);
                prop_assert_eq!(found.contains(&index), expected, "{}", text);
            }
        }
    }

    #[test]
    fn case_and_punctuation_do_not_tell_texts_apart() {
        assert_eq!(
            normalise("  What's the TIME, in Zürich?! "),
            "what s the time in zürich"
        );
        assert_eq!(normalise(" ?! "), "?!");
        assert_eq!(normalise(""), "");
    }
}
