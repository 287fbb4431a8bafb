//! `alarm/state`: where the alarm of one limit stands, over a stream of values with time stamps.
//!
//! It carries the state machine of [`super::alarm`] from request to request. It has no clock: time is what the stamps
//! say. Invariant: how a stream is cut into requests changes nothing about the states, the moves and their times.

use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, FaultPlace, InputSpec, InputSpecs, KindFault, NodeKind,
    OutputSpec, ParamSpec, Params, Signature,
};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Dim, Element, Field, PortType, TensorType};

use super::alarm::Settings;
use crate::model::dim;
use crate::notes::annotate::text_of;
use crate::notes::spans::to_json;

mod orders;
mod request;
mod settings;
#[cfg(test)]
mod tests;
mod watch;

pub use orders::{ORDERS_BYTES, ORDERS_MAX, OrderError};

use request::Request;
use watch::{MOVES_TOLD_MAX, REFUSALS_TOLD_MAX, Watch};

/// Most values of one request.
pub const ROWS_MAX: usize = 1 << 20;

const SCORE: &str = "score";
const AT: &str = "at";
const TIMES: &str = "times";
const USABLE: &str = "usable";
const LIMIT: &str = "limit";
const ORDER: &str = "order";
const SUPPRESS: &str = "suppress_when";

/// Bytes of the name of a state or a quality.
const WORD_BYTES: u32 = 32;
/// Bytes of a move as JSON, with the longest names and the largest time.
const MOVE_BYTES: usize = 160;
/// Bytes of a refusal as JSON.
const REFUSAL_BYTES: usize = 128;

/// The kind `alarm/state`.
pub struct AlarmState;

impl NodeKind for AlarmState {
    fn name(&self) -> &str {
        "alarm/state"
    }

    fn about(&self) -> &str {
        "Watches one limit, with the life cycle of ANSI/ISA-18.2: normal, active, returned, latched, acknowledged or not, shelved, \
         suppressed by design, out of service. It takes one `score` with its time `at`, or many with their `times`, in \
         milliseconds since 1970; it has no clock. A row whose `usable` is 0, or a score that is absent, is a missing value: the \
         state is held, and `quality` says so. The limit is a parameter, or comes from a model over the input `limit`. `order` is \
         what operators want, one a line or as a JSON list: `acknowledge`, `reset`, `shelve 30 min`, `unshelve`, `suppress`, \
         `unsuppress`, `take out of service`, `return to service`; orders count before the scores of their request. While \
         `suppress_when` is above 0 the alarm is suppressed by design. Output: `state`; `since`, when the signal last became \
         active, -1 if never; `is_active`, whether it is, seen or not; `must_annunciate`, 1 where operators must be told now; \
         `is_chattering`; `quality` (`good`, `missing`, `not_a_number`, `clock`); `moves`, the last moves of this request as JSON \
         with `at`, `from`, `to`, `cause`; `at`, the last time that was taken, -1 if none; `is_stale`; `refusals`, as JSON, the \
         values and orders that were refused, such as time stamps that go backward, with `at`, `event`, `why`; `refused`, how \
         many; `activations`, how often the signal became active; `annunciated`, the times for `alarm/flood`. It is no safety \
         function. docs/reports.md says what each state means."
    }

    fn params(&self) -> Vec<ParamSpec> {
        settings::params()
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let optional = |name: &str, accepts: TensorType, about: &str| {
            InputSpec::optional(name, Accepts::Type(accepts.into()), about)
        };
        let many = |element| TensorType::new(element, vec![Dim::at_most("R", dim(ROWS_MAX))]);
        Ok(InputSpecs {
            named: vec![
                InputSpec::optional(
                    SCORE,
                    Accepts::Any,
                    "the signal: one `f32`, or `f32[R]` with `times`",
                ),
                optional(
                    AT,
                    TensorType::scalar(Element::I64),
                    "when one score was, in ms since 1970",
                ),
                optional(TIMES, many(Element::I64), "when each of many scores was"),
                InputSpec::optional(
                    USABLE,
                    Accepts::Any,
                    "0 where a score means nothing: `u8`, or `u8[R]`",
                ),
                optional(
                    LIMIT,
                    TensorType::scalar(Element::F32),
                    "the limit, where it is no parameter",
                ),
                optional(
                    ORDER,
                    text_of(ORDER, ORDERS_BYTES),
                    "what operators want, one order a line",
                ),
                optional(
                    SUPPRESS,
                    TensorType::scalar(Element::F32),
                    "above 0 while the plant's design hides the alarm",
                ),
            ],
            further: None,
        })
    }

