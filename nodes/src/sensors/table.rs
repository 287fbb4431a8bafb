//! `sensors/table`: rows of process sensors out of a text of comma-separated values.

use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, FaultPlace, InputSpec, InputSpecs, KindFault, NodeKind,
    OutputSpec, ParamSpec, ParamType, ParamValue, Params, Signature,
};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Dim, Element, Field, PortType, TensorType};
use motet_models::data::{RowOptions, SensorRows};

use crate::model::shift::ShiftShelf;
use crate::model::{ModelSources, dim};

const INPUT: &str = "text";
const SENSORS: &str = "sensors";
const MODEL: &str = "model";
const TIME: &str = "time";
const ROWS: &str = "rows";
const DELIMITER: &str = "delimiter";
const DECIMAL: &str = "decimal";

/// Most bytes of a text.
const TEXT_BYTES: usize = 4 << 20;
/// Most rows of a table.
pub(crate) const ROWS_MAX: usize = 1 << 16;
const ROWS_DEFAULT: i64 = 4_096;
/// Most sensors of a table.
const SENSORS_MAX: usize = 64;

/// Fields of a table, in order.
pub(crate) const TIMES: usize = 0;
pub(crate) const VALUES: usize = 1;
pub(crate) const VALID: usize = 2;

/// The type of a table of at most so many rows.
pub(crate) fn table_type(rows: u32, sensors: usize) -> PortType {
    let rows = || Dim::at_most("R", rows);
    let cells = |element| TensorType::new(element, vec![rows(), Dim::exactly(dim(sensors))]);
    let mut times = TensorType::new(Element::I64, vec![rows()]);
    times.unit = Some("ms".to_owned());
    PortType::Record(vec![
        Field::new("times", times),
        Field::new("values", cells(Element::F32)),
        Field::new("valid", cells(Element::U8).within(0.0, 1.0)),
    ])
}

/// The kind `sensors/table`.
pub struct Table {
    shelf: ShiftShelf,
}

impl Table {
    /// The kind with the models of these sources, which may name the sensors.
    pub fn new(sources: ModelSources) -> Table {
        Table {
            shelf: ShiftShelf::new(sources),
        }
    }

    /// What the parameters say.
    fn options(&self, params: &Params) -> Result<RowOptions, Vec<KindFault>> {
        let sensors = self.sensors(params)?;
        let time = params.text(TIME).unwrap_or_default().to_owned();
        let is_twice = |at: &usize| sensors[..*at].contains(&sensors[*at]) || sensors[*at] == time;
        if let Some(twice) = (0..sensors.len()).find(is_twice) {
            let message = format!("`{}` is named twice", sensors[twice]);
            let help = "name each column once, and that of time under `time`";
            return Err(fault(SENSORS, message, help));
        }
        let delimiter = match params.text(DELIMITER).unwrap_or_default() {
            "semicolon" => b';',
            "tab" => b'\t',
            _ => b',',
        };
        let has_decimal_comma = params.text(DECIMAL) == Some("comma");
        if has_decimal_comma && delimiter == b',' {
            let message = "a comma stands between cells, and cannot stand before fractions as well";
            return Err(fault(DECIMAL, message.to_owned(), "state `delimiter: semicolon`"));
        }
        let rows = params.integer(ROWS).unwrap_or(ROWS_DEFAULT);
        Ok(RowOptions {
            time,
            sensors,
            delimiter,
            has_decimal_comma,
            rows_max: usize::try_from(rows).unwrap_or(1).clamp(1, ROWS_MAX),
        })
    }

    /// The columns of the sensors: as named, or those of the model.
    fn sensors(&self, params: &Params) -> Result<Vec<String>, Vec<KindFault>> {
        let named = match params.get(SENSORS) {
            Some(ParamValue::Texts(names)) => names.clone(),
            Some(_) | None => Vec::new(),
        };
        let sensors = match params.text(MODEL).unwrap_or_default() {
            "" => named,
            _ => {
                let entry = self.shelf.find(params)?;
                let known = entry.card.model.net.sensors.iter();
                let known: Vec<String> = known.map(|sensor| sensor.name.clone()).collect();
                if !named.is_empty() && named != known {
                    let known = known.join(", ");
                    let message = format!("the model has other sensors or another order: {known}");
                    let help = "leave `sensors` out: the model says which there are";
                    return Err(fault(SENSORS, message, help));
                }
                known
            }
        };
        if !(1..=SENSORS_MAX).contains(&sensors.len()) {
            let message = format!(
                "expected 1 to {SENSORS_MAX} names of columns, found {}",
                sensors.len()
            );
            return Err(fault(
                SENSORS,
                message,
                "name columns, or the `model` that knows them",
            ));
        }
        Ok(sensors)
    }
}

