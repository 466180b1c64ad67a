"""Which policies read which terms: properties, facts and the values that a leaf names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pyoxigraph import BlankNode

from ..knowledge.base import Knowledge
from ..namespaces import COV, SH
from ..policies.components import Components, components_of
from ..policies.criteria import Criterion, Kind, Policy, Reading
from ..policies.standard import steps
from ..triples import Term, Triples


def read_by(knowledge: Knowledge, policies: Iterable[Policy]) -> dict[Term, list[str]]:
    """Return, for each property and fact, the keys of the policies whose criteria look at it."""
    found: dict[Term, dict[str, None]] = {}
    components = components_of(knowledge)
    for policy in policies:
        for leaf in policy.leaves:
            for term in terms_read(leaf, knowledge, components):
                found.setdefault(term, {})[policy.key] = None
    return {term: sorted(keys) for term, keys in found.items()}


def followed_by(policies: Iterable[Policy]) -> dict[Reading, list[str]]:
    """Return, for each settled reading, the keys of the policies that follow it."""
    found: dict[Reading, dict[str, None]] = {}
    for policy in policies:
        for criterion in policy.criteria.values():
            for reading in criterion.readings:
                found.setdefault(reading, {})[policy.key] = None
    return {reading: sorted(keys) for reading, keys in found.items()}


def terms_read(leaf: Criterion, knowledge: Knowledge, components: Components) -> set[Term]:
    """Return the properties, facts and values that a leaf looks at.

    A fact and a purpose stand for their narrower ones.
    """
    t = knowledge.triples
    terms: set[Term] = set()
    stated = t.predicates(leaf.iri)
    if leaf.kind is Kind.CORE:
        for shape in stated.get(SH.property, []):
            terms |= set(steps(t, t.value(shape, SH.path)))
            terms |= set(_values(shape, t))
    if leaf.component is not None:
        for parameter, given in components[leaf.component].given(leaf.iri, t):
            terms |= parameter.terms(given)
            terms |= {n for n, of in knowledge.counted_years.items() if of == given}
    for objects in stated.values():
        terms |= {o for o in objects if not isinstance(o, BlankNode)}
    below = {n for term in terms for n in knowledge.narrower.get(term, ())}
    purposes = (n for n in below if knowledge.is_a(n, COV.TreatmentPurpose))
    return terms | (below & knowledge.facts.keys()) | set(purposes)


def _values(shape: Term, triples: Triples) -> Iterator[Term]:
    """Yield the values that a property shape names, those of the shapes inside it too."""
    yield from triples.objects(shape, SH.hasValue)
    for head in triples.objects(shape, SH["in"]):
        yield from triples.items(head)
    for p in (SH.qualifiedValueShape, SH.property, SH["not"]):
        for inner in triples.objects(shape, p):
            yield from _values(inner, triples)
