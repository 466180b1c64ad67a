"""Histories with open days, regions and lists: a verdict holds wherever they may lie.

A record may date a procedure to a month or a year, or not at all, leave out its region, and
say of its list that it is known only in part, or nothing. Each rule of the other tests is
tried on such records. What they settle must be right for every full record that they leave
open, and is never unsettled by documenting more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covergraph.days import ends
from covergraph.judge import Verdict
from tests.components import test_each_response as each
from tests.components import test_earlier_sessions as counted
from tests.components import test_latest_response as latest
from tests.components import test_maximum_sessions as most
from tests.components import test_minimum_interval as interval
from tests.components import test_responding_sessions as responding
from tests.components import test_without_response as without
from tests.components.completions import Rule, completions, histories, judged
from tests.components.histories import (
    CERVICAL,
    CONVENTIONAL,
    DIAGNOSTIC,
    HERE,
    LUMBAR,
    THORACIC,
    History,
    Response,
    Session,
    Span,
    session,
    told,
)
from tests.components.support import MET, NOT_DOCUMENTED, NOT_MET, verdict

HALF, YEAR, SIX_MONTHS, TWO_WEEKS = (
    Response(relief=50),
    Span(months=12),
    Span(months=6),
    Span(days=14),
)
EXACT = ("day", "month", "year", "never")
RULES = [
    rule
    for tests in (interval, counted, most, responding, without, each, latest)
    for rule in tests.RULES
]


def story(expected: Verdict, *sessions: Session, name: str) -> Any:
    return pytest.param(sessions, expected, id=name)


MARCH, SPRING = session("2024-03-10", dated="month"), session("2024-03-10", dated="year")
BEFORE = session("2024-03-10", dated="never")
FAILED = replace(BEFORE, relief=20)


@pytest.mark.parametrize(
    ("leaf", "sessions", "expected"),
    [
        (interval.spacing(TWO_WEEKS), [MARCH], MET),
        (interval.spacing(TWO_WEEKS), [SPRING], NOT_DOCUMENTED),
        (interval.spacing(TWO_WEEKS), [BEFORE], NOT_DOCUMENTED),
        (interval.spacing(YEAR), [MARCH], NOT_MET),
        (interval.spacing(TWO_WEEKS), [replace(MARCH, region=None)], MET),
        (interval.spacing(YEAR), [replace(MARCH, region=None)], NOT_DOCUMENTED),
        (counted.sessions("minimum", 1), [BEFORE], MET),
        (counted.sessions("minimum", 1, YEAR), [MARCH], MET),
        (counted.sessions("minimum", 1, YEAR), [BEFORE], NOT_DOCUMENTED),
        (counted.sessions("minimum", 2), [MARCH, MARCH], NOT_DOCUMENTED),
        (counted.sessions("minimum", 2), [MARCH, session("2024-04-02", dated="month")], MET),
        (counted.sessions("minimum", 2), [SPRING, session("2024-04-02")], NOT_DOCUMENTED),
        (counted.sessions("minimum", 3), [MARCH, session("2024-04-02")], NOT_MET),
        (counted.sessions("maximum", 0), [BEFORE], NOT_MET),
        (counted.sessions("maximum", 1), [MARCH, MARCH], NOT_DOCUMENTED),
        (counted.sessions("maximum", 2), [MARCH, MARCH], MET),
        (counted.sessions("maximum", 0, SIX_MONTHS), [SPRING], NOT_MET),
        (counted.sessions("maximum", 0, Span(months=3)), [SPRING], NOT_DOCUMENTED),
        (most.limit(1, YEAR), [BEFORE], NOT_DOCUMENTED),
        (most.limit(1, YEAR), [session("2022-03-10", dated="year")], MET),
        (most.limit(1), [session("2024-06-10", dated="month")], NOT_DOCUMENTED),
        (most.limit(1), [MARCH], NOT_MET),
        (latest.latest(HALF), [replace(MARCH, relief=80)], MET),
        (latest.latest(HALF), [FAILED, replace(MARCH, relief=80)], NOT_DOCUMENTED),
        (latest.latest(HALF), [session("2024-02-02", relief=20), replace(MARCH, relief=80)], MET),
        (responding.responding(2, HALF), [replace(MARCH, relief=80)] * 2, NOT_DOCUMENTED),
        (without.failing(2, HALF), [replace(MARCH, relief=20)] * 2, NOT_DOCUMENTED),
        (each.each(HALF), [replace(BEFORE, relief=80)], MET),
    ],
)  # fmt: skip
def test_open_days(leaf: str, sessions: list[Session], expected: Verdict) -> None:
    assert verdict(leaf, told("2024-06-15", *sessions)) is expected


@pytest.mark.parametrize(
    ("leaf", "silent", "partial", "complete"),
    [
        (counted.sessions("minimum", 1), NOT_DOCUMENTED, NOT_DOCUMENTED, NOT_MET),
        (f"{counted.sessions('minimum', 1)} ; cov:whenNoneStated cov:Absent",
         NOT_MET, NOT_DOCUMENTED, NOT_MET),
        (responding.responding(1, HALF), NOT_DOCUMENTED, NOT_DOCUMENTED, NOT_MET),
        (latest.latest(HALF), NOT_DOCUMENTED, NOT_DOCUMENTED, NOT_MET),
        (f"cov:firstSessionAtLeast {YEAR.turtle} ; cov:ofProcedure cov:FacetJointDenervation"
         f" {HERE.turtle}", NOT_DOCUMENTED, NOT_DOCUMENTED, NOT_MET),
        (f"cov:firstSessionLessThan {YEAR.turtle} ; cov:ofProcedure cov:FacetJointDenervation"
         f" {HERE.turtle}", NOT_DOCUMENTED, NOT_DOCUMENTED, NOT_MET),
        (f"cov:levelChangedSince cov:FacetJointDenervation {HERE.turtle}",
         NOT_DOCUMENTED, NOT_DOCUMENTED, NOT_MET),
        (f"cov:techniqueChangedSince cov:FacetJointDenervation {HERE.turtle}",
         NOT_DOCUMENTED, NOT_DOCUMENTED, NOT_MET),
        (counted.sessions("maximum", 0), MET, NOT_DOCUMENTED, MET),
        (most.limit(4, YEAR), MET, NOT_DOCUMENTED, MET),
        (interval.spacing(), MET, NOT_DOCUMENTED, MET),
        (without.failing(1, HALF), MET, NOT_DOCUMENTED, MET),
        (each.each(HALF), MET, NOT_DOCUMENTED, MET),
    ],
)  # fmt: skip
def test_no_earlier_procedure_on_record(
    leaf: str, silent: Verdict, partial: Verdict, complete: Verdict
) -> None:
    for said, expected in ((None, silent), (False, partial), (True, complete)):
        assert verdict(leaf, told("2024-06-15", complete=said)) is expected


@pytest.mark.parametrize("region", [CERVICAL, THORACIC, LUMBAR, None])
def test_regions_that_a_document_takes_together(region: str | None) -> None:
    leaf = (
        "cov:maximumSessions 1 ; cov:ofProcedure cov:FacetJointDenervation ;"
        " cov:regionScope cov:AnyRegion ; cov:inRegions cov:CervicalAndThoracicRegions"
    )
    expected = {LUMBAR: MET, None: NOT_DOCUMENTED}.get(region, NOT_MET)
    assert verdict(leaf, told("2024-06-15", session("2024-03-10", region=region))) is expected


@pytest.mark.parametrize(
    ("performed", "with_start", "without_start"),
    [("2024-05-14", NOT_MET, NOT_MET), ("2024-05-15", MET, NOT_MET), ("2024-05-16", MET, MET)],
)
def test_within_a_month_takes_in_the_day_a_month_back(
    performed: str, with_start: Verdict, without_start: Verdict
) -> None:
    leaf, record = counted.sessions("minimum", 1, Span(months=1)), session(performed)
    assert verdict(f"{leaf} ; cov:withStart true", told("2024-06-15", record)) is with_start
    assert verdict(leaf, told("2024-06-15", record)) is without_start


# --- Drawn histories -----------------------------------------------------------------------


@st.composite
def opened(draw: st.DrawFn, *spans: Span) -> tuple[History, History, History]:
    """Draw a full history, one that leaves some of it open, and one that leaves more."""
    full = draw(histories(*spans))
    some = _vaguer(draw, full)
    return full, some, _vaguer(draw, some)


def _vaguer(draw: st.DrawFn, history: History) -> History:
    sessions = tuple(_less_of(draw, s) for s in history.sessions)
    said = history.complete
    if said is True:
        said = draw(st.sampled_from([True, True, False]))
    return replace(history, sessions=sessions, complete=said)


def _less_of(draw: st.DrawFn, s: Session) -> Session:
    dated = draw(st.sampled_from([s.dated, *EXACT[EXACT.index(s.dated) :]]))
    hidden = draw(st.sampled_from(["region", "technique", "intent", "relief", "", "", ""]))
    # Relief that ended draws the days closer, which is not of this test.
    changes: dict[str, Any] = {"until": None} if dated != "day" else {}
    if hidden:
        changes[hidden] = None
    return replace(s, dated=dated, **changes)


def filled_in(history: History) -> Iterator[History]:
    """Yield full histories that an open one leaves open, those at the edges among them."""
    options = [
        [replace(s, on=on, dated="day", region=region) for on, region in product(days, regions)]
        for s in history.sessions
        for days in [_days(s, history)]
        for regions in [[s.region] if s.region else [LUMBAR, CERVICAL]]
    ]
    more: list[tuple[Session, ...]] = [()]
    if history.complete is False:
        more += [_further(history.service, n, relief) for n in (1, 6) for relief in (0, 100)]
    for sessions, further in product(product(*options), more):
        yield from completions(replace(history, sessions=(*sessions, *further), complete=True))


def _days(s: Session, history: History) -> list[date]:
    service = history.service
    if s.dated == "day":
        return [s.on]
    if s.dated == "never":
        return [service - timedelta(days=n) for n in (0, 1, 150, 1200)]
    first, last = map(date.fromisoformat, ends(s.on.isoformat()[: 7 if s.dated == "month" else 4]))
    last = min(last, service)
    others = {o.on for o in history.sessions if first <= o.on <= last}
    return sorted({first, last, s.on} | others)


def _further(service: date, number: int, relief: int) -> tuple[Session, ...]:
    return tuple(
        Session(
            service - timedelta(days=1 + n),
            technique=CONVENTIONAL,
            intent=DIAGNOSTIC,
            region=LUMBAR,
            relief=relief,
            until=service,
            improved=relief > 0,
        )
        for n in range(number)
    )


def settled_rightly(rule: Rule, history: History) -> Verdict:
    """Return the verdict on an open history, held to every full one that it leaves open."""
    found = judged(rule.leaf, history)
    if found is not NOT_DOCUMENTED:
        for n, full in enumerate(filled_in(history)):
            assert rule.holds(full) is (found is MET), full
            if n > 3000:
                break
    return found


@given(st.sampled_from(RULES), opened(Span(months=4), SIX_MONTHS, YEAR))
@settings(max_examples=30, deadline=None)
def test_what_an_open_history_settles_is_right_and_stays(
    rule: Rule, told_of: tuple[History, History, History]
) -> None:
    full, some, least = told_of
    verdicts = [judged(rule.leaf, full), settled_rightly(rule, some), settled_rightly(rule, least)]
    for documented, before in pairwise(verdicts):
        assert before in (documented, NOT_DOCUMENTED), "documenting unsettles a verdict"
