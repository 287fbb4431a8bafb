use std::time::Duration;

use burn::tensor::{Device, Tensor, TensorData};
use motet_engine::{Cpu, Precision};

use super::corpus::Sound;
use super::*;
use crate::audio::LogMelConfig;
use crate::lowering::{Lowering, calibrate, tensor_values, verify};
use crate::net::{Net, NetConfig, Sample};
use crate::train::{
    Adaptation, Beginning, EpochRecord, Learner, Observer, Progress, TrainError, TrainOptions, TrainState,
    train,
};

fn config(stride: usize) -> SpeechConfig {
    SpeechConfig {
        features: LogMelConfig::speech(),
        frames_max: 120,
        level: -7.0,
        spread: 4.0,
        stem: StemKind::Strided,
        stride,
        width: 48,
        dilations: vec![1, 2, 4],
        ahead: 3,
    }
}

/// A net that begins with the speech embedding; its weights are drawn, as all are here.
fn embedded() -> SpeechConfig {
    SpeechConfig {
        features: LogMelConfig::embedding(),
        level: front::LEVEL,
        spread: front::SPREAD,
        stem: StemKind::Embedding,
        stride: 4,
        ahead: 0,
        ..config(4)
    }
}

fn configs() -> [SpeechConfig; 3] {
    [config(2), config(4), embedded()]
}

/// Scores of sounds side by side, each with its margins.
fn scores(net: &SpeechNet, sounds: &[Vec<f32>]) -> Vec<f32> {
    let bins = net.config().features.bins;
    let frames: Vec<usize> = sounds
        .iter()
        .map(|sound| sound.len() / bins - net.config().rows(0))
        .collect();
    let longest = sounds.iter().map(Vec::len).max().unwrap();
    // What fills up is loud, so that it would be heard.
    let values: Vec<f32> = sounds
        .iter()
        .flat_map(|sound| {
            sound
                .iter()
                .copied()
                .chain(std::iter::repeat_n(9.0, longest - sound.len()))
        })
        .collect();
    let shape = [sounds.len(), longest / bins, bins];
    let features = Tensor::from_data(TensorData::new(values, shape), &Device::flex());
    tensor_values(net.forward(features, &frames, &mut |x| x)).unwrap()
}

fn sound(net: &SpeechNet, frames: usize) -> Vec<f32> {
    match net.samples(frames as u64).swap_remove(0) {
        Sample::Numbers(values) => values[..net.config().rows(frames) * net.config().features.bins].to_vec(),
        Sample::Ids(_) => Vec::new(),
    }
}

#[test]
fn the_program_answers_as_the_net_does() {
    for config in configs() {
        let net = config.init(1, &Device::flex()).unwrap();
        let program = net.lower(&Lowering::f32(Cpu::detect())).unwrap();
        verify(&net, &program, Precision::F32).unwrap();
        let ranges = calibrate(&program, &net.samples(2)).unwrap();
        let precisions = match config.stem {
            StemKind::Strided => &[Precision::Bf16, Precision::Int8][..],
            // Twenty layers with weights that nobody learnt keep less of what is rounded.
            StemKind::Embedding => &[Precision::Bf16],
        };
        for precision in precisions.iter().copied() {
            let how = Lowering {
                cpu: Cpu::detect(),
                precision,
                ranges: ranges.clone(),
            };
            verify(&net, &net.lower(&how).unwrap(), precision).unwrap();
        }
    }
}

#[test]
fn every_length_has_its_units_and_neighbours_in_a_batch_do_not_matter() {
    for config in configs() {
        let net = config.init(1, &Device::flex()).unwrap();
        let longest = sound(&net, 24);
        for frames in 1..=9 {
            let short = sound(&net, frames);
            let alone = scores(&net, std::slice::from_ref(&short));
            let units = config.units(frames);
            assert_eq!(alone.len(), units * phones::OUTPUTS);
            let both = scores(&net, &[longest.clone(), short]);
            let beside = &both[config.units(24) * phones::OUTPUTS..][..alone.len()];
            let difference = alone
                .iter()
                .zip(beside)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            assert!(difference < 1e-4, "{frames} frames: {difference}");
        }
    }
}

#[test]
fn a_net_hears_the_rows_of_its_front_as_it_hears_the_sound() {
    let net = embedded().init(1, &Device::flex()).unwrap();
    let program = front::FrontProgram::new(&net.front, 300, &Lowering::f32(Cpu::detect())).unwrap();
    for frames in [3, 40, 57] {
        let heard = sound(&net, frames);
        let rows = program.rows(&heard).unwrap();
        let shape = [1, rows.len() / front::COLUMNS, front::COLUMNS];
        let rows = Tensor::from_data(TensorData::new(rows, shape), &Device::flex());
        let found = tensor_values(net.behind_front(rows, &[frames], &mut |x| x)).unwrap();
        let expected = scores(&net, &[heard]);
        let pairs = found.iter().zip(&expected);
        let difference = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(
            found.len() == expected.len() && difference < 1e-3,
            "{frames} frames: {difference}"
        );
    }
}

