"""Words such as "acute" and "chronic", held against when the pain began.

Age is a matter of dates. A purpose that speaks of it is read where no onset is stated; where
one is, the two must agree, or a request would be decided on a word that its own dates refute.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from pyoxigraph import NamedNode

from .. import days
from ..knowledge.base import Knowledge
from ..namespaces import COV, compact
from ..plain import Value
from ..triples import Node, Term, Triples
from .records import Records
from .values import ends_of


class Limit(NamedTuple):
    """How long ago pain began that a word stands for: at least, or less than, a duration."""

    at_least: bool
    bound: str

    def allows(self, onset: str, service: str) -> bool:
        """Return whether pain is rightly called so on a day of service; days are ISO text."""
        return (onset <= days.day_before(service, self.bound)) is self.at_least

    def __str__(self) -> str:
        return f"{'at least' if self.at_least else 'less than'} {days.spoken(self.bound)}"


# From a purpose to the limits of what it stands for.
Limits = Mapping[Value, Collection[Limit]]


def limits_of(knowledge: Knowledge, purposes: Iterable[Term]) -> Limits:
    """Return what the ontology says of purposes, that of the broader ones included."""
    found: dict[Value, list[Limit]] = {}
    own = {
        (purpose, Limit(p == COV.onsetAtLeast, bound.value))
        for p in (COV.onsetAtLeast, COV.onsetLessThan)
        for purpose, bound in knowledge.triples.pairs(p)
    }
    for purpose in purposes:
        for broader, limit in sorted(own, key=str):
            if broader in knowledge.broader_of(purpose):
                found.setdefault(purpose.value, []).append(limit)
    return found


def contradicted(
    purpose: Value, limits: Limits, onsets: Collection[str], service: str
) -> Limit | None:
    """Return what a purpose stands for when that is so of none of the onsets."""
    for limit in limits.get(purpose, ()):
        if onsets and not any(limit.allows(onset, service) for onset in onsets):
            return limit
    return None


def onsets_among(
    pains: Iterable[tuple[Collection[Value], str]], regions: Collection[Value]
) -> list[str]:
    """Return the onsets of the pain that a procedure is about.

    That is the pain of the region treated; where none is recorded there, any of the patient.
    One without a known onset may be the one that is meant, and then there are none.

    Parameters
    ----------
    pains : iterable of pairs
        The regions of each pain record, and its onset; empty where that is not known.
    """
    pains = list(pains)
    here = [onset for of, onset in pains if any(r in regions for r in of)]
    found = here or [onset for _, onset in pains]
    return found if all(found) else []


def refuse_onsets(records: Records, node: Node, classified: Triples) -> None:
    """Refuse a purpose whose word for the age of the pain its onset contradicts.

    Raises
    ------
    InputError
        Naming the purpose and the onset.
    """
    t = records.triples
    (request,) = records.of(COV.CoverageRequest)
    service = t.text(request, COV.dateOfService)
    regions = [o.value for o in classified.objects(node, COV.treatsRegion)]
    purposes = sorted(t.objects(node, COV.isFor), key=str)
    limits = limits_of(records.knowledge, purposes)
    for at_least in (True, False):
        pains: list[tuple[Collection[Value], str]] = []
        for pain in records.of(COV.PainRecord):
            ends = ends_of(t.value(pain, COV.onsetDate))
            of = [o.value for o in t.objects(pain, COV.inRegion)]
            # Wherever the day lies, the word must be wrong: the end that speaks for it is asked.
            pains.append((of, ends[0 if at_least else 1] if ends else ""))
        onsets = onsets_among(pains, regions)
        asked = {p: [one for one in all_ if one.at_least is at_least] for p, all_ in limits.items()}
        for purpose in purposes:
            limit = contradicted(purpose.value, asked, onsets, service)
            if limit:
                assert isinstance(purpose, NamedNode)
                what = f"{compact(purpose.value)} contradicts cov:onsetDate {onsets[0]}"
                raise records.refuse(node, what, f"it stands for pain of {limit}")
