//! What is measured of a window of one axis: levels of bands, moments, and how far the lines of a bearing stand out.

use crate::vibration::{
    Band, Comb, DefectOrders, Envelopes, Kurtogram, Line, Prominences, Source, Statistics, VibrationError,
    Welch, WelchConfig, band_level,
};

use super::normal::{ALL_LEVELS, SCORED_LEVELS, scored};

/// Number of levels.
pub const LEVELS: usize = ALL_LEVELS;
/// Number of levels that are scored.
pub const SCORED: usize = SCORED_LEVELS;
/// Number of lines.
pub const LINES: usize = 4;
/// Number of bands whose envelopes are looked at.
pub const BANDS: usize = 5;
/// How far a line can count, in dB.
const LINE_DB_MAX: f64 = 30.0;
/// Samples of a segment for levels.
const SEGMENT: usize = 2048;
/// Edges of the levels' bands, as shares of half the sample rate: 500, 2,000 and 4,000 Hz at 12 kHz.
const LEVEL_EDGES: [f64; LEVELS + 1] = [0.0, 1.0 / 12.0, 1.0 / 3.0, 2.0 / 3.0, 1.0];
/// Bands of envelopes, as shares of half the sample rate: 200 to 5,900 Hz, 500 to 2,000, 2,000 to 4,000, 4,000 to 5,900 at
/// 12 kHz. The fifth is that of the kurtogram.
const ENVELOPE_EDGES: [(Source, f64, f64); BANDS - 1] = [
    (Source::Whitened, 1.0 / 30.0, 59.0 / 60.0),
    (Source::Waveform, 1.0 / 12.0, 1.0 / 3.0),
    (Source::Waveform, 1.0 / 3.0, 2.0 / 3.0),
    (Source::Waveform, 2.0 / 3.0, 59.0 / 60.0),
];

/// A line of damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// Balls pass a place on the outer race.
    OuterRace,
    /// Balls pass a place on the inner race.
    InnerRace,
    /// A place on a ball strikes both races.
    Ball,
    /// The same, stronger and weaker with the turn of the cage.
    BallSidebands,
}

impl LineKind {
    /// All of them, in the order of the features.
    pub const ALL: [LineKind; LINES] = [
        LineKind::OuterRace,
        LineKind::InnerRace,
        LineKind::Ball,
        LineKind::BallSidebands,
    ];
}

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Examined {
    /// Natural logarithms of the root mean squares of the bands, in the unit of the waveform.
    pub levels: [f64; LEVELS],
    /// Moments.
    pub statistics: Statistics,
    /// How far each line stands out in each band; none where it lies beyond the spectrum.
    pub lines: [[Option<Line>; LINES]; BANDS],
    /// The most impulsive band; none for a waveform without variation.
    pub kurtogram: Option<Kurtogram>,
}

impl Examined {
    /// The levels that are scored.
    pub fn scored(&self) -> [f64; SCORED] {
        scored(&self.levels)
    }

    /// What the net reads: for each line the mean over the bands of how far it stands out, in dB from 0 to 30.
    pub fn features(&self) -> [f64; LINES] {
        std::array::from_fn(|line| {
            let bands = self.lines.iter().map(|lines| Self::counted(lines[line]));
            bands.sum::<f64>() / BANDS as f64
        })
    }

    fn counted(line: Option<Line>) -> f64 {
        line.map_or(0.0, |line| line.decibels.clamp(0.0, LINE_DB_MAX))
    }
}

/// Plans and buffers for windows of one length and rate.
pub struct Examiner {
    rate_hz: f64,
    orders: DefectOrders,
    samples: usize,
    window: Vec<f64>,
    welch: Welch,
    envelopes: Envelopes,
    prominences: Prominences,
}

impl Examiner {
    /// Plans for windows of so many samples.
    ///
    /// # Errors
    /// [`VibrationError::TooShort`] below 2,048 samples, [`VibrationError::Setting`] for a rate that is not above 0.
    pub fn new(samples: usize, rate_hz: f64, orders: DefectOrders) -> Result<Self, VibrationError> {
        if samples < SEGMENT {
            return Err(VibrationError::TooShort {
                needed: SEGMENT,
                found: samples,
            });
        }
        let welch = WelchConfig {
            rate_hz,
            segment: SEGMENT,
            overlap: SEGMENT / 2,
        };
        Ok(Self {
            welch: Welch::new(welch)?,
            envelopes: Envelopes::new(samples, rate_hz)?,
            prominences: Prominences::default(),
            window: vec![0.0; samples],
            rate_hz,
            orders,
            samples,
        })
    }

