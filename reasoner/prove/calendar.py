"""Days of the calendar as numbers of unknown bits, exactly and without tables.

A day has a year, a month and a day of the month. As key = 32 * (12 * year + month) + day it is
compared with others, months apart or not; the number of the day is only worked out where days
and weeks are compared. Subtracting months clamps at the end of a month, so that "not later than
n months before" is a comparison of keys, and "earlier than" looks at the last day of a month.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from ..days import parts
from ..errors import KnowledgeError
from .circuit import FALSE, TRUE, Bits, Circuit, Lit, constant

# The years that a day may lie in are counted from the first of these, and so many bits are kept.
YEAR_BITS = 7
MONTH_BITS, DAY_BITS = 4, 5
DAYS_BEFORE = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)
LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def first_year(service: date) -> int:
    """Return the first year that is looked at: from the fourth after it on, and before 2100,
    every fourth is a leap year.
    """
    return (service.year - (1 << YEAR_BITS) + 4) // 4 * 4


@dataclass(frozen=True, eq=False)
class Day:
    """A day, of which some bits may be unknown.

    Parameters
    ----------
    unbounded : literal
        Whether it stands for no first day at all: it lies before any day.
    """

    circuit: Circuit
    year: Bits
    month: Bits
    day: Bits
    unbounded: Lit = FALSE

    @cached_property
    def months(self) -> Bits:
        return self.circuit.add(self.circuit.times(self.year, 12), self.month)

    @cached_property
    def key(self) -> Bits:
        pad = [FALSE] * (DAY_BITS - len(self.day))
        return (*self.day, *pad, *self.months)

    @cached_property
    def is_leap(self) -> Lit:
        """Whether its year is one: the first year counted is, and every fourth from there."""
        return self.circuit.all_of(-bit for bit in self.year[:2])

    @cached_property
    def number(self) -> Bits:
        """The day's number from the first that is looked at."""
        c = self.circuit
        leaps_before = c.add(self.year, constant(3))[2:]
        start = c.add(self._by_month(DAYS_BEFORE), (self._after_february,))
        days = c.add(c.times(self.year, 365), leaps_before)
        return c.add(c.add(days, start), self.day)

    @cached_property
    def last_of_month(self) -> Bits:
        """How many days its month has."""
        february = self.circuit.equal(self.month, constant(1))
        extra = self.circuit.all_of((february, self.is_leap))
        return self.circuit.add(self._by_month(LENGTHS), (extra,))[:DAY_BITS]

    @cached_property
    def is_last(self) -> Lit:
        return self.circuit.equal(self.day, self.last_of_month)

    @cached_property
    def _after_february(self) -> Lit:
        late = self.circuit.at_most(constant(2), self.month)
        return self.circuit.all_of((late, self.is_leap))

    def _by_month(self, table: tuple[int, ...]) -> Bits:
        c = self.circuit
        is_month = [c.equal(self.month, constant(m)) for m in range(12)]
        width = max(table).bit_length()
        return tuple(
            c.any_of(is_month[m] for m in range(12) if table[m] >> bit & 1) for bit in range(width)
        )


def known(circuit: Circuit, day: date, first: int) -> Day:
    """Return a day that is known."""
    return Day(circuit, constant(day.year - first), constant(day.month - 1), constant(day.day))


def chosen(when: Lit, then: Day, otherwise: Day) -> Day:
    """Return one day where a literal holds, and another where it does not."""
    c = then.circuit
    return Day(
        c,
        c.choose_number(when, then.year, otherwise.year),
        c.choose_number(when, then.month, otherwise.month),
        c.choose_number(when, then.day, otherwise.day),
        c.choose(when, then.unbounded, otherwise.unbounded),
    )


def earlier_of(a: Day, b: Day) -> Day:
    return chosen(at_most(a, b), a, b)


def later_of(a: Day, b: Day) -> Day:
    return chosen(at_most(a, b), b, a)


def at_most(a: Day, b: Day, back: str = "") -> Lit:
    """Return whether a day is not later than the day so long before another.

    Parameters
    ----------
    back : str
        The length of time; none by default.
    """
    c = a.circuit
    months, days = _length(back)
    if days:
        found = c.at_most(c.add(a.number, constant(days)), b.number)
    else:
        found = c.at_most(_moved(a, months), b.key)
    return c.any_of((a.unbounded, c.all_of((found, -b.unbounded))))


def before(a: Day, b: Day, back: str = "") -> Lit:
    """Return whether a day is earlier than the day so long before another."""
    c = a.circuit
    months, days = _length(back)
    if days:
        found = c.less(c.add(a.number, constant(days)), b.number)
    else:
        found = c.less(_moved(a, months), b.key)
        if months:
            # Subtracting months from the 31st ends on the last day of a shorter month.
            level = c.equal(c.add(a.months, constant(months)), b.months)
            found = c.all_of((found, -c.all_of((level, a.is_last))))
    return c.any_of((c.all_of((a.unbounded, -b.unbounded)), c.all_of((found, -b.unbounded))))


def same_day(a: Day, b: Day) -> Lit:
    return a.circuit.all_of((a.circuit.equal(a.key, b.key), -a.unbounded, -b.unbounded))


def _moved(a: Day, months: int) -> Bits:
    if not months:
        return a.key
    return (*a.key[:DAY_BITS], *a.circuit.add(a.key[DAY_BITS:], constant(months)))


def _length(back: str) -> tuple[int, int]:
    months, days = parts(back) if back else (0, 0)
    if months and days:
        raise KnowledgeError(f"the prover knows no length of months and days at once: {back}")
    return months, days


__all__ = ["TRUE", "Day", "at_most", "before", "chosen", "earlier_of", "first_year", "known"]
