"""Walking a resource, and reading the values that stand in it.

A value that cannot be what R4 says it is refuses the whole bundle, with its place: a decision
is never made on half of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from ..errors import InputError

_DATE = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})"
    r"(T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?\Z"
)


class Coding(NamedTuple):
    """A code with its system; either may be empty."""

    system: str
    code: str
    place: str


def at(element: Any, path: tuple[str, ...], place: str) -> Iterator[tuple[Any, str]]:
    """Yield each value that a path leads to, with its place.

    Raises
    ------
    InputError
        When there is a plain value where an object belongs.
    """
    if isinstance(element, list):
        for number, item in enumerate(element):
            yield from at(item, path, f"{place}[{number}]")
        return
    if not path:
        yield element, place
        return
    if not isinstance(element, dict):
        raise InputError("not an object", place)
    if path[0] in element:
        yield from at(element[path[0]], path[1:], f"{place}.{path[0]}")


def codings(concept: Any, place: str) -> Iterator[Coding]:
    """Yield the codes of a CodeableConcept, or of a Coding."""
    if not isinstance(concept, dict):
        raise InputError("not a CodeableConcept", place)
    inner = concept.get("coding", [concept] if "code" in concept else [])
    if not isinstance(inner, list):
        raise InputError("not a list", f"{place}.coding")
    for number, coding in enumerate(inner):
        where = f"{place}.coding[{number}]"
        if not isinstance(coding, dict):
            raise InputError("not a Coding", where)
        system, code = coding.get("system", ""), coding.get("code", "")
        if not isinstance(system, str) or not isinstance(code, str):
            raise InputError("not a Coding", where)
        yield Coding(system, code.strip(), where)


def day(value: Any, place: str) -> str:
    """Return the day, month or year of a date or dateTime, as it is written.

    Raises
    ------
    InputError
        When it is no date of FHIR, or no day of the calendar.
    """
    match = _DATE.match(value) if isinstance(value, str) else None
    if not match:
        raise InputError("not a date of FHIR", place, "YYYY, YYYY-MM or YYYY-MM-DD")
    year, month, of_month = match[1], match[2], match[3]
    try:
        date(int(year), int(month or 1), int(of_month or 1))
    except ValueError:
        raise InputError("not a day of the calendar", place) from None
    return "-".join(part for part in (year, month, of_month) if part)


def number(value: Any, place: str) -> str:
    """Return a number as it is written out."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise InputError("not a number", place)
    found = Decimal(str(value))
    if not found.is_finite() or abs(found) > 10**9 or len(found.as_tuple().digits) > 18:
        raise InputError("not a number of this size", place)
    return f"{found.normalize():f}"
