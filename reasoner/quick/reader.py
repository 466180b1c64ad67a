"""Reads a plain request in one pass over its statements."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from .. import codes
from ..classify import Classifier
from ..errors import InputError
from ..facts import (
    CONCERNS_PAIN,
    HAS_PAIN,
    HAS_PATIENT,
    IN_REGION,
    NONE,
    REQUESTS_PROCEDURE,
    TREATS_REGION,
    TYPE,
    Terms,
    laid_out,
)
from ..formats import DEEPEST, LARGEST, TURTLE, document
from ..gate import Request, Stated
from ..knowledge import Knowledge
from ..namespaces import COV, REQUESTS, XSD
from ..records import UNNAMED, record_classes
from ..triples import Triples
from ..values import day_in
from ..wellformed import COMMENTS
from .refusals import Refusals
from .tables import Closure, Found, Joint, Spec, Takes, record_links, spec_of
from .values import Unsure, number_of, refuse_name

Raw = dict[str, dict[str, list[str | Literal]]]

N_TRIPLES = "application/n-triples"
REQUEST = COV.CoverageRequest.value
DAY = XSD.date
HAS_DIAGNOSIS = COV.hasDiagnosis.value
COMMENT_IRIS = frozenset(p.value for p in COMMENTS)
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
        self.specs = {
            role.value: {
                p.value: spec_of(d, role, knowledge, records)
                for p, d in knowledge.properties.items()
                if role in d.stated_of
            }
            for role in records
        }
        self.required = {
            role: [p for p, spec in specs.items() if spec.required]
            for role, specs in self.specs.items()
        }
        self.joint = Joint.of(classifier.rules, record_links(knowledge, records))
        self._classes: dict[str, Closure] = {}
        self._role_types = {role: self._of_class(role) for role in self.specs}
        self.refusals = Refusals(knowledge, terms.incompatible, self.specs)

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
        raw: Raw = {}
        for t in self._triples(data, name, media_type):
            s, term = t.subject, t.object
            if not isinstance(s, NamedNode) or not isinstance(term, NamedNode | Literal):
                raise Unsure
            o = term.value if isinstance(term, NamedNode) else term
            node, p = s.value, t.predicate.value
            record = raw.get(node)
            if record is None:
                raw[node] = {p: [o]}
            elif p in record:
                record[p].append(o)
            else:
                record[p] = [o]
        requests = [s for s, r in raw.items() if REQUEST in r.get(TYPE, NONE)]
        if len(requests) != 1:
            raise Unsure
        return self._request(requests[0], raw, name, form)

    def _triples(self, data: bytes, name: str, media_type: str | None) -> Iterable[Triple]:
        """Return the triples of plain Turtle, or of N-Triples, which read quicker as such."""
        if media_type == N_TRIPLES:
            if len(data) > LARGEST or b"<<" in data:
                raise Unsure
            return parse(input=data, format=RdfFormat.N_TRIPLES)
        text, kind = document(data, name, media_type)
        if kind != TURTLE or "{" in text or "<<" in text:
            raise Unsure
        if ("[" in text or "(" in text) and text.count("[") + text.count("(") > DEEPEST:
            raise Unsure
        return parse(text, format=RdfFormat.TURTLE, base_iri=REQUESTS)

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
        self.refusals.refuse(own, records, roles, days)
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
        stated: dict[str, list[str | Literal]],
        roles: dict[str, str],
        queue: list[str],
        days: list[str],
    ) -> Found:
        """Return a record with all that follows from each of its statements."""
        role = roles[node]
        refuse_name(node)
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
                    closure = closures.get(v)  # type: ignore[arg-type]
                    if closure is None:
                        closure = self._met(spec, v)
                    for q, more in closure:
                        if q in found:
                            found[q].update(more)
                        else:
                            found[q] = more.copy()
                continue
            there = found.setdefault(p, {})
            for v in values:
                if takes is RECORD:
                    if not isinstance(v, str) or v in roles:
                        raise Unsure
                    roles[v] = spec.role
                    queue.append(v)
                    there[v] = None
                elif isinstance(v, str):
                    raise Unsure
                elif takes is NUMBER:
                    there[number_of(v, spec)] = None
                elif v.datatype != DAY or day_in(v.value) is None:
                    raise Unsure
                else:
                    days.append(v.value)
                    there[v.value] = None
        for p in self.required[role]:
            if p not in found:
                raise Unsure
        self._narrow(found)
        return found

    def _refuse_unread(self, p: str, values: list[str | Literal], role: str) -> None:
        """Refuse what is neither the record's type nor a comment on it."""
        if p == TYPE and all(v == role for v in values):
            return
        if p not in COMMENT_IRIS or any(v.__class__ is not Literal for v in values):
            raise Unsure

    def _met(self, spec: Spec, concept: str | Literal) -> Closure:
        """Return what follows from a concept that was not met before."""
        if isinstance(concept, Literal):
            raise Unsure
        if concept in spec.among:
            made = spec.closures[concept] = self._closure(spec.iri, concept)
            return made
        # There are too many of these to keep, and nothing follows from them.
        if spec.iri == HAS_DIAGNOSIS and codes.is_untabled(NamedNode(concept), self.knowledge):
            return ((spec.iri, {concept: None}),)
        raise Unsure

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
