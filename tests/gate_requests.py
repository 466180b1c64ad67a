"""A request that passes the gate, and what changes one thing in it."""

from __future__ import annotations

import json
from functools import lru_cache

import pytest

from covergraph.errors import InputError
from covergraph.facts.classify import Classifier
from covergraph.facts.defaults import completed
from covergraph.knowledge.base import knowledge
from covergraph.request import gate
from covergraph.triples import Triples

PREFIXES = """\
@prefix cov: <https://w3id.org/covergraph/ontology#> .
@prefix code: <https://w3id.org/covergraph/codes#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix : <https://w3id.org/covergraph/requests/gate#> .
"""
# No message may repeat these: they stand for what only the patient's record knows.
PATIENT_VALUES = ("Jane Roe", "2031-", "2024-01-17", "2023-05-09", "7.25", "87", "1961")
VALID = (
    PREFIXES
    + """
:request a cov:CoverageRequest ;
    cov:dateOfService "2025-03-14"^^xsd:date ;
    cov:hasPatient :patient ;
    cov:requestsProcedure :procedure .
:procedure cov:hasProcedureCode code:64493 ;
    cov:treatsLevel cov:L4-L5 .
:patient rdfs:label "Jane Roe" ;
    cov:birthDate "1961-02-03"^^xsd:date ;
    cov:affirms cov:FacetSyndromeFindings ;
    cov:denies cov:Infection ;
    cov:hasDiagnosis code:M54.50 , code:A00.0 ;
    cov:hasPain :pain ;
    cov:hadTherapy :course ;
    cov:underwent :earlier .
:pain cov:inRegion cov:LumbarRegion ;
    cov:onsetDate "2024-01-17"^^xsd:date ;
    cov:averagePainScore 7.25 .
:course cov:ofTherapy cov:PhysicalTherapy ;
    cov:startedOn "2023-05-09"^^xsd:date ;
    cov:hadOutcome cov:InadequateResponse .
:earlier cov:hasProcedureCode code:64493 ;
    cov:performedOn "2024-08-01"^^xsd:date ;
    cov:reliefPercent 87 ;
    cov:reliefLastedUntil "2024-12-01"^^xsd:date .
"""
)
MINIMAL_JSON = {
    "type": "CoverageRequest",
    "id": "gate#request",
    "dateOfService": "2025-03-14",
    "hasPatient": {"id": "gate#patient", "affirms": "FacetSyndromeFindings"},
    "requestsProcedure": {"id": "gate#procedure", "hasProcedureCode": "64493"},
}


def turtle(old: str, new: str) -> bytes:
    """Return the valid request with one thing changed."""
    assert old in VALID, old
    return VALID.replace(old, new).encode()


def more(statements: str) -> bytes:
    return (VALID + statements).encode()


def as_json(**changes: object) -> bytes:
    return json.dumps(MINIMAL_JSON | changes).encode()


@lru_cache(maxsize=1)
def classifier() -> Classifier:
    return Classifier(knowledge())


def classified(request: gate.Request) -> Triples:
    return classifier().classify(completed(request.triples, classifier().coding))


def refusal(data: bytes, name: str = "request", media_type: str | None = None) -> str:
    """Return the message that an input is refused with."""
    with pytest.raises(InputError) as caught:
        request = gate.read(data, name=name, media_type=media_type)
        gate.refuse_contradictions(request, classified(request), knowledge())
    return str(caught.value)
