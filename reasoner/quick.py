"""The short way in: a plain request, from bytes to laid-out facts in one pass.

Nearly every request is made of named records in plain Turtle, with nothing wrong in it. What
is sure to be one is read here, against tables made from the same declarations and axioms
that gate and classifier work by. Anything else gets no answer here and goes the long way,
which alone refuses: so a message, and every doubtful case, comes from one place.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from math import inf

from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from . import codes
from .axioms import Atom, Rule
from .classify import Classifier
from .coherence import ORDERED, PROCEDURES
from .errors import InputError
from .facts import (
    AFFIRMS,
    CONCERNS_PAIN,
    DATE_OF_SERVICE,
    DENIES,
    HAD_THERAPY,
    HAS_CODE,
    HAS_KIND,
    HAS_PAIN,
    HAS_PATIENT,
    IN_REGION,
    NONE,
    OF_THERAPY,
    REQUESTS_PROCEDURE,
    TREATS_REGION,
    TYPE,
    Record,
    Terms,
    Value,
    first,
    laid_out,
)
from .formats import DEEPEST, TURTLE, document
from .gate import Request, Stated
from .knowledge import Knowledge, Property, is_true
from .namespaces import COV, RDF, REQUESTS, XSD
from .records import UNNAMED, record_classes
from .triples import Triples
from .values import YEARS
from .wellformed import COMMENTS, OURS, SCHEMES

Raw = dict[str, dict[str, list[NamedNode | Literal]]]
Found = dict[str, dict[Value, None]]
# What follows from one statement: more values, by property.
Closure = tuple[tuple[str, dict[Value, None]], ...]

REQUEST_CLASS = COV.CoverageRequest
REQUEST = REQUEST_CLASS.value
DAY, WHOLE, DECIMAL = XSD.date, XSD.integer, XSD.decimal
HAS_DIAGNOSIS = COV.hasDiagnosis.value
COMMENT_IRIS = frozenset(p.value for p in COMMENTS)
PROCEDURE_ROLES = frozenset(r.value for r in PROCEDURES)
EARLIER = COV.EarlierProcedure.value
ORDERED_IRIS = tuple((a.value, b.value) for a, b in ORDERED)
_WHOLE = re.compile(r"[0-9]{1,17}")
_PLAIN = re.compile(r"[0-9]{1,9}\.[0-9]{1,8}")


class Unsure(Exception):
    """The request is not plain; it is for the long way to say what it is."""


class Takes(Enum):
    """What a property takes."""

    CONCEPT = "a concept"
    DAY = "a day"
    NUMBER = "a number"
    RECORD = "a record"


@dataclass(frozen=True, slots=True)
class Spec:
    """What the ontology declares of one property of one class of record.

    Parameters
    ----------
    role : str
        The class of the record it leads to, if it leads to one.
    among : frozenset of str
        The concepts it takes, if it takes concepts.
    closures : dict
        From each concept that was met to what follows from it; filled as they are met.
    """

    iri: str
    takes: Takes
    single: bool
    required: bool
    role: str
    among: frozenset[str]
    lowest: float
    highest: float
    closures: dict[str, Closure]


CONCEPT, NUMBER, RECORD = Takes.CONCEPT, Takes.NUMBER, Takes.RECORD


class QuickReader:
    """Reads plain requests; keeps tables of the vocabulary and nothing of a request.

    Parameters
    ----------
    knowledge, classifier, terms
        What gate, classification and laying out work by.
    """

    def __init__(self, knowledge: Knowledge, classifier: Classifier, terms: Terms) -> None:
        self.knowledge, self.classifier, self.terms = knowledge, classifier, terms
        records = record_classes(knowledge)
        self.roles = {role.value: role for role in records}
        self.specs = {
            role.value: {
                p.value: _spec(d, role, knowledge, records)
                for p, d in knowledge.properties.items()
                if role in d.stated_of
            }
            for role in records
        }
        self.required = {
            role: [p for p, spec in specs.items() if spec.required]
            for role, specs in self.specs.items()
        }
        self.joint = Joint.of(classifier.rules, _links(knowledge, records))
        self._classes: dict[str, Closure] = {}
        self._regional: dict[str, bool] = {}
        self._compatible: dict[tuple[str, str], bool] = {}
        self._role_types = {role: self._of_class(role) for role in self.specs}
        self.incompatible = terms.incompatible
        t = knowledge.triples
        self.add_ons: dict[Value, frozenset[str]] = {
            c.value: frozenset(o.value for o in t.objects(c, COV.addOnTo))
            for c in knowledge.instances_of(COV.AddOnCode)
        }
        self.unlisted = frozenset(
            c.value for c in knowledge.instances_of(COV.UnlistedProcedureCode)
        )
        self.groups = frozenset(s.value for s, o in t.pairs(COV.isGroup) if is_true(o))
        self.spans: dict[Value, frozenset[str]] = {
            s.value: frozenset(o.value for o in t.objects(s, COV.spansRegion))
            for s, _ in t.pairs(COV.spansRegion)
        }

    def read(
        self,
        data: bytes,
        name: str,
        media_type: str | None,
        form: Callable[[], Stated],
    ) -> Request | None:
        """Return a request with its facts, or None where the long way has to look.

        Parameters
        ----------
        form : callable
            What brings the request to its one form, should anybody ask.
        """
        try:
            return self._read(data, name, media_type, form)
        except (Unsure, InputError, SyntaxError, ValueError):
            return None

    def _read(
        self, data: bytes, name: str, media_type: str | None, form: Callable[[], Stated]
    ) -> Request:
        text, kind = document(data, name, media_type)
        nested = text.count("[") + text.count("(")
        if kind != TURTLE or "<<" in text or "{" in text or nested > DEEPEST:
            raise Unsure
        raw: Raw = {}
        for t in parse(text, format=RdfFormat.TURTLE, base_iri=REQUESTS):
            s, o = t.subject, t.object
            if s.__class__ is not NamedNode or (
                o.__class__ is not NamedNode and o.__class__ is not Literal
            ):
                raise Unsure
            record = raw.get(s.value)
            if record is None:
                record = raw[s.value] = {}
            p = t.predicate.value
            if p in record:
                record[p].append(o)
            else:
                record[p] = [o]
        requests = [s for s, r in raw.items() if REQUEST_CLASS in r.get(TYPE, NONE)]
        if len(requests) != 1:
            raise Unsure
        return self._request(requests[0], raw, name, form)

    def _request(self, iri: str, raw: Raw, name: str, form: Callable[[], Stated]) -> Request:
        roles = {iri: REQUEST}
        records: dict[str, Found] = {}
        days: list[str] = []
        # A link adds the record it leads to, which is looked at in its turn.
        for node in (queue := [iri]):
            records[node] = self._record(node, raw.get(node, {}), roles, queue, days)
        if not raw.keys() <= records.keys():
            raise Unsure
        own = records[iri]
        (patient,), (procedure,) = own[HAS_PATIENT], own[REQUESTS_PROCEDURE]
        assert isinstance(patient, str) and isinstance(procedure, str)
        self._join(own, records[procedure])
        self._refuse(own, records, roles, days)
        regions = records[procedure].get(TREATS_REGION, NONE)
        for pain in records[patient].get(HAS_PAIN, NONE):
            assert isinstance(pain, str)
            if any(r in regions for r in records[pain][IN_REGION]):
                own.setdefault(CONCERNS_PAIN, {})[pain] = None
        facts = laid_out(iri, patient, procedure, records, raw, self.terms)
        nodes = NamedNode(iri), NamedNode(patient), NamedNode(procedure)
        return Request(*nodes, date.fromisoformat(facts.day), name, form, facts)

    def _record(
        self,
        node: str,
        stated: dict[str, list[NamedNode | Literal]],
        roles: dict[str, str],
        queue: list[str],
        days: list[str],
    ) -> Found:
        """Return a record with all that follows from each of its statements."""
        role = roles[node]
        _refuse_name(node)
        specs = self.specs[role]
        found: Found = {p: dict(values) for p, values in self._role_types[role]}
        for p, values in stated.items():
            spec = specs.get(p)
            if spec is None:
                self._refuse_unread(p, values, role)
                continue
            if spec.single and len(values) != 1:
                raise Unsure
            takes = spec.takes
            if takes is CONCEPT:
                closures = spec.closures
                for v in values:
                    closure = closures.get(v.value)
                    if closure is None or v.__class__ is not NamedNode:
                        closure = self._met(spec, v)
                    for q, more in closure:
                        if q in found:
                            found[q].update(more)
                        else:
                            found[q] = more.copy()
                continue
            there = found.setdefault(p, {})
            for v in values:
                o = v.value
                if takes is RECORD:
                    if o in roles or v.__class__ is not NamedNode:
                        raise Unsure
                    roles[o] = spec.role
                    queue.append(o)
                    there[o] = None
                elif v.__class__ is not Literal:
                    raise Unsure
                elif takes is NUMBER:
                    there[_number(v, spec)] = None
                elif v.datatype != DAY or not _is_day(o):
                    raise Unsure
                else:
                    days.append(o)
                    there[o] = None
        for p in self.required[role]:
            if p not in found:
                raise Unsure
        self._narrow(found)
        return found

    def _refuse_unread(self, p: str, values: list[NamedNode | Literal], role: str) -> None:
        """Refuse what is neither the record's type nor a comment on it."""
        if p == TYPE and all(v == self.roles[role] for v in values):
            return
        if p not in COMMENT_IRIS or any(v.__class__ is not Literal for v in values):
            raise Unsure

    def _met(self, spec: Spec, concept: NamedNode | Literal) -> Closure:
        """Return what follows from a concept that was not met before."""
        if concept.__class__ is not NamedNode:
            raise Unsure
        o = concept.value
        if o in spec.among:
            made = spec.closures[o] = self._closure(spec.iri, o)
            return made
        # There are too many of these to keep, and nothing follows from them.
        if spec.iri == HAS_DIAGNOSIS and codes.is_untabled(concept, self.knowledge):
            return ((spec.iri, {o: None}),)
        raise Unsure

    def _needs_region(self, meaning: str) -> bool:
        if meaning not in self._regional:
            self._regional[meaning] = codes.needs_region(NamedNode(meaning), self.knowledge)
        return self._regional[meaning]

    def _one_procedure(self, code: str, kind: str) -> bool:
        """Say whether a code and a kind can be of one procedure."""
        pair = code, kind
        if pair not in self._compatible:
            a, b = (codes.families(NamedNode(term), self.knowledge) for term in pair)
            self._compatible[pair] = not a or not b or bool(a & b)
        return self._compatible[pair]

    def _closure(self, p: str, o: str) -> Closure:
        """Return all that follows from one statement of any record, itself included."""
        node = NamedNode(UNNAMED + "any")
        classified = self.classifier.classify(Triples([(node, NamedNode(p), NamedNode(o))]))
        return tuple(
            (q.value, {v.value: None for v in values})
            for q, values in classified.predicates(node).items()
        )

    def _of_class(self, cls: str) -> Closure:
        """Return all that follows from a class."""
        if cls not in self._classes:
            self._classes[cls] = self._closure(TYPE, cls)
        return self._classes[cls]

    def _narrow(self, found: Found) -> None:
        """Add the classes that need a class and a value at once, until nothing is new."""
        types = found[TYPE]
        if self.joint.narrower.keys().isdisjoint(types):
            return
        queue = list(types)
        for cls in queue:
            for p, value, more in self.joint.narrower.get(cls, ()):
                if more not in types and value in found.get(p, NONE):
                    for q, values in self._of_class(more):
                        if q == TYPE:
                            queue += [v for v in values if v not in types]
                        found.setdefault(q, {}).update(values)

    def _join(self, own: Found, procedure: Found) -> None:
        """Add the classes that a request has from what it requests."""
        for cls in procedure.get(TYPE, NONE):
            for more in self.joint.requests.get(cls, ()):
                for q, values in self._of_class(more):
                    own.setdefault(q, {}).update(values)

    # --- what the long way might refuse ----------------------------------------------------

    def _refuse(
        self, own: Found, records: dict[str, Found], roles: dict[str, str], days: list[str]
    ) -> None:
        service = str(first(own[DATE_OF_SERVICE]))
        if max(days) > service:
            raise Unsure
        pains: set[Value] = set()
        for node, found in records.items():
            role = roles[node]
            denied = found.get(DENIES)
            affirmed = found.get(AFFIRMS)
            if denied and affirmed and not denied.keys().isdisjoint(affirmed):
                raise Unsure
            for p, values in found.items():
                if len(values) > 1 and p not in (AFFIRMS, DENIES, TYPE):
                    for v in values:
                        others = self.incompatible.get(v)
                        if others and not others.isdisjoint(values):
                            raise Unsure
            for start, end in ORDERED_IRIS:
                if (
                    start in found
                    and end in found
                    and str(first(found[end])) < str(first(found[start]))
                ):
                    raise Unsure
            if role in PROCEDURE_ROLES:
                self._refuse_procedure(found, role == EARLIER)
            elif IN_REGION in found:
                if not pains.isdisjoint(found[IN_REGION]):
                    raise Unsure
                pains.update(found[IN_REGION])
        (patient,) = own[HAS_PATIENT]
        history: Record = records[str(patient)]
        denials = history.get(DENIES, NONE)
        for course in history.get(HAD_THERAPY, NONE):
            kinds = records[str(course)][OF_THERAPY]
            # What is stated comes before what follows from it.
            if next(iter(kinds)) in self.groups or any(k in denials for k in kinds):
                raise Unsure

    def _refuse_procedure(self, found: Found, earlier: bool) -> None:
        means = [v for p in (HAS_CODE, HAS_KIND) for v in found.get(p, NONE)]
        kinds = found.get(HAS_KIND, NONE)
        primary = [c for c in found.get(HAS_CODE, NONE) if c not in self.add_ons]
        for code in found.get(HAS_CODE, NONE):
            goes_with = self.add_ons.get(code)
            if goes_with is not None and goes_with.isdisjoint(primary):
                raise Unsure
        if not means or len(primary) > 1:
            raise Unsure
        for code in primary:
            if not kinds and code in self.unlisted:
                raise Unsure
            if any(not self._one_procedure(str(code), str(kind)) for kind in kinds):
                raise Unsure
        regions = found.get(TREATS_REGION, NONE)
        if len(regions) > 1:
            raise Unsure
        for meaning in means:
            spans = self.spans.get(meaning)
            if spans and any(r not in spans for r in regions):
                raise Unsure
        if earlier and not regions and any(self._needs_region(str(m)) for m in means):
            raise Unsure


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
    def of(cls, rules: tuple[Rule, ...], links: dict[NamedNode, NamedNode]) -> Joint:
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
    """Say whether a rule is: a request for a procedure of a class is of a class of requests."""
    links = [a for a in rule.body if a.link == COV.requestsProcedure]
    own = [a for a in rule.body if a.subject == 0 and a.link == RDF.type]
    return (
        len(rule.body) == 3
        and len(links) == 1
        and len(own) == 1
        and own[0].object == COV.CoverageRequest
    )


