use motet_models::text::{Hashing, Splitting};
use motet_models::train::state::TrainState;
use motet_models::train::*;
use motet_models::utterance::corpus::*;
use motet_models::utterance::learner::*;
use motet_models::utterance::*;
use std::time::{Duration, Instant};
struct W(Instant);
impl Observer for W {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
    fn step(&mut self, p: &Progress) -> bool {
        if p.step % 50 == 0 {
            eprintln!(
                "{:?} {}/{} loss {:.3} acc {:.3} {:?}",
                p.epoch,
                p.step,
                p.steps,
                p.loss,
                p.accuracy,
                self.0.elapsed()
            );
        }
        false
    }
    fn epoch(&mut self, _p: &Progress, r: &EpochRecord) {
        eprintln!("{r:?} {:?}", self.0.elapsed());
    }
    fn is_due(&self) -> bool {
        false
    }
    fn keep(&mut self, _s: &TrainState) -> Result<(), TrainError> {
        Ok(())
    }
}
fn main() {
    let set = std::env::args().nth(1).unwrap();
    let epochs: usize = std::env::args().nth(2).unwrap().parse().unwrap();
    let shards: usize = std::env::args().nth(3).unwrap().parse().unwrap();
    let read = |part: &str| -> Vec<serde_json::Value> {
        std::fs::read_to_string(format!("../shared/data/{set}/{part}.jsonl"))
            .unwrap()
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect()
    };
    let (tr, va) = (read("train"), read("valid"));
    let snips = set == "snips";
    let mut intents: Vec<String> = tr
        .iter()
        .map(|r| r["intent"].as_str().unwrap().to_owned())
        .collect();
    intents.sort();
    intents.dedup();
    let mut kinds: Vec<String> = if snips {
        tr.iter()
            .flat_map(|r| {
                r["slots"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter_map(|t| t.as_str().unwrap().strip_prefix("B-").map(str::to_owned))
            })
            .collect()
    } else {
        vec![]
    };
    kinds.sort();
    kinds.dedup();
    let mut tags = vec![];
    if snips {
        tags.push("O".to_owned());
        for k in &kinds {
            tags.push(format!("B-{k}"));
            tags.push(format!("I-{k}"));
        }
    }
    let labels = Labels {
        out_of_scope: intents.iter().position(|i| i == "oos"),
        intents,
        tags,
    };
    let conv = |r: &serde_json::Value| {
        let words: Vec<String> = if snips {
            r["tokens"]
                .as_array()
                .unwrap()
                .iter()
                .map(|t| t.as_str().unwrap().to_owned())
                .collect()
        } else {
            let t = r["text"].as_str().unwrap();
            motet_models::text::split(t, Splitting::Marks)
                .into_iter()
                .map(|x| t[x].to_owned())
                .collect()
        };
        Utterance {
            words,
            intent: labels
                .intents
                .iter()
                .position(|i| i == r["intent"].as_str().unwrap()),
            tags: snips.then(|| {
                r["slots"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|t| {
                        labels
                            .tags
                            .iter()
                            .position(|x| x == t.as_str().unwrap())
                            .unwrap_or(0)
                    })
                    .collect()
            }),
            taught: None,
        }
    };
    let (tr, va): (Vec<_>, Vec<_>) = (tr.iter().map(conv).collect(), va.iter().map(conv).collect());
    let config = UtteranceConfig {
        splitting: Splitting::Blanks,
        hashing: Hashing {
            rows: 16384,
            per_word: 32,
            prefix_max: 3,
            suffix_max: 4,
            piece_min: 3,
            piece_max: 4,
        },
        words_max: 64,
        embedding: 64,
        width: if snips { 160 } else { 128 },
        dilations: vec![1, 2, 4],
        heads: if snips { 4 } else { 0 },
        gram_rows: if snips { 0 } else { 4096 },
        intents: labels.intents.clone(),
        tags: labels.tags.clone(),
        out_of_scope: labels.out_of_scope.map(|_| "oos".to_owned()),
    };
    let n: usize = {
        use motet_models::net::NetConfig;
        IntentConfig(config.clone())
            .tensors()
            .iter()
            .map(|t| t.count())
            .sum()
    };
    eprintln!("{n} parameters");
    let lesson = Lesson {
        batch: 64,
        dropout: 0.3,
        word_dropout: 0.12,
        gram_dropout: 0.3,
        substitution: if snips { [0.7, 0.3] } else { [0.0, 0.0] },
        label_smoothing: if snips { 0.05 } else { 0.1 },
        intent_weight: 1.0,
        tag_weight: 0.5,
        out_of_scope_repeats: 3,
        mixed_outliers: 0,
        teacher_weight: 0.0,
        teacher_temperature: 2.0,
    };
    let learner = UtteranceLearner::new(config, lesson, (tr, va), "".into());
    let options = TrainOptions {
        seed: 1,
        epochs,
        shards,
        learning_rate: 2e-3,
        warm_up: 0.08,
        weight_decay: 0.01,
        gradient_norm_max: 1.0,
        average_decay: 0.998,
        patience: 0,
        adaptation: Adaptation::default(),
    };
    let state = TrainState::begin(
        &learner,
        &Beginning {
            options,
            origin: "x".into(),
            weights: None,
            budget: None,
        },
    )
    .unwrap();
    train(&learner, state, None, &mut W(Instant::now())).unwrap();
}
