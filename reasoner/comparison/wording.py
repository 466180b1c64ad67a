"""A criterion in words, made from what decides: never from a label that repeats a number.

How a parameter is put into words stands in the ontology (``cov:wording``), next to its
comparison and unit; the number is the literal of the shape. A criterion that only names
a fact has no number, so its own label says it best.
"""

from __future__ import annotations

import re
from decimal import Decimal

from pyoxigraph import Literal, NamedNode

from ..namespaces import COV, SH, SKOS, XSD
from ..triples import Term
from .requirements import Part, Reader, Use

# A longer list is told by its number; the view has its members.
MOST_LISTED = 8
FACTS = (COV.affirmedFact, COV.absentFact)
COUNTS = (SH.maxCount, SH.qualifiedMaxCount, SH.qualifiedMinCount)
NAMES = (COV.Is, COV.IsAbsent, COV.DiffersFrom)
PERIODS = (XSD.dayTimeDuration, XSD.yearMonthDuration)
PERIOD = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?")
DAYS_OF_A_WEEK = 7
MONTHS_OF_A_YEAR = 12


def in_words(reader: Reader, use: Use) -> str:
    """Return what a use of a criterion asks, as a phrase without section."""
    if any(part.parameter in FACTS for part in use.parts):
        return reader.label(use.criterion)
    pieces = [
        (-1 if p.parameter in COUNTS else reader.position(p.parameter), _part(reader, p, use))
        for p in use.parts
    ]
    pieces += [
        (reader.position(p), _worded(reader, p, _value(reader, v))) for p, v in use.conditions
    ]
    return " ".join(text for _, text in sorted(pieces, key=lambda x: x[0]) if text)


def _part(reader: Reader, part: Part, use: Use) -> str:
    if part.parameter in COUNTS:
        return _count(reader, part, use)
    names = part.comparison in NAMES
    value = _listed(reader, part) if names else _compared(reader, part)
    if reader.text(part.parameter, COV.wording):
        return _worded(reader, part.parameter, value)
    if part.measures is not None and reader.text(part.measures, COV.wording):
        return _worded(reader, part.measures, value)
    return value


def _count(reader: Reader, part: Part, use: Use) -> str:
    """Return a limit on a number of values; where the values are listed, they say it."""
    lists = any(p.parameter == SH["in"] for p in use.parts)
    if not lists:
        return _compared(reader, part)
    nothing = part.parameter == SH.qualifiedMaxCount and _number(part.bounds[0]) == "0"
    return "none of:" if nothing else ""


def _listed(reader: Reader, part: Part) -> str:
    if len(part.bounds) > MOST_LISTED:
        return f"one of {len(part.bounds)} {part.unit or _counted(reader, part)}"
    return " or ".join(_value(reader, b) for b in part.bounds)


def _counted(reader: Reader, part: Part) -> str:
    return reader.text(part.measures, COV.countedIn) if part.measures else "listed"


def _compared(reader: Reader, part: Part) -> str:
    """Return comparison, bound and unit: "at least 6 months", "no other procedures"."""
    bound = part.bounds[0]
    word = reader.label(part.comparison)
    if isinstance(bound, Literal) and bound.datatype in PERIODS:
        return f"{word} {period(bound.value)}"
    number = _number(bound)
    if number == "0" and part.comparison == COV.AtMost:
        return f"no {part.unit}"
    unit = re.sub(r"s\b(?= |$)", "", part.unit, count=1) if number == "1" else part.unit
    return f"{word} {number} {unit}".strip()


def _worded(reader: Reader, term: NamedNode, value: str) -> str:
    return reader.text(term, COV.wording).replace("{}", value)


def _value(reader: Reader, value: Term) -> str:
    if isinstance(value, Literal):
        if value.datatype in PERIODS:
            return period(value.value)
        return _number(value)
    return reader.text(value, SKOS.notation) or reader.label(value)


def _number(value: Term) -> str:
    if not isinstance(value, Literal) or not re.fullmatch(r"[+-]?[0-9.]+", value.value):
        return value.value
    plain = f"{Decimal(value.value):f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def period(written: str) -> str:
    """Return a duration in words: P14D is "2 weeks", P1Y "1 year"."""
    found = PERIOD.fullmatch(written)
    if found is None:
        return written
    years, months, days = (int(n or 0) for n in found.groups())
    if years == 1 and not days:
        # A store keeps twelve months as one year; policies count the months.
        years, months = 0, months + MONTHS_OF_A_YEAR
    weeks, days = (days // DAYS_OF_A_WEEK, 0) if days and not days % DAYS_OF_A_WEEK else (0, days)
    named = ((years, "year"), (months, "month"), (weeks, "week"), (days, "day"))
    return " ".join(f"{n} {unit}{'' if n == 1 else 's'}" for n, unit in named if n)


def bare(phrase: str) -> str:
    """Return a phrase without the brackets around the whole of it."""
    depth = 0
    for i, letter in enumerate(phrase):
        depth += (letter == "(") - (letter == ")")
        if depth == 0 and i < len(phrase) - 1:
            return phrase
    return phrase[1:-1] if phrase.startswith("(") and phrase.endswith(")") else phrase