#[test]
fn what_comes_later_than_the_look_ahead_is_not_heard() {
    for config in configs() {
        let (stride, bins) = (config.stride, config.features.bins);
        let net = config.init(1, &Device::flex()).unwrap();
        let before = sound(&net, 80);
        let mut after = before.clone();
        // Everything from this frame on is another sound.
        let changed = 40;
        after[(config.margins()[0] + changed) * bins..]
            .iter_mut()
            .for_each(|value| *value += 3.0);
        let (before, after) = (scores(&net, &[before]), scores(&net, &[after]));
        let rows = before.chunks(phones::OUTPUTS).zip(after.chunks(phones::OUTPUTS));
        let same = rows.take_while(|(before, after)| before == after).count();
        let seconds = |frames: usize| (frames * 160 + 512) as f64 / 16_000.0;
        let first = seconds(changed) - config.look_ahead_seconds();
        let unit = (stride * 160) as f64 / 16_000.0;
        let expected = (first / unit).floor() + 1.0;
        assert!(
            (same as f64 - expected).abs() <= 1.0,
            "{same} units are the same, {expected} expected"
        );
        assert!(same > 0 && same < config.units(80));
    }
}

/// Two "phones" that a net can tell apart: low and high bins, each for a while, in all orders.
fn tones() -> Vec<Sound> {
    let features = LogMelConfig::speech();
    let tone = |phone: u8| {
        let loud = usize::from(phone) * 10..usize::from(phone) * 10 + 8;
        (0..12 * 40).map(move |index| if loud.contains(&(index % 40)) { 0.0 } else { -10.0 })
    };
    let sound = |phones: &[u8]| {
        let values: Vec<f32> = phones.iter().flat_map(|phone| tone(*phone)).collect();
        Sound::new(&values, &features, phones.to_vec())
    };
    let orders: [&[u8]; 6] = [&[1], &[2], &[1, 2], &[2, 1], &[1, 2, 1], &[2, 1, 2]];
    orders
        .iter()
        .cycle()
        .take(24)
        .map(|phones| sound(phones))
        .collect()
}

fn learner() -> SpeechLearner {
    let variation = vary::Variation {
        tempo: 0.05,
        warp: 0.0,
        noise: 0.0,
        ratio_db: 20.0,
        band: 0.0,
        gain_db: 3.0,
        bin_masks: [0, 0],
        frame_masks: [0, 0],
    };
    let config = SpeechConfig {
        width: 12,
        dilations: vec![1],
        ahead: 1,
        ..config(2)
    };
    let varier = vary::Varier::new(variation, &config.features, Vec::new(), config.level);
    SpeechLearner::new(config, (tones(), tones()), varier, (2.0, 0.0))
}

struct Quiet;

impl Observer for Quiet {
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
    fn step(&mut self, _progress: &Progress) -> bool {
        false
    }
    fn epoch(&mut self, _progress: &Progress, _record: &EpochRecord) {}
    fn is_due(&self) -> bool {
        false
    }
    fn keep(&mut self, _state: &TrainState) -> Result<(), TrainError> {
        Ok(())
    }
}

fn options(epochs: usize, shards: usize) -> TrainOptions {
    TrainOptions {
        seed: 1,
        epochs,
        shards,
        learning_rate: 0.02,
        warm_up: 0.1,
        weight_decay: 0.0,
        gradient_norm_max: 1.0,
        average_decay: 0.9,
        patience: 0,
        adaptation: Adaptation::default(),
    }
}

fn trained(epochs: usize, shards: usize) -> TrainState {
    let learner = learner();
    let beginning = Beginning {
        options: options(epochs, shards),
        origin: String::new(),
        weights: None,
    };
    let state = TrainState::begin(&learner, &beginning).unwrap();
    train(&learner, state, None, &mut Quiet).unwrap()
}

#[test]
fn two_tones_are_learnt_in_their_orders() {
    let state = trained(30, 1);
    let accuracy = state.best.as_ref().unwrap().score;
    assert!(accuracy > 0.95, "{accuracy}");
}

#[test]
fn equal_trainings_give_equal_weights_on_one_and_on_two_threads() {
    for shards in [1, 2] {
        let [first, second] = [trained(2, shards), trained(2, shards)];
        assert_eq!(first.trained, second.trained);
    }
}

#[test]
fn every_epoch_meets_every_sound_once_in_as_many_steps() {
    let learner = learner();
    let first = learner.epoch(1, 0);
    for epoch in 0..3 {
        let steps = learner.epoch(1, epoch);
        assert_eq!(steps.len(), first.len());
        let mut met: Vec<usize> = steps.concat();
        met.sort_unstable();
        assert_eq!(met, (0..24).collect::<Vec<_>>());
    }
    assert!(first.len() > 3 && first != learner.epoch(1, 1));
}
