//! Writes a picture in Graphviz DOT.

use std::fmt::Write;

use super::{Picture, PictureBox, Role, visible};

/// The picture as a DOT digraph, left to right, agents as clusters, types on the edges.
pub fn dot(picture: &Picture) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "digraph {} {{", quoted(&picture.name));
    text.push_str("  rankdir=LR;\n");
    text.push_str(
        "  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"sans-serif\"];\n",
    );
    text.push_str("  edge [fontname=\"monospace\", fontsize=10];\n");
    cluster(&mut text, picture, None, 1);
    for edge in &picture.edges {
        let label = if edge.input.is_empty() {
            edge.carries.clone()
        } else {
            format!("{}\n{}", edge.input, edge.carries)
        };
        let _ = writeln!(
            text,
            "  b{} -> b{} [label={}];",
            edge.from,
            edge.to,
            quoted(&label)
        );
    }
    text.push_str("}\n");
    text
}

fn cluster(text: &mut String, picture: &Picture, within: Option<usize>, depth: usize) {
    let indent = "  ".repeat(depth);
    let inside = picture
        .boxes
        .iter()
        .enumerate()
        .filter(|(_, found)| found.cluster == within);
    for (index, found) in inside {
        let _ = writeln!(text, "{indent}b{index} [{}];", attributes(found));
    }
    for (index, found) in picture
        .clusters
        .iter()
        .enumerate()
        .filter(|(_, found)| found.parent == within)
    {
        let _ = writeln!(text, "{indent}subgraph cluster_{index} {{");
        let _ = writeln!(text, "{indent}  label={};", quoted(&found.name));
        cluster(text, picture, Some(index), depth + 1);
        let _ = writeln!(text, "{indent}}}");
    }
}

fn attributes(found: &PictureBox) -> String {
    match found.role {
        Role::Input => format!("label={}, shape=cds", quoted(&found.name)),
        Role::Output => format!("label={}, shape=ellipse", quoted(&found.name)),
        Role::Node => {
            let label = format!("{}\n{} on {}", found.name, found.kind, found.device);
            format!("label={}", quoted(&label))
        }
    }
}

/// A DOT string: within quotes only quotes and backslashes mean something; `\n` is a line break.
fn quoted(text: &str) -> String {
    let lines = text
        .split('\n')
        .map(|line| visible(line).replace('\\', "\\\\").replace('"', "\\\""));
    format!("\"{}\"", lines.collect::<Vec<_>>().join("\\n"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_cannot_leave_their_quotes() {
        insta::assert_snapshot!(super::dot(&crate::draw::tests::hostile()), @r#"
        digraph "a \"b\" -- <c>\n]]>" {
          rankdir=LR;
          node [shape=box, style="rounded,filled", fillcolor=white, fontname="sans-serif"];
          edge [fontname="monospace", fontsize=10];
          b0 [label="mic", shape=cds];
          b2 [label="end]-->|x|\nmy/<script>alert(\"1\")</script> on cpu"];
          b3 [label="subgraph", shape=ellipse];
          subgraph cluster_0 {
            label="voice";
            b1 [label="a&b�[31m\nmy/<script>alert(\"1\")</script> on cpu"];
          }
          b0 -> b1 [label="samples\nf32[T<=48000] rate=16kHz"];
          b1 -> b2 [label="quote\"d\nf32[T<=48000] rate=16kHz"];
          b0 -> b2 [label="raw\nf32[T<=48000] rate=16kHz"];
          b2 -> b3 [label="f32[T<=48000] rate=16kHz"];
        }
        "#);
    }
}
