use super::*;
use crate::notes::identifiers::find;

fn check(text: &str, expected: &str) {
    assert_eq!(mask(text, &find(text, &[])).text, expected, "{text}");
}

#[test]
fn the_same_person_has_the_same_number() {
    check(
        "Mr. Ortega came with his wife Lucia. Samuel Ortega says that Lucia sleeps badly.",
        "Mr. [NAME-1] came with his wife [NAME-2]. [NAME-1] says that [NAME-2] sleeps badly.",
    );
    check(
        "Name: Ortega, Samuel J.\nSeen by Dr. Helen Brandt. S. Ortega thanked Dr. Brandt.",
        "Name: [NAME-1].\nSeen by Dr. [NAME-2]. [NAME-1] thanked Dr. [NAME-2].",
    );
    check(
        "Samuel Ortega and Maria Ortega were seen by Dr. Ortega.",
        "[NAME-1] and [NAME-2] were seen by Dr. [NAME-1].",
    );
}

#[test]
fn the_year_of_a_date_is_kept() {
    check("Admitted on 14 March 2026.", "Admitted on [DATE: 2026].");
    check(
        "Seen 2026-03-14 and 3/15/2026.",
        "Seen [DATE: 2026] and [DATE: 2026].",
    );
    check("Seen on March 14.", "Seen on [DATE].");
    check("She stopped smoking in 2011.", "She stopped smoking in 2011.");
}

#[test]
fn an_age_over_89_is_hidden_and_so_is_the_year_that_tells_it() {
    check("A 93-year-old man.", "A [AGE: over 89]-year-old man.");
    check("An 89-year-old man.", "An 89-year-old man.");
    check(
        "DOB: 05/06/1931. Seen 07/08/2024.",
        "DOB: [DATE]. Seen [DATE: 2024].",
    );
    check(
        "DOB: 05/06/1941. Seen 07/08/2024.",
        "DOB: [DATE: 1941]. Seen [DATE: 2024].",
    );
    check(
        "Born in 1930, operated in 2021.",
        "Born in [DATE], operated in 2021.",
    );
}

/// The areas of fewer than 20,000 people are copied from the guidance of the Office for Civil Rights.
#[test]
fn a_zip_code_keeps_three_digits_unless_few_people_live_there() {
    check(
        "Lives in Salem, MA 02139.",
        "Lives in [GEOGRAPHY], MA [ZIP: 021**].",
    );
    check("Zip code: 02139-4307", "Zip code: [ZIP: 021**]");
    let small = [
        "03601", "05901", "06301", "10201", "20301", "55601", "69201", "79001", "82101", "82301", "83001",
        "83101", "87801", "87901", "88401", "89001", "89301",
    ];
    for code in small {
        check(&format!("ZIP {code}."), "ZIP [ZIP: 000**].");
    }
    for code in ["03501", "05801", "82201", "89101"] {
        check(&format!("ZIP {code}."), &format!("ZIP [ZIP: {}**].", &code[..3]));
    }
}

#[test]
fn each_class_has_a_tag() {
    check("Call 617-555-0142.", "Call [PHONE].");
    check("Fax: 617-555-0142", "Fax: [FAX]");
    check("Write to s.ortega@example.org.", "Write to [EMAIL].");
    check("SSN 219-09-9999", "SSN [SSN]");
    check("MRN: 4471902", "MRN: [MRN]");
    check("Member ID W55384", "Member ID [HEALTH PLAN]");
    check("Account 55-30192", "Account [ACCOUNT]");
    check("License no. D5823-01", "License no. [LICENCE]");
    check("Plate: KX54 PQR", "Plate: [VEHICLE]");
    check("Serial no. PJN482210H", "Serial no. [DEVICE]");
    check("See https://example.org/a?b=1.", "See [URL].");
    check("Login from 192.0.2.17.", "Login from [IP ADDRESS].");
    check("Fingerprint ID FP-88213", "Fingerprint ID [BIOMETRIC]");
    check("Photo IMG_2041.jpg", "Photo [PHOTO]");
    check("Passport no. C01X0006H", "Passport no. [ID]");
}

#[test]
fn places_map_to_the_masked_text_and_back() {
    let text = "Mr. Ortega has gout. Call 617-555-0142 now.";
    let masked = mask(text, &find(text, &[]));
    assert_eq!(masked.text, "Mr. [NAME-1] has gout. Call [PHONE] now.");
    let span = |text: &str, part: &str| text.find(part).map(|start| start..start + part.len()).unwrap();
    for part in ["Mr. ", "has gout", "now.", " has gout. Call "] {
        let there = masked.to_masked(span(text, part)).unwrap();
        assert_eq!(&masked.text[there.clone()], part);
        assert_eq!(masked.to_original(there), Some(span(text, part)));
    }
    assert_eq!(
        masked.to_masked(span(text, "Ortega")),
        Some(span(&masked.text, "[NAME-1]"))
    );
    assert_eq!(masked.to_masked(0..text.len()), Some(0..masked.text.len()));
    assert_eq!(masked.to_masked(span(text, "tega has")), None);
    assert_eq!(masked.to_masked(span(text, "Call 617")), None);
    assert_eq!(masked.to_original(span(&masked.text, "NAME")), None);
}

#[test]
fn identifiers_that_overlap_or_split_a_character_are_passed_over() {
    let text = "aé and b";
    let at = |start: usize, end: usize| Identifier {
        class: Class::Other,
        start,
        end,
        certainty: crate::notes::identifiers::Certainty::Rule,
    };
    assert_eq!(mask(text, &[at(0, 2)]).text, text);
    assert_eq!(mask(text, &[at(4, 7), at(5, 9), at(8, 99)]).text, "aé [ID] b");
}

proptest::proptest! {
    #[test]
    fn what_is_no_identifier_stays_sign_by_sign(text in "(Mr\\. |Ortega|[a-zé ]|[0-9]|617-555-0142|\\PC|@|\n){0,60}") {
        let masked = mask(&text, &find(&text, &[]));
        let (mut before, mut after) = (0, 0);
        for piece in &masked.pieces {
            proptest::prop_assert_eq!(&text[before..piece.original.start], &masked.text[after..piece.masked.start]);
            (before, after) = (piece.original.end, piece.masked.end);
            proptest::prop_assert_eq!(masked.to_masked(piece.original.clone()), Some(piece.masked.clone()));
        }
        proptest::prop_assert_eq!(&text[before..], &masked.text[after..]);
    }
}
