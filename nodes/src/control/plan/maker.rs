//! From goals to steps, each checked against what is known of the world when it would be done.

use super::goal::{Command, Goal, RESULT};
use super::ground::{Lost, Scene};
use super::steps::{Plan, Reason, Refusal, Step};
use super::wording::{bare, is_person, the};
use super::world::{Entity, Sort, World};

/// Most steps of a plan.
const STEPS_MAX: usize = 64;
/// Why a goal cannot be reached.
pub(super) type Refused = (Reason, String);

/// Makes one plan of commands: of all of them, or of none.
pub fn plan(world: &World, commands: &[Command]) -> Plan {
    let accepted = commands
        .iter()
        .enumerate()
        .filter(|(_, command)| command.accepted);
    plan_of(
        world,
        accepted.map(|(place, command)| (place, command.goals(world))),
    )
}

/// The same of goals, each with the place of its command.
pub(super) fn plan_of(world: &World, all: impl Iterator<Item = (usize, Result<Vec<Goal>, Refused>)>) -> Plan {
    let mut maker = Maker {
        world,
        scene: Scene::of(world),
        held: Vec::new(),
        open: world.entities.iter().map(|entity| entity.open).collect(),
        on: world.entities.iter().map(|entity| entity.on).collect(),
        wanted: Vec::new(),
        steps: Vec::new(),
    };
    let mut is_empty = true;
    for (command, goals) in all {
        is_empty = false;
        let done = goals.and_then(|goals| goals.into_iter().try_for_each(|goal| maker.reach(goal)));
        if let Err((reason, message)) = done {
            return refused(reason, message, command);
        }
    }
    match is_empty {
        true => refused(Reason::NotUnderstood, "nothing was understood".to_owned(), 0),
        false => Plan {
            steps: maker.steps,
            refused: None,
        },
    }
}

pub(super) fn refused(reason: Reason, message: String, command: usize) -> Plan {
    Plan {
        steps: Vec::new(),
        refused: Some(Refusal {
            reason,
            message,
            command,
        }),
    }
}

/// The world while a plan is made.
pub(super) struct Maker<'a> {
    world: &'a World,
    scene: Scene,
    held: Vec<usize>,
    pub(super) open: Vec<Option<bool>>,
    pub(super) on: Vec<Option<bool>>,
    /// States that these commands have asked for: what must not be asked for otherwise.
    pub(super) wanted: Vec<(usize, &'static str, bool)>,
    steps: Vec<Step>,
}

