//! `audio/resample`: sound at another sample rate.

use std::fmt::Display;

use motet_core::catalog::{
    BuildError, ConnectedInput, Cost, FaultPlace, InputSpec, InputSpecs, KindFault, NodeKind, OutputSpec,
    ParamSpec, ParamType, Params, Signature,
};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Dim, Element, Rate, TensorType};
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler};

/// Largest term of the ratio of two rates in lowest terms; the filter has a few times as many taps.
pub const RATIO_TERM_MAX: u64 = 100_000;
/// Samples per block of the filter, about: small enough for short clips, large enough for a sharp filter.
const BLOCK_SAMPLES: usize = 1024;
const RATE: &str = "rate";
const INPUT: &str = "samples";

/// The kind `audio/resample`.
pub struct Resample;

impl NodeKind for Resample {
    fn name(&self) -> &str {
        "audio/resample"
    }

    fn about(&self) -> &str {
        "Changes the sample rate of mono sound, as in `with: {rate: 16 kHz}`. The input must state its rate \
         (`f32[T<=48000] rate=48kHz`). Each firing is a whole clip: n samples become round(n * new / old), band \
         limited and without delay; nothing is kept between firings. The filter may overshoot at sharp edges, so \
         where the input states a range the output is clamped to it. Equal rates copy the samples."
    }

    fn params(&self) -> Vec<ParamSpec> {
        vec![ParamSpec {
            name: RATE,
            param_type: ParamType::Frequency,
            default: None,
            about: "the sample rate of the output",
        }]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let samples = InputSpec::required(INPUT, super::any_sound(), "mono sound with a stated rate");
        Ok(InputSpecs {
            named: vec![samples],
            further: None,
        })
    }

    fn outputs(&self, params: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let (ratio, sound) = Ratio::read(params, inputs)?;
        let dims = sound.dims.iter().map(|dim| ratio.dim(dim)).collect();
        let resampled = TensorType {
            dims,
            rate_mhz: Some(ratio.new_rate_mhz),
            ..sound.clone()
        };
        Ok(vec![OutputSpec::new("samples", resampled)])
    }

    fn cost(&self, params: &Params, signature: &Signature, _: &Placement) -> Cost {
        let Ok((ratio, sound)) = Ratio::read(params, &signature.inputs) else {
            return Cost::default();
        };
        let samples = sound.elements_max() + ratio.resampled(sound.elements_max());
        // Two transforms of a block cost about five operations per sample and level.
        let levels = u64::from((ratio.old.max(ratio.new).max(BLOCK_SAMPLES as u64)).ilog2()) + 1;
        let (old_samples, new_samples) = ratio.block();
        // The resampler keeps the filter, both spectra, the overlap and its transforms' tables, about twelve blocks.
        let workspace_bytes = if ratio.is_one() {
            0
        } else {
            48 * (old_samples + new_samples) as u64
        };
        Cost {
            flops: 5 * levels * samples,
            workspace_bytes,
            ..Cost::default()
        }
    }

    fn build(
        &self,
        params: &Params,
        signature: &Signature,
        _: &Placement,
    ) -> Result<Box<dyn Node>, BuildError> {
        let (ratio, sound) = Ratio::read(params, &signature.inputs)
            .map_err(|faults| BuildError::Failed(crate::first_message(&faults)))?;
        let filter = if ratio.is_one() {
            None
        } else {
            Some(Filter::new(ratio)?)
        };
        #[expect(clippy::cast_possible_truncation, reason = "the range is that of f32 samples")]
        let range = sound.range.map(|range| (range.low as f32, range.high as f32));
        Ok(Box::new(ResampleNode { ratio, filter, range }))
    }
}

/// Two sample rates, and their ratio in lowest terms: `new` samples for every `old`.
#[derive(Clone, Copy)]
struct Ratio {
    new_rate_mhz: u64,
    old: u64,
    new: u64,
}

