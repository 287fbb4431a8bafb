//! Training examples drawn on the fly: a window of sound, disturbed, and the class it belongs to.
//!
//! An example is a pure function of corpus, seed, epoch and place in the epoch, so a resumed training hears the
//! same sounds. Keywords and everything else pass through the same disturbances and the same padding: nothing but
//! the word tells the classes apart.

#![allow(
    clippy::cast_possible_truncation,
    reason = "places in a sound are computed in floating point and cut to whole samples"
)]

use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::augment::{self, Reverberator, Room};
use super::data::{Corpus, NONE, RATE_HZ, Recording};
use super::window;
use crate::audio::{LogMel, LogMelError};
use crate::train::Place;

/// Silence or room noise that each recording keeps around the word, in samples.
const MARGIN_SAMPLES: usize = RATE_HZ as usize * 15 / 100;

/// Length that a window and the tail of a room do not exceed together, in samples.
const SCENE_SAMPLES_MAX: usize = 32_768;

/// Longest tail of a room, in seconds.
const ROOM_DECAY_S_MAX: f32 = 0.4;

/// Shortest and longest stretch cut out of a sentence, in samples.
const CUT_SAMPLES: std::ops::RangeInclusive<usize> = 8_000..=25_600;

/// How many examples an epoch has of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Diet {
    /// Times that each real keyword is heard per epoch.
    pub keyword_passes: usize,
    /// Keywords and near misses by speech engines per epoch.
    pub synthetic_keywords: usize,
    /// Examples of `none` per epoch.
    pub none: usize,
}

/// How often, or how strongly, a sound is disturbed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Disturbance {
    /// How much faster or slower it is played at most, as a share.
    pub speed: f32,
    /// Chance of the echo of a room.
    pub room: f64,
    /// Chance of noise behind it.
    pub noise: f64,
    /// Chance of other talkers behind it.
    pub talkers: f64,
    /// Chance that bands and stretches of its window are blanked.
    pub masks: f64,
}

impl Disturbance {
    /// What the committed weights were trained with.
    pub fn standard() -> Self {
        Self {
            speed: 0.12,
            room: 0.25,
            noise: 0.75,
            talkers: 0.12,
            masks: 0.5,
        }
    }
}

/// Where an example comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// A real keyword, by its index.
    Keyword(usize),
    /// A keyword or near miss by a speech engine, by its index.
    SyntheticKeyword(usize),
    /// Something without a keyword.
    None,
}

/// Draws the examples of a corpus.
///
/// The number of an example says its position in the epoch and where it comes from.
#[derive(Clone)]
pub struct Drawer {
    corpus: Arc<Corpus>,
    diet: Diet,
    disturbance: Disturbance,
    reverberator: Reverberator,
}

impl Drawer {
    /// Returns a drawer of examples from `corpus`.
    pub fn new(corpus: Arc<Corpus>, diet: Diet, disturbance: Disturbance) -> Self {
        Self {
            corpus,
            diet,
            disturbance,
            reverberator: Reverberator::new(SCENE_SAMPLES_MAX),
        }
    }

    /// Returns the number of examples in an epoch.
    pub fn epoch_length(&self) -> usize {
        self.corpus.keywords.len() * self.diet.keyword_passes + self.synthetic_keywords() + self.diet.none
    }

    /// Returns the numbers of the examples of one epoch in random order; equal arguments give equal ones.
    pub fn epoch(&self, seed: u64, epoch: usize) -> Vec<usize> {
        let mut random = random(seed, epoch, usize::MAX);
        let mut sources: Vec<Source> = Vec::with_capacity(self.epoch_length());
        for _ in 0..self.diet.keyword_passes {
            sources.extend((0..self.corpus.keywords.len()).map(Source::Keyword));
        }
        let synthetic = self.corpus.synthetic_keywords.len();
        let draw = |random: &mut ChaCha8Rng| Source::SyntheticKeyword(random.random_range(0..synthetic));
        sources.extend((0..self.synthetic_keywords()).map(|_| draw(&mut random)));
        sources.extend(std::iter::repeat_n(Source::None, self.diet.none));
        for place in (1..sources.len()).rev() {
            sources.swap(place, random.random_range(0..=place));
        }
        let numbered = sources.into_iter().enumerate();
        numbered
            .map(|(position, source)| self.number(position, source))
            .collect()
    }

