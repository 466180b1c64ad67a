"""Earlier sessions: that there have been enough of them, or not too many."""

from __future__ import annotations

from dataclasses import dataclass

from ...days import day_before as before
from ...facts.layout import Facts, Session
from .given import Given, Judging
from .sessions import Sessions, sessions_of


@dataclass(frozen=True)
class EarlierSessions:
    """At least, or at most, so many days with a session, in the window if there is one."""

    of: Sessions
    least: int | None
    most: int | None
    window: str | None
    open: bool

    def judging(self) -> Judging:
        # What must be there is counted where it surely is; what must not, where it may be.
        takes_sure = (self.least is not None) is not self.open
        window, least, most = self.window, self.least, self.most

        def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            start = before(facts.day, window) if window else ""
            found = len({s.on for s in (sure if takes_sure else possible) if s.on > start})
            return (least is None or found >= least) and (most is None or found <= most)

        return holds


def earlier_sessions(given: Given) -> EarlierSessions:
    return EarlierSessions(
        sessions_of(given),
        given.number("minimumEarlierSessions"),
        given.number("maximumEarlierSessions"),
        given.text("inWindow"),
        given.open,
    )


COMPONENTS = {
    "MinimumEarlierSessionsComponent": earlier_sessions,
    "MaximumEarlierSessionsComponent": earlier_sessions,
}
