"""Run the command line as a person does: in this process, or in one of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from tests.variations import EXAMPLES, ROOT


class Ran(NamedTuple):
    """What a command printed and returned."""

    status: int
    out: str
    err: str


Run = Callable[..., Ran]


def file(name: str) -> str:
    """Return the path of an example."""
    return str(EXAMPLES / f"{name}.ttl")


def unwrapped(text: str) -> str:
    """Return text as one line, without the branches of a tree."""
    return re.sub(r"[│├└─\s]+", " ", text)


def decisions(ran: Ran) -> list[dict[str, Any]]:
    """Return what a command printed as JSON, once it has ended well."""
    assert (ran.status, ran.err) == (0, "")
    found = json.loads(ran.out)
    assert isinstance(found, list)
    return found


def refused(ran: Ran, *parts: str) -> None:
    """Check that a command failed on its input, with one line that says all the parts."""
    assert ran.status == 2
    assert ran.out == ""
    assert ran.err.startswith("covergraph: ") and ran.err.count("\n") == 1, ran.err
    for part in parts:
        assert part in ran.err, (part, ran.err)


def started(
    *words: str, cwd: Path = ROOT, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "covergraph.cli", *words],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        env={k: v for k, v in os.environ.items() if k != "COLUMNS"},
        check=False,
    )
