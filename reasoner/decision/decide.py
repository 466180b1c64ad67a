"""What criteria are worth, how they combine, and which of the five decisions follows.

A value has two ends, worst and best, because what is not documented may still turn out
either way. "and" takes the minimum of each end, "or" the maximum. Equal ends are a
decision; ends apart are a question to the requester. This is the only module that
turns verdicts into decisions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum, IntEnum
from typing import NamedTuple

from ..errors import KnowledgeError
from ..judge import Verdict, Verdicts
from ..namespaces import COV
from ..policies.criteria import Criterion, Kind, Policy

__all__ = ["Decision", "Kind", "Outcome", "Scope", "Valuation", "Value", "decide", "scope"]


class Outcome(IntEnum):
    """What an end of a value stands for, from worst to best."""

    NOT_COVERED = 0
    REVIEW = 1
    COVERED = 2


class Value(NamedTuple):
    """The worst and the best that the undocumented may bring."""

    worst: Outcome
    best: Outcome


COVERED = Value(Outcome.COVERED, Outcome.COVERED)
NOT_COVERED = Value(Outcome.NOT_COVERED, Outcome.NOT_COVERED)
REVIEW = Value(Outcome.REVIEW, Outcome.REVIEW)
UNKNOWN = Value(Outcome.NOT_COVERED, Outcome.COVERED)

NEEDS_REVIEW = COV.NeedsReview


class Decision(Enum):
    """The five answers."""

    COVERED = "covered"
    NOT_COVERED = "not-covered"
    NEEDS_INFORMATION = "needs-information"
    NEEDS_REVIEW = "needs-review"
    OUT_OF_SCOPE = "out-of-scope"


SETTLED = {
    Outcome.NOT_COVERED: Decision.NOT_COVERED,
    Outcome.REVIEW: Decision.NEEDS_REVIEW,
    Outcome.COVERED: Decision.COVERED,
}


# A verdict and both ends of a value in six bits, so that "and" is a bitwise and, "or" a
# bitwise or: each end and the verdict has a bit for being at least so good.
ASKED, HOLDS, WORST_REVIEW, WORST_COVERED, BEST_REVIEW, BEST_COVERED = (1 << i for i in range(6))
VERDICT, BEST, ALL = ASKED | HOLDS, BEST_REVIEW | BEST_COVERED, (1 << 6) - 1
TO_REVIEW = WORST_REVIEW | BEST_REVIEW
# By the bits of its grounds: the ends that a review route raises to review. Documented grounds
# raise both; undocumented ones only the best; grounds that are not met raise nothing.
LIFTS = tuple(
    (WORST_REVIEW if bits & WORST_COVERED else 0) | (BEST_REVIEW if bits & BEST_COVERED else 0)
    for bits in range(ALL + 1)
)
# By the rank of a verdict on a leaf.
OF_RANK = (0, ASKED | BEST, ALL)
VERDICTS = (Verdict.NOT_MET, Verdict.NOT_DOCUMENTED, Verdict.NOT_DOCUMENTED, Verdict.MET)
VALUES = tuple(
    Value(
        Outcome(bool(bits & WORST_REVIEW) + bool(bits & WORST_COVERED)),
        Outcome(bool(bits & BEST_REVIEW) + bool(bits & BEST_COVERED)),
    )
    for bits in range(ALL + 1)
)


class Valuation:
    """The value of every criterion of a policy, from the verdicts on its leaves.

    ``judge.compiled.values`` writes the same as straight code, and is held to it.

    Parameters
    ----------
    verdicts : mapping
        From the IRI of each leaf to its verdict.
    """

    def __init__(self, verdicts: Verdicts) -> None:
        self.verdicts = verdicts
        self._bits: dict[Criterion, int] = {}

    def value(self, criterion: Criterion) -> Value:
        """Return what a criterion is worth, its review route included."""
        return VALUES[self.bits(criterion)]

    def verdict(self, criterion: Criterion) -> Verdict:
        """Return the verdict on a leaf or a composite, review routes left aside."""
        return VERDICTS[self.bits(criterion) & VERDICT]

    def verdicts_on(self, criteria: Iterable[Criterion]) -> list[Verdict]:
        """Return the verdicts on several criteria."""
        bits = self._bits
        return [VERDICTS[(bits[c] if c in bits else self.bits(c)) & VERDICT] for c in criteria]

    def best(self, criterion: Criterion) -> int:
        """Return the best end of a criterion in bits, which compare as outcomes do."""
        return self.bits(criterion) & BEST

    def is_covered(self, criterion: Criterion) -> bool:
        """Return whether a criterion is covered at its worst."""
        return bool(self.bits(criterion) & WORST_COVERED)

    def bare(self, criterion: Criterion) -> Value:
        """Return what a criterion is worth without its own review route."""
        self.bits(criterion)
        return VALUES[self._unlifted(criterion)]

    def grounds(self, criterion: Criterion) -> Value:
        """Return what the grounds of a criterion's review route are worth."""
        if criterion.route is None:
            return NOT_COVERED
        return self.value(criterion.route.grounds) if criterion.route.grounds else COVERED

    def in_play(self, criterion: Criterion) -> list[Criterion]:
        """Return the members of a composite without the indications that do not apply."""
        return [m for m in criterion.members if self.applies(m) is not Verdict.NOT_MET]

    def members(self, criterion: Criterion) -> Sequence[Criterion]:
        """Return all that an "and" combines, or the alternatives of an "or" that are in play."""
        return self.in_play(criterion) if criterion.kind is Kind.OR else criterion.members

    def applies(self, criterion: Criterion) -> Verdict:
        """Return whether a criterion is in play; anything but an indication always is."""
        when = criterion.applies_when
        return VERDICTS[self.bits(when) & VERDICT] if when else Verdict.MET

    def applying(self, group: Criterion) -> Verdict:
        """Return whether any member of a group is in play."""
        found = 0
        for member in group.members:
            when = member.applies_when
            found |= self.bits(when) if when else ALL
        return VERDICTS[found & VERDICT]

    def otherwise(self, group: Criterion) -> Value:
        """Return what a group is worth when none of its indications applies."""
        return VALUES[rest_of(group, 0)]

    def bits(self, criterion: Criterion) -> int:
        """Return the verdict on a criterion and its value, in bits."""
        bits = self._bits
        if criterion not in bits:
            for c in criterion.order:
                if c.is_leaf:
                    bits[c] = OF_RANK[self._verdict(c).rank]
                bits[c] = self._unlifted(c)
                if c.route:
                    grounds = c.route.grounds
                    bits[c] |= LIFTS[bits[grounds] if grounds else ALL]
        return bits[criterion]

    def _verdict(self, leaf: Criterion) -> Verdict:
        if leaf.iri not in self.verdicts:
            raise KnowledgeError(f"{leaf.iri.value} was not judged")
        return self.verdicts[leaf.iri]

    def _unlifted(self, criterion: Criterion) -> int:
        """Return the bits of a criterion as its members make them."""
        bits = self._bits
        if criterion.is_leaf:
            return OF_RANK[VERDICTS[bits[criterion] & VERDICT].rank]
        if criterion.kind is Kind.OR:
            return self._group(criterion)
        found = ALL
        for member in criterion.members:
            found &= bits[member]
        return found

    def _group(self, group: Criterion) -> int:
        """Return what the alternatives that are in play are worth between them."""
        bits = self._bits
        verdict = value = applying = 0
        for member in group.members:
            found = bits[member]
            verdict |= found
            when = member.applies_when
            applies = bits[when] & VERDICT if when else VERDICT
            applying |= applies
            if applies == VERDICT:
                value |= found
            elif applies:
                # It adds nothing at worst while it may yet drop out.
                value |= found & BEST
        value |= rest_of(group, applying)
        return verdict & VERDICT | value & ~VERDICT