    /// Returns the position in its epoch of an example.
    pub fn position(&self, number: usize) -> usize {
        number / self.sources()
    }

    /// Writes the log-mel window of one example into `window` and returns its class.
    ///
    /// # Shapes
    /// `window`: `[window_frames, bins]`.
    ///
    /// # Errors
    /// [`LogMelError`] if `window` does not hold whole frames.
    pub fn example(&self, at: Place, log_mel: &mut LogMel, window: &mut [f32]) -> Result<usize, LogMelError> {
        let mut random = random(at.seed, at.epoch, self.position(at.index));
        let bins = log_mel.config().bins;
        let length = log_mel.config().samples(window.len() / bins);
        let (class, sound) = self.sound(self.source(at.index), &mut random);
        let sound = self.speed(sound, &mut random);
        let sound = self.in_context(sound, length, &mut random);
        let level = augment::rms(&sound);
        let bare = random.random_bool(0.3) && sound.len() < length;
        let mut scene = if bare {
            sound
        } else {
            place(&sound, length, &mut random)
        };
        self.disturb(&mut scene, level, &mut random);
        let spectrogram = log_mel.spectrogram(&scene)?;
        let room = (window.len() - spectrogram.len()) / bins;
        window::pad(&spectrogram, bins, random.random_range(0..=room), window);
        if random.random_bool(self.disturbance.masks) {
            augment::spec_augment(window, bins, &mut random);
        }
        Ok(class)
    }

    /// How many sources there are: each keyword, each synthetic one, and everything else.
    fn sources(&self) -> usize {
        self.corpus.keywords.len() + self.corpus.synthetic_keywords.len() + 1
    }

    fn number(&self, position: usize, source: Source) -> usize {
        let keywords = self.corpus.keywords.len();
        let source = match source {
            Source::Keyword(index) => index,
            Source::SyntheticKeyword(index) => keywords + index,
            Source::None => self.sources() - 1,
        };
        position * self.sources() + source
    }

    fn source(&self, number: usize) -> Source {
        let (keywords, source) = (self.corpus.keywords.len(), number % self.sources());
        match source.checked_sub(keywords) {
            None => Source::Keyword(source),
            Some(index) if index < self.corpus.synthetic_keywords.len() => Source::SyntheticKeyword(index),
            Some(_) => Source::None,
        }
    }

    fn synthetic_keywords(&self) -> usize {
        if self.corpus.synthetic_keywords.is_empty() {
            0
        } else {
            self.diet.synthetic_keywords
        }
    }

    fn speed(&self, sound: Vec<f32>, random: &mut ChaCha8Rng) -> Vec<f32> {
        let change = self.disturbance.speed;
        match change > 0.0 {
            true => augment::speed(&sound, random.random_range(1.0 - change..1.0 + change)),
            false => sound,
        }
    }

    fn sound(&self, source: Source, random: &mut ChaCha8Rng) -> (usize, Vec<f32>) {
        let whole = |recording: &Recording| (recording.class, recording.to_f32());
        match source {
            Source::Keyword(index) => whole(&self.corpus.keywords[index]),
            Source::SyntheticKeyword(index) => whole(&self.corpus.synthetic_keywords[index]),
            Source::None => (NONE, self.other(random)),
        }
    }

