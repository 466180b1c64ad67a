"""The tables under ``data/fhir``: which code means what, and what is read from which resource.

They are Turtle, so that an analyst can read and change them; here they become plain Python,
once. A table that names a term that does not exist is an error of the knowledge.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from pyoxigraph import NamedNode

from ..errors import KnowledgeError
from ..knowledge import codes
from ..knowledge.base import FHIR, Knowledge, is_true, read_turtle
from ..namespaces import CODE, COV, MAP, RDFS
from ..triples import Node, Term, Triples

YES, NO = MAP.Yes.value, MAP.No.value


class Need(NamedTuple):
    """Values that a path must have, or must not have; further paths that must not be there."""

    path: tuple[str, ...]
    values: frozenset[object]
    because: str
    others: tuple[str, ...] = ()


class Read(NamedTuple):
    """What is taken over from one path: how it is read, and the properties it may give."""

    path: tuple[str, ...]
    how: str
    to: tuple[str, ...]


class Rule(NamedTuple):
    """How one kind of resource, or one item of it, becomes a record."""

    name: str
    kind: str
    resources: frozenset[str]
    order: int
    subject: str
    items: str
    record: str
    link: str
    coded_by: tuple[str, ...]
    code_to: tuple[str, ...]
    needs: tuple[Need, ...]
    leaves_out: tuple[Need, ...]
    reads: tuple[Read, ...]
    said_by: tuple[str, ...]
    only_if: tuple[tuple[str, ...], str] | None
    dated_by: str
    if_not_coded: str
    attached_by: str
    largest_gap: int

    @property
    def is_order(self) -> bool:
        return self.kind.startswith("Order")

    @property
    def elements(self) -> frozenset[str]:
        """The elements that the rule looks at, by the first step of its paths."""
        steps = {self.coded_by[0], *(r.path[0] for r in self.reads), *self.said_by, self.dated_by}
        steps |= {n.path[0] for n in (*self.needs, *self.leaves_out)}
        return frozenset(steps | {self.only_if[0][0]} if self.only_if else steps)


class System(NamedTuple):
    """A code system: what it is called, and whose names its codes are, if they are ours."""

    iri: str
    label: str
    names_in: str
    taken_by: str


@dataclass(frozen=True)
class Tables:
    """Everything that ``data/fhir`` says."""

    knowledge: Knowledge
    systems: dict[str, System]
    exact: dict[tuple[str, str], tuple[str, ...]]
    prefixes: dict[str, tuple[tuple[str, tuple[str, ...]], ...]]
    scores: dict[tuple[str, str], str]
    rules: dict[str, tuple[Rule, ...]]
    never: dict[str, str]
    administrative: frozenset[str]
    elements: frozenset[str]
    payers: dict[tuple[str, str], str]
    key_systems: frozenset[str] = field(default_factory=frozenset)

    def means(self, address: str, code: str, p: str) -> list[str]:
        """Return the values of a property that a code stands for."""
        system = self.systems.get(address)
        if system is None:
            return []
        found: list[str] = list(self.exact.get((system.iri, code), ()))
        for start, concepts in self.prefixes.get(system.iri, ()):
            if code.startswith(start):
                found += concepts
        if system.names_in and system.taken_by in ("", p):
            found.append(system.names_in + code)
        return [v for v in (self._value(c, p) for c in dict.fromkeys(found)) if v]

    def _value(self, concept: str, p: str) -> str:
        """Return a concept as a value of a property, or nothing if it can't be one."""
        try:
            term, knowledge = NamedNode(concept), self.knowledge
        except ValueError:
            return ""
        if concept in (YES, NO):
            return concept if p == MAP.saidBy.value else ""
        declared = knowledge.properties.get(NamedNode(p))
        if declared is None or declared.takes is None:
            return ""
        if p == COV.affirms.value:
            fact = knowledge.facts.get(term)
            return concept if fact and fact.stated_of == COV.Patient else ""
        if p == COV.hasDiagnosis.value:
            term = NamedNode(codes.canonical(term).value)
            known = codes.is_known(term, COV.DiagnosisCode, knowledge)
            return term.value if known else ""
        if codes.unread(term, knowledge):
            return ""
        return concept if knowledge.is_a(term, declared.takes) else ""


