"""Numbers and days as bits: what the gates say is what arithmetic and the calendar say."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from covergraph import days
from covergraph.prove.calendar import YEAR_BITS, Day, at_most, before, first_year
from covergraph.prove.circuit import Bits, Circuit, Lit, Solver, constant
from tests.prove.proving import NEEDS_SOLVER

pytestmark = NEEDS_SOLVER

LENGTHS = ("", "P1M", "P6M", "P2Y", "P7D", "P90D")
FIRST = first_year(date(2024, 6, 14))


def fixed(bits: Bits, value: int) -> list[Lit]:
    return [bit if value >> i & 1 else -bit for i, bit in enumerate(bits)]


class TwoDays:
    """Two unknown days and every comparison of them."""

    def __init__(self) -> None:
        c = Circuit()
        self.a, self.b = (Day(c, c.number(YEAR_BITS), c.number(4), c.number(5)) for _ in range(2))
        self.compared = {
            n: (at_most(self.a, self.b, n), before(self.a, self.b, n)) for n in LENGTHS
        }
        self.number, self.last = self.a.number, self.a.is_last
        self.solver = Solver(c)

    def on(self, day: Day, value: date) -> list[Lit]:
        parts = ((day.year, value.year - FIRST), (day.month, value.month - 1), (day.day, value.day))
        return [lit for bits, number in parts for lit in fixed(bits, number)]


@NEEDS_SOLVER
@given(st.integers(0, 63), st.integers(0, 63))
@settings(max_examples=50)
def test_sums_and_orders_are_those_of_numbers(x: int, y: int) -> None:
    c = Circuit()
    a, b = c.number(6), c.number(6)
    total, ordered, equal = c.add(a, b), c.at_most(a, b), c.equal(a, b)
    product = c.times(a, 12)
    model = Solver(c).model([*fixed(a, x), *fixed(b, y)])
    assert model is not None
    assert model.number(total) == x + y
    assert model.number(product) == 12 * x
    assert (model[ordered], model[equal]) == (x <= y, x == y)
    assert model.number(constant(x)) == x


@given(
    st.dates(date(1910, 1, 1), date(2027, 12, 31)),
    st.dates(date(1910, 1, 1), date(2027, 12, 31)),
    st.booleans(),
)
@settings(max_examples=150)
def test_days_compare_as_the_calendar_has_it(x: date, y: date, at_bound: bool) -> None:
    """Also on the bound itself, where months of different lengths meet."""
    two = cached_days()
    for length in LENGTHS:
        other = days.before(y, length) if at_bound and length else x
        if other.year < FIRST + 4:
            continue
        model = two.solver.model([*two.on(two.a, other), *two.on(two.b, y)])
        assert model is not None
        bound = days.before(y, length) if length else y
        said = tuple(model[lit] for lit in two.compared[length])
        assert said == (other <= bound, other < bound), (other, y, length)
        assert model.number(two.number) == (other - date(FIRST + 4, 1, 1)).days + 1462


_DAYS: list[TwoDays] = []


def cached_days() -> TwoDays:
    if not _DAYS:
        _DAYS.append(TwoDays())
    return _DAYS[0]
