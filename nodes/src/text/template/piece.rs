//! Reads the text of a template.
//!
//! ```text
//! text  = { WORDS | "{{" | "}}" | "{" path [ ":." DIGIT ] "}" }
//! path  = NAME { "." NAME }
//! ```

use std::ops::Range;

use motet_core::catalog::{ConnectedInput, FaultPlace, KindFault};
use motet_core::condition::InputScope;
use motet_core::expression::{Binding, Scope};
use motet_core::port::{Element, TensorType};

/// Longest `f32` printed in full: sign, `0.`, 37 zeros and 9 digits, with room to spare.
const FLOAT_BYTES: usize = 56;
/// Longest whole part of an `f32` with its sign and decimal point.
const FLOAT_WHOLE_BYTES: usize = 41;
/// Longest `i64`.
const INTEGER_BYTES: usize = 20;

/// A part of a template.
pub(super) enum Piece {
    /// Written as it is.
    Words(String),
    /// Replaced by a value.
    Value(Place),
}

/// A value and how to write it.
pub(super) enum Place {
    Text(Binding),
    Integer(Binding),
    /// With this many decimals, or with as many as tell it from its neighbours.
    Float(Binding, Option<usize>),
}

impl Piece {
    /// Most bytes it is written with, where an absent value takes `absent_bytes`.
    pub(super) fn bytes_max(&self, inputs: &[ConnectedInput], absent_bytes: usize) -> usize {
        let value_bytes = match self {
            Piece::Words(words) => return words.len(),
            Piece::Value(Place::Text(at)) => text_bytes(inputs, *at),
            Piece::Value(Place::Integer(_)) => INTEGER_BYTES,
            Piece::Value(Place::Float(_, None)) => FLOAT_BYTES,
            Piece::Value(Place::Float(_, Some(decimals))) => FLOAT_WHOLE_BYTES + decimals,
        };
        value_bytes.max(absent_bytes)
    }
}

fn text_bytes(inputs: &[ConnectedInput], at: Binding) -> usize {
    usize::try_from(tensor_at(inputs, at).map_or(0, TensorType::bytes_max)).unwrap_or(usize::MAX)
}

fn tensor_at(inputs: &[ConnectedInput], at: Binding) -> Option<&TensorType> {
    let port = inputs.get(usize::from(at.input))?.port.as_ref()?;
    port.tensors().nth(usize::from(at.field))
}

/// Reads a template whose text stands in parameter `param`.
///
/// # Errors
/// Every fault, placed within the text.
pub(super) fn read(param: &str, text: &str, inputs: &[ConnectedInput]) -> Result<Vec<Piece>, Vec<KindFault>> {
    let (mut pieces, mut faults) = (Vec::new(), Vec::new());
    let mut words = String::new();
    let mut at = 0;
    while let Some(offset) = text[at..].find(['{', '}']) {
        let brace = at + offset;
        words.push_str(&text[at..brace]);
        let rest = &text[brace..];
        if rest.starts_with("{{") || rest.starts_with("}}") {
            words.push_str(&rest[..1]);
            at = brace + 2;
            continue;
        }
        if rest.starts_with('}') {
            faults.push(Flaw::closes_nothing(brace));
            at = brace + 1;
            continue;
        }
        let end = rest[1..]
            .find(['{', '}'])
            .map_or(text.len(), |offset| brace + 1 + offset);
        at = end;
        if !text[end..].starts_with('}') {
            faults.push(Flaw::not_closed(&text[brace..end], brace));
            continue;
        }
        at += 1;
        match read_place(&text[brace + 1..end], brace + 1, inputs) {
            Ok(place) => {
                pieces.push(Piece::Words(std::mem::take(&mut words)));
                pieces.push(Piece::Value(place));
            }
            Err(flaw) => faults.push(flaw),
        }
    }
    words.push_str(&text[at..]);
    pieces.push(Piece::Words(words));
    if faults.is_empty() {
        Ok(pieces)
    } else {
        Err(faults.into_iter().map(|flaw| flaw.placed(param)).collect())
    }
}

