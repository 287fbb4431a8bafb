//! Figures of answers to utterances, with what they need to be drawn again by the bootstrap.

use super::corpus::{Labels, Utterance};
use super::frames;
use super::score::{Answer, best_in_scope, frames_of, spans};
use crate::decide::{ScopeScore, scope_score};
use crate::metrics::Ranking;

/// What one answer contributes to the figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Mark {
    /// Whether the intent is right; none where it is not known or out of scope.
    pub(super) intent_right: Option<bool>,
    /// True for an utterance that is out of scope.
    is_out: bool,
    /// How well it seems to fit what is known.
    pub(super) scope: f64,
    /// Slots that are right, found and there; none where they are not known.
    slots: Option<[u32; 3]>,
    /// Slots that are there beside those, within them or around them.
    pub(super) untagged: u32,
    /// Whether every tag is right.
    pub(super) tags_right: Option<bool>,
    /// What [`frames::compare`] says; none where frames are not known.
    frames: Option<[[u32; 3]; 3]>,
}

/// A figure that utterances are judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Figure {
    IntentAccuracy,
    ScopeAuroc,
    ScopeRecall,
    SlotF1,
    NestedSlotF1,
    SlotsRight,
    AllRight,
    FrameF1,
    ArgumentF1,
    FramedArgumentF1,
}

/// Share of what is in scope that is turned away where recall of what is not is printed.
const FALSE_REJECTION: f64 = 0.05;

impl Figure {
    /// Those that answers of these labels have; `are_nested` where there are slots within slots.
    pub(super) fn of(labels: &Labels, are_nested: bool) -> Vec<Figure> {
        let mut figures = Vec::new();
        if !labels.intents.is_empty() {
            figures.push(Figure::IntentAccuracy);
        }
        if labels.out_of_scope.is_some() {
            figures.extend([Figure::ScopeAuroc, Figure::ScopeRecall]);
        }
        if !labels.tags.is_empty() {
            figures.push(Figure::SlotF1);
            figures.extend(are_nested.then_some(Figure::NestedSlotF1));
            figures.push(Figure::SlotsRight);
        }
        if frames::has_roles(labels.kinds()) {
            figures.extend([Figure::FrameF1, Figure::ArgumentF1, Figure::FramedArgumentF1]);
        }
        if !labels.intents.is_empty() && !labels.tags.is_empty() {
            figures.push(Figure::AllRight);
        }
        figures
    }

    /// For people.
    pub(super) fn name(self) -> &'static str {
        match self {
            Figure::IntentAccuracy => "intent accuracy, in scope",
            Figure::ScopeAuroc => "AUROC of what is out of scope",
            Figure::ScopeRecall => "out-of-scope recall at 5 % false rejection",
            Figure::SlotF1 => "slot F1",
            Figure::NestedSlotF1 => "slot F1, those within others counted as missed",
            Figure::SlotsRight => "all slots right",
            Figure::AllRight => "intent and all slots right",
            Figure::FrameF1 => "frame F1",
            Figure::ArgumentF1 => "argument F1",
            Figure::FramedArgumentF1 => "argument F1, in frames of the right name",
        }
    }

    /// Its value for some answers; NaN without any that count.
    pub(super) fn value(self, marks: &[Mark]) -> f64 {
        let share = |parts: &mut dyn Iterator<Item = bool>| {
            let (mut right, mut all) = (0_u32, 0_u32);
            for part in parts {
                right += u32::from(part);
                all += 1;
            }
            f64::from(right) / f64::from(all)
        };
        match self {
            Figure::IntentAccuracy => share(&mut marks.iter().filter_map(|mark| mark.intent_right)),
            Figure::SlotsRight => share(&mut marks.iter().filter_map(|mark| mark.tags_right)),
            Figure::AllRight => share(
                &mut marks
                    .iter()
                    .filter_map(|mark| Some(mark.intent_right? && mark.tags_right?)),
            ),
            Figure::SlotF1 => f1(marks.iter().filter_map(|mark| mark.slots)),
            Figure::NestedSlotF1 => f1(marks.iter().filter_map(|mark| {
                let [right, found, gold] = mark.slots?;
                Some([right, found, gold + mark.untagged])
            })),
            Figure::FrameF1 => f1(marks.iter().filter_map(|mark| Some(mark.frames?[0]))),
            Figure::ArgumentF1 => f1(marks.iter().filter_map(|mark| Some(mark.frames?[1]))),
            Figure::FramedArgumentF1 => f1(marks.iter().filter_map(|mark| Some(mark.frames?[2]))),
            Figure::ScopeAuroc => ranking(marks).map_or(f64::NAN, |ranking| ranking.auroc()),
            Figure::ScopeRecall => ranking(marks)
                .and_then(|ranking| ranking.at_false_rejection(FALSE_REJECTION))
                .map_or(f64::NAN, |point| point.rejected()),
        }
    }
}

