"""Elapsed: how much time has passed since a date of the pain or the patient, or between two."""

from __future__ import annotations

from dataclasses import dataclass

from ...days import day_before as before
from ...facts.layout import Facts, Session
from ...plain import NONE
from .given import Given, Judging


@dataclass(frozen=True)
class Elapsed:
    """At least, or less than, so long has passed since a date of the pain or the patient."""

    since: str
    at_least: str | None
    less_than: str | None
    open: bool

    def judging(self) -> Judging:
        since, at_least, less_than, open_ = self.since, self.at_least, self.less_than, self.open

        def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            found = _dates(facts, since)
            if not found:
                return open_
            if at_least is not None:
                return max(found) <= before(facts.day, at_least)
            assert less_than is not None
            return min(found) > before(facts.day, less_than)

        return holds


@dataclass(frozen=True)
class Between:
    """Less than so long lies between two dates of the pain or the patient."""

    since: str
    until: str
    less_than: str
    open: bool

    def judging(self) -> Judging:
        def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            starts, ends = _dates(facts, self.since), _dates(facts, self.until)
            if not starts or not ends:
                return self.open
            return min(starts) > before(max(ends), self.less_than)

        return holds


def _dates(facts: Facts, p: str) -> list[str]:
    """Return a date's values in the patient's record and in that of the pain."""
    return [str(d) for record in (facts.pain, facts.patient) for d in record.get(p, NONE)]


def elapsed(given: Given) -> Elapsed:
    since = given.term("sinceDate").value
    at_least, less_than = given.text("minimumElapsed"), given.text("elapsedLessThan")
    return Elapsed(since, at_least, less_than, given.open)


def between(given: Given) -> Between:
    since, until = given.term("sinceDate").value, given.term("untilDate").value
    return Between(since, until, given.term("betweenLessThan").value, given.open)


COMPONENTS = {
    "MinimumElapsedComponent": elapsed,
    "ElapsedLessThanComponent": elapsed,
    "BetweenLessThanComponent": between,
}
