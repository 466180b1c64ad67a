"""Days as the program counts them, against the calendar itself and against SPARQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise

import pytest
from pyoxigraph import Store
from rdflib import Graph

from covergraph.days import before, first_day_after, parts

DURATIONS = ("P0D", "P1D", "P14D", "P42D", "P1M", "P3M", "P4M", "P6M", "P12M", "P1Y", "P2Y")
# Two leap days, one of them in a year that ends a century.
SPANS = ((date(1999, 10, 1), date(2001, 4, 1)), (date(2023, 10, 1), date(2025, 4, 1)))
ONE = timedelta(days=1)


def days_of(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


DAYS = [day for span in SPANS for day in days_of(*span)]


def expected_before(day: date, months: int, number: int) -> date:
    """Walk back month by month, then take the last day of that month that is no later in it."""
    first = day.replace(day=1)
    for _ in range(months):
        first = (first - ONE).replace(day=1)
    in_month = [d for d in days_of(first, first + timedelta(days=30)) if d.month == first.month]
    return max(d for d in in_month if d.day <= day.day) - timedelta(days=number)


@pytest.mark.parametrize("duration", DURATIONS)
def test_before_goes_back_by_the_calendar_and_stops_at_the_end_of_a_month(duration: str) -> None:
    months, number = parts(duration)
    assert [before(d, duration) for d in DAYS] == [expected_before(d, months, number) for d in DAYS]


@pytest.mark.parametrize(
    ("day", "duration", "expected"),
    [
        ("2024-05-31", "P3M", "2024-02-29"),
        ("2023-05-31", "P3M", "2023-02-28"),
        ("2024-03-31", "P1M", "2024-02-29"),
        ("2024-02-29", "P1Y", "2023-02-28"),
        ("2024-08-31", "P6M", "2024-02-29"),
        ("2024-03-14", "P14D", "2024-02-29"),
        ("2024-01-15", "P2W", "2024-01-01"),
        ("2024-07-31", "P1Y1M1D", "2023-06-29"),
    ],
)
def test_before_on_the_days_that_cases_turn_on(day: str, duration: str, expected: str) -> None:
    assert before(date.fromisoformat(day), duration) == date.fromisoformat(expected)


@pytest.mark.parametrize("duration", DURATIONS)
def test_later_day_never_lies_back_further(duration: str) -> None:
    for span in SPANS:
        assert all(before(a, duration) <= before(b, duration) for a, b in pairwise(days_of(*span)))


@pytest.mark.parametrize("duration", DURATIONS)
def test_first_day_after_is_the_first_from_which_the_day_is_reached(duration: str) -> None:
    for day in DAYS:
        found = first_day_after(day, duration)
        assert before(found, duration) >= day
        assert before(found - ONE, duration) < day


@pytest.mark.parametrize("duration", ["", "P", "14D", "P-1D", "PT1H", "P1.5M", "-P1D"])
def test_what_is_no_duration_in_days_is_refused(duration: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parts(duration)


# --- SPARQL ------------------------------------------------------------------------------


def typed(duration: str) -> str:
    kind = "dayTimeDuration" if duration.endswith("D") else "yearMonthDuration"
    return f'"{duration}"^^xsd:{kind}'


def query(duration: str) -> str:
    rows = " ".join(f'"{day}"^^xsd:date' for day in DAYS)
    return f"""
        PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
        SELECT ?day (?day - {typed(duration)} AS ?before) WHERE {{ VALUES ?day {{ {rows} }} }}
    """


def by_rdflib(text: str) -> dict[str, str]:
    return {str(row["day"]): str(row["before"]) for row in Graph().query(text)}


def by_pyoxigraph(text: str) -> dict[str, str]:
    rows = Store().query(text)
    return {row["day"].value: row["before"].value for row in rows}  # type: ignore[union-attr]


@pytest.mark.parametrize("engine", [by_rdflib, by_pyoxigraph])
@pytest.mark.parametrize("duration", DURATIONS)
def test_sparql_engines_count_back_to_the_same_day(
    duration: str, engine: Callable[[str], dict[str, str]]
) -> None:
    """What the components ask of an engine is what the program says of it."""
    assert engine(query(duration)) == {str(d): str(before(d, duration)) for d in DAYS}
