//! `notes/bundle`: a draft as a FHIR R4 document that a person has yet to sign.

use std::collections::BTreeMap;
use std::ops::Range;

use motet_core::catalog::{
    BuildError, ConnectedInput, Cost, InputSpecs, KindFault, NodeKind, OutputSpec, ParamSpec, ParamType,
    ParamValue, Params, Signature,
};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Element, Field, PortType, TensorType};

use super::annotate::{text_bytes, text_input};
use super::context;
use super::deidentify::MASKED_BYTES;
use super::doses::Period;
use super::draft::{self, DRAFT_BYTES, Draft, Place};
use super::fhir::document::is_relative;
use super::fhir::draft::{
    Amount, Dose, Experiencer, Finding, Frequency, Kind, Length, Link, Model, Presence, Quote, Remark,
    RemarkKind, Risk, Section, Source, Time, TimeUnit,
};
use super::fhir::{Header, Instant, Maker, Note, document};
use super::spans::from_json;
use super::times;
use crate::model::ModelSources;
use crate::model::dim;

const DRUGS: &str = "drugs";
const DISEASES: &str = "diseases";
const MODELS: &str = "models";
const PIPELINE: &str = "pipeline";
const TITLE: &str = "title";
/// Most bytes of a document.
const BUNDLE_BYTES: usize = 4 << 20;
/// Most bytes of an address, and of a moment.
const ADDRESS_BYTES: usize = 256;
const MOMENT_BYTES: usize = 64;

/// The kind `notes/bundle`.
pub struct Documents {
    sources: ModelSources,
}

impl Documents {
    /// The kind with the models of these sources.
    pub fn new(sources: ModelSources) -> Documents {
        Documents { sources }
    }

    /// Who drafts: the program, the pipeline, and the models that the parameters name.
    fn maker(&self, params: &Params) -> Result<Maker, String> {
        let models = texts(params, MODELS).into_iter().map(|name| {
            let identity = self.sources.identity(&name);
            let identity = identity.ok_or_else(|| format!("there is no model `{name}`"))?;
            Ok(Model {
                name: identity.name,
                version: identity.version.to_string(),
                digest: identity.sha256,
            })
        });
        let models: Vec<Model> = models.collect::<Result<_, String>>()?;
        let pipeline = params.text(PIPELINE).unwrap_or_default().to_owned();
        Ok(Maker {
            name: "Motet".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pipeline_digest: self.pipeline_digest(),
            pipeline,
            models,
        })
    }

    /// The checksum of the pipeline's file.
    fn pipeline_digest(&self) -> String {
        let folder = self.sources.folders.files.as_deref();
        let text = folder.and_then(|folder| std::fs::read(folder.join("pipeline.yaml")).ok());
        motet_models::card::sha256(&text.unwrap_or_default())
    }
}

impl NodeKind for Documents {
    fn name(&self) -> &str {
        "notes/bundle"
    }

    fn about(&self) -> &str {
        "Makes a FHIR R4 document of a draft: a preliminary Composition with the quoted sections, unconfirmed Conditions, \
         MedicationStatements, FamilyMemberHistory, an OperationOutcome with what is to be known of the draft, and Provenance \
         and Device with the models that the parameter `models` names. `text` is the text that the draft's places are of, \
         masked or as it came, and goes along; `patient` refers to the patient, as in `Patient/123`; `recorded` is the moment, \
         as in `2026-03-12T09:30:00Z`. Output: `bundle`, the document as JSON; `entries`, how many resources it has. docs/fhir.md \
         says what becomes what."
    }

