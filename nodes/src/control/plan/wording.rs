//! Names in sentences, and what of an order is the name.

use super::world::{Entity, Sort, words};

/// Words for people whom no world can name.
const PEOPLE: [&str; 22] = [
    "person", "people", "man", "woman", "guy", "boy", "girl", "someone", "somebody", "anyone", "lady",
    "human", "child", "kid", "male", "female", "men", "women", "guest", "visitor", "girls", "boys",
];
/// Words before the name of a thing that say nothing about it.
const LEADING: [&str; 16] = [
    "the", "a", "an", "my", "your", "some", "to", "for", "with", "in", "on", "at", "from", "into", "towards",
    "any",
];

/// True for words that speak of a person.
pub(super) fn is_person(text: &str) -> bool {
    words(text).iter().any(|word| PEOPLE.contains(&word.as_str()))
}

/// A name in a sentence.
pub(super) fn the(entity: &Entity) -> String {
    match entity.sort {
        Sort::Place | Sort::Thing => format!("the {}", entity.name),
        Sort::Person => entity.name.clone(),
    }
}

/// Words without what stands before a name.
pub(super) fn bare(text: &str) -> String {
    let said = words(text);
    let first = said.iter().position(|word| !LEADING.contains(&word.as_str()));
    said[first.unwrap_or(0)..].join(" ")
}
