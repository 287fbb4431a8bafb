//! A request of a log as a resource `AuditEvent` of FHIR R4, for systems that gather those.
//!
//! What it is *not*: a proof. The resource names the lines that it was made from and their hashes; the log is what can
//! be verified. Nothing is in the resource that is not in the log, so a patient is named by the keyed hash alone.
//!
//! # Source
//! HL7 FHIR Release 4 (4.0.1, 2019), resource `AuditEvent`, and the code systems named there.

use serde_json::{Map, Value as Json, json};

use super::entry::{End, Ending, Entry, Event, Question};
use super::hash::LogId;

const ENTITY_TYPE: &str = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
const ENTITY_ROLE: &str = "http://terminology.hl7.org/CodeSystem/object-role";

/// The resource for a request from the line that says it was asked and, where there is one, the line that says it ended
/// which belongs to it. None for other lines, and for two that do not belong together.
pub fn to_audit_event(log: LogId, asked: &Entry, ended: Option<&Entry>) -> Option<Json> {
    let Event::Asked(question) = &asked.event else {
        return None;
    };
    let end = match ended.map(|entry| &entry.event) {
        None => None,
        Some(Event::Ended(end)) if end.asked == asked.sequence && end.request == question.request => {
            Some(end)
        }
        Some(_) => return None,
    };
    let mut event = Map::new();
    let mut put = |key: &str, value: Json| event.insert(key.to_owned(), value);
    put("resourceType", json!("AuditEvent"));
    put("id", json!(format!("{log}-{}", asked.sequence)));
    put(
        "type",
        json!({
            "system": "http://dicom.nema.org/resources/ontology/DCM",
            "code": "110100",
            "display": "Application Activity",
        }),
    );
    put("subtype", json!([{"display": "Pipeline request"}]));
    put("action", json!("E"));
    if let Some(ended) = ended {
        // A clock that was set back between the two would make a period that ends before it begins.
        let start = asked.time.min(ended.time);
        put("period", json!({"start": start, "end": ended.time}));
    }
    put("recorded", json!(ended.unwrap_or(asked).time));
    if let Some(end) = end {
        let (outcome, about) = outcome(end);
        put("outcome", json!(outcome));
        put("outcomeDesc", json!(about));
    }
    let who = json!({"identifier": {"value": question.caller}});
    put("agent", json!([{"who": who, "requestor": true}]));
    let observer = json!({"identifier": {"value": log}, "display": "audit log of motet"});
    put("source", json!({"observer": observer}));
    put("entity", entities(question, asked, ended));
    Some(Json::Object(event))
}

/// The code of FHIR for an outcome, and what it was in words.
fn outcome(end: &End) -> (&'static str, String) {
    let (outcome, about) = match end.outcome.ending() {
        Ending::Answered => ("0", "answered"),
        Ending::Partly => ("4", "answered in part"),
        Ending::Refused => ("4", "refused"),
        Ending::Failed => ("8", "failed"),
        Ending::Abandoned => ("8", "abandoned"),
    };
    let code = end.outcome.code().map(|code| format!(" ({code})"));
    (outcome, format!("{about}{}", code.unwrap_or_default()))
}

fn entities(question: &Question, asked: &Entry, ended: Option<&Entry>) -> Json {
    let mut entities = Vec::new();
    if let Some(patient) = question.patient {
        entities.push(json!({
            "what": {"identifier": {"type": {"text": "HMAC-SHA-256 of the reference"}, "value": patient}},
            "type": coding(ENTITY_TYPE, "1", "Person"),
            "role": coding(ENTITY_ROLE, "1", "Patient"),
        }));
    }
    let detail = |what: &str, value: String| json!({"type": what, "valueString": value});
    let system = coding(ENTITY_TYPE, "2", "System Object");
    entities.push(json!({
        "what": {"identifier": {"value": question.pipeline.name}},
        "type": system,
        "role": coding(ENTITY_ROLE, "4", "Domain Resource"),
        "description": "pipeline",
        "detail": [detail("sha256", question.pipeline.digest.to_string())],
    }));
    for model in &question.models {
        entities.push(json!({
            "what": {"identifier": {"value": format!("{}@{}", model.name, model.version)}},
            "type": system,
            "role": coding(ENTITY_ROLE, "4", "Domain Resource"),
            "description": "model",
            "detail": [detail("sha256 of weights", model.digest.to_string())],
        }));
    }
    let mut request = vec![detail("asked", format!("{}:{}", asked.sequence, asked.hash))];
    request.extend(ended.map(|ended| detail("ended", format!("{}:{}", ended.sequence, ended.hash))));
    request.extend(
        question
            .input
            .map(|input| detail("HMAC-SHA-256 of the input", input.to_string())),
    );
    entities.push(json!({
        "what": {"identifier": {"value": question.request}},
        "type": system,
        "role": coding(ENTITY_ROLE, "20", "Job"),
        "description": "request",
        "detail": request,
    }));
    Json::Array(entities)
}

fn coding(system: &str, code: &str, display: &str) -> Json {
    json!({"system": system, "code": code, "display": display})
}

#[cfg(test)]
mod tests;
