"""Who gains and who loses when another policy, or another edition, decides.

Each request is decided twice. Its two ends, worst and best, say what became of it: both up
or both down is a gain or a loss, whatever the decisions are called. The criteria named are
those that the worse of the two answers turns on: they are what was lost to, or what no
longer stands in the way.

An edition that is named is asked as if it were in force. What a change does can only be
seen by asking both editions about the same requests, and their dates never overlap.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from enum import Enum

from ..decision.decide import Decision
from ..engine import Answer, Reasoner
from ..policies.criteria import Criterion


class Change(Enum):
    """What became of a request."""

    SAME = "same"
    GAINS = "gains"
    LOSES = "loses"
    MIXED = "mixed"
    ENTERS = "enters scope"
    LEAVES = "leaves scope"


@dataclass(frozen=True)
class Compared:
    """The two answers to one request, what changed, and by which criteria."""

    before: Answer
    after: Answer
    change: Change
    by: tuple[Criterion, ...]


def as_if_in_force(reasoner: Reasoner) -> Reasoner:
    """Return a reasoner that asks a named edition about requests of any day."""
    other = copy(reasoner)
    other.any_day = True
    return other


def compared(before: Answer, after: Answer) -> Compared:
    """Compare two answers to one request."""
    change = change_of(before, after)
    by = {
        Change.GAINS: before.deciding,
        Change.LOSES: after.deciding,
        Change.MIXED: (*before.deciding, *after.deciding),
        Change.ENTERS: before.deciding,
        Change.LEAVES: after.deciding,
    }.get(change, ())
    return Compared(before, after, change, by)


def change_of(before: Answer, after: Answer) -> Change:
    """Say what became of a request: by its two ends, and by whether a policy speaks to it."""
    outside = [a.decision is Decision.OUT_OF_SCOPE for a in (before, after)]
    if any(outside):
        if all(outside):
            return Change.SAME
        return Change.ENTERS if outside[0] else Change.LEAVES
    assert before.value and after.value
    ends = [b - a for a, b in zip(before.value, after.value, strict=True)]
    if before.decision is after.decision and not any(ends):
        return Change.SAME
    if any(ends) and min(ends) >= 0:
        return Change.GAINS
    return Change.LOSES if any(ends) and max(ends) <= 0 else Change.MIXED
