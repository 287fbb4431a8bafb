//! Documents of arbitrary notes.

use std::ops::Range;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::{sample, written};
use crate::notes::fhir::document;
use crate::notes::fhir::draft::{
    Amount, Dose, Experiencer, Finding, Frequency, Kind, Length, Link, Maker, Model, Note, Presence, Quote,
    Remark, RemarkKind, Risk, Section, Source, Time, TimeUnit,
};
use crate::notes::fhir::header::Header;
use crate::notes::fhir::narrative::is_blank;
use crate::notes::fhir::resource::Bundle;

/// Characters of any kind, and more of those that markup, JSON and XML treat in their own way.
fn letters() -> impl Strategy<Value = String> {
    let special = proptest::sample::select(vec![
        '<',
        '>',
        '&',
        '"',
        '\'',
        '\\',
        ']',
        '\0',
        '\u{8}',
        '\r',
        '\n',
        '\t',
        '\u{85}',
        '\u{a0}',
        '\u{2028}',
        '\u{feff}',
        '\u{fffe}',
        '\u{ffff}',
        '\u{202e}',
        '\u{301}',
        '\u{1f912}',
        '\u{10ffff}',
    ]);
    vec(prop_oneof![any::<char>(), special], 0..12).prop_map(|letters| letters.into_iter().collect())
}

/// A text with something to show.
fn text() -> impl Strategy<Value = String> {
    (letters(), letters()).prop_map(|(before, after)| format!("{before}x{after}"))
}

fn range() -> impl Strategy<Value = Range<u32>> {
    (0..1_000_000u32, 1..1_000u32).prop_map(|(start, length)| start..start + length)
}

fn quotes() -> impl Strategy<Value = Vec<Quote>> {
    vec(
        (text(), range()).prop_map(|(text, bytes)| Quote { text, bytes }),
        1..4,
    )
}

fn amount() -> impl Strategy<Value = Option<Amount>> {
    let unit = option::of(prop_oneof![text(), Just("mg".to_owned())]);
    option::of((positive(), unit).prop_map(|(value, unit)| Amount { value, unit }))
}

fn positive() -> impl Strategy<Value = f64> {
    prop_oneof![
        1e-6..1e9,
        1e-6..1e-3,
        Just(1e-6),
        Just(1e9),
        (1..99u32).prop_map(f64::from)
    ]
}

fn length() -> impl Strategy<Value = Length> {
    let units = [
        TimeUnit::Second,
        TimeUnit::Minute,
        TimeUnit::Hour,
        TimeUnit::Day,
        TimeUnit::Week,
        TimeUnit::Month,
        TimeUnit::Year,
    ];
    (positive(), proptest::sample::select(units.to_vec())).prop_map(|(value, unit)| Length { value, unit })
}

fn kind() -> impl Strategy<Value = Kind> {
    let frequency = (1..=i32::MAX.unsigned_abs(), length());
    let frequency = frequency.prop_map(|(times, period)| Frequency { times, period });
    let words = (option::of(text()), option::of(text()), option::of(text()));
    let parts = (
        words,
        amount(),
        amount(),
        option::of(frequency),
        any::<bool>(),
        option::of(length()),
    );
    let dose = parts.prop_map(
        |((text, form, route), amount, strength, frequency, as_needed, duration)| {
            Box::new(Dose {
                text,
                amount,
                strength,
                form,
                route,
                frequency,
                as_needed,
                duration,
            })
        },
    );
    let drug = option::of(dose).prop_map(|dose| Kind::Drug { dose });
    prop_oneof![Just(Kind::Disease), Just(Kind::Allergy), drug]
}

fn finding() -> impl Strategy<Value = Finding> {
    let presence = proptest::sample::select(vec![Presence::Present, Presence::Possible, Presence::Absent]);
    let time = proptest::sample::select(vec![Time::Recent, Time::Historical, Time::Hypothetical]);
    let family = option::of(text()).prop_map(|relation| Experiencer::Family { relation });
    let experiencer = prop_oneof![Just(Experiencer::Patient), family, Just(Experiencer::Other)];
    (kind(), text(), range(), presence, 0.0..=1.0f64, time, experiencer).prop_map(
        |(kind, text, bytes, presence, confidence, time, experiencer)| Finding {
            kind,
            text,
            characters: bytes.clone(),
            bytes,
            presence,
            confidence,
            time,
            experiencer,
        },
    )
}

