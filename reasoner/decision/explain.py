"""Why a decision is what it is, and what would settle it.

The deciding criteria are those without which the answer would be another. The missing
sets are the smallest sets of undocumented criteria that, if they turned out to be met,
would bring the decision to its best end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from ..errors import KnowledgeError
from ..judge.valuation import Outcome, Valuation, Value, Verdict, otherwise
from ..policies.criteria import Criterion, Kind, Policy
from .decide import Decision, Scope
from .reasons import Limits

Ways: TypeAlias = list[frozenset[Criterion]]
# Inside, a set of leaves has a bit for the place of each in the policy.
Sets: TypeAlias = list[int]

NOTHING: Sets = [0]
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
        limits = Limits(valuation, nearest=True)
        limits.add(policy.root, valuation.best(policy.root))
        found = limits.found
    return [c for c in policy.place if c in found]


def may_improve(criterion: Criterion, valuation: Valuation) -> bool:
    """Return whether a later date of service alone could raise the best end of a criterion."""
    if not criterion.is_dated or criterion.is_leaf:
        return criterion.is_dated
    if criterion.route and criterion.route.grounds and criterion.route.grounds.is_dated:
        return True
    if criterion.kind is Kind.AND:
        best = valuation.best(criterion)
        return all(
            may_improve(m, valuation) for m in criterion.members if valuation.best(m) <= best
        )
    if any(m.applies_when.is_dated for m in criterion.members if m.applies_when):
        return True
    return any(may_improve(m, valuation) for m in valuation.in_play(criterion))


def holding(criterion: Criterion, valuation: Valuation) -> set[Criterion]:
    """Return the leaves on which "covered" rests."""
    found = set(criterion.certain_leaves)
    for choice in criterion.choices:
        for member in choice.members:
            if valuation.is_covered(member):
                found |= holding(member, valuation)
    return found


def missing(policy: Policy, valuation: Valuation, scope: Scope, value: Value) -> Ways:
    """Return the smallest sets of undocumented criteria that lead to the best end.

    Where the scope is open, the sets include what would bring the request into it. The
    result is empty when nothing is missing.
    """
    if scope is Scope.OUT or (scope is Scope.IN and value.worst is value.best):
        return []
    seek = Seeking(valuation, policy.place)
    parts = [seek.ways(policy.root, value.best)]
    if policy.applies_when:
        parts.append(seek.ways(policy.applies_when, Outcome.COVERED))
    parts += [seek.ways_out(e) for e in policy.exclusions]
    for group in policy.scoping_groups:
        parts.append(smallest([w for m in group.members for w in seek.ways_in(m)]))
    places = [list(bits_of(way)) for way in each(parts)]
    by_name = policy.by_name
    places.sort(key=lambda way: (len(way), sorted([by_name[i] for i in way])))
    criteria = tuple(policy.place)
    return [frozenset([criteria[i] for i in way]) for way in places]


@dataclass(frozen=True)
class Seeking:
    """Seeks the smallest sets of undocumented leaves that would bring something about.

    Parameters
    ----------
    place : dict
        From a criterion to its bit.
    """

    valuation: Valuation
    place: dict[Criterion, int]

    def ways(self, criterion: Criterion, target: Outcome) -> Sets:
        """Return the sets that make a criterion worth the target."""
        value = self.valuation.value(criterion)
        if value.worst >= target:
            return NOTHING
        if value.best < target:
            return []
        found: Sets
        if criterion.is_leaf:
            found = self.leaf(criterion, Verdict.MET)
        elif criterion.kind is Kind.AND:
            found = each([self.ways(m, target) for m in criterion.members])
        else:
            found = [
                way
                for m in self.valuation.in_play(criterion)
                for way in each([self.ways_in(m), self.ways(m, target)])
            ]
            if otherwise(criterion).worst >= target:
                found += each([self.ways_aside(m) for m in criterion.members])
        if criterion.route and target is Outcome.REVIEW:
            grounds = criterion.route.grounds
            found = found + (self.ways(grounds, Outcome.COVERED) if grounds else NOTHING)
        return smallest(found)

    def ways_out(self, exclusion: Criterion) -> Sets:
        """Return the sets whose failing undoes an exclusion."""
        if exclusion.is_leaf:
            return self.leaf(exclusion, Verdict.NOT_MET)
        parts = [self.ways_out(m) for m in exclusion.members]
        if exclusion.kind is Kind.OR:
            return each(parts)
        return smallest([w for part in parts for w in part])

    def ways_in(self, member: Criterion) -> Sets:
        """Return the sets that bring a member of a group into play."""
        return self.ways(when, Outcome.COVERED) if (when := member.applies_when) else NOTHING

    def ways_aside(self, member: Criterion) -> Sets:
        """Return the sets whose failing drops a member."""
        return self.ways_out(member.applies_when) if member.applies_when else []

    def leaf(self, leaf: Criterion, wanted: Verdict) -> Sets:
        """Return what it takes for the verdict on a leaf to be the one wanted."""
        verdict = self.valuation.verdict(leaf)
        if verdict is Verdict.NOT_DOCUMENTED:
            return [1 << self.place[leaf]]
        return NOTHING if verdict is wanted else []


def each(parts: list[Sets]) -> Sets:
    """Return the smallest unions of one set from each part."""
    found = NOTHING
    for part in parts:
        if found == NOTHING:
            found = part
        elif part != NOTHING:
            unions = [x | y for x in found for y in part]
            # None contains another where the two have no leaf in common.
            apart = not leaves_in(found) & leaves_in(part) and len(unions) <= MAX_WAYS
            found = unions if apart else smallest(unions)
    return found


def leaves_in(ways: Sets) -> int:
    """Return the leaves of all the sets together."""
    found = 0
    for way in ways:
        found |= way
    return found


def smallest(found: Sets) -> Sets:
    """Drop every set that contains another.

    Raises
    ------
    KnowledgeError
        When more are left than anybody could go through.
    """
    kept = fewest(found)
    if len(kept) > MAX_WAYS:
        raise KnowledgeError(f"a policy leaves more than {MAX_WAYS} ways to settle a request")
    return kept


def fewest(found: Sets) -> Sets:
    """Return the sets that contain no other, the smaller first."""
    if len(found) < 2:
        return found
    kept: Sets = []
    found = sorted(set(found), key=int.bit_count)
    # Different sets of one size do not contain each other.
    if found[0].bit_count() == found[-1].bit_count():
        return found
    for way in found:
        for k in kept:
            if k & way == k:
                break
        else:
            kept.append(way)
    return kept


def bits_of(way: int) -> Iterable[int]:
    """Yield the places of the bits that are set."""
    while way:
        lowest = way & -way
        yield lowest.bit_length() - 1
        way ^= lowest
