//! The chain on ONNX Runtime, called from Rust: sessions of the model `ident.onnx`, one after the other.
//!
//! The first session reads the value where it lies; every session copies it into a new value, which is the next one's
//! input as it is.

use std::error::Error;
use std::hint::black_box;

use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::{DynValue, TensorRef};

use crate::Engine;
use crate::chain::{LENGTHS, SIZES, part};

/// As many sessions as the longest chain has, and the values.
pub struct Chains {
    sessions: Vec<Session>,
    parts: Vec<Part>,
}

struct Part {
    name: String,
    length: usize,
    value: Vec<f32>,
}

impl Chains {
    /// Opens the sessions with the library of the wheel.
    pub fn open(data: &str, library: &str) -> Result<Chains, Box<dyn Error>> {
        let environment = ort::init_from(library)?.build()?;
        let session = |_| -> Result<Session, Box<dyn Error>> {
            let mut builder = Session::builder(&environment)?
                .with_optimization_level(GraphOptimizationLevel::Level3)?
                .with_intra_threads(1)?
                .with_inter_threads(1)?
                .with_intra_op_spinning(false)?;
            Ok(builder.commit_from_file(format!("{data}/ident.onnx"))?)
        };
        let longest = LENGTHS.into_iter().max().unwrap_or(1);
        let sessions = (0..longest).map(session).collect::<Result<_, _>>()?;
        let values = SIZES.map(|bytes| {
            (0..bytes / 4)
                .map(|index| (index % 251) as f32 + 1.0)
                .collect::<Vec<_>>()
        });
        let parts = SIZES.into_iter().zip(values).flat_map(|(bytes, value)| {
            LENGTHS.map(|length| Part {
                name: part(bytes, length),
                length,
                value: value.clone(),
            })
        });
        let mut chains = Chains {
            sessions,
            parts: parts.collect(),
        };
        for part in &chains.parts {
            let answer = pass(&mut chains.sessions[..part.length], &part.value)?;
            if answer.try_extract_tensor::<f32>()?.1 != part.value {
                return Err("the chain changed its value".into());
            }
        }
        Ok(chains)
    }
}

fn pass(sessions: &mut [Session], value: &[f32]) -> Result<DynValue, Box<dyn Error>> {
    let mut last: Option<DynValue> = None;
    for session in sessions {
        let mut outputs = match &last {
            None => session.run(ort::inputs![TensorRef::from_array_view(([value.len()], value))?])?,
            Some(value) => session.run(ort::inputs![value])?,
        };
        last = outputs.remove("y");
    }
    last.ok_or_else(|| "the chain has no answer".into())
}

impl Engine for Chains {
    fn run(&mut self, part: &str) -> Result<(), Box<dyn Error>> {
        let found = self.parts.iter().find(|known| known.name == part);
        let part = found.ok_or_else(|| format!("`{part}` is no chain"))?;
        let answer = pass(&mut self.sessions[..part.length], &part.value)?;
        black_box(answer.try_extract_tensor::<f32>()?.1.last());
        Ok(())
    }
}
