"""Earlier sessions: that there have been enough of them, or not too many."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covergraph.judge import Verdict
from tests.components.completions import Rule, assert_laws, partial_histories
from tests.components.histories import (
    BY_CONVENTIONAL,
    BY_RADIOFREQUENCY,
    CONVENTIONAL,
    DIAGNOSTIC,
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
from tests.components.support import MET, NOT_DOCUMENTED, NOT_MET, request, verdict

YEAR, SIX_MONTHS = Span(months=12), Span(months=6)


def sessions(bound: str, n: int, window: Span | None = None, which: Which = HERE) -> str:
    within = f"; cov:inWindow {window.turtle}" if window else ""
    return (
        f"cov:{bound}EarlierSessions {n} ; cov:ofProcedure cov:FacetJointDenervation"
        f" {which.turtle} {within}"
    )


@pytest.mark.parametrize(
    ("earlier", "at_least", "at_most"),
    [
        pytest.param([], NOT_MET, MET, id="none"),
        pytest.param(["2024-01-10"], NOT_MET, MET, id="one"),
        pytest.param(["2024-01-10", "2024-01-10"], NOT_MET, MET, id="two on one day"),
        pytest.param(["2024-01-10", "2024-01-11"], MET, MET, id="two"),
        pytest.param(["2024-01-10", "2024-06-15"], MET, MET, id="one on the day of service"),
        pytest.param(["2024-01-10", "2024-01-11", "2010-01-01"], MET, NOT_MET, id="three"),
    ],
)
def test_two_earlier_sessions(earlier: list[str], at_least: Verdict, at_most: Verdict) -> None:
    story = told("2024-06-15", *map(session, earlier))
    assert verdict(sessions("minimum", 2), story) is at_least
    assert verdict(sessions("maximum", 2), story) is at_most


def test_at_most_none_asks_that_there_was_none() -> None:
    assert verdict(sessions("maximum", 0), told("2024-06-15")) is MET
    assert verdict(sessions("maximum", 0), told("2024-06-15", session("1999-01-01"))) is NOT_MET


@pytest.mark.parametrize(
    ("performed", "service", "inside"),
    [
        pytest.param("2023-06-14", "2024-06-15", False, id="a year and a day earlier"),
        pytest.param("2023-06-15", "2024-06-15", False, id="the same day a year earlier"),
        pytest.param("2023-06-16", "2024-06-15", True, id="a year less a day earlier"),
        pytest.param("2023-02-28", "2024-02-29", False, id="the leap day goes back to 28 February"),
        pytest.param("2023-03-01", "2024-02-29", True, id="the leap day, since 1 March"),
    ],
)
def test_a_year_leaves_out_the_same_day_a_year_earlier(
    performed: str, service: str, inside: bool
) -> None:
    story = told(service, session(performed))
    assert verdict(sessions("minimum", 1, YEAR), story) is (MET if inside else NOT_MET)
    assert verdict(sessions("maximum", 0, YEAR), story) is (NOT_MET if inside else MET)


@LOOKS
def test_which_sessions_are_counted(
    which: Which,
    stated: dict[str, Any],
    region: str | None,
    counts: bool | None,
) -> None:
    story = told("2024-06-15", session("2024-01-10", **stated), region=region)
    at_least = {True: MET, False: NOT_MET, None: NOT_DOCUMENTED}[counts]
    at_most = {True: NOT_MET, False: MET, None: NOT_DOCUMENTED}[counts]
    assert verdict(sessions("minimum", 1, None, which), story) is at_least
    assert verdict(sessions("maximum", 0, None, which), story) is at_most


def test_none_stated_means_none_even_when_the_region_is_not_stated() -> None:
    assert verdict(sessions("minimum", 1), told("2024-06-15", region=None)) is NOT_MET
    assert verdict(sessions("maximum", 0), told("2024-06-15", region=None)) is MET


def test_uncertain_sessions_matter_only_when_they_reach_the_bound() -> None:
    known, uncertain = session("2024-01-10", technique=CONVENTIONAL), session("2024-03-10")
    two, three = [
        told("2024-06-15", known, uncertain, session("2024-04-10", technique=other))
        for other in (PULSED, RADIOFREQUENCY)
    ]
    assert verdict(sessions("minimum", 1, which=BY_CONVENTIONAL), two) is MET
    assert verdict(sessions("minimum", 2, which=BY_CONVENTIONAL), two) is NOT_DOCUMENTED
    assert verdict(sessions("minimum", 3, which=BY_CONVENTIONAL), two) is NOT_MET
    assert verdict(sessions("minimum", 3, which=BY_CONVENTIONAL), three) is NOT_DOCUMENTED
    assert verdict(sessions("maximum", 0, which=BY_CONVENTIONAL), two) is NOT_MET
    assert verdict(sessions("maximum", 1, which=BY_CONVENTIONAL), two) is NOT_DOCUMENTED
    assert verdict(sessions("maximum", 2, which=BY_CONVENTIONAL), two) is MET


def test_a_family_without_regions_is_uncertain_in_a_region_and_counted_in_all() -> None:
    story = request(
        procedure="cov:hasKind code:sympathetic-nerve-block",
        patient="cov:underwent :earlier",
        more=":earlier cov:hasKind code:sympathetic-nerve-block ;"
        ' cov:performedOn "2024-01-10"^^xsd:date .',
    )
    leaf = "cov:minimumEarlierSessions 1 ; cov:ofProcedure cov:SympatheticNerveBlock"
    assert verdict(f"{leaf} ; cov:regionScope cov:AnyRegion", story) is MET
    assert verdict(f"{leaf} ; cov:regionScope cov:SameRegion", story) is NOT_DOCUMENTED


def had(bound: str, n: int, window: Span | None, which: Which) -> Rule:
    def holds(history: History) -> bool:
        days = {s.on for s in which.of(history)}
        found = sum(window is None or on > window.before(history.service) for on in days)
        return found >= n if bound == "minimum" else found <= n

    return Rule(sessions(bound, n, window, which), holds)


RULES = [
    had("minimum", 1, SIX_MONTHS, BY_CONVENTIONAL),
    had("minimum", 2, None, Which("AnyRegion", RADIOFREQUENCY)),
    had("minimum", 1, YEAR, ELSEWHERE),
    had("maximum", 0, YEAR, BY_CONVENTIONAL),
    had("maximum", 1, None, BY_RADIOFREQUENCY),
    had("maximum", 1, SIX_MONTHS, Which("OtherRegion", intent=DIAGNOSTIC)),
]


@given(st.sampled_from(RULES), partial_histories(SIX_MONTHS, YEAR))
@settings(max_examples=40, deadline=None)
def test_both_bounds_keep_the_laws(rule: Rule, histories: tuple[History, History]) -> None:
    assert_laws(rule, *histories)
