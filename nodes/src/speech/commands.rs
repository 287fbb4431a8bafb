//! `speech/commands`: what was said, by a grammar.

use std::sync::Arc;
use std::time::Duration;

use motet_core::arena::WriteLease;
use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, FaultPlace, InputSpec, InputSpecs, KindFault, NodeKind,
    OutputSpec, ParamSpec, ParamType, ParamValue, Params, Signature,
};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Element, Field, PortType, TensorType};
use motet_models::speech::Lexicon;
use motet_models::speech::phones::OUTPUTS;

use super::grammar::Grammar;
use super::listen::{Ears, Listened, Listener};
use super::told::{COMMANDS_BYTES, FIELDS, Told};
use crate::files::Files;
use crate::model::{ModelSources, dim};

const INPUT: &str = "scores";
const GRAMMAR: &str = "grammar";
const THRESHOLD: &str = "threshold";
const SLOT_THRESHOLD: &str = "slot_threshold";
const PAUSE: &str = "pause";
const LONGEST: &str = "longest";
const OTHERS: &str = "others";
const SILENCE: &str = "silence";

/// The kind `speech/commands`. A grammar is read once for all its nodes.
pub struct Commands {
    grammars: Files<Listened>,
}

impl Commands {
    /// The kind with grammars beside the pipelines of these sources.
    pub fn new(sources: ModelSources) -> Commands {
        Commands {
            grammars: Files::new(sources, GRAMMAR),
        }
    }

    /// The grammar that the parameters name.
    fn listened(&self, params: &Params) -> Result<Arc<Listened>, Vec<KindFault>> {
        self.grammars.get(params, |source| {
            let (grammar, _) = Grammar::read(source)?;
            Listened::of(&grammar, &Lexicon::builtin())
        })
    }
}

impl NodeKind for Commands {
    fn name(&self) -> &str {
        "speech/commands"
    }

    fn about(&self) -> &str {
        "Finds commands in the scores of `model/phones`, by a grammar: a file beside the pipeline, which \
         docs/voice.md describes and `motet check` checks. Speech ends where no phone is heard for `pause`; each stretch \
         of speech is searched for the likeliest of all utterances that the grammar says. Its confidence is how likely \
         each of its phones is against the likeliest phones of any words, from 0 to 1; below `threshold` it is not \
         accepted. Output, absent where nobody speaks: of the first accepted command, or where there is none of the one \
         with the highest confidence, `intent`, `accepted` (1 or 0), `confidence`, `start` and `end` in seconds, and a text \
         for every name that patterns give to slots, empty where there is none; `count`, how many stretches of speech \
         there are; `commands`, all of them as JSON with the times and confidences of their slots, and with `others` \
         further readings of each; `weakest`, the lowest confidence of a slot's value over its own phones, or that of \
         the command where it has none; a command with a value below `slot_threshold` is not accepted. Of stretches longer than `longest` each piece is searched by itself."
    }

    fn params(&self) -> Vec<ParamSpec> {
        let duration = |name, default: u64, about| ParamSpec {
            name,
            param_type: ParamType::Duration,
            default: Some(ParamValue::Duration(Duration::from_millis(default))),
            about,
        };
        vec![
            ParamSpec {
                name: GRAMMAR,
                param_type: ParamType::Text,
                default: None,
                about: "the file of the grammar, beside the pipeline",
            },
            ParamSpec {
                name: THRESHOLD,
                param_type: ParamType::Number { min: 0.0, max: 1.0 },
                default: Some(ParamValue::Number(0.3)),
                about: "least confidence of a command that is accepted",
            },
            ParamSpec {
                name: SLOT_THRESHOLD,
                param_type: ParamType::Number { min: 0.0, max: 1.0 },
                default: Some(ParamValue::Number(0.0)),
                about: "least confidence of each value of a command that is accepted, over its own phones",
            },
            duration(PAUSE, 600, "how long nothing is said before an utterance ends"),
            duration(
                SILENCE,
                400,
                "silence that `model/phones` puts before the sound: it is taken from all times",
            ),
            duration(LONGEST, 15_000, "longest utterance that is searched at once"),
            ParamSpec {
                name: OTHERS,
                param_type: ParamType::Integer { min: 0, max: 8 },
                default: Some(ParamValue::Integer(0)),
                about: "further readings of each utterance, with another meaning",
            },
        ]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let about = "scores of phones, from `model/phones`";
        Ok(InputSpecs {
            named: vec![InputSpec::required(INPUT, Accepts::Any, about)],
            further: None,
        })
    }

