//! Training of the keyword net on sounds made here: it learns, it stops and goes on, and its model is found again.

#![allow(
    clippy::unwrap_used,
    reason = "these are tests; clippy knows only `#[test]` functions as such"
)]

use std::f32::consts::TAU;
use std::sync::Arc;
use std::time::Duration;

use burn::tensor::{Device, Tensor, TensorData};
use motet_models::audio::{LogMel, LogMelConfig};
use motet_models::keyword::draw::Diet;
use motet_models::keyword::{
    Corpus, KeywordLearner, KeywordModel, KeywordNet, KeywordNetConfig, Lesson, NONE, Recording, Windowing,
};
use motet_models::train::flat::{layout, values};
use motet_models::train::{
    Adaptation, Beginning, EpochRecord, Observer, Progress, TrainError, TrainOptions, TrainState, train,
};

const RATE_HZ: f32 = 16_000.0;

/// A "word": two tones, one after the other, whose pitches name the class.
fn word(class: usize, voice: usize) -> Recording {
    let (first_hz, second_hz) = (300.0 + 250.0 * class as f32, 2_600.0 - 300.0 * class as f32);
    let pitch = 1.0 + 0.02 * voice as f32;
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the value is within the range of i16"
    )]
    let sample = |index: usize| {
        let hz = if index < 4_800 { first_hz } else { second_hz } * pitch;
        let loud = if (2_400..7_200).contains(&index) {
            9_000.0
        } else {
            30.0
        };
        ((TAU * hz * index as f32 / RATE_HZ).sin() * loud) as i16
    };
    Recording {
        class,
        group: format!("voice {voice}"),
        samples: (0..9_600).map(sample).collect(),
    }
}

/// Noise of a simple generator: no word.
fn hiss(seed: u32, length: usize) -> Recording {
    let mut state = seed.wrapping_mul(2_654_435_761).max(1);
    #[allow(clippy::cast_possible_truncation, reason = "twelve bits are left")]
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 20) as i16 - 2_048
    };
    Recording {
        class: NONE,
        group: format!("noise {seed}"),
        samples: (0..length).map(|_| next()).collect(),
    }
}

fn corpus() -> Corpus {
    let words = (0..3).flat_map(|voice| (1..7).map(move |class| word(class, voice)));
    Corpus {
        keywords: words.collect(),
        sentences: (1..4).map(|seed| hiss(seed, 20_000)).collect(),
        words: (4..7).map(|seed| hiss(seed, 6_000)).collect(),
        noise: vec![hiss(7, 40_000)],
        ..Corpus::default()
    }
}

fn config() -> KeywordNetConfig {
    KeywordNetConfig {
        window_frames: 80,
        channels: 16,
        stem_kernel: 3,
        kernel: 3,
        dilations: vec![1, 2],
        ..KeywordNetConfig::standard(7)
    }
}

fn lesson() -> Lesson {
    Lesson {
        batch: 8,
        diet: Diet {
            keyword_passes: 2,
            synthetic_keywords: 0,
            none: 12,
        },
        ..Lesson::standard()
    }
}

fn learner_of(corpus: Corpus) -> KeywordLearner {
    KeywordLearner::new(config(), LogMelConfig::speech(), lesson(), Arc::new(corpus)).unwrap()
}

fn options(epochs: usize, shards: usize) -> TrainOptions {
    TrainOptions {
        seed: 1,
        epochs,
        shards,
        learning_rate: 3e-3,
        warm_up: (2.0 / epochs as f32).min(1.0),
        weight_decay: 0.02,
        gradient_norm_max: 5.0,
        average_decay: 0.9,
        patience: 0,
        adaptation: Adaptation::default(),
    }
}

fn begin(learner: &KeywordLearner, options: TrainOptions) -> TrainState {
    let beginning = Beginning {
        options,
        origin: "tests".to_owned(),
        weights: None,
    };
    TrainState::begin(learner, &beginning).unwrap()
}

