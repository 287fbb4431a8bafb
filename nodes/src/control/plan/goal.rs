//! What commands ask for.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::steps::Reason;
use super::template::{Action, Template, filled, slots};
use super::world::{World, words};

/// A command as it comes from speech or text, with what fills it in.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Command {
    /// False for one that was heard but is not sure enough.
    #[serde(default = "yes")]
    pub accepted: bool,
    /// What is wanted; empty where nothing was understood.
    #[serde(default)]
    pub intent: String,
    /// The words that say so.
    #[serde(default)]
    pub text: String,
    /// What fills it in, in the order in which it was said.
    #[serde(default)]
    pub slots: Vec<Said>,
}

/// A part of a command.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Said {
    /// Its name.
    pub name: String,
    /// What was said.
    pub value: String,
}

fn yes() -> bool {
    true
}

/// What is to be reached, with names as they were said.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Goal {
    Goto(String),
    Find {
        what: String,
        at: Option<String>,
    },
    Take {
        thing: String,
        from: Option<String>,
    },
    Put {
        thing: String,
        from: Option<String>,
        on: String,
    },
    Give {
        thing: String,
        from: Option<String>,
        to: String,
    },
    Release {
        thing: String,
    },
    Follow {
        person: String,
        at: Option<String>,
        to: Option<String>,
    },
    Guide {
        person: String,
        at: Option<String>,
        to: Option<String>,
    },
    Look {
        at: String,
    },
    Switch {
        thing: String,
        on: bool,
    },
    Open {
        thing: String,
    },
    Close {
        thing: String,
    },
    Turn {
        direction: String,
    },
    Count {
        what: String,
        at: Option<String>,
    },
    Say {
        text: String,
        to: Option<String>,
    },
    Answer {
        person: String,
        at: Option<String>,
    },
    Do {
        name: String,
        with: BTreeMap<String, String>,
    },
    Note {
        what: String,
        at: Option<String>,
    },
}

/// Who speaks.
pub(super) const SPEAKER: &str = "me";
/// What steps before have found, as a text to say.
pub(super) const RESULT: &str = "result";

impl Command {
    /// What was said for a name; what has no word in it says nothing.
    fn said(&self, name: &str) -> Option<&str> {
        let says = |said: &&Said| said.name == name && !words(&said.value).is_empty();
        let found = self.slots.iter().find(says);
        found.map(|said| said.value.as_str())
    }

