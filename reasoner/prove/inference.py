"""What follows from what: the classifier's own rules, and the derivations of the ontology.

A rule that needs one statement of a record is followed by the classifier itself; rules that
need two are kept as pairs. A rule of another form is refused by name.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

from pyoxigraph import BlankNode, NamedNode

from ..engine import Reasoner
from ..errors import KnowledgeError
from ..facts.following import SAYS
from ..knowledge.axioms import Rule
from ..namespaces import COV, RDF, SH
from ..plain import AFFIRMS, DENIES
from ..triples import Term
from .asked import PAIN, PATIENT, PROCEDURE, Atom


class Way(NamedTuple):
    """Where the path of a derivation ends: at which record, by which property.

    Parameters
    ----------
    concerned : bool
        Whether it leads over the request that a pain concerns.
    """

    role: str
    property: str
    concerned: bool


class Inference:
    """What follows from statements of a record.

    Parameters
    ----------
    reasoner : Reasoner
        Whose classifier and knowledge decide.
    """

    def __init__(self, reasoner: Reasoner) -> None:
        self.reasoner, self.knowledge = reasoner, reasoner.knowledge
        self.incompatible = {
            c.value: frozenset(o.value for o in others)
            for c, others in self.knowledge.incompatible.items()
        }
        self._alone: dict[Atom, frozenset[Atom]] = {}
        self.pairs, self.of_request = self._joint_rules()

    def derivations(self) -> list[NamedNode]:
        """Return the derivations of the ontology, in order."""
        found = self.knowledge.triples.instances(COV.Derivation)
        return sorted((d for d in found if isinstance(d, NamedNode)), key=str)

    @cached_property
    def groups(self) -> dict[str, list[str]]:
        """The facts that are denied when all their members are, with these."""
        t, found = self.knowledge.triples, {}
        for group in self.knowledge.facts:
            if t.text(group, COV.isClosedGroup) == "true":
                members = t.subjects(COV.narrowerThan, group)
                found[group.value] = sorted(m.value for m in members)
        return found

    @cached_property
    def read_by(self) -> dict[Atom, frozenset[NamedNode]]:
        """From a fact that is affirmed or denied to the derivations that look at it."""
        t = self.knowledge.triples
        found: dict[Atom, set[NamedNode]] = {}
        for derivation in self.derivations():
            for shape in t.objects(derivation, SH.property):
                p = t.value(shape, SH.path)
                for fact in t.objects(shape, SH.hasValue):
                    if p in (COV.affirms, COV.denies):
                        found.setdefault((p.value, fact.value), set()).add(derivation)
        return {atom: frozenset(read) for atom, read in found.items()}

    def derivation_path(self, shape: Term, role: str) -> Way:
        """Return where the path of a derivation's shape leads from a record of a role.

        Raises
        ------
        KnowledgeError
            When it leads over links that the prover cannot follow.
        """
        t = self.knowledge.triples
        path = t.value(shape, SH.path)
        if isinstance(path, NamedNode):
            return Way(role, path.value, False)
        assert isinstance(path, BlankNode)
        back, *steps, last = t.items(path)
        link = t.value(back, SH.inversePath)
        if steps == [COV.requestsProcedure] and link in (COV.hasPatient, COV.concernsPain):
            return Way(PROCEDURE, last.value, link == COV.concernsPain)
        if not steps and link == COV.hasPain and role == PAIN:
            return Way(PATIENT, last.value, False)
        raise KnowledgeError("the prover knows no such path in a derivation")

    def closed(self, says: str, value: str) -> list[str]:
        """Return what affirming or denying a fact affirms or denies, itself included."""
        node = NamedNode(value)
        if says == AFFIRMS:
            return sorted(b.value for b in self.knowledge.broader_of(node))
        if says == DENIES:
            return sorted({value, *(n.value for n in self.knowledge.narrower.get(node, ()))})
        return [value]

    def _joint_rules(self) -> tuple[list[tuple[Atom, Atom, Atom]], list[tuple[str, str]]]:
        """Return the rules that need two statements of a record, and those from request to it.

        Raises
        ------
        KnowledgeError
            When a rule has a form that least supports cannot follow.
        """
        pairs: list[tuple[Atom, Atom, Atom]] = []
        requests: list[tuple[str, str]] = []
        for rule in self.reasoner.classifier.rules:
            subjects = {atom.subject for atom in rule.body}
            if len(rule.body) == 1 or self._joins_known(rule):
                continue
            objects = [atom.object for atom in rule.body]
            links = [atom.link for atom in rule.body]
            if subjects == {rule.head.subject} and not any(isinstance(o, int) for o in objects):
                first, second = (_atom(b.link, b.object) for b in rule.body)  # type: ignore[arg-type]
                pairs.append((first, second, _atom(rule.head.link, rule.head.object)))  # type: ignore[arg-type]
            elif links == [RDF.type, COV.requestsProcedure, RDF.type]:
                requests.append((rule.head.object.value, objects[2].value))  # type: ignore[union-attr]
            else:
                raise KnowledgeError(f"the prover cannot follow the rule to {rule.head}")
        return pairs, requests

    def _joins_known(self, rule: Rule) -> bool:
        """Return whether a rule needs one statement, the rest being known of concepts."""
        own = [b for b in rule.body if b.subject == rule.head.subject]
        return len(own) == 1 and own[0].link not in (RDF.type, COV.requestsProcedure)

    def from_one(self, atom: Atom) -> frozenset[Atom]:
        """Return all that follows from one statement of a record, itself included."""
        found = self._alone.get(atom)
        if found is None:
            node, (p, o) = COV.Record, atom
            closed = self.reasoner.classifier._closure([(node, NamedNode(p), NamedNode(o))])
            found = frozenset({atom, *((q.value, v.value) for s, q, v in closed if s == node)})
            self._alone[atom] = found
        return found

    def follows_from(self, p: str, o: str) -> frozenset[Atom]:
        """Return all that follows from one statement of a record, itself included."""
        return self.from_one((p, o))


def said_by(derivation: NamedNode, triples: Any) -> tuple[str, str]:
    """Return by which property a derivation says which fact or value."""
    ((says, value),) = [
        (says, value.value) for p, says in SAYS.items() for value in triples.objects(derivation, p)
    ]
    return says, value


def _atom(link: NamedNode, o: Term) -> Atom:
    return link.value, o.value
