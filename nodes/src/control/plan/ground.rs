//! From words to what they name in a world.

use super::world::{Entity, Sort, World, words};

/// Why words name nothing, or too much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// No name of the world is in them.
    Unknown,
    /// Several entities are called so, and nothing tells them apart.
    Ambiguous(Vec<usize>),
    /// There are some that are called so, but none of them is where the words say: in or on this.
    Elsewhere(usize, usize),
}

/// A name of the world among words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mention {
    /// The first of the words.
    pub(super) start: usize,
    /// How many they are.
    pub(super) length: usize,
    /// One of those that are called so.
    pub(super) entity: usize,
}

/// Words that stand for what was named last.
const AGAIN: [&str; 10] = [
    "it", "them", "this", "that", "one", "him", "her", "he", "she", "they",
];
/// Words that join a place to what is there.
const JOINING: [&str; 16] = [
    "in", "on", "at", "from", "to", "into", "onto", "of", "near", "under", "inside", "behind", "by", "with",
    "and", "the",
];

/// Where things are while a plan is made, and what was spoken of.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) at: Vec<Option<usize>>,
    pub(super) robot_at: usize,
    /// What was spoken of, the last at the end.
    pub(super) recent: Vec<usize>,
}

impl Scene {
    pub(super) fn of(world: &World) -> Scene {
        Scene {
            at: world.entities.iter().map(|entity| entity.at).collect(),
            robot_at: world.robot_at,
            recent: Vec::new(),
        }
    }

    /// What something is in or on, then what that is in or on, and so on.
    pub(super) fn around(&self, entity: usize) -> impl Iterator<Item = usize> {
        // What lies in itself was refused, so that there are no more of them than entities.
        std::iter::successors(self.at[entity], |at| self.at[*at]).take(self.at.len())
    }

    /// Whether one entity is in or on another, in one or more steps.
    pub(super) fn is_within(&self, inner: usize, outer: usize) -> bool {
        self.around(inner).any(|around| around == outer)
    }

    /// Remembers what was spoken of.
    pub(super) fn speak_of(&mut self, entity: usize) {
        self.recent.retain(|known| *known != entity);
        self.recent.push(entity);
    }
}

impl World {
    /// The place, thing or person that words name as a plan begins; none where there is none, or several that nothing tells
    /// apart.
    pub fn named(&self, text: &str) -> Option<&Entity> {
        let sorts = [Sort::Thing, Sort::Place, Sort::Person];
        let found = self.ground(text, &sorts, &Scene::of(self)).ok()?;
        self.entities.get(found)
    }

    /// Finds what words name, of one of these sorts, the first sorts first.
    ///
    /// The name that counts is the first that is not followed at once by another: in *the kitchen table near the window*
    /// the table. What comes before or behind tells several of that name apart, by where they are.
    pub(super) fn ground(&self, text: &str, sorts: &[Sort], scene: &Scene) -> Result<usize, Lost> {
        self.ground_fit(text, (sorts, &|_| true), scene)
    }

    /// The same, where *it* is the last that fits, if any does.
    pub(super) fn ground_fit(
        &self,
        text: &str,
        (sorts, fits): (&[Sort], &dyn Fn(usize) -> bool),
        scene: &Scene,
    ) -> Result<usize, Lost> {
        let said = words(text);
        let mentions = self.mentions(&said);
        let mut head = 0;
        while let (Some(this), Some(next)) = (mentions.get(head), mentions.get(head + 1))
            && this.start + this.length == next.start
        {
            head += 1;
        }
        let Some(named) = mentions.get(head) else {
            return self.again(&said, (sorts, fits), scene).ok_or(Lost::Unknown);
        };
        let words = &said[named.start..named.start + named.length];
        let called: Vec<usize> = self.called(words);
        let of_sort = sorts.iter().find_map(|sort| {
            let found: Vec<usize> = called
                .iter()
                .copied()
                .filter(|entity| self.entities[*entity].sort == *sort)
                .collect();
            (!found.is_empty()).then_some(found)
        });
        let mut found = of_sort.ok_or(Lost::Unknown)?;
        for (_, mention) in mentions.iter().enumerate().filter(|(index, _)| *index != head) {
            let named = &said[mention.start..mention.start + mention.length];
            let around = self.called(named);
            let kept: Vec<usize> = found
                .iter()
                .copied()
                .filter(|entity| around.iter().any(|place| scene.is_within(*entity, *place)))
                .collect();
            match (kept.is_empty(), found.len()) {
                (false, _) => found = kept,
                (true, 1) if self.is_place_for(&said, mention, &around) => {
                    return Err(Lost::Elsewhere(found[0], around[0]));
                }
                (true, _) => (),
            }
        }
        match found[..] {
            [one] => Ok(one),
            _ => Err(Lost::Ambiguous(found)),
        }
    }

