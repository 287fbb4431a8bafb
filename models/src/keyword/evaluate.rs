//! What a keyword model gets right and wrong, on voices that it never heard.
//!
//! Three questions: which class a clip belongs to, whether a word in a stream is heard, and how often speech
//! without a word is taken for one. Nothing here chooses anything: thresholds come with the model.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::data::{Judged, NONE, Recording};
use super::detect::{DetectionRule, detect};
use super::model::KeywordModel;
use super::score::{ScoreError, Scored, Scoring, Surroundings, calibrated, score_all};

/// What an evaluation found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Clips of a word or about a word's length, sorted into classes.
    pub clips: Confusion,
    /// Keywords within a stream of their own background.
    pub stream: StreamRecall,
    /// Speech without a keyword, where there is some.
    pub false_alarms: Vec<FalseAlarms>,
}

/// What a model makes of recordings that it never heard.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Keywords, then other clips, in the order of [`Judged`].
    pub clips: Vec<Scored>,
    /// Keywords within a stream of their own background.
    pub streams: Vec<Scored>,
    sentences: Vec<Scored>,
    synthetic: Vec<Scored>,
}

impl Heard {
    /// Lets `model` hear recordings, on so many threads.
    ///
    /// # Errors
    /// [`ScoreError`] names the recording that cannot be used.
    pub fn by(model: &KeywordModel, judged: &Judged, threads: usize) -> Result<Self, ScoreError> {
        let bare = Scoring {
            model,
            around: Surroundings::Bare,
            threads,
        };
        let stream = Scoring {
            around: Surroundings::Stream,
            ..bare
        };
        let own = |recording: &Recording| Ok(recording.clone());
        let mut clips = score_all(bare, &judged.keywords, own)?;
        clips.extend(score_all(bare, &judged.others, own)?);
        Ok(Self {
            clips,
            streams: score_all(stream, &judged.keywords, own)?,
            sentences: score_all(bare, &judged.sentences, own)?,
            synthetic: score_all(bare, &judged.synthetic, |example| Recording::read(example, NONE))?,
        })
    }

    /// Counts what `model`, whose scores these are, gets right.
    pub fn evaluation(&self, model: &KeywordModel) -> Evaluation {
        let (labels, rule, temperature) = (model.labels(), model.rule(), model.card().model.temperature);
        let sets = [
            ("speech of kept voices", &self.sentences),
            ("synthetic speech of other voices", &self.synthetic),
        ];
        let sets = sets.into_iter().filter(|(_, scored)| !scored.is_empty());
        Evaluation {
            clips: Confusion::count(labels, &self.clips),
            stream: StreamRecall::count(labels, &self.streams, temperature, rule),
            false_alarms: sets
                .map(|(set, scored)| FalseAlarms::count((set, labels), scored, temperature, rule))
                .collect(),
        }
    }
}

/// Classes found against classes spoken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    /// Names of the classes.
    pub labels: Vec<String>,
    /// `counts[spoken][found]`.
    pub counts: Vec<Vec<u64>>,
}

impl Confusion {
    /// Sorts each clip into the class with the highest mean log-probability over its windows.
    pub fn count(labels: &[String], clips: &[Scored]) -> Self {
        let classes = labels.len();
        let found = |clip: &Scored| {
            let mut sums = vec![0.0_f32; classes];
            for row in clip.log_probabilities.chunks_exact(classes) {
                sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
            }
            let best = (0..classes).max_by(|&a, &b| sums[a].total_cmp(&sums[b]));
            (clip.class, best.unwrap_or(0))
        };
        Self::of(labels, clips.iter().map(found))
    }

    /// Counts pairs of the class spoken and the class found.
    pub fn of(labels: &[String], pairs: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut counts = vec![vec![0; labels.len()]; labels.len()];
        for (spoken, found) in pairs {
            counts[spoken][found] += 1;
        }
        Self {
            labels: labels.to_vec(),
            counts,
        }
    }

