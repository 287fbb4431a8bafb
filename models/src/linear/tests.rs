//! Trainings of small models on texts made here: they learn, stop and go on, and what is written is what was trained.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::features::Scratch;
use super::model::{LinearModel, decide};
use super::*;
use crate::baseline::{LinearSvm, SvmOptions, balanced};
use crate::recipe::Recipe;
use crate::task::{Prepared, Sources, StartOptions, Task};
use crate::train::{Adaptation, EpochRecord, Observer, Progress, TrainError, TrainState};

/// Keeps the last state, and stops after so many steps.
struct Watch {
    stop_after: usize,
    kept: Option<TrainState>,
}

impl Observer for Watch {
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn step(&mut self, progress: &Progress) -> bool {
        progress.step >= self.stop_after
    }

    fn epoch(&mut self, _: &Progress, _: &EpochRecord) {}

    fn is_due(&self) -> bool {
        false
    }

    fn keep(&mut self, state: &TrainState) -> Result<(), TrainError> {
        self.kept = Some(state.clone());
        Ok(())
    }
}

fn watch(stop_after: usize) -> Watch {
    Watch {
        stop_after,
        kept: None,
    }
}

/// Three classes of texts; every one has its own words and some of all.
fn rows(count: usize, first: usize) -> String {
    let words = [
        ["fever", "cough", "chills"],
        ["mother", "father", "uncle"],
        ["penicillin", "rash", "latex"],
    ];
    let row = |index: usize| {
        let own = words[index % 3];
        let text = format!(
            "so do you have {} or {} number {index}?",
            own[index / 3 % 3],
            own[index / 2 % 3]
        );
        let note = format!("has {}.", own[index / 5 % 3]);
        let label = ["HX", "FAM", "ALLERGY"][index % 3];
        json!({"text": text, "note": note, "label": label}).to_string()
    };
    (first..first + count).map(row).collect::<Vec<_>>().join("\n")
}

fn recipe(learn_all: bool) -> Recipe {
    let sections = json!({
        "data": {
            "train": "train.jsonl", "valid": "valid.jsonl", "format": "jsonl", "group": "", "split_rows": true,
            "split_percent": 10.0, "origin": "made here", "licence": "none", "label": "", "only": "",
            "texts": ["text", "note"], "judged": "", "learn_all": learn_all,
        },
        "net": {"rows": 1024, "grams": 2, "run_min": 3, "run_max": 0, "words_max": 100},
        "lesson": {"cost": 0.5, "balanced": true, "folds": 3, "false_rejection_percent": 5.0},
        "card": {"intended_use": "tests", "must_not_be_used_for": []},
    });
    Recipe {
        name: "notes".to_owned(),
        version: 1,
        about: "Sorts texts.".to_owned(),
        task: "linear".to_owned(),
        seeds: vec![1, 2],
        sections: serde_json::from_value(sections).unwrap(),
    }
}

fn prepared(folder: &Path, learn_all: bool) -> Box<dyn Prepared> {
    std::fs::write(folder.join("train.jsonl"), rows(60, 0)).unwrap();
    std::fs::write(folder.join("valid.jsonl"), rows(15, 100)).unwrap();
    let sources = Sources {
        data: folder.to_path_buf(),
        ..Sources::default()
    };
    LinearTask.prepare(&recipe(learn_all), &sources).unwrap()
}

fn start(seed: u64) -> StartOptions {
    StartOptions {
        seed,
        shards: 1,
        epochs: None,
        adaptation: Adaptation::default(),
    }
}

fn trained(prepared: &dyn Prepared, seed: u64) -> TrainState {
    let state = prepared.begin(&start(seed)).unwrap();
    prepared.train(state, None, &mut watch(usize::MAX)).unwrap()
}

/// Trains everything that is asked for and writes it.
fn shipped(folder: &Path, learn_all: bool) -> (LinearModel, model::LinearCard) {
    let prepared = prepared(folder, learn_all);
    let mut states: Vec<TrainState> = prepared
        .folds()
        .into_iter()
        .map(|fold| trained(fold, 1))
        .collect();
    assert_eq!(states.len(), 3);
    states.extend([1, 2].map(|seed| trained(&*prepared, seed)));
    let out = folder.join("model");
    prepared.ship(&states, &out, &|| Duration::ZERO).unwrap();
    LinearModel::open(&out).unwrap()
}

fn metric(card: &model::LinearCard, name: &str) -> f64 {
    card.metrics
        .iter()
        .find(|metric| metric.name == name)
        .unwrap()
        .chosen
}

#[test]
fn a_model_learns_words_and_turns_away_what_has_none_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let (model, card) = shipped(folder.path(), false);
    assert_eq!(card.model.labels, ["ALLERGY", "FAM", "HX"]);
    assert!(metric(&card, "accuracy, valid, text") > 0.99);
    assert!(metric(&card, "accuracy, valid, note") > 0.99);
    assert!(metric(&card, "accuracy, 3 folds of train, text") > 0.95);
    let decision = card.model.decision.clone().unwrap();
    let (mut scratch, mut margins) = (Scratch::new(model.terms()), [0.0; 3]);
    let mut decided = |text: &str| {
        let seen = model.margins(text, &mut scratch, &mut margins);
        decide(&decision, &margins, seen).unwrap()
    };
    let known = decided("do you have chills or cough number 3?");
    assert_eq!((known.class, known.abstains), (2, false));
    assert!(known.confidence > 0.5, "{}", known.confidence);
    assert!(decided("zebra xylophone").abstains);
    assert!(decided("").abstains);
}

