"""Response of the latest session: it has brought it."""

from __future__ import annotations

from dataclasses import dataclass

from ...facts.layout import Facts, Session
from .given import Given, Judging
from .response import Response, failing, response_of
from .sessions import Sessions, asks_when_none, is_silent, last_among, sessions_of


@dataclass(frozen=True)
class LatestResponded:
    """There is a session, and the latest brought the response."""

    of: Sessions
    response: Response
    asks: bool
    open: bool

    def judging(self) -> Judging:
        fails, asks, cls = failing(self.response, self.open), self.asks, self.of.cls

        # No session that surely is one may come after the one that is held to the response.
        def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            return bool(sure) and not any([fails(facts, s) for s in last_among(sure, possible)])

        def may_hold(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            if not sure and asks and is_silent(facts, cls):
                return True
            failed = max([s.earliest for s in sure if fails(facts, s)], default=None)
            return any(
                [
                    (failed is None or s.latest > failed) and not fails(facts, s)
                    for s in last_among(sure, possible)
                ]
            )

        return may_hold if self.open else holds


def latest_responded(given: Given) -> LatestResponded:
    of, response = sessions_of(given, "latestSessionOf"), response_of(given)
    return LatestResponded(of, response, asks_when_none(given), given.open)


COMPONENTS = {"LatestSessionComponent": latest_responded}
