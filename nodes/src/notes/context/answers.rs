//! Questions of a conversation and their answers.
//!
//! "Do you have chest pain?" says nothing of chest pain; "no" in the next turn does. An answer that names the mention
//! again is read by its own triggers. A question whose answer cannot be told leaves its mentions possible.

use std::ops::Range;

use super::super::words::{Reading, Sort};
use super::layout::{Layout, Line};
use super::scope::{Axis, Scopes};
use super::triggers::{Answer, Question, Role, Triggers};
use super::{Category, Evidence};

/// Most words of a turn that are read as its answer.
const ANSWER_WORDS_MAX: usize = 64;
/// Most sentences between a question and the end of its turn.
const SENTENCES_BETWEEN_MAX: usize = 8;
/// Most fillers before an answer or a question.
const FILLERS_MAX: usize = 8;
/// Most words of a mention that are looked for in an answer.
const MENTION_WORDS_MAX: usize = 8;
/// Most clauses of a sentence that are looked at for a question.
const CLAUSES_MAX: usize = 8;
/// Most words of a clause such as "are you?", its comma and mark counted.
const TAG_WORDS_MAX: usize = 4;

/// A question with its answer.
pub(super) struct Reply {
    /// The mark or the words that show the question.
    asked: Range<usize>,
    /// Mentions before this byte are not asked for.
    from: usize,
    answer: Option<(Answer, Range<usize>)>,
    /// The sentences of the answer.
    sentences: Vec<(Range<usize>, Scopes)>,
}

/// What question and answer say of a mention.
pub(super) struct Answered {
    pub(super) presence: Option<Evidence>,
    pub(super) time: Option<Evidence>,
}

/// The answer to a sentence; none where it is no question that yes or no answers.
pub(super) fn reply(reading: &Reading<'_>, layout: &Layout, at: usize, triggers: &Triggers) -> Option<Reply> {
    let line = layout.lines.get(at)?;
    let (asked, from) = closed_question(reading, line, triggers)?;
    let first = answer_line(reading, layout, at, triggers);
    let mut reply = Reply {
        asked,
        from,
        answer: None,
        sentences: Vec::new(),
    };
    let Some(first) = first else {
        return Some(reply);
    };
    let turn = layout.lines.get(first).and_then(|line| line.turn);
    let mut words_left = ANSWER_WORDS_MAX;
    for line in layout.lines.iter().skip(first) {
        if line.turn != turn || words_left == 0 {
            break;
        }
        let words = line.body..line.words.end.min(line.body + words_left);
        words_left -= words.len();
        if reply.sentences.is_empty() {
            reply.answer = classify(reading, &words, triggers);
        }
        let scopes = Scopes::read(reading, &words, triggers);
        reply.sentences.push((words, scopes));
        if turn.is_none() {
            break;
        }
    }
    Some(reply)
}

/// The words that show a question which yes or no answers, and the byte where it begins: "besides asthma, do you
/// have any illness?" does not ask for asthma.
fn closed_question(reading: &Reading<'_>, line: &Line, triggers: &Triggers) -> Option<(Range<usize>, usize)> {
    let words = line.body..line.words.end;
    let last = words.end.checked_sub(1)?;
    let is_marked = reading.written(last) == "?";
    if !is_marked && line.turn.is_none() {
        return None;
    }
    let from = reading.bytes(words.clone()).start;
    if let Some((opener, question)) = opener(reading, &words, triggers) {
        return (question == Question::Closed).then_some((opener, from));
    }
    if !is_marked {
        return None;
    }
    let mark = reading.bytes(last..last + 1);
    let breaks = |at: &usize| matches!(reading.written(*at), "," | "-" | ";" | "\u{2014}");
    for at in words.clone().filter(breaks).take(CLAUSES_MAX) {
        let Some((opener, question)) = opener(reading, &(at + 1..words.end), triggers) else {
            continue;
        };
        // A short clause at the end, such as "are you?" or "anything like that?", asks for what stands before it.
        let is_any = reading
            .text
            .get(opener.clone())
            .is_some_and(|words| words.starts_with("any"));
        return match (question, is_any || last - at <= TAG_WORDS_MAX) {
            (Question::Closed, true) => Some((mark, from)),
            (Question::Closed, false) => {
                let from = opener.start;
                Some((opener, from))
            }
            (Question::Open, _) => None,
        };
    }
    Some((mark, from))
}

