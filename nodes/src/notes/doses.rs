//! Doses of drugs as notes and prescriptions write them, as typed values.
//!
//! It finds strengths, forms, routes, how often and how long; which words are drugs it is told, or leaves open. It
//! checks nothing against a formulary and corrects nothing. Invariant: nothing is invented. A number without a unit
//! stays without one, and a number that can be read in two ways (`1,5 mg`, `5/325 mg`) is left out.
//!
//! # Source
//! Units: The Unified Code for Units of Measure (UCUM), version 2.1. Shortened words: the list of error-prone
//! abbreviations of the Institute for Safe Medication Practices (2021) says which of them can be misread.

use std::ops::Range;

use serde::{Deserialize, Serialize};

mod often;
mod parts;
#[cfg(test)]
mod tests;

use super::context::sentences;
use super::times::{Amount, Unit};
use super::words::Reading;
use parts::{Found, Part};

/// A dose with what was written of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Dose {
    /// The mention of the drug it belongs to.
    pub drug: Option<Range<usize>>,
    /// How much of the drug: `500 mg`, `5 mg/5 mL`, `2 to 4 units`.
    pub strength: Option<Placed<Quantity>>,
    /// How many at once, of the form or without one: `1-2` of `1-2 tablets`. It has no unit.
    pub count: Option<Placed<Quantity>>,
    /// What is taken.
    pub form: Option<Placed<Form>>,
    /// How it is taken.
    pub route: Option<Placed<Route>>,
    /// How often.
    pub frequency: Option<Placed<Frequency>>,
    /// For how long.
    pub duration: Option<Placed<Amount>>,
}

/// A value with its place in bytes of the text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Placed<T> {
    /// What was read.
    pub value: T,
    /// Where it stands.
    pub range: Range<usize>,
}

/// A number or a range with its unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quantity {
    /// The number, or the lower end of a range.
    pub low: f64,
    /// The upper end; as `low` for one number.
    pub high: f64,
    /// The code of UCUM, as in `mg`, `ug`, `[iU]`, `mg/kg`; none where no unit is written.
    pub unit: Option<String>,
    /// What it is contained in: 5 and `mL` for `5 mg/5 mL`.
    pub per: Option<Per>,
}

/// The number and the unit below a stroke.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Per {
    /// How many.
    pub number: f64,
    /// The code of UCUM.
    pub unit: String,
}

/// What is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A tablet or pill.
    Tablet,
    /// A capsule.
    Capsule,
    /// A puff of an inhaler.
    Puff,
    /// A drop.
    Drop,
    /// A patch.
    Patch,
    /// A suppository.
    Suppository,
    /// A spray.
    Spray,
    /// A lozenge.
    Lozenge,
    /// A sachet or packet.
    Sachet,
    /// A teaspoon, which has no size here.
    Teaspoon,
    /// A tablespoon, which has no size here.
    Tablespoon,
    /// An ampoule.
    Ampoule,
    /// A vial.
    Vial,
    /// A cream.
    Cream,
    /// An ointment.
    Ointment,
    /// A gel.
    Gel,
    /// A solution.
    Solution,
    /// A suspension.
    Suspension,
    /// A syrup or elixir.
    Syrup,
    /// An injection.
    Injection,
    /// An inhaler.
    Inhaler,
}

/// How it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// By mouth.
    Oral,
    /// Into a vein.
    Intravenous,
    /// Into a muscle.
    Intramuscular,
    /// Under the skin.
    Subcutaneous,
    /// Under the tongue.
    Sublingual,
    /// Into the cheek.
    Buccal,
    /// Into the rectum.
    Rectal,
    /// Into the vagina.
    Vaginal,
    /// On the skin.
    Topical,
    /// Through the skin.
    Transdermal,
    /// Breathed in, by an inhaler or a nebuliser.
    Inhaled,
    /// Into the nose.
    Nasal,
    /// Into the eyes, which one or both is not said.
    Eye,
    /// Into the right eye.
    RightEye,
    /// Into the left eye.
    LeftEye,
    /// Into both eyes.
    BothEyes,
    /// Into the ears.
    Ear,
    /// Into the fluid of the spine.
    Intrathecal,
    /// Into bone.
    Intraosseous,
    /// Through a tube into the stomach or gut.
    Tube,
}

/// How often a dose is taken. What is not written is none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Frequency {
    /// Times in each period, lowest and highest: `(3, 4)` for "three to four times a day".
    pub times: Option<(u32, u32)>,
    /// The period: a day for "twice daily", 4 to 6 hours for `q4-6h`.
    pub period: Option<Period>,
    /// True for "as needed", `prn`.
    pub as_needed: bool,
    /// True where the number is the most allowed: "up to 4 times a day".
    pub is_at_most: bool,
    /// When in the day or to which event.
    pub moments: Vec<Moment>,
}

/// A period in which something recurs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Period {
    /// Its length, or the shortest.
    pub low: f64,
    /// The longest; as `low` for one length.
    pub high: f64,
    /// The unit of both.
    pub unit: Unit,
}

/// When in the day, or to which event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// In the morning.
    Morning,
    /// At noon.
    Noon,
    /// In the afternoon.
    Afternoon,
    /// In the evening.
    Evening,
    /// At night.
    Night,
    /// At bedtime.
    Bedtime,
    /// Before meals.
    BeforeMeals,
    /// With meals.
    WithMeals,
    /// After meals.
    AfterMeals,
    /// At once, `stat`.
    AtOnce,
}

