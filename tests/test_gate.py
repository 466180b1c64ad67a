"""The gate: what it refuses, how it says so, and that the form of a request is no matter."""

from __future__ import annotations

import json
import random
import re
from functools import lru_cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyoxigraph import RdfFormat, Triple, parse, serialize

from covergraph.errors import InputError
from covergraph.facts.classify import Classifier
from covergraph.knowledge.base import knowledge
from covergraph.namespaces import CODE, CONTEXT_IRI, COV, REQUESTS
from covergraph.request import gate
from covergraph.request.context import shipped_context
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
    return classifier().classify(request.triples)


def refusal(data: bytes, name: str = "request", media_type: str | None = None) -> str:
    """Return the message that an input is refused with."""
    with pytest.raises(InputError) as caught:
        request = gate.read(data, name=name, media_type=media_type)
        gate.refuse_contradictions(request, classified(request), knowledge())
    return str(caught.value)


DEEP = 70
REFUSED_TURTLE = [
    # What is no document of ours
    ("empty", b"", "empty"),
    ("only space", b" \n\t", "empty"),
    ("only a byte order mark", b"\xef\xbb\xbf", "empty"),
    ("not UTF-8", VALID.encode("utf-16"), "not UTF-8"),
    ("Latin-1", turtle("Jane Roe", "J\u00e4ne").replace("\u00e4".encode(), b"\xe4"), "not UTF-8"),
    ("too large", VALID.encode() + b"#" * 1_000_000, "larger than"),
    ("broken Turtle", turtle(" ;\n    cov:hasPatient", " .\n    cov:hasPatient"), "line 12"),
    ("cut off", VALID[:-30].encode(), "no Turtle"),
    ("undeclared prefix", more(":patient foo:bar 1 ."), "prefix is not declared"),
    ("bare NaN", turtle("7.25", "NaN"), "no Turtle"),
    ("RDF-star", more("<< :a :b :c >> :d :e ."), "RDF-star"),
    ("RDF-star, deep", ("<<(" * 60_000).encode(), "RDF-star"),
    ("annotation", more(":patient cov:affirms cov:Infection {| :a :b |} ."), "annotations"),
    ("reifier", more(":patient cov:affirms cov:Infection ~ :r ."), "triple terms"),
    ("TriG", (PREFIXES + ":g { :a :b :c }").encode(), "named graphs"),
    ("N-Quads", b"<http://a/b> <http://a/b> <http://a/b> <http://a/g> .", "named graphs"),
    ("nested too deep", more(":patient cov:hasPain " + "[ cov:hasPain " * DEEP), "64 deep"),
    ("lists too deep", more(":patient cov:hasPain " + "(" * DEEP), "64 deep"),
    ("RDF/XML", b'<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://a/"/>', "RDF/XML is not read"),
    ("XML without a prolog", b'<rdf:RDF xmlns:rdf="http://a/"/>', "RDF/XML is not read"),
    ("XML with a DTD", b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>', "DTD"),
    ("HTML", b"<!doctype html><html></html>", "HTML"),
    # One request
    ("no request", PREFIXES.encode(), "no cov:CoverageRequest"),
    ("request without its type", turtle("a cov:CoverageRequest ;", ""), "no cov:CoverageRequest"),
    ("two requests", more(":other a cov:CoverageRequest ."), "2 coverage requests"),
    ("unlinked", more(":stray cov:performedOn '2024-01-17'^^xsd:date ."), "not linked"),
    ("two roles", more(":request cov:alsoPlanned :earlier ."), "two roles"),
    ("cycle", more(":patient cov:hasPain :request ."), "two roles"),
    ("two patients", more(":request cov:hasPatient :second ."), "more than one value"),
    ("no patient", turtle("cov:hasPatient :patient ;", ""), "cov:hasPatient is missing"),
    (
        "no procedure",
        turtle("cov:requestsProcedure :procedure", "cov:hasPatient :patient"),
        "is missing",
    ),
    ("no date", turtle('cov:dateOfService "2025-03-14"^^xsd:date ;', ""), "cov:dateOfService"),
    ("two dates", more(":request cov:dateOfService '2031-01-01'^^xsd:date ."), "more than one"),
    # Vocabulary
    ("class", more("cov:Big a owl:Class ."), "may not declare"),
    ("own class", more(":Big a owl:Class ."), "may not declare"),
    ("subclass", more("cov:Patient rdfs:subClassOf cov:Procedure ."), "rdfs:subClassOf"),
    ("shape", more(":s a sh:NodeShape ."), "sh:NodeShape"),
    ("target", more(":s sh:targetClass cov:Patient ."), "shapes: sh:targetClass"),
    ("same as", more(":patient owl:sameAs :earlier ."), "may not declare"),
    ("policy", more(":p a cov:Policy ."), "the type of no record"),
    ("inferred type", more(":procedure a cov:LumbarFacetJointInjection ."), "only classification"),
    ("broad type", more(":procedure a cov:Procedure ."), "only classification"),
    ("inferred request", more(":request a cov:FacetJointInjectionRequest ."), "only class"),
    ("wrong type", more(":earlier a cov:RequestedProcedure ."), "contradicts the type"),
    ("unknown type", more(":patient a cov:Pateint ."), "did you mean cov:Patient?"),
    ("literal type", more(":patient a 'Jane Roe' ."), "rdf:type takes"),
    ("derived link", more(":request cov:concernsPain :pain ."), "never stated"),
    ("hierarchy", more(":x cov:narrowerThan cov:Infection ."), "never stated"),
    ("decision", more(":request cov:hasOutcome cov:Covered ."), "never stated"),
    ("unknown property", more(":pain cov:averagePainScor 3 ."), "did you mean cov:averagePainS"),
    ("foreign property", more(":pain <http://a/b> 3 ."), "unknown property <http://a/b>"),
    ("list", more(":patient cov:hasPain ( :a ) ."), "unknown property rdf:first"),
    ("about a code", more("code:64493 a cov:EarlierProcedure ."), "own terms"),
    ("about a policy", more("<https://w3id.org/covergraph/policies/a#b> rdfs:label 'x' ."), "own"),
    ("wrong record", more(":patient cov:averagePainScore 7.25 ."), "belongs to the pain record"),
    ("label that is a link", more(":patient rdfs:label :x ."), "takes text"),
    ("link to a literal", more(":patient cov:hasPain 'Jane Roe' ."), "leads to no record"),
    ("link to a code", more(":patient cov:underwent code:64493 ."), "leads to no record"),
    ("javascript IRI", more(":patient cov:hasPain <javascript:alert(1)> ."), "IRIs are not read"),
    ("file IRI", more(":patient cov:hasPain <file:///etc/passwd> ."), "IRIs are not read"),
    ("bidi IRI", more(":patient cov:hasPain <http://a/\u202eb> ."), "bidirectional"),
    ("escaped bidi IRI", more(":patient cov:hasPain <http://a/\\u202Eb> ."), "bidirectional"),
    ("look-alike", more(":patient cov:\u0430ffirms cov:Infection ."), "unknown property"),
    ("empty IRI", more(":patient cov:hasPain <> ."), "empty IRI"),
    ("kept IRI", more(f":patient cov:hasPain <{REQUESTS}node#c14n0> ."), "unnamed nodes"),
    # Codes and facts
    (
        "unknown code",
        turtle("code:64493 ;\n    cov:treats", "code:64439 ;\n    cov:treats"),
        "64493",
    ),
    ("unknown diagnosis", turtle("code:M54.50", "code:M5455"), "unknown code M5455 (near: M54"),
    ("diagnosis category", turtle("code:M54.50", "code:M54"), "unknown code M54"),
    (
        "diagnosis as procedure",
        turtle("code:64493 ;\n    cov:t", "code:M54.5 ;\n    cov:t"),
        "is no",
    ),
    (
        "plain list as procedure",
        turtle("code:64493 ;\n    cov:t", "code:A00.0 ;\n    cov:t"),
        "is no",
    ),
    ("procedure as diagnosis", turtle("code:A00.0", "code:64493"), "is no diagnosis code"),
    ("code as string", turtle("code:A00.0", '"A00.0"'), "a string where a diagnosis code"),
    ("unknown fact", turtle("cov:Infection", "cov:Infektion"), "did you mean cov:Infection?"),
    ("fact that is none", turtle("cov:Infection", "cov:LumbarRegion"), "is no named fact"),
    ("fact of another", more(":pain cov:affirms cov:Infection ."), "is a fact of the patient"),
    ("unknown region", turtle("cov:LumbarRegion", "cov:NeckRegion"), "unknown spinal region"),
    ("unnamed region", turtle("cov:LumbarRegion", "[]"), "an unnamed node where"),
    ("unknown payer", more(":request cov:underPayer :nobody ."), "unknown payer"),
    ("affirmed and denied", more(":patient cov:affirms cov:Infection ."), "both affirmed and"),
    ("narrower affirmed", more(":patient cov:affirms cov:LocalInfection ."), "both affirmed and"),
    ("broader denied", more(":patient cov:denies cov:ConservativeTherapy ."), "is denied of"),
    ("therapy denied", more(":patient cov:denies cov:PhysicalTherapy ."), "is denied of"),
    ("group course", turtle("cov:PhysicalTherapy", "cov:ActiveTherapy"), "group of therapies"),
    # Values
    ("date that is none", turtle('"2025-03-14"', '"2031-02-30"'), "not a date of the calendar"),
    ("week date", turtle('"2025-03-14"', '"2031-W01-1"'), "not a date of the calendar"),
    ("date with a zone", turtle('"2025-03-14"', '"2031-03-14Z"'), "not a date of the calendar"),
    ("year far off", turtle('"2025-03-14"', '"9999-03-14"'), "not a date of the calendar"),
    ("foreign digits", turtle('"2025-03-14"', '"2025-03-1\u0664"'), "not a date of the calendar"),
    ("date as string", turtle('"2025-03-14"^^xsd:date', '"2031-03-14"'), "a string where a date"),
    ("dateTime", turtle('"2025-03-14"^^xsd:date', '"2031-03-14T00:00:00Z"^^xsd:dateTime'), "dateT"),
    ("date that is a node", turtle('"2025-03-14"^^xsd:date', ":day"), "a node where a date"),
    ("negative relief", turtle("87 ;", "-87 ;"), "is below 0"),
    ("relief over 100", turtle("87 ;", "183 ;"), "is above 100"),
    ("just over 100", turtle("87 ;", "100.01 ;"), "is above 100"),
    ("string for a number", turtle("87 ;", '"87" ;'), "a string where a number belongs"),
    ("text for a number", turtle("87 ;", '"eighty-three"@en ;'), "a string where a number"),
    ("NaN", turtle("87 ;", '"NaN"^^xsd:decimal ;'), "is not a number"),
    ("NaN, double", turtle("87 ;", '"NaN"^^xsd:double ;'), "xsd:double where a number"),
    ("infinity", turtle("87 ;", '"INF"^^xsd:double ;'), "xsd:double where a number"),
    ("exponent", turtle("87 ;", "87e0 ;"), "xsd:double where a number"),
    ("huge exponent", turtle("87 ;", '"1E+300000000"^^xsd:decimal ;'), "is not a number"),
    ("underscore", turtle("87 ;", '"8_3"^^xsd:integer ;'), "is not a number"),
    ("Arabic digits", turtle("87 ;", '"\u0663"^^xsd:integer ;'), "is not a number"),
    ("4301 digits", turtle("87 ;", "9" * 4301 + " ;"), "more than 18 digits"),
    ("boolean", turtle("87 ;", "true ;"), "xsd:boolean where a number"),
    ("own datatype", turtle("87 ;", '"87"^^<http://a/1961> ;'), "another type where a number"),
    ("rdf:HTML", turtle("87 ;", '"<div>87"^^rdf:HTML ;'), "another type where a number"),
    ("two scores", more(":pain cov:averagePainScore 3 ."), "more than one value"),
    # Procedures
    (
        "no code, no kind",
        turtle("cov:hasProcedureCode code:64493 ;\n    cov:t", "cov:t"),
        "neither",
    ),
    ("two procedures", more(":procedure cov:hasProcedureCode code:64483 ."), "two requests"),
    ("two earlier in one", more(":earlier cov:hasProcedureCode code:64483 ."), "two procedures"),
    (
        "add-on alone",
        turtle("code:64493 ;\n    cov:t", "code:64494 ;\n    cov:t"),
        "without its pri",
    ),
    ("foreign add-on", more(":procedure cov:hasProcedureCode code:64491 ."), "code 64491 stands"),
    ("unlisted alone", turtle("code:64493 ;\n    cov:t", "code:64999 ;\n    cov:t"), "cov:hasKind"),
    ("code against kind", more(":procedure cov:hasKind code:epidural-injection ."), "contradicts"),
    (
        "code against region",
        more(":procedure cov:treatsRegion cov:CervicalRegion ."),
        "64493 contr",
    ),
    ("code against level", more(":procedure cov:treatsLevel cov:C3-C4 ."), "cov:CervicalRegion"),
    ("earlier code against region", more(":earlier cov:treatsLevel cov:C3-C4 ."), "earlier proced"),
    (
        "levels in two regions",
        turtle(
            "64493 ;\n    cov:treatsLevel cov:L4-L5", "64490 ; cov:treatsLevel cov:C7-T1, cov:T1-T2"
        ),
        "cov:CervicalRegion and cov:ThoracicRegion at once",
    ),
    (
        "kind against region",
        turtle(
            "cov:hasProcedureCode code:64493 ;\n    cov:treatsLevel",
            "cov:hasKind code:sacroiliac-joint-fusion ; cov:treatsLevel",
        ),
        "sacroiliac-joint-fusion contradicts",
    ),
    (
        "guidance against code",
        more(":procedure cov:usesGuidance cov:NoImagingGuidance ."),
        "exclude",
    ),
    ("guidance of another kind", more(":procedure cov:usesGuidance cov:Ultrasound ."), "exclude"),
    (
        "two techniques",
        more(":earlier cov:usesTechnique cov:IntraArticularTechnique, cov:MedialBranchTechnique ."),
        "exclude each other",
    ),
    (
        "two intents",
        more(":earlier cov:hasIntent cov:DiagnosticIntent, cov:TherapeuticIntent ."),
        "hasI",
    ),
    # Earlier procedures, days, pain
    (
        "earlier without date",
        turtle('cov:performedOn "2024-08-01"^^xsd:date ;', ""),
        "cov:performedOn",
    ),
    (
        "earlier without region",
        turtle("64493 ;\n    cov:performedOn", "64490 ;\n    cov:performedOn"),
        "earlier procedure :earlier: no region",
    ),
    (
        "earlier kind without region",
        turtle(
            "cov:hasProcedureCode code:64493 ;\n    cov:performedOn",
            "cov:hasKind code:medial-branch-block ;\n    cov:performedOn",
        ),
        "no region",
    ),
    (
        "earlier without kind",
        turtle("cov:hasProcedureCode code:64493 ;\n    cov:performedOn", "cov:performedOn"),
        "neither a procedure code nor a kind",
    ),
    (
        "earlier after the service",
        turtle("2024-08-01", "2031-08-01"),
        "performedOn is after the date",
    ),
    ("birth after the service", turtle("1961-02-03", "2031-02-03"), "birthDate is after the date"),
    ("onset after the service", turtle("2024-01-17", "2031-01-17"), "onsetDate is after the date"),
    ("relief after the service", turtle("2024-12-01", "2025-03-15"), "reliefLastedUntil is after"),
    (
        "relief before the procedure",
        turtle("2024-12-01", "2024-07-31"),
        "is before cov:performedOn",
    ),
    ("course ends first", more(":course cov:endedOn '2023-05-08'^^xsd:date ."), "before cov:start"),
    (
        "pain without region",
        turtle("cov:inRegion cov:LumbarRegion ;", ""),
        "cov:inRegion is missing",
    ),
    (
        "second pain",
        more(":patient cov:hasPain [ cov:inRegion cov:LumbarRegion ] ."),
        "a second pain",
    ),
    (
        "unnamed record",
        more(":patient cov:underwent [ cov:hasProcedureCode code:64493 ] ."),
        "the unnamed earlier procedure with code:64493",
    ),
    ("labelled blank node", more(":patient cov:underwent _:b1 ."), "earlier procedure _:b1"),
    (
        "too many unnamed",
        more(
            ":patient "
            + "; ".join(["cov:hadTherapy [ cov:ofTherapy cov:NsaidTherapy ]"] * 201)
            + "."
        ),
        "more than 200",
    ),
]
INLINE = {"@vocab": str(COV)}
REFUSED_JSON = [
    ("broken JSON", b'{"type": ', "line 1, column 10"),
    ("a number alone", b"[{}, 3]", "only objects"),
    ("string", b'[{"@value": "x"}]', "only objects"),
    ("duplicate key", b'{"type": "CoverageRequest", "type": "x"}', 'duplicate key "type"'),
    ("nested too deep", b'{"a":' * DEEP + b"1" + b"}" * DEEP, "64 deep"),
    ("nested beyond reason", b'{"a":' * 100_000, "64 deep"),
    ("quotes without end", b'{"' + b'\\"' * 200_000, "no JSON"),
    ("NaN", as_json(reliefPercent=float("nan")), "NaN is not a number"),
    ("infinity", as_json(reliefPercent=float("inf")), "Infinity is not a number"),
    ("1e999", as_json().replace(b'"64493"', b"1e999"), "exponent"),
    ("long number", as_json().replace(b'"64493"', b"9" * 5000), "18 digits"),
    ("lone surrogate", as_json(comment="\ud800"), "surrogate"),
    ("null", as_json(underPlan=None), "underPlan: is null"),
    ("nothing", as_json(alsoPlanned=[]), "alsoPlanned: states nothing"),
    ("code as number", as_json(requestsProcedure={"hasProcedureCode": 64493}), "where a procedure"),
    (
        "remote context",
        as_json(**{"@context": "https://example.org/c"}),
        "contexts are not fetched",
    ),
    ("remote in array", as_json(**{"@context": [CONTEXT_IRI, "file:///c"]}), "not fetched"),
    ("import", as_json(**{"@context": {"@import": "https://a/c"}}), '"@import" cannot be'),
    ("foreign vocabulary", as_json(**{"@context": {"@vocab": "http://a/"}}), "@vocab"),
    ("null term", as_json(**{"@context": {"a": None}}), "not a simple term"),
    (
        "scoped",
        as_json(**{"@context": {"a": {"@id": "cov:a", "@context": {}}}}),
        "not a simple term",
    ),
    ("reverse", as_json(**{"@context": {"a": {"@reverse": "cov:a"}}}), "not a simple term"),
    ("JSON literal", as_json(**{"@context": {"a": {"@id": "cov:a", "@type": "@json"}}}), "simple"),
    (
        "list",
        as_json(**{"@context": {"a": {"@id": "b:a", "@container": "@list"}}}),
        "not a simple term",
    ),
    ("odd keyword", as_json(**{"@context": {"a": "@nest"}}), "a keyword that is not read"),
    (
        "swapped meaning",
        as_json(**{"@context": [CONTEXT_IRI, {"affirms": f"{COV}denies"}]}),
        '"affirms" is given two meanings',
    ),
    (
        "context below",
        as_json(hasPatient={"@context": {}, "id": "gate#p"}),
        "not read below the top",
    ),
    ("unmapped key", as_json(**{"@context": {"cov": str(COV)}}), 'the key "type" means nothing'),
    ("unknown prefix", as_json(**{"foo:bar": 1}), 'the key "foo:bar" means nothing'),
    ("blank property", as_json(**{"_:b": 1}), 'the key "_:b" means nothing'),
    ("key with a space", as_json(**{"pain score": 7.25}), 'the key "pain score" means nothing'),
    ("unknown key", as_json(eGFR=87), "unknown property cov:eGFR"),
    ("index", as_json(**{"@index": "x"}), '"@index" is not read'),
    ("included", as_json(**{"@included": []}), '"@included" is not read'),
    ("reverse key", as_json(**{"@reverse": {}}), '"@reverse" is not read'),
    ("named graph", as_json(**{"@graph": []}), "named graphs"),
    ("named graph below", as_json(hasPatient={"@graph": []}), "named graphs"),
    ("keyword as value", as_json(hasPatient="@none"), "keyword stands where"),
    ("keyword as id", as_json(hasPatient={"id": "@none"}), "@id must be an IRI"),
    ("link that is no IRI", as_json(hasPatient="Jane Roe <"), "would be lost"),
    ("id that is no IRI", as_json(hasPatient={"id": "Jane Roe <", "label": "x"}), "would be lost"),
    ("value with more", as_json(label={"@value": "x", "@index": "y"}), '"@index" is not read'),
    ("text for a number", as_json(reliefPercent="87"), "belongs to the earlier"),
    ("two aliases", as_json(**{"@type": "CoverageRequest"}), "duplicate @type"),
]


@pytest.mark.parametrize(
    ("data", "fragment"),
    [
        pytest.param(data, fragment, id=name)
        for name, data, fragment in REFUSED_TURTLE + REFUSED_JSON
    ],
)
def test_bad_input_is_refused_on_one_line_without_patient_values(
    data: bytes, fragment: str
) -> None:
    message = refusal(data)
    assert fragment in message
    assert message.isprintable() and len(message) < 320
    assert not [value for value in PATIENT_VALUES if value in message]


@pytest.mark.parametrize(
    ("how", "fragment"),
    [
        ({"name": "a.rdf"}, "RDF/XML"),
        ({"name": "a.trig"}, "named graphs"),
        ({"name": "a.nq"}, "named graphs"),
        ({"name": "a.html"}, "HTML"),
        ({"name": "a.csv"}, ".csv"),
        ({"name": "a.jsonld"}, "a.jsonld: line 1, column 1: not valid JSON"),
        ({"media_type": "application/rdf+xml"}, "RDF/XML"),
        ({"media_type": "application/fhir+json"}, "application/fhir+json"),
        ({"media_type": "text/turtle; charset=latin-1"}, "UTF-8"),
        ({"name": "a.ttl", "media_type": "application/ld+json"}, "not valid JSON"),
    ],
)
def test_a_declared_format_is_believed_or_refused_by_name(
    how: dict[str, str], fragment: str
) -> None:
    assert fragment in refusal(VALID.encode(), **how)


@pytest.mark.parametrize("name", ["-", "request", "case.ttl", "case.nt"])
def test_turtle_is_read(name: str) -> None:
    request = gate.read(b"\xef\xbb\xbf" + VALID.encode(), name=name)
    assert request.patient.value == REQUESTS + "gate#patient"
    assert request.date.isoformat() == "2025-03-14"
    assert (request.procedure, COV.hasProcedureCode, CODE["64493"]) in request.triples
    assert request.triples.instances(COV.EarlierProcedure)
    assert request.triples.instances(COV.DiagnosisCode) == [CODE["A00.0"]]


def test_labels_and_comments_mean_nothing() -> None:
    bare = turtle('rdfs:label "Jane Roe" ;', "")
    assert gate.read(bare).digest == gate.read(VALID.encode()).digest


@pytest.mark.parametrize("written", ["87.0", "87.00", "+87", "087", '"87"^^xsd:integer'])
def test_one_number_has_one_form(written: str) -> None:
    assert gate.read(turtle("87 ;", f"{written} ;")).digest == gate.read(VALID.encode()).digest


@pytest.mark.parametrize("bound", ["0", "100", "0.01", "99.99"])
def test_bounds_of_a_number_are_within_it(bound: str) -> None:
    assert gate.read(turtle("87 ;", f"{bound} ;"))


@pytest.mark.parametrize(
    "statements",
    [
        ":patient cov:underwent [ cov:hasProcedureCode code:63650 ; cov:performedOn ?d ] .",
        ":patient cov:underwent [ cov:hasKind code:infusion-pump-procedure ;"
        " cov:performedOn ?d ] .",
        ":patient cov:underwent [ cov:hasProcedureCode code:64490 , code:64491 ;"
        " cov:treatsLevel cov:C3-C4 ; cov:performedOn ?d ] .",
        ":patient cov:underwent [ cov:hasKind code:sacroiliac-joint-injection ;"
        " cov:performedOn ?d ] .",
        ":procedure cov:hasProcedureCode code:64494 ; cov:treatsLevel cov:L5-S1 .",
        ":procedure cov:onSide cov:Left , cov:Right ; cov:hasKind code:medial-branch-block .",
        ":patient cov:affirms cov:ChiropracticCare , cov:Medication ;"
        " cov:denies cov:SystemicInfection .",
        ":patient rdfs:comment '<< { [[ ( # ' . # it's \" << {{ [\n",
        ":patient rdfs:comment '''it's << '' {''' .",
        ":earlier a cov:EarlierProcedure . :patient a cov:Patient .",
        ":request cov:underPlan <https://w3id.org/covergraph/policies/nhs-gm#commissioned-care> .",
    ],
)
def test_what_is_sound_passes(statements: str) -> None:
    """Where a family of procedures has no region, none is asked; both sides may be treated."""
    request = gate.read(more(statements.replace("?d", '"2025-03-14"^^xsd:date')))
    gate.refuse_contradictions(request, classified(request), knowledge())


# The codes of an approach to the epidural space, each with a level that it spans.
OTHER_THAN_TRANSFORAMINAL = {"62320": "C5-C6", "62321": "C5-C6", "62322": "L4-L5", "62323": "L4-L5"}
TRANSFORAMINAL = {"64479": "C5-C6", "64483": "L4-L5"}


@pytest.mark.parametrize(
    ("codes", "technique", "refused"),
    [
        (OTHER_THAN_TRANSFORAMINAL, "TransforaminalTechnique", True),
        (OTHER_THAN_TRANSFORAMINAL, "InterlaminarTechnique", False),
        (OTHER_THAN_TRANSFORAMINAL, "CaudalTechnique", False),
        (TRANSFORAMINAL, "InterlaminarTechnique", True),
        (TRANSFORAMINAL, "CaudalTechnique", True),
        (TRANSFORAMINAL, "TransforaminalTechnique", False),
    ],
)
@pytest.mark.parametrize("node", [":procedure", ":earlier"])
def test_a_code_that_means_an_approach_admits_no_other(
    codes: dict[str, str], technique: str, refused: bool, node: str
) -> None:
    for code, level in codes.items():
        means = f"cov:treatsLevel cov:{level} ; cov:usesTechnique cov:{technique} ;"
        data = re.sub(
            rf"(?m)^{node} cov:hasProcedureCode code:64493 ;(?:\n    cov:treatsLevel cov:L4-L5)?",
            f"{node} cov:hasProcedureCode code:{code} ; {means}",
            VALID,
        )
        request = gate.read(data.encode(), name="case.ttl")
        if refused:
            with pytest.raises(InputError, match=f"{technique}.* exclude each other"):
                gate.refuse_contradictions(request, classified(request), knowledge())
        else:
            gate.refuse_contradictions(request, classified(request), knowledge())


def same(request: gate.Request, other: gate.Request) -> bool:
    return request.digest == other.digest and list(request.triples) == list(other.triples)


def triples_of(data: bytes) -> list[Triple]:
    found = parse(data, format=RdfFormat.TURTLE, base_iri=REQUESTS)
    return [Triple(t.subject, t.predicate, t.object) for t in found]


UNNAMED = VALID.replace(":pain", "_:p").replace(":earlier", "_:e").replace(":request a", "_:r a")


@pytest.mark.parametrize("text", [VALID, UNNAMED.replace("_:r a", "[] a")])
def test_serialisations_agree(text: str) -> None:
    wanted = gate.read(text.encode())
    triples = triples_of(text.encode())
    lines = serialize(triples, format=RdfFormat.N_TRIPLES)
    document = serialize(triples, format=RdfFormat.JSON_LD)
    assert lines is not None and document is not None
    assert same(wanted, gate.read(lines, media_type="application/n-triples"))
    assert same(wanted, gate.read(document))


PLAIN = {
    "type": "CoverageRequest",
    "id": "gate#request",
    "dateOfService": "2025-03-14",
    "requestsProcedure": {
        "id": "gate#procedure",
        "hasProcedureCode": "64493",
        "treatsLevel": ["L4-L5"],
    },
    "hasPatient": {
        "id": "gate#patient",
        "label": "Jane Roe",
        "birthDate": "1961-02-03",
        "affirms": "FacetSyndromeFindings",
        "denies": {"id": "cov:Infection"},
        "hasDiagnosis": ["M54.50", "code:A00.0"],
        "hasPain": {
            "id": "gate#pain",
            "inRegion": "cov:LumbarRegion",
            "onsetDate": "2024-01-17",
            "averagePainScore": 7.25,
        },
        "hadTherapy": {
            "@set": [
                {
                    "id": "gate#course",
                    "ofTherapy": "PhysicalTherapy",
                    "startedOn": {"@value": "2023-05-09", "@type": "xsd:date"},
                    "hadOutcome": "InadequateResponse",
                }
            ]
        },
        "underwent": "gate#earlier",
    },
}
PLAIN_EARLIER = {
    "id": "gate#earlier",
    "hasProcedureCode": ["64493"],
    "performedOn": "2024-08-01",
    "reliefPercent": {"@value": 87},
    "reliefLastedUntil": "2024-12-01",
}


@pytest.mark.parametrize(
    "document",
    [
        [PLAIN, PLAIN_EARLIER],
        {"@context": CONTEXT_IRI, "@graph": [PLAIN, PLAIN_EARLIER]},
        {"@context": [CONTEXT_IRI, {"ex": "http://e/"}], "@graph": [PLAIN, PLAIN_EARLIER]},
        {"@context": shipped_context(knowledge()) | {}, "@graph": [PLAIN, PLAIN_EARLIER]},
    ],
    ids=["plain", "pinned", "pinned and own", "inline"],
)
def test_json_states_the_same_request(document: object) -> None:
    data = json.dumps(document).encode()
    if isinstance(document, dict) and isinstance(document["@context"], dict):
        assert "not a simple term" in refusal(data)  # its scoped codes are ours alone to ship
        return
    assert same(gate.read(data, name="request"), gate.read(VALID.encode()))


def test_an_inline_context_may_name_terms() -> None:
    document = {
        "@context": {
            "@version": 1.1,
            "@base": REQUESTS,
            "c": str(COV),
            "kind": "@type",
            "has": {"@id": "c:hasPatient", "@type": "@id", "@container": "@set"},
        },
        "@id": "gate#request",
        "kind": "c:CoverageRequest",
        "c:dateOfService": {
            "@value": "2025-03-14",
            "@type": "http://www.w3.org/2001/XMLSchema#date",
        },
        "has": ["gate#patient"],
        "c:requestsProcedure": {"c:hasKind": {"@id": f"{CODE}medial-branch-block"}},
    }
    assert gate.read(json.dumps(document).encode()).patient.value == REQUESTS + "gate#patient"


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False))
def test_order_and_blank_node_names_change_nothing(chance: random.Random) -> None:
    wanted = gate.read(UNNAMED.encode())
    lines = [f"{t} ." for t in triples_of(UNNAMED.encode())]
    chance.shuffle(lines)
    names = chance.sample(["a", "zz", "p", "e", "r", "b0", "b1"], 3)
    text = "\n".join(lines)
    for old, new in zip("per", names, strict=True):
        text = text.replace(f"_:{old} ", f"_:new{new} ")
    assert same(gate.read(text.encode()), wanted)


