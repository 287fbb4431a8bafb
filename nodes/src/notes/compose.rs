//! `notes/draft`: the sentences that support each section, with what was found in them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use motet_core::catalog::{
    BuildError, ConnectedInput, Cost, InputSpecs, KindFault, NodeKind, OutputSpec, ParamSpec, Params,
    Signature,
};
use motet_core::limits::TEXT_BYTES_MAX;
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Element, Field, PortType, TensorType};
use motet_models::linear::{LinearModel, Scratch};

use super::annotate::{FINDINGS_BYTES, RISKS_BYTES, text_bytes, text_input};
use super::context::sentences;
use super::draft::{DRAFT_BYTES, Draft, Finding, Place, Remark, Risk, Section};
use super::segment::{Headed, STRETCHES_BYTES};
use super::spans::{from_json, to_json};
use crate::model::linear::{LinearEntry, LinearShelf};
use crate::model::{ModelSources, at_model, dim, model_param};

/// The class of sentences that are worth quoting.
const KEEP: &str = "keep";
/// Most quotes of a draft.
const QUOTES_MAX: usize = 2_000;
/// Of a text in English, at least this share of the words are among the commonest.
const COMMON_SHARE: f64 = 0.12;
/// Fewer words tell nothing of the language.
const LANGUAGE_WORDS_MIN: usize = 12;
/// Words that every English text of some length has.
const COMMON: [&str; 48] = [
    "a", "about", "and", "any", "are", "as", "at", "be", "been", "but", "by", "did", "do", "for", "from",
    "had", "has", "have", "he", "her", "his", "i", "in", "is", "it", "my", "no", "not", "of", "on", "or",
    "patient", "she", "that", "the", "there", "this", "to", "was", "were", "with", "you", "your", "yes",
    "right", "left", "daily", "pain",
];

/// The kind `notes/draft`. All its nodes share the weights of a model.
pub struct Compose {
    shelf: LinearShelf,
}

impl Compose {
    /// The kind with the models of these sources.
    pub fn new(sources: ModelSources) -> Compose {
        Compose {
            shelf: LinearShelf::new(sources),
        }
    }

    /// The model, and the number of its class of what is worth quoting.
    fn find(&self, params: &Params) -> Result<(Arc<LinearEntry>, usize), Vec<KindFault>> {
        let model = self.shelf.find(params)?;
        let class = model.card.model.labels.iter().position(|label| label == KEEP);
        match class {
            Some(class) => Ok((model, class)),
            None => {
                let message = format!("model `{}` has no class `{KEEP}`", model.name);
                Err(vec![
                    at_model(message).help("name one that sorts sentences into `keep` and others"),
                ])
            }
        }
    }
}

impl NodeKind for Compose {
    fn name(&self) -> &str {
        "notes/draft"
    }

    fn about(&self) -> &str {
        "Drafts a note by quoting: of each section of `notes/sections` that was accepted, the sentences that a linear model such \
         as `keep@1` takes for worth it, all of them where a heading of the text names the section; with the findings and \
         risks of `notes/context`. Nothing is written that is not a place in the text. Output: `draft`, by \
         docs/draft.schema.json; `sections`, how many it has; `quotes`, how many sentences it quotes; `abstained`, `partial` \
         and `unknown_language`, each 1 where the draft has that remark. A text that is hardly English gets no sections."
    }

    fn params(&self) -> Vec<ParamSpec> {
        vec![model_param()]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        Ok(InputSpecs {
            named: vec![
                text_input("text", TEXT_BYTES_MAX, "what somebody wrote or said"),
                text_input(
                    "sections",
                    STRETCHES_BYTES,
                    "`sections` of `notes/sections` of the same text",
                ),
                text_input(
                    "findings",
                    FINDINGS_BYTES,
                    "`findings` of `notes/context` of the same text",
                ),
                text_input(
                    "risks",
                    RISKS_BYTES,
                    "`risks` of `notes/context` of the same text",
                ),
            ],
            further: None,
        })
    }

    fn outputs(&self, params: &Params, _: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        self.find(params)?;
        let whole = || TensorType::scalar(Element::I32);
        let flag = || TensorType::scalar(Element::U8).within(0.0, 1.0);
        Ok(vec![OutputSpec::new(
            "drafted",
            PortType::Record(vec![
                Field::new("draft", TensorType::text(dim(DRAFT_BYTES))),
                Field::new("sections", whole()),
                Field::new("quotes", whole()),
                Field::new("abstained", flag()),
                Field::new("partial", flag()),
                Field::new("unknown_language", flag()),
            ]),
        )])
    }

