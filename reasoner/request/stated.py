"""What a request states, in its one form, whatever text it came in.

It is plain Python: records, their properties, their values. The canonical N-Triples follow
from that by sorting lines, because every node has a name: one that had none is named after
its canonical label. So the digest of a request asks nobody to read it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from operator import itemgetter

from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    Quad,
    Triple,
)

from ..namespaces import COV, RDF, XSD
from ..plain import Statements, Value, date_type, term_of, text_of
from ..triples import Spo, Triples
from .records import UNNAMED

_DECIMAL = str(XSD.decimal)


@dataclass(frozen=True)
class Stated:
    """What a request states.

    Parameters
    ----------
    records : dict
        From each record to its properties and their values, comments left out.
    classes : mapping
        The class of every record by the link that leads to it, and that of codes in no table.
    """

    records: Statements
    classes: Mapping[str, str]

    @cached_property
    def digest(self) -> str:
        """SHA-256, in hex, of the canonical N-Triples."""
        lines = sorted([line for line, *_ in self._lines()])
        return sha256("".join(lines).encode()).hexdigest()

    @cached_property
    def triples(self) -> Triples:
        """The statements in canonical order, every record with its type."""
        stated = [(s, p, o) for _, s, p, o in sorted(self._lines(), key=itemgetter(0))]
        triples = Triples((NamedNode(s), NamedNode(p), term_of(o)) for s, p, o in stated)
        for _, _, o in stated:
            if o in self.classes:
                assert isinstance(o, str)
                triples.add(NamedNode(o), RDF.type, NamedNode(self.classes[o]))
        return triples

    def _lines(self) -> list[tuple[str, str, str, Value]]:
        """Return each line of N-Triples with what it states."""
        found: list[tuple[str, str, str, Value]] = []
        for s, record in self.records.items():
            subject = _node(s)
            for p, values in record.items():
                found += [(f"{subject} <{p}> {_object(o)} .\n", s, p, o) for o in values]
        return found


def canonical(triples: Iterable[Spo]) -> list[Spo]:
    """Return triples in canonical order, each blank node named after its canonical label."""
    dataset = Dataset(Quad(s, p, o) for s, p, o in triples)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    # A data set has no order of its own.
    return [_named(quad) for quad in sorted(dataset, key=str)]


def _named(quad: Quad) -> Spo:
    s, o = quad.subject, quad.object
    assert not isinstance(s, Triple) and not isinstance(o, Triple)
    if isinstance(s, BlankNode):
        s = NamedNode(UNNAMED + s.value)
    if isinstance(o, BlankNode):
        o = NamedNode(UNNAMED + o.value)
    return s, quad.predicate, o


def _object(value: Value) -> str:
    if not isinstance(value, str):
        return f'"{text_of(value)}"^^{_DECIMAL}'
    if ":" not in value:
        return f'"{value}"^^{date_type(value)}'
    return f"<{value}>" if not value.startswith(UNNAMED) else _node(value)


def _node(iri: str) -> str:
    """Return a node as it is written; an unnamed one has its label back."""
    return f"_:{iri.removeprefix(UNNAMED)}" if iri.startswith(UNNAMED) else f"<{iri}>"


def dated(request: NamedNode, triples: Triples, day: str) -> Triples:
    """Return triples with another date of service."""
    kept = Triples(t for t in triples if t[:2] != (request, COV.dateOfService))
    kept.add(request, COV.dateOfService, Literal(day, datatype=XSD.date))
    return kept
