//! Lines over axes, drawn by plotters. Their colours are few and fixed, so that the style of the page can take others
//! in the dark; each line has a marker of its own as well, for those who see colours alike.

use maud::{Markup, PreEscaped, html};
use plotters::drawing::DrawingAreaErrorKind;
use plotters::prelude::*;

use motet_models::evaluation::{Curve, Epoch, Evaluation, Learning};

use super::ReportError;

/// Width and height of a chart.
const SIZE: (u32, u32) = (520, 380);

/// Points that a line keeps: more cannot be told apart.
const POINTS_MAX: usize = 400;

/// Colour of axes and letters, named in `style.css`.
const INK: RGBColor = RGBColor(0x1c, 0x1f, 0x23);
/// Colour of the grid, named in `style.css`.
const GRID: RGBColor = RGBColor(0xd9, 0xdd, 0xe2);
/// Colours of lines, named in `style.css`: apart for all kinds of colour blindness, and in grey.
const COLOURS: [RGBColor; 2] = [RGBColor(0x00, 0x72, 0xb2), RGBColor(0xb8, 0x5c, 0x00)];

/// What a chart shows.
struct Chart<'a> {
    title: &'static str,
    /// A sentence on how to read it.
    caption: String,
    x: Axis,
    y: Axis,
    lines: Vec<Line<'a>>,
    /// Whether the line from corner to corner is drawn.
    diagonal: bool,
}

/// A named axis.
struct Axis {
    name: &'static str,
    range: (f64, f64),
    is_percent: bool,
}

/// A named line.
struct Line<'a> {
    name: &'a str,
    points: Vec<(f64, f64)>,
    /// Whether points are marked.
    marked: bool,
}

impl Axis {
    fn share(name: &'static str) -> Self {
        Self {
            name,
            range: (0.0, 1.0),
            is_percent: true,
        }
    }
}

/// Returns the charts on precision, calibration and risk; empty if there is none.
pub(super) fn curves(page: &Evaluation) -> Result<Markup, ReportError> {
    let mut charts = Vec::new();
    if !page.precision_recall.is_empty() {
        charts.push(draw(&Chart {
            title: "Precision over recall",
            caption: "Share of what is accepted that should be, as the threshold falls.".to_owned(),
            x: Axis::share("Recall"),
            y: Axis {
                range: (
                    tenth_below(page.precision_recall.iter().flat_map(|curve| &curve.points)),
                    1.0,
                ),
                ..Axis::share("Precision")
            },
            lines: unmarked(&page.precision_recall),
            diagonal: false,
        })?);
    }
    if let Some(reliability) = &page.reliability {
        let line = |name, points: &[(f64, f64)]| Line {
            name,
            points: points.to_vec(),
            marked: true,
        };
        charts.push(draw(&Chart {
            title: "Reliability",
            caption: format!(
                "On the diagonal, a probability means what it says. Calibration error {:.3} before, {:.3} after \
                 division by the temperature {:.2}; bins of equal size.",
                reliability.ece_before, reliability.ece_after, reliability.temperature
            ),
            x: Axis::share("Confidence"),
            y: Axis::share("Accuracy"),
            lines: vec![line("before", &reliability.before), line("after", &reliability.after)],
            diagonal: true,
        })?);
    }
    if !page.risk_coverage.is_empty() {
        let points = page.risk_coverage.iter().flat_map(|curve| &curve.points);
        let highest = points.map(|point| point.1).fold(0.02, f64::max);
        charts.push(draw(&Chart {
            title: "Risk over coverage",
            caption: "Errors among the answers, if the least sure questions are left unanswered.".to_owned(),
            x: Axis::share("Answered"),
            y: Axis {
                range: (0.0, (1.1 * highest).min(1.0)),
                ..Axis::share("Wrong among the answered")
            },
            lines: unmarked(&page.risk_coverage),
            diagonal: false,
        })?);
    }
    Ok(html! { @if !charts.is_empty() { div.charts { @for chart in &charts { (chart) } } } })
}

