"""Latest response: the last session has brought what is asked for, and there was one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
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
    DIAGNOSTIC,
    ELSEWHERE,
    HERE,
    LOOKS,
    PULSED,
    RADIOFREQUENCY,
    RESPONSES,
    THERAPEUTIC,
    TO_DIAGNOSE,
    History,
    Response,
    Span,
    Which,
    session,
    told,
)
from tests.components.support import MET, NOT_DOCUMENTED, NOT_MET, verdict

FOUR_MONTHS = Span(months=4)
HALF = Response(relief=50)


def latest(response: Response, which: Which = HERE) -> str:
    return f"cov:latestSessionOf cov:FacetJointDenervation {which.turtle} {response.turtle}"


def test_without_an_earlier_session_there_is_no_response() -> None:
    assert verdict(latest(HALF), told("2024-06-15")) is NOT_MET
    assert verdict(latest(HALF), told("2024-06-15", region=None)) is NOT_MET


@RESPONSES
def test_the_response_of_the_only_session(
    response: Response, stated: dict[str, Any], expected: Verdict
) -> None:
    story = told("2024-06-15", session("2023-10-31", **stated))
    assert verdict(latest(response), story) is expected


@LOOKS
def test_which_session_can_be_the_latest(
    which: Which,
    stated: dict[str, Any],
    region: str | None,
    counts: bool | None,
) -> None:
    good = session("2024-01-10", relief=80, **stated)
    expected = {True: MET, False: NOT_MET, None: NOT_DOCUMENTED}[counts]
    assert verdict(latest(HALF, which), told("2024-06-15", good, region=region)) is expected


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        pytest.param(20, 80, MET, id="the first failed, the last helped"),
        pytest.param(80, 20, NOT_MET, id="the first helped, the last failed"),
        pytest.param(None, 80, MET, id="how the first went does not matter"),
        pytest.param(80, None, NOT_DOCUMENTED, id="how the last went is not stated"),
    ],
)
def test_the_last_session_decides(first: int | None, last: int | None, expected: Verdict) -> None:
    story = told(
        "2024-06-15", session("2024-01-10", relief=first), session("2024-01-11", relief=last)
    )
    assert verdict(latest(HALF), story) is expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [(80, 80, MET), (80, 20, NOT_MET), (80, None, NOT_DOCUMENTED), (20, None, NOT_MET)],
)
def test_two_on_the_last_day_are_both_held_to_it(
    left: int | None, right: int | None, expected: Verdict
) -> None:
    story = told(
        "2024-06-15",
        session("2023-01-10", relief=0),
        session("2024-01-10", relief=left),
        session("2024-01-10", relief=right),
    )
    assert verdict(latest(HALF), story) is expected


def test_a_later_session_that_is_not_asked_for_is_not_the_latest() -> None:
    good = session("2024-01-10", relief=80, technique=CONVENTIONAL, intent=DIAGNOSTIC)
    elsewhere = replace(good, on=date(2024, 3, 10), relief=0, region=CERVICAL)
    otherwise = replace(good, on=date(2024, 4, 10), relief=0, technique=PULSED)
    to_treat = replace(good, on=date(2024, 5, 10), relief=0, intent=THERAPEUTIC)
    assert verdict(latest(HALF, HERE), told("2024-06-15", good, elsewhere)) is MET
    assert verdict(latest(HALF, ELSEWHERE), told("2024-06-15", good, elsewhere)) is NOT_MET
    assert verdict(latest(HALF, ANYWHERE), told("2024-06-15", good, elsewhere)) is NOT_MET
    assert verdict(latest(HALF, BY_CONVENTIONAL), told("2024-06-15", good, otherwise)) is MET
    assert verdict(latest(HALF, TO_DIAGNOSE), told("2024-06-15", good, otherwise)) is NOT_MET
    assert verdict(latest(HALF, TO_DIAGNOSE), told("2024-06-15", good, to_treat)) is MET
    assert verdict(latest(HALF, BY_CONVENTIONAL), told("2024-06-15", good, to_treat)) is NOT_MET


def test_an_earlier_failure_elsewhere_is_outweighed_by_the_latest_elsewhere() -> None:
    failed = session("2024-01-10", relief=0, region=CERVICAL)
    helped = replace(failed, on=date(2024, 3, 10), relief=80)
    assert verdict(latest(HALF, ELSEWHERE), told("2024-06-15", failed, helped)) is MET
    assert verdict(latest(HALF, TO_DIAGNOSE), told("2024-06-15", failed, helped)) is NOT_MET
    failed_again = replace(failed, on=date(2024, 5, 10))
    assert verdict(latest(HALF, ELSEWHERE), told("2024-06-15", helped, failed_again)) is NOT_MET


def test_an_earlier_failure_with_that_intent_is_outweighed_by_the_latest_with_it() -> None:
    failed = session("2024-01-10", relief=0, intent=DIAGNOSTIC)
    helped = replace(failed, on=date(2024, 3, 10), relief=80)
    unclear = replace(helped, intent=None)
    to_treat = replace(helped, intent=THERAPEUTIC)
    assert verdict(latest(HALF, TO_DIAGNOSE), told("2024-06-15", failed, helped)) is MET
    assert verdict(latest(HALF, TO_DIAGNOSE), told("2024-06-15", failed, unclear)) is NOT_DOCUMENTED
    assert verdict(latest(HALF, TO_DIAGNOSE), told("2024-06-15", failed, to_treat)) is NOT_MET
    failed_again = replace(failed, on=date(2024, 5, 10))
    assert verdict(latest(HALF, TO_DIAGNOSE), told("2024-06-15", helped, failed_again)) is NOT_MET


@pytest.mark.parametrize(
    ("certain", "uncertain", "expected"),
    [
        pytest.param(80, 80, MET, id="both helped, whichever was the latest"),
        pytest.param(20, 20, NOT_MET, id="both failed, whichever was the latest"),
        pytest.param(80, 20, NOT_DOCUMENTED, id="only the certain one helped"),
        pytest.param(20, 80, NOT_DOCUMENTED, id="only the uncertain one helped"),
        pytest.param(80, None, NOT_DOCUMENTED, id="how the uncertain one went is not stated"),
        pytest.param(None, 20, NOT_DOCUMENTED, id="how the certain one went is not stated"),
    ],
)
def test_an_uncertain_later_session_may_be_the_latest(
    certain: int | None, uncertain: int | None, expected: Verdict
) -> None:
    story = told(
        "2024-06-15",
        session("2024-01-10", technique=CONVENTIONAL, relief=certain),
        session("2024-03-10", relief=uncertain),
    )
    assert verdict(latest(HALF, which=BY_CONVENTIONAL), story) is expected


def test_an_uncertain_session_before_a_certain_one_does_not_matter() -> None:
    story = told(
        "2024-06-15",
        session("2024-01-10", relief=0),
        session("2024-03-10", technique=CONVENTIONAL, relief=80),
    )
    assert verdict(latest(HALF, which=BY_CONVENTIONAL), story) is MET


def test_an_only_session_that_failed_is_not_met_whatever_its_technique() -> None:
    story = told("2024-06-15", session("2024-01-10", relief=20))
    assert verdict(latest(HALF, which=BY_CONVENTIONAL), story) is NOT_MET


def ended_well(response: Response, which: Which) -> Rule:
    def holds(history: History) -> bool:
        found = which.of(history)
        last = max((s.on for s in found), default=None)
        return bool(found) and all(response.seen_in(s) for s in found if s.on == last)

    return Rule(latest(response, which), holds)


RULES = [
    ended_well(HALF, HERE),
    ended_well(HALF, BY_CONVENTIONAL),
    ended_well(HALF, TO_DIAGNOSE),
    ended_well(Response(50, FOUR_MONTHS, True), BY_CONVENTIONAL),
    ended_well(Response(duration=FOUR_MONTHS), Which("AnyRegion", RADIOFREQUENCY)),
    ended_well(Response(improved=True), Which("OtherRegion", intent=DIAGNOSTIC)),
]


@given(st.sampled_from(RULES), partial_histories(FOUR_MONTHS))
@settings(max_examples=80, deadline=None)
def test_the_latest_response_keeps_the_laws(rule: Rule, histories: tuple[History, History]) -> None:
    assert_laws(rule, *histories)
