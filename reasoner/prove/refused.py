"""What the gate of requests refuses, laid down as impossible.

The same pages as ``request.coherence`` and ``request.onset``, in gates: whatever the solver finds
is then a request that passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pyoxigraph import NamedNode

from ..namespaces import COV
from ..plain import (
    AFFIRMS,
    DENIES,
    HAS_CHRONICITY,
    HAS_INTENT,
    IS_FOR,
    LASTED,
    OF_THERAPY,
    ONSET_DATE,
    TREATS_LEVEL,
    TREATS_REGION,
    TYPE,
)
from ..request.onset import Limit, Limits, limits_of
from ..request.values import is_group
from .asked import EARLIER, MEANS, PROCEDURES
from .calendar import Day, at_most, before
from .circuit import TRUE, Bits, Lit, constant
from .records import Record, Requests

WEEK = 7


def lay_down(world: Requests) -> None:
    """Lay down that the requests of a world pass the gate."""
    for record in world.records:
        _single(world, record)
        _no_contradiction(world, record)
        if record.role in PROCEDURES:
            _one_region(world, record)
            _joints(world, record)
            _intents(world, record)
    _purposes(world)
    _words(world)
    _not_before_birth(world)
    _kinds_denied(world)
    for course in world.courses:
        _lengths(world, course)


def _single(world: Requests, record: Record) -> None:
    by_property: dict[str, list[Lit]] = {}
    for (p, _), lit in record.stated.items():
        by_property.setdefault(p, []).append(lit)
    for p, lits in by_property.items():
        declared = world.knowledge.properties[NamedNode(p)]
        if p not in MEANS and declared.single:
            world.circuit.at_most_one(lits)
        if record.role in {r.value for r in declared.required_of}:
            world.circuit.require(-record.exists, *lits)


def _no_contradiction(world: Requests, record: Record) -> None:
    c = world.circuit
    reached = world.vocabulary.supports[record.role]
    for p, o in reached:
        if p == AFFIRMS and (DENIES, o) in reached:
            c.require(-record.holds(AFFIRMS, o), -record.holds(DENIES, o))
        if p in (TYPE, DENIES) or (p == AFFIRMS and record.role != EARLIER):
            continue
        for other in sorted(world.vocabulary.incompatible.get(o, ())):
            if (p, other) in reached and o < other:
                c.require(-record.holds(p, o), -record.holds(p, other))


def _one_region(world: Requests, record: Record) -> None:
    c, t = world.circuit, world.knowledge.triples
    regions = {r: record.holds(TREATS_REGION, r) for r in world.regions}
    c.at_most_one(list(regions.values()))
    for meaning, stated in _meanings(record):
        spans = {o.value for o in t.objects(meaning, COV.spansRegion)}
        for region, lit in regions.items():
            if spans and region not in spans:
                c.require(-stated, -lit)


def _joints(world: Requests, record: Record) -> None:
    t = world.knowledge.triples
    for meaning, stated in _meanings(record):
        for joint in t.objects(meaning, COV.actsOnJoint):
            for (p, level), lit in record.stated.items():
                if p == TREATS_LEVEL and joint in t.objects(NamedNode(level), COV.lacksJoint):
                    world.circuit.require(-stated, -lit)


def _intents(world: Requests, record: Record) -> None:
    """Lay down that no intent is stated that the code or kind rules out."""
    t = world.knowledge.triples
    for meaning, stated in _meanings(record):
        for never in t.objects(meaning, COV.rulesOutIntent):
            lit = record.stated.get((HAS_INTENT, never.value))
            if lit is not None:
                world.circuit.require(-stated, -lit)


def _meanings(record: Record) -> Iterator[tuple[NamedNode, Lit]]:
    """Yield the codes and kinds that a procedure may be stated by."""
    return ((NamedNode(o), lit) for (p, o), lit in record.stated.items() if p in MEANS)


# --- words for the age of a pain ------------------------------------------------------------


def _limits(world: Requests) -> Limits:
    words = [
        NamedNode(v)
        for record in (world.procedure, *world.pains.values())
        for p, v in record.stated
        if p in (IS_FOR, HAS_CHRONICITY)
    ]
    return limits_of(world.knowledge, dict.fromkeys(words))


def _purposes(world: Requests) -> None:
    """Lay down that no purpose contradicts the onset of the pain, or another word for its age."""
    c, limits = world.circuit, _limits(world)
    for (p, purpose), stated in world.procedure.stated.items():
        if p != IS_FOR:
            continue
        for limit in limits.get(purpose, ()):
            told = [(pain, *_allows(world, pain, limit)) for pain in world.pains.values()]
            known, right = _told(world, told)
            c.require(-stated, -known, right)
        ways = {limit.at_least for limit in limits.get(purpose, ())}
        if ways:
            known, right = _told(
                world, [(pain, *_fits(world, pain, ways, limits)) for pain in world.pains.values()]
            )
            c.require(-stated, -known, right)


def _told(world: Requests, told: Iterable[tuple[Record, Lit, Lit]]) -> tuple[Lit, Lit]:
    """Return whether it is told of all pain that is meant, and whether it is right of any.

    That is the pain of the region treated; where none is recorded there, any of the patient.
    """
    c = world.circuit
    here = {
        pain: c.all_of((pain.exists, world.procedure.holds(TREATS_REGION, r)))
        for r, pain in world.pains.items()
    }
    anywhere = c.any_of(here.values())
    found, known, right = [], [], []
    for pain, is_told, is_right in told:
        meant = c.any_of((here[pain], c.all_of((pain.exists, -anywhere))))
        found.append(meant)
        known.append(c.implies(meant, is_told))
        right.append(c.all_of((meant, is_right)))
    return c.all_of((c.any_of(found), *known)), c.any_of(right)


def _allows(world: Requests, pain: Record, limit: Limit) -> tuple[Lit, Lit]:
    """Return whether it is known when a pain began, and whether a limit allows that.

    What is acute may be a condition with an onset of its own; a pain that has it is dated by
    that alone.
    """
    c = world.circuit
    onset = pain.dates.get(ONSET_DATE)
    known = onset.stated if onset else -TRUE
    right = -TRUE
    if onset is not None:
        reached = at_most(onset.first if limit.at_least else onset.last, world.day, limit.bound)
        right = reached if limit.at_least else -reached
    for condition, dated_by in () if limit.at_least else sorted(_dated_by(world)):
        own = pain.dates.get(dated_by)
        affirmed = pain.stated.get((AFFIRMS, condition), -TRUE)
        stated = own.stated if own else -TRUE
        recent = -at_most(own.last, world.day, limit.bound) if own else -TRUE
        instead = c.any_of((stated, affirmed))
        known = c.choose(instead, stated, known)
        right = c.choose(instead, recent, right)
    return known, right


def _dated_by(world: Requests) -> list[tuple[str, str]]:
    return [(c.value, p.value) for c, p in world.knowledge.triples.pairs(COV.datedBy)]


def _fits(world: Requests, pain: Record, ways: set[bool], limits: Limits) -> tuple[Lit, Lit]:
    """Return whether a pain is called acute or chronic, and whether so that a purpose may say it.

    Every word must say the opposite for a purpose to be wrong; a word that says neither does not.
    """
    c = world.circuit
    called = [(v, lit) for (p, v), lit in pain.stated.items() if p == HAS_CHRONICITY]
    fits = []
    for word, lit in called:
        others = {limit.at_least for limit in limits.get(word, ())}
        if not others or others & ways:
            fits.append(lit)
    return c.any_of(lit for _, lit in called), c.any_of(fits)


def _words(world: Requests) -> None:
    """Lay down that no pain is called what its onset refutes."""
    limits = _limits(world)
    for pain in world.pains.values():
        for (p, word), stated in pain.stated.items():
            for limit in limits.get(word, ()) if p == HAS_CHRONICITY else ():
                known, right = _allows(world, pain, limit)
                world.circuit.require(-stated, -known, right)


# --- days and lengths -----------------------------------------------------------------------


def _not_before_birth(world: Requests) -> None:
    """Lay down that nothing surely happened before the patient was born."""
    c, birth = world.circuit, world.patient.dates.get(COV.birthDate.value)
    if birth is None:
        return
    for record in world.records:
        for dated in record.dates.values():
            if dated is not birth:
                both = c.all_of((birth.stated, dated.stated))
                c.require(-both, -before(dated.last, birth.first))


def _kinds_denied(world: Requests) -> None:
    """Lay down that the patient is not denied what a course is of, or all that it may be of."""
    c, known = world.circuit, world.knowledge
    for course in world.courses:
        for kind, had in course.values(OF_THERAPY).items():
            c.require(-had, -world.patient.holds(DENIES, kind))
        for (p, kind), stated in course.stated.items():
            if p != OF_THERAPY or not is_group(NamedNode(kind), known):
                continue
            narrower = known.narrower.get(NamedNode(kind), ())
            single = sorted(k.value for k in narrower if not is_group(k, known))
            if single:
                c.require(-stated, -c.all_of(world.patient.holds(DENIES, k) for k in single))


def _lengths(world: Requests, course: Record) -> None:
    """Lay down that a course is as long as its dates can be, and as short.

    Weeks are rounded, and a length in days may count the first and the last day as one.
    """
    c = world.circuit
    if LASTED not in course.numbers:
        return
    lasted = course.numbers[LASTED]
    start, end = (course.dates[p.value] for p in (COV.startedOn, COV.endedOn))
    both = c.all_of((lasted.stated, start.stated))
    # The last day of a course is one less than its length after its first.
    earliest_end = c.add(start.first.number, lasted.bits)
    latest_end = c.add(start.last.number, lasted.bits)
    in_weeks = c.any_of(
        c.equal(lasted.bits, constant(n)) for n in range(WEEK, 1 << len(lasted.bits), WEEK)
    )
    rounded = c.add(latest_end, c.choose_number(in_weeks, constant(WEEK - 1), constant(1)))

    def after(day: Day) -> Bits:
        return c.add(day.number, constant(1))

    c.require(-both, end.stated, c.at_most(earliest_end, after(world.day)))
    c.require(-both, -end.stated, c.at_most(earliest_end, after(end.last)))
    c.require(-both, -end.stated, c.at_most(after(end.first), rounded))
