//! Texts as Markdown.

use super::super::record::Report;
use super::Text;

pub(super) fn markdown(text: &Text, report: &Report) -> String {
    let mut lines = Vec::new();
    let (first, others) = text.sentences.split_at(text.sentences.len().min(1));
    lines.extend(
        first
            .iter()
            .map(|sentence| format!("**{}**\n", escaped(&sentence.text))),
    );
    lines.extend(
        others
            .iter()
            .map(|sentence| format!("- {}", escaped(&sentence.text))),
    );
    let model = escaped(&format!(
        "{} to {}, model {} {}",
        report.interval.from, report.interval.to, report.model.name, report.model.version
    ));
    lines.push(format!("\n_{model}_\n"));
    lines.join("\n")
}

/// Signs that Markdown takes for its own, and those of HTML, become plain.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '!' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            _ => escaped.push(letter),
        }
    }
    escaped
}
