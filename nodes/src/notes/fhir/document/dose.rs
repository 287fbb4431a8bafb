//! How a drafted medication is taken, in R4's words.

use super::extension_url;
use crate::notes::fhir::draft::{Amount, Dose, Length};
use crate::notes::fhir::element::{
    CodeableConcept, Decimal, Dosage, DoseAndRate, Extension, Quantity, Timing, TimingRepeat, UCUM,
};
use crate::notes::fhir::narrative::plain;

/// Units of medications that are codes of UCUM (version 2.1).
const CODES: [&str; 34] = [
    "kg",
    "g",
    "mg",
    "ug",
    "ng",
    "L",
    "dL",
    "mL",
    "uL",
    "l",
    "dl",
    "ml",
    "ul",
    "mol",
    "mmol",
    "umol",
    "meq",
    "%",
    "[IU]",
    "k[IU]",
    "m[IU]",
    "[drp]",
    "[tsp_us]",
    "[tbs_us]",
    "mg/mL",
    "ug/mL",
    "[IU]/mL",
    "mg/kg",
    "ug/kg",
    "mg/h",
    "ug/h",
    "mL/h",
    "ug/kg/min",
    "mg/m2",
];
/// Other spellings that can mean one code alone.
const SPELLINGS: [(&str, &str); 5] = [
    ("mcg", "ug"),
    ("\u{b5}g", "ug"),
    ("\u{3bc}g", "ug"),
    ("mEq", "meq"),
    ("IU", "[IU]"),
];

/// None where the source says nothing of it.
pub(super) fn dosage(dose: &Dose) -> Option<Dosage> {
    let strength = dose.strength.as_ref().and_then(quantity);
    let strength = strength.map(|strength| Extension::quantity(&extension_url("strength"), strength));
    let form = dose.form.as_deref().map(plain);
    let form = form.map(|form| Extension::concept(&extension_url("form"), CodeableConcept::text(form)));
    let amount = dose.amount.as_ref().and_then(quantity);
    let dosage = Dosage {
        extension: strength.into_iter().chain(form).collect(),
        text: dose.text.as_deref().map(plain),
        timing: timing(dose),
        as_needed_boolean: dose.as_needed.then_some(true),
        route: dose
            .route
            .as_deref()
            .map(|route| CodeableConcept::text(plain(route))),
        dose_and_rate: amount
            .map(|dose_quantity| DoseAndRate { dose_quantity })
            .into_iter()
            .collect(),
    };
    let is_said = !dosage.extension.is_empty()
        || dosage.text.is_some()
        || dosage.timing.is_some()
        || dosage.as_needed_boolean.is_some()
        || dosage.route.is_some()
        || !dosage.dose_and_rate.is_empty();
    is_said.then_some(dosage)
}

fn timing(dose: &Dose) -> Option<Timing> {
    let frequency = dose.frequency.as_ref();
    let repeat = TimingRepeat {
        bounds_duration: dose.duration.as_ref().and_then(duration),
        frequency: frequency.map(|frequency| frequency.times),
        period: frequency.and_then(|frequency| Decimal::new(frequency.period.value)),
        period_unit: frequency.map(|frequency| frequency.period.unit),
    };
    (repeat.bounds_duration.is_some() || frequency.is_some()).then_some(Timing { repeat })
}

fn duration(length: &Length) -> Option<Quantity> {
    let code = length.unit.code().to_owned();
    Some(Quantity {
        value: Decimal::new(length.value)?,
        unit: Some(code.clone()),
        system: Some(UCUM.to_owned()),
        code: Some(code),
    })
}

fn quantity(amount: &Amount) -> Option<Quantity> {
    let unit = amount.unit.as_deref().map(plain);
    let code = unit.as_deref().and_then(ucum).map(str::to_owned);
    Some(Quantity {
        value: Decimal::new(amount.value)?,
        system: code.is_some().then(|| UCUM.to_owned()),
        unit,
        code,
    })
}

/// The code of a unit; none where it is not certain.
fn ucum(unit: &str) -> Option<&str> {
    let spelling = SPELLINGS.iter().find(|(spelling, _)| *spelling == unit);
    let code = spelling.map_or(unit, |(_, code)| code);
    (CODES.contains(&code) || is_annotation(code)).then_some(code)
}

/// Things that are counted, as in `{tablet}`.
fn is_annotation(code: &str) -> bool {
    let inner = code.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let is_letter = |byte: u8| byte.is_ascii_graphic() && byte != b'{' && byte != b'}';
    inner.is_some_and(|inner| !inner.is_empty() && inner.bytes().all(is_letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_has_a_code_only_where_it_is_certain() {
        for (unit, code) in [
            ("mg", Some("mg")),
            ("mcg", Some("ug")),
            ("\u{b5}g", Some("ug")),
            ("{tablet}", Some("{tablet}")),
            ("[IU]", Some("[IU]")),
            ("MG", None),
            ("tablets", None),
            ("units", None),
            ("{}", None),
            ("{two words}", None),
            ("{a}{b}", None),
        ] {
            assert_eq!(ucum(unit), code, "{unit}");
        }
    }

    #[test]
    fn a_dose_of_which_nothing_is_said_is_left_out() {
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
        assert_eq!(dosage(&nothing), None);
        let needed = Dose {
            as_needed: true,
            ..nothing
        };
        assert!(dosage(&needed).is_some());
    }
}
