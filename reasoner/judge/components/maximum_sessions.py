"""Maximum sessions: not too many with the requested one, two sides counted once where asked."""

from __future__ import annotations

from dataclasses import dataclass

from ...days import day_before as before
from ...facts.layout import Facts, Session
from .given import Given, Judging
from .sessions import Sessions, sessions_of


@dataclass(frozen=True)
class SessionsWithRequested:
    """At most so many days with a session, the requested one counted, merged sides once."""

    of: Sessions
    most: int
    window: str | None
    merged: bool
    open: bool

    def judging(self) -> Judging:
        window, merges, most, open_ = self.window, self.merged, self.most, self.open

        def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            day, view = facts.day, facts.view
            start = before(day, window) if window else ""
            merged = (view.perhaps_merged if open_ else view.merged) if merges else {}
            counted = {
                s.on
                for s in (sure if open_ else possible)
                if s.on > start and s.on != day and s.node not in merged
            }
            return not counted or len(counted) + (facts.procedure_iri not in merged) <= most

        return holds


def maximum_sessions(given: Given) -> SessionsWithRequested:
    return SessionsWithRequested(
        sessions_of(given),
        int(given.term("maximumSessions").value),
        given.text("inWindow"),
        "sidesMergedWithin" in given,
        given.open,
    )


COMPONENTS = {"MaximumSessionsComponent": maximum_sessions}
