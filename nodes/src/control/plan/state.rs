//! What is open or shut, on or off, and what of that is asked for.

use super::maker::{Maker, Refused};
use super::steps::{Reason, Step};
use super::wording::the;
use super::world::Sort;

impl Maker<'_> {
    pub(super) fn switch(&mut self, thing: &str, on: bool) -> Result<(), Refused> {
        let thing = self.find_fit(thing, &[Sort::Thing], &|entity| entity.on.is_some())?;
        if self.on[thing].is_none() {
            let message = format!("{} is nothing that is switched", the(self.entity(thing)));
            return Err((Reason::NotPossible, message));
        }
        self.want(thing, ("on", "off"), on)?;
        self.touch(thing)?;
        self.on[thing] = Some(on);
        self.step(Step::Switch {
            thing: self.name(thing),
            on,
        });
        Ok(())
    }

    pub(super) fn set_open(&mut self, thing: &str, open: bool) -> Result<(), Refused> {
        let thing = self.find_fit(thing, &[Sort::Thing, Sort::Place], &|entity| {
            entity.open.is_some()
        })?;
        if self.open[thing].is_none() {
            let message = format!("{} is nothing that opens", the(self.entity(thing)));
            return Err((Reason::NotPossible, message));
        }
        self.want(thing, ("open", "closed"), open)?;
        self.touch(thing)?;
        self.open[thing] = Some(open);
        let name = self.name(thing);
        self.step(match open {
            true => Step::Open { thing: name },
            false => Step::Close { thing: name },
        });
        Ok(())
    }

    /// Refuses what is already so, and what these commands have asked to be otherwise.
    fn want(&mut self, thing: usize, names: (&'static str, &'static str), to: bool) -> Result<(), Refused> {
        let state = if to { names.0 } else { names.1 };
        let before = self
            .wanted
            .iter()
            .find(|(known, name, _)| *known == thing && *name == names.0);
        if before.is_some_and(|(_, _, wanted)| *wanted != to) {
            let message = format!(
                "{} is asked to be {} and {}",
                the(self.entity(thing)),
                names.0,
                names.1
            );
            return Err((Reason::Contradiction, message));
        }
        let is = match names.0 {
            "on" => self.on[thing],
            _ => self.open[thing],
        };
        if before.is_none() && is == Some(to) {
            let message = format!("{} is {state} already", the(self.entity(thing)));
            return Err((Reason::Contradiction, message));
        }
        self.wanted.push((thing, names.0, to));
        Ok(())
    }
}
