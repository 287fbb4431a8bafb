//! `model/keyword`: which keyword was spoken, if any.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use burn::tensor::Device;
use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, FaultPlace, InputSpec, InputSpecs, KindFault, NodeKind,
    OutputSpec, ParamSpec, ParamType, ParamValue, Params, Signature, Weights,
};
use motet_core::diagnostic::nearest;
use motet_core::node::Node;
use motet_core::placement::{Placement, Precision, PrecisionOffer};
use motet_core::port::{Dim, Element, Field, PortType, Rate, TensorType};
use motet_engine::{Cpu, Program};
use motet_models::keyword::KeywordModel;
use motet_models::lowering::{self, Lowering};
use motet_models::net::Net;

use super::{compiled, label_bytes, shelf};

mod listen;

use listen::KeywordNode;

/// Longest spectrogram, in frames: one hour at 100 frames a second.
pub const FRAMES_MAX: u32 = 360_000;

/// The model that comes with Motet.
const BUILTIN: &str = "wakewords@1";
const INPUT: &str = "frames";
const MODEL: &str = "model";
const THRESHOLD: &str = "threshold";

/// The kind `model/keyword`. It holds the weights: all its nodes share one copy, loaded when first needed, and the program
/// made of them, compared with Burn before the first node is built.
pub struct Keyword {
    cpu: Cpu,
    builtin: OnceLock<Result<Arc<KeywordModel>, String>>,
    /// By precision, and whether it has been compared with Burn.
    programs: Mutex<BTreeMap<Precision, (Program, bool)>>,
}

impl Default for Keyword {
    fn default() -> Keyword {
        Keyword::new(Cpu::detect())
    }
}

impl NodeKind for Keyword {
    fn name(&self) -> &str {
        "model/keyword"
    }

    fn about(&self) -> &str {
        "Hears a keyword in a log-mel spectrogram. Windows slide over the frames; the keyword that scores highest \
         in any of them, averaged as the model's card says, is the answer if its score reaches `threshold`. The \
         frames must be those of the card, as `audio/log-mel` makes them by default from sound at 16 kHz: 40 bins, \
         100 frames a second. Output: `label`, a keyword or `none`; `score`, that of the best keyword even when it \
         stays below the threshold (0 without a frame); `scores`, one for each class of the card, first `none`; \
         `at`, where in the sound the window with that score ends, in seconds. With `model: wakewords@1` the \
         classes are none, alexa, computer, jarvis, smart_mirror, snowboy, view_glass."
    }

    fn params(&self) -> Vec<ParamSpec> {
        vec![
            ParamSpec {
                name: MODEL,
                param_type: ParamType::Text,
                default: None,
                about: "name and version of the model, as in `wakewords@1`",
            },
            ParamSpec {
                name: THRESHOLD,
                param_type: ParamType::Number { min: 0.0, max: 1.0 },
                default: Some(ParamValue::Number(0.0)),
                about: "lowest score that counts; 0 for the threshold of the model's card",
            },
        ]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let about = "a log-mel spectrogram with the bins and the frame rate of the model's card";
        Ok(InputSpecs {
            named: vec![InputSpec::required(INPUT, Accepts::Any, about)],
            further: None,
        })
    }

    fn outputs(&self, params: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let model = self.model(params)?;
        read_frames(&model, inputs)?;
        let class_count = u32::try_from(model.labels().len()).unwrap_or(u32::MAX);
        let score = TensorType::scalar(Element::F32).within(0.0, 1.0);
        let answer = PortType::Record(vec![
            Field::new("label", TensorType::text(label_bytes(model.labels()))),
            Field::new("score", score.clone()),
            Field::new(
                "scores",
                TensorType {
                    dims: vec![Dim::exactly(class_count)],
                    ..score
                },
            ),
            Field::new(
                "at",
                TensorType {
                    unit: Some("s".to_owned()),
                    ..TensorType::scalar(Element::F32)
                },
            ),
        ]);
        Ok(vec![OutputSpec::new("keyword", answer)])
    }

    fn precisions(&self, params: &Params) -> Vec<PrecisionOffer> {
        let model = self.model(params);
        model.map_or_else(
            |_| vec![PrecisionOffer::f32()],
            |model| shelf::offers(&model.card().precisions),
        )
    }

    fn cost(&self, params: &Params, signature: &Signature, placement: &Placement) -> Cost {
        let Ok(model) = self.model(params) else {
            return Cost::default();
        };
        let Ok(program) = self.program(&model, placement.precision, false) else {
            return Cost::default();
        };
        let Ok(frame_count) = read_frames(&model, &signature.inputs) else {
            return Cost::default();
        };
        let window_count = model.windowing().windows(frame_count as usize);
        let window = compiled::cost(
            &program,
            weights_key(&model, placement.precision),
            &Placement::CPU,
        );
        Cost {
            flops: window.flops * window_count as u64,
            workspace_bytes: 4 * ((window_count + 1) * model.labels().len()) as u64,
            // The net in Burn stays beside its program, for sessions that are opened later to be compared with.
            weights: window.weights.clone().map(|weights| Weights {
                bytes: weights.bytes + 4 * model.card().weights.parameters as u64,
                ..weights
            }),
            scratch_bytes: listen::window_bytes(&model.windowing()) as u64 + window.scratch_bytes,
            ..window
        }
    }

