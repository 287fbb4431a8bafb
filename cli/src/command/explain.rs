//! `motet explain` and `motet kinds`: what codes and node kinds mean.

use motet::{Accepts, Catalog, InputSpecs, NodeKind, ParamSpec, ParamValue, Params, catalog};
use motet_core::diagnostic::nearest;
use motet_core::port::Rate;
use serde_json::{Value as Json, json};

use crate::failure::Failure;
use crate::output::Output;

/// The page with one section for each code.
const ERRORS: &str = include_str!("../../../docs/errors.md");

/// Prints the section of a code or the page of a kind.
pub(super) fn explain(topic: &str, output: &mut Output) -> Result<(), Failure> {
    let catalog = catalog();
    if let Some(kind) = catalog.get(topic) {
        return if output.is_json() {
            output.json(&kind_json(kind.as_ref()))
        } else {
            page(kind.as_ref(), output)
        };
    }
    let code = topic.to_ascii_uppercase();
    if let Some((title, body)) = section(ERRORS, &code) {
        if output.is_json() {
            return output.json(&json!({"code": code, "title": title, "text": body}));
        }
        return output.text(&format!(
            "{}\n\n{body}\n",
            output.styled("1", &format!("{code}: {title}"))
        ));
    }
    Err(unknown(topic, &catalog))
}

/// Prints all kinds, one a line.
pub(super) fn kinds(output: &mut Output) -> Result<(), Failure> {
    let catalog = catalog();
    if output.is_json() {
        let kinds: Vec<Json> = catalog.kinds().map(|kind| kind_json(kind.as_ref())).collect();
        return output.json(&kinds);
    }
    let width = catalog.names().map(str::len).max().unwrap_or(0);
    for kind in catalog.kinds() {
        let first = kind
            .about()
            .split_once(". ")
            .map_or(kind.about(), |(first, _)| first);
        // A sentence that does not fit its line loses its end.
        let text = wrapped(first.trim_end_matches('.'), "");
        let mut lines = text.lines();
        let (line, more) = (
            lines.next().unwrap_or_default(),
            lines.next().map_or("", |_| " .."),
        );
        output.line(&format!("{:width$}  {line}{more}", kind.name()))?;
    }
    Ok(())
}

/// Title and text of the section `## CODE: title`.
fn section<'a>(page: &'a str, code: &str) -> Option<(&'a str, &'a str)> {
    let sections = page.split("\n## ").skip(1);
    let mut sections = sections.filter_map(|section| section.split_once('\n'));
    let (head, body) =
        sections.find(|(head, _)| head.split_once(':').is_some_and(|(found, _)| found == code))?;
    Some((head.split_once(':')?.1.trim(), body.trim()))
}

fn codes(page: &str) -> impl Iterator<Item = &str> + Clone {
    page.split("\n## ")
        .skip(1)
        .filter_map(|section| section.split_once(':').map(|(code, _)| code))
}

fn unknown(topic: &str, catalog: &Catalog) -> Failure {
    let upper = topic.to_ascii_uppercase();
    let near = nearest(topic, catalog.names()).or_else(|| nearest(&upper, codes(ERRORS)));
    let by_word = || {
        catalog
            .names()
            .find(|name| name.rsplit('/').next() == Some(topic))
    };
    Failure::Bad {
        code: None,
        message: format!("there is no code and no kind `{}`", topic.escape_debug()),
        help: Some(match near.or_else(by_word) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`motet kinds` lists the kinds; codes look like MT0214".to_owned(),
        }),
    }
}

fn page(kind: &dyn NodeKind, output: &mut Output) -> Result<(), Failure> {
    let heading = |output: &Output, text: &str| format!("\n{}", output.styled("1", text));
    output.line(&output.styled("1", kind.name()))?;
    output.line(&wrapped(kind.about(), ""))?;
    let params = kind.params();
    if !params.is_empty() {
        output.line(&heading(output, "with"))?;
    }
    for param in &params {
        output.line(&format!(
            "  {}: {}{}",
            param.name,
            param.param_type.describe(),
            default_text(param)
        ))?;
        output.line(&wrapped(param.about, "      "))?;
    }
    output.line(&heading(output, "in"))?;
    match inputs(kind) {
        Some(inputs) => {
            for input in &inputs.named {
                let optional = if input.optional { ", may be absent" } else { "" };
                output.line(&format!(
                    "  {}: {}{optional}",
                    input.name,
                    accepts(&input.accepts)
                ))?;
                output.line(&wrapped(&input.about, "      "))?;
            }
            if let Some(further) = &inputs.further {
                output.line(&format!(
                    "  any names of your own: {}, may be absent",
                    accepts(further)
                ))?;
            }
        }
        None => output.line("  depends on the parameters")?,
    }
    let devices: Vec<String> = kind.devices().iter().map(ToString::to_string).collect();
    output.line(&heading(output, "runs on"))?;
    output.line(&format!("  {}", devices.join(", ")))?;
    output.line(&heading(output, "precision"))?;
    for offer in kind.precisions(&defaults(kind)) {
        let auto = if offer.admissible { "" } else { ", never by `auto`" };
        output.line(&format!("  {}: {}{auto}", offer.precision, offer.why))?;
    }
    Ok(())
}

