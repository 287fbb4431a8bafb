//! The parts of a dose among the words of a sentence.

use std::ops::Range;

use super::super::number::{exact, is_inside_number, number};
use super::super::times::{self, Amount};
use super::super::words::{Reading, Sort};
use super::often;
use super::{Form, Frequency, Per, Quantity, Route};

/// Words before a number that make it a count of things to take.
const TAKES: [&str; 10] = [
    "take", "takes", "taking", "took", "use", "uses", "give", "given", "apply", "inhale",
];
/// Words that may stand between an amount and its drug.
const LEADS: [&str; 8] = ["of", "the", "a", "po", "oral", "iv", "intravenous", "tablets"];

/// A part of a dose.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    Strength(Quantity),
    Count(Quantity),
    Form(Form),
    Route(Route),
    Frequency(Frequency),
    Duration(Amount),
}

/// A part with its words.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) part: Part,
    pub(super) words: Range<usize>,
}

impl Found {
    /// Whether this is an amount that belongs to the drug which begins with word `drug`: "2.5 mg of morphine".
    pub(super) fn leads_to(&self, reading: &Reading<'_>, drug: usize) -> bool {
        let is_amount = match self.part {
            Part::Strength(_) | Part::Count(_) | Part::Form(_) => true,
            Part::Route(_) | Part::Frequency(_) | Part::Duration(_) => false,
        };
        let between = self.words.end..drug;
        is_amount && between.len() <= 2 && between.clone().all(|at| reading.is_one_of(at, &LEADS))
    }
}

/// The parts among some words, in their order; `drug_ends` are the words right behind known drugs.
pub(super) fn read(reading: &Reading<'_>, words: &Range<usize>, drug_ends: &[usize]) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = words.start;
    while at < words.end {
        let follows_drug = drug_ends.binary_search(&at).is_ok();
        let parts = part(reading, at, follows_drug);
        let end = parts.last().map(|found| found.words.end);
        match end.filter(|end| *end <= words.end && *end > at) {
            Some(end) => {
                found.extend(parts);
                at = end;
            }
            None => at += 1,
        }
    }
    found
}

/// What begins with this word: mostly one part, or a number with its form.
fn part(reading: &Reading<'_>, at: usize, follows_drug: bool) -> Vec<Found> {
    let single = |part: Part, end: usize| vec![Found { part, words: at..end }];
    if let Some((frequency, end)) = often::read(reading, at) {
        return single(Part::Frequency(frequency), end);
    }
    if let Some((duration, end)) = duration(reading, at) {
        return single(Part::Duration(duration), end);
    }
    if let Some(parts) = numbered(reading, at, follows_drug) {
        return parts;
    }
    if let Some((route, end)) = route(reading, at) {
        return single(Part::Route(route), end);
    }
    match form(reading, at) {
        Some(form) => single(Part::Form(form), at + 1),
        None => Vec::new(),
    }
}

/// "for 7 days", "x 10 days", "7-day course".
fn duration(reading: &Reading<'_>, at: usize) -> Option<(Amount, usize)> {
    let leads = reading.is_one_of(at, &["for", "x", "\u{d7}"]);
    if leads {
        let article = usize::from(reading.is_one_of(at + 1, &["the", "about", "another"]));
        let next = usize::from(reading.is(at + 1 + article, "next"));
        return times::amount(reading, at + 1 + article + next, true);
    }
    let (amount, end) = times::amount(reading, at, false)?;
    reading.is(end, "course").then_some((amount, end + 1))
}

/// A number with its unit or its form, or alone where it can only be an amount.
fn numbered(reading: &Reading<'_>, at: usize, follows_drug: bool) -> Option<Vec<Found>> {
    let number = number(reading, at)?;
    let million = reading.is(number.end, "million");
    let factor = if million { 1e6 } else { 1.0 };
    let unit_at = number.end + usize::from(million);
    let mut quantity = Quantity {
        low: number.low * factor,
        high: number.high * factor,
        unit: None,
        per: None,
    };
    let found = |part, words| Found { part, words };
    if let Some(unit) = unit(reading, unit_at) {
        let unit = unit?;
        quantity.unit = Some(unit.code);
        quantity.per = unit.per;
        return Some(vec![found(Part::Strength(quantity), at..unit.end)]);
    }
    if let Some(form) = form(reading, number.end) {
        let words = number.end..number.end + 1;
        return Some(vec![
            found(Part::Count(quantity), at..number.end),
            found(Part::Form(form), words),
        ]);
    }
    let is_times =
        reading.is_one_of(number.end, &["x", "\u{d7}"]) && strength_follows(reading, number.end + 1);
    let is_taken = at > 0 && reading.is_one_of(at - 1, &TAKES);
    let is_dosed = often::read(reading, number.end).is_some() || route(reading, number.end).is_some();
    let is_word = reading.sort(at) == Some(Sort::Letters);
    let words = at..number.end + usize::from(is_times);
    match () {
        () if is_times => Some(vec![found(Part::Count(quantity), words)]),
        () if is_taken && (is_dosed || reading.is_clause_end(number.end)) => {
            Some(vec![found(Part::Count(quantity), words)])
        }
        () if is_dosed && is_word && !follows_drug => Some(vec![found(Part::Count(quantity), words)]),
        () if is_dosed || follows_drug && !names_more(reading, number.end) => {
            Some(vec![found(Part::Strength(quantity), words)])
        }
        () => None,
    }
}

