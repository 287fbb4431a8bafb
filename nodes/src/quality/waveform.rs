//! `quality/waveform`: whether a waveform can be believed.

use std::collections::VecDeque;
use std::sync::Arc;

use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, FaultPlace, InputSpec, InputSpecs, KindFault, NodeKind,
    OutputSpec, ParamSpec, Params, Signature,
};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Dim, Element, Field, PortType, TensorType};
use motet_models::bearing::{
    BearingConfig, Examiner, LEVELS, is_saturated, is_stuck, levels_tell_another_unit, rate_is_off,
};

use crate::model::bearing::{BearingShelf, Entry, read_waveform, sensor_names, sensors_param};
use crate::model::{ModelSources, dim, model_param, refused};
use crate::report::findings::{FINDINGS_BYTES, Findings};
use crate::report::record::{FLAGS_MAX, Flag, FlagKind};
use crate::signal::waveform::{WAVEFORM, Waveform, failed, widen};

const SECONDS: &str = "seconds";
/// Good windows of a channel that are kept, and the fewest that a unit is told by.
const KEPT: usize = 5;
const KEPT_MIN: usize = 2;

/// The kind `quality/waveform`. All its nodes share the card of a model.
pub struct WaveformQuality {
    shelf: BearingShelf,
}

impl WaveformQuality {
    /// The kind with the models of these sources.
    pub fn new(sources: ModelSources) -> WaveformQuality {
        WaveformQuality {
            shelf: BearingShelf::new(sources),
        }
    }
}

impl NodeKind for WaveformQuality {
    fn name(&self) -> &str {
        "quality/waveform"
    }

    fn about(&self) -> &str {
        "Looks whether a waveform can be believed, axis by axis, before `model/bearing` scores it: saturated, stuck or dead, too \
         short, at another rate than stated, or in another unit. The rate is looked at where `seconds` says how long the \
         recording took; the unit by levels of bands, against the last good windows of the axis and against the model's normal \
         running. A machine that is damaged in every band alike cannot be told from g given as m/s2, so the unit of the \
         waveform must be stated and be that of the model. Output: `flagged`, 1 if anything is wrong; `usable`, 1 for each axis \
         that may be scored; `findings`, the flags as JSON."
    }

    fn params(&self) -> Vec<ParamSpec> {
        vec![model_param(), sensors_param()]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let seconds = TensorType::scalar(Element::F32);
        Ok(InputSpecs {
            named: vec![
                InputSpec::required(
                    WAVEFORM,
                    Accepts::Any,
                    "the waveform, at the rate, in the unit and with the axes of the model",
                ),
                InputSpec::optional(
                    SECONDS,
                    Accepts::Type(seconds.into()),
                    "how long the recording took by the clock; without it the rate is not looked at",
                ),
            ],
            further: None,
        })
    }

    fn outputs(&self, params: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let model = self.shelf.find(params)?;
        let waveform = read_waveform(&model, inputs)?;
        sensor_names(params, waveform.axes)?;
        let flag = |dims: Vec<Dim>| TensorType::new(Element::U8, dims).within(0.0, 1.0);
        let fields = vec![
            Field::new("flagged", flag(Vec::new())),
            Field::new("usable", flag(vec![Dim::exactly(waveform.axes)])),
            Field::new("findings", TensorType::text(dim(FINDINGS_BYTES))),
        ];
        Ok(vec![OutputSpec::new("quality", PortType::Record(fields))])
    }

    fn cost(&self, params: &Params, signature: &Signature, _: &Placement) -> Cost {
        let Ok(model) = self.shelf.find(params) else {
            return Cost::default();
        };
        let Ok(waveform) = read_waveform(&model, &signature.inputs) else {
            return Cost::default();
        };
        let length = u64::from(waveform.length.max);
        let window = model.card.model.net.window_samples as u64;
        Cost {
            // The range, runs, and the levels of the last window.
            flops: u64::from(waveform.axes) * (6 * length + 70 * window),
            workspace_bytes: Examiner::bytes(model.card.model.net.window_samples)
                + 8 * length
                + FINDINGS_BYTES as u64,
            ..Cost::default()
        }
    }

