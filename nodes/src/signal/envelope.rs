//! `signal/envelope`: the spectrum of the squared envelope of a band.

use motet_core::catalog::{
    BuildError, ConnectedInput, Cost, FaultPlace, InputSpecs, KindFault, NodeKind, OutputSpec, ParamSpec,
    ParamType, ParamValue, Params, Signature,
};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Dim, Field, PortType};
use motet_models::vibration::{Band, Envelopes, Source};

use super::waveform::{Waveform, failed, narrow, widen};
use super::welch::waveform_input;

const LOW: &str = "low";
const HIGH: &str = "high";
const TO: &str = "to";
const WHITEN: &str = "whiten";
/// Fewest samples that have an envelope.
const LENGTH_MIN: usize = 16;

/// The kind `signal/envelope`.
pub struct Envelope;

impl NodeKind for Envelope {
    fn name(&self) -> &str {
        "signal/envelope"
    }

    fn about(&self) -> &str {
        "The spectrum of the squared envelope of a band, axis by axis: what knocks at a steady pace, as damage of a bearing \
         does, has lines there at its own frequency. The band is `low` to `high`, or without them the most impulsive one of \
         23, as a kurtogram finds it. Output: `amplitudes` up to `to`, as shares of the mean, `rate / T` apart for a waveform of \
         T samples, the first of 0 Hz; `low` and `high`, the band in Hz; `kurtosis`, how impulsive the band that a kurtogram found \
         is: 0 for normal noise, -1 for a tone, and 0 where the band was given. With `whiten` all magnitudes of the spectrum \
         are brought to 1 before, so that resonances do not outweigh the rest."
    }

    fn params(&self) -> Vec<ParamSpec> {
        let frequency = |name, hz: u64, about| ParamSpec {
            name,
            param_type: ParamType::Frequency,
            default: Some(ParamValue::Frequency(1_000 * hz)),
            about,
        };
        vec![
            frequency(LOW, 0, "lower edge of the band"),
            frequency(HIGH, 0, "upper edge of the band; 0 Hz for the most impulsive one"),
            frequency(TO, 1_000, "highest frequency of the spectrum"),
            ParamSpec {
                name: WHITEN,
                param_type: ParamType::Flag,
                default: Some(ParamValue::Flag(false)),
                about: "whether all magnitudes are brought to 1 before",
            },
        ]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        Ok(InputSpecs {
            named: vec![waveform_input()],
            further: None,
        })
    }

    fn outputs(&self, params: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let settings = Settings::read(params, inputs)?;
        let bins = Dim {
            max: crate::model::dim(settings.bins(settings.waveform.length.max as usize)),
            exact: settings.waveform.length.exact,
            name: (!settings.waveform.length.exact).then(|| "B".to_owned()),
        };
        let number = |name: &str, unit: Option<&str>| {
            let mut tensor = settings.waveform.per_axis(Vec::new());
            tensor.unit = unit.map(str::to_owned);
            Field::new(name, tensor)
        };
        let fields = vec![
            Field::new("amplitudes", settings.waveform.per_axis(vec![bins])),
            number("low", Some("Hz")),
            number("high", Some("Hz")),
            number("kurtosis", None),
        ];
        Ok(vec![OutputSpec::new("spectrum", PortType::Record(fields))])
    }

    fn cost(&self, params: &Params, signature: &Signature, _: &Placement) -> Cost {
        let Ok(settings) = Settings::read(params, &signature.inputs) else {
            return Cost::default();
        };
        let length = u64::from(settings.waveform.length.max);
        let transform = 5 * length / 2 * u64::from(length.max(2).ilog2());
        let transforms = if settings.band.is_some() { 4 } else { 14 };
        Cost {
            flops: transforms * transform * u64::from(settings.waveform.axes),
            workspace_bytes: Envelopes::bytes(settings.waveform.length.max as usize) + 8 * length,
            ..Cost::default()
        }
    }

    fn build(
        &self,
        params: &Params,
        signature: &Signature,
        _: &Placement,
    ) -> Result<Box<dyn Node>, BuildError> {
        let settings = Settings::read(params, &signature.inputs)
            .map_err(|faults| BuildError::Failed(crate::first_message(&faults)))?;
        Ok(Box::new(EnvelopeNode {
            samples: Vec::with_capacity(settings.waveform.length.max as usize),
            settings,
            plan: None,
        }))
    }
}

