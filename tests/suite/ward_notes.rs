//! The pipeline `ward-notes`: what it drafts has its evidence in the text, whatever the text is.

use std::path::{Path, PathBuf};

use motet::audit::{Audit, LogId};
use motet::auditor::audit_options;
use motet::{AuditSettings, ExecutorChoice, Pipeline, Runner, Value};
use serde_json::Value as Json;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../pipelines/ward-notes")
}

/// A runner with a log of its own; the folder of the log lives as long as it is kept.
fn runner(executor: ExecutorChoice) -> (Pipeline, Runner, tempfile::TempDir) {
    let logs = tempfile::tempdir().unwrap();
    let log = logs.path().join("audit.jsonl");
    drop(Audit::create(&log, LogId::from([7; 16]), audit_options(None)).unwrap());
    let settings = AuditSettings {
        log,
        key: None,
        caller: "test".parse().unwrap(),
        patient: "patient".to_owned(),
    };
    let pipeline = Pipeline::builder().workers(2).executor(executor).audit(settings);
    let pipeline = pipeline.open(folder()).unwrap();
    let runner = pipeline.runner().unwrap();
    (pipeline, runner, logs)
}

/// The masked text, the masked draft, and the document.
fn draft(runner: &mut Runner, note: &str) -> Result<(String, Json, Json), String> {
    let values = [
        ("note", note),
        ("patient", "Patient/17"),
        ("recorded", "2026-03-12T09:30:00Z"),
    ];
    let request = runner.request(values).map_err(|error| error.to_string())?;
    let response = runner.run(&request).map_err(|error| error.to_string())?;
    if let Some((output, failure)) = response.failure() {
        return Err(format!("{output}: {failure}"));
    }
    let field = |output: &str, field: &str| match response.value(output).unwrap().field(field) {
        Some(Value::Text(text)) => text.clone(),
        other => panic!("{output}.{field} is {other:?}"),
    };
    let json = |text: String| serde_json::from_str(&text).unwrap();
    Ok((
        field("safe", "text"),
        json(field("safe", "draft")),
        json(field("document", "bundle")),
    ))
}

/// Every place in a draft, wherever it stands.
fn places<'j>(value: &'j Json, found: &mut Vec<&'j Json>) {
    match value {
        Json::Object(entries) if entries.contains_key("start") => found.push(value),
        Json::Object(entries) => entries.values().for_each(|value| places(value, found)),
        Json::Array(values) => values.iter().for_each(|value| places(value, found)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => (),
    }
}

