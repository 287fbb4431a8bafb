//! `report/trend`: how a quantity changes from day to day, and how long until it reaches its limit.
//!
//! [`history`] keeps the points, [`past`] reads those of the days before, [`slope`](mod@slope) estimates, [`change`] looks
//! for breaks, and [`life`] says whether there is more to be told. It forecasts nothing but a line. Invariant: remaining
//! life is told with an interval, or with the reason why it is not.

use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, FaultPlace, InputSpec, InputSpecs, KindFault, NodeKind,
    OutputSpec, ParamSpec, ParamType, ParamValue, Params, Signature,
};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Element, Field, PortType, TensorType};
use serde::de::DeserializeOwned;

use super::alarm::Direction;
use super::findings::{FINDINGS_BYTES, Findings};
use super::moment::Moment;
use super::orders::is_name;
use super::record::{
    Course, Evidence, Limit, MAGNITUDE_MAX, MAGNITUDE_MIN, NAME_BYTES_MAX, Quantity, Reason, RemainingLife,
    Trend, Unit,
};
use crate::model::dim;
use crate::notes::annotate::{text_bytes, text_of};

pub mod change;
pub mod history;
pub mod life;
pub mod past;
pub mod slope;
#[cfg(test)]
mod tests;

use history::{DAY_MS, History, Measurement, POINTS_MAX, PointError};
use life::{Demands, outlook};

const VALUE: &str = "value";
const AT: &str = "at";
const HISTORY: &str = "history";
const LOAD: &str = "load";
const SENSOR: &str = "sensor";
const QUANTITY: &str = "quantity";
const UNIT: &str = "unit";
const LIMIT: &str = "limit";
const POINTS: &str = "points";
const DAYS: &str = "days";
const WINDOW: &str = "window";
const LOAD_SPREAD: &str = "load_spread";
/// Quantities without figures of their own.
const QUANTITIES: &[&str] = &[
    "rms",
    "peak",
    "crest_factor",
    "kurtosis",
    "residual",
    "anomaly_score",
    "temperature",
    "pressure",
    "flow",
    "current",
    "voltage",
    "speed",
    "power",
];
const UNITS: &[&str] = &[
    "g", "m/s2", "mm/s", "um", "degC", "bar", "l/min", "A", "V", "rpm", "Hz", "kW", "%", "1",
];

/// The kind `report/trend`.
pub struct Trends;

impl NodeKind for Trends {
    fn name(&self) -> &str {
        "report/trend"
    }

    fn about(&self) -> &str {
        "Says how a quantity changes from day to day, and how long until it reaches its limit. Each request brings one `value` \
         and its time `at`, in Unix milliseconds; `history` has those of the days before as CSV, `time,value` or \
         `time,value,load` a line, and is read while there is no point yet. A value whose time is not after that of the one before is no point. At most 256 points are kept, none older than \
         `window` days: where there are more, those of stretches of one length become their mean. The slope is that of Theil \
         and Sen, its interval of 95 % is by ranks and made wider for autocorrelation. Remaining days are estimated only from \
         at least `points` points over `days` days with a clear trend towards `limit`, without a break, where `load` has no \
         more spread than `load_spread`, and no further ahead than the points reach back. Output: `per_day`, `low`, `high`; \
         `days`, `days_low`, `days_high`, 0 where not estimable; `is_estimable`; `points`, how many are kept; `findings`, the \
         value with its trend and the remaining life, or the reason why there is none, as a part of a report."
    }

