//! `model/shift`: how far rows of process sensors are from the normal rows of their machine, and which sensors are.

use std::sync::Arc;

use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, InputSpec, InputSpecs, KindFault, NodeKind, OutputSpec,
    ParamSpec, ParamType, ParamValue, Params, Signature,
};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Dim, Element, Field, PortType, TensorType};
use motet_models::shift::{Beginning, Scorer, SensorScore};

use super::sources::ModelSources;
use super::{dim, label_bytes, model_param};
use crate::quality::rows::{CLEARED, FINDINGS, quality_type};
use crate::report::findings::FINDINGS_BYTES;
use crate::sensors::table::{ROWS_MAX, TIMES, VALUES, table_type};

mod quantities;
mod shelf;
#[cfg(test)]
mod tests;
mod told;

pub(crate) use shelf::{ShiftEntry, ShiftShelf};

use quantities::{Measures, QUANTITIES, measures};
use told::{Peak, findings};

/// Fields of the output, in order.
const SCORES: usize = 0;
const SCORE: usize = 1;
const LIMIT: usize = 2;
const IS_ANOMALOUS: usize = 3;
const CONTRIBUTIONS: usize = 4;
const WORST: usize = 5;
const ROW_TIMES: usize = 6;
const COUNT: usize = 7;
const USABLE: usize = 8;
const TOLD: usize = 9;

/// The kind `model/shift`. All its nodes share what a model learnt.
pub struct Shift {
    shelf: ShiftShelf,
}

impl Shift {
    /// The kind with the models of these sources.
    pub fn new(sources: ModelSources) -> Shift {
        Shift {
            shelf: ShiftShelf::new(sources),
        }
    }
}

impl NodeKind for Shift {
    fn name(&self) -> &str {
        "model/shift"
    }

    fn about(&self) -> &str {
        "Scores rows of process sensors by how unlikely the means of the last rows of each sensor are, seen from normal rows \
         of the same machine. Values that `quality/rows` does not trust are passed over; a sensor without a value for longer \
         than its windows is left out. Rows may come in chunks of any size. Output: `scores`, that of each row, 0 where it \
         cannot be told; `usable`, 0 where it cannot; `score`, that of the last row; `limit`, beyond which a row is anomalous; \
         `is_anomalous`, 1 where the last row is; `contributions`, the score of each sensor in each row; `worst`, the sensor \
         with the highest score of these rows; `times`, as they came; `count`, how many rows are beyond the limit; \
         `findings`, as JSON: the score against its limit and each sensor beyond its own, of the row with the highest score, \
         with the flags of the data. The means follow slow drift, which therefore is no anomaly."
    }

    fn params(&self) -> Vec<ParamSpec> {
        vec![
            model_param(),
            ParamSpec {
                name: QUANTITIES,
                param_type: ParamType::Texts,
                default: Some(ParamValue::Texts(Vec::new())),
                about: "what sensors measure and in which unit, as in `Inlet = pressure bar`: findings say it; of other \
                        sensors they have the score alone",
            },
        ]
    }

    fn inputs(&self, params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let sensors = self.shelf.find(params)?.sensors();
        let (table, quality) = (
            table_type(dim(ROWS_MAX), sensors),
            quality_type(dim(ROWS_MAX), sensors),
        );
        Ok(InputSpecs {
            named: vec![
                InputSpec::required(
                    "table",
                    Accepts::Type(table),
                    "rows of the sensors, as `sensors/table` gives them",
                ),
                InputSpec::required(
                    "quality",
                    Accepts::Type(quality),
                    "what of them can be trusted, as `quality/rows` tells it",
                ),
            ],
            further: None,
        })
    }

    fn outputs(&self, params: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let entry = self.shelf.find(params)?;
        measures(params, &entry)?;
        let rows = || Dim::at_most("R", rows_of(inputs));
        let names: Vec<String> = entry
            .card
            .model
            .net
            .sensors
            .iter()
            .map(|sensor| sensor.name.clone())
            .collect();
        let one = |element| TensorType::scalar(element);
        let each = |element| TensorType::new(element, vec![rows()]);
        let mut times = each(Element::I64);
        times.unit = Some("ms".to_owned());
        let cells = TensorType::new(Element::F32, vec![rows(), Dim::exactly(dim(names.len()))]);
        let port = PortType::Record(vec![
            Field::new("scores", each(Element::F32)),
            Field::new("score", one(Element::F32)),
            Field::new("limit", one(Element::F32)),
            Field::new("is_anomalous", one(Element::U8).within(0.0, 1.0)),
            Field::new("contributions", cells),
            Field::new("worst", TensorType::text(label_bytes(&names))),
            Field::new("times", times),
            Field::new("count", one(Element::I32)),
            Field::new("usable", each(Element::U8).within(0.0, 1.0)),
            Field::new("findings", TensorType::text(dim(FINDINGS_BYTES))),
        ]);
        Ok(vec![OutputSpec::new("shift", port)])
    }

    fn cost(&self, params: &Params, signature: &Signature, _: &Placement) -> Cost {
        let Ok(entry) = self.shelf.find(params) else {
            return Cost::default();
        };
        let config = &entry.card.model.net;
        let cells = u64::from(rows_of(&signature.inputs)) * entry.sensors() as u64;
        let state = Scorer::bytes(entry.sensors(), config.window_max(), config.windows.len());
        Cost {
            // The longest window is added up for each value, and one tail is taken: about 60 steps of a fraction.
            flops: (config.window_max() as u64 + 600) * cells,
            workspace_bytes: (state + Peak::bytes(entry.sensors()) + 2 * FINDINGS_BYTES) as u64,
            weights: Some(entry.weights()),
            ..Cost::default()
        }
    }

