"""Earlier procedures as leaves ask for them, with unknown bits.

The same page as ``judge.components.sessions``, said in gates: which sessions surely are the ones
asked for and which may be, on how many days they lie, and which may be the latest. A list of
sessions is a row of pairs, each session with whether it is in the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeAlias

from ..judge.components.response import Response
from ..judge.components.sessions import RegionScope, Sessions
from ..namespaces import COV
from ..plain import (
    AFFIRMS,
    DENIES,
    HAS_INTENT,
    RELIEF_LASTED_UNTIL,
    RELIEF_PERCENT,
    TREATS_LEVEL,
    TREATS_REGION,
    TYPE,
    USES_TECHNIQUE,
)
from .calendar import Day, at_most, before, same_day
from .circuit import FALSE, Circuit, Lit, constant
from .records import HALVES, Dated, Record
from .world import World

# Sessions, each with whether it is one of those that are meant.
Listed: TypeAlias = Sequence[tuple["Session", Lit]]


class Window(NamedTuple):
    """The time before the date of service that counts; all of it without a length."""

    length: str = ""
    with_start: bool = False


ALL = Window()


@dataclass(eq=False)
class Session:
    """An earlier or a planned procedure."""

    record: Record

    @property
    def exists(self) -> Lit:
        return self.record.exists

    @property
    def circuit(self) -> Circuit:
        return self.record.frame.circuit

    @property
    def many(self) -> bool:
        return self.record.many

    @cached_property
    def performed(self) -> Dated:
        return self.record.dates[COV.performedOn.value]

    @property
    def earliest(self) -> Day:
        return self.performed.earliest

    @property
    def latest(self) -> Day:
        return self.performed.latest

    @cached_property
    def on(self) -> Lit:
        """Whether its day is known."""
        return same_day(self.earliest, self.latest)

    @property
    def until(self) -> Dated | None:
        return self.record.dates.get(RELIEF_LASTED_UNTIL)

    def is_of(self, cls: str) -> Lit:
        return self.circuit.all_of((self.exists, self.record.holds(TYPE, cls)))

    def region(self, region: str) -> Lit:
        return self.record.holds(TREATS_REGION, region)

    @cached_property
    def has_region(self) -> Lit:
        return self.circuit.any_of(self.region(r) for r in self.record.frame.regions)

    def affirms(self, fact: str) -> Lit:
        return self.record.says(AFFIRMS, fact)

    def denies(self, fact: str) -> Lit:
        return self.circuit.any_of((self.record.says(DENIES, fact), self.record.barred(fact)))


class History:
    """What leaves ask of earlier procedures, under one policy's view of them."""

    def __init__(self, world: World) -> None:
        self.world, self.circuit = world, world.circuit
        self.sessions = [Session(record) for record in world.sessions]
        self.planned = [Session(record) for record in world.beside]
        # Which sessions surely are, and may be, of the current episode; by node, once known.
        self.episode: dict[Session, tuple[Lit, Lit]] = {}
        self._picked: dict[Sessions, tuple[Listed, Listed]] = {}

    def same_region(self, session: Session) -> Lit:
        """Return whether a session was where the requested procedure is to be."""
        c, procedure = self.circuit, self.world.procedure
        return c.any_of(
            c.all_of((session.region(r), procedure.holds(TREATS_REGION, r)))
            for r in self.world.regions
        )

    @cached_property
    def region_known(self) -> Lit:
        procedure = self.world.procedure
        return self.circuit.any_of(procedure.holds(TREATS_REGION, r) for r in self.world.regions)

    def picked(self, of: Sessions) -> tuple[Listed, Listed]:
        """Return the sessions that surely are the ones asked for, and those that may be."""
        if of not in self._picked:
            pairs = [(s, *self._is_meant(s, of)) for s in self.sessions]
            sure = [(s, certain) for s, certain, _ in pairs if certain != FALSE]
            possible = [(s, may) for s, _, may in pairs if may != FALSE]
            self._picked[of] = sure, possible
        return self._picked[of]

    def _is_meant(self, s: Session, of: Sessions) -> tuple[Lit, Lit]:
        c = self.circuit
        certain, may = [FALSE if s.many else s.exists], [s.is_of(of.cls)]
        if of.in_episode:
            surely, perhaps = self.episode[s]
            certain.append(surely)
            may.append(c.any_of((surely, perhaps)))
        if of.scope is not RegionScope.ANY:
            both = c.all_of((self.region_known, s.has_region))
            same = self.same_region(s)
            fits = same if of.scope is RegionScope.SAME else -same
            certain.append(c.all_of((both, fits)))
            may.append(c.implies(both, fits))
        if of.regions is not None:
            among = c.any_of(s.region(r) for r in sorted(of.regions))
            certain.append(among)
            may.append(c.implies(s.has_region, among))
        for p, wanted in ((USES_TECHNIQUE, of.technique), (HAS_INTENT, of.intent)):
            if wanted is not None:
                stated = s.record.holds(p, wanted)
                certain.append(stated)
                may.append(c.any_of((stated, -s.record.barred(wanted))))
        possible = c.all_of(may)
        return c.all_of((possible, *certain)), possible

    # --- how many days ----------------------------------------------------------------------

    def most_days(self, listed: Listed, least: int, within: Window = ALL, but: bool = False) -> Lit:
        """Return whether sessions may lie on at least so many days of a window.

        Parameters
        ----------
        but : bool
            Whether the date of service itself is left out.
        """
        c, day = self.circuit, self.world.day
        counted: list[tuple[Session, Lit]] = []
        each: list[Lit] = []
        for s, there in listed:
            inside = c.all_of((there, -self.outside(s.latest, within)))
            if s.many:
                each += [inside] * max(least, 1)
                continue
            same = [
                c.all_of((also, other.on, same_day(s.latest, other.latest)))
                for other, also in counted
            ]
            again = c.all_of((s.on, c.any_of([*same, same_day(s.latest, day) if but else FALSE])))
            each.append(c.all_of((inside, -again)))
            counted.append((s, inside))
        return c.at_least(least, each)

    def fewest_days(
        self, listed: Listed, least: int, within: Window = ALL, but: bool = False
    ) -> Lit:
        """Return whether sessions must lie on at least so many days of a window."""
        c, day = self.circuit, self.world.day
        inside: list[tuple[Session, Lit]] = []
        for s, there in listed:
            on_day = c.all_of((at_most(s.earliest, day), at_most(day, s.latest)))
            left_out = (self.outside(s.earliest, within), on_day if but else FALSE)
            inside.append((s, c.all_of((there, *(-x for x in left_out)))))
        free: list[tuple[Session, Lit]] = []
        each: list[Lit] = []
        for s, counts in inside:
            # The last day of one that ends later than another, and may have begun by then.
            meets = [
                c.all_of((also, at_most(s.earliest, o.latest), before(o.latest, s.latest)))
                for o, also in inside
                if o is not s
            ]
            counts = c.all_of((counts, *(-x for x in meets)))
            again = [c.all_of((also, same_day(s.latest, o.latest))) for o, also in free]
            each.append(c.all_of((counts, *(-x for x in again))))
            free.append((s, counts))
        return c.at_least(least, each)

    def outside(self, day: Day, within: Window) -> Lit:
        """Return whether a day lies before a window that ends with the date of service."""
        if not within.length:
            return FALSE
        reaches = before if within.with_start else at_most
        return reaches(day, self.world.day, within.length)

    # --- which may be the latest ------------------------------------------------------------

    def last_among(self, sure: Listed, possible: Listed) -> Listed:
        """Return the possible sessions that may be the last, those that surely are there given."""
        c = self.circuit
        return [
            (
                s,
                c.all_of(
                    (
                        listed,
                        *(c.implies(there, at_most(o.earliest, s.latest)) for o, there in sure),
                    )
                ),
            )
            for s, listed in possible
        ]

    # --- what a session has brought ------------------------------------------------------------

    def fails(self, response: Response, s: Session, granted: bool) -> Lit:
        """Return whether a session did not bring a response, silence granted or not."""
        c = self.circuit
        return c.any_of(self._failures(response, s, granted))

    def _failures(self, response: Response, s: Session, granted: bool) -> list[Lit]:
        c, found = self.circuit, []
        relief = s.record.numbers.get(RELIEF_PERCENT)
        until = s.until
        if response.relief is not None:
            bound = constant(int(response.relief * HALVES))
            stated = relief.stated if relief else FALSE
            low = c.less(relief.bits, bound) if relief else FALSE
            said = FALSE
            if response.or_fact is not None:
                said = s.affirms(response.or_fact)
            if granted:
                excused = FALSE if response.or_fact is None else -s.denies(response.or_fact)
                found.append(c.all_of((stated, low, -excused)))
            else:
                found.append(c.all_of((c.any_of((-stated, low)), -said)))
        stated = until.stated if until else FALSE
        if response.at_least is not None:
            if granted:
                by_until = (
                    self._later(s.earliest, until.latest, response.at_least) if until else FALSE
                )
                by_day = self._later(s.earliest, self.world.day, response.at_least)
                found.append(c.choose(stated, by_until, by_day))
            else:
                late = self._later(s.latest, until.earliest, response.at_least) if until else FALSE
                found.append(c.any_of((-stated, late)))
        if response.less_than is not None:
            if granted:
                long = at_most(s.latest, until.earliest, response.less_than) if until else FALSE
                found.append(c.all_of((stated, long)))
            else:
                # Relief whose end is not stated may go on until the day.
                long = at_most(s.earliest, self.world.day, response.less_than)
                if until:
                    by_until = at_most(s.earliest, until.latest, response.less_than)
                    long = c.choose(stated, by_until, long)
                found.append(long)
        if response.fact is not None:
            found.append(s.denies(response.fact) if granted else -s.affirms(response.fact))
        return found

    def _later(self, day: Day, than: Day, back: str) -> Lit:
        return -at_most(day, than, back)

    # --- levels ---------------------------------------------------------------------------------

    def levels(self, record: Record) -> dict[str, Lit]:
        return record.values(TREATS_LEVEL)
