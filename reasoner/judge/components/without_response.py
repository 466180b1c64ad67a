"""Without response: not too many sessions that did not bring it."""

from __future__ import annotations

from dataclasses import dataclass

from ...facts.layout import Facts, Session
from .given import Given, Judging
from .response import Response, failing, response_of
from .sessions import Sessions, sessions_of


@dataclass(frozen=True)
class WithoutResponse:
    """At most so many days without the response, the requested one counted."""

    of: Sessions
    response: Response
    most: int
    open: bool

    def judging(self) -> Judging:
        fails, most, open_ = failing(self.response, self.open), self.most, self.open

        def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            counted = sure if open_ else possible
            failed = {s.on for s in counted if s.on != facts.day and fails(facts, s)}
            return not failed or len(failed) + 1 <= most

        return holds


def without_response(given: Given) -> WithoutResponse:
    most = int(given.term("maximumWithoutResponse").value)
    return WithoutResponse(sessions_of(given), response_of(given), most, given.open)


COMPONENTS = {"MaximumWithoutResponseComponent": without_response}
