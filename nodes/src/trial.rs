//! Runs one node outside a session, for tests: its types are resolved, its buffers leased, one firing run.

use std::sync::Arc;
use std::time::Duration;

use motet_core::arena::{Arena, BufferId, ReadLease};
use motet_core::catalog::{ConnectedInput, KindFault, NodeKind, OutputSpec, ParamValue, Params, Signature};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Layout, PortType};

/// A value to feed to an input.
#[derive(Clone)]
pub(crate) enum Value {
    F32(Vec<u32>, Vec<f32>),
    I32(i32),
    I32s(Vec<i32>),
    /// Rows of so many whole numbers.
    I32Rows(u32, Vec<i32>),
    I64(i64),
    I64s(Vec<i64>),
    U8(u8),
    U8s(Vec<u8>),
    Text(&'static str),
    Record(Vec<Value>),
}

impl Value {
    /// One float.
    pub(crate) fn number(value: f32) -> Value {
        Value::F32(Vec::new(), vec![value])
    }

    /// Floats along one dimension.
    pub(crate) fn samples(values: &[f32]) -> Value {
        Value::F32(vec![u32::try_from(values.len()).unwrap()], values.to_vec())
    }
}

/// A kind with its parameters and what is connected to it.
pub(crate) struct Trial<'k> {
    kind: &'k dyn NodeKind,
    params: Vec<(String, ParamValue)>,
    inputs: Vec<(String, Option<PortType>)>,
}

impl<'k> Trial<'k> {
    /// A kind without parameters and inputs.
    pub(crate) fn of(kind: &'k dyn NodeKind) -> Trial<'k> {
        Trial {
            kind,
            params: Vec::new(),
            inputs: Vec::new(),
        }
    }

    /// States a parameter.
    pub(crate) fn with(mut self, name: &str, value: ParamValue) -> Trial<'k> {
        self.params.push((name.to_owned(), value));
        self
    }

    /// States a parameter that is text, a choice or a condition.
    pub(crate) fn text(self, name: &str, text: &str) -> Trial<'k> {
        self.with(name, ParamValue::Text(text.to_owned()))
    }

    /// Connects an input to a value of this type.
    pub(crate) fn input(mut self, name: &str, port: &str) -> Trial<'k> {
        let port = PortType::parse(port).unwrap_or_else(|fault| panic!("{port}: {fault}"));
        self.inputs.push((name.to_owned(), Some(port)));
        self
    }

    /// Leaves an optional input unconnected.
    pub(crate) fn unconnected(mut self, name: &str) -> Trial<'k> {
        self.inputs.push((name.to_owned(), None));
        self
    }

    /// The parameters with the defaults of those that are not stated.
    pub(crate) fn params(&self) -> Params {
        let mut entries = self.params.clone();
        for spec in self.kind.params() {
            let is_stated = self.params.iter().any(|(name, _)| spec.matches(name));
            if let (false, Some(default)) = (is_stated, spec.default) {
                entries.push((spec.name.to_owned(), default));
            }
        }
        Params::new(entries)
    }

    fn connected(&self) -> Result<Vec<ConnectedInput>, Vec<KindFault>> {
        let specs = self.kind.inputs(&self.params())?;
        let connect = |(name, port): &(String, Option<PortType>)| {
            let declared = specs.named.iter().find(|spec| spec.name == *name);
            assert!(declared.is_some() || specs.further.is_some(), "no input `{name}`");
            let optional = declared.is_none_or(|spec| spec.optional);
            ConnectedInput {
                name: name.clone(),
                port: port.clone(),
                optional,
            }
        };
        Ok(self.inputs.iter().map(connect).collect())
    }

    /// The ports, or every fault.
    pub(crate) fn signature(&self) -> Result<Signature, Vec<KindFault>> {
        let inputs = self.connected()?;
        let outputs = self.kind.outputs(&self.params(), &inputs)?;
        Ok(Signature { inputs, outputs })
    }

    /// The types of the outputs as text, by name.
    pub(crate) fn types(&self) -> Vec<String> {
        let show = |output: &OutputSpec| format!("{}: {}", output.name, output.port);
        self.signature().unwrap().outputs.iter().map(show).collect()
    }

    /// The first fault, as place, message and replacement.
    pub(crate) fn faults(&self) -> Vec<KindFault> {
        self.signature().expect_err("the kind finds a fault")
    }

    /// Builds the node with buffers of its own.
    pub(crate) fn build(&self) -> Running {
        let signature = self.signature().unwrap();
        let node = self
            .kind
            .build(&self.params(), &signature, &Placement::CPU)
            .unwrap();
        let cost = self.kind.cost(&self.params(), &signature, &Placement::CPU);
        let scratch = Arc::new(Layout::scratch(usize::try_from(cost.scratch_bytes).unwrap()));
        let layout = |port: &PortType| Arc::new(Layout::of(port));
        let inputs: Vec<_> = signature
            .inputs
            .iter()
            .map(|input| {
                let port = input.port.as_ref();
                port.map_or_else(|| Arc::new(Layout::scratch(1)), layout)
            })
            .collect();
        let outputs: Vec<_> = signature
            .outputs
            .iter()
            .map(|output| layout(&output.port))
            .collect();
        let layouts = inputs.iter().chain(&outputs).chain([&scratch]);
        let arena = Arena::allocate(layouts.map(|layout| layout.bytes));
        Running {
            node,
            arena,
            inputs,
            outputs,
            scratch,
        }
    }

    /// Builds the node and runs it once.
    pub(crate) fn run(&self, values: &[Option<Value>]) -> Result<Vec<Option<ReadLease>>, NodeError> {
        self.build().fire(values)
    }
}

