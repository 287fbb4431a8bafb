//! Which names of a note are the same person: by given name and surname together, then by either alone.
//!
//! "Samuel Ortega", "Ortega, Samuel", "S. Ortega", "Mr. Ortega" and "Samuel" are one person unless the note has two of
//! that surname; then the surname alone is whoever was named with it first.

use std::collections::BTreeMap;

/// The people of a note, who are numbered in the order in which they first appear.
pub(super) struct People {
    /// The person of a given name and a surname together.
    whole: BTreeMap<(String, String), usize>,
    /// The first person of a given name or of a surname.
    parts: BTreeMap<String, usize>,
    /// The first person of an initial and a surname.
    initialled: BTreeMap<(char, String), usize>,
    /// The first person of two initials.
    initials: BTreeMap<(char, char), usize>,
    person_count: usize,
    numbers: BTreeMap<usize, usize>,
}

/// The parts of a written name.
enum Written {
    Whole { given: String, surname: String },
    Initialled { initial: char, surname: String },
    Initials(char, char),
    Part(String),
}

impl People {
    /// The people of all names of a note. Names of two parts come first, so that a single one is joined to its whole.
    pub(super) fn of<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut people = People {
            whole: BTreeMap::new(),
            parts: BTreeMap::new(),
            initialled: BTreeMap::new(),
            initials: BTreeMap::new(),
            person_count: 0,
            numbers: BTreeMap::new(),
        };
        for name in names {
            if let whole @ Written::Whole { .. } = read(name) {
                people.person(whole);
            }
        }
        people
    }

    /// The number of the person of a name, from 1 in the order of asking.
    pub(super) fn number(&mut self, name: &str) -> usize {
        let person = self.person(read(name));
        let next = self.numbers.len() + 1;
        *self.numbers.entry(person).or_insert(next)
    }

    fn person(&mut self, name: Written) -> usize {
        let known = match &name {
            Written::Whole { given, surname } => self.whole.get(&(given.clone(), surname.clone())),
            Written::Initialled { initial, surname } => self.initialled.get(&(*initial, surname.clone())),
            Written::Initials(first, last) => self.initials.get(&(*first, *last)),
            Written::Part(part) => self.parts.get(part),
        };
        if let Some(person) = known {
            return *person;
        }
        let person = self.person_count;
        self.person_count += 1;
        self.learn(name, person);
        person
    }

    fn learn(&mut self, name: Written, person: usize) {
        match name {
            Written::Whole { given, surname } => {
                if let (Some(first), Some(last)) = (given.chars().next(), surname.chars().next()) {
                    self.initialled.entry((first, surname.clone())).or_insert(person);
                    self.initials.entry((first, last)).or_insert(person);
                }
                self.parts.entry(given.clone()).or_insert(person);
                self.parts.entry(surname.clone()).or_insert(person);
                self.whole.insert((given, surname), person);
            }
            Written::Initialled { initial, surname } => {
                self.parts.entry(surname.clone()).or_insert(person);
                self.initialled.insert((initial, surname), person);
            }
            Written::Initials(first, last) => {
                self.initials.insert((first, last), person);
            }
            Written::Part(part) => {
                self.parts.insert(part, person);
            }
        }
    }
}

/// The parts of a name; what stands before a comma is the surname.
fn read(name: &str) -> Written {
    let small = name.to_lowercase();
    let (before, after) = small.split_once(',').unwrap_or((&small, ""));
    let words = |text: &str| -> Vec<String> {
        text.split(|sign: char| !(sign.is_alphanumeric() || matches!(sign, '\'' | '’' | '-')))
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let (surnames, given_names) = (words(before), words(after));
    let ordered: Vec<String> = given_names.iter().chain(&surnames).cloned().collect();
    let is_initial = |word: &String| word.chars().count() == 1;
    let first_letter = |word: &String| word.chars().next().unwrap_or(' ');
    match ordered.as_slice() {
        [] => Written::Part(small),
        [one] => Written::Part(one.clone()),
        [first, .., last] if is_initial(first) && is_initial(last) => {
            Written::Initials(first_letter(first), first_letter(last))
        }
        [first, .., last] if is_initial(first) => Written::Initialled {
            initial: first_letter(first),
            surname: last.clone(),
        },
        [first, middle @ .., last] if is_initial(last) => {
            match middle.last().filter(|word| !is_initial(word)) {
                Some(surname) => Written::Whole {
                    given: first.clone(),
                    surname: surname.clone(),
                },
                None => Written::Part(first.clone()),
            }
        }
        [first, .., last] => Written::Whole {
            given: first.clone(),
            surname: last.clone(),
        },
    }
}
