//! Prints how the texts of random records are, and a few of them.
#![allow(clippy::print_stdout, reason = "it is its purpose")]
use motet_nodes::report::{
    measure::measure,
    sample,
    text::{self, Realiser, Templates},
};

fn main() {
    for seed in 0..12 {
        let record = sample::plausible(seed);
        match Templates.realise(&record) {
            Ok(text) => println!("- {}", text.plain()),
            Err(error) => println!("! {error} {error:?}"),
        }
        match text::spoken(&record) {
            Ok(text) => println!("  ~ {text}"),
            Err(error) => println!("! {error:?}"),
        }
    }
    type Make = fn(u64) -> motet_nodes::report::record::Report;
    for (name, make) in [
        ("plausible", sample::plausible as Make),
        ("hostile", sample::hostile as Make),
    ] {
        let found = measure(&Templates, (0..10_000).map(make));
        println!("{name} ({}): {found:#?}", Templates.name());
        println!(
            "median {:.1} s, p95 {:.1} s",
            found.median_reading_s(),
            found.p95_reading_s()
        );
    }
}
