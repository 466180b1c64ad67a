"""What to document, as a list to go through: headings, and criteria with how they join.

What is needed in any case comes first, then each choice under a heading of its own. A
choice within a choice is told in words, so that nothing is listed twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..decision.needed import AllOf, Need
from ..policies.criteria import Criterion

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


class Line(NamedTuple):
    """A criterion to document, and the words that join it to the line before."""

    joint: str
    criterion: Criterion


class Block(NamedTuple):
    """A heading, and what stands under it."""

    heading: str
    lines: tuple[Line, ...]


def blocks(needed: AllOf) -> Iterator[Block]:
    """Yield what to document: what is needed in any case, then each choice."""
    certain = [Line("", c) for c in needed.parts if isinstance(c, Criterion)]
    if certain:
        yield Block("To be documented", tuple(certain))
    opened = bool(certain)
    for part in needed.parts:
        if isinstance(part, Criterion):
            continue
        least = 1 if isinstance(part, AllOf) else part.least
        lead = f"And {number(least)}" if opened else number(least).capitalize()
        opened = True
        lines = [
            line
            for i, choice in enumerate(part.parts)
            for line in _joined(choice, "or " if i and least == 1 else "")
        ]
        yield Block(f"{lead} of these", tuple(lines))


def _joined(need: Need, joint: str, deep: bool = False) -> Iterator[Line]:
    """Yield what an alternative asks for, the first line joined to what stands before."""
    if isinstance(need, Criterion):
        yield Line(joint, need)
    elif isinstance(need, AllOf):
        for i, part in enumerate(need.parts):
            yield from _joined(
                part, joint if i == 0 else "together with " if deep else "and ", True
            )
    else:
        for i, part in enumerate(need.parts):
            if i == 0:
                word = "either " if need.least == 1 else f"{number(need.least)} of: "
                yield from _joined(part, joint + word, True)
            else:
                yield from _joined(part, "or else " if need.least == 1 else "", True)


def number(n: int) -> str:
    """Return a small number in words."""
    return NUMBERS[n] if n < len(NUMBERS) else str(n)
