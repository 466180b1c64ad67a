"""Courses of therapy, with unknown bits: how many days some of them were under way.

The same page as ``facts.underway`` and ``judge.components.therapy_course``. Days are counted by
their numbers, over one course or over all that count, each day once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from .. import days
from ..judge.components.therapy_course import FOLLOW_UP, HadTherapy
from ..namespaces import COV
from ..plain import AFFIRMS, DENIES, HAD_OUTCOME, LASTED, OF_THERAPY, TREATS_REGION
from .calendar import at_most
from .circuit import FALSE, TRUE, Bits, Circuit, Lit, constant
from .records import Record
from .world import World

# Numbers of days have so many bits, so that what is taken off them stays in range.
WIDTH = 16


@dataclass(frozen=True, eq=False)
class Span:
    """The days from one to another by their numbers, if there are any."""

    there: Lit
    start: Bits
    end: Bits


@dataclass(frozen=True, eq=False)
class Ends:
    """The first and the last day on which a course may have begun, and may have ended."""

    dated: Lit
    has_start: Lit
    has_end: Lit
    start_earliest: Bits
    start_latest: Bits
    end_earliest: Bits
    end_latest: Bits


class Courses:
    """What leaves ask of courses of therapy."""

    def __init__(self, world: World) -> None:
        self.world, self.circuit = world, world.circuit
        self.today = _wide(world.day.number)

    @cached_property
    def _ends(self) -> dict[Record, Ends]:
        return {course: self._ends_of(course) for course in self.world.courses}

    def judge(self, e: HadTherapy) -> Lit:
        return self._may_meet(e) if e.open else self._meets(e)

    def _meets(self, e: HadTherapy) -> Lit:
        c = self.circuit
        counting = [(course, self._counts(e, course)) for course in self.world.courses]
        if e.at_least is None:
            return c.any_of(
                counts if e.window is None else c.all_of((counts, self._sure(e, course).there))
                for course, counts in counting
            )
        found = []
        bound = constant(days.most(e.at_least))
        for course, counts in counting:
            lasted = course.numbers[LASTED]
            long = c.at_most(bound, lasted.bits)
            found.append(c.all_of((counts, lasted.stated, long, self._whole(e, course))))
        spans = []
        for course, counts in counting:
            span = self._sure(e, course)
            spans.append(Span(c.all_of((counts, span.there)), span.start, span.end))
        return c.any_of((*found, self._reached(spans, e.at_least)))

    def _may_meet(self, e: HadTherapy) -> Lit:
        c = self.circuit
        left = {k: -self.world.denied(k) for k in sorted(e.kinds)}
        any_left = c.any_of(left.values())
        spans, undated = [], []
        for course in self.world.courses:
            counts = c.all_of((course.exists, self._may_count(e, course, left)))
            ends, lasted = self._ends[course], course.numbers[LASTED]
            placed = c.any_of((ends.dated, -lasted.stated))
            span = self._possible(e, course)
            spans.append(Span(c.all_of((counts, placed, span.there)), span.start, span.end))
            undated.append((c.all_of((counts, lasted.stated, -ends.dated)), lasted.bits))
        some_undated = c.any_of(there for there, _ in undated)
        further = Span(c.all_of((self._may_be_further(), any_left)), constant(1), self.today)
        spans.append(self._within(e, further))
        if e.at_least is None:
            if e.window is None:
                some = [
                    c.all_of((course.exists, self._may_count(e, course, left)))
                    for course in self.world.courses
                ]
                found = c.any_of((*some, further.there))
            else:
                found = c.any_of((some_undated, *(s.there for s in spans)))
        else:
            total = self._number_of(spans)
            for there, number in undated:
                total = c.add(total, c.choose_number(there, number, constant(0)))
            enough = c.at_most(constant(days.fewest(e.at_least)), total)
            found = c.any_of((self._reached(spans, e.at_least), c.all_of((some_undated, enough))))
        return c.all_of((any_left, c.any_of((self._unsaid(e, left), found))))

    def _unsaid(self, e: HadTherapy, left: dict[str, Lit]) -> Lit:
        """Return whether there may be courses of a kind that are not stated."""
        c, world = self.circuit, self.world
        therapies = COV.Therapies.value
        unnamed = [
            c.all_of((lit, *(-course.holds(OF_THERAPY, k) for course in world.courses)))
            for k, lit in left.items()
        ]
        return c.all_of((-world.complete[therapies], c.any_of(unnamed)))

    def _may_be_further(self) -> Lit:
        """Return whether the list of therapies may leave some out, on whatever days."""
        return self.world.partial[COV.Therapies.value]

    def _whole(self, e: HadTherapy, course: Record) -> Lit:
        """Return whether a course lies in the window wherever its days may be."""
        if e.window is None:
            return TRUE
        c, ends = self.circuit, self._ends[course]
        opens = self._opens(e.window)
        return c.all_of((ends.has_start, c.at_most(opens, ends.start_earliest)))

    def _opens(self, window: str) -> Bits:
        """Return the number of the first day of a window."""
        opens = days.day_after(days.day_before(self.world.service.isoformat(), window))
        return constant(self.world.frame.number_of(opens))

    # --- which courses count ------------------------------------------------------------------

    def _cared_for(self, e: HadTherapy) -> dict[str, Lit]:
        c, procedure = self.circuit, self.world.procedure
        found: dict[str, list[Lit]] = {}
        for region, cared in e.care.items():
            for r in sorted(cared):
                found.setdefault(r, []).append(procedure.holds(TREATS_REGION, str(region)))
        return {r: c.any_of(lits) for r, lits in found.items()}

    def _is_of(self, course: Record, kinds: frozenset[str]) -> Lit:
        return self.circuit.any_of(course.holds(OF_THERAPY, k) for k in sorted(kinds))

    def _in_care(self, e: HadTherapy, course: Record) -> Lit:
        c, cared = self.circuit, self._cared_for(e)
        return c.any_of(c.all_of((lit, course.holds(TREATS_REGION, r))) for r, lit in cared.items())

    def _counts(self, e: HadTherapy, course: Record) -> Lit:
        c = self.circuit
        parts = [course.exists, course.holds(OF_THERAPY, e.therapy)]
        if e.outcome is not None:
            parts.append(course.holds(HAD_OUTCOME, e.outcome))
        if e.follow_up_of is not None:
            documented = c.all_of(
                (course.holds(OF_THERAPY, e.follow_up_of), course.holds(AFFIRMS, FOLLOW_UP))
            )
            parts.append(c.any_of((-self._is_of(course, e.followed), documented)))
        if not e.any_region:
            systemic = self._is_of(course, e.systemic)
            parts.append(c.any_of((systemic, self._in_care(e, course))))
        return c.all_of(parts)

    def _may_count(self, e: HadTherapy, course: Record, left: dict[str, Lit]) -> Lit:
        c = self.circuit
        barred = {
            k: c.any_of(
                course.holds(OF_THERAPY, o)
                for o in sorted(self.world.vocabulary.incompatible.get(k, ()))
            )
            for k in left
        }
        kinds = {k: c.all_of((lit, -barred[k])) for k, lit in left.items()}
        anywhere = TRUE
        if not e.any_region:
            has_region = c.any_of(course.holds(TREATS_REGION, r) for r in self.world.regions)
            any_care = c.any_of(self._cared_for(e).values())
            anywhere = c.any_of((-has_region, -any_care, self._in_care(e, course)))
        of = c.any_of(
            lit if k in e.systemic else c.all_of((lit, anywhere)) for k, lit in kinds.items()
        )
        parts = [of]
        if e.outcome is not None:
            parts += [
                -course.holds(HAD_OUTCOME, o)
                for o in sorted(self.world.vocabulary.incompatible.get(e.outcome, ()))
            ]
        if e.followed:
            followed = self._is_of(course, e.followed)
            parts.append(c.any_of((-followed, -course.holds(DENIES, FOLLOW_UP))))
        return c.all_of(parts)

    # --- when they were under way ---------------------------------------------------------------

    def _ends_of(self, course: Record) -> Ends:
        c = self.circuit
        start, end = (course.dates[p.value] for p in (COV.startedOn, COV.endedOn))
        lasted = course.numbers[LASTED]
        first, last = _wide(start.earliest.number), _wide(start.latest.number)
        stops, stopped = _wide(end.earliest.number), _wide(end.latest.number)
        forth = c.all_of((lasted.stated, start.stated, -end.stated))
        back = c.all_of((lasted.stated, end.stated, -start.stated))
        less = c.add(_wide(lasted.bits), constant((1 << WIDTH) - 1))[:WIDTH]
        negative = tuple(-bit for bit in less)

        def later(day: Bits) -> Bits:
            return c.add(day, less)[:WIDTH]

        def earlier(day: Bits) -> Bits:
            return c.add(c.add(day, negative)[:WIDTH], constant(1))[:WIDTH]

        return Ends(
            dated=c.any_of((start.stated, end.stated)),
            has_start=c.any_of((start.stated, back)),
            has_end=c.any_of((end.stated, forth)),
            start_earliest=c.choose_number(back, earlier(stops), first),
            start_latest=c.choose_number(back, earlier(stopped), last),
            end_earliest=c.choose_number(forth, later(first), stops),
            end_latest=c.choose_number(forth, later(last), stopped),
        )

    def _sure(self, e: HadTherapy, course: Record) -> Span:
        c, ends = self.circuit, self._ends[course]
        start = c.choose_number(ends.has_start, ends.start_latest, ends.end_earliest)
        end = c.choose_number(ends.has_end, ends.end_earliest, ends.start_latest)
        return self._within(e, Span(ends.dated, start, end))

    def _possible(self, e: HadTherapy, course: Record) -> Span:
        c, ends = self.circuit, self._ends[course]
        start = c.choose_number(ends.has_start, ends.start_earliest, constant(1))
        early = c.all_of((ends.has_end, c.at_most(ends.end_latest, self.today)))
        end = c.choose_number(early, ends.end_latest, self.today)
        return self._within(e, Span(TRUE, start, end))

    def _within(self, e: HadTherapy, span: Span) -> Span:
        """Return the part of a span that lies in the window."""
        c, start = self.circuit, span.start
        if e.window is not None:
            first = self._opens(e.window)
            start = c.choose_number(c.at_most(first, start), start, first)
        return Span(c.all_of((span.there, c.at_most(start, span.end))), start, span.end)

    # --- how many days ---------------------------------------------------------------------------

    def _reached(self, spans: list[Span], length: str) -> Lit:
        """Return whether the days of some spans are as many as a length, back from one's end."""
        c = self.circuit
        months, _ = days.parts(length)
        found = []
        for there, counted, end in self._counted(spans):
            if months:
                enough = self._reaches_months(there, counted, end, length)
            else:
                enough = c.at_most(constant(days.fewest(length)), counted)
            found.append(c.all_of((there, enough)))
        return c.any_of(found)

    def _reaches_months(self, there: Lit, counted: Bits, end: Bits, length: str) -> Lit:
        """Return whether a number of days is so many months, counted back from a day.

        It is, if the day so many days before the next one is so many months before it.
        """
        c = self.circuit
        following = c.add(end, constant(1))[:WIDTH]
        first = _minus(c, following, counted)
        return at_most(
            self.world.frame.day_numbered(there, first),
            self.world.frame.day_numbered(there, following),
            length,
        )

    def _number_of(self, spans: list[Span]) -> Bits:
        """Return how many days some spans hold, each day counted once."""
        *_, (_, counted, _) = [(FALSE, constant(0), constant(0)), *self._counted(spans)]
        return counted

    def _counted(self, spans: list[Span]) -> Iterator[tuple[Lit, Bits, Bits]]:
        """Yield, for each span, whether it adds days, how many there are by then, and its end."""
        c = self.circuit
        counted, until = _wide(constant(0)), _wide(constant(0))
        for span in self._sorted(spans):
            after = c.add(until, constant(1))[:WIDTH]
            start = c.choose_number(c.at_most(span.start, until), after, span.start)
            adds = c.all_of((span.there, c.at_most(start, span.end)))
            number = c.add(_minus(c, span.end, start), constant(1))[:WIDTH]
            more = c.add(counted, number)[:WIDTH]
            counted = c.choose_number(adds, more, counted)
            until = c.choose_number(adds, span.end, until)
            yield adds, counted, until

    def _sorted(self, spans: list[Span]) -> list[Span]:
        """Return spans in the order of their first days, those last that are not there."""
        c = self.circuit
        none = constant((1 << WIDTH) - 1)
        found = [
            Span(s.there, _wide(c.choose_number(s.there, s.start, none)), _wide(s.end))
            for s in spans
        ]
        for last in range(len(found) - 1, 0, -1):
            for i in range(last):
                one, other = found[i], found[i + 1]
                right = c.at_most(one.start, other.start)
                found[i] = self._either(right, one, other)
                found[i + 1] = self._either(right, other, one)
        return found

    def _either(self, when: Lit, one: Span, other: Span) -> Span:
        c = self.circuit
        return Span(
            c.choose(when, one.there, other.there),
            c.choose_number(when, one.start, other.start),
            c.choose_number(when, one.end, other.end),
        )


def _wide(bits: Bits) -> Bits:
    if any(bit != FALSE for bit in bits[WIDTH:]):
        bits = bits[:WIDTH]
    return (*bits[:WIDTH], *[FALSE] * (WIDTH - len(bits)))


def _minus(c: Circuit, a: Bits, b: Bits) -> Bits:
    """Return a number less another that is no greater."""
    width = max(len(a), len(b))
    a = (*a, *[FALSE] * (width - len(a)))
    b = (*b, *[FALSE] * (width - len(b)))
    negative = tuple(-bit for bit in b)
    return c.add(c.add(a, negative)[:width], constant(1))[:width]


__all__ = ["Courses"]
