"""Laws of therapy courses: a full record decides, and silence matters only where it may decide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from covergraph.judge import Verdict
from covergraph.knowledge.base import knowledge
from covergraph.namespaces import COV
from covergraph.request.values import is_group
from tests.components.histories import Span
from tests.components.support import MET, NOT_DOCUMENTED, NOT_MET, conforms
from tests.components.test_therapy_course import (
    ACTIVE,
    BROADER,
    BROADER_OR_GROUP,
    CERVICAL,
    CONSERVATIVE,
    FAILED,
    HELPED,
    HOME,
    LUMBAR,
    MEDICATION,
    NARROWER,
    NSAID,
    PHYSICAL,
    PRESCRIBED,
    SERVICE,
    SIX_WEEKS,
    THREE_MONTHS,
    Course,
    course,
    told,
)


@dataclass(frozen=True)
class Care:
    """What is recorded and denied of a patient's therapy."""

    courses: tuple[Course, ...]
    denied: frozenset[str]


@dataclass(frozen=True)
class Asked:
    """What a leaf asks for."""

    therapy: str
    span: Span
    outcome: str | None

    def met_by(self, care: Care) -> bool:
        days = {
            c.start + timedelta(days=n)
            for c in care.courses
            if self.therapy in {c.kind, *BROADER_OR_GROUP[c.kind]}
            and (c.region == LUMBAR or c.kind in (MEDICATION, NSAID))
            and c.start is not None
            and c.end is not None
            and self.outcome in (None, c.outcome)
            for n in range((c.end - c.start).days + 1)
        }
        lasts = {c.end for c in care.courses} & days
        return any(
            len({d for d in days if d <= last})
            >= (last + timedelta(days=1) - self.span.before(last + timedelta(days=1))).days
            for last in lasts
            if last is not None
        )


def completions(care: Care) -> Iterator[Care]:
    """Yield the care with the silent filled in: at its best, at its worst, and in between."""
    recorded = {k for c in care.courses for k in (c.kind, *BROADER_OR_GROUP[c.kind])}
    unsaid = [k for k in BROADER if k not in recorded and not is_denied(k, care.denied)]
    more = [(), *((Course(k, start=date(2000, 1, 1), end=SERVICE),) for k in unsaid)]
    days = {day for c in care.courses for day in (c.start, c.end) if day is not None}
    options = [list(_filled_in(c, care.denied, days or {SERVICE})) for c in care.courses]
    for courses, another in product(product(*options), more):
        yield Care((*courses, *another), care.denied)


def _filled_in(c: Course, denied: frozenset[str], dated: set[date]) -> Iterator[Course]:
    """Yield a course that lasted as long as it can and as short, in each region and outcome."""
    may_be = [c.kind, *(k for k in NARROWER.get(c.kind, ()) if not is_denied(k, denied))]
    longest = (c.start or date(2000, 1, 1), c.end or SERVICE)
    # A day that another course has as well adds nothing to the days of both.
    only_day = c.start or c.end or min(dated)
    shortest = (c.start or only_day, c.end or only_day)
    for kind, region, outcome, (start, end) in product(
        may_be,
        [c.region] if c.region else [LUMBAR, CERVICAL],
        [c.outcome] if c.outcome else [FAILED, HELPED],
        {longest, shortest},
    ):
        yield Course(kind, region, start, end, outcome)


def is_denied(kind: str, denied: frozenset[str]) -> bool:
    return not denied.isdisjoint({kind, *BROADER_OR_GROUP[kind]})


@st.composite
def cares(draw: st.DrawFn) -> tuple[Care, Care]:
    """Draw care of which all is stated, and the same with some of it silent."""
    # Beside a course of the narrower kind, one of the broader kind would never be quite clear.
    unused = draw(st.sampled_from([{HOME, MEDICATION}, {PRESCRIBED, NSAID}]))
    kinds = [k for k in BROADER if k not in unused]
    full = tuple(
        Course(
            draw(st.sampled_from(kinds)),
            draw(st.sampled_from([LUMBAR, LUMBAR, CERVICAL])),
            start := SERVICE - timedelta(days=draw(st.integers(30, 200))),
            min(SERVICE, start + timedelta(days=draw(st.sampled_from([0, 40, 41, 42, 89, 91])))),
            draw(st.sampled_from([FAILED, FAILED, HELPED])),
        )
        for _ in range(draw(st.integers(0, 3)))
    )
    recorded = {k for c in full for k in (c.kind, *BROADER[c.kind])}
    denied = frozenset(k for k in BROADER if k not in recorded)
    fields = ("region", "start", "end", "outcome", "kind")
    places = [(i, f) for i in range(len(full)) for f in fields]
    hidden = draw(st.lists(st.sampled_from(places), max_size=5, unique=True)) if places else []
    partial = list(full)
    for i, field in hidden:
        silent: dict[str, Any] = {field: CONSERVATIVE if field == "kind" else None}
        partial[i] = replace(partial[i], **silent)
    kept = draw(st.lists(st.sampled_from(sorted(denied)), unique=True)) if denied else []
    if draw(st.booleans()):
        kept = sorted(denied)
    return Care(full, denied), Care(tuple(partial), frozenset(kept))


ASKED = [
    Asked(ACTIVE, SIX_WEEKS, FAILED),
    Asked(CONSERVATIVE, THREE_MONTHS, None),
    Asked(NSAID, SIX_WEEKS, FAILED),
    Asked(PHYSICAL, SIX_WEEKS, FAILED),
    Asked(HOME, SIX_WEEKS, None),
]


@given(st.sampled_from(ASKED), cares())
@settings(max_examples=40, deadline=None)
def test_a_course_keeps_the_laws(asked: Asked, drawn: tuple[Care, Care]) -> None:
    leaf = course(asked.therapy, asked.span, outcome=asked.outcome)
    full, partial = drawn
    settled, found = (judged(leaf, care) for care in drawn)
    assert settled is (MET if asked.met_by(full) else NOT_MET), "the full record decides"
    assert found in (settled, NOT_DOCUMENTED), "documenting changes no settled verdict"
    answers = {asked.met_by(care) for care in completions(partial)}
    agreed = NOT_DOCUMENTED if len(answers) > 1 else MET if answers == {True} else NOT_MET
    assert found is agreed, "silence matters only where it may decide"


def other_kinds() -> set[str]:
    """Return the kinds of therapy that these stories leave out; none of them took place."""
    known = knowledge()
    kinds = {k for k in known.instances_of(COV.TherapyKind) if not is_group(k, known)}
    ours = {COV[k] for k in BROADER}
    above = {b for k in ours for b in known.broader_of(k)}
    return {k.value.rsplit("#", 1)[-1] for k in kinds - above}


def judged(leaf: str, care: Care) -> Verdict:
    denied = tuple(sorted(care.denied | other_kinds()))
    strict, twin = conforms(leaf, told(*care.courses, denied=denied))
    assert twin or not strict, "what conforms to a leaf conforms to its twin"
    return MET if strict else NOT_DOCUMENTED if twin else NOT_MET
