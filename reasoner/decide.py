"""What criteria are worth, how they combine, and which of the five decisions follows.

A value has two ends, worst and best, because what is not documented may still turn out
either way. "and" takes the minimum of each end, "or" the maximum. Equal ends are a
decision; ends apart are a question to the requester. This is the only module that
turns verdicts into decisions.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, IntEnum
from operator import attrgetter
from typing import NamedTuple

from .criteria import Criterion, Kind, Policy
from .errors import KnowledgeError
from .judge import Verdict, Verdicts
from .namespaces import COV

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

RANK = attrgetter("rank")
# By the rank of a verdict.
OF_RANK = (NOT_COVERED, UNKNOWN, COVERED)


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


def all_of(values: Sequence[Value]) -> Value:
    """Return the pointwise minimum; an empty conjunction is covered."""
    if not values:
        return COVERED
    return Value(min([v[0] for v in values]), min([v[1] for v in values]))


def any_of(values: Sequence[Value]) -> Value:
    """Return the pointwise maximum; an empty disjunction is not covered."""
    if not values:
        return NOT_COVERED
    return Value(max([v[0] for v in values]), max([v[1] for v in values]))


def raised(value: Value, grounds: Value) -> Value:
    """Return a value that a review route lifts to at least review.

    Documented grounds lift both ends; undocumented ones only the best; grounds that are
    not met lift nothing.
    """
    worst = max(value.worst, Outcome.REVIEW) if grounds.worst is Outcome.COVERED else value.worst
    best = max(value.best, Outcome.REVIEW) if grounds.best is Outcome.COVERED else value.best
    return Value(worst, best)


class Valuation:
    """The value of every criterion of a policy, from the verdicts on its leaves.

    Parameters
    ----------
    verdicts : mapping
        From the IRI of each leaf to its verdict.
    """

    def __init__(self, verdicts: Verdicts) -> None:
        self.verdicts = verdicts
        self._values: dict[Criterion, Value] = {}
        self._found: dict[Criterion, Verdict] = {}

    def value(self, criterion: Criterion) -> Value:
        """Return what a criterion is worth, its review route included."""
        value = self._values.get(criterion)
        if value is None:
            value = self.bare(criterion)
            if criterion.route:
                value = raised(value, self.grounds(criterion))
            self._values[criterion] = value
        return value

    def bare(self, criterion: Criterion) -> Value:
        """Return what a criterion is worth without its own review route."""
        if not criterion.members:
            return OF_RANK[self.verdict(criterion).rank]
        if criterion.kind is Kind.AND:
            return all_of([self.value(m) for m in criterion.members])
        applying = self.applying(criterion)
        if applying is Verdict.NOT_MET:
            return self.otherwise(criterion)
        values = [self.as_alternative(m) for m in self.in_play(criterion)]
        if applying is Verdict.NOT_DOCUMENTED:
            values.append(Value(Outcome.NOT_COVERED, self.otherwise(criterion).best))
        return any_of(values)

    def as_alternative(self, member: Criterion) -> Value:
        """Return what a member in play adds: nothing at worst while it may yet drop out."""
        value = self.value(member)
        sure = self.applies(member) is Verdict.MET
        return value if sure else Value(Outcome.NOT_COVERED, value.best)

    def grounds(self, criterion: Criterion) -> Value:
        """Return what the grounds of a criterion's review route are worth."""
        if criterion.route is None:
            return NOT_COVERED
        return self.value(criterion.route.grounds) if criterion.route.grounds else COVERED

    def in_play(self, criterion: Criterion) -> list[Criterion]:
        """Return the members of a composite without the indications that do not apply."""
        return [m for m in criterion.members if self.applies(m) is not Verdict.NOT_MET]

    def applies(self, criterion: Criterion) -> Verdict:
        """Say whether a criterion is in play; anything but an indication always is."""
        return self.verdict(criterion.applies_when) if criterion.applies_when else Verdict.MET

    def applying(self, group: Criterion) -> Verdict:
        """Say whether any member of a group is in play."""
        return max([self.applies(m) for m in group.members], key=RANK)

    def otherwise(self, group: Criterion) -> Value:
        """Return what a group is worth when none of its indications applies."""
        return REVIEW if group.otherwise == COV.NeedsReview else NOT_COVERED

    def verdict(self, criterion: Criterion) -> Verdict:
        """Return the verdict on a leaf or a composite, review routes left aside."""
        found = self._found.get(criterion)
        if found is None:
            if criterion.members:
                least = min if criterion.kind is Kind.AND else max
                found = least([self.verdict(m) for m in criterion.members], key=RANK)
            elif criterion.iri in self.verdicts:
                found = self.verdicts[criterion.iri]
            else:
                raise KnowledgeError(f"{criterion.iri.value} was not judged")
            self._found[criterion] = found
        return found


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
    verdicts = {e: valuation.verdict(e) for e in policy.exclusions}
    if excluding := tuple(e for e, v in verdicts.items() if v is Verdict.MET):
        return Scope.OUT, excluding
    applies = valuation.verdict(policy.applies_when) if policy.applies_when else Verdict.MET
    if policy.applies_when and applies is Verdict.NOT_MET:
        return Scope.OUT, (policy.applies_when,)
    groups = {g: valuation.applying(g) for g in scoping_groups(policy.root)}
    if silent := tuple(g for g, v in groups.items() if v is Verdict.NOT_MET):
        return Scope.OUT, silent
    open_ = [e for e, v in (verdicts | groups).items() if v is Verdict.NOT_DOCUMENTED]
    if policy.applies_when and applies is Verdict.NOT_DOCUMENTED:
        open_.append(policy.applies_when)
    return (Scope.OPEN, tuple(open_)) if open_ else (Scope.IN, ())


def scoping_groups(criterion: Criterion) -> tuple[Criterion, ...]:
    """Return the groups that leave the scope when none of their indications applies."""
    here = (criterion,) if criterion.otherwise == COV.OutOfScope else ()
    return here + tuple(g for m in criterion.members for g in scoping_groups(m))


def decide(scope_: Scope, value: Value) -> Decision:
    """Return the decision that a scope and the value of a policy's root amount to."""
    if scope_ is Scope.OUT:
        return Decision.OUT_OF_SCOPE
    if scope_ is Scope.OPEN or value.worst is not value.best:
        return Decision.NEEDS_INFORMATION
    return SETTLED[value.worst]
