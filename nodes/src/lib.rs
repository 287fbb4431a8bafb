//! Motet's node kinds: what a pipeline may name after `kind:`.
//!
//! This crate joins `motet-core`, which knows ports and leases but no tensors, with `motet-models`, which knows
//! nets but no pipelines. It holds the kinds ([`audio`], [`model`], [`speech`], [`sensors`], [`signal`], [`quality`], [`control`],
//! [`notes`], [`report`], [`text`]), the bridge from a lease to a
//! tensor ([`tensor`]), the threads that nets run on ([`lane`]) and the look at the real machine ([`machine`]).
//! It is *not* where nets are defined or trained. Invariant: a kind is pure; only a built node has state.

pub mod audio;
mod condition;
pub mod control;
mod files;
pub mod gpu;
pub mod lane;
pub mod machine;
pub mod model;
pub mod notes;
pub mod quality;
pub mod report;
pub mod sensors;
pub mod signal;
pub mod speech;
pub mod tensor;
pub mod text;
#[cfg(test)]
mod trial;

use motet_core::catalog::{Catalog, DuplicateKind, KindFault};

pub use gpu::{Gpu, GpuWish, Prober};
pub use machine::{fingerprint, load_average, local_machine, peak_bytes};
pub use model::{Loaded, ModelFolders, ModelSources};
pub use motet_engine::{Cpu, Most};

/// Returns a catalog of all kinds of this crate; add your own with [`Catalog::register`]. It knows no models but those
/// that come along: see [`catalog_with`].
///
/// # Panics
/// When two of these kinds have one name, which a test of this crate rules out.
pub fn catalog() -> Catalog {
    catalog_with(&ModelSources::default())
}

/// Returns a catalog of all kinds of this crate with the models of these sources.
///
/// # Panics
/// As [`catalog`].
pub fn catalog_with(models: &ModelSources) -> Catalog {
    let mut catalog = Catalog::new();
    assert_eq!(
        register(&mut catalog, models),
        Ok(()),
        "every kind has a name of its own"
    );
    catalog
}

fn register(catalog: &mut Catalog, models: &ModelSources) -> Result<(), DuplicateKind> {
    catalog.register(audio::LogMel)?;
    catalog.register(audio::Mfcc)?;
    catalog.register(audio::Resample)?;
    catalog.register(audio::Speak)?;
    catalog.register(control::Number)?;
    catalog.register(control::Planner::new(models.clone()))?;
    catalog.register(control::Rules)?;
    catalog.register(control::Select)?;
    catalog.register(model::Autoencoder::new(models.clone()))?;
    catalog.register(model::BearingModel::new(models.clone()))?;
    catalog.register(model::Classifier::new(models.clone()))?;
    catalog.register(model::Entities::new(models.clone()))?;
    catalog.register(model::Frames::new(models.clone()))?;
    catalog.register(model::Intent::new(models.clone()))?;
    catalog.register(model::Keyword::new(models.cpu))?;
    catalog.register(model::Phones::new(models.clone()))?;
    catalog.register(model::Shift::new(models.clone()))?;
    catalog.register(model::Slots::new(models.clone()))?;
    catalog.register(model::Tagger::new(models.clone()))?;
    catalog.register(model::TextClassifier::new(models.clone()))?;
    catalog.register(notes::Annotate::new(models.clone()))?;
    catalog.register(notes::Compose::new(models.clone()))?;
    catalog.register(notes::Deidentify)?;
    catalog.register(notes::Documents::new(models.clone()))?;
    catalog.register(notes::Segment::new(models.clone()))?;
    catalog.register(quality::Rows::new(models.clone()))?;
    catalog.register(quality::WaveformQuality::new(models.clone()))?;
    catalog.register(report::AlarmFlood)?;
    catalog.register(report::AlarmState)?;
    catalog.register(report::Orders::new(models.clone()))?;
    catalog.register(report::ReportRecord)?;
    catalog.register(report::ReportText)?;
    catalog.register(report::Trends)?;
    catalog.register(sensors::Table::new(models.clone()))?;
    catalog.register(signal::Envelope)?;
    catalog.register(signal::Moments)?;
    catalog.register(signal::Orders)?;
    catalog.register(signal::Scale::new(models.clone()))?;
    catalog.register(signal::Spectrum)?;
    catalog.register(speech::Commands::new(models.clone()))?;
    catalog.register(text::Template)?;
    catalog.register(text::Tokenize::new(models.clone()))
}

/// The first fault as one sentence, for a node that is built although its ports were refused.
fn first_message(faults: &[KindFault]) -> String {
    faults
        .first()
        .map_or_else(String::new, |fault| fault.message.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_in_the_catalog_and_explains_itself() {
        let catalog = catalog();
        let names: Vec<&str> = catalog.names().collect();
        assert_eq!(
            names,
            [
                "alarm/flood",
                "alarm/state",
                "audio/log-mel",
                "audio/mfcc",
                "audio/resample",
                "audio/speak",
                "control/number",
                "control/plan",
                "control/rules",
                "control/select",
                "model/autoencoder",
                "model/bearing",
                "model/classifier",
                "model/entities",
                "model/frames",
                "model/intent",
                "model/keyword",
                "model/phones",
                "model/shift",
                "model/slots",
                "model/tagger",
                "model/text-classifier",
                "notes/bundle",
                "notes/context",
                "notes/deidentify",
                "notes/draft",
                "notes/sections",
                "quality/rows",
                "quality/waveform",
                "report/orders",
                "report/record",
                "report/text",
                "report/trend",
                "sensors/table",
                "signal/envelope",
                "signal/orders",
                "signal/scale",
                "signal/statistics",
                "signal/welch",
                "speech/commands",
                "text/template",
                "text/tokenize"
            ]
        );
        for kind in catalog.kinds() {
            assert!(kind.about().ends_with('.'), "{}", kind.name());
            assert!(
                kind.params().iter().all(|param| !param.about.is_empty()),
                "{}",
                kind.name()
            );
        }
    }
}
