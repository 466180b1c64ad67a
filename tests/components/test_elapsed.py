"""Time elapsed since a stated date: at least so long, or less than so long."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covergraph.judge import Verdict
from tests.components.completions import SERVICES
from tests.components.histories import Span
from tests.components.support import MET, NOT_DOCUMENTED, NOT_MET, conforms, request, verdict

THREE_MONTHS, SIX_MONTHS, TWO_YEARS = Span(months=3), Span(months=6), Span(months=24)
SIX_WEEKS, ADULT = Span(days=42), Span(months=216)


def elapsed(parameter: str, span: Span, since: str = "onsetDate") -> str:
    return f"cov:{parameter} {span.turtle} ; cov:sinceDate cov:{since}"


def dated(day: str) -> str:
    """Return a day, a month or a year as Turtle."""
    datatype = {4: "gYear", 7: "gYearMonth", 10: "date"}[len(day)]
    return f'"{day}"^^xsd:{datatype}'


def pain(service: str, onset: str | None, in_region: str = "Lumbar", asked: str = "Lumbar") -> str:
    began = f"; cov:onsetDate {dated(onset)}" if onset else ""
    region = f" ; cov:treatsRegion cov:{asked}Region" if asked else ""
    return request(
        service=service,
        procedure=f"cov:hasKind code:facet-joint-denervation{region}",
        patient="cov:hasPain :pain",
        more=f":pain cov:inRegion cov:{in_region}Region {began} .",
    )


def test_of_two_pains_the_one_whose_day_is_known_counts_beside_an_open_date() -> None:
    story = request(
        service="2024-06-14",
        procedure="cov:hasProcedureCode code:63650 ; cov:hasIntent cov:TrialIntent",
        patient="cov:hasPain :back , :neck",
        more=':back cov:inRegion cov:LumbarRegion ; cov:onsetDate "2020"^^xsd:gYear .'
        ' :neck cov:inRegion cov:CervicalRegion ; cov:onsetDate "2024-05-01"^^xsd:date .',
    )
    assert verdict(elapsed("minimumElapsed", THREE_MONTHS), story) is NOT_MET
    assert verdict(elapsed("elapsedLessThan", THREE_MONTHS), story) is NOT_MET


def assert_elapsed(span: Span, story: str, reached: bool) -> None:
    """Hold both components to one story: what is at least so long is not less than that."""
    assert verdict(elapsed("minimumElapsed", span), story) is (MET if reached else NOT_MET)
    assert verdict(elapsed("elapsedLessThan", span), story) is (NOT_MET if reached else MET)


@pytest.mark.parametrize(
    ("onset", "service", "reached"),
    [
        pytest.param("2024-03-15", "2024-06-14", False, id="the day before"),
        pytest.param("2024-03-15", "2024-06-15", True, id="the day itself"),
        pytest.param("2024-03-15", "2024-06-16", True, id="the day after"),
        pytest.param("2024-03-15", "2024-03-15", False, id="the day it began"),
        pytest.param("2022-11-30", "2023-02-28", False, id="28 February, since 30 November"),
        pytest.param("2022-11-30", "2023-03-01", True, id="1 March, since 30 November"),
        pytest.param("2023-11-30", "2024-02-29", False, id="29 February, since 30 November"),
        pytest.param("2023-11-29", "2024-02-29", True, id="29 February, since 29 November"),
        pytest.param("2023-02-28", "2023-05-31", True, id="31 May goes back to 28 February"),
        pytest.param("2024-02-29", "2024-05-31", True, id="31 May goes back to 29 February"),
        pytest.param("2024-03-01", "2024-05-31", False, id="31 May, since 1 March"),
        pytest.param("2024-02-29", "2024-05-28", False, id="28 May, since 29 February"),
    ],
)
def test_three_months_are_calendar_months(onset: str, service: str, reached: bool) -> None:
    assert_elapsed(THREE_MONTHS, pain(service, onset), reached)


@pytest.mark.parametrize(
    ("onset", "reached"),
    [
        pytest.param("2024-02-28", True, id="28 February"),
        pytest.param("2024-02-29", True, id="29 February"),
        pytest.param("2024-03-01", False, id="1 March"),
    ],
)
def test_six_months_before_31_august_end_with_february(onset: str, reached: bool) -> None:
    assert_elapsed(SIX_MONTHS, pain("2024-08-31", onset), reached)


@pytest.mark.parametrize(
    ("onset", "service", "reached"),
    [
        pytest.param("2022-06-15", "2024-06-14", False, id="the day before"),
        pytest.param("2022-06-15", "2024-06-15", True, id="the second anniversary"),
        pytest.param("2022-06-15", "2024-06-16", True, id="the day after"),
        pytest.param("2022-02-28", "2024-02-29", True, id="the leap day goes back to 28 February"),
        pytest.param("2022-03-01", "2024-02-29", False, id="the leap day, since 1 March"),
    ],
)
def test_two_years_are_reached_on_the_anniversary(onset: str, service: str, reached: bool) -> None:
    assert_elapsed(TWO_YEARS, pain(service, onset), reached)


@pytest.mark.parametrize(("days", "reached"), [(41, False), (42, True), (43, True)])
def test_six_weeks_are_42_days(days: int, reached: bool) -> None:
    onset = date(2024, 6, 15) - timedelta(days=days)
    assert_elapsed(SIX_WEEKS, pain("2024-06-15", onset.isoformat()), reached)


@pytest.mark.parametrize("parameter", ["minimumElapsed", "elapsedLessThan"])
@pytest.mark.parametrize(
    "story",
    [
        pytest.param(pain("2024-06-15", None), id="no date is stated"),
        pytest.param(pain("2024-06-15", "2010-01-01", "Cervical"), id="the pain is elsewhere"),
        pytest.param(pain("2024-06-15", "2010-01-01", asked=""), id="the region is not stated"),
        pytest.param(
            request(procedure="cov:hasProcedureCode code:64493"), id="no pain is recorded"
        ),
    ],
)
def test_without_a_date_the_time_is_not_documented(parameter: str, story: str) -> None:
    assert verdict(elapsed(parameter, THREE_MONTHS), story) is NOT_DOCUMENTED


@pytest.mark.parametrize(
    ("lumbar", "expected"), [("2024-03-15", MET), ("2024-03-16", NOT_MET), (None, NOT_DOCUMENTED)]
)
def test_only_the_pain_of_the_region_counts(lumbar: str | None, expected: Verdict) -> None:
    story = pain("2024-06-15", lumbar) + (
        ":patient cov:hasPain :neck-pain . :neck-pain cov:inRegion cov:CervicalRegion ;"
        ' cov:onsetDate "2010-01-01"^^xsd:date .'
    )
    assert verdict(elapsed("minimumElapsed", THREE_MONTHS), story) is expected


@pytest.mark.parametrize(
    ("born", "adult"), [("2006-06-14", True), ("2006-06-15", True), ("2006-06-16", False)]
)
def test_a_date_of_the_patient_may_be_counted_from(born: str, adult: bool) -> None:
    story = request(
        procedure="cov:hasProcedureCode code:64493",
        patient=f'cov:birthDate "{born}"^^xsd:date ; cov:hasPain :pain',
        more=':pain cov:inRegion cov:LumbarRegion ; cov:onsetDate "2024-06-01"^^xsd:date .',
    )
    assert verdict(elapsed("minimumElapsed", ADULT, "birthDate"), story) is (
        MET if adult else NOT_MET
    )
    assert verdict(elapsed("elapsedLessThan", ADULT, "birthDate"), story) is (
        NOT_MET if adult else MET
    )


@given(
    st.sampled_from([THREE_MONTHS, SIX_MONTHS, TWO_YEARS, SIX_WEEKS]),
    st.sampled_from(SERVICES),
    st.integers(-3, 3) | st.integers(-30, 300),
    st.sampled_from(["minimumElapsed", "elapsedLessThan"]),
)
@settings(max_examples=40, deadline=None)
def test_elapsed_time_keeps_the_laws(span: Span, service: date, shift: int, parameter: str) -> None:
    onset = min(service, span.before(service) + timedelta(days=shift))
    reached = onset <= span.before(service)
    leaf, day = elapsed(parameter, span), service.isoformat()
    holds = reached if parameter == "minimumElapsed" else not reached
    assert conforms(leaf, pain(day, onset.isoformat())) == (holds, holds)
    assert conforms(leaf, pain(day, None)) == (False, True)


# --- Dates that are not known to the day ---------------------------------------------------


@pytest.mark.parametrize(
    ("onset", "reached"),
    [
        pytest.param("2024-02", True, id="the month before"),
        pytest.param("2024-03", None, id="the month of the bound"),
        pytest.param("2024-04", False, id="the month after"),
        pytest.param("2023", True, id="the year before"),
        pytest.param("2024", None, id="the year of the bound"),
    ],
)
def test_a_month_or_year_is_enough_where_every_day_of_it_is(
    onset: str, reached: bool | None
) -> None:
    for parameter, holds in (("minimumElapsed", True), ("elapsedLessThan", False)):
        expected = NOT_DOCUMENTED if reached is None else MET if reached is holds else NOT_MET
        story = pain("2024-06-15", onset)
        assert verdict(elapsed(parameter, THREE_MONTHS), story) is expected


def test_no_day_after_the_service_is_thought_of() -> None:
    """Of the year of the service only the days up to it count: less than a year has passed."""
    story = pain("2024-12-30", "2024")
    assert verdict(elapsed("elapsedLessThan", Span(months=12)), story) is MET


@pytest.mark.parametrize(
    ("stated", "grown"),
    [
        ("cov:age 18", True),
        ("cov:age 17", False),
        ('cov:birthDate "2006"^^xsd:gYear', None),
        ('cov:birthDate "2006"^^xsd:gYear ; cov:age 18', True),
        ('cov:birthDate "2006"^^xsd:gYear ; cov:age 17', False),
    ],
)
def test_an_age_is_read_as_a_birth_date(stated: str, grown: bool | None) -> None:
    story = request(procedure="cov:hasProcedureCode code:64493", patient=stated)
    expected = NOT_DOCUMENTED if grown is None else MET if grown else NOT_MET
    assert verdict(elapsed("minimumElapsed", ADULT, "birthDate"), story) is expected


@pytest.mark.parametrize(
    ("born", "onset", "expected"),
    [
        ("1979", "2023-12", MET),
        ("1979", "2024-12", NOT_DOCUMENTED),
        ("1979", "2025", NOT_MET),
        ("1979-02", "2024-02", NOT_DOCUMENTED),
        ("1979-02", "2024-01", MET),
        ("1979-02", "2024-03", NOT_MET),
        ("1978", "2024", NOT_MET),
    ],
)
def test_time_between_two_dates_has_four_ends(born: str, onset: str, expected: Verdict) -> None:
    leaf = (
        f"cov:betweenLessThan {Span(months=540).turtle} ; cov:sinceDate cov:birthDate ;"
        " cov:untilDate cov:onsetDate"
    )
    story = request(
        service="2025-06-15",
        procedure="cov:hasProcedureCode code:64493",
        patient=f"cov:birthDate {dated(born)} ; cov:hasPain :pain",
        more=f":pain cov:inRegion cov:LumbarRegion ; cov:onsetDate {dated(onset)} .",
    )
    assert verdict(leaf, story) is expected


@given(
    st.sampled_from([THREE_MONTHS, TWO_YEARS, SIX_WEEKS]),
    st.sampled_from(SERVICES),
    st.integers(-40, 40),
    st.sampled_from([4, 7]),
    st.sampled_from(["minimumElapsed", "elapsedLessThan"]),
)
@settings(max_examples=25, deadline=None)
def test_a_wider_date_decides_what_all_its_days_decide(
    span: Span, service: date, shift: int, length: int, parameter: str
) -> None:
    onset = min(service, span.before(service) + timedelta(days=shift)).isoformat()[:length]
    days = [service - timedelta(days=n) for n in range(1200)]
    within = [day for day in days if day.isoformat().startswith(onset)]
    answers = {(day <= span.before(service)) is (parameter == "minimumElapsed") for day in within}
    expected = NOT_DOCUMENTED if len(answers) > 1 else MET if answers == {True} else NOT_MET
    assert verdict(elapsed(parameter, span), pain(service.isoformat(), onset)) is expected
