//! The clauses about the cause and what speaks against it.

use super::super::super::record::Course;
use super::super::lexicon::Word;
use super::super::token::{TextError, Token};
use super::super::{Fact, Relation};
use super::Cursor;

impl Cursor<'_> {
    pub(super) fn cause(&mut self, facts: &mut Vec<Fact>) -> Result<(), TextError> {
        let (mut fault, mut hedge, mut probability) = (None, None, None);
        while let Some(token) = self.next() {
            match token {
                Token::Word(Word::Hedge(found)) if hedge.is_none() => hedge = Some(*found),
                Token::Word(Word::Fault(found)) if fault.is_none() => fault = Some(*found),
                Token::Number(..) | Token::Word(Word::Under | Word::Over) if probability.is_none() => {
                    self.at -= 1;
                    probability = Some(self.probability()?);
                }
                Token::Word(Word::Filler | Word::And) | Token::Mark(_) => (),
                _ => return self.unused(),
            }
        }
        let (Some(fault), Some(hedge)) = (fault, hedge) else {
            return self.lacks("a fault or how sure it is");
        };
        facts.push(Fact::Cause {
            fault,
            hedge,
            probability,
        });
        Ok(())
    }

    /// What speaks against the cause: parts between commas and `and`.
    pub(super) fn against(&mut self, facts: &mut Vec<Fact>) -> Result<(), TextError> {
        while let Some(token) = self.next() {
            match token {
                Token::Word(Word::Against | Word::Filler | Word::And) | Token::Mark(_) => (),
                Token::Word(Word::FlawedData) => facts.push(Fact::AgainstPoorData),
                Token::Word(Word::Fault(fault)) => {
                    let fault = *fault;
                    self.skip(|token| {
                        matches!(token, Token::Word(Word::Filler) | Token::Mark('(' | ',' | ':'))
                    });
                    let probability = Some(self.probability()?);
                    facts.push(Fact::Alternative { fault, probability });
                }
                Token::Word(_) => {
                    self.at -= 1;
                    facts.push(self.against_quantity()?);
                }
                _ => return self.unused(),
            }
        }
        Ok(())
    }

    fn against_quantity(&mut self) -> Result<Fact, TextError> {
        let quantity = self.quantity()?;
        self.skip(|token| matches!(token, Token::Word(Word::Filler)));
        self.expect_word(Word::At)?;
        let sensor = self.sensor()?;
        self.skip(|token| matches!(token, Token::Word(Word::Filler)));
        match self.next() {
            Some(Token::Word(Word::Relation(Relation::Within))) => {
                self.skip(|token| matches!(token, Token::Word(Word::Filler)));
                self.expect_word(Word::Limit)?;
                Ok(Fact::AgainstWithin { sensor, quantity })
            }
            Some(Token::Word(Word::Course(Course::Unclear))) => Ok(Fact::AgainstNoTrend { sensor, quantity }),
            _ => self.unused(),
        }
    }
}
