//! The classical baselines on real texts, where the data sets lie beside the project.
//!
//! They learn from a part only, so that the test is short; `examples/baselines.rs` learns from all.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its data has failed")]

use std::path::PathBuf;

use motet_models::baseline::{Crf, CrfOptions, LinearSvm, SvmOptions, TaggedSentence, TfIdf, top_margins};
use motet_models::metrics::{ConfusionMatrix, Ranking, SpanReport};
use serde_json::Value;

/// Returns the folder of the data sets, or says that `test` is skipped.
fn data_folder(test: &str) -> Option<PathBuf> {
    #[allow(
        clippy::disallowed_methods,
        reason = "only a test asks the environment where the data sets lie"
    )]
    let named = std::env::var("MOTET_SHARED").ok().map(PathBuf::from);
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let folder = named.unwrap_or(beside).join("data");
    if folder.join("snips").is_dir() && folder.join("clinc150").is_dir() {
        return Some(folder);
    }
    #[allow(clippy::print_stdout, reason = "a skipped test says so by name")]
    {
        println!("skipped `{test}`: there is no `{}`", folder.display());
    }
    None
}

fn lines(path: PathBuf) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn texts<'a>(line: &'a Value, key: &str) -> Vec<&'a str> {
    line[key]
        .as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap())
        .collect()
}

#[test]
fn the_linear_machine_does_what_that_of_scikit_learn_does() {
    let Some(data) = data_folder("the_linear_machine_does_what_that_of_scikit_learn_does") else {
        return;
    };
    // The ten domains instead of the 150 intents: fifteen times shorter.
    let of = |split: &str| lines(data.join("clinc150").join(split));
    let (train, valid) = (of("train.jsonl"), of("valid.jsonl"));
    let text = |line: &Value| line["text"].as_str().unwrap().to_owned();
    let domain = |line: &Value| line["domain"].as_str().unwrap().to_owned();
    let train: Vec<&Value> = train.iter().filter(|line| domain(line) != "oos").collect();
    let mut domains: Vec<String> = train.iter().map(|line| domain(line)).collect();
    let gold = domains.clone();
    domains.sort();
    domains.dedup();
    let place = |name: &String| u32::try_from(domains.binary_search(name).unwrap()).unwrap();
    let labels: Vec<u32> = gold.iter().map(place).collect();
    let owned: Vec<String> = train.iter().map(|line| text(line)).collect();
    let train: Vec<&str> = owned.iter().map(String::as_str).collect();
    let terms = TfIdf::fit(&train);
    let options = SvmOptions {
        cost: 1.0,
        tolerance: 0.01,
        passes_max: 1_000,
        seed: 1,
    };
    let machine = LinearSvm::fit(&terms.rows(&train), &labels, domains.len(), options).unwrap();
    let tops = |lines: &[&Value]| {
        let owned: Vec<String> = lines.iter().map(|line| text(line)).collect();
        let texts: Vec<&str> = owned.iter().map(String::as_str).collect();
        top_margins(&machine.margins(&terms.rows(&texts)).unwrap(), domains.len())
    };
    let (inside, outside): (Vec<&Value>, Vec<&Value>) = valid.iter().partition(|line| domain(line) != "oos");
    let (accepted, others) = (tops(&inside), tops(&outside));
    let gold: Vec<u32> = inside.iter().map(|line| place(&domain(line))).collect();
    let found: Vec<u32> = accepted.iter().map(|top| top.0).collect();
    let accuracy = ConfusionMatrix::count(domains.len(), &gold, &found)
        .unwrap()
        .accuracy();
    let scores = |tops: &[(u32, f32)]| tops.iter().map(|top| f64::from(top.1)).collect::<Vec<_>>();
    let auroc = Ranking::new(&scores(&accepted), &scores(&others))
        .unwrap()
        .auroc();
    // scikit-learn 1.9.1: TfidfVectorizer twice, LinearSVC(tol=0.01).
    assert!((accuracy - 0.9723).abs() < 0.002, "{accuracy}");
    assert!((auroc - 0.9618).abs() < 0.005, "{auroc}");
}

#[test]
fn the_tagger_does_what_crfsuite_does() {
    let Some(data) = data_folder("the_tagger_does_what_crfsuite_does") else {
        return;
    };
    let of = |split: &str| lines(data.join("snips").join(split));
    let (train, valid) = (of("train.jsonl"), of("valid.jsonl"));
    let parts: Vec<(Vec<&str>, Vec<&str>)> = train[..2_000]
        .iter()
        .map(|line| (texts(line, "tokens"), texts(line, "slots")))
        .collect();
    let sentences: Vec<TaggedSentence<'_>> = parts
        .iter()
        .map(|(tokens, tags)| TaggedSentence { tokens, tags })
        .collect();
    let options = CrfOptions {
        penalty: 0.1,
        passes: 10,
        rate: 0.1,
        count_min: 1,
        seed: 1,
    };
    let crf = Crf::fit(&sentences, options).unwrap();
    let gold: Vec<Vec<&str>> = valid.iter().map(|line| texts(line, "slots")).collect();
    let found: Vec<Vec<&str>> = valid.iter().map(|line| crf.tag(&texts(line, "tokens"))).collect();
    let report = SpanReport::count(&gold, &found).unwrap();
    // python-crfsuite 0.9.12, `reference/crf.py`: span F1 85.59 %, all tags right 67.24 %.
    assert!((report.micro.f1() - 0.8559).abs() < 0.01, "{}", report.micro.f1());
    assert!(
        (report.all_right() - 0.6724).abs() < 0.02,
        "{}",
        report.all_right()
    );
}