fn kind_json(kind: &dyn NodeKind) -> Json {
    let params: Vec<Json> = kind
        .params()
        .iter()
        .map(|param| {
            json!({
                "name": param.name,
                "takes": param.param_type.describe(),
                "default": param.default.as_ref().map(shown),
                "required": !param.is_optional(),
                "about": param.about,
            })
        })
        .collect();
    let inputs = inputs(kind).map(|inputs| {
        let named: Vec<Json> = inputs
            .named
            .iter()
            .map(|input| {
                let takes = accepts(&input.accepts);
                json!({"name": input.name, "takes": takes, "optional": input.optional, "about": input.about})
            })
            .collect();
        json!({"named": named, "further": inputs.further.as_ref().map(accepts)})
    });
    json!({
        "kind": kind.name(),
        "about": kind.about(),
        "params": params,
        "inputs": inputs,
        "devices": kind.devices(),
        "precisions": kind.precisions(&defaults(kind)),
    })
}

/// The inputs under the default parameters; `None` when they depend on one that has no default.
fn inputs(kind: &dyn NodeKind) -> Option<InputSpecs> {
    kind.inputs(&defaults(kind)).ok()
}

/// The parameters that have defaults.
fn defaults(kind: &dyn NodeKind) -> Params {
    let defaults = kind
        .params()
        .into_iter()
        .filter_map(|param| Some((param.name.to_owned(), param.default?)));
    Params::new(defaults.collect())
}

fn accepts(accepts: &Accepts) -> String {
    match accepts {
        Accepts::Any => "anything".to_owned(),
        Accepts::Type(port) => port.to_string(),
    }
}

fn default_text(param: &ParamSpec) -> String {
    match &param.default {
        Some(value) => format!(" (default {})", shown(value)),
        None if param.is_optional() => " (optional)".to_owned(),
        None => " (required)".to_owned(),
    }
}

/// As an author would write it.
fn shown(value: &ParamValue) -> String {
    match value {
        ParamValue::Integer(value) => value.to_string(),
        ParamValue::Number(value) => value.to_string(),
        ParamValue::Flag(value) => value.to_string(),
        ParamValue::Text(value) => format!("\"{value}\""),
        ParamValue::Texts(values) => format!("[{}]", values.join(", ")),
        ParamValue::Integers(values) => {
            let values: Vec<String> = values.iter().map(i64::to_string).collect();
            format!("[{}]", values.join(", "))
        }
        ParamValue::Duration(value) => format!("{} ms", value.as_secs_f64() * 1e3),
        ParamValue::Frequency(value) => Rate(*value).to_string(),
        ParamValue::Memory(value) => format!("{value} B"),
    }
}

/// Lines of at most 100 characters.
fn wrapped(text: &str, indent: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last().map_or(0, |line| line.chars().count());
        if last > 0 && last + 1 + word.chars().count() > 100 - indent.len() {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
        .iter()
        .map(|line| format!("{indent}{line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_ends_where_the_next_begins() {
        let page = "# Errors\n\n## MT0001: one\n\nFirst.\n\n### Example\nx\n\n## MT0002: two\n\nSecond.\n";
        assert_eq!(section(page, "MT0001"), Some(("one", "First.\n\n### Example\nx")));
        assert_eq!(section(page, "MT0002"), Some(("two", "Second.")));
        assert_eq!(section(page, "MT0003"), None);
        assert_eq!(codes(page).collect::<Vec<_>>(), ["MT0001", "MT0002"]);
    }

    #[test]
    fn long_text_is_wrapped_at_words() {
        let text = wrapped(&"word ".repeat(50), "    ");
        assert!(
            text.lines()
                .all(|line| line.len() <= 100 && line.starts_with("    word"))
        );
        assert_eq!(text.split_whitespace().count(), 50);
    }
}
