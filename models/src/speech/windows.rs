//! Long sounds in pieces: windows over frames that overlap by what the net hears around each answer, so that the answers
//! are those of the whole sound.

use std::ops::Range;

use super::config::{SpeechConfig, TAPS};

/// A piece of a sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The frames that the net is given.
    pub frames: Range<usize>,
    /// The answers to these frames that are kept.
    pub kept: Range<usize>,
    /// The place of the first of them among all answers.
    pub at: usize,
}

impl SpeechConfig {
    /// Frames before that of an answer that it is made of.
    pub fn frames_before(&self) -> usize {
        let reach: usize = self.dilations.iter().map(|dilation| (TAPS - 1) * dilation).sum();
        let ahead: usize = self.looks_ahead().iter().sum();
        self.stem_reach()[0] + self.stride * (reach - ahead)
    }

    /// Frames behind that of an answer that it is made of.
    pub fn frames_behind(&self) -> usize {
        let ahead: usize = self.looks_ahead().iter().sum();
        self.stem_reach()[1] + self.stride * ahead
    }

    /// True where a window has room for more than what is around an answer.
    pub(super) fn has_room(&self) -> bool {
        self.frames_max
            > self.frames_before().next_multiple_of(self.stride) + self.frames_behind() + self.stride
    }

    /// The windows over a sound of so many frames.
    pub fn windows(&self, frames: usize) -> Vec<Window> {
        let before = self.frames_before().next_multiple_of(self.stride);
        let (all, mut at) = (self.units(frames), 0);
        let mut windows = Vec::new();
        while at < all {
            let start = (at * self.stride).saturating_sub(before);
            let end = (start + self.frames_max).min(frames);
            let first = start / self.stride;
            let behind = match end == frames {
                true => all,
                false => (end - self.frames_behind()) / self.stride,
            };
            windows.push(Window {
                frames: start..end,
                kept: at - first..behind - first,
                at,
            });
            at = behind;
        }
        windows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::LogMelConfig;
    use crate::speech::config::StemKind;

    fn config(frames_max: usize, stride: usize) -> SpeechConfig {
        SpeechConfig {
            features: LogMelConfig::speech(),
            frames_max,
            level: 0.0,
            spread: 1.0,
            stem: StemKind::Strided,
            stride,
            width: 4,
            dilations: vec![1, 2],
            ahead: 1,
        }
    }

    #[test]
    fn windows_give_every_answer_once_and_hear_all_around_it() {
        for stride in [2, 4] {
            let config = config(80, stride);
            assert!(config.has_room());
            let (before, behind) = (config.frames_before(), config.frames_behind());
            for frames in 1..400 {
                let mut at = 0;
                for window in config.windows(frames) {
                    assert_eq!(window.at, at);
                    assert!(window.frames.len() <= 80 && window.frames.start.is_multiple_of(stride));
                    assert!(window.kept.end <= config.units(window.frames.len()));
                    let answers = at..at + window.kept.len();
                    assert!(!answers.is_empty());
                    let first = (answers.start * stride).saturating_sub(before);
                    let last = ((answers.end - 1) * stride + behind).min(frames - 1);
                    assert!(window.frames.contains(&first) && window.frames.contains(&last));
                    assert_eq!(window.frames.start / stride + window.kept.start, at);
                    at = answers.end;
                }
                assert_eq!(at, config.units(frames));
            }
        }
        assert!(!config(20, 4).has_room());
    }
}
