"""What constraint components declare: their parameters, and what they read.

A parameter may say among which records it picks, which of their properties are then read,
and which properties of the requested procedure those are compared with. From that follows
what an answer shows of a leaf, what the vocabulary says of a term, and what silence can
leave open; so a component that declares nothing it reads is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from pyoxigraph import BlankNode, NamedNode

from ..errors import KnowledgeError
from ..knowledge.base import Knowledge, is_true
from ..namespaces import COV, SH, compact
from ..triples import Node, Term, Triples

# Where the records lie among which a parameter may pick.
RECORDS = (COV.underwent, COV.hadTherapy, COV.alsoPlanned)
DECLARATIONS = frozenset({COV.amongRecords, COV.reads, COV.comparesWith})


@dataclass(frozen=True)
class Parameter:
    """One parameter of a component.

    Parameters
    ----------
    among : NamedNode or None
        What links the records among which it picks, by the class or kind that it gives.
    date_of : tuple of NamedNode
        The kinds of record of which it names a date.
    reads : tuple of NamedNode
        What is read of the records, or of the request, where the parameter is given.
    compares : tuple of NamedNode
        The properties of the requested procedure that the records' are compared with.
    held_against : tuple of NamedNode
        The properties of a record that its value is held against, in whatever component.
    selects_by : NamedNode or None
        The property by which a record that states otherwise does not count.
    """

    path: NamedNode
    required: bool
    among: NamedNode | None
    date_of: tuple[NamedNode, ...]
    reads: tuple[NamedNode, ...]
    compares: tuple[NamedNode, ...]
    held_against: tuple[NamedNode, ...]
    selects_by: NamedNode | None

    def terms(self, given: Term) -> set[Term]:
        """Return all that is looked at, the value given for the parameter among it."""
        links = {p for p in (self.among, self.selects_by) if p is not None}
        return {given, *links, *self.reads, *self.compares, *self.held_against}


@dataclass(frozen=True)
class Component:
    """A component with the parameters that it must have and those that it may have."""

    iri: NamedNode
    parameters: tuple[Parameter, ...]
    needs: frozenset[NamedNode]
    may: frozenset[NamedNode]

    def given(self, leaf: NamedNode, triples: Triples) -> list[tuple[Parameter, Term]]:
        """Return the parameters that a leaf gives, each with its value."""
        found = ((p, triples.value(leaf, p.path)) for p in self.parameters)
        return [(p, value) for p, value in found if value is not None]


Components: TypeAlias = dict[Term, Component]


def components_of(knowledge: Knowledge) -> Components:
    """Return every component, by its IRI.

    Raises
    ------
    KnowledgeError
        When one declares nothing that it reads.
    """
    return {
        c: _component(c, knowledge) for c in knowledge.triples.instances(SH.ConstraintComponent)
    }


def _component(iri: Node, knowledge: Knowledge) -> Component:
    t = knowledge.triples
    if not isinstance(iri, NamedNode):
        raise KnowledgeError("a component has no name")
    declared = [d for d in t.objects(iri, SH.parameter) if isinstance(d, NamedNode | BlankNode)]
    parameters = tuple(p for d in declared if (p := _parameter(d, t)) is not None)
    for p in parameters:
        if p.among not in (None, *RECORDS):
            raise KnowledgeError(f"{compact(iri.value)} picks among what is not listed records")
    if not any(p.required and (p.among or p.date_of or p.compares) for p in parameters):
        raise KnowledgeError(f"{compact(iri.value)} declares nothing that it reads")
    needs = frozenset(p.path for p in parameters if p.required)
    return Component(iri, parameters, needs, frozenset(p.path for p in parameters) - needs)


def _parameter(declared: Node, t: Triples) -> Parameter | None:
    path, among = t.value(declared, SH.path), t.value(declared, COV.amongRecords)
    if not isinstance(path, NamedNode):
        return None
    selects_by = t.value(path, COV.selectsBy)
    return Parameter(
        path=path,
        required=not is_true(t.value(declared, SH.optional)),
        among=among if isinstance(among, NamedNode) else None,
        date_of=_named(declared, COV.dateOf, t),
        reads=_named(declared, COV.reads, t),
        compares=_named(declared, COV.comparesWith, t),
        held_against=_named(path, COV.reads, t),
        selects_by=selects_by if isinstance(selects_by, NamedNode) else None,
    )


def _named(node: Node, p: NamedNode, t: Triples) -> tuple[NamedNode, ...]:
    return tuple(o for o in t.objects(node, p) if isinstance(o, NamedNode))


def component_of(iri: Node, terms: set[NamedNode], components: Components) -> Component:
    """Return the one component that takes just these parameters.

    Raises
    ------
    KnowledgeError
        When none or several do. A component that lacks a parameter would be passed over by
        SHACL, and the leaf would conform.
    """
    taking = [c for c in components.values() if c.needs <= terms <= c.needs | c.may]
    if len(taking) != 1:
        given = ", ".join(sorted(compact(t.value) for t in terms))
        raise KnowledgeError(
            f"{compact(iri.value)} fits {len(taking)} components, not one: {given}"
        )
    return taking[0]
