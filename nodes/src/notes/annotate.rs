//! `notes/context`: what a text says of its mentions, how drugs are taken, when things were, and what is urgent in it.

use std::sync::{Arc, OnceLock};

use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, InputSpec, InputSpecs, KindFault, NodeKind, OutputSpec,
    ParamSpec, ParamType, ParamValue, Params, Signature,
};
use motet_core::limits::TEXT_BYTES_MAX;
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Dim, Element, Field, PortType, TensorType};

use super::context::{Category, Triggers, contexts};
use super::doses::doses;
use super::draft::{Dose, Finding, Place, Risk};
use super::lists::{list_param, with_own};
use super::risks::{Flags, risks};
use super::spans::{ENTITIES_BYTES, ENTITIES_MAX, entities_of, to_json};
use super::times::expressions;
use crate::files::Files;
use crate::model::{ModelSources, dim};

const DRUGS: &str = "drugs";
const TRIGGERS: &str = "triggers";
const FLAGS: &str = "flags";
/// Bytes of findings as JSON: a mention with its context, its reasons and a dose.
pub(super) const FINDINGS_BYTES: usize = 4 * ENTITIES_BYTES;
/// Most risks and most times that are given.
const OTHERS_MAX: usize = 1_000;
/// Bytes of these as JSON.
pub(super) const RISKS_BYTES: usize = 160 * OTHERS_MAX;
const TIMES_BYTES: usize = 256 * OTHERS_MAX;
/// Bytes that are held for each byte of a text while it is read: words, sentences and reaches, and as many again.
const HELD_PER_BYTE: usize = 64;
/// Bytes of the two lists of phrases as trees.
const LISTS_BYTES: u64 = 6 << 20;

/// The kind `notes/context`. Its nodes share the lists of phrases that come along.
pub struct Annotate {
    built_in: OnceLock<(Arc<Triggers>, Arc<Flags>)>,
    triggers: Files<Triggers>,
    flags: Files<Flags>,
}

/// What phrases mean.
struct Lists {
    triggers: Arc<Triggers>,
    flags: Arc<Flags>,
}

impl Annotate {
    /// The kind with lists beside the pipelines of these sources.
    pub fn new(sources: ModelSources) -> Annotate {
        Annotate {
            built_in: OnceLock::new(),
            triggers: Files::new(sources.clone(), TRIGGERS),
            flags: Files::new(sources, FLAGS),
        }
    }

    fn lists(&self, params: &Params) -> Result<Lists, Vec<KindFault>> {
        let (triggers, flags) = self
            .built_in
            .get_or_init(|| (Arc::new(Triggers::built_in()), Arc::new(Flags::built_in())));
        Ok(Lists {
            triggers: with_own(&self.triggers, (params, TRIGGERS), triggers, |list, text| {
                list.extended(text)
                    .map_err(|fault| (fault.line(), fault.to_string()))
            })?,
            flags: with_own(&self.flags, (params, FLAGS), flags, |list, text| {
                list.extended(text)
                    .map_err(|fault| (fault.line(), fault.to_string()))
            })?,
        })
    }
}

impl NodeKind for Annotate {
    fn name(&self) -> &str {
        "notes/context"
    }

    fn about(&self) -> &str {
        "Says of each mention in a clinical text whether it is there, when and in whom, by the ConText algorithm, and how drugs \
         are taken. Mentions come from `model/entities` of the same text; those of the kinds under `drugs` are drugs. Output: \
         `findings`, a list as JSON, each with `kind`, `place`, `confidence`, `presence` (`present`, `absent`, `possible`), \
         `time` (`recent`, `historical`, `hypothetical`), `experiencer` (`patient`, `other`), `because`, the places of the \
         words that decided, and `dose`; `risks`, the red flags of a list, each with `flag`, `severity`, `place` and \
         `is_raised`, which is false where the text denies it, or says it of somebody else or of what may come; `times`, \
         moments, durations and ages as typed values; `raised`, how many risks are raised; `count`, how many findings there \
         are; `partial`, 1 where there is more than there is room for. docs/ward-notes.md says what it does not understand."
    }

    fn params(&self) -> Vec<ParamSpec> {
        vec![
            ParamSpec {
                name: DRUGS,
                param_type: ParamType::Texts,
                default: Some(ParamValue::Texts(vec!["chemical".to_owned()])),
                about: "the kinds of mentions that are drugs",
            },
            list_param(
                TRIGGERS,
                "a file with further phrases for presence, time and person, beside the pipeline",
            ),
            list_param(
                FLAGS,
                "a file with further phrases of red flags, beside the pipeline",
            ),
        ]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        Ok(InputSpecs {
            named: vec![
                text_input("text", TEXT_BYTES_MAX, "what somebody wrote or said"),
                text_input(
                    "entities",
                    ENTITIES_BYTES,
                    "`entities` of `model/entities` of the same text",
                ),
            ],
            further: None,
        })
    }

