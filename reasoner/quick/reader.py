"""Reads a plain request in one pass over its statements."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from pyoxigraph import NamedNode, RdfFormat

from ..errors import InputError
from ..facts.classify import Classifier
from ..facts.defaults import Default, defaults_of
from ..facts.following import Following
from ..facts.layout import Terms, laid_out
from ..facts.prepared import Prepared
from ..facts.purpose import may_be_for, meant_for
from ..formats import N_TRIPLES, TURTLE
from ..knowledge import codes
from ..knowledge.base import Knowledge
from ..namespaces import COV
from ..plain import (
    AFFIRMS,
    CONCERNS_PAIN,
    DATE_OF_SERVICE,
    DENIES,
    EARLIER_PROCEDURES,
    HAS_PAIN,
    HAS_PATIENT,
    IN_REGION,
    IS_FOR,
    IS_MEANT_FOR,
    MAY_BE_FOR,
    NONE,
    REQUESTS_PROCEDURE,
    SILENT_ON,
    TREATS_REGION,
    TYPE,
    Statements,
    Value,
    day_of,
)
from ..request.formats import LARGEST, document
from ..request.gate import Request
from ..request.stated import Stated
from ..request.values import day_in
from ..triples import Term
from .closures import Closures
from .plain_json import JsonReader
from .rdf import RdfReader
from .refusals import Refusals
from .tables import (
    HAS_DIAGNOSIS,
    Closure,
    Found,
    Joint,
    Kept,
    Role,
    Spec,
    Takes,
    record_links,
    role_of,
)
from .written import Unsure, named, refuse_name

REQUEST, BIRTH_DATE = COV.CoverageRequest.value, COV.birthDate.value
SILENT: Kept = {EARLIER_PROCEDURES: None}
ASKED = (HAS_PATIENT, REQUESTS_PROCEDURE, DATE_OF_SERVICE)
DIAGNOSIS_CODE = COV.DiagnosisCode.value
OPPOSITE = {AFFIRMS: DENIES, DENIES: AFFIRMS}
CONCEPT, NUMBER, RECORD = Takes.CONCEPT, Takes.NUMBER, Takes.RECORD


class QuickReader:
    """Reads plain requests; keeps tables of the vocabulary and nothing of a request.

    Parameters
    ----------
    knowledge, classifier, following, terms
        What gate, classification and laying out work by.
    """

    def __init__(
        self, knowledge: Knowledge, classifier: Classifier, following: Following, terms: Terms
    ) -> None:
        self.knowledge, self.classifier, self.terms = knowledge, classifier, terms
        self.following = following
        self.everywhere = frozenset(c.value for c in knowledge.concerned_everywhere)
        self.care: dict[Value, list[str]] = {
            region.value: [o.value for o in of] for region, of in knowledge.care.items()
        }
        records = knowledge.record_classes
        self.refusals = Refusals(knowledge, terms.incompatible)
        self.closures = Closures(classifier)
        joint = Joint.of(classifier.rules, record_links(knowledge, records))
        self.narrower = self.closures.narrower(joint)
        # From a class of procedures to the classes of a request for one.
        self.requested = {cls: self.closures.types(of) for cls, of in joint.requests.items()}
        self.meant = plain_table(knowledge.meant)
        self.nameless = frozenset(p.value for p in knowledge.nameless)
        self.narrower_purposes = plain_table(
            {p: knowledge.narrower.get(p, ()) for p in knowledge.instances_of(COV.TreatmentPurpose)}
        )
        self.roles = {
            role.value: role_of(role, self.closures.types([role.value]), knowledge, records)
            for role in records
        }
        specs = [(p, s) for role in self.roles.values() for p, s in role.specs.items()]
        known = [(p, c) for p, spec in specs for c in spec.among]
        types = [(TYPE, role) for role in self.roles]
        self.rdf = RdfReader([*known, *types], [p for p, _ in specs])
        self.json = JsonReader(self.roles, knowledge)

    def read(self, data: bytes, name: str, media_type: str | None) -> Prepared | None:
        """Return a request ready to be judged, or None where the long way has to look."""
        try:
            return self._prepared(*named(self._stated(data, name, media_type)), name)
        except (
            Unsure,
            InputError,
            SyntaxError,
            ValueError,
            LookupError,
            TypeError,
            RecursionError,
        ):
            return None

    def _stated(self, data: bytes, name: str, media_type: str | None) -> Statements:
        """Return what plain text states; that it is N-Triples it need not tell."""
        if media_type == N_TRIPLES.media_type:
            if len(data) > LARGEST:
                raise Unsure
            return self.rdf.statements(data.decode(), RdfFormat.N_TRIPLES)
        text, kind = document(data, name, media_type)
        if kind == TURTLE.read_as:
            return self.rdf.statements(text, RdfFormat.TURTLE)
        return self.json.statements(text)

    def _prepared(self, raw: Statements, made: Collection[str], name: str) -> Prepared:
        """Return a request, from what is stated to facts.

        Parameters
        ----------
        made : collection of str
            The names that unnamed nodes were given.
        """
        for record in raw.values():
            if HAS_DIAGNOSIS in record:
                record[HAS_DIAGNOSIS] = self._spelled(record[HAS_DIAGNOSIS])
        (iri,) = [s for s, r in raw.items() if TYPE in r and REQUEST in r[TYPE]]
        roles = {iri: self.roles[REQUEST]}
        records: dict[str, Found] = {}
        days: list[str] = []
        defaults: dict[str, tuple[Default, ...]] = {}
        # A link adds the record it leads to, which is looked at in its turn.
        for node in (queue := [iri]):
            if node not in made:
                refuse_name(node)
            records[node] = self._record(node, raw.get(node, {}), roles, queue, days, defaults)
        own = records[iri]
        (patient,), (procedure,), (day,) = (own[p] for p in ASKED)
        assert isinstance(patient, str) and isinstance(procedure, str) and isinstance(day, str)
        if max(days) > day or not raw.keys() <= records.keys():
            raise Unsure
        of_patient, of_procedure = records[patient], records[procedure]
        if (born := day_of(of_patient, BIRTH_DATE)) and min(days) < born:
            raise Unsure
        self.refusals.refuse_together(of_patient, records, day)
        self._join(own, of_procedure)
        pains = [records[str(p)] for p in of_patient.get(HAS_PAIN, NONE)]
        self.refusals.refuse_onsets(of_procedure, pains, day)
        purposes = of_procedure.get(IS_FOR, {})
        if perhaps := may_be_for(purposes, self.narrower_purposes):
            of_procedure[MAY_BE_FOR] = dict.fromkeys(perhaps)
        if meant := meant_for(of_procedure[TYPE], self.meant, purposes, self.nameless):
            of_procedure[IS_MEANT_FOR] = dict.fromkeys(meant)
        regions = of_procedure.get(TREATS_REGION, NONE)
        own[SILENT_ON] = SILENT
        everywhere = not self.everywhere.isdisjoint(of_procedure[TYPE])
        at = {pain: records[str(pain)][IN_REGION] for pain in of_patient.get(HAS_PAIN, NONE)}
        # Pain elsewhere counts where there is none in the region treated.
        concerned = (
            at
            if everywhere
            else among(at, regions) or among(at, [r for of in regions for r in self.care[of]])
        )
        if concerned:
            own[CONCERNS_PAIN] = dict.fromkeys(concerned)
        for node, says, fact, _ in self.following.follow(
            records, [(n, role.iri) for n, role in roles.items()], day
        ):
            found = records[node]
            if fact in found.get(OPPOSITE.get(says, ""), NONE):
                raise Unsure
            # What the tables keep is not changed.
            found[says] = {**found.get(says, {}), fact: None}
        facts = laid_out(iri, patient, procedure, records, raw, self.terms, defaults)
        nodes = NamedNode(iri), NamedNode(patient), NamedNode(procedure)
        classes = {n: role.iri for n, role in roles.items()}
        for found in records.values():
            for code in found.get(HAS_DIAGNOSIS, NONE):
                if code not in self.terms.concepts:
                    classes[str(code)] = DIAGNOSIS_CODE
        request = Request(*nodes, date.fromisoformat(day), name, Stated(raw, classes))
        return Prepared(request, facts, self.classifier, self.following)

    def _record(
        self,
        node: str,
        stated: dict[str, dict[Value, None]],
        roles: dict[str, Role],
        queue: list[str],
        days: list[str],
        defaults: dict[str, tuple[Default, ...]],
    ) -> Found:
        """Return a record with all that follows from each of its statements."""
        role = roles[node]
        specs = role.specs
        if role.required and not role.required <= stated.keys():
            raise Unsure
        found: Found = {}
        own_days: dict[str, str] = {}
        for p, values in stated.items():
            spec = specs.get(p)
            if spec is None:
                if p != TYPE or any(v != role.iri for v in values):
                    raise Unsure
                continue
            if len(values) > spec.most:
                raise Unsure
            takes = spec.takes
            if takes is CONCEPT:
                closures = spec.closures
                for v in values:
                    for q, more in closures.get(v) or self._met(role, spec, v):
                        there = found.get(q)
                        if there is None:
                            found[q] = more
                        # What is the same in the tables is one object there.
                        elif there is not more:
                            found[q] = self._both(q, there, more)
                continue
            for v in values:
                if takes is NUMBER:
                    if isinstance(v, str) or not spec.lowest <= v <= spec.highest:
                        raise Unsure
                elif not isinstance(v, str):
                    raise Unsure
                elif takes is RECORD:
                    if v in roles:
                        raise Unsure
                    roles[v] = self.roles[spec.leads_to]
                    queue.append(v)
                elif day_in(v) is None:
                    raise Unsure
                else:
                    own_days[p] = v
            found[p] = values
        if role.is_procedure and (more_read := defaults_of(stated, self.terms.coding)):
            defaults[node] = more_read
            for p, value, _ in more_read:
                for q, more in self.closures.of_statement(p, value):
                    found[q] = self._both(q, found[q], more) if q in found else more
        if TYPE in found:
            self._narrow(found)
        else:
            found[TYPE] = role.types
        self.refusals.refuse_record(role, found, own_days)
        days.extend(own_days.values())
        return found

    def _met(self, role: Role, spec: Spec, concept: Value) -> Closure:
        """Return what defaults from a concept that was not met before."""
        if concept in spec.among:
            found = self.closures.of_role(spec.iri, str(concept), role.types)
            for q, values in found:
                self.refusals.refuse_both(q, values, values)
            spec.closures[concept] = found
            return found
        # There are too many of these to keep, and nothing defaults from them.
        if spec.iri != HAS_DIAGNOSIS or not isinstance(concept, str):
            raise Unsure
        if not codes.is_untabled(NamedNode(concept), self.knowledge):
            raise Unsure
        return ((spec.iri, {concept: None}),)

    def _spelled(self, diagnoses: Iterable[Value]) -> dict[Value, None]:
        """Return diagnosis codes with their dots, as the gate does."""
        concepts = self.terms.concepts
        return {
            v if v in concepts else codes.canonical(NamedNode(str(v))).value: None
            for v in diagnoses
        }

    def _narrow(self, found: Found) -> None:
        """Add the classes that need a class and a value at once."""
        types = found[TYPE]
        for p, by_value in self.narrower:
            for value in found.get(p, NONE):
                for cls, narrower, adds in by_value.get(value, ()):
                    if cls in types and narrower not in types:
                        types = {**types, **adds}
        found[TYPE] = types

    def _both(self, p: str, values: Kept, more: Kept) -> Kept:
        """Return the values that two statements give; what the tables keep is not changed."""
        self.refusals.refuse_both(p, values, more)
        return {**values, **more}

    def _join(self, own: Found, procedure: Found) -> None:
        """Add the classes that a request has from what it requests."""
        types = dict(own[TYPE])
        for cls in procedure[TYPE]:
            if cls in self.requested:
                types.update(self.requested[cls])
        own[TYPE] = types


def among(pains: Mapping[Value, Kept], regions: Collection[Value]) -> list[Value]:
    """Return the pains in any of some regions."""
    return [pain for pain, at in pains.items() if not at.keys().isdisjoint(regions)]


def plain_table(of: Mapping[Term, Iterable[Term]]) -> dict[Value, frozenset[Value]]:
    """Return a table of terms with their plain values."""
    return {key.value: frozenset(v.value for v in values) for key, values in of.items()}
