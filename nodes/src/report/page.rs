//! A report as one HTML page: its text, its evidence as a table, and a spectrum as a picture.
//!
//! The page needs no script, no other file and no network. Invariant: names and cited words are escaped, so that a
//! sensor's name cannot change the page.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use plotters::drawing::DrawingAreaErrorKind;

use super::record::{Course, Evidence, Report};
use super::text::{self, RealiseError, Realiser, Text};

mod spectrum;
#[cfg(test)]
mod tests;

pub use spectrum::{HARMONICS_MAX, MARKS_MAX, Mark, SPECTRUM_LINES_MAX, Source, Spectrum, SpectrumError};

/// What looks like what.
const STYLE: &str = include_str!("page/style.css");

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PageError {
    /// There is no text.
    #[error("there is no text for the page")]
    Text(#[from] RealiseError),
    /// The spectrum is refused.
    #[error("the spectrum is refused")]
    Spectrum(#[from] SpectrumError),
    /// The spectrum cannot be drawn.
    #[error("the spectrum cannot be drawn")]
    Drawing(#[from] DrawingAreaErrorKind<std::io::Error>),
}

/// Returns the page of a report.
///
/// # Errors
/// [`PageError`]: no text, or a spectrum that cannot be drawn.
pub fn html(
    report: &Report,
    realiser: &dyn Realiser,
    spectrum: Option<&Spectrum>,
) -> Result<String, PageError> {
    let text = realiser.realise(report)?;
    let picture = spectrum.map(Spectrum::svg).transpose()?;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Report: " (report.asset) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (sentences(&text))
                @if !report.evidence.is_empty() { (evidence(report)) }
                @if let (Some(picture), Some(spectrum)) = (picture, spectrum) {
                    figure {
                        (PreEscaped(picture))
                        figcaption { (spectrum.caption()) }
                    }
                }
                @if !report.work_orders.is_empty() { (work_orders(report)) }
                footer {
                    (report.interval.from) " to " (report.interval.to) ", model " (report.model.name) " "
                    (report.model.version) ". This report is no safety function."
                }
            }
        }
    };
    Ok(page.into_string())
}

fn sentences(text: &Text) -> Markup {
    let (first, others) = text.sentences.split_at(text.sentences.len().min(1));
    html! {
        @for sentence in first { h1 { (sentence.text) } }
        @if !others.is_empty() { ul { @for sentence in others { li { (sentence.text) } } } }
    }
}

fn evidence(report: &Report) -> Markup {
    html! {
        div.wide { table {
            caption { "Evidence, the most important first. In brackets: 95 % interval." }
            thead { tr {
                th { "Sensor" } th { "Quantity" } th.number { "Measured" } th.number { "Limit" } th.number { "Ratio" }
                th.number { "Per day" }
            } }
            tbody { @for index in report.ranked_evidence() { @if let Some(evidence) = report.evidence.get(index) {
                (row(evidence))
            } } }
        } }
    }
}

/// What was done to the machine: a text has room for the latest at most.
fn work_orders(report: &Report) -> Markup {
    html! {
        div.wide { table {
            caption { "What was done to it, as work orders say." }
            thead { tr { th { "Work order" } th { "Date" } th { "Words" } } }
            tbody { @for order in &report.work_orders { tr {
                th scope="row" { (order.id) }
                td { (order.date) }
                td { "“" (order.snippet) "”" }
            } } }
        } }
    }
}

fn row(evidence: &Evidence) -> Markup {
    let value = |value: f64| text::value_with_unit(value, evidence.unit, &evidence.quantity);
    let is_beyond = evidence.beyond().is_some();
    html! { tr {
        th scope="row" { (evidence.sensor) }
        td { (text::quantity_name(&evidence.quantity)) }
        td.number.beyond[is_beyond] { (value(evidence.measured)) @if is_beyond { " (beyond)" } }
        td.number { @match evidence.limit { Some(limit) => (value(limit.value)), None => "–" } }
        td.number { @match evidence.ratio { Some(ratio) => (format!("{ratio:.2}")), None => "–" } }
        td.number { @match evidence.trend {
            Some(trend) => {
                (value(trend.per_day)) " (" (value(trend.low)) " to " (value(trend.high)) ")"
                @match trend.course() {
                    Course::Rising => ", rising",
                    Course::Falling => ", falling",
                    Course::Unclear => ", unclear",
                }
            }
            None => "–",
        } }
    } }
}