    fn params(&self) -> Vec<ParamSpec> {
        let list = |name, default: &[&str], about| ParamSpec {
            name,
            param_type: ParamType::Texts,
            default: Some(ParamValue::Texts(
                default.iter().map(|kind| (*kind).to_owned()).collect(),
            )),
            about,
        };
        let text = |name, default: &str, about| ParamSpec {
            name,
            param_type: ParamType::Text,
            default: Some(ParamValue::Text(default.to_owned())),
            about,
        };
        vec![
            list(DRUGS, &["chemical"], "the kinds of findings that are drugs"),
            list(DISEASES, &["disease"], "the kinds of findings that are diseases"),
            list(
                MODELS,
                &[],
                "names of the models that took part, as in `bc5cdr@1`",
            ),
            text(PIPELINE, "notes", "the name of the pipeline"),
            text(TITLE, "Draft note", "the title of the document"),
        ]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        Ok(InputSpecs {
            named: vec![
                text_input("text", MASKED_BYTES, "the text that the draft is of"),
                text_input(
                    "draft",
                    DRAFT_BYTES,
                    "`draft` of `notes/draft` or `notes/deidentify`",
                ),
                text_input("patient", ADDRESS_BYTES, "the patient, as in `Patient/123`"),
                text_input(
                    "recorded",
                    MOMENT_BYTES,
                    "when it was drafted, as in `2026-03-12T09:30:00Z`",
                ),
            ],
            further: None,
        })
    }

    fn outputs(&self, params: &Params, _: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        self.maker(params)
            .map_err(|message| vec![crate::model::at_model(message)])?;
        Ok(vec![OutputSpec::new(
            "document",
            PortType::Record(vec![
                Field::new("bundle", TensorType::text(dim(BUNDLE_BYTES))),
                Field::new("entries", TensorType::scalar(Element::I32)),
            ]),
        )])
    }

    fn cost(&self, _: &Params, signature: &Signature, _: &Placement) -> Cost {
        Cost {
            flops: 500 * text_bytes(&signature.inputs) as u64,
            workspace_bytes: (2 * DRAFT_BYTES + 3 * BUNDLE_BYTES) as u64,
            ..Cost::default()
        }
    }

    fn build(&self, params: &Params, _: &Signature, _: &Placement) -> Result<Box<dyn Node>, BuildError> {
        let mut kinds = BTreeMap::new();
        kinds.extend(texts(params, DISEASES).into_iter().map(|kind| (kind, false)));
        kinds.extend(texts(params, DRUGS).into_iter().map(|kind| (kind, true)));
        Ok(Box::new(DocumentNode {
            maker: self.maker(params).map_err(BuildError::Failed)?,
            title: params.text(TITLE).unwrap_or_default().to_owned(),
            kinds,
        }))
    }
}

fn texts(params: &Params, name: &str) -> Vec<String> {
    match params.get(name) {
        Some(ParamValue::Texts(texts)) => texts.clone(),
        Some(_) | None => Vec::new(),
    }
}

struct DocumentNode {
    maker: Maker,
    title: String,
    /// Whether each kind of findings is a drug; the others are diseases.
    kinds: BTreeMap<String, bool>,
}

impl Node for DocumentNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let [text, draft, patient, recorded] = [0, 1, 2, 3].map(|input| inputs.require(input));
        let (text, patient, recorded) = (text?.text(0)?, patient?.text(0)?, recorded?.text(0)?);
        let draft: Draft = from_json(draft?.text(0)?, "the draft")?;
        let failed =
            |fault: &dyn std::fmt::Display| NodeError::Failed(format!("no document can be made: {fault}"));
        let recorded = Instant::read(recorded).map_err(|fault| failed(&fault))?;
        let note = Written { text, node: self }.note(&draft, patient, recorded)?;
        let bundle = document(&note, &self.maker).map_err(|fault| failed(&fault))?;
        let json = bundle.to_json().map_err(|_| failed(&"it is not JSON"))?;
        let out = outputs.record(0)?;
        out.text(0, &json)?;
        let entries = i32::try_from(bundle.entry.len()).unwrap_or(i32::MAX);
        out.tensor::<i32>(1, &[])?.fill(entries);
        Ok(())
    }
}

/// A draft is written down with the words of its text.
struct Written<'a> {
    text: &'a str,
    node: &'a DocumentNode,
}

