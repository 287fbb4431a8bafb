//! Alarms and reports about machines: the life cycle of an alarm, a typed record of what was found, and a short text of it.
//!
//! [`alarm`] is a state machine after ANSI/ISA-18.2; [`findings`] are what single nodes found; [`record`] is what a report
//! may say, by docs/report.schema.json; [`text`] writes it in words and [`parse`] reads them back, so that nothing is told
//! that the record does not hold; [`page`] is the same with a spectrum; [`orders`] and [`trend`] are kinds that find what
//! was done to a machine and how it changes. Nothing here has a clock. Invariant: a text that is
//! returned was read back first.

pub mod alarm;
mod alarm_flood;
mod alarm_state;
pub mod findings;
pub mod measure;
pub mod moment;
pub mod orders;
pub mod page;
pub mod parse;
pub mod record;
mod report_record;
mod report_text;
pub mod sample;
pub mod text;
pub mod trend;

pub use alarm_flood::AlarmFlood;
pub use alarm_state::{AlarmState, ORDERS_BYTES, ORDERS_MAX, OrderError, ROWS_MAX};
pub use orders::Orders;
pub use report_record::{RECORD_BYTES, ReportRecord};
pub use report_text::{MARKDOWN_BYTES, PAGE_BYTES, ReportText, TEXT_BYTES};
pub use trend::Trends;