/// The doses of a text, in its order. `drugs` are the mentions of drugs, as far as they are known; each gets the
/// parts that follow it up to the next drug, or that stand right before it ("2.5 mg of morphine"). A drug without
/// any part has no dose. Without mentions, parts that stand together in a sentence are one dose.
///
/// Ranges that are empty, outside the text or not on char boundaries are passed over.
pub fn doses(text: &str, drugs: &[Range<usize>]) -> Vec<Dose> {
    let reading = Reading::new(text);
    let mut drugs: Vec<Range<usize>> = drugs
        .iter()
        .filter(|drug| drug.start < drug.end && text.get((*drug).clone()).is_some())
        .cloned()
        .collect();
    drugs.sort_by_key(|drug| (drug.start, drug.end));
    drugs.dedup_by(|next, before| next.start < before.end);
    let mut found = Vec::new();
    let mut drugs = drugs.into_iter().peekable();
    for sentence in sentences(text) {
        let words = reading.word_from(sentence.start)..reading.word_from(sentence.end);
        let mut within = Vec::new();
        while let Some(drug) = drugs.next_if(|drug| drug.start < sentence.end) {
            within.push(drug);
        }
        let ends: Vec<usize> = within.iter().map(|drug| reading.word_from(drug.end)).collect();
        let parts = parts::read(&reading, &words, &ends);
        match within.is_empty() {
            true => together(&reading, parts, &mut found),
            false => by_drug(&reading, parts, &within, &mut found),
        }
    }
    found
}

/// Parts of a sentence without a known drug. One part alone, such as a route, is no dose unless it is an amount.
fn together(reading: &Reading<'_>, parts: Vec<Found>, found: &mut Vec<Dose>) {
    let doses = gathered(reading, None, parts);
    let is_dose = |dose: &Dose| dose.strength.is_some() || dose.count.is_some() || dose.parts() > 1;
    found.extend(doses.into_iter().filter(is_dose));
}

/// Parts of a sentence with known drugs. What stands before the first drug is the first drug's; what stands between
/// two drugs is the first's, but for an amount that leads to the second.
fn by_drug(reading: &Reading<'_>, parts: Vec<Found>, drugs: &[Range<usize>], found: &mut Vec<Dose>) {
    let mut owned: Vec<Vec<Found>> = drugs.iter().map(|_| Vec::new()).collect();
    for part in parts {
        let end = reading.bytes(part.words.clone()).end;
        let next = drugs.partition_point(|drug| drug.start < end);
        let is_led = drugs
            .get(next)
            .is_some_and(|drug| part.leads_to(reading, reading.word_from(drug.start)));
        let owner = match is_led {
            true => next,
            false => next.saturating_sub(1),
        };
        if let Some(parts) = owned.get_mut(owner) {
            parts.push(part);
        }
    }
    for (drug, parts) in drugs.iter().zip(owned) {
        found.extend(gathered(reading, Some(drug), parts));
    }
}

/// The doses that parts make: an amount begins another where there is one already, as in "10 mg in the morning and
/// 5 mg at night".
fn gathered(reading: &Reading<'_>, drug: Option<&Range<usize>>, parts: Vec<Found>) -> Vec<Dose> {
    let fresh = || Dose {
        drug: drug.cloned(),
        ..Dose::default()
    };
    let (mut doses, mut dose) = (Vec::new(), fresh());
    for Found { part, words } in parts {
        if dose.is_full_for(&part) {
            doses.push(std::mem::replace(&mut dose, fresh()));
        }
        dose.take(part, reading.bytes(words));
    }
    if dose.parts() > 0 {
        doses.push(dose);
    }
    doses
}

impl Dose {
    fn parts(&self) -> usize {
        [
            self.strength.is_some(),
            self.count.is_some(),
            self.form.is_some(),
            self.route.is_some(),
            self.frequency.is_some(),
            self.duration.is_some(),
        ]
        .into_iter()
        .filter(|is_there| *is_there)
        .count()
    }

    /// Whether a part cannot be of this dose, which has another.
    fn is_full_for(&self, part: &Part) -> bool {
        let is_scheduled = self.frequency.is_some();
        let differs = |mine: &Option<Placed<Quantity>>, other: &Quantity| {
            mine.as_ref()
                .is_some_and(|mine| is_scheduled || mine.value != *other)
        };
        match part {
            Part::Strength(quantity) => differs(&self.strength, quantity),
            Part::Count(quantity) => differs(&self.count, quantity),
            Part::Form(form) => self
                .form
                .as_ref()
                .is_some_and(|mine| is_scheduled && mine.value != *form),
            Part::Route(route) => self.route.as_ref().is_some_and(|mine| mine.value != *route),
            Part::Frequency(_) => is_scheduled,
            Part::Duration(_) => self.duration.is_some(),
        }
    }

    /// Keeps a part; the first of its kind stays.
    fn take(&mut self, part: Part, range: Range<usize>) {
        match part {
            Part::Strength(value) => keep(&mut self.strength, value, range),
            Part::Count(value) => keep(&mut self.count, value, range),
            Part::Form(value) => keep(&mut self.form, value, range),
            Part::Route(value) => keep(&mut self.route, value, range),
            Part::Frequency(value) => keep(&mut self.frequency, value, range),
            Part::Duration(value) => keep(&mut self.duration, value, range),
        }
    }
}

fn keep<T>(place: &mut Option<Placed<T>>, value: T, range: Range<usize>) {
    place.get_or_insert(Placed { value, range });
}
