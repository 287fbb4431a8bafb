//! `model/bearing`: whether a machine vibrates as it was learnt to, and which part of its bearing is damaged.

use std::sync::Arc;

use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, FaultPlace, InputSpec, InputSpecs, KindFault, NodeKind,
    OutputSpec, ParamSpec, ParamType, ParamValue, Params, Signature,
};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::{Placement, PrecisionOffer};
use motet_core::port::{Dim, Element, Field, PortType, TensorType};
use motet_models::bearing::{BearingConfig, ELEMENTS, Examiner, LINES, NORMAL, SCORED, scored};
use motet_models::vibration::{Band, Velocity};

use super::runs::Runs;
use super::shelf;
use super::{ModelSources, dim, label_bytes, model_param, refused};
use crate::quality::waveform::read_usable;
use crate::report::findings::FINDINGS_BYTES;
use crate::report::record::ZoneLimits;
use crate::signal::waveform::{WAVEFORM, Waveform, failed, narrow, widen};

mod findings;
#[cfg(test)]
pub(crate) mod tests;

use findings::{Axis, Told, Worst};

/// The models of these kinds.
pub(crate) type BearingShelf = shelf::Shelf<BearingConfig>;
/// A model with what has been made of it.
pub(crate) type Entry = shelf::Entry<BearingConfig>;

/// The parameter that names the sensors.
pub(crate) const SENSORS: &str = "sensors";
const SPEED: &str = "speed";
const QUALITY: &str = "quality";
const ZONES: [&str; 3] = ["zone_a_to_b", "zone_b_to_c", "zone_c_to_d"];
const LEAST: &str = "least_probability";
/// The label where no axis may be scored.
const UNKNOWN: &str = "unknown";
/// The band of severity.
const SEVERITY: Band = Band {
    low_hz: 10.0,
    high_hz: 1_000.0,
};

/// The kind `model/bearing`. All its nodes share the weights of a model.
pub struct BearingModel {
    shelf: BearingShelf,
}

impl BearingModel {
    /// The kind with the models of these sources.
    pub fn new(sources: ModelSources) -> BearingModel {
        BearingModel {
            shelf: BearingShelf::new(sources),
        }
    }
}

impl NodeKind for BearingModel {
    fn name(&self) -> &str {
        "model/bearing"
    }

    fn about(&self) -> &str {
        "Tells whether a machine vibrates as it was learnt to, and which element of its bearing is damaged if not. The levels of \
         three bands of each axis are scored against its own normal running; the axis that is furthest beyond its limit decides, \
         and a net tells the element from how far the lines of the bearing stand out there. An axis that `quality` does not call \
         usable is not scored; nor is a shaft that stands. The last window of the model's length is taken. Output: `score` and \
         `limit` of the axis that decides; `is_anomalous`; `label`: normal, inner_race, outer_race, ball, or unknown where \
         nothing may be scored; `probability` of the element, and `probabilities`; `usable`, 1 where any axis was scored; for each axis \
         `scores`, `limits`, `rms` of velocity from 10 to 1,000 Hz in mm/s, `ratios` of its bands to their normal levels; `lines` of \
         the axis that decides, in dB: outer race, inner race, ball and its sidebands; `findings` as JSON. A ball is what remains where no line of a race stands \
         out, so it may be another cause; `velocity`, the largest `rms`, for a trend. Below `least_probability` no cause is given, nor for a ball \
         whose own line does not stand out, nor where levels fell. The `zone` limits in mm/s, in the manner of \
         ISO 20816, come with the kind and size of the machine; without them no severity is told."
    }