fn fault(param: &str, message: String, help: &str) -> Vec<KindFault> {
    vec![KindFault::new(FaultPlace::Param(param.to_owned(), None), message).help(help)]
}

impl NodeKind for Table {
    fn name(&self) -> &str {
        "sensors/table"
    }

    fn about(&self) -> &str {
        "Reads rows of process sensors out of a text of comma-separated values with a header. Columns are found by their \
         names; the model that `model` names says which they are. A stamp is a date with a time, as \
         `2024-05-31 13:30:47`, or seconds since 1970; an empty cell, `NaN`, `null` and an infinity are no value. Output: \
         `times`, in milliseconds since 1970; `values`, 0 where there is none; `valid`, 1 where there is one. A text \
         without these columns, a row of other cells, and a cell that is no number are errors. A header alone gives no rows."
    }

    fn params(&self) -> Vec<ParamSpec> {
        let text = |name, default: &str, about| ParamSpec {
            name,
            param_type: ParamType::Text,
            default: Some(ParamValue::Text(default.to_owned())),
            about,
        };
        let choice = |name, words, default: &str, about| ParamSpec {
            name,
            param_type: ParamType::Choice(words),
            default: Some(ParamValue::Text(default.to_owned())),
            about,
        };
        vec![
            ParamSpec {
                name: SENSORS,
                param_type: ParamType::Texts,
                default: Some(ParamValue::Texts(Vec::new())),
                about: "the columns of the sensors, in the order of the output; those of the model when empty",
            },
            text(
                MODEL,
                "",
                "name and version of the model that knows the sensors, as in `skab@1`",
            ),
            text(TIME, "time", "the column of time"),
            ParamSpec {
                name: ROWS,
                param_type: ParamType::Integer { min: 1, max: 65_536 },
                default: Some(ParamValue::Integer(ROWS_DEFAULT)),
                about: "the most rows of a text",
            },
            choice(
                DELIMITER,
                &["comma", "semicolon", "tab"],
                "comma",
                "what stands between two cells",
            ),
            choice(
                DECIMAL,
                &["point", "comma"],
                "point",
                "what stands before a fraction",
            ),
        ]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let text = Accepts::Type(TensorType::text(dim(TEXT_BYTES)).into());
        Ok(InputSpecs {
            named: vec![InputSpec::required(
                INPUT,
                text,
                "rows of the sensors, with a header",
            )],
            further: None,
        })
    }

    fn outputs(&self, params: &Params, _: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let options = self.options(params)?;
        let port = table_type(dim(options.rows_max), options.sensors.len());
        Ok(vec![OutputSpec::new("table", port)])
    }

    fn cost(&self, params: &Params, signature: &Signature, _: &Placement) -> Cost {
        let Ok(options) = self.options(params) else {
            return Cost::default();
        };
        let cells = options.rows_max * options.sensors.len();
        let bytes = crate::notes::annotate::text_bytes(&signature.inputs);
        Cost {
            // A cell is looked at letter by letter, a few times.
            flops: 8 * bytes as u64,
            // The rows, and a line as cells.
            workspace_bytes: (options.rows_max * size_of::<i64>() + 5 * cells + 2 * bytes.min(1 << 20))
                as u64,
            ..Cost::default()
        }
    }

    fn build(&self, params: &Params, _: &Signature, _: &Placement) -> Result<Box<dyn Node>, BuildError> {
        let options = self
            .options(params)
            .map_err(|faults| BuildError::Failed(crate::first_message(&faults)))?;
        let cells = options.rows_max * options.sensors.len();
        Ok(Box::new(TableNode {
            rows: SensorRows {
                times_ms: Vec::with_capacity(options.rows_max),
                values: Vec::with_capacity(cells),
                valid: Vec::with_capacity(cells),
            },
            options,
        }))
    }
}

struct TableNode {
    options: RowOptions,
    rows: SensorRows,
}

