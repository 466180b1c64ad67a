"""Words such as "acute" and "chronic", held against when the pain began.

Age is a matter of dates. A purpose or a pain record that speaks of it is read where no onset is
stated; where one is, the two must agree, or a request would be decided on a word that its own
dates refute. Of a purpose and a pain record, one must not say acute where the other says chronic.
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


# From a word, a purpose or a chronicity, to the limits of what it stands for.
Limits = Mapping[Value, Collection[Limit]]


def limits_of(knowledge: Knowledge, words: Iterable[Term]) -> Limits:
    """Return what the ontology says of words, that of the broader ones included."""
    found: dict[Value, list[Limit]] = {}
    own = {
        (word, Limit(p == COV.onsetAtLeast, bound.value))
        for p in (COV.onsetAtLeast, COV.onsetLessThan)
        for word, bound in knowledge.triples.pairs(p)
    }
    for word in words:
        for broader, limit in sorted(own, key=str):
            if broader in knowledge.broader_of(word):
                found.setdefault(word.value, []).append(limit)
    return found


def contradicted(
    word: Value, limits: Limits, onsets: Collection[str], service: str
) -> Limit | None:
    """Return what a word stands for when that is so of none of the onsets."""
    for limit in limits.get(word, ()):
        if onsets and not any(limit.allows(onset, service) for onset in onsets):
            return limit
    return None


def disagree(purpose: Value, called: Collection[Value], limits: Limits) -> bool:
    """Return whether a purpose says acute where every pain is called chronic, or the reverse."""
    ways = {limit.at_least for limit in limits.get(purpose, ())}
    others = [{limit.at_least for limit in limits.get(word, ())} for word in called]
    return bool(ways and others) and all(other and not other & ways for other in others)


def told_among(
    pains: Iterable[tuple[Collection[Value], str]], regions: Collection[Value]
) -> list[str]:
    """Return the onsets of the pain that a procedure is about, or the words for its age.

    That is the pain of the region treated; where none is recorded there, any of the patient.
    One of which it is not known may be the one that is meant, and then there are none.

    Parameters
    ----------
    pains : iterable of pairs
        The regions of each pain record, and its onset or the word for its age, if known.
    """
    pains = list(pains)
    here = [told for of, told in pains if any(r in regions for r in of)]
    found = here or [told for _, told in pains]
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
        dated: dict[str, NamedNode] = {}
        for pain in records.of(COV.PainRecord):
            of = [o.value for o in t.objects(pain, COV.inRegion)]
            p, began = _began(records, pain, at_least)
            dated[began] = p
            pains.append((of, began))
        onsets = told_among(pains, regions)
        asked = {p: [one for one in all_ if one.at_least is at_least] for p, all_ in limits.items()}
        for purpose in purposes:
            limit = contradicted(purpose.value, asked, onsets, service)
            if limit:
                assert isinstance(purpose, NamedNode)
                since = compact(dated[onsets[0]].value)
                what = f"{compact(purpose.value)} contradicts {since} {onsets[0]}"
                raise records.refuse(node, what, f"it stands for pain of {limit}")
    _refuse_words(records, node, purposes, regions)


def _refuse_words(
    records: Records, node: Node, purposes: list[Term], regions: Collection[Value]
) -> None:
    """Refuse a pain record called acute or chronic against its onset or against a purpose."""
    t, knowledge = records.triples, records.knowledge
    service = t.text(records.of(COV.CoverageRequest)[0], COV.dateOfService)
    limits = limits_of(knowledge, [*purposes, *knowledge.instances_of(COV.Chronicity)])
    words: list[tuple[Collection[Value], str]] = []
    for pain in records.of(COV.PainRecord):
        word = t.text(pain, COV.hasChronicity)
        words.append(([o.value for o in t.objects(pain, COV.inRegion)], word))
        for limit in limits.get(word, ()):
            p, began = _began(records, pain, limit.at_least)
            if began and not limit.allows(began, service):
                what = f"{compact(word)} contradicts {compact(p.value)} {began}"
                raise records.refuse(pain, what, f"it stands for pain of {limit}")
    called = told_among(words, regions)
    for purpose in purposes:
        if disagree(purpose.value, called, limits):
            assert isinstance(purpose, NamedNode)
            what = f"{compact(purpose.value)} contradicts cov:hasChronicity {compact(called[0])}"
            raise records.refuse(node, what, "one says acute, the other chronic")


def _began(records: Records, pain: Node, at_least: bool) -> tuple[NamedNode, str]:
    """Return the day that speaks most for a word, empty where none is known, and what it is of.

    Wherever the day lies, the word must be wrong. What is acute may be a condition with an
    onset of its own, such as an exacerbation.
    """
    t, p = records.triples, COV.onsetDate
    for condition, dated_by in () if at_least else records.knowledge.triples.pairs(COV.datedBy):
        assert isinstance(dated_by, NamedNode)
        if t.value(pain, dated_by) or condition in t.objects(pain, COV.affirms):
            p = dated_by
    ends = ends_of(t.value(pain, p))
    return p, ends[0 if at_least else 1] if ends else ""
