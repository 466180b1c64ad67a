"""A request of which everything is unknown: its records, and what the gate asks of them.

Each record is a slot that may be filled. What it may state are bits, one for each concept of
the vocabulary; numbers and dates have bits of their own. What follows from what is stated is a
gate over those. What the gate of requests refuses is laid down as impossible, so that whatever
the solver finds is a request that passes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise

from pyoxigraph import NamedNode

from ..namespaces import COV
from ..plain import (
    AFFIRMS,
    DENIES,
    EARLIER_PROCEDURES,
    HAS_CODE,
    HAS_KIND,
    IN_REGION,
    IS_FOR,
    IS_MEANT_FOR,
    LASTED,
    MAY_BE_FOR,
    OF_THERAPY,
    TREATS_LEVEL,
    TREATS_REGION,
    TYPE,
    USES_INJECTATE,
    USES_TECHNIQUE,
)
from ..request.coherence import ORDERED
from .asked import (
    COMPLETE_FOR,
    COURSE,
    EARLIER,
    MEANS,
    PAIN,
    PARTIAL_FOR,
    PATIENT,
    PLANNED,
    PROCEDURE,
    PROCEDURES,
    REQUEST,
)
from .calendar import (
    Day,
    at_most,
    before,
    chosen,
    earlier_of,
    later_of,
)
from .circuit import FALSE, TRUE, Circuit, Lit, constant
from .follows import Follows
from .records import HALVES, Dated, Frame, Number, Record
from .refused import lay_down
from .vocabulary import Vocabulary

# Lengths of courses are stated in days, of which there are at most so many.
LENGTH_BITS = 10
# What lies before a date that is stated reaches back so many years at least.
YEARS_KEPT_FREE = 8
LISTS = {
    EARLIER_PROCEDURES: PATIENT,
    COV.Therapies.value: PATIENT,
    COV.PlannedProcedures.value: REQUEST,
    COV.TreatmentPurposes.value: REQUEST,
}


@dataclass(frozen=True)
class Bounds:
    """How many records of each kind a request has at most."""

    sessions: int = 3
    courses: int = 1
    planned: int = 1


class World:
    """All requests within some bounds.

    Parameters
    ----------
    service : date
        The date of service.
    circuit : Circuit or None
        Where its gates are built, beside those of another world if there is one.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        bounds: Bounds,
        service: date,
        circuit: Circuit | None = None,
    ) -> None:
        self.vocabulary, self.bounds, self.service = vocabulary, bounds, service
        self.circuit = circuit or Circuit()
        self.frame = Frame(vocabulary, service, self.circuit)
        self.knowledge, self.regions = self.frame.knowledge, self.frame.regions
        self.first_year, self.day = self.frame.first_year, self.frame.day
        self.follows = Follows(self.frame)
        self.request = self._new(REQUEST, "request", TRUE)
        self.complete = {name: self.circuit.unknown() for name in LISTS}
        self.partial = {name: self.circuit.unknown() for name in LISTS}
        for name in LISTS:
            self.circuit.at_most_one((self.complete[name], self.partial[name]))
        self.patient = self._record(PATIENT, "patient", TRUE)
        self.procedure = self._record(PROCEDURE, "procedure", TRUE)
        self.pains = {r: self._pain(r) for r in self.regions} if self._speaks_of(PAIN) else {}
        self.follows.about = self
        self.earlier = self._slots(EARLIER, "earlier", bounds.sessions)
        self.courses = self._slots(COURSE, "course", bounds.courses)
        self.planned = self._slots(PLANNED, "planned", bounds.planned)
        self._order_sessions()
        further = self._new(EARLIER, "further", self.partial[EARLIER_PROCEDURES], many=True)
        further.dates[COV.performedOn.value] = self._anywhere()
        self.sessions = [*self.earlier, further] if self._speaks_of(EARLIER) else []
        more = self._new(PLANNED, "more", self.partial[COV.PlannedProcedures.value], many=True)
        self.beside = [*self.planned, more]
        lay_down(self)
        for record in self.records:
            self.follows.lay_down(record)

    @property
    def records(self) -> list[Record]:
        """The slots, in a fixed order."""
        return [
            *(self.patient, self.procedure),
            *self.pains.values(),
            *(*self.earlier, *self.courses, *self.planned),
        ]

    def _speaks_of(self, role: str) -> bool:
        asked = self.vocabulary.asked
        choices = self.vocabulary.choices[role].keys() - {TREATS_REGION, TREATS_LEVEL, IN_REGION}
        return bool(choices or asked.dates[role] or asked.numbers[role])

    # --- slots -----------------------------------------------------------------------------

    def _new(self, role: str, name: str, exists: Lit, many: bool = False) -> Record:
        return Record(self.frame, self.follows, role, name, exists, many=many)

    def _slots(self, role: str, name: str, number: int) -> list[Record]:
        if not self._speaks_of(role):
            return []
        found = [self._record(role, f"{name}-{n}", self.circuit.unknown()) for n in range(number)]
        for first, second in pairwise(found):
            self.circuit.require(-second.exists, first.exists)
        return found

    def _pain(self, region: str) -> Record:
        record = self._record(PAIN, f"pain-{region.rsplit('#', 1)[-1]}", self.circuit.unknown())
        for (p, o), lit in record.stated.items():
            if p == IN_REGION:
                self.circuit.require(*((lit, -record.exists) if o == region else (-lit,)))
        return record

    def _record(self, role: str, name: str, exists: Lit) -> Record:
        c, v = self.circuit, self.vocabulary
        record = self._new(role, name, exists)
        for p, choices in v.choices[role].items():
            for choice in choices:
                lit = record.stated[p, choice.value] = c.unknown()
                c.require(-lit, exists)
        for p in sorted(v.asked.numbers[role]):
            width = LENGTH_BITS if p == LASTED else self._width(p)
            number = record.numbers[p] = Number(c.unknown(), c.number(width))
            c.require(-number.stated, exists)
            self._within(p, number)
        for p in sorted(v.asked.dates[role]):
            record.dates[p] = self._dated(p, role, exists)
        self._in_order(record)
        record.said = dict(record.stated)
        if role in PROCEDURES:
            c.exactly_one([-exists, *(lit for (p, _), lit in record.stated.items() if p in MEANS)])
            self._read_defaults(record)
        return record

    def _width(self, p: str) -> int:
        highest = self.knowledge.properties[NamedNode(p)].highest
        return int((highest or 0) * HALVES).bit_length()

    def _within(self, p: str, number: Number) -> None:
        declared = self.knowledge.properties[NamedNode(p)]
        if p == LASTED:
            self.circuit.require(*number.bits)
        elif declared.highest is not None:
            top = constant(int(declared.highest * HALVES))
            self.circuit.require(self.circuit.at_most(number.bits, top))

    def _dated(self, p: str, role: str, exists: Lit) -> Dated:
        c = self.circuit
        to_the = {unit: c.unknown() for unit in ("day", "month", "year")}
        c.at_most_one(list(to_the.values()))
        stated = c.any_of(to_the.values())
        c.require(-stated, exists)
        day = self.frame.some_day()
        in_year, in_month = to_the["year"], c.any_of((to_the["month"], to_the["year"]))
        first = Day(
            c,
            day.year,
            c.choose_number(in_year, constant(0), day.month),
            c.choose_number(in_month, constant(1), day.day),
        )
        month = c.choose_number(in_year, constant(11), day.month)
        last = Day(
            c,
            day.year,
            month,
            c.choose_number(
                in_month, c.choose_number(in_year, constant(31), day.last_of_month), day.day
            ),
        )
        c.require(-stated, at_most(first, self.day))
        c.require(-stated, c.at_most(constant(YEARS_KEPT_FREE), day.year))
        latest = earlier_of(last, self.day)
        earliest = first
        declared = self.knowledge.properties[NamedNode(p)]
        if declared.dates_every is not None and declared.dates_every.value == role:
            latest = chosen(stated, latest, self.day)
            earliest = Day(c, first.year, first.month, first.day, -stated)
        return Dated(day, to_the, stated, first, last, earliest, latest)

    def _anywhere(self) -> Dated:
        """Return a date of which nothing is known."""
        zero = Day(self.circuit, (), (), (), TRUE)
        return Dated(self.day, {}, FALSE, zero, self.day, zero, self.day)

    def _in_order(self, record: Record) -> None:
        """Draw two dates of a record closer, of which one comes first."""
        c = self.circuit
        for one, other in ((a.value, b.value) for a, b in ORDERED):
            if one not in record.dates or other not in record.dates:
                continue
            start, end = record.dates[one], record.dates[other]
            both = c.all_of((start.stated, end.stated))
            c.require(-both, -before(end.last, start.first))
            has_start = TRUE if one == COV.performedOn.value else start.stated
            known_both = c.all_of((has_start, end.stated))
            latest = chosen(known_both, earlier_of(start.latest, end.latest), start.latest)
            end.earliest = chosen(known_both, later_of(start.earliest, end.earliest), end.earliest)
            start.latest = latest

    def _order_sessions(self) -> None:
        """Fill the slots of earlier procedures in the order of their latest days."""
        performed = COV.performedOn.value
        for first, second in pairwise(self.earlier):
            if performed in first.dates:
                ordered = at_most(first.dates[performed].latest, second.dates[performed].latest)
                self.circuit.require(-second.exists, ordered)

    # --- what is read by default -----------------------------------------------------------

    def _read_defaults(self, record: Record) -> None:
        """Add what codes and kinds stand for where nothing else is stated, in the same steps."""
        c, coding = self.circuit, self.vocabulary.reasoner.classifier.coding
        said = record.said

        def add(p: str, value: str, when: Lit) -> None:
            beside = coding.displacing[value]
            there = [lit for (q, v), lit in said.items() if q == p and v in beside]
            added = c.all_of((when, *(-lit for lit in there)))
            if added != FALSE:
                value = self._representative(record.role, p, value)
                if value:
                    said[p, value] = c.any_of((said.get((p, value), FALSE), added))

        meanings = [
            (o, record.stated[p, o]) for p in MEANS for q, o in sorted(record.stated) if q == p
        ]
        for meaning, when in meanings:
            for p, value in coding.implied.get(meaning, ()):
                add(p, value, when)
        settled = c.any_of(when for meaning, when in meanings if meaning in coding.settled)
        for (p, injected), lit in sorted(said.items()):
            if p == USES_INJECTATE:
                for q, value in coding.implied.get(injected, ()):
                    add(q, value, c.all_of((lit, -settled)))
        for (p, technique), lit in list(said.items()):
            if p == USES_TECHNIQUE and technique in coding.usual:
                add(p, coding.usual[technique], lit)
        for meaning, when in meanings:
            for p, value in coding.narrowed.get(meaning, ()):
                parents = coding.parents.get(value, frozenset())
                above = c.any_of(lit for (q, v), lit in said.items() if q == p and v in parents)
                add(p, value, c.all_of((when, above)))

    def _representative(self, role: str, p: str, value: str) -> str:
        """Return what stands for a concept in the vocabulary; empty where it changes nothing."""
        for choice in self.vocabulary.choices[role].get(p, ()):
            if value in choice.stands_for:
                return choice.value
        return ""

    # --- what is derived ------------------------------------------------------------------------

    @cached_property
    def concerned(self) -> dict[str, Lit]:
        """Whether the request is about the pain in each region."""
        c = self.circuit
        treated = {r: self.procedure.holds(TREATS_REGION, r) for r in self.regions}
        everywhere = c.any_of(
            self.procedure.holds(TYPE, cls)
            for cls in sorted(c.value for c in self.knowledge.concerned_everywhere)
        )
        direct = {r: c.all_of((p.exists, treated[r])) for r, p in self.pains.items()}
        none = -c.any_of(direct.values())
        care = self.knowledge.care
        cared_for = {
            r: c.any_of(
                treated[q] for q in self.regions if NamedNode(r) in care.get(NamedNode(q), ())
            )
            for r in self.pains
        }
        return {
            r: c.any_of(
                (
                    c.all_of((everywhere, pain.exists)),
                    direct[r],
                    c.all_of((none, pain.exists, cared_for[r])),
                )
            )
            for r, pain in self.pains.items()
        }

    def purposes(self, p: str) -> dict[str, Lit]:
        """Return what the procedure is, is meant or may be for."""
        c, known, procedure = self.circuit, self.knowledge, self.procedure
        stated = procedure.values(IS_FOR)
        if p == IS_MEANT_FOR:
            silent = -c.any_of(
                lit for v, lit in stated.items() if NamedNode(v) not in known.nameless
            )
            found: dict[str, list[Lit]] = {}
            for cls, purposes in known.meant.items():
                for purpose in purposes:
                    found.setdefault(purpose.value, []).append(procedure.holds(TYPE, cls.value))
            return {v: c.all_of((silent, c.any_of(lits))) for v, lits in found.items()}
        assert p == MAY_BE_FOR
        perhaps: dict[str, list[Lit]] = {}
        for broad, lit in stated.items():
            below = sorted(n.value for n in known.narrower.get(NamedNode(broad), ()))
            alone = c.all_of((lit, *(-stated[n] for n in below if n in stated)))
            for n in below:
                perhaps.setdefault(n, []).append(alone)
        return {v: c.any_of(lits) for v, lits in perhaps.items()}

    def denied(self, kind: str) -> Lit:
        """Return whether the patient did not have a therapy, also by a list that is complete."""
        c = self.circuit
        return c.any_of((self.patient.says(DENIES, kind), self._not_had(kind)))

    def _not_had(self, kind: str) -> Lit:
        """Return whether a complete list of therapies leaves a kind out."""
        c, known = self.circuit, self.knowledge
        node = NamedNode(kind)
        # It was had where a record is of it or a narrower kind, and may have been where the
        # narrowest that a record names is broader.
        related = {b.value for b in known.broader_of(node)}
        related |= {n.value for n in known.narrower.get(node, ())}
        named = [
            lit
            for course in self.courses
            for (p, o), lit in course.stated.items()
            if p == OF_THERAPY and o in related
        ]
        named += [lit for o, lit in self.patient.values(AFFIRMS).items() if o in related]
        return c.all_of((self.complete[COV.Therapies.value], *(-lit for lit in named)))

    def silent(self) -> Lit:
        """Return whether nothing says that the earlier procedures on record are all there were."""
        return -self.complete[EARLIER_PROCEDURES]


def statements(world: World) -> Iterable[tuple[Record, str, str, Lit]]:
    """Yield every bit that something is stated by: its record, property and value."""
    for record in world.records:
        for (p, o), lit in record.stated.items():
            yield record, p, o, lit
        for p, number in record.numbers.items():
            yield record, p, "", number.stated
        for p, dated in record.dates.items():
            yield record, p, "", dated.stated
    for name in LISTS:
        yield world.request, COMPLETE_FOR, name, world.complete[name]
        yield world.request, PARTIAL_FOR, name, world.partial[name]


__all__ = ["HAS_CODE", "HAS_KIND", "Bounds", "Dated", "Number", "Record", "World", "statements"]
