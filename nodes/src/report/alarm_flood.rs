//! `alarm/flood`: whether more alarms come than one operator can answer.
//!
//! It counts annunciations of all alarms before one operator, and hides none. It has no clock: time is what the alarms
//! last took. Invariant: annunciations count in the order of their times.

use std::time::Duration;

use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, FaultPlace, InputSpecs, KindFault, NodeKind, OutputSpec,
    ParamSpec, ParamType, ParamValue, Params, Signature,
};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Element, Field, PortType, TensorType};

use super::alarm::{Flood, FloodSettings};

const BEGINS_ABOVE: &str = "begins_above";
const ENDS_BELOW: &str = "ends_below";
const WINDOW: &str = "window";
/// What is read of each alarm.
const ANNUNCIATED: &str = "annunciated";
const AT: &str = "at";

/// The kind `alarm/flood`.
pub struct AlarmFlood;

impl NodeKind for AlarmFlood {
    fn name(&self) -> &str {
        "alarm/flood"
    }

    fn about(&self) -> &str {
        "Tells whether there is an alarm flood: more alarms than one operator can answer, by ANSI/ISA-18.2 more than 10 in 10 \
         minutes, until there are fewer than 5 in 10 minutes. It takes any number of alarms of `alarm/state`, under names of \
         your own, and hides none. Output: `is_flood`; `count`, how many annunciations the window holds, up to 1001; `since`, \
         when the flood began, -1 where there is none. Alarms that are behind others in time count as of the latest time."
    }

    fn params(&self) -> Vec<ParamSpec> {
        let count = |name, value: u16, about| ParamSpec {
            name,
            param_type: ParamType::Integer { min: 1, max: 1_000 },
            default: Some(ParamValue::Integer(i64::from(value))),
            about,
        };
        let standard = FloodSettings::STANDARD;
        vec![
            count(
                BEGINS_ABOVE,
                standard.begins_above,
                "a flood begins with more annunciations than this",
            ),
            count(
                ENDS_BELOW,
                standard.ends_below,
                "it ends with fewer than this, at most `begins_above`",
            ),
            ParamSpec {
                name: WINDOW,
                param_type: ParamType::Duration,
                default: Some(ParamValue::Duration(standard.window)),
                about: "the stretch of time in which they are counted",
            },
        ]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        Ok(InputSpecs {
            named: Vec::new(),
            further: Some(Accepts::Any),
        })
    }

    fn outputs(&self, params: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        read(params, inputs)?;
        Ok(vec![OutputSpec::new(
            "flood",
            PortType::Record(vec![
                Field::new("is_flood", TensorType::scalar(Element::U8).within(0.0, 1.0)),
                Field::new("count", TensorType::scalar(Element::I32)),
                Field::new("since", TensorType::scalar(Element::I64)),
            ]),
        )])
    }

    fn cost(&self, params: &Params, signature: &Signature, _: &Placement) -> Cost {
        let places = read(params, &signature.inputs).map_or_else(|_| Vec::new(), |(_, places)| places);
        let ports = signature.inputs.iter().filter_map(|input| input.port.as_ref());
        let times: u64 = ports
            .zip(&places)
            .filter_map(|(port, place)| port.tensors().nth(place.annunciated))
            .map(TensorType::elements_max)
            .sum();
        Cost {
            flops: 100 * times.max(1),
            // The times of a request, and those that are kept.
            workspace_bytes: 16 * times + (16 << 10),
            ..Cost::default()
        }
    }

    fn build(
        &self,
        params: &Params,
        signature: &Signature,
        _: &Placement,
    ) -> Result<Box<dyn Node>, BuildError> {
        let (flood, places) = read(params, &signature.inputs)
            .map_err(|faults| BuildError::Failed(crate::first_message(&faults)))?;
        Ok(Box::new(FloodNode {
            fresh: flood.clone(),
            flood,
            places,
        }))
    }
}

/// Where an alarm says what is read of it.
#[derive(Clone, Copy)]
struct Place {
    annunciated: usize,
    at: usize,
}

fn read(params: &Params, inputs: &[ConnectedInput]) -> Result<(Flood, Vec<Place>), Vec<KindFault>> {
    let mut faults = Vec::new();
    let count = |name: &str| {
        let count = params.integer(name).unwrap_or_default();
        u16::try_from(count).unwrap_or_default()
    };
    let settings = FloodSettings {
        begins_above: count(BEGINS_ABOVE),
        ends_below: count(ENDS_BELOW),
        window: params.duration(WINDOW).unwrap_or_default(),
    };
    let flood = Flood::new(settings);
    if flood.is_none() {
        let (name, message) = if settings.window.is_zero() {
            (WINDOW, format!("`{WINDOW}` must be longer than 0 s"))
        } else {
            (
                ENDS_BELOW,
                format!("`{ENDS_BELOW}` must be at most `{BEGINS_ABOVE}`"),
            )
        };
        faults.push(KindFault::new(FaultPlace::Param(name.to_owned(), None), message));
    }
    if inputs.is_empty() {
        let none = KindFault::new(FaultPlace::Node, "there is no alarm to count");
        faults.push(none.help("connect the outputs of nodes of kind `alarm/state`"));
    }
    let mut places = Vec::with_capacity(inputs.len());
    for input in inputs {
        match input.port.as_ref().map(place) {
            Some(Some(place)) => places.push(place),
            Some(None) | None => {
                let message = format!("input `{}` is no alarm of `alarm/state`", input.name);
                let place = FaultPlace::Input(input.name.clone());
                faults.push(KindFault::new(place, message).help("connect the whole record of such a node"));
            }
        }
    }
    match flood.filter(|_| faults.is_empty()) {
        Some(flood) => Ok((flood, places)),
        None => Err(faults),
    }
}

