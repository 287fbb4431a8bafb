//! The chain on Motet: pipelines of nodes of this crate's own kinds, one after the other.

use std::error::Error;

use motet::{Builder, DeviceKind, ExecutorChoice, Machine, NodeKind, Outcome, Pipeline, Request, Value};
use motet_core::machine::Device;

use crate::Engine;
use crate::chain::{LENGTHS, SIZES, part};
use crate::open::Open;
use crate::pass::Pass;

/// Memory of the devices: enough for any chain.
const MEMORY_BYTES: u64 = 1 << 34;

/// Chains of every size and length.
pub struct Chains {
    opened: Vec<(String, Open)>,
}

impl Chains {
    /// Opens them. `executor` is `sequential`; `parallel`, where the whole chain is one step of one worker; or `lanes`,
    /// where every second node is for a GPU that does not exist, so that each hop wakes the thread of the other lane.
    /// `work` is `hand-over-u8`, `hand-over-f32` or `copy-f32`.
    pub fn open(executor: &str, work: &str) -> Result<Chains, Box<dyn Error>> {
        let (pass, element) = match work {
            "hand-over-u8" => (Pass::HandOver, "u8"),
            "hand-over-f32" => (Pass::HandOver, "f32"),
            "copy-f32" => (Pass::Copy, "f32"),
            other => return Err(format!("`{other}` is no work of a node").into()),
        };
        let mut opened = Vec::new();
        for bytes in SIZES {
            for length in LENGTHS {
                let value = value(element, bytes)?;
                let text = text(pass, length, element, &value.dims(), executor == "lanes");
                let pipeline = builder(executor)?
                    .kind(Pass::HandOver)
                    .kind(Pass::Copy)
                    .text(&text)?;
                let step_count = if executor == "lanes" { length } else { 1 };
                assert_eq!(
                    pipeline.plan().steps.len(),
                    step_count,
                    "a chain is fused, or a lane has one node each"
                );
                let mut open = Open::new(&pipeline, Request::new().with("x", value.clone()))?;
                open.run()?;
                check(&open, &value, pass)?;
                opened.push((part(bytes, length), open));
            }
        }
        Ok(Chains { opened })
    }
}

fn builder(executor: &str) -> Result<Builder, Box<dyn Error>> {
    let builder = Pipeline::builder();
    Ok(match executor {
        "sequential" => builder
            .executor(ExecutorChoice::Sequential)
            .machine(Machine::cpu(1, MEMORY_BYTES)),
        "parallel" => builder.machine(Machine::cpu(2, MEMORY_BYTES)),
        "lanes" => builder.machine(Machine::cpu(1, MEMORY_BYTES).with(Device {
            name: "gpu0".to_owned(),
            kind: DeviceKind::Gpu,
            workers: 1,
            memory_bytes: MEMORY_BYTES,
            flops_per_second: 1e12,
            overhead_seconds: 1e-6,
            transfer_bytes_per_second: 1e12,
            is_software: false,
        })),
        other => return Err(format!("`{other}` is no executor").into()),
    })
}

fn value(element: &str, bytes: usize) -> Result<Value, Box<dyn Error>> {
    let bytes_of = |index: usize| u8::try_from(index % 251).unwrap_or_default();
    Ok(match element {
        "f32" => Value::F32 {
            dims: vec![u32::try_from(bytes / 4)?],
            data: (0..bytes / 4)
                .map(|index| f32::from(bytes_of(index)) + 1.0)
                .collect(),
        },
        _ => Value::U8 {
            dims: vec![u32::try_from(bytes)?],
            data: (0..bytes).map(|index| bytes_of(index) + 1).collect(),
        },
    })
}

fn text(pass: Pass, length: usize, element: &str, dims: &[u32], is_by_turns: bool) -> String {
    let count = dims[0];
    let mut text = format!("motet: 1\npipeline: chain\ninputs: {{x: \"{element}[{count}]\"}}\nnodes:\n");
    for node in 0..length {
        let from = match node {
            0 => "x".to_owned(),
            _ => format!("n{}", node - 1),
        };
        let place = if is_by_turns && node % 2 == 1 {
            "gpu"
        } else {
            "cpu"
        };
        let kind = pass.name();
        text.push_str(&format!(
            "  n{node}: {{kind: {kind}, in: {from}, place: {place}}}\n"
        ));
    }
    text.push_str(&format!("outputs: {{y: n{}}}\n", length - 1));
    text
}

/// A copy is the value; what was handed over has its size and its first element.
fn check(open: &Open, value: &Value, pass: Pass) -> Result<(), Box<dyn Error>> {
    let Some(Outcome::Present(lease)) = open.response.output("y") else {
        return Err("the chain has no answer".into());
    };
    let seen = Value::copy_of(lease)?;
    let is_right = match pass {
        Pass::Copy => seen == *value,
        Pass::HandOver => seen.dims() == value.dims() && first(&seen) == first(value),
    };
    if is_right {
        Ok(())
    } else {
        Err("the chain changed its value".into())
    }
}

fn first(value: &Value) -> Option<f32> {
    match value {
        Value::F32 { data, .. } => data.first().copied(),
        Value::U8 { data, .. } => data.first().map(|byte| f32::from(*byte)),
        _ => None,
    }
}

impl Engine for Chains {
    fn run(&mut self, part: &str) -> Result<(), Box<dyn Error>> {
        let found = self.opened.iter_mut().find(|(name, _)| name == part);
        found.ok_or_else(|| format!("`{part}` is no chain"))?.1.run()
    }
}
