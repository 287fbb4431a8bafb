//! `report/record`: what nodes found, the alarm and the stretch of time as one typed record.
//!
//! It finds nothing itself but the zone, which follows from limits in the YAML. Invariant: a record that it gives passed
//! [`Report::check`], holds a flag of each kind that stands, and what had no room is told.

use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, FaultPlace, InputSpec, InputSpecs, KindFault, NodeKind,
    OutputSpec, ParamSpec, ParamType, ParamValue, Params, Signature,
};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Dim, Element, Field, PortType, TensorType};

use super::alarm::State;
use super::findings::{FINDINGS_BYTES, Findings, Merged};
use super::moment::Moment;
use super::record::{Course, Interval, Model, NAME_BYTES_MAX, Reason, RemainingLife, Report};
use crate::model::dim;
use crate::notes::spans::{from_json, to_json};

mod read;
#[cfg(test)]
mod tests;
mod zones;

pub(super) use read::refused;

use read::the_findings;
use zones::Zones;

/// Most bytes of a record as JSON, as it travels from node to node.
pub const RECORD_BYTES: usize = 1 << 16;

const ASSET: &str = "asset";
const ZONES: &str = "zones";
const MODEL: &str = "model";
const VERSION: &str = "version";
const ALARM: &str = "alarm";
const FROM: &str = "from";
const TO: &str = "to";
const TIMES: &str = "times";
/// Where the author's own inputs begin.
const FURTHER: usize = 4;
/// Bytes of the name of a zone or a fault.
const WORD_BYTES: u32 = 32;

/// The kind `report/record`.
pub struct ReportRecord;

impl NodeKind for ReportRecord {
    fn name(&self) -> &str {
        "report/record"
    }

    fn about(&self) -> &str {
        "Makes one record of what nodes found about a machine, by docs/report.schema.json. It takes `alarm`, of `alarm/state`; the \
         stretch of time, as `from` and `to` or as `times`, in milliseconds since 1970; and under names of your own any number \
         of findings: records with a field `findings`, or such texts. What they state alike is stated once; of what has no room \
         the most important stays. What contradicts itself is an error that names the place. With `zones` the zone of severity \
         is told by the largest rms value in their unit. Output: `record`, the JSON; `severity`, the zone `A` to `D` or `none`; \
         `probable`, the fault that is the likeliest cause, or `none`; `flags`, how many flags about the data stand; `is_sound`, \
         1 where none does and the signal of the alarm is good; `complete`, 0 where something had no room or findings were \
         absent; `asset`."
    }

    fn params(&self) -> Vec<ParamSpec> {
        let text = |name, default: Option<&str>, about| ParamSpec {
            name,
            param_type: ParamType::Text,
            default: default.map(|text| ParamValue::Text(text.to_owned())),
            about,
        };
        vec![
            text(ASSET, None, "what the machine is called"),
            text(
                ZONES,
                Some(""),
                "the limits between the zones A, B, C and D with their unit, as in `1.4 2.8 7.1 mm/s`; empty for none",
            ),
            text(
                MODEL,
                Some("alarm"),
                "what made the findings, where no findings say so",
            ),
            text(VERSION, Some("1"), "its version"),
        ]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let time = |name: &str, about: &str| {
            let time = TensorType::scalar(Element::I64);
            InputSpec::optional(name, Accepts::Type(time.into()), about)
        };
        let times = TensorType::new(Element::I64, vec![Dim::at_most("R", dim(super::ROWS_MAX))]);
        Ok(InputSpecs {
            named: vec![
                InputSpec::required(ALARM, Accepts::Any, "the record of `alarm/state`"),
                time(FROM, "the beginning of the stretch of time, in ms since 1970"),
                time(TO, "its end"),
                InputSpec::optional(
                    TIMES,
                    Accepts::Type(times.into()),
                    "or all of its time stamps, in any order",
                ),
            ],
            further: Some(Accepts::Any),
        })
    }

    fn outputs(&self, params: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        Sheet::read(params, inputs)?;
        let flag = || TensorType::scalar(Element::U8).within(0.0, 1.0);
        Ok(vec![OutputSpec::new(
            "report",
            PortType::Record(vec![
                Field::new("record", TensorType::text(dim(RECORD_BYTES))),
                Field::new("severity", TensorType::text(WORD_BYTES)),
                Field::new("probable", TensorType::text(WORD_BYTES)),
                Field::new("flags", TensorType::scalar(Element::I32)),
                Field::new("is_sound", flag()),
                Field::new("complete", flag()),
                Field::new("asset", TensorType::text(dim(NAME_BYTES_MAX))),
            ]),
        )])
    }

