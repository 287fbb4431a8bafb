//! `quality/rows`: which values of process sensors can be trusted, and what is wrong with the others.

use std::sync::Arc;

use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, InputSpec, InputSpecs, KindFault, NodeKind, OutputSpec,
    ParamSpec, Params, Signature,
};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Dim, Element, Field, PortType, TensorType};
use motet_models::shift::{Fault, Quality, ShiftModel};

use crate::model::shift::{ShiftEntry, ShiftShelf, present, rows_of};
use crate::model::{ModelSources, dim, model_param};
use crate::report::findings::{FINDINGS_BYTES, Findings};
use crate::report::record::{FLAGS_MAX, Flag, FlagKind};
use crate::sensors::table::{ROWS_MAX, TIMES, VALID, VALUES, table_type};

/// Fields of the output, in order.
pub(crate) const CLEARED: usize = 0;
const FLAGGED: usize = 1;
pub(crate) const FINDINGS: usize = 2;

/// Longest stretch of time that a flag tells of, in seconds.
const SECONDS_MAX: f64 = 1e15;

/// The type of the output for tables of at most so many rows.
pub(crate) fn quality_type(rows: u32, sensors: usize) -> PortType {
    let cells = vec![Dim::at_most("R", rows), Dim::exactly(dim(sensors))];
    PortType::Record(vec![
        Field::new("valid", TensorType::new(Element::U8, cells).within(0.0, 1.0)),
        Field::new("flagged", TensorType::scalar(Element::U8).within(0.0, 1.0)),
        Field::new("findings", TensorType::text(dim(FINDINGS_BYTES))),
    ])
}

/// The kind `quality/rows`. All its nodes share what a model learnt.
pub struct Rows {
    shelf: ShiftShelf,
}

impl Rows {
    /// The kind with the models of these sources.
    pub fn new(sources: ModelSources) -> Rows {
        Rows {
            shelf: ShiftShelf::new(sources),
        }
    }
}

impl NodeKind for Rows {
    fn name(&self) -> &str {
        "quality/rows"
    }

    fn about(&self) -> &str {
        "Says which values of process sensors can be trusted, by what a model learnt of normal rows: values that are not \
         there, a sensor that is missing or stuck, one that stands at the end of its range or is in another unit, gaps, \
         stamps that are doubled or go backward, and a rate that has drifted. Rows may come in chunks of any size. With \
         `now`, the clock of the plant in milliseconds since 1970, rows that have stopped are found as well. Output: \
         `valid`, 0 where a value is missing or flagged, and in rows without a place in time; `flagged`, 1 where anything \
         is wrong; `findings`, the flags as JSON. A drifted rate and a gap are flagged and leave the values as they are."
    }

    fn params(&self) -> Vec<ParamSpec> {
        vec![model_param()]
    }

    fn inputs(&self, params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let sensors = self.shelf.find(params)?.sensors();
        let table = Accepts::Type(table_type(dim(ROWS_MAX), sensors));
        let now = Accepts::Type(TensorType::scalar(Element::I64).into());
        Ok(InputSpecs {
            named: vec![
                InputSpec::required(
                    "table",
                    table,
                    "rows of the sensors, as `sensors/table` gives them",
                ),
                InputSpec::optional("now", now, "what time it is, in milliseconds since 1970"),
            ],
            further: None,
        })
    }

    fn outputs(&self, params: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let sensors = self.shelf.find(params)?.sensors();
        Ok(vec![OutputSpec::new(
            "quality",
            quality_type(rows_of(inputs), sensors),
        )])
    }

    fn cost(&self, params: &Params, signature: &Signature, _: &Placement) -> Cost {
        let Ok(entry) = self.shelf.find(params) else {
            return Cost::default();
        };
        let cells = u64::from(rows_of(&signature.inputs)) * entry.sensors() as u64;
        Cost {
            // Two windows of a sensor are looked through for each value.
            flops: 400 * cells,
            workspace_bytes: (Quality::bytes(entry.sensors()) + FINDINGS_BYTES) as u64,
            weights: Some(entry.weights()),
            ..Cost::default()
        }
    }

    fn build(&self, params: &Params, _: &Signature, _: &Placement) -> Result<Box<dyn Node>, BuildError> {
        let (entry, model) = self.shelf.open(params)?;
        Ok(Box::new(RowsNode {
            quality: Quality::new(&model),
            flags: Flags::new(&model),
            entry,
        }))
    }
}

struct RowsNode {
    entry: Arc<ShiftEntry>,
    quality: Quality,
    flags: Flags,
}

