//! The settings of an alarm as parameters.

use std::time::Duration;

use motet_core::catalog::{FaultPlace, KindFault, ParamSpec, ParamType, ParamValue, Params};

use super::super::alarm::{
    CHATTERING_ACTIVATIONS_MAX, ChatteringSettings, Direction, Settings, SettingsError,
};

const LIMIT: &str = "limit";
const CHATTERING_WINDOW: &str = "chattering_window";
/// A limit that no value is beyond: none was stated.
const NO_LIMIT: f64 = 1e15;
const MINUTE_S: u64 = 60;

pub(super) fn params() -> Vec<ParamSpec> {
    let mut params = Vec::from(levels());
    params.push(ParamSpec {
        name: "latched",
        param_type: ParamType::Flag,
        default: Some(ParamValue::Flag(false)),
        about: "whether a returned alarm is held until a reset",
    });
    params.extend(times());
    params.extend(counts());
    params
}

fn levels() -> [ParamSpec; 3] {
    let number = |name, min: f64, default: f64, about| ParamSpec {
        name,
        param_type: ParamType::Number { min, max: NO_LIMIT },
        default: Some(ParamValue::Number(default)),
        about,
    };
    [
        number(
            LIMIT,
            -NO_LIMIT,
            NO_LIMIT,
            "the limit, in the unit of the score; a value equal to it is normal. 1e15, the default, is none: then the input \
             `limit` must be connected",
        ),
        ParamSpec {
            name: "direction",
            param_type: ParamType::Choice(&["above", "below"]),
            default: Some(ParamValue::Text("above".to_owned())),
            about: "which side of the limit is wrong",
        },
        number(
            "deadband",
            0.0,
            0.0,
            "how far back over the limit a value must come to be normal again",
        ),
    ]
}

fn times() -> [ParamSpec; 7] {
    let time = |name, seconds: u64, about| ParamSpec {
        name,
        param_type: ParamType::Duration,
        default: Some(ParamValue::Duration(Duration::from_secs(seconds))),
        about,
    };
    [
        time(
            "on_delay",
            0,
            "how long a value must be beyond the limit before the alarm is active",
        ),
        time(
            "off_delay",
            0,
            "how long a value must be normal before the alarm returns",
        ),
        time(
            "gap_max",
            10 * MINUTE_S,
            "the longest time that a value stands for what follows it",
        ),
        time(
            "shelve_max",
            8 * 60 * MINUTE_S,
            "the longest time that an operator may shelve the alarm for",
        ),
        time(
            "stale_after",
            24 * 60 * MINUTE_S,
            "an alarm active for as long as this is stale",
        ),
        time(
            "remind_after",
            0,
            "after this time an acknowledged alarm that is still active asks again; 0 s: never",
        ),
        time(
            CHATTERING_WINDOW,
            MINUTE_S,
            "the stretch of time in which activations are counted",
        ),
    ]
}

fn counts() -> [ParamSpec; 2] {
    let count = |name, min: i64, max: i64, about| ParamSpec {
        name,
        param_type: ParamType::Integer { min, max },
        default: Some(ParamValue::Integer(3)),
        about,
    };
    [
        count(
            "chattering_activations",
            2,
            i64::from(CHATTERING_ACTIVATIONS_MAX),
            "so many activations within `chattering_window` are chattering",
        ),
        count(
            "refusals_max",
            1,
            1_000,
            "so many refused time stamps one after another make the quality `clock`",
        ),
    ]
}

/// The settings that the parameters make.
pub(super) fn settings(params: &Params, has_limit_input: bool) -> Result<Settings, Box<KindFault>> {
    let fault =
        |name: &str, message: String| KindFault::new(FaultPlace::Param(name.to_owned(), None), message);
    let stated = params.number(LIMIT).filter(|limit| *limit < NO_LIMIT);
    let limit = match (stated, has_limit_input) {
        (Some(limit), false) => limit,
        // The limit of the input takes its place before the first value.
        (None, true) => 0.0,
        (Some(_), true) => {
            let both = fault(LIMIT, "the limit is a parameter and an input".to_owned());
            return Err(Box::new(both.help("leave one of them out")));
        }
        (None, false) => {
            let none = fault(LIMIT, "there is no limit".to_owned());
            return Err(Box::new(
                none.help("state `limit`, or connect the input `limit` to that of a model"),
            ));
        }
    };
    let time = |name: &str| params.duration(name).unwrap_or_default();
    let whole = |name: &str| params.integer(name).unwrap_or_default();
    let settings = Settings {
        limit,
        direction: match params.text("direction") {
            Some("below") => Direction::Below,
            Some(_) | None => Direction::Above,
        },
        deadband: params.number("deadband").unwrap_or_default(),
        on_delay: time("on_delay"),
        off_delay: time("off_delay"),
        is_latched: params.flag("latched").unwrap_or_default(),
        gap_max: time("gap_max"),
        shelve_max: time("shelve_max"),
        stale_after: time("stale_after"),
        remind_after: Some(time("remind_after")).filter(|time| !time.is_zero()),
        chattering: ChatteringSettings {
            activations: u8::try_from(whole("chattering_activations")).unwrap_or_default(),
            window: time(CHATTERING_WINDOW),
        },
        refusals_max: u32::try_from(whole("refusals_max")).unwrap_or_default(),
    };
    match settings.check() {
        Ok(()) => Ok(settings),
        Err(error) => {
            let place = match error {
                SettingsError::NotFinite => LIMIT,
                SettingsError::NegativeDeadband => "deadband",
                SettingsError::NoTime("chattering.window") => CHATTERING_WINDOW,
                SettingsError::NoTime(name) => name,
                SettingsError::ChatteringActivations(_) => "chattering_activations",
                SettingsError::NoRefusals => "refusals_max",
            };
            Err(Box::new(fault(place, error.to_string())))
        }
    }
}
