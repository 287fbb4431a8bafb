//! A network of words as a graph of phones.

use std::collections::{BTreeMap, HashMap};

use motet_core::diagnostic::{Code, Diagnostic, Diagnostics, Span};
use motet_core::yaml::{Path, Place};
use motet_engine::decode::graph::{Arc, LabelGraph};
use motet_models::speech::phones::{PHONES, places};
use motet_models::speech::{Lexicon, Spelling};

use super::network::Network;
use super::{Grammar, Pattern};

/// What a grammar says, as phones.
#[derive(Clone, Debug)]
pub struct Sounds {
    /// Its labels are places of phones among the outputs of a speech net.
    pub graph: LabelGraph,
    /// For each arc of the graph the arc of the network whose word it ends, if it ends one.
    pub ends_word: Vec<Option<u32>>,
    /// A warning for every word that is said as its letters suggest.
    pub guessed: Diagnostics,
}

impl Sounds {
    /// Says every word of a network in all its ways; those of the grammar count before those of the lexicon, and a word that
    /// neither has is said by its letters.
    ///
    /// # Errors
    /// Every word that cannot be said by its letters either, and every pronunciation that has something else than phones.
    pub fn of(grammar: &Grammar, network: &Network, lexicon: &Lexicon) -> Result<Sounds, Diagnostics> {
        let mut faults = Diagnostics::new();
        let own = own(grammar, &mut faults);
        let mut ways = Vec::with_capacity(network.words.len());
        let (mut guessed, mut spelling) = (Diagnostics::new(), None);
        for word in &network.words {
            let mut known = own.get(word).map_or(lexicon.ways(word), Vec::as_slice).to_vec();
            if known.is_empty() && !own.contains_key(word) {
                match spelling.get_or_insert_with(Spelling::english).say(word) {
                    Some(phones) => {
                        guessed.push(spelt(grammar, word, &phones));
                        known.push(phones);
                    }
                    None => faults.push(unspoken(grammar, word)),
                }
            }
            ways.push(known);
        }
        let nodes = network.ends.len();
        let mut draft = Draft {
            nodes: u32::try_from(nodes).unwrap_or(u32::MAX),
            inner: HashMap::new(),
            arcs: Vec::new(),
            ends_word: Vec::new(),
        };
        for (index, arc) in (0_u32..).zip(&network.arcs) {
            for phones in &ways[arc.word as usize] {
                draft.say(phones, (arc.from, arc.to), index);
            }
        }
        let (draft, _) = faults.or(draft)?;
        let ends = (0_u32..)
            .zip(&network.ends)
            .filter(|(_, intent)| intent.is_some());
        let ends: Vec<u32> = ends.map(|(node, _)| node).collect();
        let graph = LabelGraph::new(draft.nodes as usize, &draft.arcs, 0, &ends).map_err(|error| {
            let path = Path::root().key("intents");
            let span = path.find(&grammar.source, Place::Key);
            let fault = Diagnostic::error(
                Code("MT0607"),
                span,
                format!("as phones it is too large: {error}"),
            );
            Diagnostics::from(fault.help("use fewer patterns, or smaller slots"))
        })?;
        Ok(Sounds {
            graph,
            ends_word: draft.ends_word,
            guessed,
        })
    }
}

/// The pronunciations of the grammar.
fn own(grammar: &Grammar, faults: &mut Diagnostics) -> BTreeMap<String, Vec<Vec<u8>>> {
    let mut own: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for entry in &grammar.pronunciations {
        for (phones, path) in &entry.phones {
            let fault = match places(phones) {
                Ok(places) if !places.is_empty() => {
                    own.entry(entry.word.clone()).or_default().push(places);
                    continue;
                }
                Ok(_) => "there are no phones".to_owned(),
                Err(phone) => format!("`{phone}` is no phone"),
            };
            let span = path.find(&grammar.source, Place::Value);
            let fault = Diagnostic::error(Code("MT0606"), span, fault);
            faults.push(
                fault.help("write the phones of the CMU dictionary, apart by blanks, as in `L AA T EY`"),
            );
            own.entry(entry.word.clone()).or_default();
        }
    }
    own
}

/// A word that nothing says how to say, and that has no sound by its letters.
fn unspoken(grammar: &Grammar, word: &str) -> Diagnostic {
    let message = format!("nothing says how `{word}` sounds");
    let fault = Diagnostic::error(Code("MT0606"), first_said(grammar, word), message);
    fault.help(format!(
        "say it under `pronunciations:`, as in `{word}: L AA T EY`, or use other words"
    ))
}

/// A word that is said by its letters.
fn spelt(grammar: &Grammar, word: &str, phones: &[u8]) -> Diagnostic {
    let names: Vec<&str> = phones
        .iter()
        .map(|phone| PHONES[usize::from(*phone) - 1])
        .collect();
    let message = format!(
        "nothing says how `{word}` sounds; by its letters it is `{}`",
        names.join(" ")
    );
    let warning = Diagnostic::warning(Code("MT0606"), first_said(grammar, word), message);
    warning.help(format!(
        "say it under `pronunciations:` if that is wrong, as in `{word}: {}`",
        names.join(" ")
    ))
}

/// Where a word is first said.
fn first_said(grammar: &Grammar, word: &str) -> Span {
    let intents = grammar.intents.iter().flat_map(|intent| &intent.patterns);
    let rules = grammar.rules.iter().flat_map(|rule| &rule.patterns);
    let values = grammar.slots.iter().flat_map(|slot| &slot.values);
    let mut all = intents.chain(rules).chain(values.flat_map(|value| &value.said));
    let says = |pattern: &&Pattern| {
        let mut words = Vec::new();
        pattern.form.words(&mut words);
        words.contains(&word)
    };
    let span = all.find(says).map(|pattern| {
        let text = pattern.origin.text.to_lowercase();
        let part = text.find(word).map_or(0..text.len(), |at| at..at + word.len());
        pattern.origin.span(&grammar.source, &part)
    });
    span.unwrap_or_else(|| Path::root().find(&grammar.source, Place::Value))
}

/// A graph in the making.
struct Draft {
    nodes: u32,
    /// Nodes within words, by the node before and the phone on the way: words that begin alike share them.
    inner: HashMap<(u32, u8), u32>,
    arcs: Vec<Arc>,
    ends_word: Vec<Option<u32>>,
}

impl Draft {
    fn say(&mut self, phones: &[u8], (from, to): (u32, u32), word_arc: u32) {
        let Some((last, first)) = phones.split_last() else {
            return;
        };
        let mut node = from;
        for phone in first {
            node = match self.inner.get(&(node, *phone)) {
                Some(known) => *known,
                None => {
                    let fresh = self.nodes;
                    self.nodes += 1;
                    self.inner.insert((node, *phone), fresh);
                    self.arc((node, fresh), *phone, None);
                    fresh
                }
            };
        }
        self.arc((node, to), *last, Some(word_arc));
    }

    fn arc(&mut self, (from, to): (u32, u32), phone: u8, word_arc: Option<u32>) {
        self.arcs.push(Arc {
            from,
            to,
            label: u32::from(phone),
        });
        self.ends_word.push(word_arc);
    }
}
