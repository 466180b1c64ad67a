"""Verdicts and values in bits, in which the compiled judge counts.

A verdict and both ends of a value take six bits: each of the three has one for being at
least middling and one for being best. So "and" is a bitwise and, "or" a bitwise or. Whatever
else the page of values says, a table here takes from that page.
"""

from __future__ import annotations

from ..valuation import (
    COVERED,
    NOT_COVERED,
    OF_VERDICT,
    OPPOSITE,
    Outcome,
    Value,
    Verdict,
    routed,
    where,
)

ASKED, HOLDS, WORST_REVIEW, WORST_COVERED, BEST_REVIEW, BEST_COVERED = (1 << i for i in range(6))
VERDICT, ENDS = ASKED | HOLDS, WORST_REVIEW | WORST_COVERED | BEST_REVIEW | BEST_COVERED
EVERY = range(1 << 6)


def ends(value: Value) -> int:
    """Return the bits of a value, none of them of a verdict."""
    worst = (0, WORST_REVIEW, WORST_REVIEW | WORST_COVERED)[value.worst]
    return worst | (0, BEST_REVIEW, BEST_REVIEW | BEST_COVERED)[value.best]


# By the bits: the verdict, the value, and its best end. What no verdict has is read as "asked".
VERDICTS = tuple(
    (Verdict.NOT_MET, Verdict.NOT_DOCUMENTED, Verdict.NOT_DOCUMENTED, Verdict.MET)[bits & VERDICT]
    for bits in EVERY
)
VALUES = tuple(
    Value(
        Outcome(bool(bits & WORST_REVIEW) + bool(bits & WORST_COVERED)),
        Outcome(bool(bits & BEST_REVIEW) + bool(bits & BEST_COVERED)),
    )
    for bits in EVERY
)
BESTS = tuple(value.best for value in VALUES)
# A leaf with each verdict.
NOT_MET = ends(OF_VERDICT[Verdict.NOT_MET])
NOT_DOCUMENTED = ASKED | ends(OF_VERDICT[Verdict.NOT_DOCUMENTED])
MET = ASKED | HOLDS | ends(OF_VERDICT[Verdict.MET])
# By the bits of its grounds: what a review route adds.
ROUTES = tuple(ends(routed(NOT_COVERED, value)) for value in VALUES)
# By the bits of what says whether a value counts: the ends of it that do.
COUNTING = tuple(ends(where(applies, COVERED)) for applies in VERDICTS)


def rest(otherwise: Value) -> tuple[int, ...]:
    """Return, by the bits of whether any member of a group applies, what else the group adds."""
    return tuple(ends(where(OPPOSITE[applies], otherwise)) for applies in VERDICTS)