#[test]
fn what_is_written_has_the_margins_of_the_training() {
    let folder = tempfile::tempdir().unwrap();
    let (model, _) = shipped(folder.path(), false);
    // The same rows by the classical learner alone, in single precision.
    let texts: Vec<(String, u32)> = rows(60, 0)
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .flat_map(|row| {
            let class = ["ALLERGY", "FAM", "HX"]
                .iter()
                .position(|name| row["label"] == **name);
            let class = u32::try_from(class.unwrap()).unwrap();
            ["text", "note"].map(|field| (row[field].as_str().unwrap().to_owned(), class))
        })
        .collect();
    let terms = model.terms();
    let idf = features::rarity(terms, texts.iter().map(|(text, _)| text.as_str()));
    let (mut scratch, mut sparse) = (Scratch::new(terms), crate::baseline::SparseRows::new(terms.rows));
    for (text, _) in &texts {
        let mut row = Vec::new();
        features::values(terms, &idf, (text, &mut scratch), |place, value| {
            row.push((u32::try_from(place).unwrap(), value));
        });
        sparse.push(row);
    }
    let labels: Vec<u32> = texts.iter().map(|(_, class)| *class).collect();
    let options = SvmOptions {
        cost: 0.5,
        tolerance: 1e-4,
        passes_max: 10_000,
        seed: 9,
    };
    let machine = LinearSvm::fit_weighted(&sparse, &labels, &balanced(&labels, 3), options).unwrap();
    let expected = machine.margins(&sparse).unwrap();
    let mut margins = [0.0; 3];
    for ((text, _), expected) in texts.iter().zip(expected.chunks_exact(3)) {
        model.margins(text, &mut scratch, &mut margins);
        for (found, expected) in margins.iter().zip(expected) {
            // Half floats are right to 11 bits, the two optima to the tolerance of the training.
            assert!((found - expected).abs() < 3e-3, "{found} {expected}");
        }
    }
}

#[test]
fn a_training_that_was_stopped_goes_on_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let prepared = prepared(folder.path(), true);
    let whole = trained(&*prepared, 7);
    // Two parts of three classes.
    assert_eq!(whole.step, 6);
    for stop in [1, 3, 5] {
        let mut watch = watch(stop);
        let begun = prepared.begin(&start(7)).unwrap();
        let stopped = prepared.train(begun, None, &mut watch);
        assert!(matches!(stopped, Err(TrainError::Stopped { steps }) if steps == stop));
        let path = folder.path().join("state");
        watch.kept.unwrap().save(&path).unwrap();
        let kept = TrainState::load(&path).unwrap();
        let gone_on = prepared.train(kept, None, &mut self::watch(usize::MAX)).unwrap();
        assert_eq!(gone_on, whole);
    }
}

#[test]
fn seeds_order_the_examples_and_hardly_change_the_optimum() {
    let folder = tempfile::tempdir().unwrap();
    let prepared = prepared(folder.path(), false);
    let (first, second) = (trained(&*prepared, 1), trained(&*prepared, 2));
    assert_ne!(first.trained, second.trained);
    let pairs = first.trained.iter().zip(&second.trained);
    let largest = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(largest < 1e-2, "{largest}");
}

#[test]
fn what_judged_is_learnt_in_the_end_where_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (without, _) = shipped(folder.path(), false);
    let (with, card) = shipped(folder.path(), true);
    assert_ne!(without, with);
    // `number 100` stands in a row that judges alone.
    let known = |model: &LinearModel| {
        let (mut scratch, mut margins) = (Scratch::new(model.terms()), [0.0; 3]);
        model.margins("100", &mut scratch, &mut margins).known
    };
    assert_eq!((known(&without), known(&with)), (0, 1));
    assert!(
        card.data[1]
            .role
            .contains("the weights learnt from all of it after that"),
        "{}",
        card.data[1].role
    );
}

#[test]
fn what_only_nets_have_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let prepared = prepared(folder.path(), false);
    let refused = |options: StartOptions| {
        let error = prepared.begin(&options).unwrap_err();
        assert!(matches!(error, TrainError::Options { .. }), "{error}");
        error.to_string()
    };
    let frozen = Adaptation {
        frozen: vec!["encoder".to_owned()],
        ..Adaptation::default()
    };
    let lora = Adaptation {
        lora_rank: 4,
        ..Adaptation::default()
    };
    assert!(
        refused(StartOptions {
            adaptation: frozen,
            ..start(1)
        })
        .contains("--freeze")
    );
    assert!(
        refused(StartOptions {
            adaptation: lora,
            ..start(1)
        })
        .contains("--lora")
    );
    assert!(
        refused(StartOptions {
            epochs: Some(3),
            ..start(1)
        })
        .contains("--epochs")
    );
    let sources = Sources {
        data: folder.path().to_path_buf(),
        from: Some(folder.path().to_path_buf()),
        ..Sources::default()
    };
    let from = LinearTask.prepare(&recipe(false), &sources).unwrap();
    assert!(from.begin(&start(1)).unwrap_err().to_string().contains("--from"));
}

#[test]
fn weights_that_were_changed_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (_, card) = shipped(folder.path(), false);
    let path = folder.path().join("model").join(&card.weights.file);
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    assert!(LinearModel::from_bytes(&card, &bytes).is_err());
    std::fs::write(&path, bytes).unwrap();
    assert!(LinearModel::open(&folder.path().join("model")).is_err());
}
