//! `model/entities`: the mentions of things in a text of any length, such as diseases and drugs in a note.

use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, InputSpec, InputSpecs, KindFault, NodeKind, OutputSpec,
    ParamSpec, ParamType, ParamValue, Params, Signature,
};
use motet_core::limits::TEXT_BYTES_MAX;
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::{Placement, PrecisionOffer};
use motet_core::port::{Element, Field, PortType, TensorType};

use super::mentions::{Found, MentionReader, Mentions};
use super::sources::ModelSources;
use super::{dim, model_param};
use crate::notes::annotate::text_bytes;
use crate::notes::sentences;
use crate::notes::spans::{ENTITIES_BYTES, to_json};

const TEXT: &str = "text";
const LEAST: &str = "least";

/// The kind `model/entities`. All its nodes share the weights of a model in one precision.
pub struct Entities {
    mentions: Mentions,
}

impl Entities {
    /// The kind with the models of these sources.
    pub fn new(sources: ModelSources) -> Entities {
        Entities {
            mentions: Mentions::new(sources),
        }
    }
}

impl NodeKind for Entities {
    fn name(&self) -> &str {
        "model/entities"
    }

    fn about(&self) -> &str {
        "Finds the mentions of what a model knows in a text of any length, sentence by sentence: `bc5cdr@1` finds diseases and \
         chemicals. Sentences longer than the model reads are read in pieces. Output: `entities`, a list as JSON, each with \
         `kind`, `start` and `end` in bytes of the text, and `confidence`, how often mentions with such a score are right; \
         `count`, how many there are; `doubtful`, how many more were found that were less certain than `least` and left out; \
         `partial`, 1 where there were more than 2,000 mentions, of which the first are given."
    }

    fn params(&self) -> Vec<ParamSpec> {
        vec![
            model_param(),
            ParamSpec {
                name: LEAST,
                param_type: ParamType::Number { min: 0.0, max: 1.0 },
                default: Some(ParamValue::Number(0.0)),
                about: "the least confidence of a mention that is given",
            },
        ]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let most = u32::try_from(TEXT_BYTES_MAX).unwrap_or(u32::MAX);
        let text = Accepts::Type(TensorType::text(most).into());
        Ok(InputSpecs {
            named: vec![InputSpec::required(TEXT, text, "what somebody wrote or said")],
            further: None,
        })
    }

    fn outputs(&self, params: &Params, _: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        self.mentions.check(params)?;
        let whole = || TensorType::scalar(Element::I32);
        let answer = PortType::Record(vec![
            Field::new("entities", TensorType::text(dim(ENTITIES_BYTES))),
            Field::new("count", whole()),
            Field::new("doubtful", whole()),
            Field::new("partial", TensorType::scalar(Element::U8).within(0.0, 1.0)),
        ]);
        Ok(vec![OutputSpec::new("found", answer)])
    }

    fn precisions(&self, params: &Params) -> Vec<PrecisionOffer> {
        self.mentions.offers(params)
    }

    fn width_max(&self, params: &Params, _: &Signature) -> u16 {
        self.mentions.width_max(params)
    }

    fn cost(&self, params: &Params, signature: &Signature, placement: &Placement) -> Cost {
        self.mentions
            .cost(params, text_bytes(&signature.inputs), placement)
    }

    fn build(
        &self,
        params: &Params,
        _: &Signature,
        placement: &Placement,
    ) -> Result<Box<dyn Node>, BuildError> {
        let least = params.number(LEAST).unwrap_or_default();
        let mentions = self.mentions.open(params, placement, least)?;
        Ok(Box::new(EntitiesNode { mentions }))
    }
}

struct EntitiesNode {
    mentions: MentionReader,
}

impl Node for EntitiesNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let text = inputs.require(0)?.text(0)?;
        let (mut split, scratch) = outputs.split();
        let out = split.record(0)?;
        let scratch = bytemuck::cast_slice_mut(scratch.into_slice::<i32>());
        let mut found = Found::default();
        for sentence in sentences(text) {
            self.mentions.read(text, sentence, scratch, &mut found)?;
        }
        out.text(0, &to_json(&found.entities)?)?;
        let whole = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        out.tensor::<i32>(1, &[])?.fill(whole(found.entities.len()));
        out.tensor::<i32>(2, &[])?.fill(whole(found.doubtful));
        out.tensor::<u8>(3, &[])?.fill(u8::from(found.is_partial));
        Ok(())
    }

    fn remarks(&self) -> Vec<String> {
        self.mentions.remarks()
    }
}
