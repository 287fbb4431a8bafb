//! Reads the type strings of a pipeline file.
//!
//! ```text
//! type   = record | tensor
//! record = "record" "{" name ":" tensor { "," name ":" tensor } "}"
//! tensor = element [ "[" dim { "," dim } "]" ] { fact }
//! dim    = SIZE | NAME "<=" SIZE | NAME "=" SIZE | "<=" SIZE
//! fact   = "rate=" FREQUENCY | "unit=" WORD | "range=" NUMBER ".." NUMBER | "privacy=" CLASS
//! ```

use std::ops::Range as TextRange;

use winnow::LocatingSlice;
use winnow::Parser;
use winnow::ascii::{dec_uint, multispace0};
use winnow::combinator::{alt, opt, separated};
use winnow::error::ContextError;
use winnow::stream::Location;
use winnow::token::{one_of, take_while};

use super::{Dim, Element, Field, PortType, Privacy, Range, TensorType};
use crate::diagnostic::nearest;
use crate::limits::{DIM_MAX, DIMS_MAX, FIELDS_MAX};
use crate::quantity;

mod mend;

use mend::ShapeFlaw;

/// Why a type string was refused, and where in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TypeFault {
    /// Bytes within the type string.
    pub range: TextRange<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do, where it is known.
    pub help: Option<String>,
    /// What to write there instead, where it is certain.
    pub replacement: Option<String>,
}

impl TypeFault {
    fn new(range: TextRange<usize>, message: impl Into<String>) -> TypeFault {
        TypeFault {
            range,
            message: message.into(),
            help: None,
            replacement: None,
        }
    }

    fn help(mut self, help: impl Into<String>) -> TypeFault {
        self.help = Some(help.into());
        self
    }

    fn mended(mut self, replacement: impl Into<String>) -> TypeFault {
        let replacement = replacement.into();
        self.help = Some(format!("did you mean `{replacement}`?"));
        self.replacement = Some(replacement);
        self
    }

    fn near<'a>(mut self, found: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> TypeFault {
        if let Some(name) = nearest(found, known.clone()) {
            self.help = Some(format!("did you mean `{name}`?"));
            self.replacement = Some(name.to_owned());
        } else {
            let known: Vec<&str> = known.into_iter().collect();
            self.help = Some(format!("known here: {}", known.join(", ")));
        }
        self
    }
}

impl PortType {
    /// Reads a type string; see the module of [`TypeFault`] for the grammar.
    ///
    /// # Errors
    /// The first fault, with the bytes it lies at.
    pub fn parse(text: &str) -> Result<PortType, TypeFault> {
        let mut cursor = Cursor {
            rest: LocatingSlice::new(text),
            length: text.len(),
        };
        cursor.space();
        let parsed = match cursor.record()? {
            Some(fields) => PortType::Record(fields),
            None => PortType::Tensor(cursor.tensor(&[])?),
        };
        cursor.space();
        if !cursor.rest.is_empty() {
            let at = cursor.at();
            return Err(TypeFault::new(at..text.len(), "this does not belong to the type")
                .help("a type is an element, a shape and facts, as in `f32[T<=48000] rate=16kHz`"));
        }
        if !parsed.fits_limits() {
            return Err(TypeFault::new(0..text.len(), "the type has no usable bound")
                .help(format!("a dimension is 1 to {DIM_MAX} and a port at most 1 GiB")));
        }
        Ok(parsed)
    }
}

struct Cursor<'a> {
    rest: LocatingSlice<&'a str>,
    length: usize,
}

impl<'a> Cursor<'a> {
    fn at(&self) -> usize {
        self.rest.current_token_start()
    }

    fn space(&mut self) {
        let _: Result<&str, ContextError> = multispace0.parse_next(&mut self.rest);
    }

    /// Takes what the parser accepts, or nothing.
    fn take<T>(&mut self, parser: impl Parser<LocatingSlice<&'a str>, T, ContextError>) -> Option<T> {
        opt(parser).parse_next(&mut self.rest).ok().flatten()
    }

    fn word(&mut self) -> (&'a str, TextRange<usize>) {
        let start = self.at();
        let word = self
            .take(take_while(0.., |c: char| {
                c.is_alphanumeric() || "_-/%.*^".contains(c)
            }))
            .unwrap_or_default();
        (word, start..self.at())
    }

