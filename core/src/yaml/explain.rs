//! Says in an author's words what is wrong with a text that is not a document we read.

use super::tree::{Also, Refusal, YamlFault};
use crate::diagnostic::Code;
use crate::limits::{DEPTH_MAX, SPEC_BYTES_MAX};

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

pub(super) fn control_character(character: char, at: (usize, usize)) -> YamlFault {
    let message = format!(
        "the file holds the control character U+{:04X}",
        u32::from(character)
    );
    let help = "remove it, or write it in double quotes as an escape such as `\"\\x1b\"`";
    fault("MT0107", message, help, at)
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
        None if said.contains("invalid type: enum") || said.contains("empty YAML tag") => fault(
            "MT0106",
            "tags such as `!name` are not read here",
            "remove the tag, or quote the text",
            at,
        ),
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
    fault(
        "MT0105",
        "the file holds several documents",
        "keep one document; remove `---` between them",
        (at, 1),
    )
}

/// What the library says of a text that does not follow the grammar of YAML, with help for usual mistakes.
fn syntax(text: &str, said: &str, at: (usize, usize)) -> YamlFault {
    let line = text.lines().nth(at.0 - 1).unwrap_or_default();
    let here = line.chars().nth(at.1 - 1);
    let what = said.split(" at line ").next().unwrap_or_default();
    let help = if line
        .chars()
        .take(at.1)
        .collect::<String>()
        .trim_start_matches(' ')
        .starts_with('\t')
    {
        "indent with blanks; YAML takes no tabs there"
    } else if what.contains("unknown anchor") {
        "quote a text that begins with `*`; elsewhere `*name` repeats what `&name` marks"
    } else if what.contains("mapping values are not allowed") {
        "quote a text that holds `: `, and check the indentation"
    } else if what.contains("expected ',' or") && (line.contains("f32[") || line.contains("utf8[")) {
        "within braces a type needs quotes, as in `{mic: \"f32[T<=48000]\"}`"
    } else if matches!(here, Some('@' | '`' | '%' | '&' | '!' | '*')) {
        "quote a text that begins with this character"
    } else {
        "check indentation, quotes, brackets and colons near here"
    };
    let begun = said.split_once(", ").and_then(|(_, context)| {
        let (what, place) = context.rsplit_once(" at line ")?;
        let (line, column) = place.split_once(" column ")?;
        Some((
            Also::At(line.parse().ok()?, column.parse().ok()?),
            what.to_owned(),
        ))
    });
    let also = begun.filter(|(place, _)| *place != Also::At(at.0, at.1));
    YamlFault {
        also,
        ..fault("MT0100", format!("this is not YAML: {what}"), help, at)
    }
}
