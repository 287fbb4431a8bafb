//! Reads `contract:`.

use super::reader::{At, Reader};
use super::{ChainEntry, Contract};
use crate::diagnostic::{Code, Diagnostic};
use crate::port::Privacy;
use crate::yaml::{Place, Yaml};

/// Most stations on one chain.
const STATIONS_MAX: usize = 256;

pub(super) fn read(reader: &mut Reader, at: &At<'_>) -> Contract {
    let mut contract = Contract::default();
    for (key, at) in reader.known(
        at,
        "`contract`",
        &["memory", "egress", "privacy", "audit", "deadline", "chains"],
    ) {
        match key {
            "memory" => memory(reader, &at, &mut contract),
            "egress" => {
                let mut places = reader.texts(&at, "`none` or a list of addresses");
                places.retain(|place| place != "none");
                contract.egress = Some((places, at.path));
            }
            "privacy" => {
                for (key, at) in reader.known(&at, "`privacy`", &["personal", "phi"]) {
                    let class = if key == "phi" {
                        Privacy::Phi
                    } else {
                        Privacy::Personal
                    };
                    let outputs = reader.texts(&at, "a list of outputs");
                    contract.privacy.push((class, outputs, at.path));
                }
            }
            "audit" => {
                let found = reader.choice(&at, &[("required", true), ("none", false)]);
                contract.is_audited = found.unwrap_or_default();
            }
            "deadline" => contract.deadline = reader.duration(&at),
            _ => {
                for (name, at) in reader.entries(&at, "a mapping of names to chains") {
                    contract.chains.extend(chain(reader, name, &at));
                }
            }
        }
    }
    contract
}

/// A share is written as a number here; a percentage is turned into one.
fn wrong_quantile(reader: &mut Reader, at: &At<'_>) {
    let percent = at
        .value
        .scalar_text()
        .and_then(|text| text.trim_end_matches(['%', ' ']).parse::<f64>().ok());
    let Some(percent) = percent.filter(|percent| *percent > 1.0 && *percent <= 100.0) else {
        reader.wrong(at, "a number above 0 and at most 1", Some("quantile: 0.99"));
        return;
    };
    let span = reader.span(&at.path, Place::Value);
    let message = format!(
        "expected a number above 0 and at most 1, found {}",
        at.value.describe()
    );
    // Rounded, for 99.9 / 100 is 0.9990000000000001.
    let share = (percent * 1e7).round() / 1e9;
    let fault = Diagnostic::error(Code("MT0113"), span.clone(), message);
    reader.faults.push(
        fault
            .help(format!("did you mean `{share}`?"))
            .fix(span, share.to_string()),
    );
}

fn memory(reader: &mut Reader, at: &At<'_>, contract: &mut Contract) {
    for (key, at) in reader.known(at, "`memory`", &["cpu", "gpu"]) {
        let Some(bytes) = reader.bytes(&at) else { continue };
        if key == "cpu" {
            contract.memory_cpu_bytes = Some((bytes, at.path));
        } else {
            contract.memory_gpu_bytes = Some((bytes, at.path));
        }
    }
}

fn chain(reader: &mut Reader, name: &str, at: &At<'_>) -> Option<ChainEntry> {
    let named = reader.name(name, &at.path);
    let entries = reader.known(at, "a chain", &["path", "deadline", "quantile", "headroom"]);
    let what = format!("chain `{name}`");
    let path = reader.required(at, &what, "path", "path: mic -> mel -> decide");
    let deadline = reader.required(at, &what, "deadline", "deadline: 100 ms");
    let mut quantile = 1.0;
    let mut headroom = 0.0;
    for (key, at) in entries {
        match (key, at.value.number()) {
            ("quantile", Some(share)) if share > 0.0 && share <= 1.0 => quantile = share,
            ("quantile", _) => wrong_quantile(reader, &at),
            ("headroom", _) => headroom = reader.share(&at).unwrap_or(0.0),
            _ => {}
        }
    }
    let (path, deadline) = (path?, deadline?);
    let deadline = reader.duration(&deadline);
    let stations: Vec<String> = match path.value {
        Yaml::Text(text) => text
            .split("->")
            .map(|station| station.trim().to_owned())
            .collect(),
        _ => {
            reader.wrong(
                &path,
                "names with `->` between",
                Some("path: mic -> mel -> decide"),
            );
            return None;
        }
    };
    if stations.len() < 2 || stations.len() > STATIONS_MAX || stations.iter().any(String::is_empty) {
        let span = reader.span(&path.path, Place::Value);
        let message = "a chain names an input, nodes along the way and its last node";
        let fault = Diagnostic::error(Code("MT0113"), span, message);
        reader
            .faults
            .push(fault.help("write at least two names, as in `mic -> mel -> decide`"));
        return None;
    }
    let deadline = deadline.filter(|_| named)?;
    Some(ChainEntry {
        name: name.to_owned(),
        stations,
        deadline,
        quantile,
        headroom,
        path: path.path,
    })
}
