//! Stand-in node kinds: they mix their inputs into a number, or misbehave in a chosen way.

use std::sync::Arc;
use std::time::Duration;

use crossbeam::channel::{Receiver, Sender, unbounded};
use motet_core::arena::ReadLease;
use motet_core::catalog::{
    Accepts, BuildError, Catalog, ConnectedInput, Cost, InputSpec, InputSpecs, KindFault, NodeKind,
    OutputSpec, ParamSpec, ParamType, ParamValue, Params, Signature, Weights,
};
use motet_core::clock::{Clock, Virtual};
use motet_core::machine::DeviceKind;
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::{Placement, Precision, PrecisionOffer};
use motet_core::port::{Element, PortType, TensorType};

use crate::mix::{Words, digest, mixed, scramble};

/// What a test holds of the nodes that run: their clock, the gate that blocked nodes wait at, what was built.
pub(crate) struct Stage {
    /// Moved by nodes of kind `test/slow`.
    pub(crate) clock: Arc<Virtual>,
    /// Each message lets one `blocks` through.
    pub(crate) open_gate: Sender<()>,
    gate: Receiver<()>,
    /// One message when a node begins to wait at the gate.
    pub(crate) waiting: Receiver<()>,
    waits: Sender<()>,
    /// One message per node built.
    pub(crate) built: Receiver<String>,
    builds: Sender<String>,
}

/// The stage's clock as if it went by itself, so that executors wait for deadlines.
struct Going(Arc<Virtual>);

impl Clock for Going {
    fn now(&self) -> Duration {
        self.0.now()
    }

    fn is_real(&self) -> bool {
        true
    }
}

impl Stage {
    pub(crate) fn new() -> Stage {
        let (open_gate, gate) = unbounded();
        let (waits, waiting) = unbounded();
        let (builds, built) = unbounded();
        Stage {
            clock: Arc::new(Virtual::default()),
            open_gate,
            gate,
            waiting,
            waits,
            built,
            builds,
        }
    }

    /// The clock as executors take it.
    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    /// The same, said to go by itself.
    pub(crate) fn going_clock(&self) -> Arc<dyn Clock> {
        Arc::new(Going(self.clock.clone()))
    }

    /// All kinds of this file.
    pub(crate) fn catalog(&self) -> Catalog {
        let mut catalog = Catalog::new();
        let cpu: &[DeviceKind] = &[DeviceKind::Cpu];
        for (name, devices) in [
            ("test/mix", cpu),
            ("test/redact", cpu),
            ("test/gpu", &[DeviceKind::Gpu]),
            ("test/either", &[DeviceKind::Cpu, DeviceKind::Gpu]),
        ] {
            catalog.register(Mix { name, devices }).unwrap();
        }
        let odd = Odd {
            clock: self.clock.clone(),
            gate: self.gate.clone(),
            waits: self.waits.clone(),
            waiting: self.waiting.clone(),
            builds: self.builds.clone(),
        };
        catalog.register(odd).unwrap();
        catalog.register(Pair).unwrap();
        catalog
    }
}

/// Mixes everything it reads into records `{score, data}`.
struct Mix {
    name: &'static str,
    devices: &'static [DeviceKind],
}

const WHOLE: ParamType = ParamType::Integer {
    min: 0,
    max: i64::MAX,
};

fn param(name: &'static str, param_type: ParamType, default: ParamValue) -> ParamSpec {
    ParamSpec {
        name,
        param_type,
        default: Some(default),
        about: "For tests.",
    }
}

fn whole(name: &'static str, default: i64) -> ParamSpec {
    param(name, WHOLE, ParamValue::Integer(default))
}

fn count(params: &Params, name: &str) -> u64 {
    params.integer(name).unwrap_or(0).unsigned_abs()
}

fn size(params: &Params) -> u32 {
    u32::try_from(count(params, "size")).unwrap()
}

/// The type of a record of at most `size` numbers.
pub(crate) fn record(size: u32) -> PortType {
    PortType::parse(&format!("record{{score: f32, data: f32[T<={size}]}}")).unwrap()
}

impl NodeKind for Mix {
    fn name(&self) -> &str {
        self.name
    }

    fn about(&self) -> &str {
        "Mixes its inputs."
    }

