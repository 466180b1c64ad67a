"""What silence can leave undocumented, and what it cannot.

A leaf is open where something that it reads may be silent and its silence is open. The
procedures asked for, those of the past and those planned for the day are complete as
given, their code or kind is always there, and the gate asks for the region of an earlier
one. What only counts them is therefore open through the region, the technique or the
intent that it asks of them, or not at all.
"""

from __future__ import annotations

from functools import cache

from pyoxigraph import NamedNode

from covergraph.facts.classify import Classifier
from covergraph.knowledge.base import knowledge
from covergraph.namespaces import BASE, COV, RDF, SH
from covergraph.policies.components import Components, Parameter, components_of
from covergraph.policies.criteria import Criterion, Kind, Policy
from covergraph.policies.standard import steps
from covergraph.triples import Term, Triples

REQUEST, PROCEDURE = NamedNode(f"{BASE}bench#request"), NamedNode(f"{BASE}bench#procedure")


def is_open(leaf: Criterion, policy: Policy) -> bool:
    """Return whether silence can leave a leaf undocumented in a policy."""
    known, t = knowledge(), knowledge().triples
    override = t.value(leaf.iri, COV.silenceMeans)
    readings: set[object]
    if leaf.kind in (Kind.AFFIRMED, Kind.ABSENT):
        fact = t.value(leaf.iri, COV.affirmedFact) or t.value(leaf.iri, COV.absentFact)
        assert isinstance(fact, NamedNode)
        readings = {known.facts[fact].silence}
    elif leaf.kind is Kind.CORE:
        readings = {known.properties[p].silence for p in path_of(leaf) if p in known.properties}
    elif override != COV.Absent:
        return not is_complete(leaf, policy)
    return override == COV.NotDocumented if override else COV.NotDocumented in readings


def can_be_silent(leaf: Criterion) -> bool:
    """Return whether a request may say nothing of what a leaf reads, however that is read."""
    required = knowledge().properties
    return leaf.kind is not Kind.CORE or not all(required[p].required_of for p in path_of(leaf))


def path_of(leaf: Criterion) -> list[NamedNode]:
    t = knowledge().triples
    shapes = t.objects(leaf.iri, SH.property)
    return [p for shape in shapes for p in steps(t, t.value(shape, SH.path))]


def is_complete(leaf: Criterion, policy: Policy) -> bool:
    """Return whether a leaf only counts procedures, and nothing it asks of them can be silent."""
    t = knowledge().triples
    assert leaf.component is not None
    given = components()[leaf.component].given(leaf.iri, t)
    if any(can_be_open(parameter, value) for parameter, value in given):
        return False
    among = {parameter.among: value for parameter, value in given}
    counted = among.get(COV.underwent)
    return t.value(leaf.iri, COV.regionScope) == COV.AnyRegion or (
        # A planned procedure may be stated without its region.
        isinstance(counted, NamedNode)
        and COV.alsoPlanned not in among
        and always_has_region(policy.target)
        and all(implies_region(means) for means in means_of(counted))
    )


def can_be_open(parameter: Parameter, value: Term) -> bool:
    """Return whether what a parameter reads may be silent, and its silence open."""
    known = knowledge()
    if parameter.date_of or value in known.facts:
        return True
    links = [parameter.among] if parameter.among else []
    read = {*links, *parameter.reads, *parameter.compares, *parameter.held_against}
    return any(
        known.properties[p].silence == COV.NotDocumented
        for p in read
        if p in known.properties and not known.properties[p].required_of
    )


@cache
def components() -> Components:
    return components_of(knowledge())


@cache
def always_has_region(target: NamedNode) -> bool:
    """Return whether a request of a class has a region whatever code or kind it states."""
    return all(implies_region(means) for means in means_of(target))


def implies_region(means: NamedNode) -> bool:
    return bool(knowledge().triples.objects(means, COV.impliesRegion))


@cache
def means_of(cls: NamedNode) -> tuple[NamedNode, ...]:
    """Return the codes and kinds that may make a procedure, or a request, one of a class."""
    found: dict[NamedNode, None] = {}
    for of, p in ((COV.ProcedureCode, COV.hasProcedureCode), (COV.ProcedureKind, COV.hasKind)):
        found |= dict.fromkeys(m for m in knowledge().instances_of(of) if may_be(cls, m, p))
    return tuple(found)


def may_be(cls: NamedNode, means: NamedNode, p: NamedNode) -> bool:
    """Return whether a procedure of a code or kind is, in some region, one of a class."""
    regions = [None, *knowledge().instances_of(COV.SpinalRegion)]
    return any(cls in types_with(means, p, region) for region in regions)


@cache
def types_with(means: NamedNode, p: NamedNode, region: NamedNode | None) -> frozenset[object]:
    stated = Triples(
        [
            (REQUEST, RDF.type, COV.CoverageRequest),
            (REQUEST, COV.requestsProcedure, PROCEDURE),
            (PROCEDURE, RDF.type, COV.RequestedProcedure),
            (PROCEDURE, p, means),
        ]
    )
    if region is not None:
        stated.add(PROCEDURE, COV.treatsRegion, region)
    found = classifier().classify(stated)
    return frozenset([*found.types(REQUEST), *found.types(PROCEDURE)])


@cache
def classifier() -> Classifier:
    return Classifier(knowledge())