    /// Returns the number of clips.
    pub fn total(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// Returns the share of clips in their own class; NaN without clips.
    pub fn accuracy(&self) -> f64 {
        let right: u64 = (0..self.labels.len())
            .map(|class| self.counts[class][class])
            .sum();
        right as f64 / self.total() as f64
    }

    /// Returns the share of the clips of `class` that were found; NaN without such clips.
    pub fn recall(&self, class: usize) -> f64 {
        self.counts[class][class] as f64 / self.counts[class].iter().sum::<u64>() as f64
    }

    /// Returns the mean, over the classes spoken or found, of the harmonic mean of precision and recall.
    pub fn macro_f1(&self) -> f64 {
        let f1 = |class: usize| {
            let spoken: u64 = self.counts[class].iter().sum();
            let found: u64 = self.counts.iter().map(|row| row[class]).sum();
            (spoken + found > 0).then(|| 2.0 * self.counts[class][class] as f64 / (spoken + found) as f64)
        };
        let scores: Vec<f64> = (0..self.labels.len()).filter_map(f1).collect();
        scores.iter().sum::<f64>() / scores.len() as f64
    }
}

impl fmt::Display for Confusion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.labels.iter().map(String::len).max().unwrap_or(0);
        write!(out, "{:width$}", "spoken")?;
        self.labels
            .iter()
            .try_for_each(|label| write!(out, "  {label:>width$}"))?;
        writeln!(out, "  recall")?;
        for (class, label) in self.labels.iter().enumerate() {
            write!(out, "{label:width$}")?;
            self.counts[class]
                .iter()
                .try_for_each(|count| write!(out, "  {count:>width$}"))?;
            writeln!(out, "  {:5.1} %", 100.0 * self.recall(class))?;
        }
        write!(
            out,
            "accuracy {:.2} % of {} clips, macro-F1 {:.4}",
            100.0 * self.accuracy(),
            self.total(),
            self.macro_f1()
        )
    }
}

/// Keywords heard in a stream at the model's threshold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StreamRecall {
    /// Lowest score that counts.
    pub threshold: f32,
    /// Names of the classes.
    pub labels: Vec<String>,
    /// Keywords spoken, by class.
    pub spoken: Vec<u64>,
    /// Of these, heard as what they are and as nothing else.
    pub heard: Vec<u64>,
    /// Of these, heard as another keyword, alone or as well.
    pub mistaken: Vec<u64>,
}

impl StreamRecall {
    /// Counts what `rule` hears in each stream.
    pub fn count(labels: &[String], streams: &[Scored], temperature: f32, rule: DetectionRule) -> Self {
        let zeros = vec![0; labels.len()];
        let (mut spoken, mut heard, mut mistaken) = (zeros.clone(), zeros.clone(), zeros);
        for stream in streams {
            let probabilities = calibrated(&stream.log_probabilities, labels.len(), temperature);
            let detections = detect(&probabilities, labels.len(), rule);
            spoken[stream.class] += 1;
            if detections.iter().any(|detection| detection.class != stream.class) {
                mistaken[stream.class] += 1;
            } else if !detections.is_empty() {
                heard[stream.class] += 1;
            }
        }
        Self {
            threshold: rule.threshold,
            labels: labels.to_vec(),
            spoken,
            heard,
            mistaken,
        }
    }

    /// Returns the share of keywords that were heard; NaN without any.
    pub fn recall(&self) -> f64 {
        self.heard.iter().sum::<u64>() as f64 / self.spoken.iter().sum::<u64>() as f64
    }
}

impl fmt::Display for StreamRecall {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (heard, spoken) = (self.heard.iter().sum::<u64>(), self.spoken.iter().sum::<u64>());
        let mistaken = self.mistaken.iter().sum::<u64>();
        let recall = 100.0 * self.recall();
        write!(
            out,
            "{heard} of {spoken} keywords heard ({recall:.1} %) at threshold {:.2}, ",
            self.threshold
        )?;
        write!(out, "{mistaken} mistaken for another")
    }
}

/// Keywords heard where none was spoken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FalseAlarms {
    /// What was listened to.
    pub set: String,
    /// Hours of it.
    pub hours: f64,
    /// False alarms.
    pub alarms: u64,
    /// False alarms per hour.
    pub per_hour: f64,
    /// Rate per hour that the true one does not exceed with 95 % confidence.
    pub per_hour_upper_95: f64,
}

