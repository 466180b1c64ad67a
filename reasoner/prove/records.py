"""The records of an unknown request: what each may state, and what then holds of it.

A record is a slot that may be filled. What it may state are bits, one for each concept of the
vocabulary; what follows by classification is a gate over the least supports of it, and what
follows from numbers and dates is asked of a ``Following``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Protocol

from ..knowledge.base import Knowledge
from ..namespaces import COV
from ..plain import AFFIRMS, HAS_INTENT, TREATS_REGION, TYPE, USES_TECHNIQUE
from .asked import Atom
from .calendar import DAY_BITS, MONTH_BITS, YEAR_BITS, Day, first_year, known
from .circuit import FALSE, Bits, Circuit, Lit, constant
from .vocabulary import Vocabulary

# Scores and percentages are counted in halves: no bound distinguishes finer ones.
HALVES = 2


class Following(Protocol):
    """What follows of records from their numbers and dates."""

    def of(self, record: Record, p: str, o: str) -> Lit:
        """Return whether a fact or value follows of a record."""

    def values(self, role: str, p: str) -> list[str]:
        """Return the concepts that may follow of records of a role by a property."""


class Frame:
    """What all records of a world share.

    Parameters
    ----------
    service : date
        The date of service.
    """

    def __init__(self, vocabulary: Vocabulary, service: date, circuit: Circuit) -> None:
        self.vocabulary, self.service, self.circuit = vocabulary, service, circuit
        self.knowledge: Knowledge = vocabulary.knowledge
        self.first_year = first_year(service)
        self.day = known(circuit, service, self.first_year)
        self._numbered: dict[tuple[Lit, Bits], Day] = {}

    @cached_property
    def regions(self) -> list[str]:
        return sorted(r.value for r in self.knowledge.instances_of(COV.SpinalRegion))

    def number_of(self, day: str) -> int:
        """Return the number of a known day, as ISO text."""
        # The first four years are counted as any four, whether a century falls into them or not.
        return (date.fromisoformat(day) - date(self.first_year + 4, 1, 1)).days + 1462

    def day_numbered(self, there: Lit, number: Bits) -> Day:
        """Return the day that has a number, where there is one."""
        c, key = self.circuit, (there, number)
        if key not in self._numbered:
            day = self.some_day()
            c.require(-there, c.equal(day.number, number))
            self._numbered[key] = day
        return self._numbered[key]

    def some_day(self) -> Day:
        """Return an unknown day of the calendar."""
        c = self.circuit
        day = Day(c, c.number(YEAR_BITS), c.number(MONTH_BITS), c.number(DAY_BITS))
        c.require(c.at_most(day.month, constant(11)))
        c.require(c.at_most(constant(1), day.day))
        c.require(c.at_most(day.day, day.last_of_month))
        return day


@dataclass(eq=False)
class Number:
    """A number that may be stated."""

    stated: Lit
    bits: Bits


@dataclass(eq=False)
class Dated:
    """A date that may be stated to the day, the month or the year.

    Parameters
    ----------
    first, last : Day
        The days between which it lies as stated.
    earliest, latest : Day
        The same with what else is known of it, never after the date of service.
    """

    day: Day
    to_the: Mapping[str, Lit]
    stated: Lit
    first: Day
    last: Day
    earliest: Day
    latest: Day


@dataclass(eq=False)
class Record:
    """A slot for a record.

    Parameters
    ----------
    stated, said : dict
        The bits of what is stated, and of that with what is read by default.
    many : bool
        Whether it stands for any number of records that a list may leave out.
    """

    frame: Frame
    follows: Following
    role: str
    name: str
    exists: Lit
    stated: dict[Atom, Lit] = field(default_factory=dict)
    said: dict[Atom, Lit] = field(default_factory=dict)
    numbers: dict[str, Number] = field(default_factory=dict)
    dates: dict[str, Dated] = field(default_factory=dict)
    many: bool = False
    _holds: dict[Atom, Lit] = field(default_factory=dict)

    def holds(self, p: str, o: str) -> Lit:
        """Return whether a statement of it holds, by classification."""
        atom = (p, o)
        found = self._holds.get(atom)
        if found is None:
            c = self.frame.circuit
            if self.many:
                found = self.exists if p == TYPE else FALSE
            else:
                supports = self.frame.vocabulary.supports[self.role].get(atom, ())
                found = c.any_of(
                    c.all_of(self.said.get(part, FALSE) for part in support) for support in supports
                )
            self._holds[atom] = found
        return found

    def says(self, p: str, o: str) -> Lit:
        """Return whether a statement of it holds, with the facts that follow from numbers."""
        c = self.frame.circuit
        return c.any_of((self.holds(p, o), self.follows.of(self, p, o)))

    def values(self, p: str) -> dict[str, Lit]:
        """Return all concepts that a property of it may have, each with whether it has it."""
        supports = self.frame.vocabulary.supports.get(self.role, {})
        found = {o: self.says(p, o) for q, o in supports if q == p}
        for o in self.follows.values(self.role, p):
            found.setdefault(o, self.says(p, o))
        return found

    def barred(self, concept: str) -> Lit:
        """Return whether something that it says rules a concept out."""
        c, v = self.frame.circuit, self.frame.vocabulary
        return c.any_of(
            self.says(p, other)
            for other in sorted(v.incompatible.get(concept, ()))
            for p in (USES_TECHNIQUE, HAS_INTENT, TREATS_REGION, AFFIRMS)
        )

    def any_value(self, p: str) -> Lit:
        return self.frame.circuit.any_of(self.values(p).values())


class Requests(Protocol):
    """The unknown request whose records these are, as it is seen from below its module."""

    vocabulary: Vocabulary
    circuit: Circuit
    knowledge: Knowledge
    regions: list[str]
    day: Day
    patient: Record
    procedure: Record
    pains: dict[str, Record]
    earlier: list[Record]
    courses: list[Record]
    partial: dict[str, Lit]

    @property
    def records(self) -> list[Record]:
        """The slots, in a fixed order."""

    @property
    def concerned(self) -> dict[str, Lit]:
        """Whether the request is about the pain in each region."""
