"""Therapy course: one course lasted long enough, late enough, with the outcome asked for."""

from __future__ import annotations

from dataclasses import dataclass

from pyoxigraph import NamedNode

from ...days import day_after as after
from ...days import day_before as before
from ...facts.layout import Facts, Session
from ...knowledge.base import Knowledge, is_true
from ...namespaces import COV
from ...plain import DENIES, NONE
from .given import Given, Judging
from .sessions import RegionScope, scope_of

FOLLOW_UP = COV.FollowUpDocumented.value


@dataclass(frozen=True)
class HadTherapy:
    """There was one course of a therapy as long, as late and with the outcome asked for.

    Parameters
    ----------
    kinds : frozenset of str
        The kinds of therapy, groups left out, that the one asked for is or gathers.
    """

    therapy: str
    kinds: frozenset[str]
    any_region: bool
    at_least: str | None
    window: str | None
    outcome: str | None
    follow_up_of: str | None
    open: bool

    def judging(self) -> Judging:
        return self._may_meet if self.open else self._meets

    def _long_enough(self, facts: Facts, start: str | None, end: str | None) -> bool:
        if self.at_least is None:
            return True
        if self.open:
            return start is None or start <= before(after(end or facts.day), self.at_least)
        return start is not None and end is not None and start <= before(after(end), self.at_least)

    def _in_window(self, facts: Facts, end: str | None) -> bool:
        if self.window is None:
            return True
        if end is None:
            return self.open
        start = before(facts.day, self.window)
        return end > start and (
            self.at_least is None or after(start) <= before(after(end), self.at_least)
        )

    def _meets(self, facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
        region = facts.region
        for c in facts.courses:
            if (
                self.therapy in c.kinds
                and self._long_enough(facts, c.start, c.end)
                and self._in_window(facts, c.end)
                and (self.outcome is None or self.outcome in c.outcomes)
                and (
                    self.follow_up_of is None
                    or self.follow_up_of not in c.kinds
                    or FOLLOW_UP in c.affirmed
                )
                and (self.any_region or c.systemic or (region is not None and region in c.regions))
            ):
                return True
        return False

    def _may_meet(self, facts: Facts, sure: list[Session], possible: list[Session]) -> bool:
        region, left = facts.region, self.kinds.difference(facts.patient.get(DENIES, NONE))
        if not left:
            return False
        if not left.issubset([k for c in facts.courses for k in c.kinds]):
            return True
        for c in facts.courses:
            if (
                not left <= c.barred_kinds
                and self._long_enough(facts, c.start, c.end)
                and self._in_window(facts, c.end)
                and (self.outcome is None or self.outcome not in c.barred_outcomes)
                and (
                    self.follow_up_of is None
                    or self.follow_up_of not in c.kinds
                    or FOLLOW_UP not in c.denied
                )
                and (
                    self.any_region
                    or c.systemic
                    or region is None
                    or region not in c.barred_regions
                )
            ):
                return True
        return False


def had_therapy(given: Given) -> HadTherapy:
    therapy = NamedNode(given.term("withTherapy").value)
    return HadTherapy(
        therapy.value,
        _kinds(therapy, given.knowledge),
        scope_of(given) is RegionScope.ANY,
        given.text("minimumCourse"),
        given.text("inWindow"),
        given.text("withOutcome"),
        given.text("withFollowUpOf"),
        given.open,
    )


def _kinds(therapy: NamedNode, known: Knowledge) -> frozenset[str]:
    """Return the single kinds of therapy that a kind is or gathers."""
    return frozenset(
        kind.value
        for kind in known.instances_of(COV.TherapyKind)
        if therapy in known.broader_of(kind) and not is_true(known.triples.value(kind, COV.isGroup))
    )


COMPONENTS = {"TherapyCourseComponent": had_therapy}
