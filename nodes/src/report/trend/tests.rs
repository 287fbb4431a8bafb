//! Trends of series with known slopes: how often the interval holds, how often noise is called a trend.

use super::history::POINTS_MAX;
use super::life::{Demands, Outlook, outlook};
use super::*;
use crate::report::moment::Date;
use crate::report::record::Report;
use crate::report::sample;
use crate::trial::{Trial, Value};

/// Series of each kind of noise.
const SERIES: u64 = 1_000;
/// Points of a series, one a day.
const DAYS: usize = 60;

/// Random numbers.
///
/// # Source
/// Steele, Lea and Flood (2014), "Fast splittable pseudorandom number generators", SplitMix64; Box and Muller (1958).
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        ((mixed >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let (radius, angle) = (self.uniform(), self.uniform());
        (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
    }
}

/// What lies around a line.
#[derive(Clone, Copy, Debug)]
enum Noise {
    Normal,
    /// Student's t of three degrees of freedom: outliers.
    Heavy,
    /// Skewed.
    Lognormal,
    /// One value in ten is far off.
    Outliers,
    /// Whole numbers: ties.
    Rounded,
    /// Each value takes over so much of the one before.
    Autocorrelated(f64),
}

impl Noise {
    fn draw(self, count: usize, random: &mut Random) -> Vec<f64> {
        let mut before = random.normal();
        let mut one = || match self {
            Noise::Normal => random.normal(),
            Noise::Heavy => {
                let squares: f64 = (0..3).map(|_| random.normal().powi(2)).sum();
                random.normal() / (squares / 3.0).sqrt()
            }
            Noise::Lognormal => random.normal().exp(),
            Noise::Outliers => match random.uniform() < 0.1 {
                true => 20.0 * random.normal(),
                false => random.normal(),
            },
            Noise::Rounded => (2.0 * random.normal()).round(),
            Noise::Autocorrelated(share) => {
                before = share * before + (1.0 - share * share).sqrt() * random.normal();
                before
            }
        };
        (0..count).map(|_| one()).collect()
    }
}

fn demands(limit: f64) -> Demands {
    Demands {
        points_min: 12,
        days_min: 7.0,
        load_spread_max: 0.1,
        limit: Some(Limit {
            value: limit,
            direction: Direction::Above,
        }),
    }
}

/// The outlook of a line with noise, one point a day.
fn of_line(per_day: f64, noise: &[f64], limit: f64) -> Outlook {
    let mut history = History::new(i64::MAX);
    for (day, noise) in (0..).zip(noise) {
        let measured = Measurement {
            at_ms: day * 86_400_000,
            value: per_day * day as f64 + noise,
            load: None,
        };
        history.add(measured).unwrap();
    }
    outlook(&history, &demands(limit))
}

/// Of 1,000 series of a slope: shares in which the interval of 95 % holds the slope, is clear of 0, and in which remaining
/// life is told; and the share of what is told whose interval holds the truth.
fn simulate(noise: Noise, per_day: f64, limit: f64) -> [f64; 4] {
    let mut counts = [0_u32; 4];
    for seed in 0..SERIES {
        let drawn = noise.draw(DAYS, &mut Random(seed));
        let outlook = of_line(per_day, &drawn, limit);
        if let Some(trend) = outlook.trend {
            counts[0] += u32::from(trend.low <= per_day && per_day <= trend.high);
            counts[1] += u32::from(trend.course() != Course::Unclear);
        }
        if let RemainingLife::Estimated { low, high, .. } = outlook.life {
            counts[2] += 1;
            let middle = if matches!(noise, Noise::Lognormal) {
                1.0
            } else {
                0.0
            };
            let truth = (limit - middle) / per_day - (DAYS - 1) as f64;
            counts[3] += u32::from(low <= truth && truth <= high);
        }
    }
    let share = |count: u32, of: f64| f64::from(count) / of;
    let all = SERIES as f64;
    let told = f64::from(counts[2]).max(1.0);
    [
        share(counts[0], all),
        share(counts[1], all),
        share(counts[2], all),
        share(counts[3], told),
    ]
}

#[test]
fn the_interval_of_the_slope_holds_it_as_often_as_it_says() {
    let cases = [
        (Noise::Normal, 0.93),
        (Noise::Heavy, 0.93),
        (Noise::Lognormal, 0.93),
        (Noise::Outliers, 0.93),
        (Noise::Rounded, 0.93),
        (Noise::Autocorrelated(0.3), 0.92),
        (Noise::Autocorrelated(0.6), 0.90),
    ];
    for (noise, least) in cases {
        let [held, ..] = simulate(noise, 0.0, 10.0);
        #[allow(clippy::print_stdout, reason = "the figures of the documentation")]
        {
            println!(
                "{noise:?}: flat {:?}, 0.12 a day {:?}",
                simulate(noise, 0.0, 1.5),
                simulate(noise, 0.12, 10.0)
            );
        }
        assert!(held >= least, "{noise:?}: {held}");
    }
}

#[test]
fn noise_is_hardly_ever_called_the_end_of_a_machine() {
    let cases = [
        (Noise::Normal, 0.01),
        (Noise::Heavy, 0.01),
        (Noise::Lognormal, 0.01),
        (Noise::Outliers, 0.01),
        (Noise::Rounded, 0.01),
        (Noise::Autocorrelated(0.3), 0.01),
        (Noise::Autocorrelated(0.6), 0.01),
        // Sixty points of such noise are as good as three.
        (Noise::Autocorrelated(0.9), 0.02),
    ];
    for (noise, most) in cases {
        // The limit is near: one and a half deviations above the middle.
        let [_, _, told, _] = simulate(noise, 0.0, 1.5);
        assert!(told <= most, "{noise:?}: {told}");
    }
}

#[test]
fn a_line_with_noise_is_told_and_its_end_is_within_the_interval() {
    for (noise, least) in [
        (Noise::Normal, 0.9),
        (Noise::Heavy, 0.9),
        (Noise::Autocorrelated(0.3), 0.85),
    ] {
        let [_, clear, told, held] = simulate(noise, 0.12, 10.0);
        assert!(clear > 0.95 && told > 0.7, "{noise:?}: {clear} {told}");
        assert!(held >= least, "{noise:?}: {held}");
    }
}

fn trial() -> Trial<'static> {
    Trial::of(&Trends)
        .text("sensor", "motor DE")
        .text("quantity", "rms")
        .text("unit", "mm/s")
        .text("limit", "above 4.5")
        .with("points", ParamValue::Integer(12))
        .input("value", "f32")
        .input("at", "i64")
        .input("history", "utf8[history<=4096]")
        .input("load", "f32")
}

