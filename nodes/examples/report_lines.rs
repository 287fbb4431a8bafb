//! Reads lines of records with texts, and says of each text whether it is sound; with a count, writes such lines.
//!
//! `report_lines 1000 7` writes 1000 plausible records from seed 7 on, each as `{"record": .., "texts": [..]}` with the text
//! of the templates. Without arguments it reads such lines and answers each with a list of judgements, one a text.
#![allow(clippy::print_stdout, reason = "it is its purpose")]
use std::io::BufRead;

use motet_nodes::report::parse::{self, Extent, Fact, Names};
use motet_nodes::report::record::Report;
use motet_nodes::report::sample;
use motet_nodes::report::text::{Realiser, Templates};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [count, seed] = &arguments[..] {
        let (count, seed): (u64, u64) = (count.parse()?, seed.parse()?);
        for record in (seed..seed + count).map(sample::plausible) {
            let text = Templates.realise(&record)?.plain();
            println!("{}", json!({"record": record, "texts": [text]}));
        }
        return Ok(());
    }
    for line in std::io::stdin().lock().lines() {
        let line: Value = serde_json::from_str(&line?)?;
        let report: Report = serde_json::from_value(line["record"].clone())?;
        let texts: Vec<String> = serde_json::from_value(line["texts"].clone())?;
        let judged: Vec<Value> = texts.iter().map(|text| judge(text, &report)).collect();
        println!("{}", Value::from(judged));
    }
    Ok(())
}

/// Whether a text is sound, what it says wrong, whether the most important evidence comes first, and its patterns.
fn judge(text: &str, report: &Report) -> Value {
    let names = Names::of(report);
    let words = text.split_whitespace().count();
    let (Ok(facts), Ok(shapes)) = (parse::read(text, &names), parse::shapes(text, &names)) else {
        return json!({"is_readable": false, "is_sound": false, "words": words});
    };
    let verdict = parse::compare(&facts, report, Extent::Full);
    let first = facts.iter().find_map(|fact| match fact {
        Fact::Evidence(read) => Some(read),
        _ => None,
    });
    let top = report
        .ranked_evidence()
        .first()
        .and_then(|top| report.evidence.get(*top));
    let is_ordered = match (first, top) {
        (Some(read), Some(top)) => read.sensor == top.sensor && read.measured.reading.agrees(top.measured),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    json!({
        "is_readable": true,
        "is_sound": verdict.is_sound(),
        "unsupported": verdict.unsupported.len(),
        "repeated": verdict.repeated.len(),
        "missing": verdict.missing.len(),
        "is_ordered": is_ordered,
        "words": words,
        "shapes": shapes,
    })
}
