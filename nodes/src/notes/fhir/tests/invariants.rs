//! The rules of FHIR R4 that a document must keep, written from the specification and not from our types.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::notes::fhir::draft::{Link, Note, Source};

/// Fails unless a document keeps the rules. Outside it, it may point at what the note points at.
pub(super) fn check(bundle: &Value, note: &Note) {
    dense(bundle, "Bundle");
    let resources = document(bundle);
    let mut outside = BTreeSet::new();
    let mut links = vec![&note.patient];
    links.extend(&note.encounter);
    if let Source::Kept(source) = &note.source {
        links.push(source);
    }
    for link in links {
        if let Link::Address(address) = link {
            outside.insert(address.as_str());
        }
    }
    references(bundle, &resources, &outside);
    for resource in resources.values() {
        one_resource(resource);
        elements(resource);
    }
}

/// No null, nothing empty, and strings as FHIR has them: `[ \r\n\t\S]+`, without white space at the ends.
fn dense(value: &Value, path: &str) {
    match value {
        Value::Null => panic!("{path} is null"),
        Value::Bool(_) => (),
        Value::Number(number) => assert!(number.as_f64().unwrap().is_finite(), "{path}"),
        Value::String(text) => {
            assert!(!text.trim().is_empty() && text.trim() == text, "{path}: {text:?}");
            let is_fine = |letter: char| match letter {
                ' ' | '\t' | '\n' | '\r' => true,
                other => !other.is_control() && !other.is_whitespace() && other != '\u{feff}',
            };
            assert!(text.chars().all(is_fine), "{path}: {text:?}");
        }
        Value::Array(values) => {
            assert!(!values.is_empty(), "{path} is empty");
            values.iter().for_each(|value| dense(value, path));
        }
        Value::Object(fields) => {
            assert!(!fields.is_empty(), "{path} is empty");
            for (name, value) in fields {
                dense(value, &format!("{path}.{name}"));
            }
        }
    }
}

/// bdl-1 to bdl-12 as far as they are about documents; the resources by their addresses.
fn document(bundle: &Value) -> BTreeMap<&str, &Value> {
    assert_eq!(bundle["resourceType"], "Bundle");
    assert_eq!(bundle["type"], "document");
    for absent in ["total", "link", "signature"] {
        assert_eq!(bundle.get(absent), None);
    }
    assert_eq!(bundle["identifier"]["system"], "urn:ietf:rfc:3986");
    assert!(
        bundle["identifier"]["value"]
            .as_str()
            .unwrap()
            .starts_with("urn:uuid:")
    );
    assert!(bundle["timestamp"].as_str().unwrap().contains('T'));
    labelled(bundle);
    let entries = bundle["entry"].as_array().unwrap();
    assert_eq!(entries[0]["resource"]["resourceType"], "Composition");
    let compositions = entries
        .iter()
        .filter(|entry| entry["resource"]["resourceType"] == "Composition");
    assert_eq!(compositions.count(), 1);
    let mut resources = BTreeMap::new();
    for entry in entries {
        let names: Vec<&String> = entry.as_object().unwrap().keys().collect();
        assert_eq!(names, ["fullUrl", "resource"]);
        let address = entry["fullUrl"].as_str().unwrap();
        let id = entry["resource"]["id"].as_str().unwrap();
        assert_eq!(address, format!("urn:uuid:{id}"));
        assert_uuid(id);
        assert!(
            resources.insert(address, &entry["resource"]).is_none(),
            "{address} is there twice"
        );
    }
    resources
}

/// RFC 9562: digits in groups, version 8, variant 10; thus an `id` of FHIR too.
fn assert_uuid(id: &str) {
    let groups: Vec<usize> = id.split('-').map(str::len).collect();
    assert_eq!(groups, [8, 4, 4, 4, 12], "{id}");
    let digits = "0123456789abcdef-";
    assert!(id.chars().all(|letter| digits.contains(letter)), "{id}");
    assert_eq!(id.as_bytes()[14], b'8', "{id}");
    assert!("89ab".contains(char::from(id.as_bytes()[19])), "{id}");
}

fn labelled(resource: &Value) {
    let label = &resource["meta"]["security"][0];
    assert_eq!(
        label["system"],
        "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
    );
    assert_eq!(label["code"], "AIAST");
}

/// Every reference resolves, and every resource is reached from the composition or a Provenance of the document.
fn references(bundle: &Value, resources: &BTreeMap<&str, &Value>, outside: &BTreeSet<&str>) {
    let mut found = Vec::new();
    walk(bundle, &mut |name, value| {
        if name == "reference" {
            found.push(value.as_str().unwrap().to_owned());
        }
    });
    for reference in &found {
        let resolves = resources.contains_key(reference.as_str()) || outside.contains(reference.as_str());
        assert!(resolves, "{reference}");
    }
    for (address, resource) in resources {
        let is_root = matches!(
            resource["resourceType"].as_str(),
            Some("Composition" | "Provenance")
        );
        assert!(
            is_root || found.iter().any(|reference| reference == address),
            "{address}"
        );
    }
}

