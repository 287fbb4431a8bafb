//! From scores of phones to commands: where somebody speaks, and which utterance of a grammar it is.

use std::ops::Range;

use motet_core::diagnostic::Diagnostics;
use motet_engine::decode::graph::{Search, Step};
use motet_models::speech::Lexicon;
use motet_models::speech::phones::{BLANK, OUTPUTS};

use super::grammar::Grammar;
use super::grammar::network::Network;
use super::grammar::sounds::Sounds;

/// What is taken from the logarithm of a blank before a search. A net that learns by alignments says blanks almost
/// everywhere, so that without it a word with few phones wins over the right one that was heard badly.
///
/// # Source
/// Miao, Gowayyed and Metze 2015, "EESEN: end-to-end speech recognition using deep RNN models and WFST-based decoding",
/// section 3.2, which divides all outputs by their priors. The value is the best of 0, 1 and 2 on every fourth digit of the
/// nets of `benches/digits.py`: 88.6, 89.6 and 87.4 % right, by this search written again in Python, which is not kept.
const BLANK_PRIOR: f32 = 1.0;

/// A grammar that is ready to be heard.
#[derive(Clone, Debug)]
pub struct Listened {
    /// Names of the intents.
    pub intents: Vec<String>,
    /// All that is said, as words.
    pub network: Network,
    sounds: Sounds,
}

/// How commands are told from each other and from everything else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ears {
    /// Longest stretch of speech that is searched at once, in units of the scores; what is longer is cut.
    pub units_max: usize,
    /// Units without a phone that end an utterance.
    pub pause_units: usize,
    /// Further readings of each utterance.
    pub others: usize,
}

/// An utterance and what it means.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// The intent.
    pub intent: u32,
    /// Geometric mean, over the phones, of how likely the reading is against the likeliest phones; from 0 to 1.
    pub confidence: f32,
    /// First unit of its speech, and the one behind the last.
    pub units: [u32; 2],
    /// The words, in their order.
    pub words: Vec<Word>,
    /// The values of slots, in their order.
    pub values: Vec<HeardValue>,
}

/// The value of a slot that was heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeardValue {
    /// Its place among the tags of the network.
    pub tag: u32,
    /// As [`Heard::confidence`], over its own phones alone.
    pub confidence: f32,
    /// First unit of its phones, and the one behind the last.
    pub units: [u32; 2],
}

impl Heard {
    /// The lowest confidence of a value, or that of the command where there is none.
    pub fn weakest(&self) -> f32 {
        let lowest = self.values.iter().map(|value| value.confidence).reduce(f32::min);
        lowest.unwrap_or(self.confidence)
    }
}

/// A word that was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// Its arc in the network.
    pub arc: u32,
    /// First unit of its phones, and the one behind the last.
    pub units: [u32; 2],
}

impl Listened {
    /// Reads what a grammar says as phones.
    ///
    /// # Errors
    /// As [`Network::of`] and [`Sounds::of`].
    pub fn of(grammar: &Grammar, lexicon: &Lexicon) -> Result<Self, Diagnostics> {
        let network = Network::of(grammar)?;
        Ok(Self {
            sounds: Sounds::of(grammar, &network, lexicon)?,
            intents: grammar.intents.iter().map(|intent| intent.name.clone()).collect(),
            network,
        })
    }

    /// Nodes and arcs that are searched.
    pub fn states(&self) -> usize {
        self.sounds.graph.nodes() + self.sounds.graph.arcs()
    }

    /// Bytes that [`Listener`] takes.
    pub fn bytes(&self, ears: &Ears) -> usize {
        let searched = Search::bytes(&self.sounds.graph, ears.units_max);
        searched + 4 * (self.sounds.graph.arcs() + ears.units_max * OUTPUTS)
    }
}

/// A search at work.
#[derive(Clone, Debug)]
pub struct Listener {
    listened: std::sync::Arc<Listened>,
    ears: Ears,
    search: Search,
    /// Of each arc of phones: 0, or minus infinity where a reading may not go.
    weights: Vec<f32>,
    /// Logarithms of probabilities, `[units, outputs]`.
    logarithms: Vec<f32>,
}

impl Listener {
    /// Memory for a grammar.
    pub fn new(listened: std::sync::Arc<Listened>, ears: Ears) -> Self {
        Self {
            search: Search::new(&listened.sounds.graph, ears.units_max),
            weights: vec![0.0; listened.sounds.graph.arcs()],
            logarithms: Vec::with_capacity(ears.units_max * OUTPUTS),
            listened,
            ears,
        }
    }

