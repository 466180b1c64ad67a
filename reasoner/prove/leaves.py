"""The algebra of leaves and every component, as gates over an unknown request.

Each expression that the compiled judge turns into Python is turned into a literal here. What
has no such form is refused by name, when a policy is put to the prover and not later.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

from ..errors import KnowledgeError
from ..judge.components.changed_since_latest import LevelChanged, TechniqueChanged
from ..judge.components.each_response import EachResponded
from ..judge.components.earlier_sessions import EnoughSessions, FewSessions
from ..judge.components.elapsed import Between, Dated, Elapsed
from ..judge.components.first_session import FirstAtLeast, FirstLessThan
from ..judge.components.latest_response import LatestResponded
from ..judge.components.maximum_sessions import SessionsWithRequested
from ..judge.components.minimum_interval import Interval
from ..judge.components.not_also_planned import NotPlanned
from ..judge.components.responding_sessions import Responding
from ..judge.components.sessions import RegionScope
from ..judge.components.therapy_course import HadTherapy
from ..judge.components.without_response import WithoutResponse
from ..namespaces import COV, compact
from ..plain import (
    CONCERNS_PAIN,
    HAS_INTENT,
    HAS_PAIN,
    HAS_PATIENT,
    IS_MEANT_FOR,
    MAY_BE_FOR,
    REQUESTS_PROCEDURE,
    TYPE,
    USES_TECHNIQUE,
)
from ..policies import algebra as a
from ..policies.criteria import Policy
from .asked import COMPLETE_FOR
from .calendar import Day, at_most, before
from .circuit import FALSE, TRUE, Bits, Lit, constant
from .courses import Courses
from .records import HALVES, Number, Record
from .sessions import History, Listed, Session, Window
from .views import view_of
from .world import LISTS, World

# A value at the end of a path: a record, a number, or a concept.
Found: TypeAlias = "Record | Number | str"


class At(NamedTuple):
    """A value that may be at the end of a path, and whether it is."""

    value: Found
    there: Lit


class Leaves:
    """Judges the leaves of one policy on the requests of a world."""

    def __init__(self, world: World, policy: Policy) -> None:
        self.world, self.circuit, self.policy = world, world.circuit, policy
        self.history = History(world)
        self.view = view_of(world.vocabulary.rules[policy], self.history)
        self.courses = Courses(world)
        self._known: dict[a.Expression, Lit] = {}

    def verdicts(self) -> dict[str, tuple[Lit, Lit]]:
        """Return of each leaf whether it is met, and whether it is or may be."""
        found = {}
        for leaf in self.world.vocabulary.leaves[self.policy]:
            holds = self.judge(leaf.holds)
            may_hold = self.judge(leaf.may_hold)
            found[leaf.name] = holds, self.circuit.any_of((holds, may_hold))
        return found

    def judge(self, e: a.Expression) -> Lit:
        if e not in self._known:
            self._known[e] = self._of(e, self.world.request)
        return self._known[e]

    def _of(self, e: a.Expression, focus: Found) -> Lit:
        c = self.circuit
        if isinstance(e, a.All):
            return c.all_of([self._of(part, focus) for part in e.parts])
        if isinstance(e, a.AnyOf):
            return c.any_of([self._of(part, focus) for part in e.parts])
        if isinstance(e, a.Not):
            return -self._of(e.part, focus)
        if isinstance(e, a.Has):
            return c.any_of(at.there for at in self._values(e.path, focus) if at.value == e.value)
        if isinstance(e, a.Every):
            return c.all_of(
                [
                    c.implies(at.there, self._of(e.test, at.value))
                    for at in self._values(e.path, focus)
                ]
            )
        if isinstance(e, a.Count):
            return self._count(e, focus)
        if isinstance(e, a.Among):
            return TRUE if isinstance(focus, str) and focus in e.values else FALSE
        if isinstance(e, a.OfClass):
            return self._is_of(e.cls, focus)
        if isinstance(e, a.OfSort):
            sort = a.Sort.NUMBER if isinstance(focus, Number) else a.Sort.NODE
            return TRUE if e.sort is sort else FALSE
        if isinstance(e, a.Compared):
            return self._compared(e, focus) if isinstance(focus, Number) else FALSE
        if focus is not self.world.request:
            raise KnowledgeError(f"the prover knows no {type(e).__name__} here")
        return self._component(e)

    def _count(self, e: a.Count, focus: Found) -> Lit:
        c, found = self.circuit, self._values(e.path, focus)
        several = [at for at in found if isinstance(at.value, Number)]
        if len(several) > 1 and ((e.least or 0) > 1 or (e.most or 0) > 0):
            raise KnowledgeError("the prover counts no numbers of several records")
        lits = [
            at.there if e.test is None else c.all_of((at.there, self._of(e.test, at.value)))
            for at in found
        ]
        least = c.at_least(e.least, lits) if e.least is not None else TRUE
        most = -c.at_least(e.most + 1, lits) if e.most is not None else TRUE
        return c.all_of((least, most))

    def _is_of(self, cls: str, focus: Found) -> Lit:
        if isinstance(focus, Record):
            if focus.role == self.world.request.role:
                return self.in_class(cls)
            return focus.holds(TYPE, cls)
        if isinstance(focus, str):
            classes = self.world.vocabulary.reasoner.terms.concepts.get(focus, ())
            return TRUE if cls in classes else FALSE
        return FALSE

    def in_class(self, cls: str) -> Lit:
        """Return whether the request is of a class that its procedure puts it in."""
        v = self.world.vocabulary
        return self.circuit.any_of(
            self.world.procedure.holds(TYPE, below)
            for above, below in v.of_request
            if (TYPE, cls) in v.follows_from(TYPE, above)
        )

    def _compared(self, e: a.Compared, number: Number) -> Lit:
        c = self.circuit
        bound = constant(int(e.bound * HALVES))
        if e.order is a.Order.AT_LEAST:
            return c.at_most(bound, number.bits)
        if e.order is a.Order.MORE_THAN:
            return c.less(bound, number.bits)
        if e.order is a.Order.AT_MOST:
            return c.at_most(number.bits, bound)
        return c.less(number.bits, bound)

    # --- paths ----------------------------------------------------------------------------

    def _values(self, path: a.Path, focus: Found) -> list[At]:
        """Return all that may be at the end of a path, concepts of several records once."""
        reached = [At(focus, TRUE)]
        for step in path:
            if step.inverse:
                raise KnowledgeError("the prover knows no path that goes backwards")
            reached = [
                At(at.value, self.circuit.all_of((before_.there, at.there)))
                for before_ in reached
                for p in step.properties
                for at in self._step(before_.value, p)
            ]
            merged: dict[int | str, list[At]] = {}
            for at in reached:
                key = at.value if isinstance(at.value, str) else id(at.value)
                merged.setdefault(key, []).append(at)
            reached = [
                At(same[0].value, self.circuit.any_of(at.there for at in same))
                for same in merged.values()
            ]
        return reached

    def _step(self, value: Found, p: str) -> Iterator[At]:
        world = self.world
        if not isinstance(value, Record):
            return
        if value is world.request:
            if p == HAS_PATIENT:
                yield At(world.patient, TRUE)
            elif p == REQUESTS_PROCEDURE:
                yield At(world.procedure, TRUE)
            elif p == CONCERNS_PAIN:
                yield from (At(world.pains[r], lit) for r, lit in world.concerned.items())
            elif p == COMPLETE_FOR:
                yield from (At(n, world.complete[n]) for n, of in LISTS.items() if of == value.role)
            else:
                raise KnowledgeError(f"the prover knows no {compact(p)} of a request")
        elif p == HAS_PAIN:
            yield from (At(pain, pain.exists) for pain in world.pains.values())
        elif p in (IS_MEANT_FOR, MAY_BE_FOR):
            yield from (At(v, lit) for v, lit in world.purposes(p).items())
        elif p in value.numbers:
            yield At(value.numbers[p], value.numbers[p].stated)
        else:
            yield from (At(v, lit) for v, lit in value.values(p).items())

    # --- components ------------------------------------------------------------------------

    def _component(self, e: Any) -> Lit:
        if isinstance(e, HadTherapy):
            return self.courses.judge(e)
        if isinstance(e, Elapsed):
            return self._elapsed(e)
        if isinstance(e, Between):
            return self._between(e)
        if isinstance(e, NotPlanned):
            return self._not_planned(e)
        judge = OF_SESSIONS.get(type(e))
        if judge is None:
            raise KnowledgeError(f"the prover knows no component {type(e).__name__}")
        sure, possible = self.history.picked(e.of)
        found: Lit = judge(self, e, sure, possible)
        return found

    def _ends(self, since: Dated, latest: bool) -> list[tuple[Day, Lit]]:
        """Return one end of a date in each record that has one, and whether it has."""
        c = self.circuit
        records = [(self.world.pains[r], lit) for r, lit in self.world.concerned.items()]
        records.append((self.world.patient, TRUE))
        found = [(r.dates[since.stated], lit) for r, lit in records if since.stated in r.dates]
        return [(d.latest if latest else d.earliest, c.all_of((lit, d.stated))) for d, lit in found]

    def _elapsed(self, e: Elapsed) -> Lit:
        c, day = self.circuit, self.world.day
        ends = self._ends(e.since, (e.at_least is not None) is not e.open)
        length = e.at_least if e.at_least is not None else e.less_than
        assert length is not None
        every = [
            c.implies(
                there,
                at_most(d, day, length) if e.at_least is not None else -at_most(d, day, length),
            )
            for d, there in ends
        ]
        none = -c.any_of(there for _, there in ends)
        return c.choose(none, TRUE if e.open else FALSE, c.all_of(every))

    def _between(self, e: Between) -> Lit:
        c = self.circuit
        starts = self._ends(e.since, latest=e.open)
        stops = self._ends(e.until, latest=not e.open)
        both = c.all_of((c.any_of(x for _, x in starts), c.any_of(x for _, x in stops)))
        every = [
            c.implies(c.all_of((one, other)), -at_most(start, stop, e.less_than))
            for start, one in starts
            for stop, other in stops
        ]
        return c.choose(both, c.all_of(every), TRUE if e.open else FALSE)

    def _not_planned(self, e: NotPlanned) -> Lit:
        c, history = self.circuit, self.history
        counting = []
        for s in history.planned:
            parts = [s.is_of(e.cls)]
            if s.many:
                counting.append(FALSE if e.open else parts[0])
                continue
            if e.but is not None:
                parts.append(-s.is_of(e.but))
            if e.scope is not RegionScope.ANY:
                both = c.all_of((history.region_known, s.has_region))
                same = history.same_region(s)
                fits = same if e.scope is RegionScope.SAME else -same
                parts.append(c.choose(both, fits, FALSE if e.open else TRUE))
            counting.append(c.all_of(parts))
        return -c.any_of(counting)

    # --- components that ask for sessions -----------------------------------------------------

    def _asks(self, e: Any, sure: Listed) -> Lit:
        """Return whether a requirement stays open because none such is on record."""
        none = -self.circuit.any_of(x for _, x in sure)
        return self.circuit.all_of((none, self.world.silent())) if e.asks else FALSE

    def _interval(self, e: Interval, sure: Listed, possible: Listed) -> Lit:
        c, day = self.circuit, self.world.day
        found = []
        for s, x in sure if e.open else possible:
            counts = [x]
            if e.but is not None and not s.many:
                counts.append(-s.is_of(e.but))
            if e.but_intent is not None:
                counts.append(-s.record.holds(HAS_INTENT, e.but_intent))
            if e.before_the_day:
                counts.append(before(s.latest if e.open else s.earliest, day))
            far = at_most(s.earliest if e.open else s.latest, day, e.at_least)
            found.append(c.implies(c.all_of(counts), far))
        return c.all_of(found)

    def _enough(self, e: EnoughSessions, sure: Listed, possible: Listed) -> Lit:
        within = Window(e.window or "", e.with_start)
        if e.open:
            most = self.history.most_days(possible, e.least, within)
            return self.circuit.any_of((self._asks(e, sure), most))
        return self.history.fewest_days(sure, e.least, within)

    def _few(self, e: FewSessions, sure: Listed, possible: Listed) -> Lit:
        within, more = Window(e.window or ""), e.most + 1
        if e.open:
            return -self.history.fewest_days(sure, more, within)
        return -self.history.most_days(possible, more, within)

    def _responding(self, e: Responding, sure: Listed, possible: Listed) -> Lit:
        c = self.circuit
        listed = [
            (s, c.all_of((x, -self.history.fails(e.response, s, e.open))))
            for s, x in (possible if e.open else sure)
        ]
        if e.open:
            return c.any_of((self._asks(e, sure), self.history.most_days(listed, e.least)))
        return self.history.fewest_days(listed, e.least)

    def _each(self, e: EachResponded, sure: Listed, possible: Listed) -> Lit:
        listed = sure if e.open else possible
        return -self.circuit.any_of(
            self.circuit.all_of((x, self.history.fails(e.response, s, e.open))) for s, x in listed
        )

    def _latest(self, e: LatestResponded, sure: Listed, possible: Listed) -> Lit:
        c, fails = self.circuit, self.history.fails
        last = self.history.last_among(sure, possible)
        if not e.open:
            none_fails = [c.implies(x, -fails(e.response, s, False)) for s, x in last]
            return c.all_of((c.any_of(x for _, x in sure), *none_fails))
        failed = [(o, c.all_of((there, fails(e.response, o, True)))) for o, there in sure]
        found = [
            c.all_of(
                (
                    x,
                    -fails(e.response, s, True),
                    *(c.implies(f, before(o.earliest, s.latest)) for o, f in failed),
                )
            )
            for s, x in last
        ]
        return c.any_of((self._asks(e, sure), *found))

    def _without(self, e: WithoutResponse, sure: Listed, possible: Listed) -> Lit:
        listed = [
            (s, self.circuit.all_of((x, self.history.fails(e.response, s, e.open))))
            for s, x in (sure if e.open else possible)
        ]
        return -self._too_many(listed, e.most, e.open, Window())

    def _too_many(
        self, listed: Listed, most: int, granted: bool, within: Window, own: Lit = TRUE
    ) -> Lit:
        """Return whether sessions, and the requested one where it counts, are too many."""
        c, history = self.circuit, self.history
        counting = history.fewest_days if granted else history.most_days
        some = counting(listed, 1, within, True)
        many = c.choose(
            own, counting(listed, most, within, True), counting(listed, most + 1, within, True)
        )
        return c.all_of((some, many))

    def _maximum(self, e: SessionsWithRequested, sure: Listed, possible: Listed) -> Lit:
        c, within = self.circuit, Window(e.window or "")
        counted = sure if e.open else possible
        if not e.merged:
            return -self._too_many(counted, e.most, e.open, within)
        merged = self.view.perhaps_merged if e.open else self.view.merged
        is_second = self.view.perhaps_second if e.open else self.view.second
        left = [(s, c.all_of((x, -merged.get(s, FALSE)))) for s, x in counted]
        fits = -self._too_many(left, e.most, e.open, within, -is_second)
        return c.all_of((fits, is_second)) if e.second else fits

    def _first_at_least(self, e: FirstAtLeast, sure: Listed, possible: Listed) -> Lit:
        c, day = self.circuit, self.world.day
        if e.open:
            reached = [c.all_of((x, at_most(s.earliest, day, e.at_least))) for s, x in possible]
            return c.any_of((self._asks(e, sure), *reached))
        return c.any_of(c.all_of((x, at_most(s.latest, day, e.at_least))) for s, x in sure)

    def _first_less_than(self, e: FirstLessThan, sure: Listed, possible: Listed) -> Lit:
        c, day = self.circuit, self.world.day
        if not e.open:
            late = [c.implies(x, -at_most(s.earliest, day, e.less_than)) for s, x in possible]
            return c.all_of((c.any_of(x for _, x in sure), *late))
        some = c.any_of(c.all_of((x, -at_most(s.latest, day, e.less_than))) for s, x in possible)
        late = [c.implies(x, -at_most(s.latest, day, e.less_than)) for s, x in sure]
        return c.any_of((self._asks(e, sure), c.all_of((some, *late))))

    def _changed(self, e: LevelChanged | TechniqueChanged, sure: Listed, possible: Listed) -> Lit:
        c = self.circuit
        compared = self._levels if isinstance(e, LevelChanged) else self._techniques
        if e.open:
            last = self.history.last_among(sure, possible)
            found = []
            for s, x in last:
                tells, differs = compared(e, s)
                found.append(c.all_of((x, -c.all_of((tells, -differs)))))
            return c.any_of((self._asks(e, sure), *found))
        settled = []
        for s, x in sure:
            alone = [c.implies(y, before(o.latest, s.earliest)) for o, y in possible if o is not s]
            settled.append(c.all_of((x, *compared(e, s), *alone)))
        return c.any_of(settled)

    def _levels(self, e: Any, s: Session) -> tuple[Lit, Lit]:
        c = self.circuit
        own, had = self.history.levels(self.world.procedure), self.history.levels(s.record)
        stated = c.all_of((c.any_of(own.values()), c.any_of(had.values())))
        new = c.any_of(c.all_of((x, -had.get(level, FALSE))) for level, x in own.items())
        return stated, c.all_of((stated, new))

    def _techniques(self, e: Any, s: Session) -> tuple[Lit, Lit]:
        c = self.circuit
        own = self.world.procedure.values(USES_TECHNIQUE)
        differ = c.any_of(c.all_of((x, s.record.barred(t))) for t, x in own.items())
        same = c.any_of(
            c.all_of((x, s.record.holds(USES_TECHNIQUE, t)))
            for t, x in own.items()
            if t not in e.partial
        )
        return c.any_of((differ, same)), differ


OF_SESSIONS: dict[type, Any] = {
    Interval: Leaves._interval,
    EnoughSessions: Leaves._enough,
    FewSessions: Leaves._few,
    Responding: Leaves._responding,
    EachResponded: Leaves._each,
    LatestResponded: Leaves._latest,
    WithoutResponse: Leaves._without,
    SessionsWithRequested: Leaves._maximum,
    FirstAtLeast: Leaves._first_at_least,
    FirstLessThan: Leaves._first_less_than,
    LevelChanged: Leaves._changed,
    TechniqueChanged: Leaves._changed,
}

__all__ = ["COV", "Bits", "Leaves"]