    fn cost(&self, _: &Params, signature: &Signature, _: &Placement) -> Cost {
        let findings = signature.inputs.len().saturating_sub(FURTHER);
        Cost {
            // Reading, comparing and writing a few hundred bytes for each of at most 32 pieces of evidence.
            flops: 400_000 * findings.max(1) as u64,
            // Each of the findings as JSON and as values, which are at most twice as large.
            workspace_bytes: (3 * FINDINGS_BYTES * findings + 3 * RECORD_BYTES) as u64,
            ..Cost::default()
        }
    }

    fn build(
        &self,
        params: &Params,
        signature: &Signature,
        _: &Placement,
    ) -> Result<Box<dyn Node>, BuildError> {
        let sheet = Sheet::read(params, &signature.inputs)
            .map_err(|faults| BuildError::Failed(crate::first_message(&faults)))?;
        Ok(Box::new(RecordNode { sheet }))
    }
}

/// What one node is made of.
struct Sheet {
    asset: String,
    model: Model,
    zones: Option<Zones>,
    alarm: AlarmFields,
    /// The names of the findings, and which field of each holds them.
    findings: Vec<(String, usize)>,
}

/// Which fields of the alarm hold what is read of it.
#[derive(Clone, Copy)]
struct AlarmFields {
    state: usize,
    since: usize,
    is_active: usize,
    quality: usize,
}

impl Sheet {
    fn read(params: &Params, inputs: &[ConnectedInput]) -> Result<Sheet, Vec<KindFault>> {
        let mut faults = Vec::new();
        let text = |name: &str| params.text(name).unwrap_or_default().to_owned();
        let at =
            |name: &str, message: String| KindFault::new(FaultPlace::Param(name.to_owned(), None), message);
        for name in [ASSET, MODEL, VERSION] {
            if let Err(error) = super::record::check_name(name, &text(name)) {
                faults.push(at(name, error.to_string()));
            }
        }
        let zones = match text(ZONES).as_str() {
            "" => None,
            zones => Zones::read(zones)
                .map_err(|message| faults.push(at(ZONES, message.to_string())))
                .ok(),
        };
        let at_input = |name: &str, message: String, help: &str| {
            KindFault::new(FaultPlace::Input(name.to_owned()), message).help(help)
        };
        let port = |name: &str| {
            let input = inputs.iter().find(|input| input.name == name);
            input.and_then(|input| input.port.as_ref())
        };
        let alarm = port(ALARM).and_then(alarm_fields);
        if alarm.is_none() {
            let message = format!("input `{ALARM}` is no alarm of `alarm/state`");
            faults.push(at_input(
                ALARM,
                message,
                "connect the whole record of such a node",
            ));
        }
        let times = [FROM, TO, TIMES].map(|name| port(name).is_some());
        if !matches!(times, [true, true, false] | [false, false, true]) {
            let message = format!("the stretch of time is either `{FROM}` and `{TO}`, or `{TIMES}`");
            faults.push(KindFault::new(FaultPlace::Node, message).help("connect one or the other"));
        }
        let mut findings = Vec::new();
        for input in inputs.iter().skip(FURTHER) {
            match input.port.as_ref().and_then(the_findings) {
                Some(field) => findings.push((input.name.clone(), field)),
                None => {
                    let message = format!("input `{}` has no findings", input.name);
                    let help = "connect a record with a field `findings`, or such a text";
                    faults.push(at_input(&input.name, message, help));
                }
            }
        }
        match alarm.filter(|_| faults.is_empty()) {
            Some(alarm) => Ok(Sheet {
                asset: text(ASSET),
                model: Model {
                    name: text(MODEL),
                    version: text(VERSION),
                },
                zones,
                alarm,
                findings,
            }),
            None => Err(faults),
        }
    }
}

fn alarm_fields(port: &PortType) -> Option<AlarmFields> {
    let field = |name: &str, element: Element, dims: usize| {
        let (index, tensor) = port.field(name)?;
        (tensor.element == element && tensor.dims.len() == dims).then_some(index)
    };
    Some(AlarmFields {
        state: field("state", Element::Utf8, 1)?,
        since: field("since", Element::I64, 0)?,
        is_active: field("is_active", Element::U8, 0)?,
        quality: field("quality", Element::Utf8, 1)?,
    })
}

struct RecordNode {
    sheet: Sheet,
}

impl Node for RecordNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let (parts, is_whole) = self.parts(inputs)?;
        let merged = Findings::merge(parts);
        let (flag_count, is_complete) = (merged.flag_count, merged.is_complete && is_whole);
        let quality = inputs.require(0)?.text(self.sheet.alarm.quality)?;
        let is_sound = flag_count == 0 && quality == "good";
        let report = self.report(inputs, merged)?;
        report.check().map_err(|error| refused("the record", &error))?;
        let json = to_json(&report)?;
        if json.len() > RECORD_BYTES {
            let message = format!(
                "the record has {} bytes, at most {RECORD_BYTES} can be handed on",
                json.len()
            );
            return Err(NodeError::Failed(message));
        }
        let severity = report.severity.as_ref().map(|it| to_json(&it.zone)).transpose()?;
        let probable = report.cause.as_ref().map(|it| to_json(&it.fault)).transpose()?;
        let word = |json: Option<String>| match json {
            Some(json) => json.trim_matches('"').to_owned(),
            None => "none".to_owned(),
        };
        let out = outputs.record(0)?;
        out.text(0, &json)?;
        out.text(1, &word(severity))?;
        out.text(2, &word(probable))?;
        out.tensor::<i32>(3, &[])?
            .fill(i32::try_from(flag_count).unwrap_or(i32::MAX));
        out.tensor::<u8>(4, &[])?.fill(u8::from(is_sound));
        out.tensor::<u8>(5, &[])?.fill(u8::from(is_complete));
        Ok(out.text(6, &report.asset)?)
    }
}

