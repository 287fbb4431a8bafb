//! Two kinds of nodes that pass a value on, written as any crate outside of Motet writes a kind.
//!
//! Motet has no pass-through of its own: a value is written once, by one node, into a buffer that was planned for it, and
//! readers read it there. So a node that passes a value on has a buffer of its own for it. [`Pass::HandOver`] takes that
//! buffer at the value's full size and writes its first element alone, as the node of `core/benches/hop.rs` does: what is
//! measured is the hand-over, nothing is copied, and the rest of the answer is what the buffer held before. [`Pass::Copy`]
//! copies all of the value, as ONNX Runtime's `Identity` does.
//!
//! Floats are looked at once more by the runtime, whatever the node does: an output with a NaN is an error.

use motet::{
    Accepts, BuildError, ConnectedInput, Cost, DeviceKind, Element, InputSpec, InputSpecs, Inputs, KindFault,
    Node, NodeError, NodeKind, OutputSpec, Outputs, ParamSpec, Params, Placement, ReadLease, Scalar,
    Signature,
};

/// What a node does to pass its value on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Takes a buffer for it and writes the first element.
    HandOver,
    /// Copies all of it.
    Copy,
}

impl NodeKind for Pass {
    fn name(&self) -> &str {
        match self {
            Pass::HandOver => "bench/hand-over",
            Pass::Copy => "bench/copy",
        }
    }

    fn about(&self) -> &str {
        "Passes a value on."
    }

    fn params(&self) -> Vec<ParamSpec> {
        Vec::new()
    }

    fn inputs(&self, _: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let named = vec![InputSpec::required("x", Accepts::Any, "Bytes or floats.")];
        Ok(InputSpecs { named, further: None })
    }

    fn outputs(&self, _: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let ports = inputs.iter().filter_map(|input| input.port.clone());
        Ok(ports.map(|port| OutputSpec::new("y", port)).collect())
    }

    fn devices(&self) -> &[DeviceKind] {
        &[DeviceKind::Cpu, DeviceKind::Gpu]
    }

    fn cost(&self, _: &Params, _: &Signature, _: &Placement) -> Cost {
        Cost::default()
    }

    fn build(&self, _: &Params, _: &Signature, _: &Placement) -> Result<Box<dyn Node>, BuildError> {
        Ok(Box::new(*self))
    }
}

impl Node for Pass {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let x = inputs.require(0)?;
        match x.element(0)? {
            Element::F32 => self.pass::<f32>(x, outputs),
            _ => self.pass::<u8>(x, outputs),
        }
    }
}

impl Pass {
    fn pass<T: Scalar>(self, x: &ReadLease, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let (from, to) = (x.tensor::<T>(0)?, outputs.tensor::<T>(0, x.dims(0)?)?);
        match self {
            Pass::HandOver => to[0] = from[0],
            Pass::Copy => to.copy_from_slice(from),
        }
        Ok(())
    }
}