    fn params(&self) -> Vec<ParamSpec> {
        let number = |name, max, default, about| ParamSpec {
            name,
            param_type: ParamType::Number { min: 0.0, max },
            default: Some(ParamValue::Number(default)),
            about,
        };
        vec![
            model_param(),
            sensors_param(),
            number(
                LEAST,
                1.0,
                0.6,
                "least probability of an element that is given as a cause",
            ),
            number(
                ZONES[0],
                1e6,
                0.0,
                "rms of velocity above which a machine is in zone B, in mm/s; 0 for no zones",
            ),
            number(ZONES[1], 1e6, 0.0, "above which it is in zone C"),
            number(ZONES[2], 1e6, 0.0, "above which it is in zone D"),
        ]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let speed = TensorType {
            unit: Some("rpm".to_owned()),
            ..TensorType::scalar(Element::F32)
        };
        Ok(InputSpecs {
            named: vec![
                InputSpec::required(
                    WAVEFORM,
                    Accepts::Any,
                    "the waveform, at the rate, in the unit and with the axes of the model",
                ),
                InputSpec::required(
                    SPEED,
                    Accepts::Type(speed.into()),
                    "the speed of the shaft in turns per minute",
                ),
                InputSpec::required(
                    QUALITY,
                    Accepts::Any,
                    "what `quality/waveform` says of the same waveform",
                ),
            ],
            further: None,
        })
    }

    fn outputs(&self, params: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let model = self.shelf.find(params)?;
        let settings = Settings::read(params, (&model, inputs))?;
        let number = || TensorType::scalar(Element::F32);
        let flag = || TensorType::scalar(Element::U8).within(0.0, 1.0);
        let per_axis = |columns: Option<usize>| {
            let columns = columns.map(|columns| Dim::exactly(dim(columns)));
            let dims = std::iter::once(Dim::exactly(settings.waveform.axes)).chain(columns);
            TensorType::new(Element::F32, dims.collect())
        };
        let share = |dims: Vec<Dim>| TensorType::new(Element::F32, dims).within(0.0, 1.0);
        let in_velocity = |port: TensorType| TensorType {
            unit: Some("mm/s".to_owned()),
            ..port
        };
        let (rms, velocity) = (in_velocity(per_axis(None)), in_velocity(number()));
        let labels = [ELEMENTS.as_slice(), &[NORMAL, UNKNOWN]].concat();
        let labels: Vec<String> = labels.into_iter().map(str::to_owned).collect();
        let fields = vec![
            Field::new("score", number()),
            Field::new("limit", number()),
            Field::new("is_anomalous", flag()),
            Field::new("label", TensorType::text(label_bytes(&labels))),
            Field::new("probability", share(Vec::new())),
            Field::new("probabilities", share(vec![Dim::exactly(dim(ELEMENTS.len()))])),
            Field::new("usable", flag()),
            Field::new("scores", per_axis(None)),
            Field::new("limits", per_axis(None)),
            Field::new("rms", rms),
            Field::new("ratios", per_axis(Some(SCORED))),
            Field::new(
                "lines",
                TensorType::new(Element::F32, vec![Dim::exactly(dim(LINES))]),
            ),
            Field::new("findings", TensorType::text(dim(FINDINGS_BYTES))),
            Field::new("velocity", velocity),
        ];
        Ok(vec![OutputSpec::new("bearing", PortType::Record(fields))])
    }

    fn precisions(&self, params: &Params) -> Vec<PrecisionOffer> {
        self.shelf.offers(params)
    }

    fn cost(&self, params: &Params, signature: &Signature, placement: &Placement) -> Cost {
        let cost = self.shelf.cost(params, placement);
        let Ok(model) = self.shelf.find(params) else {
            return cost;
        };
        let Ok(settings) = Settings::read(params, (&model, &signature.inputs)) else {
            return cost;
        };
        let window = model.card.model.net.window_samples;
        Cost {
            flops: cost.flops
                + Examiner::flops(window)
                + u64::from(settings.waveform.axes) * 100 * window as u64,
            // Plans, the window, and its spectrum for severity.
            workspace_bytes: cost.workspace_bytes
                + Examiner::bytes(window)
                + 48 * window as u64
                + FINDINGS_BYTES as u64,
            ..cost
        }
    }

