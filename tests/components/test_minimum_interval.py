"""Minimum interval: no earlier procedure of the class lies closer than so long."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covergraph.judge import Verdict
from tests.components.completions import Rule, assert_laws, partial_histories
from tests.components.histories import (
    BY_CONVENTIONAL,
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
from tests.components.support import MET, NOT_DOCUMENTED, NOT_MET, request, verdict

TWO_WEEKS, SIX_MONTHS, YEAR = Span(days=14), Span(months=6), Span(months=12)


def spacing(span: Span = TWO_WEEKS, which: Which = HERE) -> str:
    return (
        f"cov:minimumInterval {span.turtle} ; cov:ofProcedure cov:FacetJointDenervation"
        f" {which.turtle}"
    )


def test_without_an_earlier_procedure_there_is_nothing_to_wait_for() -> None:
    assert verdict(spacing(), told("2024-06-15")) is MET


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        pytest.param("2024-06-01", NOT_MET, id="the same day is too soon"),
        pytest.param("2024-06-14", NOT_MET, id="thirteen days after is too soon"),
        pytest.param("2024-06-15", MET, id="fourteen days after is enough"),
        pytest.param("2024-06-16", MET, id="fifteen days after is enough"),
    ],
)
def test_two_weeks_include_the_fourteenth_day(service: str, expected: Verdict) -> None:
    assert verdict(spacing(), told(service, session("2024-06-01"))) is expected


@pytest.mark.parametrize(
    ("performed", "service", "expected"),
    [
        pytest.param("2023-12-15", "2024-06-14", NOT_MET, id="the day before"),
        pytest.param("2023-12-15", "2024-06-15", MET, id="the day itself"),
        pytest.param("2023-12-15", "2024-06-16", MET, id="the day after"),
        pytest.param("2023-02-28", "2023-08-31", MET, id="31 August goes back to 28 February"),
        pytest.param("2023-03-01", "2023-08-31", NOT_MET, id="31 August, since 1 March"),
        pytest.param("2024-02-29", "2024-08-31", MET, id="31 August goes back to 29 February"),
        pytest.param("2024-02-29", "2024-08-28", NOT_MET, id="28 August, since 29 February"),
        pytest.param("2024-02-29", "2024-08-29", MET, id="29 August, since 29 February"),
        pytest.param("2022-08-31", "2023-02-28", NOT_MET, id="28 February, since 31 August"),
        pytest.param("2022-08-31", "2023-03-01", MET, id="1 March, since 31 August"),
        pytest.param("2023-08-31", "2024-02-29", NOT_MET, id="29 February, since 31 August"),
        pytest.param("2023-08-29", "2024-02-29", MET, id="29 February, since 29 August"),
    ],
)
def test_six_months_are_calendar_months(performed: str, service: str, expected: Verdict) -> None:
    assert verdict(spacing(SIX_MONTHS), told(service, session(performed))) is expected


@pytest.mark.parametrize(
    ("performed", "service", "expected"),
    [
        pytest.param("2024-02-29", "2025-02-28", NOT_MET, id="28 February, since the leap day"),
        pytest.param("2024-02-29", "2025-03-01", MET, id="1 March, since the leap day"),
        pytest.param("2023-02-28", "2024-02-28", MET, id="28 February of a leap year"),
        pytest.param("2023-02-28", "2024-02-29", MET, id="the leap day goes back to 28 February"),
        pytest.param("2023-03-01", "2024-02-29", NOT_MET, id="the leap day, since 1 March"),
    ],
)
def test_a_year_ends_on_its_anniversary(performed: str, service: str, expected: Verdict) -> None:
    assert verdict(spacing(YEAR), told(service, session(performed))) is expected


@LOOKS
def test_what_counts_as_the_last_procedure(
    which: Which,
    stated: dict[str, Any],
    region: str | None,
    counts: bool | None,
) -> None:
    yesterday = session("2024-06-14", **stated)
    expected = {True: NOT_MET, False: MET, None: NOT_DOCUMENTED}[counts]
    assert verdict(spacing(which=which), told("2024-06-15", yesterday, region=region)) is expected


def test_the_interval_counts_from_the_last_procedure_not_from_the_first() -> None:
    story = told("2024-06-15", session("2023-01-01"), session("2024-06-10"))
    assert verdict(spacing(), story) is NOT_MET


def test_an_uncertain_procedure_matters_only_while_it_is_recent() -> None:
    leaf = spacing(which=BY_CONVENTIONAL)
    assert verdict(leaf, told("2024-06-15", session("2024-06-01"))) is MET
    assert verdict(leaf, told("2024-06-15", session("2024-06-02"))) is NOT_DOCUMENTED


def test_a_certain_recent_procedure_outweighs_an_uncertain_one() -> None:
    story = told(
        "2024-06-15",
        session("2024-06-12", technique=CONVENTIONAL),
        session("2024-06-13"),
        session("2024-06-14", technique=PULSED),
    )
    assert verdict(spacing(which=BY_CONVENTIONAL), story) is NOT_MET


def test_a_code_that_spans_two_regions_leaves_the_region_open() -> None:
    leaf = (
        f"cov:minimumInterval {TWO_WEEKS.turtle} ; cov:ofProcedure cov:FacetJointInjection ;"
        " cov:regionScope cov:SameRegion"
    )
    earlier = (
        ":earlier cov:hasProcedureCode code:64490 ; cov:treatsRegion cov:CervicalRegion ;"
        ' cov:performedOn "2024-06-10"^^xsd:date .'
    )

    def asked(procedure: str) -> Verdict:
        return verdict(
            leaf, request(procedure=procedure, patient="cov:underwent :earlier", more=earlier)
        )

    assert asked("cov:hasProcedureCode code:64490") is NOT_DOCUMENTED
    assert asked("cov:hasProcedureCode code:64490 ; cov:treatsLevel cov:C7-T1") is NOT_MET
    assert asked("cov:hasProcedureCode code:64490 ; cov:treatsLevel cov:T12-L1") is MET
    assert asked("cov:hasProcedureCode code:64493") is MET


def waited(span: Span, which: Which) -> Rule:
    def holds(history: History) -> bool:
        limit: date = span.before(history.service)
        return all(s.on <= limit for s in which.of(history))

    return Rule(spacing(span, which), holds)


RULES = [
    waited(TWO_WEEKS, HERE),
    waited(SIX_MONTHS, BY_CONVENTIONAL),
    waited(SIX_MONTHS, Which("AnyRegion", RADIOFREQUENCY)),
    waited(YEAR, ELSEWHERE),
]


@given(st.sampled_from(RULES), partial_histories(TWO_WEEKS, SIX_MONTHS, YEAR))
@settings(max_examples=40, deadline=None)
def test_the_interval_keeps_the_laws(rule: Rule, histories: tuple[History, History]) -> None:
    assert_laws(rule, *histories)
