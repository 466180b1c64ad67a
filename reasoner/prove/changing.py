"""What would turn the answer on one request: the smallest changes, by their kind.

Documenting is adding what the record leaves open; planning differently is requesting the same
procedure another way; waiting is a later date of service. What has happened, and what is stated,
stays: a change says what the policy would need, never what to write.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from ..decision.decide import Decision
from ..engine import Earliest, Reasoner
from ..errors import InputError
from ..facts.prepared import Prepared
from ..policies.criteria import Policy
from .asked import PLANNED, PROCEDURE
from .circuit import BUDGET, Lit, Model, OutOfBudget
from .documenting import Documenting
from .load import Loading
from .minimal import nearest
from .world import Bounds, statements
from .write import Statement, replayed, written

# So many ways of each kind are told.
MOST_WAYS = 3
# What is planned, and may be planned otherwise.
PLAN = (PROCEDURE, PLANNED)


class Kind(Enum):
    """What a change asks for."""

    DOCUMENT = "document"
    PLAN = "plan differently"
    BOTH = "plan differently and document"


@dataclass(frozen=True)
class Way:
    """One way to be covered: what the request would state beside, and no longer."""

    kind: Kind
    added: tuple[Statement, ...]
    dropped: tuple[Statement, ...]


@dataclass(frozen=True)
class Changes:
    """What would turn the answer on a request.

    Parameters
    ----------
    earliest : Earliest or None
        The day from which waiting alone makes the answer better.
    is_known : bool
        Whether all was found out within the budget.
    """

    decision: Decision
    ways: tuple[Way, ...]
    earliest: Earliest | None
    is_known: bool


def changes(reasoner: Reasoner, prepared: Prepared, key: str, budget: int = BUDGET) -> Changes:
    """Return the smallest changes under which a policy would cover a request.

    Raises
    ------
    InputError
        When no edition of the policy speaks to the request.
    Beyond
        When the request states what the prover knows nothing of.
    """
    answer = reasoner.answer(prepared, key)
    if answer.policy is None:
        raise InputError(answer.reason, prepared.request.name)
    if answer.decision is Decision.COVERED:
        return Changes(answer.decision, (), None, True)
    found: list[Way] = []
    known = True
    for kind, free in ((Kind.DOCUMENT, ()), (Kind.PLAN, PLAN), (Kind.BOTH, PLAN)):
        if kind is Kind.BOTH and found:
            break
        try:
            found += _ways(reasoner, prepared, answer.policy, kind, free, budget)
        except OutOfBudget:
            known = False
    return Changes(answer.decision, tuple(found), answer.earliest, known)


def _ways(
    reasoner: Reasoner,
    prepared: Prepared,
    policy: Policy,
    kind: Kind,
    free: Sequence[str],
    budget: int,
) -> Iterable[Way]:
    facts = prepared.facts
    bounds = Bounds(len(facts.earlier), len(facts.courses) + 1, len(facts.planned))
    asking = Documenting(
        reasoner, policy, prepared.request.date, bounds, budget, new_pains=not facts.pain, free=free
    )
    stated = Loading(asking.first).assumptions(prepared)
    covered = asking.other.decisions[Decision.COVERED]
    goal = [*stated, covered]
    if kind is Kind.PLAN:
        goal += _as_stated(asking, set(stated), free)
    tried: list[Lit] = []
    for _ in range(MOST_WAYS):
        model = asking.solver.model([*goal, *tried])
        if model is None:
            return
        model = nearest(asking.solver, [*goal, *tried], model, asking.first, asking.second)
        before, after = written(asking.first, model), written(asking.second, model)
        replayed(reasoner, after, model, [asking.other])
        yield Way(
            kind,
            tuple(s for s in after.statements if s not in before.statements),
            tuple(s for s in before.statements if s not in after.statements),
        )
        tried.append(_other_than(asking, model))


def _as_stated(asking: Documenting, stated: set[Lit], free: Sequence[str]) -> list[Lit]:
    """Return that nothing is stated of any record but those that are planned anew."""
    pairs = zip(statements(asking.first), statements(asking.second), strict=True)
    return [
        after if before in stated else -after
        for (record, _, _, before), (_, _, _, after) in pairs
        if record.role not in free
    ]


def _other_than(asking: Documenting, model: Model) -> Lit:
    """Return that what was added is not added all at once again."""
    pairs = zip(statements(asking.first), statements(asking.second), strict=True)
    changed = [
        after if model[after] else -after
        for (*_, before), (*_, after) in pairs
        if model[before] is not model[after]
    ]
    return -asking.circuit.all_of(changed)
