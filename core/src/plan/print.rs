//! The page that `motet plan` prints.

use std::fmt;
use std::time::Duration;

use serde::Serializer;

use super::{Lost, Plan, RunnerUp};
use crate::expression::Expression;
use crate::machine::DeviceId;
use crate::quantity::{Bytes, Time};
use crate::spec::OnError;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, cpu) = self.machine.devices().next().ok_or(fmt::Error)?;
        writeln!(
            f,
            "plan {}  for {} workers and {}",
            self.name,
            cpu.workers,
            Bytes(cpu.memory_bytes)
        )?;
        self.nodes_table(f)?;
        self.inside_tables(f)?;
        self.values_table(f)?;
        self.memory_lines(f)?;
        self.time_line(f)?;
        for agent in &self.agents {
            write!(f, "agent    {}: {}", agent.name, Bytes(agent.cpu.total()))?;
            match agent.cpu_bytes_max {
                Some(max) => writeln!(f, " of {} allowed", Bytes(max))?,
                None => writeln!(f, ", no bound of its own")?,
            }
        }
        for chain in &self.chains {
            let names: Vec<&str> = chain
                .nodes
                .iter()
                .map(|node| self.nodes[node.index()].name.as_str())
                .collect();
            writeln!(
                f,
                "chain    {}: {} estimated of {} allowed (deadline {}, {} % of requests)  {}",
                chain.name,
                Time(chain.estimate),
                Time(chain.allowed),
                Time(chain.deadline),
                chain.quantile * 100.0,
                names.join(" -> ")
            )?;
        }
        match self.deadline {
            Some(deadline) => writeln!(f, "request  deadline {}", Time(deadline))?,
            None => writeln!(f, "request  no deadline")?,
        }
        match self.egress.as_slice() {
            [] => writeln!(f, "egress   none: nothing leaves this machine")?,
            places => writeln!(f, "egress   {}", places.join(", "))?,
        }
        if self.is_audited {
            writeln!(f, "audit    required: no answer without its line in the log")?;
        }
        let warning_count = self.warnings.iter().count();
        match warning_count {
            0 => writeln!(f, "verdict  ACCEPT"),
            count => writeln!(
                f,
                "verdict  ACCEPT with {count} warning{}",
                if count == 1 { "" } else { "s" }
            ),
        }
    }
}

impl Plan {
    fn nodes_table(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has_choice = self.nodes.iter().any(|node| node.runner_up.is_some());
        let second = if has_choice { "second best" } else { "" };
        let head = [
            "step",
            "node",
            "kind",
            "device",
            "precision",
            "estimate",
            "finish",
            second,
        ];
        let mut rows = vec![head.map(str::to_owned)];
        for (index, step) in self.steps.iter().enumerate() {
            for node in &step.nodes {
                let node = &self.nodes[node.index()];
                rows.push([
                    format!("{index}"),
                    node.name.clone(),
                    node.kind.clone(),
                    self.device_name(node.device, node.width),
                    node.precision.name().to_owned(),
                    Time(node.estimate).to_string(),
                    Time(node.finish).to_string(),
                    node.runner_up
                        .as_ref()
                        .map_or(String::new(), |other| self.lost(other)),
                ]);
            }
        }
        table(f, &rows, &[5, 6])
    }

    /// `cpu`, or `cpu x2` for two of its workers.
    fn device_name(&self, device: DeviceId, width: u16) -> String {
        let name = &self.machine.device(device).name;
        if width > 1 {
            format!("{name} x{width}")
        } else {
            name.clone()
        }
    }

    fn lost(&self, other: &RunnerUp) -> String {
        let name = format!(
            "{} {}",
            self.device_name(other.device, other.width),
            other.precision
        );
        match &other.lost {
            // Rounded to what is printed, it may seem to be the plan's own time.
            Lost::Slower { request } if Time(*request).to_string() == Time(self.finish).to_string() => {
                let later = request.saturating_sub(self.finish);
                match later < Duration::from_micros(1) {
                    true => format!("{name}: the request would end less than 1 us later"),
                    false => format!("{name}: the request would end {} later", Time(later)),
                }
            }
            Lost::Slower { request } => format!("{name}: the request would end at {}", Time(*request)),
            Lost::NoSooner => format!("{name}: no sooner, with no less work"),
            Lost::Unsought => format!("{name}: better, but the search ended before"),
            Lost::Memory => format!("{name}: over the memory"),
            Lost::Accuracy(why) => format!("{name}: {why}"),
        }
    }

