"""First session: that it lies at least, or less than, so long ago."""

from __future__ import annotations

from dataclasses import dataclass

from ...days import day_before as before
from ...facts.layout import Facts, Session
from .given import Given, Judging
from .sessions import Sessions, asks_when_none, is_silent, sessions_of


@dataclass(frozen=True)
class FirstAtLeast:
    """There is a session, and the first lies at least so long ago."""

    of: Sessions
    at_least: str
    asks: bool
    open: bool

    def judging(self) -> Judging:
        at_least, asks, cls = self.at_least, self.asks, self.of.cls

        def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            return bool(sure) and sure[0].latest <= before(facts.day, at_least)

        def may_hold(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            if not sure and asks and is_silent(facts, cls):
                return True
            if not possible:
                return False
            return min([s.earliest for s in possible]) <= before(facts.day, at_least)

        return may_hold if self.open else holds


@dataclass(frozen=True)
class FirstLessThan:
    """There is a session, and the first lies less than so long ago."""

    of: Sessions
    less_than: str
    asks: bool
    open: bool

    def judging(self) -> Judging:
        less_than, asks, cls = self.less_than, self.asks, self.of.cls

        def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            if not sure:
                return False
            return min([s.earliest for s in possible]) > before(facts.day, less_than)

        def may_hold(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            if not sure and asks and is_silent(facts, cls):
                return True
            if not possible:
                return False
            bound = before(facts.day, less_than)
            return possible[-1].latest > bound and (not sure or sure[0].latest > bound)

        return may_hold if self.open else holds


def at_least(given: Given) -> FirstAtLeast:
    length = given.term("firstSessionAtLeast").value
    return FirstAtLeast(sessions_of(given), length, asks_when_none(given), given.open)


def less_than(given: Given) -> FirstLessThan:
    length = given.term("firstSessionLessThan").value
    return FirstLessThan(sessions_of(given), length, asks_when_none(given), given.open)


COMPONENTS = {
    "FirstSessionLessThanComponent": less_than,
    "FirstSessionAtLeastComponent": at_least,
}
