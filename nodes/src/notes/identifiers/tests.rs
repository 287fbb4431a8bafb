use proptest::prelude::*;

use super::*;
use crate::notes::mask::mask;

/// The identifiers of a text are those, as class and written form.
fn check(text: &str, expected: &[(Class, &str)]) {
    let found = find(text, &[]);
    let written: Vec<(Class, &str)> = found.iter().map(|one| (one.class, &text[one.range()])).collect();
    assert_eq!(written, expected, "{text}");
}

fn check_one(class: Class, cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        check(text, &[(class, expected)]);
    }
}

fn check_none(texts: &[&str]) {
    for text in texts {
        check(text, &[]);
    }
}

#[test]
fn a_name_after_a_title_is_found() {
    check_one(
        Class::Name,
        &[
            ("Seen by Dr. Ortega today.", "Ortega"),
            ("Seen by Dr Samuel J. Ortega today.", "Samuel J. Ortega"),
            ("Mrs. van der Berg slept well.", "van der Berg"),
            ("Mr. O'Neill's wound is clean.", "O'Neill"),
            ("Ms. García-López has gout.", "García-López"),
            ("Nurse Achterberg removed the drain.", "Achterberg"),
            ("DR. ORTEGA WAS CALLED", "ORTEGA"),
            ("Mr. Will was seen.", "Will"),
            ("Dr. Foley placed the catheter.", "Foley"),
        ],
    );
}

#[test]
fn a_name_in_dictation_is_found() {
    check_one(
        Class::Name,
        &[
            (
                "the patient was seen by doctor samuel ortega in clinic",
                "samuel ortega",
            ),
            ("mister zhdanov tolerated the procedure well", "zhdanov"),
            ("i spoke with her daughter oluchi on the phone", "oluchi"),
            ("this note is for mrs van der meulen", "van der meulen"),
        ],
    );
}

#[test]
fn a_name_after_a_role_or_a_greeting_is_found() {
    check_one(
        Class::Name,
        &[
            ("Her daughter Oluchi was at the bedside.", "Oluchi"),
            ("The patient's son, Grant, will drive.", "Grant"),
            ("Signed by Samuel Ortega", "Samuel Ortega"),
            ("cc: Helen Brandt", "Helen Brandt"),
            ("Dear Hope,", "Hope"),
            ("My name is Zohreh Rahimi.", "Zohreh Rahimi"),
            ("This is Oluchi Eze calling.", "Oluchi Eze"),
            ("Samuel Ortega, MD", "Samuel Ortega"),
            ("Name: ORTEGA, SAMUEL", "ORTEGA, SAMUEL"),
            ("Doctor: Oluchi, could you get a chair?", "Oluchi"),
            ("Reviewed by T.K. at noon.", "T.K"),
            ("Can you spell it? Patient: O-R-T-E-G-A.", "O-R-T-E-G-A"),
            ("He works for Hollis & Reed.", "Hollis & Reed"),
        ],
    );
}

#[test]
fn a_name_found_once_is_found_again() {
    let text = "Seen by Dr. Frost. Frost advised rest. Spoke with Xiomara Quill; xiomara agreed.";
    check(
        text,
        &[
            (Class::Name, "Frost"),
            (Class::Name, "Frost"),
            (Class::Name, "Xiomara Quill"),
            (Class::Name, "xiomara"),
        ],
    );
}

#[test]
fn eponyms_are_no_names() {
    check_none(&[
        "Known Parkinson's disease, on levodopa 100/25.",
        "A Foley catheter was placed.",
        "Apgar scores were 8 and 9.",
        "Glasgow coma scale 15.",
        "Down syndrome was diagnosed before birth.",
        "Wolff-Parkinson-White pattern on the ECG.",
        "Kernig and Brudzinski signs were negative.",
        "Graves' disease and Hashimoto thyroiditis were excluded.",
        "Whipple procedure was discussed.",
        "A 14 Fr Foley catheter drained 450 mL.",
        "MS Contin 15 mg twice daily.",
    ]);
    check(
        "Mr. Parkinson has Parkinson's disease.",
        &[(Class::Name, "Parkinson")],
    );
}

