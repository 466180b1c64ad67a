"""What the tests of batches share: small runs, real files, and processes that are killed."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from covergraph.batch.decider import Question
from covergraph.batch.run import Report, run
from covergraph.engine import Reasoner
from tests.batch import many_requests

FACET = "centene/cp-mp-171"
CASES = many_requests.CASES / FACET
OUTPUTS = ("decisions.ndjson", "decisions.parquet", "rejects.ndjson", "summary.json")


@cache
def facet_cases() -> list[bytes]:
    """Return the requests of one policy's cases, so that its decisions vary."""
    return many_requests.triples_of(CASES)


def quads(count: int, first: int = 0) -> list[bytes]:
    """Return so many requests as N-Quads."""
    return list(many_requests.numbered(many_requests.quads(facet_cases()), count, first))


def json_lines(count: int) -> list[bytes]:
    return list(many_requests.numbered(many_requests.json_lines(facet_cases()[:40]), count))


def turtle(count: int) -> list[bytes]:
    return list(many_requests.numbered(facet_cases(), count))


def written(path: Path, *parts: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(parts))
    return path


def decided(
    reasoner: Reasoner, out: Path, *inputs: Path, jobs: int = 2, chunk: int = 4, **asked: Any
) -> Report:
    """Run a batch; under one policy, unless something else is asked."""
    question = Question(**(asked or {"policy": FACET}))
    return run(reasoner, question, [str(i) for i in inputs], out, jobs, chunk)


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def decisions(out: Path) -> list[dict[str, Any]]:
    return rows(out / "decisions.ndjson")


def rejects(out: Path) -> list[dict[str, Any]]:
    return rows(out / "rejects.ndjson")


def table(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return [r | {"date": r["date"].isoformat()} for r in found]


def contents(out: Path) -> dict[str, Any]:
    """Return all that a run has written: lines as bytes, tables as rows."""
    assert not list(out.rglob("*.part"))
    return {
        path.name: table(path) if path.suffix == ".parquet" else path.read_bytes()
        for path in sorted(out.iterdir())
        if path.is_file()
    }


def in_child(act: Callable[[], object]) -> int:
    """Do something in a process group of its own; return its status as ``os.waitpid`` does."""
    child = os.fork()
    if child == 0:
        try:
            os.setpgrp()
            act()
        except BaseException:
            os._exit(3)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def die() -> None:
    """End the process group at once, as ``kill -9`` does."""
    os.killpg(0, signal.SIGKILL)
