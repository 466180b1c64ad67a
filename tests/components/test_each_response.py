"""Each response: every earlier session has brought what is asked for; none need be."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covergraph.judge import Verdict
from tests.components.completions import Rule, assert_laws, partial_histories
from tests.components.histories import (
    BY_CONVENTIONAL,
    CONVENTIONAL,
    DIAGNOSTIC,
    HERE,
    LOOKS,
    PULSED,
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


def each(response: Response, which: Which = HERE) -> str:
    return f"cov:eachSessionOf cov:FacetJointDenervation {which.turtle} {response.turtle}"


def test_with_no_earlier_session_nothing_is_asked() -> None:
    assert verdict(each(Response(50, FOUR_MONTHS, True)), told("2024-06-15")) is MET


@RESPONSES
def test_the_response_of_the_only_session(
    response: Response, stated: dict[str, Any], expected: Verdict
) -> None:
    assert verdict(each(response), told("2024-06-15", session("2023-10-31", **stated))) is expected


@LOOKS
def test_which_sessions_are_held_to_the_response(
    which: Which,
    stated: dict[str, Any],
    region: str | None,
    counts: bool | None,
) -> None:
    poor = session("2024-01-10", relief=0, **stated)
    expected = {True: NOT_MET, False: MET, None: NOT_DOCUMENTED}[counts]
    assert verdict(each(HALF, which), told("2024-06-15", poor, region=region)) is expected


def test_an_uncertain_session_that_helped_raises_no_question() -> None:
    story = told("2024-06-15", session("2024-01-10", relief=80))
    assert verdict(each(HALF, which=BY_CONVENTIONAL), story) is MET


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (80, 80, MET),
        (80, 20, NOT_MET),
        (20, 80, NOT_MET),
        (80, None, NOT_DOCUMENTED),
        (20, None, NOT_MET),
        (None, None, NOT_DOCUMENTED),
    ],
)
@pytest.mark.parametrize("day", ["2024-03-10", "2024-01-10"], ids=["on two days", "on one day"])
def test_one_poor_session_is_one_too_many(
    first: int | None, second: int | None, expected: Verdict, day: str
) -> None:
    story = told("2024-06-15", session("2024-01-10", relief=first), session(day, relief=second))
    assert verdict(each(HALF), story) is expected


def test_a_poor_session_by_another_technique_is_not_held_against_it() -> None:
    story = told(
        "2024-06-15",
        session("2024-01-10", technique=CONVENTIONAL, relief=80),
        session("2024-03-10", technique=PULSED, relief=0),
    )
    assert verdict(each(HALF, which=BY_CONVENTIONAL), story) is MET


def helped(response: Response, which: Which) -> Rule:
    return Rule(
        each(response, which),
        lambda history: all(map(response.seen_in, which.of(history))),
    )


RULES = [
    helped(HALF, HERE),
    helped(Response(50, FOUR_MONTHS, True), BY_CONVENTIONAL),
    helped(Response(duration=FOUR_MONTHS), Which("AnyRegion", RADIOFREQUENCY)),
    helped(Response(improved=True), Which("OtherRegion", intent=DIAGNOSTIC)),
]


@given(st.sampled_from(RULES), partial_histories(FOUR_MONTHS))
@settings(max_examples=40, deadline=None)
def test_each_response_keeps_the_laws(rule: Rule, histories: tuple[History, History]) -> None:
    assert_laws(rule, *histories)
