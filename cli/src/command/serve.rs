//! `motet run --stdin`: requests as lines of JSON, one answer a line, in order.
//!
//! A line that cannot be answered gets its error, and the next one is served. No line is kept beyond its bound.

use std::io::{self, BufRead, Read};
use std::path::PathBuf;

use motet::{Error, Files};
use serde_json::{Map, Value as Json, json};

use super::run::Work;
use crate::failure::Failure;
use crate::output::Output;

/// Longest request, in bytes: ten seconds of sound as numbers take a tenth of it.
const LINE_BYTES_MAX: u64 = 64 << 20;

pub(super) fn serve(work: &mut Work<'_>, output: &mut Output) -> Result<(), Failure> {
    let mut input = io::stdin().lock();
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = input
            .by_ref()
            .take(LINE_BYTES_MAX + 1)
            .read_until(b'\n', &mut line);
        let count = read.map_err(|error| Failure::bad(format!("standard input cannot be read: {error}")))?;
        if count == 0 {
            return Ok(());
        }
        if count as u64 > LINE_BYTES_MAX {
            skip_line(&mut input)
                .map_err(|error| Failure::bad(format!("standard input cannot be read: {error}")))?;
            let message = format!("the line is longer than {LINE_BYTES_MAX} bytes");
            output.json(&Refused::new("MT0414", message).to_json(Json::Null))?;
        } else if !line.trim_ascii().is_empty() {
            let answer = answer(work, &line);
            output.json(&answer)?;
        }
        output.flush()?;
    }
}

/// Reads to the end of the line and keeps nothing.
fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let found = input.fill_buf()?;
        if found.is_empty() {
            return Ok(());
        }
        let end = found.iter().position(|byte| *byte == b'\n');
        let count = end.map_or(found.len(), |at| at + 1);
        input.consume(count);
        if end.is_some() {
            return Ok(());
        }
    }
}

/// Why a line has no answer.
struct Refused {
    code: Option<&'static str>,
    message: String,
}

impl Refused {
    fn new(code: &'static str, message: impl Into<String>) -> Refused {
        Refused {
            code: Some(code),
            message: message.into(),
        }
    }

    fn to_json(&self, id: Json) -> Json {
        json!({"id": id, "error": {"code": self.code, "message": self.message}})
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Refused {
        Refused {
            code: error.code(),
            message: error.to_string(),
        }
    }
}

fn answer(work: &mut Work<'_>, line: &[u8]) -> Json {
    let request: Json = match serde_json::from_slice(line) {
        Ok(request) => request,
        Err(error) => {
            return Refused::new("MT0411", format!("the line is not JSON: {error}")).to_json(Json::Null);
        }
    };
    let id = request.get("id").cloned().unwrap_or(Json::Null);
    match respond(work, &request) {
        Ok(answer) => {
            let mut object = Map::new();
            object.insert("id".to_owned(), id);
            object.extend(answer);
            Json::Object(object)
        }
        Err(refused) => refused.to_json(id),
    }
}

fn respond(work: &mut Work<'_>, request: &Json) -> Result<Map<String, Json>, Refused> {
    let Some(entries) = request.as_object() else {
        return Err(Refused::new("MT0411", "a request is an object with `inputs`"));
    };
    if let Some(unknown) = entries
        .keys()
        .find(|key| !["id", "inputs"].contains(&key.as_str()))
    {
        let unknown = unknown.escape_debug();
        return Err(Refused::new(
            "MT0411",
            format!("a request has `id` and `inputs`, but not `{unknown}`"),
        ));
    }
    let Some(inputs) = entries.get("inputs").and_then(Json::as_object) else {
        return Err(Refused::new(
            "MT0411",
            "a request is an object with `inputs`, an object of values by input",
        ));
    };
    let files = Files::From(PathBuf::new());
    let request = work.runner.fed(inputs, &files, |feeding, value| match value {
        Json::Null => Ok(None),
        value => feeding.json(value).map(Some),
    })?;
    let request = work.within(request);
    Ok(work.run(&request)?.to_json())
}
