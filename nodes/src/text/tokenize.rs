//! `text/tokenize`: a text as the ids that a net for utterances reads.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, InputSpec, InputSpecs, KindFault, NodeKind, OutputSpec,
    ParamSpec, Params, Signature,
};
use motet_core::limits::TEXT_BYTES_MAX;
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Dim, Element, Field, PortType, TensorType};
use motet_models::card::Card;
use motet_models::model::{ModelError, NetCard};
use motet_models::utterance::{Reader, UtteranceConfig};

use crate::model::{ModelSources, dim, model_param, refused};

const INPUT: &str = "text";
const MODEL: &str = "model";

/// The kind `text/tokenize`. It reads the cards of models, never their weights.
pub struct Tokenize {
    sources: ModelSources,
    configs: Mutex<BTreeMap<String, Arc<UtteranceConfig>>>,
}

impl Tokenize {
    /// The kind with the models of these sources.
    pub fn new(sources: ModelSources) -> Tokenize {
        Tokenize {
            sources,
            configs: Mutex::default(),
        }
    }

    /// The sizes of the net that the parameters name.
    fn config(&self, params: &Params) -> Result<Arc<UtteranceConfig>, Vec<KindFault>> {
        let name = params.text(MODEL).unwrap_or_default();
        let mut configs = self.configs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(config) = configs.get(name) {
            return Ok(Arc::clone(config));
        }
        let found = self.sources.card(name, read_card)?;
        let config = Arc::new(found.card.model.net);
        configs.insert(name.to_owned(), Arc::clone(&config));
        Ok(config)
    }
}

/// The card of a net with intents, slots or both.
fn read_card(text: &str) -> Result<Card<NetCard<UtteranceConfig>>, ModelError> {
    let card = Card::<NetCard<UtteranceConfig>>::parse(text)?;
    card.model.net.validate()?;
    Ok(card)
}

impl NodeKind for Tokenize {
    fn name(&self) -> &str {
        "text/tokenize"
    }

    fn about(&self) -> &str {
        "Splits a text into words and turns each into the ids that `model/intent` and `model/slots` read: hashed \
         features of the word and, where the model has them, of the pairs it stands in. How words are split and \
         hashed and how many there may be says the model's card. Output: `ids`, a row for each word; `offsets`, where \
         it begins and ends in the text, in bytes; `words`, how many there are; `cut`, 1 where the text has more \
         words than the model reads, which are left out, else 0. A text without a word, empty or of blanks alone, \
         has no ids: the output is then absent, and so is what is made of it; `present(words)` asks. Texts of ASCII \
         take no memory beside the output; for other words the crate `tokenizers` makes compatible characters equal \
         and allocates."
    }

    fn params(&self) -> Vec<ParamSpec> {
        vec![model_param()]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let most = u32::try_from(TEXT_BYTES_MAX).unwrap_or(u32::MAX);
        let text = Accepts::Type(TensorType::text(most).into());
        Ok(InputSpecs {
            named: vec![InputSpec::required(INPUT, text, "what somebody wrote or said")],
            further: None,
        })
    }

    fn outputs(
        &self,
        params: &Params,
        _inputs: &[ConnectedInput],
    ) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let config = self.config(params)?;
        let rows = Dim::at_most("W", dim(config.words_max));
        let columns = |count: usize| vec![rows.clone(), Dim::exactly(dim(count))];
        let words = PortType::Record(vec![
            Field::new(
                "ids",
                TensorType::new(Element::I32, columns(config.ids_per_word())),
            ),
            Field::new("offsets", TensorType::new(Element::I32, columns(2))),
            Field::new("words", TensorType::scalar(Element::I32)),
            Field::new("cut", TensorType::scalar(Element::U8).within(0.0, 1.0)),
        ]);
        Ok(vec![OutputSpec {
            may_be_absent: true,
            ..OutputSpec::new("words", words)
        }])
    }

    fn cost(&self, params: &Params, _: &Signature, _: &Placement) -> Cost {
        let Ok(config) = self.config(params) else {
            return Cost::default();
        };
        // A feature is hashed from some ten characters.
        let ids = config.words_max * config.ids_per_word();
        Cost {
            flops: 20 * ids as u64,
            workspace_bytes: Reader::new(&config).bytes() as u64,
            ..Cost::default()
        }
    }

    fn build(&self, params: &Params, _: &Signature, _: &Placement) -> Result<Box<dyn Node>, BuildError> {
        let config = self.config(params).map_err(|faults| refused(params, &faults))?;
        Ok(Box::new(TokenizeNode {
            reader: Reader::new(&config),
            ids_per_word: dim(config.ids_per_word()),
        }))
    }
}

struct TokenizeNode {
    reader: Reader,
    ids_per_word: u32,
}

impl Node for TokenizeNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let text = inputs.require(0)?.text(0)?;
        let (words, is_cut) = self.reader.words(text);
        if words.is_empty() {
            return Ok(());
        }
        let count = dim(words.len());
        let out = outputs.record(0)?;
        let places = out.tensor::<i32>(1, &[count, 2])?;
        for (place, word) in places.chunks_exact_mut(2).zip(words) {
            place.copy_from_slice(&[word.start, word.end].map(|at| i32::try_from(at).unwrap_or(i32::MAX)));
        }
        self.reader
            .ids(text, out.tensor::<i32>(0, &[count, self.ids_per_word])?);
        out.tensor::<i32>(2, &[])?
            .fill(i32::try_from(count).unwrap_or(i32::MAX));
        out.tensor::<u8>(3, &[])?.fill(u8::from(is_cut));
        Ok(())
    }
}
