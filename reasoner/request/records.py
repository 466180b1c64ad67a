"""The records of one request, each in its role, and how a message names them.

What a node is follows from the link that leads to it, not from a type it claims. A
message names a record by its role and the caller's own name for it, never by a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from pyoxigraph import NamedNode

from ..errors import InputError
from ..knowledge.base import Knowledge
from ..namespaces import COV, POLICIES, REQUESTS, compact, local_name
from ..triples import Node, Term, Triples

# Where blank nodes are moved to: no caller may use it.
UNNAMED = REQUESTS + "node#"
# What tells one unnamed record from another without naming a value.
_TELLING = (COV.hasProcedureCode, COV.hasKind, COV.ofTherapy, COV.inRegion)
_LONGEST_LABEL = 24


@dataclass(frozen=True)
class Records:
    """A request's triples, with the class of record that each node is.

    Parameters
    ----------
    knowledge : Knowledge
        The terms that the triples use.
    triples : Triples
        What is stated.
    roles : dict
        From each node, starting at the request, to its class of record.
    """

    knowledge: Knowledge
    triples: Triples
    roles: dict[Node, NamedNode]

    def of(self, role: NamedNode) -> list[Node]:
        """Return the nodes of one class of record, in the order they were stated."""
        return [node for node, found in self.roles.items() if found == role]

    def name(self, node: Node) -> str:
        """Return what a message calls a record."""
        role = self.roles[node]
        label = self.knowledge.label(role)
        if role == COV.CoverageRequest or role in single_roles(self.knowledge):
            return f"the {label}"
        own = own_name(node)
        if own:
            return f"{label} {own}"
        for p in _TELLING:
            told = sorted(o.value for o in self.triples.objects(node, p))
            if told:
                return f"the unnamed {label} with {term_name(told[0])}"
        return f"an unnamed {label}"

    def refuse(self, node: Node, what: str, hint: str = "") -> InputError:
        """Return the error that a record is at fault."""
        return InputError(what, self.name(node), hint)


def single_roles(knowledge: Knowledge) -> set[NamedNode]:
    """Return the classes of record of which a request has one."""
    records = knowledge.record_classes
    properties = knowledge.properties.values()
    return {p.takes for p in properties if p.single and p.stated_of and p.takes in records}


def own_name(node: Node) -> str:
    """Return the caller's name for a node, or the empty string where it gave none."""
    if not isinstance(node, NamedNode):
        # The parser makes up long names for blank nodes that have none.
        return f"_:{node.value}" if len(node.value) < _LONGEST_LABEL else ""
    if node.value.startswith(UNNAMED):
        return ""
    local = node.value.startswith(REQUESTS) and local_name(node.value)
    return one_line(f":{local}") if local else term_name(node.value)


def term_name(iri: str) -> str:
    """Return a term as a message shows it."""
    short = compact(iri)
    return one_line(short if short != iri else f"<{iri}>")


def one_line(text: str) -> str:
    """Return text that can't break out of its line or run on."""
    return "".join(c if c.isprintable() else "?" for c in text)[:100]


def suggestion(unknown: Term, known: list[NamedNode]) -> str:
    """Return a hint that names the nearest known term, or the empty string."""
    names = {_distinct(k.value): k for k in known}
    near = get_close_matches(_distinct(unknown.value), sorted(names), n=1, cutoff=0.6)
    return f"did you mean {term_name(names[near[0]].value)}?" if near else ""


def _distinct(iri: str) -> str:
    """Return what tells a term from others of its kind: payers differ in their paths."""
    return (iri if iri.startswith(POLICIES) else local_name(iri)).lower()
