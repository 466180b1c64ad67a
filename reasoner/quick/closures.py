"""What follows from one statement, worked out by the classifier when it is first met.

All of it is knowledge: there are as many entries as there are concepts that a request may
name. Values that are the same stand in all of these tables as one object, so that reading
finds out quickly that there is nothing to add.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pyoxigraph import NamedNode

from ..facts.classify import Classifier
from ..plain import TYPE, Value
from ..request.records import UNNAMED
from ..triples import Triples
from .tables import Closure, Joint, Kept


class Narrower(NamedTuple):
    """What is of a class and has a certain value is of a narrower class too.

    Parameters
    ----------
    adds : mapping
        The narrower class, and the others that come with it.
    """

    cls: str
    narrower: str
    adds: Kept


class Closures:
    """Says what follows from statements, whichever record makes them."""

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier
        self._kept: dict[tuple[Value, ...], Kept] = {}
        self._found: dict[tuple[str, str], Closure] = {}

    def of_statement(self, p: str, o: str) -> Closure:
        """Return all that follows from one statement of any record, itself included."""
        if (p, o) not in self._found:
            node = NamedNode(UNNAMED + "any")
            classified = self.classifier.classify(Triples([(node, NamedNode(p), NamedNode(o))]))
            self._found[p, o] = tuple(
                (q.value, self.once({v.value: None for v in values}))
                for q, values in classified.predicates(node).items()
            )
        return self._found[p, o]

    def of_role(self, p: str, o: str, types: Kept) -> Closure:
        """Return what follows from a statement of a record that has some types by its role."""
        return tuple(
            (q, self.once({**values, **types}) if q == TYPE else values)
            for q, values in self.of_statement(p, o)
        )

    def types(self, classes: Iterable[str]) -> Kept:
        """Return all classes that something of some classes is of.

        Raises
        ------
        ValueError
            When something else follows from one of them.
        """
        found: dict[Value, None] = {}
        for cls in classes:
            for q, values in self.of_statement(TYPE, cls):
                if q != TYPE:
                    raise ValueError(f"more follows from the class {cls} than other classes")
                found.update(values)
        return self.once(found)

    def once(self, values: Kept) -> Kept:
        """Return the one object that stands for these values in all tables."""
        return self._kept.setdefault(tuple(values), values)

    def narrower(self, joint: Joint) -> list[tuple[str, dict[Value, list[Narrower]]]]:
        """Return, for each property that narrows classes, what each of its values brings.

        Raises
        ------
        ValueError
            When a narrower class brings more than classes, or is narrowed in its turn.
        """
        found: dict[str, dict[Value, list[Narrower]]] = {}
        for cls, rules in joint.narrower.items():
            there = dict(self.of_statement(TYPE, str(cls)))[TYPE]
            for p, value, more in rules:
                said = dict(self.of_statement(p, value))
                follows = dict(self.of_statement(TYPE, more))
                adds = {c: None for c in follows.pop(TYPE) if c not in there}
                if any(not v.keys() <= said.get(q, {}).keys() for q, v in follows.items()):
                    raise ValueError(f"more follows from the class {more} than other classes")
                if not joint.narrower.keys().isdisjoint(adds):
                    raise ValueError(f"the class {more} is narrowed in its turn")
                by_value = found.setdefault(p, {}).setdefault(value, [])
                by_value.append(Narrower(str(cls), more, adds))
        return list(found.items())
