//! Reads the sections of a pipeline file.

use std::sync::Arc;

use super::reader::{At, Reader, mend_name};
use super::settings::{self, Settings};
use super::{AgentEntry, Contract, Expectation, InputEntry, OutputEntry, Spec, TestEntry, contract, node};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Label, Source, Span, nearest};
use crate::limits::{AGENTS_MAX, INPUTS_MAX, NAME_BYTES_MAX};
use crate::port::PortType;
use crate::yaml::{self, Path, Place, Yaml};

const SECTIONS: [&str; 11] = [
    "motet", "pipeline", "about", "params", "contract", "types", "inputs", "agents", "nodes", "outputs",
    "tests",
];

pub(super) fn read(source: Arc<Source>, settings: &Settings) -> Result<Spec, Diagnostics> {
    let mut document = yaml::read(&source.text).map_err(|fault| not_a_document(&source, *fault))?;
    let mut reader = Reader::new(source);
    settings::substitute(&mut reader, &mut document, settings);
    let root = At {
        value: &document,
        path: Path::root(),
    };
    let spec = sections(&mut reader, &root);
    reader.into_faults().or(spec).map(|(spec, _)| spec)
}

pub(super) fn not_a_document(source: &Arc<Source>, fault: yaml::YamlFault) -> Diagnostics {
    let at = |line, column| {
        let offset = yaml::offset_of(&source.text, line, column);
        Span::new(source, offset..offset + 1)
    };
    let mut diagnostic = Diagnostic::error(fault.code, at(fault.at.0, fault.at.1), fault.message);
    diagnostic.help = fault.help.map(str::to_owned);
    if let Some((range, by)) = fault.fix {
        diagnostic = diagnostic.fix(Span::new(source, range), by);
    }
    Diagnostics::from(match fault.also {
        Some((yaml::Also::At(line, column), text)) => diagnostic.and(at(line, column), text),
        Some((yaml::Also::Key(path), text)) => {
            let first = path.find(source, Place::Key);
            // The second key is as long as the first.
            let length = first.text().len();
            let widen = |label: &mut Label| label.span = label.span.within(0..length);
            diagnostic.labels.iter_mut().for_each(widen);
            diagnostic.and(first, text)
        }
        None => diagnostic,
    })
}

fn sections(reader: &mut Reader, root: &At<'_>) -> Spec {
    let known = reader.known(root, "a pipeline file", &SECTIONS);
    version(reader, root);
    let mut spec = Spec {
        source: Arc::clone(&reader.source),
        pipeline: String::new(),
        about: None,
        contract: Contract::default(),
        inputs: Vec::new(),
        agents: Vec::new(),
        nodes: Vec::new(),
        outputs: Vec::new(),
        tests: Vec::new(),
    };
    if let Some(at) = reader.required(root, "the file", "pipeline", "pipeline: my-pipeline")
        && let Some(name) = reader.text(&at, "the name of the pipeline")
    {
        pipeline_name(reader, &name, &at);
        spec.pipeline = name;
    }
    for (section, example) in [
        ("inputs", "inputs: {mic: \"f32[T<=48000] rate=16kHz\"}"),
        ("outputs", "outputs: {answer: node}"),
    ] {
        reader.required(root, "the file", section, example);
    }
    let types = root.value.get("types").map(|value| {
        types(
            reader,
            &At {
                value,
                path: Path::root().key("types"),
            },
        )
    });
    let types = types.unwrap_or_default();
    for (section, at) in known {
        match section {
            "about" => spec.about = reader.text(&at, "a sentence"),
            "contract" => spec.contract = contract::read(reader, &at),
            "inputs" => spec.inputs = inputs(reader, &at, &types),
            "agents" => spec.agents = agents(reader, &at),
            "nodes" => spec.nodes = node::read(reader, &at),
            "outputs" => spec.outputs = outputs(reader, &at),
            "tests" => spec.tests = tests(reader, &at),
            _ => {}
        }
    }
    unique_names(reader, &spec);
    spec
}

fn version(reader: &mut Reader, root: &At<'_>) {
    let Yaml::Map(_) = root.value else { return };
    let path = Path::root().key("motet");
    match root.value.get("motet") {
        Some(Yaml::Integer(1)) => {}
        Some(other) => {
            let span = reader.span(&path, Place::Value);
            let message = format!(
                "this program reads version 1 of the format, not {}",
                other.describe()
            );
            let fault = Diagnostic::error(Code("MT0110"), span.clone(), message);
            reader.faults.push(fault.help("write `motet: 1`").fix(span, "1"));
        }
        None => {
            let span = reader.span(&Path::root(), Place::Value);
            let fault = Diagnostic::error(Code("MT0110"), span.clone(), "the file does not say its version");
            let start = Span::new(&reader.source, span.range.start..span.range.start);
            reader.faults.push(
                fault
                    .help("begin the file with `motet: 1`")
                    .fix(start, "motet: 1\n"),
            );
        }
    }
}

