//! All that a grammar says, as one graph of words that shares what patterns have in common.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use motet_core::diagnostic::{Code, Diagnostic, Diagnostics};
use motet_core::yaml::Place;

use super::pattern::Form;
use super::{Grammar, Pattern};

/// Most arcs before what is common is shared, and most sets of nodes on the way.
const ARCS_MAX: usize = 1 << 20;

/// Words in the order in which they may be said. Every way from the first node to an end is an utterance.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Words, sorted.
    pub words: Vec<String>,
    /// Values of slots that words may be part of.
    pub tags: Vec<Tag>,
    /// By the node before them.
    pub arcs: Vec<WordArc>,
    /// For each node the intent that is complete there.
    pub ends: Vec<Option<u32>>,
}

/// A value of a slot under the name that a pattern gives it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// A word on the way from one node to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WordArc {
    /// The node before it.
    pub from: u32,
    /// The word.
    pub word: u32,
    /// The value that it is part of.
    pub tag: Option<u32>,
    /// The node behind it.
    pub to: u32,
}

impl Network {
    /// Joins all patterns.
    ///
    /// # Errors
    /// One fault where the grammar says too much to be held, or one utterance means two things.
    pub fn of(grammar: &Grammar) -> Result<Network, Diagnostics> {
        let words = spoken_words(grammar);
        let mut draft = Draft {
            grammar,
            words: &words,
            tags: Vec::new(),
            tag_places: BTreeMap::new(),
            arcs: vec![Vec::new()],
            count: 0,
        };
        let mut ends = Vec::new();
        for (index, intent) in (0_u32..).zip(&grammar.intents) {
            let end = draft.node();
            for pattern in &intent.patterns {
                draft.add(&pattern.form, (0, end), None);
            }
            ends.push((end, index));
            if draft.count > ARCS_MAX {
                return Err(too_large(grammar, &intent.path));
            }
        }
        let (sets, both) = draft
            .determined(&ends)
            .map_err(|()| too_large(grammar, &grammar.intents[0].path))?;
        if let Some((first, second)) = both {
            return Err(ambiguous(grammar, first, second));
        }
        let (arcs, ends) = minimal(&sets);
        Ok(Network {
            tags: draft.tags,
            arcs,
            ends,
            words,
        })
    }
}

fn too_large(grammar: &Grammar, path: &motet_core::yaml::Path) -> Diagnostics {
    let span = path.find(&grammar.source, Place::Key);
    let message = format!("with this, there are more than {ARCS_MAX} ways to go on");
    let fault = Diagnostic::error(Code("MT0607"), span, message);
    fault
        .help("use fewer parts in any order, or smaller slots")
        .into()
}

fn ambiguous(grammar: &Grammar, first: u32, second: u32) -> Diagnostics {
    let intent = |index: u32| &grammar.intents[index as usize];
    let (first, second) = (intent(first), intent(second));
    let message = format!("one utterance means both `{}` and `{}`", first.name, second.name);
    let span = |path: &motet_core::yaml::Path| path.find(&grammar.source, Place::Key);
    let fault = Diagnostic::error(Code("MT0608"), span(&second.path), message);
    fault
        .and(span(&first.path), "the other")
        .help("take it out of one of them")
        .into()
}

fn spoken_words(grammar: &Grammar) -> Vec<String> {
    let mut words = BTreeSet::new();
    let intents = grammar.intents.iter().flat_map(|intent| &intent.patterns);
    let rules = grammar.rules.iter().flat_map(|rule| &rule.patterns);
    let values = grammar.slots.iter().flat_map(|slot| &slot.values);
    let all = intents.chain(rules).chain(values.flat_map(|value| &value.said));
    for pattern in all {
        let mut found = Vec::new();
        pattern.form.words(&mut found);
        words.extend(found.into_iter().map(str::to_owned));
    }
    words.into_iter().collect()
}

/// Patterns as they are, with arcs that say nothing.
struct Draft<'a> {
    grammar: &'a Grammar,
    words: &'a [String],
    tags: Vec<Tag>,
    tag_places: BTreeMap<Tag, u32>,
    /// By node: what is said, and the node behind it.
    arcs: Vec<Vec<(Option<Said>, u32)>>,
    count: usize,
}

