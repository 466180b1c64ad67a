"""What the gate refuses of Turtle and JSON, and how it says so."""

from __future__ import annotations

import pytest

from covergraph.namespaces import CONTEXT_IRI, COV, REQUESTS
from tests.both_ways import at_length
from tests.gate_requests import (
    PATIENT_VALUES,
    PREFIXES,
    VALID,
    as_json,
    more,
    refusal,
    turtle,
)

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
    ("cut off", VALID[:-30].encode(), "not valid Turtle"),
    ("undeclared prefix", more(":patient foo:bar 1 ."), "prefix is not declared"),
    ("bare NaN", turtle("7.25", "NaN"), "not valid Turtle"),
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
        "unknown code 64439",
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
    ("procedure as diagnosis", turtle("code:A00.0", "code:64493"), "is not a diagnosis code"),
    ("code as string", turtle("code:A00.0", '"A00.0"'), "a string where a diagnosis code"),
    ("unknown fact", turtle("cov:Infection", "cov:Infektion"), "did you mean cov:Infection?"),
    ("fact that is none", turtle("cov:Infection", "cov:LumbarRegion"), "is not a named fact"),
    ("fact of another", more(":pain cov:affirms cov:Infection ."), "is a fact of the patient"),
    ("unknown region", turtle("cov:LumbarRegion", "cov:NeckRegion"), "unknown spinal region"),
    ("unnamed region", turtle("cov:LumbarRegion", "[]"), "an unnamed node where"),
    ("unknown payer", more(":request cov:underPayer :nobody ."), "unknown payer"),
    ("affirmed and denied", more(":patient cov:affirms cov:Infection ."), "both affirmed and"),
    ("narrower affirmed", more(":patient cov:affirms cov:LocalInfection ."), "both affirmed and"),
    ("broader denied", more(":patient cov:denies cov:ConservativeTherapy ."), "is denied of"),
    (
        "every kind of a group denied",
        turtle("cov:PhysicalTherapy", "cov:ActiveTherapy")
        + b":patient cov:denies cov:PhysicalTherapy , cov:ChiropracticCare ,"
        b" cov:PrescribedHomeExerciseProgram .",
        "every kind of cov:ActiveTherapy is denied",
    ),
    ("therapy denied", more(":patient cov:denies cov:PhysicalTherapy ."), "is denied of"),
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
        "two kinds of guidance",
        more(":procedure cov:usesGuidance cov:Ultrasound, cov:NoImagingGuidance ."),
        "exclude",
    ),
    (
        "intent against code",
        more(":earlier cov:hasIntent cov:TrialIntent .").replace(
            b"64493 ;\n    cov:performedOn",
            b"63661 ; cov:treatsRegion cov:LumbarRegion ;\n    cov:performedOn",
        ),
        "code:63661 stands for revision or removal and contradicts cov:TrialIntent",
    ),
    (
        "intent that the code rules out",
        more(
            ":earlier cov:hasIntent cov:TrialIntent ; cov:treatsRegion cov:LumbarRegion ."
        ).replace(b"64493 ;\n    cov:performedOn", b"63688 ;\n    cov:performedOn"),
        "code:63688 contradicts cov:TrialIntent",
    ),
    (
        "before the birth",
        turtle('"1961-02-03"', '"2024-05-01"'),
        "is before the birth by cov:birthDate",
    ),
    (
        "before the birth by the age",
        turtle('cov:birthDate "1961-02-03"^^xsd:date', "cov:age 0"),
        "is before the birth by cov:age",
    ),
    (
        "code of another place",
        turtle("code:64493 ;\n    cov:treats", "code:64454 ;\n    cov:treats"),
        "64454 stands for a block of the genicular nerves, at the knee",
    ),
    (
        "companion alone",
        turtle("code:64493 ;\n    cov:treats", "code:77003 ;\n    cov:treats"),
        "77003 only goes with a procedure",
    ),
    (
        "level without the joint",
        more(":procedure cov:treatsLevel cov:S1-S2 ."),
        "code:64493 is about a facet joint, and cov:S1-S2 has none",
    ),
    (
        "nerve of another region",
        more(":procedure cov:treatsNerve cov:C5MedialBranch ."),
        "cov:C5MedialBranch belongs to no joint of the lumbar region",
    ),
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
        "exacerbation before the onset",
        turtle("cov:onsetDate", "cov:exacerbationDate '2020'^^xsd:gYear ; cov:onsetDate"),
        "cov:exacerbationDate is before cov:onsetDate",
    ),
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
        more(":patient cov:underwent [ cov:hasProcedureCode code:64493 , code:64483 ] ."),
        "the unnamed earlier procedure with code:64483",
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
    ("quotes without end", b'{"' + b'\\"' * 200_000, "not valid JSON"),
    ("NaN", as_json(reliefPercent=float("nan")), "NaN is not a number"),
    ("infinity", as_json(reliefPercent=float("inf")), "Infinity is not a number"),
    ("1e999", as_json().replace(b'"64493"', b"1e999"), "exponent"),
    ("long number", as_json().replace(b'"64493"', b"9" * 5000), "18 digits"),
    ("lone surrogate", as_json(comment="\ud800"), "surrogate"),
    ("null", as_json(dateOfService=None), "dateOfService: is null"),
    ("nothing", as_json(underPlan=[]), "underPlan: states nothing"),
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


@pytest.mark.parametrize(
    ("lasted", "ended", "agrees"),
    [
        # Weeks and months are rounded; a length in days may count the two ends as one.
        ('"P42D"^^xsd:dayTimeDuration', "2023-06-19", True),
        ('"P42D"^^xsd:dayTimeDuration', "2023-06-25", True),
        ('"P42D"^^xsd:dayTimeDuration', "2023-06-26", False),
        ('"P2M"^^xsd:yearMonthDuration', "2023-07-09", True),
        ('"P2M"^^xsd:yearMonthDuration', "2023-07-15", False),
        ('"P60D"^^xsd:dayTimeDuration', "2023-07-08", True),
        ('"P60D"^^xsd:dayTimeDuration', "2023-07-09", False),
        ('"P42D"^^xsd:dayTimeDuration', "2023-06-18", False),
    ],
)
def test_a_length_may_be_a_rounded_one(lasted: str, ended: str, agrees: bool) -> None:
    dated = f"cov:lasted {lasted} ; cov:endedOn '{ended}'^^xsd:date ; cov:hadOutcome"
    data = turtle("cov:hadOutcome", dated)
    if agrees:
        assert at_length(data, "text/turtle").facts
    else:
        assert "cov:lasted is" in refusal(data)
