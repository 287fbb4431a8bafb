//! The kind on a small model written for each test.

use std::collections::BTreeMap;
use std::path::Path;

use motet_models::card::{Card, Ports, SeedChoice, Weights, sha256};
use motet_models::decide::{Abstain, ScopeScore};
use motet_models::linear::Terms;
use motet_models::linear::model::LinearCard;
use motet_models::model::NetCard;
use tempfile::TempDir;

use super::super::tests::sources;
use super::*;
use crate::trial::{Trial, Value};

/// Writes the model `small@1`: `cough` is `HX`, `mother` is `FAM`.
fn write(folder: &Path, change: impl FnOnce(&mut LinearCard)) -> LinearModel {
    let terms = Terms {
        rows: 512,
        grams: 1,
        run_min: 3,
        run_max: 0,
        words_max: 6,
    };
    let (mut idf, mut weights) = (vec![0.0; 512], vec![0.0; 1024]);
    for (class, word) in ["mother", "cough"].into_iter().enumerate() {
        terms.each(word, |row| {
            idf[row] = 1.5;
            weights[2 * row + class] = 2.0;
        });
    }
    let config = LinearConfig { terms, classes: 2 };
    let model = LinearModel::new(config.clone(), idf, weights, vec![-0.5, -0.75]).unwrap();
    let bytes = model.tensors().to_half_bytes().unwrap();
    let mut card = Card {
        name: "small".to_owned(),
        version: 1,
        about: "A small model for tests.".to_owned(),
        ports: Ports {
            input: String::new(),
            output: String::new(),
        },
        model: NetCard {
            net: config,
            labels: ["FAM", "HX"].map(str::to_owned).to_vec(),
            ranges: BTreeMap::new(),
            decision: Some(Decision {
                temperature: 0.5,
                abstain: Some(Abstain {
                    by: ScopeScore::Largest,
                    threshold: 0.25,
                    false_rejection: 0.05,
                }),
                span_temperature: None,
            }),
        },
        precision: "f32".to_owned(),
        precisions: Vec::new(),
        weights: Weights {
            file: "small.safetensors".to_owned(),
            bytes: bytes.len() as u64,
            sha256: sha256(&bytes),
            parameters: 1538,
        },
        seed: SeedChoice {
            trained: vec![1],
            chosen: 1,
            criterion: String::new(),
        },
        data: Vec::new(),
        metrics: Vec::new(),
        intended_use: String::new(),
        must_not_be_used_for: Vec::new(),
        recipe: None,
    };
    change(&mut card);
    std::fs::write(folder.join("small.safetensors"), &bytes).unwrap();
    std::fs::write(folder.join("small.card.yaml"), card.to_yaml().unwrap()).unwrap();
    model
}

fn folder(change: impl FnOnce(&mut LinearCard)) -> (TempDir, LinearModel) {
    let folder = tempfile::tempdir().unwrap();
    let model = write(folder.path(), change);
    (folder, model)
}

fn trial(kind: &TextClassifier) -> Trial<'_> {
    Trial::of(kind)
        .text("model", "small@1")
        .input("text", "utf8[T<=100]")
}

#[test]
fn a_text_is_sorted_by_its_words_and_what_has_none_that_is_known_is_turned_away() {
    let (folder, model) = folder(|_| ());
    let kind = TextClassifier::new(sources(&folder));
    let trial = trial(&kind);
    assert_eq!(
        trial.types(),
        [
            "class: record{label: utf8[T<=32], class: i32, confidence: f32 range=0..1, scope: f32, abstain: u8 range=0..1, \
          cut: u8 range=0..1, margins: f32[2]}"
        ]
    );
    let mut running = trial.build();
    let mut expected = [0.0; 2];
    let mut scratch = Scratch::new(model.terms());
    for (text, label, cut) in [
        ("A cough, she says", "HX", 0),
        ("her Mother", "FAM", 0),
        ("nothing that is known", "none", 0),
        ("", "none", 0),
        ("my mother and my mother and cough", "FAM", 1),
    ] {
        model.margins(text, &mut scratch, &mut expected);
        let outputs = running.fire(&[Some(Value::Text(text))]).unwrap();
        let found = outputs[0].as_ref().unwrap();
        assert_eq!(found.text(LABEL).unwrap(), label, "{text}");
        assert_eq!(found.tensor::<u8>(CUT).unwrap(), [cut], "{text}");
        assert_eq!(found.tensor::<u8>(ABSTAIN).unwrap(), [u8::from(label == "none")]);
        assert_eq!(found.tensor::<f32>(MARGINS).unwrap(), expected);
        let [fam, hx] = expected.map(f64::from);
        // Two classes at the temperature 0.5.
        let confidence = 1.0 / (1.0 + (-2.0 * (fam - hx).abs()).exp());
        assert!((f64::from(found.tensor::<f32>(CONFIDENCE).unwrap()[0]) - confidence).abs() < 1e-6);
        assert_eq!(
            found.tensor::<f32>(SCOPE).unwrap()[0].to_bits(),
            expected[0].max(expected[1]).to_bits()
        );
    }
}

