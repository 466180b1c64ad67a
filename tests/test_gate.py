"""The gate: what is sound passes, and the form of a request is no matter."""

from __future__ import annotations

import json
import random
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyoxigraph import RdfFormat, Triple, parse, serialize

from covergraph.errors import InputError
from covergraph.knowledge.base import knowledge
from covergraph.namespaces import CODE, CONTEXT_IRI, COV, REQUESTS
from covergraph.request import gate
from covergraph.request.context import shipped_context
from tests.gate_requests import (
    VALID,
    classified,
    more,
    refusal,
    turtle,
)


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


@pytest.mark.parametrize("technique", ["Transforaminal", "Interlaminar", "Caudal"])
@pytest.mark.parametrize("codes", [OTHER_THAN_TRANSFORAMINAL, TRANSFORAMINAL])
@pytest.mark.parametrize("node", [":procedure", ":earlier"])
def test_a_code_that_stands_for_an_approach_gives_way_to_another(
    codes: dict[str, str], technique: str, node: str
) -> None:
    for code, level in codes.items():
        means = f"cov:treatsLevel cov:{level} ; cov:usesTechnique cov:{technique}Technique ;"
        data = re.sub(
            rf"(?m)^{node} cov:hasProcedureCode code:64493 ;(?:\n    cov:treatsLevel cov:L4-L5)?",
            f"{node} cov:hasProcedureCode code:{code} ; {means}",
            VALID,
        )
        request = gate.read(data.encode(), name="case.ttl")
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
