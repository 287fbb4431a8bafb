//! `signal/welch`: the power spectral density of a waveform.

use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, FaultPlace, InputSpec, InputSpecs, KindFault, NodeKind,
    OutputSpec, ParamSpec, ParamType, ParamValue, Params, Signature,
};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::Dim;
use motet_models::vibration::{Welch, WelchConfig};

use super::waveform::{WAVEFORM, Waveform, failed, narrow, widen};

const SEGMENT: &str = "segment";
const OVERLAP: &str = "overlap";

/// The kind `signal/welch`.
pub struct Spectrum;

impl NodeKind for Spectrum {
    fn name(&self) -> &str {
        "signal/welch"
    }

    fn about(&self) -> &str {
        "The one-sided power spectral density of each axis of a waveform, after Welch: the mean of the periodograms of \
         `segment` samples, each about its mean and under a Hann window, of which each shares `overlap` with the next. \
         Output: `1 + segment / 2` densities, the first of 0 Hz, the last of half the sample rate, in the square of the \
         waveform's unit per Hz."
    }

    fn params(&self) -> Vec<ParamSpec> {
        let segment = ParamType::Integer {
            min: 16,
            max: 1 << 16,
        };
        vec![
            ParamSpec {
                name: SEGMENT,
                param_type: segment,
                default: Some(ParamValue::Integer(2048)),
                about: "samples of a segment; bins are `rate / segment` apart",
            },
            ParamSpec {
                name: OVERLAP,
                param_type: ParamType::Share,
                default: Some(ParamValue::Number(0.5)),
                about: "share of a segment that belongs to the next one as well",
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
        let (waveform, config) = read(params, inputs)?;
        let bins = Dim::exactly(crate::model::dim(config.segment / 2 + 1));
        Ok(vec![OutputSpec::new("density", waveform.per_axis(vec![bins]))])
    }

    fn cost(&self, params: &Params, signature: &Signature, _: &Placement) -> Cost {
        let Ok((waveform, config)) = read(params, &signature.inputs) else {
            return Cost::default();
        };
        let samples = u64::from(waveform.length.max) * u64::from(waveform.axes);
        let segments = samples / (config.segment - config.overlap).max(1) as u64;
        let segment = config.segment as u64;
        Cost {
            flops: segments * segment * (5 * u64::from(segment.ilog2()) / 2 + 6),
            workspace_bytes: 64 * segment + 8 * u64::from(waveform.length.max),
            ..Cost::default()
        }
    }

    fn build(
        &self,
        params: &Params,
        signature: &Signature,
        _: &Placement,
    ) -> Result<Box<dyn Node>, BuildError> {
        let (waveform, config) = read(params, &signature.inputs)
            .map_err(|faults| BuildError::Failed(crate::first_message(&faults)))?;
        let welch = Welch::new(config).map_err(|error| BuildError::Failed(error.to_string()))?;
        Ok(Box::new(WelchNode {
            samples: Vec::with_capacity(waveform.length.max as usize),
            bins: config.segment / 2 + 1,
            waveform,
            welch,
        }))
    }
}

/// The input of a waveform of any length.
pub(super) fn waveform_input() -> InputSpec {
    let about = "a waveform with a stated rate, one axis or several: `f32[T<=N]` or `f32[C, T<=N]`";
    InputSpec::required(WAVEFORM, Accepts::Any, about)
}

fn read(params: &Params, inputs: &[ConnectedInput]) -> Result<(Waveform, WelchConfig), Vec<KindFault>> {
    let waveform = Waveform::read(inputs)?;
    let segment = params
        .integer(SEGMENT)
        .and_then(|count| usize::try_from(count).ok())
        .unwrap_or(2048);
    let share = params.number(OVERLAP).unwrap_or(0.5);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count is one"
    )]
    let overlap = (share * segment as f64) as usize;
    if overlap >= segment {
        let fault = KindFault::new(
            FaultPlace::Param(OVERLAP.to_owned(), None),
            "two segments would be the same",
        );
        return Err(vec![fault.help("set `overlap: 50 %`")]);
    }
    if segment > waveform.length.max as usize {
        return Err(waveform.too_short(segment));
    }
    let config = WelchConfig {
        rate_hz: waveform.rate_hz(),
        segment,
        overlap,
    };
    Ok((waveform, config))
}

struct WelchNode {
    waveform: Waveform,
    welch: Welch,
    bins: usize,
    samples: Vec<f64>,
}

impl Node for WelchNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let lease = inputs.require(0)?;
        let sizes = self.waveform.sizes(&[crate::model::dim(self.bins)]);
        let out = outputs.tensor::<f32>(0, &sizes)?;
        for (samples, out) in self.waveform.axes(lease)?.zip(out.chunks_exact_mut(self.bins)) {
            widen(samples, &mut self.samples);
            let density = self
                .welch
                .density(&self.samples)
                .map_err(|error| failed(&error))?;
            out.iter_mut()
                .zip(density)
                .for_each(|(out, density)| *out = narrow(*density));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{Trial, Value};

    fn sine(hz: f32, samples: usize) -> Vec<f32> {
        (0..samples)
            .map(|index| (std::f32::consts::TAU * hz * index as f32 / 12_000.0).sin())
            .collect()
    }

    #[test]
    fn each_axis_has_its_own_density() {
        let trial = Trial::of(&Spectrum)
            .with(SEGMENT, ParamValue::Integer(1200))
            .input(WAVEFORM, "f32[2, T<=12000] rate=12kHz unit=g");
        assert_eq!(trial.types(), ["density: f32[2, 601]"]);
        let both = [sine(500.0, 12_000), sine(2_000.0, 12_000)].concat();
        let outputs = trial.run(&[Some(Value::F32(vec![2, 12_000], both))]).unwrap();
        let density = outputs[0].as_ref().unwrap().tensor::<f32>(0).unwrap().to_vec();
        // Bins are 10 Hz apart; a sine of amplitude 1 has the power one half.
        for (axis, bin) in [(0, 50), (1, 200)] {
            let row = &density[axis * 601..][..601];
            let largest = (0..601).max_by(|a, b| row[*a].total_cmp(&row[*b]));
            assert_eq!(largest, Some(bin));
            assert!((10.0 * row.iter().sum::<f32>() - 0.5).abs() < 1e-3);
        }
    }

    #[test]
    fn what_has_no_spectrum_is_a_fault_at_its_place() {
        let at = |port: &str| {
            Trial::of(&Spectrum).input(WAVEFORM, port).faults()[0]
                .message
                .clone()
        };
        assert_eq!(
            at("f32[1000] rate=12kHz"),
            "the waveform has at most 1000 samples, 2048 are needed"
        );
        assert_eq!(
            at("f32[12000]"),
            "the waveform states no sample rate, so no frequency can be told"
        );
        assert!(at("f32[7, 12000] rate=12kHz").contains("6 axes at most"));
        assert!(at("i32[12000] rate=12kHz").contains("a waveform is due"));
        let all = Trial::of(&Spectrum)
            .with(OVERLAP, ParamValue::Number(1.0))
            .input(WAVEFORM, "f32[12000] rate=12kHz");
        assert_eq!(all.faults()[0].place, FaultPlace::Param(OVERLAP.to_owned(), None));
        // A chunk that turns out too short is the error of its node.
        let trial = Trial::of(&Spectrum).input(WAVEFORM, "f32[T<=12000] rate=12kHz");
        assert!(trial.run(&[Some(Value::samples(&[0.0; 100]))]).is_err());
    }
}
