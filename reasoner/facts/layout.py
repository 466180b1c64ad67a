"""The facts of one request, laid out so that they are quick to look at.

A request is few records: itself, its patient, the requested procedure, the pain it is
about, and lists of earlier procedures, therapy courses and procedures planned beside it.
Each is a dictionary from a property to its values. IRIs are strings, numbers are exact,
days are their ISO text, which sorts as days do. Nothing is kept from one request to the
next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import TypeAlias

from pyoxigraph import NamedNode

from ..knowledge.base import Knowledge
from ..knowledge.coding import Coding
from ..namespaces import COV, RDF
from ..plain import (
    AFFIRMS,
    ALSO_PLANNED,
    CONCERNS_PAIN,
    DATE_OF_SERVICE,
    DAY_LENGTH,
    DENIES,
    EARLIER_PROCEDURES,
    ENDED_ON,
    HAD_OUTCOME,
    HAD_THERAPY,
    HAS_INTENT,
    HAS_PATIENT,
    LASTED,
    MANY,
    NONE,
    NOTHING,
    OF_THERAPY,
    ON_SIDE,
    PERFORMED_ON,
    RELIEF_LASTED_UNTIL,
    RELIEF_PERCENT,
    REQUESTS_PROCEDURE,
    SILENT_ON,
    STARTED_ON,
    TREATS_LEVEL,
    TREATS_REGION,
    TYPE,
    UNDERWENT,
    USES_TECHNIQUE,
    Record,
    Said,
    Value,
    Values,
    day_of,
    first,
    value_of,
)
from ..triples import Triples
from .classify import Classifier
from .defaults import Defaults, defaults_in
from .underway import Ends, course_ends

Incompatible: TypeAlias = Mapping[Value, frozenset[str]]


@dataclass(frozen=True)
class Terms:
    """What the ontology says of concepts, as facts need it.

    Parameters
    ----------
    incompatible : mapping
        From a concept to those that the same thing cannot be.
    systemic : collection of str
        The kinds of therapy that act on the whole body.
    concepts : mapping
        From a concept to the classes it is of.
    coding : Coding
        What codes stand for where a record is silent.
    ends : mapping
        From a property that takes a date to those that hold its earliest and its latest day.
    """

    incompatible: Incompatible
    systemic: Values
    concepts: Mapping[str, Values]
    coding: Coding
    ends: Mapping[str, tuple[str, str]]


@dataclass(slots=True)
class Session:
    """An earlier procedure, or one planned beside the requested one.

    Parameters
    ----------
    on : str
        The day, as ISO text, where it is known; else empty.
    barred : set of str
        The techniques, intents, regions and facts that what is stated rules out.
    earliest, latest : str
        The days between which it lies, ends included; the first is empty where nothing bounds it.
    many : bool
        Whether it stands for any number of sessions that a list known only in part may leave out.
    """

    node: str
    on: str
    types: Values
    region: Value | None
    levels: Values
    sides: Values
    techniques: Values
    intents: Values
    barred: Set[str]
    relief: Value | None
    until: str | None
    affirmed: Values
    denied: Values
    earliest: str = ""
    latest: str = ""
    until_earliest: str = ""
    until_latest: str = ""
    many: bool = False


@dataclass(slots=True)
class Course:
    """A course of a therapy.

    Parameters
    ----------
    ends : Ends
        The days between which it began and ended.
    lasted : str
        The length that is stated of it, or the empty text.
    """

    node: str
    kinds: Values
    barred_kinds: Set[str]
    systemic: bool
    regions: Values
    ends: Ends
    lasted: str
    outcomes: Values
    barred_outcomes: Set[str]
    affirmed: Values
    denied: Values
    many: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """What a policy makes of the history, by the nodes of procedures.

    Parameters
    ----------
    episode, perhaps : collection of str
        The sessions that surely are, and those that may be, of the current episode of care.
    merged, perhaps_merged : mapping
        From each session that is, or may be, the second side of another to that one.
    """

    episode: Values = NONE
    perhaps: Values = NONE
    merged: Mapping[str, str] = field(default_factory=dict)
    perhaps_merged: Mapping[str, str] = field(default_factory=dict)


NO_VIEW = View()


@dataclass(slots=True)
class Facts:
    """One request, classified and derived.

    Parameters
    ----------
    records : mapping
        From every node of the request to its record.
    stated : mapping
        From every node of the request to what the caller states of it, property by property.
    concepts : mapping
        From a concept to the classes it is of.
    pain : mapping
        What is stated of the pain that the request is about.
    view : View
        What the policy that judges makes of the history.
    defaults : mapping
        From each procedure to what is read of it by default, with what that follows from.
    silent_on : collection of str
        The lists that nothing says are complete.
    """

    iri: str
    patient_iri: str
    procedure_iri: str
    day: str
    records: Mapping[str, Record]
    stated: Mapping[str, Said]
    concepts: Mapping[str, Values]
    types: Values
    procedure_types: Values
    patient: Record
    procedure: Record
    pain: Record
    region: Value | None
    levels: Values
    earlier: list[Session]
    courses: list[Course]
    planned: list[Session]
    view: View = NO_VIEW
    defaults: Defaults = field(default_factory=dict)
    silent_on: Values = (EARLIER_PROCEDURES,)

    def seen_by(self, view: View, day: str) -> Facts:
        """Return the same facts with a policy's view of the history, as of a day."""
        found = Facts(*_ALL(self))
        found.view, found.day = view, day
        return found

    def values(self, node: Value, p: str) -> Values:
        """Return the values of a property of any node."""
        record = self.records.get(node) if isinstance(node, str) else None
        if record is not None:
            return record.get(p, NONE)
        return self.concepts.get(node, NONE) if p == TYPE and isinstance(node, str) else NONE


