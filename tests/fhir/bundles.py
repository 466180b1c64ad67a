"""Resources as clinics send them, made short enough to change one thing in a test."""

from __future__ import annotations

import json
from typing import Any

Body = dict[str, Any]

CPT = "http://www.ama-assn.org/go/cpt"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
OURS = "https://w3id.org/covergraph/ontology#"
SUBJECT = {"reference": "Patient/p1"}
PATIENT: Body = {"resourceType": "Patient", "id": "p1", "birthDate": "1961-05-02"}


def coded(system: str, *codes: str) -> Body:
    """Return a CodeableConcept."""
    return {"coding": [{"system": system, "code": code} for code in codes]}


def status_of(system: str, code: str) -> Body:
    return coded(f"http://terminology.hl7.org/CodeSystem/{system}", code)


def order(code: str = "64493", name: str = "sr1", /, **more: Any) -> Body:
    return {
        "resourceType": "ServiceRequest",
        "id": name,
        "status": "active",
        "intent": "order",
        "subject": SUBJECT,
        "code": coded(CPT, code),
        "occurrenceDateTime": "2024-06-10",
    } | more


def procedure(code: str, when: str = "", name: str = "b1", /, **more: Any) -> Body:
    found = {
        "resourceType": "Procedure",
        "id": name,
        "status": "completed",
        "subject": SUBJECT,
        "code": coded(CPT, code),
    }
    return found | ({"performedDateTime": when} if when else {}) | more


def condition(code: str = "M54.50", name: str = "d1", /, **more: Any) -> Body:
    return {
        "resourceType": "Condition",
        "id": name,
        "subject": SUBJECT,
        "clinicalStatus": status_of("condition-clinical", "active"),
        "verificationStatus": status_of("condition-ver-status", "confirmed"),
        "code": coded(ICD, code),
    } | more


def observation(concept: Body, name: str = "o1", **more: Any) -> Body:
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "subject": SUBJECT,
        "code": concept,
    } | more


def coverage(name: str = "c1", key: str = "", /, **more: Any) -> Body:
    identifier = {"system": "https://w3id.org/covergraph/policies", "value": key}
    return {
        "resourceType": "Coverage",
        "id": name,
        "status": "active",
        "beneficiary": SUBJECT,
        "payor": [{"identifier": identifier} if key else {"display": "Somebody"}],
    } | more


def claim(*codes: str, **more: Any) -> Body:
    items = [
        {"sequence": n, "productOrService": coded(CPT, code), "servicedDate": "2024-06-10"}
        for n, code in enumerate(codes, start=1)
    ]
    return {
        "resourceType": "Claim",
        "id": "cl1",
        "status": "active",
        "use": "preauthorization",
        "patient": SUBJECT,
        "item": items,
    } | more


def bundled(*resources: Body, patient: Body | None = PATIENT, kind: str = "collection") -> bytes:
    """Return a Bundle of a patient and further resources."""
    found = ([patient] if patient else []) + list(resources)
    entries = [{"resource": r} for r in found]
    return json.dumps({"resourceType": "Bundle", "type": kind, "entry": entries}).encode()