impl Written<'_> {
    fn note(&self, draft: &Draft, patient: &str, recorded: Instant) -> Result<Note, NodeError> {
        let sections = draft.sections.iter().map(|section| self.section(section));
        let findings = draft.findings.iter().map(|finding| self.finding(finding, draft));
        let risks = draft.risks.iter().filter(|risk| risk.is_raised);
        let risks = risks.map(|risk| {
            Ok(Risk {
                label: risk.flag.replace('_', " "),
                confidence: None,
                evidence: vec![self.quote(&risk.place)?],
            })
        });
        let mut remarks: Vec<Remark> = draft.remarks.iter().map(remark).collect();
        if draft.sections.is_empty() && draft.findings.is_empty() && remarks.is_empty() {
            remarks.push(remark(&draft::Remark::Abstained));
        }
        Ok(Note {
            patient: Link::Address(patient.to_owned()),
            encounter: None,
            source: Source::Attached(self.text.to_owned()),
            language: Some("en".to_owned()),
            recorded,
            visit: None,
            title: self.node.title.clone(),
            sections: sections.collect::<Result<_, NodeError>>()?,
            findings: findings.collect::<Result<_, NodeError>>()?,
            risks: risks.collect::<Result<_, NodeError>>()?,
            remarks,
        })
    }

    fn section(&self, section: &draft::Section) -> Result<Section, NodeError> {
        let header = Header::from_label(&section.header).ok_or_else(|| {
            NodeError::Failed("the draft has a section that documents do not know".to_owned())
        })?;
        let sentences = section.quotes.iter().map(|place| self.quote(place));
        Ok(Section {
            header,
            sentences: sentences.collect::<Result<_, NodeError>>()?,
        })
    }

    fn quote(&self, place: &Place) -> Result<Quote, NodeError> {
        Ok(Quote {
            text: self.words(place)?.to_owned(),
            bytes: place.start..place.end,
        })
    }

    fn finding(&self, finding: &draft::Finding, draft: &Draft) -> Result<Finding, NodeError> {
        let is_drug = self.node.kinds.get(&finding.kind).ok_or_else(|| {
            NodeError::Failed(format!(
                "a finding of kind `{}` is neither a drug nor a disease: name the kind under `drugs` or `diseases`",
                finding.kind
            ))
        })?;
        let is_allergy = draft.sections.iter().any(|section| {
            section.header == "ALLERGY" && section.quotes.iter().any(|quote| within(&finding.place, quote))
        });
        let kind = match (is_drug, is_allergy) {
            (true, true) => Kind::Allergy,
            (true, false) => Kind::Drug {
                dose: finding
                    .dose
                    .as_ref()
                    .map(|dose| self.dose(dose))
                    .transpose()?
                    .map(Box::new),
            },
            (false, _) => Kind::Disease,
        };
        let start = self.characters(..finding.place.start as usize)?;
        let length = self.words(&finding.place)?.chars().count();
        let end = start + u32::try_from(length).unwrap_or(u32::MAX);
        Ok(Finding {
            kind,
            text: self.words(&finding.place)?.to_owned(),
            bytes: finding.place.start..finding.place.end,
            characters: start..end,
            presence: match finding.presence {
                context::Presence::Present => Presence::Present,
                context::Presence::Absent => Presence::Absent,
                context::Presence::Possible => Presence::Possible,
            },
            confidence: f64::from(finding.confidence).clamp(0.0, 1.0),
            time: match finding.time {
                context::Time::Recent => Time::Recent,
                context::Time::Historical => Time::Historical,
                context::Time::Hypothetical => Time::Hypothetical,
            },
            experiencer: self.experiencer(finding)?,
        })
    }

    fn experiencer(&self, finding: &draft::Finding) -> Result<Experiencer, NodeError> {
        Ok(match (finding.experiencer, &finding.of_whom) {
            (context::Experiencer::Patient, _) => Experiencer::Patient,
            (context::Experiencer::Other, Some(place)) if is_relative(self.words(place)?) => {
                Experiencer::Family {
                    relation: Some(self.words(place)?.to_owned()),
                }
            }
            (context::Experiencer::Other, _) => Experiencer::Other,
        })
    }

    fn dose(&self, dose: &draft::Dose) -> Result<Dose, NodeError> {
        let one = |quantity: &super::doses::Quantity| {
            // A range and what is contained in something are told by the words alone.
            let is_one = (quantity.high - quantity.low).abs() < f64::EPSILON && quantity.per.is_none();
            is_one.then(|| Amount {
                value: quantity.low,
                unit: quantity.unit.clone(),
            })
        };
        Ok(Dose {
            text: Some(self.words(&dose.place)?.to_owned()),
            amount: dose.count.as_ref().and_then(one),
            strength: dose.strength.as_ref().and_then(one),
            form: dose.form.map(word).transpose()?,
            route: dose.route.map(word).transpose()?,
            frequency: dose.frequency.as_ref().and_then(frequency),
            as_needed: dose
                .frequency
                .as_ref()
                .is_some_and(|frequency| frequency.as_needed),
            duration: dose
                .duration
                .and_then(|duration| length(duration.low, duration.high, duration.unit)),
        })
    }

    /// The words at a place.
    fn words(&self, place: &Place) -> Result<&str, NodeError> {
        self.text.get(place.range()).ok_or_else(|| {
            NodeError::Failed(format!(
                "the draft is of another text: this one has no part from byte {} to {}",
                place.start, place.end
            ))
        })
    }

    /// Characters in a part of the text from its begin.
    fn characters(&self, part: std::ops::RangeTo<usize>) -> Result<u32, NodeError> {
        let range: Range<usize> = 0..part.end;
        let before = self.text.get(range);
        let before = before.ok_or_else(|| NodeError::Failed("the draft is of another text".to_owned()))?;
        Ok(u32::try_from(before.chars().count()).unwrap_or(u32::MAX))
    }
}

