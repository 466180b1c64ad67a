"""One value at a time: a date that is one, a number within its bounds, a term that exists.

The parsers take "2024-02-30" for a date and "1E+300000000" for a decimal, so the lexical
form is checked here, before anything computes with it. Numbers leave in one form, so
that 75, 75.0 and "75"^^xsd:integer are one value. A message never repeats a value.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache

from pyoxigraph import Literal, NamedNode

from .. import days
from ..errors import theirs, with_article
from ..knowledge import codes
from ..knowledge.base import Knowledge, Property
from ..namespaces import COV, RDF, XSD, compact
from ..triples import Node, Term
from .records import Records, suggestion, term_name

LONGEST_NUMBER = 18
YEARS = range(1900, 2201)

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# How a date may be written where it is known to the month or the year alone.
_VAGUER = {
    XSD.gYearMonth: re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])"),
    XSD.gYear: re.compile(r"[0-9]{4}"),
}
_CALLED = {XSD.date: "a date", XSD.gYearMonth: "a month", XSD.gYear: "a year"}
_NUMBERS = {
    XSD.integer: re.compile(r"[+-]?[0-9]+"),
    XSD.decimal: re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)"),
}
_NAMES = {XSD.date: "a date", XSD.decimal: "a number", XSD.duration: "a length of time"}
_HINTS = {
    XSD.date: 'write "YYYY-MM-DD"^^xsd:date',
    XSD.decimal: "write the digits as xsd:decimal or xsd:integer",
    XSD.duration: 'write "P42D"^^xsd:dayTimeDuration or "P3M"^^xsd:yearMonthDuration',
}
_PARTIAL_HINT = 'write "YYYY-MM-DD"^^xsd:date, "YYYY-MM"^^xsd:gYearMonth or "YYYY"^^xsd:gYear'
_LENGTH = re.compile(r"P(?=[0-9])(?:[0-9]{1,3}Y)?(?:[0-9]{1,4}M)?|P[0-9]{1,5}[WD]")
_LENGTHS = (XSD.duration, XSD.dayTimeDuration, XSD.yearMonthDuration)
LONGEST_YEARS = 100


def value_of(records: Records, node: Node, declared: Property, value: Term) -> Term:
    """Return a value in its one form.

    Raises
    ------
    InputError
        When the property does not take it.
    """
    if declared.value_type is None:
        return _link(records, node, declared, value)
    name, wanted = compact(declared.iri.value), declared.value_type
    if not isinstance(value, Literal):
        raise records.refuse(node, f"{name}: a node where {_NAMES[wanted]} belongs", _HINTS[wanted])
    if wanted == XSD.decimal:
        return _number(records, node, declared, value)
    if wanted == XSD.duration:
        return _length(records, node, name, value)
    hint = _PARTIAL_HINT if declared.ends else _HINTS[wanted]
    if value.datatype != wanted and not (declared.ends and value.datatype in _VAGUER):
        raise records.refuse(node, f"{name}: {_kind(value)} where a date belongs", hint)
    if not ends_of(value):
        called = _CALLED[value.datatype]
        raise records.refuse(node, f"{name} is not {called} of the calendar", hint)
    return value


def ends_of(value: Term | None) -> tuple[str, str] | None:
    """Return the first and the last day of a day, month or year in its strict form, or None."""
    if not isinstance(value, Literal):
        return None
    if value.datatype in _VAGUER:
        grammar = _VAGUER[value.datatype]
        known = grammar.fullmatch(value.value) and int(value.value[:4]) in YEARS
    else:
        known = day_in(value.value) is not None
    return days.ends(value.value) if known else None


def day_of(value: Term | None) -> date | None:
    """Return the day of a date in its strict form, or None."""
    return None if value is None else day_in(value.value)


@lru_cache(maxsize=65536)
def day_in(text: str) -> date | None:
    """Return the day that a text is the strict form of, or None."""
    if not _DATE.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in YEARS else None


def _number(records: Records, node: Node, declared: Property, value: Literal) -> Literal:
    name = compact(declared.iri.value)
    grammar = _NUMBERS.get(value.datatype)
    if grammar is None:
        raise records.refuse(
            node, f"{name}: {_kind(value)} where a number belongs", _HINTS[XSD.decimal]
        )
    if not grammar.fullmatch(value.value):
        raise records.refuse(node, f"{name} is not a number", _HINTS[XSD.decimal])
    if sum(c.isdigit() for c in value.value) > LONGEST_NUMBER:
        raise records.refuse(node, f"{name} has more than {LONGEST_NUMBER} digits")
    number = Decimal(value.value)
    unit = f" {declared.unit}" if declared.unit else ""
    if declared.lowest is not None and number < Decimal(repr(declared.lowest)):
        raise records.refuse(node, f"{name} is below {declared.lowest:g}{unit}")
    if declared.highest is not None and number > Decimal(repr(declared.highest)):
        raise records.refuse(node, f"{name} is above {declared.highest:g}{unit}")
    if declared.years_since and number != int(number):
        raise records.refuse(node, f"{name} is not a whole number of years")
    plain = f"{number:f}"
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return Literal("0" if plain == "-0" else plain, datatype=XSD.decimal)


def _length(records: Records, node: Node, name: str, value: Literal) -> Literal:
    """Return a length of time in months or in days."""
    hint = _HINTS[XSD.duration]
    if value.datatype not in _LENGTHS:
        raise records.refuse(node, f"{name}: {_kind(value)} where a length of time belongs", hint)
    if not _LENGTH.fullmatch(value.value):
        raise records.refuse(node, f"{name} is not a length in months or in days", hint)
    months, days_ = days.parts(value.value)
    if not 0 < months * 31 + days_ <= LONGEST_YEARS * 366:
        raise records.refuse(node, f"{name} is not between a day and {LONGEST_YEARS} years", hint)
    if months:
        return Literal(f"P{months}M", datatype=XSD.yearMonthDuration)
    return Literal(f"P{days_}D", datatype=XSD.dayTimeDuration)


def _link(records: Records, node: Node, declared: Property, value: Term) -> Term:
    """Return a concept or record as it is, when the property takes it."""
    name, takes, knowledge = compact(declared.iri.value), declared.takes, records.knowledge
    if takes is None or takes in knowledge.record_classes:
        return value
    label = knowledge.label(takes)
    if not isinstance(value, NamedNode):
        found = _kind(value) if isinstance(value, Literal) else "an unnamed node"
        example = min(i.value for i in knowledge.instances_of(takes))
        hint = f"such as {term_name(example)}"
        raise records.refuse(node, f"{name}: {found} where {with_article(label)} belongs", hint)
    if COV.Code in knowledge.superclasses.get(takes, ()):
        code = codes.canonical(value) if takes == COV.DiagnosisCode else value
        if codes.is_known(code, takes, knowledge):
            return code
        if stands_for := codes.unread(value, knowledge):
            what = (
                f"{name}: {codes.plain(value)} stands for {stands_for}; no policy here judges that"
            )
            raise records.refuse(node, what, "leave it out where it is no part of the procedure")
        other = knowledge.triples.types(value) or codes.is_untabled(value, knowledge)
        near = codes.nearest(code, takes, knowledge)
        raise records.refuse(
            node,
            f"{name}: {term_name(value.value)} is not {with_article(label)}"
            if other
            else f"{name}: unknown code {theirs(term_name(value.value).removeprefix('code:'))}",
            f"near: {', '.join(near)}" if near else "",
        )
    classes = _classes_taken(declared, knowledge)
    if value in classes:
        return value
    if not knowledge.is_a(value, takes):
        raise records.refuse(
            node,
            f"{name}: {term_name(value.value)} is not {with_article(label)}"
            if knowledge.triples.types(value)
            else f"{name}: unknown {label} {theirs(term_name(value.value))}",
            suggestion(value, [*knowledge.instances_of(takes), *classes]),
        )
    instead = knowledge.triples.value(value, COV.replacedBy)
    value = instead if isinstance(instead, NamedNode) else value
    if takes == COV.NamedFact:
        _refuse_fact(records, node, name, value)
    return value


def _classes_taken(declared: Property, knowledge: Knowledge) -> list[NamedNode]:
    """Return the classes that a property takes beside its concepts; those of records are none."""
    if declared.classes_of is None:
        return []
    found = (c for c, above in knowledge.superclasses.items() if declared.classes_of in above)
    return [c for c in found if isinstance(c, NamedNode) and c not in knowledge.record_classes]


def _refuse_fact(records: Records, node: Node, name: str, fact: NamedNode) -> None:
    of = records.knowledge.facts[fact].stated_of
    if of != records.roles[node]:
        label = records.knowledge.label(of)
        raise records.refuse(node, f"{name}: {compact(fact.value)} is a fact of the {label}")


def _kind(value: Literal) -> str:
    if value.datatype in (XSD.string, RDF.langString):
        return "a string"
    short = compact(value.datatype.value)
    return f"a value of the type {short}" if short.startswith("xsd:") else "a value of another type"


def is_group(concept: Term, knowledge: Knowledge) -> bool:
    """Return whether a concept only gathers narrower ones."""
    return knowledge.triples.text(concept, COV.isGroup) == "true"
