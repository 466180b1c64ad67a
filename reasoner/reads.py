"""Which stated facts a criterion looked at.

A verdict is believed when the facts behind it can be seen. For each leaf this gives the
statements of the request that bear on it, in the caller's own words where there are
any, and what was inferred where there are none.
"""

from __future__ import annotations

from collections.abc import Iterable

from pyoxigraph import NamedNode

from .criteria import Criterion, Kind
from .gate import Request
from .knowledge import Knowledge
from .namespaces import COV, RDF, SH
from .standard import RECORD_PATHS, steps
from .triples import Node, Spo, Term, Triples

# Which property of a record each of these parameters picks it by.
SELECTING = {
    COV.withTechnique: COV.usesTechnique,
    COV.withIntent: COV.hasIntent,
    COV.withTherapy: COV.ofTherapy,
}
HISTORY = (COV.ofProcedure, COV.eachSessionOf, COV.latestSessionOf)


def facts_read(
    leaf: Criterion, request: Request, facts: Triples, knowledge: Knowledge
) -> list[Spo]:
    """Return the statements that a leaf looked at, in a fixed order.

    Parameters
    ----------
    leaf : Criterion
        A leaf of the policy.
    request : Request
        The request as stated.
    facts : Triples
        The same, classified and derived.
    """
    if leaf.kind in (Kind.AFFIRMED, Kind.ABSENT):
        found = _statements(leaf, request, facts, knowledge)
    elif leaf.kind is Kind.CORE:
        found = _ends(leaf, request, facts, knowledge)
    else:
        found = _records(leaf, request, facts, knowledge)
    return sorted(set(found), key=lambda t: (t[0].value, t[1].value, t[2].value))


def silent(leaf: Criterion, request: Request, facts: Triples, knowledge: Knowledge) -> list[str]:
    """Return in words what a component asks of the records it looks at and does not find.

    A record of another region, technique or kind of therapy is not asked to say more: it
    would not count. That there is no record at all is said by the leaf's own label.
    """
    if leaf.kind is not Kind.COMPONENT:
        return []
    t = knowledge.triples
    asked = [
        p
        for parameter in t.predicates(leaf.iri)
        for p in t.objects(parameter, COV.reads)
        if isinstance(p, NamedNode)
    ]
    fact = t.value(leaf.iri, COV.withFact)
    found: dict[str, None] = {}
    for record in {s for s, _, _ in _records(leaf, request, facts, knowledge)} - {request.patient}:
        if _does_not_count(leaf, record, request, facts, knowledge):
            continue
        for p in asked:
            if not facts.objects(record, p):
                found[knowledge.label(p)] = None
        said = facts.objects(record, COV.affirms) + facts.objects(record, COV.denies)
        if fact is not None and fact not in said:
            found[knowledge.label(fact)] = None
    return sorted(found)


def _does_not_count(
    leaf: Criterion, record: Node, request: Request, facts: Triples, knowledge: Knowledge
) -> bool:
    """Say whether what a record states keeps it from counting, whatever else it might state."""
    t = knowledge.triples
    same = t.value(leaf.iri, COV.regionScope) == COV.SameRegion
    regions = [set(facts.objects(n, COV.treatsRegion)) for n in (request.procedure, record)]
    if same and all(regions) and not set.intersection(*regions):
        return True
    for parameter, p in SELECTING.items():
        wanted = t.value(leaf.iri, parameter)
        if isinstance(wanted, NamedNode):
            ruled_out = knowledge.incompatible.get(wanted, frozenset())
            if ruled_out & set(facts.objects(record, p)):
                return True
    return False


def _statements(
    leaf: Criterion, request: Request, facts: Triples, knowledge: Knowledge
) -> Iterable[Spo]:
    """Yield what affirms or denies the fact, narrower and broader facts included."""
    t = knowledge.triples
    fact = t.value(leaf.iri, COV.affirmedFact) or t.value(leaf.iri, COV.absentFact)
    if fact is None:
        return
    path = RECORD_PATHS[knowledge.facts[fact].stated_of]
    for record in facts.objects(request.iri, path):
        for said in request.triples.objects(record, COV.affirms):
            if fact in knowledge.broader_of(said):
                yield record, COV.affirms, said  # type: ignore[misc]
        for said in request.triples.objects(record, COV.denies):
            if said in knowledge.broader_of(fact):
                yield record, COV.denies, said  # type: ignore[misc]


def _ends(leaf: Criterion, request: Request, facts: Triples, knowledge: Knowledge) -> Iterable[Spo]:
    """Yield the last step of every path, as stated where it is, as inferred where it is not."""
    t = knowledge.triples
    for shape in t.objects(leaf.iri, SH.property):
        path = list(steps(t, t.value(shape, SH.path)))
        nodes: list[Term] = [request.iri]
        for step in path[:-1]:
            nodes = [o for n in nodes for o in facts.objects(n, step)]
        for node in nodes:
            stated = request.triples.objects(node, path[-1])
            for o in stated or facts.objects(node, path[-1]):
                yield node, path[-1], o  # type: ignore[misc]


def _records(
    leaf: Criterion, request: Request, facts: Triples, knowledge: Knowledge
) -> Iterable[Spo]:
    """Yield the records that a component looks at, with all that is stated of them."""
    t = knowledge.triples
    procedure = next((c for p in HISTORY if (c := t.value(leaf.iri, p))), None)
    therapy, since = (t.value(leaf.iri, p) for p in (COV.withTherapy, COV.sinceDate))
    if procedure is not None:
        for earlier in facts.objects(request.patient, COV.underwent):
            if procedure in facts.types(earlier):
                yield from _stated(earlier, request.triples)
    if isinstance(therapy, NamedNode):
        ruled_out = knowledge.incompatible.get(therapy, frozenset())
        for course in facts.objects(request.patient, COV.hadTherapy):
            if not ruled_out & set(facts.objects(course, COV.ofTherapy)):
                yield from _stated(course, request.triples)
        for said in request.triples.objects(request.patient, COV.denies):
            if therapy in knowledge.broader_of(said) or said in knowledge.broader_of(therapy):
                yield request.patient, COV.denies, said
    if isinstance(since, NamedNode):
        for record in (request.patient, *facts.objects(request.iri, COV.concernsPain)):
            for o in facts.objects(record, since):
                yield record, since, o  # type: ignore[misc]


def _stated(record: Term, triples: Triples) -> Iterable[Spo]:
    if isinstance(record, NamedNode):
        subject: Node = record
        for p, objects in triples.predicates(record).items():
            if p != RDF.type:
                for o in objects:
                    yield subject, p, o