    fn cost(&self, params: &Params, signature: &Signature, _: &Placement) -> Cost {
        let Ok((model, _)) = self.find(params) else {
            return Cost::default();
        };
        let (bytes, net) = (text_bytes(&signature.inputs), &model.card.model.net);
        Cost {
            flops: (4 * bytes * net.classes) as u64,
            workspace_bytes: (Scratch::bytes(&net.terms) + 16 * bytes + 4 * DRAFT_BYTES) as u64,
            weights: Some(model.weights()),
            ..Cost::default()
        }
    }

    fn build(&self, params: &Params, _: &Signature, _: &Placement) -> Result<Box<dyn Node>, BuildError> {
        let (_, model) = self.shelf.open(params)?;
        let (_, class) = self
            .find(params)
            .map_err(|faults| BuildError::Failed(crate::first_message(&faults)))?;
        Ok(Box::new(ComposeNode {
            scratch: Scratch::new(model.terms()),
            margins: vec![0.0; model.config().classes],
            model,
            class,
        }))
    }
}

struct ComposeNode {
    model: Arc<LinearModel>,
    scratch: Scratch,
    margins: Vec<f32>,
    class: usize,
}

impl Node for ComposeNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let text = inputs.require(0)?.text(0)?;
        let sections: Vec<Headed> = from_json(inputs.require(1)?.text(0)?, "the list of sections")?;
        let findings: Vec<Finding> = from_json(inputs.require(2)?.text(0)?, "the list of findings")?;
        let risks: Vec<Risk> = from_json(inputs.require(3)?.text(0)?, "the list of risks")?;
        let draft = self.draft(text, &sections, (findings, risks));
        let quotes: usize = draft.sections.iter().map(|section| section.quotes.len()).sum();
        let has = |remark: Remark| u8::from(draft.remarks.contains(&remark));
        let whole = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        let out = outputs.record(0)?;
        out.text(0, &to_json(&draft)?)?;
        out.tensor::<i32>(1, &[])?.fill(whole(draft.sections.len()));
        out.tensor::<i32>(2, &[])?.fill(whole(quotes));
        out.tensor::<u8>(3, &[])?.fill(has(Remark::Abstained));
        out.tensor::<u8>(4, &[])?.fill(has(Remark::Partial));
        out.tensor::<u8>(5, &[])?.fill(has(Remark::UnknownLanguage));
        Ok(())
    }
}

impl ComposeNode {
    fn draft(
        &mut self,
        text: &str,
        sections: &[Headed],
        (findings, risks): (Vec<Finding>, Vec<Risk>),
    ) -> Draft {
        let mut draft = Draft {
            findings,
            risks,
            ..Draft::default()
        };
        if is_other_language(text) {
            draft.remarks.push(Remark::UnknownLanguage);
            return draft;
        }
        // Stretches of one header become one section, at the place of the first.
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        let mut count = 0;
        for headed in sections.iter().filter(|headed| headed.is_accepted) {
            let mut quotes = self.quotes(text, headed);
            if count + quotes.len() > QUOTES_MAX {
                quotes.truncate(QUOTES_MAX - count);
                draft.remarks.retain(|remark| *remark != Remark::Partial);
                draft.remarks.push(Remark::Partial);
            }
            count += quotes.len();
            if quotes.is_empty() {
                continue;
            }
            let place = *places.entry(&headed.header).or_insert_with(|| {
                draft.sections.push(Section {
                    header: headed.header.clone(),
                    confidence: headed.confidence,
                    quotes: Vec::new(),
                });
                draft.sections.len() - 1
            });
            if let Some(section) = draft.sections.get_mut(place) {
                section.confidence = section.confidence.min(headed.confidence);
                section.quotes.append(&mut quotes);
            }
        }
        if sections.iter().any(|headed| !headed.is_accepted) || draft.sections.is_empty() {
            draft.remarks.push(Remark::Abstained);
        }
        draft
    }

