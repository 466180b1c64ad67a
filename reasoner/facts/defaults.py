"""What is read of a procedure where its record is silent: what its codes stand for.

A code stands for a guidance or a technique unless another is stated, radiofrequency for heat
unless pulsed is, a level is treated when all nerves of its joint are, and a block of nerves
that are named is one at the nerves. None of it is monotone, so it is no axiom: it is added
before classification, which takes it as stated. The same function serves both ways in; it
looks at one record, as stated.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple, TypeAlias

from pyoxigraph import NamedNode

from ..knowledge.coding import Coding
from ..namespaces import COV
from ..plain import HAS_CODE, HAS_KIND, NONE, TREATS_LEVEL, USES_INJECTATE, USES_TECHNIQUE, Said
from ..request.coherence import PROCEDURES
from ..triples import Triples

TREATS_NERVE = COV.treatsNerve.value
# Where a record states none of these, nothing is read by default.
_TELLING = (HAS_CODE, HAS_KIND, USES_TECHNIQUE, USES_INJECTATE, TREATS_NERVE)


class Default(NamedTuple):
    """A value that is read of a record, and the code, kind, concept or nerves it follows from."""

    property: str
    value: str
    because: tuple[str, ...]


Defaults: TypeAlias = Mapping[str, tuple[Default, ...]]


def defaults_of(stated: Said, coding: Coding) -> tuple[Default, ...]:
    """Return what is read of a procedure beside what its record states."""
    found: list[Default] = []
    present: dict[str, list[str]] = {}

    def add(p: str, value: str, *because: str) -> None:
        there = present.get(p)
        if there is None:
            there = present[p] = [str(v) for v in stated.get(p, NONE)]
        if coding.displacing[value].isdisjoint(there):
            there.append(value)
            found.append(Default(p, value, because))

    means = in_order(stated.get(HAS_CODE, NONE), coding)
    means += sorted(str(k) for k in stated.get(HAS_KIND, NONE))
    for meaning in means:
        for p, value in coding.implied.get(meaning, ()):
            add(p, value, meaning)
    nerves = sorted(str(n) for n in stated.get(TREATS_NERVE, NONE))
    for meaning in means if nerves else ():
        if meaning in coding.nerves_by:
            add(USES_TECHNIQUE, coding.nerves_by[meaning], *nerves)
    if coding.settled.isdisjoint(means):
        for injected in sorted(
            {*map(str, stated.get(USES_INJECTATE, NONE)), *present.get(USES_INJECTATE, ())}
        ):
            for p, value in coding.implied.get(injected, ()):
                add(p, value, injected)
    techniques = present.get(USES_TECHNIQUE) or [str(v) for v in stated.get(USES_TECHNIQUE, NONE)]
    for technique in list(techniques):
        if technique in coding.usual:
            add(USES_TECHNIQUE, coding.usual[technique], technique)
    for meaning in means:
        for p, value in coding.narrowed.get(meaning, ()):
            parents = coding.parents.get(value, frozenset())
            if not parents.isdisjoint([*present.get(p, ()), *stated.get(p, NONE)]):
                add(p, value, meaning)
    if nerves and TREATS_LEVEL not in stated:
        for level in joints_of(nerves, coding):
            because = tuple(sorted(coding.nerves[level]))
            found.append(Default(TREATS_LEVEL, level, because))
    return tuple(found)


def in_order(codes: Iterable[object], coding: Coding) -> list[str]:
    """Return codes in order, companions first: what they say is somebody's statement."""
    return sorted((str(c) for c in codes), key=lambda c: (c not in coding.companions, c))


def joints_of(nerves: Collection[str], coding: Coding) -> list[str]:
    """Return the levels whose joints have all their nerves among some, in order."""
    found = [j for j, of in coding.nerves.items() if of <= set(nerves) and j in coding.levels]
    return sorted(found)


def defaults_in(records: Mapping[str, Said], procedures: Iterable[str], coding: Coding) -> Defaults:
    """Return, for each procedure of which something is read beside, what that is."""
    found = {}
    for node in procedures:
        stated = records.get(node)
        if stated and any(p in stated for p in _TELLING) and (more := defaults_of(stated, coding)):
            found[node] = more
    return found


def completed(stated: Triples, coding: Coding) -> Triples:
    """Return a request's triples with what is read by default; they are not changed."""
    out = stated.copy()
    for role in PROCEDURES:
        for node in stated.instances(role):
            record = {
                p.value: [o.value for o in objects]
                for p, objects in stated.predicates(node).items()
            }
            for more in defaults_of(record, coding):
                out.add(node, NamedNode(more.property), NamedNode(more.value))
    return out