    fn params(&self) -> Vec<ParamSpec> {
        let text = |name| param(name, ParamType::Text, ParamValue::Text(String::new()));
        vec![
            whole("seed", 0),
            whole("size", 1),
            whole("outs", 1),
            whole("arity", 1),
            whole("flops", 0),
            whole("workspace", 0),
            whole("weights", 0),
            whole("scratch", 0),
            whole("width", 1),
            // One firing in this many fails, or leaves its last output out; by what it reads, so in every executor
            // alike.
            whole("fails", 0),
            whole("skips", 0),
            param("optional", ParamType::Flag, ParamValue::Flag(false)),
            param("state", ParamType::Flag, ParamValue::Flag(false)),
            param("panics", ParamType::Flag, ParamValue::Flag(false)),
            text("model"),
            text("sends"),
            // What is known of these precisions; `good` is enough, nothing means that they are not offered.
            text("bf16"),
            text("int8"),
        ]
    }

    fn inputs(&self, params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let optional = params.flag("optional") == Some(true);
        let input = |index| {
            let name = format!("i{index}");
            if optional {
                InputSpec::optional(&name, Accepts::Any, "Anything.")
            } else {
                InputSpec::required(&name, Accepts::Any, "Anything.")
            }
        };
        Ok(InputSpecs {
            named: (0..count(params, "arity")).map(input).collect(),
            further: None,
        })
    }

    fn outputs(&self, params: &Params, _: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let outs = count(params, "outs");
        let output = |index| OutputSpec {
            may_be_absent: count(params, "skips") > 0 && index + 1 == outs,
            ..OutputSpec::new(&format!("o{index}"), record(size(params)))
        };
        Ok((0..outs).map(output).collect())
    }

    fn cost(&self, params: &Params, _: &Signature, _: &Placement) -> Cost {
        let model = params.text("model").unwrap_or_default();
        Cost {
            flops: count(params, "flops"),
            workspace_bytes: count(params, "workspace"),
            scratch_bytes: count(params, "scratch"),
            weights: (!model.is_empty()).then(|| Weights {
                key: model.to_owned(),
                bytes: count(params, "weights"),
            }),
            ..Cost::default()
        }
    }

    fn devices(&self) -> &[DeviceKind] {
        self.devices
    }

    fn precisions(&self, params: &Params) -> Vec<PrecisionOffer> {
        let offer = |(name, precision): (&str, _)| PrecisionOffer {
            precision,
            admissible: params.text(name) == Some("good"),
            why: format!("measured to be {}", params.text(name).unwrap_or_default()),
        };
        let offers = [("bf16", Precision::Bf16), ("int8", Precision::Int8)];
        let offers = offers
            .into_iter()
            .filter(|(name, _)| params.text(name) != Some(""));
        std::iter::once(PrecisionOffer::f32())
            .chain(offers.map(offer))
            .collect()
    }

    fn width_max(&self, params: &Params, _: &Signature) -> u16 {
        u16::try_from(count(params, "width")).unwrap()
    }

    fn lowers_privacy(&self) -> bool {
        self.name == "test/redact"
    }

    fn egress(&self, params: &Params) -> Vec<String> {
        let sends = params.text("sends").unwrap_or_default();
        sends.split_whitespace().map(str::to_owned).collect()
    }

    fn build(
        &self,
        params: &Params,
        _: &Signature,
        placement: &Placement,
    ) -> Result<Box<dyn Node>, BuildError> {
        Ok(Box::new(Mixer {
            params: params.clone(),
            device: placement.device,
            state: 0,
        }))
    }
}

struct Mixer {
    params: Params,
    device: DeviceKind,
    state: u64,
}

/// The words of every input, records field by field.
fn words(inputs: &Inputs<'_>) -> Result<Vec<Words>, NodeError> {
    let words = inputs.values().iter().map(|value| {
        let Some(lease) = value else { return Ok(None) };
        let mut words = Vec::new();
        for field in 0..lease.field_count() {
            let bytes = lease.bytes(field)?.chunks_exact(4);
            words.extend(bytes.map(|bytes| u32::from_ne_bytes(bytes.try_into().unwrap())));
        }
        Ok(Some(words))
    });
    words.collect()
}