/// Stops after a number of steps, if one is given, and keeps the last state.
#[derive(Default)]
struct Stopwatch {
    stop_after: Option<usize>,
    kept: Option<TrainState>,
    steps: usize,
}

impl Observer for Stopwatch {
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn step(&mut self, progress: &Progress) -> bool {
        assert!(progress.step <= progress.steps && progress.loss.is_finite());
        self.steps += 1;
        self.stop_after == Some(self.steps)
    }

    fn epoch(&mut self, _: &Progress, record: &EpochRecord) {
        assert!(record.figures.is_empty(), "nothing chooses among epochs");
    }

    fn is_due(&self) -> bool {
        false
    }

    fn keep(&mut self, state: &TrainState) -> Result<(), TrainError> {
        self.kept = Some(state.clone());
        Ok(())
    }
}

fn trained(learner: &KeywordLearner, options: TrainOptions) -> TrainState {
    let state = begin(learner, options);
    train(learner, state, None, &mut Stopwatch::default()).unwrap()
}

/// The share of these recordings whose class scores highest.
fn accuracy(net: &KeywordNet, recordings: &[Recording]) -> f64 {
    let mut mel = LogMel::new(LogMelConfig::speech()).unwrap();
    let windowing = Windowing {
        bins: 40,
        window_frames: 80,
        hop_frames: 20,
    };
    let is_right = |recording: &&Recording| {
        let mut window = vec![0.0; 80 * 40];
        windowing.cut(&mel.spectrogram(&recording.to_f32()).unwrap(), &mut window);
        let window = Tensor::from_data(TensorData::new(window, [1, 80, 40]), &Device::flex());
        let found = net.forward(window).argmax(1).into_scalar::<i64>();
        usize::try_from(found) == Ok(recording.class)
    };
    recordings.iter().filter(is_right).count() as f64 / recordings.len() as f64
}

#[test]
fn it_learns_a_handful_of_tones() {
    let learner = learner_of(corpus());
    let mut watch = Stopwatch::default();
    let state = train(&learner, begin(&learner, options(30, 1)), None, &mut watch).unwrap();
    assert_eq!(watch.steps, 30 * 6, "48 examples in batches of 8");
    let (first, last) = (state.history[0].loss, state.history[29].loss);
    assert!(last < 0.6 * first, "the loss went from {first} to {last}");
    let best = state.best.as_ref().unwrap();
    assert_eq!(best.epoch, 29, "the last epoch is the result");
    let net = state.net(&learner, &Device::flex()).unwrap();
    let right = accuracy(&net, &corpus().keywords);
    assert!(right > 0.85, "{right}");
}

#[test]
fn a_training_that_was_stopped_goes_on_as_if_it_had_not_been() {
    let learner = learner_of(corpus());
    for shards in [1, 2] {
        let whole = trained(&learner, options(4, shards));
        // In the middle of an epoch, and between two.
        for stop_after in [9, 12] {
            let mut watch = Stopwatch {
                stop_after: Some(stop_after),
                ..Stopwatch::default()
            };
            let stopped = train(&learner, begin(&learner, options(4, shards)), None, &mut watch);
            assert!(matches!(stopped, Err(TrainError::Stopped { steps }) if steps == stop_after));
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("seed-1.checkpoint");
            watch.kept.unwrap().save(&path).unwrap();
            let state = TrainState::load(&path).unwrap();
            let resumed = train(&learner, state, None, &mut Stopwatch::default()).unwrap();
            assert_eq!(resumed.trained, whole.trained, "{shards} shards, bit for bit");
            assert_eq!(resumed.optimiser, whole.optimiser);
            assert_eq!(resumed.history, whole.history);
        }
    }
}

#[test]
fn two_shards_give_the_same_weights_every_time() {
    let learner = learner_of(corpus());
    let run = || trained(&learner, options(1, 2)).trained;
    assert_eq!(run(), run());
    assert_ne!(run(), trained(&learner, options(1, 1)).trained);
}