    /// The stretches in which somebody speaks: runs of units with phones, however short the pauses between them, with half
    /// a pause around. Stretches that are longer than can be searched are cut.
    pub fn stretches(&self, logits: &[f32]) -> Vec<[usize; 2]> {
        let count = logits.len() / OUTPUTS;
        let is_blank = |unit: &usize| {
            let row = &logits[unit * OUTPUTS..][..OUTPUTS];
            row.iter()
                .enumerate()
                .all(|(label, logit)| label == BLANK || *logit <= row[BLANK])
        };
        let margin = self.ears.pause_units.div_ceil(2);
        let mut found: Vec<[usize; 2]> = Vec::new();
        for unit in (0..count).filter(|unit| !is_blank(unit)) {
            match found.last_mut() {
                Some([_, end]) if unit < *end + self.ears.pause_units => *end = unit + 1,
                _ => found.push([unit, unit + 1]),
            }
        }
        let widened = found
            .into_iter()
            .map(|[start, end]| [start.saturating_sub(margin), (end + margin).min(count)]);
        let cut = |[start, end]: [usize; 2]| {
            let starts = (start..end).step_by(self.ears.units_max.max(1));
            starts.map(move |first| [first, (first + self.ears.units_max).min(end)])
        };
        widened.flat_map(cut).collect()
    }

    /// The readings of a stretch, the likeliest first; none where nothing that the grammar says fits into it.
    ///
    /// Further readings are those that differ in what they mean: in the intent, or in a value.
    ///
    /// # Shapes
    /// `logits`: `[units, outputs]`, the scores of the whole sound.
    ///
    /// # Source
    /// Lawler 1972, "A procedure for computing the K best solutions to discrete optimization problems", for the readings
    /// after the first.
    pub fn read(&mut self, logits: &[f32], stretch: [usize; 2]) -> Vec<Heard> {
        let [start, end] = stretch;
        let free = self.take(&logits[start * OUTPUTS..end * OUTPUTS]);
        self.weights.fill(0.0);
        let mut open: Vec<(Found, Vec<Rule>)> = Vec::new();
        open.extend(self.best().map(|found| (found, Vec::new())));
        let mut readings: Vec<Found> = Vec::new();
        while readings.len() <= self.ears.others {
            let best = (0..open.len()).max_by(|a, b| open[*a].0.score.total_cmp(&open[*b].0.score));
            let Some(best) = best else { break };
            let (found, fixed) = open.swap_remove(best);
            // A value may also be left out, so that one reading can be met on several ways.
            let means = self.choices(&found);
            if readings.iter().any(|reading| self.choices(reading) == means) {
                continue;
            }
            if readings.len() < self.ears.others {
                self.split(&found, &fixed, &mut open);
            }
            readings.push(found);
        }
        readings
            .into_iter()
            .map(|found| self.heard(found, start, free))
            .collect()
    }

    /// Takes the logarithms of a stretch and returns the score of the likeliest phones, and how many there are.
    fn take(&mut self, logits: &[f32]) -> (f32, usize) {
        self.logarithms.clear();
        for row in logits.chunks_exact(OUTPUTS) {
            let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let total: f32 = row.iter().map(|logit| (logit - largest).exp()).sum();
            let total = largest + total.ln();
            let start = self.logarithms.len();
            self.logarithms.extend(row.iter().map(|logit| logit - total));
            self.logarithms[start + BLANK] -= BLANK_PRIOR;
        }
        likeliest(&self.logarithms)
    }

    fn best(&mut self) -> Option<Found> {
        let graph = &self.listened.sounds.graph;
        let scores = (self.logarithms.as_slice(), OUTPUTS, BLANK);
        let (steps, score) = self.search.best(graph, scores, &self.weights)?;
        Some(Found {
            steps: steps.to_vec(),
            score,
        })
    }

    /// The best readings that mean something else: each keeps the first choices of a reading and changes the next.
    fn split(&mut self, found: &Found, fixed: &[Rule], open: &mut Vec<(Found, Vec<Rule>)>) {
        let choices = self.choices(found);
        for index in 0..choices.len() {
            let mut rules: Vec<Rule> = fixed.iter().filter(|rule| !rule.is_kept).copied().collect();
            let kept = choices[..index].iter();
            rules.extend(kept.map(|choice| Rule {
                choice: *choice,
                is_kept: true,
            }));
            rules.push(Rule {
                choice: choices[index],
                is_kept: false,
            });
            if rules.len() > RULES_MAX {
                return;
            }
            self.restrict(&rules);
            if let Some(other) = self.best() {
                open.push((other, rules));
            }
        }
        self.weights.fill(0.0);
    }

    /// What a reading has chosen: its intent, then its values.
    fn choices(&self, found: &Found) -> Vec<Choice> {
        let Listened { network, sounds, .. } = &*self.listened;
        let words = found
            .steps
            .iter()
            .filter_map(|step| sounds.ends_word[step.arc as usize]);
        let (mut choices, mut last, mut intent) = (Vec::new(), None, None);
        for arc in words.map(|arc| &network.arcs[arc as usize]) {
            if let Some(tag) = arc.tag.filter(|tag| Some(*tag) != last) {
                choices.push(Choice::Value(tag));
            }
            last = arc.tag;
            intent = network.ends[arc.to as usize];
        }
        choices.splice(0..0, intent.map(Choice::Intent));
        choices
    }

