"""Therapy course: the therapy was under way long enough, with the outcome asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest

from covergraph.judge import Verdict
from tests.components.histories import Span
from tests.components.support import MET, NOT_DOCUMENTED, NOT_MET, request, verdict

SIX_WEEKS, THREE_MONTHS = Span(days=42), Span(months=3)
SERVICE = date(2024, 6, 15)
LUMBAR, CERVICAL = "LumbarRegion", "CervicalRegion"
FAILED, HELPED = "InadequateResponse", "AdequateResponse"
ACTIVE, CONSERVATIVE = "ActiveTherapy", "ConservativeTherapy"
PHYSICAL, CHIROPRACTIC = "PhysicalTherapy", "ChiropracticCare"
HOME, PRESCRIBED = "HomeExerciseProgram", "PrescribedHomeExerciseProgram"
MEDICATION, NSAID, MODIFICATION = "Medication", "NsaidTherapy", "ActivityModification"

LENGTHS = ("dayTimeDuration", "yearMonthDuration")

# From each kind of therapy to the broader kinds, as a clinician would tell them.
BROADER = {
    PHYSICAL: {ACTIVE, CONSERVATIVE},
    CHIROPRACTIC: {ACTIVE, CONSERVATIVE},
    PRESCRIBED: {HOME, ACTIVE, CONSERVATIVE},
    HOME: {CONSERVATIVE},
    NSAID: {MEDICATION, CONSERVATIVE},
    MEDICATION: {CONSERVATIVE},
    MODIFICATION: {CONSERVATIVE},
}
# What a course stated broadly may turn out to be.
NARROWER = {HOME: {PRESCRIBED}, MEDICATION: {NSAID}, CONSERVATIVE: set(BROADER)}
BROADER_OR_GROUP = {**BROADER, CONSERVATIVE: set[str]()}


@dataclass(frozen=True)
class Course:
    """One course of therapy; None is what its record does not say."""

    kind: str = PHYSICAL
    region: str | None = LUMBAR
    start: date | None = date(2024, 1, 1)
    end: date | None = date(2024, 2, 11)
    outcome: str | None = FAILED
    lasted: str | None = None

    @property
    def turtle(self) -> str:
        return " ; ".join(
            [f"cov:ofTherapy cov:{self.kind}"]
            + [f"cov:treatsRegion cov:{self.region}"] * (self.region is not None)
            + [f'cov:startedOn "{self.start}"^^xsd:date'] * (self.start is not None)
            + [f'cov:endedOn "{self.end}"^^xsd:date'] * (self.end is not None)
            + [f"cov:hadOutcome cov:{self.outcome}"] * (self.outcome is not None)
            + [f'cov:lasted "{self.lasted}"^^xsd:{LENGTHS["M" in str(self.lasted)]}']
            * (self.lasted is not None)
        )


def course(
    therapy: str = ACTIVE,
    span: Span = SIX_WEEKS,
    scope: str = "SameRegion",
    outcome: str | None = FAILED,
) -> str:
    asked = f"; cov:withOutcome cov:{outcome}" if outcome else ""
    return (
        f"cov:minimumCourse {span.turtle} ; cov:withTherapy cov:{therapy} ;"
        f" cov:regionScope cov:{scope} {asked}"
    )


def told(
    *courses: Course,
    denied: tuple[str, ...] = (),
    region: str | None = LUMBAR,
    service: date = SERVICE,
) -> str:
    names = [f":course-{i}" for i in range(len(courses))]
    of_patient = [f"cov:hadTherapy {' , '.join(names)}"] * bool(names) + [
        f"cov:denies cov:{kind}" for kind in denied
    ]
    return request(
        service=service.isoformat(),
        procedure="cov:hasKind code:facet-joint-denervation"
        + (f" ; cov:treatsRegion cov:{region}" if region else ""),
        patient=" ; ".join(of_patient),
        more="".join(f"{n} {c.turtle} .\n" for n, c in zip(names, courses, strict=True)),
    )


def days(n: int, **stated: Any) -> Course:
    """Return a course of so many days, the first and the last included."""
    start = date(2024, 1, 1)
    return replace(Course(**stated), start=start, end=start + timedelta(days=n - 1))


ALL_OTHER_KINDS = (CHIROPRACTIC, PRESCRIBED)


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        pytest.param(1, NOT_MET, id="one day"),
        pytest.param(41, NOT_MET, id="41 days, one short of six weeks"),
        pytest.param(42, MET, id="42 days, both ends included"),
        pytest.param(43, MET, id="43 days"),
    ],
)
def test_six_weeks_are_42_days_both_included(n: int, expected: Verdict) -> None:
    assert verdict(course(), told(days(n), denied=ALL_OTHER_KINDS)) is expected


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        pytest.param("2024-01-15", "2024-04-13", NOT_MET, id="the day before"),
        pytest.param("2024-01-15", "2024-04-14", MET, id="the day itself"),
        pytest.param("2024-01-15", "2024-04-15", MET, id="the day after"),
        pytest.param("2022-12-01", "2023-02-27", NOT_MET, id="from 1 December to 27 February"),
        pytest.param("2022-12-01", "2023-02-28", MET, id="December to February"),
        pytest.param("2023-12-01", "2024-02-28", NOT_MET, id="short of the leap day"),
        pytest.param("2023-12-01", "2024-02-29", MET, id="December to February of a leap year"),
        pytest.param("2024-02-01", "2024-04-30", MET, id="February to April"),
        pytest.param("2024-03-01", "2024-05-31", MET, id="March to May"),
        pytest.param("2024-03-02", "2024-05-31", NOT_MET, id="from 2 March to 31 May"),
        pytest.param("2022-11-30", "2023-02-27", NOT_MET, id="from 30 November to 27 February"),
        pytest.param("2022-11-30", "2023-02-28", MET, id="from 30 November to 28 February"),
    ],
)
def test_three_months_are_calendar_months(start: str, end: str, expected: Verdict) -> None:
    had = replace(Course(), start=date.fromisoformat(start), end=date.fromisoformat(end))
    story = told(had, denied=ALL_OTHER_KINDS)
    assert verdict(course(span=THREE_MONTHS), story) is expected


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        pytest.param({"outcome": HELPED}, NOT_MET, id="it helped"),
        pytest.param({"outcome": None}, NOT_DOCUMENTED, id="whether it helped is silent"),
        pytest.param({"start": None}, NOT_DOCUMENTED, id="the first day is silent"),
        pytest.param({"end": None}, NOT_DOCUMENTED, id="the last day is silent"),
        pytest.param({"start": None, "end": None}, NOT_DOCUMENTED, id="both days are silent"),
        pytest.param({"region": None}, NOT_DOCUMENTED, id="the region is silent"),
        pytest.param({"region": CERVICAL}, NOT_MET, id="it was for another region"),
        pytest.param({"outcome": HELPED, "end": None}, NOT_MET, id="it helped, days silent"),
        pytest.param({"region": CERVICAL, "outcome": None}, NOT_MET, id="elsewhere, rest silent"),
    ],
)
def test_what_is_silent_of_a_course_is_asked(stated: dict[str, Any], expected: Verdict) -> None:
    story = told(replace(Course(), **stated), denied=ALL_OTHER_KINDS)
    assert verdict(course(), story) is expected


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        pytest.param("2024-05-04", NOT_DOCUMENTED, id="42 days are possible"),
        pytest.param("2024-05-05", NOT_DOCUMENTED, id="42 days are just possible"),
        pytest.param("2024-05-06", NOT_MET, id="41 days at most"),
    ],
)
def test_a_course_with_no_stated_end_lasts_no_longer_than_the_day_of_service(
    start: str, expected: Verdict
) -> None:
    had = replace(Course(), start=date.fromisoformat(start), end=None)
    assert verdict(course(), told(had, denied=ALL_OTHER_KINDS)) is expected


def test_no_outcome_is_asked_where_the_leaf_names_none() -> None:
    leaf = course(outcome=None)
    assert verdict(leaf, told(replace(Course(), outcome=None))) is MET
    assert verdict(leaf, told(replace(Course(), outcome=HELPED))) is MET


def test_any_region_counts_where_the_leaf_says_so() -> None:
    leaf = course(scope="AnyRegion")
    for region in (LUMBAR, CERVICAL, None):
        assert verdict(leaf, told(replace(Course(), region=region))) is MET
    assert verdict(leaf, told(Course(), region=None)) is MET


def test_until_the_region_asked_for_is_stated_a_course_may_be_for_it() -> None:
    story = told(Course(), denied=ALL_OTHER_KINDS, region=None)
    assert verdict(course(), story) is NOT_DOCUMENTED


@pytest.mark.parametrize("stated", [None, LUMBAR, CERVICAL])
@pytest.mark.parametrize("asked", [LUMBAR, None])
def test_therapy_of_the_whole_body_needs_no_region(stated: str | None, asked: str | None) -> None:
    story = told(days(42, kind=NSAID, region=stated), region=asked)
    assert verdict(course(NSAID), story) is MET


@pytest.mark.parametrize("n", [20, 21, 22])
def test_three_weeks_of_an_nsaid(n: int) -> None:
    leaf = course(NSAID, Span(days=21))
    assert verdict(leaf, told(days(n, kind=NSAID, region=None))) is (NOT_MET if n < 21 else MET)


@pytest.mark.parametrize(
    ("had", "denied", "expected"),
    [
        pytest.param([], (), NOT_DOCUMENTED, id="nothing is said of any"),
        pytest.param([], (ACTIVE,), NOT_MET, id="the whole group is denied"),
        pytest.param([], (CONSERVATIVE,), NOT_MET, id="all therapy is denied"),
        pytest.param([], (PHYSICAL, *ALL_OTHER_KINDS), NOT_MET, id="each kind is denied"),
        pytest.param([], (PHYSICAL, CHIROPRACTIC, HOME), NOT_MET, id="home exercise is denied"),
        pytest.param([], ALL_OTHER_KINDS, NOT_DOCUMENTED, id="one kind is open"),
        pytest.param([days(41)], (), NOT_DOCUMENTED, id="one too short, the others open"),
        pytest.param([days(41)], (CHIROPRACTIC,), NOT_DOCUMENTED, id="too short, one kind open"),
        pytest.param([days(41)], ALL_OTHER_KINDS, NOT_MET, id="too short, the others denied"),
        pytest.param([days(42)], (), MET, id="one long enough, the others do not matter"),
        pytest.param([days(42, kind=CHIROPRACTIC)], (), MET, id="a member of the group"),
        pytest.param([days(42, kind=PRESCRIBED)], (), MET, id="another member"),
        pytest.param(
            [days(42, kind=MODIFICATION)],
            (PHYSICAL, *ALL_OTHER_KINDS),
            NOT_MET,
            id="a kind outside the group",
        ),
        pytest.param(
            [days(41, kind=k) for k in (PHYSICAL, CHIROPRACTIC, PRESCRIBED)],
            (),
            NOT_MET,
            id="each kind recorded, each too short",
        ),
    ],
)
def test_a_group_is_complete_once_each_kind_is_recorded_or_denied(
    had: list[Course], denied: tuple[str, ...], expected: Verdict
) -> None:
    assert verdict(course(), told(*had, denied=denied)) is expected


def test_a_recorded_kind_is_the_whole_of_it() -> None:
    assert verdict(course(PHYSICAL), told(days(41))) is NOT_MET
    assert verdict(course(PHYSICAL), told()) is NOT_DOCUMENTED
    assert verdict(course(PHYSICAL), told(denied=(PHYSICAL,))) is NOT_MET


def test_days_are_counted_over_courses_and_kinds() -> None:
    second = replace(Course(), start=date(2024, 1, 22), end=date(2024, 2, 11))
    assert verdict(course(), told(days(21), second, denied=ALL_OTHER_KINDS)) is MET
    after_a_break = replace(second, start=date(2024, 4, 1), end=date(2024, 4, 21))
    assert verdict(course(), told(days(21), after_a_break, denied=ALL_OTHER_KINDS)) is MET
    another_kind = replace(second, kind=CHIROPRACTIC)
    assert verdict(course(), told(days(21), another_kind, denied=(PRESCRIBED,))) is MET


def test_a_day_counts_once() -> None:
    overlapping = replace(Course(), start=date(2024, 1, 21), end=date(2024, 2, 10))
    assert verdict(course(), told(days(21), overlapping, denied=ALL_OTHER_KINDS)) is NOT_MET
    kinds = [days(21), days(21, kind=CHIROPRACTIC)]
    assert verdict(course(), told(*kinds, denied=(PRESCRIBED,))) is NOT_MET


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        pytest.param({"outcome": None}, NOT_DOCUMENTED, id="whether the second helped is silent"),
        pytest.param({"outcome": HELPED}, NOT_MET, id="the second helped"),
        pytest.param({"outcome": "NotTolerated"}, NOT_MET, id="the second was not tolerated"),
        pytest.param({"outcome": "NotCompleted"}, NOT_MET, id="the second was broken off"),
        pytest.param({"region": None}, NOT_DOCUMENTED, id="the region of the second is silent"),
        pytest.param({"region": CERVICAL}, NOT_MET, id="the second was for another region"),
        pytest.param({"end": None}, MET, id="its first day is enough"),
        pytest.param({"kind": CONSERVATIVE}, NOT_DOCUMENTED, id="the second is of no stated kind"),
    ],
)
def test_what_is_silent_leaves_the_days_of_its_course_open(
    second: dict[str, Any], expected: Verdict
) -> None:
    more = replace(Course(start=date(2024, 3, 1), end=date(2024, 3, 22)), **second)
    assert verdict(course(), told(days(41), more, denied=ALL_OTHER_KINDS)) is expected


def test_only_days_in_the_window_count() -> None:
    leaf = course() + ' ; cov:inWindow "P6M"^^xsd:yearMonthDuration'
    for start, expected in (("2023-12-15", NOT_MET), ("2023-12-16", MET)):
        first = replace(Course(), start=date.fromisoformat(start), end=date(2024, 1, 5))
        second = replace(Course(), start=date(2024, 3, 1), end=date(2024, 3, 21))
        short = replace(first, end=first.end - timedelta(days=(first.end - date(2024, 1, 5)).days))
        story = told(short, second, denied=ALL_OTHER_KINDS)
        assert verdict(leaf, story) is MET, start
        story = told(replace(first, end=date(2024, 1, 4)), second, denied=ALL_OTHER_KINDS)
        assert verdict(leaf, story) is NOT_MET, expected


@pytest.mark.parametrize(
    ("courses", "expected"),
    [
        pytest.param([("P42D", None)], MET, id="six weeks, some time"),
        pytest.param([("P41D", None)], NOT_MET, id="a day short"),
        pytest.param([("P2M", None)], MET, id="two months are longer than six weeks"),
        pytest.param([("P1M", None)], NOT_MET, id="a month is shorter"),
        pytest.param([("P21D", None), ("P21D", None)], NOT_DOCUMENTED, id="they may overlap"),
        pytest.param([("P21D", None), ("P20D", None)], NOT_MET, id="too short even side by side"),
        pytest.param([("P42D", "2024-01-01")], MET, id="six weeks from a day on"),
        pytest.param([("P21D", "2024-01-01"), ("P21D", "2024-01-22")], MET, id="one after another"),
        pytest.param([("P21D", "2024-01-01"), ("P21D", None)], NOT_DOCUMENTED, id="one is undated"),
    ],
)
def test_a_length_without_dates(courses: list[tuple[str, str | None]], expected: Verdict) -> None:
    had = [
        Course(start=date.fromisoformat(start) if start else None, end=None, lasted=lasted)
        for lasted, start in courses
    ]
    assert verdict(course(), told(*had, denied=ALL_OTHER_KINDS)) is expected


def test_a_length_without_dates_lies_in_no_window_for_sure() -> None:
    had = Course(start=None, end=None, lasted="P42D")
    leaf = course() + ' ; cov:inWindow "P6M"^^xsd:yearMonthDuration'
    assert verdict(leaf, told(had, denied=ALL_OTHER_KINDS)) is NOT_DOCUMENTED
    ended = replace(had, end=date(2024, 5, 1))
    assert verdict(leaf, told(ended, denied=ALL_OTHER_KINDS)) is MET
    assert (
        verdict(leaf, told(replace(had, end=date(2023, 5, 1)), denied=ALL_OTHER_KINDS)) is NOT_MET
    )


@pytest.mark.parametrize(
    "lasted, end, expected",
    [
        ("P42D", "2024-03", MET),
        # From 16 December on, whatever the day of the month.
        ("P42D", "2024-02", MET),
        ("P42D", "2024-01", NOT_DOCUMENTED),
        ("P42D", "2023-11", NOT_MET),
    ],
)
def test_a_course_in_the_window_wherever_it_lies_counts(
    lasted: str, end: str, expected: Verdict
) -> None:
    had = Course(start=None, end=None, lasted=lasted)
    leaf = course() + ' ; cov:inWindow "P6M"^^xsd:yearMonthDuration'
    story = told(had, denied=ALL_OTHER_KINDS)
    month = f'cov:lasted "{lasted}"^^xsd:dayTimeDuration ; cov:endedOn "{end}"^^xsd:gYearMonth'
    story = story.replace(f'cov:lasted "{lasted}"^^xsd:dayTimeDuration', month)
    assert month in story
    assert verdict(leaf, story) is expected


def test_a_group_counts_where_the_group_is_asked_for() -> None:
    had = days(42, kind=CONSERVATIVE)
    assert verdict(course(CONSERVATIVE), told(had)) is MET
    assert verdict(course(ACTIVE), told(had, denied=(CHIROPRACTIC,))) is NOT_DOCUMENTED
    assert verdict(course(PHYSICAL), told(had, days(20))) is NOT_DOCUMENTED
    assert verdict(course(ACTIVE), told(had, denied=(ACTIVE,))) is NOT_MET


def test_therapy_of_the_low_back_counts_for_the_sacroiliac_region() -> None:
    for region, expected in (("SacroiliacRegion", MET), (LUMBAR, MET), (CERVICAL, NOT_MET)):
        story = told(replace(Course(), region=region), denied=ALL_OTHER_KINDS)
        story = story.replace("facet-joint-denervation", "sacroiliac-joint-denervation")
        story = story.replace(" ; cov:treatsRegion cov:LumbarRegion .\n:patient", " .\n:patient")
        assert verdict(course(), story) is expected
    elsewhere = told(replace(Course(), region="SacroiliacRegion"), denied=ALL_OTHER_KINDS)
    assert verdict(course(), elsewhere) is NOT_MET


def test_one_course_must_have_everything() -> None:
    long_and_helpful, short_and_failed = days(60, outcome=HELPED), days(20)
    story = told(long_and_helpful, short_and_failed, denied=ALL_OTHER_KINDS)
    assert verdict(course(), story) is NOT_MET


@pytest.mark.parametrize(
    ("denied", "n", "expected"),
    [
        pytest.param((), 42, NOT_DOCUMENTED, id="it may have been prescribed"),
        pytest.param((PRESCRIBED,), 42, NOT_MET, id="it was not prescribed"),
        pytest.param((), 41, NOT_DOCUMENTED, id="too short, but another may have been prescribed"),
        pytest.param((PRESCRIBED,), 41, NOT_MET, id="too short, and none was prescribed"),
    ],
)
def test_home_exercise_may_have_been_prescribed(
    denied: tuple[str, ...], n: int, expected: Verdict
) -> None:
    story = told(days(n, kind=HOME), denied=(PHYSICAL, CHIROPRACTIC, *denied))
    assert verdict(course(), story) is expected


def test_medication_may_have_been_an_nsaid_until_that_is_denied() -> None:
    had = days(42, kind=MEDICATION, region=None)
    assert verdict(course(NSAID), told(had)) is NOT_DOCUMENTED
    assert verdict(course(NSAID), told(had, denied=(NSAID,))) is NOT_MET
    assert verdict(course(MEDICATION), told(days(42, kind=NSAID, region=None))) is MET
