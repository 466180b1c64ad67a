"""What holds of every request, tried on the cases: no order, no wording, no silence decides.

The laws are those of the design's last section. An ordinary run tries a sample of the cases,
always the same one, and ``make test-all`` every case. A message shows the requests as
N-Triples, so that they can be made into a case.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, timedelta

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, serialize

from covergraph.decision.decide import Decision
from covergraph.engine import Reasoner
from covergraph.errors import InputError
from covergraph.namespaces import COV, PREFIXES, RDF, RDFS, XSD
from covergraph.render.data import Recorder
from covergraph.request.gate import Request
from covergraph.triples import Spo, Term, Triples
from tests.laws import (
    AnswerOf,
    ShapesOf,
    disagreement,
    narrows,
    reductions,
    sampled,
    seeded,
    stated,
    told,
    without,
    written,
)
from tests.tools.case_files import Case

# --- Order, names and serialisation --------------------------------------------------------


def wordings(triples: Triples, *seed: object) -> Iterable[tuple[str, bytes, str]]:
    """Yield a request worded otherwise: what was changed, the bytes, and their media type."""
    chance = seeded("wordings", *seed)
    shuffled = chance.sample(list(triples), len(triples))
    as_triples = [Triple(*spo) for spo in shuffled]
    turtle = serialize(as_triples, format=RdfFormat.TURTLE, prefixes=dict(PREFIXES))
    yield "order of N-Triples", written(shuffled), "application/n-triples"
    yield "Turtle with prefixes", turtle or b"", "text/turtle"
    json_ld = serialize(as_triples, format=RdfFormat.JSON_LD)
    yield "JSON-LD", json_ld or b"", "application/ld+json"
    remark = [(s, RDFS.comment, Literal("a remark", language="en")) for s in triples.nodes()]
    yield "comments", written([*remark, *triples]), "text/turtle"
    respelt = [(s, p, respelled(o)) for s, p, o in triples]
    yield "spelling of numbers", written(respelt), "text/turtle"


def respelled(value: Term) -> Term:
    """Return a number in another spelling, and anything else as it is."""
    if isinstance(value, Literal) and value.datatype in (XSD.integer, XSD.decimal):
        whole, _, rest = value.value.partition(".")
        return Literal(f"{whole}.{rest}0", datatype=XSD.decimal)
    return value


def unnamed(triples: Triples, prefix: str, *seed: object) -> bytes:
    """Return a request with blank nodes for its records, in an order and with names of its own."""
    chance = seeded(prefix, *seed)
    nodes = chance.sample(triples.nodes(), len(triples.nodes()))
    blank = {node: BlankNode(f"{prefix}{i}") for i, node in enumerate(nodes)}
    renamed = [(blank[s], p, blank.get(o, o)) for s, p, o in triples]  # type: ignore[call-overload]
    return written(chance.sample(renamed, len(renamed)))


@pytest.mark.sample(300)
def test_wording_changes_nothing_of_what_is_read(case: Case, reasoner: Reasoner) -> None:
    """The gate hands on the same triples in the same order, and the digest is the same."""
    original, triples = reasoner.read(case.request_ttl).request, stated(case.request_ttl)
    for what, data, media_type in wordings(triples, case):
        assert same(original, reasoner.read(data, media_type=media_type).request), told(what, data)
    one, other = (unnamed(triples, prefix, case) for prefix in ("a", "z"))
    assert same(reasoner.read(one).request, reasoner.read(other).request), told(
        "blank nodes", one, other
    )


def same(one: Request, other: Request) -> bool:
    return list(one.triples) == list(other.triples) and one.digest == other.digest


@pytest.mark.sample(25)
def test_wording_and_repetition_change_no_byte_of_the_answer(
    case: Case, answer_of: AnswerOf, reasoner: Reasoner
) -> None:
    recorder = Recorder(reasoner.knowledge)
    first = json.dumps(recorder.answer(answer_of(case.request_ttl, case.policy)))
    wording = sampled(list(wordings(stated(case.request_ttl), case))[:2], 1, "wording", case)
    for what, data, _ in wording:
        assert json.dumps(recorder.answer(answer_of(data, case.policy))) == first, told(what, data)


@pytest.mark.sample(25)
def test_names_of_records_change_no_verdict(case: Case, answer_of: AnswerOf) -> None:
    named = answer_of(case.request_ttl, case.policy)
    other = answer_of(unnamed(stated(case.request_ttl), "b", case), case.policy)
    assert other.decision is named.decision
    assert other.deciding == named.deciding and other.missing == named.missing
    if named.valuation and other.valuation:
        assert other.valuation.verdicts == named.valuation.verdicts


# --- Silence ---------------------------------------------------------------------------------


@pytest.mark.sample(250)
def test_documenting_open_facts_settles_and_never_unsettles(
    case: Case, answer_of: AnswerOf, reasoner: Reasoner
) -> None:
    """Read backwards: with open facts taken away the ends lie further apart, or where they were.

    What is taken away: one open statement, several, or all. Leaf by leaf: a verdict that was
    met or not met stays; only "not documented" turns into either.
    """
    full = answer_of(case.request_ttl, case.policy)
    reduced = reductions(stated(case.request_ttl), reasoner.knowledge, case)
    for triples in sampled(reduced, 1, "reductions", case):
        data = written(triples)
        try:
            less = answer_of(data, case.policy)
        except InputError:
            continue  # an earlier procedure without region: refused, so nothing is decided
        fault = narrows(less, full)
        assert not fault, told(
            f"{fault}; with less, then with more documented:", data, case.request_ttl
        )


# --- Types and links ---------------------------------------------------------------------------


@pytest.mark.sample(300)
def test_request_without_a_type_or_link_is_refused_or_read_as_before(
    case: Case, reasoner: Reasoner
) -> None:
    """A link to a record leaves it unlinked; a record's type is restored from its link.

    That the request is one is the only type that no link tells, so without it there is none.
    """
    records, properties = reasoner.knowledge.record_classes, reasoner.knowledge.properties
    concepts = reasoner.terms.concepts
    original = reasoner.read(case.request_ttl).request
    typed = stated(case.request_ttl)
    links = [
        (s, p, o)
        for s, p, o in typed
        if p in properties and properties[p].takes in records and o.value not in concepts
    ]
    typed.update((o, RDF.type, properties[p].takes) for _, p, o in links)  # type: ignore[misc]
    for triple in typed:
        data = written(without(typed, frozenset({triple})))
        if triple in links or triple[2] == COV.CoverageRequest:
            with pytest.raises(InputError, match=r"not linked|is missing|no cov:CoverageRequest"):
                reasoner.read(data)
        elif triple[1] == RDF.type:
            assert {*reasoner.read(data).request.triples} == {*original.triples}, told(
                str(triple), data
            )


@pytest.mark.sample(100)
def test_request_without_any_type_or_any_link_is_refused(case: Case, reasoner: Reasoner) -> None:
    triples = stated(case.request_ttl)
    records = reasoner.knowledge.record_classes
    properties = reasoner.knowledge.properties
    links = {t for t in triples if t[1] in properties and properties[t[1]].takes in records}
    types = {t for t in triples if t[1] == RDF.type}
    for gone in (types, links, types | links, set(triples) - types, set(triples) - links):
        with pytest.raises(InputError):
            reasoner.read(written(without(triples, frozenset(gone))))


@pytest.mark.sample(30, COV.Covered)
def test_facts_without_what_makes_them_a_request_are_not_covered(
    case: Case, answer_of: AnswerOf, reasoner: Reasoner
) -> None:
    """Behind the gate too: a judge that finds nothing to look at does not say covered."""
    answer = answer_of(case.request_ttl, case.policy)
    policy, request = answer.policy, answer.request
    if policy is None:
        return  # no edition is in force
    cut: list[Spo] = [
        (request.iri, RDF.type, policy.target),
        (request.iri, COV.requestsProcedure, request.procedure),
    ]
    for triple in sampled(cut, 1, "cut", case):
        facts = without(answer.facts, frozenset({triple}))
        less = reasoner.answer(reasoner.prepared(request, facts), policy.key)
        assert less.decision is not Decision.COVERED, told(str(triple), case.request_ttl)


# --- The policy as a shape -----------------------------------------------------------------------


@pytest.mark.sample(42)
def test_policy_shape_conforms_exactly_when_the_request_is_covered(
    case: Case, answer_of: AnswerOf, shapes_of: ShapesOf
) -> None:
    """A standard SHACL processor says the same, asked by the policy's own target class."""
    answer = answer_of(case.request_ttl, case.policy)
    fault = disagreement(answer, shapes_of)
    assert not fault, told(fault, case.request_ttl)


