use std::collections::BTreeMap;

use motet_models::card::{Cost, DataSource};
use motet_models::evaluation::*;

use super::*;

fn empty() -> Evaluation {
    Evaluation {
        title: "intent@1".to_owned(),
        about: String::new(),
        facts: Vec::new(),
        warnings: Vec::new(),
        must_not_be_used_for: Vec::new(),
        baseline: "Linear SVM".to_owned(),
        metrics: Vec::new(),
        confusion: None,
        precision_recall: Vec::new(),
        reliability: None,
        risk_coverage: Vec::new(),
        learning: None,
        classes: Vec::new(),
        mistakes: Vec::new(),
        costs: Vec::new(),
        data: Vec::new(),
    }
}

/// A text that means something in HTML.
fn text() -> String {
    "</style><script>alert('1')</script>\"&".to_owned()
}

/// A page on which every text is hostile and every part has something to say.
fn hostile() -> Evaluation {
    let curve = || Curve {
        name: text(),
        points: vec![(0.0, 1.0), (0.5, f64::NAN), (1.0, 0.2)],
    };
    Evaluation {
        title: text(),
        about: text(),
        facts: vec![Fact {
            name: text(),
            value: text(),
        }],
        warnings: vec![text()],
        must_not_be_used_for: vec![text()],
        baseline: text(),
        metrics: vec![metric()],
        confusion: Some(ConfusionCounts {
            labels: vec![text(); 14],
            counts: vec![vec![1; 14]; 14],
        }),
        precision_recall: vec![curve(), curve()],
        reliability: Some(Reliability {
            before: vec![(0.9, 0.8)],
            after: vec![(0.8, 0.8)],
            temperature: 1.5,
            ece_before: 0.1,
            ece_after: 0.01,
        }),
        risk_coverage: vec![curve()],
        learning: Some(learning()),
        classes: vec![class(); 30],
        ..with_rows()
    }
}

fn metric() -> MetricRow {
    let figure = Figure {
        value: 0.931,
        limits: Some((0.92, 0.94)),
    };
    MetricRow {
        name: text(),
        scale: Scale::Percent,
        better: Better::Higher,
        model: figure,
        baseline: Some(figure),
        difference: Some(Figure {
            value: 0.01,
            limits: None,
        }),
    }
}

fn learning() -> Learning {
    let epoch = |epoch, train_loss, valid_loss, metric| Epoch {
        epoch,
        train_loss,
        valid_loss,
        metric,
    };
    Learning {
        metric: text(),
        epochs: vec![
            epoch(1, 2.0, None, Some(0.5)),
            epoch(2, f64::NAN, Some(1.0), None),
        ],
    }
}

fn class() -> ClassRow {
    ClassRow {
        name: text(),
        support: 3,
        precision: f64::NAN,
        recall: 0.5,
        f1: 0.4,
    }
}

/// A page with the tables at its end.
fn with_rows() -> Evaluation {
    Evaluation {
        mistakes: vec![Mistake {
            text: text(),
            gold: text(),
            found: text(),
            confidence: 0.99,
        }],
        costs: vec![CostRow {
            precision: text(),
            metrics: BTreeMap::from([(text(), 0.93)]),
            cost: Cost {
                weight_bytes: 1_200_000,
                p50_ms: 0.4,
                p95_ms: 1.2,
                cpu: text(),
            },
        }],
        data: vec![DataSource {
            name: text(),
            origin: text(),
            licence: text(),
            role: text(),
            manifest_sha256: text(),
        }],
        ..empty()
    }
}

#[test]
fn no_text_gets_out_of_its_place() {
    let page = html(&hostile()).unwrap();
    assert!(!page.contains("<script") && page.matches("</style>").count() == 1);
    assert!(page.matches("&lt;script&gt;").count() > 30);
}

#[test]
fn the_page_needs_nothing_but_itself() {
    let page = html(&hostile()).unwrap();
    for outside in [" src=", "@import", "url(", "<link", "<iframe"] {
        assert!(!page.contains(outside), "{outside}");
    }
    // The one address is the name of SVG, which nobody looks up.
    let addresses = page.matches("http").count();
    assert_eq!(
        addresses,
        page.matches("xmlns=\"http://www.w3.org/2000/svg\"").count()
    );
}

#[test]
fn every_opened_element_is_closed() {
    let page = html(&hostile()).unwrap();
    for name in [
        "table", "tr", "td", "section", "figure", "svg", "div", "span", "p", "details",
    ] {
        let opened = page.matches(&format!("<{name}>")).count() + page.matches(&format!("<{name} ")).count();
        assert_eq!(opened, page.matches(&format!("</{name}>")).count(), "{name}");
    }
}

#[test]
fn what_has_nothing_to_say_is_left_out() {
    let bare = html(&empty()).unwrap();
    assert!(!bare.contains("<section") && !bare.contains("<table"));
    let full = html(&hostile()).unwrap();
    assert_eq!(full.matches("<section").count(), 9);
}

#[test]
fn counts_that_are_no_square_are_refused() {
    let page = Evaluation {
        confusion: Some(ConfusionCounts {
            labels: vec!["a".to_owned(), "b".to_owned()],
            counts: vec![vec![1, 2], vec![3]],
        }),
        ..empty()
    };
    let error = html(&page).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there are 2 labels, but the confusion counts are not 2 rows of 2"
    );
}
