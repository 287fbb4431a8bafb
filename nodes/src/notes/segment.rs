//! `notes/sections`: the parts of a talk or a note, and the section that each belongs to.

use std::sync::Arc;

use motet_core::catalog::{
    BuildError, ConnectedInput, Cost, InputSpecs, KindFault, NodeKind, OutputSpec, ParamSpec, Params,
    Signature,
};
use motet_core::limits::TEXT_BYTES_MAX;
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Element, Field, PortType, TensorType};
use motet_models::decide::Decision;
use motet_models::linear::model::decide;
use motet_models::linear::{LinearModel, Scratch};
use serde::{Deserialize, Serialize};

use super::annotate::{text_bytes, text_input};
use super::draft::Place;
use super::lists::{list_param, with_own};
use super::sections::{Headings, Scores, stretches};
use super::spans::to_json;
use crate::files::Files;
use crate::model::linear::LinearShelf;
use crate::model::{ModelSources, dim, model_param};

/// The parameter that names a list of headings.
const HEADINGS: &str = "headings";
/// Most stretches of a text.
pub(super) const STRETCHES_MAX: usize = 500;
/// Bytes of these as JSON.
pub(super) const STRETCHES_BYTES: usize = 160 * STRETCHES_MAX;
/// How sure a heading is.
const HEADED: f32 = 1.0;

/// A stretch of a text under a header, as it travels to `notes/draft`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Headed {
    /// The header.
    pub header: String,
    /// How likely it is right, from 0 to 1; 1 where a heading of the text says it.
    pub confidence: f32,
    /// False where the model is not sure enough.
    pub is_accepted: bool,
    /// True where a heading of the text says it.
    pub is_headed: bool,
    /// Where.
    pub place: Place,
}

/// The kind `notes/sections`. All its nodes share the weights of a model.
pub struct Segment {
    shelf: LinearShelf,
    headings: Files<Headings>,
}

impl Segment {
    /// The kind with the models of these sources.
    pub fn new(sources: ModelSources) -> Segment {
        Segment {
            headings: Files::new(sources.clone(), HEADINGS),
            shelf: LinearShelf::new(sources),
        }
    }

    fn headings(&self, params: &Params, labels: &[String]) -> Result<Arc<Headings>, Vec<KindFault>> {
        let built_in = Arc::new(Headings::built_in(labels));
        with_own(&self.headings, (params, HEADINGS), &built_in, |list, text| {
            list.extended(text, labels)
        })
    }
}

impl NodeKind for Segment {
    fn name(&self) -> &str {
        "notes/sections"
    }

    fn about(&self) -> &str {
        "Tells which part of a talk of doctor and patient, or of a note, belongs to which section. Headings that a list knows \
         begin one; other text is told by a linear model such as `sections@1`: a short one as a whole, of a longer one each \
         turn by its neighbours. Output: `sections`, a list as JSON, each with `header`, `confidence`, `is_accepted`, \
         `is_headed` and `place`; `count`, how many there are; `doubtful`, how many of them are not accepted; `header`, that \
         of the longest accepted one, empty where there is none; `partial`, 1 where there were more than 500."
    }

    fn params(&self) -> Vec<ParamSpec> {
        vec![
            model_param(),
            list_param(
                HEADINGS,
                "a file with further headings of notes, beside the pipeline",
            ),
        ]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        Ok(InputSpecs {
            named: vec![text_input("text", TEXT_BYTES_MAX, "what somebody wrote or said")],
            further: None,
        })
    }

    fn outputs(&self, params: &Params, _: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let model = self.shelf.find(params)?;
        self.headings(params, &model.card.model.labels)?;
        let longest = model.card.model.labels.iter().map(String::len).max().unwrap_or(0);
        let whole = || TensorType::scalar(Element::I32);
        Ok(vec![OutputSpec::new(
            "found",
            PortType::Record(vec![
                Field::new("sections", TensorType::text(dim(STRETCHES_BYTES))),
                Field::new("count", whole()),
                Field::new("doubtful", whole()),
                Field::new("header", TensorType::text(dim(longest.max(1)))),
                Field::new("partial", TensorType::scalar(Element::U8).within(0.0, 1.0)),
            ]),
        )])
    }

