//! `text/template`: one text made of fixed words and other nodes' answers.

use std::io::Write;

use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, FaultPlace, InputSpecs, KindFault, NodeKind, OutputSpec,
    ParamSpec, ParamType, ParamValue, Params, Signature,
};
use motet_core::condition::LeaseValues;
use motet_core::expression::{Binding, Values};
use motet_core::limits::TEXT_BYTES_MAX;
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Element, TensorType};

mod piece;

use piece::{Piece, Place};

const TEXT: &str = "text";
const ABSENT: &str = "absent";
const MAX_BYTES: &str = "max_bytes";

/// The kind `text/template`.
pub struct Template;

impl NodeKind for Template {
    fn name(&self) -> &str {
        "text/template"
    }

    fn about(&self) -> &str {
        "Writes one text. In `text`, `{command.label}` stands for a field of the record at input `command` and \
         `{level}` for an input that is one number or one text; `{command.score:.2}` writes a float with two \
         decimals (0 to 9); `{{` and `}}` stand for single braces. Inputs go under names of your own and may be \
         absent: `absent` is written in their place, as for a number that is not finite. The longest text is \
         worked out from the template; with `max_bytes` you set a smaller bound, and a firing whose text is \
         longer fails."
    }

    fn params(&self) -> Vec<ParamSpec> {
        vec![
            ParamSpec {
                name: TEXT,
                param_type: ParamType::Text,
                default: None,
                about: "the text with its placeholders, as in `{command.label} at {command.score:.2}`",
            },
            ParamSpec {
                name: ABSENT,
                param_type: ParamType::Text,
                default: Some(ParamValue::Text("?".to_owned())),
                about: "what is written for an absent value",
            },
            ParamSpec {
                name: MAX_BYTES,
                param_type: ParamType::Integer {
                    min: 0,
                    max: TEXT_BYTES_MAX as i64,
                },
                default: Some(ParamValue::Integer(0)),
                about: "most bytes of the output; 0 for as many as the template can need",
            },
        ]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        Ok(InputSpecs {
            named: Vec::new(),
            further: Some(Accepts::Any),
        })
    }

    fn outputs(&self, params: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let sheet = Sheet::read(params, inputs)?;
        Ok(vec![OutputSpec::new(
            "text",
            TensorType::text(sheet.output_bytes),
        )])
    }

    fn cost(&self, params: &Params, signature: &Signature, _: &Placement) -> Cost {
        let needed_bytes = Sheet::read(params, &signature.inputs).map_or(0, |sheet| sheet.needed_bytes);
        Cost {
            flops: needed_bytes as u64 * 8,
            workspace_bytes: needed_bytes as u64,
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
        let line = Vec::with_capacity(sheet.needed_bytes);
        Ok(Box::new(TemplateNode { sheet, line }))
    }
}

/// A template whose placeholders are bound.
struct Sheet {
    pieces: Vec<Piece>,
    absent: String,
    /// Bytes of the longest text it can make.
    needed_bytes: usize,
    /// Bound of the output.
    output_bytes: u32,
}

impl Sheet {
    fn read(params: &Params, inputs: &[ConnectedInput]) -> Result<Sheet, Vec<KindFault>> {
        let pieces = piece::read(TEXT, params.text(TEXT).unwrap_or_default(), inputs)?;
        let absent = params.text(ABSENT).unwrap_or_default().to_owned();
        let needed_bytes: usize = pieces
            .iter()
            .map(|piece| piece.bytes_max(inputs, absent.len()))
            .sum();
        let stated = params
            .integer(MAX_BYTES)
            .and_then(|bytes| u32::try_from(bytes).ok())
            .filter(|bytes| *bytes > 0);
        if stated.is_none() && needed_bytes > TEXT_BYTES_MAX {
            let message =
                format!("the text may have {needed_bytes} bytes, more than the {TEXT_BYTES_MAX} allowed");
            let fault = KindFault::new(FaultPlace::Param(TEXT.to_owned(), None), message);
            return Err(vec![
                fault.help(format!("set `{MAX_BYTES}`, or read inputs with smaller bounds")),
            ]);
        }
        let computed = u32::try_from(needed_bytes.max(1)).unwrap_or(u32::MAX);
        Ok(Sheet {
            pieces,
            absent,
            needed_bytes,
            output_bytes: stated.unwrap_or(computed),
        })
    }
}

struct TemplateNode {
    sheet: Sheet,
    /// Holds the text while it grows; as large as the longest text, so that it never allocates.
    line: Vec<u8>,
}

impl Node for TemplateNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let values = LeaseValues(inputs.values());
        self.line.clear();
        for piece in &self.sheet.pieces {
            append(&mut self.line, piece, &values, &self.sheet.absent)?;
        }
        if self.line.len() > self.sheet.output_bytes as usize {
            let message = format!(
                "the text has {} bytes, `{MAX_BYTES}` allows {}",
                self.line.len(),
                self.sheet.output_bytes
            );
            return Err(NodeError::Failed(message));
        }
        let length = u32::try_from(self.line.len()).unwrap_or(u32::MAX);
        outputs.tensor::<u8>(0, &[length])?.copy_from_slice(&self.line);
        Ok(())
    }
}

