//! Draws a compiled pipeline: SVG, Mermaid, Graphviz DOT, or plain JSON.
//!
//! A [`Picture`] is what all four have in common: boxes for inputs, nodes and outputs, edges with the names and
//! types of the ports they join, and one cluster for each agent. Names come from people, so each writer escapes them
//! for its own language.

use motet_core::graph::{Feed, Producer};
use motet_core::plan::{Plan, PlannedNode, SlotOwner};
use motet_core::port::PortType;
use serde::Serialize;

mod dot;
mod layout;
mod mermaid;
mod svg;

pub use dot::dot;
pub use mermaid::mermaid;
pub use svg::svg;

/// What a box stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// An input of the pipeline.
    Input,
    /// A node.
    Node,
    /// An output of the pipeline.
    Output,
}

/// A port as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PicturePort {
    /// Its name, or that of a field; empty where there is nothing to tell apart.
    pub name: String,
    /// What it carries.
    pub carries: String,
}

/// A box.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PictureBox {
    /// What it stands for.
    pub role: Role,
    /// The name of the input, node or output.
    pub name: String,
    /// The kind of a node; empty otherwise.
    pub kind: String,
    /// The device a node runs on; empty otherwise.
    pub device: String,
    /// The cluster it lies in.
    pub cluster: Option<usize>,
    /// What it gives: its outputs, and for a record each field.
    pub ports: Vec<PicturePort>,
}

/// An edge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PictureEdge {
    /// The box it starts from.
    pub from: usize,
    /// The box it leads to.
    pub to: usize,
    /// The input it arrives at; empty for an output of the pipeline.
    pub input: String,
    /// What it carries.
    pub carries: String,
}

/// An agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PictureCluster {
    /// Its name; within another agent `outer/inner`.
    pub name: String,
    /// The cluster around it.
    pub parent: Option<usize>,
}

/// A pipeline to draw: see the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Picture {
    /// Name of the pipeline.
    pub name: String,
    /// Agents, outer ones first.
    pub clusters: Vec<PictureCluster>,
    /// Inputs, then nodes in an order they can run, then outputs.
    pub boxes: Vec<PictureBox>,
    /// Edges.
    pub edges: Vec<PictureEdge>,
}

impl Picture {
    /// The picture of a plan.
    pub fn of(plan: &Plan) -> Picture {
        let clusters = plan.agents.iter().map(|agent| {
            let parent = agent.name.rsplit_once('/').map(|(outer, _)| outer);
            let parent = parent.and_then(|outer| plan.agents.iter().position(|other| other.name == outer));
            PictureCluster {
                name: agent.name.clone(),
                parent,
            }
        });
        let mut picture = Picture {
            name: plan.name.clone(),
            clusters: clusters.collect(),
            boxes: Vec::new(),
            edges: Vec::new(),
        };
        for input in &plan.inputs {
            picture
                .boxes
                .push(PictureBox::end(Role::Input, &input.name, ports("", &input.port)));
        }
        picture
            .boxes
            .extend(plan.nodes.iter().map(|node| PictureBox::node(plan, node)));
        for (index, node) in plan.nodes.iter().enumerate() {
            for (input, feed) in node.signature.inputs.iter().zip(&node.feeds) {
                let Some(feed) = feed else { continue };
                picture.edge(plan, feed, plan.inputs.len() + index, &input.name);
            }
        }
        for output in &plan.outputs {
            let to = picture.boxes.len();
            picture
                .boxes
                .push(PictureBox::end(Role::Output, &output.name, Vec::new()));
            let producer = match plan.slots[output.slot.index()].owner {
                SlotOwner::Input(index) => Producer::Input(index),
                SlotOwner::Output(node, index) => Producer::Node(node, index),
                // Nobody but its node ever sees scratch memory.
                SlotOwner::Scratch(_) => continue,
            };
            let field = output.field;
            picture.edge(plan, &Feed { producer, field }, to, "");
        }
        picture
    }

