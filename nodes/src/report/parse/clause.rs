//! Clauses, between `;` and `.`: which kind each is, and what it says.
//!
//! The kind follows from the words in it; each kind then takes its own tokens and refuses all others. So `_` stands for
//! what is refused, also for words that the lexicon may get later.

use super::super::record::{Course, Reason};
use super::lexicon::Word;
use super::token::{NumberUnit, Placed, TextError, Token};
use super::{Fact, Measure, QuantityRead};

mod cause;
mod cursor;
mod evidence;
mod quality;

use cursor::Cursor;

/// What a clause takes over from the one before it in the same sentence.
#[derive(Default)]
struct Context {
    sensor: Option<String>,
    quantity: Option<QuantityRead>,
    is_against: bool,
}

/// Reads tokens into facts.
pub(super) fn read(tokens: &[Placed]) -> Result<Vec<Fact>, TextError> {
    let mut facts = Vec::new();
    let mut context = Context::default();
    for clause in tokens.split_inclusive(|(_, token)| matches!(token, Token::Semicolon | Token::Period)) {
        let (body, is_end) = match clause {
            [body @ .., (_, Token::Semicolon)] => (body, false),
            [body @ .., (_, Token::Period)] => (body, true),
            body => (body, true),
        };
        let offset = clause.first().map_or(0, |(offset, _)| *offset);
        if body.is_empty() {
            return Err(TextError::Incomplete {
                offset,
                lacks: "words",
            });
        }
        let mut cursor = Cursor {
            tokens: body,
            at: 0,
            offset,
        };
        cursor.clause(&mut context, &mut facts)?;
        if is_end {
            context = Context::default();
        }
    }
    Ok(facts)
}

