"""Which stated facts a criterion looked at.

A verdict is believed when the facts behind it can be seen. For each leaf this gives the
statements of the request that bear on it, in the caller's own words where there are
any, and what was inferred where there are none. What a leaf looks at is worked out once;
looking it up in a request is then as quick as judging it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from pyoxigraph import NamedNode

from ..facts.following import Following
from ..facts.layout import Facts
from ..judge.components.therapy_course import HadTherapy
from ..knowledge.base import Knowledge
from ..namespaces import COV, SH
from ..plain import (
    AFFIRMS,
    DENIES,
    EARLIER_PROCEDURES,
    ENDED_ON,
    HAD_THERAPY,
    HAS_PATIENT,
    OF_THERAPY,
    REQUESTS_PROCEDURE,
    STARTED_ON,
    TREATS_REGION,
    Values,
)
from ..policies.components import Components, Parameter, components_of
from ..policies.criteria import Criterion, Kind, Policy
from ..policies.lowering import RECORD_PATHS
from ..policies.standard import ways
from ..triples import Term
from .statements import Reading, Statements, statements_at
from .therapies import Therapies, asked_of, therapies_read


@dataclass(frozen=True)
class Asked:
    """What a component asks of the records it looks at.

    Parameters
    ----------
    ruled_out : tuple
        Pairs of a property and the values that keep a record from counting.
    """

    properties: tuple[NamedNode, ...]
    fact: str
    same_region: bool
    ruled_out: tuple[tuple[str, frozenset[str]], ...]


@dataclass(frozen=True)
class Reads:
    """Looks up what criteria looked at.

    Parameters
    ----------
    knowledge : Knowledge
        Where the criteria come from.
    """

    knowledge: Knowledge
    _readings: dict[Criterion | Policy, Reading] = field(default_factory=dict, repr=False)
    _asked: dict[Criterion, Asked] = field(default_factory=dict, repr=False)
    _therapies: dict[Criterion, HadTherapy | None] = field(default_factory=dict, repr=False)

    def facts_read(self, leaf: Criterion, facts: Facts) -> Statements:
        """Return the statements that a leaf looked at, in a fixed order."""
        reading = self._readings.get(leaf)
        if reading is None:
            reading = self._readings[leaf] = self._reading((leaf,))
        return statements_at(reading, facts)[0]

    def all_read(self, policy: Policy, facts: Facts) -> list[Statements]:
        """Return the statements that each criterion of a policy looked at; composites at none."""
        reading = self._readings.get(policy)
        if reading is None:
            reading = self._readings[policy] = self._reading(tuple(policy.criteria.values()))
        return statements_at(reading, facts)

    def therapies(self, leaf: Criterion, facts: Facts) -> Therapies | None:
        """Return which courses do not count for a leaf, and what is open, if it asks for any."""
        if leaf not in self._therapies:
            self._therapies[leaf] = asked_of(leaf, self.knowledge)
        asked = self._therapies[leaf]
        return None if asked is None else therapies_read(asked, facts)

    def silent(self, leaf: Criterion, facts: Facts) -> list[str]:
        """Return in words what a component asks of the records it looks at and does not find.

        A record of another region, technique or kind of therapy is not asked to say more: it
        would not count. That there is no record at all is said by the leaf's own label.
        """
        if leaf.kind is not Kind.COMPONENT:
            return []
        therapies = self.therapies(leaf, facts)
        if therapies is not None:
            # A kind is stated of every course, if only a group.
            silent = {(c, p) for c, p in therapies.silent if p != OF_THERAPY}
            return sorted({self._left_out(c, p, facts) for c, p in silent})
        if leaf not in self._asked:
            self._asked[leaf] = self._asked_by(leaf)
        asked = self._asked[leaf]
        found: dict[str, None] = {}
        records = {s.record for s in self.facts_read(leaf, facts)}
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

    def _left_out(self, course: str, p: str, facts: Facts) -> str:
        """Return in words what a course leaves out: of a month or a year stated, the day."""
        label = self.knowledge.label(NamedNode(p))
        known = p in (STARTED_ON, ENDED_ON) and facts.stated.get(course, {}).get(p)
        return f"the day that it {label}" if known else label

    def barred(self, leaf: Criterion, record: str, facts: Facts) -> tuple[str, Values] | None:
        """Return what is stated of a record that keeps it from counting, if anything is."""
        if leaf.kind is not Kind.COMPONENT:
            return None
        if leaf not in self._asked:
            self._asked[leaf] = self._asked_by(leaf)
        return _barred(self._asked[leaf], record, facts)

    def given(self, leaf: Criterion) -> list[tuple[Parameter, Term]]:
        """Return what a leaf gives to its component; nothing where it is made of none."""
        return self._given(leaf) if leaf.component is not None else []

    def _reading(self, criteria: Sequence[Criterion]) -> Reading:
        reading = Reading(len(criteria))
        for place, criterion in enumerate(criteria):
            if criterion.kind in (Kind.AFFIRMED, Kind.ABSENT):
                self._add_fact(reading, criterion, place)
            elif criterion.kind is Kind.COMPONENT:
                self._add_component(reading, criterion, place)
            elif criterion.kind is Kind.CORE:
                t = self.knowledge.triples
                for shape in t.objects(criterion.iri, SH.property):
                    for way in self._ways(shape):
                        reading.look_at(way, place)
        return reading

    def _ways(self, shape: Term) -> list[tuple[str, ...]]:
        """Return every way that a property shape looks along, those of the values it counts too."""
        t = self.knowledge.triples
        found = [tuple(p.value for p in way) for way in ways(t, t.value(shape, SH.path))]
        inner = [
            below
            for qualified in t.objects(shape, SH.qualifiedValueShape)
            for nested in t.objects(qualified, SH.property)
            for below in self._ways(nested)
        ]
        return found + [way + below for way in found for below in inner]

    def _add_fact(self, reading: Reading, leaf: Criterion, place: int) -> None:
        known, t = self.knowledge, self.knowledge.triples
        fact = t.value(leaf.iri, COV.affirmedFact) or t.value(leaf.iri, COV.absentFact)
        assert fact is not None
        path = (RECORD_PATHS[known.facts[fact].stated_of].value,)
        # A narrower fact affirms this one; denying a broader one denies it.
        affirming = {n.value for n in (fact, *known.narrower.get(fact, ()))}
        denying = {broader.value for broader in known.broader_of(fact)}
        # So does a fact that rules it out.
        rules = {s for s, o in t.pairs(COV.rulesOut) if o.value in denying}
        ruling = {n.value for r in rules for n in (r, *known.narrower.get(r, ()))}
        reading.look_for(path, AFFIRMS, affirming | ruling, place)
        reading.look_for(path, DENIES, denying, place)
        for says, facts in ((AFFIRMS, affirming), (DENIES, denying)):
            for read in {p for f in facts for p in self.following.read_for(says, f)}:
                if read == HAD_THERAPY:
                    reading.courses.setdefault(frozenset(), []).append(place)
                elif read not in (AFFIRMS, DENIES):
                    reading.look_at((*path, read), place)

    def _add_component(self, reading: Reading, leaf: Criterion, place: int) -> None:
        """Add the records that it picks among, the dates it names, what it compares them with."""
        for parameter, given in self._given(leaf):
            if parameter.among == COV.hadTherapy:
                self._add_courses(reading, given, place)
            elif parameter.among is not None:
                by_class = reading.sessions.setdefault(parameter.among.value, {})
                by_class.setdefault(given.value, []).append(place)
                if parameter.among == COV.underwent:
                    # What is said of the list decides where the records leave off.
                    for said in (COV.completeFor, COV.partialFor):
                        reading.look_for((HAS_PATIENT,), said.value, (EARLIER_PROCEDURES,), place)
            for record in parameter.date_of:
                counted = [n for n, of in self.knowledge.counted_years.items() if of == given]
                for stated in (given, *counted):
                    reading.look_at((RECORD_PATHS[record].value, stated.value), place)
            for p in parameter.compares:
                reading.look_at((REQUESTS_PROCEDURE, p.value), place)

    def _add_courses(self, reading: Reading, therapy: Term, place: int) -> None:
        """Add the courses that may be of a kind of therapy, and what denies that kind."""
        known = self.knowledge
        ruled_out = frozenset(o.value for o in known.incompatible.get(therapy, ()))
        reading.courses.setdefault(ruled_out, []).append(place)
        kin = {k.value for k in known.broader_of(therapy).union(known.narrower.get(therapy, ()))}
        reading.look_for((HAS_PATIENT,), DENIES, kin, place)

    def _asked_by(self, leaf: Criterion) -> Asked:
        known, t = self.knowledge, self.knowledge.triples
        fact = t.value(leaf.iri, COV.withFact)
        given = self._given(leaf)
        read = [p for q, _ in given for p in (*q.held_against, *(q.reads if q.among else ()))]
        return Asked(
            properties=tuple(dict.fromkeys(read)),
            fact=fact.value if fact is not None else "",
            same_region=t.value(leaf.iri, COV.regionScope) == COV.SameRegion,
            ruled_out=tuple(
                (p.value, frozenset(o.value for o in known.incompatible.get(wanted, ())))
                for parameter, wanted in given
                if (p := parameter.selects_by) is not None
            ),
        )

    def _given(self, leaf: Criterion) -> list[tuple[Parameter, Term]]:
        assert leaf.component is not None
        return self._components[leaf.component].given(leaf.iri, self.knowledge.triples)

    @cached_property
    def _components(self) -> Components:
        return components_of(self.knowledge)

    @cached_property
    def following(self) -> Following:
        """What follows from what; the statements that it follows from are looked at too."""
        return Following(self.knowledge)


def _does_not_count(asked: Asked, record: str, facts: Facts) -> bool:
    """Return whether what a record states keeps it from counting, whatever else it might state."""
    return _barred(asked, record, facts) is not None


def _barred(asked: Asked, record: str, facts: Facts) -> tuple[str, Values] | None:
    """Return a property and the values of it that keep a record from counting."""
    regions = facts.values(record, TREATS_REGION)
    if asked.same_region and regions and facts.region and facts.region not in regions:
        return TREATS_REGION, regions
    for p, ruled_out in asked.ruled_out:
        values = facts.values(record, p)
        if not ruled_out.isdisjoint(values):
            return p, tuple(v for v in values if v in ruled_out)
    return None
