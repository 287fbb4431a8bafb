//! The algorithms against vectors that numpy and scipy made, and against closed forms.

mod vectors;

use std::f64::consts::{PI, SQRT_2, TAU};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::orders::{Interpolation, at_equal_angles, low_pass, order_spectrum, turns};
use super::*;

const RATE_HZ: f64 = 12_000.0;
const SECOND: usize = 12_000;

fn near(found: f64, expected: f64, relative: f64) {
    let allowed = relative * expected.abs().max(1e-9);
    assert!(
        (found - expected).abs() <= allowed,
        "{found}, expected {expected}"
    );
}

fn wave(of: impl Fn(f64) -> f64) -> Vec<f64> {
    (0..SECOND).map(|index| of(index as f64 / RATE_HZ)).collect()
}

/// An amplitude of 2 at 1,500 Hz that swings by 80 % at 30 Hz.
fn modulated() -> Vec<f64> {
    wave(|t| 2.0 * (1.0 + 0.8 * (TAU * 30.0 * t).cos()) * (TAU * 1_500.0 * t).sin())
}

fn loaded(samples: &[f64]) -> Envelopes {
    let mut envelopes = Envelopes::new(samples.len(), RATE_HZ).unwrap();
    envelopes.load(samples).unwrap();
    envelopes
}

#[test]
fn a_sine_has_the_moments_of_a_sine() {
    let found = Statistics::of(&wave(|t| 7.0 + 3.0 * (TAU * 50.0 * t).sin()));
    near(found.mean, 7.0, 1e-12);
    near(found.rms, 3.0 / SQRT_2, 1e-12);
    near(found.peak, 3.0, 1e-12);
    near(found.crest_factor, SQRT_2, 1e-12);
    near(found.kurtosis, 1.5, 1e-12);
    let constant = Statistics::of(&[2.5; 10]);
    assert_eq!(
        (constant.kurtosis.to_bits(), constant.crest_factor.to_bits()),
        (0, 0)
    );
    assert_eq!(Statistics::of(&[]), Statistics::default());
}

#[test]
fn the_density_of_a_sine_sums_up_to_half_the_square_of_its_amplitude() {
    let config = WelchConfig {
        rate_hz: RATE_HZ,
        segment: 2048,
        overlap: 1024,
    };
    let mut welch = Welch::new(config).unwrap();
    // A bin of the transform, so that the window leaks into its two neighbours alone.
    let hz = 200.0 * welch.step_hz();
    let density = welch
        .density(&wave(|t| 3.0 * (TAU * hz * t).sin()))
        .unwrap()
        .to_vec();
    near(density.iter().sum::<f64>() * welch.step_hz(), 4.5, 1e-3);
    let largest = (0..density.len()).max_by(|a, b| density[*a].total_cmp(&density[*b]));
    assert_eq!(largest, Some(200));
    let band = Band {
        low_hz: 1_000.0,
        high_hz: 1_500.0,
    };
    near(
        band_level(&density, welch.step_hz(), band),
        4.5_f64.sqrt().ln(),
        1e-3,
    );
    assert!(matches!(
        welch.density(&[0.0; 100]),
        Err(VibrationError::TooShort {
            needed: 2048,
            found: 100
        })
    ));
    assert!(
        Welch::new(WelchConfig {
            overlap: 2048,
            ..config
        })
        .is_err()
    );
}

#[test]
fn the_envelope_of_a_modulated_carrier_is_its_modulation() {
    let mut envelopes = loaded(&modulated());
    let band = Band {
        low_hz: 1_000.0,
        high_hz: 2_000.0,
    };
    let found = envelopes.squared(Source::Waveform, band).unwrap().to_vec();
    for (index, found) in found.into_iter().enumerate().step_by(97) {
        let swing = 1.0 + 0.8 * (TAU * 30.0 * index as f64 / RATE_HZ).cos();
        assert!((found - 4.0 * swing * swing).abs() < 1e-9, "{index}: {found}");
    }
}

