"""What some policies can tell apart, and so all that a request needs to be made of.

From the trees of the leaves, the rules of history and the classifier's own rules follows which
statements may change a verdict. Concepts that make no difference to any of them stand for each
other: of each such group one is kept. What follows from statements is kept as least supports:
the smallest sets of statements from which the classifier's rules reach it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from itertools import product
from typing import Any, NamedTuple, TypeAlias

from pyoxigraph import BlankNode, NamedNode

from ..engine import Reasoner
from ..errors import KnowledgeError
from ..judge.compiled.leaves import leaves_of
from ..judge.components.changed_since_latest import LevelChanged, TechniqueChanged
from ..judge.components.elapsed import Dated
from ..judge.components.not_also_planned import NotPlanned
from ..judge.components.response import Response
from ..judge.components.sessions import Sessions
from ..judge.components.therapy_course import FOLLOW_UP, HadTherapy
from ..knowledge.axioms import Rule
from ..namespaces import COV, RDF, SH, compact
from ..plain import (
    AFFIRMS,
    DENIES,
    HAD_OUTCOME,
    HAS_CODE,
    HAS_INTENT,
    HAS_KIND,
    IN_REGION,
    IS_FOR,
    IS_MEANT_FOR,
    MAY_BE_FOR,
    OF_THERAPY,
    ON_SIDE,
    TREATS_LEVEL,
    TREATS_REGION,
    TYPE,
    USES_TECHNIQUE,
)
from ..policies import algebra as a
from ..policies.criteria import Policy
from ..request.onset import limits_of
from ..triples import Term

# What is stated of a record or follows of it: a property, and a concept or class.
Atom: TypeAlias = tuple[str, str]
Support: TypeAlias = frozenset[Atom]

REQUEST, PATIENT, PROCEDURE = (
    c.value for c in (COV.CoverageRequest, COV.Patient, COV.RequestedProcedure)
)
PAIN, EARLIER, COURSE, PLANNED = (
    c.value for c in (COV.PainRecord, COV.EarlierProcedure, COV.TherapyCourse, COV.PlannedProcedure)
)
ROLES = (REQUEST, PATIENT, PROCEDURE, PAIN, EARLIER, COURSE, PLANNED)
PROCEDURES = (PROCEDURE, EARLIER, PLANNED)
COMPLETE_FOR, PARTIAL_FOR = COV.completeFor.value, COV.partialFor.value
USES_INJECTATE, HAS_DIAGNOSIS = COV.usesInjectate.value, COV.hasDiagnosis.value
MEANS = (HAS_CODE, HAS_KIND)
# What no policy reads and so no request here states, and what is stated otherwise.
LEFT_OUT = frozenset(
    p.value
    for p in (COV.treatsNerve, COV.underPayer, COV.underPlan, COV.completeFor, COV.partialFor)
)
# So many levels of one kind are kept: more are not told apart by any bound there is.
ALIKE = {TREATS_LEVEL: 4, ON_SIDE: 2}


class Choice(NamedTuple):
    """A representative, and all that stand for it: what a record may state of a property."""

    value: str
    stands_for: frozenset[str]


@dataclass(frozen=True)
class Asked:
    """What some policies look at.

    Parameters
    ----------
    atoms : dict
        By role, the statements and classes whose holding matters.
    present : set
        The properties of a role of which it matters whether any value is stated.
    sets : dict
        By role and property, the values that are named together, any of which would do.
    dates, numbers : dict
        By role, the properties that take a date or a number and are looked at.
    """

    atoms: dict[str, set[Atom]] = field(default_factory=lambda: {r: set() for r in ROLES})
    present: set[tuple[str, str]] = field(default_factory=set)
    sets: dict[tuple[str, str], set[frozenset[str]]] = field(default_factory=dict)
    dates: dict[str, set[str]] = field(default_factory=lambda: {r: set() for r in ROLES})
    numbers: dict[str, set[str]] = field(default_factory=lambda: {r: set() for r in ROLES})


class Vocabulary:
    """What a request may state so that some policies can tell it from another.

    Parameters
    ----------
    reasoner : Reasoner
        Whose classifier and knowledge decide what follows from what.
    policies : sequence of Policy
        The editions at hand.
    """

    def __init__(self, reasoner: Reasoner, policies: Iterable[Policy]) -> None:
        self.reasoner, self.knowledge = reasoner, reasoner.knowledge
        self.policies = tuple(policies)
        self.leaves = {p: leaves_of(p, self.knowledge) for p in self.policies}
        self.rules = {p: reasoner.history_rules(p) for p in self.policies}
        self.incompatible = {
            c.value: frozenset(o.value for o in others)
            for c, others in self.knowledge.incompatible.items()
        }
        self._alone: dict[Atom, frozenset[Atom]] = {}
        self._pairs, self.of_request = self._joint_rules()
        self.asked = Asked()
        self._look_at_policies()
        self.choices: dict[str, dict[str, list[Choice]]] = {}
        self.supports: dict[str, Mapping[Atom, list[Support]]] = {}
        for role in ROLES[1:]:
            self._relevant(role)
            self.choices[role] = self._chosen(role)
            self.supports[role] = self._least_supports(role)

    # --- what the policies look at --------------------------------------------------------

    def _look_at_policies(self) -> None:
        atoms = self.asked.atoms
        for policy in self.policies:
            atoms[REQUEST].add((TYPE, policy.target.value))
            for leaf in self.leaves[policy]:
                for expression in (leaf.holds, leaf.may_hold):
                    self._look_at(expression, REQUEST)
            rules = self.rules[policy]
            if rules.episode:
                atoms[EARLIER] |= {
                    (TYPE, cls) for cls in (rules.episode.of, rules.episode.broken_by) if cls
                }
                if rules.episode.broken_by_fact:
                    atoms[PAIN].add((AFFIRMS, rules.episode.broken_by_fact))
            if rules.merging:
                atoms[EARLIER].add((TYPE, rules.merging.of))
                if rules.merging.technique:
                    atoms[EARLIER].add((USES_TECHNIQUE, rules.merging.technique))
                for role in (PROCEDURE, EARLIER):
                    self.asked.present.update({(role, TREATS_LEVEL), (role, ON_SIDE)})
        for above, below in self.of_request:
            if self._follow((TYPE, above)) & atoms[REQUEST]:
                atoms[PROCEDURE].add((TYPE, below))
        regions = [r.value for r in self.knowledge.instances_of(COV.SpinalRegion)]
        for role in (*PROCEDURES, COURSE):
            atoms[role] |= {(TREATS_REGION, r) for r in regions}
        atoms[PAIN] |= {(IN_REGION, r) for r in regions}
        atoms[PROCEDURE] |= {(TYPE, c.value) for c in self.knowledge.concerned_everywhere}
        if any(p == IS_MEANT_FOR for p, _ in atoms[PROCEDURE]):
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
        t = self.knowledge.triples
        for d in self.derivations():
            role = t.value(d, COV.ofRecord)
            assert role is not None
            says, value = said_by(d, self.knowledge.triples)
            reached = {(says, v) for v in self.closed(says, value)}
            opposite = {AFFIRMS: DENIES, DENIES: AFFIRMS}.get(says, says)
            barred = {
                (says, o)
                for _, v in reached
                for o in self.incompatible.get(v, ())
                if says == AFFIRMS
            }
            met = self.asked.atoms[role.value]
            if (reached | barred) & met or {(opposite, v) for _, v in reached} & met:
                self._look_at_shape(d, role.value)

    def _look_at_shape(self, shape: Term, role: str) -> None:
        t = self.knowledge.triples
        for inner in t.objects(shape, SH.property):
            end, p = self.derivation_path(inner, role)
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

    def derivations(self) -> list[NamedNode]:
        """Return the derivations of the ontology, in order."""
        found = self.knowledge.triples.instances(COV.Derivation)
        return sorted((d for d in found if isinstance(d, NamedNode)), key=str)

    def derivation_path(self, shape: Term, role: str) -> tuple[str, str]:
        """Return the role and the property that the path of a derivation's shape ends with."""
        t = self.knowledge.triples
        path = t.value(shape, SH.path)
        if isinstance(path, NamedNode):
            return role, path.value
        assert isinstance(path, BlankNode)
        back, last = t.items(path)
        if t.value(back, SH.inversePath) != COV.hasPain:
            raise KnowledgeError("the prover knows no such path in a derivation")
        return PATIENT, last.value

    def closed(self, says: str, value: str) -> list[str]:
        """Return what affirming or denying a fact affirms or denies, itself included."""
        node = NamedNode(value)
        if says == AFFIRMS:
            return sorted(b.value for b in self.knowledge.broader_of(node))
        if says == DENIES:
            return sorted({value, *(n.value for n in self.knowledge.narrower.get(node, ()))})
        return [value]

    # --- what follows from what -------------------------------------------------------------

    def _joint_rules(self) -> tuple[list[tuple[Atom, Atom, Atom]], list[tuple[str, str]]]:
        """Return the rules that need two statements of a record, and those from request to it.

        Raises
        ------
        KnowledgeError
            When a rule has a form that least supports cannot follow.
        """
        pairs: list[tuple[Atom, Atom, Atom]] = []
        requests: list[tuple[str, str]] = []
        for rule in self.reasoner.classifier.rules:
            subjects = {atom.subject for atom in rule.body}
            if len(rule.body) == 1 or self._joins_known(rule):
                continue
            objects = [atom.object for atom in rule.body]
            links = [atom.link for atom in rule.body]
            if subjects == {rule.head.subject} and not any(isinstance(o, int) for o in objects):
                first, second = (_atom(b.link, b.object) for b in rule.body)  # type: ignore[arg-type]
                pairs.append((first, second, _atom(rule.head.link, rule.head.object)))  # type: ignore[arg-type]
            elif links == [RDF.type, COV.requestsProcedure, RDF.type]:
                requests.append((rule.head.object.value, objects[2].value))  # type: ignore[union-attr]
            else:
                raise KnowledgeError(f"the prover cannot follow the rule to {rule.head}")
        return pairs, requests

    def _joins_known(self, rule: Rule) -> bool:
        """Return whether a rule needs one statement, the rest being known of concepts."""
        own = [b for b in rule.body if b.subject == rule.head.subject]
        return len(own) == 1 and own[0].link not in (RDF.type, COV.requestsProcedure)

    def _follow(self, atom: Atom) -> frozenset[Atom]:
        """Return all that follows from one statement of a record, itself included."""
        found = self._alone.get(atom)
        if found is None:
            node, (p, o) = COV.Record, atom
            closed = self.reasoner.classifier._closure([(node, NamedNode(p), NamedNode(o))])
            found = frozenset({atom, *((q.value, v.value) for s, q, v in closed if s == node)})
            self._alone[atom] = found
        return found

    def follows_from(self, p: str, o: str) -> frozenset[Atom]:
        """Return all that follows from one statement of a record, itself included."""
        return self._follow((p, o))

    def _relevant(self, role: str) -> None:
        """Add the statements that the ones asked for follow from together with another."""
        relevant = self.asked.atoms[role]
        grown = True
        while grown:
            before = len(relevant)
            for first, second, head in self._pairs:
                added = self._follow(head) - self._follow(first) - self._follow(second)
                if added & relevant:
                    relevant |= {first, second}
            grown = len(relevant) > before

    def _least_supports(self, role: str) -> Mapping[Atom, list[Support]]:
        found: dict[Atom, set[Support]] = {}
        queue: list[tuple[Atom, Support]] = []

        def reach(atom: Atom, support: Support) -> None:
            for reached in self._follow(atom):
                held = found.setdefault(reached, set())
                if any(s <= support for s in held):
                    continue
                held -= {s for s in held if support < s}
                held.add(support)
                queue.append((reached, support))

        for p, choices in self.choices[role].items():
            for choice in choices:
                reach((p, choice.value), frozenset({(p, choice.value)}))
        while queue:
            atom, _ = queue.pop()
            for first, second, head in self._pairs:
                if atom in (first, second):
                    both = product(tuple(found.get(first, ())), tuple(found.get(second, ())))
                    for one, other in both:
                        reach(head, one | other)
        return {a: sorted(found[a], key=sorted) for a in sorted(found)}

    # --- which concepts stand for which -----------------------------------------------------

    def _chosen(self, role: str) -> dict[str, list[Choice]]:
        """Return, by property, the concepts that records of a role may state."""
        found: dict[str, list[Choice]] = {}
        for p, declared in self.knowledge.properties.items():
            takes = declared.takes
            if takes is None or takes.value in ROLES or p.value in LEFT_OUT:
                continue
            if role not in {r.value for r in declared.stated_of}:
                continue
            groups: dict[object, list[str]] = {}
            for value in self._values(p, role):
                signature = self.signature(role, p.value, value)
                if signature is not None:
                    groups.setdefault(signature, []).append(value)
            kept = ALIKE.get(p.value, 1) if (role, p.value) in self.asked.present else 1
            chosen = [
                Choice(value, frozenset(group))
                for group in groups.values()
                for value in sorted(group, key=_by_use)[:kept]
            ]
            if chosen:
                found[p.value] = chosen
        return found

    def _values(self, p: NamedNode, role: str) -> list[str]:
        known, t = self.knowledge, self.knowledge.triples
        takes = known.properties[p].takes
        assert takes is not None
        values = [v for v in known.instances_of(takes) if t.value(v, COV.replacedBy) is None]
        if p.value in (AFFIRMS, DENIES):
            values = [v for v in values if known.facts[v].stated_of.value == role]
        if p.value == HAS_CODE:
            beside = (COV.AddOnCode, COV.CompanionCode, COV.UnlistedProcedureCode, COV.UnreadCode)
            values = [v for v in values if not any(known.is_a(v, cls) for cls in beside)]
        if p.value == HAS_DIAGNOSIS:
            # Those that only gather others are listed too, and are stated as they are.
            values += [NamedNode(v) for q, v in self.asked.atoms[role] if q == p.value]
        return sorted({v.value for v in values})

    def signature(self, role: str, p: str, value: str) -> object | None:
        """Return what stating a concept can change; None where that is nothing."""
        relevant = self.asked.atoms[role]
        follows = self._follow((p, value))
        reached: frozenset[object] = frozenset(follows & relevant)
        if p == HAS_DIAGNOSIS:
            # There are many, and only named in lists any of which would do.
            sets, values = self.asked.sets.get((role, p), set()), {v for _, v in follows}
            reached = frozenset(among for among in sets if among & values)
        concepts = {v for q, v in follows if q != TYPE}
        bars = frozenset(
            (q, o)
            for c in concepts
            for o in self.incompatible.get(c, ())
            for q in (p, USES_TECHNIQUE, HAS_INTENT, AFFIRMS)
            if (q, o) in relevant
        )
        more: tuple[object, ...] = ()
        if p in MEANS:
            more = self._of_meaning(role, value)
        elif p == TREATS_LEVEL:
            more = (self._linked(value, COV.lacksJoint),)
        elif p == IS_FOR:
            more = self._of_purpose(value)
        elif p in self._defaults:
            more = self._beside_defaults(role, p, value)
        if any(more) and p in self._defaults:
            return reached, bars, more
        if not reached and not bars and (role, p) not in self.asked.present:
            return None
        if p in MEANS and role == PROCEDURE:
            return (reached, bars, more) if self._is_target(follows) else None
        if p in MEANS and not any(q == TYPE for q, _ in follows & relevant):
            return None
        return reached, bars, more

    def _is_target(self, follows: frozenset[Atom]) -> bool:
        return any((TYPE, cls) in follows for cls in self.target_classes)

    def _of_meaning(self, role: str, value: str) -> tuple[object, ...]:
        coding, relevant = self.reasoner.classifier.coding, self.asked.atoms[role]
        read = [
            frozenset(
                (p, v)
                for p, v in table.get(value, ())
                if self._follow((p, v)) & relevant or (role, p) in self.asked.present
            )
            for table in (coding.implied, coding.narrowed)
        ]
        links = (COV.spansRegion, COV.impliesIntent, COV.actsOnJoint)
        return (*read, *(self._linked(value, link) for link in links))

    @cached_property
    def _defaults(self) -> dict[str, frozenset[str]]:
        """By property, the values that may be read of it where a record is silent."""
        coding = self.reasoner.classifier.coding
        found: dict[str, set[str]] = {USES_TECHNIQUE: set(coding.usual.values())}
        for table in (coding.implied, coding.narrowed):
            for stands in table.values():
                for p, v in stands:
                    found.setdefault(p, set()).add(v)
        return {p: frozenset(values) for p, values in found.items()}

    def _beside_defaults(self, role: str, p: str, value: str) -> tuple[object, ...]:
        """Return what a value makes of those that are read by default."""
        coding, relevant = self.reasoner.classifier.coding, self.asked.atoms[role]
        read = [
            d
            for d in self._defaults[p]
            if self._follow((p, d)) & relevant or (role, p) in self.asked.present
        ]
        usual = coding.usual.get(value, "") if p == USES_TECHNIQUE else ""
        return (
            usual if usual in read else "",
            frozenset(d for d in read if value in coding.parents.get(d, ())),
            frozenset(d for d in read if coding.excluded(d, value) or coding.within(d, value)),
        )

    def _of_purpose(self, value: str) -> tuple[object, ...]:
        """Return what a purpose leaves open, what it settles, and which onsets it allows."""
        node, known = NamedNode(value), self.knowledge
        asked = {v for q, v in self.asked.atoms[PROCEDURE] if q == MAY_BE_FOR}

        def left_open(purpose: Term) -> frozenset[str]:
            return frozenset(n.value for n in known.narrower.get(purpose, ())) & asked

        above = frozenset(b.value for b in known.broader_of(node) if left_open(b))
        limits = limits_of(known, [node]).get(value, ())
        return left_open(node), above - {value}, frozenset(map(str, limits))

    def _linked(self, value: str, link: NamedNode) -> frozenset[str]:
        return frozenset(o.value for o in self.knowledge.triples.objects(NamedNode(value), link))

    @cached_property
    def target_classes(self) -> frozenset[str]:
        """The classes of procedures of which a request is in the target class of some policy."""
        targets = {(TYPE, p.target.value) for p in self.policies}
        return frozenset(
            below for above, below in self.of_request if self._follow((TYPE, above)) & targets
        )


EARLIER_ASKED = frozenset(
    {
        *("EnoughSessions", "FewSessions", "FirstAtLeast", "FirstLessThan", "LatestResponded"),
        *("LevelChanged", "TechniqueChanged", "EachResponded", "SessionsWithRequested"),
        *("Interval", "Responding", "WithoutResponse"),
    }
)


def said_by(derivation: NamedNode, triples: Any) -> tuple[str, str]:
    """Return by which property a derivation says which fact or value."""
    from ..facts.following import SAYS

    ((says, value),) = [
        (says, value.value) for p, says in SAYS.items() for value in triples.objects(derivation, p)
    ]
    return says, value


def _atom(link: NamedNode, o: Term) -> Atom:
    return link.value, o.value


def _by_use(value: str) -> tuple[bool, bool, int, str]:
    """Return the order in which those that stand for each other are preferred."""
    name = value.rsplit("#", 1)[-1].rsplit("/", 1)[-1]
    return "other" in name.lower(), not name.isdigit(), len(value), value