/// Reads what stands between two braces, `start` bytes into the text.
fn read_place(inside: &str, start: usize, inputs: &[ConnectedInput]) -> Result<Place, Flaw> {
    let (path, format) = match inside.find(':') {
        Some(colon) => (&inside[..colon], Some(&inside[colon..])),
        None => (inside, None),
    };
    if path.is_empty() {
        return Err(Flaw::names_nothing(start - 1..start + inside.len() + 1));
    }
    let names: Vec<&str> = path.split('.').collect();
    let (binding, _) = InputScope::new(inputs).lookup(&names).map_err(|error| {
        let segment = error.segment.min(names.len() - 1);
        let before: usize = names[..segment].iter().map(|name| name.len() + 1).sum();
        let from = start + before;
        let help = error
            .suggestion
            .as_ref()
            .map(|name| format!("did you mean `{name}`?"));
        Flaw {
            range: from..from + names[segment].len(),
            message: error.message,
            help,
            replacement: error.suggestion,
        }
    })?;
    let element = tensor_at(inputs, binding).map_or(Element::Utf8, |tensor| tensor.element);
    let place = match element {
        Element::Utf8 => Place::Text(binding),
        Element::I32 | Element::I64 | Element::U8 => Place::Integer(binding),
        Element::F32 => Place::Float(binding, None),
    };
    let Some(format) = format else { return Ok(place) };
    let range = start + path.len()..start + inside.len();
    match place {
        Place::Text(_) => Err(Flaw::takes_no_format(path, "text", range)),
        Place::Integer(_) => Err(Flaw::takes_no_format(path, "a whole number", range)),
        Place::Float(..) => match decimals(format) {
            Some(decimals) => Ok(Place::Float(binding, Some(decimals))),
            None => Err(Flaw::not_a_format(format, range)),
        },
    }
}

/// Reads `:.2`.
fn decimals(format: &str) -> Option<usize> {
    let digit = format.strip_prefix(":.")?;
    let is_digit = digit.len() == 1 && digit.bytes().all(|byte| byte.is_ascii_digit());
    if is_digit { digit.parse().ok() } else { None }
}

/// What is wrong at some bytes of the text.
struct Flaw {
    range: Range<usize>,
    message: String,
    help: Option<String>,
    replacement: Option<String>,
}

impl Flaw {
    fn closes_nothing(at: usize) -> Flaw {
        Flaw {
            range: at..at + 1,
            message: "this brace closes nothing".to_owned(),
            help: Some("write `}}` for a brace in the text".to_owned()),
            replacement: Some("}}".to_owned()),
        }
    }

    fn not_closed(opened: &str, at: usize) -> Flaw {
        let is_named = opened.len() > 1;
        Flaw {
            range: at..at + opened.len(),
            message: "the placeholder is not closed".to_owned(),
            help: Some("end it with `}`, or write `{{` for a brace in the text".to_owned()),
            replacement: is_named.then(|| format!("{opened}}}")),
        }
    }

    fn names_nothing(range: Range<usize>) -> Flaw {
        let help = "name an input or a field of one, as in `{command.label}`";
        let message = "the placeholder names no value".to_owned();
        Flaw {
            range,
            message,
            help: Some(help.to_owned()),
            replacement: None,
        }
    }

    fn takes_no_format(path: &str, what: &str, range: Range<usize>) -> Flaw {
        Flaw {
            range,
            message: format!("`{path}` is {what}, which takes no format"),
            help: Some(format!("write `{{{path}}}`")),
            replacement: Some(String::new()),
        }
    }

    fn not_a_format(format: &str, range: Range<usize>) -> Flaw {
        Flaw {
            range,
            message: format!("`{format}` is not a format"),
            help: Some("write `:.2` for two decimals, 0 to 9 of them".to_owned()),
            replacement: None,
        }
    }

    fn placed(self, param: &str) -> KindFault {
        let place = FaultPlace::Param(param.to_owned(), Some(self.range));
        KindFault {
            help: self.help,
            replacement: self.replacement,
            ..KindFault::new(place, self.message)
        }
    }
}