    /// Returns a sound without a keyword: speech, other words, pieces of keywords, noise or silence. Pieces stand for what
    /// the corpus does not have.
    fn other(&self, random: &mut ChaCha8Rng) -> Vec<f32> {
        let corpus = &*self.corpus;
        let (sentences, talk) = (&corpus.sentences, self.talk());
        match random.random_range(0..100) {
            0..22 if !sentences.is_empty() => cut(sentences, random),
            22..50 if !talk.is_empty() => cut(talk, random),
            50..62 if !corpus.words.is_empty() => self.words(random),
            0..90 => self.pieces(random),
            90..97 => self.noise(*CUT_SAMPLES.end(), random),
            _ => vec![0.0; *CUT_SAMPLES.start()],
        }
    }

    /// Sentences by speech engines where there are any, else real ones, if there are any.
    fn talk(&self) -> &[Recording] {
        match self.corpus.synthetic_sentences.is_empty() {
            true => &self.corpus.sentences,
            false => &self.corpus.synthetic_sentences,
        }
    }

    fn words(&self, random: &mut ChaCha8Rng) -> Vec<f32> {
        let count = random.random_range(1..=2);
        (0..count)
            .flat_map(|_| choose(&self.corpus.words, random).to_f32())
            .collect()
    }

    /// Returns a part of a keyword, two parts of different ones, or one backwards: the net must wait for the word.
    fn pieces(&self, random: &mut ChaCha8Rng) -> Vec<f32> {
        let first = choose(&self.corpus.keywords, random);
        let word = first.to_f32();
        match random.random_range(0..10) {
            0..4 => head(&word, random),
            4..7 => tail(&word, random),
            7..9 => {
                let second = choose(&self.corpus.keywords, random);
                let mut joined = head(&word, random);
                // A head followed by the tail of the same word would be that word again.
                let rest = if second.class == first.class { head } else { tail };
                joined.extend(rest(&second.to_f32(), random));
                joined
            }
            _ => word.into_iter().rev().collect(),
        }
    }

    /// Now and then lets other speech stand before and after the sound, as in a running sentence.
    fn in_context(&self, sound: Vec<f32>, length: usize, random: &mut ChaCha8Rng) -> Vec<f32> {
        if !random.random_bool(0.15) || sound.len() + 3_200 > length || self.talk().is_empty() {
            return sound;
        }
        let room = length - sound.len();
        let level = augment::rms(&sound).max(1e-4);
        let mut speech = |samples: usize| {
            let mut speech = cut(self.talk(), random);
            speech.truncate(samples);
            let scale =
                level * augment::amplitude(random.random_range(-8.0..4.0)) / augment::rms(&speech).max(1e-4);
            speech.iter_mut().for_each(|sample| *sample *= scale);
            speech
        };
        let (mut scene, after) = (speech(room / 2), speech(room - room / 2));
        scene.extend(sound);
        scene.extend(after);
        scene
    }

    /// Room, microphone, level and background.
    fn disturb(&self, scene: &mut [f32], level: f32, random: &mut ChaCha8Rng) {
        let rate_hz = RATE_HZ as f32;
        if random.random_bool(self.disturbance.room) {
            let level = augment::amplitude(random.random_range(-18.0..-2.0));
            let room = Room {
                decay_s: random.random_range(0.08..ROOM_DECAY_S_MAX),
                level,
                rate_hz,
            };
            self.reverberator.add(scene, room, random);
        }
        if random.random_bool(0.6) {
            augment::colour(scene, random.random_range(-0.6..0.6));
        }
        if random.random_bool(0.15) {
            augment::low_pass(scene, random.random_range(3_300.0..7_000.0), rate_hz);
        }
        if random.random_bool(self.disturbance.noise) {
            let noise = self.noise(scene.len(), random);
            augment::mix(scene, &noise, level.max(1e-4), random.random_range(3.0..35.0));
        }
        if random.random_bool(self.disturbance.talkers) && !self.talk().is_empty() {
            let mut babble = cut(self.talk(), random);
            babble.resize(scene.len(), 0.0);
            augment::mix(scene, &babble, level.max(1e-4), random.random_range(8.0..25.0));
        }
        let loudness = augment::amplitude(random.random_range(-48.0..-12.0)) / augment::rms(scene).max(1e-5);
        let loudness = if level < 1e-5 { 1.0 } else { loudness };
        scene
            .iter_mut()
            .for_each(|sample| *sample = (*sample * loudness).clamp(-1.0, 1.0));
    }

