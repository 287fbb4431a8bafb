//! Logical forms with open names, and what fills them.
//!
//! # Source
//! Walker, Peng and Cakmak 2019, "Neural semantic parsing with anonymization for command understanding in
//! general-purpose service robots", section 3: lambda calculus over `bring`, `find`, `follow`, `go`, `guide`, `put`,
//! `say`, `answer`, `count` and `pour`, with `<name>`, `<room>`, `<location>`, `<object>` and others in the place of what
//! was said. Which mention fills which place is our own.

use super::goal::{Goal, SPEAKER};
use super::steps::Reason;
use super::world::{Sort, World, words};

/// Deepest form that is read.
const DEPTH_MAX: usize = 16;

/// A part of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// A word, or a text in quotes.
    Word(String),
    /// What stands in brackets.
    List(Vec<Part>),
}

/// What a form asks for, with the names that a text has for its open places.
///
/// # Errors
/// Why it asks for nothing, and a sentence about that.
pub(super) fn goals(form: &str, text: &str, world: &World) -> Result<Vec<Goal>, (Reason, String)> {
    let mut tokens = form.split_whitespace();
    let part = read(&mut tokens, DEPTH_MAX)
        .filter(|_| tokens.next().is_none())
        .ok_or_else(|| not_understood(&format!("`{form}` is no logical form")))?;
    let mut filler = Filler::of(text, world);
    filler.goals(&part)
}

fn not_understood(message: &str) -> (Reason, String) {
    (Reason::NotUnderstood, message.to_owned())
}

fn read<'a>(tokens: &mut impl Iterator<Item = &'a str>, depth: usize) -> Option<Part> {
    match tokens.next()? {
        "(" => {
            let mut parts = Vec::new();
            loop {
                // A closing bracket is a word to those that read one part.
                match read(tokens, depth.checked_sub(1)?)? {
                    Part::Word(word) if word == ")" => return Some(Part::List(parts)),
                    part => parts.push(part),
                }
            }
        }
        "\"" => {
            let quoted: Vec<&str> = tokens.by_ref().take_while(|token| *token != "\"").collect();
            Some(Part::Word(quoted.join(" ")))
        }
        word => Some(Part::Word(word.to_owned())),
    }
}

impl Part {
    fn word(&self) -> &str {
        match self {
            Part::Word(word) => word,
            Part::List(_) => "",
        }
    }

    /// The first word of a list, and what follows.
    fn call(&self) -> (&str, &[Part]) {
        match self {
            Part::List(parts) => match parts.split_first() {
                Some((first, rest)) => (first.word(), rest),
                None => ("", &[]),
            },
            Part::Word(word) => (word, &[]),
        }
    }

    /// The first part anywhere within that begins with this word.
    fn within(&self, name: &str) -> Option<&Part> {
        match self {
            Part::List(parts) if parts.first().is_some_and(|first| first.word() == name) => Some(self),
            Part::List(parts) => parts.iter().find_map(|part| part.within(name)),
            Part::Word(_) => None,
        }
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Part::List(parts) => parts.iter().any(|part| part.has(name)),
            Part::Word(word) => word == name,
        }
    }
}

/// The names in a text that open places are filled with, each once.
struct Filler<'a> {
    text: &'a str,
    people: Vec<String>,
    things: Vec<String>,
    /// Places, and whether something goes there.
    places: Vec<(String, bool)>,
}

/// Words for how something is, in forms.
const LIKE: [&str; 20] = [
    "female",
    "male",
    "sitting",
    "standing",
    "lying",
    "biggest",
    "largest",
    "smallest",
    "heaviest",
    "lightest",
    "thinnest",
    "leftmost",
    "rightmost",
    "above",
    "below",
    "behind",
    "on_top_of",
    "left_of",
    "right_of",
    "gender",
];

