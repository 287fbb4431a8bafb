//! Says in an author's words what is wrong with a text that is not a document we read.

use std::ops::Range;

use super::locate::offset_of;
use super::tree::{Also, Refusal, YamlFault};
use crate::diagnostic::Code;
use crate::limits::{DEPTH_MAX, SPEC_BYTES_MAX};
use crate::port::Element;

fn fault(
    code: &'static str,
    message: impl Into<String>,
    help: &'static str,
    at: (usize, usize),
) -> YamlFault {
    YamlFault {
        code: Code(code),
        message: message.into(),
        help: Some(help),
        at,
        also: None,
        fix: None,
    }
}

pub(super) fn too_long(bytes: usize) -> YamlFault {
    let message = format!("the file has {bytes} bytes; at most {SPEC_BYTES_MAX} are read");
    fault("MT0101", message, "move data out of the pipeline file", (1, 1))
}

pub(super) fn too_deep(at: (usize, usize)) -> YamlFault {
    let message = format!("collections are nested deeper than {DEPTH_MAX}");
    fault("MT0102", message, "flatten this part of the file", at)
}

pub(super) fn control_character(character: char, offset: usize, at: (usize, usize)) -> YamlFault {
    let message = format!(
        "the file holds the control character U+{:04X}",
        u32::from(character)
    );
    let help = "remove it, or write it in double quotes as an escape such as `\"\\x1b\"`";
    let fix = Some((offset..offset + character.len_utf8(), String::new()));
    YamlFault {
        fix,
        ..fault("MT0107", message, help, at)
    }
}

/// A fault that stopped the library: ours, or one of its own.
pub(super) fn library(text: &str, error: &serde_yaml::Error, refusal: Option<Refusal>) -> YamlFault {
    let at = error
        .location()
        .map_or((1, 1), |location| (location.line(), location.column()));
    let said = error.to_string();
    match refusal {
        Some(Refusal::EqualKey(path, key)) => {
            let also = Some((Also::Key(path), "it stands here first".to_owned()));
            let fault = fault(
                "MT0103",
                format!("the key `{key}` stands twice"),
                "rename or remove one of them",
                at,
            );
            YamlFault { also, ..fault }
        }
        Some(Refusal::TooDeep) => too_deep(at),
        Some(Refusal::TooLarge) => too_large(at),
        None if said.contains("recursion limit exceeded") => too_deep(at),
        None if said.contains("repetition limit exceeded") => too_large(at),
        None if said.contains("more than one document") => several_documents(text),
        None if said.contains("expected a key that is text") => fault(
            "MT0106",
            "a list or a mapping cannot be a key",
            "write a name before the colon; quote a text that begins with `[` or `{`",
            at,
        ),
        None if said.contains("invalid type: enum") || said.contains("empty YAML tag") => tag(text, at),
        None => syntax(text, &said, at),
    }
}

fn too_large(at: (usize, usize)) -> YamlFault {
    let message = "aliases make the document larger than it may be";
    fault(
        "MT0104",
        message,
        "write the values out, or use fewer aliases",
        at,
    )
}

/// The library tells of a second document but not where it begins: at the first `---` after anything else.
fn several_documents(text: &str) -> YamlFault {
    let mut begun = false;
    let mut at = 1;
    for (number, line) in (1..).zip(text.lines()) {
        let marker = line
            .strip_prefix("---")
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']));
        if marker && begun {
            at = number;
            break;
        }
        begun |= marker || !(line.trim().is_empty() || line.starts_with(['#', '%']));
    }
    let help = "keep one document; remove `---` between them";
    let offset = offset_of(text, at, 1);
    YamlFault {
        // Where the library sees a document that this does not, there is nothing to take away.
        fix: text[offset..]
            .starts_with("---")
            .then(|| (offset..offset + 3, String::new())),
        ..fault("MT0105", "the file holds several documents", help, (at, 1))
    }
}

fn tag(text: &str, at: (usize, usize)) -> YamlFault {
    let offset = offset_of(text, at.0, at.1);
    let length = text[offset..].find(' ').map_or(0, |length| length + 1);
    let help = "remove the tag, or quote the text";
    YamlFault {
        fix: text[offset..]
            .starts_with('!')
            .then(|| (offset..offset + length, String::new())),
        ..fault("MT0106", "tags such as `!name` are not read here", help, at)
    }
}

/// What the library says of a text that does not follow the grammar of YAML, with help for usual mistakes.
fn syntax(text: &str, said: &str, at: (usize, usize)) -> YamlFault {
    let offset = offset_of(text, at.0, at.1);
    let start = text[..offset].rfind('\n').map_or(0, |before| before + 1);
    let line = text[start..].lines().next().unwrap_or_default();
    let what = said.split(" at line ").next().unwrap_or_default();
    let quoted = |part: Range<usize>| {
        let part = start + part.start..start + part.end;
        let plain = text
            .get(part.clone())
            .filter(|plain| !plain.contains(['"', '\\']));
        plain.map(|plain| (part, format!("\"{plain}\"")))
    };
    let indent = &line[..line.len() - line.trim_start().len()];
    let (help, fix) = if indent.contains('\t') && offset <= start + indent.len() {
        let fix = Some((start..start + indent.len(), indent.replace('\t', "  ")));
        ("indent with blanks; YAML takes no tabs there", fix)
    } else if what.contains("unknown anchor") {
        (
            "quote a text that begins with `*`; elsewhere `*name` repeats what `&name` marks",
            None,
        )
    } else if what.contains("mapping values are not allowed") {
        let fix = value_with_colon(line).and_then(quoted);
        ("quote a text that holds `: `, and check the indentation", fix)
    } else if let (true, Some(part)) = (what.contains("expected ',' or"), type_in_braces(line)) {
        (
            "within braces a type needs quotes, as in `{mic: \"f32[T<=48000]\"}`",
            quoted(part),
        )
    } else if text[offset..].starts_with(['@', '`', '%', '&', '!', '*']) {
        ("quote a text that begins with this character", None)
    } else {
        ("check indentation, quotes, brackets and colons near here", None)
    };
    let begun = said.split_once(", ").and_then(|(_, context)| {
        let (what, place) = context.rsplit_once(" at line ")?;
        let (line, column) = place.split_once(" column ")?;
        let place = Also::At(line.parse().ok()?, column.parse().ok()?);
        Some((place, what.to_owned()))
    });
    let also = begun.filter(|(place, _)| *place != Also::At(at.0, at.1));
    YamlFault {
        also,
        fix,
        ..fault("MT0100", format!("this is not YAML: {what}"), help, at)
    }
}

/// The value of `key: value` when the value holds another `: `.
fn value_with_colon(line: &str) -> Option<Range<usize>> {
    let start = line.find(": ")? + 2;
    let end = line.find(" #").unwrap_or(line.len());
    let value = line.get(start..end)?.trim_end();
    value.contains(": ").then(|| start..start + value.len())
}

/// A type with a shape that stands as the value of an entry within braces, without quotes.
fn type_in_braces(line: &str) -> Option<Range<usize>> {
    let starts = Element::ALL.map(|element| line.find(&format!(": {}[", element.name())));
    let start = starts.into_iter().flatten().min()? + 2;
    let rest = &line[start..];
    let next = rest.match_indices(", ").find(|(at, _)| {
        let word = rest[at + 2..].split([' ', ',', '}']).next().unwrap_or_default();
        word.ends_with(':')
    });
    let end = next.map(|(at, _)| at).or_else(|| rest.rfind('}'))?;
    Some(start..start + end)
}
