"""Maximum sessions: a limit counts days, the requested one included."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covergraph.judge import Verdict
from tests.components.completions import Rule, assert_laws, partial_histories
from tests.components.histories import (
    ANYWHERE,
    BY_CONVENTIONAL,
    CERVICAL,
    CONVENTIONAL,
    ELSEWHERE,
    HERE,
    LOOKS,
    PULSED,
    RADIOFREQUENCY,
    History,
    Span,
    Which,
    session,
    told,
)
from tests.components.support import MET, NOT_DOCUMENTED, NOT_MET, verdict

YEAR, SIX_MONTHS = Span(months=12), Span(months=6)


def limit(n: int, window: Span | None = None, which: Which = HERE) -> str:
    within = f"; cov:inWindow {window.turtle}" if window else ""
    return (
        f"cov:maximumSessions {n} ; cov:ofProcedure cov:FacetJointDenervation"
        f" {which.turtle} {within}"
    )


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        pytest.param([], MET, id="the first"),
        pytest.param(["2024-01-10"], MET, id="the second"),
        pytest.param(["2024-01-10", "2014-01-10"], NOT_MET, id="the third, ten years on"),
        pytest.param(["2024-01-10", "2024-01-10"], MET, id="two on one day are one session"),
        pytest.param(["2024-06-15"], MET, id="one on the day of service is the same session"),
        pytest.param(["2024-06-15", "2024-01-10"], MET, id="one on the day and one before"),
    ],
)
def test_two_sessions_are_allowed(earlier: list[str], expected: Verdict) -> None:
    assert verdict(limit(2), told("2024-06-15", *map(session, earlier))) is expected


def test_a_limit_of_one_leaves_room_for_the_first_session_only() -> None:
    assert verdict(limit(1), told("2024-06-15")) is MET
    assert verdict(limit(1), told("2024-06-15", session("2024-06-15"))) is MET
    assert verdict(limit(1), told("2024-06-15", session("2024-06-14"))) is NOT_MET


@pytest.mark.parametrize(
    ("performed", "service", "expected"),
    [
        pytest.param("2023-06-14", "2024-06-15", MET, id="a year and a day earlier"),
        pytest.param("2023-06-15", "2024-06-15", MET, id="the same day a year earlier"),
        pytest.param("2023-06-16", "2024-06-15", NOT_MET, id="a year less a day earlier"),
        pytest.param("2023-02-28", "2024-02-29", MET, id="the leap day goes back to 28 February"),
        pytest.param("2023-03-01", "2024-02-29", NOT_MET, id="the leap day, since 1 March"),
        pytest.param("2024-02-29", "2025-02-28", NOT_MET, id="28 February, since the leap day"),
        pytest.param("2024-02-29", "2025-03-01", MET, id="1 March, since the leap day"),
    ],
)
def test_twelve_months_leave_out_the_same_day_a_year_earlier(
    performed: str, service: str, expected: Verdict
) -> None:
    assert verdict(limit(1, YEAR), told(service, session(performed))) is expected


@pytest.mark.parametrize(
    ("performed", "expected"),
    [
        pytest.param("2024-02-28", MET, id="28 February lies outside"),
        pytest.param("2024-02-29", MET, id="29 February lies outside"),
        pytest.param("2024-03-01", NOT_MET, id="1 March lies inside"),
    ],
)
def test_six_months_before_31_august_end_with_february(performed: str, expected: Verdict) -> None:
    assert verdict(limit(1, SIX_MONTHS), told("2024-08-31", session(performed))) is expected


def test_only_sessions_in_the_window_are_counted() -> None:
    inside, outside = [session("2024-01-10"), session("2024-03-10")], session("2023-06-15")
    assert verdict(limit(3, YEAR), told("2024-06-15", *inside, outside)) is MET
    assert verdict(limit(2, YEAR), told("2024-06-15", *inside, outside)) is NOT_MET
    assert verdict(limit(3), told("2024-06-15", *inside, outside)) is NOT_MET


@LOOKS
@pytest.mark.parametrize("window", [None, YEAR], ids=["ever", "in a year"])
def test_which_sessions_are_counted(
    window: Span | None,
    which: Which,
    stated: dict[str, Any],
    region: str | None,
    counts: bool | None,
) -> None:
    story = told("2024-06-15", session("2024-01-10", **stated), region=region)
    expected = {True: NOT_MET, False: MET, None: NOT_DOCUMENTED}[counts]
    assert verdict(limit(1, window, which), story) is expected


def test_uncertain_sessions_matter_only_when_they_would_exceed_the_limit() -> None:
    leaf, known = limit(3, which=BY_CONVENTIONAL), session("2024-01-10", technique=CONVENTIONAL)
    uncertain = [session("2024-03-10"), session("2024-04-10", technique=RADIOFREQUENCY)]
    assert verdict(leaf, told("2024-06-15", known, uncertain[0])) is MET
    assert verdict(leaf, told("2024-06-15", known, *uncertain)) is NOT_DOCUMENTED
    assert verdict(leaf, told("2024-06-15", known, *uncertain, session("2024-01-10"))) is (
        NOT_DOCUMENTED
    )


def test_one_counted_and_one_uncertain_procedure_on_a_day_are_one_session() -> None:
    day = [session("2024-01-10", technique=t) for t in (CONVENTIONAL, PULSED, None)]
    assert verdict(limit(2, which=BY_CONVENTIONAL), told("2024-06-15", *day)) is MET
    assert verdict(limit(1, which=BY_CONVENTIONAL), told("2024-06-15", *day)) is NOT_MET


def test_sessions_in_other_regions_are_never_added_up() -> None:
    story = told("2024-06-15", session("2024-01-10"), session("2024-02-10", region=CERVICAL))
    assert verdict(limit(2), story) is MET
    assert verdict(limit(2, which=ELSEWHERE), story) is MET
    assert verdict(limit(2, which=ANYWHERE), story) is NOT_MET


def within(n: int, window: Span | None, which: Which) -> Rule:
    def holds(history: History) -> bool:
        days = {s.on for s in which.of(history)} | {history.service}
        first = window.before(history.service) if window else None
        return sum(first is None or day > first for day in days) <= n

    return Rule(limit(n, window, which), holds)


RULES = [
    within(1, SIX_MONTHS, BY_CONVENTIONAL),
    within(2, None, BY_CONVENTIONAL),
    within(2, YEAR, Which("AnyRegion", RADIOFREQUENCY)),
    within(2, None, ELSEWHERE),
]


@given(st.sampled_from(RULES), partial_histories(SIX_MONTHS, YEAR))
@settings(max_examples=40, deadline=None)
def test_the_limit_keeps_the_laws(rule: Rule, histories: tuple[History, History]) -> None:
    assert_laws(rule, *histories)