    fn outputs(&self, params: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let listened = self.listened(params)?;
        read_scores(inputs)?;
        let intents = listened.intents.iter().map(String::len).max().unwrap_or(0);
        let seconds = || TensorType {
            unit: Some("s".to_owned()),
            ..TensorType::scalar(Element::F32)
        };
        let types = [
            TensorType::text(dim(intents.max(1))),
            TensorType::scalar(Element::U8).within(0.0, 1.0),
            TensorType::scalar(Element::F32).within(0.0, 1.0),
            seconds(),
            seconds(),
            TensorType::scalar(Element::I32),
            TensorType::text(dim(COMMANDS_BYTES)),
            TensorType::scalar(Element::F32).within(0.0, 1.0),
        ];
        let mut fields: Vec<Field> = FIELDS
            .iter()
            .zip(types)
            .map(|(name, of)| Field::new(*name, of))
            .collect();
        for (name, bytes) in listened.slots() {
            fields.push(Field::new(name, TensorType::text(dim(bytes.max(1)))));
        }
        Ok(vec![OutputSpec {
            may_be_absent: true,
            ..OutputSpec::new("command", PortType::Record(fields))
        }])
    }

    fn cost(&self, params: &Params, signature: &Signature, _: &Placement) -> Cost {
        let (Ok(listened), Ok((units, rate))) = (self.listened(params), read_scores(&signature.inputs))
        else {
            return Cost::default();
        };
        let ears = ears(params, rate);
        let states = listened.states() as u64;
        // Every state once for each unit, and as often again for each further reading and each of its parts.
        let searches = 1 + 4 * ears.others as u64;
        Cost {
            flops: 8 * states * u64::from(units) * searches,
            workspace_bytes: (listened.bytes(&ears) + COMMANDS_BYTES) as u64,
            ..Cost::default()
        }
    }

    fn build(
        &self,
        params: &Params,
        signature: &Signature,
        _: &Placement,
    ) -> Result<Box<dyn Node>, BuildError> {
        let refused = |faults: Vec<KindFault>| BuildError::Failed(crate::first_message(&faults));
        let listened = self.listened(params).map_err(refused)?;
        let (_, rate) = read_scores(&signature.inputs).map_err(refused)?;
        #[expect(clippy::cast_possible_truncation, reason = "a share between 0 and 1")]
        let thresholds =
            [THRESHOLD, SLOT_THRESHOLD].map(|name| params.number(name).unwrap_or_default() as f32);
        let silence_s = params.duration(SILENCE).unwrap_or_default().as_secs_f32();
        Ok(Box::new(CommandsNode {
            listener: Listener::new(Arc::clone(&listened), ears(params, rate)),
            told: Told::new(listened, (rate, thresholds, silence_s)),
        }))
    }
}

/// How an utterance is found, in units of so many thousandths of a Hertz.
fn ears(params: &Params, rate_mhz: u64) -> Ears {
    let units = |name: &str| {
        let time = params.duration(name).unwrap_or_default();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a duration of seconds has few units"
        )]
        let units = (time.as_secs_f64() * rate_mhz as f64 / 1e3).round() as usize;
        units.max(1)
    };
    let others = params
        .integer(OTHERS)
        .and_then(|others| usize::try_from(others).ok());
    Ears {
        units_max: units(LONGEST),
        pause_units: units(PAUSE),
        others: others.unwrap_or_default(),
    }
}

/// Most units that arrive, and how many there are in a second, in thousandths.
fn read_scores(inputs: &[ConnectedInput]) -> Result<(u32, u64), Vec<KindFault>> {
    let port = inputs.first().and_then(|input| input.port.as_ref());
    if let Some(PortType::Tensor(tensor)) = port
        && let [units, columns] = tensor.dims.as_slice()
        && let Some(rate) = tensor.rate_mhz.filter(|rate| *rate > 0)
        && tensor.element == Element::F32
        && columns.exact
        && columns.max as usize == OUTPUTS
    {
        return Ok((units.max, rate));
    }
    let found = match port {
        Some(port) => format!("`{port}` arrives here"),
        None => "nothing arrives here".to_owned(),
    };
    let message = format!("{found}, but commands are found in `f32[U, {OUTPUTS}]` with a rate");
    let fault = KindFault::new(FaultPlace::Input(INPUT.to_owned()), message);
    Err(vec![fault.help("connect `model/phones`")])
}

struct CommandsNode {
    listener: Listener,
    told: Told,
}

impl Node for CommandsNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let logits = inputs.require(0)?.tensor::<f32>(0)?;
        self.told.clear();
        for stretch in self.listener.stretches(logits) {
            let readings = self.listener.read(logits, stretch);
            self.told.add(stretch, &readings);
        }
        if self.told.is_empty() {
            return Ok(());
        }
        let out: &mut WriteLease = outputs.record(0)?;
        self.told.write(out)
    }
}

#[cfg(test)]
mod tests;
