"""Requests by the hundred thousand, made from the test cases, to test and to time batches.

Each request is the request of one case under a number of its own, so that they vary as the
cases do: every policy, every decision. What a case says once is prepared once, and a request
is then a replacement in bytes: a million N-Quads requests take about a minute.

    python -m tests.batch.many_requests 1000000 requests.nq
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyoxigraph import RdfFormat, parse, serialize

from tests.tools.case_files import CASES, load_cases

BASE = "https://w3id.org/covergraph/requests/"
# Stands for the number of a request in what is prepared; no case has it.
NUMBER = b"@NUMBER@"


def triples_of(root: Path = CASES) -> list[bytes]:
    """Return the request of every case as N-Triples, with ``NUMBER`` in place of its name."""
    found = []
    for case in load_cases(root):
        name = case.path.relative_to(CASES).with_suffix("")
        own = f"{BASE}{name.parent.parent}/{name.name}#"
        text = serialize(
            parse(case.request_ttl, format=RdfFormat.N_TRIPLES), format=RdfFormat.N_TRIPLES
        )
        assert isinstance(text, bytes) and own.encode() in text, case
        # Blank nodes get the same short names in every request: they must not meet.
        lines = text.replace(own.encode(), BASE.encode() + NUMBER + b"#")
        found.append(short_blank_nodes(lines))
    return found


def short_blank_nodes(lines: bytes) -> bytes:
    names: dict[bytes, bytes] = {}

    def short(found: re.Match[bytes]) -> bytes:
        return found[1] + names.setdefault(found[2], b"_:b%d" % len(names))

    return re.sub(rb"(?m)(^| )(_:\w+)", short, lines)


def graph_of(number: int) -> bytes:
    return b"<%s%d>" % (BASE.encode(), number)


def quads(cases: list[bytes]) -> list[bytes]:
    """Return what is prepared of each case as N-Quads."""
    graph = b" <" + BASE.encode() + NUMBER + b"> .\n"
    return [case.replace(b" .\n", graph) for case in cases]


def json_lines(cases: list[bytes]) -> list[bytes]:
    """Return what is prepared of each case as a line of JSON-LD."""
    found = []
    for case in cases:
        text = serialize(
            parse(case.replace(NUMBER, b"NUMBER"), format=RdfFormat.N_TRIPLES),
            format=RdfFormat.JSON_LD,
        )
        assert isinstance(text, bytes)
        line = json.dumps(json.loads(text), separators=(",", ":")).encode() + b"\n"
        found.append(line.replace(b"requests/NUMBER", b"requests/" + NUMBER))
    return found


def numbered(prepared: list[bytes], count: int, first: int = 0) -> Iterator[bytes]:
    """Yield so many requests, the cases in turn."""
    for number in range(first, first + count):
        yield prepared[number % len(prepared)].replace(NUMBER, b"%d" % number)


def write(path: Path, prepared: list[bytes], count: int) -> None:
    """Write requests one after another; ``.gz`` and ``.zst`` are compressed."""
    with opened(path) as file:
        for start in range(0, count, 1000):
            file.write(b"".join(numbered(prepared, min(1000, count - start), start)))


def opened(path: Path) -> Any:
    file: Any
    if path.suffix == ".gz":
        file = gzip.GzipFile(path, "wb", compresslevel=1)
    elif path.suffix == ".zst":
        file = pa.CompressedOutputStream(str(path), "zstd")
    else:
        file = path.open("wb")
    return file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("path", type=Path, help="ends in .nq or .ndjson, with .gz or .zst or not")
    parser.add_argument("--under", default="", help="only the cases of this payer or policy")
    given = parser.parse_args()
    cases = triples_of(CASES / given.under)
    lines = ".ndjson" in given.path.suffixes
    write(given.path, json_lines(cases) if lines else quads(cases), given.count)


if __name__ == "__main__":
    main()
