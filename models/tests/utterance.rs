#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]
//! Trainings of a small utterance net on sentences made here: it learns, stops, goes on, and is adapted.

use std::time::Duration;

use burn::tensor::Device;
use motet_models::text::{Hashing, Splitting};
use motet_models::train::beginning::{Given, weights};
use motet_models::train::{
    Adaptation, Beginning, EpochRecord, Learner, Observer, Progress, TrainError, TrainOptions, TrainState,
    flat, train,
};
use motet_models::utterance::corpus::Utterance;
use motet_models::utterance::learner::{Lesson, UtteranceLearner};
use motet_models::utterance::{UtteranceConfig, UtteranceNet};
use motet_models::weights::Tensors;

const ARTISTS: [&str; 6] = [
    "miles davis",
    "nina simone",
    "bjork",
    "the band",
    "can",
    "pink floyd",
];
const CITIES: [&str; 5] = ["boston", "new york", "paris", "rome", "saint paul"];

fn config(intents: &[&str]) -> UtteranceConfig {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    UtteranceConfig {
        splitting: Splitting::Blanks,
        hashing: Hashing {
            rows: 256,
            per_word: 8,
            prefix_max: 2,
            suffix_max: 2,
            piece_min: 3,
            piece_max: 3,
            cased: false,
        },
        words_max: 12,
        embedding: 12,
        width: 16,
        dilations: vec![1, 2],
        heads: 2,
        gram_rows: 64,
        intents: owned(intents),
        out_of_scope: None,
        tags: owned(&["O", "B-artist", "I-artist", "B-city", "I-city"]),
        vector: 0,
    }
}

/// "play X", "weather in Y", with the slots tagged.
fn utterances() -> Vec<Utterance> {
    let tagged = |before: &[&str], value: &str, begin: usize, intent: usize| {
        let value: Vec<&str> = value.split(' ').collect();
        let mut tags = vec![0; before.len()];
        tags.push(begin);
        tags.extend(std::iter::repeat_n(begin + 1, value.len() - 1));
        Utterance {
            words: [before, &value]
                .concat()
                .iter()
                .map(|word| (*word).to_owned())
                .collect(),
            intent: Some(intent),
            tags: Some(tags),
            untagged: Vec::new(),
            frames: None,
            taught: None,
        }
    };
    let music = [&["play"][..], &["please", "play"], &["i", "want", "to", "hear"]];
    let weather = [
        &["weather", "in"][..],
        &["how", "is", "it", "in"],
        &["will", "it", "rain", "in"],
    ];
    let music = ARTISTS
        .iter()
        .flat_map(|value| music.map(|before| tagged(before, value, 1, 0)));
    let weather = CITIES
        .iter()
        .flat_map(|value| weather.map(|before| tagged(before, value, 3, 1)));
    music.chain(weather).collect()
}

fn learner(intents: &[&str]) -> UtteranceLearner {
    let lesson = Lesson {
        batch: 8,
        dropout: 0.1,
        word_dropout: 0.1,
        gram_dropout: 0.1,
        named: 0.0,
        substitution: [0.5, 0.5],
        label_smoothing: 0.05,
        intent_weight: 1.0,
        tag_weight: 0.5,
        out_of_scope_repeats: 1,
        mixed_outliers: 0,
        teacher_weight: 0.0,
        teacher_temperature: 1.0,
        vector_weight: 0.0,
    };
    UtteranceLearner::new(
        config(intents),
        lesson,
        (utterances(), utterances()),
        "all slots right".to_owned(),
    )
}

fn options(shards: usize) -> TrainOptions {
    TrainOptions {
        seed: 3,
        epochs: 12,
        shards,
        learning_rate: 0.02,
        warm_up: 0.1,
        weight_decay: 0.01,
        gradient_norm_max: 1.0,
        average_decay: 0.9,
        patience: 0,
        adaptation: Adaptation::default(),
    }
}

/// Ends a training after some steps and keeps what it is given.
struct Watch {
    stop_after: Option<usize>,
    steps: usize,
    kept: Option<TrainState>,
    seconds_a_step: f64,
}

impl Watch {
    fn new(stop_after: Option<usize>) -> Self {
        Self {
            stop_after,
            steps: 0,
            kept: None,
            seconds_a_step: 0.0,
        }
    }
}

impl Observer for Watch {
    fn elapsed(&self) -> Duration {
        Duration::from_secs_f64(self.seconds_a_step * self.steps as f64)
    }

