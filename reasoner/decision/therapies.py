"""Why courses of therapy do not count for a criterion, and what is still open of them.

A question for a therapy is answered best when it says what is on record and why that does
not settle it, what such a record leaves out, and which kinds nothing is said of: to deny
these settles it as well. Here are the facts of it; the words are found where answers are
written.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..facts.layout import Course, Facts
from ..judge.components import Given, made
from ..judge.components.therapy_course import FOLLOW_UP, HadTherapy
from ..knowledge.base import Knowledge
from ..namespaces import COV, local_name
from ..plain import DENIES, ENDED_ON, HAD_OUTCOME, NONE, OF_THERAPY, STARTED_ON, TREATS_REGION
from ..policies.criteria import Criterion


class Why(Enum):
    """Why a course does not count, whatever else it might state."""

    KIND = "another kind of therapy"
    REGION = "recorded for another region"
    OUTCOME = "another outcome"
    FOLLOW_UP = "no follow-up"
    WINDOW = "outside the period"


@dataclass(frozen=True)
class NotCounted:
    """A course that does not count.

    Parameters
    ----------
    told : tuple of str
        What is stated of it and keeps it from counting: kinds, regions, an outcome, its last day.
    """

    course: str
    why: Why
    told: tuple[str, ...]


@dataclass(frozen=True)
class Therapies:
    """What a criterion that asks for therapy finds on record.

    Parameters
    ----------
    silent : tuple
        Pairs of a course that may count and a property, or a fact, that would say whether.
    open_kinds : tuple of str
        The kinds asked for of which there may be courses that are not on record.
    """

    not_counted: tuple[NotCounted, ...]
    silent: tuple[tuple[str, str], ...]
    open_kinds: tuple[str, ...]


def asked_of(leaf: Criterion, knowledge: Knowledge) -> HadTherapy | None:
    """Return what a leaf asks of courses of therapy; None for a leaf that asks for none."""
    if leaf.component is None or knowledge.triples.value(leaf.iri, COV.withTherapy) is None:
        return None
    given = {local_name(p.value): o[0] for p, o in knowledge.triples.predicates(leaf.iri).items()}
    found = made(leaf.component.value, Given(given, open=True, knowledge=knowledge))
    return found if isinstance(found, HadTherapy) else None


def therapies_read(asked: HadTherapy, facts: Facts) -> Therapies:
    """Return what a leaf finds of the therapy that it asks for."""
    left = asked.left(facts)
    not_counted, silent = [], []
    for course in sorted(facts.courses, key=lambda c: c.node):
        reason = _reason(asked, course, facts)
        if reason is not None:
            not_counted.append(NotCounted(course.node, *reason))
        elif asked.may_count(course, facts, left):
            silent += [(course.node, p) for p in _silent(asked, course, facts)]
    return Therapies(tuple(not_counted), tuple(silent), tuple(sorted(asked.open_kinds(facts))))


def _reason(asked: HadTherapy, course: Course, facts: Facts) -> tuple[Why, tuple[str, ...]] | None:
    """Return the first thing stated of a course that keeps it from counting."""
    denied = facts.patient.get(DENIES, NONE)
    kinds = asked.kinds.difference(course.barred_kinds, denied)
    stated = tuple(str(k) for k in facts.values(course.node, OF_THERAPY))
    if not kinds:
        return Why.KIND, stated[:1]
    cared = asked.cared_for(facts)
    elsewhere = bool(course.regions) and bool(cared) and cared.isdisjoint(course.regions)
    if not asked.any_region and elsewhere and kinds.isdisjoint(asked.systemic):
        return Why.REGION, tuple(sorted(str(r) for r in course.regions))
    if asked.outcome is not None and asked.outcome in course.barred_outcomes:
        return Why.OUTCOME, tuple(sorted(str(o) for o in course.outcomes))
    if not asked.followed.isdisjoint(course.kinds) and FOLLOW_UP in course.denied:
        return Why.FOLLOW_UP, ()
    last = course.ends.end_latest
    if asked.window is not None and last and not asked.possible(course, facts):
        return Why.WINDOW, (last,)
    return None


def _silent(asked: HadTherapy, course: Course, facts: Facts) -> list[str]:
    """Return what a course that may count leaves out."""
    found = []
    if asked.therapy not in course.kinds:
        found.append(OF_THERAPY)
    if asked.outcome is not None and not course.outcomes:
        found.append(HAD_OUTCOME)
    if not (asked.any_region or course.systemic or course.regions):
        found.append(TREATS_REGION)
    if not asked.followed.isdisjoint(course.kinds) and FOLLOW_UP not in course.affirmed:
        found.append(FOLLOW_UP)
    if asked.at_least is not None:
        ends, length_will_do = course.ends, bool(course.lasted) and asked.window is None
        dates = (
            (STARTED_ON, ends.start_earliest, ends.start_latest),
            (ENDED_ON, ends.end_earliest, ends.end_latest),
        )
        found += [p for p, a, b in dates if not length_will_do and (not a or a != b)]
    return found