    fn outputs(&self, params: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let sheet = Sheet::read(params, inputs)?;
        let word = || TensorType::text(WORD_BYTES);
        let list = |count: usize, bytes: usize| TensorType::text(dim(count * bytes));
        let time = || TensorType::scalar(Element::I64);
        let flag = || TensorType::scalar(Element::U8).within(0.0, 1.0);
        let annunciated = Dim::at_most("A", dim(sheet.rows_max + ORDERS_MAX + 1));
        Ok(vec![OutputSpec::new(
            "alarm",
            PortType::Record(vec![
                Field::new("state", word()),
                Field::new("since", time()),
                Field::new("is_active", flag()),
                Field::new("must_annunciate", flag()),
                Field::new("is_chattering", flag()),
                Field::new("quality", word()),
                Field::new("moves", list(MOVES_TOLD_MAX, MOVE_BYTES)),
                Field::new("at", time()),
                Field::new("is_stale", flag()),
                Field::new("refusals", list(REFUSALS_TOLD_MAX, REFUSAL_BYTES)),
                Field::new("refused", TensorType::scalar(Element::I32)),
                Field::new("activations", time()),
                Field::new("annunciated", TensorType::new(Element::I64, vec![annunciated])),
            ]),
        )])
    }

    fn cost(&self, params: &Params, signature: &Signature, _: &Placement) -> Cost {
        let rows = Sheet::read(params, &signature.inputs).map_or(0, |sheet| sheet.rows_max);
        let told = MOVES_TOLD_MAX * MOVE_BYTES + REFUSALS_TOLD_MAX * REFUSAL_BYTES;
        Cost {
            flops: 40 * rows as u64,
            // Two lists of what a request holds, the times of annunciations, and what is told, as it is and as JSON.
            workspace_bytes: (3 * 16 * rows + 2 * told + ORDERS_BYTES) as u64,
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
        let watch = Watch::new(sheet.settings.clone(), sheet.has_limit_input)
            .map_err(|fault| BuildError::Failed(fault.to_string()))?;
        Ok(Box::new(AlarmNode { sheet, watch }))
    }
}

/// What one node is made of.
struct Sheet {
    settings: Settings,
    /// Whether one score comes at a time.
    is_single: bool,
    has_limit_input: bool,
    has_usable: bool,
    /// Most scores of a request.
    rows_max: usize,
}

impl Sheet {
    fn read(params: &Params, inputs: &[ConnectedInput]) -> Result<Sheet, Vec<KindFault>> {
        let mut faults = Vec::new();
        let dims = score_dims(inputs, &mut faults);
        let is_single = dims.as_ref().is_none_or(Vec::is_empty);
        check_clock(inputs, is_single, &mut faults);
        check_usable(inputs, is_single, &mut faults);
        let has_limit_input = port(inputs, LIMIT).is_some();
        let settings = settings::settings(params, has_limit_input);
        match settings {
            Ok(settings) if faults.is_empty() => Ok(Sheet {
                settings,
                is_single,
                has_limit_input,
                has_usable: port(inputs, USABLE).is_some(),
                rows_max: dims
                    .and_then(|dims| dims.first().cloned())
                    .map_or(1, |dim| dim.max as usize),
            }),
            Ok(_) => Err(faults),
            Err(fault) => {
                faults.push(*fault);
                Err(faults)
            }
        }
    }
}

fn port<'a>(inputs: &'a [ConnectedInput], name: &str) -> Option<&'a PortType> {
    let input = inputs.iter().find(|input| input.name == name);
    input.and_then(|input| input.port.as_ref())
}

fn at_input(name: &str, message: String, help: &str) -> KindFault {
    KindFault::new(FaultPlace::Input(name.to_owned()), message).help(help)
}