    /// Closes the ways that rules forbid: to an intent or a value that is not kept, and to another value under the name of
    /// one that is.
    fn restrict(&mut self, rules: &[Rule]) {
        let Listened { network, sounds, .. } = &*self.listened;
        let name = |tag: u32| &network.tags[tag as usize].name;
        for (weight, word) in self.weights.iter_mut().zip(&sounds.ends_word) {
            let Some(arc) = word.map(|arc| &network.arcs[arc as usize]) else {
                continue;
            };
            let closes = |rule: &Rule| match (rule.choice, arc.tag) {
                (Choice::Intent(intent), _) => !rule.is_kept && network.ends[arc.to as usize] == Some(intent),
                (Choice::Value(value), Some(tag)) if rule.is_kept => tag != value && name(tag) == name(value),
                (Choice::Value(value), tag) => !rule.is_kept && tag == Some(value),
            };
            *weight = if rules.iter().any(closes) {
                f32::NEG_INFINITY
            } else {
                0.0
            };
        }
    }

    fn heard(&self, found: Found, start: usize, (free, phones): (f32, usize)) -> Heard {
        let Listened { network, sounds, .. } = &*self.listened;
        let unit = |unit: u32| u32::try_from(start).unwrap_or(u32::MAX).saturating_add(unit);
        let mut words = Vec::new();
        let mut values: Vec<(u32, Range<usize>)> = Vec::new();
        let (mut first, mut is_open) = (0, false);
        for (index, step) in found.steps.iter().enumerate() {
            let Some(arc) = sounds.ends_word[step.arc as usize] else {
                continue;
            };
            words.push(Word {
                arc,
                units: [unit(found.steps[first].start), unit(step.end)],
            });
            let tag = network.arcs[arc as usize].tag;
            match (tag, values.last_mut()) {
                (Some(tag), Some((last, steps))) if is_open && *last == tag => steps.end = index + 1,
                (Some(tag), _) => values.push((tag, first..index + 1)),
                (None, _) => (),
            }
            (first, is_open) = (index + 1, tag.is_some());
        }
        let node = words.last().map_or(0, |word| network.arcs[word.arc as usize].to);
        let said = found.steps.len().max(phones);
        Heard {
            intent: network.ends[node as usize].unwrap_or(0),
            confidence: ratio(found.score - free, said),
            units: [
                words.first().map_or(0, |word| word.units[0]),
                words.last().map_or(0, |word| word.units[1]),
            ],
            values: values
                .into_iter()
                .map(|(tag, steps)| HeardValue {
                    tag,
                    confidence: self.confidence_of(&found.steps, &steps),
                    units: [
                        unit(found.steps[steps.start].start),
                        unit(found.steps[steps.end - 1].end),
                    ],
                })
                .collect(),
            words,
        }
    }

    /// How likely these steps are against the likeliest phones from the step before them to the one behind.
    fn confidence_of(&self, steps: &[Step], part: &Range<usize>) -> f32 {
        let chosen = &steps[part.clone()];
        let (Some(first), Some(last)) = (chosen.first(), chosen.last()) else {
            return 0.0;
        };
        let before = part
            .start
            .checked_sub(1)
            .map_or(first.start, |index| steps[index].end);
        let behind = steps.get(part.end).map_or(last.end, |step| step.start);
        let window = before as usize * OUTPUTS..behind as usize * OUTPUTS;
        let (free, phones) = likeliest(&self.logarithms[window]);
        let blank = |unit: u32| self.logarithms[unit as usize * OUTPUTS + BLANK];
        let is_said = |unit: &u32| chosen.iter().any(|step| (step.start..step.end).contains(unit));
        let blanks: f32 = (before..behind).filter(|unit| !is_said(unit)).map(blank).sum();
        let said: f32 = chosen.iter().map(|step| step.score).sum();
        ratio(said + blanks - free, chosen.len().max(phones))
    }
}

/// The score of the likeliest phones, and how many there are.
fn likeliest(logarithms: &[f32]) -> (f32, usize) {
    let (mut score, mut phones, mut last) = (0.0, 0, BLANK);
    for row in logarithms.chunks_exact(OUTPUTS) {
        let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let best = (0..OUTPUTS).find(|label| row[*label] >= largest).unwrap_or(BLANK);
        phones += usize::from(best != BLANK && best != last);
        last = best;
        score += largest;
    }
    (score, phones)
}

/// The geometric mean of a ratio over phones, of which a score is the logarithm.
fn ratio(score: f32, phones: usize) -> f32 {
    (score / phones.max(1) as f32).exp().clamp(0.0, 1.0)
}

/// Most rules that one reading is restricted by.
const RULES_MAX: usize = 64;

/// A path, and its score.
#[derive(Clone, Debug)]
struct Found {
    steps: Vec<Step>,
    score: f32,
}

/// A part of what a reading means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    Intent(u32),
    /// A value under a name.
    Value(u32),
}

/// What a reading must have, or must not have.
#[derive(Clone, Copy, Debug)]
struct Rule {
    choice: Choice,
    is_kept: bool,
}

#[cfg(test)]
mod tests;
