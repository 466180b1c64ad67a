"""From a policy's criteria to one Python function that values them all.

What criteria are worth is said by ``decide.Valuation``; this says the same as straight code,
one line a composite. Its text is made from the tree alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ...decision.decide import ALL, ASKED, BEST, LIFTS, VERDICT, rest_of
from ...policies.criteria import Criterion, Kind, Policy

# From the bits of the leaves to the bits of every criterion, both in the order of the document.
Values: TypeAlias = Callable[[list[int]], list[int]]

# By the verdict on what says that an indication applies: what the indication adds.
ADDS = {0: 0, ASKED: BEST, VERDICT: ALL}
ENDS = ALL & ~VERDICT


def valuing(policy: Policy) -> Values:
    """Return the function that values the criteria of a policy."""
    tables = Tables()
    text = source(policy, tables)
    namespace: dict[str, object] = {name: table for table, name in tables.names.items()}
    exec(compile(text, "<values>", "exec"), namespace)
    return namespace["values"]  # type: ignore[return-value]


class Tables:
    """The constant tables that a function looks things up in, and what it calls them."""

    def __init__(self) -> None:
        self.names: dict[tuple[int, ...], str] = {}

    def name(self, table: tuple[int, ...]) -> str:
        return self.names.setdefault(table, f"T{len(self.names)}")


def source(policy: Policy, tables: Tables) -> str:
    """Return the text of the function."""
    names = {c: f"c{i}" for c, i in policy.place.items()}
    lines: dict[str, None] = {}
    for root in (*policy.exclusions, *filter(None, [policy.applies_when]), policy.root):
        for criterion in root.order:
            lines |= dict.fromkeys(_lines(criterion, names, tables))
    leaves = "".join(f"{names[leaf]}, " for leaf in policy.leaves)
    body = [f"{leaves}= leaves", *lines, f"return [{', '.join(names.values())}]"]
    return "def values(leaves):\n" + "\n".join(f"    {line}" for line in body) + "\n"


def _lines(criterion: Criterion, names: dict[Criterion, str], tables: Tables) -> list[str]:
    name = names[criterion]
    members = [names[m] for m in criterion.members]
    lines = []
    if criterion.kind is Kind.AND:
        lines.append(f"{name} = {' & '.join(members)}")
    elif members and any(m.applies_when for m in criterion.members):
        lines.append(f"{name} = {_indications(criterion, names, tables)}")
    elif members:
        lines.append(f"{name} = {' | '.join(members)}")
    if criterion.route:
        grounds = criterion.route.grounds
        lifts = f"{tables.name(LIFTS)}[{names[grounds]}]" if grounds else str(LIFTS[ALL])
        lines.append(f"{name} |= {lifts}")
    return lines


def _indications(group: Criterion, names: dict[Criterion, str], tables: Tables) -> str:
    """Return what a group is worth whose members may not apply."""
    adds = tables.name(tuple(ADDS.get(verdict, 0) for verdict in range(VERDICT + 1)))
    values, applying = [], []
    for m in group.members:
        when = f"{names[m.applies_when]} & {VERDICT}" if m.applies_when else str(VERDICT)
        values.append(f"{names[m]} & {adds}[{when}]")
        applying.append(names[m.applies_when] if m.applies_when else str(VERDICT))
    rest = tables.name(tuple(rest_of(group, verdict) for verdict in range(VERDICT + 1)))
    values.append(f"{rest}[({' | '.join(applying)}) & {VERDICT}]")
    verdict = " | ".join(names[m] for m in group.members)
    return f"({verdict}) & {VERDICT} | ({' | '.join(values)}) & {ENDS}"
