//! Trains the classical baselines on SNIPS and CLINC150 and prints what they get right, with the seconds they take.
//!
//!     cargo build --release --workspace --examples
//!     target/release/examples/baselines [FOLDER OF THE DATA SETS] [svm | crf]
//!
//! Each is trained on `train.jsonl` and judged on `valid.jsonl`. CLINC150's out-of-scope questions are not trained on.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "an example prints what it measures by the clock"
)]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use motet_models::baseline::{Crf, CrfOptions, LinearSvm, SvmOptions, TaggedSentence, TfIdf, top_margins};
use motet_models::metrics::{
    BootstrapOptions, ConfidenceInterval, ConfusionMatrix, Ranking, SeenSplit, SeenValues, SpanReport,
    bootstrap,
};
use serde::Deserialize;

const OUT_OF_SCOPE: &str = "oos";

#[derive(Deserialize)]
struct Question {
    text: String,
    intent: String,
}

#[derive(Deserialize)]
struct Utterance {
    intent: String,
    tokens: Vec<String>,
    slots: Vec<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let data = arguments.next().map_or(beside, PathBuf::from);
    let which = arguments.next();
    if which.as_deref() != Some("crf") {
        snips_intents(&data)?;
        clinc150(&data)?;
    }
    if which.as_deref() != Some("svm") {
        snips_slots(&data)?;
    }
    Ok(())
}

fn read<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<Vec<T>, Box<dyn Error>> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

/// A machine with its terms and the names of its classes.
struct Sorter {
    terms: TfIdf,
    machine: LinearSvm,
    intents: Vec<String>,
}

impl Sorter {
    fn fit(texts: &[&str], intents: &[&str]) -> Result<Self, Box<dyn Error>> {
        let started = Instant::now();
        let mut names: Vec<String> = intents.iter().map(|intent| (*intent).to_owned()).collect();
        names.sort();
        names.dedup();
        let labels: Vec<u32> = intents.iter().map(|intent| place(&names, intent)).collect();
        let terms = TfIdf::fit(texts);
        let options = SvmOptions {
            cost: 1.0,
            tolerance: 0.01,
            passes_max: 1_000,
            seed: 1,
        };
        let machine = LinearSvm::fit(&terms.rows(texts), &labels, names.len(), options)?;
        println!(
            "  {} texts, {} classes, {} columns: {:.1} s",
            texts.len(),
            names.len(),
            terms.columns(),
            started.elapsed().as_secs_f64()
        );
        Ok(Self {
            terms,
            machine,
            intents: names,
        })
    }

    fn tops(&self, texts: &[&str]) -> Result<Vec<(u32, f32)>, Box<dyn Error>> {
        let margins = self.machine.margins(&self.terms.rows(texts))?;
        Ok(top_margins(&margins, self.machine.classes()))
    }

    fn print_accuracy(&self, gold: &[&str], tops: &[(u32, f32)]) -> Result<(), Box<dyn Error>> {
        let gold: Vec<u32> = gold.iter().map(|intent| place(&self.intents, intent)).collect();
        let found: Vec<u32> = tops.iter().map(|top| top.0).collect();
        let matrix = ConfusionMatrix::count(self.intents.len(), &gold, &found)?;
        let options = BootstrapOptions {
            resamples: 2_000,
            confidence: 0.95,
            seed: 1,
        };
        let started = Instant::now();
        let interval = bootstrap(u32::try_from(gold.len())?, options, |places| {
            let right = places
                .iter()
                .filter(|p| gold[**p as usize] == found[**p as usize])
                .count();
            right as f64 / places.len() as f64
        });
        println!(
            "  accuracy {}, macro-F1 {:.4}",
            percent(interval),
            matrix.macro_f1()
        );
        println!(
            "  (2,000 draws of {}: {:.3} s)",
            gold.len(),
            started.elapsed().as_secs_f64()
        );
        Ok(())
    }
}

fn place(names: &[String], name: &str) -> u32 {
    let place = names.binary_search_by(|known| known.as_str().cmp(name));
    place.map_or(u32::MAX, |place| u32::try_from(place).unwrap_or(u32::MAX))
}

fn percent(interval: ConfidenceInterval) -> String {
    let ConfidenceInterval {
        estimate, low, high, ..
    } = interval;
    format!(
        "{:.2} % ({:.2} to {:.2})",
        100.0 * estimate,
        100.0 * low,
        100.0 * high
    )
}

