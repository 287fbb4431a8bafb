//! Reads a world file.

use std::sync::Arc;

use motet_core::diagnostic::{Code, Diagnostic, Diagnostics, Source, Span};
use motet_core::yaml::{self, Path, Place, Yaml};

use super::template::{ACTIONS, Template, slots};
use super::world::{Entity, Sort, World, words};

const HEAD: [&str; 8] = [
    "world", "about", "robot", "speaker", "places", "things", "people", "commands",
];
const ROBOT: [&str; 3] = ["at", "hands", "reach"];
const ENTITY: [&str; 9] = [
    "names", "at", "position", "height", "fixed", "many", "closed", "open", "on",
];
/// Most places, things and people of a world.
const ENTITIES_MAX: usize = 10_000;
/// The name of who speaks.
const SPEAKER: &str = "speaker";

/// Reads the text of a world.
pub(super) fn read(source: &Arc<Source>) -> Result<World, Diagnostics> {
    let document = yaml::read_source(source)?;
    let mut reader = Reader {
        source: Arc::clone(source),
        faults: Diagnostics::new(),
        entities: Vec::new(),
        paths: Vec::new(),
    };
    let world = reader.world(&document);
    reader.faults.or(world).map(|(world, _)| world)
}

struct Reader {
    source: Arc<Source>,
    faults: Diagnostics,
    entities: Vec<Entity>,
    /// Where each of them stands.
    paths: Vec<Path>,
}

impl Reader {
    fn world(&mut self, document: &Yaml) -> World {
        let root = Path::root();
        self.known(
            document,
            &root,
            &HEAD,
            "a mapping with `world`, `robot` and `places`",
        );
        match document.get("world") {
            Some(Yaml::Integer(1)) => (),
            Some(other) => self.wrong(other, &root.key("world"), "the version of the format, 1"),
            None => self.missing("world", "world: 1"),
        }
        for (section, sort) in [
            ("places", Sort::Place),
            ("things", Sort::Thing),
            ("people", Sort::Person),
        ] {
            self.section(document, section, sort);
        }
        if !self.entities.iter().any(|entity| entity.sort == Sort::Place) {
            self.missing("places", "places: {kitchen: {}}");
        }
        let path = root.key("robot");
        let robot = document.get("robot").unwrap_or(&Yaml::Null);
        let (hands, reach_m) = self.body(robot, &path);
        let speaker = document.get("speaker").unwrap_or(&Yaml::Null);
        let called = [&["me"][..], &["i"], &["myself"], &["us"]];
        let mut speaker = self.entity(SPEAKER, Sort::Person, speaker, root.key(SPEAKER));
        speaker
            .called
            .extend(called.map(|words| words.iter().map(|word| (*word).to_owned()).collect()));
        self.entities.push(speaker);
        self.paths.push(root.key(SPEAKER));
        let robot_at = self.place_of(robot.get("at"), &path);
        self.settle(document);
        let commands = self.commands(document);
        let speaker = self.entities.len() - 1;
        if self.entities[speaker].at.is_none() {
            self.entities[speaker].at = robot_at;
        }
        World {
            about: document
                .get("about")
                .and_then(Yaml::scalar_text)
                .unwrap_or_default(),
            robot_at: robot_at.unwrap_or(0),
            hands,
            reach_m: reach_m.unwrap_or([0.0, f64::INFINITY]),
            speaker,
            entities: std::mem::take(&mut self.entities),
            commands,
        }
    }

    /// How many things a robot carries, and what it reaches.
    fn body(&mut self, robot: &Yaml, path: &Path) -> (usize, Option<[f64; 2]>) {
        self.known(robot, path, &ROBOT, "a mapping with `at`");
        let hands = match robot.get("hands") {
            None => 1,
            Some(Yaml::Integer(hands @ 0..=8)) => usize::try_from(*hands).unwrap_or(1),
            Some(other) => {
                self.wrong(
                    other,
                    &path.key("hands"),
                    "how many things it carries, from 0 to 8",
                );
                1
            }
        };
        let reach_m = robot.get("reach").map_or(Some([0.0, f64::INFINITY]), |reach| {
            self.pair(
                reach,
                &path.key("reach"),
                "lowest and highest height in metres, as in `[0.2, 1.5]`",
            )
        });
        (hands, reach_m)
    }

