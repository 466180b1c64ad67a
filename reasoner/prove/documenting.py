"""Two records of one patient, the second documenting more: what must not change.

Documenting an open fact moves the worst and the best end only towards each other. Both records
are worlds in one circuit; whatever the first states the second states too, and it adds only what
silence leaves open. A settled decision, and a settled verdict, that the second changes is a fault
of the program or of a policy.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from pyoxigraph import NamedNode

from ..decision.decide import Decision
from ..engine import Reasoner
from ..judge.components.therapy_course import HadTherapy
from ..knowledge.base import is_true
from ..namespaces import COV, SH
from ..plain import (
    AFFIRMS,
    DENIES,
    EARLIER_PROCEDURES,
    IS_FOR,
    IS_MEANT_FOR,
    OF_THERAPY,
    ON_SIDE,
    TREATS_LEVEL,
)
from ..policies.criteria import Criterion, Policy
from ..policies.standard import steps
from ..triples import Term
from .asked import COURSE, MEANS, PAIN
from .calendar import at_most
from .circuit import BUDGET, FALSE, TRUE, Circuit, Lit, Model, Solver
from .decided import Decided, decided
from .minimal import smallest
from .records import Dated, Record
from .vocabulary import Vocabulary
from .world import LISTS, Bounds, World
from .write import Written, replayed, written

# What is stated of these is a list that is complete as soon as there is one of it.
LISTED_WHOLE = frozenset({TREATS_LEVEL, ON_SIDE, IS_FOR})
SETTLED = (Decision.COVERED, Decision.NOT_COVERED, Decision.NEEDS_REVIEW, Decision.OUT_OF_SCOPE)


@dataclass(frozen=True)
class Unsettled:
    """A verdict or decision that documenting more has changed, with both records.

    Parameters
    ----------
    what : str
        The name of the criterion, or "the decision".
    """

    policy: Policy
    what: str
    first: Written
    second: Written


class Documenting:
    """Asks, for one policy, whether documenting an open fact ever unsettles it.

    Parameters
    ----------
    new_pains : bool
        Whether the second record may have pain in a region of which the first has none.
    but_groups : bool
        Whether courses of a group are left aside of which every kind is denied.
    free : collection of str
        The roles of records of which the second need not state what the first does.
    """

    def __init__(
        self,
        reasoner: Reasoner,
        policy: Policy,
        service: date,
        bounds: Bounds,
        budget: int = BUDGET,
        new_pains: bool = True,
        but_groups: bool = False,
        free: Collection[str] = (),
    ) -> None:
        self.free = frozenset(free)
        self.reasoner, self.policy, self.new_pains = reasoner, policy, new_pains
        vocabulary = Vocabulary(reasoner, [policy])
        self.circuit = Circuit()
        self.first = World(vocabulary, bounds, service, self.circuit)
        self.second = World(vocabulary, bounds, service, self.circuit)
        self.one: Decided = decided(self.first, policy)
        self.other: Decided = decided(self.second, policy)
        for first, second in zip(self.first.records, self.second.records, strict=True):
            self._more(first, second)
        self._lists()
        if but_groups:
            self._groups_left()
        self.solver = Solver(self.circuit, budget)

    def decision(self) -> Unsettled | None:
        """Return a settled decision that documenting changes, if there is one."""
        c = self.circuit
        changed = [c.all_of((self.one.decisions[d], -self.other.decisions[d])) for d in SETTLED]
        return self._found("the decision", c.any_of(changed))

    def criteria(self) -> Iterator[Unsettled]:
        """Yield the criteria whose settled verdict documenting changes."""
        for criterion in self.policy.criteria.values():
            if criterion.is_leaf:
                found = self.criterion(criterion)
                if found:
                    yield found

    def criterion(self, criterion: Criterion) -> Unsettled | None:
        c = self.circuit
        before, after = self.one.verdicts[criterion], self.other.verdicts[criterion]
        undone = c.all_of((before.met, -after.met))
        return self._found(criterion.name, c.any_of((undone, c.all_of((-before.may, after.may)))))

    def _found(self, what: str, changed: Lit) -> Unsettled | None:
        model = self.solver.model([changed])
        if model is None:
            return None
        model = self._smaller(changed, model)
        first, second = written(self.first, model), written(self.second, model)
        replayed(self.reasoner, first, model, [self.one])
        replayed(self.reasoner, second, model, [self.other])
        return Unsettled(self.policy, what, first, second)

    def _smaller(self, changed: Lit, model: Model) -> Model:
        """Return an assignment that states as little as can be dropped one by one."""
        return smallest(self.solver, [changed], model, (self.second, self.first))

    # --- what the second may add ----------------------------------------------------------------

    def _more(self, first: Record, second: Record) -> None:
        if first.role in self.free:
            self._same_means(first, second)
            return
        c = self.circuit
        c.require(-first.exists, second.exists)
        if first.role not in ((PAIN, COURSE) if self.new_pains else (COURSE,)):
            c.require(first.exists, -second.exists)
        by_property: dict[str, list[str]] = {}
        for p, o in first.stated:
            by_property.setdefault(p, []).append(o)
        new = c.all_of((second.exists, -first.exists))
        for p, values in by_property.items():
            silent = -c.any_of(first.stated[p, o] for o in values)
            for o in values:
                a, b = first.stated[p, o], second.stated[p, o]
                c.require(-a, b)
                added = c.all_of((b, -a))
                c.require(-added, new, self._may_add(p, o, silent))
        for p, number in first.numbers.items():
            other = second.numbers[p]
            c.require(-number.stated, other.stated)
            c.require(-number.stated, c.equal(number.bits, other.bits))
        for p, dated in first.dates.items():
            self._no_vaguer(dated, second.dates[p])
        # What was read by default stays what is read.
        for (p, o), lit in first.said.items():
            if lit != first.stated.get((p, o)):
                c.require(-lit, second.holds(p, o))
        if first is self.first.procedure:
            meant, still = (w.purposes(IS_MEANT_FOR) for w in (self.first, self.second))
            for v, lit in meant.items():
                c.require(-lit, still[v], second.holds(IS_FOR, v))
        if first.role == COURSE:
            self._new_course(first, second, new)

    def _same_means(self, first: Record, second: Record) -> None:
        """Lay down that a procedure is stated by the same code or kind."""
        c = self.circuit
        c.require(-second.exists, first.exists)
        for (p, o), lit in first.stated.items():
            if p in MEANS:
                c.require(-second.exists, -c.differ(lit, second.stated[p, o]))

    def _may_add(self, p: str, o: str, silent: Lit) -> Lit:
        """Return whether a value may be documented beside those that are."""
        known = self.first.knowledge
        node = NamedNode(p)
        declared = known.properties[node]
        if p in (AFFIRMS, DENIES):
            open_ = known.facts[NamedNode(o)].silence == COV.NotDocumented
            return TRUE if open_ else FALSE
        if declared.silence != COV.NotDocumented:
            return FALSE
        if node in self.read_as_absent:
            return FALSE
        if p == IS_FOR:
            return self.circuit.all_of((silent, -self.first.complete[COV.TreatmentPurposes.value]))
        whole = (
            p in LISTED_WHOLE
            or declared.single
            or is_true(known.triples.value(node, COV.completeOnceStated))
        )
        return silent if whole else TRUE

    @cached_property
    def read_as_absent(self) -> frozenset[Term]:
        """The properties whose silence some criterion reads as absent: they are not open."""
        t = self.first.knowledge.triples
        return frozenset(
            step
            for node in t.subjects(COV.silenceMeans, COV.Absent)
            for shape in t.objects(node, SH.property)
            for step in steps(t, t.value(shape, SH.path))
        )

    def _no_vaguer(self, first: Dated, second: Dated) -> None:
        """Lay down that a date lies within what was known of it."""
        c = self.circuit
        c.require(-first.stated, second.stated)
        within = c.all_of((at_most(first.first, second.first), at_most(second.last, first.last)))
        c.require(-first.stated, within)

    def _new_course(self, first: Record, second: Record, new: Lit) -> None:
        """Lay down that a course is new of a kind of which nothing was said."""
        c, world = self.circuit, self.first
        therapies = COV.Therapies.value
        c.require(-new, -world.complete[therapies])
        for kind in second.values(OF_THERAPY):
            had = [course.holds(OF_THERAPY, kind) for course in world.courses]
            stated = c.any_of(had)
            c.require(-new, -second.holds(OF_THERAPY, kind), -stated, world.partial[therapies])

    def _groups_left(self) -> None:
        """Lay down that no course is of a group of which every kind is denied."""
        c = self.circuit
        for leaf in self.first.vocabulary.leaves[self.policy]:
            if not isinstance(leaf.holds, HadTherapy):
                continue
            for world in (self.first, self.second):
                left = c.any_of(-world.denied(k) for k in sorted(leaf.holds.kinds))
                for course in world.courses:
                    c.require(-course.holds(OF_THERAPY, leaf.holds.therapy), left)

    def _lists(self) -> None:
        """Lay down that a list is said to be complete, or not, as before."""
        c = self.circuit
        for name in LISTS:
            one, other = self.first, self.second
            c.require(-one.complete[name], other.complete[name])
            c.require(-c.differ(one.partial[name], other.partial[name]))
            if name != EARLIER_PROCEDURES:
                c.require(-c.differ(one.complete[name], other.complete[name]))
