//! Stage one, stage two and the checks of data, on waveforms that are made here.

use burn::tensor::Device;

use super::learner::narrow;
use super::normal::scored;
use super::*;
use crate::lowering::{Lowering, answer, verify};
use crate::net::{Net, NetConfig, Sample};
use crate::vibration::Bearing;

const RATE_HZ: f64 = 12_000.0;
const SECOND: usize = 12_000;

/// Sums of four uniform numbers, which have thin tails as real noise has.
fn noise(count: usize, seed: u64) -> Vec<f64> {
    let all = uniform(4 * count, seed);
    all.chunks(4).map(|four| four.iter().sum::<f64>() / 2.0).collect()
}

/// Uniform in -1..1.
fn uniform(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = (1_664_525 * state + 1_013_904_223) % (1 << 32);
        state as f64 / 2.0_f64.powi(31) - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn bearing() -> Bearing {
    Bearing {
        balls: 9,
        ball_diameter_mm: 7.94,
        pitch_diameter_mm: 39.04,
        contact_angle_deg: 0.0,
    }
}

fn examiner() -> Examiner {
    Examiner::new(SECOND, RATE_HZ, bearing().orders()).unwrap()
}

fn levels_of(waves: impl Iterator<Item = Vec<f64>>) -> Vec<[f64; LEVELS]> {
    let mut examiner = examiner();
    waves.map(|wave| examiner.levels(&wave).unwrap()).collect()
}

fn normal() -> Normal {
    let windows = (0..60).map(|seed| noise(SECOND, 100 + 7 * seed));
    Normal::learn(&levels_of(windows), 1.0 / 86_400.0).unwrap()
}

#[test]
fn the_limit_of_eleven_windows_is_that_of_the_reference() {
    // README of the reference, section 2.2: 222.2 for 11 windows, 33.7 for 60, 27.0 for 300, 26.0 for 1,000.
    for (windows, expected) in [(11, 222.2), (60, 33.7), (300, 27.0), (1_000, 26.0)] {
        let rows: Vec<_> = (0..windows)
            .map(|index| [0.0, 0.1, 0.2, 0.3].map(|base| base + 0.01 * f64::from(index % 7)))
            .collect();
        let learnt = Normal::learn(&rows, 1.0 / 86_400.0).unwrap();
        assert!(
            (learnt.limit - expected).abs() < 0.06,
            "{windows}: {}",
            learnt.limit
        );
        assert_eq!(
            (learnt.windows, learnt.from),
            (rows.len(), LearntFrom::Prediction)
        );
    }
}

#[test]
fn the_density_of_recorded_levels_scores_as_the_reference() {
    // Mean, covariance and its inverse of cwru_final.json: the score of a window is away' inverse away.
    let reference: serde_json::Value =
        serde_json::from_str(include_str!("../../reference/anomaly/cwru_final.json")).unwrap();
    let stage = &reference["stage1"];
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    let normal = Normal {
        windows: 11,
        mean: std::array::from_fn(|index| number(&stage["mean"][index])),
        covariance: std::array::from_fn(|a| std::array::from_fn(|b| number(&stage["cov"][a][b]))),
        limit: number(&stage["limit"]),
        from: LearntFrom::Prediction,
        levels: [0.0; LEVELS],
    };
    let away = [0.3, -0.1, 0.2];
    let expected: f64 = (0..SCORED)
        .flat_map(|a| (0..SCORED).map(move |b| (a, b)))
        .map(|(a, b)| away[a] * number(&stage["inv"][a][b]) * away[b])
        .sum();
    let levels = std::array::from_fn(|index| normal.mean[index] + away[index]);
    assert!((normal.score(&levels) / expected - 1.0).abs() < 1e-9);
    // A level that rises by what the limit asks for is at the limit.
    for (index, rise) in normal.rises().into_iter().enumerate() {
        let mut levels = normal.mean;
        levels[index] += rise;
        assert!((normal.score(&levels) / normal.limit - 1.0).abs() < 1e-9);
    }
    let all = normal.mean.map(|level| level + normal.common_rise());
    assert!((normal.score(&all) / normal.limit - 1.0).abs() < 1e-9);
    // README of the reference: a doubling of one band, 54 % in all three.
    let rises = normal.rises().map(f64::exp);
    assert!(rises.iter().all(|rise| (1.9..2.6).contains(rise)), "{rises:?}");
    assert!((normal.common_rise().exp() - 1.54).abs() < 0.1);
}

#[test]
fn with_enough_windows_the_limit_is_a_rank_and_keeps_its_promise() {
    let random = uniform(4 * 8_000, 77);
    let rows: Vec<[f64; LEVELS]> = random
        .chunks(4)
        .map(|row| [row[0], row[1], row[2], row[3]])
        .collect();
    let (learnt, judged) = rows.split_at(4_000);
    let normal = Normal::learn(learnt, 0.01).unwrap();
    assert_eq!(normal.from, LearntFrom::Conformal);
    let beyond = judged
        .iter()
        .filter(|row| normal.score(&scored(row)) > normal.limit)
        .count();
    // 40 of 4,000 are promised; three standard deviations of their number are 19.
    assert!((15..=65).contains(&beyond), "{beyond}");
    // One window fewer than the rank needs.
    let few = Normal::learn(&rows[..196], 0.01).unwrap();
    assert_eq!(few.from, LearntFrom::Prediction);
    assert_eq!(
        Normal::learn(&rows[..198], 0.01).unwrap().from,
        LearntFrom::Conformal
    );
}

#[test]
fn too_few_windows_are_refused() {
    let rows = vec![[0.0; LEVELS]; 9];
    assert_eq!(Normal::learn(&rows, 1e-5), Err(NormalError::TooFew { found: 9 }));
    let rows = vec![[0.0; LEVELS]; 10];
    assert_eq!(Normal::learn(&rows, 1.0), Err(NormalError::Chance(1.0)));
    // Levels that are always the same still repeat to no more than a twentieth.
    assert!(Normal::learn(&rows, 1e-5).unwrap().limit > 0.0);
}

#[test]
fn a_machine_as_it_was_learnt_is_below_the_limit_and_one_that_is_twice_as_loud_is_not() {
    let normal = normal();
    let mut examiner = examiner();
    let same = examiner.levels(&noise(SECOND, 9_999)).unwrap();
    assert!(normal.score(&scored(&same)) < normal.limit);
    let louder: Vec<f64> = noise(SECOND, 9_999).iter().map(|sample| 2.0 * sample).collect();
    let louder = examiner.levels(&louder).unwrap();
    assert!(normal.score(&scored(&louder)) > normal.limit);
}

#[test]
fn a_struck_race_stands_out_at_its_order_alone() {
    let orders = bearing().orders();
    let shaft_hz = 29.95;
    for (order, line) in [
        (orders.outer_race, LineKind::OuterRace),
        (orders.inner_race, LineKind::InnerRace),
    ] {
        let mut wave: Vec<f64> = noise(SECOND, 4).iter().map(|sample| 0.1 * sample).collect();
        for (index, sample) in wave.iter_mut().enumerate() {
            let since = (index as f64 / RATE_HZ) % (1.0 / (order * shaft_hz));
            *sample += (-800.0 * since).exp() * (std::f64::consts::TAU * 3_000.0 * since).sin();
        }
        let features = examiner().examine(&wave, shaft_hz).unwrap().features();
        let largest = (0..LINES)
            .max_by(|a, b| features[*a].total_cmp(&features[*b]))
            .unwrap();
        assert_eq!(LineKind::ALL[largest], line, "{features:?}");
        assert!(features[largest] > 15.0, "{features:?}");
    }
}

#[test]
fn faulty_waveforms_are_refused_and_constants_have_no_lines() {
    let mut examiner = examiner();
    assert!(examiner.examine(&noise(SECOND - 1, 1), 30.0).is_err());
    assert!(examiner.examine(&noise(SECOND, 1), 0.0).is_err());
    let mut broken = noise(SECOND, 1);
    broken[77] = f64::NAN;
    assert!(examiner.examine(&broken, 30.0).is_err());
    let constant = examiner.examine(&vec![0.5; SECOND], 30.0).unwrap();
    assert_eq!(constant.features().map(f64::to_bits), [0; LINES]);
    assert!(constant.levels.iter().all(|level| level.is_finite()));
    assert_eq!(constant.kurtogram, None);
}

#[test]
fn what_is_wrong_with_a_waveform_is_told() {
    let sound = noise(SECOND, 11);
    assert!(!is_saturated(&sound) && !is_stuck(&sound));
    let clipped: Vec<f64> = sound.iter().map(|sample| sample.clamp(-0.9, 0.9)).collect();
    assert!(is_saturated(&clipped));
    let mut stuck = sound.clone();
    stuck[3_000..5_000].fill(0.25);
    assert!(is_stuck(&stuck));
    assert!(is_stuck(&vec![0.0; SECOND]) && is_stuck(&vec![1.5; SECOND]) && is_stuck(&[]));
    stuck[..SECOND].copy_from_slice(&sound);
    stuck[3_000..3_100].fill(0.25);
    assert!(!is_stuck(&stuck));
    assert!(rate_is_off(10 * SECOND, 1.0, RATE_HZ) && rate_is_off(12_360, 1.0, RATE_HZ));
    assert!(!rate_is_off(SECOND, 1.0, RATE_HZ) && !rate_is_off(12_200, 1.0, RATE_HZ));
    assert!(rate_is_off(SECOND, 0.0, RATE_HZ));
}

#[test]
fn levels_of_another_unit_are_told_from_a_louder_machine() {
    let before = [-3.0, -2.0, -1.0, -4.0];
    let times = |factor: f64| before.map(|level: f64| level + factor.ln());
    for factor in [9.806_65, 1.0 / 9.806_65, 1_000.0, 0.001, 25.4, 60.0, 0.1] {
        assert!(levels_tell_another_unit(&times(factor), &before), "{factor}");
    }
    for factor in [1.0, 1.5, 2.0, 4.0, 0.5, 20.0] {
        assert!(!levels_tell_another_unit(&times(factor), &before), "{factor}");
    }
    // Damage raises some bands more than others.
    assert!(!levels_tell_another_unit(&[-2.8, 0.2, 1.6, -1.5], &before));
}

#[test]
fn the_program_of_the_net_answers_as_the_net() {
    for hidden in [0, 16] {
        let config = BearingConfig {
            bearing: bearing(),
            sample_rate_hz: 12_000,
            window_samples: SECOND,
            unit: WaveUnit::Gravity,
            hidden,
            center: [13.6, 10.6, 8.5, 7.6],
            spread: [5.5, 6.1, 2.3, 2.2],
            false_alarms_a_day: 1.0,
            normal: vec![normal()],
        };
        config.validate().unwrap();
        let net = config.init(3, &Device::flex()).unwrap();
        let how = Lowering::f32(motet_engine::Cpu::detect());
        let program = net.lower(&how).unwrap();
        verify(&net, &program, motet_engine::Precision::F32).unwrap();
        let features = [20.0, 9.0, 11.0, 10.0];
        let found = answer(&program, &Sample::Numbers(features.to_vec())).unwrap();
        let expected = net.reference(&Sample::Numbers(features.to_vec())).unwrap();
        assert!(
            found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5),
            "{found:?} {expected:?}"
        );
        assert!((found.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        let wrong = |change: &dyn Fn(&mut BearingConfig)| {
            let mut config = config.clone();
            change(&mut config);
            config.validate().is_err()
        };
        assert!(wrong(&|config| config.normal.clear()));
        assert!(wrong(&|config| config.spread[1] = 0.0));
        assert!(wrong(&|config| config.bearing.balls = 1));
        assert!(wrong(&|config| config.window_samples = 100));
        assert!(wrong(&|config| config.normal[0].covariance[1][1] = -1.0));
        assert!(wrong(&|config| config.false_alarms_a_day = 1e6));
    }
}

#[test]
fn the_features_of_recorded_windows_are_those_of_the_reference() {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../reference/anomaly/bearing_vectors.json")).unwrap();
    let window = &vectors["windows"]["synthetic_tone"];
    let tau = std::f64::consts::TAU;
    let wave: Vec<f64> = uniform(SECOND, 1)
        .iter()
        .enumerate()
        .map(|(index, noise)| {
            let t = index as f64 / RATE_HZ;
            (tau * 29.95 * t).sin() + 0.5 * (tau * 2.0 * 1_250.0 * t).sin() + 0.1 * noise
        })
        .collect();
    // The reference uses the orders that the maker prints, which differ in the fifth digit.
    let printed = crate::vibration::DefectOrders {
        outer_race: 3.5848,
        inner_race: 5.4152,
        ball_spin: 2.356_75,
        cage: 0.398_28,
    };
    let mut examiner = Examiner::new(SECOND, RATE_HZ, printed).unwrap();
    let examined = examiner.examine(&wave, 29.95).unwrap();
    for (found, expected) in examined
        .features()
        .iter()
        .zip(window["mean4"].as_array().unwrap())
    {
        assert!(
            (found - expected.as_f64().unwrap()).abs() < 1e-6,
            "{found} {expected}"
        );
    }
    for (index, level) in examined.levels.iter().enumerate() {
        let expected = window["level"][format!("band{index}")].as_f64().unwrap();
        assert!((level - expected).abs() < 1e-6);
    }
    assert!(narrow(examined.statistics.kurtosis.ln()) > 0.0);
}

mod calibration {
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    use super::super::BearingTask;
    use super::super::ship::BearingCard;
    use super::noise;
    use crate::card::CARD_FILE;
    use crate::shipping::open_card;
    use crate::task::{Prepared, Shipped, Sources, StartOptions, Task, TaskError};
    use crate::train::{Adaptation, EpochRecord, Observer, Progress, TrainError, TrainState};

    const RATE_HZ: usize = 2_048;

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

    fn along() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("weights/bearing")
    }

    /// The recipe of the model that comes along, for a machine that is sampled more slowly.
    fn prepare(table: &str, from: Option<PathBuf>) -> Result<Box<dyn Prepared>, TaskError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("normal.csv");
        std::fs::write(&file, table).unwrap();
        let card: BearingCard = open_card(&along()).unwrap();
        let mut recipe = card.recipe.unwrap();
        let bearing = recipe.sections.get_mut("bearing").unwrap();
        bearing.insert("sample_rate_hz".to_owned(), RATE_HZ.into());
        bearing.insert("balls".to_owned(), 11.into());
        recipe.name = "fan".to_owned();
        let sources = Sources {
            train: Some(file),
            from,
            ..Sources::default()
        };
        BearingTask.prepare(&recipe, &sources)
    }

    fn ship(prepared: &dyn Prepared, folder: &Path) -> Shipped {
        let start = StartOptions {
            seed: 1,
            shards: 1,
            epochs: None,
            adaptation: Adaptation::default(),
        };
        let state = prepared.begin(&start).unwrap();
        let state = prepared.train(state, None, &mut Quiet).unwrap();
        prepared.ship(&[state], folder, &|| Duration::ZERO).unwrap()
    }

    /// Rows of a time and two axes; the second axis is as loud as it is told.
    fn table(seconds: usize, loud: f64, row: impl Fn(usize, f64, f64) -> String) -> String {
        let count = seconds * RATE_HZ;
        let axes = noise(count, 21).into_iter().zip(noise(count, 22));
        let rows = axes.enumerate().map(|(index, (a, b))| row(index, a, loud * b));
        let rows: Vec<String> = rows.collect();
        format!("time,radial,axial\n{}\n", rows.join("\n"))
    }

    fn timed(index: usize, a: f64, b: f64) -> String {
        format!("{:.6},{a:.6},{b:.6}", index as f64 / RATE_HZ as f64)
    }

    fn refusal(table: &str) -> String {
        match prepare(table, Some(along())) {
            Ok(_) => "nothing is refused".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_machine_learns_its_own_normal_running_and_the_net_stays() {
        let prepared = prepare(&table(20, 0.5, timed), Some(along())).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let shipped = ship(&*prepared, folder.path());
        let [before, after]: [BearingCard; 2] =
            [along(), folder.path().to_owned()].map(|folder| open_card(&folder).unwrap());
        let config = &after.model.net;
        assert_eq!(
            (config.axes(), config.bearing.balls, config.sample_rate_hz),
            (2, 11, 2_048)
        );
        assert_eq!((after.name.as_str(), config.normal[0].windows), ("fan", 20));
        assert_eq!(after.weights.sha256, before.weights.sha256);
        assert_eq!(
            (config.center, config.spread),
            (before.model.net.center, before.model.net.spread)
        );
        // The second axis is half as loud, in every band.
        for level in 0..3 {
            let quieter = config.normal[0].mean[level] - config.normal[1].mean[level];
            assert!((quieter - 2.0_f64.ln()).abs() < 0.1, "{quieter}");
        }
        // Two axes share the false alarms of the machine.
        let alone = super::Normal::learn(&vec![[0.0; super::LEVELS]; 20], config.chance(1)).unwrap();
        assert!(config.normal[0].limit > alone.limit);
        assert_eq!(shipped.figures.len(), 2);
        assert!(
            shipped.figures[1].starts_with("axis 2: 20 normal windows, prediction limit of T2"),
            "{}",
            shipped.figures[1]
        );
        assert!(folder.path().join(CARD_FILE).is_file());
    }

    #[test]
    fn normal_running_that_teaches_nothing_is_refused_with_its_reason() {
        assert!(refusal(&table(9, 1.0, timed)).contains("9 windows of 1 s are too few"));
        let fast = table(20, 1.0, |index, a, b| {
            format!("{:.6},{a},{b}", index as f64 / 20_480.0)
        });
        assert!(
            refusal(&fast).contains("20480.0 samples a second, the recipe says 2048"),
            "{}",
            refusal(&fast)
        );
        let dead = table(20, 1.0, |index, a, _| {
            format!("{:.6},{a},0", index as f64 / RATE_HZ as f64)
        });
        assert!(refusal(&dead).contains("20 of 20 windows are saturated or stuck"));
        let clipped = table(20, 1.0, |index, a, b| timed(index, a.clamp(-0.5, 0.5), b));
        assert!(refusal(&clipped).contains("saturated or stuck"));
        let words = table(20, 1.0, |index, a, _| format!("{index},{a},loud"));
        assert!(refusal(&words).contains("loud"), "{}", refusal(&words));
        let error = prepare(&table(20, 1.0, timed), None).err().unwrap();
        assert!(error.to_string().contains("`--from`"));
    }

    #[test]
    fn times_may_be_left_out() {
        let rows = table(12, 1.0, |_, a, b| format!("{a},{b}")).replacen("time,", "", 1);
        let prepared = prepare(&rows, Some(along())).unwrap();
        let folder = tempfile::tempdir().unwrap();
        ship(&*prepared, folder.path());
        let card: BearingCard = open_card(folder.path()).unwrap();
        assert_eq!(card.model.net.axes(), 2);
    }
}
