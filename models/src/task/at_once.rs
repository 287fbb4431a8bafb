//! The beginning of a training that has no epochs: what is learnt is worked out, not approached.

use super::StartOptions;
use crate::train::optimiser::AdamW;
use crate::train::state::Sums;
use crate::train::{Adaptation, TrainError, TrainOptions, TrainState};

/// The state before anything is worked out, with these numbers to begin with.
///
/// # Errors
/// [`TrainError::Options`] for what only nets have: epochs, frozen parts, low-rank changes.
pub(crate) fn beginning_at_once(
    start: &StartOptions,
    origin: &str,
    trained: Vec<f32>,
) -> Result<TrainState, TrainError> {
    let refused = |fault| Err(TrainError::Options { fault });
    if start.adaptation.lora_rank > 0 {
        return refused("`--lora` changes matrices of nets; this model is worked out as a whole");
    }
    if !start.adaptation.frozen.is_empty() {
        return refused("`--freeze` keeps parts of nets; this model is worked out as a whole");
    }
    if start.epochs.is_some() {
        return refused("`--epochs` counts passes of nets; this model is worked out to its end");
    }
    let options = TrainOptions {
        seed: start.seed,
        epochs: 1,
        shards: start.shards,
        // What follows steers the gradients of nets and is not looked at.
        learning_rate: 1.0,
        warm_up: 0.0,
        weight_decay: 0.0,
        gradient_norm_max: 1.0,
        average_decay: 0.0,
        patience: 0,
        adaptation: Adaptation::default(),
    };
    options.validate()?;
    Ok(TrainState {
        origin: origin.to_owned(),
        epochs: 1,
        step: 0,
        optimiser: AdamW::new(&trained),
        base: Vec::new(),
        trained,
        sums: Sums::default(),
        history: Vec::new(),
        best: None,
        options,
    })
}