    fn outputs(&self, params: &Params, _: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        self.lists(params)?;
        let text = |bytes: usize| TensorType::text(dim(bytes));
        let whole = || TensorType::scalar(Element::I32);
        Ok(vec![OutputSpec::new(
            "context",
            PortType::Record(vec![
                Field::new("findings", text(FINDINGS_BYTES)),
                Field::new("risks", text(RISKS_BYTES)),
                Field::new("times", text(TIMES_BYTES)),
                Field::new("raised", whole()),
                Field::new("count", whole()),
                Field::new("partial", TensorType::scalar(Element::U8).within(0.0, 1.0)),
            ]),
        )])
    }

    fn cost(&self, _: &Params, signature: &Signature, _: &Placement) -> Cost {
        let bytes = text_bytes(&signature.inputs);
        Cost {
            // A few hundred operations for each byte: words, phrases, reaches.
            flops: 300 * bytes as u64,
            workspace_bytes: (HELD_PER_BYTE * bytes + FINDINGS_BYTES + RISKS_BYTES + TIMES_BYTES) as u64
                + LISTS_BYTES,
            ..Cost::default()
        }
    }

    fn build(&self, params: &Params, _: &Signature, _: &Placement) -> Result<Box<dyn Node>, BuildError> {
        let lists = self
            .lists(params)
            .map_err(|faults| BuildError::Failed(crate::first_message(&faults)))?;
        let drugs = match params.get(DRUGS) {
            Some(ParamValue::Texts(kinds)) => kinds.clone(),
            Some(_) | None => Vec::new(),
        };
        Ok(Box::new(AnnotateNode { lists, drugs }))
    }
}

/// A required input of text.
pub(crate) fn text_input(name: &'static str, bytes: usize, about: &'static str) -> InputSpec {
    InputSpec::required(name, Accepts::Type(text_of(name, bytes).into()), about)
}

/// A text whose bound is its own: others at the same node may be longer or shorter.
pub(crate) fn text_of(name: &str, bytes: usize) -> TensorType {
    TensorType::new(Element::Utf8, vec![Dim::at_most(name, dim(bytes))])
}

/// The longest text that arrives at the first input, in bytes.
pub(crate) fn text_bytes(inputs: &[ConnectedInput]) -> usize {
    let port = inputs.first().and_then(|input| input.port.as_ref());
    let text = port.and_then(|port| port.tensors().next());
    text.and_then(|text| text.dims.first())
        .map_or(TEXT_BYTES_MAX, |dim| dim.max as usize)
}

struct AnnotateNode {
    lists: Lists,
    drugs: Vec<String>,
}

impl Node for AnnotateNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let text = inputs.require(0)?.text(0)?;
        let findings = self.findings(text, inputs.require(1)?.text(0)?)?;
        let (risks, has_more_risks) = self.risks(text);
        let mut times = expressions(text);
        let is_partial = has_more_risks || times.len() > OTHERS_MAX;
        times.truncate(OTHERS_MAX);
        let whole = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        let raised = risks.iter().filter(|risk| risk.is_raised).count();
        let out = outputs.record(0)?;
        out.text(0, &to_json(&findings)?)?;
        out.text(1, &to_json(&risks)?)?;
        out.text(2, &to_json(&times)?)?;
        out.tensor::<i32>(3, &[])?.fill(whole(raised));
        out.tensor::<i32>(4, &[])?.fill(whole(findings.len()));
        out.tensor::<u8>(5, &[])?.fill(u8::from(is_partial));
        Ok(())
    }
}

impl AnnotateNode {
    fn findings(&self, text: &str, entities: &str) -> Result<Vec<Finding>, NodeError> {
        let mut entities = entities_of(entities, text)?;
        entities.truncate(ENTITIES_MAX);
        let mentions: Vec<_> = entities.iter().map(|entity| entity.range()).collect();
        let drugs: Vec<_> = entities
            .iter()
            .filter(|entity| self.drugs.contains(&entity.kind))
            .map(|entity| entity.range())
            .collect();
        let doses = doses(text, &drugs);
        let contexts = contexts(text, &mentions, &self.lists.triggers);
        let findings = entities.into_iter().zip(contexts).map(|(entity, context)| {
            let range = entity.range();
            let dose = doses.iter().find(|dose| dose.drug.as_ref() == Some(&range));
            Finding {
                place: Place::of(&range),
                kind: entity.kind,
                confidence: entity.confidence,
                presence: context.presence,
                time: context.time,
                experiencer: context.experiencer,
                of_whom: context
                    .because
                    .iter()
                    .find(|reason| reason.category == Category::Other)
                    .map(|reason| Place::of(&reason.range)),
                because: context
                    .because
                    .iter()
                    .map(|reason| Place::of(&reason.range))
                    .collect(),
                dose: dose.and_then(Dose::of),
            }
        });
        Ok(findings.collect())
    }

    fn risks(&self, text: &str) -> (Vec<Risk>, bool) {
        let found = risks(text, &self.lists.flags, &self.lists.triggers);
        let has_more = found.len() > OTHERS_MAX;
        let told = found.into_iter().take(OTHERS_MAX).map(|risk| Risk {
            place: Place::of(&risk.range),
            flag: risk.flag,
            severity: risk.severity,
            is_raised: risk.is_raised,
        });
        (told.collect(), has_more)
    }
}
