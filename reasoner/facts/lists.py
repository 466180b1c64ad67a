"""What a record says of its own lists, made into records that criteria look at.

A list that is known only in part may leave out any number of entries. One further record
stands for them: it has every class that such an entry may be of, and nothing else is known of
it, so that whatever holds however it may lie is all that holds. A list that is complete needs
none; the therapies that it does not name are denied.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pyoxigraph import Literal, NamedNode

from .. import days
from ..knowledge import codes
from ..knowledge.base import Knowledge
from ..namespaces import COV, RDF, XSD
from ..request.records import UNNAMED
from ..triples import Node, Spo, Term, Triples
from .dates import UNBOUNDED, Span, ends_at

TRUE = Literal("true", datatype=XSD.boolean)
# The properties that lead to procedures, and the class of the records they lead to.
OF_PROCEDURES: dict[Term, NamedNode] = {
    COV.underwent: COV.EarlierProcedure,
    COV.alsoPlanned: COV.PlannedProcedure,
}


class Said(NamedTuple):
    """What is said of a list, or of a part of it.

    Parameters
    ----------
    link : Term
        The property that leads to the entries.
    kind : Term or None
        The only kind of procedure or therapy that is spoken of.
    since : str
        The first day that is surely spoken of; empty for all days.
    """

    link: Term
    complete: bool
    kind: Term | None
    since: str


def listed(
    request: NamedNode, patient: NamedNode, facts: Triples, service: str, knowledge: Knowledge
) -> Iterator[Spo]:
    """Yield what follows from what is said of lists, and from what is not."""
    said = list(statements(facts, knowledge))
    for number, one in enumerate(said):
        role = OF_PROCEDURES.get(one.link)
        if role is not None and (one.since or not one.complete):
            owner = patient if role == COV.EarlierProcedure else request
            node = NamedNode(f"{UNNAMED}further-{number}")
            spared = {
                s.kind for s in said if s.kind and s.link == one.link and s.complete and not s.since
            }
            classes = possible_classes(one.kind, spared, knowledge) | {role, COV.FurtherProcedure}
            yield from _further(owner, node, one, classes, service, knowledge)
        elif one.link == COV.hadTherapy and one.complete and not one.since:
            for kind in _not_had(patient, facts, one.kind, knowledge):
                yield patient, COV.denies, kind
    if not any(s.link == COV.underwent and s.complete and s.kind is None for s in said):
        yield request, COV.silentOn, COV.EarlierProcedures


def statements(facts: Triples, knowledge: Knowledge) -> Iterator[Said]:
    """Yield what is said of the lists, in a fixed order."""
    found = [
        _said(about, p == COV.completeFor, facts, knowledge)
        for p in (COV.completeFor, COV.partialFor)
        for _, about in facts.pairs(p)
    ]
    yield from sorted(found, key=lambda s: (str(s.link), not s.complete, str(s.kind), s.since))


def _said(about: Term, complete: bool, facts: Triples, knowledge: Knowledge) -> Said:
    whole = facts.value(about, COV.aboutList) or about
    link = knowledge.triples.value(whole, COV.listsBy)
    assert link is not None
    kind = facts.value(about, COV.aboutProcedures) or facts.value(about, COV.aboutTherapy)
    # Known to the month, a list is surely complete from the end of that month on.
    return Said(link, complete, kind, facts.text(about, COV.sinceLatest))


def _further(
    owner: NamedNode,
    node: NamedNode,
    said: Said,
    classes: set[Term],
    service: str,
    knowledge: Knowledge,
) -> Iterator[Spo]:
    """Yield the record that stands for all that a list may leave out."""
    link = said.link
    assert isinstance(link, NamedNode)
    yield owner, link, node
    yield node, COV.many, TRUE
    for cls in sorted(classes, key=str):
        yield node, RDF.type, cls
    # Complete since a day, it may leave out what lies before; partial, what lies since.
    if link == COV.underwent:
        latest = days.day_before(said.since, "P1D") if said.since and said.complete else service
        earliest = UNBOUNDED if said.complete else said.since
        yield from ends_at(node, COV.performedOn, Span(earliest, latest), knowledge)


def possible_classes(kind: Term | None, spared: set[Term], knowledge: Knowledge) -> set[Term]:
    """Return every class that a procedure may be of.

    Parameters
    ----------
    kind : Term or None
        The one kind that it is of, where that is known.
    spared : set of Term
        The kinds that it surely is not of, because they are listed completely.
    """
    families: set[Term] = {COV.Procedure}
    if kind is not None:
        families = codes.families(kind, knowledge)
    elif spared:
        families = codes.all_families(knowledge)
        families -= {family for k in spared for family in codes.families(k, knowledge)}
    within = [
        cls
        for cls, above in knowledge.superclasses.items()
        if not above.isdisjoint(families) and cls not in _ROLES
    ]
    return {a for cls in within for a in knowledge.superclasses[cls]} | {COV.Procedure}


_ROLES = frozenset(
    {
        COV.RequestedProcedure,
        COV.PlannedProcedure,
        COV.EarlierProcedure,
        COV.FurtherProcedure,
    }
)


def _not_had(
    patient: Node, facts: Triples, only: Term | None, knowledge: Knowledge
) -> Iterator[Term]:
    """Yield the kinds of therapy that a complete list leaves out.

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
    for kind in knowledge.instances_of(COV.TherapyKind):
        above = knowledge.broader_of(kind)
        asked = only is None or only in above
        if asked and kind not in had and vague.isdisjoint(above):
            yield kind


__all__ = ["Said", "listed", "possible_classes", "statements"]
