"""The compiled judge: each policy lowered once to a function, with the reference's verdicts."""

from __future__ import annotations

from functools import cached_property

from pyoxigraph import NamedNode

from ..criteria import Policy
from ..judge import Verdict, Verdicts
from ..knowledge import Knowledge
from ..namespaces import COV
from ..triples import Triples
from . import generate
from .facts import Incompatible, facts_of
from .lower import leaves_of

OF_NUMBER = (Verdict.NOT_MET, Verdict.NOT_DOCUMENTED, Verdict.MET)


class CompiledJudge:
    """Judges with one generated function per policy; keeps nothing of a request.

    Parameters
    ----------
    knowledge : Knowledge
        Where policies, components and declared silences come from.
    """

    name = "compiled"

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self._functions: dict[NamedNode, generate.Verdicts] = {}

    def __call__(self, policy: Policy, request: NamedNode, facts: Triples) -> Verdicts:
        """Return the verdict on every leaf.

        Raises
        ------
        KnowledgeError
            When a leaf of the policy has no compiled form.
        """
        found = facts_of(request, facts, self.incompatible, self.systemic)
        numbers = self.function(policy)(found)
        return {leaf.iri: OF_NUMBER[n] for leaf, n in zip(policy.leaves, numbers, strict=True)}

    def function(self, policy: Policy) -> generate.Verdicts:
        """Return the function that judges a policy, made on first use."""
        if policy.iri not in self._functions:
            self._functions[policy.iri] = generate.compiled(leaves_of(policy, self.knowledge))
        return self._functions[policy.iri]

    @cached_property
    def incompatible(self) -> Incompatible:
        return {
            concept.value: frozenset(o.value for o in others)
            for concept, others in self.knowledge.incompatible.items()
        }

    @cached_property
    def systemic(self) -> frozenset[str]:
        return frozenset(i.value for i in self.knowledge.instances_of(COV.SystemicTherapy))
