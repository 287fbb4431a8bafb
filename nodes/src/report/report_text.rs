//! `report/text`: a record in words, as plain text, Markdown, one sentence for the ear, and a page.
//!
//! It says nothing that the record does not hold: every text was read back before it is given out. Invariant: the same
//! record gives the same texts.

use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, FaultPlace, InputSpec, InputSpecs, KindFault, NodeKind,
    OutputSpec, ParamSpec, ParamType, ParamValue, Params, Signature,
};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Element, Field, PortType, TensorType};

use super::page::{PageError, html};
use super::record::Report;
use super::report_record::{RECORD_BYTES, refused};
use super::text::{self, RealiseError, Realiser, Templates, Text};
use crate::model::dim;
use crate::notes::annotate::text_input;

mod picture;
#[cfg(test)]
mod tests;

use picture::Picture;

/// Most bytes of the plain text, and of the sentence for the ear.
pub const TEXT_BYTES: usize = 1 << 14;
/// Most bytes of the Markdown.
pub const MARKDOWN_BYTES: usize = 1 << 15;
/// Most bytes of the page.
pub const PAGE_BYTES: usize = 1 << 18;

const FORMS: &str = "forms";
const RECORD: &str = "record";
const SPECTRUM: &str = "spectrum";
const SPEED: &str = "speed";

/// The kind `report/text`.
pub struct ReportText;

/// What a record is turned into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Text,
    Markdown,
    Spoken,
    Page,
}

impl Form {
    const ALL: [Form; 4] = [Form::Text, Form::Markdown, Form::Spoken, Form::Page];

    fn name(self) -> &'static str {
        match self {
            Form::Text => "text",
            Form::Markdown => "markdown",
            Form::Spoken => "spoken",
            Form::Page => "html",
        }
    }

    fn bytes_max(self) -> usize {
        match self {
            Form::Text | Form::Spoken => TEXT_BYTES,
            Form::Markdown => MARKDOWN_BYTES,
            Form::Page => PAGE_BYTES,
        }
    }
}

impl NodeKind for ReportText {
    fn name(&self) -> &str {
        "report/text"
    }

    fn about(&self) -> &str {
        "Writes a record of `report/record` in English: the most important first, short enough to be read in about 15 seconds, and \
         nothing that the record does not hold, for every text is read back before it is given out. `forms` names what is wanted: \
         `text`; `markdown`; `spoken`, one sentence for `audio/speak`, with numbers as words; `html`, a page that needs no other \
         file, with the evidence as a table and, where a `spectrum` of amplitudes is connected, its picture: `step_hz` from line \
         to line, of several channels the highest. At a `speed` in revolutions a minute the picture has marks at the shaft and at \
         the defect orders that are stated, as multiples of the shaft's speed. The output has a field for each form."
    }

    fn params(&self) -> Vec<ParamSpec> {
        let forms = Form::ALL.map(|form| form.name().to_owned());
        let mut params = vec![ParamSpec {
            name: FORMS,
            param_type: ParamType::Texts,
            default: Some(ParamValue::Texts(forms.to_vec())),
            about: "what is wanted: text, markdown, spoken, html",
        }];
        params.extend(picture::params());
        params
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let speed = TensorType {
            unit: Some("rpm".to_owned()),
            ..TensorType::scalar(Element::F32)
        };
        Ok(InputSpecs {
            named: vec![
                text_input(RECORD, RECORD_BYTES, "`record` of `report/record`"),
                InputSpec::optional(
                    SPECTRUM,
                    Accepts::Any,
                    "amplitudes of one channel, `f32[B]`, or of several, `f32[C, B]`, from 0 Hz on",
                ),
                InputSpec::optional(SPEED, Accepts::Type(speed.into()), "the speed of the shaft"),
            ],
            further: None,
        })
    }

    fn outputs(&self, params: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let sheet = Sheet::read(params, inputs)?;
        let field = |form: &Form| Field::new(form.name(), TensorType::text(dim(form.bytes_max())));
        Ok(vec![OutputSpec::new(
            "written",
            PortType::Record(sheet.forms.iter().map(field).collect()),
        )])
    }

