"""What the long way might refuse, once a request is classified.

Each check here is at least as strict as its counterpart in ``coherence``; what fails one is
not refused, it goes the long way.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyoxigraph import NamedNode

from .. import codes
from ..coherence import ORDERED, PROCEDURES
from ..facts import (
    AFFIRMS,
    DATE_OF_SERVICE,
    DENIES,
    HAD_THERAPY,
    HAS_CODE,
    HAS_KIND,
    HAS_PATIENT,
    IN_REGION,
    NONE,
    OF_THERAPY,
    TREATS_REGION,
    Incompatible,
    Record,
    Value,
    first,
)
from ..knowledge import Knowledge, is_true
from ..namespaces import COV
from .tables import Found, Spec
from .values import Unsure

PROCEDURE_ROLES = frozenset(r.value for r in PROCEDURES)
EARLIER = COV.EarlierProcedure.value
ORDERED_IRIS = tuple((a.value, b.value) for a, b in ORDERED)


class Refusals:
    """Looks a classified request over.

    Parameters
    ----------
    knowledge : Knowledge
        What codes and kinds mean.
    incompatible : mapping
        From a concept to those that the same thing cannot be.
    specs : mapping
        From a class of record to what it may state.
    """

    def __init__(
        self, knowledge: Knowledge, incompatible: Incompatible, specs: Mapping[str, dict[str, Spec]]
    ) -> None:
        self.knowledge, self.incompatible = knowledge, incompatible
        # The properties of each class of record with values that exclude each other; a patient
        # may have, or not have, several facts that do.
        self.exclusive = {
            role: tuple(
                p
                for p, spec in of_role.items()
                if p not in (AFFIRMS, DENIES) and any(c in incompatible for c in spec.among)
            )
            for role, of_role in specs.items()
        }
        self._regional: dict[str, bool] = {}
        self._compatible: dict[tuple[str, str], bool] = {}
        t = knowledge.triples
        self.add_ons: dict[Value, frozenset[str]] = {
            c.value: frozenset(o.value for o in t.objects(c, COV.addOnTo))
            for c in knowledge.instances_of(COV.AddOnCode)
        }
        self.unlisted = frozenset(
            c.value for c in knowledge.instances_of(COV.UnlistedProcedureCode)
        )
        self.groups = frozenset(s.value for s, o in t.pairs(COV.isGroup) if is_true(o))
        self.spans: dict[Value, frozenset[str]] = {
            s.value: frozenset(o.value for o in t.objects(s, COV.spansRegion))
            for s, _ in t.pairs(COV.spansRegion)
        }

    def refuse(
        self, own: Found, records: dict[str, Found], roles: dict[str, str], days: list[str]
    ) -> None:
        """Raise Unsure unless the records surely agree with each other."""
        service = str(first(own[DATE_OF_SERVICE]))
        if max(days) > service:
            raise Unsure
        pains: set[Value] = set()
        for node, found in records.items():
            role = roles[node]
            denied = found.get(DENIES)
            affirmed = found.get(AFFIRMS)
            if denied and affirmed and not denied.keys().isdisjoint(affirmed):
                raise Unsure
            for p in self.exclusive[role]:
                values = found.get(p)
                if values and len(values) > 1:
                    for v in values:
                        others = self.incompatible.get(v)
                        if others and not others.isdisjoint(values):
                            raise Unsure
            for start, end in ORDERED_IRIS:
                if (
                    start in found
                    and end in found
                    and str(first(found[end])) < str(first(found[start]))
                ):
                    raise Unsure
            if role in PROCEDURE_ROLES:
                self._refuse_procedure(found, role == EARLIER)
            elif IN_REGION in found:
                if not pains.isdisjoint(found[IN_REGION]):
                    raise Unsure
                pains.update(found[IN_REGION])
        (patient,) = own[HAS_PATIENT]
        history: Record = records[str(patient)]
        denials = history.get(DENIES, NONE)
        for course in history.get(HAD_THERAPY, NONE):
            kinds = records[str(course)][OF_THERAPY]
            # What is stated comes before what follows from it.
            if next(iter(kinds)) in self.groups or any(k in denials for k in kinds):
                raise Unsure

    def _refuse_procedure(self, found: Found, earlier: bool) -> None:
        means = [v for p in (HAS_CODE, HAS_KIND) for v in found.get(p, NONE)]
        kinds = found.get(HAS_KIND, NONE)
        primary = [c for c in found.get(HAS_CODE, NONE) if c not in self.add_ons]
        for code in found.get(HAS_CODE, NONE):
            goes_with = self.add_ons.get(code)
            if goes_with is not None and goes_with.isdisjoint(primary):
                raise Unsure
        if not means or len(primary) > 1:
            raise Unsure
        for code in primary:
            if not kinds and code in self.unlisted:
                raise Unsure
            if any(not self._one_procedure(str(code), str(kind)) for kind in kinds):
                raise Unsure
        regions = found.get(TREATS_REGION, NONE)
        if len(regions) > 1:
            raise Unsure
        for meaning in means:
            spans = self.spans.get(meaning)
            if spans and any(r not in spans for r in regions):
                raise Unsure
        if earlier and not regions and any(self._needs_region(str(m)) for m in means):
            raise Unsure

    def _needs_region(self, meaning: str) -> bool:
        if meaning not in self._regional:
            self._regional[meaning] = codes.needs_region(NamedNode(meaning), self.knowledge)
        return self._regional[meaning]

    def _one_procedure(self, code: str, kind: str) -> bool:
        pair = code, kind
        if pair not in self._compatible:
            terms = NamedNode(code), NamedNode(kind)
            self._compatible[pair] = codes.one_procedure(*terms, self.knowledge)
        return self._compatible[pair]