    fn step(&mut self, _progress: &Progress) -> bool {
        self.steps += 1;
        Some(self.steps) == self.stop_after
    }

    fn epoch(&mut self, _progress: &Progress, _record: &EpochRecord) {}

    fn is_due(&self) -> bool {
        false
    }

    fn keep(&mut self, state: &TrainState) -> Result<(), TrainError> {
        self.kept = Some(state.clone());
        Ok(())
    }
}

fn begin(learner: &UtteranceLearner, options: TrainOptions) -> TrainState {
    let beginning = Beginning {
        options,
        origin: "test".to_owned(),
        weights: None,
    };
    TrainState::begin(learner, &beginning).unwrap()
}

fn figure(state: &TrainState, name: &str) -> f64 {
    let best = state.best.as_ref().unwrap();
    let figures = &state.history[best.epoch].figures;
    figures.iter().find(|(figure, _)| figure == name).unwrap().1
}

#[test]
fn a_net_learns_intents_and_slots_on_one_thread_and_on_two() {
    for shards in [1, 2] {
        let learner = learner(&["music", "weather"]);
        let state = train(
            &learner,
            begin(&learner, options(shards)),
            None,
            &mut Watch::new(None),
        )
        .unwrap();
        assert_eq!(state.history.len(), 12);
        assert!(figure(&state, "intent accuracy") > 0.99, "{:?}", state.history);
        assert!(figure(&state, "all slots right") > 0.9, "{:?}", state.history);
        assert!(state.history[11].loss < state.history[0].loss / 2.0);
    }
}

#[test]
fn stopped_anywhere_and_saved_it_goes_on_bit_for_bit() {
    let learner = learner(&["music", "weather"]);
    let folder = tempfile::tempdir().unwrap();
    for shards in [1, 2] {
        let whole = train(
            &learner,
            begin(&learner, options(shards)),
            None,
            &mut Watch::new(None),
        )
        .unwrap();
        for stop_after in [1, 5, 17, 40] {
            let mut watch = Watch::new(Some(stop_after));
            let stopped = train(&learner, begin(&learner, options(shards)), None, &mut watch);
            assert!(matches!(stopped, Err(TrainError::Stopped { steps }) if steps == stop_after));
            let path = folder.path().join("state.checkpoint");
            watch.kept.unwrap().save(&path).unwrap();
            let state = TrainState::load(&path).unwrap();
            let resumed = train(&learner, state, None, &mut Watch::new(None)).unwrap();
            assert!(
                resumed == whole,
                "differs when stopped after {stop_after} steps on {shards} threads"
            );
        }
    }
}

#[test]
fn where_nothing_chooses_the_last_epoch_is_the_best_and_its_checkpoint_is_found_again() {
    let mut learner = learner(&["music", "weather"]);
    learner.judging.clear();
    let state = train(&learner, begin(&learner, options(1)), None, &mut Watch::new(None)).unwrap();
    let best = state.best.as_ref().unwrap();
    assert_eq!(best.epoch, 11);
    assert_eq!(best.average, state.optimiser.average);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.checkpoint");
    state.save(&path).unwrap();
    let found = TrainState::load(&path).unwrap().best.unwrap();
    assert!(found.score.is_nan() && found.average == best.average);
}

#[test]
fn a_budget_cuts_the_epochs_to_what_fits() {
    let learner = learner(&["music", "weather"]);
    let mut watch = Watch::new(None);
    watch.seconds_a_step = 1.0;
    // An epoch has 5 steps; nine tenths of 30 s, less the first 9 s, are worth three more.
    let state = train(
        &learner,
        begin(&learner, options(1)),
        Some(Duration::from_secs(30)),
        &mut watch,
    )
    .unwrap();
    assert_eq!((state.epochs, state.history.len()), (3, 3));
    assert!(state.is_done());
}

#[test]
fn without_progress_it_ends_early() {
    let learner = learner(&["music", "weather"]);
    let mut options = options(1);
    options.patience = 2;
    options.learning_rate = 1e-9;
    let state = train(&learner, begin(&learner, options), None, &mut Watch::new(None)).unwrap();
    assert!(state.history.len() < 12, "{}", state.history.len());
}