    fn params(&self) -> Vec<ParamSpec> {
        let number = |name, (min, max), default, about| ParamSpec {
            name,
            param_type: ParamType::Number { min, max },
            default: Some(ParamValue::Number(default)),
            about,
        };
        let needed = |name, param_type, about| ParamSpec {
            name,
            param_type,
            default: None,
            about,
        };
        let choice = |words: &'static [&'static str]| ParamType::Choice(words);
        vec![
            needed(
                SENSOR,
                ParamType::Text,
                "the name of the sensor, as the report has it",
            ),
            needed(QUANTITY, choice(QUANTITIES), "what is measured"),
            needed(UNIT, choice(UNITS), "its unit"),
            ParamSpec {
                default: Some(ParamValue::Text(String::new())),
                ..needed(
                    LIMIT,
                    ParamType::Text,
                    "its limit, as in `above 2.8` or `below 3`; none when empty",
                )
            },
            ParamSpec {
                name: POINTS,
                param_type: ParamType::Integer { min: 8, max: 256 },
                default: Some(ParamValue::Integer(12)),
                about: "fewest points of a trend",
            },
            number(DAYS, (0.001, 3_650.0), 7.0, "fewest days of a trend"),
            number(
                WINDOW,
                (0.01, 36_500.0),
                90.0,
                "days after which a point is forgotten",
            ),
            number(
                LOAD_SPREAD,
                (0.0, 10.0),
                0.1,
                "largest spread of speed or load over their middle",
            ),
        ]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let scalar = |element| Accepts::Type(TensorType::scalar(element).into());
        let past = Accepts::Type(text_of(HISTORY, past::PAST_BYTES).into());
        Ok(InputSpecs {
            named: vec![
                InputSpec::required(VALUE, scalar(Element::F32), "what was measured"),
                InputSpec::required(AT, scalar(Element::I64), "when, in Unix milliseconds"),
                InputSpec::optional(
                    HISTORY,
                    past,
                    "the days before as CSV, `time,value` or `time,value,load` a line",
                ),
                InputSpec::optional(LOAD, scalar(Element::F32), "speed or load at that time"),
            ],
            further: None,
        })
    }

    fn outputs(&self, params: &Params, _: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        Settings::of(params)?;
        let number = || TensorType::scalar(Element::F32);
        let names = ["per_day", "low", "high", "days", "days_low", "days_high"];
        let numbers = names.map(|name| Field::new(name, number()));
        let others = [
            Field::new("is_estimable", TensorType::scalar(Element::U8).within(0.0, 1.0)),
            Field::new("points", TensorType::scalar(Element::I32)),
            Field::new("findings", TensorType::text(dim(FINDINGS_BYTES))),
        ];
        let answer = PortType::Record(numbers.into_iter().chain(others).collect());
        Ok(vec![OutputSpec::new("trend", answer)])
    }

    fn cost(&self, _: &Params, signature: &Signature, _: &Placement) -> Cost {
        let past = signature.inputs.get(2..3).unwrap_or_default();
        let bytes = past
            .iter()
            .filter(|input| input.port.is_some())
            .map(|_| text_bytes(past))
            .sum::<usize>();
        let pairs = POINTS_MAX * (POINTS_MAX - 1) / 2;
        // Slopes of all pairs in order, a few passes over the points, and the table once.
        let sorting = 16 * pairs;
        Cost {
            flops: (sorting + 200 * POINTS_MAX + 20 * bytes) as u64,
            workspace_bytes: (16 * pairs + 1_024 * POINTS_MAX + 10 * bytes + 2 * FINDINGS_BYTES) as u64,
            ..Cost::default()
        }
    }

    fn build(&self, params: &Params, _: &Signature, _: &Placement) -> Result<Box<dyn Node>, BuildError> {
        let settings =
            Settings::of(params).map_err(|faults| BuildError::Failed(crate::first_message(&faults)))?;
        Ok(Box::new(TrendNode {
            history: History::new(settings.window_ms),
            settings,
        }))
    }
}

/// What is measured, and what is asked of its points.
#[derive(Clone, Debug)]
struct Settings {
    sensor: String,
    quantity: Quantity,
    unit: Unit,
    demands: Demands,
    window_ms: i64,
}

