"""The compiled judge: each policy lowered once to functions, with the reference's verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from pyoxigraph import NamedNode

from ...decision.decide import VERDICT, VERDICTS, Valuation
from ...facts.prepared import Prepared
from ...knowledge.base import Knowledge
from ...policies.criteria import Criterion, Policy
from ...policies.leaves import leaves_of
from .. import Verdicts
from . import generate, values


@dataclass(frozen=True)
class Compiled:
    """A policy as two functions: from facts to its leaves, and from those to all its criteria.

    Both give bits, as ``decide`` counts them, in the order of the document.
    """

    policy: Policy
    verdicts: generate.Verdicts
    values: values.Values
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
        self._compiled: dict[NamedNode, Compiled] = {}

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
        made = self._of(policy)
        return CompiledValuation(made, made.values(made.verdicts(prepared.facts)))

    def _of(self, policy: Policy) -> Compiled:
        made = self._compiled.get(policy.iri)
        if made is None:
            function = generate.compiled(leaves_of(policy, self.knowledge))
            valuing, criteria = values.valuing(policy), tuple(policy.place)
            made = self._compiled[policy.iri] = Compiled(policy, function, valuing, criteria)
        return made


class CompiledValuation(Valuation):
    """The value of every criterion of a policy, worked out at once.

    Parameters
    ----------
    bits : list of int
        The bits of every criterion, in the order of the document.
    """

    def __init__(self, compiled: Compiled, bits: list[int]) -> None:
        self._policy = compiled.policy
        self._bits = dict(zip(compiled.criteria, bits, strict=True))

    @cached_property
    def verdicts(self) -> Verdicts:  # type: ignore[override]
        """The verdict on every leaf."""
        return {c.iri: VERDICTS[self._bits[c] & VERDICT] for c in self._policy.leaves}
