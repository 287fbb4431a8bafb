use std::fs;

use proptest::prelude::*;

use super::*;

/// Reads a set of one table.
fn read(table: &str, time: Option<&str>, columns: Option<&[String]>) -> Result<SensorSet, DataError> {
    read_manifest(
        r#"{"file": "pump.csv", "label": "leak", "asset": "p1"}"#,
        &[("pump.csv", table)],
        time,
        columns,
    )
}

fn read_manifest(
    manifest: &str,
    tables: &[(&str, &str)],
    time: Option<&str>,
    columns: Option<&[String]>,
) -> Result<SensorSet, DataError> {
    let folder = tempfile::tempdir().unwrap();
    for (name, table) in tables {
        fs::write(folder.path().join(name), table).unwrap();
    }
    let path = folder.path().join("manifest.jsonl");
    fs::write(&path, manifest).unwrap();
    let fields = ManifestFields {
        label: None,
        group: Some("asset".to_owned()),
    };
    let options = SensorOptions {
        fields: &fields,
        labels: None,
        time,
        columns,
        delimiter: b',',
    };
    SensorSet::read(&path, &options)
}

fn check_found(found: Result<SensorSet, DataError>, expected: &[&str]) {
    let Err(DataError::Faults { faults, .. }) = found else {
        panic!("expected faults, found {found:?}");
    };
    let name =
        |fault: &crate::data::DataFault| fault.file.file_name().unwrap().to_string_lossy().into_owned();
    let found: Vec<String> = faults
        .iter()
        .map(|fault| format!("{}:{}: {}", name(fault), fault.line, fault.problem))
        .collect();
    assert_eq!(found, expected);
}

fn check(table: &str, expected: &[&str]) {
    check_found(read(table, Some("time"), None), expected);
}

#[test]
fn columns_are_found_by_name_and_time_begins_at_zero() {
    let table =
        "\u{feff}time,flow,pressure\r\n2020-01-01 00:00:00,1.5,-2e-1\r\n\r\n2020-01-01 00:00:02.5,2,3\r\n";
    let set = read(table, Some("time"), None).unwrap();
    let example = &set.examples[0];
    assert_eq!((example.label(), example.group()), (Some("leak"), Some("p1")));
    assert_eq!(example.table.rows(), 2);
    assert_eq!(example.table.column("pressure"), Some([-0.2, 3.0].as_slice()));
    assert_eq!(example.table.column("time"), None);
    assert_eq!(example.table.times_s.as_deref(), Some([0.0, 2.5].as_slice()));
    let wanted = ["pressure".to_owned()];
    let set = read(table, None, Some(&wanted)).unwrap();
    assert_eq!(set.examples[0].table.columns.len(), 1);
    assert_eq!(set.examples[0].table.times_s, None);
}

#[test]
fn a_cell_that_is_no_number_is_named_with_its_line() {
    check(
        "time,flow\n0,1\n\n1,x\n2,\n3,NaN\n4,1e99\n",
        &[
            "pump.csv:4: `x` in column `flow` is not a number",
            "pump.csv:5: column `flow` is empty here",
            "pump.csv:6: `NaN` in column `flow` is not a finite number of 32 bits",
            "pump.csv:7: `1e99` in column `flow` is not a finite number of 32 bits",
        ],
    );
}

#[test]
fn a_column_of_words_is_one_fault() {
    check(
        "time,state\n0,on\n1,off\n2,on\n",
        &["pump.csv:2: `on` in column `state` is not a number"],
    );
}

#[test]
fn rows_have_as_many_cells_as_the_first() {
    check(
        "time,flow\n0,1,2\n1\n",
        &[
            "pump.csv:2: the row has 3 cells, expected 2",
            "pump.csv:3: the row has 1 cells, expected 2",
        ],
    );
}

#[test]
fn time_may_stand_still_but_not_go_back() {
    assert!(read("time,flow\n0,1\n0,1\n", Some("time"), None).is_ok());
    check(
        "time,flow\n5,1\n4,1\n6,1\nnoon,1\n",
        &[
            "pump.csv:3: time goes back from `5` to `4`",
            "pump.csv:5: `noon` in column `time` is neither a number of seconds nor a time stamp as `2024-05-31 13:30:47`",
        ],
    );
}

#[test]
fn columns_have_names_and_are_those_asked_for() {
    check(
        "time,flow,flow,\n0,1,2,3\n",
        &[
            "pump.csv:1: column `flow` is there twice",
            "pump.csv:1: column 3 has no name",
        ],
    );
    check(
        "tome,flow\n0,1\n",
        &["pump.csv:1: column `time` is missing, did you mean `tome`"],
    );
    check("time\n0\n", &["pump.csv:1: the table has no column of values"]);
    check("", &["pump.csv:1: the table has no row"]);
    check("time,flow\n", &["pump.csv:1: the table has no row"]);
}

#[test]
fn all_tables_have_the_columns_of_the_first() {
    let manifest = "{\"file\": \"a.csv\", \"rows\": 2}\n{\"file\": \"b.csv\"}\n{\"file\": \"c.csv\"}\n";
    let tables = [("a.csv", "flow,heat\n1,2\n"), ("b.csv", "flow,head\n1,2\n")];
    check_found(
        read_manifest(manifest, &tables, None, None),
        &[
            "manifest.jsonl:1: `a.csv` has 1 rows, the manifest says 2",
            "manifest.jsonl:3: cannot use `c.csv`: no such file",
        ],
    );
    let manifest = "{\"file\": \"a.csv\", \"rows\": 1}\n{\"file\": \"b.csv\"}\n";
    check_found(
        read_manifest(manifest, &tables, None, None),
        &["b.csv:1: column `heat` is missing, did you mean `head`"],
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_table_is_read_or_refused(
        changes in prop::collection::vec((0_usize..60, any::<u8>()), 0..8),
        delimiter in prop::sample::select(vec![b',', b';', b'\t', b'"', b'\n']),
    ) {
        let mut bytes = b"time,flow,heat\n2020-01-01 00:00:00,1,2\n2020-01-01 00:00:01,3,4\n".to_vec();
        for (index, byte) in changes {
            bytes[index] = byte;
        }
        let wanted = TableOptions { time: Some("time"), columns: None, delimiter };
        let mut fault_count = 0;
        let table = SensorTable::parse(&bytes, &wanted, &mut |_, _| fault_count += 1);
        prop_assert_eq!(table.is_none(), fault_count > 0);
        if let Some(table) = table {
            let times = table.times_s.unwrap();
            prop_assert!(times.is_sorted());
            for column in &table.columns {
                prop_assert_eq!(column.values.len(), times.len());
                prop_assert!(column.values.iter().all(|value| value.is_finite()));
            }
        }
    }
}
