"""The statements of a request, looked up for many criteria at once.

A reading says what criteria look at, arranged by where in a request it is found. A request is
gone through once for all of them, and those that look at the same share what is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple, TypeAlias

from pyoxigraph import NamedNode

from ..facts.layout import Facts, Session
from ..knowledge.base import Knowledge
from ..namespaces import COV
from ..plain import (
    ALSO_PLANNED,
    HAS_CODE,
    HAS_INTENT,
    HAS_KIND,
    TREATS_LEVEL,
    TREATS_REGION,
    TYPE,
    UNDERWENT,
    Record,
    Said,
    Value,
    Values,
    text_of,
)


class Statement(NamedTuple):
    """A statement of a request: the record, the property and the value, as text."""

    record: str
    property: str
    value: str


Statements: TypeAlias = tuple[Statement, ...]
Places: TypeAlias = list[int]

NOTHING: Statements = ()
# From a property to what of a record its value may follow from, and by which link.
IMPLYING = {
    TREATS_REGION: (
        (TREATS_LEVEL, COV.inRegion),
        (HAS_CODE, COV.impliesRegion),
        (HAS_KIND, COV.impliesRegion),
    ),
    HAS_INTENT: ((HAS_CODE, COV.impliesIntent),),
}
NOWHERE: Said = {}
NO_RECORD: Record = {}
BY_NODE = attrgetter("node")
# Where the facts keep the procedures that a property links.
SESSIONS: dict[str, Callable[[Facts], list[Session]]] = {
    UNDERWENT: attrgetter("earlier"),
    ALSO_PLANNED: attrgetter("planned"),
}
# ``new(Statement, …)`` is ``Statement._make``, which counts the parts each time.
new = tuple.__new__


@dataclass(frozen=True)
class Looks:
    """What is looked at in the records that a path from the request leads to.

    Parameters
    ----------
    chosen : dict
        From a property to the values that bear on something, and from there to the places of
        the criteria that they bear on.
    whole : dict
        From a property that is looked at whatever its values are to the places of the criteria
        that look at it.
    """

    chosen: dict[str, dict[Value, Places]] = field(default_factory=dict)
    whole: dict[str, Places] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """What some criteria look at, arranged so that each thing is looked up once.

    Parameters
    ----------
    size : int
        How many criteria there are. A place is a number below it.
    at : dict
        From a path to what is looked at in the records that it leads to.
    sessions : dict
        From what links procedures, and their class, to the places of the criteria that look at
        them.
    courses : dict
        From kinds of therapy that rule a course out to the places of the criteria that look
        at all other courses.
    """

    size: int
    at: dict[tuple[str, ...], Looks] = field(default_factory=dict)
    sessions: dict[str, dict[str, Places]] = field(default_factory=dict)
    courses: dict[frozenset[str], Places] = field(default_factory=dict)

    def look_at(self, path: tuple[str, ...], place: int) -> None:
        """Add a look at the end of a path, whatever is there."""
        looks = self.at.setdefault(path[:-1], Looks())
        looks.whole.setdefault(path[-1], []).append(place)

    def look_for(self, path: tuple[str, ...], p: str, values: Iterable[str], place: int) -> None:
        """Add a look for some values of a property in the records that a path leads to."""
        chosen = self.at.setdefault(path, Looks()).chosen.setdefault(p, {})
        for value in values:
            chosen.setdefault(value, []).append(place)


def statements_at(reading: Reading, facts: Facts) -> list[Statements]:
    """Return for each place the statements that are looked at, in the order of their text.

    What one look finds comes in that order, because records, properties and values are each
    gone through in theirs; only where a place has several looks is anything sorted again.
    """
    found = [NOTHING] * reading.size
    for path, looks in reading.at.items():
        for node in _nodes(path, facts):
            _look(looks, node, facts, found)  # type: ignore[arg-type]
    for link, by_class in reading.sessions.items():
        if not (linked := SESSIONS[link](facts)):
            continue
        sessions = [(s.types, _stated(s.node, facts)) for s in sorted(linked, key=BY_NODE)]
        for cls, places in by_class.items():
            alike = [stated for types, stated in sessions if cls in types]
            _give(_joined(alike), places, found)
    if reading.courses and facts.courses:
        courses = [(c.kinds, _stated(c.node, facts)) for c in sorted(facts.courses, key=BY_NODE)]
        for not_of, places in reading.courses.items():
            alike = [stated for kinds, stated in courses if not_of.isdisjoint(kinds)]
            _give(_joined(alike), places, found)
    return found


def _nodes(path: tuple[str, ...], facts: Facts) -> Values:
    if not path:
        return (facts.iri,)
    nodes = facts.values(facts.iri, path[0])
    for step in path[1:]:
        nodes = [o for n in nodes for o in facts.values(n, step)]
    return nodes


def _look(looks: Looks, node: str, facts: Facts, found: list[Statements]) -> None:
    """Look at one record."""
    stated, kept = facts.stated.get(node, NOWHERE), facts.records.get(node, NO_RECORD)
    for p, bearing in looks.chosen.items():
        if p in stated:
            for said in stated[p]:
                if said in bearing:
                    _give((new(Statement, (node, p, said)),), bearing[said], found)
    for p, places in looks.whole.items():
        if p in kept:
            _give(tuple(_told(p, node, stated, kept, facts)), places, found)


def _give(given: Statements, places: Places, found: list[Statements]) -> None:
    """Add statements to what was found at some places; those with nothing yet share them."""
    for place in places:
        found[place] = tuple(sorted({*found[place], *given})) if found[place] else given


def _joined(parts: Iterable[list[Statement]]) -> Statements:
    found: list[Statement] = []
    for part in parts:
        found += part
    return tuple(found)


def _stated(node: str, facts: Facts) -> list[Statement]:
    """Return all that is stated of a record, its class and comments on it left out.

    What is read of it by default is among it.
    """
    stated, kept = facts.stated.get(node, NOWHERE), facts.records.get(node, NO_RECORD)
    properties = {*stated, *[f.property for f in facts.defaults.get(node, ())]}
    found: list[Statement] = []
    for p in sorted(properties):
        if p in kept and p != TYPE:
            found += _told(p, node, stated, kept, facts)
    return found


def source_of(said: Statement, facts: Facts, knowledge: Knowledge) -> tuple[str, ...]:
    """Return the codes, kinds, levels or nerves that a value follows from; none if it is stated."""
    node, p, value = said
    stated = facts.stated.get(node, NOWHERE)
    if value in stated.get(p, ()):
        return ()
    for more in facts.defaults.get(node, ()):
        if (more.property, more.value) == (p, value):
            return more.because
    links = IMPLYING.get(p, ())
    return tuple(
        means
        for q, link in links
        for means in sorted(map(str, stated.get(q, ())))
        if NamedNode(value) in knowledge.triples.objects(NamedNode(means), link)
    )


def _told(p: str, node: str, stated: Said, kept: Record, facts: Facts) -> list[Statement]:
    """Return the values of a property as stated or read by default; else what was inferred."""
    values = kept[p]
    if len(values) > 1:
        more = [f.value for f in facts.defaults.get(node, ()) if f.property == p]
        values = sorted([text_of(v) for v in (*stated.get(p, ()), *more) or values])
    return [new(Statement, (node, p, v if v.__class__ is str else text_of(v))) for v in values]