impl Node for Mixer {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let thread = std::thread::current();
        if let Some(lane) = thread.name().and_then(|name| name.strip_prefix("strict-")) {
            assert_eq!(lane.starts_with("gpu"), self.device == DeviceKind::Gpu, "{lane}");
        }
        let digest = digest(count(&self.params, "seed"), self.state, &words(inputs)?);
        if self.params.flag("state") == Some(true) {
            self.state = scramble(digest);
        }
        let every = |name| count(&self.params, name);
        let outs = usize::try_from(every("outs")).unwrap();
        let happens = |name| every(name) > 0 && digest.is_multiple_of(every(name));
        if happens("fails") {
            if self.params.flag("panics") == Some(true) {
                // Unlike `panic!` it prints nothing.
                std::panic::resume_unwind(Box::new("it was time"));
            }
            return Err(NodeError::Failed("it was time".to_owned()));
        }
        let written = if happens("skips") { outs - 1 } else { outs };
        let (mut outputs, scratch) = outputs.split();
        let scratch = scratch.into_slice::<i64>();
        let asked = usize::try_from(every("scratch")).unwrap();
        assert!(asked == 0 || scratch.len() * 8 >= asked && scratch.as_ptr().align_offset(64) == 0);
        scratch.fill(digest as i64);
        for index in 0..written {
            let mixed = mixed(digest, index, size(&self.params));
            let record = outputs.record(index)?;
            record.tensor::<f32>(0, &[])?[0] = mixed.score;
            let size = u32::try_from(mixed.data.len()).unwrap();
            record.tensor::<f32>(1, &[size])?.copy_from_slice(&mixed.data);
        }
        assert!(
            scratch.iter().all(|word| *word == digest as i64),
            "nobody else writes here"
        );
        Ok(())
    }

    fn reset(&mut self) {
        self.state = 0;
    }
}

/// Passes a number on, or misbehaves as its parameter `does` says, whenever the number is negative.
struct Odd {
    clock: Arc<Virtual>,
    gate: Receiver<()>,
    waits: Sender<()>,
    waiting: Receiver<()>,
    builds: Sender<String>,
}

const DEEDS: &[&str] = &[
    "copies",
    "fails",
    "panics",
    "panics_twice",
    "panics_in_reset",
    "nan",
    "infinity",
    "unwritten",
    "half",
    "too_large",
    "wrong_element",
    "takes_time",
    "outlasts",
    "keeps",
    "blocks",
    "blocks_and_spoils",
    "build_fails",
    "build_panics",
];

impl NodeKind for Odd {
    fn name(&self) -> &str {
        "test/odd"
    }

    fn about(&self) -> &str {
        "Passes a number on, unless it is negative."
    }

    fn params(&self) -> Vec<ParamSpec> {
        vec![
            param(
                "does",
                ParamType::Choice(DEEDS),
                ParamValue::Text("copies".into()),
            ),
            whole("millis", 0),
        ]
    }

    fn inputs(&self, _: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let number = TensorType::scalar(Element::F32);
        let named = vec![InputSpec::required(
            "x",
            Accepts::Type(number.into()),
            "A number.",
        )];
        Ok(InputSpecs { named, further: None })
    }

    fn outputs(&self, params: &Params, _: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let port = match params.text("does") {
            Some("half") => record(1),
            Some("too_large") => PortType::parse("f32[T<=2]").unwrap(),
            _ => TensorType::scalar(Element::F32).into(),
        };
        Ok(vec![OutputSpec::new("y", port)])
    }

    fn cost(&self, _: &Params, _: &Signature, _: &Placement) -> Cost {
        Cost::default()
    }

    fn build(&self, params: &Params, _: &Signature, _: &Placement) -> Result<Box<dyn Node>, BuildError> {
        let does = params.text("does").unwrap_or_default().to_owned();
        let _ = self.builds.send(does.clone());
        match does.as_str() {
            "build_fails" => return Err(BuildError::Failed("no such luck".to_owned())),
            "build_panics" => std::panic::resume_unwind(Box::new("built in anger")),
            _ => {}
        }
        Ok(Box::new(Oddity {
            does,
            time: Duration::from_millis(count(params, "millis")),
            clock: self.clock.clone(),
            gate: self.gate.clone(),
            waits: self.waits.clone(),
            waiting: self.waiting.clone(),
            spoilt: false,
            kept: None,
        }))
    }
}