/// The dimensions of the score: none for one number, one for many.
fn score_dims(inputs: &[ConnectedInput], faults: &mut Vec<KindFault>) -> Option<Vec<Dim>> {
    let dims = match port(inputs, SCORE) {
        Some(PortType::Tensor(tensor)) if tensor.element == Element::F32 => Some(tensor.dims.clone()),
        Some(PortType::Tensor(_) | PortType::Record(_)) | None => None,
    };
    let is_list = |dims: &Vec<Dim>| dims.len() < 2 && dims.iter().all(|dim| dim.max as usize <= ROWS_MAX);
    let dims = dims.filter(is_list);
    if dims.is_none() {
        let found = port(inputs, SCORE).map_or("nothing".to_owned(), |port| format!("`{port}`"));
        faults.push(at_input(
            SCORE,
            format!("expected `f32`, or `f32[R]` of at most {ROWS_MAX} rows, found {found}"),
            "connect one field of what a model says",
        ));
    }
    dims
}

fn check_clock(inputs: &[ConnectedInput], is_single: bool, faults: &mut Vec<KindFault>) {
    let (clock, other) = if is_single { (AT, TIMES) } else { (TIMES, AT) };
    let is_other_unit = |tensor: &TensorType| tensor.unit.as_deref().is_some_and(|unit| unit != "ms");
    match port(inputs, clock) {
        None => faults.push(at_input(
            SCORE,
            format!("the time of the score is not known: `{clock}` is not connected"),
            "connect its time, in milliseconds since 1970",
        )),
        Some(stamps) if stamps.tensors().any(is_other_unit) => faults.push(at_input(
            clock,
            format!("expected milliseconds, found `{stamps}`"),
            "give the time in milliseconds since 1970",
        )),
        Some(_) => (),
    }
    if port(inputs, other).is_some() {
        let message = format!("`{other}` does not go with this score, `{clock}` does");
        faults.push(at_input(other, message, "one score has `at`, many have `times`"));
    }
}

fn check_usable(inputs: &[ConnectedInput], is_single: bool, faults: &mut Vec<KindFault>) {
    let Some(usable) = port(inputs, USABLE) else {
        return;
    };
    let is_sound = match usable {
        PortType::Tensor(tensor) => {
            tensor.element == Element::U8 && tensor.dims.len() == usize::from(!is_single)
        }
        PortType::Record(_) => false,
    };
    if !is_sound {
        let message = format!("expected `u8` for each score, found `{usable}`");
        faults.push(at_input(USABLE, message, "give as many as scores"));
    }
}

struct AlarmNode {
    sheet: Sheet,
    watch: Watch,
}

impl Node for AlarmNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        // All of a request is read before any of it counts, so that a refused one leaves the alarm as it was.
        let request = Request::read(inputs, &self.sheet)?;
        let has_time = self.watch.last_at().is_some() || !request.values.is_empty();
        if !has_time && !request.orders.is_empty() {
            let message = "orders need a time, and no score has come yet";
            return Err(NodeError::Failed(message.to_owned()));
        }
        let told = self.watch.take(&request);
        let alarm = self.watch.alarm();
        let time = |at: Option<std::time::Duration>| {
            at.map_or(-1, |at| i64::try_from(at.as_millis()).unwrap_or(i64::MAX))
        };
        let out = outputs.record(0)?;
        out.text(0, word(&to_json(&alarm.state())?))?;
        out.tensor::<i64>(1, &[])?.fill(time(alarm.last_activation()));
        let flags = [
            alarm.is_active(),
            told.must_annunciate,
            self.watch.is_chattering(),
        ];
        for (field, flag) in (2..).zip(flags) {
            out.tensor::<u8>(field, &[])?.fill(u8::from(flag));
        }
        out.text(5, word(&to_json(&alarm.quality())?))?;
        out.text(6, &to_json(&told.moves)?)?;
        out.tensor::<i64>(7, &[])?.fill(time(self.watch.last_at()));
        out.tensor::<u8>(8, &[])?.fill(u8::from(self.watch.is_stale()));
        out.text(9, &to_json(&told.refusals)?)?;
        out.tensor::<i32>(10, &[])?
            .fill(i32::try_from(told.refused).unwrap_or(i32::MAX));
        let activations = i64::try_from(alarm.activation_count()).unwrap_or(i64::MAX);
        out.tensor::<i64>(11, &[])?.fill(activations);
        let annunciated: Vec<i64> = told.annunciated.iter().map(|at| time(Some(*at))).collect();
        out.tensor::<i64>(12, &[dim(annunciated.len())])?
            .copy_from_slice(&annunciated);
        Ok(())
    }

    fn reset(&mut self) {
        self.watch.reset();
    }
}

/// The name in a JSON text.
fn word(json: &str) -> &str {
    json.trim_matches('"')
}
