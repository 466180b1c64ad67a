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
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LONGEST_MONTHS_OFF = 4


def parts(duration: str) -> tuple[int, int]:
    """Return the months and the days of an ``xsd:dayTimeDuration`` or ``yearMonthDuration``."""
    found = DURATION.match(duration)
    if not found or duration == "P":
        raise ValueError(f"{duration} is not a duration in years, months or days")
    years, months, weeks, days = (int(g or 0) for g in found.groups())
    return years * 12 + months, weeks * 7 + days


def day_written(text: str) -> date:
    """Return the day that a text is as YYYY-MM-DD, and in no other way of ISO 8601.

    Raises
    ------
    ValueError
        When it is not written so, or is not a day of the calendar.
    """
    if not DAY.fullmatch(text):
        raise ValueError("not written as YYYY-MM-DD")
    return date.fromisoformat(text)


def spoken(duration: str) -> str:
    """Return a duration in words."""
    units = zip(parts(duration), ("months", "days"), strict=True)
    return " and ".join(f"{n} {unit}" for n, unit in units if n)


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


# --- How many days a length of time is ------------------------------------------------------

# Months and years differ in length, and do so again after four years.
_CYCLE = [date(2023, 1, 1) + timedelta(days=n) for n in range(1461)]


@lru_cache(maxsize=65536)
def count(start: str, end: str) -> int:
    """Return how many days lie between two, both included."""
    return date.fromisoformat(end).toordinal() - date.fromisoformat(start).toordinal() + 1


@lru_cache(maxsize=65536)
def days_back(day: str, length: str) -> int:
    """Return how many days a length of time is, counted back from its last day."""
    return count(day_before(day_after(day), length), day)


@lru_cache(maxsize=65536)
def last_day(start: str, length: str) -> str:
    """Return the last day of what began on a day and lasted so long."""
    after = first_day_after(date.fromisoformat(start), length)
    return (after - timedelta(days=1)).isoformat()


@lru_cache(maxsize=1024)
def fewest(length: str) -> int:
    """Return how many days a length of time is at least."""
    return min(_counts(length))


@lru_cache(maxsize=1024)
def most(length: str) -> int:
    """Return how many days a length of time is at most."""
    return max(_counts(length))


def _counts(length: str) -> list[int]:
    months, only_days = parts(length)
    return [(d - before(d, length)).days for d in _CYCLE] if months else [only_days]


@lru_cache(maxsize=4096)
def surely_reaches(lasted: str, length: str) -> bool:
    """Return whether what lasted so long is as long as another length, whenever that was."""
    longer = zip(parts(lasted), parts(length), strict=True)
    return all(a >= b for a, b in longer) or fewest(lasted) >= most(length)
