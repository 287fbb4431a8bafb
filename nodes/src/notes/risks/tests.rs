use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

static FLAGS: LazyLock<Flags> = LazyLock::new(Flags::built_in);
static TRIGGERS: LazyLock<Triggers> = LazyLock::new(Triggers::built_in);

fn found(text: &str) -> Vec<(String, String, bool)> {
    let risks = risks(text, &FLAGS, &TRIGGERS);
    risks
        .into_iter()
        .map(|risk| (risk.flag, text[risk.range].to_owned(), risk.is_raised))
        .collect()
}

fn check(text: &str, flag: &str, phrase: &str, is_raised: bool) {
    let expected = (flag.to_owned(), phrase.to_owned(), is_raised);
    let found = found(text);
    assert!(found.contains(&expected), "{text}: {found:?}");
}

#[test]
fn the_built_in_list_has_flags_and_phrases() {
    let flags = &FLAGS;
    assert!(flags.names().count() >= 15);
    assert!(flags.count() >= 100);
}

#[test]
fn a_flag_is_raised_where_it_holds() {
    check(
        "He has crushing chest pain.",
        "chest_pain",
        "crushing chest pain",
        true,
    );
    check(
        "Patient: I want to kill myself.",
        "suicidal_thoughts",
        "kill myself",
        true,
    );
    check(
        "I don't want to live anymore.",
        "suicidal_thoughts",
        "don't want to live anymore",
        true,
    );
    check(
        "Her tongue is swelling.",
        "anaphylaxis",
        "tongue is swelling",
        true,
    );
    check(
        "Sudden weakness and facial droop since noon.",
        "stroke_signs",
        "facial droop",
        true,
    );
    check("Possible sepsis, cultures sent.", "sepsis_signs", "sepsis", true);
    check(
        "She is breathless at rest.",
        "breathlessness_at_rest",
        "breathless at rest",
        true,
    );
    check(
        "Vomiting blood since this morning.",
        "haemorrhage",
        "Vomiting blood",
        true,
    );
    check("He took too many tablets.", "overdose", "took too many", true);
    check("Fever with neck stiffness.", "meningism", "neck stiffness", true);
    check("New saddle numbness.", "cauda_equina", "saddle numbness", true);
    check(
        "She is allergic to penicillin.",
        "drug_allergy",
        "allergic to penicillin",
        true,
    );
    check("Concern for child abuse.", "abuse", "child abuse", true);
}

#[test]
fn a_flag_that_is_denied_is_found_and_not_raised() {
    check("Denies chest pain.", "chest_pain", "chest pain", false);
    check(
        "No suicidal ideation.",
        "suicidal_thoughts",
        "suicidal ideation",
        false,
    );
    check(
        "Doctor: Any chest pain?\nPatient: No.",
        "chest_pain",
        "chest pain",
        false,
    );
}

#[test]
fn a_flag_of_another_person_or_of_the_future_is_not_raised() {
    check(
        "Father has chest pain on exertion.",
        "chest_pain",
        "chest pain",
        false,
    );
    check(
        "Return if you have chest pain.",
        "chest_pain",
        "chest pain",
        false,
    );
}

#[test]
fn a_flag_with_a_ground_needs_it() {
    let without = found("She reports vaginal bleeding.");
    assert!(
        without.iter().all(|(flag, _, _)| flag != "pregnancy_danger"),
        "{without:?}"
    );
    let with = "She is 30 weeks pregnant. She reports vaginal bleeding.";
    check(with, "pregnancy_danger", "vaginal bleeding", true);
    let denied = "She is not pregnant. She reports vaginal bleeding.";
    check(denied, "pregnancy_danger", "vaginal bleeding", false);
}

#[test]
fn a_list_of_ones_own_is_read_with_its_faults() {
    let own = Flags::parse("# own\n\nfall\tsoon\tfell out of bed\n").unwrap();
    let risks = risks("She fell out of bed.", &own, &TRIGGERS);
    assert_eq!(
        risks.first().map(|risk| (risk.severity, risk.is_raised)),
        Some((Severity::Soon, true))
    );
    let fault = |text: &str| Flags::parse(text).unwrap_err();
    assert_eq!(fault("fall\tsoon"), FlagFault::Columns { line: 1, found: 2 });
    let found = "later".to_owned();
    assert_eq!(
        fault("\nfall\tlater\tfell"),
        FlagFault::Severity { line: 2, found }
    );
    assert_eq!(fault("fall\tsoon\t{fell"), FlagFault::Phrase { line: 1 });
    let flag = "fall".to_owned();
    assert_eq!(
        fault("fall\tsoon\tfell\nfall\turgent\tslipped"),
        FlagFault::Twice { line: 2, flag }
    );
}

proptest! {
    #[test]
    fn ranges_lie_in_any_text(text in r"(\PC|chest pain |no |pregnant |bleeding |\n){0,40}") {
        for risk in risks(&text, &FLAGS, &TRIGGERS) {
            prop_assert!(text.get(risk.range).is_some());
        }
    }
}
