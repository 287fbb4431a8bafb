//! Writes a picture in Mermaid, which Markdown pages show.

use std::fmt::Write;

use super::{Picture, PictureBox, Role, visible};

/// The picture as a Mermaid flowchart, agents as subgraphs, types on the edges.
pub fn mermaid(picture: &Picture) -> String {
    let mut text = String::from("flowchart LR\n");
    cluster(&mut text, picture, None, 1);
    for edge in &picture.edges {
        let label = if edge.input.is_empty() {
            escaped(&edge.carries)
        } else {
            format!("{}<br/>{}", escaped(&edge.input), escaped(&edge.carries))
        };
        let _ = writeln!(text, "  b{} -- \"{label}\" --> b{}", edge.from, edge.to);
    }
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
        let _ = writeln!(text, "{indent}b{index}{}", shape(found));
    }
    for (index, found) in picture
        .clusters
        .iter()
        .enumerate()
        .filter(|(_, found)| found.parent == within)
    {
        let _ = writeln!(text, "{indent}subgraph c{index} [\"{}\"]", escaped(&found.name));
        cluster(text, picture, Some(index), depth + 1);
        let _ = writeln!(text, "{indent}end");
    }
}

fn shape(found: &PictureBox) -> String {
    let name = escaped(&found.name);
    match found.role {
        Role::Input => format!("[/\"{name}\"/]"),
        Role::Output => format!("([\"{name}\"])"),
        Role::Node => {
            format!(
                "[\"<b>{name}</b><br/>{} on {}\"]",
                escaped(&found.kind),
                escaped(&found.device)
            )
        }
    }
}

/// Entity codes of Mermaid for everything but letters, digits and the signs that types are written with.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in visible(text).chars() {
        if c.is_alphanumeric() || " .,:=-_/[]{}@%".contains(c) {
            escaped.push(c);
        } else {
            let _ = write!(escaped, "#{};", u32::from(c));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_cannot_leave_their_quotes() {
        insta::assert_snapshot!(super::mermaid(&crate::draw::tests::hostile()), @r#"
        flowchart LR
          b0[/"mic"/]
          b2["<b>end]--#62;#124;x#124;</b><br/>my/#60;script#62;alert#40;#34;1#34;#41;#60;/script#62; on cpu"]
          b3(["subgraph"])
          subgraph c0 ["voice"]
            b1["<b>a#38;b#65533;[31m</b><br/>my/#60;script#62;alert#40;#34;1#34;#41;#60;/script#62; on cpu"]
          end
          b0 -- "samples<br/>f32[T#60;=48000] rate=16kHz" --> b1
          b1 -- "quote#34;d<br/>f32[T#60;=48000] rate=16kHz" --> b2
          b0 -- "raw<br/>f32[T#60;=48000] rate=16kHz" --> b2
          b2 -- "f32[T#60;=48000] rate=16kHz" --> b3
        "#);
    }
}