/// A pipeline's name may begin with a digit; apart from that it is a name like any other.
fn pipeline_name(reader: &mut Reader, name: &str, at: &At<'_>) {
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if name.len() <= NAME_BYTES_MAX && !name.is_empty() && name.chars().all(letters) {
        return;
    }
    let span = reader.span(&at.path, Place::Value);
    let message = format!("`{}` is not a name", name.escape_debug());
    let fault = Diagnostic::error(Code("MT0114"), span.clone(), message);
    let fault = fault.help(format!(
        "use at most {NAME_BYTES_MAX} lower-case letters, digits, `_` and `-`"
    ));
    let mended = mend_name(name);
    let certain = !mended.is_empty() && mended.len() <= NAME_BYTES_MAX;
    reader
        .faults
        .push(if certain { fault.fix(span, mended) } else { fault });
}

fn types(reader: &mut Reader, at: &At<'_>) -> Vec<(String, PortType)> {
    let mut types: Vec<(String, PortType)> = Vec::new();
    for (name, at) in reader.entries(at, "a mapping of names to types") {
        if reader.name(name, &at.path) {
            let port = port_type(reader, &at, &types);
            types.extend(port.map(|port| (name.to_owned(), port)));
        }
    }
    types
}

fn port_type(reader: &mut Reader, at: &At<'_>, types: &[(String, PortType)]) -> Option<PortType> {
    let text = reader.text(at, "a type such as `f32[T<=48000] rate=16kHz`")?;
    if let Some((_, port)) = types.iter().find(|(name, _)| *name == text) {
        return Some(port.clone());
    }
    match PortType::parse(&text) {
        Ok(port) => Some(port),
        Err(fault) => {
            let value = reader.span(&at.path, Place::Value);
            let names = types.iter().map(|(name, _)| name.as_str());
            if let Some(name) = nearest(&text, names) {
                let message = format!("there is no type `{text}`");
                let fault = Diagnostic::error(Code("MT0115"), value.clone(), message);
                let fault = fault.help(format!("did you mean the type `{name}`?"));
                reader.faults.push(fault.fix(value, name));
                return None;
            }
            let inner = yaml::inner(&value, &text);
            let exact = inner.is_some();
            let span = inner.map_or(value, |inner| inner.within(fault.range));
            let mut diagnostic = Diagnostic::error(Code("MT0115"), span.clone(), fault.message);
            if let Some(replacement) = fault.replacement.filter(|_| exact) {
                diagnostic = diagnostic.fix(span, replacement);
            }
            diagnostic.help = fault
                .help
                .or_else(|| Some("see the types in docs/pipeline-format.md".to_owned()));
            reader.faults.push(diagnostic);
            None
        }
    }
}

fn inputs(reader: &mut Reader, at: &At<'_>, types: &[(String, PortType)]) -> Vec<InputEntry> {
    let mut inputs = Vec::new();
    for (name, at) in reader.entries(at, "a mapping of names to types") {
        let named = reader.name(name, &at.path);
        let port = port_type(reader, &at, types);
        if let (true, Some(port)) = (named, port) {
            inputs.push(InputEntry {
                name: name.to_owned(),
                port,
                path: at.path,
            });
        }
    }
    too_many(reader, at, inputs.len(), INPUTS_MAX, "inputs");
    inputs
}

pub(super) fn too_many(reader: &mut Reader, at: &At<'_>, count: usize, max: usize, what: &str) {
    if count > max {
        let span = reader.span(&at.path, Place::Key);
        let message = format!("there are {count} {what}; at most {max} are allowed");
        let fault = Diagnostic::error(Code("MT0117"), span, message);
        reader
            .faults
            .push(fault.help("split the pipeline, or put values of one kind into one"));
    }
}

fn agents(reader: &mut Reader, at: &At<'_>) -> Vec<AgentEntry> {
    let mut agents = Vec::new();
    let entries = reader.entries(at, "a mapping of names to agents");
    too_many(reader, at, entries.len(), AGENTS_MAX, "agents");
    for (name, at) in entries.into_iter().take(AGENTS_MAX) {
        let named = reader.name(name, &at.path);
        let what = format!("agent `{name}`");
        let entries = reader.known(&at, &what, &["use", "in", "with"]);
        let Some(uses) = reader.required(&at, &what, "use", "use: ../other-pipeline") else {
            continue;
        };
        let Some(uses) = reader.text(&uses, "the folder of a pipeline") else {
            continue;
        };
        let mut agent = AgentEntry {
            name: name.to_owned(),
            uses,
            inputs: Vec::new(),
            with: Vec::new(),
            path: at.path.clone(),
        };
        for (key, at) in entries {
            match key {
                "in" => {
                    for (port, at) in reader.entries(&at, "a mapping of the agent's inputs") {
                        agent.inputs.extend(
                            reader
                                .reference(&at)
                                .map(|reference| (port.to_owned(), reference)),
                        );
                    }
                }
                "with" => {
                    let with = reader.entries(&at, "a mapping of the agent's parameters");
                    agent.with = with
                        .into_iter()
                        .map(|(key, at)| (key.to_owned(), at.value.clone()))
                        .collect();
                }
                _ => {}
            }
        }
        if named {
            agents.push(agent);
        }
    }
    agents
}

