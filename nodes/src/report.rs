//! Alarms and reports about machines: the life cycle of an alarm, a typed record of what was found, and a short text of it.
//!
//! [`alarm`] is a state machine after ANSI/ISA-18.2; [`findings`] are what single nodes found; [`record`] is what a report
//! may say, by docs/report.schema.json; [`text`] writes it in words and [`parse`] reads them back, so that nothing is told
//! that the record does not hold; [`page`] is the same with a spectrum. Nothing here has a clock. Invariant: a text that is
//! returned was read back first.

pub mod alarm;
pub mod findings;
pub mod measure;
pub mod moment;
pub mod page;
pub mod parse;
pub mod record;
pub mod sample;
pub mod text;
