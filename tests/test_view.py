"""The derived view: every criterion of every policy is in it, with the numbers of its shape."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, QuerySolutions, Store

from covergraph.commands.query import answered
from covergraph.knowledge.base import Knowledge, knowledge, policy_key
from covergraph.namespaces import COV, RDFS, SH, XSD
from covergraph.policies.criteria import Criterion, Policy
from covergraph.policies.lowering import Lowering
from covergraph.sparql.store import open_store
from covergraph.triples import Term

EDITIONS: list[Policy] = Lowering(knowledge()).policies()
NIA_302, NIA_305 = "nia/cg-302", "nia/cg-305"


@pytest.fixture(scope="module")
def store() -> Store:
    return open_store(knowledge())


def rows_of(store: Store, policy: Policy, criterion: Criterion) -> list[NamedNode]:
    found = store.query(
        f"PREFIX cov: <{COV}> SELECT ?r {{ ?r a cov:Requirement ;"
        f" cov:inPolicy {policy.iri} ; cov:ofCriterion {criterion.iri} }}"
    )
    assert isinstance(found, QuerySolutions)
    return [row[0] for row in found if isinstance(row[0], NamedNode)]


@pytest.mark.parametrize("policy", EDITIONS, ids=lambda p: p.key)
def test_every_criterion_is_in_the_view_with_its_numbers(store: Store, policy: Policy) -> None:
    for leaf in policy.leaves:
        rows = rows_of(store, policy, leaf)
        assert rows, f"{leaf.iri} is not in the view"
        said = {
            value(q.object) for row in rows for q in store.quads_for_pattern(row, None, None, None)
        }
        missing = {value(n) for n in numbers(knowledge(), leaf.iri)} - said
        assert not missing, f"{leaf.iri}: {missing}"


@pytest.mark.parametrize("policy", EDITIONS, ids=lambda p: p.key)
def test_every_requirement_says_what_it_compares_and_where_it_stands(
    store: Store, policy: Policy
) -> None:
    for criterion in policy.criteria.values():
        for row in rows_of(store, policy, criterion):
            for p in (COV.comparison, COV.bound, COV.quantity, COV.concerns, COV.role):
                assert any(store.quads_for_pattern(row, p, None, None)), f"{row} lacks {p}"
            sections = {
                q.object.value for q in store.quads_for_pattern(row, COV.section, None, None)
            }
            assert sections == {c.section for c in criterion.citations}


def numbers(known: Knowledge, node: Term) -> list[Literal]:
    """Return the numbers and periods of a leaf, but those that only keep the books."""
    if not isinstance(node, NamedNode | BlankNode):
        return []
    found: list[Literal] = []
    for p, objects in known.triples.predicates(node).items():
        books = known.triples.value(p, COV.comparesAs) == COV.NotCompared
        for o in objects:
            if isinstance(o, Literal) and o.datatype not in (XSD.string, XSD.boolean) and not books:
                found += [o] if not o.language else []
            if isinstance(o, BlankNode) and p.value.startswith(SH) and p != SH["in"]:
                found += numbers(known, o)
    return found


def value(term: object) -> object:
    """Return a literal by its value: twelve months are a year."""
    if not isinstance(term, Literal):
        return term
    if term.datatype == XSD.yearMonthDuration:
        years, months = (re.search(rf"(\d+){unit}", term.value) for unit in "YM")
        return 12 * int(years[1] if years else 0) + int(months[1] if months else 0)
    if re.fullmatch(r"-?[\d.]+", term.value):
        return Decimal(term.value)
    return term.value


def test_every_parameter_of_a_component_is_put_into_words(store: Store) -> None:
    t = knowledge().triples
    for component in t.instances(SH.ConstraintComponent):
        for parameter in t.objects(component, SH.parameter):
            path = t.value(parameter, SH.path)
            assert isinstance(path, NamedNode) and t.value(path, COV.wording), path


def test_group_that_counts_is_a_requirement(store: Store) -> None:
    found = store.query(
        f"PREFIX cov: <{COV}> SELECT ?bound ?section {{ ?r cov:parameter cov:atLeast ;"
        " cov:bound ?bound ; cov:section ?section ; cov:inPolicy ?p ; cov:ofCriterion ?c ."
        ' FILTER ( STRENDS( STR( ?c ), "#three-features" ) ) }'
    )
    assert isinstance(found, QuerySolutions)
    assert {(b.value, s.value) for b, s in found} == {("3", "Indications, chronic pain")}


def test_shared_criterion_stands_under_each_policy_with_its_own_section(store: Store) -> None:
    found = store.query(
        f"PREFIX cov: <{COV}> SELECT DISTINCT ?p ?s {{ ?r cov:inPolicy ?p ; cov:section ?s ;"
        " cov:measures cov:averagePainScore }"
    )
    assert isinstance(found, QuerySolutions)
    sections = {(policy_key(p), s.value) for p, s in found if isinstance(p, NamedNode)}
    assert (NIA_302, "Indications for Repeat Procedures") in sections
    assert (NIA_305, "Repeat injections") in sections
    assert (NIA_302, "Repeat injections") not in sections


def test_phases_tell_initial_from_repeat(store: Store) -> None:
    found = store.query(
        f"PREFIX cov: <{COV}> SELECT ?phase ?bound {{ ?r cov:parameter cov:minimumRelief ;"
        " cov:phase ?phase ; cov:bound ?bound ; cov:inPolicy ?p ;"
        " cov:forProcedure cov:FacetJointDenervation ; cov:ofPayer"
        " <https://w3id.org/covergraph/policies/centene#payer> }"
    )
    assert isinstance(found, QuerySolutions)
    assert {(p.value, b.value) for p, b in found} == {("initial", "75"), ("repeat", "50")}


def test_analysts_query_of_three_lines_is_enough(store: Store) -> None:
    found = answered(
        store,
        f"PREFIX cov: <{COV}> PREFIX rdfs: <{RDFS}> SELECT ?payer ?bound ?section {{\n"
        "?r cov:concerns cov:PainDurationConcern ; cov:forProcedure cov:FacetJointDenervation ;\n"
        "   cov:forRegion cov:LumbarRegion ; cov:ofPayer/rdfs:label ?payer ;\n"
        "   cov:bound ?bound ; cov:section ?section }",
    )
    assert isinstance(found, QuerySolutions)
    counted = Counter((p.value, b.value) for p, b, _ in found)
    assert counted.keys() == {
        ("National Imaging Associates (Evolent)", "P3M"),
        ("Washington State Health Care Authority", "P6M"),
    }
