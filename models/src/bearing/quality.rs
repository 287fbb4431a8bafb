//! Whether a waveform can be believed, before anything is made of it.
//!
//! Invariant: a rule says what is wrong with the data and never what is wrong with the machine; what looks like both, such as
//! a machine whose levels all rose tenfold, is called faulty data only where a unit explains it.

use super::normal::ALL_LEVELS;

/// Samples this close to the largest magnitude count as at the end of the range.
const END_OF_RANGE: f64 = 0.999;
/// Share of the samples there from which a waveform is saturated.
const SATURATED_SHARE: f64 = 1e-3;
/// Equal samples in a row from which they count as stuck, and the share of such samples.
const STUCK_RUN: usize = 50;
const STUCK_SHARE: f64 = 0.05;
/// How far levels may differ in how they moved, and how far their mean may be from a factor, as natural logarithms.
const SAME_SHIFT: f64 = 0.15;
/// Ratios between units of acceleration: g and m/s2, inches and centimetres, thousandths, both, inches of g.
const FACTORS: [f64; 5] = [9.806_65, 25.4, 1_000.0, 9_806.65, 386.09];
/// Ratios that no machine in running order reaches.
const RATIO_MAX: f64 = 50.0;
const RATIO_MIN: f64 = 0.125;
/// Largest relative error of the sample rate.
const RATE_ERROR_MAX: f64 = 0.02;

/// Whether a waveform stops at the end of the range of its sensor: one sample in a thousand is within a thousandth of the
/// largest magnitude.
pub fn is_saturated(samples: &[f64]) -> bool {
    let largest = samples
        .iter()
        .fold(0.0_f64, |most, sample| most.max(sample.abs()));
    let at_end = samples
        .iter()
        .filter(|sample| sample.abs() >= END_OF_RANGE * largest)
        .count();
    largest > 0.0 && at_end as f64 >= SATURATED_SHARE * samples.len() as f64
}

/// Whether a sensor is stuck or dead: no variation at all, or more than a twentieth of the samples repeat the one before in
/// runs of fifty and more.
pub fn is_stuck(samples: &[f64]) -> bool {
    let (mut run, mut stuck) = (0_usize, 0_usize);
    for pair in samples.windows(2) {
        run = if pair[0].to_bits() == pair[1].to_bits() {
            run + 1
        } else {
            0
        };
        stuck += usize::from(run >= STUCK_RUN);
    }
    run + 1 >= samples.len() || stuck as f64 > STUCK_SHARE * samples.len() as f64
}

/// Whether levels of bands, as natural logarithms, look like those of `before` in another unit: all moved alike, by about a
/// factor between units, or by more than any machine does.
///
/// A machine that is damaged in every band alike cannot be told from a wrong unit of nearly the same factor.
pub fn levels_tell_another_unit(levels: &[f64; ALL_LEVELS], before: &[f64; ALL_LEVELS]) -> bool {
    let shifts: [f64; ALL_LEVELS] = std::array::from_fn(|index| levels[index] - before[index]);
    let mean = shifts.iter().sum::<f64>() / ALL_LEVELS as f64;
    if mean > RATIO_MAX.ln() || mean < RATIO_MIN.ln() {
        return true;
    }
    let largest = shifts.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let smallest = shifts.iter().copied().fold(f64::INFINITY, f64::min);
    let is_near = |factor: &f64| (mean.abs() - factor.ln()).abs() <= SAME_SHIFT;
    largest - smallest <= SAME_SHIFT && FACTORS.iter().any(is_near)
}

/// Whether so many samples in so many seconds are not what the rate says, by more than a fiftieth.
pub fn rate_is_off(samples: usize, seconds: f64, rate_hz: f64) -> bool {
    let off = (samples as f64 / seconds / rate_hz - 1.0).abs();
    off.is_nan() || off > RATE_ERROR_MAX
}
