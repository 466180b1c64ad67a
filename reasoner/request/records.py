"""The records of one request, each in its role, and how a message names them.

What a node is follows from the link that leads to it, not from a type it claims. A
message names a record by its role and the caller's own name for it, never by a value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches

from pyoxigraph import NamedNode

from ..errors import InputError, theirs
from ..knowledge.base import Knowledge
from ..namespaces import COV, POLICIES, REQUESTS, compact, local_name
from ..triples import Node, Term, Triples

# Where blank nodes are moved to: no caller may use it.
UNNAMED = REQUESTS + "node#"
# What tells one unnamed record from another without naming a value.
_TELLING = (COV.hasProcedureCode, COV.hasKind, COV.ofTherapy, COV.inRegion)
_LONGEST_LABEL = 24
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_SHORTEST_WORD = 4


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
            return f"{label} {theirs(own)}"
        for p in _TELLING:
            told = sorted(o.value for o in self.triples.objects(node, p))
            if told:
                with_ = f" with {term_name(told[0])}"
                known = self.knowledge.triples.types(NamedNode(told[0]))
                return f"the unnamed {label}{with_ if known else theirs(with_)}"
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
    """Return a hint that names the known term that is spelled nearly so, or the empty string.

    Each word must be nearly the same one and each number the same: a hint may mend how a term
    is written, and never what it means.
    """
    names = {_distinct(k.value): k for k in known}
    written = _distinct(unknown.value)
    near = get_close_matches(written.lower(), [n.lower() for n in sorted(names)], n=3, cutoff=0.8)
    by_capitals = {n.lower(): n for n in sorted(names)}
    alike = [by_capitals[n] for n in near if _same_words(written, by_capitals[n])]
    return f"did you mean {term_name(names[alike[0]].value)}?" if alike else ""


def _distinct(iri: str) -> str:
    """Return what tells a term from others of its kind: payers differ in their paths."""
    return iri if iri.startswith(POLICIES) else local_name(iri)


def _same_words(written: str, known: str) -> bool:
    if _letters(written) == _letters(known):
        return True
    ours, theirs = (_WORDS.findall(text) for text in (written, known))
    return len(ours) == len(theirs) and all(map(_same_word, ours, theirs))


def _same_word(one: str, other: str) -> bool:
    one, other = one.lower(), other.lower()
    if one == other:
        return True
    # Among short words, and in how a word begins, one letter tells left from right.
    if min(len(one), len(other)) < _SHORTEST_WORD or one[:2] != other[:2]:
        return False
    same = sum(block.size for block in SequenceMatcher(None, one, other).get_matching_blocks())
    return same >= max(len(one), len(other)) - 1


def _letters(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())