    /// What the times rest on.
    fn time_line(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let measured_count = self.nodes.iter().filter(|node| node.is_measured).count();
        let rest = match measured_count {
            0 => "from assumed speeds; nothing was measured".to_owned(),
            count if count == self.nodes.len() => "from measured times".to_owned(),
            count => format!(
                "{count} of {} nodes measured, the others from assumed speeds",
                self.nodes.len()
            ),
        };
        writeln!(
            f,
            "time     {} estimated for a request, {rest}",
            Time(self.finish)
        )
    }

    /// What nodes do inside, for those whose kind says so.
    fn inside_tables(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for node in self.nodes.iter().filter(|node| !node.cost.inside.is_empty()) {
            let mut rows = vec![[
                format!("inside {}", node.name),
                String::new(),
                "flops".to_owned(),
                "bytes".to_owned(),
            ]];
            for step in &node.cost.inside {
                rows.push([
                    step.name.clone(),
                    step.about.clone(),
                    step.flops.to_string(),
                    step.bytes.to_string(),
                ]);
            }
            table(f, &rows, &[2, 3])?;
        }
        Ok(())
    }

    fn values_table(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = vec![["slot", "value", "buffer", "bytes", "type"].map(str::to_owned)];
        for (index, slot) in self.slots.iter().enumerate() {
            let keep = slot.keep.map_or(String::new(), |keep| format!(" + {}", keep.0));
            rows.push([
                format!("{index}"),
                slot.name.clone(),
                format!("{}{keep}", slot.buffer.0),
                slot.layout.bytes.to_string(),
                slot.port.as_ref().map_or("-".to_owned(), ToString::to_string),
            ]);
        }
        table(f, &rows, &[2, 3])
    }

    fn memory_lines(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let memory = &self.memory;
        write!(f, "memory   cpu {}", Bytes(memory.cpu.total()))?;
        match memory.cpu_bytes_max {
            Some(max) => write!(f, " of {} allowed", Bytes(max))?,
            None => write!(f, ", no bound in the contract")?,
        }
        writeln!(
            f,
            ": weights {}, buffers {}, workspaces {}, session {}",
            Bytes(memory.cpu.weights),
            Bytes(memory.cpu.buffers),
            Bytes(memory.cpu.workspaces),
            Bytes(memory.cpu.session)
        )?;
        writeln!(
            f,
            "         {} buffers; {} without sharing, no plan below {}; largest: {}{}",
            self.buffers.len(),
            Bytes(memory.unshared_bytes),
            Bytes(memory.lower_bound_bytes),
            memory.largest,
            if memory.is_serial {
                "; nodes run one after the other"
            } else {
                ""
            }
        )?;
        if memory.gpu == super::Bytes::default() && memory.gpu_bytes_max.is_none() {
            return Ok(());
        }
        write!(f, "         gpu {}", Bytes(memory.gpu.total()))?;
        match memory.gpu_bytes_max {
            Some(max) => write!(f, " of {} allowed", Bytes(max))?,
            None => write!(f, ", no bound in the contract")?,
        }
        writeln!(
            f,
            ": weights {}, workspaces {}",
            Bytes(memory.gpu.weights),
            Bytes(memory.gpu.workspaces)
        )
    }
}

/// Columns as wide as their widest cell; the listed ones are aligned to the right.
fn table<const N: usize>(f: &mut fmt::Formatter<'_>, rows: &[[String; N]], right: &[usize]) -> fmt::Result {
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    for row in rows {
        let mut line = String::from(" ");
        for (column, cell) in row.iter().enumerate() {
            let width = width(column);
            line.push(' ');
            line.push_str(&if right.contains(&column) {
                format!("{cell:>width$} ")
            } else {
                format!("{cell:<width$} ")
            });
        }
        writeln!(f, "{}", line.trim_end())?;
    }
    writeln!(f)
}

#[expect(clippy::ref_option, reason = "the form that serde asks for")]
pub(super) fn condition<S: Serializer>(when: &Option<Expression>, serializer: S) -> Result<S::Ok, S::Error> {
    match when {
        Some(expression) => serializer.collect_str(expression),
        None => serializer.serialize_none(),
    }
}

pub(super) fn on_error<S: Serializer>(on_error: &OnError, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match on_error {
        OnError::Fail => "fail",
        OnError::Absent => "absent",
        OnError::LastGood => "last_good",
    })
}