fn outputs(reader: &mut Reader, at: &At<'_>) -> Vec<OutputEntry> {
    let mut outputs = Vec::new();
    let entries = reader.entries(at, "a mapping of names to what they give");
    if entries.is_empty() && matches!(at.value, Yaml::Map(_)) {
        let span = reader.span(&at.path, Place::Key);
        let fault = Diagnostic::error(Code("MT0112"), span, "the pipeline has no output");
        reader
            .faults
            .push(fault.help("name what it gives, as in `outputs: {answer: node}`"));
    }
    for (name, at) in entries {
        let named = reader.name(name, &at.path);
        if let (true, Some(from)) = (named, reader.reference(&at)) {
            outputs.push(OutputEntry {
                name: name.to_owned(),
                from,
            });
        }
    }
    outputs
}

fn tests(reader: &mut Reader, at: &At<'_>) -> Vec<TestEntry> {
    let mut tests = Vec::new();
    for (name, at) in reader.entries(at, "a mapping of sentences to cases") {
        let what = format!("test `{name}`");
        reader.known(&at, &what, &["feed", "expect"]);
        let feed = reader.required(&at, &what, "feed", "feed: {mic: inputs/stop.flac}");
        let expect = reader.required(&at, &what, "expect", "expect: {decision.action: stop}");
        let (Some(feed), Some(expect)) = (feed, expect) else {
            continue;
        };
        let feed = reader.entries(&feed, "a mapping of inputs to values");
        tests.push(TestEntry {
            name: name.to_owned(),
            feed: feed
                .into_iter()
                .map(|(key, at)| (key.to_owned(), at.value.clone()))
                .collect(),
            expect: expectations(reader, &expect),
            path: at.path,
        });
    }
    tests
}

/// `{decision.action: stop}` or `["decision.score > 0.7"]`.
fn expectations(reader: &mut Reader, at: &At<'_>) -> Vec<Expectation> {
    let mut expectations = Vec::new();
    match at.value {
        Yaml::List(items) => {
            for (index, value) in items.iter().enumerate() {
                let at = At {
                    value,
                    path: at.path.index(index),
                };
                if let Some(text) = reader.text(&at, "a condition such as `decision.score > 0.7`") {
                    expectations.push(Expectation {
                        condition: text.clone(),
                        text,
                        path: at.path,
                    });
                }
            }
        }
        Yaml::Map(_) => {
            for (output, at) in reader.entries(at, "a mapping of outputs to values") {
                let literal = match at.value {
                    Yaml::Text(text) => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
                    Yaml::Bool(value) => value.to_string(),
                    Yaml::Integer(value) => value.to_string(),
                    Yaml::Number(value) => format!("{value:?}"),
                    Yaml::Null | Yaml::List(_) | Yaml::Map(_) => {
                        reader.wrong(
                            &at,
                            "a text, a number, `true` or `false`",
                            Some("decision.action: stop"),
                        );
                        continue;
                    }
                };
                let text = format!("{output}: {}", literal.trim_matches('\''));
                expectations.push(Expectation {
                    text,
                    condition: format!("{output} == {literal}"),
                    path: at.path,
                });
            }
        }
        _ => reader.wrong(
            at,
            "a mapping of outputs to values, or a list of conditions",
            None,
        ),
    }
    expectations
}

/// Inputs, nodes and agents share one space of names.
fn unique_names(reader: &mut Reader, spec: &Spec) {
    let inputs = spec
        .inputs
        .iter()
        .map(|entry| (&entry.name, &entry.path, "an input"));
    let agents = spec
        .agents
        .iter()
        .map(|entry| (&entry.name, &entry.path, "an agent"));
    let nodes = spec
        .nodes
        .iter()
        .map(|entry| (&entry.name, &entry.path, "a node"));
    let mut seen = std::collections::BTreeMap::new();
    for (name, path, what) in inputs.chain(agents).chain(nodes) {
        if let Some((first, first_what)) = seen.insert(name, (path, what)) {
            let first = reader.span(first, Place::Key);
            let span = reader.span(path, Place::Key);
            let fault = Diagnostic::error(
                Code("MT0223"),
                span,
                format!("`{name}` is {what} and {first_what}"),
            );
            reader.faults.push(
                fault
                    .and(first, "the name is taken here")
                    .help("rename one of them"),
            );
        }
    }
}
