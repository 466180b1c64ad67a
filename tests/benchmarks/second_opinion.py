"""Jena as a judge: the second opinion on every verdict, from an engine that no one here wrote.

It takes the same seam as our own judges, so that whatever asks whether judges agree can ask it
too: ``make agree N=100000 JUDGE=jena``.
"""

from __future__ import annotations

import atexit
from pathlib import Path

from pyoxigraph import NamedNode

from covergraph.facts.prepared import Prepared
from covergraph.judge.reference import verdicts_of
from covergraph.judge.valuation import PlainValuation, Valuation, Verdicts
from covergraph.knowledge.base import Knowledge
from covergraph.policies.criteria import Policy
from covergraph.policies.standard import twin_of
from covergraph.triples import Triples
from tests.benchmarks.given import whole, wrapped
from tests.benchmarks.peers.jena import Jena
from tests.laws import written

WHOLE = "-whole"
# What the name of a twin has after that of its leaf.
TWIN = twin_of(NamedNode("urn:leaf")).value.removeprefix("urn:leaf")


class JenaJudge:
    """Judges with Jena, leaf and twin as plain SHACL; every request in a graph of its own.

    Parameters
    ----------
    knowledge : Knowledge
        Where policies, components and declared silences come from.
    home : Path or None
        Where Jena's process is compiled already, if it is.
    """

    name = "jena"

    def __init__(self, knowledge: Knowledge, home: Path | None = None) -> None:
        self.knowledge = knowledge
        self._jena = Jena(home)
        atexit.register(self._jena.close)
        self._sent: set[str] = set()

    def __call__(self, policy: Policy, prepared: Prepared) -> Verdicts:
        """Return the verdict on every leaf; only the twins of those that fail are asked."""
        name = self._leaves(policy)
        failing = self._jena.ask("verdicts", name, TWIN, written(prepared.triples))
        return verdicts_of(policy.leaves, failing)

    def reported(self, policy: Policy, prepared: Prepared) -> Verdicts:
        """Return the same from one validation report on every leaf and twin, which takes longer."""
        name = self._leaves(policy)
        return verdicts_of(policy.leaves, self._jena.ask("judge", name, written(prepared.triples)))

    def valued(self, policy: Policy, prepared: Prepared) -> Valuation:
        """Return what every criterion is worth."""
        return PlainValuation(self(policy, prepared))

    def conforms(self, policy: Policy, prepared: Prepared) -> bool:
        """Return whether a request conforms to a policy as one shape."""
        name = policy.iri.value + WHOLE
        if name not in self._sent:
            self._send(name, whole(self.knowledge, policy))
        return not self._jena.ask("judge", name, written(prepared.triples))

    def _leaves(self, policy: Policy) -> str:
        name = policy.iri.value
        if name not in self._sent:
            self._send(name, wrapped(self.knowledge, policy))
        return name

    def _send(self, name: str, shapes: Triples) -> None:
        self._jena.ask("shapes", name, written(shapes))
        self._sent.add(name)