struct Settings {
    waveform: Waveform,
    band: Option<Band>,
    source: Source,
    to_hz: f64,
}

impl Settings {
    fn read(params: &Params, inputs: &[ConnectedInput]) -> Result<Settings, Vec<KindFault>> {
        let waveform = Waveform::read(inputs)?;
        if (waveform.length.max as usize) < LENGTH_MIN {
            return Err(waveform.too_short(LENGTH_MIN));
        }
        let hertz = |name| params.frequency_mhz(name).unwrap_or_default() as f64 / 1e3;
        let (low_hz, high_hz, to_hz) = (hertz(LOW), hertz(HIGH), hertz(TO));
        let half_hz = waveform.rate_hz() / 2.0;
        let at =
            |param: &str, message: String| KindFault::new(FaultPlace::Param(param.to_owned(), None), message);
        if high_hz > half_hz || high_hz > 0.0 && low_hz >= high_hz || high_hz <= 0.0 && low_hz > 0.0 {
            let fault = at(
                HIGH,
                format!(
                    "the band {low_hz} to {high_hz} Hz is none within half the sample rate, {half_hz} Hz"
                ),
            );
            return Err(vec![
                fault.help("set `low` below `high`, or neither for the most impulsive band"),
            ]);
        }
        if to_hz <= 0.0 || to_hz > half_hz {
            let fault = at(
                TO,
                format!("{to_hz} Hz is not between 0 and half the sample rate, {half_hz} Hz"),
            );
            return Err(vec![fault.help(
                "set `to: 500 Hz`, three times the frequency that is looked for or more",
            )]);
        }
        let source = match params.flag(WHITEN).unwrap_or(false) {
            true => Source::Whitened,
            false => Source::Waveform,
        };
        Ok(Settings {
            band: (high_hz > 0.0).then_some(Band { low_hz, high_hz }),
            waveform,
            source,
            to_hz,
        })
    }

    /// Bins up to the highest frequency, of a waveform of so many samples.
    fn bins(&self, samples: usize) -> usize {
        let place = (self.to_hz * samples as f64 / self.waveform.rate_hz()).floor();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the frequency is within the spectrum"
        )]
        let bins = place as usize + 1;
        bins.min(samples / 2 + 1)
    }
}

struct EnvelopeNode {
    settings: Settings,
    /// For the length of the last waveform.
    plan: Option<(usize, Envelopes)>,
    samples: Vec<f64>,
}

impl Node for EnvelopeNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let lease = inputs.require(0)?;
        let waveform = &self.settings.waveform;
        let length = lease.tensor::<f32>(0)?.len() / waveform.axes as usize;
        let envelopes = match self.plan.take() {
            Some((planned, envelopes)) if planned == length => envelopes,
            Some(_) | None => Envelopes::new(length, waveform.rate_hz()).map_err(|error| failed(&error))?,
        };
        let (_, envelopes) = self.plan.insert((length, envelopes));
        let bins = self.settings.bins(length);
        let sizes = waveform.sizes(&[crate::model::dim(bins)]);
        let out = outputs.record(0)?;
        let mut found = [[0.0_f32; 3]; super::waveform::AXES_MAX as usize];
        let amplitudes = out.tensor::<f32>(0, &sizes)?;
        let axes = waveform
            .axes(lease)?
            .zip(amplitudes.chunks_exact_mut(bins))
            .zip(&mut found);
        for ((samples, amplitudes), found) in axes {
            widen(samples, &mut self.samples);
            envelopes.load(&self.samples).map_err(|error| failed(&error))?;
            let (band, kurtosis) = match self.settings.band {
                Some(band) => (Some(band), 0.0),
                None => {
                    let best = envelopes.kurtogram().map_err(|error| failed(&error))?;
                    (best.map(|best| best.band), best.map_or(0.0, |best| best.kurtosis))
                }
            };
            amplitudes.fill(0.0);
            // Without any variation there is no most impulsive band, and no line either.
            let Some(band) = band else { continue };
            let spectrum = envelopes.envelope_spectrum(self.settings.source, band);
            let spectrum = spectrum.map_err(|error| failed(&error))?;
            amplitudes
                .iter_mut()
                .zip(spectrum)
                .for_each(|(out, line)| *out = narrow(*line));
            *found = [band.low_hz, band.high_hz, kurtosis].map(narrow);
        }
        let sizes = waveform.sizes(&[]);
        for field in 0..3 {
            let values = out.tensor::<f32>(field + 1, &sizes)?;
            values
                .iter_mut()
                .zip(&found)
                .for_each(|(out, found)| *out = found[field]);
        }
        Ok(())
    }

    fn reset(&mut self) {
        self.plan = None;
    }
}

