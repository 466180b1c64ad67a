"""The short way in passes only what the long way passes, and lays out the same facts.

What it does not pass costs time and nothing else; what it passed wrongly would be decided. So
it is asked about every case, about generated requests, and about requests with statements
broken in every way that the vocabulary offers.
"""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode

from covergraph.engine import Reasoner
from covergraph.errors import InputError
from covergraph.facts.layout import stated_days
from covergraph.namespaces import CODE, COV, RDF, RDFS, REQUESTS, XSD
from covergraph.plain import TYPE
from covergraph.triples import Spo, Term
from tests.both_ways import (
    as_plain_json,
    at_length,
    compare,
    is_plain,
    laid_out,
    quickly,
    whole,
    without_names,
)
from tests.laws import FULL, stated, told, written
from tests.named import Named
from tests.tools.case_files import Case, load_cases
from tests.tools.generate import changed, requests

CASES = [case.request_ttl for case in load_cases() if is_plain(case.request_ttl)]
EXAMPLES = 3000 if FULL else 300


def test_case_takes_the_short_way(case: Case) -> None:
    found = compare(case.request_ttl)
    assert (found is not None) is is_plain(case.request_ttl)


def test_concepts_have_the_same_classes() -> None:
    """The long way adds each concept's classes to the request, the short way looks them up."""
    concepts = whole().terms.concepts
    for data in CASES[::100]:
        long = at_length(data).facts.records
        named = {o.value for _, p, o in stated(data) if p != RDF.type and o.value in concepts}
        assert named and all(set(long[n][TYPE]) == set(concepts[n]) for n in named)


@pytest.mark.parametrize("key", ["centene/cp-mp-171", "nia/cg-301", "nia/cg-404", "nia/cg-408"])
def test_generated_requests(key: str, reasoner: Reasoner) -> None:
    (policy,) = reasoner.catalogue.editions[key]
    named = Named(reasoner.knowledge, policy, reasoner.classifier)
    cases = [case.request_ttl for case in load_cases() if case.policy == policy.iri]
    plain = 0

    @settings(max_examples=EXAMPLES // 4, suppress_health_check=list(HealthCheck))
    @given(requests(named) | changed(named, cases))
    def same(data: bytes) -> None:
        nonlocal plain
        plain += compare(data) is not None

    same()
    assert plain, "nothing that was drawn is plain"


# --- What is broken ----------------------------------------------------------------------------

DAYS = [
    "2024-02-30",
    "2024-1-1",
    "1899-12-31",
    "2201-01-01",
    "2023-06-01",
    "20230601",
]
NUMBERS = ["7", "07", "-1", "101", "7.5", "7.0", "1e1", "NaN", "9" * 19, "+5", "", " 7"]
# Digits of another script.
DAYS.append("\N{FULLWIDTH DIGIT TWO}023-06-01")
NUMBERS.append("\N{FULLWIDTH DIGIT NINE}")
ODD: list[Term] = [
    *(Literal(d, datatype=XSD.date) for d in DAYS),
    *(Literal(n, datatype=t) for n in NUMBERS for t in (XSD.integer, XSD.decimal, XSD.double)),
    Literal("2023-06-01"),
    Literal("x", language="en"),
    Literal(str(COV) + "CoverageRequest"),
    BlankNode("b"),
    NamedNode(REQUESTS),
    NamedNode(REQUESTS + "node#c14n0"),
    NamedNode("http://example.org/päin"),
    NamedNode("javascript:alert"),
    NamedNode("http://example.org/a\u202eb"),
    CODE["64493"],
    CODE["64494"],
    CODE["64999"],
    CODE["99999"],
    CODE["M54.50"],
    COV.Nothing,
    COV.Patient,
    COV.MedicationTherapy,
    COV.LumbarRegion,
    COV.CervicalRegion,
    COV["L4-L5"],
    COV.PulsedRadiofrequency,
    COV.ConventionalRadiofrequency,
]
HOW = ["object", "object", "link", "subject", "double", "drop", "flip"]
LINKS = [RDF.type, RDFS.label, COV.affirms, COV.denies, COV.unheardOf, COV.concernsPain]


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """Return a case's request with a few statements broken, doubled, added or left out.

    Its records have names, or have none.
    """
    triples: list[Spo] = list(stated(draw(st.sampled_from(CASES))))
    links = [*LINKS, *sorted({p for _, p, _ in triples}, key=str)]
    nodes = sorted({s for s, _, _ in triples}, key=str)
    terms = [*ODD, *sorted({o for _, _, o in triples}, key=str), *nodes]
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(triples) - 1))
        s, p, o = triples[at]
        how = draw(st.sampled_from(HOW))
        if how == "object":
            triples[at] = (s, p, draw(st.sampled_from(terms)))
        elif how == "link":
            triples[at] = (s, draw(st.sampled_from(links)), o)
        elif how == "subject":
            triples[at] = (draw(st.sampled_from(nodes)), p, o)
        elif how == "double":
            triples.append((s, p, draw(st.sampled_from(terms))))
        elif how == "drop" and len(triples) > 1:
            del triples[at]
        elif how == "flip" and isinstance(o, NamedNode):
            triples.append((s, COV.denies if p == COV.affirms else COV.affirms, o))
    kept = dict.fromkeys(triples)
    return written(without_names(kept) if draw(st.booleans()) else kept)