fn remark(sections: usize) -> impl Strategy<Value = Remark> {
    let kinds = vec![
        RemarkKind::Abstained,
        RemarkKind::Partial,
        RemarkKind::UnknownLanguage,
        RemarkKind::LowConfidence,
        RemarkKind::LimitReached,
    ];
    (
        proptest::sample::select(kinds),
        option::of(0..sections),
        option::of(text()),
    )
        .prop_map(|(kind, section, text)| Remark { kind, section, text })
}

fn risk() -> impl Strategy<Value = Risk> {
    (text(), option::of(0.0..=1.0f64), quotes()).prop_map(|(label, confidence, evidence)| Risk {
        label,
        confidence,
        evidence,
    })
}

fn note() -> impl Strategy<Value = Note> {
    let header = proptest::sample::select(Header::ALL.to_vec());
    let section = (header, quotes()).prop_map(|(header, sentences)| Section { header, sentences });
    let patient = "x[!-~é🤒 ]{0,9}x".prop_map(|value| Link::Identifier {
        system: "urn:oid:1.2.3".to_owned(),
        value,
    });
    let source = prop_oneof![
        text().prop_map(Source::Attached),
        Just(Source::Kept(Link::Address("Binary/4".to_owned())))
    ];
    (patient, source, text(), vec(section, 1..4))
        .prop_flat_map(move |(patient, source, title, sections)| {
            let remarks = vec(remark(sections.len()), 0..3);
            let whole = (Just(patient), Just(source), Just(title), Just(sections));
            (whole, vec(finding(), 0..6), vec(risk(), 0..3), remarks)
        })
        .prop_map(
            |((patient, source, title, sections), findings, risks, remarks)| Note {
                patient,
                source,
                title,
                sections,
                findings,
                risks,
                remarks,
                ..sample::note()
            },
        )
}

fn maker() -> impl Strategy<Value = Maker> {
    let model = (text(), text(), text()).prop_map(|(name, version, digest)| Model {
        name,
        version,
        digest,
    });
    (text(), text(), text(), text(), vec(model, 0..3)).prop_map(
        |(name, version, pipeline, pipeline_digest, models)| Maker {
            name,
            version,
            pipeline,
            pipeline_digest,
            models,
        },
    )
}

proptest! {
    #[test]
    fn every_note_becomes_a_document_that_keeps_the_rules(note in note()) {
        written(&note);
    }

    #[test]
    fn every_maker_is_written_so_that_it_can_be_read(maker in maker()) {
        let bundle = document(&sample::full_note(), &maker).unwrap();
        let json = bundle.to_json().unwrap();
        prop_assert_eq!(&serde_json::from_str::<Bundle>(&json).unwrap(), &bundle);
        super::invariants::check(&serde_json::from_str(&json).unwrap(), &sample::full_note());
    }

    #[test]
    fn a_note_is_refused_exactly_where_a_text_has_nothing_to_show(text in letters()) {
        let mut note = sample::full_note();
        note.findings[0].text.clone_from(&text);
        prop_assert_eq!(document(&note, &sample::maker()).is_err(), is_blank(&text));
    }

    #[test]
    fn any_patient_reference_is_refused_or_written_as_it_is(text in letters(), id in "[A-Za-z0-9.-]{0,66}") {
        for address in [text, format!("Patient/{id}")] {
            let patient = Link::Address(address.clone());
            if let Ok(bundle) = document(&Note { patient, ..sample::note() }, &sample::maker()) {
                let json = serde_json::to_value(bundle).unwrap();
                prop_assert_eq!(&json["entry"][0]["resource"]["subject"]["reference"], &address);
            }
        }
    }
}
