"""Minimum interval: no session lies closer to the date of service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...days import day_before as before
from ...facts.layout import Facts, Session
from .given import Given, Judging
from .sessions import Sessions, sessions_of


@dataclass(frozen=True)
class Interval:
    """No session lies closer to the date of service than this.

    Parameters
    ----------
    but, but_intent : str or None
        The class, and the intent, of sessions that do not count.
    before_the_day : bool
        Whether sessions on the date of service itself are left out.
    """

    of: Sessions
    at_least: str
    but: str | None
    but_intent: str | None
    before_the_day: bool
    open: bool

    def judging(self) -> Judging:
        bound, counts = self.at_least, self._counting()

        def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            if counts is not None:
                possible = [s for s in possible if counts(facts, s)]
            return not possible or possible[-1].latest <= before(facts.day, bound)

        def may_hold(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            if counts is not None:
                sure = [s for s in sure if counts(facts, s)]
            return not sure or max([s.earliest for s in sure]) <= before(facts.day, bound)

        return may_hold if self.open else holds

    def _counting(self) -> Callable[[Facts, Session], bool] | None:
        """Return what says whether a session counts, or None where all do."""
        but, intent, spares, open_ = self.but, self.but_intent, self.before_the_day, self.open
        if but is None and intent is None and not spares:
            return None

        def counts(facts: Facts, s: Session) -> bool:
            if but is not None and not s.many and but in s.types:
                return False
            if intent is not None and intent in s.intents:
                return False
            return not spares or (s.latest if open_ else s.earliest) < facts.day

        return counts


def interval(given: Given) -> Interval:
    return Interval(
        sessions_of(given),
        given.term("minimumInterval").value,
        given.text("exceptProcedure"),
        given.text("exceptIntent"),
        given.is_true("beforeTheDay"),
        given.open,
    )


COMPONENTS = {"MinimumIntervalComponent": interval}
