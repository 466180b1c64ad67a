"""What is missing, by how it combines: all of these, one of those.

The missing sets are every choice written out, which is a product of alternatives. Here the
choices stay side by side as the policy has them, each named once; written out, they are the
same sets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import TypeAlias

from ..judge.valuation import Outcome, Valuation, Verdict, otherwise
from ..policies.criteria import Criterion, Kind, Policy
from .explain import Ways


@dataclass(frozen=True)
class AllOf:
    """What is needed together; nothing, where it is empty."""

    parts: tuple[Need, ...] = ()


@dataclass(frozen=True)
class OneOf:
    """Alternatives any of which, or so many of which, are enough; out of reach without any."""

    parts: tuple[Need, ...] = ()
    least: int = 1


Need: TypeAlias = Criterion | AllOf | OneOf

NOTHING, OUT_OF_REACH = AllOf(), OneOf()


def needed(policy: Policy, valuation: Valuation, best: Outcome) -> AllOf:
    """Return what has to be documented for a request to come to its best end."""
    seek = Seeking(valuation)
    parts = [seek.need(policy.root, best)]
    if policy.applies_when:
        parts.append(seek.need(policy.applies_when, Outcome.COVERED))
    parts += [seek.undone(e) for e in policy.exclusions]
    parts += [one_of(seek.in_play(m) for m in g.members) for g in policy.scoping_groups]
    found = counted(simple(all_of(parts)))
    if not isinstance(found, AllOf):
        found = AllOf((found,))
    # What is needed in any case comes first, in the order of the document.
    certain = sorted((c for c in found.parts if isinstance(c, Criterion)), key=policy.place.get)  # type: ignore[arg-type]
    return AllOf((*certain, *(p for p in found.parts if not isinstance(p, Criterion))))


@dataclass(frozen=True)
class Seeking:
    """Seeks what undocumented leaves would bring something about."""

    valuation: Valuation

    def need(self, criterion: Criterion, target: Outcome) -> Need:
        """Return what makes a criterion worth the target."""
        value = self.valuation.value(criterion)
        if value.worst >= target:
            return NOTHING
        if value.best < target:
            return OUT_OF_REACH
        found: Need
        if criterion.is_leaf:
            found = self.leaf(criterion, Verdict.MET)
        elif criterion.kind is Kind.AND:
            found = all_of(self.need(m, target) for m in criterion.members)
        else:
            ways = [
                all_of((self.in_play(m), self.need(m, target)))
                for m in self.valuation.in_play(criterion)
            ]
            if otherwise(criterion).worst >= target:
                ways.append(all_of(self.aside(m) for m in criterion.members))
            found = one_of(ways)
        if criterion.route and target is Outcome.REVIEW:
            grounds = criterion.route.grounds
            found = one_of((found, self.need(grounds, Outcome.COVERED) if grounds else NOTHING))
        return found

    def undone(self, exclusion: Criterion) -> Need:
        """Return what undoes an exclusion by failing."""
        if exclusion.is_leaf:
            return self.leaf(exclusion, Verdict.NOT_MET)
        parts = (self.undone(m) for m in exclusion.members)
        return all_of(parts) if exclusion.kind is Kind.OR else one_of(parts)

    def in_play(self, member: Criterion) -> Need:
        """Return what brings a member of a group into play."""
        return self.need(when, Outcome.COVERED) if (when := member.applies_when) else NOTHING

    def aside(self, member: Criterion) -> Need:
        """Return what drops a member of a group by failing."""
        return self.undone(member.applies_when) if member.applies_when else OUT_OF_REACH

    def leaf(self, leaf: Criterion, wanted: Verdict) -> Need:
        verdict = self.valuation.verdict(leaf)
        if verdict is Verdict.NOT_DOCUMENTED:
            return leaf
        return NOTHING if verdict is wanted else OUT_OF_REACH


def all_of(parts: Iterable[Need]) -> Need:
    """Return the parts together, each once, those within parts taken out of them."""
    found: dict[Need, None] = {}
    for part in parts:
        if isinstance(part, OneOf) and not part.parts:
            return OUT_OF_REACH
        found |= dict.fromkeys(part.parts if isinstance(part, AllOf) else (part,))
    return next(iter(found)) if len(found) == 1 else AllOf(tuple(found))


def one_of(parts: Iterable[Need]) -> Need:
    """Return the parts as alternatives, each once, those within parts taken out of them."""
    found: dict[Need, None] = {}
    for part in parts:
        if isinstance(part, AllOf) and not part.parts:
            return NOTHING
        inside = part.parts if isinstance(part, OneOf) and part.least == 1 else (part,)
        found |= dict.fromkeys(inside)
    return next(iter(found)) if len(found) == 1 else OneOf(tuple(found))


def simple(need: Need, given: frozenset[Criterion] = frozenset()) -> Need:
    """Return a need without what is given, and without what another part of it makes needless."""
    if isinstance(need, Criterion):
        return NOTHING if need in given else need
    if isinstance(need, AllOf):
        certain = certain_of(need)
        parts = [simple(p, given | (certain - certain_of(p))) for p in need.parts]
        found = all_of(parts)
        return found if found == need else simple(found, given)
    found = one_of(simple(p, given) for p in need.parts)
    if not isinstance(found, OneOf) or not found.parts:
        return found
    shared = frozenset.intersection(*(certain_of(p) for p in found.parts))
    if shared:
        inside = simple(found, given | shared)
        return all_of((*(c for c in in_order(found) if c in shared), inside))
    return one_of(_needful(found.parts))


def counted(need: Need) -> Need:
    """Return a need with "so many of these" where alternatives are all choices of as many."""
    if isinstance(need, Criterion):
        return need
    if isinstance(need, AllOf):
        return all_of(counted(p) for p in need.parts)
    by_size: dict[int, dict[Need, None]] = {}
    for part in need.parts:
        size = len(part.parts) if isinstance(part, AllOf) else 1
        by_size.setdefault(size, {})[part] = None
    found: list[Need] = []
    for size, alike in by_size.items():
        among = tuple(dict.fromkeys(p for a in alike if isinstance(a, AllOf) for p in a.parts))
        if size > 1 and len(alike) == comb(len(among), size) > 1:
            found.append(OneOf(tuple(counted(p) for p in among), size))
        else:
            found += [counted(p) for p in alike]
    return one_of(found)


def certain_of(need: Need) -> frozenset[Criterion]:
    """Return the criteria without which a need is not met."""
    if isinstance(need, Criterion):
        return frozenset({need})
    if isinstance(need, AllOf):
        return frozenset().union(*(certain_of(p) for p in need.parts))
    return frozenset()


def _needful(among: tuple[Need, ...]) -> Iterator[Need]:
    """Yield the alternatives that are met where none of the others is enough."""
    certain = {need: certain_of(need) for need in among}
    enough = [need for need in among if not _leaves_choice(need)]
    for need, own in certain.items():
        if not any(certain[other] <= own for other in enough if other is not need):
            yield need


def _leaves_choice(need: Need) -> bool:
    return isinstance(need, OneOf) or (
        isinstance(need, AllOf) and any(map(_leaves_choice, need.parts))
    )


def in_order(need: Need) -> Iterator[Criterion]:
    """Yield every criterion of a need, as they come."""
    if isinstance(need, Criterion):
        yield need
    else:
        for part in need.parts:
            yield from in_order(part)


def written_out(need: Need) -> Ways:
    """Return every way to meet a need, those that contain another too."""
    if isinstance(need, Criterion):
        return [frozenset({need})]
    if isinstance(need, OneOf):
        return [
            way
            for parts in combinations(need.parts, need.least)
            for way in (written_out(AllOf(parts)) if need.least > 1 else written_out(*parts))
        ]
    ways: Ways = [frozenset()]
    for part in need.parts:
        ways = [a | b for a in ways for b in written_out(part)]
    return ways
