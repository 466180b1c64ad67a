"""What verdicts are worth, and how they combine: the page that says how decisions come about.

A value has two ends, worst and best, because what is not documented may still turn out
either way. "and" takes the minimum of each end, "or" the maximum. What does not apply adds
nothing; while that is not documented, it adds its best end alone. A review route raises to
review what is worse. Equal ends are a decision; ends apart are a question to the requester.

The reference judge counts with these functions. The compiled judge counts in bits, and is
held to them on drawn trees.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import Enum, IntEnum
from operator import attrgetter
from typing import NamedTuple, TypeAlias

from pyoxigraph import NamedNode

from ..errors import KnowledgeError
from ..namespaces import COV
from ..policies.criteria import Criterion, Kind


class Verdict(Enum):
    """What judging a criterion gives, ranked from worst to best."""

    rank: int

    NOT_MET = ("not met", 0)
    NOT_DOCUMENTED = ("not documented", 1)
    MET = ("met", 2)

    # Looked up many times a request, so without a detour through Python.
    __hash__ = object.__hash__

    def __new__(cls, text: str, rank: int) -> Verdict:
        self = object.__new__(cls)
        self._value_, self.rank = text, rank
        return self

    @property
    def iri(self) -> NamedNode:
        return {
            Verdict.MET: COV.Met,
            Verdict.NOT_MET: COV.NotMet,
            Verdict.NOT_DOCUMENTED: COV.NotDocumented,
        }[self]


Verdicts: TypeAlias = Mapping[NamedNode, Verdict]


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

# --- How they combine ----------------------------------------------------------------------

OF_VERDICT = {
    Verdict.NOT_MET: NOT_COVERED,
    Verdict.NOT_DOCUMENTED: UNKNOWN,
    Verdict.MET: COVERED,
}
OPPOSITE = {
    Verdict.NOT_MET: Verdict.MET,
    Verdict.NOT_DOCUMENTED: Verdict.NOT_DOCUMENTED,
    Verdict.MET: Verdict.NOT_MET,
}


def all_of(values: Collection[Value]) -> Value:
    """Return the minimum of each end."""
    worst, best = zip(*values, strict=True)
    return Value(min(worst), min(best))


def any_of(values: Collection[Value]) -> Value:
    """Return the maximum of each end."""
    worst, best = zip(*values, strict=True)
    return Value(max(worst), max(best))


def where(applies: Verdict, value: Value) -> Value:
    """Return what a value adds that counts only where something applies."""
    if applies is Verdict.NOT_DOCUMENTED:
        return Value(Outcome.NOT_COVERED, value.best)
    return value if applies is Verdict.MET else NOT_COVERED


def alternatives(members: Collection[tuple[Verdict, Value]], if_none: Value) -> Value:
    """Return what a group is worth of which some members, or none, apply.

    Parameters
    ----------
    members : collection of pairs
        Whether each member applies, and what it is worth.
    if_none : Value
        What the group is worth when none applies.
    """
    none_applies = OPPOSITE[best_of(applies for applies, _ in members)]
    return any_of([*(where(*member) for member in members), where(none_applies, if_none)])


def routed(value: Value, grounds: Value) -> Value:
    """Return each end raised to review, if the grounds of a review route are met at that end."""
    worst, best = (
        max(end, Outcome.REVIEW) if ground is Outcome.COVERED else end
        for end, ground in zip(value, grounds, strict=True)
    )
    return Value(worst, best)


def otherwise(group: Criterion) -> Value:
    """Return what a group is worth when none of its members applies.

    One that then leaves the scope is out of it before anybody asks what it is worth.
    """
    return REVIEW if group.otherwise == COV.NeedsReview else NOT_COVERED


def worst_of(verdicts: Iterable[Verdict]) -> Verdict:
    return min(verdicts, key=attrgetter("rank"))


def best_of(verdicts: Iterable[Verdict]) -> Verdict:
    return max(verdicts, key=attrgetter("rank"))


# --- Of a whole policy -----------------------------------------------------------------------


class Valuation(ABC):
    """The verdict on every criterion of a policy, and what it is worth."""

    @property
    @abstractmethod
    def verdicts(self) -> Verdicts:
        """The verdict on every leaf."""

    @abstractmethod
    def verdict(self, criterion: Criterion) -> Verdict:
        """Return the verdict on a leaf or a composite, review routes left aside."""

    @abstractmethod
    def value(self, criterion: Criterion) -> Value:
        """Return what a criterion is worth, its review route included."""

    def bare(self, criterion: Criterion) -> Value:
        """Return what a criterion is worth without its own review route."""
        if criterion.is_leaf:
            return OF_VERDICT[self.verdict(criterion)]
        if criterion.kind is Kind.AND:
            return all_of([self.value(m) for m in criterion.members])
        members = [(self.applies(m), self.value(m)) for m in criterion.members]
        return alternatives(members, otherwise(criterion))

    def grounds(self, criterion: Criterion) -> Value:
        """Return what the grounds of a criterion's review route are worth."""
        if criterion.route is None:
            return NOT_COVERED
        return self.value(criterion.route.grounds) if criterion.route.grounds else COVERED

    def applies(self, criterion: Criterion) -> Verdict:
        """Return whether a criterion is in play; anything but an indication always is."""
        return self.verdict(criterion.applies_when) if criterion.applies_when else Verdict.MET

    def applying(self, group: Criterion) -> Verdict:
        """Return whether any member of a group is in play."""
        return best_of(self.applies(m) for m in group.members)

    def in_play(self, criterion: Criterion) -> list[Criterion]:
        """Return the members of a composite without the indications that do not apply."""
        return [m for m in criterion.members if self.applies(m) is not Verdict.NOT_MET]

    def members(self, criterion: Criterion) -> Sequence[Criterion]:
        """Return all that an "and" combines, or the alternatives of an "or" that are in play."""
        return self.in_play(criterion) if criterion.kind is Kind.OR else criterion.members

    def verdicts_on(self, criteria: Iterable[Criterion]) -> list[Verdict]:
        """Return the verdicts on several criteria."""
        return [self.verdict(c) for c in criteria]

    def values_on(self, criteria: Iterable[Criterion]) -> list[Value]:
        """Return what several criteria are worth."""
        return [self.value(c) for c in criteria]

    def best(self, criterion: Criterion) -> Outcome:
        """Return the best end of a criterion."""
        return self.value(criterion).best

    def is_covered(self, criterion: Criterion) -> bool:
        """Return whether a criterion is covered at its worst."""
        return self.value(criterion).worst is Outcome.COVERED


