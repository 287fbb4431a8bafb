//! What `docs/pipeline-format.md` says holds: its whole files pass, its kinds and limits are those of the code.

use std::path::Path;

use motet_core::diagnostic::Source;
use motet_core::limits;

use super::shelf::Shelf;
use super::{compile, diagnostics, folder};

fn page() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace");
    std::fs::read_to_string(root.join("docs/pipeline-format.md")).expect("the page of the format")
}

#[test]
fn every_whole_file_of_the_format_page_passes_without_a_warning() {
    let page = page();
    let blocks = page
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    let files: Vec<&str> = blocks.filter(|block| block.contains("motet: 1")).collect();
    assert!(files.len() >= 4, "{} whole files", files.len());
    for file in files {
        let (result, _) = compile(Source::new("page.yaml", file), &Shelf::new(&folder()));
        assert_eq!(diagnostics(&result), [], "{file}");
    }
}

#[test]
fn the_format_page_lists_every_kind() {
    let page = page();
    let table = page
        .split("The kinds of this version:")
        .nth(1)
        .and_then(|rest| rest.split("\n## ").next())
        .unwrap();
    let listed: Vec<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    let catalog = motet_nodes::catalog();
    let known: Vec<&str> = catalog.names().collect();
    assert_eq!(listed, known);
}

#[test]
fn the_format_page_and_the_page_of_errors_state_the_limits_of_the_code() {
    let (page, errors) = (page(), {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .expect("the workspace");
        std::fs::read_to_string(root.join("docs/errors.md")).expect("the page of errors")
    });
    let thousands = |value: u64| {
        let digits = value.to_string();
        let mut text = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        text
    };
    let said = |page: &str, value: usize, what: &str| {
        let sentence = what.replace('#', &thousands(value as u64));
        let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(page.contains(&sentence), "no page says: {sentence}");
    };
    said(&page, limits::SPEC_BYTES_MAX >> 20, "At most # MiB, nested");
    said(&page, limits::DEPTH_MAX, "nested at most # deep");
    said(&page, limits::NAME_BYTES_MAX, "digits and `_`, at most # bytes");
    said(&page, limits::INPUTS_MAX, "types of what it takes, at most #");
    said(&page, limits::AGENTS_MAX, "at most # with theirs");
    said(&page, limits::NODES_MAX, "at most # with those of agents");
    said(&page, limits::DIM_MAX as usize, "has 1 to # elements");
    said(&page, limits::DIMS_MAX, "a tensor at most # dimensions");
    said(
        &page,
        (limits::PORT_BYTES_MAX >> 30) as usize,
        "a port carries at most # GiB",
    );
    said(&page, limits::FIELDS_MAX, "**Records** hold at most # fields");
    said(&page, limits::FIELDS_MAX, "own first part. At most #");
    said(&page, limits::TEXT_BYTES_MAX >> 10, "grow to at most # KiB");
    said(&page, motet_core::expression::TEXT_BYTES_MAX, "At most # bytes,");
    said(&page, motet_core::expression::DEPTH_MAX, "bytes, # levels");
    said(&errors, limits::EDGES_MAX, "256 agents and # edges");
    said(&errors, limits::SPEC_BYTES_MAX, "1 MiB (# bytes)");
    assert_eq!(limits::AGENT_DEPTH_MAX, 4, "both pages say four");
}
