"""Not also planned: nothing of a class is planned for the same visit."""

from __future__ import annotations

from dataclasses import dataclass

from ...facts.layout import Facts, Session
from .given import Given, Judging
from .sessions import RegionScope, scope_of


@dataclass(frozen=True)
class NotPlanned:
    """No other procedure of the class is planned for the visit, but for the exception."""

    cls: str
    scope: RegionScope
    but: str | None
    open: bool

    def judging(self) -> Judging:
        def counts(facts: Facts, s: Session) -> bool:
            if self.cls not in s.types:
                return False
            if s.many:
                return not self.open
            if self.but is not None and self.but in s.types:
                return False
            if self.scope is RegionScope.ANY:
                return True
            if facts.region is None or s.region is None:
                return not self.open
            return (s.region == facts.region) is (self.scope is RegionScope.SAME)

        def holds(facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
            return not any(counts(facts, s) for s in facts.planned)

        return holds


def not_planned(given: Given) -> NotPlanned:
    cls = given.term("notAlsoPlanned").value
    return NotPlanned(cls, scope_of(given), given.text("exceptPlanned"), given.open)


COMPONENTS = {"NotAlsoPlannedComponent": not_planned}