    fn build(&self, params: &Params, _: &Signature, _: &Placement) -> Result<Box<dyn Node>, BuildError> {
        let (entry, model) = self.shelf.open(params)?;
        let measures = measures(params, &entry).map_err(|faults| super::refused(params, &faults))?;
        Ok(Box::new(ShiftNode {
            scorer: Scorer::new(&model, Beginning::Full),
            peak: Peak::new(entry.sensors()),
            since: vec![None; entry.sensors()],
            last: 0.0,
            measures,
            entry,
        }))
    }
}

/// The most rows that arrive at the first input.
pub(crate) fn rows_of(inputs: &[ConnectedInput]) -> u32 {
    let port = inputs.first().and_then(|input| input.port.as_ref());
    let times = port.and_then(|port| port.tensors().next());
    let rows = times.and_then(|times| times.dims.first());
    rows.map_or(dim(ROWS_MAX), |rows| rows.max)
}

/// The values of a row that are there.
pub(crate) fn present(values: &[f32], valid: &[u8]) -> impl Iterator<Item = Option<f64>> {
    values
        .iter()
        .zip(valid)
        .map(|(value, valid)| (*valid != 0).then_some(f64::from(*value)))
}

struct ShiftNode {
    entry: Arc<ShiftEntry>,
    measures: Measures,
    scorer: Scorer,
    peak: Peak,
    /// Since when each sensor is beyond its limit.
    since: Vec<Option<i64>>,
    /// The score of the last row there was.
    last: f32,
}

impl Node for ShiftNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let (table, quality) = (inputs.require(0)?, inputs.require(1)?);
        let times = table.tensor::<i64>(TIMES)?;
        let (values, valid) = (table.tensor::<f32>(VALUES)?, quality.tensor::<u8>(CLEARED)?);
        if valid.len() != values.len() {
            return Err(NodeError::Failed(
                "the table and its quality have other rows".to_owned(),
            ));
        }
        let sensors = self.entry.sensors();
        let limit = self.entry.card.model.net.limit;
        let (rows, cells) = ([dim(times.len())], [dim(times.len()), dim(sensors)]);
        self.peak.clear();
        let mut count = 0_usize;
        let out = outputs.record(0)?;
        for (row, (values, valid)) in values
            .chunks_exact(sensors)
            .zip(valid.chunks_exact(sensors))
            .enumerate()
        {
            let scores = self.scorer.step(present(values, valid), true);
            let has_value = valid.iter().any(|valid| *valid != 0);
            let usable = has_value && scores.iter().any(|score| score.is_scored);
            let score = match usable {
                true => scores.iter().map(|score| score.score).fold(0.0, f64::max),
                false => 0.0,
            };
            count += usize::from(score > limit);
            mark(&mut self.since, scores, (times[row], limit));
            self.peak.look(score, scores, &self.since);
            self.last = single(score);
            out.tensor::<f32>(SCORES, &rows)?[row] = self.last;
            out.tensor::<u8>(USABLE, &rows)?[row] = u8::from(usable);
            let contributions = &mut out.tensor::<f32>(CONTRIBUTIONS, &cells)?[row * sensors..][..sensors];
            for (contribution, score) in contributions.iter_mut().zip(scores) {
                *contribution = single(score.score);
            }
        }
        if times.is_empty() {
            out.tensor::<f32>(SCORES, &rows)?;
            out.tensor::<u8>(USABLE, &rows)?;
            out.tensor::<f32>(CONTRIBUTIONS, &cells)?;
        }
        let found = findings(
            &self.entry,
            &self.measures,
            (&self.peak, &self.scorer),
            quality.text(FINDINGS)?,
        )?;
        let worst = self
            .peak
            .worst()
            .map(|place| self.entry.card.model.net.sensors[place].name.as_str());
        out.tensor::<f32>(SCORE, &[])?.fill(self.last);
        out.tensor::<f32>(LIMIT, &[])?.fill(single(limit));
        out.tensor::<u8>(IS_ANOMALOUS, &[])?
            .fill(u8::from(f64::from(self.last) > limit));
        out.text(WORST, worst.unwrap_or_default())?;
        out.tensor::<i64>(ROW_TIMES, &rows)?.copy_from_slice(times);
        out.tensor::<i32>(COUNT, &[])?
            .fill(i32::try_from(count).unwrap_or(i32::MAX));
        out.text(TOLD, &found)?;
        Ok(())
    }

    fn reset(&mut self) {
        self.scorer.reset();
        self.peak.clear();
        self.since.fill(None);
        self.last = 0.0;
    }
}

/// Notes since when each sensor is beyond the limit.
fn mark(since: &mut [Option<i64>], scores: &[SensorScore], (time_ms, limit): (i64, f64)) {
    for (since, score) in since.iter_mut().zip(scores) {
        *since = match score.score > limit {
            true => since.or(Some(time_ms)),
            false => None,
        };
    }
}

#[allow(clippy::cast_possible_truncation, reason = "ports hold single precision")]
fn single(score: f64) -> f32 {
    (score as f32).clamp(0.0, f32::MAX)
}
