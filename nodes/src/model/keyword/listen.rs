//! A keyword net at work: windows over a spectrogram, one run of its program each, the best keyword.

use std::sync::Arc;

use motet_core::arena::WriteLease;
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_engine::{Numbers, Program};
use motet_models::keyword::window::remove_level;
use motet_models::keyword::{DetectionRule, KeywordModel, Windowing, strongest};

/// Class of everything that is no keyword.
const NONE: usize = 0;

/// A running keyword node.
pub(super) struct KeywordNode {
    model: Arc<KeywordModel>,
    program: Program,
    rule: DetectionRule,
    /// One row of class probabilities per window, as many as the longest input has.
    probabilities: Vec<f32>,
    /// The smoothed row that is written out.
    scores: Vec<f32>,
}

impl KeywordNode {
    /// A node for spectrograms of at most this many frames.
    pub(super) fn new(
        (model, program): (Arc<KeywordModel>, Program),
        rule: DetectionRule,
        frame_count_max: usize,
    ) -> KeywordNode {
        let class_count = model.labels().len();
        let window_count = model.windowing().windows(frame_count_max);
        KeywordNode {
            program,
            rule,
            probabilities: vec![0.0; window_count * class_count],
            scores: vec![0.0; class_count],
            model,
        }
    }

    /// Averages the probabilities of the windows that the rule smooths over, up to and with `window`.
    fn smooth(&mut self, window: usize) {
        let class_count = self.scores.len();
        let first = (window + 1).saturating_sub(self.rule.smooth_windows.max(1));
        let rows = &self.probabilities[first * class_count..(window + 1) * class_count];
        for (class, score) in self.scores.iter_mut().enumerate() {
            let sum: f32 = rows.chunks_exact(class_count).map(|row| row[class]).sum();
            *score = (sum / (window + 1 - first) as f32).clamp(0.0, 1.0);
        }
    }

    fn answer(&self, out: &mut WriteLease, (label, score, at): (usize, f32, f32)) -> Result<(), NodeError> {
        out.text(0, self.model.labels().get(label).map_or("none", String::as_str))?;
        out.tensor::<f32>(1, &[])?.fill(score.clamp(0.0, 1.0));
        let class_count = u32::try_from(self.scores.len()).unwrap_or(u32::MAX);
        out.tensor::<f32>(2, &[class_count])?
            .copy_from_slice(&self.scores);
        out.tensor::<f32>(3, &[])?.fill(at);
        Ok(())
    }

    /// Writes one row of class probabilities per window, so many numbers in all.
    ///
    /// # Shapes
    /// `frames`: `[frames, bins]`, at least one frame.
    fn listen(&mut self, frames: &[f32], length: usize, scratch: &mut [u8]) -> Result<(), NodeError> {
        let windowing = self.model.windowing();
        let Windowing {
            bins, window_frames, ..
        } = windowing;
        let failed =
            |fault: &dyn std::fmt::Display| NodeError::Failed(format!("the net cannot run: {fault}"));
        let (window, words) = scratch
            .split_at_mut_checked(window_bytes(&windowing))
            .ok_or_else(|| failed(&"its scratch memory is too small"))?;
        let window: &mut [f32] = bytemuck::try_cast_slice_mut(window).map_err(|fault| failed(&fault))?;
        let window = &mut window[..window_frames * bins];
        let words: &mut [u32] = bytemuck::try_cast_slice_mut(words).map_err(|fault| failed(&fault))?;
        let frame_count = frames.len() / bins;
        let rows = &mut self.probabilities[..length];
        for (index, row) in rows.chunks_exact_mut(self.scores.len()).enumerate() {
            if frame_count < window_frames {
                windowing.cut(frames, window);
            } else {
                let start = windowing.start(frame_count, index) * bins;
                window.copy_from_slice(&frames[start..start + window_frames * bins]);
            }
            remove_level(window, bins);
            self.program
                .run(&[Numbers::F32(window)], &mut [row], words, None)
                .map_err(|fault| failed(&fault))?;
        }
        Ok(())
    }
}

/// Bytes at the front of the scratch memory that hold a window, a multiple of 64.
pub(super) fn window_bytes(windowing: &Windowing) -> usize {
    (4 * windowing.window_frames * windowing.bins).next_multiple_of(64)
}