#[cfg(test)]
mod tests {
    use super::super::waveform::WAVEFORM;
    use super::*;
    use crate::trial::{Trial, Value};

    /// A carrier of 3 kHz that swings by 80 % at 50 Hz.
    fn modulated() -> Vec<f32> {
        let tau = std::f64::consts::TAU;
        let sample = |index: u32| {
            let t = f64::from(index) / 12_000.0;
            narrow((1.0 + 0.8 * (tau * 50.0 * t).cos()) * (tau * 3_000.0 * t).sin())
        };
        (0..12_000).map(sample).collect()
    }

    #[test]
    fn the_swing_of_a_carrier_is_a_line_of_its_envelope() {
        let trial = Trial::of(&Envelope)
            .with(LOW, ParamValue::Frequency(2_000_000))
            .with(HIGH, ParamValue::Frequency(4_000_000))
            .input(WAVEFORM, "f32[12000] rate=12kHz unit=g");
        assert_eq!(
            trial.types(),
            ["spectrum: record{amplitudes: f32[1001], low: f32 unit=Hz, high: f32 unit=Hz, kurtosis: f32}"]
        );
        let outputs = trial.run(&[Some(Value::samples(&modulated()))]).unwrap();
        let found = outputs[0].as_ref().unwrap();
        let lines = found.tensor::<f32>(0).unwrap();
        // 2 m over 1 + m^2 / 2, and a quarter of m for the second harmonic of that.
        assert!((lines[50] - 1.6 / 1.32).abs() < 1e-5 && (lines[100] - 0.32 / 1.32).abs() < 1e-5);
        assert_eq!(
            (
                found.tensor::<f32>(1).unwrap()[0],
                found.tensor::<f32>(2).unwrap()[0]
            ),
            (2_000.0, 4_000.0)
        );
    }

    #[test]
    fn the_most_impulsive_band_is_found_for_each_axis_and_a_constant_has_none() {
        let trial = Trial::of(&Envelope).input(WAVEFORM, "f32[2, T<=12000] rate=12kHz");
        let noise = crate::model::bearing::tests::noise(12_000, 3);
        let mut knocks: Vec<f32> = (0..12_000_u32)
            .zip(noise)
            .map(|(index, noise)| {
                let since = f64::from(index % 240) / 12_000.0;
                let knock = (-800.0 * since).exp() * (std::f64::consts::TAU * 5_000.0 * since).sin();
                narrow(knock) + 0.05 * noise
            })
            .collect();
        knocks.extend([0.5; 12_000]);
        let outputs = trial.run(&[Some(Value::F32(vec![2, 12_000], knocks))]).unwrap();
        let found = outputs[0].as_ref().unwrap();
        let numbers = |field| found.tensor::<f32>(field).unwrap().to_vec();
        let (low, high, kurtosis) = (numbers(1), numbers(2), numbers(3));
        assert!(
            low[0] <= 5_000.0 && 5_000.0 <= high[0] && kurtosis[0] > 1.0,
            "{low:?} {high:?} {kurtosis:?}"
        );
        assert_eq!((low[1], high[1], kurtosis[1]), (0.0, 0.0, 0.0));
        let lines = &numbers(0)[..1001];
        assert!(lines[50] > 0.1 && lines[50] > 10.0 * lines[25]);
    }

    #[test]
    fn a_band_that_is_none_is_a_fault() {
        let trial = |low, high| {
            Trial::of(&Envelope)
                .with(LOW, ParamValue::Frequency(low))
                .with(HIGH, ParamValue::Frequency(high))
                .input(WAVEFORM, "f32[12000] rate=12kHz")
        };
        for (low, high) in [(4_000_000, 2_000_000), (1_000_000, 7_000_000), (1_000_000, 0)] {
            assert_eq!(
                trial(low, high).faults()[0].place,
                FaultPlace::Param(HIGH.to_owned(), None)
            );
        }
        let far = Trial::of(&Envelope)
            .with(TO, ParamValue::Frequency(6_500_000))
            .input(WAVEFORM, "f32[12000] rate=12kHz");
        assert_eq!(far.faults()[0].place, FaultPlace::Param(TO.to_owned(), None));
    }
}