impl Settings {
    fn of(params: &Params) -> Result<Settings, Vec<KindFault>> {
        let text = |name: &str| params.text(name).unwrap_or_default();
        let fault = |name: &str, message: String| {
            vec![KindFault::new(FaultPlace::Param(name.to_owned(), None), message)]
        };
        let unknown = |name: &str| fault(name, format!("`{}` is not known", text(name)));
        if !is_name(text(SENSOR)) {
            let message = format!(
                "`{}` is no name of 1 to {NAME_BYTES_MAX} bytes of letters, digits, single spaces and `_-/#.`",
                text(SENSOR)
            );
            return Err(fault(SENSOR, message));
        }
        let quantity: Quantity =
            value(serde_json::json!({ "kind": text(QUANTITY) })).ok_or_else(|| unknown(QUANTITY))?;
        let unit: Unit = value(text(UNIT).into()).ok_or_else(|| unknown(UNIT))?;
        if !quantity.units().contains(&unit) {
            let message = format!("a `{}` is not measured in `{}`", text(QUANTITY), text(UNIT));
            return Err(fault(UNIT, message));
        }
        let limit = limit(text(LIMIT)).map_err(|message| fault(LIMIT, message))?;
        if limit.is_some_and(|limit| limit.value < 0.0 && quantity.is_magnitude()) {
            return Err(fault(LIMIT, format!("a `{}` is never below 0", text(QUANTITY))));
        }
        let number = |name: &str| params.number(name).unwrap_or_default();
        let points_min = params
            .integer(POINTS)
            .and_then(|points| usize::try_from(points).ok());
        #[allow(
            clippy::cast_possible_truncation,
            reason = "the parameter has at most 36,500 days"
        )]
        let window_ms = (number(WINDOW) * DAY_MS) as i64;
        Ok(Settings {
            sensor: text(SENSOR).to_owned(),
            quantity,
            unit,
            demands: Demands {
                points_min: points_min.unwrap_or(POINTS_MAX),
                days_min: number(DAYS),
                load_spread_max: number(LOAD_SPREAD),
                limit,
            },
            window_ms,
        })
    }

    /// The value with its trend, where a report can carry both.
    fn evidence(&self, measured: f64, trend: Option<Trend>) -> Option<Evidence> {
        let measured = carried(measured)?;
        if measured < 0.0 && self.quantity.is_magnitude() {
            return None;
        }
        let limit = self.demands.limit;
        let ratio = limit.filter(|limit| limit.value > 0.0 && measured >= 0.0);
        let ratio = ratio.and_then(|limit| carried(measured / limit.value));
        let trend = trend.and_then(|trend| {
            Some(Trend {
                per_day: carried(trend.per_day)?,
                low: carried(trend.low)?,
                high: carried(trend.high)?,
            })
        });
        Some(Evidence {
            sensor: self.sensor.clone(),
            quantity: self.quantity,
            measured,
            unit: self.unit,
            limit,
            ratio,
            trend,
        })
    }
}

fn value<T: DeserializeOwned>(value: serde_json::Value) -> Option<T> {
    serde_json::from_value(value).ok()
}

/// A limit from `above 2.8` or `below 3`; none from an empty text.
fn limit(text: &str) -> Result<Option<Limit>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let (direction, number) = text.trim().split_once(' ').unwrap_or((text, ""));
    let direction = match direction {
        "above" => Some(Direction::Above),
        "below" => Some(Direction::Below),
        _ => None,
    };
    let number = number
        .trim()
        .parse::<f64>()
        .ok()
        .filter(|number| *number == 0.0 || (MAGNITUDE_MIN..=MAGNITUDE_MAX).contains(&number.abs()));
    match (direction, number) {
        (Some(direction), Some(value)) => Ok(Some(Limit { value, direction })),
        _ => Err(format!("`{text}` is no limit, as `above 2.8` or `below 3` are")),
    }
}

/// A number as a report carries it: 0 for one that is next to nothing, none for one that is too large.
fn carried(number: f64) -> Option<f64> {
    match number.abs() {
        magnitude if magnitude < MAGNITUDE_MIN => Some(0.0),
        magnitude if magnitude <= MAGNITUDE_MAX => Some(number),
        _ => None,
    }
}

