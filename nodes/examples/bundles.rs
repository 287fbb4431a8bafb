//! Writes twelve documents of invented notes into a folder, for validators: see tests/fhir/README.md.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use motet_nodes::notes::fhir::draft::{
    Amount, Dose, Experiencer, Finding, Frequency, Kind, Length, Link, Model, Presence, Quote, Remark,
    RemarkKind, Risk, Section, Source, Time, TimeUnit, Visit,
};
use motet_nodes::notes::fhir::{Header, Instant, Maker, Note, document};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("a folder is expected")?);
    fs::create_dir_all(&folder)?;
    for (name, note) in notes()? {
        let json = document(&note, &maker())?.to_json()?;
        fs::write(folder.join(format!("{name}.json")), json)?;
    }
    Ok(())
}

fn notes() -> Result<Vec<(&'static str, Note)>, Box<dyn Error>> {
    Ok(vec![
        ("01-one-sentence", plain()?),
        ("02-every-header", every_header()?),
        ("03-diseases", with(diseases())?),
        ("04-medications", with(medications())?),
        (
            "05-allergies",
            with(of_kind(&Kind::Allergy, &["penicillin", "peanuts", "latex"]))?,
        ),
        ("06-family", with(family())?),
        ("07-left-out", with(left_out())?),
        ("08-risks-and-remarks", risks_and_remarks()?),
        ("09-attached-source", attached()?),
        ("10-masked", masked()?),
        ("11-awkward-text", awkward()?),
        ("12-large", large()?),
    ])
}

fn maker() -> Maker {
    let model = |name: &str| Model {
        name: name.to_owned(),
        version: "1".to_owned(),
        digest: "5e".repeat(32),
    };
    Maker {
        name: "Motet".to_owned(),
        version: "0.1.0".to_owned(),
        pipeline: "draft-note".to_owned(),
        pipeline_digest: "c0".repeat(32),
        models: vec![model("sections"), model("findings")],
    }
}

fn plain() -> Result<Note, Box<dyn Error>> {
    Ok(Note {
        patient: Link::Address("Patient/p-1".to_owned()),
        encounter: None,
        source: Source::Kept(Link::Address("DocumentReference/d-1".to_owned())),
        language: None,
        recorded: Instant::read("2024-02-29T23:59:59.5-03:30")?,
        visit: None,
        title: "Visit".to_owned(),
        sections: vec![section(
            Header::ChiefComplaint,
            &["My knee has hurt since Sunday."],
        )],
        findings: Vec::new(),
        risks: Vec::new(),
        remarks: Vec::new(),
    })
}

fn with(findings: Vec<Finding>) -> Result<Note, Box<dyn Error>> {
    Ok(Note {
        encounter: Some(Link::Address(
            "https://hospital.example/fhir/Encounter/e1".to_owned(),
        )),
        language: Some("en-GB".to_owned()),
        visit: Some(Visit {
            start: Instant::read("2024-02-29T23:00:00Z")?,
            end: Some(Instant::read("2024-02-29T23:40:00Z")?),
        }),
        findings,
        ..plain()?
    })
}

fn section(header: Header, sentences: &[&str]) -> Section {
    let quote = |(index, text): (usize, &&str)| {
        let start = u32::try_from(index).unwrap_or(0) * 100;
        Quote {
            text: (*text).to_owned(),
            bytes: start..start + 100,
        }
    };
    Section {
        header,
        sentences: sentences.iter().enumerate().map(quote).collect(),
    }
}

fn finding(text: &str, kind: Kind) -> Finding {
    Finding {
        kind,
        text: text.to_owned(),
        bytes: 10..20,
        characters: 10..19,
        presence: Presence::Present,
        confidence: 0.8125,
        time: Time::Recent,
        experiencer: Experiencer::Patient,
    }
}

/// Every text present, possible and absent, and in the past.
fn of_kind(kind: &Kind, texts: &[&str]) -> Vec<Finding> {
    let presences = [Presence::Present, Presence::Possible, Presence::Absent];
    let mut findings = Vec::new();
    for (text, presence) in texts.iter().zip(presences.into_iter().cycle()) {
        for time in [Time::Recent, Time::Historical] {
            findings.push(Finding {
                presence,
                time,
                ..finding(text, kind.clone())
            });
        }
    }
    findings
}

fn diseases() -> Vec<Finding> {
    let mut findings = of_kind(&Kind::Disease, &["knee pain", "gout", "fever"]);
    findings.push(Finding {
        bytes: 5_000..5_004,
        characters: 5_000..5_004,
        confidence: 1.0,
        ..finding("rash", Kind::Disease)
    });
    findings
}

fn medications() -> Vec<Finding> {
    let amount = |value, unit: Option<&str>| {
        Some(Amount {
            value,
            unit: unit.map(str::to_owned),
        })
    };
    let length = |value, unit| Length { value, unit };
    let nothing = Dose {
        text: None,
        amount: None,
        strength: None,
        form: None,
        route: None,
        frequency: None,
        as_needed: false,
        duration: None,
    };
    let full = Dose {
        text: Some("one 250 mcg puff every 4 hours for 5 days if short of breath".to_owned()),
        amount: amount(1.0, Some("{puff}")),
        strength: amount(250.0, Some("mcg")),
        form: Some("inhaler".to_owned()),
        route: Some("inhaled".to_owned()),
        frequency: Some(Frequency {
            times: 1,
            period: length(4.0, TimeUnit::Hour),
        }),
        as_needed: true,
        duration: Some(length(5.0, TimeUnit::Day)),
    };
    let half = Dose {
        amount: amount(0.5, Some("pills")),
        frequency: Some(Frequency {
            times: 3,
            period: length(1.5, TimeUnit::Week),
        }),
        ..nothing.clone()
    };
    let bare = Dose {
        amount: amount(20.0, None),
        ..nothing.clone()
    };
    let tiny = Dose {
        amount: amount(0.000_001, Some("g")),
        ..nothing.clone()
    };
    let doses = [
        Some(full),
        Some(half),
        Some(bare),
        Some(tiny),
        Some(nothing),
        None,
    ];
    let drug = |dose: Option<Dose>| Kind::Drug {
        dose: dose.map(Box::new),
    };
    let mut findings: Vec<Finding> = doses
        .into_iter()
        .map(|dose| finding("salbutamol", drug(dose)))
        .collect();
    findings.extend(of_kind(&drug(None), &["ibuprofen", "aspirin", "codeine"]));
    findings
}

