"""What a decision rests on: the smallest set of readings of silence that yields it.

Some silence is read as none or absent. Were all of it open, most decisions would be
questions; those readings without which this one would be are what it rests on. They are
found as proofs: a set of readings proves that a criterion is worth at least, or at most, so
much, or that its verdict is a certain one, and what it takes follows down the tree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from ..facts.layout import Facts
from ..judge.valuation import Outcome, Valuation, Verdict, otherwise
from ..knowledge.base import Knowledge
from ..policies.criteria import Criterion, Kind, Policy
from .decide import Decision
from .explain import NOTHING, Sets, bits_of, fewest
from .silences import Silence, Silences

# More ways than this to prove one thing are not followed: the smaller ones go first.
MOST = 200
# So many patterns of verdicts are remembered; nothing of a request is in them.
MOST_KEPT = 1024
# Stands for a leaf whose silence is not read.
OPEN = -1


@dataclass(frozen=True)
class Reading:
    """A reading of silence that a decision rests on.

    Parameters
    ----------
    words : str
        What is not stated.
    criteria : tuple of Criterion
        The criteria that read the silence so, in the order of the document.
    """

    words: str
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True)
class Rests:
    """Finds what decisions rest on.

    Parameters
    ----------
    knowledge : Knowledge
        Where the criteria come from.
    """

    knowledge: Knowledge
    _silences: dict[Policy, dict[Criterion, tuple[Silence, ...]]] = field(
        default_factory=dict, repr=False
    )
    _found: dict[Any, tuple[Reading, ...]] = field(default_factory=dict, repr=False)
    _below: dict[Policy, dict[Criterion, frozenset[Criterion]]] = field(
        default_factory=dict, repr=False
    )

    def read(
        self, policy: Policy, valuation: Valuation, facts: Facts
    ) -> dict[Criterion, tuple[str, ...]]:
        """Return the leaves that were judged on silence, each with what is not stated."""
        if policy not in self._silences:
            silences = self._silences[policy] = Silences(self.knowledge).of(policy.leaves)
            self._below[policy] = {
                c: frozenset(leaf for leaf in c.order if leaf in silences)
                for c in policy.criteria.values()
            }
        found: dict[Criterion, tuple[str, ...]] = {}
        for leaf, own in self._silences[policy].items():
            if valuation.verdict(leaf) is Verdict.NOT_DOCUMENTED:
                continue
            if words := tuple([silence.words for silence in own if silence.kept(facts)]):
                found[leaf] = words
        return found

    def on(
        self, policy: Policy, valuation: Valuation, decision: Decision, facts: Facts
    ) -> tuple[Reading, ...]:
        """Return the smallest set of readings that yields a decision.

        Of several as small, it is the one whose readings come first in the policy.
        """
        if decision is Decision.NEEDS_INFORMATION:
            return ()
        read = self.read(policy, valuation, facts)
        if not read:
            return ()
        # Requests that come out alike rest on the same.
        verdicts = tuple(v.rank for v in valuation.verdicts_on(policy.leaves))
        key = policy, decision, verdicts, tuple(read.items())
        found = self._found.get(key)
        if found is None:
            if len(self._found) >= MOST_KEPT:
                self._found.clear()
            found = self._found[key] = self._proved(policy, valuation, decision, read)
        return found

    def _proved(
        self,
        policy: Policy,
        valuation: Valuation,
        decision: Decision,
        read: dict[Criterion, tuple[str, ...]],
    ) -> tuple[Reading, ...]:
        below = self._below[policy]
        above = {c for c in below if not read.keys().isdisjoint(below[c])}
        words = list(dict.fromkeys(w for told in read.values() for w in told))
        bit = {word: 1 << i for i, word in enumerate(words)}
        bits = {leaf: reduce(or_, (bit[w] for w in told)) for leaf, told in read.items()}
        proofs = Proving(valuation, bits, above).of(policy, decision)
        if not proofs or not (proof := min(proofs, key=_order)):
            return ()
        # Of the criteria that read silence so, those that count are told.
        kept = [leaf for leaf in read if not bits[leaf] & ~proof]
        own = {leaf: 1 << kept.index(leaf) if leaf in kept else OPEN for leaf in read}
        least = min(Proving(valuation, own, above).of(policy, decision), key=_order)
        told = [leaf for i, leaf in enumerate(kept) if least >> i & 1]
        return tuple(
            Reading(word, tuple(leaf for leaf in told if word in read[leaf]))
            for word in words
            if bit[word] & proof
        )


def _order(proof: int) -> tuple[int, list[int]]:
    """Put the smaller proof first, then the one whose readings come first in the policy."""
    return proof.bit_count(), list(bits_of(proof))


@dataclass(frozen=True)
class Proving:
    """Finds the smallest sets of readings that prove something of a criterion.

    Parameters
    ----------
    bits : dict
        From a leaf that was judged on silence to a set of readings, or to ``OPEN``.
    above : set
        These leaves, and all criteria in which any of them has a say.
    """

    valuation: Valuation
    bits: dict[Criterion, int]
    above: set[Criterion]

    def of(self, policy: Policy, decision: Decision) -> Sets:
        """Return the smallest sets that prove a decision."""
        applies, root = policy.applies_when, policy.root
        if decision is Decision.OUT_OF_SCOPE:
            ways = [self.verdict(e, Verdict.MET) for e in policy.exclusions]
            if applies:
                ways.append(self.verdict(applies, Verdict.NOT_MET))
            return any_one(ways + [self.none_applies(g.members) for g in policy.scoping_groups])
        parts = [self.verdict(e, Verdict.NOT_MET) for e in policy.exclusions]
        if applies:
            parts.append(self.verdict(applies, Verdict.MET))
        parts += [self.one_applies(g.members) for g in policy.scoping_groups]
        if decision is not Decision.NOT_COVERED:
            least = Outcome.COVERED if decision is Decision.COVERED else Outcome.REVIEW
            parts.append(self.at_least(root, least))
        if decision is not Decision.COVERED:
            most = Outcome.REVIEW if decision is Decision.NEEDS_REVIEW else Outcome.NOT_COVERED
            parts.append(self.at_most(root, most))
        return together(parts)

    def verdict(self, criterion: Criterion, wanted: Verdict) -> Sets:
        """Return what proves that a criterion has a verdict, review routes left aside."""
        if self.valuation.verdict(criterion) is not wanted:
            return []
        if criterion not in self.above:
            return NOTHING
        if criterion.is_leaf:
            bits = self.bits.get(criterion, 0)
            return [] if bits == OPEN else [bits]
        parts = (self.verdict(m, wanted) for m in criterion.members)
        alike = (criterion.kind is Kind.AND) is (wanted is Verdict.MET)
        return together(parts) if alike else any_one(parts)

    def applies(self, member: Criterion, wanted: Verdict) -> Sets:
        """Return what proves that a member of a group is, or is not, in play."""
        if member.applies_when:
            return self.verdict(member.applies_when, wanted)
        return NOTHING if wanted is Verdict.MET else []

    def one_applies(self, members: Sequence[Criterion]) -> Sets:
        return any_one(self.applies(m, Verdict.MET) for m in members)

    def none_applies(self, members: Sequence[Criterion]) -> Sets:
        return together(self.applies(m, Verdict.NOT_MET) for m in members)

    def at_least(self, criterion: Criterion, end: Outcome) -> Sets:
        """Return what proves that the worst end of a criterion is no less than this."""
        if self.valuation.value(criterion).worst < end:
            return []
        if criterion not in self.above:
            return NOTHING
        if criterion.is_leaf:
            found = self.verdict(criterion, Verdict.MET)
        elif criterion.kind is Kind.AND:
            found = together(self.at_least(m, end) for m in criterion.members)
        else:
            ways = [
                together((self.applies(m, Verdict.MET), self.at_least(m, end)))
                for m in criterion.members
            ]
            if otherwise(criterion).worst >= end:
                ways.append(self.none_applies(criterion.members))
            found = any_one(ways)
        if criterion.route and end is Outcome.REVIEW:
            grounds = criterion.route.grounds
            other = self.at_least(grounds, Outcome.COVERED) if grounds else NOTHING
            found = any_one((found, other))
        return found

    def at_most(self, criterion: Criterion, end: Outcome) -> Sets:
        """Return what proves that the best end of a criterion is no more than this."""
        if self.valuation.value(criterion).best > end:
            return []
        if criterion not in self.above:
            return NOTHING
        if criterion.is_leaf:
            found = self.verdict(criterion, Verdict.NOT_MET)
        elif criterion.kind is Kind.AND:
            found = any_one(self.at_most(m, end) for m in criterion.members)
        else:
            parts = [
                any_one((self.applies(m, Verdict.NOT_MET), self.at_most(m, end)))
                for m in criterion.members
            ]
            if otherwise(criterion).best > end:
                parts.append(self.one_applies(criterion.members))
            found = together(parts)
        if criterion.route and end is Outcome.NOT_COVERED:
            grounds = criterion.route.grounds
            found = together((found, self.at_most(grounds, Outcome.REVIEW) if grounds else []))
        return found


def together(parts: Iterable[Sets]) -> Sets:
    """Return the smallest unions of one set from each part."""
    found = NOTHING
    for part in parts:
        if not part:
            return []
        if part != NOTHING:
            found = fewest([x | y for x in found for y in part])[:MOST]
    return found


def any_one(parts: Iterable[Sets]) -> Sets:
    """Return the smallest sets of all the parts."""
    found: Sets = []
    for part in parts:
        if part == NOTHING:
            return NOTHING
        found += part
    return fewest(found)[:MOST]
