//! `audio/log-mel`: the log-mel spectrogram as a node.

use std::time::Duration;

use motet_core::catalog::{
    BuildError, ConnectedInput, Cost, InputSpec, InputSpecs, KindFault, NodeKind, OutputSpec, ParamSpec,
    ParamType, ParamValue, Params, Signature,
};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Dim, Element, TensorType};
use motet_models::audio::log_mel::{BINS_MAX, FFT_SAMPLES_MAX};
use motet_models::audio::{self, LogMelConfig};

use super::framing::{Framing, Sound, read_silence};

const INPUT: &str = "samples";
const SILENCE: &str = "silence";

/// The kind `audio/log-mel`.
pub struct LogMel;

impl NodeKind for LogMel {
    fn name(&self) -> &str {
        "audio/log-mel"
    }

    fn about(&self) -> &str {
        "Turns mono sound into a log-mel spectrogram: frames of `bins` values, `1 / hop` of them a second. It is \
         what librosa computes with center=False, htk=False, norm=slaney, power=2, followed by the natural \
         logarithm of max(energy, 1e-6): a Hann window in the middle of a transform of the next power of two, \
         triangular filters of equal area on the Slaney mel scale from `low` to `high`. n samples give \
         1 + (n - fft) / hop frames, none where they do not fill one transform. `silence` is put before and behind each \
         sound, as for nets that learnt from recordings with some: n grows by two of it, and times by one. The sound must \
         state its rate."
    }

    fn params(&self) -> Vec<ParamSpec> {
        let speech = LogMelConfig::speech();
        let bins = ParamSpec {
            name: "bins",
            param_type: ParamType::Integer {
                min: 1,
                max: BINS_MAX as i64,
            },
            default: Some(ParamValue::Integer(speech.bins as i64)),
            about: "mel bins per frame",
        };
        let framing = Framing {
            window_samples: speech.window_samples,
            hop_samples: speech.hop_samples,
            low_hz: speech.low_hz,
            high_hz: speech.high_hz,
        };
        let silence = ParamSpec {
            name: SILENCE,
            param_type: ParamType::Duration,
            default: Some(ParamValue::Duration(Duration::ZERO)),
            about: "silence before and behind each sound, at most ten seconds",
        };
        let mut params = vec![bins, silence];
        params.extend(framing.params(speech.sample_rate_hz));
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
        let bins = Dim::exactly(u32::try_from(shape.config.bins).unwrap_or(u32::MAX));
        let frames = TensorType::new(Element::F32, vec![frames, bins]).at_rate(shape.frame_rate_mhz);
        Ok(vec![OutputSpec::new("frames", frames)])
    }

    fn cost(&self, params: &Params, signature: &Signature, _: &Placement) -> Cost {
        let Ok(shape) = FrameShape::read(params, &signature.inputs) else {
            return Cost::default();
        };
        let fft = shape.config.fft_samples as u64;
        // A real transform, its power, and filters that touch every bin about twice.
        let per_frame = fft * u64::from(fft.ilog2()) * 5 / 2 + 4 * fft;
        Cost {
            flops: per_frame * u64::from(shape.frame_count_max),
            workspace_bytes: 24 * fft + 8 * shape.config.bins as u64 + 4 * shape.padded_samples() as u64,
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
        let padded = vec![0.0; shape.padded_samples()];
        let log_mel =
            audio::LogMel::new(shape.config).map_err(|fault| BuildError::Failed(fault.to_string()))?;
        Ok(Box::new(LogMelNode {
            log_mel,
            silence_samples: shape.silence_samples,
            padded,
        }))
    }
}

/// The configuration in samples, and the frames it gives at most.
struct FrameShape {
    config: LogMelConfig,
    frame_rate_mhz: u64,
    frame_count_max: u32,
    is_exact: bool,
    /// Samples of silence before, and behind.
    silence_samples: usize,
    /// Most samples that arrive.
    samples_max: usize,
}

impl FrameShape {
    fn read(params: &Params, inputs: &[ConnectedInput]) -> Result<FrameShape, Vec<KindFault>> {
        let sound = Sound::read(INPUT, inputs)?;
        let config = read_config(params, sound.rate_hz)?;
        let silence_samples = read_silence(SILENCE, params, sound.rate_hz)?;
        let samples_max = sound.length.max as usize;
        let frame_count = config.frames(samples_max + 2 * silence_samples);
        if frame_count == 0 {
            return Err(sound.too_short(INPUT, config.fft_samples));
        }
        Ok(FrameShape {
            frame_rate_mhz: sound.rate_mhz() / config.hop_samples as u64,
            frame_count_max: u32::try_from(frame_count).unwrap_or(u32::MAX),
            is_exact: sound.length.exact,
            silence_samples,
            samples_max,
            config,
        })
    }