    fn build(
        &self,
        params: &Params,
        signature: &Signature,
        placement: &Placement,
    ) -> Result<Box<dyn Node>, BuildError> {
        let failed = |faults: Vec<KindFault>| {
            let model = params.text(MODEL).unwrap_or_default().to_owned();
            BuildError::Model {
                model,
                reason: crate::first_message(&faults),
            }
        };
        let model = self.model(params).map_err(failed)?;
        let program = self.program(&model, placement.precision, true);
        let program = program.map_err(|reason| BuildError::Model {
            model: model_key(&model),
            reason,
        })?;
        let frame_count = read_frames(&model, &signature.inputs).map_err(failed)?;
        let mut rule = model.rule();
        #[expect(clippy::cast_possible_truncation, reason = "a share between 0 and 1")]
        let stated = params.number(THRESHOLD).map(|threshold| threshold as f32);
        rule.threshold = stated
            .filter(|threshold| *threshold > 0.0)
            .unwrap_or(rule.threshold);
        Ok(Box::new(KeywordNode::new(
            (model, program),
            rule,
            frame_count as usize,
        )))
    }
}

impl Keyword {
    /// The kind with its nets computed by the instructions of this CPU.
    pub fn new(cpu: Cpu) -> Keyword {
        Keyword {
            cpu,
            builtin: OnceLock::new(),
            programs: Mutex::default(),
        }
    }

    /// The model that the parameters name.
    fn model(&self, params: &Params) -> Result<Arc<KeywordModel>, Vec<KindFault>> {
        let name = params.text(MODEL).unwrap_or_default();
        let at_model = |message: String| KindFault::new(FaultPlace::Param(MODEL.to_owned(), None), message);
        if name != BUILTIN {
            let fault = at_model(format!("there is no keyword model `{name}`"));
            let fault = match nearest(name, [BUILTIN]) {
                Some(near) => KindFault {
                    replacement: Some(near.to_owned()),
                    ..fault.help(format!("did you mean `{near}`?"))
                },
                None => fault.help(format!("known here: {BUILTIN}")),
            };
            return Err(vec![fault]);
        }
        let load = || {
            let model = KeywordModel::builtin(&Device::flex());
            model.map(Arc::new).map_err(|fault| super::with_causes(&fault))
        };
        self.builtin
            .get_or_init(load)
            .clone()
            .map_err(|message| vec![at_model(message)])
    }

    /// The program in a precision; where it is to be run, compared with Burn, once.
    fn program(&self, model: &KeywordModel, precision: Precision, is_run: bool) -> Result<Program, String> {
        let mut programs = self.programs.lock().unwrap_or_else(PoisonError::into_inner);
        let known = programs.get(&precision).cloned();
        let (program, is_verified) = match known {
            Some(known) => known,
            None => {
                let how = Lowering::of_card(self.cpu, shelf::engine(precision), &model.card().model.ranges);
                let program = model.lower(&how);
                (program.map_err(|fault| super::with_causes(&fault))?, false)
            }
        };
        if is_run && !is_verified {
            let verified = lowering::verify(model, &program, shelf::engine(precision));
            verified.map_err(|fault| super::with_causes(&fault))?;
        }
        programs.insert(precision, (program.clone(), is_verified || is_run));
        Ok(program)
    }
}

/// The model as pipelines name it.
fn model_key(model: &KeywordModel) -> String {
    format!("{}@{}", model.card().name, model.card().version)
}

/// Nodes of one model and precision share weights under this key.
fn weights_key(model: &KeywordModel, precision: Precision) -> String {
    format!("{} {precision}", model_key(model))
}

/// Checks that the frames are those of the card and returns how many there are at most.
fn read_frames(model: &KeywordModel, inputs: &[ConnectedInput]) -> Result<u32, Vec<KindFault>> {
    let features = model.features();
    let rate_mhz = u64::from(features.sample_rate_hz) * 1_000 / features.hop_samples as u64;
    let port = inputs.first().and_then(|input| input.port.as_ref());
    let shape = match port {
        Some(PortType::Tensor(tensor)) => match tensor.dims.as_slice() {
            [frames, bins] if tensor.element == Element::F32 => Some((tensor.rate_mhz, frames, bins)),
            _ => None,
        },
        Some(PortType::Record(_)) | None => None,
    };
    let fault = |found: String| {
        let message = format!(
            "{found}, but model `{}` hears `f32[F<={FRAMES_MAX}, {}] rate={}`",
            model_key(model),
            features.bins,
            Rate(rate_mhz)
        );
        vec![KindFault::new(FaultPlace::Input(INPUT.to_owned()), message).help(features_help(model))]
    };
    let is_heard = |found_rate: Option<u64>, frames: &Dim, bins: &Dim| {
        bins.exact
            && bins.max as usize == features.bins
            && found_rate == Some(rate_mhz)
            && frames.max <= FRAMES_MAX
    };
    match (shape, port) {
        (Some((rate, frames, bins)), _) if is_heard(rate, frames, bins) => Ok(frames.max),
        (_, Some(port)) => Err(fault(format!("`{port}` arrives here"))),
        (_, None) => Err(fault("nothing arrives here".to_owned())),
    }
}

