//! A page about a model: what it is, how good it is beside a baseline, where it fails, and what it costs.
//!
//! [`html`] makes one self-contained HTML page of a [`Evaluation`]: pictures are SVG inside it, and it needs no script, no
//! other file and no network. It reads in light and dark and in print. Here is no measuring: every figure comes from
//! the caller. Invariant: texts are escaped, so that an example of a data set cannot change the page.

use maud::{DOCTYPE, Markup, PreEscaped};
use motet_models::evaluation::Evaluation;
use plotters::drawing::DrawingAreaErrorKind;

mod charts;
mod confusion;
mod tables;

/// What looks like what.
const STYLE: &str = include_str!("report/style.css");

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A chart cannot be drawn.
    #[error("the chart `{chart}` cannot be drawn")]
    Chart {
        /// What it shows.
        chart: &'static str,
        /// What happened.
        source: DrawingAreaErrorKind<std::io::Error>,
    },
    /// The confusion counts are no square of the labels.
    #[error("there are {labels} labels, but the confusion counts are not {labels} rows of {labels}")]
    NotSquare {
        /// How many labels there are.
        labels: usize,
    },
}

/// Returns the page as HTML.
///
/// # Errors
/// [`ReportError::Chart`], [`ReportError::NotSquare`].
pub fn html(page: &Evaluation) -> Result<String, ReportError> {
    let sections = sections(page)?;
    let document = maud::html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (page.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (page.title) }
                    p.about { (page.about) }
                    (tables::warnings(&page.warnings))
                }
                nav aria-label="Contents" {
                    @for section in &sections { a href={ "#" (section.anchor) } { (section.heading) } }
                }
                main {
                    @for section in &sections {
                        section id=(section.anchor) {
                            h2 { (section.heading) }
                            (section.content)
                        }
                    }
                }
            }
        }
    };
    Ok(document.into_string())
}

/// A part of the page under a heading of its own.
struct Section {
    anchor: &'static str,
    heading: &'static str,
    content: Markup,
}

/// The parts that have something to say, in order.
fn sections(page: &Evaluation) -> Result<Vec<Section>, ReportError> {
    let mut sections = Vec::new();
    let mut add = |has: bool, anchor, heading, content: Markup| {
        if has {
            sections.push(Section {
                anchor,
                heading,
                content,
            });
        }
    };
    add(
        !page.facts.is_empty(),
        "model",
        "Model",
        tables::facts(&page.facts),
    );
    add(
        !page.metrics.is_empty(),
        "metrics",
        "How good it is",
        tables::metrics(page),
    );
    let curves = charts::curves(page)?;
    add(!curves.0.is_empty(), "curves", "How sure it is", curves);
    if let Some(counts) = &page.confusion {
        add(
            true,
            "confusion",
            "What it takes for what",
            confusion::section(counts)?,
        );
    }
    add(
        !page.classes.is_empty(),
        "classes",
        "Class by class",
        tables::classes(&page.classes),
    );
    add(
        !page.mistakes.is_empty(),
        "mistakes",
        "Its surest mistakes",
        tables::mistakes(&page.mistakes),
    );
    if let Some(learning) = &page.learning {
        add(true, "learning", "How it learnt", charts::learning(learning)?);
    }
    add(
        !page.costs.is_empty(),
        "costs",
        "What it costs",
        tables::costs(page),
    );
    let has_origin = !page.data.is_empty() || !page.must_not_be_used_for.is_empty();
    add(
        has_origin,
        "data",
        "Data, licences and limits",
        tables::origin(page),
    );
    Ok(sections)
}

#[cfg(test)]
mod tests;