    /// The text up to the next blank, comma or brace.
    fn value(&mut self) -> (&'a str, TextRange<usize>) {
        let start = self.at();
        let value = self
            .take(take_while(0.., |c: char| !c.is_whitespace() && !",}".contains(c)))
            .unwrap_or_default();
        (value, start..self.at())
    }

    fn record(&mut self) -> Result<Option<Vec<Field>>, TypeFault> {
        if self.take(("record", multispace0, '{')).is_none() {
            return Ok(None);
        }
        let mut fields: Vec<Field> = Vec::new();
        loop {
            self.space();
            let (name, range) = self.word();
            if name.is_empty() {
                return Err(TypeFault::new(range, "a field needs a name").help("write `name: type`"));
            }
            let lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(lower) {
                return Err(
                    TypeFault::new(range, format!("`{name}` is not the name of a field"))
                        .help("use lower-case letters, digits and `_`, a letter first"),
                );
            }
            if fields.iter().any(|field| field.name == name) {
                return Err(TypeFault::new(
                    range,
                    format!("the record has two fields `{name}`"),
                ));
            }
            if fields.len() == FIELDS_MAX {
                return Err(TypeFault::new(
                    range,
                    format!("a record has at most {FIELDS_MAX} fields"),
                ));
            }
            if self.take((multispace0, ':', multispace0)).is_none() {
                let at = self.at();
                return Err(
                    TypeFault::new(at..at, format!("field `{name}` has no type")).help("write `name: type`")
                );
            }
            let tensor = self.tensor(&[',', '}'])?;
            fields.push(Field::new(name, tensor));
            self.space();
            match self.take(one_of([',', '}'])) {
                Some(',') => {}
                Some(_) => return Ok(Some(fields)),
                None => {
                    let at = self.at();
                    return Err(TypeFault::new(at..self.length, "a record ends with `}`"));
                }
            }
        }
    }

    fn tensor(&mut self, stops: &[char]) -> Result<TensorType, TypeFault> {
        let (name, range) = self.word();
        let known = Element::ALL.map(Element::name);
        let Some(element) = Element::ALL.into_iter().find(|element| element.name() == name) else {
            let message = format!("`{name}` is not an element");
            let fault = TypeFault::new(range, message);
            return Err(match mend::element(name) {
                Some(element) => fault.mended(element),
                None => fault.near(name, known),
            });
        };
        let mut tensor = TensorType::new(element, Vec::new());
        if self.take('[').is_some() {
            tensor.dims = self.dims()?;
        }
        if element == Element::Utf8 && tensor.dims.len() != 1 {
            let mut fault = TypeFault::new(range.start..self.at(), "text has exactly one dimension")
                .help("write the most bytes it may have, as in `utf8[T<=4096]`");
            fault.replacement = tensor.dims.is_empty().then(|| "utf8[T<=4096]".to_owned());
            return Err(fault);
        }
        loop {
            self.space();
            if self.rest.is_empty() || self.rest.starts_with(stops) {
                return Ok(tensor);
            }
            self.fact(&mut tensor)?;
        }
    }

    fn dims(&mut self) -> Result<Vec<Dim>, TypeFault> {
        let start = self.at();
        let name = || take_while(1.., |c: char| c.is_alphanumeric() || c == '_');
        let bounded = (
            opt(name()),
            multispace0,
            alt(("<=", "=")),
            multispace0,
            dec_uint::<_, u32, _>,
        );
        let dim = alt((
            bounded
                .verify(|(name, _, sign, _, _)| *sign == "<=" || name.is_some())
                .map(|(name, _, sign, _, max): (Option<&str>, _, &str, _, u32)| Dim {
                    max,
                    exact: sign == "=",
                    name: name.map(str::to_owned),
                }),
            dec_uint.map(Dim::exactly),
        ));
        let list = separated(1.., (multispace0, dim, multispace0).map(|(_, dim, _)| dim), ',');
        let dims: Vec<Dim> = self.take((list, ']').map(|(dims, _)| dims)).ok_or_else(|| {
            let end = self.rest.find(']').map_or(self.length, |offset| start + offset);
            let text = self.rest.get(..end - start).unwrap_or_default();
            let fault = |message: String| TypeFault::new(start..end, message);
            match mend::shape(text) {
                ShapeFlaw::Unbounded(dim) => fault(format!("dimension `{dim}` has no upper bound"))
                    .help("every dimension has a size or a bound, as in `[98, 40]` or `[T<=48000]`"),
                ShapeFlaw::Mended(shape) => fault("this is not a shape".to_owned()).mended(shape),
                ShapeFlaw::Unknown => fault("this is not a shape".to_owned())
                    .help("write sizes or bounds, as in `[98, 40]` or `[T<=48000]`"),
            }
        })?;
        let range = start..self.at().saturating_sub(1).max(start);
        if dims.len() > DIMS_MAX {
            return Err(TypeFault::new(
                range,
                format!("a tensor has at most {DIMS_MAX} dimensions"),
            ));
        }
        if let Some(dim) = dims.iter().find(|dim| dim.max == 0 || dim.max > DIM_MAX) {
            return Err(TypeFault::new(
                range,
                format!("`{dim}` is not a size from 1 to {DIM_MAX}"),
            ));
        }
        Ok(dims)
    }

