"""Response of the latest session: it has brought it."""

from __future__ import annotations

from dataclasses import dataclass

from ...facts.layout import Facts, Session
from .given import Given, Judging
from .response import Response, failing, response_of
from .sessions import Sessions, sessions_of, since


@dataclass(frozen=True)
class LatestResponded:
    """There is a session, and the latest brought the response."""

    of: Sessions
    response: Response
    open: bool

    def judging(self) -> Judging:
        fails = failing(self.response, self.open)

        # No session that surely is one may come after the one that is held to the response.
        def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            if not sure:
                return False
            return not any([fails(facts, s) for s in since(possible, sure[-1].on)])

        def may_hold(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            last = sure[-1].on if sure else ""
            failed = {s.on for s in since(sure, last) if fails(facts, s)}
            return any([s.on not in failed and not fails(facts, s) for s in since(possible, last)])

        return may_hold if self.open else holds


def latest_responded(given: Given) -> LatestResponded:
    return LatestResponded(sessions_of(given, "latestSessionOf"), response_of(given), given.open)


COMPONENTS = {"LatestSessionComponent": latest_responded}
