"""On which days a list may leave out something, of each class of procedures or kind of therapy.

A statement speaks of a whole list, or of one class or kind; since a day, or of all days. What
several say between them is worked out class by class: what is complete leaves nothing out since
its day, and what is known in part may leave out anything, unless something else said of the same
class is complete.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

from .. import days
from ..knowledge import codes
from ..knowledge.base import Knowledge
from ..namespaces import COV, OWL
from ..triples import Term
from .dates import UNBOUNDED, Span

# What a procedure is in a request, whatever procedure it is.
ROLES = frozenset(
    {COV.RequestedProcedure, COV.PlannedProcedure, COV.EarlierProcedure, COV.FurtherProcedure}
)


class Said(NamedTuple):
    """What is said of a list, or of a part of it.

    Parameters
    ----------
    link : Term
        The property that leads to the entries.
    about : Term or None
        The only class or kind of procedure, or kind of therapy, that is spoken of.
    since : str
        The first day that is spoken of; empty for all days.
    """

    link: Term
    complete: bool
    about: Term | None
    since: str


class Openings(NamedTuple):
    """What may be left out of one list.

    Parameters
    ----------
    spans : dict
        From a class or kind to the days between which something of it may be left out.
    listed : frozenset of Term
        The classes or kinds of which all are said to be listed, since some day at least.
    """

    spans: dict[Term, Span]
    listed: frozenset[Term]


def of_procedures(said: Iterable[Said], service: str, knowledge: Knowledge) -> Openings:
    """Return what a list of procedures may leave out, class by class."""
    said = list(said)
    complete = [(s, codes.named_class(s.about, knowledge) if s.about else None) for s in said]
    complete = [(s, cls) for s, cls in complete if s.complete and (cls or s.about is None)]
    partial = [
        (s.since, possible_classes(s.about, knowledge) if s.about else None)
        for s in said
        if not s.complete
    ]
    above, made_of = knowledge.superclasses, unions(knowledge)

    @cache
    def closed(cls: Term) -> str | None:
        """Return since when a class is complete, or None."""
        found = [s.since for s, named in complete if named is None or named in above[cls]]
        if members := [closed(m) for m in made_of.get(cls, ())]:
            known = [since for since in members if since is not None]
            found += [max(known)] if len(known) == len(members) else []
        return min(found, default=None)

    def opened(cls: Term) -> str | None:
        """Return since when a class is known only in part, or None."""
        return min((s for s, among in partial if among is None or cls in among), default=None)

    within = [c for c, of in above.items() if COV.Procedure in of and c not in ROLES]
    return _openings({c: (closed(c), opened(c)) for c in within}, service)


def of_therapies(said: Iterable[Said], service: str, knowledge: Knowledge) -> Openings:
    """Return what the list of therapies may leave out, kind by kind."""
    said = list(said)

    def since(kind: Term, complete: bool) -> str | None:
        above = knowledge.broader_of(kind)
        found = [s for s in said if s.complete is complete and (not s.about or s.about in above)]
        return min((s.since for s in found), default=None)

    kinds = knowledge.instances_of(COV.TherapyKind)
    return _openings({k: (since(k, True), since(k, False)) for k in kinds}, service)


def _openings(ends: Mapping[Term, tuple[str | None, str | None]], service: str) -> Openings:
    spans = {}
    for of, (closed, opened) in ends.items():
        if closed:
            spans[of] = Span(UNBOUNDED, days.day_before(closed, "P1D"))
        elif closed is None and opened is not None:
            spans[of] = Span(opened, service)
    return Openings(spans, frozenset(of for of, (closed, _) in ends.items() if closed is not None))


def possible_classes(about: Term, knowledge: Knowledge) -> frozenset[Term]:
    """Return every class that a procedure of a class or a kind may be of."""
    named = codes.named_class(about, knowledge)
    families = {named} if named else codes.families(about, knowledge)
    within = [
        cls
        for cls, above in knowledge.superclasses.items()
        if not above.isdisjoint(families) and cls not in ROLES
    ]
    return frozenset(a for cls in within for a in knowledge.superclasses[cls])


def unions(knowledge: Knowledge) -> dict[Term, list[Term]]:
    """Return from a class that is made of named classes to these."""
    t = knowledge.triples
    found: dict[Term, list[Term]] = {}
    for cls, definition in t.pairs(OWL.equivalentClass):
        head = t.value(definition, OWL.unionOf)
        members = t.items(head) if head is not None else []
        if members and all(m in knowledge.superclasses for m in members):
            found[cls] = list(members)
    return found


__all__ = ["Openings", "Said", "of_procedures", "of_therapies", "possible_classes"]