impl Cursor<'_> {
    fn clause(&mut self, context: &mut Context, facts: &mut Vec<Fact>) -> Result<(), TextError> {
        let has = |is: fn(Word) -> bool| {
            let word = |token: &Placed| matches!(token.1, Token::Word(word) if is(word));
            self.tokens.iter().any(word)
        };
        if has(|word| word == Word::Life) {
            return self.life(facts);
        }
        if has(|word| word == Word::Order) {
            return self.work_order(facts);
        }
        if has(|word| matches!(word, Word::Action(_))) {
            return self.check(facts);
        }
        if has(|word| matches!(word, Word::Flag(_))) {
            return self.flags(facts);
        }
        if context.is_against || has(|word| word == Word::Against) {
            context.is_against = true;
            return self.against(facts);
        }
        if has(|word| matches!(word, Word::Hedge(_) | Word::Fault(_))) {
            return self.cause(facts);
        }
        if has(|word| word == Word::Changed) {
            return self.change(facts);
        }
        if has(|word| {
            matches!(
                word,
                Word::Zone(_) | Word::Alarm(_) | Word::Since | Word::NoFinding | Word::NotJudged
            )
        }) {
            return self.headline(facts);
        }
        if has(|word| word == Word::FlawedData) {
            return self.flawed_data(facts);
        }
        self.evidence(context, facts)
    }

    /// Machine, zone, alarm, since when.
    fn headline(&mut self, facts: &mut Vec<Fact>) -> Result<(), TextError> {
        let mut is_zone_last = false;
        while let Some(token) = self.next() {
            let was_zone_last = std::mem::replace(&mut is_zone_last, false);
            match token {
                Token::Asset(name) => facts.push(Fact::Asset(name.clone())),
                Token::Word(Word::Zone(zone)) => {
                    facts.push(Fact::Zone(*zone));
                    is_zone_last = true;
                }
                Token::Mark('(') if was_zone_last => facts.push(self.zone_value()?),
                Token::Word(Word::Alarm(state)) => facts.push(Fact::Alarm(*state)),
                Token::Word(Word::Since) => facts.push(Fact::Since(self.stamp()?)),
                Token::Word(Word::NoFinding) => facts.push(Fact::NoFinding),
                Token::Word(Word::NotJudged) => facts.push(Fact::NotJudged),
                Token::Word(Word::Filler | Word::At | Word::And) | Token::Mark(_) => (),
                _ => return self.unused(),
            }
        }
        Ok(())
    }

    /// `(5.2 mm/s at S1)`
    fn zone_value(&mut self) -> Result<Fact, TextError> {
        let measured = self.measure()?;
        self.expect_word(Word::At)?;
        let sensor = self.sensor()?;
        match self.next() {
            Some(Token::Mark(')')) => Ok(Fact::ZoneValue { sensor, measured }),
            _ => self.unused(),
        }
    }

    fn change(&mut self, facts: &mut Vec<Fact>) -> Result<(), TextError> {
        let (mut quantity, mut sensor, mut values, mut at) = (None, None, None, None);
        while let Some(token) = self.next() {
            match token {
                Token::Sensor(name) if sensor.is_none() => sensor = Some(name.clone()),
                Token::Word(Word::Changed) if values.is_none() => {
                    let from = self.reading()?;
                    self.expect_word(Word::To)?;
                    values = Some((from, self.measure()?));
                }
                Token::Date(..) if at.is_none() => {
                    self.at -= 1;
                    at = Some(self.stamp()?);
                }
                Token::Word(Word::Filler | Word::At) | Token::Mark(_) => (),
                Token::Word(_) if quantity.is_none() => {
                    self.at -= 1;
                    quantity = Some(self.quantity()?);
                }
                _ => return self.unused(),
            }
        }
        let (Some(quantity), Some(sensor), Some((from, to)), Some(at)) = (quantity, sensor, values, at)
        else {
            return self.lacks("a quantity, a sensor, two values or a day");
        };
        let from = Measure {
            reading: from,
            unit: to.unit,
        };
        facts.push(Fact::Change {
            sensor,
            quantity,
            from,
            to,
            at,
        });
        Ok(())
    }

    fn check(&mut self, facts: &mut Vec<Fact>) -> Result<(), TextError> {
        let (mut action, mut sensor) = (None, None);
        while let Some(token) = self.next() {
            match token {
                Token::Word(Word::Action(found)) if action.is_none() => action = Some(*found),
                Token::Sensor(name) if sensor.is_none() && action.is_some() => sensor = Some(name.clone()),
                Token::Word(Word::Filler | Word::At) | Token::Mark(_) => (),
                _ => return self.unused(),
            }
        }
        match action {
            Some(action) => {
                facts.push(Fact::Check { action, sensor });
                Ok(())
            }
            None => self.lacks("what to do"),
        }
    }

    fn life(&mut self, facts: &mut Vec<Fact>) -> Result<(), TextError> {
        let (mut days, mut bounds, mut reason, mut is_not) = (None, None, None, false);
        while let Some(token) = self.next() {
            match token {
                Token::Word(Word::NotEstimable) if !is_not => is_not = true,
                Token::Word(Word::Reason(found)) if reason.is_none() => reason = Some(*found),
                Token::Word(Word::Course(Course::Unclear)) if reason.is_none() => {
                    reason = Some(Reason::NoTrend);
                }
                Token::Number(reading, Some(NumberUnit::Time(seconds)))
                    if days.is_none() && seconds.to_bits() == 86_400.0_f64.to_bits() =>
                {
                    days = Some(*reading);
                }
                Token::Mark('(') | Token::Word(Word::Between) if days.is_some() && bounds.is_none() => {
                    bounds = Some(self.bounds()?);
                }
                Token::Word(Word::Life | Word::Filler) | Token::Mark(_) => (),
                _ => return self.unused(),
            }
        }
        match (is_not, reason, days) {
            (true, Some(reason), None) => facts.push(Fact::NotEstimable(reason)),
            (false, None, Some(days)) => facts.push(Fact::Life { days, bounds }),
            _ => return self.lacks("an estimate, or the reason why there is none"),
        }
        Ok(())
    }

    fn work_order(&mut self, facts: &mut Vec<Fact>) -> Result<(), TextError> {
        let (mut id, mut date, mut snippet) = (None, None, None);
        while let Some(token) = self.next() {
            match token {
                Token::OrderId(found) if id.is_none() => id = Some(found.clone()),
                Token::Quoted(text) | Token::Sensor(text) | Token::Asset(text) if snippet.is_none() => {
                    snippet = Some(text.clone());
                }
                Token::Date(..) if date.is_none() => {
                    self.at -= 1;
                    date = Some(self.stamp()?);
                }
                Token::Word(Word::Order | Word::Filler) | Token::Mark(_) => (),
                _ => return self.unused(),
            }
        }
        let (Some(id), Some(date), Some(snippet)) = (id, date, snippet) else {
            return self.lacks("a number, a day or a quotation");
        };
        facts.push(Fact::WorkOrder { id, date, snippet });
        Ok(())
    }
}