impl Node for KeywordNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let lease = inputs.require(0)?;
        let frame_count = lease.dims(0)?.first().map_or(0, |count| *count as usize);
        let (mut outputs, scratch) = outputs.split();
        let out = outputs.record(0)?;
        if frame_count == 0 {
            self.scores.fill(0.0);
            self.scores[NONE] = 1.0;
            return self.answer(out, (NONE, 0.0, 0.0));
        }
        let windowing = self.model.windowing();
        let class_count = self.scores.len();
        let length = windowing.windows(frame_count) * class_count;
        self.listen(lease.tensor(0)?, length, scratch.into_bytes())?;
        let best = strongest(&self.probabilities[..length], class_count, self.rule);
        self.smooth(best.window);
        let label = if best.score >= self.rule.threshold {
            best.class
        } else {
            NONE
        };
        let end_frame = windowing.start(frame_count, best.window) + windowing.window_frames;
        let features = self.model.features();
        let end_samples = features.samples(end_frame.min(frame_count));
        self.answer(
            out,
            (
                label,
                best.score,
                end_samples as f32 / features.sample_rate_hz as f32,
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Tensor, TensorData};
    use motet_core::arena::ReadLease;
    use motet_core::catalog::ParamValue;

    use super::super::Keyword;
    use super::*;
    use crate::trial::{Trial, Value};

    const PORT: &str = "f32[F<=600, 40] rate=100Hz";

    fn trial(kind: &Keyword) -> Trial<'_> {
        Trial::of(kind).text("model", "wakewords@1").input("frames", PORT)
    }

    /// Something between noise and speech, the same on every machine.
    fn spectrogram(frame_count: u32) -> Vec<f32> {
        (0..frame_count * 40)
            .map(|index| -6.0 + 4.0 * (index as f32 * 0.013).sin() * (index as f32 * 0.37).cos())
            .collect()
    }

    fn fire(trial: &Trial<'_>, frame_count: u32) -> ReadLease {
        let value = Value::F32(vec![frame_count, 40], spectrogram(frame_count));
        trial.run(&[Some(value)]).unwrap().remove(0).unwrap()
    }

    #[test]
    fn the_scores_are_those_of_all_windows_in_one_batch_of_burn() {
        let kind = Keyword::default();
        let model = KeywordModel::builtin(&burn::tensor::Device::flex()).unwrap();
        let windowing = model.windowing();
        for frame_count in [1, 40, 160, 161, 400] {
            let found = fire(&trial(&kind), frame_count);
            let count = windowing.windows(frame_count as usize);
            let mut windows = vec![0.0; count * windowing.window_frames * windowing.bins];
            windowing.cut(&spectrogram(frame_count), &mut windows);
            let windows = TensorData::new(windows, [count, windowing.window_frames, windowing.bins]);
            let probabilities = model.probabilities(Tensor::from_data(windows, model.device()));
            let probabilities = probabilities.try_into_data().unwrap();
            let probabilities = probabilities.as_slice::<f32>().unwrap();
            let best = strongest(probabilities, model.labels().len(), model.rule());
            let score = found.tensor::<f32>(1).unwrap()[0];
            assert!(
                (score - best.score).abs() < 1e-5,
                "{frame_count}: {score} {}",
                best.score
            );
            let scores = found.tensor::<f32>(2).unwrap();
            assert!((scores[best.class] - best.score).abs() < 1e-5, "{frame_count}");
            assert!((scores.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{frame_count}");
            // The end of a window that starts at frame s: s + 160 frames, of 10 ms each and 22 ms more.
            let end_frame =
                (windowing.start(frame_count as usize, best.window) + 160).min(frame_count as usize);
            let expected = (end_frame - 1) as f32 * 0.010 + 0.032;
            assert!(
                (found.tensor::<f32>(3).unwrap()[0] - expected).abs() < 1e-5,
                "{frame_count}"
            );
        }
    }

    #[test]
    fn without_a_frame_there_is_no_keyword() {
        let found = fire(&trial(&Keyword::default()), 0);
        assert_eq!(found.text(0).unwrap(), "none");
        assert_eq!(found.tensor::<f32>(1).unwrap(), [0.0]);
        assert_eq!(
            found.tensor::<f32>(2).unwrap(),
            [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
        );
        assert_eq!(found.tensor::<f32>(3).unwrap(), [0.0]);
    }

    #[test]
    fn a_keyword_is_named_when_its_score_reaches_the_threshold() {
        let kind = Keyword::default();
        let label = |threshold: f64| {
            let found = fire(
                &trial(&kind).with("threshold", ParamValue::Number(threshold)),
                300,
            );
            let score = f64::from(found.tensor::<f32>(1).unwrap()[0]);
            (found.text(0).unwrap() != "none", score)
        };
        let (is_named, score) = label(1.0);
        assert!(!is_named && score < 1.0);
        assert!(label((score * 0.5).max(1e-12)).0);
    }

    #[test]
    fn the_buffers_come_back_after_every_firing() {
        let kind = Keyword::default();
        let mut running = trial(&kind).build();
        for frame_count in [0, 3, 160, 600] {
            let value = Value::F32(vec![frame_count, 40], spectrogram(frame_count));
            let outputs = running.fire(&[Some(value)]).unwrap();
            assert_eq!(
                running.arena.busy_count(),
                1,
                "the output is held, the input is not"
            );
            drop(outputs);
            assert_eq!(running.arena.busy_count(), 0);
        }
    }
}
