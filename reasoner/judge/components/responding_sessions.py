"""Responding sessions: that enough of them brought the response."""

from __future__ import annotations

from dataclasses import dataclass

from ...facts.layout import Facts, Session
from .given import Given, Judging
from .response import Response, failing, response_of
from .sessions import Sessions, asks_when_none, fewest_days, is_silent, most_days, sessions_of


@dataclass(frozen=True)
class Responding:
    """At least so many days with a session that brought the response."""

    of: Sessions
    response: Response
    least: int
    asks: bool
    open: bool

    def judging(self) -> Judging:
        fails, least, asks, cls = (
            failing(self.response, self.open),
            self.least,
            self.asks,
            self.of.cls,
        )

        def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            return fewest_days([s for s in sure if not fails(facts, s)]) >= least

        def may_hold(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            if not sure and asks and is_silent(facts, cls):
                return True
            return most_days([s for s in possible if not fails(facts, s)]) >= least

        return may_hold if self.open else holds


def responding(given: Given) -> Responding:
    least = int(given.term("respondingSessions").value)
    return Responding(
        sessions_of(given), response_of(given), least, asks_when_none(given), given.open
    )


COMPONENTS = {"RespondingSessionsComponent": responding}