    fn section(&mut self, document: &Yaml, section: &str, sort: Sort) {
        let Some(value) = document.get(section) else {
            return;
        };
        let path = Path::root().key(section);
        let Yaml::Map(entries) = value else {
            self.wrong(
                value,
                &path,
                "a mapping of names, as in `kitchen: {names: [kitchenette]}`",
            );
            return;
        };
        for (name, value) in entries {
            let path = path.key(name);
            if let Some(before) = self.entities.iter().position(|entity| entity.name == *name) {
                let span = path.find(&self.source, Place::Key);
                let first = self.paths[before].find(&self.source, Place::Key);
                let fault = Diagnostic::error(Code("MT0702"), span, format!("`{name}` is there twice"));
                self.faults.push(
                    fault
                        .and(first, "the first")
                        .help("give one another name, and what it is called in `names`"),
                );
                continue;
            }
            if self.entities.len() >= ENTITIES_MAX {
                let span = path.find(&self.source, Place::Key);
                let message = format!("there are more than {ENTITIES_MAX} places, things and people");
                self.faults.push(Diagnostic::error(Code("MT0702"), span, message));
                return;
            }
            let entity = self.entity(name, sort, value, path.clone());
            self.entities.push(entity);
            self.paths.push(path);
        }
    }

    fn entity(&mut self, name: &str, sort: Sort, value: &Yaml, path: Path) -> Entity {
        self.known(
            value,
            &path,
            &ENTITY,
            "a mapping, as in `{at: kitchen, names: [cup]}`",
        );
        let mut called = vec![words(name)];
        match value.get("names") {
            None => (),
            Some(Yaml::List(names)) => {
                for (index, name) in names.iter().enumerate() {
                    match name.scalar_text() {
                        Some(name) if !words(&name).is_empty() => called.push(words(&name)),
                        _ => self.wrong(name, &path.key("names").index(index), "what it is called"),
                    }
                }
            }
            Some(other) => self.wrong(
                other,
                &path.key("names"),
                "a list of names, as in `[cup, beaker]`",
            ),
        }
        if called[0].is_empty() {
            let span = path.find(&self.source, Place::Key);
            let fault = Diagnostic::error(Code("MT0702"), span, format!("`{name}` has no word in it"));
            self.faults.push(fault.help("names are said: give it letters"));
        }
        let flag = |reader: &mut Self, name: &str| match value.get(name) {
            None => None,
            Some(Yaml::Bool(is)) => Some(*is),
            Some(other) => {
                reader.wrong(other, &path.key(name), "`true` or `false`");
                None
            }
        };
        let height_m = value.get("height").and_then(|height| {
            let number = height.number().filter(|height| height.is_finite());
            if number.is_none() {
                self.wrong(height, &path.key("height"), "metres above the floor");
            }
            number
        });
        let position = value
            .get("position")
            .and_then(|value| self.pair(value, &path.key("position"), "two numbers, as in `[2.5, 4]`"));
        Entity {
            sort,
            name: name.to_owned(),
            called,
            at: None,
            position,
            height_m,
            is_fixed: flag(self, "fixed").unwrap_or(sort != Sort::Thing),
            is_many: flag(self, "many").unwrap_or(false),
            is_closed: flag(self, "closed").unwrap_or(false),
            open: flag(self, "open"),
            on: flag(self, "on"),
        }
    }

    /// Finds where each entity is, when the names of all are known.
    fn settle(&mut self, document: &Yaml) {
        let sections = ["places", "things", "people"].map(|section| document.get(section));
        let found = sections.into_iter().flatten();
        let entries = found.filter_map(|section| match section {
            Yaml::Map(entries) => Some(entries.iter()),
            _ => None,
        });
        let speaker = document.get(SPEAKER).map(|speaker| (SPEAKER, speaker));
        let all: Vec<(&str, &Yaml)> = entries
            .flatten()
            .map(|(name, value)| (name.as_str(), value))
            .chain(speaker)
            .collect();
        for (name, value) in all {
            let (Some(entity), Some(at)) = (self.find(name), value.get("at")) else {
                continue;
            };
            let path = self.paths[entity].clone();
            self.entities[entity].at = self.place_of(Some(at), &path);
        }
        for entity in 0..self.entities.len() {
            let (mut place, mut steps) = (self.entities[entity].at, 0);
            while let Some(at) = place.filter(|_| steps <= self.entities.len()) {
                place = self.entities[at].at;
                steps += 1;
            }
            if place.is_some() {
                let span = self.paths[entity].find(&self.source, Place::Key);
                let message = format!("`{}` is in itself", self.entities[entity].name);
                self.faults.push(
                    Diagnostic::error(Code("MT0703"), span, message)
                        .help("change what `at` says of one of them"),
                );
                self.entities[entity].at = None;
            }
        }
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.entities.iter().position(|entity| entity.name == name)
    }

    /// The place that the entry `at` names.
    fn place_of(&mut self, at: Option<&Yaml>, path: &Path) -> Option<usize> {
        let Some(at) = at else {
            if *path == Path::root().key("robot") {
                self.missing("robot", "robot: {at: hall}");
            }
            return None;
        };
        let Some(name) = at.scalar_text() else {
            self.wrong(at, &path.key("at"), "the name of a place or a thing");
            return None;
        };
        match self
            .find(&name)
            .filter(|found| self.entities[*found].sort != Sort::Person)
        {
            Some(found) => Some(found),
            None => {
                let span = path.key("at").find(&self.source, Place::Value);
                self.unknown(span, &name);
                None
            }
        }
    }

