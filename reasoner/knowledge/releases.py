"""When each ICD-10-CM code is valid, and what succeeded it.

The list changes each October and sometimes in between. One table holds every code there
has been, a line each and sorted. It is kept as text, in some two thousand pieces: a request
names one or two of some seventy-six thousand codes.
"""

from __future__ import annotations

import re
from bisect import bisect
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

TABLE = "data/codes/icd-10-cm.tsv"

_CODE = re.compile(r"([A-Z][0-9][0-9A-Z])(?:\.?([0-9A-Z]{1,4}))?", re.IGNORECASE)


class Entry(NamedTuple):
    """A code of the table.

    Parameters
    ----------
    first : date
        The first day on which it is valid.
    last : date or None
        The last day; None for a code that is valid under the last release held.
    successors : tuple of str
        The codes that took its place on the day after.
    """

    first: date
    last: date | None = None
    successors: tuple[str, ...] = ()

    def valid_on(self, day: date) -> bool:
        return self.first <= day and (self.last is None or day <= self.last)


@dataclass(frozen=True)
class Releases:
    """Every release held.

    Parameters
    ----------
    days : tuple of date
        The days on which the list changed, the first release's included.
    until : date
        The last day that the list is published for.
    categories : dict
        From the first three characters of codes to their lines, a line break at each end.
    """

    days: tuple[date, ...]
    until: date
    categories: dict[str, str]

    def of(self, day: date) -> date | None:
        """Return the first day of the release that a day falls in; None before the first."""
        at = bisect(self.days, day)
        return self.days[at - 1] if at else None

    def __contains__(self, code: str) -> bool:
        return self._fields(code) is not None

    def entry(self, code: str) -> Entry | None:
        """Return what the table says of a code; None where it never was one."""
        fields = self._fields(code)
        if fields is None:
            return None
        first, last, successors = [*fields, "", "", ""][:3]
        return Entry(
            date.fromisoformat(first) if first else self.days[0],
            date.fromisoformat(last) if last else None,
            tuple(successors.split()),
        )

    def predecessors(self, code: str) -> list[str]:
        """Return the codes that a code succeeded."""
        return [
            line.partition("\t")[0]
            for lines in self.categories.values()
            # Nearly every category is left at a glance.
            if f" {code}" in lines or f"\t{code}" in lines
            for line in lines.split("\n")
            if code in line.rpartition("\t")[2].split()
            if not line.startswith(f"{code}\t")
        ]

    def category(self, code: str) -> list[str]:
        """Return the codes that begin with the same three characters, valid or retired."""
        lines = self.categories.get(code[:3], "").split("\n")
        return [line.partition("\t")[0] for line in lines if line]

    def _fields(self, code: str) -> list[str] | None:
        """Return the rest of a code's line; None where there is none."""
        lines = self.categories.get(code[:3], "")
        # Sorted: where the code is there, it is the first that begins like it.
        begin = lines.find(f"\n{code}") + 1
        if not begin:
            return None
        here, *fields = lines[begin : lines.index("\n", begin)].split("\t")
        return fields if here == code else None


@lru_cache(maxsize=2)
def releases(root: Path) -> Releases:
    """Return the releases held under a root; none where there is no table."""
    path = root / TABLE
    table = path.read_text(encoding="utf-8") if path.is_file() else ""
    days = tuple(date.fromisoformat(d) for d in _said(table, "releases"))
    until = max((date.fromisoformat(d) for d in _said(table, "until")), default=date.min)
    blocks = re.finditer(r"^([^#\n]{3}).*\n(?:\1.*\n)*", table, re.MULTILINE)
    return Releases(days, until, {block[1]: f"\n{block[0]}" for block in blocks})


def _said(header: str, what: str) -> list[str]:
    found = re.search(rf"^# {what} (.+)$", header, re.MULTILINE)
    return found[1].split() if found else []


def spelled(code: str) -> str:
    """Return a code in capitals and with its dot; as it is where it cannot be one."""
    found = _CODE.fullmatch(code)
    return ".".join(part for part in found.groups() if part).upper() if found else code
