//! A place in a clause, and what can be taken from there.

use super::super::super::record::{Quantity, Unit};
use super::super::lexicon::Word;
use super::super::token::{NumberUnit, Placed, TextError, Token};
use super::super::{Measure, ProbabilityRead, QuantityRead, Reading, Stamp};

/// A place in a clause.
pub(super) struct Cursor<'a> {
    pub(super) tokens: &'a [Placed],
    pub(super) at: usize,
    /// Where the clause begins.
    pub(super) offset: usize,
}

impl Cursor<'_> {
    pub(super) fn quantity(&mut self) -> Result<QuantityRead, TextError> {
        let exact = |quantity| Ok(QuantityRead::Exact(quantity));
        match self.next() {
            Some(Token::Word(Word::Quantity(quantity))) => exact(*quantity),
            Some(Token::Word(Word::Defect(order))) => exact(Quantity::Defect {
                order: *order,
                harmonic: 1,
            }),
            Some(Token::Word(Word::Harmonic)) => {
                let harmonic = self.small_number()?;
                self.skip(|token| matches!(token, Token::Word(Word::Filler)));
                match self.next() {
                    Some(Token::Word(Word::Defect(order))) => exact(Quantity::Defect {
                        order: *order,
                        harmonic,
                    }),
                    _ => self.unused(),
                }
            }
            Some(Token::Word(Word::ShaftOrder)) => {
                let order = self.small_number()?;
                exact(Quantity::Shaft { order })
            }
            Some(Token::Word(Word::Band)) => {
                let from = self.reading()?;
                self.expect_word(Word::To)?;
                let to = self.measure()?;
                if to.unit != Unit::Hertz {
                    return self.unused();
                }
                Ok(QuantityRead::Band(from, to.reading))
            }
            _ => self.unused(),
        }
    }

    pub(super) fn small_number(&mut self) -> Result<u8, TextError> {
        let reading = self.reading()?;
        let is_whole = |number: &u8| f64::from(*number).to_bits() == reading.value.to_bits();
        match (0..=u8::MAX).find(is_whole) {
            Some(number) => Ok(number),
            None => self.unused(),
        }
    }

    /// A number without a unit.
    pub(super) fn reading(&mut self) -> Result<Reading, TextError> {
        match self.next() {
            Some(Token::Number(reading, None)) => Ok(*reading),
            _ => self.unused(),
        }
    }

    pub(super) fn measure(&mut self) -> Result<Measure, TextError> {
        match self.next() {
            Some(Token::Number(reading, unit)) => match measure(*reading, *unit) {
                Some(measure) => Ok(measure),
                None => self.unused(),
            },
            _ => self.unused(),
        }
    }

    /// `78 %`, `under 1 %`, `over 99 %`.
    pub(super) fn probability(&mut self) -> Result<ProbabilityRead, TextError> {
        let bound = match self.peek() {
            Some(Token::Word(word @ (Word::Under | Word::Over))) => Some(*word),
            _ => None,
        };
        self.at += usize::from(bound.is_some());
        let Measure { reading, unit } = self.measure()?;
        if unit != Unit::Percent {
            return self.unused();
        }
        let share = |percent: f64| percent / 100.0;
        let is = |percent: f64| reading.value.to_bits() == percent.to_bits();
        // No other bounds: "over 29 %" would be true of nearly everything.
        let (from, to) = match bound {
            Some(Word::Under) if is(1.0) => (0.0, 0.01),
            Some(Word::Over) if is(99.0) => (0.99, 1.0),
            Some(_) => return self.unused(),
            None => (
                share(reading.value - reading.half),
                share(reading.value + reading.half),
            ),
        };
        Ok(ProbabilityRead { from, to })
    }

    /// `20 to 45)` or `20 and 45`.
    pub(super) fn bounds(&mut self) -> Result<(Reading, Reading), TextError> {
        let low = self.reading()?;
        match self.next() {
            Some(Token::Word(Word::To | Word::And)) => (),
            _ => return self.unused(),
        }
        let high = self.reading()?;
        if matches!(self.peek(), Some(Token::Mark(')'))) {
            self.at += 1;
        }
        Ok((low, high))
    }

    /// A day, with the time of day before or behind it if there is one.
    pub(super) fn stamp(&mut self) -> Result<Stamp, TextError> {
        let mut clock = self.clock();
        if clock.is_some() {
            self.skip(|token| matches!(token, Token::Word(Word::Filler)));
        }
        let Some(Token::Date(day, month, year)) = self.next() else {
            return self.unused();
        };
        let (day, month, year) = (*day, *month, *year);
        if clock.is_none() {
            let at = self.at;
            self.skip(|token| matches!(token, Token::Mark(',')));
            clock = self.clock();
            if clock.is_none() {
                self.at = at;
            }
        }
        Ok(Stamp {
            day,
            month,
            year,
            clock,
        })
    }

    pub(super) fn clock(&mut self) -> Option<(i64, i64)> {
        let Some(Token::Clock(hour, minute)) = self.peek() else {
            return None;
        };
        let clock = (*hour, *minute);
        self.at += 1;
        Some(clock)
    }

    pub(super) fn sensor(&mut self) -> Result<String, TextError> {
        match self.next() {
            Some(Token::Sensor(name)) => Ok(name.clone()),
            _ => self.unused(),
        }
    }

    pub(super) fn expect_word(&mut self, word: Word) -> Result<(), TextError> {
        match self.next() {
            Some(Token::Word(found)) if *found == word => Ok(()),
            _ => self.unused(),
        }
    }

    pub(super) fn skip(&mut self, is_skipped: fn(&Token) -> bool) {
        while self.peek().is_some_and(is_skipped) {
            self.at += 1;
        }
    }

    pub(super) fn unused<T>(&self) -> Result<T, TextError> {
        let token = self.tokens.get(self.at.saturating_sub(1)).or(self.tokens.last());
        Err(TextError::Unused {
            offset: token.map_or(self.offset, |(offset, _)| *offset),
        })
    }

    pub(super) fn lacks<T>(&self, lacks: &'static str) -> Result<T, TextError> {
        Err(TextError::Incomplete {
            offset: self.offset,
            lacks,
        })
    }
}

impl<'a> Cursor<'a> {
    pub(super) fn next(&mut self) -> Option<&'a Token> {
        let token = self.peek();
        self.at += 1;
        token
    }

    pub(super) fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }
}

/// A number as a measure; none for a stretch of time.
pub(super) fn measure(reading: Reading, unit: Option<NumberUnit>) -> Option<Measure> {
    let unit = match unit {
        None => Unit::One,
        Some(NumberUnit::Of(unit)) => unit,
        Some(NumberUnit::Time(_)) => return None,
    };
    Some(Measure { reading, unit })
}