    /// True where a mention says where something is, in a place that things can be in or on.
    fn is_place_for(&self, said: &[String], mention: &Mention, around: &[usize]) -> bool {
        let before = said[..mention.start].iter().rev().take(2);
        let holds = |entity: &usize| {
            let has = |other: &Entity| other.at == Some(*entity);
            self.entities[*entity].sort == Sort::Place || self.entities.iter().any(has)
        };
        around.iter().any(holds)
            && before
                .into_iter()
                .any(|word| matches!(word.as_str(), "in" | "on" | "at" | "from" | "inside"))
    }

    /// Everything that is called so.
    fn called(&self, words: &[String]) -> Vec<usize> {
        let is_called = |entity: &Entity| entity.called.iter().any(|name| matches_name(words, name));
        (0..self.entities.len())
            .filter(|entity| is_called(&self.entities[*entity]))
            .collect()
    }

    /// The names of the world among words, from left to right, the longest where several begin.
    pub(super) fn mentions(&self, said: &[String]) -> Vec<Mention> {
        let mut found = Vec::new();
        let mut start = 0;
        while start < said.len() {
            let here = self.entities.iter().enumerate().flat_map(|(entity, of)| {
                let names = of.called.iter().filter(|name| {
                    let end = start + name.len();
                    end <= said.len() && matches_name(&said[start..end], name)
                });
                names.map(move |name| (name.len(), entity))
            });
            match here.max_by_key(|(length, entity)| (*length, usize::MAX - entity)) {
                Some((length, entity)) => {
                    found.push(Mention {
                        start,
                        length,
                        entity,
                    });
                    start += length;
                }
                None => start += 1,
            }
        }
        found
    }

    /// What was spoken of last, where words say no more than that.
    fn again(
        &self,
        said: &[String],
        (sorts, fits): (&[Sort], &dyn Fn(usize) -> bool),
        scene: &Scene,
    ) -> Option<usize> {
        let mut rest = said.iter().filter(|word| !JOINING.contains(&word.as_str()));
        let word = rest.next()?.as_str();
        if rest.next().is_some() {
            return None;
        }
        match word {
            "here" if sorts.contains(&Sort::Place) => Some(scene.robot_at),
            "there" if sorts.contains(&Sort::Place) => self.last(Sort::Place, scene, &|_| true),
            _ if AGAIN.contains(&word) => {
                let last = |fits| sorts.iter().find_map(|sort| self.last(*sort, scene, fits));
                last(fits).or_else(|| last(&|_| true))
            }
            _ => None,
        }
    }

    /// The last that was spoken of.
    fn last(&self, sort: Sort, scene: &Scene, fits: &dyn Fn(usize) -> bool) -> Option<usize> {
        let of_sort = |entity: &&usize| self.entities[**entity].sort == sort && fits(**entity);
        scene.recent.iter().rev().find(of_sort).copied()
    }
}

/// True for a name, or its plural.
fn matches_name(said: &[String], name: &[String]) -> bool {
    said.len() == name.len()
        && said.iter().zip(name).all(|(said, name)| {
            said == name
                || said.strip_suffix('s') == Some(name)
                || said.strip_suffix("es") == Some(name)
                || name.strip_suffix('s') == Some(said)
        })
}