    fn build(
        &self,
        params: &Params,
        signature: &Signature,
        placement: &Placement,
    ) -> Result<Box<dyn Node>, BuildError> {
        let (model, runs) = self.shelf.open(params, placement)?;
        let settings =
            Settings::read(params, (&model, &signature.inputs)).map_err(|faults| refused(params, &faults))?;
        let config = &model.card.model.net;
        let rate_hz = f64::from(config.sample_rate_hz);
        let planned = |error| BuildError::Failed(format!("the windows cannot be planned for: {error}"));
        Ok(Box::new(BearingNode {
            examiner: config.examiner().map_err(planned)?,
            velocity: Velocity::new(config.window_samples, rate_hz, SEVERITY).map_err(planned)?,
            window: Vec::with_capacity(model.card.model.net.window_samples),
            axes: Vec::with_capacity(settings.waveform.axes as usize),
            settings,
            runs,
            model,
        }))
    }
}

/// The parameter that names the sensors of a machine.
pub(crate) fn sensors_param() -> ParamSpec {
    ParamSpec {
        name: SENSORS,
        param_type: ParamType::Texts,
        default: Some(ParamValue::Texts(Vec::new())),
        about: "names of the axes in reports, as in `[DE radial, DE axial]`; without them `axis 1` and so on",
    }
}

/// The names of the axes.
pub(crate) fn sensor_names(params: &Params, axes: u32) -> Result<Vec<String>, Vec<KindFault>> {
    let names = match params.get(SENSORS) {
        Some(ParamValue::Texts(names)) if !names.is_empty() => names.clone(),
        Some(_) | None => return Ok((1..=axes).map(|axis| format!("axis {axis}")).collect()),
    };
    let at = |message: String| {
        vec![KindFault::new(
            FaultPlace::Param(SENSORS.to_owned(), None),
            message,
        )]
    };
    if names.len() != axes as usize {
        return Err(at(format!("{} names for {axes} axes", names.len())));
    }
    if let Some(name) = names.iter().find(|name| !crate::report::record::is_name(name)) {
        return Err(at(format!("`{name}` is no name that a report can carry")));
    }
    if let Some(name) =
        (1..names.len()).find_map(|index| names[..index].iter().find(|name| **name == names[index]))
    {
        return Err(at(format!("`{name}` is the name of two axes")));
    }
    Ok(names)
}

/// Checks that the waveform is that of the card.
pub(crate) fn read_waveform(model: &Entry, inputs: &[ConnectedInput]) -> Result<Waveform, Vec<KindFault>> {
    let waveform = Waveform::read(inputs)?;
    let config = &model.card.model.net;
    let is_same = waveform.axes as usize == config.axes()
        && waveform.rate_mhz == 1_000 * u64::from(config.sample_rate_hz)
        && waveform.unit.as_deref() == Some(config.unit.name());
    if is_same && waveform.length.max as usize >= config.window_samples {
        return Ok(waveform);
    }
    let found = inputs.first().and_then(|input| input.port.as_ref());
    let found = found.map(ToString::to_string).unwrap_or_default();
    let message = format!(
        "`{found}` arrives here, but model `{}` was learnt from {} axes: `f32[{}, T<=N] rate={}Hz unit={}` with N of {} or more",
        model.name,
        config.axes(),
        config.axes(),
        config.sample_rate_hz,
        config.unit.name(),
        config.window_samples
    );
    let fault = KindFault::new(FaultPlace::Input(WAVEFORM.to_owned()), message);
    Err(vec![fault.help(
        "state rate and unit where the waveform comes from, or learn the machine's own normal running with `motet train --from`",
    )])
}

struct Settings {
    waveform: Waveform,
    sensors: Vec<String>,
    /// The field of the quality that says which axes may be scored.
    usable: usize,
    zones: Option<ZoneLimits>,
    least: f64,
}

impl Settings {
    fn read(
        params: &Params,
        (model, inputs): (&Entry, &[ConnectedInput]),
    ) -> Result<Settings, Vec<KindFault>> {
        let waveform = read_waveform(model, inputs)?;
        Ok(Settings {
            usable: read_usable(inputs, (2, QUALITY), waveform.axes)?,
            sensors: sensor_names(params, waveform.axes)?,
            zones: read_zones(params)?,
            least: params.number(LEAST).unwrap_or(0.6),
            waveform,
        })
    }
}

