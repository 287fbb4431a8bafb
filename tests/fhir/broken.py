"""Writes documents that are broken on purpose, one fault each, made from the good ones of a folder."""

import copy
import json
import sys
from pathlib import Path

MISSING = object()

# Name, type of resource, path of the element, and what it becomes.
CASES = [
    ("bundle-type-of-no-set", "Bundle", "type", "papers"),
    ("status-of-no-set", "Composition", "status", "bogus"),
    ("status-missing", "Composition", "status", MISSING),
    ("title-missing", "Composition", "title", MISSING),
    ("author-missing", "Composition", "author", MISSING),
    ("author-not-a-list", "Composition", "author", {"reference": "Device/1"}),
    ("date-of-month-13", "Composition", "date", "2024-13-01T00:00:00Z"),
    ("date-without-zone", "Composition", "date", "2024-05-01T00:00:00"),
    ("narrative-without-div", "Composition", "section.0.text.div", MISSING),
    ("unknown-field", "Condition", "certainty", "high"),
    ("subject-missing", "Condition", "subject", MISSING),
    ("subject-null", "Condition", "subject", None),
    ("verification-of-no-set", "Condition", "verificationStatus.coding.0.code", "surely"),
    ("id-with-underscore", "Condition", "id", "not_an_id"),
    ("two-values", "Condition", "extension.2.valueCode", "also"),
    ("url-missing", "Condition", "extension.0.url", MISSING),
    ("medication-missing", "MedicationStatement", "medicationCodeableConcept", MISSING),
    ("medication-status-of-no-set", "MedicationStatement", "status", "maybe"),
    ("dose-in-words", "MedicationStatement", "dosage.0.doseAndRate.0.doseQuantity.value", "two"),
    ("period-unit-of-no-set", "MedicationStatement", "dosage.0.timing.repeat.periodUnit", "fortnight"),
    ("frequency-negative", "MedicationStatement", "dosage.0.timing.repeat.frequency", -1),
    ("patient-missing", "AllergyIntolerance", "patient", MISSING),
    ("relationship-missing", "FamilyMemberHistory", "relationship", MISSING),
    ("severity-of-no-set", "OperationOutcome", "issue.0.severity", "bad"),
    ("issues-empty", "OperationOutcome", "issue", []),
    ("attachment-not-base-64", "DocumentReference", "content.0.attachment.data", "a b!"),
    ("device-name-type-missing", "Device", "deviceName.0.type", MISSING),
    ("recorded-missing", "Provenance", "recorded", MISSING),
    ("recorded-a-mere-day", "Provenance", "recorded", "2024-05-01"),
    ("role-of-no-set", "Provenance", "entity.0.role", "witness"),
    ("document-without-identifier", "Bundle", "identifier", MISSING),
    ("address-used-twice", "Bundle", "entry.1.fullUrl", "FIRST"),
    ("abated-but-not-over", "Condition", "abatementString", "last week"),
    ("evidence-of-nothing", "Condition", "evidence.0", {"id": "e1"}),
    ("allergy-without-clinical-status", "AllergyIntolerance", "clinicalStatus", MISSING),
    ("section-of-nothing", "Composition", "section.0", {"title": "Nothing"}),
    ("code-without-system", "MedicationStatement", "dosage.0.doseAndRate.0.doseQuantity.system", MISSING),
    ("period-without-unit", "MedicationStatement", "dosage.0.timing.repeat.periodUnit", MISSING),
    ("period-backwards", "Composition", "event.0.period.end", "2001-01-01T00:00:00Z"),
    ("resource-of-no-type", "Provenance", "resourceType", "Provenence"),
]


def resource_of(document: dict, resource_type: str) -> dict | None:
    candidates = [document] + [entry["resource"] for entry in document["entry"]]
    return next((one for one in candidates if one["resourceType"] == resource_type), None)


def has(resource: dict | None, path: str) -> bool:
    """True where the element's parent is there."""
    for name in path.split(".")[:-1]:
        found = resource
        if isinstance(found, list):
            resource = found[int(name)] if int(name) < len(found) else None
        else:
            resource = found.get(name) if found else None
    return resource is not None


def set_at(resource: dict, path: str, value: object) -> None:
    *parents, last = [int(name) if name.isdigit() else name for name in path.split(".")]
    target = resource
    for name in parents:
        target = target[name]
    if value is MISSING:
        del target[last]
    else:
        target[last] = value


def main() -> None:
    good, out = Path(sys.argv[1]), Path(sys.argv[2])
    documents = [json.loads(path.read_text("utf-8")) for path in sorted(good.glob("*.json"))]
    out.mkdir(parents=True, exist_ok=True)
    for name, resource_type, path, value in CASES:
        chosen = next(one for one in documents if has(resource_of(one, resource_type), path))
        document = copy.deepcopy(chosen)
        value = document["entry"][0]["fullUrl"] if value == "FIRST" else value
        set_at(resource_of(document, resource_type), path, value)
        (out / f"{name}.json").write_text(json.dumps(document, ensure_ascii=False), "utf-8")


if __name__ == "__main__":
    main()