/// A day after 2024-01-01, in Unix milliseconds.
fn at(day: i64) -> i64 {
    1_704_067_200_000 + day * 86_400_000
}

/// What the node says of a table, and a value after it.
fn told(table: String, value: f32, day: i64) -> (Vec<f32>, u8, Findings) {
    let table: &'static str = Box::leak(table.into_boxed_str());
    let values = [
        Some(Value::number(value)),
        Some(Value::I64(at(day))),
        Some(Value::Text(table)),
        None,
    ];
    let outputs = trial().run(&values).unwrap();
    let lease = outputs[0].as_ref().unwrap();
    let numbers = (0..6)
        .map(|field| lease.tensor::<f32>(field).unwrap()[0])
        .collect();
    let findings = Findings::from_json(lease.text(8).unwrap()).unwrap();
    (numbers, lease.tensor::<u8>(6).unwrap()[0], findings)
}

/// A table of so many days.
fn table(days: i64, value: impl Fn(f64) -> f64) -> String {
    let noise = |day: i64| ((day * 7_919 % 101) as f64 / 101.0 - 0.5) * 0.05;
    let line = |day: i64| format!("{},{}\n", at(day), value(day as f64) + noise(day));
    (0..days).map(line).collect()
}

fn reason(findings: &Findings) -> Reason {
    match findings.remaining_life {
        Some(RemainingLife::NotEstimable { reason }) => reason,
        ref life => panic!("{life:?}"),
    }
}

#[test]
fn a_rising_value_has_a_trend_and_the_days_to_its_limit() {
    // 2 + 0.05 a day reaches 4.5 on day 50; the value here is of day 30.
    let (numbers, is_estimable, findings) = told(table(30, |day| 2.0 + 0.05 * day), 3.5, 30);
    assert_eq!(is_estimable, 1);
    assert!((numbers[0] - 0.05).abs() < 0.002, "{numbers:?}");
    assert!((numbers[3] - 20.0).abs() < 1.5, "{numbers:?}");
    assert!(numbers[4] <= 20.0 && 20.0 <= numbers[5], "{numbers:?}");
    let evidence = &findings.evidence[0];
    assert_eq!(evidence.sensor, "motor DE");
    assert_eq!(evidence.limit.map(|limit| limit.value), Some(4.5));
    assert!(
        evidence
            .trend
            .is_some_and(|trend| trend.course() == Course::Rising)
    );
}