impl<'a> Filler<'a> {
    fn of(text: &'a str, world: &World) -> Self {
        let said = words(text);
        let (mut people, mut things, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for mention in world.mentions(&said) {
            let name = said[mention.start..mention.start + mention.length].join(" ");
            match world.entities[mention.entity].sort {
                Sort::Person if mention.entity == world.speaker => (),
                Sort::Person => people.push(name),
                // What things stand on is a place here.
                Sort::Thing if !world.entities[mention.entity].is_fixed => things.push(name),
                Sort::Thing | Sort::Place => {
                    let before = said[..mention.start].iter().rev().take(3);
                    let goes = before
                        .into_iter()
                        .any(|word| matches!(word.as_str(), "to" | "into" | "onto"));
                    places.push((name, goes));
                }
            }
        }
        Self {
            text,
            people,
            things,
            places,
        }
    }

    fn goals(&mut self, part: &Part) -> Result<Vec<Goal>, (Reason, String)> {
        let (name, rest) = part.call();
        let first = rest.first();
        Ok(match name {
            "lambda" | "sequence" => {
                let mut goals = Vec::new();
                let steps = rest.iter().filter(|part| matches!(part, Part::List(_)));
                for step in steps {
                    goals.extend(self.goals(step)?);
                }
                goals
            }
            "go" => vec![Goal::Goto(self.place(true)?)],
            "follow" | "guide" => {
                let has_place = part.has("at");
                let to = rest.get(1).filter(|to| is_open(to));
                // The place that one goes to is found first, so that the other is where the person is.
                let to = to.map(|_| self.place(true)).transpose()?;
                let at = has_place.then(|| self.place(false)).transpose()?;
                let person = self.person(part)?;
                vec![match name {
                    "follow" => Goal::Follow { person, at, to },
                    _ => Goal::Guide { person, at, to },
                }]
            }
            "bring" => self.bring(rest)?,
            "put" => {
                let on = self.place(true)?;
                let from = first
                    .is_some_and(|what| what.has("at"))
                    .then(|| self.place(false))
                    .transpose()?;
                vec![Goal::Put {
                    thing: self.thing()?,
                    from,
                    on,
                }]
            }
            "find" | "count" => {
                let at = part.has("at").then(|| self.place(false)).transpose()?;
                let what = self.what(part)?;
                vec![match name {
                    "count" => Goal::Count { what, at },
                    _ => Goal::Find { what, at },
                }]
            }
            "pour" => {
                let mut named = |name: &str| Ok((name.to_owned(), self.thing()?));
                let with: Result<_, (Reason, String)> =
                    ["what", "into"].into_iter().map(&mut named).collect();
                vec![Goal::Do {
                    name: "pour".to_owned(),
                    with: with?,
                }]
            }
            "say" => self.say(rest)?,
            _ => return Err(not_understood("nothing was understood that a robot can do")),
        })
    }

    fn bring(&mut self, rest: &[Part]) -> Result<Vec<Goal>, (Reason, String)> {
        let what = rest.first();
        let has_person = rest.get(1).is_some_and(|to| matches!(to, Part::List(_)));
        let from_open = rest.get(1).is_some_and(is_open) || what.is_some_and(|what| what.has("at"));
        let to = match (has_person, rest.get(1)) {
            (true, Some(to)) => self.person(to)?,
            _ => SPEAKER.to_owned(),
        };
        let is_named = what.is_some_and(|what| what.within("is_a").is_some())
            && !LIKE.iter().any(|like| what.is_some_and(|what| what.has(like)));
        let from = from_open.then(|| self.place(false)).transpose()?;
        if is_named {
            return Ok(vec![Goal::Give {
                thing: self.thing()?,
                from,
                to,
            }]);
        }
        // What is only described has to be found by looking.
        let what = match what {
            Some(what) => self.what(what)?,
            None => return Err(not_understood("nothing says what to bring")),
        };
        let with = [("what".to_owned(), what.clone()), ("to".to_owned(), to)]
            .into_iter()
            .collect();
        Ok(vec![
            Goal::Find { what, at: from },
            Goal::Do {
                name: "bring".to_owned(),
                with,
            },
        ])
    }

    fn say(&mut self, rest: &[Part]) -> Result<Vec<Goal>, (Reason, String)> {
        let Some(what) = rest.first() else {
            return Err(not_understood("nothing says what to say"));
        };
        let hearer = rest.get(1);
        if let Some(hearer) = hearer {
            let at = hearer.has("at").then(|| self.place(false)).transpose()?;
            let person = self.person(hearer)?;
            if what.within("answer").is_some() {
                return Ok(vec![Goal::Answer { person, at }]);
            }
            let found = Goal::Find {
                what: person.clone(),
                at,
            };
            let text = self.text.to_owned();
            return Ok(vec![
                found,
                Goal::Say {
                    text,
                    to: Some(person),
                },
            ]);
        }
        let at = what.has("at").then(|| self.place(false)).transpose()?;
        let of = self.what(what)?;
        let look = match what.within("count") {
            Some(_) => Goal::Count { what: of, at },
            None => Goal::Find { what: of, at },
        };
        let to = Some(SPEAKER.to_owned());
        Ok(vec![
            look,
            Goal::Say {
                text: String::new(),
                to,
            },
        ])
    }

    /// The person of a part: by name, or as they are described.
    fn person(&mut self, part: &Part) -> Result<String, (Reason, String)> {
        if part.within("name").is_some() || part.call().0 == "name" {
            if self.people.is_empty() {
                let message = format!("`{}` names nobody who is known", self.text);
                return Err((Reason::UnknownPerson, message));
            }
            return Ok(self.people.remove(0));
        }
        Ok([&like(part), "person"].concat())
    }

    /// A thing or a person, by name or as described.
    fn what(&mut self, part: &Part) -> Result<String, (Reason, String)> {
        if part.has("person") {
            return self.person(part);
        }
        match self.things.is_empty() {
            false => Ok([&like(part), self.things.remove(0).as_str()].concat()),
            true => Ok([&like(part), "object"].concat()),
        }
    }

    fn thing(&mut self) -> Result<String, (Reason, String)> {
        if self.things.is_empty() {
            let message = format!("`{}` names no thing that is known", self.text);
            return Err((Reason::UnknownThing, message));
        }
        Ok(self.things.remove(0))
    }

    /// The next place: of those that something goes to, or of the others where there are any.
    fn place(&mut self, goes: bool) -> Result<String, (Reason, String)> {
        let fits = self.places.iter().position(|(_, to)| *to == goes);
        let found = fits.or_else(|| match goes {
            true => self.places.len().checked_sub(1),
            false => (!self.places.is_empty()).then_some(0),
        });
        match found {
            Some(found) => Ok(self.places.remove(found).0),
            None => Err((
                Reason::UnknownPlace,
                format!("`{}` names no place that is known", self.text),
            )),
        }
    }
}

/// True for an open place, as `<room>`.
fn is_open(part: &Part) -> bool {
    part.word().starts_with('<')
}

/// How something is described, with a blank behind.
fn like(part: &Part) -> String {
    let found = LIKE.iter().filter(|name| part.has(name));
    found.map(|name| format!("{} ", name.replace('_', " "))).collect()
}