/// The words that open a question, behind fillers.
fn opener(
    reading: &Reading<'_>,
    words: &Range<usize>,
    triggers: &Triggers,
) -> Option<(Range<usize>, Question)> {
    let start = behind_fillers(reading, words, triggers);
    let is_question = |role: &Role| matches!(role, Role::Question(_));
    let (end, roles) = triggers
        .phrases
        .longest(reading, &(start..words.end), start, is_question)?;
    let question = roles.iter().find_map(|role| role.question())?;
    Some((reading.bytes(start..end), question))
}

/// The sentence that answers: the first of the next turn; without turns the next, where it begins with an answer.
/// None where the question is not answered.
fn answer_line(reading: &Reading<'_>, layout: &Layout, at: usize, triggers: &Triggers) -> Option<usize> {
    let turn = layout.lines.get(at)?.turn;
    let behind = layout.lines.iter().enumerate().skip(at + 1);
    for (place, line) in behind.take(SENTENCES_BETWEEN_MAX) {
        if line.turn != turn {
            return Some(place);
        }
        let words = line.body..line.words.end;
        let is_answer = place == at + 1
            && reading.written(line.words.end - 1) != "?"
            && begins_with_answer(reading, &words, triggers).is_some();
        if is_answer {
            return Some(place);
        }
    }
    None
}

/// What an answer says: its first words behind fillers, else the first that opens or closes a clause.
fn classify(
    reading: &Reading<'_>,
    words: &Range<usize>,
    triggers: &Triggers,
) -> Option<(Answer, Range<usize>)> {
    if let Some(found) = begins_with_answer(reading, words, triggers) {
        return Some(found);
    }
    let clauses = words
        .clone()
        .filter(|at| matches!(reading.written(*at), "," | ";"));
    clauses
        .filter_map(|at| begins_with_answer(reading, &(at + 1..words.end), triggers))
        .next()
}

fn begins_with_answer(
    reading: &Reading<'_>,
    words: &Range<usize>,
    triggers: &Triggers,
) -> Option<(Answer, Range<usize>)> {
    let start = behind_fillers(reading, words, triggers);
    let within = start..words.end;
    let (end, roles) = triggers
        .phrases
        .longest(reading, &within, start, |role| matches!(role, Role::Answer(_)))?;
    let answer = roles.iter().find_map(|role| role.answer())?;
    Some((answer, reading.bytes(start..end)))
}

/// The first word that is neither a filler nor a mark.
fn behind_fillers(reading: &Reading<'_>, words: &Range<usize>, triggers: &Triggers) -> usize {
    let mut start = words.start;
    for _ in 0..FILLERS_MAX {
        let within = start..words.end;
        let is_answer = triggers
            .phrases
            .longest(reading, &within, start, |role| matches!(role, Role::Answer(_)));
        let filler = triggers
            .phrases
            .longest(reading, &within, start, |role| matches!(role, Role::Filler));
        match (filler, is_answer) {
            (Some((end, _)), None) => start = end,
            (Some((end, _)), Some((answer_end, _))) if end > answer_end => start = end,
            (Some(_) | None, _) if start < words.end && matches!(reading.written(start), "," | "-" | ".") => {
                start += 1
            }
            (Some(_) | None, _) => break,
        }
    }
    start.min(words.end)
}

