"""Why a decision is what it is, and what would settle it.

The deciding criteria are those without which the answer would be another. The missing
sets are the smallest sets of undocumented criteria that, if they turned out to be met,
would bring the decision to its best end.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import TypeAlias

from .criteria import Criterion, Kind, Policy
from .decide import Decision, Outcome, Scope, Valuation, Value
from .errors import KnowledgeError
from .judge import Verdict

Way: TypeAlias = frozenset[Criterion]
Ways: TypeAlias = list[Way]

NOTHING: Ways = [frozenset()]
MAX_WAYS = 2000


def deciding(
    policy: Policy,
    valuation: Valuation,
    decision: Decision,
    scope: tuple[Scope, tuple[Criterion, ...]],
    missing: Ways,
) -> list[Criterion]:
    """Return the criteria that a decision turns on, in the order of the document."""
    if decision is Decision.OUT_OF_SCOPE:
        found = set(scope[1])
    elif decision is Decision.NEEDS_INFORMATION:
        found = {c for way in missing for c in way}
    elif decision is Decision.COVERED:
        found = holding(policy.root, valuation)
    else:
        found = limiting(policy.root, valuation, valuation.value(policy.root).best)
    return sorted(found, key=policy.place.__getitem__)


def limiting(criterion: Criterion, valuation: Valuation, best: Outcome) -> set[Criterion]:
    """Return the criteria that keep a criterion from being worth more than its best end."""
    if best is Outcome.REVIEW and lifted(criterion, valuation):
        return {criterion}
    if criterion.is_leaf:
        return {criterion}
    if criterion.kind is Kind.AND:
        blocking = [m for m in criterion.members if valuation.value(m).best <= best]
        return union(limiting(m, valuation, valuation.value(m).best) for m in blocking)
    in_play = valuation.in_play(criterion)
    if in_play:
        reaching = [m for m in in_play if valuation.value(m).best is best]
        return union(limiting(m, valuation, best) for m in reaching)
    return union(
        limiting(m.applies_when, valuation, Outcome.NOT_COVERED)
        for m in criterion.members
        if m.applies_when
    ) or {criterion}


def lifted(criterion: Criterion, valuation: Valuation) -> bool:
    """Say whether it is a criterion's own review route that brings it to review."""
    return (
        criterion.route is not None
        and valuation.bare(criterion).best < Outcome.COVERED
        and valuation.grounds(criterion).best is Outcome.COVERED
    )


def holding(criterion: Criterion, valuation: Valuation) -> set[Criterion]:
    """Return the leaves on which "covered" rests."""
    if criterion.is_leaf:
        return {criterion}
    members: Iterable[Criterion] = criterion.members
    if criterion.kind is Kind.OR:
        members = (m for m in criterion.members if valuation.value(m).worst is Outcome.COVERED)
    return union(holding(m, valuation) for m in members)


def missing(policy: Policy, valuation: Valuation, scope: Scope, value: Value) -> Ways:
    """Return the smallest sets of undocumented criteria that lead to the best end.

    Where the scope is open, the sets include what would bring the request into it. The
    result is empty when nothing is missing.
    """
    if scope is Scope.OUT or (scope is Scope.IN and value.worst is value.best):
        return []
    parts = [ways(policy.root, valuation, value.best)]
    if policy.applies_when:
        parts.append(ways(policy.applies_when, valuation, Outcome.COVERED))
    parts += [ways_out(e, valuation) for e in policy.exclusions]
    for group in policy.scoping_groups:
        parts.append(smallest([w for m in group.members for w in ways_in(m, valuation)]))
    return sorted(each(parts), key=lambda w: (len(w), sorted(c.iri.value for c in w)))


def ways(criterion: Criterion, valuation: Valuation, target: Outcome) -> Ways:
    """Return the smallest sets of undocumented leaves that make a criterion worth the target."""
    if target is Outcome.NOT_COVERED:
        return NOTHING
    found: Ways
    if criterion.is_leaf:
        verdict = valuation.verdict(criterion)
        found = {
            Verdict.MET: NOTHING,
            Verdict.NOT_MET: [],
            Verdict.NOT_DOCUMENTED: [frozenset({criterion})],
        }[verdict]
    elif criterion.kind is Kind.AND:
        found = each([ways(m, valuation, target) for m in criterion.members])
    else:
        found = [
            way
            for m in valuation.in_play(criterion)
            for way in each([ways_in(m, valuation), ways(m, valuation, target)])
        ]
        if valuation.otherwise(criterion).worst >= target:
            found += each([ways_aside(m, valuation) for m in criterion.members])
    if criterion.route and target is Outcome.REVIEW:
        grounds = criterion.route.grounds
        found = found + (ways(grounds, valuation, Outcome.COVERED) if grounds else NOTHING)
    return smallest(found)


def ways_out(exclusion: Criterion, valuation: Valuation) -> Ways:
    """Return the smallest sets of undocumented leaves whose failing undoes an exclusion."""
    if exclusion.is_leaf:
        return {
            Verdict.MET: [],
            Verdict.NOT_MET: NOTHING,
            Verdict.NOT_DOCUMENTED: [frozenset({exclusion})],
        }[valuation.verdict(exclusion)]
    parts = [ways_out(m, valuation) for m in exclusion.members]
    if exclusion.kind is Kind.OR:
        return each(parts)
    return smallest([w for part in parts for w in part])


def ways_in(member: Criterion, valuation: Valuation) -> Ways:
    """Return the smallest sets of undocumented leaves that bring a member of a group into play."""
    when = member.applies_when
    return ways(when, valuation, Outcome.COVERED) if when else NOTHING


def ways_aside(member: Criterion, valuation: Valuation) -> Ways:
    """Return the smallest sets of undocumented leaves whose failing drops a member."""
    return ways_out(member.applies_when, valuation) if member.applies_when else []


def each(parts: list[Ways]) -> Ways:
    """Return the smallest unions of one way from each part."""

    def combined(a: Ways, b: Ways) -> Ways:
        return smallest([x | y for x in a for y in b])

    return reduce(combined, parts, NOTHING)


def smallest(found: Ways) -> Ways:
    """Drop every way that contains another."""
    kept: Ways = []
    for way in sorted(set(found), key=len):
        if not any(k <= way for k in kept):
            kept.append(way)
    if len(kept) > MAX_WAYS:
        raise KnowledgeError(f"a policy leaves more than {MAX_WAYS} ways to settle a request")
    return kept


def union(sets: Iterable[set[Criterion]]) -> set[Criterion]:
    return {c for s in sets for c in s}