    /// Samples of the longest sound with its silence; none where there is no silence.
    fn padded_samples(&self) -> usize {
        match self.silence_samples {
            0 => 0,
            silence => self.samples_max + 2 * silence,
        }
    }
}

/// Reads the parameters for this sample rate.
fn read_config(params: &Params, sample_rate_hz: u32) -> Result<LogMelConfig, Vec<KindFault>> {
    let framing = Framing::read(params, sample_rate_hz, FFT_SAMPLES_MAX)?;
    let speech = LogMelConfig::speech();
    Ok(LogMelConfig {
        sample_rate_hz,
        bins: params
            .integer("bins")
            .and_then(|bins| usize::try_from(bins).ok())
            .unwrap_or(speech.bins),
        window_samples: framing.window_samples,
        hop_samples: framing.hop_samples,
        fft_samples: framing.window_samples.next_power_of_two().max(2),
        low_hz: framing.low_hz,
        high_hz: framing.high_hz,
        ..speech
    })
}

struct LogMelNode {
    log_mel: audio::LogMel,
    silence_samples: usize,
    /// A sound with its silence; empty where there is none. Invariant: it begins with silence.
    padded: Vec<f32>,
}

impl Node for LogMelNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let mut samples = inputs.tensor::<f32>(0)?;
        if self.silence_samples > 0 {
            let end = self.silence_samples + samples.len();
            self.padded[self.silence_samples..end].copy_from_slice(samples);
            self.padded[end..end + self.silence_samples].fill(0.0);
            samples = &self.padded[..end + self.silence_samples];
        }
        let sizes = [
            self.log_mel.config().frames(samples.len()),
            self.log_mel.config().bins,
        ];
        let dims = sizes.map(|size| u32::try_from(size).unwrap_or(u32::MAX));
        let out = outputs.tensor::<f32>(0, &dims)?;
        self.log_mel
            .frames(samples, out)
            .map_err(|fault| NodeError::Failed(fault.to_string()))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use motet_core::catalog::FaultPlace;

    use super::*;
    use crate::trial::{Trial, Value};

