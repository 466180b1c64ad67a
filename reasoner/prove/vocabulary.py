"""What some policies can tell apart, and so all that a request needs to be made of.

From the trees of the leaves, the rules of history and the classifier's own rules follows which
statements may change a verdict. Concepts that make no difference to any of them stand for each
other: of each such group one is kept. What follows from statements is kept as least supports:
the smallest sets of statements from which the classifier's rules reach it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import product

from pyoxigraph import NamedNode

from ..engine import Reasoner
from ..judge.compiled.leaves import leaves_of
from ..namespaces import COV
from ..plain import (
    AFFIRMS,
    DENIES,
    HAS_CODE,
    HAS_DIAGNOSIS,
    HAS_INTENT,
    IS_FOR,
    MAY_BE_FOR,
    OF_THERAPY,
    ON_SIDE,
    TREATS_LEVEL,
    TYPE,
    USES_INJECTATE,
    USES_TECHNIQUE,
)
from ..policies.criteria import Policy
from ..request.onset import limits_of
from ..request.values import is_group
from ..triples import Term
from .asked import MEANS, PROCEDURE, ROLES, Atom, Choice, Support
from .inference import Inference
from .looking import Looking

# What no policy reads and so no request here states, and what is stated otherwise.

LEFT_OUT = frozenset(
    p.value
    for p in (COV.treatsNerve, COV.underPayer, COV.underPlan, COV.completeFor, COV.partialFor)
)
# So many levels of one kind are kept: more are not told apart by any bound there is.
ALIKE = {TREATS_LEVEL: 4, ON_SIDE: 2}


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
        self.infers = Inference(reasoner)
        self.incompatible, self.of_request = self.infers.incompatible, self.infers.of_request
        self.asked = Looking(self.infers, self.leaves, self.rules).asked
        self.choices: dict[str, dict[str, list[Choice]]] = {}
        self.supports: dict[str, Mapping[Atom, list[Support]]] = {}
        for role in ROLES[1:]:
            self._relevant(role)
            self.choices[role] = self._chosen(role)
            self.supports[role] = self._least_supports(role)

    def _relevant(self, role: str) -> None:
        """Add the statements that the ones asked for follow from together with another."""
        relevant = self.asked.atoms[role]
        grown = True
        while grown:
            before = len(relevant)
            for first, second, head in self.infers.pairs:
                follow = self.infers.from_one
                added = follow(head) - follow(first) - follow(second)
                if added & relevant:
                    relevant |= {first, second}
            grown = len(relevant) > before

    def _least_supports(self, role: str) -> Mapping[Atom, list[Support]]:
        found: dict[Atom, set[Support]] = {}
        queue: list[tuple[Atom, Support]] = []

        def reach(atom: Atom, support: Support) -> None:
            for reached in self.infers.from_one(atom):
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
            for first, second, head in self.infers.pairs:
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
        follows = self.infers.from_one((p, value))
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
        elif p == OF_THERAPY:
            more = (self._single(value),)
        elif p == USES_INJECTATE:
            more = (*self._beside_defaults(role, p, value), *self._of_meaning(role, value)[:1])
        elif p == IS_FOR:
            more = self._of_purpose(value)
        elif p in (AFFIRMS, DENIES):
            # The gate refuses what contradicts what follows, whether a policy asks or not.
            read = self.infers.read_by
            more = (frozenset(d for atom in follows for d in read.get(atom, ())),)
        elif p in self._defaults:
            more = self._beside_defaults(role, p, value)
        if any(more) and (p in self._defaults or p == USES_INJECTATE):
            return reached, bars, more
        if not reached and not bars and (role, p) not in self.asked.present:
            return None
        if p in MEANS and role == PROCEDURE:
            return (reached, bars, more) if self._is_target(follows) else None
        if p in MEANS and not any(q == TYPE for q, _ in follows & relevant):
            return None
        return reached, bars, more

    def follows_from(self, p: str, o: str) -> frozenset[Atom]:
        """Return all that follows from one statement of a record, itself included."""
        return self.infers.from_one((p, o))

    def _is_target(self, follows: frozenset[Atom]) -> bool:
        return any((TYPE, cls) in follows for cls in self.target_classes)

    def _of_meaning(self, role: str, value: str) -> tuple[object, ...]:
        coding, relevant = self.reasoner.classifier.coding, self.asked.atoms[role]
        read = [
            frozenset(
                (p, v)
                for p, v in table.get(value, ())
                if self.infers.from_one((p, v)) & relevant or (role, p) in self.asked.present
            )
            for table in (coding.implied, coding.narrowed)
        ]
        links = (COV.spansRegion, COV.impliesIntent, COV.actsOnJoint, COV.rulesOutIntent)
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
            for d in self._defaults.get(p, ())
            if self.infers.from_one((p, d)) & relevant or (role, p) in self.asked.present
        ]
        usual = coding.usual.get(value, "") if p == USES_TECHNIQUE else ""
        return (
            usual if usual in read else "",
            frozenset(d for d in read if value in coding.parents.get(d, ())),
            frozenset(d for d in read if value in coding.displacing[d]),
            self._barring(value) if p == HAS_INTENT and self._asks(role, p) else frozenset(),
        )

    def _of_purpose(self, value: str) -> tuple[object, ...]:
        """Return what a purpose leaves open, what it settles, and which onsets it allows."""
        node, known = NamedNode(value), self.knowledge
        asked = {v for q, v in self.asked.atoms[PROCEDURE] if q == MAY_BE_FOR}

        def left_open(purpose: Term) -> frozenset[str]:
            return frozenset(n.value for n in known.narrower.get(purpose, ())) & asked

        above = frozenset(b.value for b in known.broader_of(node) if left_open(b))
        limits = limits_of(known, [node]).get(value, ())
        nameless = known.nameless.issuperset(known.broader_of(node))
        return left_open(node), above - {value}, frozenset(map(str, limits)), nameless

    def _asks(self, role: str, p: str) -> bool:
        return any(q == p for q, _ in self.asked.atoms[role])

    def _barring(self, intent: str) -> frozenset[str]:
        """Return the codes and kinds that rule an intent out."""
        found = self.knowledge.triples.subjects(COV.rulesOutIntent, NamedNode(intent))
        return frozenset(s.value for s in found)

    def _single(self, kind: str) -> frozenset[str]:
        """Return the single kinds that a group of therapies gathers; none of what is no group."""
        node, known = NamedNode(kind), self.knowledge
        if not is_group(node, known):
            return frozenset()
        narrower = known.narrower.get(node, ())
        return frozenset(n.value for n in narrower if not is_group(n, known))

    def _linked(self, value: str, link: NamedNode) -> frozenset[str]:
        return frozenset(o.value for o in self.knowledge.triples.objects(NamedNode(value), link))

    @cached_property
    def target_classes(self) -> frozenset[str]:
        """The classes of procedures of which a request is in the target class of some policy."""
        targets, follow = {(TYPE, p.target.value) for p in self.policies}, self.infers.from_one
        return frozenset(
            below for above, below in self.of_request if follow((TYPE, above)) & targets
        )


def _by_use(value: str) -> tuple[bool, bool, int, str]:
    """Return the order in which those that stand for each other are preferred."""
    name = value.rsplit("#", 1)[-1].rsplit("/", 1)[-1]
    return "other" in name.lower(), not name.isdigit(), len(value), value