impl RecordNode {
    /// What each node found, and whether all of them said something.
    fn parts(&self, inputs: &Inputs<'_>) -> Result<(Vec<Findings>, bool), NodeError> {
        let mut parts = Vec::with_capacity(self.sheet.findings.len() + 1);
        let mut is_whole = true;
        for ((name, field), index) in self.sheet.findings.iter().zip(FURTHER..) {
            let Some(lease) = inputs.get(index) else {
                is_whole = false;
                continue;
            };
            let findings = Findings::from_json(lease.text(*field)?);
            parts.push(findings.map_err(|error| refused(&format!("input `{name}`"), &error))?);
        }
        if let Some(zones) = &self.sheet.zones {
            parts.push(zones.findings(&parts));
        }
        Ok((parts, is_whole))
    }

    fn report(&self, inputs: &Inputs<'_>, merged: Merged) -> Result<Report, NodeError> {
        let findings = merged.findings;
        let fields = self.sheet.alarm;
        let lease = inputs.require(0)?;
        let alarm: State = from_json(&to_json(&lease.text(fields.state)?)?, "the state of the alarm")?;
        let is_active = lease.tensor::<u8>(fields.is_active)?.first() == Some(&1);
        let since_ms = lease.tensor::<i64>(fields.since)?.first().copied().unwrap_or(-1);
        // What is normal, or hidden and normal, has not been so since its last activation.
        let stands = match alarm {
            State::Normal => false,
            State::Shelved | State::SuppressedByDesign | State::OutOfService => is_active,
            State::ActiveUnacknowledged
            | State::ActiveAcknowledged
            | State::ReturnedUnacknowledged
            | State::LatchedUnacknowledged
            | State::LatchedAcknowledged => true,
        };
        let interval = interval(inputs)?;
        // Data of a time before the alarm, such as yesterday's file, say nothing of when it began.
        let since = (stands && since_ms >= 0).then(|| moment(since_ms)).transpose()?;
        let since = since.filter(|since| *since <= interval.to);
        let has_trend = findings
            .evidence
            .iter()
            .any(|it| it.trend.is_some_and(|trend| trend.course() != Course::Unclear));
        // Nobody estimated it. Without a trend nobody could; with one, nobody knows when such machines fail.
        let reason = if has_trend {
            Reason::NoFailureHistory
        } else {
            Reason::NoTrend
        };
        Ok(Report {
            asset: self.sheet.asset.clone(),
            interval,
            severity: findings.severity,
            evidence: findings.evidence,
            cause: findings.cause,
            since,
            changes: findings.changes,
            check: findings.check,
            model: findings.model.unwrap_or_else(|| self.sheet.model.clone()),
            flags: findings.flags,
            work_orders: findings.work_orders,
            remaining_life: findings
                .remaining_life
                .unwrap_or(RemainingLife::NotEstimable { reason }),
            alarm,
        })
    }
}

/// The stretch of time, in whole seconds.
fn interval(inputs: &Inputs<'_>) -> Result<Interval, NodeError> {
    let one = |index: usize| -> Result<Option<i64>, NodeError> {
        let time = inputs
            .get(index)
            .map(|lease| lease.tensor::<i64>(0))
            .transpose()?;
        Ok(time.and_then(|time| time.first()).copied())
    };
    let times = inputs.get(3).map(|lease| lease.tensor::<i64>(0)).transpose()?;
    let (from, to) = match times {
        Some(times) => (times.iter().min().copied(), times.iter().max().copied()),
        None => (one(1)?, one(2)?),
    };
    match (from, to) {
        (Some(from), Some(to)) => Ok(Interval {
            from: moment(from)?,
            to: moment(to)?,
        }),
        (None, _) | (_, None) => {
            let message = "the stretch of time is not known: no time stamps came";
            Err(NodeError::Failed(message.to_owned()))
        }
    }
}

fn moment(time_ms: i64) -> Result<Moment, NodeError> {
    Moment::from_seconds(time_ms.div_euclid(1_000)).ok_or_else(|| {
        NodeError::Failed(format!(
            "a time stamp is not within the years 1970 to 9999: {time_ms} ms"
        ))
    })
}