#[test]
fn words_that_are_also_names_are_no_names_where_they_are_words() {
    check_none(&[
        "Will follow up and may need a scan.",
        "We will mark the site before the procedure.",
        "Rose bengal staining was negative.",
        "Long QT was ruled out.",
        "Hand strength is symmetrical.",
        "Frank blood per rectum was not seen.",
        "The dawn phenomenon explains the sugars.",
        "Patient: Will that hurt?",
    ]);
}

#[test]
fn clinical_numbers_are_no_identifiers() {
    check_none(&[
        "BP 120/80, HR 72, RR 16, T 98.6, SpO2 97% on room air.",
        "Pain is 7/10, power 4/5, vision 20/40.",
        "Disc herniation at T12-L1 and C5-C6.",
        "Given 5 mg at 08:15 and 2.5 mg at 14:30.",
        "Creatinine 1.4, BUN 22, WBC 12.4, platelets 210.",
        "ICD code E11.9, procedure code 99214, SNOMED 44054006.",
        "Heparin 5000 units, 1500 mL over 24 hours.",
        "She is a 67-year-old with a 40 pack-year history since 2011.",
        "HbA1c 7.8%, CHA2DS2-VASc 3, Ki-67 12%.",
        "Sunday is the worst day; seen at 9 am.",
        "The state of Ohio requires it.",
    ]);
}

#[test]
fn dates_are_found_in_many_forms() {
    let forms = [
        "14/03/2026",
        "3/14/2026",
        "03-14-2026",
        "2026-03-14",
        "14.03.2026",
        "14 March 2026",
        "March 14, 2026",
        "14-MAR-2026",
        "March 14th",
        "the 14th of March",
        "14th March",
        "Mar. 14",
        "March 2026",
        "Mar '26",
        "Sept 3",
        "03/2026",
        "march fourteenth",
        "the fourteenth of march",
        "March fourteenth two thousand nineteen",
        "Tuesday, March 14",
        "Thanksgiving",
        "Christmas Eve",
        "3/14",
        "Febuary 3",
        "20260314",
        "spring of 2019",
        "March",
    ];
    for form in forms {
        check(&format!("Seen on {form}."), &[(Class::Date, form)]);
    }
    check("It began in May.", &[(Class::Date, "May")]);
    check_none(&[
        "A march fracture is suspected.",
        "She may 2 days later return.",
        "The 14-3-3 protein.",
    ]);
}

#[test]
fn ages_over_89_are_found() {
    check_one(
        Class::Date,
        &[
            ("A 93-year-old man.", "93"),
            ("93yo male.", "93"),
            ("aged 101 and frail", "101"),
            ("I'm ninety four years old.", "ninety four"),
            ("His father died at 97.", "97"),
        ],
    );
    check_none(&[
        "An 89-year-old man.",
        "aged 45",
        "HR 93, temperature 98.",
        "I'm sixty two years old.",
    ]);
}

#[test]
fn places_smaller_than_a_state_are_found() {
    check_one(
        Class::Geography,
        &[
            ("Lives in Chicago.", "Chicago"),
            ("She moved here from Lower Snodbury.", "Lower Snodbury"),
            ("He lives at 12 Larkspur Lane.", "12 Larkspur Lane"),
            ("Mail it to 5A W 23rd Street, Apt 4B.", "5A W 23rd Street, Apt 4B"),
            ("The crash was on Quarry Hill Road.", "Quarry Hill Road"),
            ("Works on a farm in Tarrant County.", "Tarrant County"),
            (
                "Transferred from St. Brendan's Hospital.",
                "St. Brendan's Hospital",
            ),
            ("Seen at Kettle Valley Clinic.", "Kettle Valley Clinic"),
            ("Now on Bluebell Ward.", "Bluebell Ward"),
            ("Now on ward 7.", "ward 7"),
            ("Postcode LS9 7TF.", "LS9 7TF"),
            ("P.O. Box 1134", "P.O. Box 1134"),
        ],
    );
    check_none(&[
        "Seen in the pain clinic.",
        "He lives in Texas.",
        "Admitted to the hospital.",
        "New York Heart Association class II.",
    ]);
}

