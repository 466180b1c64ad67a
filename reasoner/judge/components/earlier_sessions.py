"""Earlier sessions: that there have been enough of them, or not too many."""

from __future__ import annotations

from dataclasses import dataclass

from ...days import day_before as before
from ...facts.layout import Facts, Session
from .given import Given, Judging
from .sessions import Sessions, asks_when_none, fewest_days, is_silent, most_days, sessions_of


@dataclass(frozen=True)
class EnoughSessions:
    """At least so many days with a session, in the window if there is one.

    Parameters
    ----------
    with_start : bool
        Whether the window includes the day at its start.
    """

    of: Sessions
    least: int
    window: str | None
    with_start: bool
    asks: bool
    open: bool

    def judging(self) -> Judging:
        window, least, asks, with_start, cls = (
            self.window,
            self.least,
            self.asks,
            self.with_start,
            self.of.cls,
        )

        def outside(day: str) -> str:
            """Return the last day before the window; empty where there is none."""
            if not window:
                return ""
            start = before(day, window)
            return before(start, "P1D") if with_start else start

        def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            return fewest_days(sure, outside(facts.day)) >= least

        def may_hold(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            if not sure and asks and is_silent(facts, cls):
                return True
            return most_days(possible, outside(facts.day)) >= least

        return may_hold if self.open else holds


@dataclass(frozen=True)
class FewSessions:
    """At most so many days with a session, in the window if there is one."""

    of: Sessions
    most: int
    window: str | None
    open: bool

    def judging(self) -> Judging:
        window, most = self.window, self.most

        def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            return most_days(possible, before(facts.day, window) if window else "") <= most

        def may_hold(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            return fewest_days(sure, before(facts.day, window) if window else "") <= most

        return may_hold if self.open else holds


def enough(given: Given) -> EnoughSessions:
    least, window = int(given.term("minimumEarlierSessions").value), given.text("inWindow")
    return EnoughSessions(
        sessions_of(given),
        least,
        window,
        given.is_true("withStart"),
        asks_when_none(given),
        given.open,
    )


def few(given: Given) -> FewSessions:
    most, window = int(given.term("maximumEarlierSessions").value), given.text("inWindow")
    return FewSessions(sessions_of(given), most, window, given.open)


COMPONENTS = {
    "MinimumEarlierSessionsComponent": enough,
    "MaximumEarlierSessionsComponent": few,
}
