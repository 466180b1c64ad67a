"""What a policy makes of a history that is unknown: episodes of care, and sides that are one.

The same pages as ``facts.episodes`` and ``facts.merging``, in gates. Sessions stand in the order
of their latest days, which the world lays down.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

from ..days import parts
from ..errors import KnowledgeError
from ..facts.episodes import Episode
from ..facts.history import HistoryRules
from ..facts.merging import Merging
from ..plain import AFFIRMS, HAS_INTENT, ON_SIDE, TREATS_LEVEL, TREATS_REGION, USES_TECHNIQUE
from .calendar import Day, at_most, before, chosen, earlier_of, later_of, same_day
from .circuit import FALSE, TRUE, Lit, constant
from .records import Record
from .sessions import History, Session


@dataclass
class SymbolicView:
    """Which sessions surely are, and may be, the second side of another.

    Parameters
    ----------
    second, perhaps_second : literal
        The same of the requested procedure.
    """

    merged: dict[Session, Lit] = field(default_factory=dict)
    perhaps_merged: dict[Session, Lit] = field(default_factory=dict)
    second: Lit = FALSE
    perhaps_second: Lit = FALSE


def view_of(rules: HistoryRules, history: History) -> SymbolicView:
    """Return what the rules make of a history, and note its episode there."""
    if rules.episode is not None:
        _Episodes(rules.episode, history).note()
    return _Merging(rules.merging, history).view() if rules.merging else SymbolicView()


class _Episodes:
    """Finds which sessions belong to the current episode of care of their region."""

    def __init__(self, rule: Episode, history: History) -> None:
        self.rule, self.history, self.circuit = rule, history, history.circuit
        self.day, self.sessions = history.world.day, history.sessions
        c = self.circuit
        self.of = {s: c.all_of((s.is_of(rule.of), -self._is_spared(s))) for s in self.sessions}
        self.breaks = {
            s: s.is_of(rule.broken_by) if rule.broken_by else FALSE for s in self.sessions
        }
        fact = rule.broken_by_fact
        self.changed = {
            r: c.all_of((pain.exists, pain.says(AFFIRMS, fact))) if fact else FALSE
            for r, pain in history.world.pains.items()
        }
        self.share = {
            (s, o): self._same_region(s, o) for s, o in product(self.sessions, self.sessions)
        }

    def _is_spared(self, s: Session) -> Lit:
        """Return whether the intent of a session keeps it out of any episode."""
        intent = self.rule.but_intent
        return s.record.holds(HAS_INTENT, intent) if intent else FALSE

    def note(self) -> None:
        c = self.circuit
        all_known = c.all_of(
            c.implies(c.any_of((self.of[s], self.breaks[s])), c.all_of((s.on, s.has_region)))
            for s in self.sessions
        )
        for s in self.sessions:
            settled = self._settled(s)
            surely = c.choose(all_known, settled, self._surely(s))
            perhaps = c.choose(all_known, settled, self._perhaps(s))
            self.history.episode[s] = (
                c.all_of((self.of[s], surely)),
                c.all_of((self.of[s], perhaps)),
            )

    def _settled(self, s: Session) -> Lit:
        """Return whether a session is of the episode where every day and region is known."""
        c = self.circuit
        broken = [
            c.all_of((self.breaks[b], self.share[s, b], at_most(s.latest, b.latest)))
            for b in self.sessions
        ]
        inside = (-self._is_changed(s), *(-x for x in broken), self._linked(s))
        return c.any_of((same_day(s.latest, self.day), c.all_of(inside)))

    def _surely(self, s: Session) -> Lit:
        if s.many:
            return FALSE
        c = self.circuit
        nowhere = c.all_of((-s.has_region, c.any_of(self.changed.values())))
        broken = [
            c.all_of((self.breaks[b], self._may_share(s, b), at_most(s.earliest, b.latest)))
            for b in self.sessions
            if b is not s
        ]
        over = (self._is_changed(s), nowhere, *broken)
        inside = c.all_of((*(-x for x in over), self._linked(s)))
        return c.any_of((same_day(s.earliest, self.day), inside))

    def _perhaps(self, s: Session) -> Lit:
        c = self.circuit
        broken = [
            c.all_of((self.breaks[b], self.share[s, b], at_most(s.latest, b.earliest)))
            for b in self.sessions
            if b is not s and not b.many
        ]
        over = (self._is_changed(s), *broken)
        inside = c.all_of((*(-x for x in over), self._reached(s)))
        return c.any_of((same_day(s.latest, self.day), inside))

    def _linked(self, s: Session) -> Lit:
        """Return whether no gap surely lies between a session and the day, over the others."""
        c = self.circuit
        near = [o for o in self.sessions if o is s or not o.many]
        meant = {o: TRUE if o is s else c.all_of((self.of[o], self.share[s, o])) for o in near}
        reached = {o: c.all_of((meant[o], -self._apart(self.day, o.earliest))) for o in near}
        for _ in near[1:]:
            reached = {
                o: c.any_of(
                    (
                        reached[o],
                        *(
                            c.all_of((reached[p], meant[o], -self._apart(p.latest, o.earliest)))
                            for p in near
                            if p is not o
                        ),
                    )
                )
                for o in near
            }
        return reached[s]

    def _reached(self, s: Session) -> Lit:
        """Return whether the others may lie so that no gap is between a session and the day.

        They are taken as far back as they reach, those first that can be the least early.
        """
        c, reached = self.circuit, self.day
        others = [o for o in self.sessions if o is not s]
        left = {o: c.all_of((self.of[o], self._may_share(s, o))) for o in others}
        found, going = FALSE, TRUE
        for step in range(len(others) + 1):
            near = -self._apart(reached, s.latest)
            found = c.any_of((found, c.all_of((going, near))))
            going = c.all_of((going, -near))
            if step == len(others) or going == FALSE:
                break
            able = {o: c.all_of((left[o], -self._apart(reached, o.latest))) for o in others}
            taken = {o: c.all_of((able[o], *self._not_better(o, others, able))) for o in others}
            many = [c.all_of((going, taken[o])) for o in others if o.many]
            found = c.any_of((found, *many))
            going = c.all_of((going, c.any_of(taken.values()), *(-x for x in many)))
            back = self._gap_before(reached)
            further = reached
            for o in others:
                to = earlier_of(reached, later_of(o.earliest, back))
                further = chosen(taken[o], to, further)
                left[o] = c.all_of((left[o], -taken[o]))
            reached = further
        return found

    def _not_better(self, o: Session, others: list[Session], able: dict[Session, Lit]) -> list[Lit]:
        """Return that no other is taken before one: none that is less early, or as early."""
        c, place = self.circuit, others.index(o)
        return [
            -c.all_of(
                (
                    able[p],
                    at_most(o.earliest, p.earliest)
                    if n < place
                    else before(o.earliest, p.earliest),
                )
            )
            for n, p in enumerate(others)
            if p is not o
        ]

    def _gap_before(self, day: Day) -> Day:
        """Return the day a gap before another."""
        c = self.circuit
        months, days = parts(self.rule.gap or "P0D")
        if days or months % 12:
            raise KnowledgeError(f"the prover knows no gap between episodes of {self.rule.gap}")
        years = months // 12
        width = len(day.year) or 1
        year = (*day.year, *[FALSE] * (width - len(day.year)))
        minus = tuple(TRUE if (1 << width) - years >> i & 1 else FALSE for i in range(width))
        moved = Day(c, c.add(year, minus)[:width], day.month, day.day)
        last = moved.last_of_month
        clamped = c.choose_number(c.at_most(day.day, last), day.day, last)
        too_early = c.less(day.year, constant(years))
        return Day(c, moved.year, moved.month, clamped, c.any_of((too_early, day.unbounded)))

    def _apart(self, later: Day, earlier: Day) -> Lit:
        return at_most(earlier, later, self.rule.gap) if self.rule.gap else FALSE

    def _is_changed(self, s: Session) -> Lit:
        c = self.circuit
        return c.any_of(c.all_of((lit, s.region(r))) for r, lit in self.changed.items())

    def _same_region(self, s: Session, o: Session) -> Lit:
        c = self.circuit
        return c.any_of(c.all_of((s.region(r), o.region(r))) for r in self.history.world.regions)

    def _may_share(self, s: Session, o: Session) -> Lit:
        return self.circuit.any_of((-s.has_region, -o.has_region, self.share[s, o]))


@dataclass(eq=False)
class _Side:
    """A session, or the requested one, as one that may be a side of another."""

    record: Record
    alike: Lit
    known: Lit
    on: Lit
    earliest: Day
    latest: Day
    session: Session | None


class _Merging:
    """Finds the sides that are one session, of those that lie not too far apart."""

    def __init__(self, rule: Merging, history: History) -> None:
        self.rule, self.history, self.circuit = rule, history, history.circuit
        c, world = self.circuit, history.world
        self.sides = []
        for s in history.sessions:
            alike = c.all_of((s.is_of(rule.of), -s.record.barred(rule.technique)))
            known = FALSE if s.many else self._is_known(s.record)
            self.sides.append(_Side(s.record, alike, known, s.on, s.earliest, s.latest, s))
        requested = world.procedure
        known = self._is_known(requested)
        self.sides.append(_Side(requested, TRUE, known, TRUE, world.day, world.day, None))
        self.pairs = {
            (i, j): self._may_be_one(self.sides[i], self.sides[j])
            for j in range(len(self.sides))
            for i in range(j)
        }

    def view(self) -> SymbolicView:
        merged, perhaps = self._merged()
        found = SymbolicView(second=merged[-1], perhaps_second=perhaps[-1])
        for side, surely, may in zip(self.sides, merged, perhaps, strict=True):
            if side.session is not None:
                found.merged[side.session] = surely
                found.perhaps_merged[side.session] = may
        return found

    def _merged(self) -> tuple[list[Lit], list[Lit]]:
        c, places = self.circuit, range(len(self.sides))
        joined = self._joined()
        settled = [self._is_settled(i, joined) for i in places]
        taken = [FALSE for _ in places]
        merged = [FALSE for _ in places]
        for j in places:
            for i in reversed(range(j)):
                one = c.all_of((self.pairs[i, j], settled[j], -taken[i], -taken[j]))
                taken[i], taken[j] = c.any_of((taken[i], one)), c.any_of((taken[j], one))
                merged[j] = c.any_of((merged[j], one))
        found = [self._may_be_second(k) for k in places]
        perhaps = []
        for k in places:
            group = [TRUE if o == k else joined[k, o] for o in places]
            kept = c.choose(
                self._days_differ(k, joined), self._is_kept(k, found, joined, group), TRUE
            )
            open_ = c.all_of((-settled[k], found[k], kept))
            perhaps.append(c.any_of((merged[k], open_)))
        return merged, perhaps

    def _is_kept(
        self, k: int, found: list[Lit], joined: dict[tuple[int, int], Lit], group: list[Lit]
    ) -> Lit:
        """Return whether one is among the latest of its group, of which half may be seconds."""
        c = self.circuit
        later = [c.all_of((found[o], joined[k, o])) for o in range(k + 1, len(self.sides))]
        return c.all_of(
            c.implies(c.at_least(n, later), c.at_least(2 * (n + 1), group))
            for n in range(len(later) + 1)
        )

    def _days_differ(self, k: int, joined: dict[tuple[int, int], Lit]) -> Lit:
        c, places = self.circuit, range(len(self.sides))
        group = [(o, TRUE if o == k else joined[k, o]) for o in places]
        known = [c.implies(there, self.sides[o].on) for o, there in group]
        same = [
            c.all_of((x, y, same_day(self.sides[o].latest, self.sides[p].latest)))
            for o, x in group
            for p, y in group
            if o < p
        ]
        return c.all_of((*known, *(-x for x in same)))

    def _may_be_second(self, k: int) -> Lit:
        c = self.circuit
        found = [self.pairs[i, k] for i in range(k)]
        for j in range(k + 1, len(self.sides)):
            first, second = self.sides[k], self.sides[j]
            overlap = at_most(second.earliest, first.latest)
            found.append(c.all_of((self.pairs[k, j], overlap, -c.all_of((first.on, second.on)))))
        return c.any_of(found)

    def _joined(self) -> dict[tuple[int, int], Lit]:
        """Return whether two are in one group: each with all that it may be paired with."""
        c, places = self.circuit, range(len(self.sides))
        joined = {
            (i, j): self.pairs[min(i, j), max(i, j)] for i in places for j in places if i != j
        }
        for over in places:
            for i, j in product(places, places):
                if i != j and over not in (i, j):
                    both = c.all_of((joined[i, over], joined[over, j]))
                    joined[i, j] = c.any_of((joined[i, j], both))
        return joined

    def _is_settled(self, k: int, joined: dict[tuple[int, int], Lit]) -> Lit:
        """Return whether all that decides how a group is paired is known."""
        c, places = self.circuit, range(len(self.sides))
        group = [(o, TRUE if o == k else joined[k, o]) for o in places]
        known = c.all_of(c.implies(there, self.sides[o].known) for o, there in group)
        dated = c.all_of(c.implies(there, self.sides[o].on) for o, there in group)
        two = []
        for o in places:
            if o == k:
                continue
            alone = [-joined[k, p] for p in places if p not in (k, o)]
            near = self._surely_near(*sorted((o, k)))
            two.append(c.all_of((joined[k, o], near, *alone)))
        return c.all_of((known, c.any_of((dated, *two))))

    def _surely_near(self, i: int, j: int) -> Lit:
        c, first, second = self.circuit, self.sides[i], self.sides[j]
        after = before(first.latest, second.earliest)
        if second.session is None:
            after = c.any_of((after, same_day(first.latest, second.latest)))
        return c.all_of((after, -before(first.earliest, second.latest, self.rule.within)))

    def _may_be_one(self, first: _Side, second: _Side) -> Lit:
        c = self.circuit
        parts_ = [first.alike, second.alike]
        if second.session is not None:
            both = c.all_of((first.on, second.on))
            parts_.append(-c.all_of((both, same_day(first.latest, second.latest))))
        parts_.append(-before(first.latest, second.earliest, self.rule.within))
        return c.all_of((*parts_, self._may_be_two_sides(first.record, second.record)))

    def _may_be_two_sides(self, a: Record, b: Record) -> Lit:
        c, history = self.circuit, self.history
        same_region = [
            c.all_of((self._region(a, r), self._region(b, r))) for r in history.world.regions
        ]
        both_regions = c.all_of((self._has_region(a), self._has_region(b)))
        region = c.implies(both_regions, c.any_of(same_region))
        sides_a, sides_b = a.values(ON_SIDE), b.values(ON_SIDE)
        has_a, has_b = c.any_of(sides_a.values()), c.any_of(sides_b.values())
        names = sorted({*sides_a, *sides_b})
        same_sides = c.all_of(c.same(sides_a.get(n, FALSE), sides_b.get(n, FALSE)) for n in names)
        one_each = c.all_of(
            (-c.at_least(2, list(sides_a.values())), -c.at_least(2, list(sides_b.values())))
        )
        sides = c.all_of((one_each, c.implies(c.all_of((has_a, has_b)), -same_sides)))
        levels_a, levels_b = a.values(TREATS_LEVEL), b.values(TREATS_LEVEL)
        both_levels = c.all_of((c.any_of(levels_a.values()), c.any_of(levels_b.values())))
        equal = c.all_of(
            c.same(levels_a.get(n, FALSE), levels_b.get(n, FALSE))
            for n in sorted({*levels_a, *levels_b})
        )
        return c.all_of((region, sides, c.implies(both_levels, equal)))

    def _region(self, record: Record, region: str) -> Lit:
        return record.holds(TREATS_REGION, region)

    def _has_region(self, record: Record) -> Lit:
        return self.circuit.any_of(self._region(record, r) for r in self.history.world.regions)

    def _is_known(self, record: Record) -> Lit:
        c, technique = self.circuit, self.rule.technique
        of_technique = record.holds(USES_TECHNIQUE, technique) if technique else TRUE
        return c.all_of(
            (
                self._has_region(record),
                record.any_value(ON_SIDE),
                record.any_value(TREATS_LEVEL),
                of_technique,
            )
        )
