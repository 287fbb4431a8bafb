//! `signal/orders`: the spectrum of a waveform by multiples of the shaft's speed.

use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, FaultPlace, InputSpec, InputSpecs, KindFault, NodeKind,
    OutputSpec, ParamSpec, ParamType, ParamValue, Params, Signature,
};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Dim, Element, Field, PortType, TensorType};
use motet_models::vibration::orders::{
    Interpolation, SAMPLES_PER_TURN_MAX, at_equal_angles, low_pass, order_spectrum, turns,
};
use motet_models::vibration::{Bearing, DefectOrders, Envelopes, Source, Transforms};

use super::waveform::{WAVEFORM, Waveform, failed, narrow, widen};
use super::welch::waveform_input;

const SPEED: &str = "speed";
const PER_TURN: &str = "samples_per_turn";
const OF: &str = "of";
const ENVELOPE: &str = "envelope";
const BALLS: &str = "balls";
const BALL_MM: &str = "ball_diameter_mm";
const PITCH_MM: &str = "pitch_diameter_mm";
const ANGLE: &str = "contact_angle_deg";
/// Lines of a bearing: outer race, inner race, ball on both races, cage.
const DEFECTS: usize = 4;
/// The filter before resampling lets pass what is slower than this share of half the samples of a turn.
const PASSED_SHARE: f64 = 0.9;
/// How far from its order a line of a bearing is looked for, since balls slip.
const SLIP: f64 = 0.015;

/// The kind `signal/orders`.
pub struct Orders;

impl NodeKind for Orders {
    fn name(&self) -> &str {
        "signal/orders"
    }

    fn about(&self) -> &str {
        "Amplitudes of a waveform by order: multiples of the shaft's `speed`, which may change within the waveform. It is read at \
         `samples_per_turn` equal angles, after a filter, and whole turns of it go through a Hann window; orders are to be \
         found up to 0.45 times that. With `of: envelope` it is the squared envelope of the most impulsive band, over its \
         mean. Output: `amplitudes`, axis by axis, `step` orders apart; `step`, one over the number of turns; `turns`; `defects`, \
         where `balls` and two diameters tell the bearing: the largest amplitude within 1.5 % of the orders of outer race, inner \
         race, a ball that strikes both races, and the cage, else zeros."
    }

    fn params(&self) -> Vec<ParamSpec> {
        let number = |name, max, about| ParamSpec {
            name,
            param_type: ParamType::Number { min: 0.0, max },
            default: Some(ParamValue::Number(0.0)),
            about,
        };
        vec![
            ParamSpec {
                name: PER_TURN,
                param_type: ParamType::Integer {
                    min: 8,
                    max: SAMPLES_PER_TURN_MAX as i64,
                },
                default: Some(ParamValue::Integer(64)),
                about: "samples of a turn; twice the highest order and some",
            },
            ParamSpec {
                name: OF,
                param_type: ParamType::Choice(&[WAVEFORM, ENVELOPE]),
                default: Some(ParamValue::Text(WAVEFORM.to_owned())),
                about: "what is looked at",
            },
            ParamSpec {
                name: BALLS,
                param_type: ParamType::Integer { min: 0, max: 200 },
                default: Some(ParamValue::Integer(0)),
                about: "number of balls or rollers of the bearing; 0 for none",
            },
            number(BALL_MM, 1e5, "diameter of a ball or roller"),
            number(PITCH_MM, 1e5, "diameter of the circle that their centres run on"),
            number(ANGLE, 89.9, "contact angle"),
        ]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let about =
            "the speed of the shaft in turns per minute, `unit=rpm`: one number, or one for each sample";
        Ok(InputSpecs {
            named: vec![waveform_input(), InputSpec::required(SPEED, Accepts::Any, about)],
            further: None,
        })
    }

    fn outputs(&self, params: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let settings = Settings::read(params, inputs)?;
        let waveform = &settings.waveform;
        let bins = Dim::at_most("B", waveform.length.max / 2 + 1);
        let defects = Dim::exactly(crate::model::dim(DEFECTS));
        let with_unit = |mut tensor: TensorType| {
            tensor.unit = waveform.unit.clone().filter(|_| !settings.is_envelope);
            tensor
        };
        let fields = vec![
            Field::new("amplitudes", with_unit(waveform.per_axis(vec![bins]))),
            Field::new("step", TensorType::scalar(Element::F32)),
            Field::new("turns", TensorType::scalar(Element::I32)),
            Field::new("defects", with_unit(waveform.per_axis(vec![defects]))),
        ];
        Ok(vec![OutputSpec::new("spectrum", PortType::Record(fields))])
    }

