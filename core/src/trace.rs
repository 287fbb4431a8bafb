//! What happened in one firing: when each node was ready, began and ended, and how it came out.

use std::time::Duration;

use serde::Serialize;

use crate::graph::NodeId;
use crate::machine::DeviceId;
use crate::plan::Plan;

/// How a node's turn came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeOutcome {
    /// It ran and gave its answer.
    Ran,
    /// It ran and gave its answer, on the CPU, because its device failed; the text says how.
    FellBack(String),
    /// It did not run: its condition did not hold or an input it needs was absent.
    Skipped,
    /// It failed; the text says how.
    Failed(String),
    /// It failed and its last good answer was given instead.
    LastGood(String),
    /// The deadline had passed before it began.
    Cancelled,
    /// It had not ended when the deadline passed.
    Late,
}

/// A node's turn. Times count from the start of the session's clock.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// Which node.
    pub node: NodeId,
    /// Where it ran.
    pub device: DeviceId,
    /// Which worker of that device.
    pub worker: u16,
    /// When everything it waits for had ended.
    pub ready: Duration,
    /// When it began.
    pub start: Duration,
    /// When it ended.
    pub end: Duration,
    /// How it came out.
    pub outcome: NodeOutcome,
}

/// One firing.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Trace {
    /// When the request arrived.
    pub start: Duration,
    /// When the response was complete.
    pub end: Duration,
    /// The nodes' turns, in the order they ended.
    pub intervals: Vec<Interval>,
    /// Bytes of input values copied into the arena.
    pub input_bytes: u64,
}

impl Trace {
    /// From the arrival of the request to the response.
    pub fn latency(&self) -> Duration {
        self.end.saturating_sub(self.start)
    }

    /// As Chrome trace events, which `chrome://tracing` and Perfetto draw: one row per worker.
    ///
    /// # Source
    /// Google, "Trace Event Format": complete events (`ph` = `X`) with times in microseconds.
    pub fn to_chrome_json(&self, plan: &Plan) -> serde_json::Value {
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        let events = self.intervals.iter().map(|interval| {
            let node = &plan.nodes[interval.node.index()];
            serde_json::json!({
                "name": node.name,
                "cat": node.kind,
                "ph": "X",
                "ts": micros(interval.start),
                "dur": micros(interval.end.saturating_sub(interval.start)),
                "pid": interval.device.0,
                "tid": interval.worker,
                "args": {
                    "waited_us": micros(interval.start.saturating_sub(interval.ready)),
                    "outcome": interval.outcome,
                },
            })
        });
        let names = plan.machine.devices().map(|(id, device)| {
            serde_json::json!({"name": "process_name", "ph": "M", "pid": id.0, "args": {"name": device.name}})
        });
        serde_json::json!({"traceEvents": names.chain(events).collect::<Vec<_>>(), "displayTimeUnit": "ms"})
    }
}
