//! `audio/mfcc`: mel-frequency cepstral coefficients as a node.

use motet_core::catalog::{
    BuildError, ConnectedInput, Cost, FaultPlace, InputSpec, InputSpecs, KindFault, NodeKind, OutputSpec,
    ParamSpec, ParamType, ParamValue, Params, Signature,
};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Dim, Element, TensorType};
use motet_models::audio::log_mel::{BINS_MAX, FFT_SAMPLES_MAX};
use motet_models::audio::{self, MfccConfig};

use super::framing::{Framing, Sound};

const INPUT: &str = "samples";

/// The kind `audio/mfcc`.
pub struct Mfcc;

impl NodeKind for Mfcc {
    fn name(&self) -> &str {
        "audio/mfcc"
    }

    fn about(&self) -> &str {
        "Turns mono sound into mel-frequency cepstral coefficients: frames of `coefficients` values, `1 / hop` of \
         them a second. Each frame is `window` samples under a Hann window, filled up with zeros to the next power \
         of two; the magnitudes of its spectrum go through `bins` triangular filters of height 1, evenly spaced on \
         the HTK mel scale from `low` to `high`; the natural logarithm of each plus 1e-6 goes through an orthonormal \
         cosine transform of type II. n samples give 1 + (n - window) / hop frames, none where they do not fill one \
         window. The sound must state its rate."
    }

    fn params(&self) -> Vec<ParamSpec> {
        let keywords = MfccConfig::keywords();
        let count = |name, value: usize, about| ParamSpec {
            name,
            param_type: ParamType::Integer {
                min: 1,
                max: BINS_MAX as i64,
            },
            default: Some(ParamValue::Integer(value as i64)),
            about,
        };
        let framing = Framing {
            window_samples: keywords.window_samples,
            hop_samples: keywords.hop_samples,
            low_hz: keywords.low_hz,
            high_hz: keywords.high_hz,
        };
        let mut params = vec![
            count(
                "coefficients",
                keywords.coefficients,
                "values of a frame, at most `bins`",
            ),
            count("bins", keywords.bins, "mel filters"),
        ];
        params.extend(framing.params(keywords.sample_rate_hz));
        params
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let samples = InputSpec::required(INPUT, super::any_sound(), "mono sound with a stated rate");
        Ok(InputSpecs {
            named: vec![samples],
            further: None,
        })
    }

    fn outputs(&self, params: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let shape = FrameShape::read(params, inputs)?;
        let frames = Dim {
            max: shape.frame_count_max,
            exact: shape.is_exact,
            name: (!shape.is_exact).then(|| "F".to_owned()),
        };
        let values = Dim::exactly(u32::try_from(shape.config.coefficients).unwrap_or(u32::MAX));
        let frames = TensorType::new(Element::F32, vec![frames, values]).at_rate(shape.frame_rate_mhz);
        Ok(vec![OutputSpec::new("frames", frames)])
    }

    fn cost(&self, params: &Params, signature: &Signature, _: &Placement) -> Cost {
        let Ok(shape) = FrameShape::read(params, &signature.inputs) else {
            return Cost::default();
        };
        let config = &shape.config;
        let fft = config.fft_samples() as u64;
        let cosines = 2 * (config.bins * config.coefficients) as u64;
        // A real transform, its magnitudes, and filters that touch every bin about twice.
        let per_frame = fft * u64::from(fft.ilog2()) * 5 / 2 + 4 * fft + cosines;
        Cost {
            flops: per_frame * u64::from(shape.frame_count_max),
            workspace_bytes: 20 * fft + 4 * config.bins as u64 + 2 * cosines,
            ..Cost::default()
        }
    }

    fn build(
        &self,
        params: &Params,
        signature: &Signature,
        _: &Placement,
    ) -> Result<Box<dyn Node>, BuildError> {
        let shape = FrameShape::read(params, &signature.inputs)
            .map_err(|faults| BuildError::Failed(crate::first_message(&faults)))?;
        let mfcc = audio::Mfcc::new(shape.config).map_err(|fault| BuildError::Failed(fault.to_string()))?;
        Ok(Box::new(MfccNode { mfcc }))
    }
}

/// The configuration in samples, and the frames it gives at most.
struct FrameShape {
    config: MfccConfig,
    frame_rate_mhz: u64,
    frame_count_max: u32,
    is_exact: bool,
}

