//! What is known of a house: its places, things and people, what a robot can do there, and what its commands mean.

use std::sync::Arc;

use motet_core::diagnostic::{Diagnostics, Source};

use super::read;
use super::template::Template;

/// A world file that was read.
#[derive(Clone, Debug)]
pub struct World {
    /// What it is of, for people.
    pub about: String,
    /// Where the robot is when a plan begins: a place.
    pub robot_at: usize,
    /// Things that it can carry at once.
    pub hands: usize,
    /// Lowest and highest place that it can take from or put on, in metres above the floor.
    pub reach_m: [f64; 2],
    /// The person who speaks: the last of [`World::entities`].
    pub speaker: usize,
    /// Places, things and people, in the order of the file; then the speaker.
    pub entities: Vec<Entity>,
    /// What commands mean, beside those that are built in.
    pub commands: Vec<(String, Vec<Template>)>,
}

/// What an [`Entity`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Where a robot can be, or where things lie.
    Place,
    /// What can be named, and mostly be taken.
    Thing,
    /// Who can be spoken to, followed or guided.
    Person,
}

/// A place, a thing or a person.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    /// What it is.
    pub sort: Sort,
    /// Its name in plans.
    pub name: String,
    /// What it is called, each as words in small letters: its name, and others.
    pub called: Vec<Vec<String>>,
    /// What it is in or on; none for a place by itself.
    pub at: Option<usize>,
    /// Where it is, in metres on the robot's map.
    pub position: Option<[f64; 2]>,
    /// Metres above the floor, of itself and of what lies on it.
    pub height_m: Option<f64>,
    /// True for what stays where it is, such as furniture.
    pub is_fixed: bool,
    /// True for what there is more of where one was taken, such as the cups of a machine.
    pub is_many: bool,
    /// True for a place that the robot may not go to.
    pub is_closed: bool,
    /// Whether it is open, for what opens.
    pub open: Option<bool>,
    /// Whether it is on, for what is switched.
    pub on: Option<bool>,
}

impl World {
    /// Reads the text of a world file.
    ///
    /// # Errors
    /// Every fault, each with its place.
    pub fn read(source: &Arc<Source>) -> Result<Self, Diagnostics> {
        read::read(source)
    }
}

/// A text as words: letters and digits in small letters, apostrophes within.
pub fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|letter: char| !letter.is_alphanumeric() && letter != '\'')
        .map(|word| word.trim_matches('\'').trim_end_matches("'s"))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}
