"""Maximum sessions: not too many with the requested one, two sides counted once where asked."""

from __future__ import annotations

from dataclasses import dataclass

from ...days import day_before as before
from ...facts.layout import Facts, Session
from .given import Given, Judging
from .sessions import Sessions, fewest_days, most_days, sessions_of


@dataclass(frozen=True)
class SessionsWithRequested:
    """At most so many days with a session, the requested one counted, merged sides once.

    Parameters
    ----------
    second : bool
        Whether the requested one must itself be the second side of an earlier one.
    """

    of: Sessions
    most: int
    window: str | None
    merged: bool
    second: bool
    open: bool

    def judging(self) -> Judging:
        window, merges, most, open_ = self.window, self.merged, self.most, self.open
        second, counting = self.second, fewest_days if self.open else most_days

        def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            day, view, counted = facts.day, facts.view, sure if open_ else possible
            start = before(day, window) if window else ""
            if not merges:
                found = counting(counted, start, day)
                return not found or found + 1 <= most
            merged = view.perhaps_merged if open_ else view.merged
            is_second = facts.procedure_iri in merged
            if second and not is_second:
                return False
            found = counting([s for s in counted if s.node not in merged], start, day)
            return not found or found + (not is_second) <= most

        return holds


def maximum_sessions(given: Given) -> SessionsWithRequested:
    return SessionsWithRequested(
        sessions_of(given),
        int(given.term("maximumSessions").value),
        given.text("inWindow"),
        "sidesMergedWithin" in given,
        given.is_true("asSecondSide"),
        given.open,
    )


COMPONENTS = {"MaximumSessionsComponent": maximum_sessions}