#[test]
fn telephone_and_fax_numbers_are_told_apart() {
    let numbers = [
        "617-555-0142",
        "(617) 555-0142",
        "617.555.0142",
        "+1 617 555 0142",
        "07700 900123",
        "+44 7700 900123",
        "020 7946 0018",
        "+49 30 12345678",
        "555-0142",
        "1-800-555-0199",
        "617-555-0142 ext. 12",
    ];
    for number in numbers {
        check(&format!("Call {number}."), &[(Class::Phone, number)]);
        check(&format!("Fax: {number}"), &[(Class::Fax, number)]);
    }
    check_one(
        Class::Phone,
        &[
            ("Pager 4471.", "4471"),
            (
                "My number is six one seven five five five one two.",
                "six one seven five five five one two",
            ),
        ],
    );
}

#[test]
fn electronic_addresses_are_found() {
    check_one(
        Class::Email,
        &[
            (
                "Write to s.ortega+clinic@example.org.",
                "s.ortega+clinic@example.org",
            ),
            (
                "It's anna dot quill at example dot com.",
                "anna dot quill at example dot com",
            ),
        ],
    );
    check_one(
        Class::Url,
        &[
            (
                "See https://example.org/a/b?c=1#d.",
                "https://example.org/a/b?c=1#d",
            ),
            ("Blog: www.example.co.uk", "www.example.co.uk"),
            ("On example.com/anna.quill now", "example.com/anna.quill"),
        ],
    );
    check_one(
        Class::IpAddress,
        &[
            ("From 192.0.2.17 at noon.", "192.0.2.17"),
            ("From 2001:db8::8a2e:370:7334.", "2001:db8::8a2e:370:7334"),
        ],
    );
    check_none(&[
        "Version 1.2.3.4 of the form.",
        "At 08:15:30 he woke.",
        "Ratio 1:2:3",
    ]);
    check(
        "Find her on Instagram: @anna_quill",
        &[(Class::Other, "@anna_quill")],
    );
}

/// The numbers are published examples: ISO 13616 (IBAN), Visa's and IMEI test numbers, NHS Data Dictionary, CMS (NPI),
/// 49 CFR 565 (VIN), Social Security Administration (219-09-9999).
#[test]
fn numbers_with_check_digits_are_found_without_context() {
    check(
        "GB82 WEST 1234 5698 7654 32 was used",
        &[(Class::Account, "GB82 WEST 1234 5698 7654 32")],
    );
    check(
        "Paid with 4111 1111 1111 1111 today",
        &[(Class::Account, "4111 1111 1111 1111")],
    );
    check("IMEI 490154203237518", &[(Class::Device, "490154203237518")]);
    check("NHS 943 476 5919", &[(Class::MedicalRecord, "943 476 5919")]);
    check("NPI 1234567893", &[(Class::Certificate, "1234567893")]);
    check(
        "The car was 1M8GDM9AXKP042788",
        &[(Class::Vehicle, "1M8GDM9AXKP042788")],
    );
    check("It is 219-09-9999", &[(Class::SocialSecurity, "219-09-9999")]);
    let certainty = |text: &str| find(text, &[]).first().map(|one| one.certainty);
    assert_eq!(
        certainty("GB82 WEST 1234 5698 7654 32"),
        Some(Certainty::Checksum)
    );
    assert_eq!(certainty("1M8GDM9AXKP042788"), Some(Certainty::Checksum));
}

