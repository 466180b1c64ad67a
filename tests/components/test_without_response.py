"""Maximum without response: not too many days have failed to bring what is asked for."""

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
    ELSEWHERE,
    HERE,
    LOOKS,
    RADIOFREQUENCY,
    RESPONSES,
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


def failing(n: int, response: Response, which: Which = HERE) -> str:
    return (
        f"cov:maximumWithoutResponse {n} ; cov:ofProcedure cov:FacetJointDenervation"
        f" {which.turtle} {response.turtle}"
    )


@RESPONSES
def test_the_response_of_the_only_session(
    response: Response, stated: dict[str, Any], expected: Verdict
) -> None:
    story = told("2024-06-15", session("2023-10-31", **stated))
    assert verdict(failing(1, response), story) is expected


@LOOKS
def test_which_sessions_count(
    which: Which,
    stated: dict[str, Any],
    region: str | None,
    counts: bool | None,
) -> None:
    bad = session("2024-01-10", relief=20, **stated)
    story = told("2024-06-15", bad, region=region)
    expected = {True: NOT_MET, False: MET, None: NOT_DOCUMENTED}[counts]
    assert verdict(failing(1, HALF, which), story) is expected


@pytest.mark.parametrize(
    ("reliefs", "expected"),
    [
        pytest.param([], MET, id="no session"),
        pytest.param([20], MET, id="one that failed, and the requested one"),
        pytest.param([20, 20], NOT_MET, id="two that failed"),
        pytest.param([20, 80, 20], NOT_MET, id="two that failed, with one between that helped"),
        pytest.param([80, 80, 20], MET, id="one that failed after two that helped"),
        pytest.param([80, 80, 80], MET, id="three that helped"),
        pytest.param([20, None], NOT_DOCUMENTED, id="one that failed, one silent"),
        pytest.param([20, 20, None], NOT_MET, id="two that failed and one silent"),
        pytest.param([None, 80], MET, id="one silent, one that helped"),
        pytest.param([None, None], NOT_DOCUMENTED, id="two silent"),
    ],
)
def test_no_more_than_two_without_response(reliefs: list[int | None], expected: Verdict) -> None:
    """The requested session is one of the two."""
    days = [session(f"2024-0{i}-10", relief=relief) for i, relief in enumerate(reliefs, start=1)]
    assert verdict(failing(2, HALF), told("2024-06-15", *days)) is expected


def test_two_on_one_day_are_one_session() -> None:
    day = [session("2024-01-10", relief=20), session("2024-01-10", relief=20)]
    assert verdict(failing(2, HALF), told("2024-06-15", *day)) is MET


def test_a_day_fails_when_one_of_its_procedures_did() -> None:
    day = [session("2024-01-10", relief=80), session("2024-01-10", relief=20)]
    assert verdict(failing(1, HALF), told("2024-06-15", *day)) is NOT_MET


def test_one_on_the_date_of_service_is_the_requested_session() -> None:
    assert verdict(failing(1, HALF), told("2024-06-15", session("2024-06-15", relief=20))) is MET


def test_sessions_of_two_regions_are_not_added_up() -> None:
    days = [session("2024-01-10", relief=20), session("2024-02-10", relief=20, region=CERVICAL)]
    assert verdict(failing(2, HALF), told("2024-06-15", *days)) is MET
    assert verdict(failing(2, HALF, ANYWHERE), told("2024-06-15", *days)) is NOT_MET


def few_enough(n: int, response: Response, which: Which) -> Rule:
    return Rule(
        failing(n, response, which),
        lambda history: (
            n
            > len(
                {
                    s.on
                    for s in which.of(history)
                    if s.on != history.service and not response.seen_in(s)
                }
            )
        ),
    )


RULES = [
    few_enough(1, HALF, BY_CONVENTIONAL),
    few_enough(2, HALF, HERE),
    few_enough(2, Response(50, FOUR_MONTHS, True), Which("AnyRegion", RADIOFREQUENCY)),
    few_enough(1, Response(duration=FOUR_MONTHS), ELSEWHERE),
]


@given(st.sampled_from(RULES), partial_histories(FOUR_MONTHS))
@settings(max_examples=40, deadline=None)
def test_sessions_without_response_keep_the_laws(
    rule: Rule, histories: tuple[History, History]
) -> None:
    assert_laws(rule, *histories)
