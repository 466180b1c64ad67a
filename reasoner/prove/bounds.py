"""How many earlier procedures a question needs, worked out from the trees of the policies.

A patient that shows something needs so many sessions as its criteria need to fall out so: what
must be met together adds up, of alternatives the dearest is enough; for "not met" it is the
other way round. Where sides are merged each session keeps its partner, and of an episode each
keeps one that links it to the day. More sessions than these can be left out of any patient
without losing what it shows.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .. import days
from ..decision.decide import Decision
from ..facts.history import HistoryRules
from ..judge.components.changed_since_latest import LevelChanged, TechniqueChanged
from ..judge.components.each_response import EachResponded
from ..judge.components.earlier_sessions import EnoughSessions, FewSessions
from ..judge.components.first_session import FirstAtLeast, FirstLessThan
from ..judge.components.latest_response import LatestResponded
from ..judge.components.maximum_sessions import SessionsWithRequested
from ..judge.components.minimum_interval import Interval
from ..judge.components.responding_sessions import Responding
from ..judge.components.without_response import WithoutResponse
from ..policies.criteria import Criterion, Kind, Policy
from .vocabulary import Vocabulary


class Sessions(NamedTuple):
    """How many sessions it takes for a criterion to be met, and not to be."""

    met: int
    not_met: int


ONE_EACH = (LatestResponded, FirstAtLeast, FirstLessThan, LevelChanged, TechniqueChanged)


def sessions_needed(vocabulary: Vocabulary) -> int:
    """Return how many sessions show anything that these policies can decide of one request."""
    return sum(sessions_for(vocabulary, p, d) for p in vocabulary.policies for d in Decision)


def sessions_for(vocabulary: Vocabulary, policy: Policy, decision: Decision) -> int:
    """Return how many sessions show that a policy decides so.

    What is covered needs all that is required to be met; what is refused, enough of it not to
    be; what is neither may need both, each criterion being open for want of the other.
    """
    leaves = _leaves(vocabulary, policy)
    root = _of_criterion(policy.root, leaves)
    out = [_of_criterion(e, leaves).met for e in policy.exclusions]
    into = [_of_criterion(e, leaves).not_met for e in policy.exclusions]
    conditions = list(filter(None, [policy.applies_when]))
    conditions += [
        m.applies_when for g in policy.scoping_groups for m in g.members if m.applies_when
    ]
    found = [_of_criterion(a, leaves) for a in conditions]
    if decision is Decision.OUT_OF_SCOPE:
        return max([*out, sum(f.not_met for f in found)], default=0)
    inside = sum(into) + sum(f.met for f in found)
    if decision is Decision.COVERED:
        return root.met + inside
    if decision is Decision.NOT_COVERED:
        return root.not_met + inside
    return root.met + root.not_met + inside + sum(out) + sum(f.not_met for f in found)


def sessions_of_criterion(vocabulary: Vocabulary, policy: Policy, criterion: Criterion) -> Sessions:
    """Return how many sessions it takes for a criterion to be met, and not to be."""
    return _of_criterion(criterion, _leaves(vocabulary, policy))


def sessions_of_leaf(vocabulary: Vocabulary, policy: Policy) -> dict[str, int]:
    """Return by leaf how many sessions show that it is met, or is not."""
    return {name: max(found) for name, found in _leaves(vocabulary, policy).items()}


def _leaves(vocabulary: Vocabulary, policy: Policy) -> dict[str, Sessions]:
    rules = vocabulary.rules[policy]
    return {leaf.name: _of_leaf(leaf.holds, rules) for leaf in vocabulary.leaves[policy]}


def _of_criterion(criterion: Criterion, leaves: dict[str, Sessions]) -> Sessions:
    if criterion.is_leaf:
        return leaves[criterion.iri.value]
    parts = list(criterion.members)
    if criterion.route and criterion.route.grounds:
        parts.append(criterion.route.grounds)
    found = [_of_criterion(part, leaves) for part in parts]
    if criterion.kind is Kind.AND:
        return Sessions(sum(f.met for f in found), max(f.not_met for f in found))
    return Sessions(max(f.met for f in found), sum(f.not_met for f in found))


def _of_leaf(e: Any, rules: HistoryRules) -> Sessions:
    if isinstance(e, EnoughSessions | Responding):
        found = Sessions(e.least, 0)
    elif isinstance(e, FewSessions):
        found = Sessions(0, e.most + 1)
    elif isinstance(e, SessionsWithRequested | WithoutResponse):
        found = Sessions(0, e.most)
    elif isinstance(e, Interval | EachResponded):
        found = Sessions(0, 1)
    elif isinstance(e, ONE_EACH):
        found = Sessions(1, 1)
    else:
        return Sessions(0, 0)
    if getattr(e, "asks", False):
        # With none on record it is asked, and neither met nor not.
        found = Sessions(max(found.met, 1), max(found.not_met, 1))
    kept = 1 + bool(getattr(e, "merged", False)) + _needs_link(e, rules)
    return Sessions(found.met * kept, found.not_met * kept)


def _needs_link(e: Any, rules: HistoryRules) -> bool:
    """Return whether a session of the episode may need another that links it to the day.

    Those of a window no longer than the gap that ends an episode need none.
    """
    window, gap = getattr(e, "window", None), rules.episode.gap if rules.episode else None
    if not e.of.in_episode or gap is None:
        return False
    return window is None or days.most(window) > days.fewest(gap)
