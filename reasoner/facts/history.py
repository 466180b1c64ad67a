"""What a policy makes of a patient's history: episodes of care, and sessions that are one.

Both need a look at the whole history in its order, which no shape can take. A policy
says what it wants in its own file (how long a gap ends an episode, which events do, how
far apart two sides may lie); what is found is a view that components look at. It says what
surely is so, and what may be as long as days, regions, techniques, sides or levels are open.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import KnowledgeError
from ..knowledge.base import Knowledge
from ..namespaces import COV
from ..plain import NONE
from ..policies.criteria import Policy
from .episodes import Episode, members
from .layout import NO_VIEW, Facts, View
from .merging import Merging, merged_sides


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
        gap, by, fact, but = (
            t.text(node, p) or None
            for p in (COV.episodeGap, COV.brokenBy, COV.brokenByFact, COV.exceptIntent)
        )
        episode = Episode(t.text(node, COV.ofProcedure), gap, by, fact, but)
    merging = {
        Merging(
            t.text(leaf.iri, COV.ofProcedure), within.value, t.text(leaf.iri, COV.withTechnique)
        )
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
    sure, possible = members(rules.episode, facts, day) if rules.episode else (NONE, NONE)
    merged, perhaps = merged_sides(rules.merging, facts, day) if rules.merging else ({}, {})
    if not possible and not perhaps:
        return NO_VIEW
    return View(sure, possible, merged, perhaps)
