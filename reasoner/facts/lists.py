"""What a record says of its own lists, made into records that criteria look at.

A list that is known only in part may leave out any number of entries. One further record
stands for those that may lie between the same days: it has every class, or kind, that such an
entry may be of, and nothing else is known of it, so that whatever holds however it may lie is
all that holds. A list that is complete needs none; the therapies that it does not name are
denied.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyoxigraph import Literal, NamedNode

from ..knowledge.base import Knowledge, is_true
from ..namespaces import COV, RDF, XSD
from ..request.records import UNNAMED
from ..triples import Node, Spo, Term, Triples
from .dates import UNBOUNDED, Span, ends_at
from .openings import Openings, Said, of_procedures, of_therapies

TRUE = Literal("true", datatype=XSD.boolean)
# The properties that lead to procedures, and the class of the records they lead to.
OF_PROCEDURES: dict[Term, NamedNode] = {
    COV.underwent: COV.EarlierProcedure,
    COV.alsoPlanned: COV.PlannedProcedure,
}


def listed(
    request: NamedNode, patient: NamedNode, facts: Triples, service: str, knowledge: Knowledge
) -> Iterator[Spo]:
    """Yield what follows from what is said of lists, and from what is not."""
    said = list(statements(facts, knowledge))
    for link, role in OF_PROCEDURES.items():
        assert isinstance(link, NamedNode)
        of_link = [s for s in said if s.link == link]
        if of_link:
            owner = patient if role == COV.EarlierProcedure else request
            openings = of_procedures(of_link, service, knowledge)
            yield from _all_listed(owner, openings)
            yield from _further_procedures(owner, link, openings, knowledge)
    of_link = [s for s in said if s.link == COV.hadTherapy]
    if of_link:
        openings = of_therapies(of_link, service, knowledge)
        yield from _all_listed(patient, openings)
        for kind in _not_had(patient, facts, openings, knowledge):
            yield patient, COV.denies, kind
        yield from _further_therapies(patient, openings, knowledge)
    if not any(s.link == COV.underwent and s.complete and s.about is None for s in said):
        yield request, COV.silentOn, COV.EarlierProcedures


def statements(facts: Triples, knowledge: Knowledge) -> Iterator[Said]:
    """Yield what is said of the lists, in a fixed order."""
    found = [
        _said(about, p == COV.completeFor, facts, knowledge)
        for p in (COV.completeFor, COV.partialFor)
        for _, about in facts.pairs(p)
    ]
    yield from sorted(found, key=lambda s: (str(s.link), not s.complete, str(s.about), s.since))


def _said(node: Term, complete: bool, facts: Triples, knowledge: Knowledge) -> Said:
    whole = facts.value(node, COV.aboutList) or node
    link = knowledge.triples.value(whole, COV.listsBy)
    assert link is not None
    about = facts.value(node, COV.aboutProcedures) or facts.value(node, COV.aboutTherapy)
    # Known to the month, a list is surely complete from the end of that month on, and may be
    # known only in part from its beginning on.
    end = COV.sinceLatest if complete else COV.sinceEarliest
    return Said(link, complete, about, facts.text(node, end))


def _all_listed(owner: NamedNode, openings: Openings) -> Iterator[Spo]:
    for of in sorted(openings.listed, key=str):
        yield owner, COV.listsAllOf, of


def _by_span(openings: Openings) -> list[tuple[Span, list[Term]]]:
    """Return the classes or kinds that something may be left out of between the same days."""
    found: dict[Span, list[Term]] = {}
    for of in sorted(openings.spans, key=str):
        found.setdefault(openings.spans[of], []).append(of)
    return sorted(found.items())


def _further_procedures(
    owner: NamedNode, link: NamedNode, openings: Openings, knowledge: Knowledge
) -> Iterator[Spo]:
    """Yield the records that stand for all procedures that a list may leave out."""
    role = OF_PROCEDURES[link]
    for number, (span, within) in enumerate(_by_span(openings)):
        node = NamedNode(f"{UNNAMED}further-{link.value.rsplit('#', 1)[-1]}-{number}")
        yield owner, link, node
        yield node, COV.many, TRUE
        classes = {a for cls in within for a in knowledge.superclasses[cls]}
        for cls in sorted(classes | {role, COV.FurtherProcedure}, key=str):
            yield node, RDF.type, cls
        if link == COV.underwent:
            yield from ends_at(node, COV.performedOn, span, knowledge)


def _further_therapies(
    patient: NamedNode, openings: Openings, knowledge: Knowledge
) -> Iterator[Spo]:
    """Yield the records that stand for all courses of therapy that a list may leave out."""
    for number, (span, within) in enumerate(_by_span(openings)):
        kinds = [k for k in within if not is_true(knowledge.triples.value(k, COV.isGroup))]
        if not kinds:
            continue
        node = NamedNode(f"{UNNAMED}further-therapy-{number}")
        yield patient, COV.mayHaveHad, node
        yield node, COV.many, TRUE
        for kind in kinds:
            yield node, COV.mayBeOf, kind
        yield from ends_at(node, COV.startedOn, Span(span.earliest, UNBOUNDED), knowledge)
        yield from ends_at(node, COV.endedOn, Span(UNBOUNDED, span.latest), knowledge)


def _not_had(
    patient: Node, facts: Triples, openings: Openings, knowledge: Knowledge
) -> Iterator[Term]:
    """Yield the kinds of therapy that a list complete for all days leaves out.

    A course of a kind says nothing of the narrower kinds, nor does a therapy that is affirmed.
    """
    courses = [
        facts.objects(course, COV.ofTherapy) for course in facts.objects(patient, COV.hadTherapy)
    ]
    records = [*courses, *([fact] for fact in facts.objects(patient, COV.affirms))]
    had = {broader for kinds in records for k in kinds for broader in knowledge.broader_of(k)}
    # The narrowest that each record names; it may have been of any narrower kind.
    vague = {
        kind
        for kinds in records
        for kind in kinds
        if not any(kind != k and kind in knowledge.broader_of(k) for k in kinds)
    }
    for kind in sorted(openings.listed - openings.spans.keys(), key=str):
        if kind not in had and vague.isdisjoint(knowledge.broader_of(kind)):
            yield kind


__all__ = ["Said", "listed", "statements"]