    fn trial(port: &str) -> Trial<'static> {
        Trial::of(&LogMel).input("samples", port)
    }

    fn milliseconds(count: u64) -> ParamValue {
        ParamValue::Duration(Duration::from_millis(count))
    }

    fn frames(trial: &Trial<'_>, samples: &[f32]) -> (Vec<u32>, Vec<f32>) {
        let outputs = trial.run(&[Some(Value::samples(samples))]).unwrap();
        let lease = outputs[0].as_ref().unwrap();
        (
            lease.dims(0).unwrap().to_vec(),
            lease.tensor::<f32>(0).unwrap().to_vec(),
        )
    }

    #[test]
    fn the_output_counts_frames_of_bins() {
        assert_eq!(
            trial("f32[T<=48000] rate=16kHz range=-1..1").types(),
            ["frames: f32[F<=297, 40] rate=100Hz"]
        );
        assert_eq!(
            trial("f32[16000] rate=16kHz").types(),
            ["frames: f32[97, 40] rate=100Hz"]
        );
        let wide = trial("f32[T<=44100] rate=44.1kHz").with("bins", ParamValue::Integer(64));
        assert_eq!(wide.types(), ["frames: f32[F<=96, 64] rate=100Hz"]);
        let slow = trial("f32[T<=8000] rate=8kHz")
            .with("high", ParamValue::Frequency(3_800_000))
            .with("hop", milliseconds(16));
        assert_eq!(slow.types(), ["frames: f32[F<=61, 40] rate=62.5Hz"]);
    }

    #[test]
    fn silence_is_put_around_each_sound() {
        let port = "f32[T<=2000] rate=16kHz";
        let around = |samples: &[f32]| {
            let mut padded = vec![0.0; 320];
            padded.extend_from_slice(samples);
            padded.extend([0.0; 320]);
            frames(&trial("f32[T<=4000] rate=16kHz"), &padded)
        };
        let mut running = trial(port).with(SILENCE, milliseconds(20)).build();
        // A long sound leaves nothing of itself in the silence behind a short one.
        for length in [2_000, 300, 0] {
            let samples: Vec<f32> = (0..length).map(|index| (index as f32 * 0.3).sin()).collect();
            let outputs = running.fire(&[Some(Value::samples(&samples))]).unwrap();
            let lease = outputs[0].as_ref().unwrap();
            let (dims, expected) = around(&samples);
            assert_eq!(lease.dims(0).unwrap(), dims);
            assert_eq!(lease.tensor::<f32>(0).unwrap(), expected);
        }
        let long = trial(port).with(SILENCE, milliseconds(11_000));
        assert!(matches!(&long.faults()[0].place, FaultPlace::Param(name, None) if name == SILENCE));
    }

    #[test]
    fn every_length_gives_the_frames_that_fit() {
        let mut running = trial("f32[T<=2000] rate=16kHz").build();
        for length in (0..=2_000_usize).step_by(37) {
            let outputs = running.fire(&[Some(Value::samples(&vec![0.1; length]))]).unwrap();
            let found = outputs[0].as_ref().unwrap().dims(0).unwrap()[0] as usize;
            let expected = (0..).take_while(|frame| frame * 160 + 512 <= length).count();
            assert_eq!(found, expected, "{length}");
        }
    }

    #[test]
    fn silence_is_the_logarithm_of_the_floor() {
        let (dims, values) = frames(&trial("f32[T<=1000] rate=16kHz"), &[0.0; 700]);
        assert_eq!(dims, [2, 40]);
        assert!(values.iter().all(|value| (value - 1e-6_f32.ln()).abs() < 1e-6));
    }

    #[test]
    fn a_tone_is_loudest_in_the_filter_around_it() {
        #[expect(clippy::cast_possible_truncation, reason = "a sine fits in f32")]
        let tone: Vec<f32> = (0..1_600)
            .map(|index| (std::f64::consts::TAU * 2_000.0 * f64::from(index) / 16_000.0).sin() as f32)
            .collect();
        let (_, values) = frames(&trial("f32[1600] rate=16kHz"), &tone);
        let loudest = (0..40).max_by(|a, b| values[*a].total_cmp(&values[*b])).unwrap();
        // Slaney mel: 20 Hz is 0.3, 2000 Hz is 15 + 27 ln 2 / ln 6.4 = 25.08, 7600 Hz is 44.50; the centres of 40
        // filters lie (44.50 - 0.3) / 41 = 1.078 apart, so 2000 Hz is nearest to centre 23, index 22.
        assert_eq!(loudest, 22);
    }

    #[test]
    fn faults_name_their_place() {
        let check = |trial: Trial<'_>, place: FaultPlace, message: &str| {
            let faults = trial.faults();
            let found: Vec<_> = faults
                .iter()
                .map(|fault| (&fault.place, fault.message.as_str()))
                .collect();
            assert_eq!(found, [(&place, message)]);
        };
        let param = |name: &str| FaultPlace::Param(name.to_owned(), None);
        let input = || FaultPlace::Input("samples".to_owned());
        let sound = "f32[T<=16000] rate=16kHz";
        check(
            trial("f32[T<=9]"),
            input(),
            "the sound states no sample rate, so no frequency can be told",
        );
        check(
            trial("f32[T<=511] rate=16kHz"),
            input(),
            "the sound has at most 511 samples, but one frame takes 512",
        );
        check(
            trial("f32[T<=99999] rate=12.5Hz"),
            input(),
            "the sample rate 12.5Hz is not a whole number of hertz",
        );
        check(
            trial("f32[T<=16000] rate=8kHz"),
            param("high"),
            "7600 Hz is above half the sample rate, 4000 Hz",
        );
        check(
            trial(sound).with("low", ParamValue::Frequency(7_600_000)),
            param("low"),
            "the lower edge, 7600 Hz, is not below the upper, 7600 Hz",
        );
        check(
            trial(sound).with("window", milliseconds(5_000)),
            param("window"),
            "the window has 80000 samples, but 1 to 65536 are allowed",
        );
        check(
            trial(sound).with("hop", ParamValue::Duration(Duration::from_micros(10_030))),
            param("hop"),
            "the hop is 160.480 samples at 16000 Hz, not a whole number",
        );
        let several = trial(sound)
            .with("window", milliseconds(0))
            .with("hop", milliseconds(0));
        assert_eq!(several.faults().len(), 2);
    }

    #[test]
    fn a_sample_that_is_not_finite_is_named() {
        let mut samples = [0.0; 512];
        samples[7] = f32::INFINITY;
        let failed = trial("f32[512] rate=16kHz")
            .run(&[Some(Value::samples(&samples))])
            .err();
        assert_eq!(
            failed,
            Some(NodeError::Failed("sample 7 is not a finite number".to_owned()))
        );
    }
}