impl Ratio {
    fn read<'i>(
        params: &Params,
        inputs: &'i [ConnectedInput],
    ) -> Result<(Ratio, &'i TensorType), Vec<KindFault>> {
        let at_input = |message: &str| KindFault::new(FaultPlace::Input(INPUT.to_owned()), message);
        let sound = super::sound(inputs)
            .filter(|sound| sound.element == Element::F32 && sound.dims.len() == 1)
            .ok_or_else(|| vec![at_input("mono sound is due here: `f32` with one dimension")])?;
        let Some(old_rate_mhz) = sound.rate_mhz else {
            let fault = at_input("the sound states no sample rate, so it cannot be changed");
            return Err(vec![
                fault.help("state its rate where it comes from, as in `rate=16kHz`"),
            ]);
        };
        let at_rate = |message: String| KindFault::new(FaultPlace::Param(RATE.to_owned(), None), message);
        let new_rate_mhz = params
            .frequency_mhz(RATE)
            .ok_or_else(|| vec![at_rate("no rate is stated".to_owned())])?;
        let common = greatest_common_divisor(old_rate_mhz, new_rate_mhz).max(1);
        let ratio = Ratio {
            new_rate_mhz,
            old: old_rate_mhz / common,
            new: new_rate_mhz / common,
        };
        if ratio.old.max(ratio.new) > RATIO_TERM_MAX {
            let (old_rate, new_rate) = (Rate(old_rate_mhz), Rate(new_rate_mhz));
            let message = format!(
                "{old_rate} and {new_rate} have no usable ratio: {}/{}",
                ratio.new, ratio.old
            );
            let help =
                format!("choose a rate whose ratio to {old_rate} has terms of at most {RATIO_TERM_MAX}");
            return Err(vec![at_rate(message).help(help)]);
        }
        Ok((ratio, sound))
    }

    fn is_one(self) -> bool {
        self.old == self.new
    }

    /// `round(samples * new / old)`; it grows with `samples`, so the bound of the input gives the bound of the
    /// output.
    fn resampled(self, samples: u64) -> u64 {
        let (samples, old, new) = (u128::from(samples), u128::from(self.old), u128::from(self.new));
        u64::try_from((2 * samples * new + old) / (2 * old)).unwrap_or(u64::MAX)
    }

    fn dim(self, dim: &Dim) -> Dim {
        if self.is_one() {
            return dim.clone();
        }
        let max = u32::try_from(self.resampled(u64::from(dim.max))).unwrap_or(u32::MAX);
        // A clip too short for one sample becomes an empty one. The length has another meaning than the one it
        // is made from, so it does not keep the name.
        Dim {
            max: max.max(1),
            exact: dim.exact && max > 0,
            name: None,
        }
    }

    /// Samples of one block of the filter, at the old and at the new rate.
    fn block(self) -> (usize, usize) {
        let [old, new] = [self.old, self.new].map(|term| usize::try_from(term).unwrap_or(usize::MAX));
        // Even at the old rate: of an odd block half a sample of the filter's delay would remain.
        let old_samples = BLOCK_SAMPLES.next_multiple_of(2 * old);
        (old_samples, old_samples / old * new)
    }
}

/// A resampler and a block of samples on each of its sides.
struct Filter {
    resampler: Fft<f32>,
    old: Vec<f32>,
    new: Vec<f32>,
}

impl Filter {
    fn new(ratio: Ratio) -> Result<Filter, BuildError> {
        let failed = |fault: &dyn Display| BuildError::Failed(format!("the resampler failed: {fault}"));
        let (old_samples, new_samples) = ratio.block();
        let resampler = Fft::new(old_samples, new_samples, old_samples, 1, FixedSync::Both);
        let resampler = resampler.map_err(|fault| failed(&fault))?;
        let sizes = (resampler.input_frames_max(), resampler.output_frames_max());
        Ok(Filter {
            resampler,
            old: vec![0.0; sizes.0],
            new: vec![0.0; sizes.1],
        })
    }