    fn fact(&mut self, tensor: &mut TensorType) -> Result<(), TypeFault> {
        const FACTS: [&str; 4] = ["rate", "unit", "range", "privacy"];
        let (name, range) = self.word();
        if self.take('=').is_none() {
            let gap = self.take((multispace0, '=', multispace0)).is_some();
            let end = self
                .at()
                .max(range.end)
                .max(range.start + usize::from(name.is_empty()));
            let place = range.start..end.min(self.length);
            if gap && FACTS.contains(&name) {
                let fault = TypeFault::new(place, "there are blanks around `=`");
                return Err(fault.mended(format!("{name}=")));
            }
            let fault = TypeFault::new(place, format!("`{name}` is not a fact"));
            return Err(fault.help("facts are written `rate=16kHz`, `unit=g`, `range=-1..1`, `privacy=phi`"));
        }
        let (value, place) = self.value();
        let stated = match name {
            "rate" => tensor.rate_mhz.is_some(),
            "unit" => tensor.unit.is_some(),
            "range" => tensor.range.is_some(),
            _ => false,
        };
        if stated {
            let fault = TypeFault::new(range.start..place.end, format!("the {name} is stated twice"));
            return Err(fault.help("keep one of them"));
        }
        match name {
            "rate" => tensor.rate_mhz = Some(self.rate(value, place)?),
            "unit" if value.is_empty() => return Err(TypeFault::new(place, "the unit is empty")),
            "unit" => tensor.unit = Some(value.to_owned()),
            "range" => tensor.range = Some(read_range(value, place)?),
            "privacy" => {
                let class = Privacy::ALL.into_iter().find(|class| class.name() == value);
                tensor.privacy = class.ok_or_else(|| {
                    let fault = TypeFault::new(place, format!("`{value}` is not a privacy class"));
                    fault.near(value, Privacy::ALL.map(Privacy::name))
                })?;
            }
            other => {
                return Err(TypeFault::new(range, format!("`{other}` is not a fact")).near(other, FACTS));
            }
        }
        Ok(())
    }

    fn rate(&self, value: &str, place: TextRange<usize>) -> Result<u64, TypeFault> {
        quantity::frequency_mhz(value).map_err(|fault| {
            let message = fault.to_string();
            match mend::rate(&fault, value, &self.rest) {
                Some((0, mended)) => TypeFault::new(place, message).mended(mended),
                Some((behind, mended)) => TypeFault::new(
                    place.start..place.end + behind,
                    "a rate is written without a blank",
                )
                .mended(mended),
                None => TypeFault::new(place, message).help("write it as in `rate=16kHz`"),
            }
        })
    }
}