fn read_zones(params: &Params) -> Result<Option<ZoneLimits>, Vec<KindFault>> {
    let [a_to_b, b_to_c, c_to_d] = ZONES.map(|zone| params.number(zone).unwrap_or_default());
    if [a_to_b, b_to_c, c_to_d].iter().all(|limit| *limit <= 0.0) {
        return Ok(None);
    }
    if 0.0 < a_to_b && a_to_b < b_to_c && b_to_c < c_to_d {
        return Ok(Some(ZoneLimits {
            a_to_b,
            b_to_c,
            c_to_d,
        }));
    }
    let place = FaultPlace::Param(ZONES[0].to_owned(), None);
    let fault = KindFault::new(place, "the limits between zones must rise from above 0");
    Err(vec![fault.help(
        "state all three, as in `zone_a_to_b: 1.4`, `zone_b_to_c: 2.8` and `zone_c_to_d: 4.5`",
    )])
}

struct BearingNode {
    model: Arc<Entry>,
    runs: Runs,
    settings: Settings,
    examiner: Examiner,
    velocity: Velocity,
    window: Vec<f64>,
    axes: Vec<Option<Axis>>,
}

impl BearingNode {
    /// Measures one axis whose last window is loaded.
    fn measure(&mut self, axis: usize) -> Result<Axis, NodeError> {
        let config = &self.model.card.model.net;
        let levels = self
            .examiner
            .levels(&self.window)
            .map_err(|error| failed(&error))?;
        let levels = scored(&levels);
        let factor = config.unit.factor();
        self.window.iter_mut().for_each(|sample| *sample *= factor);
        let velocity = self.velocity.rms(&self.window);
        Ok(Axis {
            score: config.normal[axis].score(&levels),
            velocity: velocity.map_err(|error| failed(&error))?,
            levels,
        })
    }

    /// Measures every axis that may be scored, and the lines of the one that decides.
    fn look(&mut self, inputs: &Inputs<'_>) -> Result<Option<Worst>, NodeError> {
        let lease = inputs.require(0)?;
        let shaft_hz = f64::from(inputs.tensor::<f32>(1)?.first().copied().unwrap_or_default()) / 60.0;
        let usable = inputs.require(2)?.tensor::<u8>(self.settings.usable)?;
        let samples = lease.tensor::<f32>(0)?;
        let length = samples.len() / self.settings.waveform.axes as usize;
        let window = self.model.card.model.net.window_samples;
        let last = |axis: usize| {
            let end = (axis + 1) * length;
            &samples[end - window..end]
        };
        self.axes.clear();
        for axis in 0..self.settings.waveform.axes as usize {
            let may_be_scored = usable.get(axis) == Some(&1) && length >= window && shaft_hz > 0.0;
            let measured = match may_be_scored {
                true => {
                    widen(last(axis), &mut self.window);
                    Some(self.measure(axis)?)
                }
                false => None,
            };
            self.axes.push(measured);
        }
        let Some(axis) = self.worst() else {
            return Ok(None);
        };
        widen(last(axis), &mut self.window);
        let examined = self.examiner.examine(&self.window, shaft_hz);
        let features = examined.map_err(|error| failed(&error))?.features();
        Ok(Some(Worst { axis, features }))
    }

    /// The axis that is furthest towards its limit, or beyond it.
    fn worst(&self) -> Option<usize> {
        let normal = &self.model.card.model.net.normal;
        let ratios = self.axes.iter().zip(normal).enumerate();
        let ratios =
            ratios.filter_map(|(index, (axis, normal))| Some((index, axis.as_ref()?.score / normal.limit)));
        let worst = ratios.reduce(|best, next| if next.1 > best.1 { next } else { best });
        worst.map(|(index, _)| index)
    }

    /// The probabilities of the elements by their lines.
    fn elements(
        &self,
        features: [f64; LINES],
        scratch: &mut [u32],
    ) -> Result<[f32; ELEMENTS.len()], NodeError> {
        let mut probabilities = [0.0; ELEMENTS.len()];
        self.runs
            .run_numbers_here(&features.map(narrow), &mut probabilities, scratch)?;
        // A probability may be rounded to a little more than 1.
        Ok(probabilities.map(|probability: f32| probability.clamp(0.0, 1.0)))
    }
}