fn append(
    line: &mut Vec<u8>,
    piece: &Piece,
    values: &LeaseValues<'_>,
    absent: &str,
) -> Result<(), NodeError> {
    let place = match piece {
        Piece::Words(words) => {
            line.extend_from_slice(words.as_bytes());
            return Ok(());
        }
        Piece::Value(place) => place,
    };
    let written = match place {
        Place::Text(at) => values.text(*at).map(|text| line.write_all(text.as_bytes())),
        Place::Integer(at) => integer(values, *at).map(|value| write!(line, "{value}")),
        Place::Float(at, None) => float(values, *at).map(|value| write!(line, "{value}")),
        Place::Float(at, Some(decimals)) => {
            float(values, *at).map(|value| write!(line, "{value:.decimals$}"))
        }
    };
    written
        .unwrap_or_else(|| line.write_all(absent.as_bytes()))
        .map_err(|fault| NodeError::Failed(fault.to_string()))
}

/// A whole number as it is stored; the language of conditions would round it to 53 bits.
fn integer(values: &LeaseValues<'_>, at: Binding) -> Option<i64> {
    let (lease, field) = (
        values.0.get(usize::from(at.input))?.as_ref()?,
        usize::from(at.field),
    );
    match lease.element(field).ok()? {
        Element::I32 => lease
            .tensor::<i32>(field)
            .ok()?
            .first()
            .map(|value| i64::from(*value)),
        Element::I64 => lease.tensor::<i64>(field).ok()?.first().copied(),
        Element::U8 => lease
            .tensor::<u8>(field)
            .ok()?
            .first()
            .map(|value| i64::from(*value)),
        Element::F32 | Element::Utf8 => None,
    }
}