    fn cost(&self, params: &Params, signature: &Signature, _: &Placement) -> Cost {
        let Ok(model) = self.shelf.find(params) else {
            return Cost::default();
        };
        let (bytes, net) = (text_bytes(&signature.inputs), &model.card.model.net);
        Cost {
            // Each word is read with its neighbours, some nine times, and weighed for each class.
            flops: (9 * bytes * net.classes) as u64,
            workspace_bytes: (Scratch::bytes(&net.terms) + bytes * (net.classes + 8) + STRETCHES_BYTES)
                as u64,
            weights: Some(model.weights()),
            ..Cost::default()
        }
    }

    fn build(&self, params: &Params, _: &Signature, _: &Placement) -> Result<Box<dyn Node>, BuildError> {
        let (entry, model) = self.shelf.open(params)?;
        let labels = entry.card.model.labels.clone();
        Ok(Box::new(SegmentNode {
            headings: self
                .headings(params, &labels)
                .map_err(|faults| BuildError::Failed(crate::first_message(&faults)))?,
            scratch: Scratch::new(model.terms()),
            decision: entry.decision(),
            labels,
            model,
        }))
    }
}

struct SegmentNode {
    model: Arc<LinearModel>,
    scratch: Scratch,
    decision: Decision,
    labels: Vec<String>,
    headings: Arc<Headings>,
}

/// A model with the memory that it reads in.
struct Asked<'a> {
    model: &'a LinearModel,
    scratch: &'a mut Scratch,
}

impl Scores for Asked<'_> {
    fn classes(&self) -> usize {
        self.model.config().classes
    }

    fn margins(&mut self, text: &str, out: &mut [f32]) {
        self.model.margins(text, self.scratch, out);
    }
}

impl Node for SegmentNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let text = inputs.require(0)?.text(0)?;
        let mut asked = Asked {
            model: &self.model,
            scratch: &mut self.scratch,
        };
        let mut found = stretches(text, &self.headings, &mut asked);
        let is_partial = found.len() > STRETCHES_MAX;
        found.truncate(STRETCHES_MAX);
        let mut margins = vec![0.0; self.labels.len()];
        let mut headed = Vec::with_capacity(found.len());
        for stretch in found {
            let (confidence, is_accepted) = match stretch.is_headed {
                true => (HEADED, true),
                false => {
                    let said = text.get(stretch.range.clone()).unwrap_or_default();
                    let seen = self.model.margins(said, &mut self.scratch, &mut margins);
                    let decided = decide(&self.decision, &margins, seen);
                    let decided =
                        decided.ok_or_else(|| NodeError::Failed("the model has no class".to_owned()))?;
                    // The path may prefer another class than the stretch as a whole: then nobody is sure.
                    let agrees = decided.class == stretch.class;
                    let confidence = if agrees {
                        decided.confidence
                    } else {
                        1.0 - decided.confidence
                    };
                    (confidence, agrees && !decided.abstains)
                }
            };
            headed.push(Headed {
                header: self.labels.get(stretch.class).cloned().unwrap_or_default(),
                confidence,
                is_accepted,
                is_headed: stretch.is_headed,
                place: Place::of(&stretch.range),
            });
        }
        let doubtful = headed.iter().filter(|headed| !headed.is_accepted).count();
        let accepted = headed.iter().filter(|headed| headed.is_accepted);
        let longest = accepted.max_by_key(|headed| headed.place.end - headed.place.start);
        let whole = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        let out = outputs.record(0)?;
        out.text(0, &to_json(&headed)?)?;
        out.tensor::<i32>(1, &[])?.fill(whole(headed.len()));
        out.tensor::<i32>(2, &[])?.fill(whole(doubtful));
        out.text(3, longest.map_or("", |headed| headed.header.as_str()))?;
        out.tensor::<u8>(4, &[])?.fill(u8::from(is_partial));
        Ok(())
    }
}
