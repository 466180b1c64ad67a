"""Without response: not too many sessions that did not bring it."""

from __future__ import annotations

from dataclasses import dataclass

from ...facts.layout import Facts, Session
from .given import Given, Judging
from .response import Response, failing, response_of
from .sessions import Sessions, fewest_days, most_days, sessions_of


@dataclass(frozen=True)
class WithoutResponse:
    """At most so many days without the response, the requested one counted."""

    of: Sessions
    response: Response
    most: int
    open: bool

    def judging(self) -> Judging:
        fails, most, open_ = failing(self.response, self.open), self.most, self.open
        counting = fewest_days if open_ else most_days

        def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            failed = [s for s in (sure if open_ else possible) if fails(facts, s)]
            found = counting(failed, but=facts.day)
            return not found or found + 1 <= most

        return holds


def without_response(given: Given) -> WithoutResponse:
    most = int(given.term("maximumWithoutResponse").value)
    return WithoutResponse(sessions_of(given), response_of(given), most, given.open)


COMPONENTS = {"MaximumWithoutResponseComponent": without_response}