impl Reply {
    /// Whether the question does not ask for the mention, but takes it for granted, as "is the cough worse at night?" does.
    pub(super) fn is_presupposed(&self, reading: &Reading<'_>, line: &Line, mention: &Range<usize>) -> bool {
        if mention.start < self.from {
            return true;
        }
        let first = reading.word_over(mention.start);
        let last = reading.word_from(mention.end);
        let Some(determiner) = first.checked_sub(1).filter(|at| *at > line.body) else {
            return false;
        };
        let verbs = ["do", "does", "did", "is", "are", "was", "were", "has", "have"];
        let opens = (line.body..determiner)
            .next_back()
            .is_some_and(|at| reading.is_one_of(at, &verbs));
        let determiners = [
            "the", "your", "that", "this", "these", "those", "his", "her", "their", "my",
        ];
        let says_more = reading.sort(last) == Some(Sort::Letters) && last < line.words.end;
        opens && says_more && reading.is_one_of(determiner, &determiners)
    }

    /// What the answer says of a mention of the question; `asked` is what the question itself says.
    pub(super) fn decide(
        &self,
        reading: &Reading<'_>,
        mention: &Range<usize>,
        asked: Option<Evidence>,
    ) -> Answered {
        if let Some((range, scopes)) = self.named_again(reading, mention) {
            let category = Category::Affirmed;
            let presence = scopes.decide(Axis::Presence, &range);
            return Answered {
                presence: presence.or(Some(Evidence {
                    category,
                    range: range.clone(),
                })),
                time: scopes.decide(Axis::Time, &range),
            };
        }
        let category = asked.as_ref().map(|evidence| evidence.category);
        let category = match self.answer.as_ref().map(|(answer, _)| answer) {
            Some(Answer::Agreed) => category.unwrap_or(Category::Affirmed),
            Some(Answer::No | Answer::Only) => Category::Negated,
            Some(Answer::Yes) if asked.as_ref().is_some_and(|asked| is_denying(reading, asked)) => {
                Category::Negated
            }
            // "No fever?" with "yes" can mean either.
            Some(Answer::Yes) if category == Some(Category::Negated) => Category::Possible,
            Some(Answer::Yes) => Category::Affirmed,
            Some(Answer::Maybe) | None => Category::Possible,
        };
        let range = self.answer.as_ref().map_or(&self.asked, |(_, range)| range);
        let first = self.sentences.first().filter(|_| self.answer.is_some());
        Answered {
            presence: Some(Evidence {
                category,
                range: range.clone(),
            }),
            time: first.and_then(|(_, scopes)| scopes.time_behind(range.end)),
        }
    }

    /// Where the answer names the mention again.
    fn named_again(&self, reading: &Reading<'_>, mention: &Range<usize>) -> Option<(Range<usize>, &Scopes)> {
        let words = reading.word_over(mention.start)..reading.word_from(mention.end);
        if words.is_empty() || words.len() > MENTION_WORDS_MAX {
            return None;
        }
        for (sentence, scopes) in &self.sentences {
            for start in sentence.clone() {
                let mut pairs = words.clone().zip(start..sentence.end);
                let is_all = sentence.end - start >= words.len();
                if is_all && pairs.all(|(asked, said)| is_same(&reading.lower(asked), &reading.lower(said))) {
                    return Some((reading.bytes(start..start + words.len()), scopes));
                }
            }
        }
        None
    }
}

/// Whether the question asks for a denial, as "do you deny drug use?" does; yes then denies.
fn is_denying(reading: &Reading<'_>, asked: &Evidence) -> bool {
    let words = reading.text.get(asked.range.clone()).unwrap_or_default();
    words
        .get(..3)
        .is_some_and(|start| start.eq_ignore_ascii_case("den"))
}

/// Whether two words are the same but for a plural.
fn is_same(one: &str, other: &str) -> bool {
    one.strip_suffix('s').unwrap_or(one) == other.strip_suffix('s').unwrap_or(other)
}
