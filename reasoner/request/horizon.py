"""How far ahead a date of service may lie: a slip of the keyboard is no plan for the next century.

A request is asked for days or months before the service. Years ahead no policy that is known
today will be in force as it is, so a decision on such a day would only look like one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date

from ..errors import InputError

SETTING = "COVERGRAPH_YEARS_AHEAD"
YEARS, MOST_YEARS = 5, 100


def horizon(today: date, environment: Mapping[str, str] = os.environ) -> date:
    """Return the last day that may be a date of service: the end of a year, so many ahead.

    Raises
    ------
    InputError
        When the setting is no number of years.
    """
    years = environment.get(SETTING, str(YEARS))
    if not years.isdecimal() or int(years[:4]) > MOST_YEARS:
        raise InputError(f"{SETTING} takes a number of years, at most {MOST_YEARS}")
    return date(today.year + int(years), 12, 31)


def refuse_beyond(day: date, last: date, where: str = "") -> None:
    """Refuse a date of service that lies too far ahead.

    Raises
    ------
    InputError
        Naming the last day there may be.
    """
    if day > last:
        raise InputError(
            "the date of service lies too far ahead",
            where,
            f"at most {last.isoformat()}; {SETTING} says how many years",
        )