@settings(max_examples=EXAMPLES * 4, suppress_health_check=list(HealthCheck))
@given(broken())
def test_what_is_broken_passes_neither_way_or_both(data: bytes) -> None:
    compare(data)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\ufeff",
        "{}",
        "<html>",
        "<?xml version='1.0'?>",
        "@prefix : <> .",
        "[" * 65 + "]" * 65,
        "<< <a:b> <a:c> <a:d> >> <a:e> <a:f> .",
    ],
)
def test_what_is_no_turtle_goes_the_long_way(text: str) -> None:
    assert quickly(text.encode()) is None
    with pytest.raises(InputError):
        at_length(text.encode())


@pytest.mark.parametrize("data", CASES[::30])
def test_unnamed_records_take_the_short_way(data: bytes) -> None:
    """In Turtle and in JSON, the request itself among them; what they are called is the same."""
    unnamed = written(without_names(stated(data)))
    turtle = compare(unnamed)
    document = json.dumps(as_plain_json(unnamed)).encode()
    plain = compare(document, "application/json")
    assert turtle is not None and plain is not None
    assert turtle.request.digest == plain.request.digest


def test_a_record_that_is_linked_to_twice_goes_the_long_way() -> None:
    """Naming such records may take long, and none of them is a request of ours."""
    unnamed = without_names(stated(CASES[0]))
    (link,) = [t for t in unnamed if t[1] == COV.hasPatient]
    twice = written([*unnamed, (link[0], COV.requestsProcedure, link[2])])
    assert quickly(twice) is None
    with pytest.raises(InputError):
        at_length(twice)


def test_other_encodings_go_the_long_way() -> None:
    plain = CASES[0].decode()
    assert quickly(plain.encode()) is not None
    assert quickly(plain.encode("utf-16")) is None
    # A name that says another format than the text is in.
    assert whole().quick.read(CASES[0], "case.jsonld", None) is None


def test_request_is_moved_as_if_it_had_been_read_so() -> None:
    """Another date of service changes the facts as reading the changed request would."""
    for data in CASES[::100]:
        read = quickly(data)
        assert read is not None
        day = max(stated_days(read.facts.records))
        later = date.fromisoformat(day) + timedelta(days=3)
        moved = read.moved(later)
        again = whole().prepared(moved.request, moved.triples)
        assert laid_out(moved.facts) == laid_out(again.facts), told("moved", data)
        assert moved.facts.stated.keys() == again.facts.stated.keys()
        assert moved.request.digest == read.request.digest


def test_what_requests_share_is_not_changed() -> None:
    quick = whole().quick

    def shared() -> str:
        specs = [s for role in quick.roles.values() for s in role.specs.values()]
        return repr([quick.roles, quick.narrower, quick.requested, [s.closures for s in specs]])

    for data in CASES:
        quickly(data)
    before = shared()
    for data in reversed(CASES):
        quickly(data)
    assert shared() == before
