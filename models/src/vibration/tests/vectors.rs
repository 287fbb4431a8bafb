//! The vectors of `models/reference/anomaly/vectors.py`.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::orders::{Interpolation, at_equal_angles, order_spectrum, turns};
use super::super::*;
use super::{RATE_HZ, SECOND, near};
use crate::audio::Clip;

/// Sums of many terms in another order differ by some of their rounding.
const RELATIVE: f64 = 1e-7;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../reference/anomaly/bearing_vectors.json")).unwrap()
}

/// The generator of the vectors: uniform in -1..1.
pub(super) fn noise(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = (1_664_525 * state + 1_013_904_223) % (1 << 32);
        state as f64 / 2.0_f64.powi(31) - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// The impacts of the vectors: a mode of 3 kHz struck `rate` times a second.
pub(super) fn impacts(count: usize, rate: f64, modulation: f64, shaft: f64) -> Vec<f64> {
    let tau = std::f64::consts::TAU;
    let mut out = vec![0.0; count];
    let strikes = (0..).map(|index| f64::from(index) / rate);
    for at in strikes.take_while(|at| *at < count as f64 / RATE_HZ) {
        let gain = 1.0 + modulation * (tau * shaft * at).cos();
        for (index, out) in out.iter_mut().enumerate() {
            let t = index as f64 / RATE_HZ;
            if t >= at && t < at + 0.03 {
                let u = t - at;
                *out += gain * (-800.0 * u).exp() * (tau * 3_000.0 * u).sin();
            }
        }
    }
    out
}

fn synthetic(name: &str) -> Option<Vec<f64>> {
    let with = |seed, scale: f64, wave: Vec<f64>| {
        let pairs = wave.into_iter().zip(noise(SECOND, seed));
        Some(pairs.map(|(wave, noise)| wave + scale * noise).collect())
    };
    let tau = std::f64::consts::TAU;
    match name {
        "synthetic_tone" => {
            let tone = |t: f64| (tau * 29.95 * t).sin() + 0.5 * (tau * 2.0 * 1_250.0 * t).sin();
            with(1, 0.1, super::wave(tone))
        }
        "synthetic_outer" => with(2, 0.2, impacts(SECOND, 3.5848 * 29.95, 0.0, 29.95)),
        "synthetic_inner" => with(3, 0.2, impacts(SECOND, 5.4152 * 29.95, 0.5, 29.95)),
        _ => None,
    }
}

/// A window of a recording, which is not part of the repository.
fn recorded(signal: &str) -> Option<Vec<f64>> {
    #[expect(
        clippy::disallowed_methods,
        reason = "where the data is can be told in no other way"
    )]
    let told = std::env::var("MOTET_SHARED").ok().map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let folder = told.unwrap_or_else(beside).join("data/cwru_bearing");
    let mut words = signal.split(' ');
    let path = folder.join(words.next()?);
    let range = words.nth(1)?;
    let scale: f64 = words.nth(2)?.parse().ok()?;
    let (first, end) = range.split_once("..")?;
    if !path.exists() {
        eprintln!("skipped the window `{signal}`: there is no shared/data/cwru_bearing; set MOTET_SHARED");
        return None;
    }
    let clip = Clip::read(&path).unwrap();
    let samples = &clip.samples[first.parse().unwrap()..end.parse().unwrap()];
    // A sample of 16 bits is a whole number over 32,768.
    Some(
        samples
            .iter()
            .map(|sample| f64::from(*sample) * 32_768.0 * scale)
            .collect(),
    )
}

