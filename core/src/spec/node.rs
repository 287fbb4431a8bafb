//! Reads `nodes:`.

use super::reader::{At, Reader};
use super::section::too_many;
use super::{NodeEntry, OnError, PlaceWish, PrecisionWish};
use crate::limits::NODES_MAX;
use crate::placement::Precision;
use crate::yaml::Yaml;

pub(super) fn read(reader: &mut Reader, at: &At<'_>) -> Vec<NodeEntry> {
    let mut nodes = Vec::new();
    let entries = reader.entries(at, "a mapping of names to nodes");
    too_many(reader, at, entries.len(), NODES_MAX, "nodes");
    for (name, at) in entries.into_iter().take(NODES_MAX) {
        let named = reader.name(name, &at.path);
        if let (true, Some(node)) = (named, node(reader, name, &at)) {
            nodes.push(node);
        }
    }
    nodes
}

fn node(reader: &mut Reader, name: &str, at: &At<'_>) -> Option<NodeEntry> {
    let what = format!("node `{name}`");
    let entries = reader.known(
        at,
        &what,
        &["kind", "in", "with", "when", "place", "precision", "on_error"],
    );
    let kind = reader.required(at, &what, "kind", "kind: audio/log-mel")?;
    let mut node = NodeEntry {
        name: name.to_owned(),
        kind: reader.text(&kind, "the name of a kind, as in `audio/log-mel`")?,
        inputs: Vec::new(),
        with: Vec::new(),
        when: None,
        place: PlaceWish::Auto,
        precision: PrecisionWish::default(),
        on_error: OnError::Fail,
        path: at.path.clone(),
    };
    for (key, at) in entries {
        match key {
            "in" => node.inputs = node_inputs(reader, &at),
            "with" => {
                let with = reader.entries(&at, "a mapping of parameters");
                node.with = with
                    .into_iter()
                    .map(|(key, at)| (key.to_owned(), at.value.clone()))
                    .collect();
            }
            "when" => node.when = reader.text(&at, "a condition such as `alarm.score > 0.8`"),
            "place" => {
                let words = [
                    ("auto", PlaceWish::Auto),
                    ("cpu", PlaceWish::Cpu),
                    ("gpu", PlaceWish::Gpu),
                ];
                node.place = reader.choice(&at, &words).unwrap_or_default();
            }
            "precision" => {
                let exactly =
                    Precision::ALL.map(|precision| (precision.name(), PrecisionWish::Exactly(precision)));
                let words: Vec<_> = std::iter::once(("auto", PrecisionWish::Auto))
                    .chain(exactly)
                    .collect();
                node.precision = reader.choice(&at, &words).unwrap_or_default();
            }
            "on_error" => {
                let words = [
                    ("fail", OnError::Fail),
                    ("absent", OnError::Absent),
                    ("last_good", OnError::LastGood),
                ];
                node.on_error = reader.choice(&at, &words).unwrap_or_default();
            }
            _ => {}
        }
    }
    Some(node)
}

fn node_inputs(reader: &mut Reader, at: &At<'_>) -> Vec<(Option<String>, super::Reference)> {
    match at.value {
        Yaml::Text(_) => reader
            .reference(at)
            .map(|reference| (None, reference))
            .into_iter()
            .collect(),
        Yaml::Map(_) => {
            let mut inputs = Vec::new();
            for (port, at) in reader.entries(at, "a mapping of inputs") {
                if reader.name(port, &at.path) {
                    inputs.extend(
                        reader
                            .reference(&at)
                            .map(|reference| (Some(port.to_owned()), reference)),
                    );
                }
            }
            inputs
        }
        _ => {
            reader.wrong(
                at,
                "a name, or a mapping of inputs to names",
                Some("in: {signal: mel}"),
            );
            Vec::new()
        }
    }
}
