"""When courses of therapy were under way, and how many days a length of time is.

What is stated of a course leaves open on which days it was under way: surely from the last
day on which it may have begun to the first on which it may have ended, possibly from the
first to the last. A length without dates says how many days, not which. The compiled judge
reckons with the ends of such spans; a shape can only count days, so days are written out for
it, and for every length that a criterion asks for, how many days it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

from pyoxigraph import Literal, NamedNode

from .. import days
from ..knowledge.base import Knowledge
from ..namespaces import COV, RDF, REQUESTS, XSD
from ..triples import Node, Triples

Span = tuple[str, str]

# A span that nothing bounds begins here; no date is that early.
FIRST_DAY = "1000-01-01"
# Days of which only the number is known stand in years of their own, behind all that are dated.
_UNDATED = date(3000, 1, 1)
_COUNT = REQUESTS + "node#days-"


class Ends(NamedTuple):
    """The days between which a course began and ended; empty where nothing bounds them."""

    start_earliest: str
    start_latest: str
    end_earliest: str
    end_latest: str

    @property
    def dated(self) -> bool:
        return bool(self.start_latest or self.end_latest)


def course_ends(start: Span, end: Span, lasted: str) -> Ends:
    """Return the ends of a course from the ends of its two dates, and its length.

    Parameters
    ----------
    start, end : tuple of str
        The first and the last day that each date may stand for; empty where none is stated.
    lasted : str
        The length that is stated, or the empty text.
    """
    if lasted and start[1] and not end[1]:
        end = tuple(days.last_day(d, lasted) if d else "" for d in start)  # type: ignore[assignment]
    elif lasted and end[1] and not start[1]:
        start = tuple(days.day_before(days.day_after(d), lasted) if d else "" for d in end)  # type: ignore[assignment]
    return Ends(*start, *end)


def sure_span(ends: Ends) -> Span | None:
    """Return the days on which a course surely was under way, by the first and the last."""
    start, end = ends.start_latest or ends.end_earliest, ends.end_earliest or ends.start_latest
    return (start, end) if start and start <= end else None


def possible_span(ends: Ends, day: str) -> Span:
    """Return the days on which a course may have been under way, as of the date of service."""
    return ends.start_earliest or FIRST_DAY, min(ends.end_latest or day, day)


def reached(spans: Iterable[Span], length: str) -> bool:
    """Return whether the days of some spans are as many as a length, counted back from one.

    Counting on from a day to the next of a span the days grow by one and the length by no
    more, so that only the ends of spans have to be looked at.
    """
    counted, until = 0, ""
    for start, end in sorted(spans):
        if until and start <= until:
            start = days.day_after(until)
        if start <= end:
            counted, until = counted + days.count(start, end), end
            if counted >= days.days_back(end, length):
                return True
    return False


def number_of(spans: Iterable[Span]) -> int:
    """Return how many days some spans hold, each day counted once."""
    counted, until = 0, ""
    for start, end in sorted(spans):
        if until and start <= until:
            start = days.day_after(until)
        if start <= end:
            counted, until = counted + days.count(start, end), end
    return counted


# --- The same for shapes ----------------------------------------------------------------


def with_days(request: NamedNode, triples: Triples, knowledge: Knowledge) -> Triples:
    """Return triples with the days on which each course was, or may have been, under way.

    With them come the regions whose therapy counts for the requested procedure.

    The latest days of a course are enough: with as many as the longest length asked for it
    is long enough by itself, and before them no window begins that it does not fill.
    """
    patient, procedure = (
        triples.value(request, p) for p in (COV.hasPatient, COV.requestsProcedure)
    )
    courses = triples.objects(patient, COV.hadTherapy) if patient is not None else []
    further = triples.objects(patient, COV.mayHaveHad) if patient is not None else []
    if not (courses or further) or procedure is None:
        return triples
    lengths = sorted({o.value for _, o in knowledge.triples.pairs(COV.minimumCourse)})
    out = triples.copy()
    for region in triples.objects(procedure, COV.treatsRegion):
        out.update((request, COV.countsCareOf, r) for r in knowledge.care.get(region, ()))
    day, longest = triples.text(request, COV.dateOfService), max(map(days.most, lengths))
    lasts: dict[str, bool] = {}
    for course in further:
        assert not isinstance(course, Literal)
        span = possible_span(_stated_ends(course, triples), day)
        lasts[span[1]] = True
        _write_days(out, course, COV.perhapsUnderWayOn, span, longest)
    for place, course in enumerate(courses):
        assert not isinstance(course, Literal)
        ends, lasted = _stated_ends(course, triples), triples.text(course, COV.lasted)
        sure = sure_span(ends)
        if sure is not None:
            lasts[sure[1]] = True
            _write_days(out, course, COV.underWayOn, sure, longest)
        if ends.dated or not lasted:
            possible = possible_span(ends, day)
            lasts[possible[1]] = True
        else:
            begin = _UNDATED + timedelta(days=2 * longest * place)
            end = begin + timedelta(days=min(days.most(lasted), longest) - 1)
            possible = (begin.isoformat(), end.isoformat())
            lasts[possible[1]] = False
        _write_days(out, course, COV.perhapsUnderWayOn, possible, longest)
        if lasted and ends.start_earliest:
            earliest = Literal(ends.start_earliest, datatype=XSD.date)
            out.add(course, COV.beganNoEarlierThan, earliest)
        for length in lengths:
            if lasted and days.surely_reaches(lasted, length):
                out.add(course, COV.surelyLasted, _length(length))
    for last, dated in lasts.items():
        for length in lengths:
            node = NamedNode(f"{_COUNT}{last}-{length}")
            number = days.days_back(last, length) if dated else days.fewest(length)
            out.add(node, RDF.type, COV.LengthCountedBack)
            out.add(node, COV.untilDay, Literal(last, datatype=XSD.date))
            out.add(node, COV.ofLength, _length(length))
            out.add(node, COV.inDays, Literal(str(number), datatype=XSD.integer))
    return out


def _stated_ends(course: Node, triples: Triples) -> Ends:
    start = (
        _first_text(triples, course, COV.startedOnEarliest, COV.startedOn),
        _first_text(triples, course, COV.startedOnLatest, COV.startedOn),
    )
    end = (
        _first_text(triples, course, COV.endedOnEarliest, COV.endedOn),
        _first_text(triples, course, COV.endedOnLatest, COV.endedOn),
    )
    return course_ends(start, end, triples.text(course, COV.lasted))


def _first_text(triples: Triples, node: Node, *links: NamedNode) -> str:
    return next(filter(None, (triples.text(node, p) for p in links)), "")


def _write_days(out: Triples, course: Node, p: NamedNode, span: Span, longest: int) -> None:
    last = date.fromisoformat(span[1])
    for n in range(min(days.count(*span), longest)):
        day = (last - timedelta(days=n)).isoformat()
        out.add(course, p, Literal(day, datatype=XSD.date))


def _length(text: str) -> Literal:
    months, _ = days.parts(text)
    return Literal(text, datatype=XSD.yearMonthDuration if months else XSD.dayTimeDuration)
