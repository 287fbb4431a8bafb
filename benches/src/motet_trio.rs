//! The workload on Motet: the pipeline `pipelines/trio`, and its nets as pipelines of one node.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use motet::profile::read_profile;
use motet::{Builder, ExecutorChoice, Pipeline, Request, Value};

use motet_models::audio::{Mfcc, MfccConfig};

use crate::open::Open;
use crate::reference::request;
use crate::{Account, Engine};

/// The pipeline, and its nets by themselves.
pub struct Trio {
    trio: Open,
    kws: Open,
    notes: Open,
    anom: Open,
}

/// Where `pipelines/` lies, seen from the folder of this crate.
const PIPELINES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../pipelines/trio");

impl Trio {
    /// Opens the pipelines; with a profile in the folder of the weights, planned by it.
    pub fn open(data: &str, workers: usize, precision: &str) -> Result<Trio, Box<dyn Error>> {
        let given = request(data)?;
        let ids: Vec<i32> = given
            .ids
            .iter()
            .map(|id| i32::try_from(*id))
            .collect::<Result<_, _>>()?;
        let mut features = vec![0.0; 490];
        Mfcc::new(MfccConfig::keywords())?.frames(&given.audio, &mut features)?;
        let features = Value::F32 {
            dims: vec![49, 10],
            data: features,
        };
        let audio = Value::samples(given.audio);
        let ids = Value::I32 {
            dims: vec![128],
            data: ids,
        };
        let feats = Value::F32 {
            dims: vec![196, 640],
            data: given.feats,
        };
        let builder = || -> Result<Builder, Box<dyn Error>> {
            let mut builder = Pipeline::builder().workers(u32::try_from(workers)?).models(data);
            let profile = format!("{data}/profile-{workers}.json");
            if std::path::Path::new(&profile).exists() {
                builder = builder.profile(Arc::new(read_profile(profile.as_ref())?));
            }
            Ok(match workers {
                1 => builder.executor(ExecutorChoice::Sequential),
                _ => builder,
            })
        };
        let whole = builder()?.set("precision", precision).open(PIPELINES)?;
        let single = |input: &str, kind: &str, model: &str| -> Result<Pipeline, Box<dyn Error>> {
            let text = format!(
                "motet: 1\npipeline: one\nabout: One net by itself.\ncontract: {{egress: none}}\ninputs:\n  x: {input}\n\
                 nodes:\n  net: {{kind: {kind}, in: x, with: {{model: {model}}}, precision: {precision}}}\n\
                 outputs: {{y: net}}\n"
            );
            Ok(builder()?.models(format!("{PIPELINES}/models")).text(&text)?)
        };
        let request = Request::new()
            .with("audio", audio)
            .with("ids", ids.clone())
            .with("feats", feats.clone());
        Ok(Trio {
            trio: Open::new(&whole, request)?,
            kws: Open::new(
                &single("f32[F<=49, 10]", "model/classifier", "kws@1")?,
                Request::new().with("x", features),
            )?,
            notes: Open::new(
                &single("i32[T<=128]", "model/tagger", "notes@1")?,
                Request::new().with("x", ids),
            )?,
            anom: Open::new(
                &single("f32[R<=196, 640]", "model/autoencoder", "anom@1")?,
                Request::new().with("x", feats),
            )?,
        })
    }

    /// The record of the last run of `trio`: class, probability, label, confidence, error, score.
    pub fn record(&self) -> [f64; 6] {
        let field = |output: &str, field: &str| -> f64 {
            let value = self.trio.response.value(output);
            let value = match field {
                "" => value,
                field => value.and_then(|value| value.field(field).cloned()),
            };
            match value {
                Some(Value::F32 { data, .. }) => f64::from(data[0]),
                Some(Value::I32 { data, .. }) => f64::from(data[0]),
                _ => f64::NAN,
            }
        };
        [
            field("kws", "class"),
            field("kws", "score"),
            field("notes", "class"),
            field("notes", "confidence"),
            field("anom", "error"),
            field("score", ""),
        ]
    }
}

impl Engine for Trio {
    fn run(&mut self, part: &str) -> Result<(), Box<dyn Error>> {
        match part {
            "kws" => self.kws.run(),
            "notes" => self.notes.run(),
            "anom" => self.anom.run(),
            _ => self.trio.run(),
        }
    }

    fn account(&self, part: &str) -> Option<Account> {
        if part != "trio" {
            return None;
        }
        let (nodes, trace) = (&self.trio.runner.plan().nodes, &self.trio.response.trace);
        let within = |names: &[&str]| -> Duration {
            let turns = trace.intervals.iter();
            let turns = turns.filter(|turn| names.contains(&nodes[turn.node.index()].name.as_str()));
            turns.map(|turn| turn.end.saturating_sub(turn.start)).sum()
        };
        let first = trace.intervals.iter().map(|turn| turn.start).min()?;
        Some(Account {
            before: first.saturating_sub(trace.start),
            nets: within(&["mfcc", "kws", "notes", "anom"]),
            join: within(&["score"]),
        })
    }
}