def test_unnamed_twins_stay_two() -> None:
    """Two equal courses without a name are two; canonical names tell them apart."""
    course = "cov:hadTherapy [ cov:ofTherapy cov:NsaidTherapy ]"
    request = gate.read(more(f":patient {course} , [ cov:ofTherapy cov:NsaidTherapy ] ."))
    assert len(request.triples.instances(COV.TherapyCourse)) == 3


def refused_or_read(data: bytes) -> None:
    try:
        gate.read(data)
    except InputError as error:
        assert str(error).isprintable(), str(error)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda t: t.encode("utf-8", "ignore")))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    refused_or_read(data)


MUTATIONS = [VALID.encode(), UNNAMED.encode(), json.dumps([PLAIN, PLAIN_EARLIER]).encode()]
CHARACTERS = st.sampled_from(list("\"'<>[](){}#:;,.\\@^_-+ \n09aZ\u202e\u0664\x00"))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(MUTATIONS),
    st.lists(
        st.tuples(st.integers(0, 3000), st.integers(0, 12), st.lists(CHARACTERS, max_size=4)),
        min_size=1,
        max_size=3,
    ),
)
def test_a_damaged_request_is_read_or_refused(
    data: bytes, damage: list[tuple[int, int, list[str]]]
) -> None:
    text = data.decode()
    for at, cut, new in damage:
        at %= len(text)
        text = text[:at] + "".join(new) + text[at + cut :]
    refused_or_read(text.encode())


KEYS = ["@id", "@type", "@value", "@set", "@graph", "@context", "@language", "id", "type", "x"]
KEYS += ["hasPatient", "affirms", "hasPain", "reliefPercent", "cov:denies"]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["CoverageRequest", "Infection", "gate#x", "@id", "", "2025-03-14", "a b"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_any_json_is_read_or_refused(document: object) -> None:
    refused_or_read(json.dumps(document).encode())
