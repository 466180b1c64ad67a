"""Calendar arithmetic, as the queries do it.

Months and years are calendar months and years: a duration is taken off a day, clamped at
the end of the month, and days are compared (cov:CalendarTimeReading). Going forward is asked
for only as "the first day from which, looking back, the other day is reached".
"""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from functools import lru_cache

DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?$")
LONGEST_MONTHS_OFF = 4


def parts(duration: str) -> tuple[int, int]:
    """Return the months and the days of an ``xsd:dayTimeDuration`` or ``yearMonthDuration``."""
    found = DURATION.match(duration)
    if not found or duration == "P":
        raise ValueError(f"{duration} is not a duration in years, months or days")
    years, months, weeks, days = (int(g or 0) for g in found.groups())
    return years * 12 + months, weeks * 7 + days


def before(day: date, duration: str) -> date:
    """Return the day that lies a duration before another."""
    months, days = parts(duration)
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last)) - timedelta(days=days)


@lru_cache(maxsize=65536)
def first_day_after(day: date, duration: str) -> date:
    """Return the first day from which, a duration back, the given day is reached or passed."""
    months, days = parts(duration)
    guess = day + timedelta(days=days + 28 * months - LONGEST_MONTHS_OFF)
    while before(guess, duration) < day:
        guess += timedelta(days=1)
    return guess


def ends(text: str) -> tuple[str, str]:
    """Return the first and the last day of a day, a month or a year, all as ISO text."""
    year, _, rest = text.partition("-")
    month, _, day = rest.partition("-")
    if day:
        return text, text
    if not month:
        return f"{year}-01-01", f"{year}-12-31"
    return f"{text}-01", f"{text}-{calendar.monthrange(int(year), int(month))[1]}"


def years_back(day: str, years: int) -> tuple[str, str]:
    """Return the first and the last day on which what is so many whole years old by a day began."""
    last, before_that = day_before(day, f"P{years}Y"), day_before(day, f"P{years + 1}Y")
    return day_after(before_that), last


# Facts hold days as ISO text, and ask for the same few over and over.


@lru_cache(maxsize=65536)
def day_before(day: str, duration: str) -> str:
    """Return the day a duration before another, both as ISO text."""
    return before(date.fromisoformat(day), duration).isoformat()


@lru_cache(maxsize=65536)
def day_after(day: str) -> str:
    """Return the next day, both as ISO text."""
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()
