"""The two days between which each date of a request lies.

A chart knows a day, a month, a year, or only that something was done before. Whatever it
knows leaves an earliest and a latest day, never after the date of service, and these are
what criteria look at. What else is stated draws them closer: relief that ended in March
followed a procedure of March or before, and an age leaves one year for a birth date.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from pyoxigraph import Literal, NamedNode

from .. import days
from ..knowledge.base import Knowledge
from ..namespaces import COV, XSD
from ..request.coherence import ORDERED
from ..request.values import YEARS, ends_of
from ..triples import Node, Spo, Triples

UNBOUNDED = ""
# Before anything that a request may state.
_LONG_AGO = Literal(f"{YEARS.start}-01-01", datatype=XSD.date)


class Span(NamedTuple):
    """The earliest and the latest day, as ISO text; the earliest may be unbounded."""

    earliest: str
    latest: str


Spans: TypeAlias = dict[tuple[Node, NamedNode], Span]


def dated(facts: Triples, service: str, knowledge: Knowledge) -> Iterator[Spo]:
    """Yield both ends of every date, and which properties hold the ends.

    Parameters
    ----------
    service : str
        The date of service, as ISO text.
    """
    spans = spans_of(facts, service, knowledge)
    for (node, p), span in spans.items():
        yield from ends_at(node, p, span, knowledge)
    for p in dict.fromkeys(p for _, p in spans):
        ends = knowledge.properties[p].ends
        assert ends is not None
        yield p, COV.hasEarliest, ends[0]
        yield p, COV.hasLatest, ends[1]


def ends_at(node: Node, p: NamedNode, span: Span, knowledge: Knowledge) -> Iterator[Spo]:
    """Yield the triples that say between which days a date of a record lies."""
    ends = knowledge.properties[p].ends
    assert ends is not None
    for end, day in zip(ends, span, strict=True):
        if day:
            yield node, end, Literal(day, datatype=XSD.date)


def pinned(facts: Triples, at_latest: bool, knowledge: Knowledge) -> Triples:
    """Return facts in which each open date lies at its latest, or at its earliest, day."""
    moved: dict[tuple[Node, NamedNode], Literal] = {}
    for earliest, latest in _ends(knowledge):
        for node, last in facts.pairs(latest):
            first = facts.value(node, earliest) or _LONG_AGO
            # What stands for any number of records is not at one day.
            if not facts.objects(node, COV.many):
                day = last if at_latest else first
                assert isinstance(day, Literal)
                moved[node, earliest] = moved[node, latest] = day
    out = Triples(t for t in facts if t[:2] not in moved)
    out.update((node, end, day) for (node, end), day in moved.items())
    return out


def _ends(knowledge: Knowledge) -> list[tuple[NamedNode, NamedNode]]:
    return [declared.ends for declared in knowledge.dated.values() if declared.ends]


def spans_of(facts: Triples, service: str, knowledge: Knowledge) -> Spans:
    """Return between which days each date lies, stated or not."""
    spans: Spans = {}
    for p, declared in knowledge.dated.items():
        for node, value in facts.pairs(p):
            found = ends_of(value)
            if found:
                spans[node, p] = Span(found[0], min(found[1], service))
        if declared.dates_every is not None:
            for node in facts.instances(declared.dates_every):
                spans.setdefault((node, p), Span(UNBOUNDED, service))
    for number, p in knowledge.counted_years.items():
        for node, years in facts.pairs(number):
            born = Span(*days.years_back(service, int(float(years.value))))
            spans[node, p] = _both(born, spans.get((node, p), born))
    for (node, first), start in list(spans.items()):
        for second in (after for before, after in ORDERED if before == first):
            end = spans.get((node, second))
            if end is not None:
                spans[node, first] = Span(start.earliest, min(start.latest, end.latest))
                spans[node, second] = Span(max(start.earliest, end.earliest), end.latest)
    return spans


def _both(a: Span, b: Span) -> Span:
    """Return the days that lie in both; the second where none does."""
    common = Span(max(a.earliest, b.earliest), min(a.latest, b.latest))
    return common if common.earliest <= common.latest else b
