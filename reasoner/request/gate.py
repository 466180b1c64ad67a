"""The one way in: from a caller's bytes to a request that can be judged.

Nothing unchecked reaches a shape or a query. A request passes whole or not at all; a
refusal says what is wrong and where, on one line, and repeats no patient's value. What
passes is brought to one form, so that the order of triples, the names of blank nodes
and the serialisation change nothing that follows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import sha256
from typing import NamedTuple

from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    NamedNode,
    Quad,
    Triple,
)

from ..errors import InputError
from ..facts.layout import Facts
from ..knowledge import base as knowledge_module
from ..knowledge import codes
from ..knowledge.base import Knowledge
from ..namespaces import COV, RDF
from ..triples import Node, Spo, Triples
from .coherence import refuse_contradictions_of, refuse_incoherent
from .formats import read_triples
from .records import UNNAMED, Records, one_line, record_classes
from .values import day_of
from .wellformed import well_formed

# What canonical names cost grows with the blank nodes.
MOST_BLANK_NODES = 200
DEFAULT_NAME = "request"


class Stated(NamedTuple):
    """What a request states, in its one form.

    Parameters
    ----------
    triples : Triples
        Every record with its type, blank nodes named, numbers in one form.
    digest : str
        SHA-256, in hex, of the canonical N-Triples.
    """

    triples: Triples
    digest: str


@dataclass(frozen=True)
class Request:
    """A request that passed the gate.

    Parameters
    ----------
    iri, patient, procedure : NamedNode
        The coverage request, its patient and the requested procedure.
    date : datetime.date
        The date of service.
    name : str
        What a person calls the request, such as its file name.
    form : callable
        What brings it to its one form. Judging does not need that, so it waits until asked.
    facts : Facts or None
        The facts laid out, where reading it gave them.
    """

    iri: NamedNode
    patient: NamedNode
    procedure: NamedNode
    date: date
    name: str
    form: Callable[[], Stated]
    facts: Facts | None = None

    @cached_property
    def stated(self) -> Stated:
        return self.form()

    @property
    def triples(self) -> Triples:
        return self.stated.triples

    @property
    def digest(self) -> str:
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
        places = [one_line(name), error.where]
        raise InputError(error.what, ": ".join(p for p in places if p), error.hint) from None


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
    classes = record_classes(knowledge)
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
        where = f"{one_line(request.name)}: {error.where}"
        raise InputError(error.what, where, error.hint) from None


def _request(records: Records, name: str) -> Request:
    """Return the request in its one form: named, sorted, every record with its type."""
    knowledge = records.knowledge
    lines = _canonical(records)
    triples = Triples(_named(quad) for quad in lines.values())
    links = {p: d.takes for p, d in knowledge.properties.items()}
    classes = record_classes(knowledge)
    for _, p, o in list(triples):
        role = links.get(p)
        if role in classes and isinstance(role, NamedNode) and isinstance(o, NamedNode):
            triples.add(o, RDF.type, role)
        elif codes.is_untabled(o, knowledge) and isinstance(o, NamedNode):
            triples.add(o, RDF.type, COV.DiagnosisCode)
    (iri,) = triples.instances(COV.CoverageRequest)
    patient, procedure = (triples.value(iri, p) for p in (COV.hasPatient, COV.requestsProcedure))
    day = day_of(triples.value(iri, COV.dateOfService))
    assert isinstance(iri, NamedNode) and isinstance(patient, NamedNode)
    assert isinstance(procedure, NamedNode) and day is not None
    digest = sha256("".join(lines).encode()).hexdigest()
    stated = Stated(triples, digest)
    return Request(iri, patient, procedure, day, name, lambda: stated)


def _canonical(records: Records) -> dict[str, Quad]:
    """Return the lines of the canonical N-Triples, sorted, with the triple of each."""
    blank = sum(isinstance(node, BlankNode) for node in records.roles)
    if blank > MOST_BLANK_NODES:
        raise InputError(f"more than {MOST_BLANK_NODES} unnamed nodes", hint="give them IRIs")
    # Canonical names can cost exponential time, but roles make the nodes a tree.
    dataset = Dataset(Quad(s, p, o) for s, p, o in records.triples)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return dict(sorted((f"{q.subject} {q.predicate} {q.object} .\n", q) for q in dataset))


def _named(quad: Quad) -> Spo:
    """Return a triple with each blank node named after its canonical label."""
    s, o = quad.subject, quad.object
    assert not isinstance(s, Triple) and not isinstance(o, Triple)
    if isinstance(s, BlankNode):
        s = NamedNode(UNNAMED + s.value)
    if isinstance(o, BlankNode):
        o = NamedNode(UNNAMED + o.value)
    assert isinstance(s, NamedNode)
    return s, quad.predicate, o