    fn cost(&self, params: &Params, signature: &Signature, _: &Placement) -> Cost {
        let Ok(settings) = Settings::read(params, &signature.inputs) else {
            return Cost::default();
        };
        let length = u64::from(settings.waveform.length.max);
        let transforms = if settings.is_envelope { 18 } else { 4 };
        let transform = 5 * length / 2 * u64::from(length.max(2).ilog2());
        Cost {
            flops: (transforms * transform + 40 * length) * u64::from(settings.waveform.axes),
            workspace_bytes: Envelopes::bytes(settings.waveform.length.max as usize) + 80 * length,
            ..Cost::default()
        }
    }

    fn build(
        &self,
        params: &Params,
        signature: &Signature,
        _: &Placement,
    ) -> Result<Box<dyn Node>, BuildError> {
        let settings = Settings::read(params, &signature.inputs)
            .map_err(|faults| BuildError::Failed(crate::first_message(&faults)))?;
        Ok(Box::new(OrdersNode {
            samples: Vec::with_capacity(settings.waveform.length.max as usize),
            settings,
            transforms: Transforms::default(),
        }))
    }
}

struct Settings {
    waveform: Waveform,
    per_turn: usize,
    is_envelope: bool,
    orders: Option<DefectOrders>,
}

impl Settings {
    fn read(params: &Params, inputs: &[ConnectedInput]) -> Result<Settings, Vec<KindFault>> {
        let waveform = Waveform::read(inputs)?;
        read_speed(inputs, &waveform)?;
        let per_turn = params
            .integer(PER_TURN)
            .and_then(|count| usize::try_from(count).ok());
        Ok(Settings {
            orders: read_bearing(params)?.map(|bearing| bearing.orders()),
            per_turn: per_turn.unwrap_or(64),
            is_envelope: params.text(OF) == Some(ENVELOPE),
            waveform,
        })
    }
}

/// Checks that a speed arrives at the second input.
fn read_speed(inputs: &[ConnectedInput], waveform: &Waveform) -> Result<(), Vec<KindFault>> {
    let port = inputs.get(1).and_then(|input| input.port.as_ref());
    if let Some(PortType::Tensor(tensor)) = port {
        let fits = match tensor.dims.as_slice() {
            [] => true,
            [length] => length.max <= waveform.length.max,
            _ => false,
        };
        if fits && tensor.element == Element::F32 && tensor.unit.as_deref() == Some("rpm") {
            return Ok(());
        }
    }
    let found = port.map_or_else(
        || "nothing arrives".to_owned(),
        |port| format!("`{port}` arrives"),
    );
    let message =
        format!("{found} here, but the speed of the shaft is due: `f32 unit=rpm`, or one for each sample");
    Err(vec![KindFault::new(FaultPlace::Input(SPEED.to_owned()), message)])
}

/// The bearing of the parameters, if they tell one.
fn read_bearing(params: &Params) -> Result<Option<Bearing>, Vec<KindFault>> {
    let number = |name| params.number(name).unwrap_or_default();
    let balls = params
        .integer(BALLS)
        .and_then(|count| u32::try_from(count).ok())
        .unwrap_or_default();
    if balls == 0 && number(BALL_MM) <= 0.0 && number(PITCH_MM) <= 0.0 {
        return Ok(None);
    }
    let bearing = Bearing {
        balls,
        ball_diameter_mm: number(BALL_MM),
        pitch_diameter_mm: number(PITCH_MM),
        contact_angle_deg: number(ANGLE),
    };
    bearing.validate().map_err(|fault| {
        let fault = KindFault::new(FaultPlace::Param(BALLS.to_owned(), None), fault.to_string());
        vec![fault.help("state `balls`, `ball_diameter_mm` and `pitch_diameter_mm`, or none of them")]
    })?;
    Ok(Some(bearing))
}

struct OrdersNode {
    settings: Settings,
    transforms: Transforms,
    samples: Vec<f64>,
}

/// What was found of one axis.
struct Found {
    amplitudes: Vec<f64>,
    turns: usize,
}