    /// Resamples a whole clip into `out`, block by block; what comes before the delay has passed is dropped.
    fn run(&mut self, samples: &[f32], out: &mut [f32]) -> Result<(), NodeError> {
        let failed = |fault: &dyn Display| NodeError::Failed(format!("the resampler failed: {fault}"));
        self.resampler.reset();
        let (old_samples, new_samples) = (self.old.len(), self.new.len());
        let mut delay = self.resampler.output_delay();
        let (mut rest, mut written) = (samples, 0);
        while written < out.len() {
            let (block, later) = rest.split_at(rest.len().min(old_samples));
            rest = later;
            self.old[..block.len()].copy_from_slice(block);
            self.old[block.len()..].fill(0.0);
            let from = InterleavedSlice::new(&self.old, 1, old_samples).map_err(|fault| failed(&fault))?;
            let mut to =
                InterleavedSlice::new_mut(&mut self.new, 1, new_samples).map_err(|fault| failed(&fault))?;
            self.resampler
                .process_into_buffer(&from, &mut to, None)
                .map_err(|fault| failed(&fault))?;
            let dropped = delay.min(new_samples);
            delay -= dropped;
            let kept = (new_samples - dropped).min(out.len() - written);
            out[written..written + kept].copy_from_slice(&self.new[dropped..dropped + kept]);
            written += kept;
        }
        Ok(())
    }
}

struct ResampleNode {
    ratio: Ratio,
    /// `None` where the rates are equal.
    filter: Option<Filter>,
    range: Option<(f32, f32)>,
}

impl Node for ResampleNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let samples = inputs.tensor::<f32>(0)?;
        if let Some(index) = samples.iter().position(|sample| !sample.is_finite()) {
            return Err(NodeError::Failed(format!(
                "sample {index} is not a finite number"
            )));
        }
        let length = self.ratio.resampled(samples.len() as u64);
        let out = outputs.tensor::<f32>(0, &[u32::try_from(length).unwrap_or(u32::MAX)])?;
        if out.is_empty() {
            return Ok(());
        }
        let Some(filter) = &mut self.filter else {
            out.copy_from_slice(samples);
            return Ok(());
        };
        filter.run(samples, out)?;
        if let Some((low, high)) = self.range {
            out.iter_mut()
                .for_each(|sample| *sample = sample.max(low).min(high));
        }
        Ok(())
    }
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

#[cfg(test)]
mod tests {
    use motet_core::catalog::ParamValue;

    use super::*;
    use crate::trial::{Trial, Value};

