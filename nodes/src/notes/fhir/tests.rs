//! A document says what its note says, no more and no less, and keeps the rules of FHIR.

use serde_json::Value;

use super::document;
use super::document::{FINDINGS_MAX, TEXT_BYTES_MAX};
use super::draft::{
    Experiencer, Kind, Link, Maker, Note, Presence, Quote, Remark, RemarkKind, Section, Source, Time, Visit,
};
use super::fault::DocumentFault;
use super::header::Header;
use super::instant::Instant;
use super::resource::Bundle;

mod arbitrary;
mod invariants;
mod sample;

use sample::{finding, full_dose, full_note, maker, note};

fn written(note: &Note) -> Value {
    let bundle = document(note, &maker()).unwrap();
    let json = bundle.to_json().unwrap();
    let read: Bundle = serde_json::from_str(&json).unwrap();
    assert_eq!(read, bundle);
    let value = serde_json::from_str(&json).unwrap();
    invariants::check(&value, note);
    value
}

fn resources<'a>(bundle: &'a Value, resource_type: &str) -> Vec<&'a Value> {
    let entries = bundle["entry"].as_array().unwrap().iter();
    entries
        .map(|entry| &entry["resource"])
        .filter(|resource| resource["resourceType"] == resource_type)
        .collect()
}

fn one<'a>(bundle: &'a Value, resource_type: &str) -> &'a Value {
    let found = resources(bundle, resource_type);
    assert_eq!(found.len(), 1, "{resource_type}");
    found[0]
}

/// Types of the resources that a finding becomes.
fn made(change: impl Fn(&mut super::draft::Finding)) -> (Value, Vec<String>) {
    let mut finding = finding("asthma");
    change(&mut finding);
    let bundle = written(&Note {
        findings: vec![finding],
        ..note()
    });
    let about_patient = [
        "Condition",
        "MedicationStatement",
        "AllergyIntolerance",
        "FamilyMemberHistory",
        "OperationOutcome",
    ];
    let types = about_patient
        .into_iter()
        .filter(|name| !resources(&bundle, name).is_empty());
    let types = types.map(str::to_owned).collect();
    (bundle, types)
}

#[test]
fn a_note_with_everything_keeps_the_rules_of_fhir() {
    let bundle = written(&full_note());
    assert_eq!(resources(&bundle, "Condition").len(), 3);
    assert_eq!(resources(&bundle, "FamilyMemberHistory").len(), 1);
    assert_eq!(
        one(&bundle, "OperationOutcome")["issue"]
            .as_array()
            .unwrap()
            .len(),
        6
    );
}

#[test]
fn a_note_gives_the_same_bytes_each_time_and_another_note_other_ids() {
    let json = |note: &Note| document(note, &maker()).unwrap().to_json().unwrap();
    assert_eq!(json(&full_note()), json(&full_note()));
    let mut other = full_note();
    other.findings[0].confidence += 0.001;
    let id = |note: &Note| document(note, &maker()).unwrap().id;
    assert_ne!(id(&full_note()), id(&other));
    let other = Maker {
        version: "0.2.0".to_owned(),
        ..maker()
    };
    assert_ne!(document(&full_note(), &other).unwrap().id, id(&full_note()));
}

#[test]
fn a_disease_is_unconfirmed_or_refuted_and_never_confirmed() {
    for (presence, expected) in [
        (Presence::Present, "unconfirmed"),
        (Presence::Possible, "unconfirmed"),
        (Presence::Absent, "refuted"),
    ] {
        let (bundle, types) = made(|finding| finding.presence = presence);
        assert_eq!(types, ["Condition"]);
        let condition = one(&bundle, "Condition");
        assert_eq!(condition["verificationStatus"]["coding"][0]["code"], expected);
        assert_eq!(condition.get("clinicalStatus"), None);
        assert_eq!(condition["code"], serde_json::json!({"text": "asthma"}));
    }
}