/// A node with its buffers.
pub(crate) struct Running {
    node: Box<dyn Node>,
    pub(crate) arena: Arc<Arena>,
    inputs: Vec<Arc<Layout>>,
    outputs: Vec<Arc<Layout>>,
    scratch: Arc<Layout>,
}

impl Running {
    /// Lets the node forget everything.
    pub(crate) fn reset(&mut self) {
        self.node.reset();
    }

    /// Feeds the values, `None` for an absent one, and returns the outputs, `None` for an unwritten one.
    pub(crate) fn fire(&mut self, values: &[Option<Value>]) -> Result<Vec<Option<ReadLease>>, NodeError> {
        assert_eq!(values.len(), self.inputs.len(), "one value for each input");
        let mut leases = Vec::new();
        for (index, (layout, value)) in self.inputs.iter().zip(values).enumerate() {
            leases.push(value.as_ref().map(|value| {
                let mut lease = self.arena.lease(buffer(index), layout).unwrap();
                write(&mut lease, 0, value);
                lease.publish(Duration::ZERO)
            }));
        }
        let mut written: Vec<_> = self
            .outputs
            .iter()
            .enumerate()
            .map(|(index, layout)| {
                self.arena
                    .lease(buffer(self.inputs.len() + index), layout)
                    .unwrap()
            })
            .collect();
        let scratch = buffer(self.inputs.len() + self.outputs.len());
        let mut scratch = self.arena.lease_scratch(scratch, &self.scratch).unwrap();
        self.node.run(
            &Inputs::new(&leases, Duration::ZERO),
            &mut Outputs::new(&mut written).with_scratch(Some(&mut scratch)),
        )?;
        let publish = |lease: motet_core::arena::WriteLease| {
            assert!(
                !lease.is_begun() || lease.unwritten().is_none(),
                "an output is whole or absent"
            );
            lease.is_begun().then(|| lease.publish(Duration::ZERO))
        };
        Ok(written.into_iter().map(publish).collect())
    }
}

fn buffer(index: usize) -> BufferId {
    BufferId(u32::try_from(index).unwrap())
}

fn write(lease: &mut motet_core::arena::WriteLease, field: usize, value: &Value) {
    match value {
        Value::F32(dims, values) => lease.tensor::<f32>(field, dims).unwrap().copy_from_slice(values),
        Value::I32(value) => lease.tensor::<i32>(field, &[]).unwrap()[0] = *value,
        Value::I32s(values) => {
            let dims = [u32::try_from(values.len()).unwrap()];
            lease.tensor::<i32>(field, &dims).unwrap().copy_from_slice(values);
        }
        Value::I32Rows(columns, values) => {
            let dims = [u32::try_from(values.len()).unwrap() / columns, *columns];
            lease.tensor::<i32>(field, &dims).unwrap().copy_from_slice(values);
        }
        Value::I64(value) => lease.tensor::<i64>(field, &[]).unwrap()[0] = *value,
        Value::I64s(values) => {
            let dims = [u32::try_from(values.len()).unwrap()];
            lease.tensor::<i64>(field, &dims).unwrap().copy_from_slice(values);
        }
        Value::U8s(values) => {
            let dims = [u32::try_from(values.len()).unwrap()];
            lease.tensor::<u8>(field, &dims).unwrap().copy_from_slice(values);
        }
        Value::U8(value) => lease.tensor::<u8>(field, &[]).unwrap()[0] = *value,
        Value::Text(text) => lease.text(field, text).unwrap(),
        Value::Record(fields) => {
            for (field, value) in fields.iter().enumerate() {
                write(lease, field, value);
            }
        }
    }
}
