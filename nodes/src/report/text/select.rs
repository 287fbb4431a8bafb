//! What is said: what must be, then what is most useful, up to a number of words.

use super::super::record::{RemainingLife, Report};
use super::findings::{self, Detail};
use super::headline::{self, Headline};
use super::number::Manner;
use super::writer::{Style, Writer};
use super::{RealiseError, Sentence, Text, history};

/// Words that a text should not pass for what need not be said.
///
/// # Source
/// Brysbaert (2019): adults read English non-fiction silently at 238 words a minute, so that 15 s are 59 words.
pub const WORDS_AIM: usize = 56;

/// What is said beside what must be.
#[derive(Clone, Copy, Debug)]
struct Selection {
    headline: Headline,
    evidence_count: usize,
    detail: Detail,
    says_check: bool,
    against_count: usize,
    says_life: bool,
    change_count: usize,
    work_order_count: usize,
}

/// What can be added, the most useful first.
const ADDITIONS: [fn(&mut Selection); 12] = [
    |it| it.says_check = true,
    |it| it.detail.says_trend = true,
    |it| it.headline.says_since = true,
    |it| it.evidence_count += 1,
    |it| it.says_life = true,
    |it| it.work_order_count += 1,
    |it| it.against_count += 1,
    |it| it.change_count += 1,
    |it| it.detail.says_bounds = true,
    |it| it.headline.says_value = true,
    |it| it.evidence_count += 1,
    |it| it.against_count += 1,
];

/// Writes what must be said, and what else there is room for.
pub(super) fn text(report: &Report, style: Style) -> Result<Text, RealiseError> {
    let writer = Writer::new(report, Manner::Written, style);
    let ranked = report.ranked_evidence();
    let mut selection = Selection {
        headline: Headline {
            says_since: false,
            says_value: false,
        },
        evidence_count: 1,
        detail: Detail {
            says_trend: false,
            says_bounds: false,
        },
        says_check: false,
        against_count: 0,
        says_life: matches!(report.remaining_life, RemainingLife::NotEstimable { .. }),
        change_count: 0,
        work_order_count: 0,
    };
    let mut text = write(&writer, &ranked, selection)?;
    for add in ADDITIONS {
        let mut more = selection;
        add(&mut more);
        let longer = write(&writer, &ranked, more)?;
        if words(&longer) <= WORDS_AIM {
            selection = more;
            text = longer;
        }
    }
    Ok(text)
}

fn words(text: &Text) -> usize {
    let count = |sentence: &Sentence| sentence.text.split_whitespace().count();
    text.sentences.iter().map(count).sum()
}

fn write(writer: &Writer<'_>, ranked: &[usize], selection: Selection) -> Result<Text, RealiseError> {
    let report = writer.report;
    let mut sentences = vec![headline::write(writer, selection.headline)?];
    let evidence = &ranked[..ranked.len().min(selection.evidence_count)];
    sentences.extend(findings::evidence(writer, evidence, selection.detail)?);
    match &report.cause {
        Some(cause) => sentences.push(findings::cause(
            writer,
            cause,
            selection.against_count,
            selection.says_check,
        )?),
        None if selection.says_check => sentences.extend(findings::check(writer)?),
        None => (),
    }
    sentences.extend(history::flags(writer));
    if selection.says_life {
        sentences.push(history::life(writer)?);
    }
    // The latest of what changed and of what was done.
    let mut changes: Vec<usize> = (0..report.changes.len()).collect();
    changes.sort_by_key(|index| std::cmp::Reverse(report.changes[*index].at));
    for index in changes.into_iter().take(selection.change_count) {
        sentences.push(history::change(writer, index, &report.changes[index])?);
    }
    let mut orders: Vec<usize> = (0..report.work_orders.len()).collect();
    orders.sort_by_key(|index| std::cmp::Reverse(report.work_orders[*index].date));
    for index in orders.into_iter().take(selection.work_order_count) {
        sentences.push(history::work_order(writer, index, &report.work_orders[index])?);
    }
    Ok(Text { sentences })
}
