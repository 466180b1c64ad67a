"""What the short way in works by: tables made from declarations and axioms.

Whatever follows from one statement is looked up; what takes two statements, or two records,
is in a few rules beside. An axiom that neither can say is refused here, and then nothing
goes the short way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from math import inf
from sys import maxsize
from typing import TypeAlias

from pyoxigraph import NamedNode

from ..knowledge.axioms import Atom, Rule
from ..knowledge.base import Knowledge, Property
from ..namespaces import COV, RDF, XSD
from ..plain import Value
from ..request.coherence import ORDERED, PROCEDURES

HAS_DIAGNOSIS = COV.hasDiagnosis.value

# Values in their order. Requests share those of the tables, so nobody may change any.
Kept: TypeAlias = Mapping[Value, None]
Found: TypeAlias = dict[str, Kept]
# What follows from one statement: more values, by property.
Closure: TypeAlias = tuple[tuple[str, Kept], ...]


class Takes(Enum):
    """What a property takes."""

    CONCEPT = "a concept"
    DAY = "a day"
    NUMBER = "a number"
    RECORD = "a record"


# Of two days on one record the long way says what is wrong. What follows from concepts is put
# together one by one, which is quick for as many as anybody states.
MOST = {Takes.CONCEPT: 100, Takes.DAY: 1, Takes.NUMBER: maxsize, Takes.RECORD: maxsize}


@dataclass(frozen=True, slots=True)
class Spec:
    """What the ontology declares of one property of one class of record.

    Parameters
    ----------
    most : int
        How many values of it a plain record has at most.
    leads_to : str
        The class of the record it leads to, if it leads to one.
    among : frozenset of str
        The concepts it takes, if it takes concepts.
    closures : dict
        Cache: what follows from each concept seen so far.
    """

    iri: str
    takes: Takes
    most: int
    leads_to: str
    among: frozenset[str]
    lowest: float
    highest: float
    closures: dict[Value, Closure]


@dataclass(frozen=True, slots=True)
class Role:
    """A class of record.

    Parameters
    ----------
    specs : dict
        From each property that it may state to what is declared of it.
    required : frozenset of str
        The properties that it must state.
    ordered : tuple of (str, str)
        Two properties that take a day, the earlier first.
    types : mapping
        The classes of any such record.
    """

    iri: str
    specs: dict[str, Spec]
    required: frozenset[str]
    ordered: tuple[tuple[str, str], ...]
    is_procedure: bool
    types: Kept


@dataclass(frozen=True)
class Joint:
    """The rules that need more than one statement of a request.

    Parameters
    ----------
    narrower : dict
        From a class to (property, value, class): what is of the first and has the value is
        of the second too.
    requests : dict
        From a class of procedures to the classes of a request for one.
    """

    narrower: dict[Value, list[tuple[str, str, str]]]
    requests: dict[Value, list[str]]

    @classmethod
    def of(cls, rules: Iterable[Rule], links: dict[NamedNode, NamedNode]) -> Joint:
        """Sort out the rules; those that look at one statement are in the closures.

        Parameters
        ----------
        links : dict
            From each property that leads to a record to the class of that record.

        Raises
        ------
        ValueError
            When a rule joins records in a way that this reader does not follow.
        """
        narrower: dict[Value, list[tuple[str, str, str]]] = {}
        requests: dict[Value, list[str]] = {}
        for rule in rules:
            to_records = [a for a in rule.body if a.link in links]
            if len(rule.body) == 1:
                atom = rule.body[0]
                if to_records and rule.head != Atom(1, RDF.type, links[atom.link]):
                    raise ValueError("a rule says more of a record than its role")
                continue
            typed = [a for a in rule.body if a.subject == 0 and a.link == RDF.type]
            if not to_records and not typed:
                continue
            others = [a for a in rule.body if a not in typed and a not in to_records]
            heads_type = rule.head.subject == 0 and rule.head.link == RDF.type
            if heads_type and to_records and _asks_request(rule):
                (of,) = [a.object for a in others]
                assert isinstance(of, NamedNode) and isinstance(rule.head.object, NamedNode)
                requests.setdefault(of.value, []).append(rule.head.object.value)
            elif heads_type and not to_records and len(typed) == 1 and len(others) == 1:
                (class_,), (link,) = typed, others
                assert isinstance(class_.object, NamedNode)
                if not isinstance(link.object, NamedNode) or link.subject != 0:
                    raise ValueError("a rule asks for more than a class and a value")
                assert isinstance(rule.head.object, NamedNode)
                narrower.setdefault(class_.object.value, []).append(
                    (link.link.value, link.object.value, rule.head.object.value)
                )
            else:
                raise ValueError("a rule joins records in another way")
        return cls(narrower, requests)


def _asks_request(rule: Rule) -> bool:
    """Return whether a rule is: a request for a procedure of a class is of a class of requests."""
    links = [a for a in rule.body if a.link == COV.requestsProcedure]
    own = [a for a in rule.body if a.subject == 0 and a.link == RDF.type]
    return (
        len(rule.body) == 3
        and len(links) == 1
        and len(own) == 1
        and own[0].object == COV.CoverageRequest
    )


def record_links(knowledge: Knowledge, records: frozenset[NamedNode]) -> dict[NamedNode, NamedNode]:
    found = knowledge.properties.items()
    return {p: d.takes for p, d in found if d.takes is not None and d.takes in records}


def role_of(
    cls: NamedNode, types: Kept, knowledge: Knowledge, records: frozenset[NamedNode]
) -> Role:
    # Lengths of time are rare, and left to the long way.
    stated = {
        p: d
        for p, d in knowledge.properties.items()
        if cls in d.stated_of and d.value_type != XSD.duration
    }
    plain = {p: d for p, d in stated.items() if is_plain(d, knowledge, records)}
    # What dates every such record leaves, unstated, more open than a plain record is.
    dates = frozenset(p.value for p, d in stated.items() if d.dates_every == cls)
    return Role(
        iri=cls.value,
        specs={p.value: spec_of(d, cls, knowledge, records) for p, d in plain.items()},
        required=frozenset(p.value for p, d in stated.items() if cls in d.required_of) | dates,
        ordered=tuple((a.value, b.value) for a, b in ORDERED if a in stated and b in stated),
        is_procedure=cls in PROCEDURES,
        types=types,
    )


def is_plain(declared: Property, knowledge: Knowledge, records: frozenset[NamedNode]) -> bool:
    """Return whether nothing follows from a property that takes more than looking it up."""
    if declared.years_since is not None:
        return False
    return declared.takes not in records or not knowledge.instances_of(declared.takes)


def spec_of(
    declared: Property, role: NamedNode, knowledge: Knowledge, records: frozenset[NamedNode]
) -> Spec:
    takes = declared.takes
    is_record = takes in records
    values: list[NamedNode] = []
    if takes is not None and not is_record:
        values = knowledge.instances_of(takes)
        if takes == COV.NamedFact:
            values = [f for f in values if knowledge.facts[f].stated_of == role]
        values = [v for v in values if knowledge.triples.value(v, COV.replacedBy) is None]
    takes_ = Takes.CONCEPT
    if is_record:
        takes_ = Takes.RECORD
    elif declared.value_type is not None:
        takes_ = Takes.NUMBER if declared.value_type == XSD.decimal else Takes.DAY
    return Spec(
        iri=declared.iri.value,
        takes=takes_,
        most=1 if declared.single else MOST[takes_],
        leads_to=takes.value if takes is not None and is_record else "",
        among=frozenset(v.value for v in values),
        lowest=-inf if declared.lowest is None else declared.lowest,
        highest=inf if declared.highest is None else declared.highest,
        closures={},
    )
