"""The compiled judge: each policy lowered once to functions, with the reference's verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from pyoxigraph import NamedNode

from ..criteria import Criterion, Policy
from ..decide import VERDICT, VERDICTS, Valuation
from ..judge import Verdicts
from ..knowledge import Knowledge
from ..prepared import Prepared
from . import generate, values
from .lower import leaves_of


@dataclass(frozen=True)
class Compiled:
    """A policy as two functions: from facts to its leaves, and from those to all its criteria.

    Both give bits, as ``decide`` counts them, in the order of the document.
    """

    policy: Policy
    verdicts: generate.Verdicts

    @cached_property
    def values(self) -> values.Values:
        return values.valuing(self.policy)

    @cached_property
    def criteria(self) -> tuple[Criterion, ...]:
        return tuple(self.policy.place)


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
        bits = self._of(policy).verdicts(prepared.facts)
        return {c.iri: VERDICTS[b & VERDICT] for c, b in zip(policy.leaves, bits, strict=True)}

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
            made = self._compiled[policy.iri] = Compiled(policy, function)
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
