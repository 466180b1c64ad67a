"""Values and property names as plain Python.

IRIs are strings, numbers are exact, days are their ISO text, which sorts as days do. A
record is a dictionary from a property to its values. Whatever looks at a request often
looks at these, because they compare faster than terms do.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import TypeAlias

from pyoxigraph import Literal, NamedNode

from .namespaces import COV, RDF, XSD
from .triples import Term

Number: TypeAlias = int | Decimal
Value: TypeAlias = str | Number
Values: TypeAlias = Collection[Value]
Record: TypeAlias = Mapping[str, Values]
# What a caller states of a node, without what follows from it.
Said: TypeAlias = Record
# What a request states: of every record, by property, its values in the order of the text.
Statements: TypeAlias = dict[str, dict[str, dict[Value, None]]]

TYPE = RDF.type.value
REQUESTS_PROCEDURE = COV.requestsProcedure.value
HAS_PATIENT = COV.hasPatient.value
CONCERNS_PAIN = COV.concernsPain.value
UNDERWENT = COV.underwent.value
HAD_THERAPY = COV.hadTherapy.value
ALSO_PLANNED = COV.alsoPlanned.value
DATE_OF_SERVICE = COV.dateOfService.value
PERFORMED_ON = COV.performedOn.value
TREATS_REGION = COV.treatsRegion.value
TREATS_LEVEL = COV.treatsLevel.value
HAS_CODE, HAS_KIND = COV.hasProcedureCode.value, COV.hasKind.value
ON_SIDE = COV.onSide.value
IN_REGION = COV.inRegion.value
HAS_CHRONICITY = COV.hasChronicity.value
IS_FOR, IS_MEANT_FOR = COV.isFor.value, COV.isMeantFor.value
MAY_BE_FOR = COV.mayBeFor.value
HAS_PAIN = COV.hasPain.value
HAS_DIAGNOSIS = COV.hasDiagnosis.value
ONSET_DATE = COV.onsetDate.value
USES_TECHNIQUE = COV.usesTechnique.value
USES_INJECTATE = COV.usesInjectate.value
HAS_INTENT = COV.hasIntent.value
AFFIRMS = COV.affirms.value
DENIES = COV.denies.value
RELIEF_PERCENT = COV.reliefPercent.value
RELIEF_LASTED_UNTIL = COV.reliefLastedUntil.value
OF_THERAPY = COV.ofTherapy.value
HAD_OUTCOME = COV.hadOutcome.value
STARTED_ON = COV.startedOn.value
ENDED_ON = COV.endedOn.value
MANY = COV.many.value
SILENT_ON = COV.silentOn.value
LISTS_ALL_OF = COV.listsAllOf.value
EARLIER_PROCEDURES = COV.EarlierProcedures.value
LASTED = COV.lasted.value

DAY_LENGTH = len("2000-01-01")
_DATE_TYPES = {
    DAY_LENGTH: XSD.date,
    len("2000-01"): XSD.gYearMonth,
    len("2000"): XSD.gYear,
}
NONE: tuple[Value, ...] = ()
NOTHING: frozenset[str] = frozenset()


def value_of(term: Term | Value) -> Value:
    """Return a term as a plain value; what is one stays as it is."""
    if isinstance(term, str | int | Decimal):
        return term
    if isinstance(term, Literal) and term.datatype in (XSD.integer, XSD.decimal):
        number = Decimal(term.value)
        return int(number) if number == number.to_integral_value() else number
    return term.value


def term_of(value: Value) -> NamedNode | Literal:
    """Return a plain value as a term; no IRI is without a colon, and no day has one."""
    if not isinstance(value, str):
        return Literal(text_of(value), datatype=XSD.decimal)
    return NamedNode(value) if ":" in value else Literal(value, datatype=date_type(value))


def date_type(text: str) -> NamedNode:
    """Return the datatype of a date or a length of time, which its form tells."""
    if text.startswith("P"):
        return XSD.dayTimeDuration if text.endswith("D") else XSD.yearMonthDuration
    return _DATE_TYPES[len(text)]


def text_of(value: Value) -> str:
    """Return a value as text; a number in its one form."""
    if isinstance(value, str):
        return value
    return f"{value:f}".rstrip("0") if isinstance(value, Decimal) else str(value)


def first(values: Values) -> Value | None:
    return next(iter(values), None)


def day_of(record: Record, p: str) -> str:
    """Return the day, or the length of time, that a record has; empty where it has none."""
    found = first(record.get(p, NONE))
    return found if isinstance(found, str) else ""