/// A word and the value that it is part of.
type Said = (u32, Option<u32>);

/// What can be said from a node on: the intent that is complete there, and words with the nodes behind them.
type Rest = (Option<u32>, Vec<(Said, u32)>);

/// A set of nodes of the draft that are reached by the same words: its arcs, and the intent that is complete.
#[derive(Default)]
struct Set {
    arcs: BTreeMap<Said, u32>,
    intent: Option<u32>,
}

impl Draft<'_> {
    fn node(&mut self) -> u32 {
        self.arcs.push(Vec::new());
        u32::try_from(self.arcs.len() - 1).unwrap_or(u32::MAX)
    }

    fn arc(&mut self, from: u32, said: Option<Said>, to: u32) {
        self.count += 1;
        self.arcs[from as usize].push((said, to));
    }

    /// Adds all ways to say a form between two nodes. Beyond the limit nothing is added any more.
    fn add(&mut self, form: &Form, (from, to): (u32, u32), tag: Option<u32>) {
        if self.count > ARCS_MAX {
            return;
        }
        match form {
            Form::Word(word) => {
                let place = self.words.binary_search(word).unwrap_or(0);
                self.arc(from, Some((u32::try_from(place).unwrap_or(u32::MAX), tag)), to);
            }
            Form::Sequence(parts) => self.sequence(&parts.iter().collect::<Vec<_>>(), (from, to), tag),
            Form::Choice(parts) => parts.iter().for_each(|part| self.add(part, (from, to), tag)),
            Form::Free(parts) => self.free(parts, (from, to), tag),
            Form::Optional(part) => {
                self.arc(from, None, to);
                self.add(part, (from, to), tag);
            }
            Form::Slot { slot, name, .. } => {
                let values = self.grammar.slot(slot).map_or(&[][..], |slot| &slot.values);
                for value in values {
                    let tag = Some(self.tag(name, &value.value));
                    value
                        .said
                        .iter()
                        .for_each(|pattern| self.add(&pattern.form, (from, to), tag));
                }
            }
            Form::Rule { rule, .. } => {
                let patterns: &[Pattern] = self.grammar.rule(rule).map_or(&[], |rule| &rule.patterns);
                patterns
                    .iter()
                    .for_each(|pattern| self.add(&pattern.form, (from, to), tag));
            }
        }
    }

    fn sequence(&mut self, parts: &[&Form], (from, to): (u32, u32), tag: Option<u32>) {
        let mut at = from;
        for (index, part) in parts.iter().enumerate() {
            let next = if index + 1 == parts.len() { to } else { self.node() };
            self.add(part, (at, next), tag);
            at = next;
        }
        if parts.is_empty() {
            self.arc(from, None, to);
        }
    }

    /// All orders share what is left to say: a node for each set of parts that were said.
    fn free(&mut self, parts: &[Form], (from, to): (u32, u32), tag: Option<u32>) {
        let all = (1_usize << parts.len()) - 1;
        let nodes: Vec<u32> = (0..=all)
            .map(|said| match said {
                0 => from,
                said if said == all => to,
                _ => self.node(),
            })
            .collect();
        for said in 0..all {
            for (index, part) in parts
                .iter()
                .enumerate()
                .filter(|(index, _)| said >> index & 1 == 0)
            {
                self.add(part, (nodes[said], nodes[said | 1 << index]), tag);
            }
        }
    }

    fn tag(&mut self, name: &str, value: &str) -> u32 {
        let tag = Tag {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        if let Some(place) = self.tag_places.get(&tag) {
            return *place;
        }
        let place = u32::try_from(self.tags.len()).unwrap_or(u32::MAX);
        self.tags.push(tag.clone());
        self.tag_places.insert(tag, place);
        place
    }

    /// The nodes that are reached without a word, sorted.
    fn closure(&self, nodes: impl IntoIterator<Item = u32>) -> Vec<u32> {
        let mut found: BTreeSet<u32> = BTreeSet::new();
        let mut open: Vec<u32> = nodes.into_iter().collect();
        while let Some(node) = open.pop() {
            if found.insert(node) {
                let silent = self.arcs[node as usize].iter().filter(|(said, _)| said.is_none());
                open.extend(silent.map(|(_, to)| *to));
            }
        }
        found.into_iter().collect()
    }

    /// Sets of nodes such that no two arcs of one say the same, and two intents that one of them completes.
    ///
    /// # Source
    /// Rabin and Scott 1959, "Finite automata and their decision problems", definition 11.
    #[expect(
        clippy::type_complexity,
        reason = "two values that only `Network::of` asks for"
    )]
    fn determined(&self, ends: &[(u32, u32)]) -> Result<(Vec<Set>, Option<(u32, u32)>), ()> {
        let intents: HashMap<u32, u32> = ends.iter().copied().collect();
        let start = self.closure([0]);
        let mut places = HashMap::from([(start.clone(), 0_u32)]);
        let (mut sets, mut open, mut both) = (vec![Set::default()], vec![start], None);
        let mut at = 0;
        while at < open.len() {
            let nodes = open[at].clone();
            let mut complete = nodes.iter().filter_map(|node| intents.get(node).copied());
            let first = complete.next();
            if let (Some(first), Some(second)) = (first, complete.next()) {
                both.get_or_insert((first.min(second), first.max(second)));
            }
            let mut next: BTreeMap<Said, Vec<u32>> = BTreeMap::new();
            for (said, to) in nodes.iter().flat_map(|node| &self.arcs[*node as usize]) {
                if let Some(said) = said {
                    next.entry(*said).or_default().push(*to);
                }
            }
            sets[at].intent = first;
            for (said, nodes) in next {
                let nodes = self.closure(nodes);
                let fresh = u32::try_from(open.len()).unwrap_or(u32::MAX);
                let place = *places.entry(nodes.clone()).or_insert(fresh);
                if place == fresh {
                    open.push(nodes);
                    sets.push(Set::default());
                }
                sets[at].arcs.insert(said, place);
            }
            if open.len() > ARCS_MAX {
                return Err(());
            }
            at += 1;
        }
        Ok((sets, both))
    }
}