fn relative(relation: Option<&str>, presence: Presence, kind: Kind) -> Finding {
    Finding {
        presence,
        experiencer: Experiencer::Family {
            relation: relation.map(str::to_owned),
        },
        ..finding("diabetes", kind)
    }
}

fn family() -> Vec<Finding> {
    vec![
        relative(Some("mother"), Presence::Present, Kind::Disease),
        relative(Some("Maternal Grandfather"), Presence::Possible, Kind::Disease),
        relative(Some("wife's brother"), Presence::Present, Kind::Disease),
        relative(None, Presence::Present, Kind::Disease),
    ]
}

fn left_out() -> Vec<Finding> {
    vec![
        relative(Some("father"), Presence::Absent, Kind::Disease),
        relative(Some("father"), Presence::Present, Kind::Drug { dose: None }),
        relative(None, Presence::Present, Kind::Allergy),
        Finding {
            experiencer: Experiencer::Other,
            ..finding("influenza", Kind::Disease)
        },
        Finding {
            time: Time::Hypothetical,
            ..finding("sepsis", Kind::Disease)
        },
    ]
}

fn every_header() -> Result<Note, Box<dyn Error>> {
    let sections = Header::ALL
        .into_iter()
        .map(|header| section(header, &["The knee is swollen.", "It was cold in the morning."]));
    Ok(Note {
        sections: sections.collect(),
        ..with(diseases())?
    })
}

fn risks_and_remarks() -> Result<Note, Box<dyn Error>> {
    let kinds = [
        RemarkKind::Abstained,
        RemarkKind::Partial,
        RemarkKind::UnknownLanguage,
        RemarkKind::LowConfidence,
        RemarkKind::LimitReached,
    ];
    let remarks = kinds.into_iter().enumerate().map(|(index, kind)| Remark {
        kind,
        section: (index < 1).then_some(index),
        text: (index > 1).then(|| "from minute 12".to_owned()),
    });
    let risk = |confidence| Risk {
        label: "warm and swollen joint".to_owned(),
        confidence,
        evidence: section(Header::Examination, &["The knee is warm.", "She has a fever."]).sentences,
    };
    Ok(Note {
        risks: vec![risk(Some(0.25)), risk(None)],
        remarks: remarks.collect(),
        ..with(left_out())?
    })
}

fn attached() -> Result<Note, Box<dyn Error>> {
    Ok(Note {
        source: Source::Attached("Docteur : « Où ? »\r\nPatient : au genou. 🦵\n".to_owned()),
        language: Some("fr".to_owned()),
        title: "Consultation du 29 février".to_owned(),
        sections: vec![section(Header::ChiefComplaint, &["au genou. 🦵"])],
        ..with(diseases())?
    })
}

fn masked() -> Result<Note, Box<dyn Error>> {
    let hash = |value: &str| Link::Identifier {
        system: "urn:oid:2.999.1".to_owned(),
        value: value.to_owned(),
    };
    Ok(Note {
        patient: hash("b7e2"),
        encounter: Some(hash("01ff")),
        source: Source::Kept(hash("77aa")),
        sections: vec![section(
            Header::PresentIllness,
            &["[NAME] fell on [DATE] in [PLACE]."],
        )],
        ..with(medications())?
    })
}

fn awkward() -> Result<Note, Box<dyn Error>> {
    let texts = [
        "a < b && c > d \"e\" 'f' ]]> <!-- g --> <script>h</script> &amp; \\u0000",
        "nul\0 bell\u{7} return\r\nline\u{2028}nbsp\u{a0}bom\u{feff}nonchar\u{ffff}",
        "\u{202e}עברית\u{202c} العربية e\u{301} 👩‍⚕️ \u{10fffd}",
        "\u{1b}[31mred\u{1b}[0m\tand a tab",
    ];
    let note = with(
        texts
            .iter()
            .flat_map(|text| of_kind(&Kind::Disease, &[text]))
            .collect(),
    )?;
    Ok(Note {
        patient: Link::Identifier {
            system: "urn:oid:2.999.1".to_owned(),
            value: "<a> & 'b' \u{202e}é".to_owned(),
        },
        title: texts[2].to_owned(),
        sections: vec![section(Header::OtherHistory, &texts)],
        remarks: vec![Remark {
            kind: RemarkKind::Partial,
            section: Some(0),
            text: Some(texts[1].to_owned()),
        }],
        ..note
    })
}

fn large() -> Result<Note, Box<dyn Error>> {
    let sentences = vec!["The knee hurts when I climb the stairs."; 200];
    Ok(Note {
        sections: vec![
            section(Header::PresentIllness, &sentences),
            section(Header::Plan, &sentences),
        ],
        ..with(diseases().into_iter().cycle().take(300).collect())?
    })
}