impl FalseAlarms {
    /// Counts what `rule` hears in recordings without a keyword.
    pub fn count(
        (set, labels): (&str, &[String]),
        recordings: &[Scored],
        temperature: f32,
        rule: DetectionRule,
    ) -> Self {
        let alarms_of = |recording: &Scored| {
            let classes = labels.len();
            detect(
                &calibrated(&recording.log_probabilities, classes, temperature),
                classes,
                rule,
            )
            .len() as u64
        };
        let alarms = recordings.iter().map(alarms_of).sum();
        let hours = recordings.iter().map(|recording| recording.seconds).sum::<f64>() / 3600.0;
        Self {
            set: set.to_owned(),
            hours,
            alarms,
            per_hour: alarms as f64 / hours,
            per_hour_upper_95: poisson_upper_95(alarms) / hours,
        }
    }
}

impl fmt::Display for FalseAlarms {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            set,
            hours,
            alarms,
            per_hour,
            per_hour_upper_95,
        } = self;
        write!(
            out,
            "{set}: {alarms} false alarms in {hours:.2} h, {per_hour:.2} per hour "
        )?;
        write!(out, "(95 % bound {per_hour_upper_95:.2})")
    }
}

impl fmt::Display for Evaluation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}\n\n{}", self.clips, self.stream)?;
        self.false_alarms
            .iter()
            .try_for_each(|alarms| writeln!(out, "{alarms}"))
    }
}

/// Returns the mean of a Poisson distribution that gives `count` or fewer events in one case of twenty.
///
/// # Source
/// Garwood, "Fiducial limits for the Poisson distribution", 1936, found by bisection.
pub fn poisson_upper_95(count: u64) -> f64 {
    let at_most = |mean: f64| {
        let mut term = (-mean).exp();
        let mut sum = term;
        for event in 1..=count {
            term *= mean / event as f64;
            sum += term;
        }
        sum
    };
    let (mut low, mut high) = (count as f64, count as f64 * 2.0 + 10.0);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if at_most(middle) > 0.05 {
            low = middle
        } else {
            high = middle
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Vec<String> {
        (0..7).map(|class| format!("word {class}")).collect()
    }

    /// A recording whose windows are sure of the classes named.
    fn scored(class: usize, windows: &[usize]) -> Scored {
        let log_probability = |found: usize, class: usize| if class == found { -0.001 } else { -9.0 };
        let row = |found: &usize| {
            (0..7)
                .map(|class| log_probability(*found, class))
                .collect::<Vec<f32>>()
        };
        Scored {
            class,
            seconds: 1.0,
            log_probabilities: windows.iter().flat_map(row).collect(),
        }
    }

    #[test]
    fn the_poisson_bound_agrees_with_the_table() {
        // One-sided 95 % limits, Garwood 1936, table 1.
        for (count, expected) in [(0, 2.996), (1, 4.744), (2, 6.296), (5, 10.513), (10, 16.962)] {
            assert!((poisson_upper_95(count) - expected).abs() < 1e-3, "{count}");
        }
    }

    #[test]
    fn accuracy_recall_and_macro_f1_follow_their_definitions() {
        let confusion = Confusion {
            labels: vec!["a".to_owned(), "b".to_owned()],
            counts: vec![vec![8, 2], vec![1, 9]],
        };
        assert!((confusion.accuracy() - 0.85).abs() < 1e-12);
        assert!((confusion.recall(0) - 0.8).abs() < 1e-12);
        let f1 = (2.0 * 8.0 / 19.0 + 2.0 * 9.0 / 21.0) / 2.0;
        assert!((confusion.macro_f1() - f1).abs() < 1e-12);
    }

    #[test]
    fn streams_are_heard_missed_or_mistaken() {
        let rule = DetectionRule {
            threshold: 0.8,
            smooth_windows: 1,
            refractory_windows: 5,
        };
        let streams = [scored(1, &[0, 1, 1]), scored(2, &[0, 0]), scored(3, &[0, 4, 0])];
        let recall = StreamRecall::count(&labels(), &streams, 1.0, rule);
        assert_eq!((recall.heard[1], recall.heard[2], recall.heard[3]), (1, 0, 0));
        assert_eq!(recall.mistaken[3], 1);
        assert!((recall.recall() - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn false_alarms_are_counted_per_hour() {
        let rule = DetectionRule {
            threshold: 0.8,
            smooth_windows: 1,
            refractory_windows: 0,
        };
        let alarms = FalseAlarms::count(
            ("noise", &labels()),
            &[scored(0, &[0, 2, 0]), scored(0, &[0, 0])],
            1.0,
            rule,
        );
        assert_eq!(alarms.alarms, 1);
        assert!((alarms.per_hour - 1800.0).abs() < 1e-6);
    }
}
