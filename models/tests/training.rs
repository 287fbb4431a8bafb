//! Training on sounds made here: it learns, it stops and goes on, and its model is found again.

use std::f32::consts::TAU;

use burn::tensor::Device;
use motet_models::audio::LogMelConfig;
use motet_models::keyword::draw::Diet;
use motet_models::keyword::score::{Scoring, Surroundings, score_all};
use motet_models::keyword::{
    Confusion, Corpus, Decision, KeywordModel, KeywordNetConfig, NONE, Observer, Progress, Recording,
    TrainError, TrainOptions, TrainState, model_of, train,
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
        digits: (4..7).map(|seed| hiss(seed, 6_000)).collect(),
        noise: vec![hiss(7, 40_000)],
        ..Corpus::default()
    }
}

fn options(epochs: usize) -> TrainOptions {
    TrainOptions {
        net: KeywordNetConfig {
            window_frames: 80,
            channels: 16,
            stem_kernel: 3,
            kernel: 3,
            dilations: vec![1, 2],
            ..KeywordNetConfig::standard(7)
        },
        features: LogMelConfig::speech(),
        diet: Diet {
            keyword_passes: 2,
            synthetic_keywords: 0,
            none: 12,
        },
        epochs,
        batch: 8,
        average_decay: 0.9,
        ..TrainOptions::standard(1, 7)
    }
}

/// Stops after a number of epochs, if one is given.
struct Stopwatch {
    stop_after: Option<usize>,
    states: Vec<TrainState>,
    steps: usize,
}

impl Stopwatch {
    fn new(stop_after: Option<usize>) -> Self {
        Self {
            stop_after,
            states: Vec::new(),
            steps: 0,
        }
    }
}

impl Observer for Stopwatch {
    fn step(&mut self, progress: &Progress) {
        assert!(progress.step <= progress.steps && progress.loss.is_finite());
        self.steps += 1;
    }

    fn epoch(&mut self, _: &Progress, state: &TrainState) -> bool {
        self.states.push(state.clone());
        self.stop_after != Some(state.epochs)
    }
}

#[test]
fn it_learns_a_handful_of_tones() {
    let corpus = corpus();
    let mut watch = Stopwatch::new(None);
    let state = train(&corpus, TrainState::new(options(30)), &mut watch).unwrap();
    assert_eq!(watch.steps, 30 * 6, "48 examples in batches of 8");
    let (first, last) = (state.losses[0], state.losses[29]);
    assert!(last < 0.6 * first, "the loss went from {first} to {last}");
    let model = model_of(&state, Decision::uncalibrated(), &Device::flex()).unwrap();
    let scoring = Scoring {
        model: &model,
        around: Surroundings::Bare,
        threads: 1,
    };
    let scored = score_all(scoring, &corpus.keywords, |recording| Ok(recording.clone())).unwrap();
    let confusion = Confusion::count(model.labels(), &scored);
    assert!(confusion.accuracy() > 0.85, "{confusion}");
}

#[test]
fn a_training_that_was_stopped_goes_on_as_if_it_had_not_been() {
    let corpus = corpus();
    let whole = train(&corpus, TrainState::new(options(4)), &mut Stopwatch::new(None)).unwrap();
    let mut watch = Stopwatch::new(Some(2));
    let stopped = train(&corpus, TrainState::new(options(4)), &mut watch);
    assert!(matches!(stopped, Err(TrainError::Stopped { epochs: 2 })));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.json");
    watch.states[1].save(&path).unwrap();
    let resumed = train(
        &corpus,
        TrainState::load(&path).unwrap(),
        &mut Stopwatch::new(None),
    )
    .unwrap();
    assert_eq!(resumed, whole, "bit for bit");
}

#[test]
fn two_shards_give_the_same_weights_every_time() {
    let corpus = corpus();
    let options = TrainOptions {
        shards: 2,
        ..options(1)
    };
    let run = || {
        train(
            &corpus,
            TrainState::new(options.clone()),
            &mut Stopwatch::new(None),
        )
        .unwrap()
    };
    assert_eq!(run(), run());
}

#[test]
fn options_out_of_range_are_refused() {
    let check = |change: fn(&mut TrainOptions, &mut Corpus)| {
        let (mut options, mut corpus) = (options(1), corpus());
        change(&mut options, &mut corpus);
        let outcome = train(&corpus, TrainState::new(options), &mut Stopwatch::new(None));
        assert!(
            matches!(outcome, Err(TrainError::Options { .. })),
            "{:?}",
            outcome.err()
        );
    };
    check(|options, _| options.shards = 0);
    check(|options, _| options.batch = 1);
    check(|options, _| options.features.bins = 20);
    check(|options, _| options.batch = 1_000);
    check(|_, corpus| corpus.keywords.clear());
    check(|_, corpus| corpus.noise.clear());
}

#[test]
fn a_model_is_refused_when_one_byte_of_its_weights_differs() {
    let state = TrainState::new(options(1));
    let model = model_of(&state, Decision::uncalibrated(), &Device::flex()).unwrap();
    let mut weights = KeywordModel::weights_of(model.net()).unwrap();
    let card = model.card().to_yaml().unwrap();
    assert!(KeywordModel::from_bytes(&card, &weights, &Device::flex()).is_ok());
    *weights.last_mut().unwrap() ^= 1;
    let error = KeywordModel::from_bytes(&card, &weights, &Device::flex()).unwrap_err();
    assert!(error.to_string().contains("have the checksum"), "{error}");
}

#[test]
fn equal_weights_are_written_as_equal_bytes() {
    let net = options(1).net.init(3, &Device::flex());
    assert_eq!(
        KeywordModel::weights_of(&net).unwrap(),
        KeywordModel::weights_of(&net).unwrap()
    );
}
