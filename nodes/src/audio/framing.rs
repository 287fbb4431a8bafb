//! What every node that cuts sound into frames reads from its parameters and its input.

use std::time::Duration;

use motet_core::catalog::{ConnectedInput, FaultPlace, KindFault, ParamSpec, ParamType, ParamValue, Params};
use motet_core::port::{Dim, Rate};

/// Frames whose distance is off by less than this share of a sample keep their stated rate.
const HOP_TOLERANCE_SAMPLES: f64 = 1e-3;

/// Longest silence before and behind a sound.
const SILENCE_MAX_S: f64 = 10.0;
/// The silence around what nets of speech hear.
pub(crate) const SILENCE_DEFAULT: Duration = Duration::from_millis(400);

/// Sound with a rate of whole hertz.
pub(crate) struct Sound {
    pub(crate) rate_hz: u32,
    pub(crate) length: Dim,
}

impl Sound {
    /// Reads what is connected to the first input, which is called `input`.
    pub(crate) fn read(input: &str, inputs: &[ConnectedInput]) -> Result<Sound, Vec<KindFault>> {
        let at_input = |message: String| KindFault::new(FaultPlace::Input(input.to_owned()), message);
        let Some((sound, length)) = super::sound(inputs).and_then(|sound| Some((sound, sound.dims.first()?)))
        else {
            return Err(vec![at_input(
                "mono sound is due here: `f32` with one dimension".to_owned(),
            )]);
        };
        let Some(rate_mhz) = sound.rate_mhz else {
            let fault = at_input("the sound states no sample rate, so no frequency can be told".to_owned());
            return Err(vec![
                fault.help("state its rate where it comes from, as in `rate=16kHz`"),
            ]);
        };
        let (Ok(rate_hz), 0) = (u32::try_from(rate_mhz / 1_000), rate_mhz % 1_000) else {
            let fault = at_input(format!(
                "the sample rate {} is not a whole number of hertz",
                Rate(rate_mhz)
            ));
            return Err(vec![fault.help("put a node of kind `audio/resample` between")]);
        };
        Ok(Sound {
            rate_hz,
            length: length.clone(),
        })
    }

    /// Its rate in millihertz.
    pub(crate) fn rate_mhz(&self) -> u64 {
        u64::from(self.rate_hz) * 1_000
    }

    /// The fault of sound that never fills a frame.
    pub(crate) fn too_short(&self, input: &str, frame_samples: usize) -> Vec<KindFault> {
        let message = format!(
            "the sound has at most {} samples, but one frame takes {frame_samples}",
            self.length.max
        );
        let fault = KindFault::new(FaultPlace::Input(input.to_owned()), message);
        vec![fault.help("allow longer sound, or set a shorter `window`")]
    }
}

/// Samples of silence on each side, by the parameter of this name.
pub(crate) fn read_silence(name: &str, params: &Params, rate_hz: u32) -> Result<usize, Vec<KindFault>> {
    let seconds = params.duration(name).unwrap_or_default().as_secs_f64();
    if seconds > SILENCE_MAX_S {
        let place = FaultPlace::Param(name.to_owned(), None);
        let message = format!("{seconds} s of silence are more than {SILENCE_MAX_S} s");
        return Err(vec![KindFault::new(place, message)]);
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a few seconds have few samples"
    )]
    Ok((seconds * f64::from(rate_hz)).round() as usize)
}

/// Window, hop and band of a spectrum.
pub(super) struct Framing {
    pub(super) window_samples: usize,
    pub(super) hop_samples: usize,
    pub(super) low_hz: f64,
    pub(super) high_hz: f64,
}

impl Framing {
    /// The parameters `window`, `hop`, `low` and `high`, with this framing at a rate for their defaults.
    pub(super) fn params(&self, rate_hz: u32) -> [ParamSpec; 4] {
        let seconds = |samples: usize| samples as f64 / f64::from(rate_hz);
        let duration = |name, samples, about| ParamSpec {
            name,
            param_type: ParamType::Duration,
            default: Some(ParamValue::Duration(Duration::from_secs_f64(seconds(samples)))),
            about,
        };
        let frequency = |name, hz, about| ParamSpec {
            name,
            param_type: ParamType::Frequency,
            default: Some(ParamValue::Frequency(millihertz(hz))),
            about,
        };
        [
            duration("window", self.window_samples, "length of the Hann window"),
            duration(
                "hop",
                self.hop_samples,
                "distance between the starts of two frames, in whole samples",
            ),
            frequency("low", self.low_hz, "lower edge of the lowest filter"),
            frequency(
                "high",
                self.high_hz,
                "upper edge of the highest filter, at most half the sample rate",
            ),
        ]
    }

    /// Reads the parameters for sound of this rate.
    pub(super) fn read(
        params: &Params,
        rate_hz: u32,
        window_samples_max: usize,
    ) -> Result<Framing, Vec<KindFault>> {
        let mut faults = Vec::new();
        let half_rate_hz = f64::from(rate_hz) / 2.0;
        let samples = |name| params.duration(name).unwrap_or_default().as_secs_f64() * f64::from(rate_hz);
        let at =
            |name: &str, message: String| KindFault::new(FaultPlace::Param(name.to_owned(), None), message);
        let (window, hop) = (samples("window").round(), samples("hop"));
        if !(1.0..=window_samples_max as f64).contains(&window) {
            let message =
                format!("the window has {window} samples, but 1 to {window_samples_max} are allowed");
            faults.push(at("window", message));
        }
        if hop.round() < 1.0 || (hop - hop.round()).abs() > HOP_TOLERANCE_SAMPLES {
            let whole = hop.round().max(1.0);
            let near_us = (whole / f64::from(rate_hz) * 1e9).round() / 1e3;
            let fault = at(
                "hop",
                format!("the hop is {hop:.3} samples at {rate_hz} Hz, not a whole number"),
            );
            let fault = fault.help(format!(
                "set `hop: {near_us} us`, which is {whole} samples, or change the rate before"
            ));
            faults.push(KindFault {
                replacement: Some(format!("{near_us} us")),
                ..fault
            });
        }
        let hertz = |name| params.frequency_mhz(name).unwrap_or_default() as f64 / 1e3;
        let (low_hz, high_hz) = (hertz("low"), hertz("high"));
        if high_hz > half_rate_hz {
            let fault = at(
                "high",
                format!("{high_hz} Hz is above half the sample rate, {half_rate_hz} Hz"),
            );
            let fault = fault.help(format!("set `high: {half_rate_hz} Hz` or less"));
            faults.push(KindFault {
                replacement: Some(format!("{half_rate_hz} Hz")),
                ..fault
            });
        }
        if low_hz >= high_hz {
            faults.push(at(
                "low",
                format!("the lower edge, {low_hz} Hz, is not below the upper, {high_hz} Hz"),
            ));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Framing {
            window_samples: whole_samples(window),
            hop_samples: whole_samples(hop.round()),
            low_hz,
            high_hz,
        })
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a whole number of samples, checked to lie between 1 and what a year at 1 GHz has"
)]
fn whole_samples(samples: f64) -> usize {
    samples as usize
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a positive frequency far below 2^53 mHz"
)]
fn millihertz(hz: f64) -> u64 {
    (hz * 1e3).round() as u64
}
