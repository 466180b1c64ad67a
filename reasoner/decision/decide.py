"""Which of the five decisions follows from what a policy's criteria are worth.

How criteria come to be worth what they are is on the page ``judge.valuation``. Here a policy
either speaks to the request or does not; where it does, equal ends are the decision and ends
apart a question to the requester. This is the only module that turns verdicts into decisions.
"""

from __future__ import annotations

from enum import Enum

from ..judge.valuation import Outcome, Valuation, Value, Verdict
from ..policies.criteria import Criterion, Policy


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