    fn edge(&mut self, plan: &Plan, feed: &Feed, to: usize, input: &str) {
        let (from, port) = match feed.producer {
            Producer::Input(index) => (usize::from(index), &plan.inputs[usize::from(index)].port),
            Producer::Node(node, output) => {
                let outputs = &plan.nodes[node.index()].signature.outputs;
                (
                    plan.inputs.len() + node.index(),
                    &outputs[usize::from(output)].port,
                )
            }
        };
        let field = match (port, feed.field) {
            (PortType::Record(fields), Some(field)) => fields.get(usize::from(field)),
            (PortType::Record(_) | PortType::Tensor(_), _) => None,
        };
        let carries = match (field, port) {
            (Some(field), _) => format!("{}: {}", field.name, field.tensor),
            (None, PortType::Tensor(tensor)) => tensor.to_string(),
            (None, PortType::Record(fields)) => {
                let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
                format!("record{{{}}}", names.join(", "))
            }
        };
        self.edges.push(PictureEdge {
            from,
            to,
            input: input.to_owned(),
            carries,
        });
    }
}

impl PictureBox {
    fn end(role: Role, name: &str, ports: Vec<PicturePort>) -> PictureBox {
        PictureBox {
            role,
            name: name.to_owned(),
            kind: String::new(),
            device: String::new(),
            cluster: None,
            ports,
        }
    }

    fn node(plan: &Plan, node: &PlannedNode) -> PictureBox {
        let outputs = &node.signature.outputs;
        let named = |name: &str| {
            if outputs.len() > 1 {
                name.to_owned()
            } else {
                String::new()
            }
        };
        PictureBox {
            role: Role::Node,
            // The cluster around it tells the agent.
            name: node.name.rsplit('/').next().unwrap_or_default().to_owned(),
            kind: node.kind.clone(),
            device: plan.machine.device(node.device).name.clone(),
            cluster: node.agent,
            ports: outputs
                .iter()
                .flat_map(|output| ports(&named(&output.name), &output.port))
                .collect(),
        }
    }
}

fn ports(name: &str, port: &PortType) -> Vec<PicturePort> {
    match port {
        PortType::Tensor(tensor) => vec![PicturePort {
            name: name.to_owned(),
            carries: tensor.to_string(),
        }],
        PortType::Record(fields) => {
            let prefix = if name.is_empty() {
                String::new()
            } else {
                format!("{name}.")
            };
            let field = |field: &motet_core::port::Field| PicturePort {
                name: format!("{prefix}{}", field.name),
                carries: field.tensor.to_string(),
            };
            fields.iter().map(field).collect()
        }
    }
}

/// Replaces characters that steer a terminal or a parser instead of being shown.
fn visible(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A picture with an agent and with names that mean something in every language it is written in.
    pub(crate) fn hostile() -> Picture {
        let ends = |role, name: &str| PictureBox::end(role, name, Vec::new());
        let port = |name: &str, carries: &str| PicturePort {
            name: name.to_owned(),
            carries: carries.to_owned(),
        };
        let node = |name: &str, cluster, ports| PictureBox {
            role: Role::Node,
            name: name.to_owned(),
            kind: "my/<script>alert(\"1\")</script>".to_owned(),
            device: "cpu".to_owned(),
            cluster,
            ports,
        };
        let edge = |from, to, input: &str| PictureEdge {
            from,
            to,
            input: input.to_owned(),
            carries: "f32[T<=48000] rate=16kHz".to_owned(),
        };
        Picture {
            name: "a \"b\" -- <c>\n]]>".to_owned(),
            clusters: vec![PictureCluster {
                name: "voice".to_owned(),
                parent: None,
            }],
            boxes: vec![
                ends(Role::Input, "mic"),
                node("a&b\u{1b}[31m", Some(0), vec![port("label", "utf8[T<=32]")]),
                node("end]-->|x|", None, vec![port("", "f32")]),
                ends(Role::Output, "subgraph"),
            ],
            edges: vec![
                edge(0, 1, "samples"),
                edge(1, 2, "quote\"d"),
                edge(0, 2, "raw"),
                edge(2, 3, ""),
            ],
        }
    }
}
