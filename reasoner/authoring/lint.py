"""Which of our own files break the house rules.

The rules are shapes (``shapes/house-rules.ttl``) over everything that is loaded:
ontology, codes, components, policies and clauses. What a shape cannot see is marked
before the shapes are asked (``marks``). A rule that no shape can state is a function
here: where a file lies, how deep criteria nest, what succeeded a code, and whether
a leaf reads open silence safely.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple, TypeAlias

import pyshacl
import rdflib
from pyoxigraph import BlankNode, Literal, NamedNode

from ..judge.reference import to_rdflib
from ..knowledge.base import Knowledge, knowledge_root
from ..knowledge.ownership import namespace_of
from ..namespaces import BASE, COV, RDF, SH, compact, local_name
from ..policies import silence
from ..triples import Node, Term, Triples
from .marks import COMBINES, marks
from .succession import forgotten

MOST_COMPOSITES = 5
UNKNOWN = "unknown-cov-term"
SAYS_MORE = ("target-class", "class-declared", "path-declared")


@dataclass(frozen=True, order=True)
class Finding:
    """A fault: where it stands, which rule it breaks, and how.

    Parameters
    ----------
    file : str
        The file, relative to the root of the knowledge.
    subject : str
        The criterion, clause or term, as the file would write it.
    rule : str
        The name of the rule: a shape of ``shapes/house-rules.ttl``, ``path-mirrors-iri``,
        ``criterion-depth``, ``code-succession`` or ``open-silence``.
    message : str
        What is wrong, in one sentence.
    """

    file: str
    subject: str
    rule: str
    message: str


class Fault(NamedTuple):
    """A broken rule at a node, the term it is about, and the file where the node has none."""

    node: Term
    rule: str
    message: str
    value: str = ""
    file: str = ""


Rule: TypeAlias = Callable[[Knowledge], Iterator[Fault]]


def lint(knowledge: Knowledge, only: Sequence[Rule] = ()) -> list[Finding]:
    """Return every fault of the knowledge, sorted by file and subject.

    Parameters
    ----------
    only : sequence of callables
        The rules to ask for; without any, all of them.

    Raises
    ------
    RuntimeError
        When the rules themselves cannot be run.
    """
    owners = _owners(knowledge)
    rules = only or (broken_shapes, misplaced_files, deep_criteria, forgotten_codes)
    faults = [
        fault._replace(node=_named_owner(knowledge, owners, fault.node))
        for found in rules
        for fault in found(knowledge)
    ]
    # Where a shape names the fault as well, it says more.
    named = {fault.node for fault in faults}
    if not only:
        faults += [fault for fault in _unsafe_leaves(knowledge) if fault.node not in named]
    return sorted(
        {
            Finding(f.file or knowledge.file_of(f.node), _written(f.node.value), f.rule, f.message)
            for f in _once(faults)
        }
    )


def _once(faults: list[Fault]) -> list[Fault]:
    """Return one fault for a term that nothing declares, which breaks several rules at once."""
    unknown = {(f.node, f.value) for f in faults if f.rule == UNKNOWN}
    precise = {(f.node, f.value) for f in faults if f.rule in SAYS_MORE}
    return [
        f
        for f in faults
        if f.rule in SAYS_MORE
        or (f.node, f.value) not in (precise if f.rule == UNKNOWN else unknown)
    ]


# --- The rules that are shapes ----------------------------------------------------


def broken_shapes(knowledge: Knowledge) -> Iterator[Fault]:
    shapes = rdflib.Graph()
    # pySHACL writes into the shapes it is given; the parsed ones serve every run.
    for triple in _house_rules():
        shapes.add(triple)
    data = to_rdflib(Triples(chain(knowledge.triples, marks(knowledge))))
    _, report, text = pyshacl.validate(data, shacl_graph=shapes, inference="none", inplace=True)
    if not isinstance(report, rdflib.Graph):
        raise RuntimeError(f"the house rules cannot be run: {text}")
    sh = rdflib.SH
    for result in report.subjects(rdflib.RDF.type, sh.ValidationResult):
        focus, value = report.value(result, sh.focusNode), report.value(result, sh.value)
        message, about = str(report.value(result, sh.resultMessage)), ""
        if value != focus and isinstance(value, rdflib.URIRef):
            message, about = f"{message}: {_written(value)}", str(value)
        rule = _rule_of(shapes, report.value(result, sh.sourceShape))
        yield Fault(_term(focus), local_name(rule), message, about)


@lru_cache(maxsize=1)
def _house_rules() -> rdflib.Graph:
    return rdflib.Graph().parse(knowledge_root() / "shapes" / "house-rules.ttl", format="turtle")


def _rule_of(shapes: rdflib.Graph, shape: Any) -> str:
    """Return the rule that a nameless shape is part of."""
    while isinstance(shape, rdflib.BNode):
        shape = next(shapes.subjects(None, shape))
    return str(shape)


def _term(node: Any) -> Term:
    if isinstance(node, rdflib.Literal):
        return Literal(str(node))
    return BlankNode(str(node)) if isinstance(node, rdflib.BNode) else NamedNode(str(node))


# --- The rules that are not ---------------------------------------------------------


def misplaced_files(knowledge: Knowledge) -> Iterator[Fault]:
    """Yield, once for each foreign namespace, what a file describes that is not its own."""
    for name, triples in knowledge.by_file.items():
        own = namespace_of(name)
        if not own:
            continue
        foreign: dict[str, NamedNode] = {}
        for node, p, _ in triples:
            # A policy cites its own document for the criteria that it shares with others.
            if p != COV.citation and isinstance(node, NamedNode) and not node.value.startswith(own):
                foreign.setdefault(node.value.split("#", 1)[0], node)
        for node in foreign.values():
            message = f"the path of the file gives <{own}>"
            yield Fault(node, "path-mirrors-iri", message, file=name)


def forgotten_codes(knowledge: Knowledge) -> Iterator[Fault]:
    """Yield the diagnosis codes of the tables that the releases have otherwise."""
    yield from (Fault(code, "code-succession", what) for code, what in forgotten(knowledge))


def deep_criteria(knowledge: Knowledge) -> Iterator[Fault]:
    """Yield the composites that stand under more than a few others, the topmost ones."""
    t = knowledge.triples
    roots = [member for policy in t.instances(COV.Policy) for member in _members(knowledge, policy)]
    for p in (COV.appliesWhen, COV.exclusion, COV.grounds):
        roots += [criterion for _, criterion in t.pairs(p)]
    for root in dict.fromkeys(roots):
        yield from _too_deep(knowledge, root, ())


def _too_deep(knowledge: Knowledge, node: Term, above: tuple[Term, ...]) -> Iterator[Fault]:
    members = _members(knowledge, node)
    if not members or node in above:
        return
    if len(above) == MOST_COMPOSITES:
        message = f"criteria nest more than {MOST_COMPOSITES} composites deep"
        yield Fault(node, "criterion-depth", message)
        return
    for member in members:
        yield from _too_deep(knowledge, member, (*above, node))


def _members(knowledge: Knowledge, node: Term) -> list[Term]:
    """Return what a composite combines; a list that is broken or circular ends where it does."""
    t = knowledge.triples
    cells: dict[Term, Term] = {}
    for p in COMBINES:
        head = t.value(node, p)
        while head is not None and head not in cells and (first := t.value(head, RDF.first)):
            cells[head] = first
            head = t.value(head, RDF.rest)
    return list(cells.values())


def _unsafe_leaves(knowledge: Knowledge) -> Iterator[Fault]:
    """Yield the leaves whose verdict documenting could turn around; the loader refuses them."""
    t = knowledge.triples
    leaves = {s for p in (*silence.INSIDE, SH["class"]) for s, _ in t.pairs(p)}
    for leaf in leaves:
        if isinstance(leaf, NamedNode) and knowledge.is_a(leaf, COV.Criterion):
            for fault in silence.faults(leaf, knowledge):
                yield Fault(leaf, "open-silence", f"open silence is not read safely: {fault}")


# --- Where a fault stands --------------------------------------------------------------


def _owners(knowledge: Knowledge) -> dict[Term, Node]:
    """From a node without a name, or one that no file describes, to one that leads to it."""
    owners: dict[Term, Node] = {}
    for s, p, o in knowledge.triples:
        if p != RDF.type and not _is_described(knowledge, o):
            owners.setdefault(o, s)
    return owners


def _named_owner(knowledge: Knowledge, owners: dict[Term, Node], node: Term) -> Term:
    seen = {node}
    while not _is_described(knowledge, node) and owners.get(node) not in (None, *seen):
        node = owners[node]
        seen.add(node)
    return node


def _is_described(knowledge: Knowledge, node: Term) -> bool:
    return isinstance(node, NamedNode) and node in knowledge.files


def _written(term: str) -> str:
    """Return a term as the file that describes it writes it."""
    short = compact(term)
    is_local = short == term and term.startswith(BASE) and "#" in term
    return f":{local_name(term)}" if is_local else short