fn each(mut check: impl FnMut(&str, &[f64], &Value)) {
    let vectors = vectors();
    let mut count = 0;
    for (name, window) in vectors["windows"].as_object().unwrap() {
        let signal = window["signal"].as_str().unwrap();
        if let Some(samples) = synthetic(name).or_else(|| recorded(signal)) {
            near(
                samples.iter().map(|sample| sample * sample).sum(),
                number(&window["sum_of_squares"]),
                RELATIVE,
            );
            check(name, &samples, window);
            count += 1;
        }
    }
    assert!(count >= 3);
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn indices(value: &Value) -> Vec<usize> {
    numbers(value).into_iter().map(fourier::bin).collect()
}

#[test]
fn welch_and_levels_are_those_of_scipy() {
    each(|name, samples, window| {
        let config = WelchConfig {
            rate_hz: RATE_HZ,
            segment: 2048,
            overlap: 1024,
        };
        let mut welch = Welch::new(config).unwrap();
        let step_hz = welch.step_hz();
        let mean = samples.iter().sum::<f64>() / samples.len() as f64;
        let centred: Vec<f64> = samples.iter().map(|sample| sample - mean).collect();
        let density = welch.density(&centred).unwrap();
        for (bin, expected) in indices(&window["welch"]["bins"])
            .into_iter()
            .zip(numbers(&window["welch"]["density"]))
        {
            near(density[bin], expected, RELATIVE);
        }
        let edges = [0.0, 500.0, 2_000.0, 4_000.0, 6_000.0];
        for (index, edges) in edges.windows(2).enumerate() {
            let band = Band {
                low_hz: edges[0],
                high_hz: edges[1],
            };
            near(
                band_level(density, step_hz, band),
                number(&window["level"][format!("band{index}")]),
                RELATIVE,
            );
        }
        let statistics = Statistics::of(samples);
        near(statistics.rms.ln(), number(&window["level"]["rms"]), RELATIVE);
        near(
            statistics.kurtosis.ln(),
            number(&window["level"]["kurtosis"]),
            RELATIVE,
        );
        near(
            statistics.crest_factor.ln(),
            number(&window["level"]["crest"]),
            RELATIVE,
        );
        assert!(!name.is_empty());
    });
}

#[test]
fn envelopes_and_the_kurtogram_are_those_of_scipy() {
    each(|name, samples, window| {
        let mut envelopes = Envelopes::new(samples.len(), RATE_HZ).unwrap();
        envelopes.load(samples).unwrap();
        let band = Band {
            low_hz: 2_000.0,
            high_hz: 4_000.0,
        };
        let expected = &window["envelope_2000_4000"];
        let squared = envelopes.squared(Source::Waveform, band).unwrap();
        for (index, expected) in indices(&expected["at"])
            .into_iter()
            .zip(numbers(&expected["squared"]))
        {
            near(squared[index], expected, 1e-6);
        }
        let spectrum = envelopes.envelope_spectrum(Source::Waveform, band).unwrap();
        for (bin, expected) in indices(&expected["spectrum_bins"])
            .into_iter()
            .zip(numbers(&expected["spectrum"]))
        {
            near(spectrum[bin], expected, RELATIVE);
        }
        let found = envelopes.kurtogram().unwrap().unwrap();
        near(found.kurtosis, number(&window["kurtogram"]["kurtosis"]), RELATIVE);
        near(found.band.low_hz, number(&window["kurtogram"]["lo"]), RELATIVE);
        near(found.band.high_hz, number(&window["kurtogram"]["hi"]), RELATIVE);
        let white = envelopes.whitened().unwrap();
        // The reference also brings the rounding of the mean to 1, which is the same for all samples.
        let expected = numbers(&window["cpw"]["value"]);
        for (index, value) in indices(&window["cpw"]["at"]).into_iter().zip(&expected) {
            let (found, value) = (white[index] - white[0], value - expected[0]);
            assert!((found - value).abs() < 1e-9, "{name} {index}: {found} {value}");
        }
    });
}

#[test]
fn every_comb_of_every_band_is_that_of_the_reference() {
    let used = &vectors()["defect_orders_6205"]["used"];
    let [outer, inner, spin, cage] = ["bpfo", "bpfi", "bsf", "ftf"].map(|name| number(&used[name]));
    each(|name, samples, window| {
        let shaft_hz = number(&window["shaft_hz"]);
        let expected = &window["order_features"];
        let mut envelopes = Envelopes::new(samples.len(), RATE_HZ).unwrap();
        envelopes.load(samples).unwrap();
        let kurtogram = envelopes.kurtogram().unwrap().unwrap();
        near(
            kurtogram.kurtosis.max(0.0).ln_1p(),
            number(&expected["kurt_K"]),
            RELATIVE,
        );
        let band = |low_hz, high_hz| Band { low_hz, high_hz };
        let bands = [
            ("cpw", Source::Whitened, band(200.0, 5_900.0)),
            ("low", Source::Waveform, band(500.0, 2_000.0)),
            ("mid", Source::Waveform, band(2_000.0, 4_000.0)),
            ("high", Source::Waveform, band(4_000.0, 5_900.0)),
            ("kurt", Source::Waveform, kurtogram.band),
        ];
        let side = [-cage * shaft_hz, cage * shaft_hz];
        let turn = [-shaft_hz, shaft_hz];
        let lines: [(&str, f64, &[f64], u32); 6] = [
            ("bpfo", outer, &[0.0], 3),
            ("bpfi", inner, &[0.0], 3),
            ("2bsf", 2.0 * spin, &[0.0], 3),
            ("ftf", cage, &[0.0], 3),
            ("bpfi_sb", inner, &turn, 2),
            ("2bsf_sb", 2.0 * spin, &side, 2),
        ];
        let mut prominences = Prominences::default();
        for (of_band, source, band) in bands {
            let step_hz = envelopes.step_hz();
            let spectrum = envelopes.envelope_spectrum(source, band).unwrap();
            prominences.load(spectrum, step_hz, 1_000.0);
            for (line, order, offsets_hz, harmonics) in lines {
                let comb = Comb {
                    centre_hz: order * shaft_hz,
                    offsets_hz,
                    harmonics,
                };
                let found = prominences.comb(&comb).unwrap().decibels;
                let expected = number(&expected[format!("{of_band}_{line}")]);
                assert!(
                    (found - expected).abs() < 1e-6,
                    "{name} {of_band} {line}: {found} {expected}"
                );
            }
        }
    });
}

#[test]
fn order_tracking_is_that_of_scipy() {
    let vectors = vectors();
    let expected = &vectors["order_tracking"];
    let speed: Vec<f64> = (0..SECOND)
        .map(|index| 20.0 + 20.0 * index as f64 / RATE_HZ)
        .collect();
    let angle = |t: f64| 20.0 * t + 10.0 * t * t;
    let tau = std::f64::consts::TAU;
    let samples = super::wave(|t| (tau * 3.5848 * angle(t)).sin() + 0.3 * (tau * angle(t)).sin());
    let turned = turns(&speed, RATE_HZ).unwrap();
    let each = |field: &str, found: &[f64]| {
        for (index, expected) in expected[field].as_object().unwrap() {
            let found = found[index.parse::<usize>().unwrap()];
            assert!(
                (found - number(expected)).abs() < 1e-9,
                "{field} {index}: {found} {expected}"
            );
        }
    };
    each("phase_at", &turned);
    for (name, interpolation) in [
        ("linear", Interpolation::Linear),
        ("cubic_not_a_knot", Interpolation::Cubic),
    ] {
        let (even, whole) = at_equal_angles(&samples, &turned, (64, interpolation)).unwrap();
        assert_eq!(whole, 29);
        each(name, &even);
        if interpolation == Interpolation::Linear {
            continue;
        }
        let spectrum = order_spectrum(&even, &mut Transforms::default()).unwrap();
        let peak = (0..spectrum.len())
            .max_by(|a, b| spectrum[*a].total_cmp(&spectrum[*b]))
            .unwrap();
        near(peak as f64 / whole as f64, number(&expected["peak_order"]), 1e-12);
        near(spectrum[peak], number(&expected["peak_amplitude"]), RELATIVE);
        near(
            spectrum[whole],
            number(&expected["amplitude_at_order_1"]),
            RELATIVE,
        );
    }
}

#[test]
fn defect_orders_are_those_of_the_reference() {
    let vectors = vectors();
    let expected = &vectors["defect_orders_6205"]["computed"];
    let bearing = Bearing {
        balls: 9,
        ball_diameter_mm: 7.94,
        pitch_diameter_mm: 39.04,
        contact_angle_deg: 0.0,
    };
    let DefectOrders {
        outer_race,
        inner_race,
        ball_spin,
        cage,
    } = bearing.orders();
    for (name, found) in [
        ("bpfo", outer_race),
        ("bpfi", inner_race),
        ("bsf", ball_spin),
        ("ftf", cage),
    ] {
        near(found, number(&expected[name]), 1e-12);
    }
}