impl OrdersNode {
    fn find(&mut self, samples: &[f32], (turned, slowest_hz): (&[f64], f64)) -> Result<Found, NodeError> {
        widen(samples, &mut self.samples);
        let rate_hz = self.settings.waveform.rate_hz();
        if self.settings.is_envelope {
            let mut envelopes =
                Envelopes::new(self.samples.len(), rate_hz).map_err(|error| failed(&error))?;
            envelopes.load(&self.samples).map_err(|error| failed(&error))?;
            match envelopes.kurtogram().map_err(|error| failed(&error))? {
                Some(best) => {
                    let squared = envelopes
                        .squared(Source::Waveform, best.band)
                        .map_err(|error| failed(&error))?;
                    let mean = squared.iter().sum::<f64>() / squared.len() as f64;
                    let pairs = self.samples.iter_mut().zip(squared);
                    pairs.for_each(|(out, squared)| *out = squared / mean - 1.0);
                }
                None => self.samples.fill(0.0),
            }
        } else {
            // What does not move has no order.
            let mean = self.samples.iter().sum::<f64>() / self.samples.len().max(1) as f64;
            self.samples.iter_mut().for_each(|sample| *sample -= mean);
        }
        let to_hz = PASSED_SHARE * self.settings.per_turn as f64 / 2.0 * slowest_hz;
        let passed = low_pass(&self.samples, (rate_hz, to_hz), &mut self.transforms);
        let passed = passed.map_err(|error| failed(&error))?;
        let how = (self.settings.per_turn, Interpolation::Cubic);
        let (even, turns) = at_equal_angles(&passed, turned, how).map_err(|error| failed(&error))?;
        let amplitudes = order_spectrum(&even, &mut self.transforms).map_err(|error| failed(&error))?;
        Ok(Found { amplitudes, turns })
    }

    /// The speed at each sample, in turns a second.
    fn speed(&self, speed: &[f32], length: usize) -> Result<Vec<f64>, NodeError> {
        let hertz = |rpm: &f32| f64::from(*rpm) / 60.0;
        let speed: Vec<f64> = match speed {
            [one] => vec![hertz(one); length],
            many if many.len() == length => many.iter().map(hertz).collect(),
            many => {
                let message = format!("there are {} speeds for {length} samples", many.len());
                return Err(NodeError::Failed(message));
            }
        };
        let fastest = speed.iter().copied().fold(0.0, f64::max);
        if fastest * self.settings.per_turn as f64 > self.settings.waveform.rate_hz() {
            return Err(NodeError::Failed(format!(
                "a shaft of {:.0} rpm has fewer samples in a turn than `samples_per_turn`",
                60.0 * fastest
            )));
        }
        Ok(speed)
    }
}

impl Node for OrdersNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let lease = inputs.require(0)?;
        let length = lease.tensor::<f32>(0)?.len() / self.settings.waveform.axes as usize;
        let speed = self.speed(inputs.tensor::<f32>(1)?, length)?;
        let turned = turns(&speed, self.settings.waveform.rate_hz()).map_err(|error| failed(&error))?;
        let slowest_hz = speed.iter().copied().fold(f64::INFINITY, f64::min);
        let axes: Vec<&[f32]> = self.settings.waveform.axes(lease)?.collect();
        let mut found = Vec::with_capacity(axes.len());
        for samples in axes {
            found.push(self.find(samples, (&turned, slowest_hz))?);
        }
        let bins = found.first().map_or(0, |found| found.amplitudes.len());
        let turns = found.first().map_or(1, |found| found.turns);
        let out = outputs.record(0)?;
        let waveform = &self.settings.waveform;
        let amplitudes = out.tensor::<f32>(0, &waveform.sizes(&[crate::model::dim(bins)]))?;
        for (out, found) in amplitudes.chunks_exact_mut(bins.max(1)).zip(&found) {
            out.iter_mut()
                .zip(&found.amplitudes)
                .for_each(|(out, line)| *out = narrow(*line));
        }
        out.tensor::<f32>(1, &[])?.fill(narrow(1.0 / turns as f64));
        out.tensor::<i32>(2, &[])?
            .fill(i32::try_from(turns).unwrap_or(i32::MAX));
        let defects = out.tensor::<f32>(3, &waveform.sizes(&[crate::model::dim(DEFECTS)]))?;
        for (out, found) in defects.chunks_exact_mut(DEFECTS).zip(&found) {
            let lines = self
                .settings
                .orders
                .map_or([0.0; DEFECTS], |orders| defects_of(&orders, found));
            out.iter_mut()
                .zip(lines)
                .for_each(|(out, line)| *out = narrow(line));
        }
        Ok(())
    }
}

