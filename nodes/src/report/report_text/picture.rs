//! The spectrum that arrives at the node, made ready to be drawn.

use motet_core::catalog::{ConnectedInput, FaultPlace, KindFault, ParamSpec, ParamType, ParamValue, Params};
use motet_core::node::{Inputs, NodeError};
use motet_core::port::{Element, PortType};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error;

use super::super::page::{Mark, SPECTRUM_LINES_MAX, Source, Spectrum};
use super::super::record::{DefectOrder, Unit};
use super::SPECTRUM;

const STEP: &str = "step_hz";
const LIMIT: &str = "spectrum_limit";
/// Defect orders as parameters.
const ORDERS: [(&str, DefectOrder); 4] = [
    ("bpfo", DefectOrder::OuterRace),
    ("bpfi", DefectOrder::InnerRace),
    ("bsf", DefectOrder::RollingElement),
    ("ftf", DefectOrder::Cage),
];
const ORDER_MAX: f64 = 1_000.0;
const SECONDS_A_MINUTE: f64 = 60.0;

// The inputs, in the order in which the kind declares them.
const SPECTRUM_AT: usize = 1;
const SPEED_AT: usize = 2;

pub(super) fn params() -> Vec<ParamSpec> {
    let number = |name, max: f64, about| ParamSpec {
        name,
        param_type: ParamType::Number { min: 0.0, max },
        default: Some(ParamValue::Number(0.0)),
        about,
    };
    vec![
        number(
            STEP,
            1e9,
            "hertz from line to line of the spectrum; needed with one",
        ),
        number(LIMIT, 1e15, "a limit of amplitudes that is drawn; 0 for none"),
        number(
            "bpfo",
            ORDER_MAX,
            "ball pass order of the outer race, times the shaft's speed; 0 for none",
        ),
        number("bpfi", ORDER_MAX, "ball pass order of the inner race; 0 for none"),
        number("bsf", ORDER_MAX, "ball spin order; 0 for none"),
        number("ftf", ORDER_MAX, "fundamental train order; 0 for none"),
    ]
}

/// How a spectrum is drawn.
pub(super) struct Picture {
    step_hz: f64,
    limit: Option<f64>,
    unit: Unit,
    /// Multiples of the shaft's speed that are marked.
    orders: Vec<(Source, f64)>,
    /// Most lines, of all channels together.
    lines_max: usize,
}

impl Picture {
    pub(super) fn read(params: &Params, inputs: &[ConnectedInput]) -> Result<Picture, Vec<KindFault>> {
        let positive = |name: &str| params.number(name).filter(|number| *number > 0.0);
        let defects = ORDERS
            .iter()
            .filter_map(|(name, order)| Some((Source::Defect(*order), positive(name)?)));
        let mut picture = Picture {
            step_hz: positive(STEP).unwrap_or(0.0),
            limit: positive(LIMIT),
            unit: Unit::One,
            orders: std::iter::once((Source::Shaft, 1.0)).chain(defects).collect(),
            lines_max: 0,
        };
        let spectrum = inputs.iter().find(|input| input.name == SPECTRUM);
        let Some(port) = spectrum.and_then(|input| input.port.as_ref()) else {
            return Ok(picture);
        };
        let mut faults = Vec::new();
        let at = |message: String| KindFault::new(FaultPlace::Input(SPECTRUM.to_owned()), message);
        match port {
            PortType::Tensor(tensor)
                if tensor.element == Element::F32 && matches!(tensor.dims.len(), 1 | 2) =>
            {
                let lines = tensor.dims.last().map_or(0, |dim| dim.max as usize);
                if lines > SPECTRUM_LINES_MAX {
                    faults.push(at(format!(
                        "a spectrum has at most {SPECTRUM_LINES_MAX} lines, this one {lines}"
                    )));
                }
                picture.lines_max = usize::try_from(tensor.elements_max()).unwrap_or(usize::MAX);
                match tensor.unit.as_deref().map(unit) {
                    None => (),
                    Some(Some(unit)) => picture.unit = unit,
                    Some(None) => {
                        faults.push(at(format!("the unit of `{port}` is none that a report can name")));
                    }
                }
            }
            PortType::Tensor(_) | PortType::Record(_) => {
                faults.push(at(format!("expected `f32[B]` or `f32[C, B]`, found `{port}`")));
            }
        }
        if picture.step_hz <= 0.0 {
            let place = FaultPlace::Param(STEP.to_owned(), None);
            let fault = KindFault::new(place, "the spectrum has no scale");
            faults.push(fault.help("state how many hertz there are from line to line"));
        }
        if faults.is_empty() {
            Ok(picture)
        } else {
            Err(faults)
        }
    }

    pub(super) fn lines_max(&self) -> usize {
        self.lines_max
    }

    /// The spectrum of this request, if there is one.
    pub(super) fn spectrum(&self, inputs: &Inputs<'_>) -> Result<Option<Spectrum>, NodeError> {
        let Some(lease) = inputs.get(SPECTRUM_AT) else {
            return Ok(None);
        };
        let values = lease.tensor::<f32>(0)?;
        let lines = lease.dims(0)?.last().map_or(0, |lines| *lines as usize);
        if let Some(negative) = values.iter().find(|value| **value < 0.0) {
            return Err(NodeError::Failed(format!("an amplitude is negative: {negative}")));
        }
        let mut amplitudes = vec![0.0_f64; lines];
        let mut channels = 0;
        for channel in values.chunks_exact(lines.max(1)) {
            channels += 1;
            for (highest, value) in amplitudes.iter_mut().zip(channel) {
                *highest = highest.max(f64::from(*value));
            }
        }
        let speed = match inputs.get(SPEED_AT) {
            Some(speed) => speed.tensor::<f32>(0)?.first().copied(),
            None => None,
        };
        let shaft_hz = speed.map(|rpm| f64::from(rpm) / SECONDS_A_MINUTE);
        let mark = |shaft_hz: f64| {
            let marks = self.orders.iter().map(move |(source, order)| Mark {
                source: *source,
                frequency_hz: shaft_hz * order,
            });
            marks.collect()
        };
        Ok(Some(Spectrum {
            step_hz: self.step_hz,
            amplitudes,
            channels,
            unit: self.unit,
            limit: self.limit,
            // A shaft that stands still has no orders.
            marks: shaft_hz.filter(|hz| *hz > 0.0).map_or_else(Vec::new, mark),
        }))
    }
}

fn unit(name: &str) -> Option<Unit> {
    Unit::deserialize(IntoDeserializer::<Error>::into_deserializer(name)).ok()
}
