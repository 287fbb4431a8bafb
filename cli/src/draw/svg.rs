//! Writes a picture as SVG that stands alone: no script, no style sheet, no font to load.

use std::fmt::Write;

use super::layout::{Rect, layout};
use super::{Picture, PictureBox, PictureEdge, Role, visible};

const TITLE_SIZE: f64 = 14.0;
const TEXT_SIZE: f64 = 11.5;
/// Widths of a character relative to the font's size: an average for the bold sans, exact for most monospace.
const TITLE_ADVANCE: f64 = 0.60;
const TEXT_ADVANCE: f64 = 0.602;
const LINE: f64 = 17.0;
const MARGIN: f64 = 12.0;
const SANS: &str = "system-ui, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif";
const MONO: &str = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace";
const INK: &str = "#1f2933";
const FAINT: &str = "#66727f";
const WIRE: &str = "#8695a4";

/// The picture as an SVG document, top to bottom. Every box names what it gives and the type of that; edges are
/// marked with the input they arrive at.
pub fn svg(picture: &Picture) -> String {
    let sizes: Vec<(f64, f64)> = picture.boxes.iter().map(size).collect();
    let placed = layout(picture, &sizes);
    let mut text = String::new();
    let (width, height) = (placed.width.max(80.0), placed.height);
    let _ = writeln!(
        text,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\">"
    );
    let _ = writeln!(text, "<title>{}</title>", escaped(&picture.name));
    let _ = writeln!(
        text,
        "<rect width=\"100%\" height=\"100%\" rx=\"10\" fill=\"#fbfcfd\"/>"
    );
    for (cluster, rect) in picture.clusters.iter().zip(&placed.clusters) {
        border(&mut text, &cluster.name, rect);
    }
    for (index, edge) in picture.edges.iter().enumerate() {
        let ends = Ends::of(picture, index, &placed.boxes);
        wire(&mut text, edge, ends, &placed.passes[index]);
    }
    for (found, rect) in picture.boxes.iter().zip(&placed.boxes) {
        match found.role {
            Role::Input | Role::Output => pill(&mut text, found, rect),
            Role::Node => card(&mut text, found, rect),
        }
    }
    text.push_str("</svg>\n");
    text
}

fn title_width(text: &str) -> f64 {
    width(text, TITLE_SIZE * TITLE_ADVANCE)
}

fn text_width(text: &str) -> f64 {
    width(text, TEXT_SIZE * TEXT_ADVANCE)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a line has far fewer than 2^52 characters"
)]
fn width(text: &str, advance: f64) -> f64 {
    text.chars().count() as f64 * advance
}

#[expect(clippy::cast_precision_loss, reason = "a box has at most a few hundred ports")]
fn size(found: &PictureBox) -> (f64, f64) {
    let ports = found
        .ports
        .iter()
        .map(|port| text_width(&port.carries) + name_column(found))
        .fold(0.0, f64::max);
    let head = match found.role {
        Role::Input | Role::Output => title_width(&found.name),
        Role::Node => {
            title_width(&found.name).max(text_width(&found.kind)) + 24.0 + text_width(&found.device)
        }
    };
    let lines = found.ports.len() as f64 + if found.role == Role::Node { 2.3 } else { 1.0 };
    (head.max(ports) + 2.0 * MARGIN + 8.0, lines * LINE + 1.2 * MARGIN)
}

/// Room for the names of a box's ports, before their types.
fn name_column(found: &PictureBox) -> f64 {
    let widest = found
        .ports
        .iter()
        .map(|port| text_width(&port.name))
        .fold(0.0, f64::max);
    if widest > 0.0 { widest + 10.0 } else { 0.0 }
}

fn border(text: &mut String, name: &str, rect: &Rect) {
    let _ = writeln!(
        text,
        "<rect {} rx=\"12\" fill=\"#f0f4f8\" stroke=\"#b8c4d0\" stroke-dasharray=\"5 4\"/>",
        place(rect)
    );
    // Edges come from the pipeline's own boxes, which stand to the left.
    let style = Style {
        weight: 600,
        anchor: "end",
        ..Style::sans(12.0, FAINT)
    };
    label(text, (rect.x + rect.width - 14.0, rect.y + 18.0), &style, name);
}