#[test]
fn a_disease_of_a_relative_is_never_one_of_the_patient() {
    let family = |relation: Option<&str>| Experiencer::Family {
        relation: relation.map(str::to_owned),
    };
    for (relation, code, text) in [
        (Some("Mother"), Some("MTH"), "Mother"),
        (Some("maternal aunt"), Some("MAUNT"), "maternal aunt"),
        (Some("wife's cousin"), None, "wife's cousin"),
        (None, Some("FAMMEMB"), "family member"),
    ] {
        let (bundle, types) = made(|finding| finding.experiencer = family(relation));
        assert_eq!(types, ["FamilyMemberHistory"], "{text}");
        let history = one(&bundle, "FamilyMemberHistory");
        assert_eq!(history["relationship"]["coding"][0]["code"].as_str(), code);
        assert_eq!(history["relationship"]["text"], text);
        assert_eq!(history["condition"][0]["code"]["text"], "asthma");
    }
    let (bundle, types) = made(|finding| {
        finding.experiencer = family(None);
        finding.presence = Presence::Possible;
    });
    assert_eq!(types, ["FamilyMemberHistory"]);
    let condition = &one(&bundle, "FamilyMemberHistory")["condition"][0];
    assert_eq!(condition["note"][0]["text"], "Said to be possible.");
}

#[test]
fn what_no_resource_says_is_told_and_not_suggested() {
    let family = Experiencer::Family { relation: None };
    let changes: [&dyn Fn(&mut super::draft::Finding); 6] = [
        &|finding| finding.time = Time::Hypothetical,
        &|finding| {
            finding.time = Time::Hypothetical;
            finding.kind = Kind::Drug { dose: None };
        },
        &|finding| finding.experiencer = Experiencer::Other,
        &|finding| {
            finding.experiencer = family.clone();
            finding.presence = Presence::Absent;
        },
        &|finding| {
            finding.experiencer = family.clone();
            finding.kind = Kind::Drug { dose: None };
        },
        &|finding| {
            finding.experiencer = family.clone();
            finding.kind = Kind::Allergy;
        },
    ];
    for change in changes {
        let (bundle, types) = made(change);
        assert_eq!(types, ["OperationOutcome"]);
        let issue = &one(&bundle, "OperationOutcome")["issue"][0];
        assert_eq!(issue["severity"], "information");
        assert_eq!(issue["diagnostics"], "asthma");
        assert_eq!(issue["extension"][0]["extension"][0]["valueUnsignedInt"], 4);
        let sections = one(&bundle, "Composition")["section"].as_array().unwrap();
        assert_eq!(sections.last().unwrap()["title"], "About this draft");
    }
}

#[test]
fn what_is_told_of_a_relative_keeps_whose_it_is_and_how_it_is_taken() {
    let (bundle, _) = made(|finding| {
        finding.experiencer = Experiencer::Family {
            relation: Some("mother".to_owned()),
        };
        finding.kind = Kind::Drug {
            dose: Some(Box::new(full_dose())),
        };
    });
    let told = &one(&bundle, "OperationOutcome")["issue"][0]["diagnostics"];
    let dose = full_dose().text.unwrap();
    assert_eq!(*told, format!("asthma | mother | {dose}"));
}

#[test]
fn an_allergy_is_active_unless_it_is_said_to_be_absent() {
    for (presence, time, clinical, verification) in [
        (Presence::Present, Time::Recent, "active", "unconfirmed"),
        (Presence::Present, Time::Historical, "active", "unconfirmed"),
        (Presence::Possible, Time::Recent, "active", "unconfirmed"),
        (Presence::Absent, Time::Recent, "inactive", "refuted"),
    ] {
        let (bundle, types) = made(|finding| {
            finding.kind = Kind::Allergy;
            finding.presence = presence;
            finding.time = time;
        });
        assert_eq!(types, ["AllergyIntolerance"]);
        let allergy = one(&bundle, "AllergyIntolerance");
        assert_eq!(allergy["clinicalStatus"]["coding"][0]["code"], clinical);
        assert_eq!(allergy["verificationStatus"]["coding"][0]["code"], verification);
    }
}

