//! What one request says about the signal, read and checked before any of it counts.

use std::time::Duration;

use motet_core::node::{Inputs, NodeError};

use super::super::alarm::Event;
use super::{Sheet, orders};

/// Milliseconds from the beginning of 1970 to the end of 9999.
const TIME_MS_MAX: i64 = 253_402_300_799_999;

// The inputs, in the order in which the kind declares them.
const SCORE: usize = 0;
const AT: usize = 1;
const TIMES: usize = 2;
const USABLE: usize = 3;
const LIMIT: usize = 4;
const ORDER: usize = 5;
const SUPPRESS: usize = 6;

/// What one request says.
pub(super) struct Request {
    /// Values with their times since the beginning of 1970; none where one is missing.
    pub(super) values: Vec<(Duration, Option<f64>)>,
    /// What operators want.
    pub(super) orders: Vec<Event>,
    /// The limit, where it comes with the request.
    pub(super) limit: Option<f64>,
    /// Whether the plant's design hides the alarm, where it says.
    pub(super) is_suppressed: Option<bool>,
}

impl Request {
    pub(super) fn read(inputs: &Inputs<'_>, sheet: &Sheet) -> Result<Request, NodeError> {
        let number = |index: usize| -> Result<Option<f64>, NodeError> {
            let lease = inputs
                .get(index)
                .map(|lease| lease.tensor::<f32>(0))
                .transpose()?;
            Ok(lease
                .and_then(|values| values.first())
                .map(|value| f64::from(*value)))
        };
        let orders = match inputs.get(ORDER) {
            Some(text) => orders::read(text.text(0)?).map_err(|error| {
                let causes = std::iter::successors(std::error::Error::source(&error), |it| it.source());
                let line = causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}"));
                NodeError::Failed(line)
            })?,
            None => Vec::new(),
        };
        Ok(Request {
            values: values(inputs, sheet)?,
            orders,
            limit: number(LIMIT)?,
            is_suppressed: number(SUPPRESS)?.map(|value| value > 0.0),
        })
    }
}

fn values(inputs: &Inputs<'_>, sheet: &Sheet) -> Result<Vec<(Duration, Option<f64>)>, NodeError> {
    let clock = if sheet.is_single { AT } else { TIMES };
    let scores = inputs
        .get(SCORE)
        .map(|lease| lease.tensor::<f32>(0))
        .transpose()?;
    let times = match (inputs.get(clock), scores) {
        (Some(times), _) => times.tensor::<i64>(0)?,
        (None, Some([_, ..])) => return Err(NodeError::AbsentInput(clock)),
        (None, Some([]) | None) => &[],
    };
    let usable = inputs
        .get(USABLE)
        .map(|lease| lease.tensor::<u8>(0))
        .transpose()?;
    let counts = [scores.map(<[f32]>::len), usable.map(<[u8]>::len)];
    if let Some(count) = counts.into_iter().flatten().find(|count| *count != times.len()) {
        return Err(NodeError::Failed(format!(
            "there are {} time stamps and {count} scores or rows of `usable`",
            times.len()
        )));
    }
    let value = |index: usize| {
        let score = scores.and_then(|scores| scores.get(index))?;
        // Where nobody says whether scores mean something although somebody should, they do not.
        let is_usable = match usable {
            Some(usable) => usable.get(index).is_some_and(|usable| *usable != 0),
            None => !sheet.has_usable,
        };
        is_usable.then_some(f64::from(*score))
    };
    let stamped = |(index, time_ms): (usize, &i64)| {
        let time_ms = u64::try_from(*time_ms).ok().filter(|_| *time_ms <= TIME_MS_MAX);
        let time_ms = time_ms.ok_or_else(|| {
            NodeError::Failed(format!(
                "time stamp {index} is not within the years 1970 to 9999: {} ms",
                times[index]
            ))
        })?;
        Ok((Duration::from_millis(time_ms), value(index)))
    };
    times.iter().enumerate().map(stamped).collect()
}
