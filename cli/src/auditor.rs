//! Requests of a runner as lines of an audit log: begun before they run, ended before their answer is handed out.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use motet_core::execute::{Outcome as Answered, Request, Response, RunError};
use motet_core::value::Value;
use motet_nodes::ModelSources;

use crate::audit::{
    Audit, AuditFault, AuditOptions, CallerId, Code, Digest, Key, KeyFault, ModelVersion, NameFault, Outcome,
    Pending, PipelineVersion, Question,
};
use crate::pipeline::Pipeline;

/// Size at which a part of a log ends: opening one reads its newest part, at about 0.02 s for each MiB.
const PART_BYTES: u64 = 8 << 20;

/// Which log, and what goes into it of all requests.
#[derive(Clone, Debug)]
pub struct AuditSettings {
    /// The log, which is there already: see [`Audit::create`].
    pub log: PathBuf,
    /// A file with the key that lines are hashed with, of 32 to 64 bytes.
    pub key: Option<PathBuf>,
    /// Who asks.
    pub caller: CallerId,
    /// The input that says whom a request is about. Its keyed hash is noted, where there are a key and such an input.
    pub patient: String,
}

/// Why requests cannot be audited.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The log cannot be written.
    #[error(transparent)]
    Log(#[from] AuditFault),
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// A model whose card does not say which it is.
    #[error(
        "the card of model `{name}` has no version or no checksum of its weights, so a log cannot name it"
    )]
    Model {
        /// As the pipeline names it.
        name: String,
    },
    /// A name that has no place in a log.
    #[error(transparent)]
    Name(#[from] NameFault),
}

impl AuditError {
    /// Its stable code.
    pub fn code(&self) -> &'static str {
        match self {
            AuditError::Name(_) | AuditError::Model { .. } => "MT0810",
            AuditError::Log(fault) => fault.code(),
            AuditError::Key(fault) => fault.code(),
        }
    }
}

/// Options of a log: its key, and the clock of the system.
#[allow(
    clippy::disallowed_methods,
    reason = "a log tells moments of the world, which no clock of a session knows"
)]
pub fn audit_options(key: Option<Key>) -> AuditOptions {
    AuditOptions {
        key,
        part_bytes_max: PART_BYTES,
        clock: Box::new(SystemTime::now),
    }
}

/// Writes the requests of a pipeline into a log. Clones share it and number their requests together.
#[derive(Clone)]
pub(crate) struct Auditor {
    audit: Audit,
    key: Option<Key>,
    caller: CallerId,
    patient: String,
    pipeline: PipelineVersion,
    models: Vec<ModelVersion>,
    requests: Arc<AtomicU64>,
}

impl Auditor {
    /// Opens the log for the requests of a pipeline.
    pub(crate) fn open(
        settings: &AuditSettings,
        pipeline: &Pipeline,
        sources: &ModelSources,
    ) -> Result<Auditor, AuditError> {
        let key = settings.key.as_deref().map(Key::read).transpose()?;
        let plan = pipeline.plan();
        let version = PipelineVersion {
            name: plan.name.parse()?,
            digest: Digest::of(plan.source.text.as_bytes()),
        };
        let models = models(pipeline, sources)?;
        Ok(Auditor {
            audit: Audit::open(&settings.log, audit_options(key.clone()))?,
            key,
            caller: settings.caller.clone(),
            patient: settings.patient.clone(),
            pipeline: version,
            models,
            requests: Arc::default(),
        })
    }

    /// Notes that a request came.
    pub(crate) fn begin(&self, request: &Request) -> Result<Pending, AuditError> {
        let patient = match (&self.key, request.get(&self.patient)) {
            (Some(key), Some(Value::Text(reference))) => Some(key.patient(reference)),
            (Some(_) | None, _) => None,
        };
        // Relaxed: a number is all that is wanted of it, and the log orders the lines.
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        Ok(self.audit.begin(&Question {
            request: number.into(),
            caller: self.caller.clone(),
            pipeline: self.pipeline.clone(),
            models: self.models.clone(),
            patient,
            input: None,
        })?)
    }
}

/// How a request ended that ran.
pub(crate) fn outcome_of(response: &Response) -> Outcome {
    let failed = |outcome: &Answered| matches!(outcome, Answered::Failed(_));
    let count = response
        .outputs
        .iter()
        .filter(|(_, outcome)| failed(outcome))
        .count();
    match count {
        0 => Outcome::answered(),
        count if count == response.outputs.len() => Outcome::failed(None),
        _ => Outcome::partly(None),
    }
}

/// How a request ended that did not run.
pub(crate) fn outcome_of_error(error: &RunError) -> Outcome {
    match error {
        RunError::Input(fault) => Outcome::refused(fault.code().0.parse::<Code>().ok()),
        _ => Outcome::failed(None),
    }
}

/// The models that the nodes of a pipeline name, each once.
fn models(pipeline: &Pipeline, sources: &ModelSources) -> Result<Vec<ModelVersion>, AuditError> {
    let names = pipeline
        .graph()
        .nodes
        .iter()
        .filter_map(|node| node.params.text("model"));
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    let unknown = |name: &str| AuditError::Model {
        name: name.to_owned(),
    };
    let mut found = Vec::with_capacity(names.len());
    for name in names {
        let identity = sources.identity(name).ok_or_else(|| unknown(name))?;
        found.push(ModelVersion {
            name: identity.name.parse()?,
            version: NonZeroU32::new(identity.version).ok_or_else(|| unknown(name))?,
            digest: identity.sha256.parse().map_err(|_| unknown(name))?,
        });
    }
    Ok(found)
}
