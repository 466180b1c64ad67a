"""From a policy's criteria to one Python function that values them all.

What criteria are worth is said by ``judge.valuation``; this says the same as straight code
over bits, one line a composite. Its text is made from the tree alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ...policies.criteria import Criterion, Kind, Policy
from ..valuation import otherwise
from .bits import COUNTING, MET, ROUTES, VERDICT, rest
from .source import made

# From the bits of the leaves to the bits of every criterion, both in the order of the document.
ValueCriteria: TypeAlias = Callable[[list[int]], list[int]]


def valuing_criteria(policy: Policy, title: str) -> ValueCriteria:
    """Return the function that values a policy's criteria; tracebacks show it under the title."""
    tables = Tables()
    text = source(policy, tables)
    constants = {name: table for table, name in tables.names.items()}
    function: ValueCriteria = made("value_criteria", text, constants, title)
    return function


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
    return "def value_criteria(leaves):\n" + "\n".join(f"    {line}" for line in body) + "\n"


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
        added = f"{tables.name(ROUTES)}[{names[grounds]}]" if grounds else str(ROUTES[MET])
        lines.append(f"{name} |= {added}")
    return lines


def _indications(group: Criterion, names: dict[Criterion, str], tables: Tables) -> str:
    """Return what a group is worth whose members may not apply."""
    values, applying = [], []
    for m in group.members:
        when = names[m.applies_when] if m.applies_when else str(MET)
        values.append(f"{names[m]} & {tables.name(COUNTING)}[{when}]")
        applying.append(when)
    values.append(f"{tables.name(rest(otherwise(group)))}[{' | '.join(applying)}]")
    verdict = " | ".join(names[m] for m in group.members)
    return f"({verdict}) & {VERDICT} | {' | '.join(values)}"
