"""A component is two files, its Turtle and its module; one without the other is refused by name."""

from __future__ import annotations

import pytest
from pyoxigraph import NamedNode, RdfFormat, parse

from covergraph.engine import Reasoner
from covergraph.errors import KnowledgeError
from covergraph.judge.components import makers
from covergraph.knowledge.base import Knowledge, knowledge_root, load
from covergraph.namespaces import BASE, COV
from covergraph.policies.components import components_of
from covergraph.policies.lowering import Lowering
from covergraph.triples import Triples
from tests.components.support import PREFIXES, bench

ASIDE = "[ sh:path cov:aside ; sh:nodeKind sh:IRI ; cov:amongRecords cov:underwent ]"


def with_component(parameter: str) -> Knowledge:
    """Return the knowledge with a made-up component that has one parameter."""
    known = load(knowledge_root())
    text = f"{PREFIXES} <{BASE}components#AsideComponent> a sh:ConstraintComponent ; sh:parameter"
    for t in parse(f"{text} {parameter} .", format=RdfFormat.TURTLE, rename_blank_nodes=True):
        known.triples.add(t.subject, t.predicate, t.object)
    return known


def test_a_component_without_a_module_is_refused() -> None:
    known = with_component(ASIDE)
    assert len(components_of(known)) == len(makers()) + 1
    with pytest.raises(KnowledgeError, match="AsideComponent has no module"):
        Reasoner(known)


def test_a_module_without_a_component_is_refused() -> None:
    known = load(knowledge_root())
    gone = NamedNode(f"{BASE}components#NotAlsoPlannedComponent")
    known.triples = Triples(t for t in known.triples if t[0] != gone)
    with pytest.raises(KnowledgeError, match="NotAlsoPlannedComponent has a module, and no Turtle"):
        Reasoner(known)


@pytest.mark.parametrize(
    ("parameter", "says"),
    [
        ("[ sh:path cov:aside ]", "declares nothing that it reads"),
        ("[ sh:path cov:aside ; cov:reads cov:performedOn ]", "declares nothing that it reads"),
        (f"{ASIDE[:-1]}; sh:optional true ]", "declares nothing that it reads"),
        ("[ sh:path cov:aside ; cov:amongRecords cov:hasPain ]", "picks among"),
    ],
)
def test_a_component_that_does_not_say_what_it_reads_is_refused(parameter: str, says: str) -> None:
    with pytest.raises(KnowledgeError, match=f"AsideComponent.*{says}"):
        Lowering(with_component(parameter))


def test_each_component_looks_at_records_at_dates_or_at_the_request() -> None:
    for component in components_of(bench().knowledge).values():
        looking = [p for p in component.parameters if p.among or p.date_of]
        assert looking, component.iri.value
        assert all(p.required for p in looking)
        # Sessions and courses are looked at in a region; dates have none.
        assert bool(looking[0].among) == (COV.regionScope in component.needs)
