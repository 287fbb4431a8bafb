//! What a plan is made of.

use std::collections::BTreeMap;

use serde::Serialize;

/// What was made of commands: steps in their order, or the reason for having none.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Plan {
    /// What is to be done; empty where the commands are refused.
    pub steps: Vec<Step>,
    /// Why nothing may be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refusal>,
}

/// One step of a robot. Names are those of the world, but for what the world does not have, which is as it was said.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Step {
    /// Go there.
    Goto {
        /// A place, or what stands there.
        place: String,
        /// Metres on the robot's map.
        #[serde(skip_serializing_if = "Option::is_none")]
        position: Option<[f64; 2]>,
    },
    /// Look for it until it is seen.
    Find {
        /// A thing or a person, or a description of one.
        what: String,
        /// Where.
        #[serde(skip_serializing_if = "Option::is_none")]
        at: Option<String>,
    },
    /// Take it into a hand.
    Take {
        /// The thing.
        thing: String,
        /// What it is in or on.
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<String>,
    },
    /// Put down what is held.
    Put {
        /// The thing.
        thing: String,
        /// A place, or a thing that it comes in or on.
        on: String,
    },
    /// Give away what is held.
    Give {
        /// The thing.
        thing: String,
        /// To whom.
        person: String,
    },
    /// Let go of what is held.
    Release {
        /// The thing.
        thing: String,
    },
    /// Walk behind somebody.
    Follow {
        /// Whom.
        person: String,
        /// How far; until told otherwise where there is none.
        #[serde(skip_serializing_if = "Option::is_none")]
        to: Option<String>,
    },
    /// Walk before somebody.
    Guide {
        /// Whom.
        person: String,
        /// Where to; where they say, where there is none.
        #[serde(skip_serializing_if = "Option::is_none")]
        to: Option<String>,
    },
    /// Look at it and tell what is seen.
    Look {
        /// A thing or a place.
        at: String,
    },
    /// Switch it.
    Switch {
        /// The thing.
        thing: String,
        /// True for on.
        on: bool,
    },
    /// Open it.
    Open {
        /// The thing.
        thing: String,
    },
    /// Close it.
    Close {
        /// The thing.
        thing: String,
    },
    /// Turn to a side.
    Turn {
        /// As it was said.
        direction: String,
    },
    /// Count what is seen.
    Count {
        /// Things or people, as they were said.
        what: String,
    },
    /// Say something.
    Say {
        /// The words; `result` for what the steps before have found.
        text: String,
        /// To whom; to whoever is there where there is none.
        #[serde(skip_serializing_if = "Option::is_none")]
        person: Option<String>,
    },
    /// Ask somebody for their question and answer it.
    Answer {
        /// Whom.
        person: String,
    },
    /// Something of the robot's own.
    Do {
        /// Its name in the world file.
        name: String,
        /// What was said, by the names of slots.
        with: BTreeMap<String, String>,
    },
    /// Remember what was told.
    Note {
        /// As it was said.
        text: String,
    },
}

/// Why a command is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The reason, for programs.
    pub reason: Reason,
    /// The reason, for people: a sentence.
    pub message: String,
    /// The place of the command among those that were given, from 0.
    pub command: usize,
}

/// Every reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Nothing was understood that anything can be done about.
    NotUnderstood,
    /// The command needs something that was not said.
    Incomplete,
    /// The world has no such place.
    UnknownPlace,
    /// The world has no such thing.
    UnknownThing,
    /// The world has no such person.
    UnknownPerson,
    /// The world has several that are called so.
    Ambiguous,
    /// It is too high or too low, or in what cannot be opened.
    OutOfReach,
    /// The robot may not go there.
    ClosedPlace,
    /// It stays where it is.
    Fixed,
    /// The robot has no hand free, or no hand.
    HandsFull,
    /// It cannot be opened, closed or switched.
    NotPossible,
    /// What is said is against what the world says, or against what was said before.
    Contradiction,
}

impl Reason {
    /// Its name in plans.
    pub fn name(self) -> &'static str {
        match self {
            Reason::NotUnderstood => "not_understood",
            Reason::Incomplete => "incomplete",
            Reason::UnknownPlace => "unknown_place",
            Reason::UnknownThing => "unknown_thing",
            Reason::UnknownPerson => "unknown_person",
            Reason::Ambiguous => "ambiguous",
            Reason::OutOfReach => "out_of_reach",
            Reason::ClosedPlace => "closed_place",
            Reason::Fixed => "fixed",
            Reason::HandsFull => "hands_full",
            Reason::NotPossible => "not_possible",
            Reason::Contradiction => "contradiction",
        }
    }
}
