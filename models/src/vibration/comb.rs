//! How far equally spaced lines stand out of a spectrum.

use super::fourier::bin;

/// Half the stretch that a line is compared with, in Hz.
const BACKGROUND_HZ: f64 = 20.0;
/// Largest slip that is looked for, as a share of the expected frequency, and its step.
const SLIP_STEPS: i32 = 15;
const SLIP_STEP: f64 = 0.001;
/// Amplitudes below this count as this.
const AMPLITUDE_MIN: f64 = 1e-12;

/// For each bin of a spectrum, how far the largest of it and its two neighbours stands out of the median around it, in dB.
#[derive(Clone, Debug, Default)]
pub struct Prominences {
    step_hz: f64,
    /// None at the ends, where a neighbour is missing.
    decibels: Vec<Option<f64>>,
    sorted: Vec<f64>,
}

/// Lines at multiples of a frequency, or beside them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comb<'a> {
    /// The frequency, in Hz.
    pub centre_hz: f64,
    /// Distances from each multiple, in Hz: `[0.0]` for the multiples themselves.
    pub offsets_hz: &'a [f64],
    /// Number of multiples.
    pub harmonics: u32,
}

/// How a comb stands out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Mean over its lines, in dB.
    pub decibels: f64,
    /// By which share the frequency is higher than expected: the same for all lines.
    pub slip: f64,
}

impl Prominences {
    /// Takes a spectrum of amplitudes up to a frequency. The median of an even number of bins is the mean of the middle two;
    /// the first bin is in none.
    pub fn load(&mut self, amplitudes: &[f64], step_hz: f64, to_hz: f64) {
        self.step_hz = step_hz;
        self.decibels.clear();
        self.sorted.clear();
        let half = bin((BACKGROUND_HZ / step_hz).round_ties_even());
        let last = amplitudes.len().min(bin(to_hz / step_hz) + 2);
        let mut taken = 1;
        for index in 0..last {
            while taken < (index + half + 1).min(amplitudes.len()) {
                let amplitude = amplitudes[taken];
                let place = self.sorted.partition_point(|other| *other < amplitude);
                self.sorted.insert(place, amplitude);
                taken += 1;
            }
            // The bin before the stretch, where it has left one.
            if let Some(left) = index.checked_sub(half + 1).filter(|left| *left >= 1) {
                let place = self.sorted.partition_point(|other| *other < amplitudes[left]);
                self.sorted.remove(place);
            }
            let is_inside = index >= 2 && index + 1 < amplitudes.len();
            self.decibels.push(is_inside.then(|| {
                let peak = amplitudes[index - 1]
                    .max(amplitudes[index])
                    .max(amplitudes[index + 1]);
                20.0 * (peak.max(AMPLITUDE_MIN) / median(&self.sorted).max(AMPLITUDE_MIN)).log10()
            }));
        }
    }

    /// How far a comb stands out: the mean of its lines in dB, at the slip within 1.5 % at which it is largest; none where
    /// no line lies within the spectrum.
    pub fn comb(&self, comb: &Comb<'_>) -> Option<Line> {
        let mut best: Option<Line> = None;
        for slip in (-SLIP_STEPS..=SLIP_STEPS).map(|step| f64::from(step) * SLIP_STEP) {
            let (mut sum, mut count) = (0.0, 0_u32);
            for harmonic in 1..=comb.harmonics {
                for offset in comb.offsets_hz {
                    let hz = f64::from(harmonic) * comb.centre_hz * (1.0 + slip) + offset;
                    let place = bin((hz / self.step_hz + 0.5).floor());
                    if let Some(Some(decibels)) = self.decibels.get(place) {
                        sum += decibels;
                        count += 1;
                    }
                }
            }
            let decibels = sum / f64::from(count.max(1));
            if count > 0 && best.is_none_or(|best| decibels > best.decibels) {
                best = Some(Line { decibels, slip });
            }
        }
        best
    }
}

fn median(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    match sorted.len() % 2 {
        1 => sorted[half],
        _ => half
            .checked_sub(1)
            .map_or(0.0, |before| (sorted[before] + sorted[half]) / 2.0),
    }
}
