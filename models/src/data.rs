//! The examples that a team brings: read, checked and split before anything is learnt from them.
//!
//! [`TextSet`] holds texts with a class, tags or both, [`AudioSet`] recordings, [`SensorSet`] tables of sensors, [`WaveformSet`]
//! recordings of machines; [`SensorRows`] is a stretch of a table while a machine runs. All
//! bad rows of a file are found in one go and named with their lines ([`DataFault`]). [`inspect`] looks for what makes
//! a good figure worthless, such as the same text on both sides, and [`split`] keeps whole groups on one side. There
//! are no tensors and no nets here; `docs/data-formats.md` describes the files. Invariants: a set that was read has no
//! faulty row, and no input makes a reader panic.

mod audio;
mod classes;
mod error;
mod example;
mod fault;
mod file;
mod frames;
mod json_lines;
mod manifest;
mod near;
mod problem;
mod report;
mod row;
mod sensor;
mod sensor_rows;
mod sensor_table;
mod spans;
mod split;
mod tags;
mod text;
mod time;
mod token_spans;
mod tsv;
mod waveform;

pub use audio::{AudioCheck, AudioExample, AudioOptions, AudioSet, CheckSpoken};
pub use classes::{Classes, classes};
pub use error::{DataError, FAULTS_MAX, FILE_BYTES_MAX};
pub use example::{Example, Place, Side};
pub use fault::DataFault;
pub use file::LINE_BYTES_MAX;
pub use frames::role;
pub(crate) use frames::role_name;
pub use manifest::ManifestFields;
pub use near::{NEAR_JACCARD, Near, near_duplicates, normalise};
pub use problem::{FieldType, Problem};
pub use report::{Crossing, DataReport, LabelCount, LongestText, Pair, inspect};
pub use sensor::{SensorExample, SensorOptions, SensorSet, TABLE_BYTES_MAX};
pub use sensor_rows::{RowError, RowOptions, SensorRows};
pub use sensor_table::{Column, SensorTable, TableFault};
pub use split::{Split, SplitBy, SplitError, folds, split};
pub use tags::check_tags;
pub use text::{FrameExample, TextExample, TextFields, TextOptions, TextSet};
pub use token_spans::{Nested, TokenSpans};
pub use waveform::{WaveformExample, WaveformFields, WaveformSet};
