//! `control/plan`: what a robot is to do, from what it was told and what it knows.

use std::sync::Arc;

use motet_core::arena::ReadLease;
use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, FaultPlace, InputSpec, InputSpecs, KindFault, NodeKind,
    OutputSpec, ParamSpec, ParamType, Params, Signature,
};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Element, Field, PortType, TensorType};

use crate::files::Files;
use crate::model::{ModelSources, dim};

mod form;
mod goal;
mod ground;
mod maker;
mod read;
mod state;
pub mod steps;
pub mod template;
mod wording;
pub mod world;

pub use goal::{Command, Said};
pub use maker::plan;
use steps::{Plan, Reason};
pub use world::World;

const WORLD: &str = "world";
const INPUTS: [&str; 3] = ["commands", "form", "text"];
/// Longest plan, in bytes of JSON.
const PLAN_BYTES: usize = 16 << 10;
/// Longest sentence about a plan.
const MESSAGE_BYTES: usize = 1 << 10;

/// The kind `control/plan`. A world is read once for all its nodes.
pub struct Planner {
    worlds: Files<World>,
}

impl Planner {
    /// The kind with worlds beside the pipelines of these sources.
    pub fn new(sources: ModelSources) -> Planner {
        Planner {
            worlds: Files::new(sources, WORLD),
        }
    }
}

impl NodeKind for Planner {
    fn name(&self) -> &str {
        "control/plan"
    }

    fn about(&self) -> &str {
        "Makes steps for a robot of what it was told, by a world: a file beside the pipeline with places, things, people and \
         what commands mean, which docs/plans.md describes and `motet check` checks. What was told comes as `commands` of \
         `speech/commands` or `model/frames`; or as a logical form, the `label` of `model/intent`, with the text that it is \
         of. All commands become one plan, or none of them is done: an unknown place, thing or person, a place that is \
         closed, a thing that stays where it is or that is out of reach, hands that are full, and what contradicts the world \
         or itself are refused. Output: `status`, which is `planned` or `refused`; `reason`, empty where nothing is refused, \
         as in `unknown_place`; `message`, a sentence about the reason; `count`, how many steps there are; `plan`, the steps \
         or the refusal as JSON, by docs/plan.schema.json. Where nothing was told there is no plan: the output is absent."
    }

    fn params(&self) -> Vec<ParamSpec> {
        vec![ParamSpec {
            name: WORLD,
            param_type: ParamType::Text,
            default: None,
            about: "the file of the world, beside the pipeline",
        }]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let abouts = [
            "`commands` of `speech/commands` or `model/frames`",
            "`label` of `model/intent`, a logical form",
            "the text that the form is of",
        ];
        let specs = INPUTS.iter().zip(abouts);
        Ok(InputSpecs {
            named: specs
                .map(|(name, about)| InputSpec::optional(name, Accepts::Any, about))
                .collect(),
            further: None,
        })
    }

    fn outputs(&self, params: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        self.worlds.get(params, World::read)?;
        Told::read(inputs)?;
        let text = |bytes: usize| TensorType::text(dim(bytes));
        let mut plan = OutputSpec::new(
            "plan",
            PortType::Record(vec![
                Field::new("status", text(8)),
                Field::new("reason", text(16)),
                Field::new("message", text(MESSAGE_BYTES)),
                Field::new("count", TensorType::scalar(Element::I32)),
                Field::new("plan", text(PLAN_BYTES)),
            ]),
        );
        plan.may_be_absent = true;
        Ok(vec![plan])
    }

