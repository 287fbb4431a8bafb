//! What a page must hold, and what it must not let through.

use super::super::record::{DefectOrder, Unit, WorkOrder};
use super::super::sample;
use super::super::text::Templates;
use super::*;

fn spectrum() -> Spectrum {
    let mut amplitudes = vec![0.01; 4_000];
    amplitudes[1_072] = 3.0;
    Spectrum {
        step_hz: 0.1,
        amplitudes,
        channels: 1,
        unit: Unit::Gravity,
        limit: Some(1.5),
        marks: vec![Mark {
            source: Source::Defect(DefectOrder::OuterRace),
            frequency_hz: 107.2,
        }],
    }
}

#[test]
fn a_page_has_text_table_and_picture() {
    let report = sample::plausible(5);
    let page = html(&report, &Templates, Some(&spectrum())).unwrap();
    for part in [
        "<h1>",
        "<table>",
        "<svg role=\"img\"",
        "BPFO",
        "2×BPFO",
        "3×BPFO",
        "1.5 g",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("4×BPFO"), "428.8 Hz is beyond the spectrum");
    let links = page.matches("http").count();
    assert_eq!(
        links,
        page.matches("http://www.w3.org/2000/svg").count(),
        "nothing is loaded"
    );
}

#[test]
fn a_page_lists_every_work_order_with_its_words_escaped() {
    let mut report = sample::plausible(5);
    let order = |id: &str, snippet: &str| WorkOrder {
        id: id.to_owned(),
        date: report.interval.from.date(),
        snippet: snippet.to_owned(),
        asset: report.asset.clone(),
    };
    report.work_orders = vec![
        order("4711", "bearing replaced"),
        order("4690", "<b>grease & oil</b>"),
    ];
    let page = html(&report, &Templates, None).unwrap();
    for part in [
        "4711",
        "bearing replaced",
        "4690",
        "&lt;b&gt;grease &amp; oil&lt;/b&gt;",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn the_highest_line_survives_thinning() {
    let spectrum = spectrum();
    let svg = spectrum.svg().unwrap();
    // The picture is 340 pixels high with 10 above and 56 below; the peak of 3.0 is at 1/1.4 of the height.
    let top = 10.0 + (1.0 - 1.0 / 1.4) * (340.0 - 20.0 - 46.0);
    let numbers: Vec<f64> = svg
        .split("<polyline")
        .filter(|line| line.split('>').next().is_some_and(|tag| tag.contains("#0072B2")))
        .flat_map(|line| line.split("points=\"").nth(1))
        .flat_map(|points| points.split('"').next().unwrap_or("").split([' ', ',']))
        .filter_map(|number| number.parse().ok())
        .collect();
    let highest = numbers
        .chunks(2)
        .filter(|point| point.len() == 2)
        .map(|point| point[1])
        .fold(f64::MAX, f64::min);
    assert!((highest - top).abs() <= 2.0, "{highest} {top}");
}

/// Says one thing of every record.
struct Fixed(&'static str);

impl Realiser for Fixed {
    fn name(&self) -> &str {
        "fixed"
    }

    fn realise(&self, _: &Report) -> Result<Text, RealiseError> {
        let sentence = |topic| text::Sentence {
            topic,
            text: self.0.to_owned(),
        };
        Ok(Text {
            sentences: vec![sentence(text::Topic::Headline), sentence(text::Topic::WorkOrder)],
        })
    }
}

#[test]
fn words_of_a_text_are_escaped() {
    let page = html(
        &sample::plausible(8),
        &Fixed("<script>alert(1)</script> & more"),
        None,
    )
    .unwrap();
    assert!(!page.contains("<script"));
    assert_eq!(
        page.matches("&lt;script&gt;alert(1)&lt;/script&gt; &amp; more")
            .count(),
        2
    );
}

#[test]
fn a_spectrum_out_of_range_is_refused() {
    let refused = |change: fn(&mut Spectrum)| {
        let mut spectrum = spectrum();
        change(&mut spectrum);
        matches!(spectrum.svg(), Err(PageError::Spectrum(_)))
    };
    assert!(refused(|it| it.amplitudes.truncate(1)));
    assert!(refused(|it| it.amplitudes[3] = f64::NAN));
    assert!(refused(|it| it.amplitudes[3] = -1.0));
    assert!(refused(|it| it.step_hz = 0.0));
    assert!(refused(|it| it.limit = Some(f64::INFINITY)));
    assert!(refused(|it| it.marks = vec![it.marks[0]; MARKS_MAX + 1]));
}
