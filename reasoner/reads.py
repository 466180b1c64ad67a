"""Which stated facts a criterion looked at.

A verdict is believed when the facts behind it can be seen. For each leaf this gives the
statements of the request that bear on it, in the caller's own words where there are
any, and what was inferred where there are none. What a leaf looks at is worked out once;
looking it up in a request is then as quick as judging it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from pyoxigraph import NamedNode

from .criteria import Criterion, Kind
from .facts import (
    AFFIRMS,
    CONCERNS_PAIN,
    DENIES,
    OF_THERAPY,
    TREATS_REGION,
    TYPE,
    Facts,
    Value,
    value_of,
)
from .knowledge import Knowledge
from .namespaces import COV, SH
from .standard import RECORD_PATHS, steps

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
class Reading:
    """What one leaf looks at; what it does not look at is empty.

    Parameters
    ----------
    path : str
        The property that leads to the record of a named fact.
    affirming, denying : frozenset of str
        The facts by which a record affirms, or denies, the one that is asked for.
    paths : tuple
        The paths of SHACL Core.
    history, therapy, since : str
        The class of earlier procedures, the kind of therapy, the date.
    asked : tuple
        The properties that a component asks of the records it looks at.
    fact : str
        The fact that it asks of them.
    selecting : tuple
        Pairs of a property and the values that keep a record from counting.
    """

    path: str = ""
    affirming: frozenset[str] = frozenset()
    denying: frozenset[str] = frozenset()
    paths: tuple[tuple[str, ...], ...] = ()
    history: str = ""
    therapy: str = ""
    not_therapies: frozenset[str] = frozenset()
    kin_therapies: frozenset[str] = frozenset()
    since: str = ""
    asked: tuple[NamedNode, ...] = ()
    fact: str = ""
    same_region: bool = False
    selecting: tuple[tuple[str, frozenset[str]], ...] = ()


@dataclass(frozen=True)
class Reads:
    """Looks up what leaves looked at.

    Parameters
    ----------
    knowledge : Knowledge
        Where the leaves come from.
    """

    knowledge: Knowledge
    _known: dict[NamedNode, Reading] = field(default_factory=dict, repr=False)

    def facts_read(self, leaf: Criterion, facts: Facts) -> list[Statement]:
        """Return the statements that a leaf looked at, in a fixed order."""
        reading = self.reading(leaf)
        if reading.path:
            found = _statements(reading, facts)
        elif reading.paths:
            found = _ends(reading, facts)
        else:
            found = _records(reading, facts)
        return sorted(set(found))

    def silent(self, leaf: Criterion, facts: Facts) -> list[str]:
        """Return in words what a component asks of the records it looks at and does not find.

        A record of another region, technique or kind of therapy is not asked to say more: it
        would not count. That there is no record at all is said by the leaf's own label.
        """
        reading = self.reading(leaf)
        if not reading.asked and not reading.fact:
            return []
        found: dict[str, None] = {}
        for record in {s.record for s in _records(reading, facts)} - {facts.patient_iri}:
            if _does_not_count(reading, record, facts):
                continue
            for p in reading.asked:
                if not facts.values(record, p.value):
                    found[self.knowledge.label(p)] = None
            said = (*facts.values(record, AFFIRMS), *facts.values(record, DENIES))
            if reading.fact and reading.fact not in said:
                found[self.knowledge.label(NamedNode(reading.fact))] = None
        return sorted(found)

    def reading(self, leaf: Criterion) -> Reading:
        """Return what a leaf looks at, worked out once."""
        if leaf.iri not in self._known:
            self._known[leaf.iri] = self._reading(leaf)
        return self._known[leaf.iri]

    def _reading(self, leaf: Criterion) -> Reading:
        known, t = self.knowledge, self.knowledge.triples
        if leaf.kind in (Kind.AFFIRMED, Kind.ABSENT):
            fact = t.value(leaf.iri, COV.affirmedFact) or t.value(leaf.iri, COV.absentFact)
            assert fact is not None
            return Reading(
                path=RECORD_PATHS[known.facts[fact].stated_of].value,
                affirming=self._narrower.get(fact.value, frozenset()) | {fact.value},
                denying=frozenset(b.value for b in known.broader_of(fact)),
            )
        if leaf.kind is Kind.CORE:
            return Reading(
                paths=tuple(
                    tuple(step.value for step in steps(t, t.value(shape, SH.path)))
                    for shape in t.objects(leaf.iri, SH.property)
                )
            )

        def named(*parameters: NamedNode) -> str:
            found = (t.value(leaf.iri, p) for p in parameters)
            return next((o.value for o in found if isinstance(o, NamedNode)), "")

        therapy = named(COV.withTherapy)
        ruled_out = known.incompatible.get(NamedNode(therapy), ()) if therapy else ()
        kin = {b.value for b in known.broader_of(NamedNode(therapy))} if therapy else set()
        asked = [
            p
            for parameter in t.predicates(leaf.iri)
            for p in t.objects(parameter, COV.reads)
            if isinstance(p, NamedNode)
        ]
        return Reading(
            history=named(*HISTORY),
            therapy=therapy,
            not_therapies=frozenset(o.value for o in ruled_out),
            kin_therapies=self._narrower.get(therapy, frozenset()) | kin,
            since=named(COV.sinceDate),
            asked=tuple(asked),
            fact=named(COV.withFact),
            same_region=t.value(leaf.iri, COV.regionScope) == COV.SameRegion,
            selecting=tuple(
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


def _statements(reading: Reading, facts: Facts) -> Iterable[Statement]:
    """Yield what affirms or denies the fact, narrower and broader facts included."""
    for record in facts.values(facts.iri, reading.path):
        stated = facts.stated.get(str(record), {})
        for p, by in ((AFFIRMS, reading.affirming), (DENIES, reading.denying)):
            for said in stated.get(p, ()):
                if said.value in by:
                    yield Statement(str(record), p, said.value)


def _ends(reading: Reading, facts: Facts) -> Iterable[Statement]:
    """Yield the last step of every path, as stated where it is, as inferred where it is not."""
    for path in reading.paths:
        nodes: list[Value] = [facts.iri]
        for step in path[:-1]:
            nodes = [o for n in nodes for o in facts.values(n, step)]
        last = path[-1]
        for node in nodes:
            stated = facts.stated.get(str(node), {}).get(last)
            values = map(value_of, stated) if stated else facts.values(node, last)
            for value in values:
                yield Statement(str(node), last, text_of(value))


def _records(reading: Reading, facts: Facts) -> Iterable[Statement]:
    """Yield the records that a component looks at, with all that is stated of them."""
    if reading.history:
        for s in facts.earlier:
            if reading.history in s.types:
                yield from _stated(s.node, facts)
    if reading.therapy:
        for c in facts.courses:
            if reading.not_therapies.isdisjoint(facts.values(c.node, OF_THERAPY)):
                yield from _stated(c.node, facts)
        for said in facts.stated.get(facts.patient_iri, {}).get(DENIES, ()):
            if said.value in reading.kin_therapies:
                yield Statement(facts.patient_iri, DENIES, said.value)
    if reading.since:
        for record in (facts.patient_iri, *facts.values(facts.iri, CONCERNS_PAIN)):
            for value in facts.values(record, reading.since):
                yield Statement(str(record), reading.since, text_of(value))


def _does_not_count(reading: Reading, record: str, facts: Facts) -> bool:
    """Say whether what a record states keeps it from counting, whatever else it might state."""
    regions = facts.values(record, TREATS_REGION)
    if reading.same_region and regions and facts.region and facts.region not in regions:
        return True
    return any(
        not ruled_out.isdisjoint(facts.values(record, p)) for p, ruled_out in reading.selecting
    )


def _stated(record: str, facts: Facts) -> Iterable[Statement]:
    for p, values in facts.stated.get(record, {}).items():
        if p != TYPE and p in facts.records.get(record, {}):
            for value in values:
                yield Statement(record, p, text_of(value_of(value)))


def text_of(value: Value) -> str:
    """Return a value as text; a number in its one form."""
    return f"{value:f}".rstrip("0") if isinstance(value, Decimal) else str(value)
