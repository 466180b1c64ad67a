"""One request under every policy at a glance: the decision, what it turns on, where it stands.

Policies that do not speak to the request are named together at the end, so that what is
left is what a requester can act on.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..decision.decide import Decision
from ..decision.needed import AllOf, in_order
from ..engine import Answer
from ..policies.criteria import Criterion
from .documenting import number
from .text import sections
from .words import DECISIONS, ENDS


def overview(answers: Sequence[Answer]) -> RenderableType:
    """Return the answers to one request side by side, those out of scope in one line."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 1, 0))
    # Wide enough that no word and no key is broken.
    longest = max((len(a.selection.key) for a in answers), default=0)
    words = max(len(w) for word in DECISIONS.values() for w in f"{word.title},".split())
    table.add_column("policy", overflow="fold", width=longest)
    table.add_column("decision", overflow="fold", width=words)
    table.add_column("what decides, or is missing", overflow="fold", ratio=1)
    table.expand = True
    for answer in answers:
        if answer.decision is not Decision.OUT_OF_SCOPE:
            word = DECISIONS[answer.decision]
            name = Text(answer.selection.key)
            if answer.policy:
                name = Text(f"{answer.policy.payer_label}\n{answer.policy.key}")
            table.add_row(
                name,
                Text(f"{word.title.lower()}{ends(answer)}", style=word.style),
                turns_on(answer),
            )
    outside = [a.selection.key for a in answers if a.decision is Decision.OUT_OF_SCOPE]
    parts: list[RenderableType] = [table] if table.row_count else []
    if outside:
        parts.append(Text(f"Out of scope: {', '.join(outside)}"))
    return Group(*parts, Text())


def ends(answer: Answer) -> str:
    """Return what a question may still come to."""
    if answer.decision is not Decision.NEEDS_INFORMATION or answer.value is None:
        return ""
    worst, best = (ENDS[end].text for end in answer.value)
    return f", at best {best}, at worst {worst}" if worst != best else f", then {best}"


def turns_on(answer: Answer) -> str:
    """Return what decides or is missing, each with its sections."""
    if answer.decision is Decision.COVERED:
        return f"all {len(answer.deciding)} requirements are met" if answer.deciding else ""
    if answer.decision is Decision.NEEDS_INFORMATION:
        certain = [p for p in answer.needed.parts if isinstance(p, Criterion)]
        lines = [named(c) for c in certain]
        for part in answer.needed.parts:
            if not isinstance(part, Criterion):
                rest = dict.fromkeys(named(c) for c in in_order(part))
                least = "one" if isinstance(part, AllOf) else number(part.least)
                lines.append(f"{least} of: " + "; ".join(rest))
    else:
        lines = [named(c) for c in answer.deciding]
    told = DECISIONS[answer.decision].lead + "\n".join(lines)
    if answer.earliest:
        told += f"\nask again from {answer.earliest.day.isoformat()}"
    return told


def named(criterion: Criterion) -> str:
    where = sections(criterion.citations)
    return f"{criterion.label} [{where}]" if where else criterion.label