    fn build(
        &self,
        params: &Params,
        signature: &Signature,
        _: &Placement,
    ) -> Result<Box<dyn Node>, BuildError> {
        let model = self
            .shelf
            .find(params)
            .map_err(|faults| refused(params, &faults))?;
        let waveform = read_waveform(&model, &signature.inputs).map_err(|faults| refused(params, &faults))?;
        let sensors = sensor_names(params, waveform.axes).map_err(|faults| refused(params, &faults))?;
        let examiner = model.card.model.net.examiner();
        let examiner = examiner.map_err(|error| BuildError::Failed(error.to_string()))?;
        Ok(Box::new(QualityNode {
            good: vec![VecDeque::with_capacity(KEPT + 1); waveform.axes as usize],
            samples: Vec::with_capacity(waveform.length.max as usize),
            waveform,
            examiner,
            sensors,
            model,
        }))
    }
}

struct QualityNode {
    model: Arc<Entry>,
    waveform: Waveform,
    examiner: Examiner,
    sensors: Vec<String>,
    samples: Vec<f64>,
    /// Levels of the last good windows of each axis.
    good: Vec<VecDeque<[f64; LEVELS]>>,
}

impl QualityNode {
    fn config(&self) -> &BearingConfig {
        &self.model.card.model.net
    }

    /// What is wrong with the axis whose samples are loaded, but for its rate.
    fn look(&mut self, axis: usize) -> Result<Vec<FlagKind>, NodeError> {
        let window = self.config().window_samples;
        let mut kinds = Vec::new();
        if self.samples.is_empty() {
            return Ok(vec![FlagKind::MissingSensor]);
        }
        if is_stuck(&self.samples) {
            return Ok(vec![FlagKind::StuckSensor]);
        }
        if self.samples.len() < window {
            kinds.push(FlagKind::Gap);
        }
        if is_saturated(&self.samples) {
            kinds.push(FlagKind::Saturation);
        }
        if !kinds.is_empty() {
            return Ok(kinds);
        }
        let last = &self.samples[self.samples.len() - window..];
        let levels = self.examiner.levels(last).map_err(|error| failed(&error))?;
        let learnt = &self.config().normal[axis].levels;
        let is_other = levels_tell_another_unit(&levels, learnt)
            || median(&self.good[axis]).is_some_and(|before| levels_tell_another_unit(&levels, &before));
        if is_other {
            return Ok(vec![FlagKind::WrongUnit]);
        }
        let good = &mut self.good[axis];
        good.push_back(levels);
        if good.len() > KEPT {
            good.pop_front();
        }
        Ok(kinds)
    }
}

/// The median of each level, once there are enough windows.
fn median(good: &VecDeque<[f64; LEVELS]>) -> Option<[f64; LEVELS]> {
    (good.len() >= KEPT_MIN).then(|| {
        std::array::from_fn(|index| {
            let mut column: Vec<f64> = good.iter().map(|levels| levels[index]).collect();
            column.sort_by(f64::total_cmp);
            motet_models::vibration::quantile(&column, 0.5)
        })
    })
}

impl Node for QualityNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let lease = inputs.require(0)?;
        let axes = self.waveform.axes as usize;
        let length = lease.tensor::<f32>(0)?.len() / axes;
        let seconds = match inputs.get(1) {
            Some(seconds) => seconds
                .tensor::<f32>(0)?
                .first()
                .map(|seconds| f64::from(*seconds)),
            None => None,
        };
        let rate_hz = self.waveform.rate_hz();
        let has_other_rate = seconds.is_some_and(|seconds| rate_is_off(length, seconds, rate_hz));
        let samples = lease.tensor::<f32>(0)?;
        let mut usable = vec![1_u8; axes];
        let mut flags: Vec<Flag> = Vec::new();
        let flag = |kind, sensor: Option<&String>| Flag {
            kind,
            sensor: sensor.cloned(),
            seconds: None,
        };
        if has_other_rate {
            flags.push(flag(FlagKind::RateDrift, None));
        }
        for axis in 0..axes {
            widen(&samples[axis * length..(axis + 1) * length], &mut self.samples);
            // A window at another rate says nothing of levels, and must not be kept as good.
            let kinds = match has_other_rate && !is_stuck(&self.samples) {
                true => Vec::new(),
                false => self.look(axis)?,
            };
            if has_other_rate || !kinds.is_empty() {
                usable[axis] = 0;
            }
            flags.extend(kinds.into_iter().map(|kind| flag(kind, self.sensors.get(axis))));
        }
        let flagged = u8::from(!flags.is_empty());
        flags.truncate(FLAGS_MAX);
        let findings = Findings {
            flags,
            ..Findings::default()
        };
        let json = findings.to_json().map_err(|error| failed(&error))?;
        let out = outputs.record(0)?;
        out.tensor::<u8>(0, &[])?.fill(flagged);
        out.tensor::<u8>(1, &[self.waveform.axes])?
            .copy_from_slice(&usable);
        out.text(2, &json)?;
        Ok(())
    }

    fn reset(&mut self) {
        self.good.iter_mut().for_each(VecDeque::clear);
    }
}

