"""What became of every clause of a document.

A register lists the sentences and list items of a payer's document that say something.
A clause that criteria cite is encoded by them, or defines a word they use; any other says
why it changes no outcome, or who judges it instead.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyoxigraph import NamedNode

from ..knowledge.base import Knowledge
from ..namespaces import COV
from ..triples import Term
from .criteria import Policy


@dataclass(frozen=True)
class Clause:
    """One clause of a document, with its fate and the criteria that cite it.

    Parameters
    ----------
    fate : str
        The label of its ``cov:ClauseFate``; empty when it has none.
    note : str
        Why it is not encoded, or what the user is told instead.
    cited_by : tuple of str
        The local names of the policy's criteria, routes and policy nodes that cite it.
    """

    iri: NamedNode
    section: str
    place: str
    summary: str
    fate: str
    note: str
    cited_by: tuple[str, ...]

    @property
    def settled(self) -> bool:
        """Return whether the clause has a fate that holds: cited, or explained."""
        return bool(self.fate) and bool(self.cited_by or self.note)


def register(policy: Policy, knowledge: Knowledge) -> list[Clause]:
    """Return the clauses of a policy's document, in the order of the document."""
    t = knowledge.triples
    citing: dict[Term, list[str]] = {}
    own = {c.iri for c in policy.criteria.values()}
    own |= {c.route.iri for c in policy.criteria.values() if c.route}
    for node, citation in t.pairs(COV.citation):
        if node in own or node == policy.iri:
            for clause in t.objects(citation, COV.clause):
                citing.setdefault(clause, []).append(node.value.rsplit("#", 1)[-1])
    found = []
    for node in t.subjects(COV.inDocument, policy.document) if policy.document else []:
        if not isinstance(node, NamedNode):
            continue
        fate = t.value(node, COV.hasFate)
        found.append(
            Clause(
                node,
                t.text(node, COV.section),
                t.text(node, COV.place),
                t.text(node, COV.summary),
                knowledge.label(fate) if fate else "",
                t.text(node, COV.fateNote),
                tuple(sorted(citing.get(node, []))),
            )
        )
    return found


def uncited(policy: Policy) -> list[str]:
    """Return the local names of the criteria of a policy that cite no clause of its document."""
    return [
        c.name
        for c in policy.criteria.values()
        if c is not policy.root and not c.citations and not is_combination(c.name)
    ]


def is_combination(name: str) -> bool:
    """Return whether a criterion is one combination of a counted list, with no text of its own."""
    return "-of-" in name and name.rsplit("-of-", 1)[-1].isdigit()