#[test]
fn what_the_data_do_not_support_is_not_told_and_has_its_reason() {
    let cases = [
        (table(6, |day| 2.0 + 0.05 * day), 2.3, 6, Reason::TooFewData),
        (table(30, |_| 2.0), 2.0, 30, Reason::NoTrend),
        (
            table(30, |day| 4.0 - 0.05 * day),
            2.5,
            30,
            Reason::NoFailureHistory,
        ),
        // It would take 470 days.
        (table(30, |day| 2.0 + 0.005 * day), 2.15, 30, Reason::TooFewData),
        (
            table(30, |day| if day < 15.0 { 2.0 } else { 3.0 }),
            3.0,
            30,
            Reason::ChangingOperation,
        ),
        (
            table(30, |day| 2.0 + (day / 8.0).exp() / 40.0),
            3.0,
            30,
            Reason::ChangingOperation,
        ),
    ];
    for (table, value, day, expected) in cases {
        let (numbers, is_estimable, findings) = told(table, value, day);
        assert_eq!((reason(&findings), is_estimable), (expected, 0));
        assert_eq!(numbers[3..], [0.0; 3]);
    }
}

#[test]
fn a_speed_that_changes_forbids_an_estimate() {
    let lines = table(30, |day| 2.0 + 0.05 * day);
    let speeds = |line: (usize, &str)| format!("{},{}\n", line.1, if line.0 < 20 { 1_500 } else { 1_800 });
    let changing: String = lines.lines().enumerate().map(speeds).collect();
    assert_eq!(reason(&told(changing, 3.5, 30).2), Reason::ChangingOperation);
    let steady: String = lines.lines().map(|line| format!("{line},1500\n")).collect();
    assert_eq!(told(steady, 3.5, 30).1, 1);
}

#[test]
fn findings_fit_a_report() {
    for value in [0.0, 2.0, 3.5, 1e-20, 3e38] {
        for rise in [0.0, 0.05, -0.02] {
            let (_, _, findings) = told(table(30, |day| 2.0 + rise * day), value, 30);
            let mut report: Report = sample::plausible(1);
            (report.severity, report.cause, report.since, report.check) = (None, None, None, None);
            report.flags.clear();
            report.changes.clear();
            report.work_orders.clear();
            report.evidence = findings.evidence;
            report.remaining_life = findings.remaining_life.unwrap();
            report.check().unwrap();
        }
    }
}

#[test]
fn points_are_kept_between_requests_and_forgotten_when_reset() {
    let kind = trial();
    let mut running = kind.build();
    let mut fire = |value: f32, day: i64| {
        let values = [Some(Value::number(value)), Some(Value::I64(at(day))), None, None];
        running
            .fire(&values)
            .map(|outputs| outputs[0].as_ref().unwrap().tensor::<i32>(7).unwrap()[0])
    };
    assert_eq!(fire(1.0, 1).unwrap(), 1);
    assert_eq!(fire(1.0, 2).unwrap(), 2);
    assert_eq!(fire(9.0, 2).unwrap(), 2, "sent again");
    assert_eq!(fire(9.0, 1).unwrap(), 2, "late");
    assert_eq!(fire(1.0, 3).unwrap(), 3);
    for day in 4..600 {
        // A window of 90 days.
        assert!(fire(1.0, day).unwrap() <= 91.min(i32::try_from(POINTS_MAX).unwrap()));
    }
}

#[test]
fn a_hostile_table_is_an_error_with_its_line() {
    let values = |table: &'static str| {
        [
            Some(Value::number(1.0)),
            Some(Value::I64(at(0))),
            Some(Value::Text(table)),
            None,
        ]
    };
    let error = trial()
        .run(&values("1,1\n2,x"))
        .map(drop)
        .unwrap_err()
        .to_string();
    assert!(error.contains("line 2"), "{error}");
    let early = [Some(Value::number(1.0)), Some(Value::I64(-1)), None, None];
    assert!(trial().run(&early).is_err());
}

#[test]
fn settings_that_do_not_fit_are_faults_in_their_places() {
    let check = |name: &str, value: &str| {
        let base = [
            ("sensor", "motor DE"),
            ("quantity", "rms"),
            ("unit", "mm/s"),
            ("limit", "above 4.5"),
        ];
        let mut trial = Trial::of(&Trends).input("value", "f32").input("at", "i64");
        for (known, usual) in base {
            trial = trial.text(known, if known == name { value } else { usual });
        }
        let fault = &trial.faults()[0];
        assert!(
            matches!(&fault.place, FaultPlace::Param(found, None) if found == name),
            "{fault:?}"
        );
    };
    for limit in ["4.5", "above", "over 4.5", "above inf", "above 1e300", "above -1"] {
        check("limit", limit);
    }
    check("unit", "bar2");
    check("unit", "degC");
    check("sensor", "motor; DE");
}

#[test]
fn a_day_is_that_of_the_report() {
    // The time of the trials, held against the calendar.
    let day = Moment::from_seconds(at(30) / 1_000).map(Moment::date);
    assert_eq!(day, Date::new(2024, 1, 31));
}