impl Node for TableNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let text = inputs.require(0)?.text(0)?;
        let read = self.rows.read(text, &self.options);
        read.map_err(|error| NodeError::Failed(error.to_string()))?;
        let dims = [dim(self.rows.times_ms.len()), dim(self.options.sensors.len())];
        let out = outputs.record(0)?;
        out.tensor::<i64>(TIMES, &dims[..1])?
            .copy_from_slice(&self.rows.times_ms);
        out.tensor::<f32>(VALUES, &dims)?
            .copy_from_slice(&self.rows.values);
        out.tensor::<u8>(VALID, &dims)?.copy_from_slice(&self.rows.valid);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{Trial, Value};

    fn kind() -> Table {
        Table::new(ModelSources::default())
    }

    fn texts(names: &[&str]) -> ParamValue {
        ParamValue::Texts(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn rows_arrive_with_what_is_there_and_what_is_not() {
        let kind = kind();
        let trial = Trial::of(&kind)
            .with("sensors", texts(&["b", "a"]))
            .input("text", "utf8[T<=1000]");
        assert_eq!(
            trial.types(),
            [
                "table: record{times: i64[R<=4096] unit=ms, values: f32[R<=4096, 2], valid: u8[R<=4096, 2] range=0..1}"
            ]
        );
        let outputs = trial
            .run(&[Some(Value::Text("time,a,b\n1.5,3,\n1,4,5\n"))])
            .unwrap();
        let table = outputs[0].as_ref().unwrap();
        assert_eq!(table.tensor::<i64>(TIMES).unwrap(), [1_500, 1_000]);
        assert_eq!(table.tensor::<f32>(VALUES).unwrap(), [0.0, 3.0, 5.0, 4.0]);
        assert_eq!(table.tensor::<u8>(VALID).unwrap(), [0, 1, 1, 1]);
        let outputs = trial.run(&[Some(Value::Text("time,a,b\n"))]).unwrap();
        assert_eq!(
            outputs[0].as_ref().unwrap().tensor::<i64>(TIMES).unwrap(),
            [0_i64; 0]
        );
    }

    #[test]
    fn a_hostile_text_is_an_error_that_says_where() {
        let kind = kind();
        let trial = Trial::of(&kind)
            .with("sensors", texts(&["a"]))
            .with("rows", ParamValue::Integer(2))
            .input("text", "utf8[T<=1000]");
        let check = |text: &'static str, expected: &str| {
            let error = trial.run(&[Some(Value::Text(text))]).err().unwrap().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        };
        check("", "no header");
        check("1,2\n3,4\n", "no column `time`");
        check("time;a\n1;2\n", "semicolon");
        check("time,a\n1\n", "row 1 has 1 cells");
        check("time,a\n1,\"2\n3,4\n", "row 1");
        check("time,a\n1,x\n", "`x` in `a` is no number");
        check("time,a\n1,1\n2,1\n3,1\n", "more than 2 rows");
    }

    #[test]
    fn the_model_says_which_sensors_there_are() {
        let kind = kind();
        let of = |model: &str| {
            Trial::of(&kind)
                .text("model", model)
                .text("time", "datetime")
                .input("text", "utf8[T<=1000]")
        };
        let trial = || of("skab@1");
        assert!(trial().types()[0].contains("values: f32[R<=4096, 8]"));
        let fault = &trial().with("sensors", texts(&["Pressure"])).faults()[0];
        assert!(fault.message.contains("Accelerometer1RMS, "), "{}", fault.message);
        assert!(of("skab@7").signature().is_err());
    }

    #[test]
    fn parameters_that_contradict_each_other_are_faults() {
        let kind = kind();
        let check = |names: &[&str], change: fn(Trial<'_>) -> Trial<'_>, expected: &str| {
            let trial = change(
                Trial::of(&kind)
                    .with("sensors", texts(names))
                    .input("text", "utf8[T<=1000]"),
            );
            let message = &trial.faults()[0].message;
            assert!(message.contains(expected), "{message}");
        };
        check(&[], |trial| trial, "expected 1 to 64 names");
        check(&["a", "a"], |trial| trial, "`a` is named twice");
        check(&["time"], |trial| trial, "`time` is named twice");
        check(
            &["a"],
            |trial| trial.text("decimal", "comma"),
            "cannot stand before fractions",
        );
    }
}