/// Returns loss and metric by epoch.
pub(super) fn learning(learning: &Learning) -> Result<Markup, ReportError> {
    let by = |value: &dyn Fn(&Epoch) -> Option<f64>| -> Vec<(f64, f64)> {
        let point = |epoch: &Epoch| Some((f64::from(epoch.epoch), value(epoch)?));
        learning
            .epochs
            .iter()
            .filter_map(point)
            .filter(is_finite)
            .collect()
    };
    let last = learning
        .epochs
        .iter()
        .map(|epoch| epoch.epoch)
        .max()
        .unwrap_or(1)
        .max(1);
    let epochs = || Axis {
        name: "Epoch",
        range: (0.0, f64::from(last)),
        is_percent: false,
    };
    let (train, valid) = (by(&|epoch| Some(epoch.train_loss)), by(&|epoch| epoch.valid_loss));
    let metric = by(&|epoch| epoch.metric);
    let highest = train
        .iter()
        .chain(&valid)
        .map(|point| point.1)
        .fold(0.0, f64::max);
    let line = |name, points| Line {
        name,
        points,
        marked: true,
    };
    let loss = draw(&Chart {
        title: "Loss",
        caption: "Mean loss of an example after each epoch.".to_owned(),
        x: epochs(),
        y: Axis {
            name: "Loss",
            range: (0.0, if highest > 0.0 { 1.05 * highest } else { 1.0 }),
            is_percent: false,
        },
        lines: vec![line("learnt from", train), line("kept apart", valid)],
        diagonal: false,
    })?;
    let lowest = tenth_below(metric.iter());
    let metric = draw(&Chart {
        title: "Metric",
        caption: format!("{} on the examples kept apart.", learning.metric),
        x: epochs(),
        y: Axis {
            range: (lowest, 1.0),
            ..Axis::share("")
        },
        lines: vec![line(&learning.metric, metric)],
        diagonal: false,
    })?;
    Ok(html! { div.charts { (loss) (metric) } })
}

/// Lines without markers, for they have too many points.
fn unmarked(curves: &[Curve]) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for Curve { name, points } in curves {
        lines.push(Line {
            name,
            points: thinned(points),
            marked: false,
        });
    }
    lines
}

/// The tenth below all values, where an axis of shares may begin.
fn tenth_below<'a>(points: impl Iterator<Item = &'a (f64, f64)>) -> f64 {
    let lowest = points.map(|point| point.1).fold(1.0, f64::min);
    (lowest * 10.0 - 0.5).floor().max(0.0) / 10.0
}

fn is_finite(point: &(f64, f64)) -> bool {
    point.0.is_finite() && point.1.is_finite()
}

/// At most [`POINTS_MAX`] of the points, evenly chosen, with both ends.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let points: Vec<(f64, f64)> = points.iter().copied().filter(is_finite).collect();
    if points.len() <= POINTS_MAX {
        return points;
    }
    let last = points.len() - 1;
    (0..POINTS_MAX)
        .map(|place| points[place * last / (POINTS_MAX - 1)])
        .collect()
}

/// A chart with its heading, its legend and its caption.
fn draw(chart: &Chart<'_>) -> Result<Markup, ReportError> {
    let mut svg = String::new();
    paint(&mut svg, chart).map_err(|source| ReportError::Chart {
        chart: chart.title,
        source,
    })?;
    // Titles are our own: nothing in them needs an escape.
    let svg = svg.replacen(
        "<svg ",
        &format!("<svg role=\"img\" aria-label=\"{}\" ", chart.title),
        1,
    );
    Ok(html! {
        figure {
            h3 { (chart.title) }
            @if chart.lines.len() > 1 {
                ul.legend { @for (place, line) in chart.lines.iter().enumerate() { li { (swatch(place)) (line.name) } } }
            }
            (PreEscaped(svg))
            figcaption { (chart.caption) }
        }
    })
}

