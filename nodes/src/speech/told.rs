//! Commands as values: the fields of the one that counts, and all of them as JSON.

use std::sync::Arc;

use motet_core::arena::WriteLease;
use motet_core::node::NodeError;
use serde::Serialize;

use super::listen::{Heard, Listened};

/// Longest list of commands, in bytes; what is beyond is counted and left out.
pub(super) const COMMANDS_BYTES: usize = 32 << 10;

/// Fields before those of slots.
pub(super) const FIELDS: [&str; 8] = [
    "intent",
    "accepted",
    "confidence",
    "start",
    "end",
    "count",
    "commands",
    "weakest",
];

/// What was heard in one recording.
pub(super) struct Told {
    listened: Arc<Listened>,
    /// Names of slots, in the order of their fields.
    names: Vec<String>,
    /// Seconds of a unit.
    unit_s: f32,
    /// Seconds of silence before the sound.
    silence_s: f32,
    /// Least confidence of a command, and of each of its values.
    thresholds: [f32; 2],
    /// How many stretches of speech there are.
    count: i32,
    /// The command that counts: the first that is accepted, or else the surest.
    chosen: Option<Chosen>,
    json: Vec<u8>,
    is_full: bool,
}

struct Chosen {
    is_accepted: bool,
    heard: Heard,
}

/// A reading as it is told.
#[derive(Serialize)]
struct Reading<'a> {
    intent: &'a str,
    confidence: f32,
    text: String,
    slots: Vec<SlotTold<'a>>,
}

#[derive(Serialize)]
struct SlotTold<'a> {
    name: &'a str,
    value: &'a str,
    confidence: f32,
    start: f32,
    end: f32,
}

/// A stretch of speech as it is told; without a reading, nothing that the grammar says fits into it.
#[derive(Serialize)]
struct Stretch<'a> {
    start: f32,
    end: f32,
    accepted: bool,
    #[serde(flatten)]
    reading: Option<Reading<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    others: Vec<Reading<'a>>,
}

impl Listened {
    /// Names of slots with the bytes of their longest value, by name.
    pub(super) fn slots(&self) -> Vec<(&str, usize)> {
        let mut slots: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
        for tag in &self.network.tags {
            let longest = slots.entry(&tag.name).or_default();
            *longest = (*longest).max(tag.value.len());
        }
        slots.into_iter().collect()
    }
}

impl Told {
    pub(super) fn new(
        listened: Arc<Listened>,
        (rate_mhz, thresholds, silence_s): (u64, [f32; 2], f32),
    ) -> Self {
        Self {
            names: listened
                .slots()
                .into_iter()
                .map(|(name, _)| name.to_owned())
                .collect(),
            unit_s: 1e3 / rate_mhz as f32,
            silence_s,
            thresholds,
            count: 0,
            chosen: None,
            json: Vec::with_capacity(COMMANDS_BYTES),
            is_full: false,
            listened,
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.count = 0;
        self.chosen = None;
        self.json.clear();
        self.json.push(b'[');
        self.is_full = false;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds a stretch of speech with its readings, the likeliest first.
    pub(super) fn add(&mut self, stretch: [usize; 2], readings: &[Heard]) {
        self.count = self.count.saturating_add(1);
        let first = readings.first();
        let [least, weakest] = self.thresholds;
        let is_accepted = first.is_some_and(|heard| {
            heard.confidence >= least && heard.values.iter().all(|value| value.confidence >= weakest)
        });
        let told = Stretch {
            start: self.seconds(first.map_or(stretch[0], |heard| heard.units[0] as usize)),
            end: self.seconds(first.map_or(stretch[1], |heard| heard.units[1] as usize)),
            accepted: is_accepted,
            reading: first.map(|heard| self.reading(heard)),
            others: readings.iter().skip(1).map(|heard| self.reading(heard)).collect(),
        };
        let text = serde_json::to_vec(&told).unwrap_or_default();
        // A comma before it, a bracket behind the last.
        self.is_full |= self.json.len() + text.len() + 2 > COMMANDS_BYTES;
        if !self.is_full {
            if self.json.len() > 1 {
                self.json.push(b',');
            }
            self.json.extend_from_slice(&text);
        }
        let Some(heard) = first else { return };
        let is_better = match &self.chosen {
            None => true,
            Some(chosen) => {
                !chosen.is_accepted && (is_accepted || heard.confidence > chosen.heard.confidence)
            }
        };
        if is_better {
            self.chosen = Some(Chosen {
                is_accepted,
                heard: heard.clone(),
            });
        }
    }

    /// The time of a unit in the sound, to the millisecond.
    fn seconds(&self, unit: usize) -> f32 {
        let time_s = (self.unit_s * unit as f32 - self.silence_s).max(0.0);
        (1e3 * time_s).round() / 1e3
    }

    fn reading(&self, heard: &Heard) -> Reading<'_> {
        let network = &self.listened.network;
        let words: Vec<&str> = heard
            .words
            .iter()
            .map(|word| network.words[network.arcs[word.arc as usize].word as usize].as_str())
            .collect();
        let slots = heard.values.iter().map(|value| SlotTold {
            name: &network.tags[value.tag as usize].name,
            value: &network.tags[value.tag as usize].value,
            confidence: value.confidence,
            start: self.seconds(value.units[0] as usize),
            end: self.seconds(value.units[1] as usize),
        });
        Reading {
            intent: &self.listened.intents[heard.intent as usize],
            confidence: heard.confidence,
            text: words.join(" "),
            slots: slots.collect(),
        }
    }

    /// Writes the command that counts.
    pub(super) fn write(&mut self, out: &mut WriteLease) -> Result<(), NodeError> {
        self.json.push(b']');
        let network = &self.listened.network;
        let chosen = self.chosen.as_ref();
        let intent = chosen.map_or("", |chosen| &self.listened.intents[chosen.heard.intent as usize]);
        let units = chosen.map_or([0; 2], |chosen| chosen.heard.units);
        out.text(0, intent)?;
        let is_accepted = chosen.is_some_and(|chosen| chosen.is_accepted);
        out.tensor::<u8>(1, &[])?.fill(u8::from(is_accepted));
        out.tensor::<f32>(2, &[])?
            .fill(chosen.map_or(0.0, |chosen| chosen.heard.confidence));
        out.tensor::<f32>(3, &[])?.fill(self.seconds(units[0] as usize));
        out.tensor::<f32>(4, &[])?.fill(self.seconds(units[1] as usize));
        out.tensor::<i32>(5, &[])?.fill(self.count);
        out.text(6, std::str::from_utf8(&self.json).unwrap_or("[]"))?;
        out.tensor::<f32>(7, &[])?
            .fill(chosen.map_or(0.0, |chosen| chosen.heard.weakest()));
        let values = chosen.map_or(&[][..], |chosen| &chosen.heard.values);
        for (index, name) in self.names.iter().enumerate() {
            let mut tags = values.iter().map(|value| &network.tags[value.tag as usize]);
            let value = tags.find(|tag| tag.name == *name).map_or("", |tag| &tag.value);
            out.text(FIELDS.len() + index, value)?;
        }
        Ok(())
    }
}
