"""The examples that ``/docs`` shows: one request in three spellings, and a few answers."""

from __future__ import annotations

from typing import Any

from covergraph.namespaces import CODE, CONTEXT_IRI, COV, REQUESTS, XSD

TURTLE = f"""@prefix : <{REQUESTS}example#> .
@prefix code: <{CODE}> .
@prefix cov: <{COV}> .
@prefix xsd: <{XSD}> .

:request a cov:CoverageRequest ;
    cov:dateOfService "2024-06-10"^^xsd:date ;
    cov:hasPatient :patient ;
    cov:requestsProcedure :block .

:block cov:hasProcedureCode code:64493 ;
    cov:hasIntent cov:DiagnosticIntent .

:patient cov:birthDate "1968-03-02"^^xsd:date ;
    cov:hasDiagnosis code:M47.816 ;
    cov:hasPain :pain .

:pain cov:inRegion cov:LumbarRegion ;
    cov:onsetDate "2023-11-01"^^xsd:date ;
    cov:averagePainScore 6 .
"""
PLAIN: dict[str, Any] = {
    "id": f"{REQUESTS}example#request",
    "type": "CoverageRequest",
    "dateOfService": "2024-06-10",
    "requestsProcedure": {
        "id": f"{REQUESTS}example#block",
        "hasProcedureCode": "64493",
        "hasIntent": "DiagnosticIntent",
    },
    "hasPatient": {
        "id": f"{REQUESTS}example#patient",
        "birthDate": "1968-03-02",
        "hasDiagnosis": "M47.816",
        "hasPain": {
            "id": f"{REQUESTS}example#pain",
            "inRegion": "LumbarRegion",
            "onsetDate": "2023-11-01",
            "averagePainScore": 6,
        },
    },
}
JSON_LD: dict[str, Any] = {"@context": CONTEXT_IRI, **PLAIN}
BUNDLE: dict[str, Any] = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {"resource": {"resourceType": "Patient", "id": "p1", "birthDate": "1968-03-02"}},
        {
            "resource": {
                "resourceType": "ServiceRequest",
                "id": "sr1",
                "status": "draft",
                "intent": "order",
                "subject": {"reference": "Patient/p1"},
                "code": {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "64493"}]},
                "occurrenceDateTime": "2024-06-10",
            }
        },
    ],
}
QUERY = f"""PREFIX cov: <{COV}>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?policy ?label WHERE {{ ?policy a cov:Policy ; rdfs:label ?label }} ORDER BY ?policy
"""
HEALTH = {"status": "ok", "version": "0.1.0", "knowledge": "5f" * 32}