/// One node for all sets from which the same can be said. What is said ends, so that sets behind are known first.
///
/// # Source
/// Revuz 1992, "Minimisation of acyclic deterministic automata in linear time".
fn minimal(sets: &[Set]) -> (Vec<WordArc>, Vec<Option<u32>>) {
    let mut classes: Vec<Option<u32>> = vec![None; sets.len()];
    let mut known: HashMap<Rest, u32> = HashMap::new();
    let mut forms: Vec<Rest> = Vec::new();
    let mut open = vec![0_usize];
    while let Some(at) = open.last().copied() {
        let waits = sets[at].arcs.values().find(|to| classes[**to as usize].is_none());
        if let Some(to) = waits {
            open.push(*to as usize);
            continue;
        }
        open.pop();
        let arcs = sets[at].arcs.iter();
        let arcs = arcs.map(|(said, to)| (*said, classes[*to as usize].unwrap_or(u32::MAX)));
        let form = (sets[at].intent, arcs.collect::<Vec<_>>());
        let fresh = u32::try_from(forms.len()).unwrap_or(u32::MAX);
        let class = *known.entry(form.clone()).or_insert(fresh);
        if class == fresh {
            forms.push(form);
        }
        classes[at] = Some(class);
    }
    // The first node is numbered first.
    let last = u32::try_from(forms.len() - 1).unwrap_or(u32::MAX);
    let place = |class: u32| last - class;
    let mut arcs = Vec::new();
    for (class, (_, said)) in (0_u32..).zip(&forms) {
        arcs.extend(said.iter().map(|((word, tag), to)| WordArc {
            from: place(class),
            word: *word,
            tag: *tag,
            to: place(*to),
        }));
    }
    arcs.sort_unstable();
    (arcs, forms.iter().rev().map(|(intent, _)| *intent).collect())
}
