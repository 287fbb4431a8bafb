//! Grammars: what may be said, what it means, and how its words sound.
//!
//! The way through: [`Grammar::read`] reads a file, [`network`] joins its patterns into one graph of words,
//! [`sounds`] says them as phones. Nothing here hears: that is the net's and the search's.

mod alike;
mod check;
pub mod network;
mod number;
pub mod pattern;
mod read;
pub mod sounds;

use std::sync::Arc;

use motet_core::diagnostic::{Diagnostic, Diagnostics, Source};
use motet_core::yaml::{Path, Place};

use pattern::Form;

/// What may be said, as its author wrote it.
#[derive(Clone, Debug)]
pub struct Grammar {
    /// The text.
    pub source: Arc<Source>,
    /// What it is for, for people.
    pub about: String,
    /// What may be meant, in the order of the file.
    pub intents: Vec<Intent>,
    /// What fills patterns in.
    pub slots: Vec<Slot>,
    /// Parts that several patterns share.
    pub rules: Vec<Rule>,
    /// How words sound that are not said as they are spelt.
    pub pronunciations: Vec<Pronunciation>,
}

/// Something that may be meant.
#[derive(Clone, Debug)]
pub struct Intent {
    /// Its name.
    pub name: String,
    /// Ways to say it.
    pub patterns: Vec<Pattern>,
    path: Path,
}

/// A part that several patterns share.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Ways to say it.
    pub patterns: Vec<Pattern>,
    path: Path,
}

/// What fills patterns in.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Its name.
    pub name: String,
    /// Its values, in the order of the file.
    pub values: Vec<Value>,
    path: Path,
}

/// One value of a slot.
#[derive(Clone, Debug)]
pub struct Value {
    /// What is answered.
    pub value: String,
    /// Ways to say it.
    pub said: Vec<Pattern>,
}

/// How a word sounds.
#[derive(Clone, Debug)]
pub struct Pronunciation {
    /// The word, in small letters.
    pub word: String,
    /// Ways to say it, as phones apart by blanks, and where each stands.
    phones: Vec<(String, Path)>,
    path: Path,
}

/// A way to say something.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// What it says.
    pub form: Form,
    origin: Origin,
}

/// Where a pattern stands.
#[derive(Clone, Debug)]
struct Origin {
    path: Path,
    place: Place,
    text: String,
}

impl Grammar {
    /// Reads and checks a grammar. Returns what an author should look at beside it.
    ///
    /// # Errors
    /// Every fault, each with its place in the text.
    pub fn read(source: &Arc<Source>) -> Result<(Grammar, Diagnostics), Diagnostics> {
        let grammar = read::read(source)?;
        let faults = check::check(&grammar);
        faults.or(grammar)
    }

    /// A warning where an utterance can be understood in two ways.
    pub fn alike(&self, network: &network::Network) -> Option<Diagnostic> {
        alike::alike(self, network)
    }

    fn rule(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.name == name)
    }

    fn slot(&self, name: &str) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.name == name)
    }
}

#[cfg(test)]
mod tests;
