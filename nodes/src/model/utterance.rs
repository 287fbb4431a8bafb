//! What `model/intent` and `model/slots` read: the words of `text/tokenize`.

use motet_core::arena::{ReadLease, ValueError};
use motet_core::catalog::{ConnectedInput, FaultPlace, KindFault};
use motet_core::node::NodeError;
use motet_core::port::{Dim, Element, PortType, TensorType};
use motet_models::utterance::UtteranceConfig;

#[cfg(test)]
mod tests;

/// Where the ids of words arrive, and how many words there may be.
pub(super) struct Ids {
    /// The field of a record; none where they arrive alone.
    field: Option<usize>,
    pub(super) words: Dim,
}

/// A model by name, and the sizes of its net.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) model: &'a str,
    pub(super) config: &'a UtteranceConfig,
}

impl Asked<'_> {
    /// Finds the ids at the first input, which has this name.
    pub(super) fn read_ids(&self, inputs: &[ConnectedInput], input: &str) -> Result<Ids, Vec<KindFault>> {
        let port = inputs.first().and_then(|input| input.port.as_ref());
        let (field, tensor) = match port {
            Some(PortType::Tensor(tensor)) => (None, Some(tensor)),
            Some(record @ PortType::Record(_)) => match record.field("ids") {
                Some((field, tensor)) => (Some(field), Some(tensor)),
                None => (None, None),
            },
            None => (None, None),
        };
        match tensor.and_then(|tensor| self.rows(tensor, self.config.ids_per_word())) {
            Some(words) => Ok(Ids { field, words }),
            None => Err(vec![self.refused(port, input)]),
        }
    }

    /// The number of rows of whole numbers, where there are so many in each and no more rows than words.
    pub(super) fn rows(&self, tensor: &TensorType, columns: usize) -> Option<Dim> {
        match tensor.dims.as_slice() {
            [rows, found]
                if tensor.element == Element::I32
                    && rows.max as usize <= self.config.words_max
                    && found.exact
                    && found.max as usize == columns =>
            {
                Some(rows.clone())
            }
            _ => None,
        }
    }

    /// The fault of what arrives at an input and is no output of `text/tokenize` for this model.
    pub(super) fn refused(&self, port: Option<&PortType>, input: &str) -> KindFault {
        let (words, each) = (self.config.words_max, self.config.ids_per_word());
        let expected = format!(
            "model `{}` reads words as `ids: i32[W<={words}, {each}]`",
            self.model
        );
        let message = match port {
            Some(port) => format!("`{port}` arrives here, but {expected}"),
            None => format!("nothing arrives here, but {expected}"),
        };
        KindFault::new(FaultPlace::Input(input.to_owned()), message).help(format!(
            "connect `text/tokenize` with `{{model: {}}}`",
            self.model
        ))
    }
}

impl Ids {
    /// The ids of a firing as a value of their own, and how many words they are of: at least one.
    pub(super) fn of(&self, value: &ReadLease) -> Result<(ReadLease, u32), NodeError> {
        let ids = match self.field {
            Some(field) => value.project(field)?,
            None => value.clone(),
        };
        let words = match *ids.dims(0)? {
            [words, _] => words,
            ref found => {
                return Err(NodeError::Value(ValueError::Shape {
                    found: found.to_vec(),
                    planned: vec![u32::MAX; 2],
                }));
            }
        };
        match words {
            0 => Err(NodeError::Failed("there is no word here".to_owned())),
            _ => Ok((ids, words)),
        }
    }
}
