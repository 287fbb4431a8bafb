use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::data::TextExample;
use crate::data::text::tests::example;

fn by_speaker() -> SplitBy {
    SplitBy::Group {
        field: "speaker".to_owned(),
    }
}

/// Examples of groups and labels that are given as numbers.
fn examples(rows: &[(u8, u8)]) -> Vec<TextExample> {
    rows.iter()
        .map(|(group, label)| example("x", &format!("l{label}"), &format!("g{group}")))
        .collect()
}

fn groups<'a>(examples: &'a [TextExample], rows: &[usize]) -> BTreeSet<&'a str> {
    rows.iter().filter_map(|row| examples[*row].group()).collect()
}

proptest! {
    #[test]
    fn no_group_is_on_both_sides_and_no_row_is_lost(
        rows in prop::collection::vec((0_u8..12, 0_u8..4), 40..120),
        share in 0.05..0.95_f64,
        seed in any::<u64>(),
    ) {
        let examples = examples(&rows);
        let one = split(&examples, &by_speaker(), share, seed);
        prop_assume!(one.is_ok());
        let one = one.unwrap();
        prop_assert_eq!(split(&examples, &by_speaker(), share, seed).unwrap(), one.clone());
        prop_assert!(groups(&examples, &one.train).is_disjoint(&groups(&examples, &one.valid)));
        prop_assert!(!one.train.is_empty() && !one.valid.is_empty());
        let mut all = [one.train, one.valid].concat();
        all.sort_unstable();
        prop_assert_eq!(all, (0..rows.len()).collect::<Vec<_>>());
    }

    #[test]
    fn each_row_is_judged_in_one_fold(
        rows in prop::collection::vec((0_u8..20, 0_u8..4), 60..120),
        count in 2_usize..6,
        seed in any::<u64>(),
    ) {
        let examples = examples(&rows);
        let found = folds(&examples, &by_speaker(), count, seed).unwrap();
        prop_assert_eq!(found.len(), count);
        let mut judged: Vec<usize> = Vec::new();
        for fold in &found {
            prop_assert!(!fold.valid.is_empty());
            prop_assert!(groups(&examples, &fold.train).is_disjoint(&groups(&examples, &fold.valid)));
            judged.extend(&fold.valid);
        }
        judged.sort_unstable();
        prop_assert_eq!(judged, (0..rows.len()).collect::<Vec<_>>());
    }
}

#[test]
fn classes_have_their_share_on_either_side() {
    // Thirty groups of ten rows; every third holds rows of the rare class alone.
    let rows: Vec<(u8, u8)> = (0..300)
        .map(|row: u16| {
            let group = u8::try_from(row / 10).unwrap();
            (group, u8::from(group % 3 == 0))
        })
        .collect();
    let examples = examples(&rows);
    for seed in 0..20 {
        let split = split(&examples, &by_speaker(), 0.2, seed).unwrap();
        let rare = split
            .valid
            .iter()
            .filter(|row| examples[**row].label() == Some("l1"))
            .count();
        assert_eq!((split.valid.len(), rare), (60, 20), "seed {seed}");
    }
}

#[test]
fn rows_are_dealt_one_by_one_only_if_asked() {
    let mut all = examples(&[(1, 0); 50]);
    all[30].group = None;
    all[30].place.line = 31;
    let error = split(&all, &by_speaker(), 0.2, 1).unwrap_err();
    assert_eq!(
        error.to_string(),
        "1 examples have no `speaker`, the first is set.jsonl:31; without groups, ask for rows at risk"
    );
    let found = split(&all, &SplitBy::RowsAtRisk, 0.2, 1).unwrap();
    assert_eq!((found.train.len(), found.valid.len()), (40, 10));
    let other = split(&all, &SplitBy::RowsAtRisk, 0.2, 2).unwrap();
    assert_ne!(found, other);
    assert_eq!(found.take(&all).1.len(), 10);
}

#[test]
fn one_group_cannot_be_split() {
    let one = examples(&[(1, 0), (1, 1)]);
    let expected = SplitError::TooFewGroups {
        found: 1,
        expected: 2,
    };
    assert_eq!(split(&one, &by_speaker(), 0.5, 1), Err(expected));
    let expected = SplitError::TooFewGroups {
        found: 1,
        expected: usize::MAX,
    };
    assert_eq!(folds(&one, &by_speaker(), usize::MAX, 1), Err(expected));
    let none: [TextExample; 0] = [];
    assert!(split(&none, &SplitBy::RowsAtRisk, 0.5, 1).is_err());
}

#[test]
fn a_share_is_between_nothing_and_all() {
    let two = examples(&[(1, 0), (2, 1)]);
    for share in [0.0, 1.0, -0.5, f64::NAN] {
        assert!(matches!(
            split(&two, &by_speaker(), share, 1),
            Err(SplitError::Share { .. })
        ));
    }
    let found = split(&two, &by_speaker(), 0.01, 1).unwrap();
    assert_eq!((found.train.len(), found.valid.len()), (1, 1));
}

#[test]
fn rows_may_say_their_sides() {
    let mut two = examples(&[(1, 0), (1, 1)]);
    let error = split(&two, &SplitBy::Given, 0.5, 1).unwrap_err();
    assert_eq!(
        error.to_string(),
        "2 examples have no `split`, the first is set.jsonl:1"
    );
    two[0].side = Some(Side::Valid);
    two[1].side = Some(Side::Valid);
    let error = split(&two, &SplitBy::Given, 0.5, 1).unwrap_err();
    assert_eq!(error, SplitError::EmptySide { side: Side::Train });
    two[0].side = Some(Side::Train);
    let found = split(&two, &SplitBy::Given, 0.5, 1).unwrap();
    assert_eq!((found.train, found.valid), (vec![0], vec![1]));
    assert_eq!(folds(&two, &SplitBy::Given, 2, 1), Err(SplitError::Folds));
}
