//! What sensors measure, as a parameter says it: `Inlet = pressure bar`.

use motet_core::catalog::{FaultPlace, KindFault, ParamValue, Params};
use motet_core::diagnostic::nearest;

use super::ShiftEntry;
use crate::report::record::{Quantity, Unit};

pub(super) const QUANTITIES: &str = "quantities";

/// What each sensor measures, where that is known.
pub(super) type Measures = Vec<Option<(Quantity, Unit)>>;

/// Quantities that a sensor may measure, by the words for them.
const WORDS: [(&str, Quantity); 10] = [
    ("current", Quantity::Current),
    ("flow", Quantity::Flow),
    ("peak", Quantity::Peak),
    ("power", Quantity::Power),
    ("pressure", Quantity::Pressure),
    ("residual", Quantity::Residual),
    ("rms", Quantity::Rms),
    ("speed", Quantity::Speed),
    ("temperature", Quantity::Temperature),
    ("voltage", Quantity::Voltage),
];

/// What the parameters say of the sensors of a model.
pub(super) fn measures(params: &Params, entry: &ShiftEntry) -> Result<Measures, Vec<KindFault>> {
    let sensors = &entry.card.model.net.sensors;
    let mut measures: Measures = vec![None; sensors.len()];
    let mut faults = Vec::new();
    let texts = match params.get(QUANTITIES) {
        Some(ParamValue::Texts(texts)) => texts.as_slice(),
        Some(_) | None => &[],
    };
    for text in texts {
        let Some((name, measure)) = text.split_once('=') else {
            faults.push(fault(format!("`{text}` is no sensor with what it measures")));
            continue;
        };
        let name = name.trim();
        let Some(place) = sensors.iter().position(|sensor| sensor.name == name) else {
            let near = nearest(name, sensors.iter().map(|sensor| sensor.name.as_str()));
            let near = near
                .map(|near| format!(", did you mean `{near}`"))
                .unwrap_or_default();
            faults.push(fault(format!(
                "model `{}` has no sensor `{name}`{near}",
                entry.name
            )));
            continue;
        };
        match measure_of(measure) {
            Ok(measure) => measures[place] = Some(measure),
            Err(message) => faults.push(fault(message)),
        }
    }
    match faults.is_empty() {
        true => Ok(measures),
        false => Err(faults),
    }
}

fn fault(message: String) -> KindFault {
    KindFault::new(FaultPlace::Param(QUANTITIES.to_owned(), None), message)
        .help("write the sensor, what it measures and its unit, as in `Inlet = pressure bar`")
}

/// A quantity with its unit, or what is wrong.
fn measure_of(text: &str) -> Result<(Quantity, Unit), String> {
    let mut words = text.split_whitespace();
    let (word, unit) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let Some((_, quantity)) = WORDS.iter().find(|(known, _)| *known == word) else {
        let known = WORDS.map(|(known, _)| known).join(", ");
        return Err(format!(
            "`{word}` is no quantity of a sensor: expected one of {known}"
        ));
    };
    let known: Vec<String> = quantity.units().iter().filter_map(written).collect();
    let place = known.iter().position(|known| known == unit);
    let unit = place
        .and_then(|place| quantity.units().get(place))
        .filter(|_| words.next().is_none());
    unit.map(|unit| (*quantity, *unit)).ok_or_else(|| {
        format!(
            "{word} is measured in {}, found `{}`",
            known.join(", "),
            text.trim()
        )
    })
}

/// A unit as it is written.
fn written(unit: &Unit) -> Option<String> {
    let text = serde_json::to_value(unit).ok()?;
    Some(text.as_str()?.to_owned())
}
