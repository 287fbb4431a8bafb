//! Whether what a note mentions is there, when, and in whom: the ConText algorithm.
//!
//! Each mention gets three values: presence, time and experiencer, each with the words that decided it. Phrases of
//! a list ([`Triggers`]) open a reach to the left or right within the sentence; other phrases end it, and phrases
//! that only look like triggers are passed over. Beyond the papers, headings of sections act on what stands below
//! them, and in a conversation the answer to a question decides on what was asked.
//!
//! It does not find mentions, does not parse grammar and does not reason: "no fever" three lines above says nothing
//! of a fever here. It is no medical device. Invariant: there is one context for each mention, in their order, and
//! the range of every piece of evidence lies in the text on char boundaries.
//!
//! The work grows linearly with the text, and with mentions times the logarithm of the text. It holds at most some
//! 100 bytes for each word or mark of the text, and the contexts.
//!
//! # Source
//! Chapman, Bridewell, Hanbury, Cooper, Buchanan (2001), "A simple algorithm for identifying negated findings and
//! diseases in discharge summaries"; Harkema, Dowling, Thornblade, Chapman (2009), "ConText: an algorithm for
//! determining negation, experiencer, and temporal status from clinical reports".

use std::ops::Range;

use serde::{Deserialize, Serialize};

mod answers;
mod layout;
mod scope;
mod sentences;
mod triggers;

#[cfg(test)]
mod tests;

pub use sentences::sentences;
pub use triggers::{TRIGGERS_MAX, TriggerFault, Triggers};

use super::words::Reading;
use answers::Reply;
use layout::{Layout, Line};
use scope::{Axis, Scopes};

/// Whether a mention is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// It is, was, or, where the time is hypothetical, is spoken of as if it were.
    Present,
    /// It is denied, excluded or gone.
    Absent,
    /// It is suspected, to be excluded, or was asked for without an answer that decides.
    Possible,
}

/// When a mention holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Time {
    /// Now, or begun within 14 days.
    Recent,
    /// Begun longer ago, or past.
    Historical,
    /// It may come: a condition, a risk, an instruction.
    Hypothetical,
}

/// In whom a mention holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Experiencer {
    /// The patient.
    Patient,
    /// A relative or another person.
    Other,
}

/// What a trigger says of a mention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// It is not there.
    Negated,
    /// It may be there.
    Possible,
    /// It is there.
    Affirmed,
    /// It is past or began more than 14 days before.
    Historical,
    /// It began within 14 days.
    Recent,
    /// It may come.
    Hypothetical,
    /// It is another person's.
    Other,
}

/// Words that decided on a mention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What they say.
    pub category: Category,
    /// Where they stand, in bytes of the text.
    pub range: Range<usize>,
}

/// What holds of a mention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// Whether it is there.
    pub presence: Presence,
    /// When.
    pub time: Time,
    /// In whom.
    pub experiencer: Experiencer,
    /// The words that decided, in the order presence, time, experiencer; none where nothing was said.
    pub because: Vec<Evidence>,
}

/// The context of each mention, in the order given. A mention is a range of bytes; one that is empty, not inside
/// the text or not on char boundaries gets what holds where nothing is said: present, recent, the patient.
pub fn contexts(text: &str, mentions: &[Range<usize>], triggers: &Triggers) -> Vec<Context> {
    let reading = Reading::new(text);
    let layout = Layout::read(&reading, triggers);
    let mut order: Vec<usize> = (0..mentions.len()).collect();
    order.sort_by_key(|at| mentions.get(*at).map(|mention| (mention.start, mention.end)));
    let mut found = vec![Context::unsaid(); mentions.len()];
    let mut judge = Judge {
        reading: &reading,
        triggers,
        layout: &layout,
        read: None,
    };
    for at in order {
        if let (Some(mention), Some(context)) = (mentions.get(at), found.get_mut(at))
            && mention.start < mention.end
            && text.get(mention.clone()).is_some()
        {
            *context = judge.context(mention);
        }
    }
    found
}

/// Decides on mentions, one sentence after the other.
struct Judge<'a> {
    reading: &'a Reading<'a>,
    triggers: &'a Triggers,
    layout: &'a Layout,
    /// The sentence that was read last.
    read: Option<Sentence>,
}

/// A sentence with what its triggers reach.
struct Sentence {
    at: usize,
    scopes: Scopes,
    /// The scopes of the line that leads to a list, where the sentence is an item of one.
    lead: Option<Scopes>,
    reply: Option<Reply>,
}

impl Judge<'_> {
    fn context(&mut self, mention: &Range<usize>) -> Context {
        let word = self.reading.word_over(mention.start);
        let Some((at, line)) = self.layout.line_of(word) else {
            return Context::unsaid();
        };
        if self.read.as_ref().is_none_or(|read| read.at != at) {
            self.read = Some(self.sentence(at, line));
        }
        let Some(sentence) = &self.read else {
            return Context::unsaid();
        };
        let said = |axis| {
            let said = sentence.scopes.decide(axis, mention);
            let led = || sentence.lead.as_ref().and_then(|lead| lead.left_open(axis));
            said.or_else(led).or_else(|| line.section_on(axis))
        };
        let [mut presence, mut time, experiencer] = [Axis::Presence, Axis::Time, Axis::Experiencer].map(said);
        if let Some(reply) = &sentence.reply
            && !reply.is_presupposed(self.reading, line, mention)
        {
            let answered = reply.decide(self.reading, mention, presence);
            time = answered.time.or(time);
            presence = answered.presence;
        }
        Context::of([presence, time, experiencer])
    }

    fn sentence(&self, at: usize, line: &Line) -> Sentence {
        let scopes = |words: &Range<usize>| Scopes::read(self.reading, words, self.triggers);
        Sentence {
            at,
            scopes: scopes(&line.words),
            lead: line.lead.as_ref().map(scopes),
            reply: answers::reply(self.reading, self.layout, at, self.triggers),
        }
    }
}

impl Context {
    fn unsaid() -> Self {
        Context {
            presence: Presence::Present,
            time: Time::Recent,
            experiencer: Experiencer::Patient,
            because: Vec::new(),
        }
    }

    /// The values that the evidence gives.
    fn of(because: [Option<Evidence>; 3]) -> Self {
        let mut context = Context::unsaid();
        for evidence in because.into_iter().flatten() {
            match evidence.category {
                Category::Negated => context.presence = Presence::Absent,
                Category::Possible => context.presence = Presence::Possible,
                Category::Affirmed => context.presence = Presence::Present,
                Category::Historical => context.time = Time::Historical,
                Category::Recent => context.time = Time::Recent,
                Category::Hypothetical => context.time = Time::Hypothetical,
                Category::Other => context.experiencer = Experiencer::Other,
            }
            context.because.push(evidence);
        }
        context
    }
}
