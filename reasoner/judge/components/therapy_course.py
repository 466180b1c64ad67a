"""Therapy course: the therapy was under way long enough, late enough, with the outcome asked for.

What is counted are days, over all courses that count: breaks and changes of kind do not start
the count anew. What is silent of a course is held against it, and granted by the twin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyoxigraph import NamedNode

from ... import days
from ...days import day_after as after
from ...days import day_before as before
from ...facts import underway
from ...facts.layout import Course, Facts, Session
from ...knowledge.base import is_true
from ...namespaces import COV
from ...plain import DENIES, LISTS_ALL_OF, NONE, Value, first
from .given import Given, Judging
from .sessions import RegionScope, scope_of

FOLLOW_UP = COV.FollowUpDocumented.value
MAY_HAVE_HAD, MAY_BE_OF = COV.mayHaveHad.value, COV.mayBeOf.value
STARTED_EARLIEST, ENDED_LATEST = COV.startedOnEarliest.value, COV.endedOnLatest.value


@dataclass(frozen=True)
class HadTherapy:
    """A therapy was under way on as many days as asked for, with the outcome asked for.

    Parameters
    ----------
    kinds : frozenset of str
        The kinds of therapy, groups left out, that the one asked for is or gathers.
    followed : frozenset of str
        The kind of which follow-up is asked, and the broader single ones, which count only as it.
    systemic : frozenset of str
        The kinds that act on the whole body.
    care : mapping
        From the region of a procedure to those whose care counts for it.
    """

    therapy: str
    kinds: frozenset[str]
    any_region: bool
    at_least: str | None
    window: str | None
    outcome: str | None
    follow_up_of: str | None
    open: bool
    followed: frozenset[str]
    systemic: frozenset[str]
    care: Mapping[Value, frozenset[str]]

    def __hash__(self) -> int:
        return hash((self.therapy, self.at_least, self.window, self.outcome, self.open))

    def judging(self) -> Judging:
        return self._may_meet if self.open else self._meets

    def left(self, facts: Facts) -> frozenset[str]:
        """Return the kinds asked for that are not denied."""
        return self.kinds.difference(facts.patient.get(DENIES, NONE))

    def unsaid(self, facts: Facts) -> frozenset[str]:
        """Return the kinds asked for of which nothing is on record or said."""
        listed = facts.patient.get(LISTS_ALL_OF, NONE)
        return self.left(facts).difference(listed, *[c.kinds for c in facts.courses])

    def further(self, facts: Facts) -> list[tuple[frozenset[str], underway.Span]]:
        """Return what the list of therapies may leave out: of which kinds, and when in the window.

        Only what is asked for is returned, and not denied.
        """
        found = []
        for node in facts.patient.get(MAY_HAVE_HAD, NONE):
            kinds = self.left(facts).intersection(facts.values(node, MAY_BE_OF))
            start, end = (first(facts.values(node, p)) for p in (STARTED_EARLIEST, ENDED_LATEST))
            ends = underway.Ends(str(start or ""), "", "", str(end or ""))
            spans = self._within(underway.possible_span(ends, facts.day), facts)
            if kinds and spans:
                found.append((kinds, spans[0]))
        return found

    def open_kinds(self, facts: Facts) -> frozenset[str]:
        """Return the kinds asked for of which there may be courses that are not stated."""
        return self.unsaid(facts).union(*[kinds for kinds, _ in self.further(facts)])

    def _meets(self, facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
        courses = [c for c in facts.courses if self.counts(c, facts)]
        if self.at_least is None or not courses:
            return any(self.window is None or self._sure(c, facts) for c in courses)
        length = self.at_least
        if any(
            c.lasted and days.surely_reaches(c.lasted, length) and self._whole(c, facts)
            for c in courses
        ):
            return True
        return underway.reached((s for c in courses for s in self._sure(c, facts)), length)

    def _may_meet(self, facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
        left = self.left(facts)
        if not left:
            return False
        if self.unsaid(facts):
            return True
        further = [span for _, span in self.further(facts)]
        courses = [c for c in facts.courses if self.may_count(c, facts, left)]
        undated = [c.lasted for c in courses if c.lasted and not c.ends.dated]
        spans = further + [
            s for c in courses if c.ends.dated or not c.lasted for s in self.possible(c, facts)
        ]
        if self.at_least is None:
            return bool(spans or (courses if self.window is None else undated))
        if underway.reached(spans, self.at_least):
            return True
        if not undated:
            return False
        number = underway.number_of(spans) + sum(map(days.most, undated))
        return number >= days.fewest(self.at_least)

    def counts(self, course: Course, facts: Facts) -> bool:
        """Return whether a course surely counts, however long it was."""
        return (
            self.therapy in course.kinds
            and (self.outcome is None or self.outcome in course.outcomes)
            and (
                self.follow_up_of is None
                or self.followed.isdisjoint(course.kinds)
                or (self.follow_up_of in course.kinds and FOLLOW_UP in course.affirmed)
            )
            and (
                self.any_region
                or course.systemic
                or not self.cared_for(facts).isdisjoint(course.regions)
            )
        )

    def may_count(self, course: Course, facts: Facts, left: frozenset[str]) -> bool:
        """Return whether a course may count, being of one of the kinds that are left."""
        cared, kinds = self.cared_for(facts), left.difference(course.barred_kinds)
        if not (
            self.any_region
            or not course.regions
            or not cared
            or not cared.isdisjoint(course.regions)
        ):
            kinds &= self.systemic
        return (
            bool(kinds)
            and (self.outcome is None or self.outcome not in course.barred_outcomes)
            and (self.followed.isdisjoint(course.kinds) or FOLLOW_UP not in course.denied)
        )

    def cared_for(self, facts: Facts) -> frozenset[str]:
        """Return the regions whose therapy counts for the requested procedure."""
        return self.care.get(facts.region, frozenset()) if facts.region is not None else frozenset()

    def _whole(self, course: Course, facts: Facts) -> bool:
        """Return whether a course lies in the window wherever its days may be."""
        earliest = course.ends.start_earliest
        return self.window is None or earliest > before(facts.day, self.window)

    def _sure(self, course: Course, facts: Facts) -> list[underway.Span]:
        span = underway.sure_span(course.ends)
        return self._within(span, facts) if span else []

    def possible(self, course: Course, facts: Facts) -> list[underway.Span]:
        """Return the days in the window on which a course may have been under way."""
        return self._within(underway.possible_span(course.ends, facts.day), facts)

    def _within(self, span: underway.Span, facts: Facts) -> list[underway.Span]:
        """Return the part of a span that lies within the window, if any does."""
        start, end = span
        if self.window is not None:
            start = max(start, after(before(facts.day, self.window)))
        return [(start, end)] if start <= end else []


def had_therapy(given: Given) -> HadTherapy:
    known = given.knowledge
    therapy, follow_up_of = given.term("withTherapy"), given.text("withFollowUpOf")
    single = [
        k
        for k in known.instances_of(COV.TherapyKind)
        if not is_true(known.triples.value(k, COV.isGroup))
    ]
    followed = frozenset[str]()
    if follow_up_of is not None:
        above = known.broader_of(NamedNode(follow_up_of))
        followed = frozenset(k.value for k in single if k in above)
    kinds = frozenset(k.value for k in single if therapy in known.broader_of(k))
    return HadTherapy(
        therapy=therapy.value,
        kinds=kinds - (followed - {follow_up_of}),
        any_region=scope_of(given) is RegionScope.ANY,
        at_least=given.text("minimumCourse"),
        window=given.text("inWindow"),
        outcome=given.text("withOutcome"),
        follow_up_of=follow_up_of,
        open=given.open,
        followed=followed,
        systemic=frozenset(k.value for k in known.instances_of(COV.SystemicTherapy)),
        care={r.value: frozenset(c.value for c in of) for r, of in known.care.items()},
    )


COMPONENTS = {"TherapyCourseComponent": had_therapy}
