"""The derived view as Python reads it: where a policy uses a criterion, and what it asks there.

A use is one criterion in one place of one policy: under an indication or for the policy
as a whole, as a requirement, a refusal, a part of the scope, an exclusion or grounds of a
review. Its parts are the rows of the flat view. Nothing is computed here that the view
does not say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pyoxigraph import BlankNode, Literal, NamedNode, QuerySolutions, Store

from ..namespaces import COV, RDFS
from ..triples import Term


@dataclass(frozen=True)
class Part:
    """One parameter of a criterion: what it compares, how, and with which values."""

    parameter: NamedNode
    comparison: NamedNode
    measures: NamedNode | None
    unit: str
    bounds: tuple[Term, ...]


@dataclass(frozen=True)
class Use:
    """A criterion in one place of a policy, with the conditions and clauses it has there."""

    policy: NamedNode
    payer: NamedNode
    indication: NamedNode | None
    criterion: NamedNode
    role: NamedNode
    concern: NamedNode
    phase: str
    parts: tuple[Part, ...]
    conditions: tuple[tuple[NamedNode, Term], ...]
    groups: tuple[NamedNode, ...]
    clauses: tuple[NamedNode, ...]


class Reader:
    """Asks a store for the objects of a subject, and keeps what it has asked."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._known: dict[Term, dict[NamedNode, list[Term]]] = {}

    def of(self, subject: Term) -> dict[NamedNode, list[Term]]:
        """Return everything that is said of a subject."""
        found = self._known.get(subject)
        if found is None:
            found = {}
            if not isinstance(subject, Literal):
                for quad in self.store.quads_for_pattern(subject, None, None, None):
                    assert isinstance(quad.predicate, NamedNode)
                    if isinstance(quad.object, NamedNode | BlankNode | Literal):
                        found.setdefault(quad.predicate, []).append(quad.object)
            self._known[subject] = found
        return found

    def all(self, subject: Term, predicate: NamedNode) -> list[NamedNode]:
        """Return the named objects, in the order of the files."""
        named = (o for o in self.of(subject).get(predicate, []) if isinstance(o, NamedNode))
        return sorted(named, key=lambda o: (self.position(o), o.value))

    def one(self, subject: Term, predicate: NamedNode) -> NamedNode | None:
        return next(iter(self.all(subject, predicate)), None)

    def text(self, subject: Term, predicate: NamedNode) -> str:
        return next((o.value for o in self.of(subject).get(predicate, [])), "")

    def label(self, term: Term) -> str:
        if isinstance(term, Literal):
            return term.value
        return self.text(term, RDFS.label) or term.value.rsplit("#", 1)[-1]

    def position(self, term: Term) -> int:
        """Return where a term stands in the files; terms that stand nowhere come last."""
        found = self.of(term).get(COV.position, [])
        return int(found[0].value) if found else 1 << 30

    def subjects(self, query: str, **bound: NamedNode) -> list[NamedNode]:
        """Return the first column of a SELECT, with ``$name`` replaced by terms."""
        for name, term in bound.items():
            query = query.replace(f"${name}", str(term))
        found = self.store.query(f"PREFIX cov: <{COV}>\n{query}")
        assert isinstance(found, QuerySolutions)
        return [row[0] for row in found if isinstance(row[0], NamedNode)]


IN_PLAY = "SELECT DISTINCT ?r { ?r a cov:Requirement ; cov:forProcedure $procedure }"
IN_PLAY_IN_REGION = IN_PLAY.replace(" }", " ; cov:forRegion $region }")


def uses(reader: Reader, procedure: NamedNode, region: NamedNode | None) -> list[Use]:
    """Return every use that is in play for a procedure, in the order of the files."""
    rows = (
        reader.subjects(IN_PLAY_IN_REGION, procedure=procedure, region=region)
        if region
        else reader.subjects(IN_PLAY, procedure=procedure)
    )
    together: dict[tuple[Term | None, ...], list[NamedNode]] = {}
    for row in rows:
        place = (COV.inPolicy, COV.underIndication, COV.ofCriterion, COV.role)
        together.setdefault(tuple(reader.one(row, p) for p in place), []).append(row)
    found = [_use(reader, rows) for rows in together.values()]
    return sorted(found, key=lambda u: (reader.position(u.policy), reader.position(u.criterion)))


def _use(reader: Reader, rows: list[NamedNode]) -> Use:
    first = rows[0]
    conditions = {
        (p, o)
        for p, objects in reader.of(first).items()
        if reader.text(p, COV.wording) and not reader.text(p, COV.comparesAs)
        for o in objects
    }

    def the(p: NamedNode) -> NamedNode:
        found = reader.one(first, p)
        assert found is not None, f"{first} lacks {p}"
        return found

    return Use(
        policy=the(COV.inPolicy),
        payer=the(COV.ofPayer),
        indication=reader.one(first, COV.underIndication),
        criterion=the(COV.ofCriterion),
        role=the(COV.role),
        concern=the(COV.concerns),
        phase=reader.text(first, COV.phase),
        parts=tuple(_part(reader, row) for row in in_order(reader, rows)),
        conditions=tuple(sorted(conditions, key=lambda c: (reader.position(c[0]), str(c[1])))),
        groups=tuple(reader.all(first, COV.asOneOf)),
        clauses=tuple(reader.all(first, COV.clause)),
    )


def _part(reader: Reader, row: NamedNode) -> Part:
    parameter, comparison = reader.one(row, COV.parameter), reader.one(row, COV.comparison)
    assert parameter and comparison
    bounds = reader.of(row).get(COV.bound, [])
    return Part(
        parameter=parameter,
        comparison=comparison,
        measures=reader.one(row, COV.measures),
        unit=reader.text(row, COV.unit),
        bounds=tuple(sorted(bounds, key=lambda b: (reader.position(b), str(b)))),
    )


def in_order(reader: Reader, rows: Iterable[NamedNode]) -> list[NamedNode]:
    """Return rows in the order in which the ontology words their parameters."""
    return sorted(rows, key=lambda r: reader.position(reader.one(r, COV.parameter) or r))