_ALL = attrgetter(*(f.name for f in fields(Facts)))


def stated_days(records: Mapping[str, Record]) -> set[str]:
    """Return every day that some records state, and both ends of each vaguer date."""
    return {
        v
        for record in records.values()
        for values in record.values()
        for v in values
        if isinstance(v, str) and len(v) == DAY_LENGTH and v[4] == "-"
    }


def open_dates(records: Mapping[str, Record], knowledge: Knowledge) -> bool:
    """Return whether some date of some records is not known to the day."""
    latest = knowledge.latest_days
    return not all(latest.isdisjoint(record) for record in records.values())


def terms_of(knowledge: Knowledge, classifier: Classifier) -> Terms:
    """Return what the ontology says of concepts."""
    classes: dict[str, list[str]] = {}
    for concept, cls in classifier.known.pairs(RDF.type):
        classes.setdefault(concept.value, []).append(cls.value)
    return Terms(
        incompatible=classifier.coding.incompatible,
        systemic=frozenset(i.value for i in knowledge.instances_of(COV.SystemicTherapy)),
        concepts=classes,
        coding=classifier.coding,
        ends={
            p.value: (declared.ends[0].value, declared.ends[1].value)
            for p, declared in knowledge.dated.items()
            if declared.ends
        },
    )


def barred_by(values: Iterable[Value], incompatible: Incompatible) -> frozenset[str]:
    """Return what cannot be where these values are."""
    found = NOTHING
    for value in values:
        if value in incompatible:
            found = found | incompatible[value] if found else incompatible[value]
    return found


def ends_of(record: Record, p: str, terms: Terms) -> tuple[str, str]:
    """Return the days between which a date of a record lies; empty where nothing bounds it.

    Where the day itself is known the record holds no ends.
    """
    earliest, latest = terms.ends[p]
    if latest in record:
        return day_of(record, earliest), day_of(record, latest)
    day = day_of(record, p)
    return day, day


def session(node: str, record: Record, terms: Terms) -> Session:
    """Lay out an earlier or planned procedure."""
    get, incompatible = record.get, terms.incompatible
    earliest, latest = ends_of(record, PERFORMED_ON, terms)
    until_earliest, until_latest = ends_of(record, RELIEF_LASTED_UNTIL, terms)
    techniques, intents = get(USES_TECHNIQUE, NONE), get(HAS_INTENT, NONE)
    regions, affirmed = get(TREATS_REGION, NONE), get(AFFIRMS, NONE)
    return Session(
        node,
        latest if earliest == latest else "",
        get(TYPE, NONE),
        first(regions),
        get(TREATS_LEVEL, NONE),
        get(ON_SIDE, NONE),
        techniques,
        intents,
        barred_by((*techniques, *intents, *regions, *affirmed), incompatible),
        first(get(RELIEF_PERCENT, NONE)),
        until_latest if until_latest and until_earliest == until_latest else None,
        affirmed,
        get(DENIES, NONE),
        earliest,
        latest,
        until_earliest,
        until_latest,
        MANY in record,
    )