    fn commands(&mut self, document: &Yaml) -> Vec<(String, Vec<Template>)> {
        let path = Path::root().key("commands");
        match document.get("commands") {
            None => Vec::new(),
            Some(Yaml::Map(entries)) => entries
                .iter()
                .map(|(name, steps)| (name.clone(), self.steps(steps, &path.key(name))))
                .collect(),
            Some(other) => {
                self.wrong(other, &path, "a mapping from commands to lists of steps");
                Vec::new()
            }
        }
    }

    fn steps(&mut self, value: &Yaml, path: &Path) -> Vec<Template> {
        let Yaml::List(steps) = value else {
            self.wrong(
                value,
                path,
                "a list of steps, as in `[{goto: kitchen}, {take: cup}]`",
            );
            return Vec::new();
        };
        let steps = steps.iter().enumerate();
        steps
            .filter_map(|(index, step)| self.step(step, path.index(index)))
            .collect()
    }

    fn step(&mut self, value: &Yaml, path: Path) -> Option<Template> {
        let Yaml::Map(entries) = value else {
            self.wrong(value, &path, "a step, as in `{put: cup, on: table}`");
            return None;
        };
        let (first, _) = entries.first()?;
        let Some((_, action, further)) = ACTIONS.iter().find(|(name, _, _)| name == first) else {
            let span = path.key(first).find(&self.source, Place::Key);
            let fault = Diagnostic::error(
                Code("MT0704"),
                span.clone(),
                format!("there is no step `{first}`"),
            );
            let names = ACTIONS.map(|(name, _, _)| name);
            self.faults.push(fault.suggest(span, first, names));
            return None;
        };
        let mut template = Template {
            action: *action,
            arguments: Vec::new(),
            is_optional: false,
        };
        for (index, (name, value)) in entries.iter().enumerate() {
            let at = path.key(name);
            match value {
                Yaml::Bool(is) if name == "maybe" => template.is_optional = *is,
                _ if index > 0 && !further.contains(&name.as_str()) => {
                    let span = at.find(&self.source, Place::Key);
                    let message = format!("the step `{first}` has nothing called `{name}`");
                    let fault = Diagnostic::error(Code("MT0704"), span.clone(), message);
                    self.faults
                        .push(fault.suggest(span, name, further.iter().copied().chain(["maybe"])));
                }
                value => match value
                    .scalar_text()
                    .filter(|text| slots(text).is_some() && !words(text).is_empty())
                {
                    Some(text) => template.arguments.push((name.clone(), text)),
                    None => self.wrong(value, &at, "a name, a text, or a slot as in `{size}` in quotes"),
                },
            }
        }
        Some(template)
    }

    fn pair(&mut self, value: &Yaml, path: &Path, expected: &str) -> Option<[f64; 2]> {
        if let Yaml::List(values) = value
            && let [Some(first), Some(second)] = values.iter().map(Yaml::number).collect::<Vec<_>>()[..]
            && first.is_finite()
            && second.is_finite()
        {
            return Some([first, second]);
        }
        self.wrong(value, path, expected);
        None
    }

    /// Refuses entries with other names than these.
    fn known(&mut self, value: &Yaml, path: &Path, names: &[&str], expected: &str) {
        match value {
            Yaml::Map(entries) => {
                for (name, _) in entries.iter().filter(|(name, _)| !names.contains(&name.as_str())) {
                    let span = path.key(name).find(&self.source, Place::Key);
                    let message = format!("there is no entry `{name}` here");
                    let fault = Diagnostic::error(Code("MT0111"), span.clone(), message);
                    self.faults.push(fault.suggest(span, name, names.iter().copied()));
                }
            }
            Yaml::Null => (),
            other => self.wrong(other, path, expected),
        }
    }

    fn unknown(&mut self, span: Span, name: &str) {
        let message = format!("there is no place or thing `{name}`");
        let fault = Diagnostic::error(Code("MT0701"), span.clone(), message);
        let names = self.entities.iter().filter(|entity| entity.sort != Sort::Person);
        let names: Vec<&str> = names.map(|entity| entity.name.as_str()).collect();
        self.faults.push(fault.suggest(span, name, names));
    }

    fn wrong(&mut self, value: &Yaml, path: &Path, expected: &str) {
        let span = path.find(&self.source, Place::Value);
        let message = format!("expected {expected}, found {}", value.describe());
        self.faults
            .push(Diagnostic::error(Code("MT0113"), span, message).help("docs/plans.md has the format"));
    }

    fn missing(&mut self, name: &str, example: &str) {
        let span = Span::new(&self.source, 0..0);
        let fault = Diagnostic::error(Code("MT0112"), span, format!("a world has no entry `{name}`"));
        self.faults.push(fault.help(format!("add `{example}`")));
    }
}