/// Whether a number behind a drug counts something else, as in "aspirin 3 days ago".
fn names_more(reading: &Reading<'_>, at: usize) -> bool {
    times::unit(reading, at, true).is_some()
        || reading.is_one_of(
            at,
            &["times", "doses", "refills", "%", "/", "more", "of", "years", "x"],
        )
}

fn strength_follows(reading: &Reading<'_>, at: usize) -> bool {
    number(reading, at).is_some_and(|number| matches!(unit(reading, number.end), Some(Some(_))))
}

/// A unit behind a number.
struct UnitRead {
    code: String,
    per: Option<Per>,
    end: usize,
}

/// The unit that begins with this word. `Some(None)` for one that measures no dose, such as `mg/dL`.
fn unit(reading: &Reading<'_>, at: usize) -> Option<Option<UnitRead>> {
    let (numerator, mut end) = numerator(reading, at)?;
    let mut code = numerator.to_owned();
    let mut per = None;
    loop {
        let stroke = match reading.written(end) {
            "/" if reading.gap(end + 1).is_some_and(|gap| gap.len() <= 1) => end + 1,
            _ if reading.is(end, "per") => end + 1,
            _ => return Some(Some(UnitRead { code, per, end })),
        };
        if reading.is_one_of(stroke, &["dl", "l", "litre", "liter", "mmol"]) {
            return Some(None);
        }
        if let Some((number, after)) = exact(reading, stroke)
            && let Some((below, after)) = numerator_or_hour(reading, after)
        {
            per = Some(Per {
                number,
                unit: below.to_owned(),
            });
            return Some(Some(UnitRead {
                code,
                per,
                end: after,
            }));
        }
        match denominator(reading, stroke) {
            Some((below, after)) => {
                code.push('/');
                code.push_str(below);
                end = after;
            }
            None => return Some(Some(UnitRead { code, per, end })),
        }
    }
}

fn numerator(reading: &Reading<'_>, at: usize) -> Option<(&'static str, usize)> {
    if reading.written(at) == "%" {
        return Some(("%", at + 1));
    }
    if reading.are(at, &["international", "units"]) || reading.are(at, &["international", "unit"]) {
        return Some(("[iU]", at + 2));
    }
    if reading.are(at, &["i", ".", "u", "."]) {
        return Some(("[iU]", at + 4));
    }
    let follows_digits = at > 0 && reading.sort(at - 1) == Some(Sort::Digits);
    let code = match reading.lower(at).as_ref() {
        "mg" | "mgs" | "milligram" | "milligrams" => "mg",
        "mcg" | "mcgs" | "ug" | "\u{b5}g" | "\u{3bc}g" | "microgram" | "micrograms" | "microg" => "ug",
        "ng" | "nanogram" | "nanograms" => "ng",
        "gm" | "gms" | "gram" | "grams" | "gramme" | "grammes" => "g",
        "g" if follows_digits => "g",
        "ml" | "mls" | "cc" | "millilitre" | "millilitres" | "milliliter" | "milliliters" => "mL",
        "litre" | "litres" | "liter" | "liters" => "L",
        "l" if follows_digits => "L",
        "unit" | "units" | "iu" | "ius" => "[iU]",
        "u" if follows_digits => "[iU]",
        "mmol" | "mmols" | "millimole" | "millimoles" => "mmol",
        "umol" | "\u{b5}mol" | "\u{3bc}mol" | "micromol" => "umol",
        "meq" | "meqs" | "milliequivalent" | "milliequivalents" => "meq",
        _ => return None,
    };
    Some((code, at + 1))
}

fn numerator_or_hour(reading: &Reading<'_>, at: usize) -> Option<(&'static str, usize)> {
    numerator(reading, at).or_else(|| denominator(reading, at))
}

fn denominator(reading: &Reading<'_>, at: usize) -> Option<(&'static str, usize)> {
    if reading.is(at, "m") && matches!(reading.written(at + 1), "2" | "\u{b2}") && reading.touches(at + 1) {
        return Some(("m2", at + 2));
    }
    let code = match reading.lower(at).as_ref() {
        "kg" | "kilo" | "kilogram" => "kg",
        "m\u{b2}" => "m2",
        "day" | "d" => "d",
        "h" | "hr" | "hour" => "h",
        "min" | "minute" => "min",
        "week" | "wk" => "wk",
        "ml" | "cc" => "mL",
        "g" | "gram" => "g",
        "dose" => "{dose}",
        "puff" | "actuation" => "{puff}",
        "tab" | "tablet" => "{tablet}",
        "spray" => "{spray}",
        "drop" => "[drp]",
        _ => return None,
    };
    Some((code, at + 1))
}