#[test]
fn what_a_node_takes_is_what_its_card_says() {
    let (folder, model) = folder(|_| ());
    let kind = TextClassifier::new(sources(&folder));
    let trial = trial(&kind);
    let cost = kind.cost(&trial.params(), &trial.signature().unwrap(), &Placement::CPU);
    let weights = cost.weights.unwrap();
    assert_eq!(
        (weights.key.as_str(), weights.bytes),
        ("small@1 f32", 4 * (512 + 1024 + 2))
    );
    assert_eq!(cost.workspace_bytes, 2 * 4 * 512);
    assert_eq!(Scratch::bytes(model.terms()), 2 * 4 * 512);
    // Without the weights the card is enough, until a node is built.
    std::fs::remove_file(folder.path().join("small.safetensors")).unwrap();
    let kind = TextClassifier::new(sources(&folder));
    let trial = self::trial(&kind);
    let signature = trial.signature().unwrap();
    assert_eq!(
        kind.cost(&trial.params(), &signature, &Placement::CPU).weights,
        Some(weights)
    );
    let error = kind
        .build(&trial.params(), &signature, &Placement::CPU)
        .err()
        .unwrap();
    assert!(
        error
            .to_string()
            .contains("`small.safetensors` are in none of the folders"),
        "{error}"
    );
}

#[test]
fn cards_and_weights_that_contradict_each_other_are_refused() {
    let check = |change: fn(&mut LinearCard), expected: &str| {
        let (folder, _) = folder(change);
        let kind = TextClassifier::new(sources(&folder));
        let faults = trial(&kind).faults();
        assert!(faults[0].message.contains(expected), "{}", faults[0].message);
    };
    check(
        |card| card.model.labels[0] = "none".to_owned(),
        "has a class `none`",
    );
    check(|card| card.model.labels.truncate(1), "contradicts itself");
    check(|card| card.weights.sha256 = sha256(b"other"), "checksum");
    check(|card| card.model.net.terms.rows = 256, "small.safetensors");
    check(
        |card| card.model.decision.as_mut().unwrap().temperature = 0.0,
        "contradicts itself",
    );
}

#[test]
fn nodes_of_one_model_share_its_weights() {
    let (folder, _) = folder(|_| ());
    let sources = sources(&folder);
    let kinds = [
        TextClassifier::new(sources.clone()),
        TextClassifier::new(sources.clone()),
    ];
    let shared = kinds.each_ref().map(|kind| {
        let (_, model) = kind.shelf.open(&trial(kind).params()).unwrap();
        model
    });
    assert!(Arc::ptr_eq(&shared[0], &shared[1]));
    assert_eq!(sources.loaded.count(), 1);
}

#[test]
fn models_that_come_along_sort_a_talk_and_its_sentences() {
    let kind = TextClassifier::new(ModelSources::default());
    let label = |model: &str, text: &'static str| {
        let trial = Trial::of(&kind)
            .text("model", model)
            .input("text", "utf8[T<=200]");
        let outputs = trial.run(&[Some(Value::Text(text))]).unwrap();
        outputs[0].as_ref().unwrap().text(LABEL).unwrap().to_owned()
    };
    let talk = "Doctor: Do you have any allergies to medications? Patient: Yes, I am allergic to penicillin.";
    assert_eq!(label("sections@1", talk), "ALLERGY");
    let talk =
        "Doctor: Any surgeries in the past? Patient: I had my appendix removed and a knee replacement.";
    assert_eq!(label("sections@1", talk), "PASTSURGICAL");
    let said = "spk_doctor sec_genhx_doctor_s len_doctor_2_s . Okay, great.";
    assert_eq!(label("keep@1", said), "drop");
    let said = "spk_patient sec_genhx_patient_s len_patient_5_s . I have had chest pain and a cough since last Monday.";
    assert_eq!(label("keep@1", said), "keep");
}