    fn cost(&self, params: &Params, _: &Signature, _: &Placement) -> Cost {
        let entities = self
            .worlds
            .get(params, World::read)
            .map_or(0, |world| world.entities.len());
        Cost {
            // Names are looked for at every word.
            flops: 64 * 64 * entities as u64,
            workspace_bytes: (2 * PLAN_BYTES + 64 * entities) as u64,
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
        Ok(Box::new(PlannerNode {
            world: self.worlds.get(params, World::read).map_err(refused)?,
            told: Told::read(&signature.inputs).map_err(refused)?,
        }))
    }
}

/// Where what was told arrives: the input, and the field of a record.
enum Told {
    /// Commands as JSON.
    Commands(Option<usize>),
    /// A logical form, and the text that it is of.
    Form(Option<usize>, Option<usize>),
}

impl Told {
    fn read(inputs: &[ConnectedInput]) -> Result<Told, Vec<KindFault>> {
        let port = |index: usize| inputs.get(index).and_then(|input| input.port.as_ref());
        let text = |index: usize, field: &str| -> Result<Option<usize>, Vec<KindFault>> {
            let refused = || {
                let message = match port(index) {
                    Some(port) => format!("`{port}` arrives here, but a text `{field}` is read"),
                    None => format!("nothing arrives here, but a text `{field}` is read"),
                };
                vec![KindFault::new(
                    FaultPlace::Input(INPUTS[index].to_owned()),
                    message,
                )]
            };
            match port(index) {
                Some(PortType::Tensor(tensor)) if tensor.element == Element::Utf8 => Ok(None),
                Some(record @ PortType::Record(_)) => match record.field(field) {
                    Some((place, tensor)) if tensor.element == Element::Utf8 => Ok(Some(place)),
                    Some(_) | None => Err(refused()),
                },
                Some(PortType::Tensor(_)) | None => Err(refused()),
            }
        };
        match [port(0), port(1), port(2)].map(|port| port.is_some()) {
            [true, false, false] => Ok(Told::Commands(text(0, "commands")?)),
            [false, true, true] => Ok(Told::Form(text(1, "label")?, text(2, "text")?)),
            _ => {
                let message = "a plan is made of `commands` alone, or of `form` and `text`".to_owned();
                let fault = KindFault::new(FaultPlace::Input(INPUTS[0].to_owned()), message);
                Err(vec![fault.help(
                    "connect `speech/commands` or `model/frames` as `in: {commands: frames}`",
                )])
            }
        }
    }
}

struct PlannerNode {
    world: Arc<World>,
    told: Told,
}

impl Node for PlannerNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let text = |index: usize, field: Option<usize>| -> Result<Option<&str>, NodeError> {
            let lease: Option<&ReadLease> = inputs.get(index);
            Ok(lease.map(|lease| lease.text(field.unwrap_or(0))).transpose()?)
        };
        let plan = match self.told {
            Told::Commands(field) => {
                let Some(commands) = text(0, field)? else {
                    return Ok(());
                };
                let commands: Vec<Command> = serde_json::from_str(commands)
                    .map_err(|fault| NodeError::Failed(format!("these are no commands in JSON: {fault}")))?;
                plan(&self.world, &commands)
            }
            Told::Form(form, of) => {
                let (Some(form), Some(of)) = (text(1, form)?, text(2, of)?) else {
                    return Ok(());
                };
                let goals = form::goals(form, of, &self.world);
                maker::plan_of(&self.world, std::iter::once((0, goals)))
            }
        };
        write(plan, outputs)
    }
}

fn write(mut plan: Plan, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
    let json =
        |plan: &Plan| serde_json::to_string(plan).map_err(|fault| NodeError::Failed(fault.to_string()));
    let mut told = json(&plan)?;
    if told.len() > PLAN_BYTES {
        plan = maker::refused(Reason::NotUnderstood, "the plan would be too long".to_owned(), 0);
        told = json(&plan)?;
    }
    let (status, reason, message) = match &plan.refused {
        Some(refused) => ("refused", refused.reason.name(), refused.message.as_str()),
        None => ("planned", "", ""),
    };
    let out = outputs.record(0)?;
    out.text(0, status)?;
    out.text(1, reason)?;
    out.text(2, &message[..message.floor_char_boundary(MESSAGE_BYTES)])?;
    out.tensor::<i32>(3, &[])?
        .fill(i32::try_from(plan.steps.len()).unwrap_or(i32::MAX));
    out.text(4, &told)?;
    Ok(())
}

#[cfg(test)]
mod tests;