impl FrameShape {
    fn read(params: &Params, inputs: &[ConnectedInput]) -> Result<FrameShape, Vec<KindFault>> {
        let sound = Sound::read(INPUT, inputs)?;
        let config = read_config(params, sound.rate_hz)?;
        let frame_count = config.frames(sound.length.max as usize);
        if frame_count == 0 {
            return Err(sound.too_short(INPUT, config.window_samples));
        }
        Ok(FrameShape {
            frame_rate_mhz: sound.rate_mhz() / config.hop_samples as u64,
            frame_count_max: u32::try_from(frame_count).unwrap_or(u32::MAX),
            is_exact: sound.length.exact,
            config,
        })
    }
}

/// Reads the parameters for this sample rate.
fn read_config(params: &Params, sample_rate_hz: u32) -> Result<MfccConfig, Vec<KindFault>> {
    let framing = Framing::read(params, sample_rate_hz, FFT_SAMPLES_MAX)?;
    let keywords = MfccConfig::keywords();
    let count = |name, default| {
        let stated = params.integer(name).and_then(|count| usize::try_from(count).ok());
        stated.unwrap_or(default)
    };
    let config = MfccConfig {
        sample_rate_hz,
        bins: count("bins", keywords.bins),
        coefficients: count("coefficients", keywords.coefficients),
        window_samples: framing.window_samples,
        hop_samples: framing.hop_samples,
        low_hz: framing.low_hz,
        high_hz: framing.high_hz,
        ..keywords
    };
    if config.coefficients > config.bins {
        let message = format!(
            "{} coefficients are more than the {} bins they are made of",
            config.coefficients, config.bins
        );
        let fault = KindFault::new(FaultPlace::Param("coefficients".to_owned(), None), message);
        return Err(vec![
            fault.help(format!("set `coefficients: {}` or less", config.bins)),
        ]);
    }
    Ok(config)
}

struct MfccNode {
    mfcc: audio::Mfcc,
}

impl Node for MfccNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let samples = inputs.tensor::<f32>(0)?;
        let config = self.mfcc.config();
        let dims = [config.frames(samples.len()), config.coefficients]
            .map(|size| u32::try_from(size).unwrap_or(u32::MAX));
        let out = outputs.tensor::<f32>(0, &dims)?;
        self.mfcc
            .frames(samples, out)
            .map_err(|fault| NodeError::Failed(fault.to_string()))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{Trial, Value};

    fn trial(port: &str) -> Trial<'static> {
        Trial::of(&Mfcc).input("samples", port)
    }

    #[test]
    fn the_output_counts_frames_of_coefficients() {
        assert_eq!(
            trial("f32[16000] rate=16kHz").types(),
            ["frames: f32[49, 10] rate=50Hz"]
        );
        let more = trial("f32[T<=8000] rate=8kHz").with("coefficients", ParamValue::Integer(13));
        assert_eq!(more.types(), ["frames: f32[F<=49, 13] rate=50Hz"]);
    }

    #[test]
    fn every_length_gives_the_frames_that_fit() {
        let mut running = trial("f32[T<=2000] rate=16kHz").build();
        for length in (0..=2_000_usize).step_by(37) {
            let outputs = running.fire(&[Some(Value::samples(&vec![0.1; length]))]).unwrap();
            let found = outputs[0].as_ref().unwrap().dims(0).unwrap()[0] as usize;
            let expected = (0..).take_while(|frame| frame * 320 + 480 <= length).count();
            assert_eq!(found, expected, "{length}");
        }
    }

    #[test]
    fn what_gives_no_coefficients_is_a_fault_at_its_place() {
        let fault = &trial("f32[400] rate=16kHz").faults()[0];
        assert_eq!(
            fault.message,
            "the sound has at most 400 samples, but one frame takes 480"
        );
        let many = trial("f32[16000] rate=16kHz").with("coefficients", ParamValue::Integer(41));
        let fault = &many.faults()[0];
        assert_eq!(fault.place, FaultPlace::Param("coefficients".to_owned(), None));
        assert_eq!(fault.help.as_deref(), Some("set `coefficients: 40` or less"));
        let fault = &trial("f32[16000]").faults()[0];
        assert_eq!(fault.place, FaultPlace::Input("samples".to_owned()));
    }
}