#[test]
fn the_spectrum_of_a_squared_envelope_has_the_closed_forms_lines() {
    // (1 + m cos)^2 has the mean 1 + m^2 / 2, and lines of 2 m and m^2 / 2; a window of Hann halves none of them.
    let mut envelopes = loaded(&modulated());
    let band = Band {
        low_hz: 1_000.0,
        high_hz: 2_000.0,
    };
    let lines = envelopes.envelope_spectrum(Source::Waveform, band).unwrap();
    near(lines[30], 1.6 / 1.32, 1e-9);
    near(lines[60], 0.32 / 1.32, 1e-9);
    near(lines[31], 0.5 * 1.6 / 1.32, 1e-9);
    assert!(lines[90] < 1e-9 && lines[45] < 1e-9);
}

#[test]
fn what_is_sampled_less_often_is_what_the_whole_length_gives() {
    let noise = vectors::noise(SECOND, 5);
    let samples: Vec<f64> = modulated().iter().zip(&noise).map(|(a, b)| a + b).collect();
    let mut envelopes = loaded(&samples);
    for (low_hz, high_hz) in [
        (500.0, 2_000.0),
        (0.0, 3_000.0),
        (4_000.0, 5_900.0),
        (2_000.0, 2_111.0),
    ] {
        let band = Band { low_hz, high_hz };
        let squared = envelopes.squared(Source::Waveform, band).unwrap().to_vec();
        let mean = squared.iter().sum::<f64>() / SECOND as f64;
        let found = envelopes
            .envelope_spectrum(Source::Waveform, band)
            .unwrap()
            .to_vec();
        // The definition, at some frequencies.
        for bin in [0, 1, 2, 29, 30, 60, 107, 400] {
            let (mut real, mut imaginary) = (0.0, 0.0);
            for ((index, value), weight) in squared.iter().enumerate().zip(hann(SECOND)) {
                let angle = TAU * (bin * index % SECOND) as f64 / SECOND as f64;
                real += (value / mean - 1.0) * weight * angle.cos();
                imaginary -= (value / mean - 1.0) * weight * angle.sin();
            }
            let expected = 2.0 * real.hypot(imaginary) / (SECOND as f64 / 2.0);
            assert!(
                (found[bin] - expected).abs() < 1e-9,
                "{band:?} {bin}: {} {expected}",
                found[bin]
            );
        }
    }
}

#[test]
fn a_train_of_impulses_rings_where_the_kurtogram_says() {
    let samples: Vec<f64> = vectors::impacts(SECOND, 50.0, 0.0, 29.95)
        .iter()
        .zip(vectors::noise(SECOND, 9))
        .map(|(a, b)| a + 0.05 * b)
        .collect();
    let mut envelopes = loaded(&samples);
    let found = envelopes.kurtogram().unwrap().unwrap();
    assert!(
        found.band.low_hz <= 3_000.0 && 3_000.0 <= found.band.high_hz,
        "{found:?}"
    );
    assert!(found.kurtosis > 2.0, "{found:?}");
    let step_hz = envelopes.step_hz();
    let lines = envelopes
        .envelope_spectrum(Source::Waveform, found.band)
        .unwrap()
        .to_vec();
    let mut prominences = Prominences::default();
    prominences.load(&lines, step_hz, 1_000.0);
    let comb = |centre_hz| Comb {
        centre_hz,
        offsets_hz: &[0.0],
        harmonics: 3,
    };
    let line = prominences.comb(&comb(50.0)).unwrap();
    assert!(line.decibels > 25.0 && line.slip.abs() < 0.0105, "{line:?}");
    assert!(prominences.comb(&comb(71.0)).unwrap().decibels < 12.0);
    // One that is expected a hundredth off is found by its slip.
    let line = prominences.comb(&comb(50.5)).unwrap();
    assert!(
        line.decibels > 25.0 && (line.slip + 0.01).abs() < 0.0105,
        "{line:?}"
    );
    assert_eq!(prominences.comb(&comb(5_999.0)), None);
}