/// A float with its own precision, so that 0.1 is not written as 0.10000000149011612.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the value was an f32 before it became an f64"
)]
fn float(values: &LeaseValues<'_>, at: Binding) -> Option<f32> {
    values.number(at).map(|value| value as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{Trial, Value};

    fn trial(text: &str) -> Trial<'static> {
        Trial::of(&Template)
            .text("text", text)
            .input("command", "record{label: utf8[T<=32], score: f32}")
            .input("count", "i64")
            .input("mel", "f32[F<=9, 40]")
    }

    fn values(label: &'static str, score: f32, count: i64) -> [Option<Value>; 3] {
        let command = Value::Record(vec![Value::Text(label), Value::number(score)]);
        [Some(command), Some(Value::I64(count)), None]
    }

    fn check(text: &str, values: &[Option<Value>], expected: &str) {
        let outputs = trial(text).run(values).unwrap();
        assert_eq!(outputs[0].as_ref().unwrap().text(0).unwrap(), expected, "{text}");
    }

    #[test]
    fn placeholders_are_replaced_by_values() {
        check("no placeholder", &values("stop", 0.5, 0), "no placeholder");
        check(
            "{command.label} at {command.score:.2}",
            &values("stop", 0.876, 0),
            "stop at 0.88",
        );
        check("{command.score}", &values("", 0.1, 0), "0.1");
        check("{command.score:.0}", &values("", -2.6, 0), "-3");
        check("<{command.label}>", &values("", 0.0, 0), "<>");
        check("{count}", &values("", 0.0, i64::MIN), "-9223372036854775808");
        check("{{{count}}} é {{}}", &values("", 0.0, 7), "{7} é {}");
    }

    #[test]
    fn an_absent_value_is_written_as_stated() {
        check("{command.label}/{count}", &[None, None, None], "?/?");
        check("{command.score:.1}", &values("", f32::NAN, 0), "?");
        let outputs = trial("{count} left")
            .text("absent", "nobody knows how many")
            .run(&[None, None, None])
            .unwrap();
        assert_eq!(
            outputs[0].as_ref().unwrap().text(0).unwrap(),
            "nobody knows how many left"
        );
    }

    #[test]
    fn the_bound_is_worked_out_or_stated() {
        assert_eq!(trial("is {command.label}!").types(), ["text: utf8[T<=36]"]);
        assert_eq!(trial("{count}").types(), ["text: utf8[T<=20]"]);
        assert_eq!(trial("").types(), ["text: utf8[T<=1]"]);
        let short = trial("is {command.label}!").with("max_bytes", ParamValue::Integer(7));
        assert_eq!(short.types(), ["text: utf8[T<=7]"]);
        let outputs = short.run(&values("off", 0.0, 0)).unwrap();
        assert_eq!(outputs[0].as_ref().unwrap().text(0).unwrap(), "is off!");
        let failed = short.run(&values("stop", 0.0, 0)).err();
        let message = "the text has 8 bytes, `max_bytes` allows 7".to_owned();
        assert_eq!(failed, Some(NodeError::Failed(message)));
        let faults = Trial::of(&Template)
            .text("text", "{a}{b}")
            .input("a", "utf8[T<=65000]")
            .input("b", "utf8[T<=537]");
        assert_eq!(
            faults.faults()[0].message,
            "the text may have 65537 bytes, more than the 65536 allowed"
        );
    }

    #[test]
    fn the_longest_text_fits_its_bound() {
        let floats = [
            f32::MIN,
            f32::MAX,
            -f32::MIN_POSITIVE,
            -1.234_567_9e-38,
            -f32::from_bits(1),
            -16_777_215.0,
        ];
        for float in floats {
            for text in ["{command.score}", "{command.score:.0}", "{command.score:.9}"] {
                let outputs = trial(text).run(&values("", float, 0)).unwrap();
                let found: f32 = outputs[0].as_ref().unwrap().text(0).unwrap().parse().unwrap();
                assert!((found - float).abs() <= 1.0, "{text} {float}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn every_float_fits_its_bound(bits: u32) {
            let value = f32::from_bits(bits);
            proptest::prop_assume!(value.is_finite());
            let text = trial("{command.score}").run(&values("", value, 0)).unwrap();
            proptest::prop_assert_eq!(text[0].as_ref().unwrap().text(0).unwrap().parse::<f32>(), Ok(value));
        }

        #[test]
        fn no_template_makes_the_parser_panic(text in "[{}a-c.:0-9é]{0,24}") {
            let _ = trial(&text).signature();
        }
    }

    /// The one fault of a template: the text it points at, its message, and the text once it is mended.
    fn refuse(text: &str, at: &str, message: &str, mended: Option<&str>) {
        let faults = trial(text).faults();
        assert_eq!(faults.len(), 1, "{text}: {faults:?}");
        let FaultPlace::Param(param, Some(range)) = &faults[0].place else {
            panic!("{:?}", faults[0].place)
        };
        assert_eq!((param.as_str(), &text[range.clone()]), ("text", at), "{text}");
        assert_eq!(faults[0].message, message, "{text}");
        let replaced = |by: &String| format!("{}{by}{}", &text[..range.start], &text[range.end..]);
        assert_eq!(
            faults[0].replacement.as_ref().map(replaced).as_deref(),
            mended,
            "{text}"
        );
    }

    #[test]
    fn a_fault_points_into_the_text() {
        refuse(
            "a {comand.label}",
            "comand",
            "there is no input `comand` here",
            Some("a {command.label}"),
        );
        refuse(
            "{command.labl}",
            "labl",
            "`command` has no field `labl`",
            Some("{command.label}"),
        );
        refuse(
            "é {count",
            "{count",
            "the placeholder is not closed",
            Some("é {count}"),
        );
        refuse("é }", "}", "this brace closes nothing", Some("é }}"));
        refuse("{}", "{}", "the placeholder names no value", None);
        refuse(
            "{count:.2}",
            ":.2",
            "`count` is a whole number, which takes no format",
            Some("{count}"),
        );
        refuse(
            "{command.label:.2}",
            ":.2",
            "`command.label` is text, which takes no format",
            Some("{command.label}"),
        );
        refuse("{command.score:2}", ":2", "`:2` is not a format", None);
        refuse("{command.score:.10}", ":.10", "`:.10` is not a format", None);
        refuse(
            "{mel}",
            "mel",
            "`mel` is f32[F<=9, 40], not one number or text",
            None,
        );
        assert_eq!(trial("{x} {y} {").faults().len(), 3);
    }
}
