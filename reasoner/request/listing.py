"""What a record says of its own lists, and what of that can't be meant.

A list is complete or known only in part, as a whole or for one kind of entry. What is said of
a list at the wrong record, narrowed by what does not narrow it, or both ways at once, would
otherwise turn into an answer without a word.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

from ..knowledge import codes
from ..knowledge.base import Knowledge
from ..namespaces import COV, compact
from ..triples import Node, Term
from .records import Records
from .values import ends_of

# By what a list may be narrowed.
NARROWED_BY = {
    COV.aboutProcedures: (COV.EarlierProcedures, COV.PlannedProcedures),
    COV.aboutTherapy: (COV.Therapies,),
    COV.since: (COV.EarlierProcedures, COV.Therapies),
}


LISTING = frozenset({COV.Patient, COV.CoverageRequest})
REQUEST = frozenset({COV.CoverageRequest})


class Part(NamedTuple):
    """A list, or the part of it that a statement is about."""

    whole: Term
    about: Term | None
    since: str


def refuse_lists(records: Records) -> None:
    """Refuse what is said of lists and can't be meant.

    Raises
    ------
    InputError
        Naming the record and the list.
    """
    knowledge, t = records.knowledge, records.triples
    for statement in records.of(COV.ListStatement):
        whole = t.value(statement, COV.aboutList)
        for p, narrowed in NARROWED_BY.items():
            if t.objects(statement, p) and whole not in narrowed:
                what = f"{compact(p.value)} does not narrow {compact(str(whole.value))}"  # type: ignore[union-attr]
                raise records.refuse(statement, what)
    said: dict[bool, list[tuple[Node, Part]]] = {True: [], False: []}
    for node in records.roles:
        for p in (COV.completeFor, COV.partialFor):
            for about in t.objects(node, p):
                part = _part(about, records)
                link = knowledge.triples.value(part.whole, COV.listsBy)
                # What the requested procedure lists, the request speaks of.
                holders = knowledge.properties[link].stated_of & LISTING or REQUEST  # type: ignore[index]
                if records.roles[node] not in holders:
                    of = " or ".join(sorted(knowledge.label(c) for c in holders))
                    what = f"{compact(part.whole.value)} is a list of the {of}"
                    raise records.refuse(node, what, f"state {compact(p.value)} there")
                said[p == COV.completeFor].append((node, part))
    for (node, complete), (_, partial) in product(said[True], said[False]):
        if complete.whole != partial.whole or not _speaks_of(
            complete.about, partial.about, knowledge
        ):
            continue
        if not complete.since or (partial.since and complete.since <= partial.since):
            what = f"{compact(complete.whole.value)} is said to be both complete and partial"
            raise records.refuse(node, what, "state one of cov:completeFor and cov:partialFor")


def _part(about: Term, records: Records) -> Part:
    t = records.triples
    whole = t.value(about, COV.aboutList) or about
    narrowed = t.value(about, COV.aboutProcedures) or t.value(about, COV.aboutTherapy)
    since = ends_of(t.value(about, COV.since))
    return Part(whole, narrowed, since[1] if since else "")


def _speaks_of(one: Term | None, other: Term | None, knowledge: Knowledge) -> bool:
    """Return whether what is said of one class or kind is said of another; None is the list."""
    if one in (None, other):
        return True
    if one is None or other is None:
        return False
    classes = codes.named_class(one, knowledge), codes.named_class(other, knowledge)
    within = knowledge.superclasses.get(classes[1], frozenset()) if classes[1] else frozenset()
    return one in knowledge.broader_of(other) or classes[0] in within