#[test]
fn normal_noise_has_no_excess_kurtosis_and_a_tone_is_least_impulsive() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut uniform = || 1.0 - random.random::<f64>();
    // Box and Muller.
    let normal: Vec<f64> = (0..SECOND)
        .map(|_| (-2.0 * uniform().ln()).sqrt() * (TAU * uniform()).cos())
        .collect();
    let found = loaded(&normal).kurtogram().unwrap().unwrap();
    assert!(found.kurtosis.abs() < 0.5, "{found:?}");
    let mut silent = loaded(&vec![0.25; SECOND]);
    assert_eq!(silent.kurtogram().unwrap(), None);
    let band = Band {
        low_hz: 10.0,
        high_hz: 20.0,
    };
    assert!(
        silent
            .envelope_spectrum(Source::Whitened, band)
            .unwrap()
            .iter()
            .all(|line| line.abs() < 1e-300)
    );
}

#[test]
fn a_whitened_waveform_has_magnitudes_of_one() {
    let mut envelopes = loaded(&vectors::noise(1_000, 3));
    let white = envelopes.whitened().unwrap().to_vec();
    for bin in [1_usize, 7, 100, 333, 499] {
        let (mut real, mut imaginary) = (0.0, 0.0);
        for (index, value) in white.iter().enumerate() {
            let angle = TAU * (bin * index % 1_000) as f64 / 1_000.0;
            real += value * angle.cos();
            imaginary -= value * angle.sin();
        }
        near(real.hypot(imaginary), 1.0, 1e-9);
    }
}

#[test]
fn defect_orders_follow_from_the_geometry() {
    // A ball as large as the pitch circle is wide turns once per turn; published orders of the SKF 6205: 5.4152, 3.5848, 4.7135.
    let bearing = Bearing {
        balls: 9,
        ball_diameter_mm: 7.94,
        pitch_diameter_mm: 39.04,
        contact_angle_deg: 0.0,
    };
    bearing.validate().unwrap();
    let orders = bearing.orders();
    near(orders.inner_race, 5.4152, 1e-4);
    near(orders.outer_race, 3.5848, 1e-4);
    near(2.0 * orders.ball_spin, 4.7135, 1e-4);
    near(orders.inner_race + orders.outer_race, 9.0, 1e-12);
    near(orders.outer_race, 9.0 * orders.cage, 1e-12);
    let thrust = Bearing {
        contact_angle_deg: 60.0,
        ..bearing
    };
    near(thrust.orders().cage, 0.5 * (1.0 - 7.94 / 39.04 / 2.0), 1e-9);
    for wrong in [
        Bearing { balls: 2, ..bearing },
        Bearing {
            ball_diameter_mm: 40.0,
            ..bearing
        },
        Bearing {
            ball_diameter_mm: f64::NAN,
            ..bearing
        },
        Bearing {
            contact_angle_deg: 90.0,
            ..bearing
        },
    ] {
        assert!(wrong.validate().is_err(), "{wrong:?}");
    }
}

#[test]
fn a_rising_speed_does_not_smear_an_order() {
    let speed: Vec<f64> = (0..SECOND)
        .map(|index| 20.0 + 10.0 * index as f64 / RATE_HZ)
        .collect();
    let angle = |t: f64| 20.0 * t + 5.0 * t * t;
    let samples = wave(|t| (TAU * 3.0 * angle(t)).sin() + 0.5 * (TAU * 7.0 * angle(t)).cos());
    let turned = turns(&speed, RATE_HZ).unwrap();
    let (even, whole) = at_equal_angles(&samples, &turned, (64, Interpolation::Cubic)).unwrap();
    assert_eq!((whole, even.len()), (24, 24 * 64));
    let spectrum = order_spectrum(&even, &mut Transforms::default()).unwrap();
    near(spectrum[3 * whole], 1.0, 1e-4);
    near(spectrum[7 * whole], 0.5, 1e-3);
    assert!(spectrum[5 * whole] < 1e-4);
    assert!(turns(&[1.0, 0.0], RATE_HZ).is_err());
    let slow = turns(&[0.5; 100], RATE_HZ).unwrap();
    assert!(matches!(
        at_equal_angles(&[0.0; 100], &slow, (64, Interpolation::Linear)),
        Err(VibrationError::TooShort { .. })
    ));
}