impl Node for RowsNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let table = inputs.require(0)?;
        let times = table.tensor::<i64>(TIMES)?;
        let (values, valid) = (table.tensor::<f32>(VALUES)?, table.tensor::<u8>(VALID)?);
        let sensors = self.entry.sensors();
        self.flags.clear();
        let out = outputs.record(0)?;
        let cleared = out.tensor::<u8>(CLEARED, &[dim(times.len()), dim(sensors)])?;
        let rows = values.chunks_exact(sensors).zip(valid.chunks_exact(sensors));
        for ((time_ms, (values, valid)), cleared) in
            times.iter().zip(rows).zip(cleared.chunks_exact_mut(sensors))
        {
            let faults = self.quality.step(*time_ms, present(values, valid));
            self.flags.add_row(&faults);
            for (cleared, fault) in cleared.iter_mut().zip(faults.values) {
                *cleared = u8::from(fault.is_none() && faults.has_place());
            }
        }
        let now = inputs.get(1).map(|now| now.tensor::<i64>(0)).transpose()?;
        if let Some(silent_s) = now.and_then(|now| self.quality.silent_s(*now.first()?)) {
            self.flags.gap_s += silent_s;
        }
        let findings = Findings {
            flags: self.flags.told(&self.entry),
            ..Findings::default()
        };
        let json = findings
            .to_json()
            .map_err(|error| NodeError::Failed(error.to_string()))?;
        out.tensor::<u8>(FLAGGED, &[])?
            .fill(u8::from(!findings.flags.is_empty()));
        out.text(FINDINGS, &json)?;
        Ok(())
    }

    fn reset(&mut self) {
        self.quality.reset();
    }
}

/// Faults of values, in the order of [`Flags::values`].
const OF_VALUES: [Fault; 5] = [
    Fault::MissingSensor,
    Fault::StuckSensor,
    Fault::WrongUnit,
    Fault::Saturation,
    Fault::NotANumber,
];

/// What is wrong with the rows of one request.
struct Flags {
    period_s: f64,
    gap_s: f64,
    doubled: u32,
    backward: u32,
    off_rate: u32,
    /// Rows with each fault, a sensor at a time.
    values: Vec<[u32; OF_VALUES.len()]>,
}

impl Flags {
    fn new(model: &ShiftModel) -> Flags {
        Flags {
            period_s: model.period_s(),
            gap_s: 0.0,
            doubled: 0,
            backward: 0,
            off_rate: 0,
            values: vec![[0; OF_VALUES.len()]; model.normals().len()],
        }
    }

    fn clear(&mut self) {
        self.gap_s = 0.0;
        (self.doubled, self.backward, self.off_rate) = (0, 0, 0);
        self.values.fill([0; OF_VALUES.len()]);
    }

    fn add_row(&mut self, faults: &motet_models::shift::RowFaults<'_>) {
        self.gap_s += faults.gap_s;
        self.doubled += u32::from(faults.stamp == Some(Fault::DoubledTimeStamp));
        self.backward += u32::from(faults.stamp == Some(Fault::BackwardTimeStamp));
        self.off_rate += u32::from(faults.is_off_rate);
        for (counts, fault) in self.values.iter_mut().zip(faults.values) {
            let place = OF_VALUES.iter().position(|known| Some(*known) == *fault);
            if let Some(place) = place {
                counts[place] += 1;
            }
        }
    }

    /// The flags: those of all rows first, then those of sensors, the longest first.
    fn told(&self, entry: &ShiftEntry) -> Vec<Flag> {
        let seconds = |rows: u32| f64::from(rows) * self.period_s;
        let flag = |kind, sensor: Option<&str>, seconds: f64| {
            (seconds > 0.0).then(|| Flag {
                kind,
                sensor: sensor.map(str::to_owned),
                seconds: Some(seconds.min(SECONDS_MAX)),
            })
        };
        let mut flags: Vec<Flag> = [
            flag(FlagKind::Gap, None, self.gap_s),
            flag(FlagKind::BackwardTimeStamps, None, seconds(self.backward)),
            flag(FlagKind::DoubledTimeStamps, None, seconds(self.doubled)),
            flag(FlagKind::RateDrift, None, seconds(self.off_rate)),
        ]
        .into_iter()
        .flatten()
        .collect();
        let begin = flags.len();
        for (sensor, counts) in entry.card.model.net.sensors.iter().zip(&self.values) {
            let of_sensor = OF_VALUES.iter().zip(counts);
            flags.extend(
                of_sensor
                    .filter_map(|(fault, rows)| flag(kind_of(*fault), Some(&sensor.name), seconds(*rows))),
            );
        }
        flags[begin..].sort_by(|a, b| b.seconds.unwrap_or(0.0).total_cmp(&a.seconds.unwrap_or(0.0)));
        flags.truncate(FLAGS_MAX);
        flags
    }
}

/// What reports call a fault.
fn kind_of(fault: Fault) -> FlagKind {
    match fault {
        Fault::Gap => FlagKind::Gap,
        Fault::DoubledTimeStamp => FlagKind::DoubledTimeStamps,
        Fault::BackwardTimeStamp => FlagKind::BackwardTimeStamps,
        Fault::RateDrift => FlagKind::RateDrift,
        Fault::NotANumber => FlagKind::NotANumber,
        Fault::MissingSensor => FlagKind::MissingSensor,
        Fault::StuckSensor => FlagKind::StuckSensor,
        Fault::WrongUnit => FlagKind::WrongUnit,
        Fault::Saturation => FlagKind::Saturation,
    }
}