def load_tables(knowledge: Knowledge) -> Tables:
    """Read the tables that lie beside some knowledge.

    Raises
    ------
    KnowledgeError
        When a file is missing, is not valid Turtle, or names what does not exist.
    """
    folder, t = knowledge.root / FHIR, Triples()
    if not folder.is_dir():
        raise KnowledgeError(f"{knowledge.root} has no folder {FHIR}")
    for path in sorted(folder.glob("*.ttl")):
        t.update(read_turtle(path.read_bytes(), f"{FHIR}/{path.name}"))
    _refuse_unknown_terms(t, knowledge)
    systems = {
        address.value: _system(node, t)
        for node, address in t.pairs(MAP.address)
        if isinstance(node, NamedNode)
    }
    exact: dict[tuple[str, str], tuple[str, ...]] = {}
    prefixes: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    scores: dict[tuple[str, str], str] = {}
    for node in dict.fromkeys(s for s, _ in t.pairs(MAP.inSystem)):
        concepts = tuple(o.value for o in t.objects(node, MAP.means))
        for system in t.objects(node, MAP.inSystem):
            for code in t.objects(node, MAP.code):
                key = system.value, code.value
                if because := t.text(node, MAP.leavesOutAs):
                    scores[key] = because
                else:
                    exact[key] = (*exact.get(key, ()), *concepts)
            for start in t.objects(node, MAP.beginsWith):
                prefixes.setdefault(system.value, []).append((start.value, concepts))
    rules: dict[str, list[Rule]] = {}
    for kind in ("Rule", "ItemRule", "OrderRule", "OrderItemRule"):
        for node in t.instances(MAP[kind]):
            rule = _rule(node, kind, t)
            for resource in rule.resources:
                rules.setdefault(resource, []).append(rule)
    return Tables(
        knowledge,
        systems,
        exact,
        {system: tuple(found) for system, found in prefixes.items()},
        scores,
        {kind: tuple(sorted(found, key=_by_order)) for kind, found in rules.items()},
        {
            kind.value: t.text(node, MAP.because)
            for node, kind in t.pairs(MAP.ofResource)
            if t.text(node, MAP.because) and not t.types(node)
        },
        frozenset(o.value for o in t.objects(MAP.administrative, MAP.ofResources)),
        frozenset(o.value for o in t.objects(MAP.administrative, MAP.elements)),
        {
            (t.text(node, MAP.identifierSystem), identifier.value): t.text(node, MAP.ofPayer)
            for node, identifier in t.pairs(MAP.identifier)
        },
        frozenset(o.value for o in t.objects(MAP.keys, MAP.identifierSystem)),
    )


def _by_order(rule: Rule) -> tuple[bool, int]:
    return rule.is_order, rule.order


def _refuse_unknown_terms(t: Triples, knowledge: Knowledge) -> None:
    for s, _, o in t:
        known = o in knowledge.properties or knowledge.triples.types(o)
        if isinstance(o, NamedNode) and o.value.startswith((COV, CODE)) and not known:
            raise KnowledgeError(f"{FHIR}: {s} names {o.value}, which does not exist")


def _system(node: NamedNode, t: Triples) -> System:
    taken_by = t.value(node, MAP.takenBy)
    return System(
        node.value,
        t.text(node, RDFS.label),
        t.text(node, MAP.namesIn),
        taken_by.value if taken_by else "",
    )


def _rule(node: Node, kind: str, t: Triples) -> Rule:
    record, link = t.value(node, MAP.records), t.value(node, MAP.linkedBy)
    only = t.value(node, MAP.onlyIfCoded)
    wanted = t.value(only, MAP.property) if only is not None else None
    only_if = (_path(only, t), wanted.value) if only is not None and wanted is not None else None
    gap = t.text(node, MAP.largestGap)
    return Rule(
        node.value.removeprefix(MAP),
        kind,
        frozenset(o.value for o in t.objects(node, MAP.ofResource)),
        int(t.text(node, MAP.order) or "0"),
        t.text(node, MAP.subjectAt),
        t.text(node, MAP.itemsAt),
        record.value if record else "",
        link.value if link else "",
        tuple(t.text(node, MAP.codedBy).split(".")),
        _names(node, MAP.codeTo, t),
        tuple(_need(n, t) for n in t.objects(node, MAP.needs)),
        tuple(_need(n, t) for n in t.objects(node, MAP.leavesOut)),
        tuple(
            Read(_path(r, t), _local(t.value(r, MAP["as"])), _names(r, MAP.to, t))
            for r in t.objects(node, MAP.reads)
        ),
        tuple(o.value for o in t.objects(node, MAP.saidBy)),
        only_if,
        t.text(node, MAP.datedBy),
        t.text(node, MAP.ifNotCoded),
        t.text(node, MAP.attachedBy),
        int(gap) if gap else 0,
    )


def _need(node: Term, t: Triples) -> Need:
    values: set[object] = {True if is_true(v) else v.value for v in t.objects(node, MAP.value)}
    others = tuple(o.value for o in t.objects(node, MAP.orAnyAt))
    return Need(_path(node, t), frozenset(values), t.text(node, MAP.because), others)


def _path(node: Term, t: Triples) -> tuple[str, ...]:
    return tuple(t.text(node, MAP.path).split("."))


def _names(node: Term, p: NamedNode, t: Triples) -> tuple[str, ...]:
    return tuple(o.value for o in t.objects(node, p))


def _local(term: Term | None) -> str:
    return term.value.removeprefix(MAP) if term else ""


__all__ = ["NO", "YES", "Need", "Read", "Rule", "System", "Tables", "load_tables"]