# --- Worse facts ----------------------------------------------------------------------------------


def worsened(triples: Triples) -> list[Triples]:
    """Return a request with one monotone fact made worse, in each way that there is."""
    found = []
    for s, p, o in triples:
        for value in worse(triples, s, p, o):
            if value != o:
                others = [t for t in triples if t != (s, p, o)]
                found.append(Triples([*others, (s, p, value)]))
    return found


def worse(triples: Triples, s: Term, p: NamedNode, o: Term) -> list[Literal]:
    """Return worse values: less relief and for less long, a lower score, a shorter course."""

    def between(first: str, last: str) -> list[Literal]:
        start, end = date.fromisoformat(first), date.fromisoformat(last)
        days = {start, start + timedelta(days=1), end - timedelta(days=1), end}
        inside = sorted(d for d in days if start <= d <= end)
        return [Literal(d.isoformat(), datatype=XSD.date) for d in inside]

    if p in (COV.reliefPercent, COV.averagePainScore):
        value = float(o.value)
        lower = (0, value / 2, value - 1, value - 0.5)
        return [Literal(f"{v:g}", datatype=XSD.decimal) for v in lower if v >= 0]
    start, end = triples.text(s, COV.startedOn), triples.text(s, COV.endedOn)
    if p in (COV.startedOn, COV.endedOn) and start and end:
        return between(start, end)
    if p == COV.reliefLastedUntil:
        return between(triples.text(s, COV.performedOn), o.value)
    return []


@pytest.mark.sample(150)
def test_worse_fact_never_improves_a_decision(case: Case, answer_of: AnswerOf) -> None:
    before = answer_of(case.request_ttl, case.policy)
    for triples in sampled(worsened(stated(case.request_ttl)), 1, "worse", case):
        data = written(triples)
        try:
            after = answer_of(data, case.policy)
        except InputError:
            continue  # worse than what is affirmed of it: refused, so nothing is decided
        message = told("worse, and yet better:", data, case.request_ttl)
        assert (before.value is None) is (after.value is None), message
        if before.value and after.value:
            assert after.value.worst <= before.value.worst, message
            assert after.value.best <= before.value.best, message
