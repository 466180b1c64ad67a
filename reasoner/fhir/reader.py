"""The way in for FHIR: from bytes to requests that can be decided, one for each procedure.

What was taken over and what was not, and why, goes with each request. The request itself goes
through the same gate as any other, so a bundle that contradicts itself is refused like one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

from ..engine import Reasoner
from ..errors import InputError
from ..facts.prepared import Prepared
from ..formats import TURTLE
from ..namespaces import COV
from ..plain import ALSO_PLANNED, DATE_OF_SERVICE, HAS_PATIENT, REQUESTS_PROCEDURE, TYPE
from ..request import gate
from ..triples import Node
from .drafts import Draft, Left, Reading, left_out, read_resources
from .graph import LISTS, OF_PATIENT, OF_PLANNED, PARTIAL_FOR, Graph
from .history import COURSE, EARLIER, PAIN, courses, earlier_procedures, pains
from .orders import Order, chosen, orders_of, planned_with
from .paths import at, day
from .payer import coverages, payer_of
from .resources import Bundle, Resource, read_bundle
from .tables import Tables, load_tables

DECEASED = ("deceasedBoolean", "deceasedDateTime")
BIRTH_DATE, PATIENT = COV.birthDate.value, COV.Patient.value
NO_ORDER = "no order here asks for a procedure that policies look at"


@dataclass(frozen=True)
class Mapped:
    """One request made of a bundle.

    Parameters
    ----------
    order : Order
        The procedure that is asked for.
    prepared : Prepared
        The request, ready to be judged.
    left : tuple of Left
        What of the bundle was not used, and why.
    coverages : tuple of Resource
        The coverages that may pay.
    """

    order: Order
    prepared: Prepared
    left: tuple[Left, ...]
    coverages: tuple[Resource, ...] = ()
    text: bytes = field(default=b"", repr=False)


class NoOrder(InputError):
    """Nothing of a bundle asks for a procedure of ours."""

    def __init__(self, left: Iterable[Left], where: str = "") -> None:
        super().__init__(NO_ORDER, where, "covergraph fhir show says what was read, and why not")
        self.left = tuple(left)


class FhirReader:
    """Reads FHIR; loads the tables once and keeps nothing of a bundle."""

    def __init__(self, reasoner: Reasoner) -> None:
        self.reasoner = reasoner
        self.knowledge = reasoner.knowledge

    @cached_property
    def tables(self) -> Tables:
        return load_tables(self.knowledge)

    @cached_property
    def payers(self) -> dict[str, Node]:
        """The payers and the plans that there are, by their keys."""
        catalogue = self.reasoner.catalogue
        return {**dict(catalogue.payers), **dict(catalogue.plans)}

    def read(
        self,
        data: bytes | Mapping[str, bytes],
        name: str = "",
        on: date | None = None,
        order: str | None = None,
    ) -> list[Mapped]:
        """Return a request for each procedure that is asked for.

        Parameters
        ----------
        data : bytes or mapping
            One document, or the files of a folder by their names.
        on : date or None
            Another date of service than the order's.
        order : str or None
            The only order to be read: ``ServiceRequest/sr1`` or its id.

        Raises
        ------
        InputError
            When it is no FHIR, asks for no procedure of ours, or contradicts itself.
        """
        try:
            bundle = read_bundle(data)
            return self.of_bundle(bundle, name, on, order)
        except NoOrder as none:
            raise NoOrder(none.left, name) from None
        except InputError as error:
            places = [name, error.where] if name else [error.where]
            raise InputError(error.what, ": ".join(p for p in places if p), error.hint) from None

    def of_bundle(
        self,
        bundle: Bundle,
        name: str = "",
        on: date | None = None,
        only: str | None = None,
    ) -> list[Mapped]:
        """Return a request for each procedure that a bundle asks for."""
        modified = bundle.modified
        patient = _patient_of(bundle, self.tables)
        _refuse_another(patient, bundle)
        reading = read_resources(bundle, patient, self.tables, modified)
        asking = [d for d in reading.drafts if d.rule.is_order]
        orders = orders_of(asking, bundle, self.knowledge, modified, reading.left)
        orders_read = chosen(orders, only) if only else orders
        if not orders_read:
            raise NoOrder(reading.left)
        return [
            self._mapped(order, orders, reading, bundle, patient, modified, name, on)
            for order in orders_read
        ]

    def _mapped(
        self,
        order: Order,
        orders: list[Order],
        reading: Reading,
        bundle: Bundle,
        patient: str,
        modified: bool,
        name: str,
        on: date | None,
    ) -> Mapped:
        service = on.isoformat() if on else order.day
        if not service:
            raise InputError(
                "the order names no day of service", order.place, "name one: --date, or date="
            )
        left = list(reading.left)
        graph = Graph()
        nodes = [
            graph.node(f"{order.name}-{part}", order.place) for part in ("request", "procedure")
        ]
        request, procedure = nodes
        person = graph.node(patient, _place_of(patient, bundle))
        graph.add(request, TYPE, COV.CoverageRequest.value)
        graph.add(request, DATE_OF_SERVICE, service, order.sources if order.day == service else ())
        graph.add(request, REQUESTS_PROCEDURE, procedure)
        graph.add(request, HAS_PATIENT, person)
        graph.add(request, PARTIAL_FOR, COV.PlannedProcedures.value)
        of_procedure = [s for s in order.said if s.property not in OF_PATIENT]
        for part in order.parts:
            own = [s for s in of_procedure if s in part.said]
            graph.add_all(procedure, own, (part.name,))
            graph.add_all(person, (s for s in part.said if s.property in OF_PATIENT), (part.name,))
        for other in planned_with(order, orders):
            node = graph.node(other.name, other.place)
            graph.add(request, ALSO_PLANNED, node, other.sources)
            graph.add_all(node, (s for s in other.said if s.property in OF_PLANNED), other.sources)
        found = coverages(order, service, bundle, patient, modified, left)
        payer, sources = payer_of(found, bundle, self.tables, self.payers, left)
        if payer is not None:
            is_plan = self.knowledge.is_a(payer, COV.Plan)
            link = COV.underPlan if is_plan else COV.underPayer
            graph.add(request, link.value, payer.value, sources)
        self._add_patient(graph, person, patient, bundle, left)
        self._add_history(graph, person, order, reading.drafts, service, bundle, left)
        label = f"{name}, {order.name}" if name else order.name
        return Mapped(order, self._prepared(graph, label), tuple(left), tuple(found), graph.text)

    def _add_patient(
        self, graph: Graph, person: str, patient: str, bundle: Bundle, left: list[Left]
    ) -> None:
        for whole in LISTS:
            graph.add(person, PARTIAL_FOR, whole)
        record = bundle.by_name.get(patient)
        if record is not None and "birthDate" in record.body:
            born = day(record.body["birthDate"], f"{record.place}.birthDate")
            graph.add(person, BIRTH_DATE, born, (patient,))
        for key in DECEASED:
            if record is not None and record.body.get(key):
                place = f"{record.place}.{key}"
                left.append(Left(f"{patient}.{key}", place, "no mapping reads this element"))

    def _add_history(
        self,
        graph: Graph,
        person: str,
        order: Order,
        drafts: list[Draft],
        service: str,
        bundle: Bundle,
        left: list[Left],
    ) -> None:
        """Add what the drafts state of the patient's history; a copy of each, for each order."""
        of: dict[str, list[Draft]] = {}
        for draft in drafts:
            if not draft.rule.is_order:
                copy = replace(draft, said=list(draft.said), sources=list(draft.sources))
                of.setdefault(draft.rule.record, []).append(copy)
        earlier = earlier_procedures(
            of.get(EARLIER, []), order, service, bundle, self.knowledge, left
        )
        for draft in [
            *pains(of.get(PAIN, []), service, left),
            *courses(of.get(COURSE, []), service, left),
            *earlier,
        ]:
            graph.record(person, draft)
        for draft in of.get(PATIENT, []):
            graph.add_all(person, draft.said, draft.sources)

    def _prepared(self, graph: Graph, name: str) -> Prepared:
        """Return the request as the gate lets it through, with what each statement comes from."""
        try:
            request = gate.read(graph.text, media_type=TURTLE.media_type, knowledge=self.knowledge)
            # A list that is never complete is for the long way.
            prepared = self.reasoner.at_length(replace(request, sources=graph.statements()))
        except InputError as error:
            raise InputError(error.what, graph.place_of(error.where), error.hint) from None
        return prepared.called(name)


