"""What a policy makes of a patient's history: episodes of care, and sessions that are one.

Both need a look at the whole history in its order, which no shape can take. A policy
says what it wants in its own file (how long a gap ends an episode, which events do, how
far apart two sides may lie); what is found is a view that components look at.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter

from .. import days
from ..errors import KnowledgeError
from ..knowledge.base import Knowledge
from ..namespaces import COV
from ..plain import AFFIRMS, HAS_PAIN, IN_REGION, NONE, ON_SIDE, TREATS_LEVEL, Value
from ..policies.criteria import Policy
from .layout import NO_VIEW, Facts, Session, View

BY_DAY = attrgetter("on", "node")


@dataclass(frozen=True)
class Episode:
    """When a new episode of care begins; what is None does not begin one.

    Parameters
    ----------
    of : str
        The class of the procedures that an episode is made of.
    gap : str or None
        A time as long as this without one of them.
    broken_by : str or None
        The class of the procedures that end an episode.
    broken_by_fact : str or None
        What ends one when the record of the pain in the region affirms it.
    """

    of: str
    gap: str | None
    broken_by: str | None
    broken_by_fact: str | None


@dataclass(frozen=True)
class Merging:
    """How far apart two sides may lie and still be one session."""

    of: str
    within: str


@dataclass(frozen=True)
class HistoryRules:
    """What one policy asks of a history."""

    episode: Episode | None
    merging: Merging | None

    def __bool__(self) -> bool:
        return self.episode is not None or self.merging is not None


def rules_of(policy: Policy, knowledge: Knowledge) -> HistoryRules:
    """Return what a policy asks of a history.

    Raises
    ------
    KnowledgeError
        When its criteria merge sides in more than one way.
    """
    t = knowledge.triples
    node = t.value(policy.iri, COV.episode)
    episode = None
    if node is not None:
        gap, by, fact = (
            t.text(node, p) or None for p in (COV.episodeGap, COV.brokenBy, COV.brokenByFact)
        )
        episode = Episode(t.text(node, COV.ofProcedure), gap, by, fact)
    merging = {
        Merging(t.text(leaf.iri, COV.ofProcedure), within.value)
        for leaf in policy.leaves
        for within in t.objects(leaf.iri, COV.sidesMergedWithin)
    }
    if len(merging) > 1:
        raise KnowledgeError(f"{policy.iri.value} merges sides in more than one way")
    return HistoryRules(episode, next(iter(merging), None))


def view_of(rules: HistoryRules, facts: Facts, day: str) -> View:
    """Return what the rules make of a history on a day, as ISO text."""
    if not facts.earlier or not rules:
        return NO_VIEW
    episode = tuple(_episode(rules.episode, facts, day)) if rules.episode else NONE
    merging = rules.merging
    alike = [s for s in facts.earlier if merging.of in s.types] if merging else []
    if merging is None or not alike:
        return View(episode) if episode else NO_VIEW
    sessions = sorted([*alike, _requested(facts, day)], key=BY_DAY)
    pairs = list(_close(sessions, merging.within))
    if not pairs:
        return View(episode)
    return View(episode, dict(_merged(pairs, True)), dict(_merged(pairs, False)))


def _requested(facts: Facts, day: str) -> Session:
    """Return the requested procedure as a session among the others."""
    return Session(
        node=facts.procedure_iri,
        on=day,
        types=facts.procedure_types,
        region=facts.region,
        levels=facts.procedure.get(TREATS_LEVEL, NONE),
        sides=facts.procedure.get(ON_SIDE, NONE),
        techniques=NONE,
        intents=NONE,
        barred=set(),
        relief=None,
        until=None,
        affirmed=NONE,
        denied=NONE,
    )


def _episode(rule: Episode, facts: Facts, day: str) -> Iterable[str]:
    """Yield the sessions that belong to the current episode of their region.

    Going back from the date of service, an episode ends at the first gap as long as the
    rule's, at the last operation in the region, and wherever new pathology is recorded.
    """
    by_region: dict[Value | None, list[Session]] = {}
    breaks: list[Session] = []
    for session in facts.earlier:
        if rule.of in session.types:
            by_region.setdefault(session.region, []).append(session)
        if rule.broken_by in session.types:
            breaks.append(session)
    changed: set[Value] = set()
    if by_region and rule.broken_by_fact:
        changed = _regions_with(rule.broken_by_fact, facts)
    for region, sessions in by_region.items():
        if region in changed:
            continue
        broken = max([s.on for s in breaks if s.region in (region, None)], default="")
        later = day
        for session in sorted(sessions, key=BY_DAY, reverse=True):
            if rule.gap and days.day_before(later, rule.gap) >= session.on:
                break
            if session.on <= broken:
                break
            yield session.node
            later = session.on


def _regions_with(fact: str, facts: Facts) -> set[Value]:
    """Return the regions whose pain record affirms a fact."""
    return {
        region
        for pain in facts.patient.get(HAS_PAIN, NONE)
        if fact in facts.values(pain, AFFIRMS)
        for region in facts.values(pain, IN_REGION)
    }


def _close(sessions: list[Session], within: str) -> Iterable[tuple[Session, Session]]:
    """Yield (second, first) for each pair of sessions close enough to be the sides of one.

    Parameters
    ----------
    sessions : list of Session
        Oldest first; so are the seconds, and the firsts of each come latest first.
    """
    for i, second in enumerate(sessions[1:], 1):
        start = days.day_before(second.on, within)
        for first in reversed(sessions[:i]):
            if first.on < start:
                break
            if first.on != second.on:
                yield second, first


def _merged(pairs: list[tuple[Session, Session]], certain: bool) -> Iterable[tuple[str, str]]:
    """Yield (second, first) for each pair of sides that counts as one session.

    Each session is paired once. Where sides or levels are silent a pair is possible, not
    certain.
    """
    taken: set[str] = set()
    for second, first in pairs:
        if taken.isdisjoint((first.node, second.node)) and _two_sides(first, second, certain):
            taken |= {first.node, second.node}
            yield second.node, first.node


def _two_sides(a: Session, b: Session, certain: bool) -> bool:
    """Return whether two sessions are, or may be, the two sides of the same levels."""
    if a.region != b.region and None not in (a.region, b.region):
        return False
    sides = len(a.sides) == len(b.sides) == 1 and {*a.sides} != {*b.sides}
    levels = bool(a.levels) and {*a.levels} == {*b.levels}
    if certain:
        return sides and levels
    return (sides or not a.sides or not b.sides) and (levels or not a.levels or not b.levels)
