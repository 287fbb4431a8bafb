//! Slots refilled with other values of the same kind, so that a net learns the frame and not the filling.

use std::collections::{BTreeMap, BTreeSet};

use rand::{Rng, RngExt};

use super::corpus::Utterance;

/// Values of each kind of slot, as they stand in a corpus.
#[derive(Clone, Debug, Default)]
pub struct Substitutes {
    /// For each tag that begins a slot: the tag inside of it, and the values.
    values: BTreeMap<usize, (usize, Vec<Vec<String>>)>,
    /// For some of these tags, values that no utterance has.
    named: BTreeMap<usize, Vec<Vec<String>>>,
}

impl Substitutes {
    /// The values of all slots of these utterances.
    pub fn of(tags: &[String], utterances: &[Utterance]) -> Self {
        let inner_of = |begin: &str| {
            let name = begin.strip_prefix("B-")?;
            tags.iter().position(|tag| tag.strip_prefix("I-") == Some(name))
        };
        let mut found: BTreeMap<usize, (usize, BTreeSet<Vec<String>>)> = BTreeMap::new();
        for utterance in utterances {
            for (begin, range) in slots(tags, utterance) {
                let inner = inner_of(&tags[begin]).unwrap_or(begin);
                let entry = found.entry(begin).or_insert_with(|| (inner, BTreeSet::new()));
                entry.1.insert(utterance.words[range].to_vec());
            }
        }
        let values = found
            .into_iter()
            .map(|(begin, (inner, values))| (begin, (inner, values.into_iter().collect())));
        Self {
            values: values.collect(),
            named: BTreeMap::new(),
        }
    }

    /// Adds values of kinds; those of kinds that no utterance has are left out.
    pub fn add(&mut self, tags: &[String], names: &[(String, Vec<String>)]) {
        for (kind, value) in names.iter().filter(|(_, value)| !value.is_empty()) {
            let begin = tags.iter().position(|tag| tag.strip_prefix("B-") == Some(kind));
            if let Some(begin) = begin.filter(|begin| self.values.contains_key(begin)) {
                self.named.entry(begin).or_default().push(value.clone());
            }
        }
    }

    /// The utterance with each of its slots refilled by chance, and then by another with a value that was added. A value
    /// of several words needs a tag inside of slots.
    pub fn refill(
        &self,
        utterance: &Utterance,
        [chance, named]: [f32; 2],
        random: &mut impl Rng,
    ) -> Utterance {
        let Some(tags) = &utterance.tags else {
            return utterance.clone();
        };
        let mut words = Vec::with_capacity(utterance.words.len());
        let mut filled = Vec::with_capacity(tags.len());
        let mut at = 0;
        while at < tags.len() {
            let Some((inner, values)) = self.values.get(&tags[at]) else {
                words.push(utterance.words[at].clone());
                filled.push(tags[at]);
                at += 1;
                continue;
            };
            let rest = tags[at + 1..]
                .iter()
                .take_while(|tag| *tag == inner && inner != &tags[at]);
            let end = at + 1 + rest.count();
            let old = &utterance.words[at..end];
            let value = match random.random::<f32>() < chance {
                true => {
                    let values = match self.named.get(&tags[at]) {
                        Some(others) if random.random::<f32>() < named => others,
                        Some(_) | None => values,
                    };
                    &values[random.random_range(0..values.len())]
                }
                false => old,
            };
            filled.push(tags[at]);
            filled.extend(std::iter::repeat_n(*inner, value.len() - 1));
            words.extend_from_slice(value);
            at = end;
        }
        Utterance {
            words,
            tags: Some(filled),
            intent: utterance.intent,
            untagged: Vec::new(),
            frames: None,
            taught: None,
        }
    }
}

/// The slots of an utterance: the tag each begins with, and its words.
fn slots<'a>(
    tags: &'a [String],
    utterance: &'a Utterance,
) -> impl Iterator<Item = (usize, std::ops::Range<usize>)> + 'a {
    let of = utterance.tags.as_deref().unwrap_or_default();
    of.iter().enumerate().filter_map(move |(at, tag)| {
        let name = tags.get(*tag)?.strip_prefix("B-")?;
        let is_inner = |tag: &&usize| tags[**tag].strip_prefix("I-") == Some(name);
        let rest = of[at + 1..].iter().take_while(is_inner).count();
        Some((*tag, at..at + 1 + rest))
    })
}
