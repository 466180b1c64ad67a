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

from ..facts.layout import Facts
from ..knowledge.base import Knowledge
from ..namespaces import COV, SH
from ..plain import AFFIRMS, CONCERNS_PAIN, DENIES, HAS_PATIENT, TREATS_REGION
from ..policies.criteria import Criterion, Kind, Policy
from ..policies.lowering import RECORD_PATHS
from ..policies.standard import steps
from .statements import Reading, Statements, statements_at

# Which property of a record each of these parameters picks it by.
SELECTING = {
    COV.withTechnique: COV.usesTechnique,
    COV.withIntent: COV.hasIntent,
    COV.withTherapy: COV.ofTherapy,
}
HISTORY = (COV.ofProcedure, COV.eachSessionOf, COV.latestSessionOf)


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
                    path = [step.value for step in steps(t, t.value(shape, SH.path))]
                    reading.look_at(tuple(path), place)
        return reading

    def _add_fact(self, reading: Reading, leaf: Criterion, place: int) -> None:
        known, t = self.knowledge, self.knowledge.triples
        fact = t.value(leaf.iri, COV.affirmedFact) or t.value(leaf.iri, COV.absentFact)
        assert fact is not None
        path = (RECORD_PATHS[known.facts[fact].stated_of].value,)
        # A narrower fact affirms this one; denying a broader one denies it.
        affirming = self._narrower.get(fact.value, frozenset()) | {fact.value}
        denying = {broader.value for broader in known.broader_of(fact)}
        reading.look_for(path, AFFIRMS, affirming, place)
        reading.look_for(path, DENIES, denying, place)

    def _add_component(self, reading: Reading, leaf: Criterion, place: int) -> None:
        """Add the procedures, the courses of a kind of therapy and the date it looks at."""
        known, t = self.knowledge, self.knowledge.triples
        procedure = next((c for p in HISTORY if (c := t.value(leaf.iri, p))), None)
        therapy, since = (t.value(leaf.iri, p) for p in (COV.withTherapy, COV.sinceDate))
        if procedure is not None:
            reading.earlier.setdefault(procedure.value, []).append(place)
        if isinstance(therapy, NamedNode):
            ruled_out = frozenset(o.value for o in known.incompatible.get(therapy, ()))
            reading.courses.setdefault(ruled_out, []).append(place)
            broader = {b.value for b in known.broader_of(therapy)}
            kin = self._narrower.get(therapy.value, frozenset()) | broader
            reading.look_for((HAS_PATIENT,), DENIES, kin, place)
        if since is not None:
            # A date of the patient or of the pain.
            reading.look_at((HAS_PATIENT, since.value), place)
            reading.look_at((CONCERNS_PAIN, since.value), place)

    def _asked_by(self, leaf: Criterion) -> Asked:
        known, t = self.knowledge, self.knowledge.triples
        fact = t.value(leaf.iri, COV.withFact)
        return Asked(
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


def _does_not_count(asked: Asked, record: str, facts: Facts) -> bool:
    """Return whether what a record states keeps it from counting, whatever else it might state."""
    regions = facts.values(record, TREATS_REGION)
    if asked.same_region and regions and facts.region and facts.region not in regions:
        return True
    return any(
        not ruled_out.isdisjoint(facts.values(record, p)) for p, ruled_out in asked.ruled_out
    )
