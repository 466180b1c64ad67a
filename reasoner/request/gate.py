"""The one way in: from a caller's bytes to a request that can be judged.

Nothing unchecked reaches a shape or a query. A request passes whole or not at all; a
refusal says what is wrong and where, on one line, and repeats no patient's value. What
passes is brought to one form, so that the order of triples, the names of blank nodes
and the serialisation change nothing that follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from pyoxigraph import (
    BlankNode,
    NamedNode,
)

from ..errors import InputError
from ..knowledge import base as knowledge_module
from ..knowledge import codes
from ..knowledge.base import Knowledge
from ..namespaces import COV
from ..plain import DATE_OF_SERVICE, HAS_PATIENT, REQUESTS_PROCEDURE, TYPE, Statements, value_of
from ..triples import Node, Spo, Triples
from .coherence import refuse_contradictions_of, refuse_incoherent
from .formats import read_triples
from .records import Records, one_line
from .stated import Stated, canonical, dated
from .wellformed import well_formed

# What canonical names cost grows with the blank nodes.
MOST_BLANK_NODES = 200
DEFAULT_NAME = "request"


@dataclass(frozen=True)
class Request:
    """A request that passed the gate.

    Parameters
    ----------
    iri, patient, procedure : NamedNode
        The coverage request, its patient and the requested procedure.
    date : datetime.date
        The date of service that is asked about.
    name : str
        What a person calls the request, such as its file name.
    stated : Stated
        What it states, its own date of service among that.
    sources : mapping
        From a statement (record, property, value) to what of another record system it was made
        from; empty where the request came as it is.
    """

    iri: NamedNode
    patient: NamedNode
    procedure: NamedNode
    date: date
    name: str
    stated: Stated
    sources: Mapping[tuple[str, str, str], tuple[str, ...]] = field(
        default_factory=dict, repr=False, compare=False
    )

    @cached_property
    def triples(self) -> Triples:
        """What is stated, as of the date that is asked about."""
        triples, day = self.stated.triples, self.date.isoformat()
        own = triples.text(self.iri, COV.dateOfService)
        return triples if own == day else dated(self.iri, triples, day)

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of the canonical N-Triples of what is stated."""
        return self.stated.digest


def read(
    data: bytes,
    *,
    name: str = DEFAULT_NAME,
    media_type: str | None = None,
    knowledge: Knowledge | None = None,
) -> Request:
    """Read one request, or refuse it.

    Parameters
    ----------
    data : bytes
        Turtle, N-Triples, JSON-LD, or plain JSON under the pinned context.
    name : str
        A display name; its suffix tells the format when no media type does.
    media_type : str or None
        The declared media type.
    knowledge : Knowledge or None
        What to check against; what ships with the program by default.

    Raises
    ------
    InputError
        When the input is at fault; the place begins with the name, where one is given.
    """
    knowledge = knowledge or knowledge_module.knowledge()
    try:
        records = well_formed(read_triples(data, name, media_type, knowledge), knowledge)
        refuse_incoherent(records)
        return _request(records, name)
    except InputError as error:
        if name == DEFAULT_NAME:
            raise
        raise error.within(one_line(name)) from None


def refuse_contradictions(request: Request, classified: Triples, knowledge: Knowledge) -> None:
    """Refuse a request that contradicts itself once it is classified.

    Parameters
    ----------
    request : Request
        The request as it passed the gate.
    classified : Triples
        The same with all that classification infers.
    knowledge : Knowledge
        What it was classified with.

    Raises
    ------
    InputError
        Naming the record and the terms that exclude each other.
    """
    classes = knowledge.record_classes
    roles: dict[Node, NamedNode] = {
        node: cls
        for node in request.triples.nodes()
        for cls in request.triples.types(node)
        if isinstance(cls, NamedNode) and cls in classes
    }
    try:
        refuse_contradictions_of(Records(knowledge, request.triples, roles), classified)
    except InputError as error:
        if request.name == DEFAULT_NAME:
            raise
        raise error.within(one_line(request.name)) from None


def _request(records: Records, name: str) -> Request:
    """Return the request in its one form: every node named, every record with its class."""
    knowledge = records.knowledge
    links = {p: d.takes for p, d in knowledge.properties.items()}
    statements: Statements = {}
    classes: dict[str, str] = {}
    for s, p, o in _canonical(records):
        statements.setdefault(s.value, {}).setdefault(p.value, {})[value_of(o)] = None
        role = links.get(p)
        if role is not None and role in knowledge.record_classes:
            if not knowledge.is_a(o, role):
                classes[o.value] = role.value
        elif codes.is_untabled(o, knowledge):
            classes[o.value] = COV.DiagnosisCode.value
    (iri,) = (
        s for s, found in statements.items() if COV.CoverageRequest.value in found.get(TYPE, ())
    )
    own = statements[iri]
    (patient,), (procedure,), (day,) = (
        own[p] for p in (HAS_PATIENT, REQUESTS_PROCEDURE, DATE_OF_SERVICE)
    )
    assert isinstance(patient, str) and isinstance(procedure, str) and isinstance(day, str)
    nodes = NamedNode(iri), NamedNode(patient), NamedNode(procedure)
    return Request(*nodes, date.fromisoformat(day), name, Stated(statements, classes))


def _canonical(records: Records) -> list[Spo]:
    """Return the triples with each blank node named after its canonical label."""
    blank = sum(isinstance(node, BlankNode) for node in records.roles)
    if blank > MOST_BLANK_NODES:
        raise InputError(f"more than {MOST_BLANK_NODES} unnamed nodes", hint="give them IRIs")
    # Canonical names can cost exponential time, but roles make the nodes a tree.
    return canonical(records.triples)