    fn noise(&self, length: usize, random: &mut ChaCha8Rng) -> Vec<f32> {
        match random.random_range(0..10) {
            0..3 => augment::white_noise(length, random),
            3..6 => augment::brown_noise(length, random),
            6.. if self.corpus.noise.is_empty() => augment::brown_noise(length, random),
            _ => {
                let recording = choose(&self.corpus.noise, random);
                let start = random.random_range(0..recording.samples.len().saturating_sub(length).max(1));
                let samples = recording.samples[start..].iter().cycle().take(length);
                samples.map(|sample| f32::from(*sample) / 32_768.0).collect()
            }
        }
    }
}

fn random(seed: u64, epoch: usize, position: usize) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream((epoch as u64) << 32 | (position as u64 & 0xFFFF_FFFF));
    random
}

fn choose<'a>(recordings: &'a [Recording], random: &mut ChaCha8Rng) -> &'a Recording {
    &recordings[random.random_range(0..recordings.len())]
}

/// Returns a random stretch of a random recording.
fn cut(recordings: &[Recording], random: &mut ChaCha8Rng) -> Vec<f32> {
    let samples = &choose(recordings, random).samples;
    let length = random.random_range(CUT_SAMPLES).min(samples.len());
    let start = random.random_range(0..=samples.len() - length);
    super::data::to_f32(&samples[start..start + length])
}

/// Returns at most the first 55 % of a word, with the margin before it.
fn head(word: &[f32], random: &mut ChaCha8Rng) -> Vec<f32> {
    let spoken = word.len().saturating_sub(2 * MARGIN_SAMPLES) as f32;
    let end = MARGIN_SAMPLES + (spoken * random.random_range(0.2..0.55)) as usize;
    word[..end.min(word.len())].to_vec()
}

/// Returns at most the last 55 % of a word, with the margin after it.
fn tail(word: &[f32], random: &mut ChaCha8Rng) -> Vec<f32> {
    let spoken = word.len().saturating_sub(2 * MARGIN_SAMPLES) as f32;
    let length = MARGIN_SAMPLES + (spoken * random.random_range(0.2..0.55)) as usize;
    word[word.len().saturating_sub(length)..].to_vec()
}

/// Puts a sound somewhere in a window of `length` samples, filled up in one of the ways a recording may go on.
fn place(sound: &[f32], length: usize, random: &mut ChaCha8Rng) -> Vec<f32> {
    if sound.len() >= length {
        let start = random.random_range(0..=sound.len() - length);
        return sound[start..start + length].to_vec();
    }
    let room = length - sound.len();
    // A sound cut off by the edge of the window is as likely as one in the middle.
    let before = match random.random_range(0..6) {
        0 => 0,
        1 => room,
        _ => random.random_range(0..=room),
    };
    let mut scene = vec![0.0; length];
    scene[before..before + sound.len()].copy_from_slice(sound);
    if random.random_bool(0.6) {
        continue_edges(&mut scene, before, before + sound.len());
    }
    scene
}

/// Fills what lies before `start` and after `end` with the sound's own first and last tenth of a second, mirrored
/// to and fro.
fn continue_edges(scene: &mut [f32], start: usize, end: usize) {
    let edge = (RATE_HZ as usize / 10).min((end - start) / 2).max(1);
    let mirror = |distance: usize| {
        let place = distance % (2 * edge);
        if place < edge { place } else { 2 * edge - 1 - place }
    };
    for index in 0..start {
        scene[index] = scene[start + mirror(start - 1 - index)];
    }
    for index in end..scene.len() {
        scene[index] = scene[end - 1 - mirror(index - end)];
    }
}
