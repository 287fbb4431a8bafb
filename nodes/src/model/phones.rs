//! `model/phones`: how likely each phone is, moment by moment.

use std::sync::Arc;

use motet_core::catalog::{
    BuildError, ConnectedInput, Cost, FaultPlace, InputSpec, InputSpecs, KindFault, NodeKind, OutputSpec,
    ParamSpec, ParamType, ParamValue, Params, Signature,
};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::{Placement, PrecisionOffer};
use motet_core::port::{Dim, Element, Rate, TensorType};
use motet_models::audio::LogMel;
use motet_models::speech::SpeechConfig;
use motet_models::speech::corpus::floor;
use motet_models::speech::phones::OUTPUTS;

use super::runs::Runs;
use super::shelf::{Entry, Shelf};
use super::sources::ModelSources;
use super::{dim, model_param, refused};
use crate::audio::any_sound;
use crate::audio::framing::{SILENCE_DEFAULT, Sound, read_silence};

const INPUT: &str = "sound";
const SILENCE: &str = "silence";
/// Longest sound with its silence, in frames: one hour at 100 frames a second.
const FRAMES_MAX: usize = 360_000;
/// The kind `model/phones`. All its nodes share the weights of a model in one precision.
pub struct Phones {
    shelf: Shelf<SpeechConfig>,
}

impl Phones {
    /// The kind with the models of these sources.
    pub fn new(sources: ModelSources) -> Phones {
        Phones {
            shelf: Shelf::new(sources),
        }
    }
}

impl NodeKind for Phones {
    fn name(&self) -> &str {
        "model/phones"
    }

    fn about(&self) -> &str {
        "Scores the phones of English in sound at 16 kHz; the net's spectrogram, which its card names, is computed here. \
         Output: `scores`, a row of 40 logits for every 20 or 40 ms, as the model's card says: first the blank, then the 39 \
         phones of the CMU dictionary by name. A row depends on what comes less than 320 ms later, and on nothing after \
         that. `silence` is put before and behind each sound, since a net hears the wrong word where a sound is cut tightly: \
         the first row is that long before the sound, which `speech/commands` takes from its times. A sound that is longer \
         than the model takes at once goes through it in windows that overlap, with the same answer. `speech/commands` finds \
         words in the scores."
    }

    fn params(&self) -> Vec<ParamSpec> {
        vec![
            model_param(),
            ParamSpec {
                name: SILENCE,
                param_type: ParamType::Duration,
                default: Some(ParamValue::Duration(SILENCE_DEFAULT)),
                about: "silence before and behind each sound, at most ten seconds; `speech/commands` has the same",
            },
        ]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let about = "mono sound at the rate that the model hears";
        Ok(InputSpecs {
            named: vec![InputSpec::required(INPUT, any_sound(), about)],
            further: None,
        })
    }

    fn outputs(&self, params: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let model = self.shelf.find(params)?;
        let heard = Heard::read(&model, params, inputs)?;
        let config = &model.card.model.net;
        let units = Dim {
            max: dim(config.units(heard.frames_max)),
            exact: heard.is_exact,
            name: (!heard.is_exact).then(|| "U".to_owned()),
        };
        let scores = TensorType::new(Element::F32, vec![units, Dim::exactly(dim(OUTPUTS))]);
        let rate = frame_rate_mhz(config) / config.stride as u64;
        Ok(vec![OutputSpec::new("scores", scores.at_rate(rate))])
    }

    fn precisions(&self, params: &Params) -> Vec<PrecisionOffer> {
        self.shelf.offers(params)
    }

    fn width_max(&self, params: &Params, _: &Signature) -> u16 {
        self.shelf.width_max(params)
    }

    fn cost(&self, params: &Params, signature: &Signature, placement: &Placement) -> Cost {
        let mut cost = self.shelf.cost(params, placement);
        let Ok(model) = self.shelf.find(params) else {
            return cost;
        };
        let config = &model.card.model.net;
        if let Ok(heard) = Heard::read(&model, params, &signature.inputs) {
            let windows = config.windows(heard.frames_max);
            let all: usize = windows.iter().map(|window| window.frames.len()).sum();
            cost.flops = cost.flops / config.frames_max as u64 * all as u64;
            let fft = config.features.fft_samples as u64;
            // A real transform, its power, and filters that touch every bin about twice.
            cost.flops += (fft * u64::from(fft.ilog2()) * 5 / 2 + 4 * fft) * all as u64;
            let numbers = room(config) + window_samples(config) + config.units(config.frames_max) * OUTPUTS;
            cost.workspace_bytes += 4 * numbers as u64 + 24 * fft;
        }
        cost
    }

    fn build(
        &self,
        params: &Params,
        signature: &Signature,
        placement: &Placement,
    ) -> Result<Box<dyn Node>, BuildError> {
        let (model, runs) = self.shelf.open(params, placement)?;
        let heard =
            Heard::read(&model, params, &signature.inputs).map_err(|faults| refused(params, &faults))?;
        let config = &model.card.model.net;
        let log_mel =
            LogMel::new(config.features.clone()).map_err(|fault| BuildError::Failed(fault.to_string()))?;
        Ok(Box::new(PhonesNode {
            runs,
            log_mel,
            silence_samples: heard.silence_samples,
            samples: vec![0.0; window_samples(config)],
            window: vec![0.0; room(config)],
            scores: vec![0.0; config.units(config.frames_max) * OUTPUTS],
            model,
        }))
    }
}

