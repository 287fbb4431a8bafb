//! The clause about one measured quantity. What a number is follows from its neighbours.

use super::super::super::record::Course;
use super::super::lexicon::Word;
use super::super::token::{NumberUnit, TextError, Token};
use super::super::{EvidenceRead, Fact, Measure, QuantityRead, Reading, Relation, TrendRead};
use super::cursor::measure;
use super::{Context, Cursor};

/// What was read of the clause so far.
#[derive(Default)]
struct Frame {
    sensor: Option<String>,
    quantity: Option<QuantityRead>,
    measured: Option<Measure>,
    limit: Option<Measure>,
    relation: Option<Relation>,
    ratio: Option<Reading>,
    course: Option<Course>,
    per_day: Option<Measure>,
    bounds: Option<(Reading, Reading)>,
    /// Whether `limit of` stands before the next number.
    is_limit_next: bool,
}

impl Cursor<'_> {
    pub(super) fn evidence(&mut self, context: &mut Context, facts: &mut Vec<Fact>) -> Result<(), TextError> {
        let mut frame = Frame::default();
        while let Some(token) = self.next() {
            match token {
                Token::Sensor(name) if frame.sensor.is_none() => frame.sensor = Some(name.clone()),
                Token::Number(reading, unit) => self.number(&mut frame, *reading, *unit)?,
                Token::Word(Word::Filler | Word::At | Word::And) | Token::Mark(_) => (),
                Token::Word(word) => self.word(&mut frame, *word)?,
                _ => return self.unused(),
            }
        }
        if frame.is_limit_next {
            return self.lacks("the limit");
        }
        context.sensor = frame.sensor.or(context.sensor.take());
        context.quantity = frame.quantity.or(context.quantity.take());
        let (Some(sensor), Some(quantity), Some(measured)) =
            (context.sensor.clone(), context.quantity, frame.measured)
        else {
            return self.lacks("a sensor, a quantity or a value");
        };
        let trend = match (frame.course, frame.per_day, frame.bounds) {
            (None, None, None) => None,
            (Some(course), per_day, bounds) => Some(signed(course, per_day, bounds)),
            (None, _, _) => return self.lacks("the direction of the trend"),
        };
        facts.push(Fact::Evidence(EvidenceRead {
            sensor,
            quantity,
            measured,
            limit: frame.limit,
            relation: frame.relation,
            ratio: frame.ratio,
            trend,
        }));
        Ok(())
    }

    fn word(&mut self, frame: &mut Frame, word: Word) -> Result<(), TextError> {
        let relation = match word {
            Word::Relation(relation) => Some(relation),
            Word::Over => Some(Relation::Above),
            Word::Under => Some(Relation::Below),
            _ => None,
        };
        match (word, relation) {
            (_, Some(relation)) if frame.relation.is_none() => frame.relation = Some(relation),
            (Word::Course(course), _) if frame.course.is_none() => frame.course = Some(course),
            (Word::LimitOf, _) if !frame.is_limit_next => frame.is_limit_next = true,
            (Word::Limit, _) if frame.ratio.is_some() || frame.relation.is_some() => (),
            _ if frame.quantity.is_none() && relation.is_none() => {
                self.at -= 1;
                frame.quantity = Some(self.quantity()?);
            }
            _ => return self.unused(),
        }
        Ok(())
    }

    fn number(
        &mut self,
        frame: &mut Frame,
        reading: Reading,
        unit: Option<NumberUnit>,
    ) -> Result<(), TextError> {
        if matches!(self.peek(), Some(Token::Word(Word::Times))) {
            self.at += 1;
            if frame.ratio.is_some() || unit.is_some() || frame.is_limit_next {
                return self.unused();
            }
            frame.ratio = Some(reading);
            return Ok(());
        }
        let Some(measure) = measure(reading, unit) else {
            return self.unused();
        };
        let is_trend = matches!(self.peek(), Some(Token::Word(Word::PerDay)));
        let place = if is_trend {
            self.at += 1;
            &mut frame.per_day
        } else if std::mem::take(&mut frame.is_limit_next) {
            &mut frame.limit
        } else {
            &mut frame.measured
        };
        if place.replace(measure).is_some() {
            return self.unused();
        }
        if is_trend && matches!(self.peek(), Some(Token::Mark('('))) {
            self.at += 1;
            frame.bounds = Some(self.bounds()?);
        }
        Ok(())
    }
}

/// A falling trend is written without its sign.
fn signed(course: Course, per_day: Option<Measure>, bounds: Option<(Reading, Reading)>) -> TrendRead {
    let minus = |reading: Reading| Reading {
        value: -reading.value,
        ..reading
    };
    let (per_day, bounds) = match course {
        Course::Rising | Course::Unclear => (per_day, bounds),
        Course::Falling => {
            let per_day = per_day.map(|it| Measure {
                reading: minus(it.reading),
                ..it
            });
            (per_day, bounds.map(|(low, high)| (minus(high), minus(low))))
        }
    };
    TrendRead {
        course,
        per_day,
        bounds,
    }
}