/// The largest amplitude near the order of each line.
fn defects_of(orders: &DefectOrders, found: &Found) -> [f64; DEFECTS] {
    let lines = [
        orders.outer_race,
        orders.inner_race,
        2.0 * orders.ball_spin,
        orders.cage,
    ];
    lines.map(|order| {
        let near = found.amplitudes.iter().enumerate().filter(|(bin, _)| {
            let away = (*bin as f64 / found.turns as f64 - order).abs();
            // Half a bin beside the slip, so that there is always one.
            away <= SLIP * order + 0.5 / found.turns as f64
        });
        near.map(|(_, amplitude)| *amplitude).fold(0.0, f64::max)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{Trial, Value};

    fn trial() -> Trial<'static> {
        Trial::of(&Orders)
            .with(BALLS, ParamValue::Integer(9))
            .with(BALL_MM, ParamValue::Number(7.94))
            .with(PITCH_MM, ParamValue::Number(39.04))
    }

    #[test]
    fn lines_of_a_shaft_that_speeds_up_stay_at_their_orders() {
        let trial = trial()
            .input(WAVEFORM, "f32[12000] rate=12kHz unit=g")
            .input(SPEED, "f32[12000] unit=rpm");
        assert_eq!(
            trial.types(),
            [
                "spectrum: record{amplitudes: f32[B<=6001] unit=g, step: f32, turns: i32, defects: f32[4] unit=g}"
            ]
        );
        let tau = std::f64::consts::TAU;
        let time = |index: u32| f64::from(index) / 12_000.0;
        let angle = |t: f64| 20.0 * t + 5.0 * t * t;
        let samples: Vec<f32> = (0..12_000)
            .map(|index| {
                let turned = angle(time(index));
                narrow((tau * 2.0 * turned).sin() + 0.5 * (tau * 3.5848 * turned).sin())
            })
            .collect();
        let speed: Vec<f32> = (0..12_000)
            .map(|index| narrow(60.0 * (20.0 + 10.0 * time(index))))
            .collect();
        let outputs = trial
            .run(&[Some(Value::samples(&samples)), Some(Value::samples(&speed))])
            .unwrap();
        let found = outputs[0].as_ref().unwrap();
        assert_eq!(found.tensor::<i32>(2).unwrap(), [24]);
        let amplitudes = found.tensor::<f32>(0).unwrap();
        assert_eq!(amplitudes.len(), 24 * 32 + 1);
        assert!((amplitudes[48] - 1.0).abs() < 1e-3, "{}", amplitudes[48]);
        let defects = found.tensor::<f32>(3).unwrap();
        assert!(
            defects[0] > 0.42 && defects[1] < 0.01 && defects[3] < 0.05,
            "{defects:?}"
        );
    }

    #[test]
    fn knocks_of_a_race_are_orders_of_the_envelope() {
        let trial = trial()
            .text(OF, ENVELOPE)
            .input(WAVEFORM, "f32[12000] rate=12kHz")
            .input(SPEED, "f32 unit=rpm");
        let order = Bearing {
            balls: 9,
            ball_diameter_mm: 7.94,
            pitch_diameter_mm: 39.04,
            contact_angle_deg: 0.0,
        }
        .orders()
        .inner_race;
        let noise = crate::model::bearing::tests::noise(12_000, 3);
        let samples: Vec<f32> = (0..12_000_u32)
            .zip(noise)
            .map(|(index, noise)| {
                let since = f64::from(index) / 12_000.0 % (1.0 / (30.0 * order));
                let knock = (-800.0 * since).exp() * (std::f64::consts::TAU * 3_000.0 * since).sin();
                narrow(knock) + 0.05 * noise
            })
            .collect();
        let outputs = trial
            .run(&[Some(Value::samples(&samples)), Some(Value::number(1_800.0))])
            .unwrap();
        let defects = outputs[0].as_ref().unwrap().tensor::<f32>(3).unwrap().to_vec();
        assert!(
            defects[1] > 0.3 && defects[1] > 5.0 * defects[0] && defects[1] > 5.0 * defects[2],
            "{defects:?}"
        );
    }

    #[test]
    fn a_shaft_that_stands_or_is_too_fast_is_an_error_and_a_speed_without_unit_a_fault() {
        let trial = trial()
            .input(WAVEFORM, "f32[T<=12000] rate=12kHz")
            .input(SPEED, "f32 unit=rpm");
        for rpm in [0.0, -10.0, 20_000.0, 30.0] {
            let values = [Some(Value::samples(&[0.1; 12_000])), Some(Value::number(rpm))];
            assert!(trial.run(&values).is_err(), "{rpm}");
        }
        let without = Trial::of(&Orders)
            .input(WAVEFORM, "f32[12000] rate=12kHz")
            .input(SPEED, "f32");
        assert_eq!(without.faults()[0].place, FaultPlace::Input(SPEED.to_owned()));
        let half = Trial::of(&Orders)
            .with(BALLS, ParamValue::Integer(9))
            .input(WAVEFORM, "f32[12000] rate=12kHz")
            .input(SPEED, "f32 unit=rpm");
        assert_eq!(half.faults()[0].place, FaultPlace::Param(BALLS.to_owned(), None));
    }
}
