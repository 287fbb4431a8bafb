//! Windows of a fixed number of frames, cut out of a spectrogram of any length.

/// How a spectrogram is cut into windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windowing {
    /// Mel bins per frame.
    pub bins: usize,
    /// Frames per window.
    pub window_frames: usize,
    /// Frames from the start of one window to the next.
    pub hop_frames: usize,
}

impl Windowing {
    /// Returns how many windows `frames` frames give: at least one, unless there is no frame at all.
    pub fn windows(&self, frames: usize) -> usize {
        match frames {
            0 => 0,
            _ => {
                1 + frames
                    .saturating_sub(self.window_frames)
                    .div_ceil(self.hop_frames.max(1))
            }
        }
    }

    /// Returns the first frame of window `index`: the last window ends with the last frame.
    pub fn start(&self, frames: usize, index: usize) -> usize {
        (index * self.hop_frames).min(frames.saturating_sub(self.window_frames))
    }

    /// Writes all windows of a spectrogram into `out`, one after the other.
    ///
    /// A spectrogram shorter than a window stands in its middle; see [`pad`] for what is around it.
    ///
    /// # Shapes
    /// `spectrogram`: `[frames, bins]`; `out`: `[windows(frames), window_frames, bins]`.
    ///
    /// # Panics
    /// If `out` has another length.
    pub fn cut(&self, spectrogram: &[f32], out: &mut [f32]) {
        let frames = spectrogram.len() / self.bins;
        let window_values = self.window_frames * self.bins;
        assert_eq!(
            out.len(),
            self.windows(frames) * window_values,
            "one slot per window"
        );
        if frames < self.window_frames {
            if frames > 0 {
                pad(spectrogram, self.bins, (self.window_frames - frames) / 2, out);
            }
            return;
        }
        for (index, window) in out.chunks_exact_mut(window_values).enumerate() {
            let start = self.start(frames, index) * self.bins;
            window.copy_from_slice(&spectrogram[start..start + window_values]);
        }
    }
}

/// Puts a short spectrogram into `window`, after `before` frames of its own background.
///
/// The background is the mean, bin by bin, of the quietest tenth of the frames: a word cut close keeps the noise it
/// was recorded in.
///
/// # Shapes
/// `spectrogram`: `[frames, bins]`, at least one frame; `window`: `[window_frames, bins]`,
/// `window_frames >= before + frames`.
pub fn pad(spectrogram: &[f32], bins: usize, before: usize, window: &mut [f32]) {
    let frames = spectrogram.len() / bins;
    let quiet_count = (frames / 10).max(1);
    let loudness = |frame: &[f32]| frame.iter().sum::<f32>();
    // The window has room for what is needed on the way, so that nothing is allocated.
    let loudnesses = &mut window[..frames];
    let all = loudnesses.iter_mut().zip(spectrogram.chunks_exact(bins));
    all.for_each(|(to, frame)| *to = loudness(frame));
    let (_, loudest, _) = loudnesses.select_nth_unstable_by(quiet_count - 1, f32::total_cmp);
    let loudest = *loudest;
    let quieter = |frame: &&[f32]| loudness(frame).total_cmp(&loudest);
    let below = spectrogram
        .chunks_exact(bins)
        .filter(|frame| quieter(frame).is_lt());
    // Of equally loud frames the first are taken.
    let equal = spectrogram
        .chunks_exact(bins)
        .filter(|frame| quieter(frame).is_eq());
    let background = &mut window[..bins];
    background.fill(0.0);
    for frame in below.chain(equal).take(quiet_count) {
        background
            .iter_mut()
            .zip(frame)
            .for_each(|(sum, value)| *sum += value);
    }
    background.iter_mut().for_each(|sum| *sum /= quiet_count as f32);
    for frame in 1..window.len() / bins {
        window.copy_within(..bins, frame * bins);
    }
    window[before * bins..(before + frames) * bins].copy_from_slice(spectrogram);
}

/// Takes each bin's mean over the window away.
///
/// The keyword net does so itself; its program, which knows no mean over rows taken from rows, needs it done before.
///
/// # Shapes
/// `window`: `[frames, bins]`.
pub fn remove_level(window: &mut [f32], bins: usize) {
    /// Bins that are summed up side by side.
    const WIDE: usize = 16;
    let frames = window.len() / bins.max(1);
    for first in (0..bins).step_by(WIDE) {
        let last = bins.min(first + WIDE);
        let mut means = [0.0; WIDE];
        for frame in window.chunks_exact(bins) {
            for (mean, value) in means.iter_mut().zip(&frame[first..last]) {
                *mean += value;
            }
        }
        means.iter_mut().for_each(|mean| *mean /= frames as f32);
        for frame in window.chunks_exact_mut(bins) {
            for (value, mean) in frame[first..last].iter_mut().zip(&means) {
                *value -= mean;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_its_level_each_bin_has_mean_zero() {
        let mut window = [1.0, 10.0, 2.0, 20.0, 6.0, 60.0];
        remove_level(&mut window, 2);
        assert_eq!(window.as_slice(), [-2.0, -20.0, -1.0, -10.0, 3.0, 30.0]);
        let mut wide: Vec<f32> = (0..3 * 37_u16).map(|value| f32::from(value * 7 % 11)).collect();
        remove_level(&mut wide, 37);
        for bin in 0..37 {
            let sum: f32 = wide.iter().skip(bin).step_by(37).sum();
            assert!(sum.abs() < 1e-5, "{bin}: {sum}");
        }
    }

    const WINDOWING: Windowing = Windowing {
        bins: 2,
        window_frames: 4,
        hop_frames: 3,
    };

    fn check(frames: usize, expected_starts: &[f32]) {
        let spectrogram: Vec<f32> = (0..frames * 2).map(|value| (value / 2) as f32).collect();
        let mut out = vec![0.0; WINDOWING.windows(frames) * 8];
        WINDOWING.cut(&spectrogram, &mut out);
        let starts: Vec<f32> = out.chunks_exact(8).map(|window| window[0]).collect();
        assert_eq!(starts, expected_starts);
    }

    #[test]
    fn windows_cover_every_frame_and_the_last_ends_with_the_last() {
        check(0, &[]);
        check(4, &[0.0]);
        check(5, &[0.0, 1.0]);
        check(7, &[0.0, 3.0]);
        check(8, &[0.0, 3.0, 4.0]);
    }

    #[test]
    fn a_short_spectrogram_stands_in_the_middle_of_its_quietest_frames() {
        let mut out = vec![9.0; 8];
        WINDOWING.cut(&[5.0, 5.0, 1.0, 2.0], &mut out);
        assert_eq!(out, [1.0, 2.0, 5.0, 5.0, 1.0, 2.0, 1.0, 2.0]);
    }
}
