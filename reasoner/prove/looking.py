"""Looks at the trees of the leaves, the rules of history, and what the facts follow from.

What any of them asks for is gathered; what the prover cannot follow is refused by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from pyoxigraph import NamedNode

from ..errors import KnowledgeError
from ..facts.history import HistoryRules
from ..judge.components.changed_since_latest import LevelChanged, TechniqueChanged
from ..judge.components.elapsed import Dated
from ..judge.components.minimum_interval import Interval
from ..judge.components.not_also_planned import NotPlanned
from ..judge.components.response import Response
from ..judge.components.sessions import Sessions
from ..judge.components.therapy_course import FOLLOW_UP, HadTherapy
from ..namespaces import COV, SH, compact
from ..plain import (
    AFFIRMS,
    DENIES,
    HAD_OUTCOME,
    HAS_CHRONICITY,
    HAS_INTENT,
    IN_REGION,
    IS_FOR,
    IS_MEANT_FOR,
    MAY_BE_FOR,
    OF_THERAPY,
    ON_SIDE,
    ONSET_DATE,
    TREATS_LEVEL,
    TREATS_REGION,
    TYPE,
    USES_TECHNIQUE,
)
from ..policies import algebra as a
from ..policies.criteria import Policy
from ..triples import Term
from .asked import (
    COURSE,
    EARLIER,
    PAIN,
    PATIENT,
    PLANNED,
    PROCEDURE,
    PROCEDURES,
    REQUEST,
    ROLES,
    Asked,
)
from .inference import Inference, said_by


class Looking:
    """Gathers what some policies look at.

    Parameters
    ----------
    leaves, rules : mapping
        The lowered leaves of each policy, and its rules of history.
    """

    def __init__(
        self,
        infers: Inference,
        leaves: Mapping[Policy, tuple[a.Leaf, ...]],
        rules: Mapping[Policy, HistoryRules],
    ) -> None:
        self.infers, self.knowledge = infers, infers.knowledge
        self.leaves, self.rules = leaves, rules
        self.asked = Asked()
        self._look_at_policies()

    def _look_at_policies(self) -> None:
        atoms = self.asked.atoms
        for policy in self.leaves:
            atoms[REQUEST].add((TYPE, policy.target.value))
            for leaf in self.leaves[policy]:
                for expression in (leaf.holds, leaf.may_hold):
                    self._look_at(expression, REQUEST)
            rules = self.rules[policy]
            if rules.episode:
                atoms[EARLIER] |= {
                    (TYPE, cls) for cls in (rules.episode.of, rules.episode.broken_by) if cls
                }
                if rules.episode.but_intent:
                    atoms[EARLIER].add((HAS_INTENT, rules.episode.but_intent))
                if rules.episode.broken_by_fact:
                    atoms[PAIN].add((AFFIRMS, rules.episode.broken_by_fact))
            if rules.merging:
                atoms[EARLIER].add((TYPE, rules.merging.of))
                if rules.merging.technique:
                    atoms[EARLIER].add((USES_TECHNIQUE, rules.merging.technique))
                for role in (PROCEDURE, EARLIER):
                    self.asked.present.update({(role, TREATS_LEVEL), (role, ON_SIDE)})
        for above, below in self.infers.of_request:
            if self.infers.from_one((TYPE, above)) & atoms[REQUEST]:
                atoms[PROCEDURE].add((TYPE, below))
        regions = [r.value for r in self.knowledge.instances_of(COV.SpinalRegion)]
        for role in (*PROCEDURES, COURSE):
            atoms[role] |= {(TREATS_REGION, r) for r in regions}
        atoms[PAIN] |= {(IN_REGION, r) for r in regions}
        atoms[PROCEDURE] |= {(TYPE, c.value) for c in self.knowledge.concerned_everywhere}
        if any(p == IS_MEANT_FOR for p, _ in atoms[PROCEDURE]):
            self.asked.present.add((PROCEDURE, IS_FOR))
            atoms[PROCEDURE] |= {(TYPE, c.value) for c in self.knowledge.meant}
        for p in (IS_MEANT_FOR, MAY_BE_FOR):
            atoms[PROCEDURE] |= {(IS_FOR, v) for q, v in atoms[PROCEDURE] if q == p}
        implied = {i.value for _, i in self.knowledge.triples.pairs(COV.impliesIntent)}
        for role in PROCEDURES:
            if any(p == HAS_INTENT for p, _ in atoms[role]):
                atoms[role] |= {(HAS_INTENT, i) for i in implied}
        if EARLIER_ASKED & {type(x).__name__ for x in self._expressions()}:
            self.asked.dates[EARLIER].add(COV.performedOn.value)
        self._look_at_derivations()
        self._look_at_onsets()

    def _expressions(self) -> Iterator[object]:
        for leaves in self.leaves.values():
            for leaf in leaves:
                yield leaf.holds

    def _look_at(self, e: a.Expression, role: str) -> None:
        if isinstance(e, a.All | a.AnyOf):
            for part in e.parts:
                self._look_at(part, role)
        elif isinstance(e, a.Not):
            self._look_at(e.part, role)
        elif isinstance(e, a.Has):
            for end, p in self._ends(e.path, role):
                self.asked.atoms[end].add((p, str(e.value)))
                self.asked.sets.setdefault((end, p), set()).add(frozenset({str(e.value)}))
        elif isinstance(e, a.Count | a.Every):
            for end, p in self._ends(e.path, role):
                if isinstance(e, a.Every) or not isinstance(e.test, a.Among):
                    self.asked.present.add((end, p))
                if e.test is not None:
                    self._look_at_values(e.test, end, p)
        elif isinstance(e, a.OfClass):
            self.asked.atoms[role].add((TYPE, e.cls))
        elif not isinstance(e, a.Among | a.OfSort | a.Compared):
            self._look_at_component(e)

    def _look_at_values(self, e: a.Expression, role: str, p: str) -> None:
        """Look at a test of the values of a property, which may be records."""
        declared = self.knowledge.properties.get(NamedNode(p))
        takes = declared.takes if declared else None
        if takes is not None and takes.value in ROLES:
            self._look_at(e, takes.value)
        elif isinstance(e, a.All | a.AnyOf):
            for part in e.parts:
                self._look_at_values(part, role, p)
        elif isinstance(e, a.Among):
            self._name(role, p, (str(v) for v in e.values))
        elif isinstance(e, a.Compared):
            self.asked.numbers[role].add(p)
        elif not isinstance(e, a.OfSort):
            raise KnowledgeError(f"the prover knows no {type(e).__name__} of {compact(p)}")

    def _ends(self, path: a.Path, role: str) -> Iterator[tuple[str, str]]:
        """Yield the role and the property with which each way along a path ends."""
        step, rest = path[0], path[1:]
        if step.inverse:
            raise KnowledgeError("the prover knows no path that goes backwards")
        for p in step.properties:
            if not rest:
                yield role, p
                continue
            if p == COV.concernsPain.value:
                yield from self._ends(rest, PAIN)
                continue
            declared = self.knowledge.properties.get(NamedNode(p))
            if declared is None or declared.takes is None or declared.takes.value not in ROLES:
                raise KnowledgeError(f"the prover knows no path through {compact(p)}")
            yield from self._ends(rest, declared.takes.value)

    def _look_at_component(self, e: Any) -> None:
        atoms, known = self.asked.atoms, set()
        for f in fields(e):
            value = getattr(e, f.name)
            if isinstance(value, Sessions):
                known.add(f.name)
                atoms[EARLIER].add((TYPE, value.cls))
                if value.technique:
                    atoms[EARLIER].add((USES_TECHNIQUE, value.technique))
                if value.intent:
                    atoms[EARLIER].add((HAS_INTENT, value.intent))
            elif isinstance(value, Response):
                known.add(f.name)
                atoms[EARLIER] |= {
                    (p, fact)
                    for fact in (value.or_fact, value.fact)
                    if fact
                    for p in (AFFIRMS, DENIES)
                }
                if value.relief is not None:
                    self.asked.numbers[EARLIER].add(COV.reliefPercent.value)
                if value.at_least or value.less_than:
                    self.asked.dates[EARLIER].add(COV.reliefLastedUntil.value)
            elif isinstance(value, Dated):
                known.add(f.name)
                declared = self.knowledge.properties[NamedNode(value.stated)]
                for role in declared.stated_of:
                    self.asked.dates[role.value].add(value.stated)
        if isinstance(e, Interval):
            if e.but:
                atoms[EARLIER].add((TYPE, e.but))
            if e.but_intent:
                atoms[EARLIER].add((HAS_INTENT, e.but_intent))
        if isinstance(e, HadTherapy):
            atoms[COURSE] |= {(OF_THERAPY, k) for k in (*e.kinds, *e.followed, *e.systemic)}
            atoms[COURSE].add((OF_THERAPY, e.therapy))
            # What a course is of, the patient cannot be said not to have had.
            kinds = self.knowledge.instances_of(COV.TherapyKind)
            atoms[PATIENT] |= {(DENIES, k.value) for k in kinds}
            if e.outcome:
                atoms[COURSE].add((HAD_OUTCOME, e.outcome))
            if e.follow_up_of:
                atoms[COURSE] |= {(AFFIRMS, FOLLOW_UP), (DENIES, FOLLOW_UP)}
            self.asked.dates[COURSE] |= {COV.startedOn.value, COV.endedOn.value}
            self.asked.numbers[COURSE].add(COV.lasted.value)
        elif isinstance(e, NotPlanned):
            atoms[PLANNED] |= {(TYPE, cls) for cls in (e.cls, e.but) if cls}
        elif isinstance(e, TechniqueChanged):
            each = {(USES_TECHNIQUE, t.value) for t in self.knowledge.instances_of(COV.Technique)}
            atoms[PROCEDURE] |= each
            atoms[EARLIER] |= each
        elif isinstance(e, LevelChanged):
            self.asked.present.update({(PROCEDURE, TREATS_LEVEL), (EARLIER, TREATS_LEVEL)})
        elif not known:
            raise KnowledgeError(f"the prover knows no component {type(e).__name__}")

    def _look_at_derivations(self) -> None:
        """Look at what the facts that are asked for follow from."""
        left = self.infers.derivations()
        grown = True
        while grown:
            # What one of them reads may follow by another.
            new = [d for d in left if self._is_asked(d)]
            left = [d for d in left if d not in new]
            for d in new:
                self._look_at_derivation(d)
            grown = self._look_at_groups() or bool(new)

    def _look_at_groups(self) -> bool:
        """Look at the members of the groups of facts that are looked at."""
        grown = False
        for group, members in self.infers.groups.items():
            met = self.asked.atoms[self.knowledge.facts[NamedNode(group)].stated_of.value]
            closed = self.infers.closed(DENIES, group)
            added = {(DENIES, m) for m in members}
            if not added <= met and {(p, v) for v in closed for p in (AFFIRMS, DENIES)} & met:
                met |= added
                grown = True
        return grown

    def _is_asked(self, derivation: NamedNode) -> bool:
        """Return whether what a derivation says, or its opposite, is looked at."""
        t, infers = self.knowledge.triples, self.infers
        role = t.value(derivation, COV.ofRecord)
        assert role is not None
        says, value = said_by(derivation, t)
        closed = infers.closed(says, value)
        opposite = {AFFIRMS: DENIES, DENIES: AFFIRMS}.get(says, says)
        reached = {(p, v) for v in closed for p in (says, opposite)}
        if says == AFFIRMS:
            reached |= {(says, o) for v in closed for o in infers.incompatible.get(v, ())}
        return bool(reached & self.asked.atoms[role.value])

    def _look_at_derivation(self, derivation: NamedNode) -> None:
        t = self.knowledge.triples
        role, last = t.value(derivation, COV.ofRecord), t.value(derivation, COV.afterLast)
        of = t.value(derivation, COV.ofProcedure)
        assert role is not None
        if last is not None and of is not None:
            self.asked.atoms[EARLIER] |= {(TYPE, last.value), (TYPE, of.value)}
            self.asked.dates[EARLIER].add(COV.performedOn.value)
        says, value = said_by(derivation, t)
        self.asked.atoms[role.value].add((says, value))
        self._look_at_shape(derivation, role.value)

    def _look_at_onsets(self) -> None:
        """Look at what decides whether a word such as "acute" agrees with when pain began."""
        if ONSET_DATE not in self.asked.dates[PAIN]:
            return
        words = {p for role in (PAIN, PROCEDURE) for p, _ in self.asked.atoms[role]}
        if not words & {HAS_CHRONICITY, IS_FOR}:
            return
        for condition, dated_by in self.knowledge.triples.pairs(COV.datedBy):
            self.asked.dates[PAIN].add(dated_by.value)
            self.asked.atoms[PAIN].add((AFFIRMS, condition.value))

    def _look_at_shape(self, shape: Term, role: str) -> None:
        t = self.knowledge.triples
        for inner in t.objects(shape, SH.property):
            end, p, _ = self.infers.derivation_path(inner, role)
            declared = self.knowledge.properties.get(NamedNode(p))
            dated = [q.value for q, d in self.knowledge.dated.items() if d.ends]
            for q, ends in ((q, d.ends) for q, d in self.knowledge.dated.items()):
                if ends and p in (e.value for e in ends):
                    p = q.value
            if p in dated:
                self.asked.dates[end].add(p)
            elif declared is not None and declared.value_type is not None:
                self.asked.numbers[end].add(p)
            named = t.objects(inner, SH.hasValue)
            lists = t.objects(inner, SH["in"])
            for qualified in t.objects(inner, SH.qualifiedValueShape):
                lists += t.objects(qualified, SH["in"])
                if t.objects(qualified, SH.property):
                    assert declared is not None and declared.takes is not None
                    self._look_at_shape(qualified, declared.takes.value)
            if t.objects(inner, SH["in"]):
                self.asked.present.add((end, p))
            for values in (named, *(t.items(head) for head in lists)):
                self._name(end, p, (v.value for v in values))

    def _name(self, role: str, p: str, values: Iterable[str]) -> None:
        among = frozenset(values)
        self.asked.atoms[role].update((p, v) for v in among)
        self.asked.sets.setdefault((role, p), set()).add(among)


EARLIER_ASKED = frozenset(
    {
        *("EnoughSessions", "FewSessions", "FirstAtLeast", "FirstLessThan", "LatestResponded"),
        *("LevelChanged", "TechniqueChanged", "EachResponded", "SessionsWithRequested"),
        *("Interval", "Responding", "WithoutResponse"),
    }
)
