"""First session: that it lies at least, or less than, so long ago."""

from __future__ import annotations

from dataclasses import dataclass

from ...days import day_before as before
from ...facts.layout import Facts, Session
from .given import Given, Judging
from .sessions import Sessions, sessions_of


@dataclass(frozen=True)
class FirstSession:
    """There is a session, and the first lies at least, or less than, so long ago."""

    of: Sessions
    at_least: str | None
    less_than: str | None
    open: bool

    def judging(self) -> Judging:
        def at_least(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            assert self.at_least
            counted = possible if self.open else sure
            return bool(counted) and counted[0].on <= before(facts.day, self.at_least)

        def less_than(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            assert self.less_than
            if not possible or not (self.open or len(sure) == len(possible)):
                return False
            return not sure or sure[0].on > before(facts.day, self.less_than)

        return at_least if self.at_least else less_than


def first_session(given: Given) -> FirstSession:
    return FirstSession(
        sessions_of(given),
        given.text("firstSessionAtLeast"),
        given.text("firstSessionLessThan"),
        given.open,
    )


COMPONENTS = {
    "FirstSessionLessThanComponent": first_session,
    "FirstSessionAtLeastComponent": first_session,
}