fn place(port: &PortType) -> Option<Place> {
    let (annunciated, times) = port.field(ANNUNCIATED)?;
    let (at, time) = port.field(AT)?;
    let is_alarm = (times.element, times.dims.len()) == (Element::I64, 1)
        && (time.element, time.dims.len()) == (Element::I64, 0);
    is_alarm.then_some(Place { annunciated, at })
}

struct FloodNode {
    fresh: Flood,
    flood: Flood,
    places: Vec<Place>,
}

impl Node for FloodNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let mut times: Vec<i64> = Vec::new();
        let mut now = -1;
        for (alarm, place) in inputs.values().iter().zip(&self.places) {
            let Some(alarm) = alarm else { continue };
            times.extend(alarm.tensor::<i64>(place.annunciated)?);
            now = alarm
                .tensor::<i64>(place.at)?
                .iter()
                .fold(now, |now, at| now.max(*at));
        }
        times.sort_unstable();
        let since_1970 = |time_ms: i64| u64::try_from(time_ms).ok().map(Duration::from_millis);
        for at in times.into_iter().filter_map(since_1970) {
            self.flood.annunciated(at);
        }
        if let Some(now) = since_1970(now) {
            self.flood.pass(now);
        }
        let (count, since) = self.flood.load();
        let since = since.map_or(-1, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
        let out = outputs.record(0)?;
        out.tensor::<u8>(0, &[])?.fill(u8::from(self.flood.is_flood()));
        out.tensor::<i32>(1, &[])?
            .fill(i32::try_from(count).unwrap_or(i32::MAX));
        out.tensor::<i64>(2, &[])?.fill(since);
        Ok(())
    }

    fn reset(&mut self) {
        self.flood = self.fresh.clone();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{Running, Trial, Value};

    const ALARM: &str = "record{annunciated: i64[A<=99], at: i64}";

    fn flood() -> Trial<'static> {
        Trial::of(&AlarmFlood).input("pump", ALARM).input("fan", ALARM)
    }

    /// Annunciations of two alarms in seconds, and the time both stand at. Returns whether, how many, since when.
    fn ask(node: &mut Running, pump: &[i64], fan: &[i64], at: i64) -> (u8, i32, i64) {
        let alarm = |times: &[i64]| {
            let times = times.iter().map(|time| time * 1_000).collect();
            Some(Value::Record(vec![Value::I64s(times), Value::I64(at * 1_000)]))
        };
        let outputs = node.fire(&[alarm(pump), alarm(fan)]).unwrap();
        let told = outputs[0].as_ref().unwrap();
        (
            told.tensor::<u8>(0).unwrap()[0],
            told.tensor::<i32>(1).unwrap()[0],
            told.tensor::<i64>(2).unwrap()[0],
        )
    }

    #[test]
    fn a_flood_begins_above_ten_and_ends_below_five_in_ten_minutes() {
        let mut node = flood().build();
        let tens: Vec<i64> = (1..=10).map(|count| 10 * count).collect();
        assert_eq!(ask(&mut node, &tens[..5], &tens[5..], 105), (0, 10, -1));
        assert_eq!(ask(&mut node, &[], &[110], 110), (1, 11, 110_000));
        // At 669 s the window holds those of 70 to 110 s; a second later there are four.
        assert_eq!(ask(&mut node, &[], &[], 669), (1, 5, 110_000));
        assert_eq!(ask(&mut node, &[], &[], 670), (0, 4, -1));
        node.reset();
        assert_eq!(ask(&mut node, &[], &[], 671), (0, 0, -1));
    }

    #[test]
    fn annunciations_of_several_alarms_count_in_the_order_of_their_times() {
        let (mut apart, mut mixed) = (flood().build(), flood().build());
        let early: Vec<i64> = (1..=6).collect();
        let late: Vec<i64> = (595..=600).collect();
        assert_eq!(ask(&mut apart, &late, &early, 600), (1, 12, 599_000));
        assert_eq!(ask(&mut mixed, &early, &late, 600), (1, 12, 599_000));
    }

    #[test]
    fn an_alarm_that_is_absent_adds_nothing() {
        let mut node = flood().build();
        let outputs = node.fire(&[None, None]).unwrap();
        assert_eq!(outputs[0].as_ref().unwrap().tensor::<i32>(1).unwrap(), [0]);
    }

    #[test]
    fn what_is_no_alarm_is_a_fault_in_its_place() {
        let at = |trial: Trial<'_>| trial.faults()[0].place.clone();
        assert_eq!(at(Trial::of(&AlarmFlood)), FaultPlace::Node);
        for port in [
            "i64[A<=9]",
            "record{annunciated: i64[A<=9], at: i32}",
            "record{at: i64}",
        ] {
            assert_eq!(
                at(flood().input("x", port)),
                FaultPlace::Input("x".to_owned()),
                "{port}"
            );
        }
        let ends = flood().with(ENDS_BELOW, ParamValue::Integer(11));
        assert_eq!(at(ends), FaultPlace::Param(ENDS_BELOW.to_owned(), None));
        let window = flood().with(WINDOW, ParamValue::Duration(Duration::ZERO));
        assert_eq!(at(window), FaultPlace::Param(WINDOW.to_owned(), None));
    }
}