#[test]
fn a_medication_is_unknown_or_not_taken_and_its_dose_is_that_of_the_note() {
    for (presence, status) in [
        (Presence::Present, "unknown"),
        (Presence::Possible, "unknown"),
        (Presence::Absent, "not-taken"),
    ] {
        let (bundle, types) = made(|finding| {
            finding.kind = Kind::Drug {
                dose: Some(Box::new(full_dose())),
            };
            finding.presence = presence;
        });
        assert_eq!(types, ["MedicationStatement"]);
        let statement = one(&bundle, "MedicationStatement");
        assert_eq!(statement["status"], status);
        let dose = serde_json::json!({
            "extension": [
                {
                    "url": "https://motet.example/fhir/StructureDefinition/strength",
                    "valueQuantity":
                        {"value": 2.5, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"},
                },
                {
                    "url": "https://motet.example/fhir/StructureDefinition/form",
                    "valueCodeableConcept": {"text": "tablet"},
                },
            ],
            "text": "two 2.5 mg tablets by mouth three times a day for 10 days when needed",
            "timing": {"repeat": {
                "boundsDuration": {"value": 10, "unit": "d", "system": "http://unitsofmeasure.org", "code": "d"},
                "frequency": 3,
                "period": 1,
                "periodUnit": "d",
            }},
            "asNeededBoolean": true,
            "route": {"text": "by mouth"},
            "doseAndRate": [{"doseQuantity": {"value": 2, "unit": "tablets"}}],
        });
        assert_eq!(statement["dosage"], serde_json::json!([dose]));
    }
}

#[test]
fn a_finding_keeps_its_place_its_assertion_and_its_confidence() {
    let (bundle, _) = made(|finding| {
        finding.presence = Presence::Possible;
        finding.time = Time::Historical;
    });
    let expected = serde_json::json!([
        {
            "url": "https://motet.example/fhir/StructureDefinition/evidence",
            "extension": [
                {"url": "start-byte", "valueUnsignedInt": 4},
                {"url": "end-byte", "valueUnsignedInt": 10},
                {"url": "start-character", "valueUnsignedInt": 3},
                {"url": "end-character", "valueUnsignedInt": 9},
            ],
        },
        {
            "url": "https://motet.example/fhir/StructureDefinition/assertion",
            "extension": [
                {"url": "presence", "valueCode": "possible"},
                {"url": "time", "valueCode": "historical"},
            ],
        },
        {"url": "https://motet.example/fhir/StructureDefinition/confidence", "valueDecimal": 0.75},
    ]);
    assert_eq!(one(&bundle, "Condition")["extension"], expected);
}

#[test]
fn a_section_shows_its_sentences_and_points_at_what_was_found_in_them() {
    let mut note = note();
    let quote = |text: &str, bytes| Quote {
        text: text.to_owned(),
        bytes,
    };
    note.sections = vec![
        Section {
            header: Header::ChiefComplaint,
            sentences: vec![quote("It is <worse> & \u{0}worse.", 0..20)],
        },
        Section {
            header: Header::Disposition,
            sentences: vec![quote("She goes home.", 20..40), quote("She is well.", 60..80)],
        },
    ];
    let mut crossing = finding("cough");
    (crossing.bytes, crossing.characters) = (18..22, 18..22);
    let mut outside = finding("fever");
    (outside.bytes, outside.characters) = (45..50, 45..50);
    note.findings = vec![crossing, outside];
    let bundle = written(&note);
    let sections = one(&bundle, "Composition")["section"].as_array().unwrap();
    let titles: Vec<_> = sections
        .iter()
        .map(|section| section["title"].as_str().unwrap())
        .collect();
    assert_eq!(
        titles,
        [
            "Chief complaint",
            "Disposition",
            "Suggestions from outside the sections"
        ]
    );
    assert_eq!(
        sections[0]["text"]["div"],
        "<div xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\" xml:lang=\"en\">\
         <p>It is &lt;worse&gt; &amp; worse.</p></div>"
    );
    assert_eq!(sections[0]["code"]["coding"][0]["code"], "10154-3");
    assert_eq!(sections[1]["code"], serde_json::json!({"text": "Disposition"}));
    assert_eq!(
        sections[1]["extension"][1]["extension"][1]["valueUnsignedInt"],
        80
    );
    let conditions = resources(&bundle, "Condition");
    let address = |at: usize| format!("urn:uuid:{}", conditions[at]["id"].as_str().unwrap());
    for (section, expected) in sections.iter().zip([0, 0, 1]) {
        assert_eq!(
            section["entry"],
            serde_json::json!([{"reference": address(expected)}])
        );
    }
}

#[test]
fn a_remark_says_which_section_it_is_about() {
    let mut note = note();
    for kind in [
        RemarkKind::Abstained,
        RemarkKind::Partial,
        RemarkKind::UnknownLanguage,
        RemarkKind::LowConfidence,
        RemarkKind::LimitReached,
    ] {
        note.remarks.push(Remark {
            kind,
            section: Some(0),
            text: Some("2 of 9 minutes".to_owned()),
        });
    }
    let bundle = written(&note);
    let issues = one(&bundle, "OperationOutcome")["issue"].as_array().unwrap();
    let codes: Vec<_> = issues
        .iter()
        .map(|issue| issue["code"].as_str().unwrap())
        .collect();
    assert_eq!(
        codes,
        [
            "processing",
            "incomplete",
            "not-supported",
            "informational",
            "too-costly"
        ]
    );
    assert_eq!(issues[0]["expression"][0], "Bundle.entry[0].resource.section[0]");
    let sections = one(&bundle, "Composition")["section"].as_array().unwrap();
    let shown = sections.last().unwrap()["text"]["div"].as_str().unwrap();
    assert!(
        shown.contains("<p>Plan | A part of the source was not read. | 2 of 9 minutes</p>"),
        "{shown}"
    );
}

#[test]
fn a_source_goes_along_or_is_pointed_at() {
    let kept = written(&note());
    assert!(resources(&kept, "DocumentReference").is_empty());
    let what = |bundle: &Value| one(bundle, "Provenance")["entity"][0]["what"].clone();
    assert_eq!(
        what(&kept),
        serde_json::json!({"reference": "DocumentReference/7"})
    );
    let attached = written(&Note {
        source: Source::Attached("No asthma.\n".to_owned()),
        ..note()
    });
    let source = one(&attached, "DocumentReference");
    // printf 'No asthma.\n' | base64, and | sha256sum in base 64 for URLs.
    assert_eq!(source["content"][0]["attachment"]["data"], "Tm8gYXN0aG1hLgo=");
    assert_eq!(source["content"][0]["attachment"]["size"], 11);
    assert_eq!(
        source["identifier"][0]["value"],
        "ni:///sha-256;VTgF132twlRo07Qgl97exD2oLqWtXHXytUHt8Q9b228"
    );
    let address = format!("urn:uuid:{}", source["id"].as_str().unwrap());
    assert_eq!(what(&attached), serde_json::json!({"reference": address}));
}

#[test]
fn a_patient_may_be_known_by_an_identifier_alone() {
    let bundle = written(&Note {
        patient: Link::Identifier {
            system: "https://hospital.example/keyed-hash".to_owned(),
            value: "9f2c".to_owned(),
        },
        ..note()
    });
    let expected = serde_json::json!({
        "type": "Patient",
        "identifier": {"system": "https://hospital.example/keyed-hash", "value": "9f2c"},
    });
    assert_eq!(one(&bundle, "Composition")["subject"], expected);
    assert!(resources(&bundle, "Patient").is_empty());
}

/// Two notes of one shape: their documents differ in the given texts and in ids, so nothing else comes from texts.
#[test]
fn only_the_given_texts_get_into_a_document() {
    let shown = |texts: &str| {
        let note = sample::marked_note(texts);
        let bundle = written(&note);
        let mut json = serde_json::to_string(&bundle).unwrap();
        let entries = bundle["entry"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| &entry["resource"]["id"]);
        for (index, id) in entries.chain([&bundle["id"]]).enumerate() {
            json = json.replace(id.as_str().unwrap(), &format!("id {index}"));
        }
        json
    };
    let first = shown("Alpha");
    assert!(first.matches("Alpha").count() > 20);
    assert_eq!(first.replace("Alpha", "Omega"), shown("Omega"));
}

fn refuse(change: impl Fn(&mut Note), expected: &str) {
    let mut note = full_note();
    change(&mut note);
    let fault = document(&note, &maker()).unwrap_err();
    assert_eq!(fault.to_string(), expected);
    let json = serde_json::to_value(fault.outcome()).unwrap();
    assert_eq!(json["resourceType"], "OperationOutcome");
    assert_eq!(json["issue"][0]["details"]["text"], expected);
}

#[test]
fn a_reference_must_be_one() {
    let patient = "the reference of `patient` is neither like `Patient/123`, nor an absolute address, nor an \
                   identifier with its system";
    let long = format!("Patient/{}", "1".repeat(65));
    for address in [
        "",
        "123",
        "Patient",
        "Patient/",
        "Group/1",
        "Patient/a b",
        "Patient/1/_history/2",
        "Patient/é",
        &long,
        "https://",
        "https://a b",
        "ftp://a",
        "urn:uuid:1",
        "urn:uuid:00000000-0000-0000-0000-00000000000G",
        "#1",
    ] {
        refuse(|note| note.patient = Link::Address(address.to_owned()), patient);
    }
    for (system, value) in [
        ("", "1"),
        ("hash", "1"),
        ("urn:a b", "1"),
        ("urn:a", " "),
        ("urn:a", "1\u{a0}2"),
        ("urn:a", "1 "),
    ] {
        let link = || Link::Identifier {
            system: system.to_owned(),
            value: value.to_owned(),
        };
        refuse(|note| note.patient = link(), patient);
    }
    for address in [
        "Patient/A-1.b",
        "https://a.example/Patient/1",
        "urn:uuid:00000000-0000-4000-8000-00000000000f",
    ] {
        let patient = Link::Address(address.to_owned());
        written(&Note { patient, ..note() });
    }
}

#[test]
fn what_a_note_lacks_or_has_wrong_is_named_by_its_place() {
    refuse(
        |note| note.title = "\u{0}\n".to_owned(),
        "the text of `title` has nothing to show",
    );
    refuse(
        |note| note.sections[1].sentences[0].text = "\u{feff}".to_owned(),
        "the text of `sections[1].sentences[0]` has nothing to show",
    );
    refuse(
        |note| note.findings[2].text = String::new(),
        "the text of `findings[2]` has nothing to show",
    );
    refuse(
        |note| note.sections[0].sentences.clear(),
        "`sections[0]` quotes nothing",
    );
    refuse(|note| note.risks[0].evidence.clear(), "`risks[0]` quotes nothing");
    refuse(
        |note| note.remarks[0].section = Some(2),
        "`remarks[0]` is about a section that the note does not have",
    );
    let range = "the range of `findings[1]` cannot be one of a source";
    refuse(
        |note| note.findings[1].bytes.end = note.findings[1].bytes.start,
        range,
    );
    refuse(|note| note.findings[1].bytes.end = u32::MAX, range);
    refuse(|note| note.findings[1].characters.end += 40, range);
    refuse(|note| note.findings[1].characters.start += 4, range);
    for confidence in [f64::NAN, -0.01, 1.01, f64::INFINITY] {
        refuse(
            |note| note.findings[3].confidence = confidence,
            "the confidence of `findings[3]` is not from 0 to 1",
        );
        refuse(
            |note| note.risks[0].confidence = Some(confidence),
            "the confidence of `risks[0]` is not from 0 to 1",
        );
    }
    for tag in ["", "e", "en_GB", "en-", "12", "en-ninelette", "anglaisant"] {
        refuse(
            |note| note.language = Some(tag.to_owned()),
            "expected a language tag, as in `en` or `fr-CA`",
        );
    }
    let visit = || Visit {
        start: Instant::read("2024-05-01T09:00:00Z").unwrap(),
        end: Some(Instant::read("2024-05-01T10:59:59+02:00").unwrap()),
    };
    refuse(
        |note| note.visit = Some(visit()),
        "the visit ends before it begins",
    );
}

#[test]
fn a_number_of_a_dose_is_above_zero() {
    let changes: [&dyn Fn(&mut super::draft::Dose); 5] = [
        &|dose| dose.amount.as_mut().unwrap().value = 0.0,
        &|dose| dose.strength.as_mut().unwrap().value = f64::NAN,
        &|dose| dose.duration.as_mut().unwrap().value = -1.0,
        &|dose| dose.frequency.as_mut().unwrap().times = 0,
        &|dose| dose.frequency.as_mut().unwrap().period.value = f64::INFINITY,
    ];
    for change in changes {
        let mut dose = full_dose();
        change(&mut dose);
        refuse(
            |note| {
                note.findings[0].kind = Kind::Drug {
                    dose: Some(Box::new(dose.clone())),
                }
            },
            "a number in the dose of `findings[0]` is not from 0.000001 to 1000000000",
        );
    }
}

#[test]
fn a_limit_is_a_refusal_that_says_so() {
    let mut note = note();
    note.findings = vec![finding("cough"); FINDINGS_MAX];
    written(&note);
    note.findings.push(finding("cough"));
    let fault = document(&note, &maker()).unwrap_err();
    assert_eq!(fault.to_string(), "2001 findings are more than the 2000 allowed");
    let outcome = serde_json::to_value(fault.outcome()).unwrap();
    assert_eq!(outcome["issue"][0]["code"], "too-costly");
    refuse(
        |note| note.findings[0].text = "x".repeat(TEXT_BYTES_MAX + 1),
        "1048577 bytes of one text are more than the 1048576 allowed",
    );
    refuse(
        |note| {
            for finding in &mut note.findings {
                finding.text = "x".repeat(TEXT_BYTES_MAX);
            }
        },
        "4194385 bytes of text are more than the 4194304 allowed",
    );
}

#[test]
fn a_note_that_says_nothing_is_refused_and_one_that_says_why_is_not() {
    let mut note = note();
    note.sections.clear();
    let fault = document(&note, &maker()).unwrap_err();
    assert!(matches!(fault, DocumentFault::NothingDrafted));
    note.remarks.push(Remark {
        kind: RemarkKind::UnknownLanguage,
        section: None,
        text: None,
    });
    let bundle = written(&note);
    assert_eq!(
        one(&bundle, "Composition")["section"].as_array().unwrap().len(),
        1
    );
}

#[test]
fn a_resource_with_an_element_of_no_use_here_is_not_read() {
    let mut bundle = written(&note());
    assert!(serde_json::from_value::<Bundle>(bundle.clone()).is_ok());
    bundle["entry"][0]["resource"]["custodian"] = serde_json::json!({"reference": "Organization/1"});
    let fault = serde_json::from_value::<Bundle>(bundle.clone()).unwrap_err();
    assert!(fault.to_string().contains("unknown field `custodian`"), "{fault}");
    bundle["entry"][0]["resource"]["resourceType"] = Value::from("Patient");
    assert!(serde_json::from_value::<Bundle>(bundle).is_err());
}
