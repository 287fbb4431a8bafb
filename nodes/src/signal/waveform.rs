//! What every node that takes waveforms reads from its first input.

use motet_core::arena::ReadLease;
use motet_core::catalog::{ConnectedInput, FaultPlace, KindFault};
use motet_core::node::NodeError;
use motet_core::port::{Dim, Element, PortType, TensorType};

/// The input of the waveform.
pub(crate) const WAVEFORM: &str = "waveform";
/// Most axes side by side.
pub(crate) const AXES_MAX: u32 = 6;
/// Longest waveform, in samples of an axis: one minute at 70 kHz.
const LENGTH_MAX: u32 = 1 << 22;

/// The type of a waveform.
#[derive(Clone, Debug)]
pub(crate) struct Waveform {
    pub(crate) axes: u32,
    pub(crate) length: Dim,
    /// Samples per second, in thousandths of a hertz.
    pub(crate) rate_mhz: u64,
    pub(crate) unit: Option<String>,
    /// True for one axis without a dimension of axes.
    is_row: bool,
}

impl Waveform {
    /// Reads what is connected to the first input.
    pub(crate) fn read(inputs: &[ConnectedInput]) -> Result<Waveform, Vec<KindFault>> {
        let at_input = |message: String| KindFault::new(FaultPlace::Input(WAVEFORM.to_owned()), message);
        let port = inputs.first().and_then(|input| input.port.as_ref());
        let shape = match port {
            Some(PortType::Tensor(tensor)) => shape(tensor).map(|shape| (tensor, shape)),
            Some(PortType::Record(_)) | None => None,
        };
        let Some((tensor, (axes, length))) = shape else {
            let found = port.map_or_else(
                || "nothing arrives".to_owned(),
                |port| format!("`{port}` arrives"),
            );
            let message = format!(
                "{found} here, but a waveform is due: `f32[T<={LENGTH_MAX}]`, or `f32[C, T<={LENGTH_MAX}]` of {AXES_MAX} axes at most"
            );
            return Err(vec![at_input(message)]);
        };
        let Some(rate_mhz) = tensor.rate_mhz else {
            let fault =
                at_input("the waveform states no sample rate, so no frequency can be told".to_owned());
            return Err(vec![
                fault.help("state its rate where it comes from, as in `rate=12kHz`"),
            ]);
        };
        Ok(Waveform {
            axes,
            length: length.clone(),
            rate_mhz,
            unit: tensor.unit.clone(),
            is_row: tensor.dims.len() == 1,
        })
    }

    pub(crate) fn rate_hz(&self) -> f64 {
        self.rate_mhz as f64 / 1e3
    }

    /// A tensor of values for each axis: `[C, ..]`, or `[..]` where the waveform has no dimension of axes.
    pub(crate) fn per_axis(&self, dims: Vec<Dim>) -> TensorType {
        let axes = (!self.is_row).then(|| Dim::exactly(self.axes));
        TensorType::new(Element::F32, axes.into_iter().chain(dims).collect())
    }

    /// The sizes of such a tensor.
    pub(crate) fn sizes(&self, sizes: &[u32]) -> Vec<u32> {
        let axes = (!self.is_row).then_some(self.axes);
        axes.into_iter().chain(sizes.iter().copied()).collect()
    }

    /// The fault of a waveform that is always too short.
    pub(crate) fn too_short(&self, needed: usize) -> Vec<KindFault> {
        let message = format!(
            "the waveform has at most {} samples, {needed} are needed",
            self.length.max
        );
        let fault = KindFault::new(FaultPlace::Input(WAVEFORM.to_owned()), message);
        vec![fault.help(format!("allow {needed} samples or more where it comes from"))]
    }

    /// The samples of each axis.
    pub(crate) fn axes<'a>(
        &self,
        lease: &'a ReadLease,
    ) -> Result<impl Iterator<Item = &'a [f32]>, NodeError> {
        let samples = lease.tensor::<f32>(0)?;
        let length = samples.len() / (self.axes as usize).max(1);
        Ok(samples.chunks_exact(length.max(1)))
    }
}

fn shape(tensor: &TensorType) -> Option<(u32, &Dim)> {
    let (axes, length) = match tensor.dims.as_slice() {
        [length] => (1, length),
        [axes, length] if axes.exact => (axes.max, length),
        _ => return None,
    };
    let fits = tensor.element == Element::F32 && (1..=AXES_MAX).contains(&axes) && length.max <= LENGTH_MAX;
    fits.then_some((axes, length))
}

/// Widens samples into a buffer that is kept.
pub(crate) fn widen(samples: &[f32], into: &mut Vec<f64>) {
    into.clear();
    into.extend(samples.iter().map(|sample| f64::from(*sample)));
}

/// A number as ports hold it; what is beyond them is the largest they hold.
pub(crate) fn narrow(value: f64) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "ports hold 32-bit floats")]
    let narrow = value.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32;
    narrow
}

/// What an analysis says is the error of its node.
pub(crate) fn failed(error: &dyn std::fmt::Display) -> NodeError {
    NodeError::Failed(error.to_string())
}
