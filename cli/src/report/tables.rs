//! The tables of the page. Numbers stand at the right; a colour never says alone what a word does not.

use maud::{Markup, html};

use motet_models::evaluation::{Better, ClassRow, Evaluation, Fact, Figure, MetricRow, Mistake, Scale};

/// Classes up to which the table shows all at once.
const CLASSES_SHOWN_MAX: usize = 20;

/// Returns what a reader must know first; nothing if there is nothing.
pub(super) fn warnings(warnings: &[String]) -> Markup {
    html! {
        @if !warnings.is_empty() {
            div.warnings role="note" {
                strong { "Before you use these figures" }
                ul { @for warning in warnings { li { (warning) } } }
            }
        }
    }
}

/// Returns the facts as pairs.
pub(super) fn facts(facts: &[Fact]) -> Markup {
    html! { dl { @for fact in facts { div { dt { (fact.name) } dd { (fact.value) } } } } }
}

/// Returns the metrics of the model beside those of the baseline.
pub(super) fn metrics(page: &Evaluation) -> Markup {
    let has_baseline = page.metrics.iter().any(|row| row.baseline.is_some());
    html! {
        div.wide { table {
            caption { "In brackets: limits of the 95 % confidence interval." }
            thead { tr {
                th { "Metric" }
                th.number { "This model" }
                @if has_baseline { th.number { (page.baseline) } th.number { "Difference" } th { "" } }
            } }
            tbody { @for row in &page.metrics { tr {
                th scope="row" {
                    (row.name) " "
                    span.interval { @match row.better { Better::Higher => "(higher is better)", Better::Lower => "(lower is better)" } }
                }
                td.number.main { (figure(row.model, row.scale)) }
                @if has_baseline {
                    td.number { @match row.baseline { Some(baseline) => (figure(baseline, row.scale)), None => "–" } }
                    (difference(row))
                }
            } } }
        } }
    }
}

/// The cells of how far the model is from the baseline: the number, and what it means.
fn difference(row: &MetricRow) -> Markup {
    let Some(seen) = row.difference else {
        return html! { td.number { "–" } td { "" } };
    };
    let better = |value: f64| match row.better {
        Better::Higher => value > 0.0,
        Better::Lower => value < 0.0,
    };
    let (class, word) = match seen.limits {
        Some((low, high)) if better(low) && better(high) => ("better", "better"),
        Some((low, high)) if better(-low) && better(-high) => ("worse", "worse"),
        Some(_) => ("interval", "no clear difference"),
        None => ("interval", ""),
    };
    let points = |value: f64| match row.scale {
        Scale::Percent => format!("{}{:.1}", sign(value), 100.0 * value.abs()),
        Scale::Number => format!("{}{:.3}", sign(value), value.abs()),
    };
    html! {
        td.number {
            (points(seen.value))
            @if let Some((low, high)) = seen.limits { " " span.interval { "[" (points(low)) ", " (points(high)) "]" } }
        }
        td class=(class) { (word) }
    }
}

/// A sign of the same width for both directions.
fn sign(value: f64) -> char {
    if value < 0.0 { '−' } else { '+' }
}

/// A figure with its limits.
fn figure(figure: Figure, scale: Scale) -> Markup {
    let bare = |value: f64| match scale {
        Scale::Percent => format!("{:.1}", 100.0 * value),
        Scale::Number => format!("{value:.3}"),
    };
    if !figure.value.is_finite() {
        return html! { "–" };
    }
    html! {
        (bare(figure.value)) @if scale == Scale::Percent { " %" }
        @if let Some((low, high)) = figure.limits { " " span.interval { "[" (bare(low)) ", " (bare(high)) "]" } }
    }
}

/// A share in percent; a dash for NaN.
pub(super) fn percent(share: f64) -> String {
    if share.is_finite() {
        format!("{:.1} %", 100.0 * share)
    } else {
        "–".to_owned()
    }
}

/// Returns the classes: all if they are few, else the weakest first and all behind a fold.
pub(super) fn classes(classes: &[ClassRow]) -> Markup {
    if classes.len() <= CLASSES_SHOWN_MAX {
        return class_table(&classes.iter().collect::<Vec<_>>(), "");
    }
    let mut weakest: Vec<&ClassRow> = classes.iter().collect();
    weakest.sort_by(|a, b| a.f1.total_cmp(&b.f1));
    weakest.truncate(CLASSES_SHOWN_MAX);
    html! {
        (class_table(&weakest, "The weakest classes, by F1."))
        details {
            summary { "All " (classes.len()) " classes" }
            (class_table(&classes.iter().collect::<Vec<_>>(), ""))
        }
    }
}