fn one_resource(resource: &Value) {
    labelled(resource);
    match resource["resourceType"].as_str().unwrap() {
        "Composition" => composition(resource),
        "Condition" => condition(resource),
        "AllergyIntolerance" => allergy(resource),
        "MedicationStatement" => {
            assert!(["unknown", "not-taken"].contains(&resource["status"].as_str().unwrap()));
            assert!(resource["medicationCodeableConcept"]["text"].is_string());
            assert!(resource["subject"].is_object());
        }
        "FamilyMemberHistory" => {
            assert_eq!(resource["status"], "partial");
            assert!(resource["patient"].is_object() && resource["relationship"]["text"].is_string());
            assert!(resource["condition"][0]["code"]["text"].is_string());
        }
        "OperationOutcome" => {
            for issue in resource["issue"].as_array().unwrap() {
                assert!(issue["severity"].is_string() && issue["code"].is_string());
            }
        }
        "DocumentReference" => {
            assert_eq!(resource["status"], "current");
            // att-1
            let attachment = &resource["content"][0]["attachment"];
            assert!(attachment["contentType"].is_string() && attachment["data"].is_string());
        }
        "Device" => {
            assert!(resource["deviceName"][0]["name"].is_string() && resource["modelNumber"].is_string());
            assert!(
                resource["version"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .all(|version| version["value"].is_string())
            );
        }
        "Provenance" => {
            assert!(!resource["target"].as_array().unwrap().is_empty());
            assert!(resource["recorded"].is_string());
            assert!(resource["agent"][0]["who"]["reference"].is_string());
            assert_eq!(resource["entity"][0]["role"], "source");
            assert!(resource["entity"][0]["what"].is_object());
        }
        other => panic!("{other}"),
    }
}

fn composition(composition: &Value) {
    assert_eq!(composition["status"], "preliminary");
    assert!(composition["type"]["coding"][0]["code"].is_string());
    for needed in ["subject", "date", "author", "title"] {
        assert!(composition.get(needed).is_some(), "{needed}");
    }
    for section in composition["section"].as_array().unwrap() {
        // cmp-1, cmp-2
        assert!(
            ["text", "entry", "section"]
                .iter()
                .any(|name| section.get(name).is_some())
        );
        assert_eq!(section.get("emptyReason"), None);
    }
}

fn code_of(concept: Option<&Value>) -> Option<&str> {
    concept.and_then(|concept| concept["coding"][0]["code"].as_str())
}

fn condition(condition: &Value) {
    let verification = code_of(condition.get("verificationStatus")).unwrap();
    let clinical = code_of(condition.get("clinicalStatus"));
    let is_error = verification == "entered-in-error";
    let is_problem = code_of(condition.get("category")) == Some("problem-list-item");
    let is_abated = condition
        .as_object()
        .unwrap()
        .keys()
        .any(|name| name.starts_with("abatement"));
    assert!(clinical.is_some() || is_error || !is_problem, "con-3");
    let is_over = matches!(clinical, Some("inactive" | "resolved" | "remission"));
    assert!(!is_abated || is_over, "con-4");
    assert!(!is_error || clinical.is_none(), "con-5");
    for evidence in condition["evidence"].as_array().unwrap() {
        assert!(
            evidence.get("code").is_some() || evidence.get("detail").is_some(),
            "con-2"
        );
    }
    assert!(["unconfirmed", "refuted"].contains(&verification));
    assert!(condition["subject"].is_object());
}

fn allergy(allergy: &Value) {
    let verification = code_of(allergy.get("verificationStatus")).unwrap();
    let clinical = code_of(allergy.get("clinicalStatus"));
    assert_eq!(
        clinical.is_none(),
        verification == "entered-in-error",
        "ait-1 and ait-2"
    );
    assert!(["unconfirmed", "refuted"].contains(&verification));
    assert!(allergy["patient"].is_object());
}

/// Rules of data types, wherever they are.
fn elements(resource: &Value) {
    walk(resource, &mut |name, value| match name {
        "div" => narrative(value.as_str().unwrap()),
        "extension" => {
            for extension in value.as_array().unwrap() {
                let fields = extension.as_object().unwrap();
                let values = fields.keys().filter(|name| name.starts_with("value")).count();
                assert_eq!(values + usize::from(fields.contains_key("extension")), 1, "ext-1");
                assert!(fields.contains_key("url"));
            }
        }
        "repeat" => {
            assert_eq!(
                value.get("period").is_some(),
                value.get("periodUnit").is_some(),
                "tim-2"
            );
            assert!(
                value
                    .get("period")
                    .is_none_or(|period| period.as_f64().unwrap() > 0.0),
                "tim-5"
            );
            assert!(
                value
                    .get("frequency")
                    .is_none_or(|times| times.as_u64().unwrap() > 0)
            );
        }
        "valueQuantity" | "doseQuantity" | "boundsDuration" => {
            assert!(
                value.get("code").is_none() || value.get("system").is_some(),
                "qty-3"
            );
            assert!(value["value"].is_number());
        }
        "coding" | "security" => {
            for coding in value.as_array().unwrap() {
                assert!(coding["system"].is_string() && coding["code"].is_string());
            }
        }
        _ => (),
    });
}

/// txt-1 and txt-2.
fn narrative(div: &str) {
    let document = roxmltree::Document::parse(div).unwrap();
    let root = document.root_element();
    assert!(root.has_tag_name(("http://www.w3.org/1999/xhtml", "div")));
    for element in document.descendants().filter(roxmltree::Node::is_element) {
        let is_allowed = ["div", "p"].contains(&element.tag_name().name());
        assert!(is_allowed && element.attributes().all(|attribute| attribute.name() == "lang"));
    }
    let has_text = |node: roxmltree::Node<'_, '_>| node.text().is_some_and(|text| !text.trim().is_empty());
    assert!(
        document
            .descendants()
            .filter(roxmltree::Node::is_text)
            .any(has_text)
    );
}

fn walk(value: &Value, visit: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| walk(value, visit)),
        Value::Object(fields) => {
            for (name, value) in fields {
                visit(name, value);
                walk(value, visit);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
    }
}
