//! Conditions over the values that arrive at a node: names for [`crate::expression`].
//!
//! In a condition `alarm.score` is the field `score` of the record at input `alarm`, and `level` the single number
//! or text at input `level`.

use crate::arena::ReadLease;
use crate::catalog::ConnectedInput;
use crate::diagnostic::{Code, nearest};
use crate::expression::{Binding, FaultKind, LookupError, Scope, Type, Values};
use crate::port::{Element, PortType, TensorType};

/// The code of a fault in a condition.
pub fn code(kind: FaultKind) -> Code {
    match kind {
        FaultKind::Syntax | FaultKind::Limit => Code("MT0220"),
        FaultKind::UnknownName => Code("MT0221"),
        FaultKind::Type => Code("MT0222"),
    }
}

/// The inputs of a node as names in a condition.
pub struct InputScope<'a> {
    inputs: &'a [ConnectedInput],
}

impl<'a> InputScope<'a> {
    /// Names for these inputs; an input that is not connected is unknown.
    pub fn new(inputs: &'a [ConnectedInput]) -> InputScope<'a> {
        InputScope { inputs }
    }

    fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.inputs
            .iter()
            .filter(|input| input.port.is_some())
            .map(|input| input.name.as_str())
    }
}

impl Scope for InputScope<'_> {
    fn lookup(&self, path: &[&str]) -> Result<(Binding, Type), LookupError> {
        let name = path.first().copied().unwrap_or_default();
        let found = self
            .inputs
            .iter()
            .enumerate()
            .find(|(_, input)| input.name == name);
        let Some((index, port)) = found.and_then(|(index, input)| Some((index, input.port.as_ref()?))) else {
            let fault = unknown(0, format!("there is no input `{name}` here"), name, self.names());
            let help = self
                .inputs
                .is_empty()
                .then(|| "connect what it reads under `in:`".to_owned());
            return Err(LookupError {
                help: help.or(fault.help.clone()),
                ..fault
            });
        };
        let field = path.get(1).copied();
        if let Some(third) = path.get(2) {
            return Err(unknown(2, format!("a field has no part `{third}`"), third, []));
        }
        let input = u16::try_from(index).unwrap_or(u16::MAX);
        match (port, field) {
            (PortType::Tensor(tensor), None) => Ok((Binding { input, field: 0 }, scalar(name, tensor, 0)?)),
            (PortType::Tensor(_), Some(field)) => Err(unknown(
                1,
                format!("`{name}` is {port} and has no field `{field}`"),
                field,
                [],
            )),
            (PortType::Record(fields), None) => {
                let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
                let message = format!(
                    "`{name}` is a record; name one of its fields: {}",
                    names.join(", ")
                );
                let first = names.first().copied().unwrap_or_default();
                Err(LookupError {
                    message,
                    suggestion: None,
                    help: Some(format!("write one of them after a dot, as in `{name}.{first}`")),
                    segment: 0,
                })
            }
            (PortType::Record(fields), Some(field)) => match port.field(field) {
                Some((at, tensor)) => {
                    let field_index = u16::try_from(at).unwrap_or(u16::MAX);
                    Ok((
                        Binding {
                            input,
                            field: field_index,
                        },
                        scalar(field, tensor, 1)?,
                    ))
                }
                None => {
                    let names = fields.iter().map(|field| field.name.as_str());
                    Err(unknown(
                        1,
                        format!("`{name}` has no field `{field}`"),
                        field,
                        names,
                    ))
                }
            },
        }
    }

    fn presence(&self, name: &str) -> Option<u16> {
        let index = self
            .inputs
            .iter()
            .position(|input| input.name == name && input.port.is_some())?;
        u16::try_from(index).ok()
    }
}

fn scalar(name: &str, tensor: &TensorType, segment: usize) -> Result<Type, LookupError> {
    match (tensor.element, tensor.dims.len()) {
        (Element::Utf8, _) => Ok(Type::Text),
        (Element::F32 | Element::I32 | Element::I64 | Element::U8, 0) => Ok(Type::Number),
        (Element::F32 | Element::I32 | Element::I64 | Element::U8, _) => {
            let message = format!("`{name}` is {tensor}, not one number or text");
            Err(LookupError {
                message,
                suggestion: None,
                help: Some(
                    "a condition reads single numbers and texts; let a node make one of it".to_owned(),
                ),
                segment,
            })
        }
    }
}

fn unknown<'a>(
    segment: usize,
    message: String,
    found: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> LookupError {
    let known: Vec<&str> = known.into_iter().collect();
    let help = if known.is_empty() {
        "leave out the dot and what follows".to_owned()
    } else {
        format!("known here: {}", known.join(", "))
    };
    LookupError {
        message,
        suggestion: nearest(found, known).map(str::to_owned),
        help: Some(help),
        segment,
    }
}

/// The values of one firing, to evaluate a condition over them.
pub struct LeaseValues<'a>(pub &'a [Option<ReadLease>]);

impl LeaseValues<'_> {
    fn lease(&self, input: u16) -> Option<&ReadLease> {
        self.0.get(usize::from(input)).and_then(Option::as_ref)
    }
}

impl Values for LeaseValues<'_> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a condition compares numbers as 64-bit floats"
    )]
    fn number(&self, at: Binding) -> Option<f64> {
        let (lease, field) = (self.lease(at.input)?, usize::from(at.field));
        let value = match lease.element(field).ok()? {
            Element::F32 => f64::from(*lease.tensor::<f32>(field).ok()?.first()?),
            Element::I32 => f64::from(*lease.tensor::<i32>(field).ok()?.first()?),
            Element::I64 => *lease.tensor::<i64>(field).ok()?.first()? as f64,
            Element::U8 => f64::from(*lease.tensor::<u8>(field).ok()?.first()?),
            Element::Utf8 => return None,
        };
        value.is_finite().then_some(value)
    }

    fn text(&self, at: Binding) -> Option<&str> {
        self.lease(at.input)?.text(usize::from(at.field)).ok()
    }

    fn boolean(&self, _: Binding) -> Option<bool> {
        None
    }

    fn is_present(&self, input: u16) -> bool {
        self.lease(input).is_some()
    }
}
