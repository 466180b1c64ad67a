"""From a request to an assignment of bits, so that the circuit can be held to the engine.

Concepts are replaced by what stands for them; what no policy at hand can tell is left out. A
request that the world is too small for, or states what the world knows nothing of, is refused
by name: that bound is told with every proof.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyoxigraph import NamedNode

from .. import days
from ..errors import CovergraphError
from ..facts.prepared import Prepared
from ..namespaces import COV, compact
from ..plain import (
    ALSO_PLANNED,
    HAD_THERAPY,
    HAS_CODE,
    HAS_KIND,
    HAS_PAIN,
    IN_REGION,
    LASTED,
    NONE,
    TYPE,
    UNDERWENT,
    Said,
    Value,
)
from .asked import COMPLETE_FOR, EARLIER, MEANS, PARTIAL_FOR, PATIENT, PLANNED, PROCEDURE
from .circuit import Lit
from .records import HALVES, Record
from .world import LISTS, YEARS_KEPT_FREE, World, statements

LINKING = frozenset({TYPE, HAS_PAIN, HAD_THERAPY, UNDERWENT, COMPLETE_FOR, PARTIAL_FOR})
UNKNOWN = {COV.treatsNerve.value: "a nerve", COV.age.value: "an age in years"}


class Beyond(CovergraphError):
    """A request that the world does not hold."""


class Loading:
    """Loads requests into one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.knowledge = world.knowledge

    def assumptions(self, prepared: Prepared) -> list[Lit]:
        """Return the literals that say just what a request states.

        Raises
        ------
        Beyond
            When the world does not hold it.
        """
        world, stated = self.world, prepared.facts.stated
        if prepared.request.date != world.service:
            raise Beyond("another date of service")
        self.levels: dict[tuple[str, str], str] = {}
        patient = stated.get(prepared.facts.patient_iri, {})
        request = stated[prepared.facts.iri]
        placed: list[tuple[Record, Said]] = [
            (world.patient, patient),
            (world.procedure, stated.get(prepared.facts.procedure_iri, {})),
        ]
        if world.pains:
            for node in patient.get(HAS_PAIN, NONE):
                record = stated[str(node)]
                (region,) = record[IN_REGION]
                placed.append((world.pains[str(region)], record))
        sessions = [s for s in prepared.facts.earlier if not s.many]
        sessions.sort(key=lambda s: (s.latest, s.node))
        earlier = [stated[s.node] for s in sessions]
        courses = [stated[str(n)] for n in patient.get(HAD_THERAPY, NONE)]
        planned = [stated[str(n)] for n in request.get(ALSO_PLANNED, NONE)]
        placed += self._fill(world.earlier, earlier, EARLIER, "earlier procedures")
        placed += self._fill(world.courses, courses, "", "courses of therapy")
        placed += self._fill(world.planned, planned, PLANNED, "planned procedures")
        held = {record.exists for record, _ in placed}
        for slot, stated_of in placed:
            held |= set(self._of(slot, stated_of))
        held |= set(self._lists(patient, request))
        return [
            *(lit for lit in held),
            *(-r.exists for r in world.records if r.exists not in held),
            *(-lit for _, _, _, lit in statements(world) if lit not in held),
        ]

    def _fill(
        self, slots: list[Record], found: list[Said], role: str, what: str
    ) -> list[tuple[Record, Said]]:
        if role in (EARLIER, PLANNED):
            found = [said for said in found if self._matters(said, role)]
        if not slots:
            return []
        if len(found) > len(slots):
            raise Beyond(f"{len(found)} {what}")
        return list(zip(slots, found, strict=False))

    def _matters(self, said: Said, role: str) -> bool:
        """Return whether any policy at hand can tell that such a procedure was, or is planned."""
        choices = self.world.vocabulary.choices[role]
        means = self._means(said)
        return any(v in c.stands_for for p, v in means for c in choices.get(p, ()))

    def _means(self, said: Said) -> list[tuple[str, str]]:
        """Return the one code or kind that a procedure is stated by."""
        known = self.knowledge
        codes = [
            str(c)
            for c in said.get(HAS_CODE, NONE)
            if not known.is_a(NamedNode(str(c)), COV.AddOnCode)
        ]
        kinds = [str(k) for k in said.get(HAS_KIND, NONE)]
        if any(known.is_a(NamedNode(c), COV.CompanionCode) for c in codes):
            raise Beyond("a companion code")
        if kinds:
            codes = [c for c in codes if not known.is_a(NamedNode(c), COV.UnlistedProcedureCode)]
        if len(codes) + len(kinds) != 1:
            raise Beyond("several codes or kinds of one procedure")
        return [(HAS_CODE, c) for c in codes] + [(HAS_KIND, k) for k in kinds]

    def _of(self, record: Record, said: Said) -> Iterator[Lit]:
        is_procedure = record.role in (PROCEDURE, EARLIER, PLANNED)
        if is_procedure:
            for p, v in self._means(said):
                yield from self._concept(record, p, v)
        for p, values in said.items():
            if p in LINKING or (is_procedure and p in MEANS):
                continue
            if p in UNKNOWN and self._asked(record, p):
                raise Beyond(UNKNOWN[p])
            for value in values:
                if p in record.numbers:
                    yield from self._number(record, p, value)
                elif p in record.dates:
                    yield from self._date(record, p, str(value))
                elif isinstance(value, str) and ":" in value:
                    yield from self._concept(record, p, value)

    def _asked(self, record: Record, p: str) -> bool:
        since = self.knowledge.counted_years.get(NamedNode(p))
        return since is None or since.value in record.dates

    def _concept(self, record: Record, p: str, value: str) -> Iterator[Lit]:
        if p in (COMPLETE_FOR, PARTIAL_FOR):
            return
        alike = [
            c.value
            for c in self.world.vocabulary.choices[record.role].get(p, ())
            if value in c.stands_for
        ]
        if not alike:
            v = self.world.vocabulary
            if p in MEANS and record.role == PROCEDURE:
                raise Beyond("a procedure that no policy at hand speaks to")
            if p in MEANS or v.signature(record.role, p, value) is None:
                return
            raise Beyond(compact(value))
        if len(alike) == 1:
            yield record.stated[p, alike[0]]
            return
        # Several stand for several: each has one of its own.
        taken = {own for (q, v), own in self.levels.items() if q == p and v != value}
        chosen = self.levels.get((p, value))
        if chosen not in alike:
            free = [a for a in alike if a == value] or [a for a in alike if a not in taken]
            if not free or free[0] in taken:
                raise Beyond(f"more values of {compact(p)} than are told apart")
            chosen = self.levels[p, value] = free[0]
        yield record.stated[p, chosen]

    def _number(self, record: Record, p: str, value: Value) -> Iterator[Lit]:
        number = record.numbers[p]
        if p == LASTED:
            months, in_days = days.parts(str(value))
            if months:
                raise Beyond("a length in months")
            whole = in_days
        else:
            assert not isinstance(value, str)
            if (value * HALVES) % 1:
                raise Beyond("a number finer than halves")
            whole = int(value * HALVES)
        if whole >= 1 << len(number.bits):
            raise Beyond("a long course")
        yield number.stated
        yield from _bits(number.bits, whole)

    def _date(self, record: Record, p: str, text: str) -> Iterator[Lit]:
        dated = record.dates[p]
        year, *rest = (int(part) for part in text.split("-"))
        offset = year - self.world.first_year
        if not YEARS_KEPT_FREE <= offset < 1 << len(dated.day.year):
            raise Beyond("a date too long ago")
        yield dated.stated
        unit = ("year", "month", "day")[len(rest)]
        yield dated.to_the[unit]
        yield from (-lit for name, lit in dated.to_the.items() if name != unit)
        month, day = [*rest, 1, 1][:2]
        yield from _bits(dated.day.year, offset)
        yield from _bits(dated.day.month, month - 1)
        yield from _bits(dated.day.day, day)

    def _lists(self, patient: Said, request: Said) -> Iterator[Lit]:
        for said, role in ((patient, PATIENT), (request, "")):
            for p, lits in ((COMPLETE_FOR, self.world.complete), (PARTIAL_FOR, self.world.partial)):
                for name in said.get(p, NONE):
                    if name in LISTS and (LISTS[str(name)] == PATIENT) is (role == PATIENT):
                        yield lits[str(name)]
                    elif name != COV.Diagnoses.value:
                        raise Beyond("a statement about a part of a list")


def _bits(bits: tuple[Lit, ...], value: int) -> Iterator[Lit]:
    for i, bit in enumerate(bits):
        yield bit if value >> i & 1 else -bit