impl Maker<'_> {
    fn reach(&mut self, goal: Goal) -> Result<(), Refused> {
        if self.steps.len() > STEPS_MAX {
            let message = format!("this would take more than {STEPS_MAX} steps");
            return Err((Reason::NotUnderstood, message));
        }
        match goal {
            Goal::Goto(place) => {
                let place = self.find(&place, &[Sort::Place, Sort::Thing, Sort::Person])?;
                self.go_to(place)
            }
            Goal::Find { what, at } => self.look_for(&what, at),
            Goal::Take { thing, from } => self.take(&thing, from).map(drop),
            Goal::Put { thing, from, on } => self.put(&thing, from, &on),
            Goal::Give { thing, from, to } => self.give(&thing, from, &to),
            Goal::Release { thing } => {
                let thing = self.take(&thing, None)?;
                self.let_go(thing, self.scene.robot_at);
                self.step(Step::Release {
                    thing: self.name(thing),
                });
                Ok(())
            }
            Goal::Follow { person, at, to } => {
                self.walk(&person, (at, to), |person, to| Step::Follow { person, to })
            }
            Goal::Guide { person, at, to } => {
                self.walk(&person, (at, to), |person, to| Step::Guide { person, to })
            }
            Goal::Look { at } => {
                let at = self.find(&at, &[Sort::Thing, Sort::Place, Sort::Person])?;
                self.go_to(at)?;
                self.step(Step::Look { at: self.name(at) });
                Ok(())
            }
            Goal::Switch { thing, on } => self.switch(&thing, on),
            Goal::Open { thing } => self.set_open(&thing, true),
            Goal::Close { thing } => self.set_open(&thing, false),
            Goal::Count { what, at } => {
                if let Some(at) = at {
                    let at = self.find(&at, &[Sort::Place, Sort::Thing])?;
                    self.go_to(at)?;
                }
                self.step(Step::Count { what: bare(&what) });
                Ok(())
            }
            Goal::Answer { person, at } => {
                let person = self.meet(&person, at)?;
                self.step(Step::Answer { person });
                Ok(())
            }
            Goal::Say { text, to } => {
                let person = to.map(|to| self.meet(&to, None)).transpose()?;
                let text = if text.is_empty() { RESULT.to_owned() } else { text };
                self.step(Step::Say { text, person });
                Ok(())
            }
            Goal::Turn { direction } => {
                self.step(Step::Turn {
                    direction: bare(&direction),
                });
                Ok(())
            }
            Goal::Do { name, with } => {
                self.step(Step::Do { name, with });
                Ok(())
            }
            Goal::Note { what, at } => {
                self.note(&what, at.as_deref());
                Ok(())
            }
        }
    }

    pub(super) fn step(&mut self, step: Step) {
        self.steps.push(step);
    }

    pub(super) fn name(&self, entity: usize) -> String {
        self.world.entities[entity].name.clone()
    }

    pub(super) fn entity(&self, entity: usize) -> &Entity {
        &self.world.entities[entity]
    }

    /// What words name, and remembers it.
    fn find(&mut self, text: &str, sorts: &[Sort]) -> Result<usize, Refused> {
        self.find_fit(text, sorts, &|_| true)
    }

    /// The same, where *it* is the last that fits.
    pub(super) fn find_fit(
        &mut self,
        text: &str,
        sorts: &[Sort],
        fits: &dyn Fn(&Entity) -> bool,
    ) -> Result<usize, Refused> {
        let fits = |entity: usize| fits(&self.world.entities[entity]);
        match self.world.ground_fit(text, (sorts, &fits), &self.scene) {
            Ok(entity) => {
                self.scene.speak_of(entity);
                Ok(entity)
            }
            Err(Lost::Unknown) => {
                let (reason, what) = match sorts.first() {
                    Some(Sort::Thing) => (Reason::UnknownThing, "thing"),
                    Some(Sort::Person) => (Reason::UnknownPerson, "person"),
                    Some(Sort::Place) | None => (Reason::UnknownPlace, "place"),
                };
                Err((
                    reason,
                    format!("no {what} that is known is called `{}`", bare(text)),
                ))
            }
            Err(Lost::Ambiguous(all)) => {
                let names: Vec<String> = all.iter().take(8).map(|entity| self.name(*entity)).collect();
                let message = format!("`{}` may be: {}", bare(text), names.join(", "));
                Err((Reason::Ambiguous, message))
            }
            Err(Lost::Elsewhere(entity, place)) => {
                let message = format!(
                    "{} is not at {}, as far as is known, but {}",
                    the(self.entity(entity)),
                    the(self.entity(place)),
                    self.where_is(entity)
                );
                Err((Reason::Contradiction, message))
            }
        }
    }

    fn where_is(&self, entity: usize) -> String {
        match self.scene.at[entity] {
            Some(at) => format!("at {}", the(self.entity(at))),
            None => "somewhere".to_owned(),
        }
    }

    /// The place that the robot stands at to reach something: the last on the way outwards that is a place.
    fn stand(&self, entity: usize) -> Option<usize> {
        let mut outwards = std::iter::once(entity).chain(self.scene.around(entity));
        outwards.find(|at| self.entity(*at).sort == Sort::Place)
    }

    fn go_to(&mut self, entity: usize) -> Result<(), Refused> {
        // Where something is that no place is known of, it has to be found.
        let Some(place) = self.stand(entity) else {
            self.step(Step::Find {
                what: self.name(entity),
                at: None,
            });
            return Ok(());
        };
        let outwards: Vec<usize> = std::iter::once(place).chain(self.scene.around(place)).collect();
        if let Some(closed) = outwards.iter().find(|at| self.entity(**at).is_closed) {
            let message = format!("the robot may not go to {}", the(self.entity(*closed)));
            return Err((Reason::ClosedPlace, message));
        }
        if self.scene.robot_at != place {
            self.scene.robot_at = place;
            self.scene.speak_of(place);
            let mut outwards = std::iter::once(entity).chain(outwards);
            let position = outwards.find_map(|at| self.entity(at).position);
            self.step(Step::Goto {
                place: self.name(place),
                position,
            });
        }
        Ok(())
    }

    /// Refuses what is too high, too low or in something that is shut; opens what can be opened.
    pub(super) fn touch(&mut self, entity: usize) -> Result<(), Refused> {
        self.go_to(entity)?;
        let around: Vec<usize> = self.scene.around(entity).collect();
        let mut outwards = std::iter::once(entity).chain(around.iter().copied());
        let height = outwards.find_map(|at| self.entity(at).height_m);
        for at in around {
            self.open_up(at);
        }
        let [low, high] = self.world.reach_m;
        match height.filter(|height| !(low..=high).contains(height)) {
            None => Ok(()),
            Some(height) => {
                let message = format!(
                    "{} is {height} m above the floor, the robot reaches from {low} m to {high} m",
                    the(self.entity(entity))
                );
                Err((Reason::OutOfReach, message))
            }
        }
    }

    /// Opens what is shut.
    fn open_up(&mut self, entity: usize) {
        if self.open[entity] == Some(false) {
            self.open[entity] = Some(true);
            self.step(Step::Open {
                thing: self.name(entity),
            });
        }
    }

    /// Takes a thing, unless it is held.
    fn take(&mut self, thing: &str, from: Option<String>) -> Result<usize, Refused> {
        let (thing, from) = match from {
            // Where a thing is tells it from others of its name.
            Some(from) => {
                let place = self.find(&from, &[Sort::Place, Sort::Thing, Sort::Person])?;
                (
                    self.find(&format!("{thing} from {from}"), &[Sort::Thing])?,
                    Some(place),
                )
            }
            None => (self.find(thing, &[Sort::Thing])?, None),
        };
        if self.held.contains(&thing) {
            return Ok(thing);
        }
        if let Some(from) = from
            && self.scene.at[thing] != Some(from)
            && !self.scene.is_within(thing, from)
        {
            let (what, place) = (the(self.entity(thing)), the(self.entity(from)));
            let message = format!(
                "{what} is not at {place}, as far as is known, but {}",
                self.where_is(thing)
            );
            return Err((Reason::Contradiction, message));
        }
        if self.entity(thing).is_fixed {
            let message = format!("{} stays where it is", the(self.entity(thing)));
            return Err((Reason::Fixed, message));
        }
        if self.held.len() >= self.world.hands {
            let held: Vec<String> = self.held.iter().map(|held| the(self.entity(*held))).collect();
            let message = match held.is_empty() {
                true => "the robot has no hand to take something with".to_owned(),
                false => format!("the robot already holds {}", held.join(" and ")),
            };
            return Err((Reason::HandsFull, message));
        }
        self.touch(thing)?;
        let from = self.scene.at[thing].map(|at| self.name(at));
        self.step(Step::Take {
            thing: self.name(thing),
            from,
        });
        self.held.push(thing);
        if !self.entity(thing).is_many {
            self.scene.at[thing] = None;
        }
        Ok(thing)
    }

    /// Remembers what was told: where something is counts for the rest of what is told with it.
    fn note(&mut self, what: &str, at: Option<&str>) {
        let of = |text: &str, sorts: &[Sort]| self.world.ground(text, sorts, &self.scene).ok();
        let entity = of(what, &[Sort::Thing, Sort::Person]);
        let place = at.and_then(|at| of(at, &[Sort::Place, Sort::Thing]));
        if let (Some(entity), Some(place)) = (entity, place)
            && entity != place
            && !self.entity(entity).is_fixed
            && !self.scene.is_within(place, entity)
        {
            self.scene.at[entity] = Some(place);
        }
        place
            .into_iter()
            .chain(entity)
            .for_each(|entity| self.scene.speak_of(entity));
        let text = at.map_or_else(|| what.to_owned(), |at| format!("{what} {at}"));
        self.step(Step::Note { text });
    }

    fn let_go(&mut self, thing: usize, at: usize) {
        self.held.retain(|held| *held != thing);
        if !self.entity(thing).is_many {
            self.scene.at[thing] = Some(at);
        }
    }

    fn put(&mut self, thing: &str, from: Option<String>, on: &str) -> Result<(), Refused> {
        let sorts = [Sort::Place, Sort::Thing, Sort::Person];
        if let Ok(person) = self.world.ground(on, &sorts, &self.scene)
            && self.entity(person).sort == Sort::Person
        {
            return self.give(thing, from, on);
        }
        let thing = self.take(thing, from)?;
        let on = self.find(on, &sorts)?;
        if on == thing || self.scene.is_within(on, thing) {
            let message = format!("{} cannot be put in or on itself", the(self.entity(thing)));
            return Err((Reason::Contradiction, message));
        }
        self.touch(on)?;
        self.open_up(on);
        self.let_go(thing, on);
        self.step(Step::Put {
            thing: self.name(thing),
            on: self.name(on),
        });
        self.scene.speak_of(thing);
        Ok(())
    }

    fn give(&mut self, thing: &str, from: Option<String>, to: &str) -> Result<(), Refused> {
        let thing = self.take(thing, from)?;
        let person = self.meet(to, None)?;
        let place = self.scene.robot_at;
        self.let_go(thing, place);
        self.scene.speak_of(thing);
        self.step(Step::Give {
            thing: self.name(thing),
            person,
        });
        Ok(())
    }

    fn walk(
        &mut self,
        person: &str,
        (at, to): (Option<String>, Option<String>),
        step: impl FnOnce(String, Option<String>) -> Step,
    ) -> Result<(), Refused> {
        let person = self.meet(person, at)?;
        let to = to
            .map(|to| self.find(&to, &[Sort::Place, Sort::Thing, Sort::Person]))
            .transpose()?;
        if let Some(place) = to.and_then(|to| self.stand(to)) {
            if self.entity(place).is_closed {
                let message = format!("the robot may not go to {}", the(self.entity(place)));
                return Err((Reason::ClosedPlace, message));
            }
            self.scene.robot_at = place;
        }
        self.step(step(person, to.map(|to| self.name(to))));
        Ok(())
    }

    /// Goes to a person, who is looked for where the world does not know them, and returns their name.
    fn meet(&mut self, person: &str, at: Option<String>) -> Result<String, Refused> {
        let at = at
            .map(|at| self.find(&at, &[Sort::Place, Sort::Thing]))
            .transpose()?;
        if let Ok(person) = self.world.ground(person, &[Sort::Person], &self.scene) {
            self.scene.speak_of(person);
            self.go_to(at.unwrap_or(person))?;
            return Ok(self.name(person));
        }
        if !is_person(person) {
            return self.find(person, &[Sort::Person]).map(|person| self.name(person));
        }
        if let Some(at) = at {
            self.go_to(at)?;
        }
        let what = bare(person);
        let at = at.map(|at| self.name(at));
        self.step(Step::Find {
            what: what.clone(),
            at,
        });
        Ok(what)
    }

    fn look_for(&mut self, what: &str, at: Option<String>) -> Result<(), Refused> {
        let at = at
            .map(|at| self.find(&at, &[Sort::Place, Sort::Thing, Sort::Person]))
            .transpose()?;
        let found = self.world.ground(what, &[Sort::Thing, Sort::Person], &self.scene);
        let known = found.ok();
        if let Some(known) = known {
            self.scene.speak_of(known);
        }
        // What is looked for need not be known, but where it is looked for must be.
        if let Some(place) = at.or(known) {
            self.go_to(place)?;
        }
        let what = known.map_or_else(|| bare(what), |known| self.name(known));
        self.step(Step::Find {
            what,
            at: at.map(|at| self.name(at)),
        });
        Ok(())
    }
}