/// True where there are slots within slots.
pub(super) fn are_nested(utterances: &[Utterance]) -> bool {
    utterances.iter().any(|utterance| !utterance.untagged.is_empty())
}

/// F1 of what is right, found and there.
fn f1(counts: impl Iterator<Item = [u32; 3]>) -> f64 {
    let mut sums = [0_u64; 3];
    for counts in counts {
        for (sum, count) in sums.iter_mut().zip(counts) {
            *sum += u64::from(count);
        }
    }
    2.0 * sums[0] as f64 / (sums[1] + sums[2]) as f64
}

/// What is in scope against what is not, by their scores.
pub(super) fn ranking(marks: &[Mark]) -> Option<Ranking> {
    let side = |is_out: bool| -> Vec<f64> {
        let side = marks.iter().filter(|mark| mark.is_out == is_out);
        side.filter(|mark| mark.is_out || mark.intent_right.is_some())
            .map(|mark| mark.scope)
            .collect()
    };
    Ranking::new(&side(false), &side(true)).ok()
}

/// What each answer contributes.
pub(super) fn marks(
    labels: &Labels,
    utterances: &[Utterance],
    answers: &[Answer],
    by: ScopeScore,
) -> Vec<Mark> {
    let mark = |(utterance, answer): (&Utterance, &Answer)| {
        let is_out = utterance.intent.is_some() && utterance.intent == labels.out_of_scope;
        let chosen = best_in_scope(labels, &answer.intents);
        let tags = utterance.tags.as_ref().filter(|_| !labels.tags.is_empty());
        Mark {
            intent_right: (utterance.intent.is_some() && !is_out).then(|| utterance.intent == chosen),
            is_out,
            scope: f64::from(scope_score(by, &answer.intents, labels.out_of_scope)),
            slots: tags.map(|gold| {
                let (gold, found) = (spans(labels, gold), spans(labels, &answer.tags));
                let right = found.iter().filter(|span| gold.contains(span)).count();
                [right, found.len(), gold.len()].map(|count| u32::try_from(count).unwrap_or(u32::MAX))
            }),
            untagged: u32::try_from(utterance.untagged.len()).unwrap_or(u32::MAX),
            tags_right: tags.map(|gold| *gold == answer.tags),
            frames: utterance
                .frames
                .as_ref()
                .map(|gold| frames::compare(gold, &frames_of(labels, &answer.tags))),
        }
    };
    utterances.iter().zip(answers).map(mark).collect()
}

/// The scores of in-scope utterances for the intents that are in scope, row by row, and the right ones: what a
/// temperature is fitted on.
pub(super) fn in_scope_scores(
    labels: &Labels,
    utterances: &[Utterance],
    answers: &[Answer],
) -> (Vec<f32>, Vec<u32>, usize) {
    let known: Vec<usize> = (0..labels.intents.len())
        .filter(|index| Some(*index) != labels.out_of_scope)
        .collect();
    let (mut scores, mut gold) = (Vec::new(), Vec::new());
    for (utterance, answer) in utterances.iter().zip(answers) {
        let place = known.iter().position(|index| Some(*index) == utterance.intent);
        if let Some(place) = place {
            scores.extend(known.iter().map(|index| answer.intents[*index]));
            gold.push(u32::try_from(place).unwrap_or(u32::MAX));
        }
    }
    (scores, gold, known.len())
}
