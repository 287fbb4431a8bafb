//! `notes/deidentify`: a text without what identifies people in it, and the draft of it.

use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, InputSpec, InputSpecs, KindFault, NodeKind, OutputSpec,
    ParamSpec, ParamType, ParamValue, Params, Signature,
};
use motet_core::limits::TEXT_BYTES_MAX;
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Element, Field, PortType, TensorType};
use serde::{Deserialize, Serialize};

use super::annotate::{text_bytes, text_input, text_of};
use super::draft::{DRAFT_BYTES, Draft, Place, Remark, Section};
use super::identifiers::{Class, find};
use super::mask::{Masked, mask};
use super::spans::{ENTITIES_BYTES, entities_of, from_json, to_json};
use crate::model::dim;

const PEOPLE: &str = "people";
/// A tag may be longer than what it stands for.
const GROWTH: usize = 4;
/// Most bytes of a masked text.
pub(super) const MASKED_BYTES: usize = GROWTH * TEXT_BYTES_MAX;
/// Most identifiers that are told one by one; all are masked.
const TOLD_MAX: usize = 4_000;
const TOLD_BYTES: usize = 96 * TOLD_MAX;
/// Bytes that are held for each byte of a text while it is read.
const HELD_PER_BYTE: usize = 64;

/// The kind `notes/deidentify`.
pub struct Deidentify;

/// An identifier that was masked: what it was and where, and nothing of what it said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// Its class, as in `medical_record`.
    pub class: Class,
    /// Where its tag is in the masked text; its `source` is where it was.
    pub place: Place,
}

impl NodeKind for Deidentify {
    fn name(&self) -> &str {
        "notes/deidentify"
    }

    fn about(&self) -> &str {
        "Masks what identifies people in a clinical text: the 18 classes of 45 CFR 164.514(b)(2)(i), by formats, check digits, \
         lists and words around them, and what `model/entities` proposes as names. Years, ages up to 89, states and the first \
         three digits of ZIP codes stay. It assists and certifies nothing. It is the only kind that lowers the privacy class: \
         what it gives has none. Output: `text`, the masked text; `draft`, the draft of `notes/draft` with its places in the \
         masked text, each with its `source`, what is hidden in it left out; empty without a draft; `identifiers`, a list as \
         JSON, each with `class` and `place`; `count`, how many there were."
    }

    fn params(&self) -> Vec<ParamSpec> {
        vec![ParamSpec {
            name: PEOPLE,
            param_type: ParamType::Texts,
            default: Some(ParamValue::Texts(vec!["name".to_owned()])),
            about: "the kinds of the proposed mentions that are masked",
        }]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let optional = |name: &'static str, bytes: usize, about| {
            InputSpec::optional(name, Accepts::Type(text_of(name, bytes).into()), about)
        };
        Ok(InputSpecs {
            named: vec![
                text_input("text", TEXT_BYTES_MAX, "what somebody wrote or said"),
                optional(
                    "names",
                    ENTITIES_BYTES,
                    "`entities` of `model/entities` of the same text",
                ),
                optional("draft", DRAFT_BYTES, "`draft` of `notes/draft` of the same text"),
            ],
            further: None,
        })
    }

    fn outputs(&self, _: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let text = |bytes: usize| TensorType::text(dim(bytes));
        Ok(vec![OutputSpec::new(
            "safe",
            PortType::Record(vec![
                Field::new("text", text(GROWTH * text_bytes(inputs))),
                Field::new("draft", text(DRAFT_BYTES)),
                Field::new("identifiers", text(TOLD_BYTES)),
                Field::new("count", TensorType::scalar(Element::I32)),
            ]),
        )])
    }

    fn lowers_privacy(&self) -> bool {
        true
    }

    fn cost(&self, _: &Params, signature: &Signature, _: &Placement) -> Cost {
        let bytes = text_bytes(&signature.inputs);
        Cost {
            flops: 400 * bytes as u64,
            workspace_bytes: (HELD_PER_BYTE * bytes + 3 * DRAFT_BYTES + TOLD_BYTES) as u64,
            ..Cost::default()
        }
    }

    fn build(&self, params: &Params, _: &Signature, _: &Placement) -> Result<Box<dyn Node>, BuildError> {
        let people = match params.get(PEOPLE) {
            Some(ParamValue::Texts(kinds)) => kinds.clone(),
            Some(_) | None => Vec::new(),
        };
        Ok(Box::new(DeidentifyNode { people }))
    }
}

struct DeidentifyNode {
    people: Vec<String>,
}

impl Node for DeidentifyNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let text = inputs.require(0)?.text(0)?;
        let proposed = match inputs.get(1) {
            Some(names) => entities_of(names.text(0)?, text)?,
            None => Vec::new(),
        };
        let names: Vec<_> = proposed
            .iter()
            .filter(|entity| self.people.contains(&entity.kind))
            .map(|entity| entity.range())
            .collect();
        let found = find(text, &names);
        let masked = mask(text, &found);
        let told = found
            .iter()
            .zip(&masked.pieces)
            .take(TOLD_MAX)
            .map(|(identifier, piece)| Told {
                class: identifier.class,
                place: Place {
                    source: Some([Place::of(&piece.original).start, Place::of(&piece.original).end]),
                    ..Place::of(&piece.masked)
                },
            });
        let told = to_json(&told.collect::<Vec<_>>())?;
        let draft = match inputs.get(2) {
            Some(draft) => to_json(&moved(from_json(draft.text(0)?, "the draft")?, &masked))?,
            None => String::new(),
        };
        let out = outputs.record(0)?;
        out.text(0, &masked.text)?;
        out.text(1, &draft)?;
        out.text(2, &told)?;
        out.tensor::<i32>(3, &[])?
            .fill(i32::try_from(found.len()).unwrap_or(i32::MAX));
        Ok(())
    }
}

/// The draft with its places in the masked text. What begins or ends within something that is masked, or is nothing but
/// that, is left out, and a remark says so.
fn moved(draft: Draft, masked: &Masked) -> Draft {
    let mut is_hidden = false;
    let mut place = |place: &Place| {
        let moved = masked.to_masked(place.range()).filter(|range| !range.is_empty());
        is_hidden |= moved.is_none();
        moved.map(|range| Place {
            source: Some(place.in_source()),
            ..Place::of(&range)
        })
    };
    let mut sections = Vec::with_capacity(draft.sections.len());
    for section in draft.sections {
        let quotes: Vec<Place> = section.quotes.iter().filter_map(&mut place).collect();
        if !quotes.is_empty() {
            sections.push(Section { quotes, ..section });
        }
    }
    let mut findings = Vec::with_capacity(draft.findings.len());
    for mut finding in draft.findings {
        let Some(moved) = place(&finding.place) else {
            continue;
        };
        finding.place = moved;
        finding.because = finding.because.iter().filter_map(&mut place).collect();
        finding.of_whom = finding.of_whom.as_ref().and_then(&mut place);
        finding.dose = finding.dose.and_then(|dose| {
            let moved = place(&dose.place)?;
            Some(super::draft::Dose { place: moved, ..dose })
        });
        findings.push(finding);
    }
    let mut risks = Vec::with_capacity(draft.risks.len());
    for mut risk in draft.risks {
        if let Some(moved) = place(&risk.place) {
            risk.place = moved;
            risks.push(risk);
        }
    }
    let mut remarks = draft.remarks;
    if is_hidden && !remarks.contains(&Remark::Hidden) {
        remarks.push(Remark::Hidden);
    }
    Draft {
        sections,
        findings,
        risks,
        remarks,
    }
}
