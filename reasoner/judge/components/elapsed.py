"""Elapsed: how much time has passed since a date of the pain or the patient, or between two.

A date lies between two days. A leaf asks the one that speaks against it, its twin the one that
speaks for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...days import day_before as before
from ...facts.layout import Facts, Session
from ...namespaces import COV
from ...plain import DAY_LENGTH, NONE
from .given import Given, Judging


@dataclass(frozen=True)
class Dated:
    """A date of the pain or the patient, and the properties that hold its two ends."""

    stated: str
    earliest: str
    latest: str

    def ends(self, facts: Facts, latest: bool) -> list[str]:
        """Return the earliest or the latest day, in each record that has one."""
        end = self.latest if latest else self.earliest
        # A day that is known has no ends beside it; of several pains one may have them.
        return [
            str(day)
            for record in (facts.pain, facts.patient)
            for day in (*record.get(end, NONE), *record.get(self.stated, NONE))
            if len(str(day)) == DAY_LENGTH
        ]


@dataclass(frozen=True)
class Elapsed:
    """At least, or less than, so long has passed since a date of the pain or the patient."""

    since: Dated
    at_least: str | None
    less_than: str | None
    open: bool

    def judging(self) -> Judging:
        since, at_least, less_than, open_ = self.since, self.at_least, self.less_than, self.open
        # The later the date, the less time has passed.
        latest = (at_least is not None) is not open_

        def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            found = since.ends(facts, latest)
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

    since: Dated
    until: Dated
    less_than: str
    open: bool

    def judging(self) -> Judging:
        def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            starts = self.since.ends(facts, latest=self.open)
            ends = self.until.ends(facts, latest=not self.open)
            if not starts or not ends:
                return self.open
            return min(starts) > before(max(ends), self.less_than)

        return holds


def _dated(given: Given, parameter: str) -> Dated:
    date, t = given.term(parameter), given.knowledge.triples
    return Dated(date.value, t.text(date, COV.hasEarliest), t.text(date, COV.hasLatest))


def elapsed(given: Given) -> Elapsed:
    at_least, less_than = given.text("minimumElapsed"), given.text("elapsedLessThan")
    return Elapsed(_dated(given, "sinceDate"), at_least, less_than, given.open)


def between(given: Given) -> Between:
    since, until = _dated(given, "sinceDate"), _dated(given, "untilDate")
    return Between(since, until, given.term("betweenLessThan").value, given.open)


COMPONENTS = {
    "MinimumElapsedComponent": elapsed,
    "ElapsedLessThanComponent": elapsed,
    "BetweenLessThanComponent": between,
}
