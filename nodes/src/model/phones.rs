//! `model/phones`: how likely each phone is, moment by moment.

use std::sync::Arc;

use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, FaultPlace, InputSpec, InputSpecs, KindFault, NodeKind,
    OutputSpec, ParamSpec, Params, Signature,
};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::{Placement, PrecisionOffer};
use motet_core::port::{Dim, Element, PortType, Rate, TensorType};
use motet_models::speech::SpeechConfig;
use motet_models::speech::corpus::floor;
use motet_models::speech::phones::OUTPUTS;

use super::runs::Runs;
use super::shelf::{Entry, Shelf};
use super::sources::ModelSources;
use super::{dim, model_param, refused};

const INPUT: &str = "frames";
/// Longest spectrogram, in frames: one hour at 100 frames a second.
const FRAMES_MAX: u32 = 360_000;

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
        "Scores the phones of English in a log-mel spectrogram, as `audio/log-mel` makes it by default from sound at 16 \
         kHz: 40 bins, 100 frames a second. Output: `scores`, a row of 40 logits for every 20 or 40 ms, as the model's \
         card says: first the blank, then the 39 phones of the CMU dictionary by name. A row depends on what comes \
         less than 320 ms later, and on nothing after that. A sound that is longer than the model takes at once goes \
         through it in windows that overlap, with the same answer. `speech/commands` finds words in the scores."
    }

    fn params(&self) -> Vec<ParamSpec> {
        vec![model_param()]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let about = "a log-mel spectrogram with the bins and the frame rate of the model's card";
        Ok(InputSpecs {
            named: vec![InputSpec::required(INPUT, Accepts::Any, about)],
            further: None,
        })
    }

    fn outputs(&self, params: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let model = self.shelf.find(params)?;
        let frames = read_frames(&model, inputs)?;
        let config = &model.card.model.net;
        let units = Dim {
            max: dim(config.units(frames.max as usize)),
            exact: frames.exact,
            name: (!frames.exact).then(|| "U".to_owned()),
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
        if let Ok(frames) = read_frames(&model, &signature.inputs) {
            let windows = config.windows(frames.max as usize);
            let heard: usize = windows.iter().map(|window| window.frames.len()).sum();
            cost.flops = cost.flops / config.frames_max as u64 * heard as u64;
            cost.workspace_bytes += 4 * (room(config) + config.units(config.frames_max) * OUTPUTS) as u64;
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
        read_frames(&model, &signature.inputs).map_err(|faults| refused(params, &faults))?;
        let config = &model.card.model.net;
        Ok(Box::new(PhonesNode {
            runs,
            window: vec![0.0; room(config)],
            scores: vec![0.0; config.units(config.frames_max) * OUTPUTS],
            model,
        }))
    }
}

/// Numbers of a window with its margins.
fn room(config: &SpeechConfig) -> usize {
    (config.frames_max + 2 * SpeechConfig::MARGIN) * config.features.bins
}

/// Frames of features a second, in thousandths.
fn frame_rate_mhz(config: &SpeechConfig) -> u64 {
    u64::from(config.features.sample_rate_hz) * 1_000 / config.features.hop_samples as u64
}

/// Checks that the frames are those of the card and returns how many there are.
fn read_frames(model: &Entry<SpeechConfig>, inputs: &[ConnectedInput]) -> Result<Dim, Vec<KindFault>> {
    let config = &model.card.model.net;
    let bins = config.features.bins;
    let port = inputs.first().and_then(|input| input.port.as_ref());
    if let Some(PortType::Tensor(tensor)) = port
        && let [frames, columns] = tensor.dims.as_slice()
        && tensor.element == Element::F32
        && columns.exact
        && columns.max as usize == bins
        && tensor.rate_mhz == Some(frame_rate_mhz(config))
        && frames.max <= FRAMES_MAX
    {
        return Ok(frames.clone());
    }
    let found = match port {
        Some(port) => format!("`{port}` arrives here"),
        None => "nothing arrives here".to_owned(),
    };
    let rate = Rate(frame_rate_mhz(config));
    let expected = format!(
        "model `{}` hears `f32[F<={FRAMES_MAX}, {bins}] rate={rate}`",
        model.name
    );
    let fault = KindFault::new(
        FaultPlace::Input(INPUT.to_owned()),
        format!("{found}, but {expected}"),
    );
    Err(vec![fault.help(format!(
        "connect `audio/log-mel` over sound at {} Hz",
        config.features.sample_rate_hz
    ))])
}

struct PhonesNode {
    model: Arc<Entry<SpeechConfig>>,
    runs: Runs,
    /// A window with its margins.
    window: Vec<f32>,
    scores: Vec<f32>,
}

impl Node for PhonesNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let config = &self.model.card.model.net;
        let bins = config.features.bins;
        let frames = inputs.require(0)?.tensor::<f32>(0)?;
        let count = frames.len() / bins;
        let (mut split, scratch) = outputs.split();
        let out = split.record(0)?;
        let scores = out.tensor::<f32>(0, &[dim(config.units(count)), dim(OUTPUTS)])?;
        let words = bytemuck::try_cast_slice_mut(scratch.into_bytes())
            .map_err(|fault| NodeError::Failed(format!("the scratch memory cannot be used: {fault}")))?;
        let silence = floor(&config.features);
        let margin = SpeechConfig::MARGIN * bins;
        for window in config.windows(count) {
            let heard = &frames[window.frames.start * bins..window.frames.end * bins];
            let given = &mut self.window[..heard.len() + 2 * margin];
            given[..margin].fill(silence);
            given[margin..][..heard.len()].copy_from_slice(heard);
            given[margin + heard.len()..].fill(silence);
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
