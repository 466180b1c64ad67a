"""The compiled judge: each policy lowered once to a function, with the reference's verdicts."""

from __future__ import annotations

from pyoxigraph import NamedNode

from ..criteria import Policy
from ..judge import Verdict, Verdicts
from ..knowledge import Knowledge
from ..prepared import Prepared
from . import generate
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
        self._functions: dict[NamedNode, tuple[generate.Verdicts, list[NamedNode]]] = {}

    def __call__(self, policy: Policy, prepared: Prepared) -> Verdicts:
        """Return the verdict on every leaf.

        Raises
        ------
        KnowledgeError
            When a leaf of the policy has no compiled form.
        """
        made = self._functions.get(policy.iri)
        if made is None:
            made = self._functions[policy.iri] = self._made(policy)
        function, leaves = made
        numbers = function(prepared.facts)
        return dict(zip(leaves, map(OF_NUMBER.__getitem__, numbers), strict=True))

    def _made(self, policy: Policy) -> tuple[generate.Verdicts, list[NamedNode]]:
        function = generate.compiled(leaves_of(policy, self.knowledge))
        return function, [leaf.iri for leaf in policy.leaves]