fn features_help(model: &KeywordModel) -> String {
    let features = model.features();
    let milliseconds = |samples: usize| samples as f64 * 1e3 / f64::from(features.sample_rate_hz);
    format!(
        "connect `audio/log-mel` with `{{bins: {}, window: {} ms, hop: {} ms, low: {} Hz, high: {} Hz}}` over sound \
         at {} Hz",
        features.bins,
        milliseconds(features.window_samples),
        milliseconds(features.hop_samples),
        features.low_hz,
        features.high_hz,
        features.sample_rate_hz
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::Trial;

    fn trial<'k>(kind: &'k Keyword, model: &str, port: &str) -> Trial<'k> {
        Trial::of(kind).text("model", model).input("frames", port)
    }

    #[test]
    fn the_output_holds_a_label_and_the_scores_of_all_classes() {
        let kind = Keyword::default();
        let expected = "keyword: record{label: utf8[T<=32], score: f32 range=0..1, scores: f32[7] range=0..1, at: f32 unit=s}";
        assert_eq!(
            trial(&kind, "wakewords@1", "f32[F<=297, 40] rate=100Hz").types(),
            [expected]
        );
        assert_eq!(
            trial(&kind, "wakewords@1", "f32[160, 40] rate=100Hz").types(),
            [expected]
        );
    }

    #[test]
    fn the_model_that_comes_along_goes_by_the_name_of_its_card() {
        let kind = Keyword::default();
        let params = Params::new(vec![("model".to_owned(), ParamValue::Text(BUILTIN.to_owned()))]);
        let model = kind.model(&params).unwrap();
        assert_eq!(model_key(&model), BUILTIN);
        assert!(
            model
                .labels()
                .iter()
                .all(|label| kind.about().contains(label.as_str()))
        );
    }

    #[test]
    fn all_nodes_share_one_copy_of_the_weights() {
        let kind = Keyword::default();
        let params = Params::new(vec![("model".to_owned(), ParamValue::Text(BUILTIN.to_owned()))]);
        assert!(Arc::ptr_eq(
            &kind.model(&params).unwrap(),
            &kind.model(&params).unwrap()
        ));
        let signature = trial(&kind, BUILTIN, "f32[F<=297, 40] rate=100Hz")
            .signature()
            .unwrap();
        let cost = kind.cost(&params, &signature, &Placement::CPU);
        let key = cost.weights.map(|weights| weights.key);
        assert_eq!(key.as_deref(), Some("wakewords@1 f32"));
        assert!(cost.flops > 1_000_000 && cost.scratch_bytes > 50_000 && !cost.inside.is_empty());
    }

    #[test]
    fn an_unknown_model_or_version_is_refused_with_the_nearest_name() {
        let kind = Keyword::default();
        let check = |name: &str, help: &str, replacement: Option<&str>| {
            let fault = &trial(&kind, name, "f32[160, 40] rate=100Hz").faults()[0];
            assert_eq!(fault.place, FaultPlace::Param("model".to_owned(), None));
            assert_eq!(fault.message, format!("there is no keyword model `{name}`"));
            assert_eq!(
                (fault.help.as_deref(), fault.replacement.as_deref()),
                (Some(help), replacement)
            );
        };
        check("wakewords@2", "did you mean `wakewords@1`?", Some(BUILTIN));
        check("wakeword@1", "did you mean `wakewords@1`?", Some(BUILTIN));
        check("bearing@1", "known here: wakewords@1", None);
    }

    #[test]
    fn frames_that_are_not_those_of_the_card_are_refused() {
        let kind = Keyword::default();
        let refused = [
            "f32[F<=99, 64] rate=100Hz",
            "f32[F<=99, 40] rate=50Hz",
            "f32[F<=99, 40]",
            "f32[F<=99, B<=40] rate=100Hz",
            "f32[F<=360001, 40] rate=100Hz",
            "i32[F<=99, 40] rate=100Hz",
            "f32[T<=16000] rate=16kHz",
            "record{a: f32}",
        ];
        for port in refused {
            let fault = &trial(&kind, BUILTIN, port).faults()[0];
            assert_eq!(fault.place, FaultPlace::Input("frames".to_owned()));
            let expected = "but model `wakewords@1` hears `f32[F<=360000, 40] rate=100Hz`";
            assert_eq!(fault.message, format!("`{port}` arrives here, {expected}"));
            let help = "connect `audio/log-mel` with `{bins: 40, window: 25 ms, hop: 10 ms, low: 20 Hz, high: 7600 Hz}` \
                        over sound at 16000 Hz";
            assert_eq!(fault.help.as_deref(), Some(help));
        }
    }
}
