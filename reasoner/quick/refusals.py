"""What the long way might refuse, once a request is classified.

Each check here is at least as strict as its counterpart in ``coherence``; what fails one is
not refused, it goes the long way.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from pyoxigraph import NamedNode

from ..facts.defaults import TREATS_NERVE
from ..facts.layout import Incompatible
from ..knowledge import codes
from ..knowledge.base import Knowledge
from ..namespaces import COV
from ..plain import (
    AFFIRMS,
    DENIES,
    HAS_CHRONICITY,
    HAS_CODE,
    HAS_INTENT,
    HAS_KIND,
    IN_REGION,
    IS_FOR,
    NONE,
    NOTHING,
    OF_THERAPY,
    ONSET_DATE,
    TREATS_LEVEL,
    TREATS_REGION,
    Value,
    Values,
    day_of,
    first,
)
from ..request.onset import contradicted, disagree, limits_of, told_among
from ..request.values import is_group
from .tables import Found, Kept, Role
from .written import Unsure

NO_KINDS: Kept = {}


class Refusals:
    """Looks a classified request over.

    Parameters
    ----------
    knowledge : Knowledge
        What codes and kinds mean.
    incompatible : mapping
        From a concept to those that the same thing cannot be.
    """

    def __init__(self, knowledge: Knowledge, incompatible: Incompatible) -> None:
        self.knowledge, self.incompatible = knowledge, incompatible
        # The properties with values that exclude each other; a patient may have, or not have,
        # several facts that do.
        self.exclusive = {
            p.value
            for p, d in knowledge.properties.items()
            if d.takes is not None
            and any(c.value in incompatible for c in knowledge.instances_of(d.takes))
        } - {AFFIRMS, DENIES}
        self._compatible: dict[tuple[str, str], bool] = {}
        t = knowledge.triples
        self.add_ons: dict[Value, frozenset[str]] = {
            c.value: frozenset(o.value for o in t.objects(c, COV.addOnTo))
            for c in knowledge.instances_of(COV.AddOnCode)
        }
        words = (COV.TreatmentPurpose, COV.Chronicity)
        self.onset_limits = limits_of(
            knowledge, [w for c in words for w in knowledge.instances_of(c)]
        )
        self.unlisted = frozenset(
            c.value for c in knowledge.instances_of(COV.UnlistedProcedureCode)
        )
        # From a group of therapies to the single kinds that it gathers.
        self.gathers: dict[Value, frozenset[str]] = {
            group.value: frozenset(
                k.value for k in knowledge.narrower.get(group, ()) if not is_group(k, knowledge)
            )
            for group in knowledge.instances_of(COV.TherapyKind)
            if is_group(group, knowledge)
        }
        self.companions = frozenset(c.value for c in knowledge.instances_of(COV.CompanionCode))
        self.together = {(a.value, b.value) for a, b in t.pairs(COV.goesWith)}
        # Levels that lack a joint, which not every code goes with.
        self.lacking = frozenset(s.value for s, _ in t.pairs(COV.lacksJoint))
        self.of_joints = frozenset(s.value for s, _ in t.pairs(COV.actsOnJoint))
        # From a nerve to the regions that its joints lie in.
        self.lies: dict[Value, set[str]] = {}
        for joint, nerve in t.pairs(COV.suppliedBy):
            lies = {r.value for p in (COV.inRegion, COV.liesIn) for r in t.objects(joint, p)}
            self.lies.setdefault(nerve.value, set()).update(lies)
        self.never_meant: dict[Value, frozenset[str]] = {
            s.value: frozenset(o.value for o in t.objects(s, COV.rulesOutIntent))
            for s, _ in t.pairs(COV.rulesOutIntent)
        }
        self.spans: dict[Value, frozenset[str]] = {
            s.value: frozenset(o.value for o in t.objects(s, COV.spansRegion))
            for s, _ in t.pairs(COV.spansRegion)
        }

    def refuse_both(self, p: str, values: Kept, more: Kept) -> None:
        """Raise Unsure when two statements of a record give it values that exclude each other."""
        if p in self.exclusive:
            for value in more:
                if value in self.incompatible and not self.incompatible[value].isdisjoint(values):
                    raise Unsure

    def refuse_record(self, role: Role, found: Found, days: dict[str, str]) -> None:
        """Raise Unsure unless a record surely agrees with itself."""
        if DENIES in found and not found[DENIES].keys().isdisjoint(found.get(AFFIRMS, NONE)):
            raise Unsure
        for start, end in role.ordered:
            if start in days and end in days and days[end] < days[start]:
                raise Unsure
        if role.is_procedure:
            self._refuse_procedure(found)

    def refuse_together(self, patient: Found, records: dict[str, Found], day: str) -> None:
        """Raise Unsure unless the records surely agree with each other, and with the day."""
        denied = patient.get(DENIES, NONE)
        pains: set[Value] = set()
        for found in records.values():
            if IN_REGION in found:
                regions = found[IN_REGION]
                if not pains.isdisjoint(regions):
                    raise Unsure
                pains.update(regions)
                onsets = [str(v) for v in found.get(ONSET_DATE, NONE)]
                for word in found.get(HAS_CHRONICITY, NONE):
                    if contradicted(word, self.onset_limits, onsets, day):
                        raise Unsure
            elif (kinds := found.get(OF_THERAPY, NO_KINDS).keys()) and (
                not kinds.isdisjoint(denied)
                or any(
                    all(s in denied for s in self.gathers[k]) for k in kinds & self.gathers.keys()
                )
            ):
                raise Unsure

    def refuse_onsets(self, procedure: Found, pains: list[Found], day: str) -> None:
        """Raise Unsure when a word for the age of the pain may contradict its onset, or another."""
        limits, regions = self.onset_limits, procedure.get(TREATS_REGION, NONE)
        of = [(p[IN_REGION], day_of(p, ONSET_DATE)) for p in pains]
        worded = [p for p in procedure.get(IS_FOR, NONE) if p in limits]
        if worded:
            onsets = told_among(of, regions)
            called = ((p[IN_REGION], str(first(p.get(HAS_CHRONICITY, NONE)) or "")) for p in pains)
            words = told_among(called, regions)
            if any(
                contradicted(p, limits, onsets, day) or disagree(p, words, limits) for p in worded
            ):
                raise Unsure

    def _refuse_procedure(self, found: Found) -> None:
        for fact in found.get(AFFIRMS, NONE):
            if not self.incompatible.get(fact, NOTHING).isdisjoint(found[AFFIRMS]):
                raise Unsure
        stated, kinds = found.get(HAS_CODE, NONE), found.get(HAS_KIND, NONE)
        regions = found.get(TREATS_REGION, NONE)
        intents, beside = found.get(HAS_INTENT, NONE), self.companions.intersection(stated)
        primary = [c for c in stated if c not in self.add_ons and c not in beside]
        means = (*stated, *kinds)
        if len(means) == len(beside) or len(regions) > 1:
            raise Unsure
        if len(primary) > 1:
            for one, other in combinations(primary, 2):
                if (str(one), str(other)) not in self.together:
                    raise Unsure
        self._refuse_joints(found, means, regions)
        if len(primary) + len(beside) < len(stated):
            for code in stated:
                if code in self.add_ons and self.add_ons[code].isdisjoint(primary):
                    raise Unsure
        for code in primary:
            if not kinds and code in self.unlisted:
                raise Unsure
            for kind in kinds:
                if not self._one_procedure(str(code), str(kind)):
                    raise Unsure
        for meaning in means:
            spans = self.spans.get(meaning)
            if spans and not spans.issuperset(regions):
                raise Unsure
            if intents and not self.never_meant.get(meaning, NOTHING).isdisjoint(intents):
                raise Unsure

    def _refuse_joints(self, found: Found, means: Iterable[Value], regions: Values) -> None:
        """Raise Unsure where levels or nerves may be those of joints it is not about."""
        levels, nerves = found.get(TREATS_LEVEL, NONE), found.get(TREATS_NERVE, NONE)
        if not self.lacking.isdisjoint(levels) and not self.of_joints.isdisjoint(means):
            raise Unsure
        if nerves and regions and any(self.lies[n].isdisjoint(regions) for n in nerves):
            raise Unsure

    def _one_procedure(self, code: str, kind: str) -> bool:
        pair = code, kind
        if pair not in self._compatible:
            terms = NamedNode(code), NamedNode(kind)
            self._compatible[pair] = codes.one_procedure(*terms, self.knowledge)
        return self._compatible[pair]