#[test]
fn a_frozen_encoder_stays_and_low_rank_changes_are_small_and_work() {
    let learner = learner(&["music", "weather"]);
    let heads = ["intent", "grams", "tag", "transitions", "start", "end"];
    let owned = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<String>>()
    };
    let frozen = Adaptation {
        frozen: owned(&["table", "input", "convolutions", "attention", "norm"]),
        lora_rank: 0,
        whole: Vec::new(),
    };
    let low_rank = Adaptation {
        frozen: Vec::new(),
        lora_rank: 2,
        whole: owned(&heads),
    };
    for adaptation in [frozen, low_rank] {
        let mut options = options(1);
        options.adaptation = adaptation.clone();
        let first = begin(&learner, options.clone());
        let state = train(&learner, first.clone(), None, &mut Watch::new(None)).unwrap();
        assert!(state.trained.len() < state.base.len());
        assert!(state.history[11].loss < state.history[0].loss);
        let device = Device::flex();
        let (before, after) = (
            first.net(&learner, &device).unwrap(),
            state.net(&learner, &device).unwrap(),
        );
        for segment in flat::layout(&before) {
            let values = |net: &UtteranceNet| flat::values(net)[segment.range.clone()].to_vec();
            let is_head = heads
                .iter()
                .any(|head| segment.name.split('.').next() == Some(head));
            let may_move = is_head || adaptation.lora_rank > 0 && segment.is_matrix();
            assert!(
                may_move || values(&before) == values(&after),
                "{} moved",
                segment.name
            );
        }
        let moved = flat::values(&before) != flat::values(&after);
        assert!(moved);
    }
}

#[test]
fn another_model_is_taken_over_but_for_heads_of_other_labels() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    let first = learner(&["music", "weather"]);
    let net = first.net(9, &Device::flex()).unwrap();
    let values = flat::values(&net);
    let mut tensors = Tensors::default();
    for segment in flat::layout(&net) {
        tensors.insert(&segment.name, &segment.shape, &values[segment.range]);
    }
    std::fs::write(&path, tensors.to_half_bytes().unwrap()).unwrap();
    let given = |heads| Given {
        start: None,
        from: Some(path.as_path()),
        heads,
    };
    let other = learner(&["music", "weather", "news"]);
    let heads = ["intent", "grams", "tag", "transitions", "start", "end"];
    let taken = weights(&other, 1, &given(&heads)).unwrap();
    let drawn = weights(
        &other,
        1,
        &Given {
            start: None,
            from: None,
            heads: &[],
        },
    )
    .unwrap();
    for segment in flat::layout(&other.net(1, &Device::flex()).unwrap()) {
        let (taken, drawn) = (&taken[segment.range.clone()], &drawn[segment.range.clone()]);
        let same_shape = tensors
            .get(&segment.name)
            .is_some_and(|tensor| tensor.shape == segment.shape);
        assert!(same_shape || taken == drawn, "{}", segment.name);
        if let Some(tensor) = tensors.get(&segment.name).filter(|_| same_shape) {
            let near = taken
                .iter()
                .zip(&tensor.values)
                .all(|(a, b)| (a - b).abs() <= 1e-3 * (1.0 + b.abs()));
            assert!(near, "{}", segment.name);
        }
    }
    assert!(matches!(
        weights(&other, 1, &given(&[])),
        Err(TrainError::OtherNet { .. })
    ));
}

#[test]
fn a_loss_that_is_no_number_ends_the_training_and_nothing_is_lost() {
    let learner = learner(&["music", "weather"]);
    let mut options = options(1);
    options.learning_rate = 1e30;
    let mut watch = Watch::new(None);
    let failed = train(&learner, begin(&learner, options), None, &mut watch);
    assert!(matches!(failed, Err(TrainError::Diverged { .. })), "{failed:?}");
}

#[test]
fn damaged_checkpoints_are_refused_and_a_failed_save_leaves_the_last() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.checkpoint");
    let learner = learner(&["music", "weather"]);
    let state = begin(&learner, options(1));
    state.save(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        1,
        "no part is left"
    );
    for cut in [0, 7, 100, bytes.len() / 2, bytes.len() - 1] {
        let cut_off = folder.path().join("cut.checkpoint");
        std::fs::write(&cut_off, &bytes[..cut]).unwrap();
        assert!(TrainState::load(&cut_off).is_err(), "{cut} bytes");
    }
    // A folder where the part would be written: the save fails, and what was there is unchanged.
    std::fs::create_dir(folder.path().join("a.checkpoint.part")).unwrap();
    assert!(state.save(&path).is_err());
    assert_eq!(TrainState::load(&path).unwrap(), state);
}
