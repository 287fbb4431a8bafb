//! Which class is taken for which: numbers for few classes, a picture and the worst pairs for many.

use maud::{Markup, html};

use super::tables::percent;
use motet_models::evaluation::ConfusionCounts;

use super::ReportError;

/// Classes up to which the counts are a table.
const TABLE_CLASSES_MAX: usize = 12;

/// Pairs that are listed.
const PAIRS_MAX: usize = 15;

/// Returns the confusion as a table or as a picture, with the most confused pairs.
pub(super) fn section(confusion: &ConfusionCounts) -> Result<Markup, ReportError> {
    let labels = confusion.labels.len();
    let is_square =
        confusion.counts.len() == labels && confusion.counts.iter().all(|row| row.len() == labels);
    if !is_square {
        return Err(ReportError::NotSquare { labels });
    }
    let pairs = pairs(confusion);
    Ok(html! {
        p.note {
            "Rows are the right classes, columns what was answered. Blue is right, orange is wrong; the deeper, the \
             larger the share of the row."
        }
        @if labels <= TABLE_CLASSES_MAX {
            (table(confusion))
        } @else {
            div.side {
                (heat_map(confusion))
                (pairs)
            }
        }
        @if labels <= TABLE_CLASSES_MAX { (pairs) }
    })
}

/// Share of a row that a count is, as how deep its colour is: small shares are to be seen as well.
fn depth(count: u64, row: &[u64]) -> f64 {
    (count as f64 / row.iter().sum::<u64>().max(1) as f64).sqrt()
}

fn table(confusion: &ConfusionCounts) -> Markup {
    let shade = |gold: usize, found: usize, row: &[u64]| {
        let colour = if gold == found { "heat" } else { "fault" };
        format!(
            "background:rgb(var(--{colour}) / {:.2})",
            0.6 * depth(row[found], row)
        )
    };
    html! {
        div.wide { table.matrix {
            thead { tr {
                th { "" }
                @for label in &confusion.labels { th.number { (label) } }
            } }
            tbody { @for (gold, row) in confusion.counts.iter().enumerate() { tr {
                th scope="row" { (confusion.labels[gold]) }
                @for (found, count) in row.iter().enumerate() { td.number style=(shade(gold, found, row)) { (count) } }
            } } }
        } }
    }
}

/// One square per pair of classes that occurs.
fn heat_map(confusion: &ConfusionCounts) -> Markup {
    let classes = confusion.labels.len();
    html! {
        figure {
            svg.heat role="img" aria-label="Heat map of the confusion matrix" viewBox={ "0 0 " (classes) " " (classes) } shape-rendering="crispEdges" {
                @for (gold, row) in confusion.counts.iter().enumerate() {
                    @for (found, count) in row.iter().enumerate().filter(|(_, count)| **count > 0) {
                        rect class=(if gold == found { "right" } else { "fault" }) x=(found) y=(gold) width="1" height="1"
                            fill-opacity=(format!("{:.2}", depth(*count, row))) {
                            @if gold != found {
                                title { (confusion.labels[gold]) " taken for " (confusion.labels[found]) ": " (count) }
                            }
                        }
                    }
                }
            }
            figcaption { (classes) " classes in the order of the table of classes; only pairs that occur are filled." }
        }
    }
}

/// The pairs that are most often confused.
fn pairs(confusion: &ConfusionCounts) -> Markup {
    let mut pairs: Vec<(u64, usize, usize)> = Vec::new();
    for (gold, row) in confusion.counts.iter().enumerate() {
        pairs.extend(
            row.iter()
                .enumerate()
                .filter(|(found, count)| **count > 0 && *found != gold)
                .map(|(found, count)| (*count, gold, found)),
        );
    }
    pairs.sort_by_key(|(count, gold, found)| (std::cmp::Reverse(*count), *gold, *found));
    let total = pairs.len();
    pairs.truncate(PAIRS_MAX);
    let of_row = |gold: usize, count: u64| {
        let support: u64 = confusion.counts[gold].iter().sum();
        percent(count as f64 / support as f64)
    };
    html! {
        @if pairs.is_empty() {
            p { "No class was taken for another." }
        } @else {
            div.wide { table {
                caption { "The most frequent confusions, " (pairs.len()) " of " (total) "; the share is of the right class." }
                thead { tr { th { "Right" } th { "Answered" } th.number { "Count" } th.number { "Share" } } }
                tbody { @for &(count, gold, found) in &pairs { tr {
                    td { (confusion.labels[gold]) }
                    td { (confusion.labels[found]) }
                    td.number { (count) }
                    td.number { (of_row(gold, count)) }
                } } }
            } }
        }
    }
}
