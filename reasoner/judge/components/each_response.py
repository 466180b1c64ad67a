"""Response of each session: every one has brought it."""

from __future__ import annotations

from dataclasses import dataclass

from ...facts.layout import Facts, Session
from .given import Given, Judging
from .response import Response, failing, response_of
from .sessions import Sessions, sessions_of


@dataclass(frozen=True)
class EachResponded:
    """Every session brought the response."""

    of: Sessions
    response: Response
    open: bool

    def judging(self) -> Judging:
        fails, open_ = failing(self.response, self.open), self.open

        def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            return not any(fails(facts, s) for s in (sure if open_ else possible))

        return holds


def each_responded(given: Given) -> EachResponded:
    return EachResponded(sessions_of(given, "eachSessionOf"), response_of(given), given.open)


COMPONENTS = {"EachSessionComponent": each_responded}
