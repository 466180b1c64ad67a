"""Which leaves of SHACL Core read open silence safely; any other is refused by name.

A verdict is safe when documenting what is silent never turns "met" or "not met" around. The
twin of a property shape can promise that for a plain path to the values of one record: it
tells silence from a value by whether there is one. So what can be silent is asked for with
a lower bound, at the end of a plain path, and by no shape inside another. Where a stated
value may not be all there are, only what further values cannot undo is asked of them.

``cov:silenceMeans cov:Absent`` on a criterion declares that its silence is not open.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pyoxigraph import BlankNode, NamedNode

from ..errors import KnowledgeError
from ..knowledge.base import Knowledge, is_true
from ..namespaces import COV, OWL, RDF, RDFS, SH, XSD, compact
from ..triples import Node, Term

# What leads from a class to those that it is defined by.
DEFINES = (
    *(RDFS.subClassOf, OWL.equivalentClass, OWL.intersectionOf, OWL.unionOf, OWL.complementOf),
    *(OWL.someValuesFrom, OWL.allValuesFrom, RDF.first, RDF.rest),
)
# Records of which there may be more than are listed: components know when a list is silent.
LISTS = frozenset({COV.underwent, COV.hadTherapy})
# What leads from a shape to one inside it.
INSIDE = (SH.property, SH.qualifiedValueShape, SH["not"])
LOWER = (SH.minCount, SH.qualifiedMinCount)
# What further values at the end of a path cannot undo.
LASTING = frozenset(
    {RDF.type, SH.path, SH.hasValue, SH.minCount, SH.qualifiedMinCount, SH.qualifiedValueShape}
)
NAMES = frozenset({RDF.type, SH.hasValue, SH["in"]})


class Fault(NamedTuple):
    """What a leaf does that no twin knows: the term, what it stands over, and what to do."""

    term: Term
    over: Term
    advice: str

    def __str__(self) -> str:
        return f"{compact(self.term.value)} over {compact(self.over.value)}, {self.advice}"


def refuse_unsafe(leaf: NamedNode, knowledge: Knowledge) -> None:
    """Refuse a leaf of SHACL Core whose verdict documenting could turn around.

    Raises
    ------
    KnowledgeError
        Naming the term, what it stands over, and what to write instead.
    """
    for fault in faults(leaf, knowledge):
        raise KnowledgeError(f"{compact(leaf.value)} reads open silence: {fault}")


def faults(leaf: NamedNode, knowledge: Knowledge) -> Iterator[Fault]:
    """Yield what makes a leaf of SHACL Core unsafe."""
    if knowledge.triples.value(leaf, COV.silenceMeans) != COV.Absent:
        yield from _Leaf(leaf, knowledge).faults()


def refuse_narrow(leaf: NamedNode, terms: set[NamedNode], knowledge: Knowledge) -> None:
    """Refuse a component that is given a class which depends on what can be silent.

    A record of which that is not stated would be in no such class, and nobody would ask.

    Raises
    ------
    KnowledgeError
        Naming the parameter, the class, and what it depends on.
    """
    for p in sorted(terms, key=str):
        for cls in knowledge.triples.objects(leaf, p):
            for q in depends_on(cls, knowledge):
                declared = knowledge.properties.get(q)  # type: ignore[arg-type]
                if declared is not None and declared.silence == COV.NotDocumented:
                    advice = f"which depends on {compact(q.value)}; give a parameter for that"
                    fault = Fault(p, cls, advice)
                    raise KnowledgeError(f"{compact(leaf.value)} reads open silence: {fault}")


def depends_on(cls: Term, knowledge: Knowledge) -> Iterator[Term]:
    """Yield the properties on which it depends whether something is of a class."""
    t = knowledge.triples
    queue, seen = [cls], {cls}
    for node in queue:
        yield from t.objects(node, OWL.onProperty)
        below = [o for p in DEFINES for o in t.objects(node, p) if o not in seen]
        seen.update(below)
        queue += below


class _Leaf:
    """Looks at one leaf."""

    def __init__(self, leaf: NamedNode, knowledge: Knowledge) -> None:
        self.leaf, self.knowledge, self.t = leaf, knowledge, knowledge.triples
        # The criterion may say that what is otherwise absent, or all there is, can be silent.
        self.all_open = self.t.value(leaf, COV.silenceMeans) == COV.NotDocumented

    def faults(self) -> Iterator[Fault]:
        for p, objects in self.t.predicates(self.leaf).items():
            for o in objects:
                if p == SH.property:
                    yield from self._property(o)
                elif p in INSIDE or p in (SH["or"], SH["and"]):
                    for step in self._open_below(o):
                        yield Fault(p, step, "where silence would conform; ask for what must be")
        yield from self._classes(self.leaf)

    def _property(self, shape: Term) -> Iterator[Fault]:
        """Yield what is wrong with a property shape of the leaf itself."""
        path = self.t.value(shape, SH.path)
        yield from self._unknown(shape)
        opened = [step for step in self._steps(path) if self._is_open(step)]
        for step in opened:
            if step in LISTS:
                yield Fault(SH.path, step, "which may hold more than is on record; use a component")
                return
        inside = [
            step
            for p in (*INSIDE, SH["or"], SH["and"])
            for o in self.t.objects(shape, p)
            for step in (self._open_below(o) if not opened else self._paths_below(o))
        ]
        for step in inside:
            yield Fault(
                SH.property, step, "inside of another shape; write one path, or use a component"
            )
        if not opened or inside:
            return
        plain = self._plain(path)
        if plain is None:
            yield Fault(SH.path, opened[0], "by an inverse or alternative step; write a plain path")
            return
        *before, ends = plain
        for step in [s for group in before for s in group]:
            declared = self.knowledge.properties.get(step)
            if declared is None or not declared.single:
                advice = "of which there may be several, some silent; use a component"
                yield Fault(SH.path, step, advice)
        yield from self._at_end(shape, ends)

    def _at_end(self, shape: Term, ends: list[NamedNode]) -> Iterator[Fault]:
        last = ends[0]
        dated = [p for p in ends if self.knowledge.properties[p].value_type == XSD.date]
        said = self.t.predicates(shape)  # type: ignore[arg-type]
        if COV.denies in ends:
            yield Fault(SH.path, COV.denies, "which names one side only; use cov:absentFact")
        if dated:
            yield Fault(SH.path, dated[0], "a date that may be known in part; use a component")
        if not self._has_lower_bound(shape):
            advice = "without a lower bound, so that silence would conform; add sh:minCount 1"
            yield Fault(SH.path, last, advice)
        if COV.affirms in ends:
            yield from self._of_facts(shape, said, ends)
        elif len(ends) > 1 or any(leaves_room(p, self.knowledge) for p in ends):
            yield from self._lasting(shape, said, last)

    def _lasting(
        self, shape: Term, said: dict[NamedNode, list[Term]], last: NamedNode
    ) -> Iterator[Fault]:
        """Yield what values that are stated later could undo."""
        advice = "whose stated values may not be all; use sh:hasValue or sh:qualifiedMinCount"
        for p, objects in said.items():
            if p not in LASTING or (p == SH.minCount and any(o.value != "1" for o in objects)):
                yield Fault(p, last, advice)
            for o in objects if p == SH.qualifiedValueShape else ():
                asked = self.t.predicates(o) if isinstance(o, NamedNode | BlankNode) else {}
                yield from (Fault(q, last, advice) for q in asked if q not in NAMES)

    def _of_facts(
        self, shape: Term, said: dict[NamedNode, list[Term]], ends: list[NamedNode]
    ) -> Iterator[Fault]:
        """Yield what keeps facts that are counted from being counted where they are denied."""
        yield from self._lasting(shape, said, COV.affirms)
        if COV.concernsPain in self._paths_below(shape):
            for fact in self._named(shape):
                if (known := self.knowledge.facts.get(fact)) and known.silence == COV.Absent:
                    yield Fault(SH.path, fact, "which no silence leaves open; use one-line facts")
        ways = [p for p in (SH.hasValue, SH.qualifiedValueShape) if p in said]
        if len(ends) > 1 or len(ways) != 1 or len(said.get(SH.qualifiedValueShape, [0])) != 1:
            advice = "which is read fact by fact; name them in one sh:qualifiedValueShape"
            yield Fault(SH.path, COV.affirms, advice)

    # --- what a leaf looks at -------------------------------------------------------------

    def _named(self, shape: Term) -> Iterator[Term]:
        """Yield the values that a shape names, at any depth."""
        for node in self._below(shape):
            yield from self.t.objects(node, SH.hasValue)
            for head in self.t.objects(node, SH["in"]):
                yield from self.t.items(head)

    def _unknown(self, shape: Term) -> Iterator[Fault]:
        """Yield the steps at any depth of which nothing says how their silence reads."""
        for step in self._paths_below(shape):
            if step not in self.knowledge.properties:
                yield Fault(SH.path, step, "which does not say how its silence reads")

    def _classes(self, node: Term) -> Iterator[Fault]:
        for below in self._below(node):
            for cls in self.t.objects(below, SH["class"]):
                for p in depends_on(cls, self.knowledge):
                    if self._is_open(p):
                        what = compact(p.value)
                        yield Fault(SH["class"], cls, f"which depends on {what}; ask for that")
                        break

    def _is_open(self, step: Term) -> bool:
        declared = self.knowledge.properties.get(step) if isinstance(step, NamedNode) else None
        if declared is None:
            return False
        return self.all_open or step in LISTS or declared.silence == COV.NotDocumented

    def _has_lower_bound(self, shape: Term) -> bool:
        if self.t.value(shape, SH.hasValue) is not None:
            return True
        return any(o.value not in ("0", "") for p in LOWER for o in self.t.objects(shape, p))

    def _open_below(self, node: Term) -> list[NamedNode]:
        return [step for step in self._paths_below(node) if self._is_open(step)]

    def _paths_below(self, node: Term) -> list[NamedNode]:
        paths = [path for below in self._below(node) for path in self.t.objects(below, SH.path)]
        return [step for path in paths for step in self._steps(path)]

    def _below(self, node: Term) -> list[Node]:
        """Return a shape with all that is written inside of it."""
        queue: list[Node] = [node] if isinstance(node, NamedNode | BlankNode) else []
        seen = set(queue)
        for at in queue:
            for p, objects in self.t.predicates(at).items():
                if p in (COV.citation, SH.path):
                    continue
                found = [o for o in objects if isinstance(o, BlankNode) and o not in seen]
                seen.update(found)
                queue += found
        return queue

    def _steps(self, path: Term | None) -> Iterator[NamedNode]:
        if isinstance(path, NamedNode):
            if path != RDF.nil:
                yield path
        elif isinstance(path, BlankNode):
            for p in (RDF.first, RDF.rest, SH.alternativePath, SH.inversePath):
                for o in self.t.objects(path, p):
                    yield from self._steps(o)

    def _plain(self, path: Term | None) -> list[list[NamedNode]] | None:
        """Return the steps of a path; only the last may be any of several properties."""
        if isinstance(path, NamedNode):
            return [[path]]
        if path is None or self.t.value(path, RDF.first) is None:
            return None
        items = self.t.items(path)
        found: list[list[NamedNode]] = []
        for i, item in enumerate(items):
            if isinstance(item, NamedNode):
                found.append([item])
                continue
            head = self.t.value(item, SH.alternativePath)
            either = self.t.items(head) if head is not None else []
            named = [e for e in either if isinstance(e, NamedNode)]
            if i < len(items) - 1 or not named or len(named) < len(either):
                return None
            found.append(named)
        return found


def leaves_room(p: NamedNode, knowledge: Knowledge) -> bool:
    """Return whether a property may have values beside those that are stated."""
    declared = knowledge.properties.get(p)
    complete = is_true(knowledge.triples.value(p, COV.completeOnceStated))
    return declared is not None and not declared.single and not complete