fn holds(note: &str, (text, draft, bundle): &(String, Json, Json)) {
    let schema = std::fs::read_to_string(folder().join("../../docs/draft.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let faults: Vec<String> = schema.iter_errors(draft).map(|fault| fault.to_string()).collect();
    assert_eq!(faults, Vec::<String>::new());
    let mut found = Vec::new();
    places(draft, &mut found);
    for place in found {
        let at = |value: &Json| usize::try_from(value.as_u64().unwrap()).unwrap();
        assert!(
            text.get(at(&place["start"])..at(&place["end"]))
                .is_some_and(|part| !part.is_empty())
        );
        let source = &place["source"];
        assert!(
            note.get(at(&source[0])..at(&source[1]))
                .is_some_and(|part| !part.is_empty())
        );
    }
    assert_eq!(bundle["type"], "document");
    assert_eq!(bundle["entry"][0]["resource"]["status"], "preliminary");
}

#[test]
fn the_samples_are_answered_as_the_pipeline_says() {
    let (pipeline, mut runner, _logs) = runner(ExecutorChoice::Parallel);
    for test in 0..pipeline.spec().tests.len() {
        let result = pipeline.test(&mut runner, test);
        assert!(result.passed, "{result:?}");
    }
}

#[test]
fn every_executor_drafts_the_same() {
    let note = std::fs::read_to_string(folder().join("inputs/dictation.txt")).unwrap();
    let drafts: Vec<_> = [
        ExecutorChoice::Sequential,
        ExecutorChoice::Parallel,
        ExecutorChoice::Simulated(3),
    ]
    .into_iter()
    .map(|executor| draft(&mut runner(executor).1, &note).unwrap())
    .collect();
    assert!(drafts[0] == drafts[1] && drafts[1] == drafts[2]);
}

#[test]
fn a_note_of_any_kind_has_a_draft_whose_places_are_in_it() {
    let (_, mut runner, _logs) = runner(ExecutorChoice::Sequential);
    let entities = "Aspirin and metformin for diabetes, asthma and gout. ".repeat(1_200);
    let notes = [
        "Denies chest pain.".to_owned(),
        // A talk without turns, and turns without words.
        "I have pain what kind of pain a bad one".to_owned(),
        "Doctor:\nPatient:\nDoctor: ...".to_owned(),
        // From right to left, combining characters, signs beyond the basic plane, control characters.
        "המטופל Mr. Levi נוטל metformin 500 mg פעמיים ביום. מספר 617-555-0123.".to_owned(),
        "Zoe\u{308}'s fie\u{301}vre: cafe\u{301}ine 100\u{202f}mg, \u{1f48a} aspirin \u{1f469}\u{200d}\u{2695}\u{fe0f} b.i.d.".to_owned(),
        "pain\u{0}\u{1}\u{b}\u{7f} in \u{200b}the\u{feff} leg\u{2028}aspirin".to_owned(),
        // More mentions than a draft has room for.
        entities,
        "a".repeat(60_000),
    ];
    for note in &notes {
        let made = draft(&mut runner, note).unwrap();
        holds(note, &made);
    }
    let (_, many, _) = draft(&mut runner, &notes[6]).unwrap();
    assert_eq!(many["findings"].as_array().unwrap().len(), 2_000);
}

#[test]
fn an_empty_note_says_that_nothing_was_drafted_and_a_long_one_is_refused() {
    let (_, mut runner, _logs) = runner(ExecutorChoice::Sequential);
    for note in ["", " \n\t "] {
        let fault = draft(&mut runner, note).unwrap_err();
        assert!(fault.contains("`source` has nothing to show"), "{fault}");
    }
    let (_, draft_of_marks, bundle) = draft(&mut runner, "...").unwrap();
    assert_eq!(draft_of_marks["sections"], serde_json::json!([]));
    assert_eq!(draft_of_marks["remarks"], serde_json::json!(["abstained"]));
    assert!(bundle.to_string().contains("OperationOutcome"));
    let fault = draft(&mut runner, &"pain ".repeat(210_000)).unwrap_err();
    assert!(fault.contains("`note`") && fault.contains("65536"), "{fault}");
}

#[test]
fn a_class_that_nothing_lowers_does_not_leave() {
    let text = std::fs::read_to_string(folder().join("pipeline.yaml")).unwrap();
    // The text itself instead of the masked one, and a finding, into an output that may not have them.
    for (from, to) in [
        ("  safe: safe  ", "  safe: note  "),
        ("  review: look", "  review: look\n  seen: context"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text);
        let Err(error) = Pipeline::builder().text(&changed) else {
            panic!("{from} is accepted as {to}");
        };
        assert!(error.to_string().contains("MT0217"), "{error}");
    }
}

#[test]
fn an_answer_takes_two_lines_in_the_log() {
    let (_, mut runner, logs) = runner(ExecutorChoice::Sequential);
    let log = logs.path().join("audit.jsonl");
    let count = || std::fs::read_to_string(&log).unwrap().lines().count();
    let before = count();
    draft(&mut runner, "Denies fever.").unwrap();
    assert_eq!(count(), before + 2);
    // A log that is taken away takes the answer with it.
    std::fs::remove_file(&log).unwrap();
    assert!(draft(&mut runner, "Denies fever.").is_err());
}

#[test]
fn a_hospital_adds_its_own_headings_and_phrases() {
    let own = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(own.path().join(name), text).unwrap();
    write(
        "pipeline.yaml",
        "motet: 1\npipeline: own\ninputs: {note: \"utf8[T<=4096]\"}\nnodes:\n  \
         sections: {kind: notes/sections, in: note, with: {model: sections@1, headings: headings.tsv}}\n  \
         entities: {kind: model/entities, in: note, with: {model: bc5cdr@1}}\n  \
         context: {kind: notes/context, in: {text: note, entities: entities.entities}, with: {triggers: triggers.tsv, flags: flags.tsv}}\n\
         outputs: {sections: sections, context: context}\n",
    );
    write("headings.tsv", "# Ours.\nMEDICATIONS\tDrugs on the chart\n");
    write("triggers.tsv", "negated\tforward\tnix von\n");
    write("flags.tsv", "own_flag\turgent\tpurple toes\n");
    let open = || Pipeline::open(own.path());
    let mut runner = open().unwrap().runner().unwrap();
    let note = "Drugs on the chart: metformin.\nPlan: Nix von pneumonia. Purple toes at night.";
    let request = runner.request([("note", note)]).unwrap();
    let response = runner.run(&request).unwrap();
    let field = |output: &str, field: &str| match response.value(output).unwrap().field(field) {
        Some(Value::Text(text)) => serde_json::from_str::<Json>(text).unwrap(),
        other => panic!("{output}.{field} is {other:?}"),
    };
    assert_eq!(field("sections", "sections")[0]["header"], "MEDICATIONS");
    assert_eq!(field("context", "risks")[0]["flag"], "own_flag");
    let findings = field("context", "findings");
    let pneumonia = findings
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["kind"] == "disease");
    assert_eq!(pneumonia.unwrap()["presence"], "absent");
    // A line that is none is shown where it stands.
    let check = |name: &str, text: &str, place: &str| {
        let before = std::fs::read_to_string(own.path().join(name)).unwrap();
        write(name, text);
        let Err(error) = open() else {
            panic!("{text} is accepted");
        };
        let error = error.to_string();
        assert!(error.contains("MT0901") && error.contains(place), "{error}");
        write(name, &before);
    };
    check(
        "headings.tsv",
        "CC\tReason\nMEDICINES\tPills\n",
        "`headings.tsv`: line 2",
    );
    check(
        "triggers.tsv",
        "negated\tsideways\tno\n",
        "`triggers.tsv`: line 1",
    );
    check(
        "flags.tsv",
        "\n\nown_flag\tbad\tpurple toes\n",
        "`flags.tsv`: line 3",
    );
}

/// Panics with the words that it reads, as slices off a character boundary do.
struct Slips;

impl motet::NodeKind for Slips {
    fn name(&self) -> &str {
        "test/slips"
    }

    fn about(&self) -> &str {
        "Panics with what it reads."
    }

    fn params(&self) -> Vec<motet::ParamSpec> {
        Vec::new()
    }

    fn inputs(&self, _: &motet::Params) -> Result<motet::InputSpecs, Vec<motet::KindFault>> {
        let text = motet::InputSpec::required("text", motet::Accepts::Any, "a text");
        Ok(motet::InputSpecs {
            named: vec![text],
            further: None,
        })
    }

    fn outputs(
        &self,
        _: &motet::Params,
        _: &[motet::ConnectedInput],
    ) -> Result<Vec<motet::OutputSpec>, Vec<motet::KindFault>> {
        let number = motet::TensorType::scalar(motet_core::port::Element::U8);
        Ok(vec![motet::OutputSpec::new("answer", number)])
    }

    fn cost(&self, _: &motet::Params, _: &motet::Signature, _: &motet::Placement) -> motet::Cost {
        motet::Cost::default()
    }

    fn build(
        &self,
        _: &motet::Params,
        _: &motet::Signature,
        _: &motet::Placement,
    ) -> Result<Box<dyn motet::Node>, motet::BuildError> {
        Ok(Box::new(Slipping))
    }
}

struct Slipping;

impl motet::Node for Slipping {
    fn run(
        &mut self,
        inputs: &motet::Inputs<'_>,
        _: &mut motet::Outputs<'_>,
    ) -> Result<(), motet::NodeError> {
        let text = inputs.require(0)?.text(0)?.to_owned();
        panic!("in `{text}`");
    }
}

#[test]
fn a_panic_does_not_repeat_what_was_confidential() {
    let failure = |class: &str| {
        let text = format!(
            "motet: 1\npipeline: slips\ncontract: {{privacy: {{phi: [answer]}}}}\n\
             inputs: {{note: \"utf8[T<=64] privacy={class}\"}}\n\
             nodes:\n  slip: {{kind: test/slips, in: note}}\noutputs: {{answer: slip}}\n"
        );
        let pipeline = Pipeline::builder().kind(Slips).text(&text).unwrap();
        let mut runner = pipeline.runner().unwrap();
        let request = runner.request([("note", "Zephyrine")]).unwrap();
        let response = runner.run(&request).unwrap();
        response.failure().unwrap().1.to_string()
    };
    assert!(failure("none").contains("Zephyrine"));
    let hushed = failure("phi");
    assert!(
        !hushed.contains("Zephyrine") && hushed.contains("confidential"),
        "{hushed}"
    );
}