fn snips_intents(data: &Path) -> Result<(), Box<dyn Error>> {
    println!("SNIPS intents, TF-IDF and linear SVM");
    let read = |split: &str| -> Result<(Vec<String>, Vec<String>), Box<dyn Error>> {
        let lines: Vec<Utterance> = read(&data.join("snips").join(split))?;
        Ok(lines
            .into_iter()
            .map(|line| (line.tokens.join(" "), line.intent))
            .unzip())
    };
    let ((train, train_intents), (valid, valid_intents)) = (read("train.jsonl")?, read("valid.jsonl")?);
    let sorter = Sorter::fit(&borrowed(&train), &borrowed(&train_intents))?;
    let tops = sorter.tops(&borrowed(&valid))?;
    sorter.print_accuracy(&borrowed(&valid_intents), &tops)
}

fn clinc150(data: &Path) -> Result<(), Box<dyn Error>> {
    println!("CLINC150 intents, TF-IDF and linear SVM");
    let read = |split: &str| -> Result<(Vec<Question>, Vec<Question>), Box<dyn Error>> {
        let lines: Vec<Question> = read(&data.join("clinc150").join(split))?;
        Ok(lines.into_iter().partition(|line| line.intent != OUT_OF_SCOPE))
    };
    let ((train, _), (inside, outside)) = (read("train.jsonl")?, read("valid.jsonl")?);
    let texts = |questions: &'_ [Question]| questions.iter().map(|q| q.text.clone()).collect::<Vec<_>>();
    let intents = |questions: &'_ [Question]| questions.iter().map(|q| q.intent.clone()).collect::<Vec<_>>();
    let sorter = Sorter::fit(&borrowed(&texts(&train)), &borrowed(&intents(&train)))?;
    let accepted = sorter.tops(&borrowed(&texts(&inside)))?;
    let others = sorter.tops(&borrowed(&texts(&outside)))?;
    sorter.print_accuracy(&borrowed(&intents(&inside)), &accepted)?;
    let scores = |tops: &[(u32, f32)]| tops.iter().map(|top| f64::from(top.1)).collect::<Vec<_>>();
    let ranking = Ranking::new(&scores(&accepted), &scores(&others))?;
    let point = ranking
        .at_false_rejection(0.05)
        .ok_or("there is nothing to accept")?;
    println!(
        "  out of scope by the largest margin: AUROC {:.4}, recall {:.1} % at 5 % false rejection (margin {:.3})",
        ranking.auroc(),
        100.0 * point.rejected(),
        point.threshold
    );
    Ok(())
}

fn snips_slots(data: &Path) -> Result<(), Box<dyn Error>> {
    println!("SNIPS slots, conditional random field");
    let train: Vec<Utterance> = read(&data.join("snips/train.jsonl"))?;
    let valid: Vec<Utterance> = read(&data.join("snips/valid.jsonl"))?;
    let started = Instant::now();
    let parts: Vec<(Vec<&str>, Vec<&str>)> = train
        .iter()
        .map(|line| (borrowed(&line.tokens), borrowed(&line.slots)))
        .collect();
    let sentences: Vec<TaggedSentence<'_>> = parts
        .iter()
        .map(|(tokens, tags)| TaggedSentence { tokens, tags })
        .collect();
    let options = CrfOptions {
        penalty: 0.5,
        passes: 15,
        rate: 0.05,
        count_min: 2,
        seed: 1,
    };
    let crf = Crf::fit(&sentences, options)?;
    println!(
        "  {} sentences, {} tags, {} weights: {:.1} s",
        sentences.len(),
        crf.tags().len(),
        crf.parameters(),
        started.elapsed().as_secs_f64()
    );
    let mut seen = SeenValues::default();
    for sentence in &sentences {
        seen.learn(sentence.tokens, sentence.tags)?;
    }
    let started = Instant::now();
    let (mut gold, mut found, mut split) = (Vec::new(), Vec::new(), SeenSplit::default());
    for line in &valid {
        let (tokens, tags) = (borrowed(&line.tokens), borrowed(&line.slots));
        let answer = crf.tag(&tokens);
        seen.split(&tokens, &tags, &answer, &mut split)?;
        gold.push(tags);
        found.push(answer);
    }
    let report = SpanReport::count(&gold, &found)?;
    println!(
        "  span F1 {:.2} % (seen values {:.1}, unseen {:.1}), all tags right {:.2} %; {:.2} s for {} sentences",
        100.0 * report.micro.f1(),
        100.0 * split.seen.f1(),
        100.0 * split.unseen.f1(),
        100.0 * report.all_right(),
        started.elapsed().as_secs_f64(),
        valid.len()
    );
    Ok(())
}

fn borrowed(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}