def _place_of(patient: str, bundle: Bundle) -> str:
    record = bundle.by_name.get(patient)
    return record.place if record else "Patient"


def _patient_of(bundle: Bundle, tables: Tables) -> str:
    """Return the name of the one patient.

    Raises
    ------
    InputError
        When there are several, or nobody says who it is.
    """
    others = _insured_by(bundle)
    patients = [p for p in bundle.of("Patient") if p.name not in others]
    if len(patients) > 1:
        where = patients[1].place
        raise InputError("more than one patient", where, "send one patient's record at a time")
    if patients:
        (patient,) = patients
        if because := left_out(patient, True):
            raise InputError(f"the patient cannot be read: {because}", patient.place)
        return patient.name
    subjects = _subjects(bundle, tables)
    if not subjects:
        raise NoOrder(())
    if len(subjects) > 1:
        raise InputError("the orders are of several patients")
    return subjects.pop()


def _refuse_another(patient: str, bundle: Bundle) -> None:
    """Refuse a call of CDS Hooks that is about another patient than its orders."""
    context = bundle.hook.get("context")
    named = context.get("patientId") if isinstance(context, dict) else None
    if named is None:
        return
    if not isinstance(named, str) or patient not in (f"Patient/{named}", named):
        raise InputError("the orders are not of the patient of the call", "context.patientId")


def _insured_by(bundle: Bundle) -> set[str]:
    """Return the patients that are here only because somebody is insured through them."""
    through: set[str] = set()
    insured: set[str] = set()
    for coverage in bundle.of("Coverage"):
        for key, found in (
            ("subscriber", through),
            ("policyHolder", through),
            ("beneficiary", insured),
        ):
            other = bundle.referred(coverage.body.get(key), coverage)
            if other is not None and other.kind == "Patient":
                found.add(other.name)
    return through - insured


def _subjects(bundle: Bundle, tables: Tables) -> set[str]:
    """Return whom the orders are for."""
    found = set()
    for resource in bundle.resources:
        for rule in tables.rules.get(resource.kind, ()):
            if rule.is_order:
                for reference, _ in at(resource.body, (rule.subject,), resource.place):
                    whom = bundle.referred(reference, resource)
                    text = reference.get("reference") if isinstance(reference, dict) else None
                    if whom is not None or isinstance(text, str):
                        found.add(whom.name if whom is not None else str(text))
    return found