/// Numbers of a window with its margins.
fn room(config: &SpeechConfig) -> usize {
    config.rows(config.frames_max) * config.features.bins
}

/// Samples of a window.
fn window_samples(config: &SpeechConfig) -> usize {
    config.features.samples(config.frames_max)
}

/// Frames of features a second, in thousandths.
fn frame_rate_mhz(config: &SpeechConfig) -> u64 {
    u64::from(config.features.sample_rate_hz) * 1_000 / config.features.hop_samples as u64
}

/// The sound that arrives, with its silence.
struct Heard {
    /// Samples of silence before it, and behind it.
    silence_samples: usize,
    frames_max: usize,
    is_exact: bool,
}

impl Heard {
    /// Checks that the sound is what the model hears.
    fn read(
        model: &Entry<SpeechConfig>,
        params: &Params,
        inputs: &[ConnectedInput],
    ) -> Result<Heard, Vec<KindFault>> {
        let features = &model.card.model.net.features;
        let at_input = |message: String| KindFault::new(FaultPlace::Input(INPUT.to_owned()), message);
        let sound = Sound::read(INPUT, inputs)?;
        if sound.rate_hz != features.sample_rate_hz {
            let [found, expected] = [sound.rate_mhz(), u64::from(features.sample_rate_hz) * 1_000].map(Rate);
            let fault = at_input(format!(
                "model `{}` hears sound at {expected}, not at {found}",
                model.name
            ));
            return Err(vec![fault.help("put a node of kind `audio/resample` between")]);
        }
        let silence_samples = read_silence(SILENCE, params, sound.rate_hz)?;
        let frames_max = features.frames(sound.length.max as usize + 2 * silence_samples);
        if frames_max == 0 {
            return Err(sound.too_short(INPUT, features.fft_samples));
        }
        if frames_max > FRAMES_MAX {
            let fault = at_input("a sound of more than an hour is not heard at once".to_owned());
            return Err(vec![fault.help("bound its length, as in `f32[T<=960000]`")]);
        }
        Ok(Heard {
            silence_samples,
            frames_max,
            is_exact: sound.length.exact,
        })
    }
}

struct PhonesNode {
    model: Arc<Entry<SpeechConfig>>,
    runs: Runs,
    log_mel: LogMel,
    silence_samples: usize,
    /// The samples of a window.
    samples: Vec<f32>,
    /// The features of a window with their margins.
    window: Vec<f32>,
    scores: Vec<f32>,
}

impl Node for PhonesNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let config = &self.model.card.model.net;
        let features = &config.features;
        let sound = inputs.require(0)?.tensor::<f32>(0)?;
        let count = features.frames(sound.len() + 2 * self.silence_samples);
        let (mut split, scratch) = outputs.split();
        let out = split.record(0)?;
        let scores = out.tensor::<f32>(0, &[dim(config.units(count)), dim(OUTPUTS)])?;
        let words = bytemuck::try_cast_slice_mut(scratch.into_bytes())
            .map_err(|fault| NodeError::Failed(format!("the scratch memory cannot be used: {fault}")))?;
        let silence = floor(features);
        let [before, behind] = config.margins().map(|frames| frames * features.bins);
        for window in config.windows(count) {
            let samples = &mut self.samples[..features.samples(window.frames.len())];
            let start = window.frames.start * features.hop_samples;
            with_silence(sound, self.silence_samples, start, samples);
            let length = window.frames.len() * features.bins;
            let given = &mut self.window[..before + length + behind];
            given[..before].fill(silence);
            self.log_mel
                .frames(samples, &mut given[before..before + length])
                .map_err(|fault| NodeError::Failed(fault.to_string()))?;
            given[before + length..].fill(silence);
            let answers = &mut self.scores[..config.units(window.frames.len()) * OUTPUTS];
            self.runs.run_numbers_here(given, answers, words)?;
            let kept = &answers[window.kept.start * OUTPUTS..window.kept.end * OUTPUTS];
            scores[window.at * OUTPUTS..][..kept.len()].copy_from_slice(kept);
        }
        Ok(())
    }

    fn remarks(&self) -> Vec<String> {
        self.runs.remarks()
    }
}

/// Copies a part of a sound that has so many zeros before it and behind it.
fn with_silence(sound: &[f32], silence: usize, start: usize, out: &mut [f32]) {
    let before = silence.saturating_sub(start).min(out.len());
    let first = (start + before).saturating_sub(silence).min(sound.len());
    let copied = (out.len() - before).min(sound.len() - first);
    out[..before].fill(0.0);
    out[before..before + copied].copy_from_slice(&sound[first..first + copied]);
    out[before + copied..].fill(0.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_sound_between_zeros_is_that_of_the_whole() {
        let sound = [1.0, 2.0, 3.0, 4.0];
        for silence in 0..4 {
            let whole = [vec![0.0; silence], sound.to_vec(), vec![0.0; silence]].concat();
            for start in 0..whole.len() {
                for length in 0..=whole.len() - start {
                    let mut out = vec![9.0; length];
                    with_silence(&sound, silence, start, &mut out);
                    assert_eq!(out, whole[start..start + length], "{silence} {start} {length}");
                }
            }
        }
    }
}