    /// The first of these roles that was said.
    fn first(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.said(name)).map(str::to_owned)
    }

    /// What this command asks for, in a world.
    ///
    /// # Errors
    /// Why it asks for nothing, and a sentence about that.
    pub(super) fn goals(&self, world: &World) -> Result<Vec<Goal>, (Reason, String)> {
        if let Some((_, templates)) = world.commands.iter().find(|(name, _)| *name == self.intent) {
            let mut goals = Vec::with_capacity(templates.len());
            for template in templates {
                goals.extend(self.filled(template)?);
            }
            return Ok(goals);
        }
        self.frame().map(|goal| vec![goal])
    }

    /// A step of a world file with what was said; none where it may be left out.
    fn filled(&self, template: &Template) -> Result<Option<Goal>, (Reason, String)> {
        let mut arguments: Vec<Option<String>> = Vec::new();
        for (_, text) in &template.arguments {
            arguments.push(filled(text, |name| self.said(name)));
        }
        if arguments.iter().any(Option::is_none) {
            if template.is_optional {
                return Ok(None);
            }
            let needed = template.arguments.iter().flat_map(|(_, text)| slots(text));
            let mut missing: Vec<&str> = needed
                .flatten()
                .filter(|name| self.said(name).is_none())
                .collect();
            missing.dedup();
            let missing = missing.join("`, `");
            let message = format!("`{}` needs `{missing}`, which was not said", self.intent);
            return Err((Reason::Incomplete, message));
        }
        let named = |name: &str| {
            let place = template
                .arguments
                .iter()
                .skip(1)
                .position(|(known, _)| known == name);
            place.and_then(|place| arguments[place + 1].clone())
        };
        let first = arguments.first().cloned().flatten().unwrap_or_default();
        Ok(Some(self.step(template.action, first, named)))
    }

    /// A step by its first argument and those with names.
    fn step(&self, action: Action, first: String, named: impl Fn(&str) -> Option<String>) -> Goal {
        match action {
            Action::Goto => Goal::Goto(first),
            Action::Find => Goal::Find {
                what: first,
                at: named("at"),
            },
            Action::Take => Goal::Take {
                thing: first,
                from: named("from"),
            },
            Action::Put => match named("on") {
                Some(on) => Goal::Put {
                    thing: first,
                    from: named("from"),
                    on,
                },
                None => Goal::Release { thing: first },
            },
            Action::Give => Goal::Give {
                thing: first,
                from: named("from"),
                to: named("to").unwrap_or_else(|| SPEAKER.to_owned()),
            },
            Action::Follow => Goal::Follow {
                person: first,
                at: None,
                to: named("to"),
            },
            Action::Guide => Goal::Guide {
                person: first,
                at: None,
                to: named("to"),
            },
            Action::Look => Goal::Look { at: first },
            Action::Switch => Goal::Switch {
                thing: first,
                on: named("to").is_none_or(|to| !is_off(&to)),
            },
            Action::Open => Goal::Open { thing: first },
            Action::Close => Goal::Close { thing: first },
            Action::Turn => Goal::Turn { direction: first },
            Action::Say => Goal::Say {
                text: first,
                to: named("to"),
            },
            Action::Do => Goal::Do {
                name: first,
                with: self.all(),
            },
        }
    }

    /// The frames of HuRIC.
    ///
    /// # Source
    /// Bastianelli et al. 2014, "HuRIC: a human robot interaction corpus", for frames and roles; what a robot does about
    /// each is our own.
    fn frame(&self) -> Result<Goal, (Reason, String)> {
        match self.intent.as_str() {
            "motion" | "arriving" | "cotheme" | "change_direction" => self.moving(),
            "bringing" | "giving" | "taking" | "manipulation" | "placing" | "releasing" => self.handling(),
            "locating" | "inspecting" | "perception_active" | "being_located" | "being_in_category" => {
                self.seeing()
            }
            "change_operational_state" | "closure" | "attaching" => self.changing(),
            "" => Err((Reason::NotUnderstood, "nothing was understood".to_owned())),
            intent => Err((
                Reason::NotUnderstood,
                format!("the world says nothing about `{intent}`"),
            )),
        }
    }

    /// The first of these roles, which the command cannot do without.
    fn need(&self, names: &[&str], what: &str) -> Result<String, (Reason, String)> {
        self.first(names)
            .ok_or_else(|| (Reason::Incomplete, format!("`{}` does not say {what}", self.text)))
    }

    fn moving(&self) -> Result<Goal, (Reason, String)> {
        Ok(match self.intent.as_str() {
            "cotheme" => Goal::Follow {
                person: self.need(&["cotheme"], "whom")?,
                at: None,
                to: self.first(&["goal"]),
            },
            "change_direction" => Goal::Turn {
                direction: self.need(&["direction", "angle"], "where to")?,
            },
            _ => match self.first(&["goal", "path", "location", "area"]) {
                Some(goal) => Goal::Goto(goal),
                None => Goal::Turn {
                    direction: self.need(&["direction", "distance"], "where to")?,
                },
            },
        })
    }

    fn handling(&self) -> Result<Goal, (Reason, String)> {
        let thing = self.need(&["theme", "entity", "item"], "what")?;
        let from = self.first(&["source"]);
        Ok(match self.intent.as_str() {
            "bringing" | "giving" => match (self.first(&["beneficiary", "recipient"]), self.first(&["goal"]))
            {
                (Some(to), _) => Goal::Give { thing, from, to },
                (None, Some(on)) => Goal::Put { thing, from, on },
                (None, None) => Goal::Give {
                    thing,
                    from,
                    to: SPEAKER.to_owned(),
                },
            },
            "placing" | "releasing" => match self.first(&["goal", "location", "containing_object"]) {
                Some(on) => Goal::Put { thing, from, on },
                None => Goal::Release { thing },
            },
            _ => Goal::Take { thing, from },
        })
    }

    fn seeing(&self) -> Result<Goal, (Reason, String)> {
        Ok(match self.intent.as_str() {
            "locating" => Goal::Find {
                what: self.need(&["sought_entity", "theme", "entity"], "what")?,
                at: self.first(&["ground", "location"]),
            },
            "inspecting" | "perception_active" => Goal::Look {
                at: self.need(
                    &["ground", "phenomenon", "entity", "location", "sought_entity"],
                    "at what",
                )?,
            },
            _ => Goal::Note {
                what: self.first(&["theme", "item"]).unwrap_or_default(),
                at: self.first(&["location", "place", "category"]),
            },
        })
    }

    fn changing(&self) -> Result<Goal, (Reason, String)> {
        let words = words(&self.text);
        let says = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
        Ok(match self.intent.as_str() {
            "change_operational_state" => Goal::Switch {
                thing: self.need(&["device", "theme"], "what")?,
                on: !self
                    .first(&["operational_state"])
                    .is_some_and(|state| is_off(&state))
                    && !says(&["off", "deactivate", "stop", "disable", "extinguish"]),
            },
            "closure" => {
                let thing = self.need(&["container_portal", "containing_object", "theme"], "what")?;
                match says(&["open", "unlock"]) {
                    true => Goal::Open { thing },
                    false => Goal::Close { thing },
                }
            }
            _ => Goal::Do {
                name: match says(&["disconnect", "detach", "unplug", "unhook"]) {
                    true => "detach".to_owned(),
                    false => "attach".to_owned(),
                },
                with: self.all(),
            },
        })
    }

    /// Everything that was said, by name.
    fn all(&self) -> BTreeMap<String, String> {
        let said = self.slots.iter();
        said.map(|said| (said.name.clone(), said.value.clone())).collect()
    }
}

/// True for the word of something that is switched off.
fn is_off(state: &str) -> bool {
    words(state)
        .iter()
        .any(|word| matches!(word.as_str(), "off" | "down" | "out"))
}
