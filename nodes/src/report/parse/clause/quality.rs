//! The clause about what is wrong with the data.
//!
//! A sensor behind a flag is that flag's; one before flags is that of all flags up to the next sensor or the end.

use super::super::super::record::FlagKind;
use super::super::lexicon::Word;
use super::super::token::{NumberUnit, TextError, Token};
use super::super::{Fact, Reading};
use super::Cursor;

struct Item {
    kind: FlagKind,
    sensor: Option<String>,
    seconds: Option<Reading>,
    /// Whether the sensor was named behind it.
    is_named: bool,
}

impl Cursor<'_> {
    pub(super) fn flags(&mut self, facts: &mut Vec<Fact>) -> Result<(), TextError> {
        let mut carried: Option<String> = None;
        let mut items: Vec<Item> = Vec::new();
        // Whether a new item may begin with what comes next.
        let mut is_between = true;
        while let Some(token) = self.next() {
            match token {
                Token::Word(Word::Flag(kind)) => {
                    items.push(Item {
                        kind: *kind,
                        sensor: carried.clone(),
                        seconds: None,
                        is_named: false,
                    });
                    is_between = false;
                }
                Token::Number(reading, Some(NumberUnit::Time(seconds))) if !is_between => {
                    let Some(item) = items.last_mut().filter(|item| item.seconds.is_none()) else {
                        return self.unused();
                    };
                    item.seconds = Some(Reading {
                        value: reading.value * seconds,
                        half: reading.half * seconds,
                    });
                }
                Token::Sensor(name) if is_between => carried = Some(name.clone()),
                Token::Sensor(name) => {
                    let Some(item) = items
                        .last_mut()
                        .filter(|item| !item.is_named && carried.is_none())
                    else {
                        return self.unused();
                    };
                    item.sensor = Some(name.clone());
                    item.is_named = true;
                }
                Token::Mark(',' | ':') | Token::Word(Word::And) => is_between = true,
                Token::Word(Word::Filler | Word::At) | Token::Mark(_) => (),
                _ => return self.unused(),
            }
        }
        facts.extend(items.into_iter().map(|item| Fact::Flag {
            kind: item.kind,
            sensor: item.sensor,
            seconds: item.seconds,
        }));
        Ok(())
    }

    /// `the data are flawed`
    pub(super) fn flawed_data(&mut self, facts: &mut Vec<Fact>) -> Result<(), TextError> {
        while let Some(token) = self.next() {
            match token {
                Token::Word(Word::FlawedData) => facts.push(Fact::FlawedData),
                Token::Word(Word::Filler | Word::And) | Token::Mark(_) => (),
                _ => return self.unused(),
            }
        }
        Ok(())
    }
}
