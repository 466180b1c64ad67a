"""Responding sessions: enough earlier days have brought what is asked for."""

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


def responding(n: int, response: Response, which: Which = HERE) -> str:
    return (
        f"cov:respondingSessions {n} ; cov:ofProcedure cov:FacetJointDenervation"
        f" {which.turtle} {response.turtle}"
    )


@RESPONSES
def test_the_response_of_the_only_session(
    response: Response, stated: dict[str, Any], expected: Verdict
) -> None:
    story = told("2024-06-15", session("2023-10-31", **stated))
    assert verdict(responding(1, response), story) is expected


@LOOKS
def test_which_sessions_can_respond(
    which: Which,
    stated: dict[str, Any],
    region: str | None,
    counts: bool | None,
) -> None:
    good = session("2024-01-10", relief=80, **stated)
    story = told("2024-06-15", good, region=region)
    expected = {True: MET, False: NOT_MET, None: NOT_DOCUMENTED}[counts]
    assert verdict(responding(1, HALF, which), story) is expected


@pytest.mark.parametrize(
    ("reliefs", "expected"),
    [
        pytest.param([], NOT_MET, id="no session"),
        pytest.param([80], NOT_MET, id="one that helped"),
        pytest.param([80, 20], NOT_MET, id="one that helped, one that failed"),
        pytest.param([80, 80], MET, id="two that helped"),
        pytest.param([80, 20, 80], MET, id="two that helped, with a failure between"),
        pytest.param([80, None], NOT_DOCUMENTED, id="one that helped, one silent"),
        pytest.param([80, None, 80], MET, id="two that helped and one silent"),
        pytest.param([None, 20], NOT_MET, id="one silent, one that failed"),
        pytest.param([None, None], NOT_DOCUMENTED, id="two silent"),
    ],
)
def test_two_sessions_must_have_helped(reliefs: list[int | None], expected: Verdict) -> None:
    days = [session(f"2024-0{i}-10", relief=relief) for i, relief in enumerate(reliefs, start=1)]
    assert verdict(responding(2, HALF), told("2024-06-15", *days)) is expected


@pytest.mark.parametrize(("left", "right"), [(80, 80), (80, None), (None, None), (80, 20)])
def test_two_on_one_day_are_one_session(left: int | None, right: int | None) -> None:
    day = [session("2024-01-10", relief=left), session("2024-01-10", relief=right)]
    assert verdict(responding(2, HALF), told("2024-06-15", *day)) is NOT_MET


def test_a_day_responds_when_one_of_its_procedures_did() -> None:
    day = [session("2024-01-10", relief=80), session("2024-01-10", relief=20)]
    assert verdict(responding(1, HALF), told("2024-06-15", *day)) is MET


def test_sessions_of_two_regions_are_not_added_up() -> None:
    days = [session("2024-01-10", relief=80), session("2024-02-10", relief=80, region=CERVICAL)]
    assert verdict(responding(2, HALF), told("2024-06-15", *days)) is NOT_MET
    assert verdict(responding(2, HALF, ANYWHERE), told("2024-06-15", *days)) is MET


def test_a_known_and_an_uncertain_responder_wait_for_the_uncertain_one() -> None:
    known = session("2024-01-10", technique=CONVENTIONAL, relief=80)
    leaf = responding(2, HALF, which=BY_CONVENTIONAL)
    uncertain = session("2024-03-10", relief=80)
    assert verdict(leaf, told("2024-06-15", known, uncertain)) is NOT_DOCUMENTED
    assert verdict(leaf, told("2024-06-15", known, session("2024-03-10", relief=20))) is NOT_MET


def enough(n: int, response: Response, which: Which) -> Rule:
    return Rule(
        responding(n, response, which),
        lambda history: n <= len({s.on for s in which.of(history) if response.seen_in(s)}),
    )


RULES = [
    enough(1, HALF, BY_CONVENTIONAL),
    enough(2, HALF, HERE),
    enough(2, Response(50, FOUR_MONTHS, True), Which("AnyRegion", RADIOFREQUENCY)),
    enough(1, Response(duration=FOUR_MONTHS), ELSEWHERE),
]


@given(st.sampled_from(RULES), partial_histories(FOUR_MONTHS))
@settings(max_examples=40, deadline=None)
def test_responding_sessions_keep_the_laws(rule: Rule, histories: tuple[History, History]) -> None:
    assert_laws(rule, *histories)