fn form(reading: &Reading<'_>, at: usize) -> Option<Form> {
    let form = match reading.lower(at).as_ref() {
        "tablet" | "tablets" | "tab" | "tabs" | "pill" | "pills" | "caplet" | "caplets" => Form::Tablet,
        "capsule" | "capsules" | "cap" | "caps" => Form::Capsule,
        "puff" | "puffs" => Form::Puff,
        "drop" | "drops" | "gtt" | "gtts" => Form::Drop,
        "patch" | "patches" => Form::Patch,
        "suppository" | "suppositories" => Form::Suppository,
        "spray" | "sprays" => Form::Spray,
        "lozenge" | "lozenges" => Form::Lozenge,
        "sachet" | "sachets" | "packet" | "packets" => Form::Sachet,
        "teaspoon" | "teaspoons" | "teaspoonful" | "tsp" => Form::Teaspoon,
        "tablespoon" | "tablespoons" | "tablespoonful" | "tbsp" => Form::Tablespoon,
        "ampoule" | "ampoules" | "ampule" | "ampules" | "amp" => Form::Ampoule,
        "vial" | "vials" => Form::Vial,
        "cream" => Form::Cream,
        "ointment" => Form::Ointment,
        "gel" => Form::Gel,
        "solution" => Form::Solution,
        "suspension" => Form::Suspension,
        "syrup" | "elixir" => Form::Syrup,
        "injection" | "injections" => Form::Injection,
        "inhaler" => Form::Inhaler,
        _ => return None,
    };
    Some(form)
}

fn route(reading: &Reading<'_>, at: usize) -> Option<(Route, usize)> {
    if is_inside_number(reading, at) {
        return None;
    }
    let phrases: [(&[&str], Route); 20] = [
        (&["by", "mouth"], Route::Oral),
        (&["under", "the", "tongue"], Route::Sublingual),
        (&["per", "rectum"], Route::Rectal),
        (&["to", "both", "eyes"], Route::BothEyes),
        (&["in", "both", "eyes"], Route::BothEyes),
        (&["into", "both", "eyes"], Route::BothEyes),
        (&["each", "eye"], Route::BothEyes),
        (&["both", "eyes"], Route::BothEyes),
        (&["right", "eye"], Route::RightEye),
        (&["left", "eye"], Route::LeftEye),
        (&["via", "ng", "tube"], Route::Tube),
        (&["via", "peg"], Route::Tube),
        (&["per", "ng", "tube"], Route::Tube),
        (&["per", "tube"], Route::Tube),
        (&["via", "nebuliser"], Route::Inhaled),
        (&["via", "nebulizer"], Route::Inhaled),
        (&["to", "the", "skin"], Route::Topical),
        (&["into", "a", "vein"], Route::Intravenous),
        (&["each", "nostril"], Route::Nasal),
        (&["under", "the", "skin"], Route::Subcutaneous),
    ];
    if let Some((words, route)) = phrases.iter().find(|(words, _)| reading.are(at, words)) {
        return Some((*route, at + words.len()));
    }
    let (letters, end) = often::shortened(reading, at);
    let route = match letters.as_str() {
        "po" | "orally" | "oral" => Route::Oral,
        "iv" | "ivp" | "ivpb" | "intravenous" | "intravenously" => Route::Intravenous,
        "im" | "intramuscular" | "intramuscularly" => Route::Intramuscular,
        "sc" | "sq" | "subq" | "subcut" | "subcutaneous" | "subcutaneously" => Route::Subcutaneous,
        "sl" | "sublingual" | "sublingually" => Route::Sublingual,
        "buccal" | "buccally" => Route::Buccal,
        "pr" | "rectally" | "rectal" => Route::Rectal,
        "pv" | "vaginally" | "vaginal" => Route::Vaginal,
        "topically" | "topical" | "top" => Route::Topical,
        "transdermal" | "transdermally" => Route::Transdermal,
        "inhaled" | "neb" | "nebs" | "nebulised" | "nebulized" | "inh" => Route::Inhaled,
        "intranasal" | "intranasally" | "nasally" | "nasal" => Route::Nasal,
        "ophthalmic" => Route::Eye,
        "ou" => Route::BothEyes,
        "os" => Route::LeftEye,
        "otic" => Route::Ear,
        "intrathecal" | "intrathecally" => Route::Intrathecal,
        "io" | "intraosseous" => Route::Intraosseous,
        "ngt" => Route::Tube,
        _ => return None,
    };
    Some((route, end))
}