def _links(knowledge: Knowledge, records: frozenset[NamedNode]) -> dict[NamedNode, NamedNode]:
    found = knowledge.properties.items()
    return {p: d.takes for p, d in found if d.takes is not None and d.takes in records}


def _spec(
    declared: Property, role: NamedNode, knowledge: Knowledge, records: frozenset[NamedNode]
) -> Spec:
    takes = declared.takes
    is_record = takes in records
    values: list[NamedNode] = []
    if takes is not None and not is_record:
        values = knowledge.instances_of(takes)
        if takes == COV.NamedFact:
            values = [f for f in values if knowledge.facts[f].stated_of == role]
    takes_ = CONCEPT
    if is_record:
        takes_ = RECORD
    elif declared.value_type is not None:
        takes_ = NUMBER if declared.value_type == XSD.decimal else Takes.DAY
    return Spec(
        iri=declared.iri.value,
        takes=takes_,
        single=declared.single,
        required=role in declared.required_of,
        role=takes.value if takes is not None and is_record else "",
        among=frozenset(v.value for v in values),
        lowest=-inf if declared.lowest is None else declared.lowest,
        highest=inf if declared.highest is None else declared.highest,
        closures={},
    )


def _refuse_name(node: str) -> None:
    """Refuse names that the long way looks at closely."""
    if (
        not node.isascii()
        or not node.isprintable()
        or " " in node
        or node.startswith(OURS)
        or node.startswith(UNNAMED)
        or node == REQUESTS
        or not SCHEMES.match(node)
    ):
        raise Unsure


@lru_cache(maxsize=65536)
def _is_day(text: str) -> bool:
    """Say whether a text is a day of the calendar in its strict form."""
    if len(text) != len("2000-01-01") or text[4] != "-" or text[7] != "-" or not text.isascii():
        return False
    return date.fromisoformat(text).year in YEARS


def _number(value: Literal, spec: Spec) -> Value:
    """Return a plain number within its bounds."""
    text = value.value
    number: int | Decimal
    datatype = value.datatype
    if datatype in (WHOLE, DECIMAL):
        if _WHOLE.fullmatch(text):
            number = int(text)
        elif datatype == DECIMAL and _PLAIN.fullmatch(text):
            number = Decimal(text)
            if number == number.to_integral_value():
                number = int(number)
        else:
            raise Unsure
        if spec.lowest <= number <= spec.highest:
            return number
    raise Unsure