#[test]
fn a_spline_runs_through_a_cubic_exactly() {
    let cubic = |x: f64| 0.5 * x.powi(3) - 2.0 * x * x + x - 4.0;
    for count in [4_usize, 5, 6, 12] {
        let values: Vec<f64> = (0..count).map(|index| cubic(index as f64)).collect();
        let bends = spline::curvatures(&values);
        for step in 0..10 * (count - 1) {
            let found = spline::value(&values, &bends, (step / 10, (step % 10) as f64 / 10.0));
            let expected = cubic(step as f64 / 10.0);
            assert!(
                (found - expected).abs() < 1e-9,
                "{count}, {step}: {found} {expected}"
            );
        }
    }
}

#[test]
fn a_low_pass_keeps_what_is_below_and_takes_what_is_above() {
    let both = wave(|t| (TAU * 100.0 * t).sin() + (TAU * 900.0 * t).sin());
    let found = low_pass(&both, (RATE_HZ, 500.0), &mut Transforms::default()).unwrap();
    let expected = wave(|t| (TAU * 100.0 * t).sin());
    assert!(
        found
            .iter()
            .zip(expected)
            .all(|(found, expected)| (found - expected).abs() < 1e-9)
    );
}

#[test]
fn the_velocity_of_a_sine_is_its_acceleration_over_the_angular_frequency() {
    // 1 g at 50 Hz; 0.05 m/s2 of drift does not count.
    let samples = wave(|t| STANDARD_GRAVITY * (TAU * 50.0 * t).sin() + 0.05 * (TAU * t).sin());
    let band = Band {
        low_hz: 10.0,
        high_hz: 1_000.0,
    };
    let mut velocity = Velocity::new(SECOND, RATE_HZ, band).unwrap();
    let found = velocity.rms(&samples).unwrap();
    near(found, 1e3 * STANDARD_GRAVITY / (2.0 * PI * 50.0) / SQRT_2, 1e-3);
    let above = wave(|t| STANDARD_GRAVITY * (TAU * 2_000.0 * t).sin());
    assert!(velocity.rms(&above).unwrap() < 1e-6);
    assert!(velocity.rms(&above[1..]).is_err());
}

#[test]
fn odd_values_do_not_move_a_robust_scale() {
    let learnt = RobustScale::learn(&[1.0, 2.0, 3.0, 4.0, 1e9]).unwrap();
    assert_eq!(
        (learnt.median.to_bits(), learnt.interquartile_range.to_bits()),
        (3.0_f64.to_bits(), 2.0_f64.to_bits())
    );
    near(learnt.scaled(7.0), 2.0, 1e-12);
    // Quartiles of 1, 2, 3, 4 as numpy has them.
    let four = RobustScale::learn(&[4.0, 1.0, 3.0, 2.0]).unwrap();
    near(four.median, 2.5, 1e-12);
    near(four.interquartile_range, 1.5, 1e-12);
    near(RobustScale::learn(&[5.0; 9]).unwrap().scaled(6.0), 1.0, 1e-12);
    assert!(RobustScale::learn(&[1.0, f64::NAN, 2.0, 3.0]).is_err());
    assert!(RobustScale::learn(&[1.0; 3]).is_err());
}

#[test]
fn lengths_of_transforms_have_small_factors() {
    for (least, expected) in [
        (0, 2),
        (7, 8),
        (3_002, 3_072),
        (11_402, 11_520),
        (13, 16),
        (75, 80),
    ] {
        assert_eq!(fast_length(least), expected);
    }
}