#[test]
fn check_digits_agree_with_published_numbers_and_fail_on_a_changed_digit() {
    let digits = |text: &str| pattern::digits(text);
    assert!(
        check_digits::luhn(&digits("4111111111111111")) && !check_digits::luhn(&digits("4111111111111112"))
    );
    assert!(check_digits::nhs(&digits("9434765919")) && !check_digits::nhs(&digits("9434765918")));
    assert!(
        check_digits::national_provider(&digits("1234567893"))
            && !check_digits::national_provider(&digits("1234567890"))
    );
    assert!(check_digits::vehicle("1M8GDM9AXKP042788") && !check_digits::vehicle("1M8GDM9A1KP042788"));
    assert!(check_digits::vehicle("11111111111111111"));
    assert!(
        check_digits::bank_account("GB82WEST12345698765432")
            && !check_digits::bank_account("GB82WEST12345698765433")
    );
    assert!(check_digits::bank_account("DE89370400440532013000"));
    assert!(check_digits::drug_enforcement("AB1234563") && !check_digits::drug_enforcement("AB1234564"));
    for refused in ["000121234", "666121234", "900121234", "219001234", "219090000"] {
        assert!(!check_digits::social_security(&digits(refused)), "{refused}");
    }
}

#[test]
fn codes_after_a_word_that_announces_them_are_found() {
    check_one(
        Class::SocialSecurity,
        &[
            ("The last four of his social are 4471.", "4471"),
            ("SSN xxx-xx-4471", "xxx-xx-4471"),
        ],
    );
    check_one(
        Class::MedicalRecord,
        &[
            ("MRN: 4471902", "4471902"),
            ("Hospital number H44719", "H44719"),
            ("MR# 44-71-90", "44-71-90"),
            ("Chart no. is A12-4471", "A12-4471"),
        ],
    );
    check_one(
        Class::HealthPlan,
        &[
            ("Member ID W44719028", "W44719028"),
            ("Policy number GRP-4471", "GRP-4471"),
        ],
    );
    check_one(
        Class::Account,
        &[
            ("Account #: 4471902", "4471902"),
            ("Acct. 12-44719-0", "12-44719-0"),
        ],
    );
    check_one(
        Class::Certificate,
        &[
            ("State license number MD-44719", "MD-44719"),
            ("GMC no. 4471902", "4471902"),
            ("DEA AB1234563", "AB1234563"),
        ],
    );
}

#[test]
fn codes_of_things_and_bodies_are_found() {
    check_one(
        Class::Vehicle,
        &[
            ("License plate KX54 PQR left.", "KX54 PQR"),
            ("Plate: 7ABC123", "7ABC123"),
            ("Registration number AB 123 CD.", "AB 123 CD"),
        ],
    );
    check_one(
        Class::Device,
        &[
            ("Serial number PJN44719H", "PJN44719H"),
            ("Lot no. A4471", "A4471"),
            (
                "UDI (01)00884471902213(17)271231(21)A44719",
                "(01)00884471902213(17)271231(21)A44719",
            ),
            ("MAC 00:1a:2b:3c:4d:5e", "00:1a:2b:3c:4d:5e"),
        ],
    );
    check_one(
        Class::Biometric,
        &[
            ("Retinal scan template 7f3a4471 stored", "7f3a4471"),
            ("Voiceprint vp_4471", "vp_4471"),
        ],
    );
    check_one(
        Class::Photo,
        &[
            ("Facial photograph saved as IMG_4471.jpg.", "IMG_4471.jpg"),
            ("Clinical photo ID PH-4471", "PH-4471"),
        ],
    );
    check_one(
        Class::Other,
        &[
            ("Study subject 012-044 was seen.", "012-044"),
            ("Passport no. C01X0006H", "C01X0006H"),
            ("Accession S24-10233.", "S24-10233"),
        ],
    );
    check_none(&[
        "Serial exams were normal.",
        "Plan 500 mg daily.",
        "Chart reviewed.",
        "Study showed 3 lesions.",
        "The lot of 5 mg tablets.",
    ]);
}

#[test]
fn names_of_a_net_are_united_with_those_of_the_rules() {
    let text = "ask lumi about it, Dr. Ortega";
    let found = find(text, &[4..8, 23..29, 900..901]);
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].range(), found[0].certainty), (4..8, Certainty::Net));
    assert_eq!(
        (&text[found[1].range()], found[1].certainty),
        ("Ortega", Certainty::Rule)
    );
    let within_a_letter = 1..2;
    assert_eq!(find("é", &[within_a_letter]), []);
}