def course(node: str, record: Record, terms: Terms) -> Course:
    """Lay out a course of therapy."""
    get, incompatible, systemic = record.get, terms.incompatible, terms.systemic
    kinds, regions = get(OF_THERAPY, NONE), get(TREATS_REGION, NONE)
    outcomes, lasted = get(HAD_OUTCOME, NONE), day_of(record, LASTED)
    return Course(
        node,
        kinds,
        barred_by(kinds, incompatible),
        any(k in systemic for k in kinds),
        regions,
        course_ends(ends_of(record, STARTED_ON, terms), ends_of(record, ENDED_ON, terms), lasted),
        lasted,
        outcomes,
        barred_by(outcomes, incompatible),
        get(AFFIRMS, NONE),
        get(DENIES, NONE),
        MANY in record,
    )


def records_of(triples: Triples) -> dict[str, Record]:
    """Return every node's record."""
    records: dict[str, dict[str, dict[Value, None]]] = {}
    for s, p, o in triples:
        values = records.setdefault(s.value, {}).setdefault(p.value, {})
        values[value_of(o)] = None
    return {s: {p: tuple(o) for p, o in record.items()} for s, record in records.items()}


def without_plain_ends(records: dict[str, Record], terms: Terms) -> dict[str, Record]:
    """Return records that hold the ends of a date only where they are not the day itself."""
    for node, record in records.items():
        needless = {
            end
            for p, ends in terms.ends.items()
            if p in record and all(record.get(end) == record[p] for end in ends)
            for end in ends
        }
        if needless:
            records[node] = {p: values for p, values in record.items() if p not in needless}
    return records


def facts_of(request: NamedNode, stated: Triples, triples: Triples, terms: Terms) -> Facts:
    """Lay out a request that was classified and derived triple by triple.

    Parameters
    ----------
    stated, triples : Triples
        The request as its caller states it, and with all that follows.
    """
    records = without_plain_ends(records_of(triples), terms)
    own = records[request.value]
    # The gate lets no request pass without either; without it nothing is met.
    patient, procedure = (str(first(own.get(p, NONE))) for p in (HAS_PATIENT, REQUESTS_PROCEDURE))
    found = laid_out(request.value, patient, procedure, records, records_of(stated), terms)
    links = (COV.mergedInto, COV.perhapsMergedInto)
    merged, perhaps = ({s.value: o.value for s, o in triples.pairs(p)} for p in links)
    sure, possible = (own.get(p.value, NONE) for p in (COV.inEpisode, COV.perhapsInEpisode))
    found.view = View(sure, possible, merged, perhaps)
    return found


def laid_out(
    request: str,
    patient: str,
    procedure: str,
    records: Mapping[str, Record],
    stated: Mapping[str, Said],
    terms: Terms,
    defaults: Defaults | None = None,
) -> Facts:
    """Lay out records, the pain that the request concerns among them.

    Parameters
    ----------
    defaults : mapping or None
        What is read of procedures by default, where that is known already.
    """
    own = records[request]
    of_patient, of_procedure = records.get(patient, {}), records.get(procedure, {})
    (day,) = own[DATE_OF_SERVICE]
    assert isinstance(day, str)
    pains = [records[p] for p in own.get(CONCERNS_PAIN, NONE)]  # type: ignore[index]
    if defaults is None:
        nodes = (procedure, *of_patient.get(UNDERWENT, NONE), *own.get(ALSO_PLANNED, NONE))
        defaults = defaults_in(stated, map(str, nodes), terms.coding)
    return Facts(
        iri=request,
        patient_iri=patient,
        procedure_iri=procedure,
        day=day,
        records=records,
        stated=stated,
        concepts=terms.concepts,
        types=own.get(TYPE, NONE),
        procedure_types=of_procedure.get(TYPE, NONE),
        patient=of_patient,
        procedure=of_procedure,
        pain=pains[0] if len(pains) == 1 else together(pains),
        region=first(of_procedure.get(TREATS_REGION, NONE)),
        levels=of_procedure.get(TREATS_LEVEL, NONE),
        earlier=[
            session(n, records[n], terms)  # type: ignore[arg-type,index]
            for n in of_patient.get(UNDERWENT, NONE)
        ],
        courses=[
            course(n, records[n], terms)  # type: ignore[arg-type,index]
            for n in of_patient.get(HAD_THERAPY, NONE)
        ],
        planned=[
            session(n, records[n], terms)  # type: ignore[arg-type,index]
            for n in own.get(ALSO_PLANNED, NONE)
        ],
        defaults=defaults,
        silent_on=own.get(SILENT_ON, NONE),
    )


def together(records: list[Record]) -> Record:
    """Return what several records state between them."""
    found: dict[str, dict[Value, None]] = {}
    for record in records:
        for p, values in record.items():
            found.setdefault(p, {}).update(dict.fromkeys(values))
    return {p: tuple(values) for p, values in found.items()}