/// The fault of a quality that is not of these axes.
pub(crate) fn read_usable(
    inputs: &[ConnectedInput],
    (index, name): (usize, &str),
    axes: u32,
) -> Result<usize, Vec<KindFault>> {
    let port = inputs.get(index).and_then(|input| input.port.as_ref());
    let field = port.and_then(|port| port.field("usable"));
    if let Some((field, tensor)) = field
        && tensor.element == Element::U8
        && matches!(tensor.dims.as_slice(), [count] if count.exact && count.max == axes)
    {
        return Ok(field);
    }
    let found = port.map_or_else(
        || "nothing arrives".to_owned(),
        |port| format!("`{port}` arrives"),
    );
    let message = format!("{found} here, but a record with `usable: u8[{axes}]` is due");
    let fault = KindFault::new(FaultPlace::Input(name.to_owned()), message);
    Err(vec![fault.help(
        "connect a node of kind `quality/waveform` over the same waveform",
    )])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::bearing::SENSORS;
    use crate::model::bearing::tests::{noise, sources, with_axes};
    use crate::trial::{Running, Trial, Value};

    const RATE: &str = "f32[2, T<=120000] rate=12kHz unit=g";

    fn kind() -> (tempfile::TempDir, WaveformQuality) {
        let folder = tempfile::tempdir().unwrap();
        with_axes(&folder, 2);
        let kind = WaveformQuality::new(sources(&folder));
        (folder, kind)
    }

    fn trial(kind: &WaveformQuality) -> Trial<'_> {
        Trial::of(kind)
            .text("model", "pump@1")
            .with(
                SENSORS,
                motet_core::catalog::ParamValue::Texts(vec!["DE".to_owned(), "NDE".to_owned()]),
            )
            .input(WAVEFORM, RATE)
            .input(SECONDS, "f32")
    }

    /// What is said of two axes.
    fn look(running: &mut Running, axes: [Vec<f32>; 2], seconds: Option<f32>) -> (u8, Vec<u8>, Vec<Flag>) {
        let length = u32::try_from(axes[0].len()).unwrap();
        let wave = Value::F32(vec![2, length], axes.concat());
        let outputs = running.fire(&[Some(wave), seconds.map(Value::number)]).unwrap();
        let found = outputs[0].as_ref().unwrap();
        let findings = Findings::from_json(found.text(2).unwrap()).unwrap();
        (
            found.tensor::<u8>(0).unwrap()[0],
            found.tensor::<u8>(1).unwrap().to_vec(),
            findings.flags,
        )
    }

    fn sound(seed: u64) -> Vec<f32> {
        noise(12_000, seed)
    }

    fn kinds(flags: &[Flag]) -> Vec<(FlagKind, Option<&str>)> {
        flags
            .iter()
            .map(|flag| (flag.kind, flag.sensor.as_deref()))
            .collect()
    }

    #[test]
    fn a_sound_waveform_has_no_flag() {
        let (_folder, kind) = kind();
        let mut running = trial(&kind).build();
        for seed in 0..4 {
            let (flagged, usable, flags) = look(&mut running, [sound(seed), sound(50 + seed)], Some(1.0));
            assert_eq!((flagged, usable, flags), (0, vec![1, 1], Vec::new()));
        }
    }

    #[test]
    fn an_axis_that_is_constant_or_clipped_is_flagged_and_the_other_goes_on() {
        let (_folder, kind) = kind();
        let mut running = trial(&kind).build();
        let (flagged, usable, flags) = look(&mut running, [vec![0.7; 12_000], sound(1)], None);
        assert_eq!((flagged, usable), (1, vec![0, 1]));
        assert_eq!(kinds(&flags), [(FlagKind::StuckSensor, Some("DE"))]);
        let clipped = sound(2).iter().map(|sample| sample.clamp(-0.8, 0.8)).collect();
        let (_, usable, flags) = look(&mut running, [sound(3), clipped], None);
        assert_eq!(
            (usable, kinds(&flags)),
            (vec![1, 0], vec![(FlagKind::Saturation, Some("NDE"))])
        );
        // A channel that is not connected gives zeros.
        let (_, usable, flags) = look(&mut running, [sound(4), vec![0.0; 12_000]], None);
        assert_eq!(
            (usable, kinds(&flags)),
            (vec![1, 0], vec![(FlagKind::StuckSensor, Some("NDE"))])
        );
    }

    #[test]
    fn samples_ten_times_too_fast_are_a_rate_that_is_off() {
        let (_folder, kind) = kind();
        let mut running = trial(&kind).build();
        let fast = || noise(120_000, 5);
        let (flagged, usable, flags) = look(&mut running, [fast(), fast()], Some(1.0));
        assert_eq!(
            (flagged, usable, kinds(&flags)),
            (1, vec![0, 0], vec![(FlagKind::RateDrift, None)])
        );
        let (_, usable, flags) = look(&mut running, [sound(5), sound(6)], Some(1.03));
        assert_eq!(
            (usable, kinds(&flags)),
            (vec![0, 0], vec![(FlagKind::RateDrift, None)])
        );
        // Ten seconds of samples in ten seconds are nothing special.
        assert_eq!(look(&mut running, [fast(), fast()], Some(10.0)).0, 0);
    }

    #[test]
    fn metres_per_second_squared_for_g_are_another_unit() {
        let (_folder, kind) = kind();
        let mut running = trial(&kind).build();
        let other = |seed| {
            sound(seed)
                .iter()
                .map(|sample| 9.806_65 * sample)
                .collect::<Vec<f32>>()
        };
        // At once against the model, later also against the last good windows.
        for round in 0..3 {
            let (_, usable, flags) = look(&mut running, [other(7 + round), sound(20 + round)], None);
            assert_eq!(
                (usable, kinds(&flags)),
                (vec![0, 1], vec![(FlagKind::WrongUnit, Some("DE"))])
            );
        }
        // A machine that is three times as loud is no unit.
        let louder = |seed| {
            sound(seed)
                .iter()
                .map(|sample| 3.0 * sample)
                .collect::<Vec<f32>>()
        };
        assert_eq!(look(&mut running, [louder(30), sound(31)], None).0, 0);
    }

    #[test]
    fn a_window_that_is_too_short_or_empty_is_not_scored() {
        let (_folder, kind) = kind();
        let mut running = trial(&kind).build();
        let (_, usable, flags) = look(&mut running, [noise(6_000, 8), noise(6_000, 9)], None);
        assert_eq!((usable, flags.len()), (vec![0, 0], 2));
        assert!(flags.iter().all(|flag| flag.kind == FlagKind::Gap));
        let (_, usable, flags) = look(&mut running, [Vec::new(), Vec::new()], None);
        assert_eq!(usable, [0, 0]);
        assert!(flags.iter().all(|flag| flag.kind == FlagKind::MissingSensor));
    }

    #[test]
    fn a_waveform_without_unit_or_of_another_rate_is_refused_before_anything_runs() {
        let (_folder, kind) = kind();
        for port in [
            "f32[2, 12000] rate=12kHz",
            "f32[2, 12000] rate=12kHz unit=m/s2",
            "f32[2, 12000] rate=10kHz unit=g",
            "f32[3, 12000] rate=12kHz unit=g",
            "f32[2, 6000] rate=12kHz unit=g",
        ] {
            let faults = Trial::of(&kind)
                .text("model", "pump@1")
                .input(WAVEFORM, port)
                .faults();
            assert_eq!(faults[0].place, FaultPlace::Input(WAVEFORM.to_owned()), "{port}");
        }
    }
}
