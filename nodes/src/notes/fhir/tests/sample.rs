//! Notes to test with.

use crate::notes::fhir::Header;
use crate::notes::fhir::Instant;
use crate::notes::fhir::draft::{
    Amount, Dose, Experiencer, Finding, Frequency, Kind, Length, Link, Maker, Model, Note, Presence, Quote,
    Remark, RemarkKind, Risk, Section, Source, Time, TimeUnit, Visit,
};

pub(super) fn maker() -> Maker {
    Maker {
        name: "Motet".to_owned(),
        version: "0.1.0".to_owned(),
        pipeline: "draft-note".to_owned(),
        pipeline_digest: "0f".repeat(32),
        models: vec![Model {
            name: "section-labels".to_owned(),
            version: "3".to_owned(),
            digest: "a1".repeat(32),
        }],
    }
}

pub(super) fn note() -> Note {
    Note {
        patient: Link::Address("Patient/123".to_owned()),
        encounter: Some(Link::Address("Encounter/9".to_owned())),
        source: Source::Kept(Link::Address("DocumentReference/7".to_owned())),
        language: Some("en".to_owned()),
        recorded: Instant::read("2024-05-01T09:30:00+02:00").unwrap(),
        visit: None,
        title: "Visit of 1 May".to_owned(),
        sections: vec![section(Header::Plan, "She will use the inhaler.", 0)],
        findings: Vec::new(),
        risks: Vec::new(),
        remarks: Vec::new(),
    }
}

fn section(header: Header, text: &str, start: u32) -> Section {
    Section {
        header,
        sentences: vec![Quote {
            text: text.to_owned(),
            bytes: start..start + 40,
        }],
    }
}

/// Of the patient, present and recent; it follows a character of two bytes.
pub(super) fn finding(text: &str) -> Finding {
    Finding {
        kind: Kind::Disease,
        text: text.to_owned(),
        bytes: 4..10,
        characters: 3..9,
        presence: Presence::Present,
        confidence: 0.75,
        time: Time::Recent,
        experiencer: Experiencer::Patient,
    }
}

pub(super) fn full_dose() -> Dose {
    let amount = |value, unit: &str| {
        Some(Amount {
            value,
            unit: Some(unit.to_owned()),
        })
    };
    let days = |value| Length {
        value,
        unit: TimeUnit::Day,
    };
    Dose {
        text: Some("two 2.5 mg tablets by mouth three times a day for 10 days when needed".to_owned()),
        amount: amount(2.0, "tablets"),
        strength: amount(2.5, "mg"),
        form: Some("tablet".to_owned()),
        route: Some("by mouth".to_owned()),
        frequency: Some(Frequency {
            times: 3,
            period: days(1.0),
        }),
        as_needed: true,
        duration: Some(days(10.0)),
    }
}

/// Every kind of finding.
fn findings() -> Vec<Finding> {
    let family = |relation: &str| Experiencer::Family {
        relation: Some(relation.to_owned()),
    };
    let drug = || Kind::Drug {
        dose: Some(Box::new(full_dose())),
    };
    vec![
        finding("asthma"),
        Finding {
            presence: Presence::Absent,
            ..finding("fever")
        },
        Finding {
            presence: Presence::Possible,
            time: Time::Historical,
            ..finding("eczéma")
        },
        Finding {
            kind: drug(),
            ..finding("prednisolone")
        },
        Finding {
            kind: Kind::Allergy,
            ..finding("latex")
        },
        Finding {
            experiencer: family("father"),
            ..finding("gout")
        },
        Finding {
            experiencer: family("sister"),
            presence: Presence::Absent,
            ..finding("migraine")
        },
        Finding {
            experiencer: family("son"),
            kind: drug(),
            ..finding("ibuprofen")
        },
        Finding {
            experiencer: Experiencer::Other,
            ..finding("influenza")
        },
        Finding {
            time: Time::Hypothetical,
            ..finding("pneumonia")
        },
    ]
}

/// Every part and every kind of finding.
pub(super) fn full_note() -> Note {
    Note {
        visit: Some(Visit {
            start: Instant::read("2024-05-01T09:00:00+02:00").unwrap(),
            end: Some(Instant::read("2024-05-01T09:20:00+02:00").unwrap()),
        }),
        sections: vec![
            section(
                Header::ChiefComplaint,
                "She has had trouble breathing since March.",
                0,
            ),
            section(Header::Plan, "She will use the inhaler.", 40),
        ],
        findings: findings(),
        risks: vec![Risk {
            label: "breathing".to_owned(),
            confidence: Some(0.5),
            evidence: vec![Quote {
                text: "She has had trouble breathing since March.".to_owned(),
                bytes: 0..40,
            }],
        }],
        remarks: vec![
            Remark {
                kind: RemarkKind::Abstained,
                section: None,
                text: Some("no examination was heard".to_owned()),
            },
            Remark {
                kind: RemarkKind::LowConfidence,
                section: Some(1),
                text: None,
            },
        ],
        ..note()
    }
}

/// The full note with every text replaced by one word and a number.
pub(super) fn marked_note(word: &str) -> Note {
    let mut note = full_note();
    let mut count = 0;
    let mut mark = |text: &mut String| {
        count += 1;
        *text = format!("{word} {count}");
    };
    mark(&mut note.title);
    for section in &mut note.sections {
        section
            .sentences
            .iter_mut()
            .for_each(|sentence| mark(&mut sentence.text));
    }
    for finding in &mut note.findings {
        mark(&mut finding.text);
        if let Kind::Drug { dose: Some(dose) } = &mut finding.kind {
            [&mut dose.text, &mut dose.form, &mut dose.route]
                .into_iter()
                .flatten()
                .for_each(&mut mark);
            [&mut dose.amount, &mut dose.strength]
                .into_iter()
                .flatten()
                .filter_map(|amount| amount.unit.as_mut())
                .for_each(&mut mark);
        }
        if let Experiencer::Family { relation } = &mut finding.experiencer {
            relation.iter_mut().for_each(&mut mark);
        }
    }
    for risk in &mut note.risks {
        mark(&mut risk.label);
        risk.evidence.iter_mut().for_each(|quote| mark(&mut quote.text));
    }
    note.remarks
        .iter_mut()
        .filter_map(|remark| remark.text.as_mut())
        .for_each(mark);
    note
}
