"""The smallest request with a property, and the plainest of those.

Records are left out first, then statements, one by one, until none can be left out. Then dates
settle on whole months before the date of service and numbers on round ones, where the property
allows it. What is preferred is data; no preference turns an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from pyoxigraph import NamedNode

from .. import days
from ..namespaces import COV
from ..plain import LASTED, RELIEF_PERCENT
from .asked import COMPLETE_FOR, MEANS, PARTIAL_FOR
from .circuit import Bits, Lit, Model, Solver
from .records import HALVES, Dated, Record
from .world import World, statements

# How long ago things were, by preference.
AGO = (
    *("P1M", "P2M", "P3M", "P4M", "P6M", "P8M", "P10M", "P14M", "P1Y", "P18M", "P20M", "P2Y"),
    *("P30M", "P3Y", "P5Y", "P2W", "P1W", "P5W", "P10D", "P3D", "P1D", "P0D"),
)
BORN = ("P50Y", "P40Y", "P60Y", "P30Y", "P20Y", "P16Y", "P10Y")
SCORES = (7, 6, 5, 8, 4, 3, 9, 2, 1, 0, 10)
PERCENTAGES = (80, 90, 60, 50, 70, 40, 30, 20, 100, 75, 85, 0, 10)
LENGTHS = (42, 28, 56, 84, 30, 60, 90, 21, 14, 7)


@dataclass
class _Kept:
    """What the solver is held to while more is tried."""

    solver: Solver
    goal: list[Lit]
    model: Model

    def tries(self, *more: Lit) -> bool:
        """Return whether the property holds with more laid down; keep it if so."""
        if all(self.model[lit] for lit in more):
            self.goal += more
            return True
        found = self.solver.model([*self.goal, *more])
        if found is None:
            return False
        self.model = found
        self.goal += more
        return True


def smallest(solver: Solver, goal: Iterable[Lit], model: Model, worlds: Sequence[World]) -> Model:
    """Return an assignment from which no statement can be left out, and plain values in it.

    Parameters
    ----------
    worlds : sequence of World
        Whose requests are made small, those first that may then be smaller still.
    """
    kept = _Kept(solver, list(goal), model)
    for world in worlds:
        _without_records(kept, world)
    for world in worlds:
        _without_statements(kept, world)
    for world in worlds:
        _plain(kept, world)
    return kept.model


def nearest(
    solver: Solver, goal: Iterable[Lit], model: Model, stated: World, changed: World
) -> Model:
    """Return an assignment in which one world differs as little as can be from another."""
    kept = _Kept(solver, list(goal), model)
    for record, same in zip(changed.records, stated.records, strict=True):
        if model[record.exists] is not model[same.exists]:
            kept.tries(record.exists if model[same.exists] else -record.exists)
    pairs = [
        (after if kept.model[before] else -after, p)
        for (_, p, _, before), (*_, after) in zip(
            statements(stated), statements(changed), strict=True
        )
    ]
    kept.tries(*(lit for lit, _ in pairs if kept.model[lit]))
    for lit, _ in pairs:
        if not kept.model[lit]:
            kept.tries(lit)
    _plain(kept, changed)
    return kept.model


def _without_records(kept: _Kept, world: World) -> None:
    for record in reversed(world.records):
        if record.exists != 1:
            kept.tries(-record.exists)


def _without_statements(kept: _Kept, world: World) -> None:
    said = [(lit, p) for _, p, _, lit in statements(world) if p not in MEANS]
    absent = [lit for lit, _ in said if not kept.model[lit]]
    kept.tries(*(-lit for lit in absent))
    there = [lit for lit, _ in sorted(said, key=lambda s: s[1] not in _LISTS) if kept.model[lit]]
    for lit in there:
        kept.tries(-lit)


_LISTS = (COMPLETE_FOR, PARTIAL_FOR)


def _plain(kept: _Kept, world: World) -> None:
    """Settle what is stated on plain values."""
    for record in world.records:
        if kept.model[record.exists]:
            _choices(kept, record)
    for record in world.records:
        if kept.model[record.exists]:
            for p, dated in sorted(record.dates.items()):
                if kept.model[dated.stated]:
                    _date(kept, dated, p, world)
            for p, number in sorted(record.numbers.items()):
                if kept.model[number.stated]:
                    _number(kept, p, number.bits)


def _choices(kept: _Kept, record: Record) -> None:
    """Settle on the first code or kind that will do, and keep what else is stated."""
    means = [lit for (p, _), lit in record.stated.items() if p in MEANS]
    any(kept.tries(lit) for lit in means)
    for (_, _), lit in sorted(record.stated.items(), key=lambda item: item[0]):
        if kept.model[lit]:
            kept.tries(lit)


def _date(kept: _Kept, dated: Dated, p: str, world: World) -> None:
    if not kept.tries(dated.to_the["day"], -dated.to_the["month"], -dated.to_the["year"]):
        kept.tries(*(lit if kept.model[lit] else -lit for lit in dated.to_the.values()))
    lengths = BORN if NamedNode(p) == COV.birthDate else AGO
    for length in lengths:
        day = days.before(world.service, length)
        if kept.tries(*_on(dated, day, world)):
            return
    kept.tries(*_as_is(kept.model, (*dated.day.year, *dated.day.month, *dated.day.day)))


def _on(dated: Dated, day: date, world: World) -> list[Lit]:
    return [
        *_bits(dated.day.year, day.year - world.first_year),
        *_bits(dated.day.month, day.month - 1),
        *_bits(dated.day.day, day.day),
    ]


def _number(kept: _Kept, p: str, bits: Bits) -> None:
    if p == LASTED:
        preferred: Sequence[int] = LENGTHS
    else:
        values = PERCENTAGES if p == RELIEF_PERCENT else SCORES
        preferred = [v * HALVES for v in values]
    for value in preferred:
        if value < 1 << len(bits) and kept.tries(*_bits(bits, value)):
            return
    kept.tries(*_as_is(kept.model, bits))


def _bits(bits: Bits, value: int) -> list[Lit]:
    return [bit if value >> i & 1 else -bit for i, bit in enumerate(bits)]


def _as_is(model: Model, bits: Iterable[Lit]) -> list[Lit]:
    return [bit if model[bit] else -bit for bit in bits]
