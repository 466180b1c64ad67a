"""The compiled judge: each policy lowered once to functions, with the reference's verdicts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from ...facts.prepared import Prepared
from ...knowledge.base import Knowledge
from ...policies.components import Components, components_of
from ...policies.criteria import Criterion, Policy
from ..valuation import Outcome, Valuation, Value, Verdict, Verdicts
from .bits import BESTS, VALUES, VERDICTS
from .generate import JudgeLeaves, judging_leaves
from .leaves import leaves_of
from .values import ValueCriteria, valuing_criteria


@dataclass(frozen=True)
class Compiled:
    """A policy as two functions: from facts to its leaves, and from those to all its criteria.

    Both give bits, in the order of the document.
    """

    policy: Policy
    judge_leaves: JudgeLeaves
    value_criteria: ValueCriteria
    criteria: tuple[Criterion, ...]


class CompiledJudge:
    """Judges with generated functions; keeps nothing of a request.

    Parameters
    ----------
    knowledge : Knowledge
        Where policies, components and declared silences come from.
    """

    name = "compiled"

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self._compiled: dict[Policy, Compiled] = {}

    def __call__(self, policy: Policy, prepared: Prepared) -> Verdicts:
        """Return the verdict on every leaf.

        Raises
        ------
        KnowledgeError
            When a leaf of the policy has no compiled form.
        """
        return self.valued(policy, prepared).verdicts

    def valued(self, policy: Policy, prepared: Prepared) -> Valuation:
        """Return what every criterion is worth.

        Raises
        ------
        KnowledgeError
            When a leaf of the policy has no compiled form.
        """
        made = self.compiled(policy)
        bits = made.value_criteria(made.judge_leaves(prepared.facts))
        return CompiledValuation(made.policy, dict(zip(made.criteria, bits, strict=True)))

    @cached_property
    def _components(self) -> Components:
        return components_of(self.knowledge)

    def compiled(self, policy: Policy) -> Compiled:
        """Return the functions of a policy, generated when it is first asked."""
        made = self._compiled.get(policy)
        if made is None:
            title = f"policy {policy.key}@{policy.edition}"
            leaves = leaves_of(policy, self.knowledge, self._components)
            made = self._compiled[policy] = Compiled(
                policy,
                judging_leaves(leaves, f"{title}: leaves"),
                valuing_criteria(policy, f"{title}: criteria"),
                tuple(policy.place),
            )
        return made


class CompiledValuation(Valuation):
    """The value of every criterion of a policy, worked out at once.

    Parameters
    ----------
    bits : dict
        From every criterion to its verdict and value in bits.
    """

    def __init__(self, policy: Policy, bits: dict[Criterion, int]) -> None:
        self._policy, self._bits = policy, bits

    @cached_property
    def verdicts(self) -> Verdicts:
        """The verdict on every leaf."""
        return {c.iri: VERDICTS[self._bits[c]] for c in self._policy.leaves}

    def verdict(self, criterion: Criterion) -> Verdict:
        return VERDICTS[self._bits[criterion]]

    def value(self, criterion: Criterion) -> Value:
        return VALUES[self._bits[criterion]]

    # Asked many times a request, so without a detour.

    def verdicts_on(self, criteria: Iterable[Criterion]) -> list[Verdict]:
        return [VERDICTS[self._bits[c]] for c in criteria]

    def values_on(self, criteria: Iterable[Criterion]) -> list[Value]:
        return [VALUES[self._bits[c]] for c in criteria]

    def best(self, criterion: Criterion) -> Outcome:
        return BESTS[self._bits[criterion]]
