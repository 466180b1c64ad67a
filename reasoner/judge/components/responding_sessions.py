"""Responding sessions: that enough of them brought the response."""

from __future__ import annotations

from dataclasses import dataclass

from ...facts.layout import Facts, Session
from .given import Given, Judging
from .response import Response, failing, response_of
from .sessions import Sessions, sessions_of


@dataclass(frozen=True)
class Responding:
    """At least so many days with a session that brought the response."""

    of: Sessions
    response: Response
    least: int
    open: bool

    def judging(self) -> Judging:
        fails, least, open_ = failing(self.response, self.open), self.least, self.open

        def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            counted = possible if open_ else sure
            return len({s.on for s in counted if not fails(facts, s)}) >= least

        return holds


def responding(given: Given) -> Responding:
    least = int(given.term("respondingSessions").value)
    return Responding(sessions_of(given), response_of(given), least, given.open)


COMPONENTS = {"RespondingSessionsComponent": responding}
