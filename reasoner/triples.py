"""A set of triples, indexed both ways.

The program reads RDF with pyoxigraph and asks only for the objects of a subject and
the subjects of an object. A dictionary answers that faster than a store does, and a
fresh one for each request keeps one patient's facts from reaching the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from .namespaces import RDF

Node: TypeAlias = NamedNode | BlankNode
Term: TypeAlias = NamedNode | BlankNode | Literal
Spo: TypeAlias = tuple[Node, NamedNode, Term]


class Triples:
    """An indexed, growing set of triples; blank nodes keep their identity."""

    def __init__(self, triples: Iterable[Spo] = ()) -> None:
        self._spo: dict[Node, dict[NamedNode, dict[Term, None]]] = {}
        self._pos: dict[NamedNode, dict[Term, dict[Node, None]]] = {}
        self._count = 0
        for s, p, o in triples:
            self.add(s, p, o)

    @classmethod
    def of(cls, triples: Iterable[Triple]) -> Triples:
        """Return the index of what a pyoxigraph parser yields; triple terms are refused before."""
        return cls((t.subject, t.predicate, t.object) for t in triples)  # type: ignore[misc]

    def add(self, s: Node, p: NamedNode, o: Term) -> bool:
        """Add one triple and return whether it is new."""
        objects = self._spo.setdefault(s, {}).setdefault(p, {})
        if o in objects:
            return False
        objects[o] = None
        self._pos.setdefault(p, {}).setdefault(o, {})[s] = None
        self._count += 1
        return True

    def update(self, triples: Iterable[Spo]) -> None:
        for s, p, o in triples:
            self.add(s, p, o)

    def copy(self) -> Triples:
        return Triples(self)

    def objects(self, s: Term, p: NamedNode) -> list[Term]:
        return list(self._spo.get(s, {}).get(p, ())) if not isinstance(s, Literal) else []

    def subjects(self, p: NamedNode, o: Term) -> list[Node]:
        return list(self._pos.get(p, {}).get(o, ()))

    def value(self, s: Term, p: NamedNode) -> Term | None:
        """Return the first object, or None."""
        return next(iter(self.objects(s, p)), None)

    def text(self, s: Term, p: NamedNode) -> str:
        """Return the plain text of the first object, or the empty string."""
        found = self.value(s, p)
        return "" if found is None else found.value

    def instances(self, of: NamedNode) -> list[Node]:
        return self.subjects(RDF.type, of)

    def types(self, s: Term) -> list[Term]:
        return self.objects(s, RDF.type)

    def predicates(self, s: Node) -> dict[NamedNode, list[Term]]:
        return {p: list(objects) for p, objects in self._spo.get(s, {}).items()}

    def pairs(self, p: NamedNode) -> list[tuple[Node, Term]]:
        """Return every (subject, object) of a predicate."""
        return [(s, o) for o, subjects in self._pos.get(p, {}).items() for s in subjects]

    def links(self) -> list[NamedNode]:
        """Return every predicate."""
        return list(self._pos)

    def nodes(self) -> list[Node]:
        return list(self._spo)

    def items(self, head: Term) -> list[Term]:
        """Return the members of an RDF list."""
        members: list[Term] = []
        while isinstance(head, NamedNode | BlankNode) and head != RDF.nil:
            first, rest = self.value(head, RDF.first), self.value(head, RDF.rest)
            if first is None or rest is None:
                raise ValueError("an RDF list is broken off")
            members.append(first)
            head = rest
        return members

    def __contains__(self, triple: Spo) -> bool:
        s, p, o = triple
        return o in self._spo.get(s, {}).get(p, ())

    def __iter__(self) -> Iterator[Spo]:
        for s, by_predicate in self._spo.items():
            for p, objects in by_predicate.items():
                for o in objects:
                    yield s, p, o

    def __len__(self) -> int:
        return self._count