fn within(inner: &Place, outer: &Place) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

fn remark(remark: &draft::Remark) -> Remark {
    let (kind, text) = match remark {
        draft::Remark::Abstained => (RemarkKind::Abstained, None),
        draft::Remark::Partial => (RemarkKind::LimitReached, None),
        draft::Remark::UnknownLanguage => (RemarkKind::UnknownLanguage, None),
        draft::Remark::Hidden => (RemarkKind::Partial, Some("words of it are masked")),
    };
    Remark {
        kind,
        section: None,
        text: text.map(str::to_owned),
    }
}

/// The word that a value has in a draft.
fn word(value: impl serde::Serialize) -> Result<String, NodeError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word.replace('_', " ")),
        Ok(_) | Err(_) => Err(NodeError::Failed("a dose has no word".to_owned())),
    }
}

/// One number of times in one period; what is open in either is told by the words alone.
fn frequency(frequency: &super::doses::Frequency) -> Option<Frequency> {
    let (low, high) = frequency.times?;
    let Period {
        low: least,
        high: most,
        unit,
    } = frequency.period?;
    (low == high && !frequency.is_at_most).then_some(())?;
    Some(Frequency {
        times: low,
        period: length(Some(least), Some(most), unit)?,
    })
}

fn length(low: Option<f64>, high: Option<f64>, unit: times::Unit) -> Option<Length> {
    let (low, high) = (low?, high?);
    let unit = match unit {
        times::Unit::Second => TimeUnit::Second,
        times::Unit::Minute => TimeUnit::Minute,
        times::Unit::Hour => TimeUnit::Hour,
        times::Unit::Day => TimeUnit::Day,
        times::Unit::Week => TimeUnit::Week,
        times::Unit::Month => TimeUnit::Month,
        times::Unit::Year => TimeUnit::Year,
        times::Unit::Decade => return None,
    };
    ((high - low).abs() < f64::EPSILON).then_some(Length { value: low, unit })
}