fn read_range(value: &str, place: TextRange<usize>) -> Result<Range, TypeFault> {
    let numbers = value.split_once("..").and_then(|(low, high)| {
        let low: f64 = low.parse().ok()?;
        let high: f64 = high.parse().ok()?;
        (low.is_finite() && high.is_finite() && low < high).then_some(Range { low, high })
    });
    numbers.ok_or_else(|| {
        let fault = TypeFault::new(place, format!("`{value}` is not a range"));
        match mend::range(value) {
            Some(mended) => fault.mended(mended),
            None => fault.help("write the least and the greatest value, as in `range=-1..1`"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) {
        let parsed = PortType::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
        assert_eq!(parsed.to_string(), text);
        assert_eq!(PortType::parse(&parsed.to_string()), Ok(parsed));
    }

    #[test]
    fn types_are_printed_as_they_were_written() {
        check("f32");
        check("f32[98, 40]");
        check("f32[T<=48000] rate=16kHz range=-1..1");
        check("f32[N=24000] rate=12kHz unit=g");
        check("i64[B<=4, <=7]");
        check("utf8[T<=4096] privacy=phi");
        check("record{label: utf8[T<=32], score: f32 range=0..1}");
    }

    fn refuse(text: &str, at: TextRange<usize>, message: &str) {
        let fault = PortType::parse(text).expect_err(text);
        assert_eq!(
            (fault.range.clone(), fault.message.as_str()),
            (at, message),
            "{text}"
        );
    }

    #[test]
    fn a_fault_names_its_place() {
        refuse("f23[3]", 0..3, "`f23` is not an element");
        refuse("f32[3, x]", 4..8, "dimension `x` has no upper bound");
        refuse("f32[3; 2]", 4..8, "this is not a shape");
        refuse("f32[0]", 4..5, "`0` is not a size from 1 to 268435456");
        refuse("f32[3] rat=16kHz", 7..10, "`rat` is not a fact");
        refuse(
            "f32[3] rate=16",
            12..14,
            "`16` has no unit; write one of Hz, kHz, MHz",
        );
        refuse("f32[3] range=1..-1", 13..18, "`1..-1` is not a range");
        refuse("f32[T, 40]", 4..9, "dimension `T` has no upper bound");
        refuse("f32[]", 4..4, "dimension `` has no upper bound");
        refuse("f32 rate=1Hz rate=2Hz", 13..21, "the rate is stated twice");
        refuse("record{A: f32}", 7..8, "`A` is not the name of a field");
        refuse("utf8", 0..4, "text has exactly one dimension");
        refuse(
            "f32[9, 9, 9, 9, 9, 9, 9]",
            4..23,
            "a tensor has at most 6 dimensions",
        );
        refuse("record{a: f32, a: f32}", 15..16, "the record has two fields `a`");
        refuse("f32[268435456, 268435456]", 0..25, "the type has no usable bound");
    }

    #[test]
    fn usual_mistakes_are_mended() {
        let mend = |text: &str, expected: Option<&str>| {
            let fault = PortType::parse(text).expect_err(text);
            let mended = fault.replacement.map(|replacement| {
                let mut mended = text.to_owned();
                mended.replace_range(fault.range, &replacement);
                assert!(PortType::parse(&mended).is_ok(), "{mended}");
                mended
            });
            assert_eq!(mended.as_deref(), expected, "{text}");
        };
        mend("float32[3]", Some("f32[3]"));
        mend("utf8", Some("utf8[T<=4096]"));
        mend("f32[T<48000]", Some("f32[T<=48000]"));
        mend("f32[98x40]", Some("f32[98, 40]"));
        mend("f32[48_000]", Some("f32[48000]"));
        mend("f32[T]", None);
        mend("f32[3] rate=16 kHz unit=g", Some("f32[3] rate=16kHz unit=g"));
        mend("f32[3] rate=16000", Some("f32[3] rate=16000Hz"));
        mend("f32[3] rate=16khz", Some("f32[3] rate=16kHz"));
        mend("f32[3] rate = 16kHz", Some("f32[3] rate=16kHz"));
        mend("f32 range=1..-1", Some("f32 range=-1..1"));
        mend("f32 range=-1:1", Some("f32 range=-1..1"));
        mend("f32 range=0-1", Some("f32 range=0..1"));
        mend("f32 range=much", None);
        mend("f32 privacy=private", None);
        mend("f32 privacy=personel", Some("f32 privacy=personal"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,60}") {
            let _ = PortType::parse(&text);
        }

        #[test]
        fn no_near_type_makes_the_parser_panic(text in "(record\\{)?[a-z0-9:\\[\\]<=., {}-]{0,40}") {
            if let Err(fault) = PortType::parse(&text) {
                assert!(fault.range.start <= fault.range.end && fault.range.end <= text.len());
            }
        }
    }
}
