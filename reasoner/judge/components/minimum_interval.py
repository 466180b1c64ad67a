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
        bound, open_ = self.at_least, self.open

        def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            counted = sure if open_ else possible
            return not counted or counted[-1].on <= before(facts.day, bound)

        return holds


def interval(given: Given) -> Interval:
    return Interval(sessions_of(given), given.term("minimumInterval").value, given.open)


COMPONENTS = {"MinimumIntervalComponent": interval}