impl Node for BearingNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let worst = self.look(inputs)?;
        let (mut split, scratch) = outputs.split();
        let words = bytemuck::try_cast_slice_mut(scratch.into_bytes())
            .map_err(|fault| NodeError::Failed(format!("the scratch memory cannot be used: {fault}")))?;
        let probabilities = match &worst {
            Some(worst) => self.elements(worst.features, words)?,
            None => [0.0; ELEMENTS.len()],
        };
        let told = Told {
            model: &self.model,
            settings: (&self.settings.sensors, self.settings.zones, self.settings.least),
            axes: &self.axes,
            worst: worst.as_ref(),
            probabilities,
            speed_rpm: f64::from(inputs.tensor::<f32>(1)?.first().copied().unwrap_or_default()),
        };
        let findings = told.findings().to_json().map_err(|error| failed(&error))?;
        let element = super::compiled::argmax(&probabilities);
        let (label, probability) = match (&worst, told.is_anomalous()) {
            (None, _) => (UNKNOWN, 0.0),
            (Some(_), false) => (NORMAL, 0.0),
            (Some(_), true) => (ELEMENTS[element], probabilities[element]),
        };
        let normal = &self.model.card.model.net.normal;
        let out = split.record(0)?;
        let axis = worst.as_ref().map_or(0, |worst| worst.axis);
        let score = self.axes.get(axis).and_then(Option::as_ref);
        out.tensor::<f32>(0, &[])?
            .fill(score.map_or(0.0, |axis| narrow(axis.score)));
        out.tensor::<f32>(1, &[])?.fill(narrow(normal[axis].limit));
        out.tensor::<u8>(2, &[])?.fill(u8::from(told.is_anomalous()));
        out.text(3, label)?;
        out.tensor::<f32>(4, &[])?.fill(probability);
        out.tensor::<f32>(5, &[dim(ELEMENTS.len())])?
            .copy_from_slice(&probabilities);
        out.tensor::<u8>(6, &[])?.fill(u8::from(worst.is_some()));
        self.per_axis(out)?;
        let lines = worst.map_or([0.0; LINES], |worst| worst.features.map(narrow));
        out.tensor::<f32>(11, &[dim(LINES)])?.copy_from_slice(&lines);
        out.text(12, &findings)?;
        let largest = self
            .axes
            .iter()
            .flatten()
            .map(|axis| axis.velocity)
            .fold(0.0, f64::max);
        out.tensor::<f32>(13, &[])?.fill(narrow(largest));
        Ok(())
    }

    fn remarks(&self) -> Vec<String> {
        self.runs.remarks()
    }
}

impl BearingNode {
    /// Writes what was measured of each axis; zeros of one that was not scored.
    fn per_axis(&self, out: &mut motet_core::arena::WriteLease) -> Result<(), NodeError> {
        let normal = &self.model.card.model.net.normal;
        let count = self.settings.waveform.axes;
        let of = |field: &dyn Fn(&Axis) -> f64| -> Vec<f32> {
            let axes = self.axes.iter();
            axes.map(|axis| axis.as_ref().map_or(0.0, |axis| narrow(field(axis))))
                .collect()
        };
        out.tensor::<f32>(7, &[count])?
            .copy_from_slice(&of(&|axis| axis.score));
        let limits = out.tensor::<f32>(8, &[count])?;
        limits
            .iter_mut()
            .zip(normal)
            .for_each(|(out, normal)| *out = narrow(normal.limit));
        out.tensor::<f32>(9, &[count])?
            .copy_from_slice(&of(&|axis| axis.velocity));
        let ratios = out.tensor::<f32>(10, &[count, dim(SCORED)])?;
        for ((out, axis), normal) in ratios.chunks_exact_mut(SCORED).zip(&self.axes).zip(normal) {
            out.fill(0.0);
            if let Some(axis) = axis {
                let pairs = axis.levels.into_iter().zip(normal.mean);
                out.iter_mut()
                    .zip(pairs)
                    .for_each(|(out, (level, mean))| *out = narrow((level - mean).exp()));
            }
        }
        Ok(())
    }
}