    /// Bytes that such a plan holds, about.
    pub fn bytes(samples: usize) -> u64 {
        Envelopes::bytes(samples) + 8 * samples as u64 + (1 << 18)
    }

    /// Operations for a window, about: some nine transforms of its length, and the spectra behind them.
    pub fn flops(samples: usize) -> u64 {
        let transform = 5 * samples as u64 / 2 * u64::from(samples.max(2).ilog2());
        22 * transform
    }

    /// The edges of the level `index`, in Hz.
    pub fn level_band(rate_hz: f64, index: usize) -> Band {
        let edge = |index: usize| LEVEL_EDGES[index.min(LEVELS)] * rate_hz / 2.0;
        Band {
            low_hz: edge(index),
            high_hz: edge(index + 1),
        }
    }

    /// Levels alone: a small part of the work.
    ///
    /// # Errors
    /// [`VibrationError::Length`] for another number of samples, [`VibrationError::NotFinite`].
    pub fn levels(&mut self, samples: &[f64]) -> Result<[f64; LEVELS], VibrationError> {
        self.check(samples)?;
        let mean = samples.iter().sum::<f64>() / samples.len() as f64;
        let centred = self.window.iter_mut().zip(samples);
        centred.for_each(|(out, sample)| *out = sample - mean);
        let step_hz = self.welch.step_hz();
        let rate_hz = self.rate_hz;
        let density = self.welch.density(&self.window)?;
        Ok(std::array::from_fn(|index| {
            band_level(density, step_hz, Self::level_band(rate_hz, index))
        }))
    }

    /// Everything, of a shaft that turns so often a second.
    ///
    /// # Errors
    /// As [`Examiner::levels`]; [`VibrationError::Setting`] for a speed that is not above 0.
    pub fn examine(&mut self, samples: &[f64], shaft_hz: f64) -> Result<Examined, VibrationError> {
        if !(shaft_hz.is_finite() && shaft_hz > 0.0) {
            return Err(VibrationError::Setting {
                fault: "the speed of the shaft must be above 0",
            });
        }
        let levels = self.levels(samples)?;
        self.envelopes.load(samples)?;
        let kurtogram = self.envelopes.kurtogram()?;
        let half = self.rate_hz / 2.0;
        let named = ENVELOPE_EDGES.iter().map(|(source, low, high)| {
            let band = Band {
                low_hz: low * half,
                high_hz: high * half,
            };
            Some((*source, band))
        });
        let found = kurtogram.map(|found| (Source::Waveform, found.band));
        let mut lines = [[None; LINES]; BANDS];
        for (band, lines) in named.chain([found]).zip(&mut lines) {
            if let Some((source, band)) = band {
                *lines = self.lines((source, band), shaft_hz)?;
            }
        }
        Ok(Examined {
            levels,
            statistics: Statistics::of(samples),
            lines,
            kurtogram,
        })
    }

    /// How far the lines stand out in the envelope of one band.
    fn lines(
        &mut self,
        (source, band): (Source, Band),
        shaft_hz: f64,
    ) -> Result<[Option<Line>; LINES], VibrationError> {
        let step_hz = self.envelopes.step_hz();
        let spectrum = self.envelopes.envelope_spectrum(source, band)?;
        let DefectOrders {
            outer_race,
            inner_race,
            ball_spin,
            cage,
        } = self.orders;
        // The third harmonic of the highest line, with its slip.
        let to_hz = 3.1 * inner_race.max(2.0 * ball_spin) * shaft_hz;
        self.prominences.load(spectrum, step_hz, to_hz);
        let side = [-cage * shaft_hz, cage * shaft_hz];
        let comb = |line: LineKind| match line {
            LineKind::OuterRace => (outer_race, &[0.0][..], 3),
            LineKind::InnerRace => (inner_race, &[0.0][..], 3),
            LineKind::Ball => (2.0 * ball_spin, &[0.0][..], 3),
            LineKind::BallSidebands => (2.0 * ball_spin, &side[..], 2),
        };
        Ok(LineKind::ALL.map(|line| {
            let (order, offsets_hz, harmonics) = comb(line);
            self.prominences.comb(&Comb {
                centre_hz: order * shaft_hz,
                offsets_hz,
                harmonics,
            })
        }))
    }

    fn check(&self, samples: &[f64]) -> Result<(), VibrationError> {
        if samples.len() != self.samples {
            return Err(VibrationError::Length {
                expected: self.samples,
                found: samples.len(),
            });
        }
        match samples.iter().position(|sample| !sample.is_finite()) {
            Some(index) => Err(VibrationError::NotFinite { index }),
            None => Ok(()),
        }
    }
}
