"""What a request's nodes are, worked out from the ontology's own axioms.

The rules run forwards until nothing new follows. What is known of codes and concepts
is worked out once; a request then only asks what follows from its own triples, so that
its cost does not grow with the tables. No step looks at dates or numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from pyoxigraph import Literal, NamedNode

from ..knowledge.axioms import Atom, Axioms, Body, Rule
from ..knowledge.base import Knowledge
from ..knowledge.coding import Coding
from ..namespaces import RDF
from ..triples import Node, Spo, Term, Triples

Binding: TypeAlias = dict[int, Term]


class Classifier:
    """Applies the defined classes, chains and hierarchies of one ontology.

    Parameters
    ----------
    knowledge : Knowledge
        Where the axioms and the individuals come from; it is not changed.

    Raises
    ------
    KnowledgeError
        When the ontology holds an axiom that rules cannot apply.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        axioms = Axioms(knowledge)
        # What is read by default is no axiom; it is there for who completes a request first.
        self.coding = Coding(knowledge)
        self.classes, self.links, self.rules = axioms.classes, axioms.links, axioms.rules
        # What sets a rule off: a link, and the class or value where the atom names one.
        self._triggers: dict[tuple[NamedNode, Term | None], list[tuple[Rule, Atom, Body]]] = (
            defaultdict(list)
        )
        for rule in axioms.rules:
            for atom in rule.body:
                end = None if isinstance(atom.object, int) else atom.object
                self._triggers[atom.link, end].append((rule, atom, _walk(rule.body, atom)))
        self.known = Triples()
        self.known = self._closure(t for t in knowledge.triples if self.reads(*t))

    def classify(self, triples: Triples) -> Triples:
        """Return a request's triples with everything that follows from them.

        Parameters
        ----------
        triples : Triples
            The request as stated; it is not changed.

        Returns
        -------
        Triples
            A new index: what was stated, what was inferred, and the types and links of
            every code and concept that either leads to.
        """
        classified = triples.copy()
        classified.update(self._closure(t for t in triples if self.reads(*t)))
        queue = [o for _, _, o in classified if isinstance(o, NamedNode)]
        seen = set(queue)
        while queue:
            node = queue.pop()
            for p, objects in self.known.predicates(node).items():
                for o in objects:
                    classified.add(node, p, o)
                    if p != RDF.type and o not in seen and isinstance(o, NamedNode):
                        seen.add(o)
                        queue.append(o)
        return classified

    def reads(self, s: Node, p: NamedNode, o: Term) -> bool:
        """Return whether a triple is a type or a link between individuals."""
        if p == RDF.type:
            return o in self.classes
        return p in self.links and not isinstance(o, Literal)

    def _closure(self, triples: Iterable[Spo]) -> Triples:
        """Return the triples that are not known yet, with all that follows from them."""
        found = Triples()
        queue = [t for t in triples if t not in self.known and found.add(*t)]
        while queue:
            s, p, o = queue.pop()
            for end in (None, o):
                for rule, atom, rest in self._triggers.get((p, end), ()):
                    binding: Binding = {atom.subject: s}
                    if isinstance(atom.object, int) and binding.setdefault(atom.object, o) != o:
                        continue
                    for whole in self._bindings(found, rest, binding):
                        triple = _triple(rule.head, whole)
                        if triple not in self.known and found.add(*triple):
                            queue.append(triple)
        return found

    def _bindings(self, found: Triples, atoms: Body, binding: Binding) -> Iterator[Binding]:
        """Yield every way to satisfy the atoms that agrees with the binding."""
        if not atoms:
            yield binding
            return
        (x, link, y), rest = atoms[0], atoms[1:]
        if x not in binding:
            o = binding[y] if isinstance(y, int) else y
            for subject in (*found.subjects(link, o), *self.known.subjects(link, o)):
                yield from self._bindings(found, rest, {**binding, x: subject})
        elif isinstance(y, int) and y not in binding:
            s = binding[x]
            for value in (*found.objects(s, link), *self.known.objects(s, link)):
                yield from self._bindings(found, rest, {**binding, y: value})
        elif (triple := _triple(atoms[0], binding)) in found or triple in self.known:
            yield from self._bindings(found, rest, binding)


def _walk(body: Body, first: Atom) -> Body:
    """Return the other atoms in an order in which each touches one already bound."""
    bound = {first.subject, first.object}
    left = [atom for atom in body if atom is not first]
    order: list[Atom] = []
    while left:
        atom = next(a for a in left if a.subject in bound or a.object in bound)
        left.remove(atom)
        order.append(atom)
        bound |= {atom.subject, atom.object}
    return tuple(order)


def _triple(atom: Atom, binding: Binding) -> Spo:
    s = binding[atom.subject]
    o = binding[atom.object] if isinstance(atom.object, int) else atom.object
    assert not isinstance(s, Literal)
    return s, atom.link, o
