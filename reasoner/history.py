"""What a policy makes of a patient's history: episodes of care, and sessions that are one.

Both need a look at the whole history in its order, which no shape can take. A policy
says what it wants in its own file (how long a gap ends an episode, which events do, how
far apart two sides may lie); what is found is added as links that components follow.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from pyoxigraph import NamedNode

from . import days
from .criteria import Policy
from .errors import KnowledgeError
from .knowledge import Knowledge
from .namespaces import COV
from .triples import Term, Triples


@dataclass(frozen=True)
class Session:
    """A procedure of the history, or the requested one, with what tells it from others."""

    node: Term
    on: date
    region: Term | None
    levels: frozenset[Term]
    sides: frozenset[Term]


def with_history(
    policy: Policy,
    request: NamedNode,
    patient: NamedNode,
    procedure: NamedNode,
    on: date,
    facts: Triples,
    knowledge: Knowledge,
) -> Triples:
    """Return facts with the links that a policy asks of the history.

    Parameters
    ----------
    on : date
        The date of service.
    facts : Triples
        The request, classified and derived; it is not changed.
    """
    t = knowledge.triples
    episode = t.value(policy.iri, COV.episode)
    merged = {
        (leaf.iri, o.value)
        for leaf in policy.leaves
        for o in t.objects(leaf.iri, COV.sidesMergedWithin)
    }
    if episode is None and not merged:
        return facts
    out = facts.copy()
    history = [_session(n, _day(n, facts), facts) for n in facts.objects(patient, COV.underwent)]
    if episode is not None:
        for session in _episode(episode, history, on, facts, knowledge):
            out.add(request, COV.inEpisode, session.node)
    if len({(t.value(leaf, COV.ofProcedure), within) for leaf, within in merged}) > 1:
        raise KnowledgeError(f"{policy.iri.value} merges sides in more than one way")
    for leaf, within in sorted(merged, key=str)[:1]:
        asked = t.value(leaf, COV.ofProcedure)
        alike = [s for s in history if asked in facts.types(s.node)]
        requested = _session(procedure, on, facts)
        for certain, link in ((True, COV.mergedInto), (False, COV.perhapsMergedInto)):
            for second, first in _merged([*alike, requested], within, certain):
                assert isinstance(second.node, NamedNode)
                out.add(second.node, link, first.node)
    return out


def _session(node: Term, on: date, facts: Triples) -> Session:
    return Session(
        node,
        on,
        facts.value(node, COV.treatsRegion),
        frozenset(facts.objects(node, COV.treatsLevel)),
        frozenset(facts.objects(node, COV.onSide)),
    )


def _day(node: Term, facts: Triples) -> date:
    return date.fromisoformat(facts.text(node, COV.performedOn))


def _episode(
    rule: Term, history: list[Session], on: date, facts: Triples, knowledge: Knowledge
) -> Iterable[Session]:
    """Yield the sessions that belong to the current episode of their region.

    Going back from the date of service, an episode ends at the first gap as long as the
    rule's, at the last operation in the region, and wherever new pathology is recorded.
    """
    t = knowledge.triples
    of, gap = t.value(rule, COV.ofProcedure), t.text(rule, COV.episodeGap)
    breaking, fact = t.value(rule, COV.brokenBy), t.value(rule, COV.brokenByFact)
    by_region: dict[Term | None, list[Session]] = {}
    for session in history:
        if of in facts.types(session.node):
            by_region.setdefault(session.region, []).append(session)
    for region, sessions in by_region.items():
        broken = [
            s.on for s in history if breaking in facts.types(s.node) and s.region in (region, None)
        ]
        if fact is not None and region in _regions_with(fact, facts):
            continue
        later = on
        for session in sorted(sessions, key=lambda s: s.on, reverse=True):
            if gap and days.before(later, gap) >= session.on:
                break
            if any(session.on <= b for b in broken):
                break
            yield session
            later = session.on


def _regions_with(fact: Term, facts: Triples) -> set[Term]:
    """Return the regions whose pain record affirms a fact."""
    return {
        region
        for _, pain in facts.pairs(COV.hasPain)
        if fact in facts.objects(pain, COV.affirms)
        for region in facts.objects(pain, COV.inRegion)
    }


def _merged(
    sessions: list[Session], within: str, certain: bool
) -> Iterable[tuple[Session, Session]]:
    """Yield (second, first) for each pair of sides that counts as one session.

    Each session is paired once. Where sides or levels are silent a pair is possible, not
    certain.
    """
    taken: set[Term] = set()
    ordered = sorted(sessions, key=lambda s: (s.on, s.node.value))
    for i, second in enumerate(ordered):
        for first in reversed(ordered[:i]):
            close = days.before(second.on, within) <= first.on
            if first.node in taken or not close or first.on == second.on:
                continue
            if _two_sides(first, second, certain):
                taken |= {first.node, second.node}
                yield second, first
                break


def _two_sides(a: Session, b: Session, certain: bool) -> bool:
    """Say whether two sessions are, or may be, the two sides of the same levels."""
    if a.region != b.region and None not in (a.region, b.region):
        return False
    sides = len(a.sides) == len(b.sides) == 1 and a.sides != b.sides
    levels = bool(a.levels) and a.levels == b.levels
    if certain:
        return sides and levels
    return (sides or not a.sides or not b.sides) and (levels or not a.levels or not b.levels)