def rest_of(group: Criterion, applying: int) -> int:
    """Return what a group is worth apart from its members, by whether any of them applies."""
    otherwise = TO_REVIEW if group.otherwise == NEEDS_REVIEW else 0
    if not applying:
        return otherwise
    return otherwise & BEST if applying == ASKED else 0


class Scope(Enum):
    """Whether a policy speaks to a request of its target class."""

    IN = "in scope"
    OUT = "out of scope"
    OPEN = "scope not documented"


def scope(policy: Policy, valuation: Valuation) -> tuple[Scope, tuple[Criterion, ...]]:
    """Return whether a policy speaks to a request, and the criteria that say so.

    A documented exclusion, or a condition of application that is not met, puts the
    request out of scope; an undocumented one leaves the scope open.
    """
    excluding: list[Criterion] = []
    open_: list[Criterion] = []
    for exclusion in policy.exclusions:
        verdict = valuation.verdict(exclusion)
        if verdict is Verdict.MET:
            excluding.append(exclusion)
        elif verdict is Verdict.NOT_DOCUMENTED:
            open_.append(exclusion)
    if excluding:
        return Scope.OUT, tuple(excluding)
    applies = valuation.verdict(policy.applies_when) if policy.applies_when else Verdict.MET
    if policy.applies_when and applies is Verdict.NOT_MET:
        return Scope.OUT, (policy.applies_when,)
    groups = {g: valuation.applying(g) for g in policy.scoping_groups}
    if silent := tuple(g for g, v in groups.items() if v is Verdict.NOT_MET):
        return Scope.OUT, silent
    open_ += [g for g, v in groups.items() if v is Verdict.NOT_DOCUMENTED]
    if policy.applies_when and applies is Verdict.NOT_DOCUMENTED:
        open_.append(policy.applies_when)
    return (Scope.OPEN, tuple(open_)) if open_ else (Scope.IN, ())


def decide(scope_: Scope, value: Value) -> Decision:
    """Return the decision that a scope and the value of a policy's root amount to."""
    if scope_ is Scope.OUT:
        return Decision.OUT_OF_SCOPE
    if scope_ is Scope.OPEN or value.worst is not value.best:
        return Decision.NEEDS_INFORMATION
    return SETTLED[value.worst]