fn class_table(classes: &[&ClassRow], caption: &str) -> Markup {
    let width = |f1: f64| {
        format!(
            "width:{:.1}%",
            100.0 * if f1.is_finite() { f1.clamp(0.0, 1.0) } else { 0.0 }
        )
    };
    html! {
        div.wide { table {
            @if !caption.is_empty() { caption { (caption) } }
            thead { tr {
                th { "Class" } th.number { "Examples" } th.number { "Precision" } th.number { "Recall" }
                th.number { "F1" } th { "" }
            } }
            tbody { @for class in classes { tr {
                th scope="row" { (class.name) }
                td.number { (class.support) }
                td.number { (percent(class.precision)) }
                td.number { (percent(class.recall)) }
                td.number.main { (percent(class.f1)) }
                td { span.bar aria-hidden="true" { i style=(width(class.f1)) {} } }
            } } }
        } }
    }
}

/// Returns the wrong answers with their texts.
pub(super) fn mistakes(mistakes: &[Mistake]) -> Markup {
    html! {
        p.note { "Wrong answers, the surest first. A mistake here may also be a mistake of the label." }
        div.wide { table {
            thead { tr { th { "Text" } th { "Right" } th { "Answered" } th.number { "Confidence" } } }
            tbody { @for mistake in mistakes { tr {
                td.text { (mistake.text) }
                td { (mistake.gold) }
                td { (mistake.found) }
                td.number { (percent(mistake.confidence)) }
            } } }
        } }
    }
}

/// Returns size and time of each precision.
pub(super) fn costs(page: &Evaluation) -> Markup {
    let is_measured = |metric: &&MetricRow| {
        page.costs
            .iter()
            .any(|row| row.metrics.contains_key(&metric.name))
    };
    let metrics: Vec<&MetricRow> = page.metrics.iter().filter(is_measured).collect();
    html! {
        div.wide { table {
            thead { tr {
                th { "Precision" } th.number { "Weights" } th.number { "Median" } th.number { "95 % within" }
                @for metric in &metrics { th.number { (metric.name) } }
            } }
            tbody { @for row in &page.costs { tr {
                th scope="row" { (row.precision) }
                td.number { (size(row.cost.weight_bytes)) }
                td.number { (milliseconds(row.cost.p50_ms)) }
                td.number { (milliseconds(row.cost.p95_ms)) }
                @for metric in &metrics { td.number { @match row.metrics.get(&metric.name) {
                    Some(value) => (figure(Figure { value: *value, limits: None }, metric.scale)),
                    None => "–",
                } } }
            } } }
        } }
    }
}

/// Three digits of a time.
fn milliseconds(value: f64) -> String {
    let digits = if value < 1.0 {
        3
    } else if value < 10.0 {
        2
    } else {
        1
    };
    format!("{value:.digits$} ms")
}

/// Bytes in the unit that leaves the fewest digits.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.2} MB", bytes as f64 / 1e6),
    }
}

/// Returns where the data come from, under which licence, and what the model is not for.
pub(super) fn origin(page: &Evaluation) -> Markup {
    html! {
        @if !page.must_not_be_used_for.is_empty() {
            h3 { "Must not be used for" }
            ul.limits { @for limit in &page.must_not_be_used_for { li { (limit) } } }
        }
        @if !page.data.is_empty() {
            h3 { "Data" }
            div.wide { table {
                thead { tr { th { "Set" } th { "Used for" } th { "Origin" } th { "Licence" } th { "SHA-256" } } }
                tbody { @for source in &page.data { tr {
                    th scope="row" { (source.name) }
                    td { (source.role) }
                    td { (source.origin) }
                    td { (source.licence) }
                    td { code { (source.manifest_sha256.get(..12).unwrap_or(&source.manifest_sha256)) } }
                } } }
            } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_have_their_units() {
        let check = |bytes, expected: &str| assert_eq!(size(bytes), expected);
        check(999, "999 B");
        check(1_500, "1.5 kB");
        check(4_200_000, "4.20 MB");
        let check = |value, expected: &str| assert_eq!(milliseconds(value), expected);
        check(0.0123, "0.012 ms");
        check(1.234, "1.23 ms");
        check(123.4, "123.4 ms");
    }

    #[test]
    fn a_difference_is_clear_only_if_both_limits_agree() {
        let check = |better, value: f64, limits, expected: &str| {
            let row = MetricRow {
                name: String::new(),
                scale: Scale::Percent,
                better,
                model: Figure {
                    value: 0.5,
                    limits: None,
                },
                baseline: None,
                difference: Some(Figure { value, limits }),
            };
            let seen = difference(&row).into_string();
            assert!(seen.contains(expected), "{seen}");
        };
        check(Better::Higher, 0.02, Some((0.01, 0.03)), ">better<");
        check(Better::Lower, 0.02, Some((0.01, 0.03)), ">worse<");
        check(Better::Higher, 0.02, Some((-0.01, 0.03)), ">no clear difference<");
        check(Better::Higher, -0.02, Some((-0.03, -0.01)), "−2.0");
        check(Better::Higher, 0.02, None, "+2.0");
    }

    #[test]
    fn what_has_no_figure_is_a_dash() {
        assert_eq!(percent(f64::NAN), "–");
        let nothing = Figure {
            value: f64::NAN,
            limits: None,
        };
        assert_eq!(figure(nothing, Scale::Number).into_string(), "–");
    }
}