fn paint(svg: &mut String, chart: &Chart<'_>) -> Result<(), DrawingAreaErrorKind<std::io::Error>> {
    let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    let (x, y) = (&chart.x, &chart.y);
    let mut on = ChartBuilder::on(&root)
        .margin(10)
        .margin_right(28)
        .x_label_area_size(46)
        .y_label_area_size(62)
        .build_cartesian_2d(x.range.0..x.range.1, y.range.0..y.range.1)?;
    let letters = |size: u32| ("sans-serif", size).into_font().color(&INK);
    let span = y.range.1 - y.range.0;
    let label = |axis: &Axis, value: f64| {
        if axis.is_percent && span < 0.1 && axis.name == y.name {
            format!("{:.1} %", 100.0 * value)
        } else if axis.is_percent {
            format!("{:.0} %", 100.0 * value)
        } else {
            format!("{}", (value * 100.0).round() / 100.0)
        }
    };
    on.configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(INK)
        .label_style(letters(14))
        .axis_desc_style(letters(15))
        .x_labels(6)
        .y_labels(6)
        .x_label_formatter(&|value| label(x, *value))
        .y_label_formatter(&|value| label(y, *value))
        .x_desc(x.name)
        .y_desc(y.name)
        .draw()?;
    if chart.diagonal {
        on.draw_series(DashedLineSeries::new([(0.0, 0.0), (1.0, 1.0)], 5, 5, INK.into()))?;
    }
    for (place, line) in chart.lines.iter().enumerate() {
        let colour = COLOURS[place % COLOURS.len()];
        let points = line.points.iter().copied().filter(is_finite);
        let stroke = colour.stroke_width(2);
        if is_dashed(place) {
            on.draw_series(DashedLineSeries::new(points.clone(), 8, 4, stroke))?;
        } else {
            on.draw_series(LineSeries::new(points.clone(), stroke))?;
        }
        if line.marked && is_dashed(place) {
            on.draw_series(points.map(|point| TriangleMarker::new(point, 6, colour.filled())))?;
        } else if line.marked {
            on.draw_series(points.map(|point| Circle::new(point, 4, colour.filled())))?;
        }
    }
    root.present()
}

/// Whether the line with this place has dashes and triangles, where its neighbours have neither.
fn is_dashed(place: usize) -> bool {
    !place.is_multiple_of(2)
}

/// A short piece of the line with this place.
fn swatch(place: usize) -> Markup {
    let colour = COLOURS[place % COLOURS.len()];
    let colour = format!("#{:02X}{:02X}{:02X}", colour.0, colour.1, colour.2);
    let dashes = if is_dashed(place) { "8 4" } else { "none" };
    html! {
        svg viewBox="0 0 28 12" aria-hidden="true" {
            line x1="0" y1="6" x2="28" y2="6" stroke=(colour) stroke-width="3" stroke-dasharray=(dashes) {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_thinned_and_keep_their_ends() {
        let points: Vec<(f64, f64)> = (0..5_000).map(|place| (f64::from(place), 0.5)).collect();
        let kept = thinned(&points);
        assert_eq!(kept.len(), POINTS_MAX);
        assert_eq!((kept[0], kept[POINTS_MAX - 1]), (points[0], points[4_999]));
        assert_eq!(thinned(&[(0.0, f64::NAN), (1.0, 1.0)]), [(1.0, 1.0)]);
    }

    #[test]
    fn each_colour_has_its_place_in_the_style() {
        for colour in [INK, GRID, COLOURS[0], COLOURS[1]] {
            let name = format!("#{:02X}{:02X}{:02X}", colour.0, colour.1, colour.2);
            assert!(super::super::STYLE.contains(&format!("\"{name}\"")), "{name}");
        }
    }
}