    /// The sentences of a stretch that are quoted: at least one, if it has any.
    fn quotes(&mut self, text: &str, headed: &Headed) -> Vec<Place> {
        let range = headed.place.range();
        let said = text.get(range.clone()).unwrap_or_default();
        let found: Vec<Range<usize>> = sentences(said)
            .into_iter()
            .filter(|sentence| said[sentence.clone()].chars().any(char::is_alphanumeric))
            .collect();
        let place =
            |sentence: &Range<usize>| Place::of(&(range.start + sentence.start..range.start + sentence.end));
        if headed.is_headed {
            return found.iter().map(place).collect();
        }
        let mut speaker = Speaker::Guest;
        let mut best: Option<(f32, usize)> = None;
        let mut kept = Vec::new();
        for (number, sentence) in found.iter().enumerate() {
            let (named, words) = spoken(&said[sentence.clone()]);
            speaker = named.unwrap_or(speaker);
            let row = row(speaker, &headed.header, words);
            self.model.margins(&row, &mut self.scratch, &mut self.margins);
            let margin = self.margins[self.class];
            if best.is_none_or(|(most, _)| margin > most) {
                best = Some((margin, number));
            }
            if margin > 0.0 {
                kept.push(place(sentence));
            }
        }
        match (kept.is_empty(), best) {
            (true, Some((_, number))) => vec![place(&found[number])],
            (true, None) | (false, _) => kept,
        }
    }
}

/// Who says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaker {
    Doctor,
    Patient,
    Guest,
}

impl Speaker {
    fn word(self) -> &'static str {
        match self {
            Speaker::Doctor => "doctor",
            Speaker::Patient => "patient",
            Speaker::Guest => "guest",
        }
    }
}

/// Who is named before a colon, and the rest.
fn spoken(sentence: &str) -> (Option<Speaker>, &str) {
    let Some((name, rest)) = sentence.split_once(':') else {
        return (None, sentence);
    };
    let name = name.trim().to_lowercase();
    let is_name = name.len() <= 24
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphabetic() || " _".contains(letter));
    match name.as_str() {
        _ if !is_name || name.is_empty() => (None, sentence),
        name if name.starts_with("doctor") => (Some(Speaker::Doctor), rest),
        name if name.starts_with("patient") => (Some(Speaker::Patient), rest),
        _ => (Some(Speaker::Guest), rest),
    }
}

/// A sentence as the model reads it: models/reference/notes/keep.py makes the same of the training part.
fn row(speaker: Speaker, header: &str, sentence: &str) -> String {
    let (speaker, kind) = (speaker.word(), if sentence.contains('?') { 'q' } else { 's' });
    let words = sentence
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .count();
    let bits = (usize::BITS - words.leading_zeros()).min(5);
    let header: String = header
        .to_lowercase()
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '_'
            }
        })
        .collect();
    format!(
        "spk_{speaker} sec_{header}_{speaker}_{kind} len_{speaker}_{bits}_{kind} . {}",
        sentence.trim()
    )
}

/// True for a text of some length with hardly any of the commonest English words.
fn is_other_language(text: &str) -> bool {
    let words = text
        .split(|letter: char| !letter.is_alphanumeric() && letter != '\'')
        .filter(|word| word.chars().any(char::is_alphabetic));
    let (mut all, mut common) = (0_usize, 0_usize);
    for word in words {
        all += 1;
        common += usize::from(COMMON.iter().any(|known| word.eq_ignore_ascii_case(known)));
    }
    all >= LANGUAGE_WORDS_MIN && (common as f64) < COMMON_SHARE * all as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_that_of_the_script() {
        // As `row_text` of models/reference/notes/keep.py gives them.
        let check =
            |speaker, header, sentence, expected: &str| assert_eq!(row(speaker, header, sentence), expected);
        check(
            Speaker::Patient,
            "FAM/SOCHX",
            "My father had it, too.",
            "spk_patient sec_fam_sochx_patient_s len_patient_3_s . My father had it, too.",
        );
        check(
            Speaker::Doctor,
            "ROS",
            "Fever?",
            "spk_doctor sec_ros_doctor_q len_doctor_1_q . Fever?",
        );
    }

    #[test]
    fn who_speaks_is_named_before_a_colon() {
        assert_eq!(spoken("Doctor: Any pain?"), (Some(Speaker::Doctor), " Any pain?"));
        assert_eq!(spoken("Guest_family: Yes."), (Some(Speaker::Guest), " Yes."));
        assert_eq!(spoken("BP 120: it is fine"), (None, "BP 120: it is fine"));
        assert_eq!(spoken("No pain."), (None, "No pain."));
    }

    #[test]
    fn other_languages_are_told_from_english_notes_in_shorthand() {
        let german =
            "Der Patient klagt seit drei Tagen ueber starke Schmerzen im Bauch und hat hohes Fieber gehabt.";
        assert!(is_other_language(german));
        assert!(is_other_language(
            &"Боль в груди с утра, одышка при ходьбе. ".repeat(3)
        ));
        assert!(!is_other_language(
            "Pt is a 54 yo M with CP x 3 days, no SOB, BP 120/80, ECG no acute changes, on ASA 81 mg daily."
        ));
        assert!(!is_other_language("Fieber."));
    }
}
