"""Minimum interval: no session lies closer to the date of service."""

from __future__ import annotations

from dataclasses import dataclass

from ...days import day_before as before
from ...facts.layout import Facts, Session
from .given import Given, Judging
from .sessions import Sessions, sessions_of


@dataclass(frozen=True)
class Interval:
    """No session lies closer to the date of service than this."""

    of: Sessions
    at_least: str
    open: bool

    def judging(self) -> Judging:
        bound = self.at_least

        def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            return not possible or possible[-1].latest <= before(facts.day, bound)

        def may_hold(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            return not sure or max([s.earliest for s in sure]) <= before(facts.day, bound)

        return may_hold if self.open else holds


def interval(given: Given) -> Interval:
    return Interval(sessions_of(given), given.term("minimumInterval").value, given.open)


COMPONENTS = {"MinimumIntervalComponent": interval}