/// Notes of the generator in `models/reference/notes`, 30 of each world, seed 7. The bounds are below what is measured.
#[test]
fn generated_notes_are_masked_and_their_clinical_words_are_kept() {
    let (mut spans, mut missed, mut words, mut masked) = (0, 0, 0, 0);
    for line in include_str!("tests/notes.jsonl").lines() {
        let note: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = note["text"].as_str().unwrap();
        let mut is_masked = vec![false; text.len()];
        for one in find(text, &[]) {
            is_masked[one.range()].fill(true);
        }
        let mut is_span = vec![false; text.len()];
        for span in note["spans"].as_array().unwrap() {
            let at = |name: &str| usize::try_from(span[name].as_u64().unwrap()).unwrap();
            let range = at("start")..at("end");
            is_span[range.clone()].fill(true);
            let letters = text[range.clone()]
                .char_indices()
                .filter(|(_, sign)| sign.is_alphanumeric());
            spans += 1;
            missed += usize::from(!letters.into_iter().all(|(at, _)| is_masked[range.start + at]));
        }
        for (at, _) in text
            .char_indices()
            .filter(|(at, sign)| sign.is_alphanumeric() && !is_span[*at])
        {
            words += 1;
            masked += usize::from(is_masked[at]);
        }
    }
    assert!(spans > 500, "{spans}");
    assert!(missed * 100 < spans * 2, "{missed} of {spans}");
    assert!(masked * 200 < words, "{masked} of {words}");
}

#[test]
fn a_mebibyte_of_anything_is_done_and_its_identifiers_are_sorted_and_apart() {
    let pieces = [
        "1",
        "Dr. ",
        "@",
        "a@",
        "1-",
        "1 ",
        "A-",
        "www.",
        "Dr. Smith ",
        "12 Elm ",
        "MRN ",
        "one ",
        "St. ",
        "a:",
        "é",
        "ص ",
        "\u{301}",
        "\n",
        "van ",
    ];
    for (place, piece) in pieces.iter().enumerate() {
        let bytes = if place < 2 { 1 << 20 } else { 1 << 15 };
        let text = piece.repeat(bytes / piece.len());
        hold(&text, &find(&text, &[]));
    }
}

/// Sorted, apart, not empty, on boundaries.
fn hold(text: &str, found: &[Identifier]) {
    let mut end = 0;
    for one in found {
        assert!(
            one.start >= end && one.start < one.end && text.get(one.range()).is_some(),
            "{one:?}"
        );
        end = one.end;
    }
}

proptest! {
    #[test]
    fn identifiers_of_any_text_are_sorted_apart_and_on_boundaries(text in "\\PC{0,200}") {
        hold(&text, &find(&text, &[]));
    }

    #[test]
    fn identifiers_of_texts_like_notes_are_sorted_and_apart(
        text in "(Dr\\. |MRN |O'Neill|é|[A-Z]\\.|[0-9]{1,5}|[-/.:@( )]|May|van |\\u{301}|شارع|\n|street|www\\.|x@y\\.org|[a-z]{1,6} ){0,60}",
        names in proptest::collection::vec((0usize..80, 0usize..80), 0..4),
    ) {
        let names: Vec<Range<usize>> = names.into_iter().map(|(start, end)| start..end).collect();
        hold(&text, &find(&text, &names));
    }

    #[test]
    fn masked_text_shows_no_more_formats(
        text in "([0-9]{1,4}|[-/.:@ ()]|x@y\\.org|219-09-9999|617-555-0142|4111 1111 1111 1111|2026-03-14|March 14|a\\.com|IMG\\.jpg|[A-Za-z]{1,3}){0,40}",
    ) {
        let masked = mask(&text, &find(&text, &[])).text;
        for one in find(&masked, &[]) {
            let is_new = matches!(one.certainty, Certainty::Format | Certainty::Checksum);
            prop_assert!(!is_new, "{:?} in {:?} of {:?}", one, masked, text);
        }
    }
}
