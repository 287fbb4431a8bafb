use proptest::prelude::*;

use super::*;

/// A dose in short: `drug; strength; count; form; route; frequency; duration`, parts that are none left out.
fn shown(text: &str, dose: &Dose) -> String {
    let quantity = |quantity: &Quantity| {
        let mut shown = match quantity.high > quantity.low {
            true => format!("{}-{}", quantity.low, quantity.high),
            false => format!("{}", quantity.low),
        };
        shown += &quantity
            .unit
            .as_ref()
            .map_or(" without unit".to_owned(), |unit| format!(" {unit}"));
        if let Some(per) = &quantity.per {
            shown += &format!(" per {} {}", per.number, per.unit);
        }
        shown
    };
    let often = |often: &Frequency| {
        let mut shown = Vec::new();
        if let Some((low, high)) = often.times {
            shown.push(match high > low {
                true => format!("{low}-{high} times"),
                false => format!("{low} times"),
            });
        }
        if let Some(period) = &often.period {
            shown.push(match period.high > period.low {
                true => format!("every {}-{} {:?}", period.low, period.high, period.unit),
                false => format!("every {} {:?}", period.low, period.unit),
            });
        }
        shown.extend(often.moments.iter().map(|moment| format!("{moment:?}")));
        shown.extend(often.as_needed.then(|| "as needed".to_owned()));
        shown.extend(often.is_at_most.then(|| "at most".to_owned()));
        shown.join(" ")
    };
    let long = |amount: &Amount| format!("for {} {:?}", amount.low.unwrap_or(f64::NAN), amount.unit);
    let parts = [
        dose.drug.as_ref().map(|drug| text[drug.clone()].to_owned()),
        dose.strength.as_ref().map(|part| quantity(&part.value)),
        dose.count
            .as_ref()
            .map(|part| format!("count {}", quantity(&part.value).replace(" without unit", ""))),
        dose.form.as_ref().map(|part| format!("{:?}", part.value)),
        dose.route.as_ref().map(|part| format!("{:?}", part.value)),
        dose.frequency.as_ref().map(|part| often(&part.value)),
        dose.duration.as_ref().map(|part| long(&part.value)),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// The doses of a text whose drugs stand between `[` and `]`.
fn check(marked: &str, expected: &[&str]) {
    let text = marked.replace(['[', ']'], "");
    let (mut drugs, mut offset) = (Vec::new(), 0);
    for (index, part) in marked.split(['[', ']']).enumerate() {
        if index % 2 == 1 {
            drugs.push(offset..offset + part.len());
        }
        offset += part.len();
    }
    let found: Vec<String> = doses(&text, &drugs)
        .iter()
        .map(|dose| shown(&text, dose))
        .collect();
    assert_eq!(found, expected, "{marked}");
}

#[test]
fn strengths_have_units_of_ucum() {
    check("[metformin] 500 mg", &["metformin; 500 mg"]);
    check("[levothyroxine] 100mcg", &["levothyroxine; 100 ug"]);
    check("[levothyroxine] 100 \u{b5}g", &["levothyroxine; 100 ug"]);
    check("[amoxicillin] 1 gram", &["amoxicillin; 1 g"]);
    check("[insulin glargine] 20 units", &["insulin glargine; 20 [iU]"]);
    check("[heparin] 5,000 IU", &["heparin; 5000 [iU]"]);
    check("[heparin] 5000U", &["heparin; 5000 [iU]"]);
    check("[potassium chloride] 20 mEq", &["potassium chloride; 20 meq"]);
    check("[magnesium] 8 mmol", &["magnesium; 8 mmol"]);
    check("[hydrocortisone] 1 % cream", &["hydrocortisone; 1 %; Cream"]);
    check(
        "[penicillin G] 1.2 million units IM",
        &["penicillin G; 1200000 [iU]; Intramuscular"],
    );
}

#[test]
fn strengths_may_have_a_stroke() {
    check("[ibuprofen] 100 mg/5 mL", &["ibuprofen; 100 mg per 5 mL"]);
    check("[gentamicin] 5 mg/kg", &["gentamicin; 5 mg/kg"]);
    check("[vancomycin] 15 mg/kg/day", &["vancomycin; 15 mg/kg/d"]);
    check(
        "[norepinephrine] 0.1 mcg/kg/min",
        &["norepinephrine; 0.1 ug/kg/min"],
    );
    check("[morphine] 2 mg per hour", &["morphine; 2 mg/h"]);
    check("[lidocaine] 10 mg/mL", &["lidocaine; 10 mg/mL"]);
}

#[test]
fn decimals_are_read_as_they_are_written() {
    check("[warfarin] 1.0 mg", &["warfarin; 1 mg"]);
    check("[digoxin] .5 mg", &["digoxin; 0.5 mg"]);
    check("[digoxin] 0.125 mg", &["digoxin; 0.125 mg"]);
    check("[vitamin D] 1,000 units", &["vitamin D; 1000 [iU]"]);
    check(
        "[vitamin D] 50,000 units weekly",
        &["vitamin D; 50000 [iU]; 1 times every 1 Week"],
    );
}

#[test]
fn a_number_that_can_be_read_in_two_ways_is_left_out() {
    check("[warfarin] 1,5 mg", &[]);
    check("[hydrocodone] 5/325 mg", &[]);
    check("[hydrocodone] 5-325 mg", &[]);
    check("[enoxaparin] 1.2.3 mg", &[]);
}

#[test]
fn no_unit_is_invented() {
    check(
        "[lisinopril] 10 daily",
        &["lisinopril; 10 without unit; 1 times every 1 Day"],
    );
    check(
        "[metformin] 1000 bid",
        &["metformin; 1000 without unit; 2 times every 1 Day"],
    );
    check("[aspirin] 81", &["aspirin; 81 without unit"]);
    check("[aspirin] 3 days ago", &[]);
}

#[test]
fn the_latin_of_prescriptions_is_read() {
    check(
        "[metoprolol] 25 mg PO b.i.d.",
        &["metoprolol; 25 mg; Oral; 2 times every 1 Day"],
    );
    check(
        "[amoxicillin] 500 mg p.o. tid",
        &["amoxicillin; 500 mg; Oral; 3 times every 1 Day"],
    );
    check(
        "[cephalexin] 500 mg qid x 7 days",
        &["cephalexin; 500 mg; 4 times every 1 Day; for 7 Day"],
    );
    check(
        "[ondansetron] 4 mg IV q6h prn",
        &["ondansetron; 4 mg; Intravenous; 1 times every 6 Hour as needed"],
    );
    check(
        "[oxycodone] 5 mg q4-6h PRN",
        &["oxycodone; 5 mg; 1 times every 4-6 Hour as needed"],
    );
    check(
        "[zolpidem] 5 mg qhs",
        &["zolpidem; 5 mg; 1 times every 1 Day Bedtime"],
    );
    check("[amlodipine] 5 mg qd", &["amlodipine; 5 mg; 1 times every 1 Day"]);
    check("[aspirin] 300 mg stat", &["aspirin; 300 mg; AtOnce"]);
    check(
        "[prednisone] 20 mg q.o.d.",
        &["prednisone; 20 mg; 1 times every 2 Day"],
    );
    check("[codeine] 30 mg q.4h.", &["codeine; 30 mg; 1 times every 4 Hour"]);
    check("[senna] 2 tabs nocte", &["senna; count 2; Tablet; Night"]);
}

#[test]
fn how_often_is_read_in_words() {
    check(
        "[metformin] 500 mg twice daily with meals",
        &["metformin; 500 mg; 2 times every 1 Day WithMeals"],
    );
    check(
        "[ibuprofen] 400 mg three times a day",
        &["ibuprofen; 400 mg; 3 times every 1 Day"],
    );
    check(
        "[ibuprofen] 400 mg 3-4 times daily",
        &["ibuprofen; 400 mg; 3-4 times every 1 Day"],
    );
    check(
        "[paracetamol] 1 g up to 4 times a day",
        &["paracetamol; 1 g; 4 times every 1 Day at most"],
    );
    check(
        "[fentanyl] 25 mcg every 72 hours",
        &["fentanyl; 25 ug; 1 times every 72 Hour"],
    );
    check(
        "[morphine] 10 mg every 4 to 6 hours as needed",
        &["morphine; 10 mg; 1 times every 4-6 Hour as needed"],
    );
    check(
        "[furosemide] 40 mg every morning",
        &["furosemide; 40 mg; 1 times every 1 Day Morning"],
    );
    check(
        "[furosemide] 40 mg every other day",
        &["furosemide; 40 mg; 1 times every 2 Day"],
    );
    check(
        "[methotrexate] 15 mg once a week",
        &["methotrexate; 15 mg; 1 times every 1 Week"],
    );
    check(
        "[gabapentin] 300 mg in the morning and at bedtime",
        &["gabapentin; 300 mg; Morning Bedtime"],
    );
    check(
        "[gabapentin] 300 mg every morning and evening",
        &["gabapentin; 300 mg; 2 times every 1 Day Morning Evening"],
    );
}

#[test]
fn counts_are_numbers_of_what_is_taken() {
    check(
        "take two tablets twice a day",
        &["count 2; Tablet; 2 times every 1 Day"],
    );
    check(
        "take one and a half tablets daily",
        &["count 1.5; Tablet; 1 times every 1 Day"],
    );
    check(
        "1-2 tablets every 6 hours",
        &["count 1-2; Tablet; 1 times every 6 Hour"],
    );
    check("1/2 tab daily", &["count 0.5; Tablet; 1 times every 1 Day"]);
    check("\u{bd} tablet daily", &["count 0.5; Tablet; 1 times every 1 Day"]);
    check("half a tablet at night", &["count 0.5; Tablet; Night"]);
    check(
        "[albuterol] 2 puffs inhaled q4h",
        &["albuterol; count 2; Puff; Inhaled; 1 times every 4 Hour"],
    );
    check(
        "[timolol] 1 drop in both eyes bid",
        &["timolol; count 1; Drop; BothEyes; 2 times every 1 Day"],
    );
    check("[paracetamol] 2 x 500 mg", &["paracetamol; 500 mg; count 2"]);
    check(
        "[aspirin]: take 1 daily",
        &["aspirin; count 1; 1 times every 1 Day"],
    );
}

#[test]
fn a_drug_gets_what_belongs_to_it() {
    check(
        "given 2.5 mg of [morphine] IV",
        &["morphine; 2.5 mg; Intravenous"],
    );
    check(
        "[lisinopril] 10 mg daily, [metformin] 500 mg bid and [aspirin]",
        &[
            "lisinopril; 10 mg; 1 times every 1 Day",
            "metformin; 500 mg; 2 times every 1 Day",
        ],
    );
    check(
        "[metformin] 500 mg in the morning and 1000 mg at night",
        &["metformin; 500 mg; Morning", "metformin; 1000 mg; Night"],
    );
    check(
        "gave 4 mg [ondansetron] and 1 g [paracetamol]",
        &["ondansetron; 4 mg", "paracetamol; 1 g"],
    );
    check(
        "[amoxicillin] 500 mg capsules, one capsule tid for 10 days",
        &["amoxicillin; 500 mg; count 1; Capsule; 3 times every 1 Day; for 10 Day"],
    );
}

#[test]
fn values_of_the_laboratory_are_no_doses() {
    for text in [
        "glucose 120 mg/dL",
        "sodium 121 mmol/L",
        "weight 70 kg",
        "BP 120/80",
        "he walks every morning",
    ] {
        check(text, &[]);
    }
}

#[test]
fn each_part_says_where_it_stands() {
    let text = "metoprolol 25 mg PO b.i.d. for 2 weeks";
    let drug = 0..10;
    let found = doses(text, std::slice::from_ref(&drug));
    let dose = found.first().unwrap();
    let part = |range: &Range<usize>| text[range.clone()].to_owned();
    assert_eq!(part(&dose.strength.as_ref().unwrap().range), "25 mg");
    assert_eq!(part(&dose.route.as_ref().unwrap().range), "PO");
    assert_eq!(part(&dose.frequency.as_ref().unwrap().range), "b.i.d.");
    assert_eq!(part(&dose.duration.as_ref().unwrap().range), "for 2 weeks");
}

#[test]
fn ranges_that_are_no_text_are_passed_over() {
    let text = "caf\u{e9} 5 mg";
    let reversed = Range { start: 4, end: 2 };
    let found = doses(text, &[4..5, 90..99, reversed, 3..3]);
    assert_eq!(found.len(), 1);
    assert_eq!(found.first().unwrap().drug, None);
}

proptest! {
    #[test]
    fn ranges_lie_in_any_text(
        text in r"(\PC|[0-9/.,\- \n]|mg|tablets? |q4h |b\.i\.d\. |every |for |IV ){0,60}",
        starts in prop::collection::vec((0..120_usize, 0..20_usize), 0..4),
    ) {
        let drugs: Vec<Range<usize>> = starts.iter().map(|(start, length)| *start..start + length).collect();
        for dose in doses(&text, &drugs) {
            let ranges = [
                dose.drug.clone(),
                dose.strength.map(|part| part.range),
                dose.count.map(|part| part.range),
                dose.form.map(|part| part.range),
                dose.route.map(|part| part.range),
                dose.frequency.map(|part| part.range),
                dose.duration.map(|part| part.range),
            ];
            for range in ranges.into_iter().flatten() {
                prop_assert!(!range.is_empty() && text.get(range).is_some());
            }
        }
    }
}
