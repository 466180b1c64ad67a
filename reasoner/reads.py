"""Which stated facts a criterion looked at.

A verdict is believed when the facts behind it can be seen. For each leaf this gives the
statements of the request that bear on it, in the caller's own words where there are
any, and what was inferred where there are none. What a leaf looks at is worked out once;
looking it up in a request is then as quick as judging it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple, TypeAlias

from pyoxigraph import NamedNode

from .criteria import Criterion, Kind
from .facts import (
    AFFIRMS,
    CONCERNS_PAIN,
    DENIES,
    TREATS_REGION,
    TYPE,
    Facts,
    Said,
    Value,
    value_of,
)
from .knowledge import Knowledge
from .lowering import RECORD_PATHS
from .namespaces import COV, SH
from .standard import steps

# Which property of a record each of these parameters picks it by.
SELECTING = {
    COV.withTechnique: COV.usesTechnique,
    COV.withIntent: COV.hasIntent,
    COV.withTherapy: COV.ofTherapy,
}
HISTORY = (COV.ofProcedure, COV.eachSessionOf, COV.latestSessionOf)


class Statement(NamedTuple):
    """A statement of a request: the record, the property and the value, as text."""

    record: str
    property: str
    value: str


@dataclass(frozen=True)
class Ends:
    """The values at the end of a path from the request."""

    path: tuple[str, ...]


@dataclass(frozen=True)
class History:
    """The earlier procedures of a class."""

    cls: str


@dataclass(frozen=True)
class Therapies:
    """The courses that may be of a kind of therapy, and denials of it or its kin."""

    not_of: frozenset[str]
    kin: frozenset[str]


@dataclass(frozen=True)
class Since:
    """A date of the patient or of the pain."""

    date: str


Look: TypeAlias = Ends | History | Therapies | Since


@dataclass(frozen=True)
class Reading:
    """What some leaves look at, arranged so that each thing is looked up once.

    Parameters
    ----------
    facts : dict
        From the property that leads to a record to (affirms or denies, fact), and from there
        to the places of the leaves that such a statement bears on.
    looks : dict
        From anything else that is looked at to the places of the leaves that look at it.
    """

    facts: dict[str, dict[tuple[str, str], list[int]]]
    looks: dict[Look, list[int]]


@dataclass(frozen=True)
class Asked:
    """What a component asks of the records it looks at.

    Parameters
    ----------
    ruled_out : tuple
        Pairs of a property and the values that keep a record from counting.
    """

    looks: tuple[Look, ...]
    properties: tuple[NamedNode, ...]
    fact: str
    same_region: bool
    ruled_out: tuple[tuple[str, frozenset[str]], ...]


@dataclass(frozen=True)
class Reads:
    """Looks up what leaves looked at.

    Parameters
    ----------
    knowledge : Knowledge
        Where the leaves come from.
    """

    knowledge: Knowledge
    _readings: dict[tuple[Criterion, ...], Reading] = field(default_factory=dict, repr=False)
    _asked: dict[Criterion, Asked] = field(default_factory=dict, repr=False)

    def facts_read(self, leaf: Criterion, facts: Facts) -> Sequence[Statement]:
        """Return the statements that a leaf looked at, in a fixed order."""
        return self.all_read((leaf,), facts)[0]

    def all_read(self, leaves: tuple[Criterion, ...], facts: Facts) -> list[Sequence[Statement]]:
        """Return the statements that each of some leaves looked at."""
        reading = self._readings.get(leaves) or self._reading(leaves)
        found: list[Sequence[Statement]] = [NOTHING] * len(leaves)
        for path, places in reading.facts.items():
            for record in facts.values(facts.iri, path):
                stated = facts.stated.get(record, NOWHERE)  # type: ignore[arg-type]
                for p in (AFFIRMS, DENIES):
                    for said in stated.get(p, ()):
                        bearing = places.get((p, said))  # type: ignore[arg-type]
                        if bearing:
                            statement = Statement._make((record, p, said))
                            for at in bearing:
                                found[at] = sorted({*found[at], statement})
        for look, at_places in reading.looks.items():
            looked = looked_at(look, facts)
            if looked:
                for at in at_places:
                    found[at] = sorted({*found[at], *looked}) if found[at] else looked
        return found

    def silent(self, leaf: Criterion, facts: Facts) -> list[str]:
        """Return in words what a component asks of the records it looks at and does not find.

        A record of another region, technique or kind of therapy is not asked to say more: it
        would not count. That there is no record at all is said by the leaf's own label.
        """
        if leaf.kind is not Kind.COMPONENT:
            return []
        if leaf not in self._asked:
            self._asked[leaf] = self._asked_by(leaf)
        asked = self._asked[leaf]
        found: dict[str, None] = {}
        records = {s.record for look in asked.looks for s in looked_at(look, facts)}
        for record in records - {facts.patient_iri}:
            if _does_not_count(asked, record, facts):
                continue
            for p in asked.properties:
                if not facts.values(record, p.value):
                    found[self.knowledge.label(p)] = None
            said = (*facts.values(record, AFFIRMS), *facts.values(record, DENIES))
            if asked.fact and asked.fact not in said:
                found[self.knowledge.label(NamedNode(asked.fact))] = None
        return sorted(found)

    def _reading(self, leaves: tuple[Criterion, ...]) -> Reading:
        known, t = self.knowledge, self.knowledge.triples
        reading = self._readings[leaves] = Reading({}, {})
        for at, leaf in enumerate(leaves):
            if leaf.kind in (Kind.AFFIRMED, Kind.ABSENT):
                fact = t.value(leaf.iri, COV.affirmedFact) or t.value(leaf.iri, COV.absentFact)
                assert fact is not None
                path = RECORD_PATHS[known.facts[fact].stated_of].value
                places = reading.facts.setdefault(path, {})
                # A narrower fact affirms this one; denying a broader one denies it.
                for said in self._narrower.get(fact.value, frozenset()) | {fact.value}:
                    places.setdefault((AFFIRMS, said), []).append(at)
                for broader in known.broader_of(fact):
                    places.setdefault((DENIES, broader.value), []).append(at)
            else:
                for look in self._looks(leaf):
                    reading.looks.setdefault(look, []).append(at)
        return reading

    def _looks(self, leaf: Criterion) -> tuple[Look, ...]:
        """Return what a leaf of SHACL Core or of a component looks at."""
        known, t = self.knowledge, self.knowledge.triples
        if leaf.kind is Kind.CORE:
            return tuple(
                Ends(tuple(step.value for step in steps(t, t.value(shape, SH.path))))
                for shape in t.objects(leaf.iri, SH.property)
            )
        procedure = next((c for p in HISTORY if (c := t.value(leaf.iri, p))), None)
        therapy, since = (t.value(leaf.iri, p) for p in (COV.withTherapy, COV.sinceDate))
        found: list[Look] = []
        if procedure is not None:
            found.append(History(procedure.value))
        if isinstance(therapy, NamedNode):
            ruled_out = frozenset(o.value for o in known.incompatible.get(therapy, ()))
            broader = {b.value for b in known.broader_of(therapy)}
            narrower = self._narrower.get(therapy.value, frozenset())
            found.append(Therapies(ruled_out, narrower | broader))
        if since is not None:
            found.append(Since(since.value))
        return tuple(found)

    def _asked_by(self, leaf: Criterion) -> Asked:
        known, t = self.knowledge, self.knowledge.triples
        fact = t.value(leaf.iri, COV.withFact)
        return Asked(
            looks=self._looks(leaf),
            properties=tuple(
                p
                for parameter in t.predicates(leaf.iri)
                for p in t.objects(parameter, COV.reads)
                if isinstance(p, NamedNode)
            ),
            fact=fact.value if fact is not None else "",
            same_region=t.value(leaf.iri, COV.regionScope) == COV.SameRegion,
            ruled_out=tuple(
                (p.value, frozenset(o.value for o in known.incompatible.get(wanted, ())))
                for parameter, p in SELECTING.items()
                if isinstance(wanted := t.value(leaf.iri, parameter), NamedNode)
            ),
        )

    @cached_property
    def _narrower(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for concept, broader in self.knowledge.broader.items():
            for b in broader:
                found.setdefault(b.value, set()).add(concept.value)
        return {b: frozenset(narrower) for b, narrower in found.items()}


NOTHING: tuple[Statement, ...] = ()
NOWHERE: Said = {}


def looked_at(look: Look, facts: Facts) -> Sequence[Statement]:
    """Return the statements there are where a leaf looks, in a fixed order."""
    if isinstance(look, Ends):
        return _ends(look.path, facts)
    if isinstance(look, History):
        nodes = [s.node for s in facts.earlier if look.cls in s.types]
        return sorted(s for n in nodes for s in _stated(n, facts)) if nodes else NOTHING
    if isinstance(look, Therapies):
        found = [
            statement
            for c in facts.courses
            if look.not_of.isdisjoint(c.kinds)
            for statement in _stated(c.node, facts)
        ]
        for said in facts.stated.get(facts.patient_iri, NOWHERE).get(DENIES, ()):
            if said in look.kin:
                found.append(Statement(facts.patient_iri, DENIES, str(said)))
        return sorted(found)
    records = (facts.patient_iri, *facts.values(facts.iri, CONCERNS_PAIN))
    return sorted(
        Statement(str(record), look.date, text_of(value))
        for record in records
        for value in facts.values(record, look.date)
    )


def _ends(path: tuple[str, ...], facts: Facts) -> Sequence[Statement]:
    """Return the last step of a path, as stated where it is, as inferred where it is not."""
    nodes: Collection[Value] = (facts.iri,)
    for step in path[:-1]:
        nodes = {o for n in nodes for o in facts.values(n, step)}
    last, found = path[-1], []
    for node in nodes:
        stated = facts.stated.get(node, NOWHERE).get(last)  # type: ignore[arg-type]
        values = map(value_of, stated) if stated else facts.values(node, last)
        found += [Statement._make((node, last, text_of(value))) for value in values]
    return sorted(found) if len(found) > 1 else found


def _stated(record: str, facts: Facts) -> list[Statement]:
    kept = facts.records.get(record, NOWHERE)
    return [
        Statement._make((record, p, text_of(value_of(value))))
        for p, values in facts.stated.get(record, NOWHERE).items()
        if p != TYPE and p in kept
        for value in values
    ]


def _does_not_count(asked: Asked, record: str, facts: Facts) -> bool:
    """Say whether what a record states keeps it from counting, whatever else it might state."""
    regions = facts.values(record, TREATS_REGION)
    if asked.same_region and regions and facts.region and facts.region not in regions:
        return True
    return any(
        not ruled_out.isdisjoint(facts.values(record, p)) for p, ruled_out in asked.ruled_out
    )


def text_of(value: Value) -> str:
    """Return a value as text; a number in its one form."""
    return f"{value:f}".rstrip("0") if isinstance(value, Decimal) else str(value)