    fn cost(&self, params: &Params, signature: &Signature, _: &Placement) -> Cost {
        let sheet = Sheet::read(params, &signature.inputs).ok();
        let forms = sheet.as_ref().map_or(&[][..], |sheet| &sheet.forms);
        let texts: usize = forms.iter().map(|form| form.bytes_max()).sum();
        let lines = sheet.as_ref().map_or(0, |sheet| sheet.picture.lines_max());
        Cost {
            // A text is written a dozen times until it is as long as it may be, and read back each time it is given out.
            flops: 2_000_000 * forms.len().max(1) as u64 + 20 * lines as u64,
            // The record as values, each text twice, and the amplitudes.
            workspace_bytes: (3 * RECORD_BYTES + 2 * texts + 8 * lines) as u64,
            ..Cost::default()
        }
    }

    fn build(
        &self,
        params: &Params,
        signature: &Signature,
        _: &Placement,
    ) -> Result<Box<dyn Node>, BuildError> {
        let sheet = Sheet::read(params, &signature.inputs)
            .map_err(|faults| BuildError::Failed(crate::first_message(&faults)))?;
        Ok(Box::new(TextNode { sheet }))
    }
}

/// What one node is made of.
struct Sheet {
    /// Each once, in the order of [`Form::ALL`].
    forms: Vec<Form>,
    picture: Picture,
}

impl Sheet {
    fn read(params: &Params, inputs: &[ConnectedInput]) -> Result<Sheet, Vec<KindFault>> {
        let mut faults = Vec::new();
        let named = match params.get(FORMS) {
            Some(ParamValue::Texts(names)) => names.clone(),
            Some(_) | None => Vec::new(),
        };
        let at = |message: String| KindFault::new(FaultPlace::Param(FORMS.to_owned(), None), message);
        let is_form = |name: &String| Form::ALL.iter().any(|form| form.name() == name);
        if let Some(name) = named.iter().find(|name| !is_form(name)) {
            let fault = at(format!("`{name}` is no form of a report"));
            faults.push(fault.help("name some of text, markdown, spoken, html"));
        }
        let forms: Vec<Form> = Form::ALL
            .into_iter()
            .filter(|form| named.iter().any(|name| name == form.name()))
            .collect();
        if forms.is_empty() && faults.is_empty() {
            faults.push(
                at("no form of a report is wanted".to_owned())
                    .help("name some of text, markdown, spoken, html"),
            );
        }
        let picture = Picture::read(params, inputs);
        match picture {
            Ok(picture) if faults.is_empty() => Ok(Sheet { forms, picture }),
            Ok(_) => Err(faults),
            Err(others) => {
                faults.extend(others);
                Err(faults)
            }
        }
    }
}

struct TextNode {
    sheet: Sheet,
}

impl Node for TextNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let json = inputs.require(0)?.text(0)?;
        let report = Report::read(json).map_err(|error| refused("the record", &error))?;
        let text = Templates.realise(&report).map_err(|error| unwritten(&error))?;
        let out = outputs.record(0)?;
        for (field, form) in self.sheet.forms.iter().enumerate() {
            let written = match form {
                Form::Text => text.plain(),
                Form::Markdown => text.markdown(&report),
                Form::Spoken => text::spoken(&report).map_err(|error| unwritten(&error))?,
                Form::Page => self.page(&report, &text, inputs)?,
            };
            out.text(field, &written)?;
        }
        Ok(())
    }
}

/// Gives out a text that was written before.
struct Written<'a>(&'a Text);

impl Realiser for Written<'_> {
    fn name(&self) -> &str {
        Templates.name()
    }

    fn realise(&self, _: &Report) -> Result<Text, RealiseError> {
        Ok(self.0.clone())
    }
}

impl TextNode {
    fn page(&self, report: &Report, text: &Text, inputs: &Inputs<'_>) -> Result<String, NodeError> {
        let spectrum = self.sheet.picture.spectrum(inputs)?;
        html(report, &Written(text), spectrum.as_ref()).map_err(|error| match error {
            PageError::Text(error) => unwritten(&error),
            PageError::Spectrum(error) => NodeError::Failed(format!("the spectrum is refused: {error}")),
            PageError::Drawing(error) => NodeError::Failed(format!("the spectrum cannot be drawn: {error}")),
        })
    }
}

/// Why there is no text. Its words are not told: they may be confidential.
fn unwritten(error: &RealiseError) -> NodeError {
    match error {
        RealiseError::Record(error) => refused("the record", error),
        RealiseError::Pattern { pattern } => {
            NodeError::Failed(format!("the pattern `{pattern}` cannot be filled"))
        }
        RealiseError::Unreadable { .. } => {
            NodeError::Failed("the text of this record cannot be read back".to_owned())
        }
        RealiseError::Unsound { .. } => {
            NodeError::Failed("the text of this record says something else than the record".to_owned())
        }
    }
}
