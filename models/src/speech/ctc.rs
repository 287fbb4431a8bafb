//! The loss of connectionist temporal classification, and its gradient.

/// Computes the loss of one utterance, in nats, and adds its gradient to the logits to `gradient`. Infinite where the
/// labels do not fit into the frames; the gradient then is zero.
///
/// # Shapes
/// `logits` and `gradient`: `[frames, outputs]`; `labels`: places among the outputs, none of them the blank.
///
/// # Panics
/// If the slices are not of these sizes.
///
/// # Source
/// Graves, Fernandez, Gomez and Schmidhuber 2006, "Connectionist temporal classification", equations 5 to 8 for the
/// recursions, here in logarithms, and 16 for the gradient.
pub fn loss(logits: &[f32], (outputs, blank): (usize, usize), labels: &[u8], gradient: &mut [f32]) -> f64 {
    assert!(logits.len().is_multiple_of(outputs) && gradient.len() == logits.len() && blank < outputs);
    let frames = logits.len() / outputs;
    let logarithms = log_softmax(logits, outputs);
    // Blanks before, between and behind the labels.
    let states = 2 * labels.len() + 1;
    let output = |state: usize| match state % 2 {
        0 => blank,
        _ => usize::from(labels[state / 2]),
    };
    // A label may follow the one before without a blank unless they are equal.
    let skips = |state: usize| state >= 3 && state % 2 == 1 && output(state) != output(state - 2);
    let mut forward = vec![f64::NEG_INFINITY; frames * states];
    let mut backward = forward.clone();
    for frame in 0..frames {
        let said = &logarithms[frame * outputs..][..outputs];
        for state in 0..states {
            let before = |back: usize| match (frame, state.checked_sub(back)) {
                (0, _) | (_, None) => f64::NEG_INFINITY,
                (_, Some(from)) => forward[(frame - 1) * states + from],
            };
            let arriving = match frame {
                0 if state < 2 => 0.0,
                _ if skips(state) => sum(sum(before(0), before(1)), before(2)),
                _ => sum(before(0), before(1)),
            };
            forward[frame * states + state] = arriving + said[output(state)];
        }
    }
    for frame in (0..frames).rev() {
        for state in 0..states {
            let behind = |ahead: usize| match frame + 1 < frames && state + ahead < states {
                true => {
                    let said = logarithms[(frame + 1) * outputs + output(state + ahead)];
                    backward[(frame + 1) * states + state + ahead] + said
                }
                false => f64::NEG_INFINITY,
            };
            backward[frame * states + state] = match frame + 1 == frames {
                true if state + 2 >= states => 0.0,
                true => f64::NEG_INFINITY,
                false if state + 2 < states && skips(state + 2) => sum(sum(behind(0), behind(1)), behind(2)),
                false => sum(behind(0), behind(1)),
            };
        }
    }
    let last = frames.checked_sub(1).map(|last| &forward[last * states..]);
    let likelihood = match last {
        None if labels.is_empty() => 0.0,
        None => f64::NEG_INFINITY,
        Some(last) => last
            .iter()
            .rev()
            .take(2)
            .fold(f64::NEG_INFINITY, |total, score| sum(total, *score)),
    };
    if likelihood == f64::NEG_INFINITY {
        return f64::INFINITY;
    }
    for frame in 0..frames {
        let row = &mut gradient[frame * outputs..][..outputs];
        for (slope, logarithm) in row.iter_mut().zip(&logarithms[frame * outputs..]) {
            *slope += narrow(logarithm.exp());
        }
        for state in 0..states {
            let place = frame * states + state;
            let share = (forward[place] + backward[place] - likelihood).exp();
            row[output(state)] -= narrow(share);
        }
    }
    -likelihood
}

/// Logarithms of probabilities, row by row.
pub fn log_softmax(logits: &[f32], outputs: usize) -> Vec<f64> {
    let mut logarithms = Vec::with_capacity(logits.len());
    for row in logits.chunks_exact(outputs) {
        let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let total: f64 = row.iter().map(|logit| f64::from(logit - largest).exp()).sum();
        let total = f64::from(largest) + total.ln();
        logarithms.extend(row.iter().map(|logit| f64::from(*logit) - total));
    }
    logarithms
}

/// `ln(e^a + e^b)`.
fn sum(a: f64, b: f64) -> f64 {
    let (large, small) = if a > b { (a, b) } else { (b, a) };
    match small == f64::NEG_INFINITY {
        true => large,
        false => large + (small - large).exp().ln_1p(),
    }
}

#[allow(clippy::cast_possible_truncation, reason = "gradients are 32-bit floats")]
fn narrow(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OUTPUTS: usize = 3;

    /// What a path says: repeats taken as one, then blanks dropped.
    fn said(path: &[usize]) -> Vec<u8> {
        let mut labels = Vec::new();
        for (index, label) in path.iter().enumerate() {
            if *label != 0 && (index == 0 || path[index - 1] != *label) {
                labels.push(u8::try_from(*label).unwrap());
            }
        }
        labels
    }

    /// The loss by the sum over all paths: equation 3 of the paper.
    fn slow(logits: &[f32], labels: &[u8]) -> f64 {
        let logarithms = log_softmax(logits, OUTPUTS);
        let frames = logits.len() / OUTPUTS;
        let mut total = 0.0;
        for number in 0..OUTPUTS.pow(u32::try_from(frames).unwrap()) {
            let path: Vec<usize> = (0..frames)
                .map(|frame| number / OUTPUTS.pow(u32::try_from(frame).unwrap()) % OUTPUTS)
                .collect();
            if said(&path) == labels {
                let score: f64 = path
                    .iter()
                    .enumerate()
                    .map(|(frame, label)| logarithms[frame * OUTPUTS + label])
                    .sum();
                total += score.exp();
            }
        }
        -total.ln()
    }

    proptest! {
        #[test]
        fn the_loss_is_that_of_all_paths_and_the_gradient_its_slope(
            logits in prop::collection::vec(-3.0_f32..3.0, 0..15),
            labels in prop::collection::vec(1_u8..3, 0..4),
        ) {
            let logits = &logits[..logits.len() / OUTPUTS * OUTPUTS];
            let mut gradient = vec![0.0; logits.len()];
            let found = loss(logits, (OUTPUTS, 0), &labels, &mut gradient);
            let expected = slow(logits, &labels);
            if expected.is_infinite() {
                prop_assert!(found.is_infinite());
                prop_assert!(gradient.iter().all(|slope| *slope == 0.0));
                return Ok(());
            }
            prop_assert!((found - expected).abs() < 1e-6, "{found} {expected}");
            for index in 0..logits.len() {
                let moved = |by: f32| {
                    let mut logits = logits.to_vec();
                    logits[index] += by;
                    slow(&logits, &labels)
                };
                let slope = (moved(1e-2) - moved(-1e-2)) / 2e-2;
                prop_assert!((f64::from(gradient[index]) - slope).abs() < 1e-3);
            }
        }
    }
}