struct TrendNode {
    settings: Settings,
    history: History,
}

impl Node for TrendNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let number = |index: usize| -> Result<Option<f64>, NodeError> {
            let Some(lease) = inputs.get(index) else {
                return Ok(None);
            };
            Ok(lease.tensor::<f32>(0)?.first().map(|number| f64::from(*number)))
        };
        let measured = number(0)?.ok_or_else(|| NodeError::Failed("there is no value".to_owned()))?;
        let at_ms = inputs
            .require(1)?
            .tensor::<i64>(0)?
            .first()
            .copied()
            .unwrap_or_default();
        let past = inputs.get(2).map(|lease| lease.text(0)).transpose()?;
        let load = number(3)?;
        self.add(
            Measurement {
                at_ms,
                value: measured,
                load,
            },
            past,
        )?;
        let outlook = outlook(&self.history, &self.settings.demands);
        let trend = outlook
            .trend
            .map_or([0.0; 3], |trend| [trend.per_day, trend.low, trend.high]);
        let evidence = self.settings.evidence(measured, outlook.trend);
        let life = life_of(outlook.life, evidence.as_ref());
        let (days, is_estimable) = match life {
            RemainingLife::Estimated { days, low, high } => ([days, low, high], 1),
            RemainingLife::NotEstimable { .. } => ([0.0; 3], 0),
        };
        let findings = Findings {
            evidence: evidence.into_iter().collect(),
            remaining_life: Some(life),
            ..Findings::default()
        };
        let json = findings
            .to_json()
            .map_err(|error| NodeError::Failed(error.to_string()))?;
        let out = outputs.record(0)?;
        for (field, number) in trend.into_iter().chain(days).enumerate() {
            out.tensor::<f32>(field, &[])?.fill(single(number));
        }
        out.tensor::<u8>(6, &[])?.fill(is_estimable);
        let points = i32::try_from(self.history.points().len()).unwrap_or(i32::MAX);
        out.tensor::<i32>(7, &[])?.fill(points);
        out.text(8, &json)?;
        Ok(())
    }

    fn reset(&mut self) {
        self.history.clear();
    }
}

impl TrendNode {
    /// Adds a measurement, behind those of the days before where there is none yet. What is refused changes nothing.
    fn add(&mut self, measured: Measurement, past: Option<&str>) -> Result<(), NodeError> {
        let failed = |error: &dyn std::fmt::Display| NodeError::Failed(error.to_string());
        if Moment::from_seconds(measured.at_ms.div_euclid(1_000)).is_none() {
            return Err(NodeError::Failed("`at` is no time from 1970 to 9999".to_owned()));
        }
        if let (true, Some(past)) = (self.history.is_empty(), past) {
            let before = past::read(past, measured.at_ms).map_err(|error| failed(&error))?;
            for earlier in before {
                self.history.add(earlier).map_err(|error| failed(&error))?;
            }
        }
        match self.history.add(measured) {
            // Sent again, or late: the answer is that of the points there are.
            Ok(()) | Err(PointError::Order { .. }) => Ok(()),
        }
    }
}

/// Remaining life as a report can carry it beside this evidence.
fn life_of(life: RemainingLife, evidence: Option<&Evidence>) -> RemainingLife {
    match life {
        RemainingLife::Estimated { days, low, high } => {
            let is_clear = evidence
                .and_then(|evidence| evidence.trend)
                .is_some_and(|trend| trend.course() != Course::Unclear);
            match (carried(days), carried(low), carried(high)) {
                (Some(days), Some(low), Some(high)) if is_clear => {
                    RemainingLife::Estimated { days, low, high }
                }
                _ => RemainingLife::NotEstimable {
                    reason: Reason::TooFewData,
                },
            }
        }
        RemainingLife::NotEstimable { .. } => life,
    }
}

/// A number of 32 bits, at their end where it is beyond.
fn single(number: f64) -> f32 {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "what is beyond is held at the end"
    )]
    let single = number.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32;
    single
}