struct Oddity {
    does: String,
    time: Duration,
    clock: Arc<Virtual>,
    gate: Receiver<()>,
    waits: Sender<()>,
    waiting: Receiver<()>,
    spoilt: bool,
    kept: Option<ReadLease>,
}

impl Node for Oddity {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let x = inputs.tensor::<f32>(0)?[0];
        let does = if x < 0.0 { self.does.as_str() } else { "copies" };
        match does {
            "fails" => return Err(NodeError::Failed("out of luck".to_owned())),
            "panics" => std::panic::resume_unwind(Box::new("in anger")),
            "panics_twice" => {
                self.spoilt = true;
                std::panic::resume_unwind(Box::new("in anger".to_owned()));
            }
            "nan" => outputs.tensor::<f32>(0, &[])?[0] = f32::NAN,
            "infinity" => outputs.tensor::<f32>(0, &[])?[0] = f32::INFINITY,
            "unwritten" => {}
            "half" => outputs.record(0)?.tensor::<f32>(0, &[])?[0] = x,
            "too_large" => outputs.tensor::<f32>(0, &[3])?.fill(x),
            "wrong_element" => outputs.tensor::<i32>(0, &[])?[0] = 1,
            "takes_time" => {
                self.clock.advance_to(self.clock.now() + self.time);
                outputs.tensor::<f32>(0, &[])?[0] = x;
            }
            "keeps" => {
                self.kept = inputs.get(0).cloned();
                outputs.tensor::<f32>(0, &[])?[0] = x;
            }
            // Ends once another node waits at the gate, and lets time pass.
            "outlasts" => {
                let _ = self.waiting.recv();
                self.clock.advance_to(self.clock.now() + self.time);
                outputs.tensor::<f32>(0, &[])?[0] = x;
            }
            "blocks" | "blocks_and_spoils" => {
                let _ = self.waits.send(());
                let _ = self.gate.recv();
                self.spoilt = does == "blocks_and_spoils";
                outputs.tensor::<f32>(0, &[])?[0] = x;
            }
            _ if self.does == "half" => {
                let record = outputs.record(0)?;
                record.tensor::<f32>(0, &[])?[0] = x;
                record.tensor::<f32>(1, &[1])?[0] = x;
            }
            _ if self.does == "too_large" => outputs.tensor::<f32>(0, &[1])?[0] = x,
            _ => outputs.tensor::<f32>(0, &[])?[0] = x,
        }
        Ok(())
    }

    fn reset(&mut self) {
        self.kept = None;
        if self.does == "panics_in_reset" {
            std::panic::resume_unwind(Box::new("reset in anger"));
        }
    }
}

/// A node that panicked may panic once more while it is taken down.
impl Drop for Oddity {
    fn drop(&mut self) {
        if self.spoilt {
            std::panic::resume_unwind(Box::new("dropped in anger"));
        }
    }
}

/// Adds two sequences of the same length.
struct Pair;

impl NodeKind for Pair {
    fn name(&self) -> &str {
        "test/add"
    }

    fn about(&self) -> &str {
        "Adds two sequences of the same length."
    }

    fn params(&self) -> Vec<ParamSpec> {
        Vec::new()
    }

    fn inputs(&self, _: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let sequence = || Accepts::Type(PortType::parse("f32[N<=8]").unwrap());
        let named = vec![
            InputSpec::required("a", sequence(), "The one."),
            InputSpec::required("b", sequence(), "The other."),
        ];
        Ok(InputSpecs { named, further: None })
    }

    fn outputs(&self, _: &Params, _: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        Ok(vec![OutputSpec::new(
            "sum",
            PortType::parse("f32[N<=8]").unwrap(),
        )])
    }

    fn cost(&self, _: &Params, _: &Signature, _: &Placement) -> Cost {
        Cost::default()
    }

    fn build(&self, _: &Params, _: &Signature, _: &Placement) -> Result<Box<dyn Node>, BuildError> {
        Ok(Box::new(Adder))
    }
}

struct Adder;

impl Node for Adder {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let (a, b) = (inputs.tensor::<f32>(0)?, inputs.tensor::<f32>(1)?);
        let sum = outputs.tensor::<f32>(0, inputs.require(0)?.dims(0)?)?;
        for ((sum, a), b) in sum.iter_mut().zip(a).zip(b) {
            *sum = a + b;
        }
        Ok(())
    }
}