    fn trial(rate_mhz: u64, port: &str) -> Trial<'static> {
        Trial::of(&Resample)
            .with("rate", ParamValue::Frequency(rate_mhz))
            .input("samples", port)
    }

    fn resample(rate_mhz: u64, port: &str, samples: &[f32]) -> Vec<f32> {
        let outputs = trial(rate_mhz, port)
            .run(&[Some(Value::samples(samples))])
            .unwrap();
        outputs[0].as_ref().unwrap().tensor::<f32>(0).unwrap().to_vec()
    }

    #[expect(clippy::cast_possible_truncation, reason = "a sine fits in f32")]
    fn sine(hz: f64, rate_hz: f64, samples: u32) -> Vec<f32> {
        (0..samples)
            .map(|index| (0.5 * (std::f64::consts::TAU * hz * f64::from(index) / rate_hz).sin()) as f32)
            .collect()
    }

    #[test]
    fn a_sine_keeps_frequency_amplitude_and_phase() {
        for (rate_hz, rate) in [
            (8_000, "8kHz"),
            (11_025, "11.025kHz"),
            (44_100, "44.1kHz"),
            (48_000, "48kHz"),
        ] {
            let port = format!("f32[T<=48000] rate={rate} range=-1..1");
            let found = resample(16_000_000, &port, &sine(440.0, f64::from(rate_hz), rate_hz));
            let expected = sine(440.0, 16_000.0, 16_000);
            assert_eq!(found.len(), expected.len(), "{rate}");
            // The ends meet silence, where a sine cut off is no sine.
            for (index, (found, expected)) in found.iter().zip(&expected).enumerate().skip(1_600).take(12_800)
            {
                assert!(
                    (found - expected).abs() < 2e-3,
                    "{rate} sample {index}: {found} {expected}"
                );
            }
        }
    }

    #[test]
    fn a_tone_above_half_the_new_rate_is_rejected() {
        let found = resample(
            16_000_000,
            "f32[48000] rate=48kHz",
            &sine(10_000.0, 48_000.0, 48_000),
        );
        let loudest = found[1_600..14_400]
            .iter()
            .fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        assert!(loudest < 1e-3, "the alias reaches {loudest}");
    }

    #[test]
    fn it_agrees_with_the_resampler_that_the_nets_were_trained_with() {
        let samples = sine(700.0, 22_050.0, 9_000);
        let expected = motet_models::audio::resample(&samples, 22_050, 16_000).unwrap();
        assert_eq!(
            resample(16_000_000, "f32[T<=9000] rate=22.05kHz", &samples),
            expected
        );
    }

    #[test]
    fn every_length_gives_the_rounded_length_within_the_bound() {
        let trial = trial(16_000_000, "f32[T<=700] rate=44.1kHz");
        assert_eq!(trial.types(), ["samples: f32[<=254] rate=16kHz"]);
        let mut running = trial.build();
        for length in 0..=700_u32 {
            let samples = vec![0.25; length as usize];
            let outputs = running.fire(&[Some(Value::samples(&samples))]).unwrap();
            let found = outputs[0].as_ref().unwrap().dims(0).unwrap()[0];
            let expected = (f64::from(length) * 16_000.0 / 44_100.0).round();
            assert!(
                (f64::from(found) - expected).abs() < 0.5,
                "{length}: {found} {expected}"
            );
        }
    }

    #[test]
    fn a_firing_leaves_nothing_behind_for_the_next() {
        let mut running = trial(16_000_000, "f32[T<=4000] rate=48kHz").build();
        let mut fire = |samples: &[f32]| {
            let outputs = running.fire(&[Some(Value::samples(samples))]).unwrap();
            outputs[0].as_ref().unwrap().tensor::<f32>(0).unwrap().to_vec()
        };
        let first = fire(&sine(440.0, 48_000.0, 3_000));
        fire(&sine(3_000.0, 48_000.0, 4_000));
        assert_eq!(fire(&sine(440.0, 48_000.0, 3_000)), first);
    }

    #[test]
    fn equal_rates_copy_and_overshoot_is_clamped() {
        let samples = [0.5, -0.25, 1.0];
        assert_eq!(resample(16_000_000, "f32[3] rate=16kHz", &samples), samples);
        let square: Vec<f32> = (0..4_000)
            .map(|index| if index / 50 % 2 == 0 { 1.0 } else { -1.0 })
            .collect();
        let peak = |port| {
            resample(44_100_000, port, &square)
                .iter()
                .fold(0.0_f32, |peak, sample| peak.max(sample.abs()))
        };
        assert!(peak("f32[4000] rate=16kHz") > 1.01);
        assert!(peak("f32[4000] rate=16kHz range=-1..1") <= 1.0);
    }

    #[test]
    fn the_type_keeps_what_does_not_change() {
        let types = |port| trial(8_000_000, port).types();
        assert_eq!(
            types("f32[16000] rate=16kHz range=-1..1"),
            ["samples: f32[8000] rate=8kHz range=-1..1"]
        );
        assert_eq!(
            types("f32[T<=9] rate=8kHz unit=Pa"),
            ["samples: f32[T<=9] rate=8kHz unit=Pa"]
        );
        assert_eq!(types("f32[1] rate=44.1kHz"), ["samples: f32[<=1] rate=8kHz"]);
    }

    #[test]
    fn faults_name_their_place() {
        let check = |rate_mhz, port, place, message: &str| {
            let faults = trial(rate_mhz, port).faults();
            assert_eq!((&faults[0].place, faults[0].message.as_str()), (&place, message));
            assert!(faults[0].help.is_some());
        };
        let input = FaultPlace::Input("samples".to_owned());
        check(
            16_000_000,
            "f32[T<=9]",
            input,
            "the sound states no sample rate, so it cannot be changed",
        );
        let rate = FaultPlace::Param("rate".to_owned(), None);
        check(
            16_000_001,
            "f32[9] rate=8kHz",
            rate,
            "8kHz and 16.000001kHz have no usable ratio: 16000001/8000000",
        );
    }

    #[test]
    fn a_sample_that_is_not_finite_is_named() {
        let failed = trial(16_000_000, "f32[3] rate=8kHz")
            .run(&[Some(Value::samples(&[0.0, f32::NAN, 0.0]))])
            .err();
        assert_eq!(
            failed,
            Some(NodeError::Failed("sample 1 is not a finite number".to_owned()))
        );
    }
}
