"""How codes are read: what they stand for, how many levels they count, what goes together.

What a code or kind implies of guidance and technique is read only where a record is silent,
which no axiom can say. So the ontology declares which links are such defaults
(``cov:defaultedBy``, ``cov:narrowedBy``, ``cov:usuallyMeans``), and the tables here are made
from those declarations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from pyoxigraph import NamedNode

from ..namespaces import COV
from ..plain import Value
from ..triples import Term
from .base import Knowledge

# A property and a value of it, both as IRIs.
Stand: TypeAlias = tuple[str, str]
NO_CONCEPTS: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Coding:
    """Tables of what codes, kinds and concepts stand for.

    Parameters
    ----------
    knowledge : Knowledge
        Where they come from.
    """

    knowledge: Knowledge

    @cached_property
    def implied(self) -> Mapping[str, tuple[Stand, ...]]:
        """From a code or kind to what it stands for where nothing else is stated."""
        return self._declared(COV.defaultedBy)

    @cached_property
    def settled(self) -> frozenset[str]:
        """The codes that always mean one intent, whatever is injected."""
        return frozenset(s.value for s, _ in self.knowledge.triples.pairs(COV.impliesIntent))

    @cached_property
    def narrowed(self) -> Mapping[str, tuple[Stand, ...]]:
        """From a code to what a broader value means under it."""
        return self._declared(COV.narrowedBy)

    @cached_property
    def usual(self) -> Mapping[str, str]:
        """From a concept to what it is read as where nothing narrower is stated."""
        return {s.value: o.value for s, o in self.knowledge.triples.pairs(COV.usuallyMeans)}

    @cached_property
    def nerves_by(self) -> Mapping[str, str]:
        """From a code to its technique where nerves are named."""
        return {s.value: o.value for s, o in self.knowledge.triples.pairs(COV.reachesNervesBy)}

    @cached_property
    def coded_as(self) -> Mapping[str, str]:
        """From a technique to the code it is reported with."""
        return {s.value: o.value for s, o in self.knowledge.triples.pairs(COV.codedAs)}

    @cached_property
    def companions(self) -> frozenset[str]:
        """The codes that are set aside."""
        return frozenset(c.value for c in self.knowledge.instances_of(COV.CompanionCode))

    @cached_property
    def nerves(self) -> Mapping[str, frozenset[str]]:
        """From a level or a kind of joint to the nerves that supply it."""
        found: dict[str, set[str]] = {}
        for joint, nerve in self.knowledge.triples.pairs(COV.suppliedBy):
            found.setdefault(joint.value, set()).add(nerve.value)
        return {joint: frozenset(nerves) for joint, nerves in found.items()}

    @cached_property
    def levels(self) -> frozenset[str]:
        """The levels of the spine."""
        return frozenset(i.value for i in self.knowledge.instances_of(COV.SpinalLevel))

    @cached_property
    def counts(self) -> Mapping[str, tuple[NamedNode, range]]:
        """From a code to the levels it stands for, by name and by their numbers."""
        t = self.knowledge.triples
        found = {}
        for code, count in t.pairs(COV.standsForLevels):
            first, last = t.value(count, COV.fromLevel), t.value(count, COV.toLevel)
            if isinstance(count, NamedNode) and first is not None:
                end = int(last.value) if last is not None else len(self.levels)
                found[code.value] = (count, range(int(first.value), end + 1))
        return found

    @cached_property
    def add_ons(self) -> Mapping[str, tuple[str, ...]]:
        """From a primary code to its add-on codes, in order."""
        found: dict[str, list[str]] = {}
        for add_on, primary in self.knowledge.triples.pairs(COV.addOnTo):
            found.setdefault(primary.value, []).append(add_on.value)
        return {primary: tuple(sorted(codes)) for primary, codes in found.items()}

    @cached_property
    def parents(self) -> Mapping[str, frozenset[str]]:
        """From a concept to those one step broader."""
        found: dict[str, set[str]] = {}
        for below, above in self.knowledge.triples.pairs(COV.narrowerThan):
            found.setdefault(below.value, set()).add(above.value)
        return {below: frozenset(above) for below, above in found.items()}

    @cached_property
    def broader(self) -> Mapping[str, frozenset[str]]:
        """From a concept to the broader ones, itself included."""
        known = self.knowledge.broader.items()
        return {c.value: frozenset(b.value for b in broader) for c, broader in known}

    @cached_property
    def incompatible(self) -> Mapping[Value, frozenset[str]]:
        """From a concept to the alternatives that the same thing cannot be."""
        known = self.knowledge.incompatible.items()
        return {c.value: frozenset(o.value for o in others) for c, others in known}

    @cached_property
    def displacing(self) -> Mapping[str, frozenset[str]]:
        """From what may be read by default to what it is not read beside.

        That is itself, what is narrower, and what excludes it.
        """
        stands = [*self.implied.values(), *self.narrowed.values()]
        values = {value for of in stands for _, value in of}.union(self.usual.values())
        return {
            value: frozenset({value, *self.incompatible.get(value, NO_CONCEPTS)}).union(
                n for n, broader in self.broader.items() if value in broader
            )
            for value in values
        }

    def excluded(self, value: str, by: str) -> bool:
        """Return whether one value excludes another."""
        return by in self.incompatible.get(value, NO_CONCEPTS)

    def _declared(self, how: NamedNode) -> dict[str, tuple[Stand, ...]]:
        found: dict[str, list[Stand]] = {}
        for p, link in self.knowledge.triples.pairs(how):
            for means, value in self._pairs(link):
                found.setdefault(means, []).append((p.value, value))
        return {means: tuple(sorted(stands)) for means, stands in found.items()}

    def _pairs(self, link: Term) -> Iterator[tuple[str, str]]:
        if isinstance(link, NamedNode):
            for s, o in self.knowledge.triples.pairs(link):
                yield s.value, o.value