/// The values of all running statistics, of which there are two for each layer.
fn statistics(learner: &KeywordLearner, state: &TrainState) -> Vec<f32> {
    let net = state.net(learner, &Device::flex().autodiff()).unwrap();
    let all = values(&net);
    let segments = layout(&net).into_iter();
    let measured: Vec<_> = segments.filter(|segment| !segment.is_trained).collect();
    assert_eq!(measured.len(), 6);
    measured
        .into_iter()
        .flat_map(|segment| all[segment.range].to_vec())
        .collect()
}

#[test]
fn running_statistics_are_measured_but_for_a_net_of_which_a_part_stays() {
    let learner = learner_of(corpus());
    let first = statistics(&learner, &begin(&learner, options(1, 1)));
    let whole = trained(&learner, options(2, 1));
    assert!(whole.optimiser.first.iter().all(|moment| moment.is_finite()));
    let moved = statistics(&learner, &whole);
    assert!(
        first
            .iter()
            .zip(&moved)
            .all(|(before, after)| before.to_bits() != after.to_bits())
    );
    let frozen = Adaptation {
        frozen: vec!["stem".to_owned(), "blocks".to_owned()],
        ..Adaptation::default()
    };
    let low_rank = Adaptation {
        lora_rank: 2,
        whole: vec!["head".to_owned()],
        ..Adaptation::default()
    };
    for adaptation in [frozen, low_rank] {
        let learner = learner.adapted(&adaptation);
        let options = TrainOptions {
            adaptation,
            ..options(2, 1)
        };
        let state = trained(&learner, options);
        assert_eq!(statistics(&learner, &state), first);
        assert!(state.history[1].loss < state.history[0].loss);
    }
}

#[test]
fn a_corpus_of_keywords_alone_is_enough() {
    let corpus = Corpus {
        keywords: corpus().keywords,
        ..Corpus::default()
    };
    let learner = learner_of(corpus);
    let state = trained(&learner, options(2, 1));
    assert!(state.history[1].loss < state.history[0].loss);
}

#[test]
fn options_out_of_range_are_refused() {
    let learner = learner_of(corpus());
    let refused = |outcome: Result<(), TrainError>| {
        assert!(matches!(outcome, Err(TrainError::Options { .. })), "{outcome:?}");
    };
    refused(learner.validate(&options(1, 5)));
    assert!(learner.validate(&options(1, 4)).is_ok());
    let of = |config: KeywordNetConfig, lesson: Lesson, corpus: Corpus| {
        KeywordLearner::new(config, LogMelConfig::speech(), lesson, Arc::new(corpus))
    };
    refused(of(config(), lesson(), Corpus::default()).map(|_| ()));
    let bins = KeywordNetConfig { bins: 20, ..config() };
    refused(of(bins, lesson(), corpus()).map(|_| ()));
    let large = Lesson {
        batch: 1_000,
        ..lesson()
    };
    refused(of(config(), large, corpus()).unwrap().validate(&options(1, 1)));
}

#[test]
fn a_model_is_refused_when_one_byte_of_its_weights_differs() {
    let model = KeywordModel::builtin(&Device::flex()).unwrap();
    let mut weights = KeywordModel::weights_of(model.net()).unwrap();
    let card = model.card().to_yaml().unwrap();
    assert!(KeywordModel::from_bytes(&card, &weights, &Device::flex()).is_ok());
    *weights.last_mut().unwrap() ^= 1;
    let error = KeywordModel::from_bytes(&card, &weights, &Device::flex()).unwrap_err();
    assert!(error.to_string().contains("have the checksum"), "{error}");
}

#[test]
fn equal_weights_are_written_as_equal_bytes() {
    let net = config().init(3, &Device::flex());
    assert_eq!(
        KeywordModel::weights_of(&net).unwrap(),
        KeywordModel::weights_of(&net).unwrap()
    );
}