/// The attributes that place a rectangle.
fn place(rect: &Rect) -> String {
    let Rect { x, y, width, height } = rect;
    format!("x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"")
}

/// Where an edge leaves and arrives.
struct Ends {
    from: (f64, f64),
    to: (f64, f64),
}

impl Ends {
    /// Edges of one box share its side evenly, in the order of the file.
    fn of(picture: &Picture, index: usize, boxes: &[Rect]) -> Ends {
        let edge = &picture.edges[index];
        let (from, to) = (&boxes[edge.from], &boxes[edge.to]);
        let leaving: Vec<usize> = (0..picture.edges.len())
            .filter(|other| picture.edges[*other].from == edge.from)
            .collect();
        let arriving: Vec<usize> = (0..picture.edges.len())
            .filter(|other| picture.edges[*other].to == edge.to)
            .collect();
        let mut by_place = leaving.clone();
        by_place.sort_by(|a, b| {
            boxes[picture.edges[*a].to]
                .middle()
                .total_cmp(&boxes[picture.edges[*b].to].middle())
        });
        let mut by_origin = arriving.clone();
        by_origin.sort_by(|a, b| {
            boxes[picture.edges[*a].from]
                .middle()
                .total_cmp(&boxes[picture.edges[*b].from].middle())
        });
        Ends {
            from: (share(from, &by_place, index), from.bottom()),
            to: (share(to, &by_origin, index), to.y),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a box has at most a few hundred edges")]
fn share(rect: &Rect, edges: &[usize], index: usize) -> f64 {
    let at = edges.iter().position(|edge| *edge == index).unwrap_or(0) as f64;
    rect.x + rect.width * (at + 1.0) / (edges.len() as f64 + 1.0)
}

fn wire(text: &mut String, edge: &PictureEdge, ends: Ends, passes: &[Rect]) {
    let (mut x, mut y) = ends.from;
    let mut path = format!("M{x:.1} {y:.1}");
    // The head of the arrow stands between the line and the box.
    let target = (ends.to.0, ends.to.1 - 7.0);
    let stops = passes.iter().map(|pass| (pass.middle(), pass.y, pass.bottom()));
    for (next_x, top, bottom) in stops.chain([(target.0, target.1, target.1)]) {
        let middle = f64::midpoint(y, top);
        let _ = write!(
            path,
            " C{x:.1} {middle:.1} {next_x:.1} {middle:.1} {next_x:.1} {top:.1}"
        );
        if bottom > top {
            let _ = write!(path, " V{bottom:.1}");
        }
        (x, y) = (next_x, bottom);
    }
    let _ = writeln!(
        text,
        "<path d=\"{path}\" fill=\"none\" stroke=\"{WIRE}\" stroke-width=\"1.6\"/>"
    );
    let (x, y) = ends.to;
    let _ = writeln!(text, "<path d=\"M{x:.1} {y:.1} l-4.5 -8 h9 z\" fill=\"{WIRE}\"/>");
    if !edge.input.is_empty() {
        label(text, (x + 8.0, y - 8.0), &Style::mono(10.0, FAINT), &edge.input);
    }
}

fn pill(text: &mut String, found: &PictureBox, rect: &Rect) {
    let (fill, stroke) = if found.role == Role::Input {
        ("#e8f1fb", "#7aa7d9")
    } else {
        ("#e6f6ec", "#71b98a")
    };
    let _ = writeln!(
        text,
        "<rect {} rx=\"14\" fill=\"{fill}\" stroke=\"{stroke}\"/>",
        place(rect)
    );
    let style = Style {
        weight: 600,
        anchor: "middle",
        ..Style::sans(TITLE_SIZE, INK)
    };
    label(text, (rect.middle(), rect.y + LINE + 3.0), &style, &found.name);
    ports(text, found, rect, rect.y + 2.0 * LINE + 1.0);
}

fn card(text: &mut String, found: &PictureBox, rect: &Rect) {
    let accent = accent(&found.kind);
    let _ = writeln!(
        text,
        "<rect {} rx=\"6\" fill=\"white\" stroke=\"#c6d0da\"/>\
         <rect {} rx=\"2.5\" fill=\"{accent}\"/>",
        place(rect),
        place(&Rect { width: 5.0, ..*rect })
    );
    let left = rect.x + MARGIN + 4.0;
    let style = Style {
        weight: 600,
        ..Style::sans(TITLE_SIZE, INK)
    };
    label(text, (left, rect.y + LINE + 3.0), &style, &found.name);
    label(
        text,
        (left, rect.y + 2.0 * LINE + 1.0),
        &Style::mono(TEXT_SIZE, accent),
        &found.kind,
    );
    let right = rect.x + rect.width - MARGIN;
    let device = Style {
        anchor: "end",
        ..Style::mono(10.5, FAINT)
    };
    label(text, (right, rect.y + LINE + 2.0), &device, &found.device);
    ports(text, found, rect, rect.y + 3.3 * LINE);
}

fn ports(text: &mut String, found: &PictureBox, rect: &Rect, top: f64) {
    let column = name_column(found);
    let left = rect.x + MARGIN + 4.0;
    let mut y = top;
    for port in &found.ports {
        label(text, (left, y), &Style::mono(TEXT_SIZE, INK), &port.name);
        label(
            text,
            (left + column, y),
            &Style::mono(TEXT_SIZE, FAINT),
            &port.carries,
        );
        y += LINE;
    }
}

/// One colour for each family of kinds.
fn accent(kind: &str) -> &'static str {
    match kind.split('/').next() {
        Some("audio") => "#2f7dc4",
        Some("model") => "#7a4fc0",
        Some("control") => "#b7791f",
        Some("text") => "#2f8f5b",
        _ => "#52606d",
    }
}

/// How a line of text looks.
struct Style {
    family: &'static str,
    size: f64,
    weight: u16,
    anchor: &'static str,
    fill: &'static str,
}

impl Style {
    fn sans(size: f64, fill: &'static str) -> Style {
        Style {
            family: SANS,
            size,
            weight: 400,
            anchor: "start",
            fill,
        }
    }

    fn mono(size: f64, fill: &'static str) -> Style {
        Style {
            family: MONO,
            ..Style::sans(size, fill)
        }
    }
}

fn label(text: &mut String, (x, y): (f64, f64), style: &Style, shown: &str) {
    if shown.is_empty() {
        return;
    }
    let _ = writeln!(
        text,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" font-family=\"{}\" font-size=\"{}\" font-weight=\"{}\" text-anchor=\"{}\" \
         fill=\"{}\">{}</text>",
        style.family,
        style.size,
        style.weight,
        style.anchor,
        style.fill,
        escaped(shown)
    );
}

/// Text of XML: no markup, and none of the characters that XML forbids.
fn escaped(text: &str) -> String {
    let shown = visible(text);
    let shown: String = shown
        .chars()
        .map(|c| {
            if matches!(c, '\u{fffe}' | '\u{ffff}') {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect();
    shown
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::tests::hostile;

    #[test]
    fn names_are_text_and_never_markup() {
        let text = svg(&hostile());
        assert!(!text.contains("<script") && !text.contains('\u{1b}'));
        assert!(text.contains("my/&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;"));
        assert!(text.contains("a&amp;b\u{fffd}[31m"));
        let opened = text.matches("<text ").count();
        assert_eq!(opened, text.matches("</text>").count());
    }

    #[test]
    fn every_box_edge_and_agent_is_drawn() {
        let picture = hostile();
        let text = svg(&picture);
        assert_eq!(text.matches("stroke-width=\"1.6\"").count(), picture.edges.len());
        assert_eq!(text.matches("stroke-dasharray").count(), picture.clusters.len());
        assert!(
            picture
                .boxes
                .iter()
                .all(|found| text.contains(&escaped(&found.name)))
        );
    }
}