class PlainValuation(Valuation):
    """A valuation worked out from the verdicts on the leaves, each criterion when it is asked.

    Parameters
    ----------
    verdicts : mapping
        From the IRI of each leaf to its verdict.
    """

    def __init__(self, verdicts: Verdicts) -> None:
        self._leaves = verdicts
        self._verdicts: dict[Criterion, Verdict] = {}
        self._values: dict[Criterion, Value] = {}

    @property
    def verdicts(self) -> Verdicts:
        return self._leaves

    def verdict(self, criterion: Criterion) -> Verdict:
        found = self._verdicts.get(criterion)
        if found is None:
            found = self._verdicts[criterion] = self._judged(criterion)
        return found

    def value(self, criterion: Criterion) -> Value:
        found = self._values.get(criterion)
        if found is None:
            found = self.bare(criterion)
            if criterion.route:
                found = routed(found, self.grounds(criterion))
            self._values[criterion] = found
        return found

    def _judged(self, criterion: Criterion) -> Verdict:
        if criterion.is_leaf:
            if criterion.iri not in self._leaves:
                raise KnowledgeError(f"{criterion.iri.value} was not judged")
            return self._leaves[criterion.iri]
        members = map(self.verdict, criterion.members)
        return worst_of(members) if criterion.kind is Kind.AND else best_of(members)
