"""From expressions to one Python function per policy.

The function takes the facts of a request and returns the verdict on every leaf in bits. Its
text is made from the tree alone; every IRI and number of a policy reaches it as a constant by
position, never as text. What several leaves look at is looked up once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from operator import attrgetter
from typing import Any, TypeAlias

from ...errors import KnowledgeError
from ...facts.layout import Facts
from ...plain import (
    CONCERNS_PAIN,
    EARLIER_PROCEDURES,
    HAS_PATIENT,
    LISTS_ALL_OF,
    NONE,
    REQUESTS_PROCEDURE,
    TYPE,
    Value,
    Values,
)
from ...policies import algebra as a
from ..components import judging
from ..components.sessions import Sessions, picking
from .bits import MET, NOT_DOCUMENTED, NOT_MET
from .source import made

# From the facts of a request to the bits of every leaf, in the order of the document.
JudgeLeaves: TypeAlias = Callable[[Facts], list[int]]

# The records that paths begin with, and where the facts keep them.
HEADS = {HAS_PATIENT: "patient", REQUESTS_PROCEDURE: "procedure", CONCERNS_PAIN: "pain"}
NOBODY = Facts(
    iri="",
    patient_iri="",
    procedure_iri="",
    day="2000-01-01",
    records={},
    stated={},
    types=NONE,
    procedure_types=NONE,
    patient={},
    procedure={},
    pain={},
    region=None,
    levels=NONE,
    concepts={},
    earlier=[],
    courses=[],
    planned=[],
    silent_on=NONE,
)
# And nothing says that all there was is on record.
SILENT_NOBODY = replace(NOBODY, silent_on=(EARLIER_PROCEDURES,))


def judging_leaves(leaves: tuple[a.Leaf, ...], title: str) -> JudgeLeaves:
    """Return the function that judges these leaves; tracebacks show it under the title."""
    generator = Generator(leaves)
    function: JudgeLeaves = made("judge_leaves", generator.source(), generator.constants, title)
    return function


class Generator:
    """Writes the function that judges some leaves."""

    def __init__(self, leaves: tuple[a.Leaf, ...]) -> None:
        self.leaves = leaves
        self.constants: dict[str, Any] = {
            "NONE": NONE,
            "latest": attrgetter("latest"),
            "EARLIER": EARLIER_PROCEDURES,
            "LISTS_ALL_OF": LISTS_ALL_OF,
            "values": values,
            "is_of": is_of,
        }
        self._names: dict[Any, str] = {}
        self.lookups: dict[str, str] = {}
        self.picks: dict[Sessions, str] = {}

    def source(self) -> str:
        """Return the text of the function; its constants are in ``constants``."""
        lines: list[str] = []
        asking: dict[str, dict[Sessions, list[str]]] = {}
        without: dict[str, list[str]] = {}
        for i, leaf in enumerate(self.leaves):
            line = f"v{i} = {self.verdict(leaf)}"
            of = getattr(leaf.holds, "of", None)
            if of is None:
                lines.append(line)
            else:
                asking.setdefault(of.cls, {}).setdefault(of, []).append(line)
                without.setdefault(_without_sessions(leaf, of.cls), []).append(f"v{i}")
        looked_up = [f"{name} = {text}" for text, name in self.lookups.items()]
        given = [f"{' = '.join(names)} = {bits}" for bits, names in without.items()]
        result = ", ".join(f"v{i}" for i in range(len(self.leaves)))
        body = [*HEAD_LINES, *looked_up, *lines, *given, *self._history(asking)]
        text = "\n".join(f"    {line}" for line in [*body, f"return [{result}]"])
        return f"def judge_leaves(facts):\n{text}\n"

    def _history(self, asking: dict[str, dict[Sessions, list[str]]]) -> list[str]:
        """Return what judges the leaves that ask for sessions, where there are such sessions.

        Parameters
        ----------
        asking : dict
            By the class of the sessions, and by which of them are asked for, the lines.
        """
        lines = ["if facts.earlier:"] if asking else []
        for i, (cls, picks) in enumerate(asking.items()):
            of_class = f"[s for s in facts.earlier if {self.constant(cls)} in s.types]"
            lines.append(f"    e{i} = sorted({of_class}, key=latest)")
            lines.append(f"    if e{i}:")
            for of, judged in picks.items():
                name = self.picks[of]
                pick = self.constant(picking(of))
                lines.append(f"        {name}s, {name}p = {pick}(facts, e{i})")
                lines.append(f"        if {name}p:")
                lines += [f"            {line}" for line in judged]
        return lines

    def verdict(self, leaf: a.Leaf) -> str:
        holds, twin = self.expression(leaf.holds, REQUEST), leaf.may_hold
        if twin == leaf.holds:
            return f"{MET} if {holds} else {NOT_MET}"
        if isinstance(twin, a.AnyOf):
            # The twin is only asked when the leaf has failed.
            twin = a.AnyOf(tuple(part for part in twin.parts if part != leaf.holds))
        may_hold = self.expression(twin, REQUEST)
        return f"{MET} if {holds} else {NOT_DOCUMENTED} if {may_hold} else {NOT_MET}"

    def expression(self, e: a.Expression, focus: Focus) -> str:
        """Return Python text for an expression of a focus."""
        if isinstance(e, a.All | a.AnyOf):
            if not e.parts:
                return str(isinstance(e, a.All))
            word = " and " if isinstance(e, a.All) else " or "
            return "(" + word.join(self.expression(p, focus) for p in e.parts) + ")"
        if isinstance(e, a.Not):
            return f"(not {self.expression(e.part, focus)})"
        if isinstance(e, a.Has):
            return f"({self.constant(e.value)} in {self.values(e.path, focus)})"
        if isinstance(e, a.Count):
            return self._count(e, focus)
        if isinstance(e, a.Every):
            if focus is REQUEST and names(e.path) == (REQUESTS_PROCEDURE,):
                return self.expression(e.test, PROCEDURE)
            if isinstance(e.test, a.Among):
                return f"{self.constant(e.test.values)}.issuperset({self.values(e.path, focus)})"
            inner = focus.inner()
            test = self.expression(e.test, inner)
            return f"all({test} for {inner.name} in {self.values(e.path, focus)})"
        if isinstance(e, a.Among):
            return f"({focus.name} in {self.constant(e.values)})"
        if isinstance(e, a.OfClass):
            if focus.types:
                return f"({self.constant(e.cls)} in {focus.types})"
            return f"is_of(facts, {focus.name}, {self.constant(e.cls)})"
        if isinstance(e, a.OfSort):
            return SORTS[e.sort].format(v=focus.name)
        if isinstance(e, a.Compared):
            number = SORTS[a.Sort.NUMBER].format(v=focus.name)
            return f"({number} and {focus.name} {e.order.value} {self.constant(e.bound)})"
        judge = judging(e)
        if judge is None or focus is not REQUEST:
            raise KnowledgeError(f"{type(e).__name__} has no compiled form here")
        pick = self._pick(e.of) if hasattr(e, "of") else None
        lists = f"{pick}s, {pick}p" if pick else "NONE, NONE"
        return f"{self.constant(judge)}(facts, {lists})"

    def _count(self, e: a.Count, focus: Focus) -> str:
        if focus is REQUEST and names(e.path) == (REQUESTS_PROCEDURE,) and e.test is None:
            return str((e.least or 0) <= 1 and (e.most is None or e.most >= 1))
        found = self.values(e.path, focus)
        if e.test is None:
            number = f"len({found})"
        elif isinstance(e.test, a.Among):
            among = self.constant(e.test.values)
            if (e.least, e.most) == (None, 0):
                return f"{among}.isdisjoint({found})"
            if (e.least, e.most) == (1, None):
                return f"(not {among}.isdisjoint({found}))"
            # The values at the end of a path are all different.
            number = f"len({among}.intersection({found}))"
        else:
            inner = focus.inner()
            number = f"sum({self.expression(e.test, inner)} for {inner.name} in {found})"
        bounds = [f"{number} >= {e.least:d}"] if e.least is not None else []
        bounds += [f"{number} <= {e.most:d}"] if e.most is not None else []
        return "(" + (" and ".join(bounds) or "True") + ")"

    def values(self, path: a.Path, focus: Focus) -> str:
        """Return a name, or text, for the values at the end of a path."""
        steps = names(path)
        if focus is REQUEST and steps and len(steps) == 2 and steps[0] in HEADS:
            return self._looked_up(f"{HEADS[steps[0]]}.get({self.constant(steps[1])}, NONE)")
        if focus is REQUEST:
            return self._looked_up(f"values(facts, facts.iri, {self.constant(path)})")
        return f"values(facts, {focus.name}, {self.constant(path)})"

    def _looked_up(self, text: str) -> str:
        return self.lookups.setdefault(text, f"p{len(self.lookups)}")

    def _pick(self, of: Sessions) -> str:
        return self.picks.setdefault(of, f"h{len(self.picks)}")

    def constant(self, value: Any) -> str:
        if value not in self._names:
            self._names[value] = name = f"K{len(self._names)}"
            self.constants[name] = value
        return self._names[value]


class Focus:
    """What an expression is asked of: its name in the text, and that of its types."""

    def __init__(self, name: str, depth: int, types: str = "") -> None:
        self.name, self.depth, self.types = name, depth, types

    def inner(self) -> Focus:
        return Focus(f"n{self.depth}", self.depth + 1)


REQUEST = Focus("facts.iri", 0, "facts.types")
PROCEDURE = Focus("facts.procedure_iri", 0, "kinds")
HEAD_LINES = (
    "kinds = facts.procedure_types",
    "patient = facts.patient",
    "listed = patient.get(LISTS_ALL_OF, NONE)",
    "procedure = facts.procedure",
    "pain = facts.pain",
)
SORTS = {
    a.Sort.NUMBER: "({v}.__class__ is not str)",
    a.Sort.DAY: '({v}.__class__ is str and ":" not in {v})',
    a.Sort.NODE: '({v}.__class__ is str and ":" in {v})',
}


def names(path: a.Path) -> tuple[str, ...]:
    """Return the properties of a path that only goes forwards; nothing for another."""
    if any(s.inverse or len(s.properties) != 1 for s in path):
        return ()
    return tuple(s.properties[0] for s in path)


def _without_sessions(leaf: a.Leaf, cls: str) -> str:
    """Return text for the verdict on a leaf that asks for sessions of a class with none there."""
    said, silent = (_verdict_on(leaf, nobody) for nobody in (NOBODY, SILENT_NOBODY))
    if said == silent:
        return str(said)
    # Of one class all may be listed where the list as a whole is not.
    return f"{silent} if EARLIER in facts.silent_on and {cls!r} not in listed else {said}"


def _verdict_on(leaf: a.Leaf, facts: Facts) -> int:
    holds, may_hold = judging(leaf.holds), judging(leaf.may_hold)
    assert holds and may_hold
    if holds(facts, [], []):
        return MET
    return NOT_DOCUMENTED if may_hold(facts, [], []) else NOT_MET


def values(facts: Facts, start: Value, path: a.Path) -> Values:
    """Return the values at the end of any path."""
    nodes: dict[Value, None] = {start: None}
    for step in path:
        found: dict[Value, None] = {}
        for p in step.properties:
            if step.inverse:
                for subject, record in facts.records.items():
                    if any(v in nodes for v in record.get(p, NONE)):
                        found[subject] = None
            else:
                for node in nodes:
                    found.update(dict.fromkeys(facts.values(node, p)))
        nodes = found
    return tuple(nodes)


def is_of(facts: Facts, node: Value, cls: str) -> bool:
    return cls in facts.values(node, TYPE)
