//! Prints diagnostics: with source and colours for people, as JSON for programs.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Patch, Renderer, Snippet};
use motet_core::diagnostic::{Diagnostic, Diagnostics, Severity};
use serde_json::{Value as Json, json};

use crate::failure::Failure;
use crate::output::Output;

/// Widest line of a report, in columns.
const WIDTH: usize = 120;

/// Prints faults and warnings: JSON to standard output, text to standard error.
pub(crate) fn faults(faults: &Diagnostics, output: &mut Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.json(&to_json(faults));
    }
    if !faults.is_empty() {
        let text = to_text(faults, output.colour_on_error());
        output.error(&text);
    }
    Ok(())
}

/// All of them with their source, and a line that counts them.
pub(crate) fn to_text(faults: &Diagnostics, colour: bool) -> String {
    let renderer = renderer(colour);
    let mut text = String::new();
    for fault in faults.iter() {
        text.push_str(&renderer.render(&report(fault)));
        text.push_str("\n\n");
    }
    text.push_str(&summary(faults));
    text.push('\n');
    text
}

/// `{"ok": .., "diagnostics": [..], "more": ..}`.
pub(crate) fn to_json(faults: &Diagnostics) -> Json {
    let diagnostics: Vec<Json> = faults.iter().map(fault_json).collect();
    json!({"ok": !faults.has_errors(), "diagnostics": diagnostics, "more": faults.dropped_count()})
}

/// One message without a place.
pub(crate) fn message(code: Option<&str>, message: &str, help: Option<&str>, colour: bool) -> String {
    let title = Level::ERROR.primary_title(message.to_owned());
    let title = match code {
        Some(code) => title.id(code.to_owned()),
        None => title,
    };
    let group = Group::with_title(title).elements(help.map(|help| Level::HELP.message(help.to_owned())));
    let mut text = renderer(colour).render(&[group]);
    text.push('\n');
    text
}

fn renderer(colour: bool) -> Renderer {
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer
        .decor_style(if colour {
            DecorStyle::Unicode
        } else {
            DecorStyle::Ascii
        })
        .term_width(WIDTH)
}

fn report(fault: &Diagnostic) -> Vec<Group<'_>> {
    let level = match fault.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(fault.message.as_str()).id(fault.code.0));
    let mut rest = fault.labels.as_slice();
    while let Some(first) = rest.first() {
        let source = &first.span.source;
        // Labels of one file that stand together share a snippet; an agent's file gets its own.
        let count = rest
            .iter()
            .take_while(|label| label.span.source == *source)
            .count();
        let (here, others) = rest.split_at(count);
        let is_first = rest.len() == fault.labels.len();
        let annotations = here.iter().enumerate().map(|(index, label)| {
            let kind = if is_first && index == 0 {
                AnnotationKind::Primary
            } else {
                AnnotationKind::Context
            };
            let annotation = kind.span(label.span.range.clone());
            if label.text.is_empty() {
                annotation
            } else {
                annotation.label(label.text.as_str())
            }
        });
        let snippet = Snippet::source(source.text.as_str())
            .path(source.name.as_str())
            .annotations(annotations);
        group = group.element(snippet);
        rest = others;
    }
    let Some(help) = &fault.help else {
        return vec![group];
    };
    match &fault.fix {
        None => vec![group.element(Level::HELP.message(help.as_str()))],
        Some(fix) => {
            let source = &fix.span.source;
            let patch = Patch::new(fix.span.range.clone(), fix.replacement.as_str());
            let snippet = Snippet::source(source.text.as_str())
                .path(source.name.as_str())
                .patch(patch);
            vec![
                group,
                Group::with_title(Level::HELP.secondary_title(help.as_str())).element(snippet),
            ]
        }
    }
}

fn summary(faults: &Diagnostics) -> String {
    let count = |severity| faults.iter().filter(|fault| fault.severity == severity).count();
    let counted = |count: usize, word: &str| match count {
        0 => None,
        1 => Some(format!("1 {word}")),
        count => Some(format!("{count} {word}s")),
    };
    let parts = [
        counted(count(Severity::Error), "error"),
        counted(count(Severity::Warning), "warning"),
    ];
    let mut text = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    if faults.dropped_count() > 0 {
        text.push_str(&format!(" and {} more", faults.dropped_count()));
    }
    if let Some(first) = faults.iter().next() {
        text.push_str(&format!("; `motet explain {}` says more", first.code));
    }
    text
}

fn fault_json(fault: &Diagnostic) -> Json {
    let labels: Vec<Json> = fault
        .labels
        .iter()
        .map(|label| {
            let (line, column) = label.span.source.line_and_column(label.span.range.start);
            let (end_line, end_column) = label.span.source.line_and_column(label.span.range.end);
            json!({
                "file": label.span.source.name,
                "line": line,
                "column": column,
                "end": {"line": end_line, "column": end_column},
                "text": label.text,
            })
        })
        .collect();
    let fix = fault.fix.as_ref().map(|fix| {
        json!({
            "file": fix.span.source.name,
            "start_byte": fix.span.range.start,
            "end_byte": fix.span.range.end,
            "replacement": fix.replacement,
        })
    });
    json!({
        "code": fault.code,
        "severity": fault.severity,
        "message": fault.message,
        "help": fault.help,
        "fix": fix,
        "labels": labels,
    })
}
