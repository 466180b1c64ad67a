"""``covergraph batch`` as a person meets it: what it prints, and its exit status."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.batch.runs import FACET, OUTPUTS, quads, written

ROOT = Path(__file__).resolve().parents[2]


def ran(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "covergraph.cli", "batch", *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80", **more},
        capture_output=True,
        text=True,
        check=False,
    )


def test_run_with_rejects_is_a_run(tmp_path: Path) -> None:
    path = written(tmp_path / "a.nq", *quads(20), b"nonsense\n")
    out = tmp_path / "out"
    command = (str(path), "--policy", FACET, "--out", str(out))
    first = ran(*command)
    assert first.returncode == 0, first.stderr
    lines = first.stdout.splitlines()
    assert lines[0] == "20 records: 19 decided, 1 rejected (see rejects.ndjson)"
    assert "information" in lines[2]
    (row,) = (line.split() for line in lines if "2019-07-01" in line)
    assert row[0] == FACET and sum(map(int, row[2:])) == 19
    assert "20 records read in" in first.stderr and "a second" in first.stderr
    assert sorted(p.name for p in out.iterdir() if p.is_file()) == sorted(OUTPUTS)
    again = ran(*command, "--jobs", "1")
    assert again.returncode == 0 and again.stdout == first.stdout
    assert "finished before" in again.stderr


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("none.nq", "--all"), "no such file"),
        (("{file}", "--all", "--policy", FACET), "exclude each other"),
        (("{file}", "--policy", "x/y"), "no policy is called"),
        (("{file}", "--all", "--date", "soon"), "YYYY-MM-DD"),
        (("{file}", "--all", "--jobs", "0"), "jobs"),
        (("{file}", "--all", "--compare", FACET), "needs --policy"),
        (("--all",), "INPUT"),
    ],
)
def test_arguments_at_fault_are_status_2(tmp_path: Path, words: tuple[str, ...], what: str) -> None:
    file = written(tmp_path / "a.nq", *quads(1))
    found = ran(*(w.format(file=file) for w in words), "--out", str(tmp_path / "out"))
    assert found.returncode == 2
    assert what in found.stderr and "Traceback" not in found.stderr
    assert not (tmp_path / "out").exists()


def test_folder_that_cannot_be_written_to_is_one_line(tmp_path: Path) -> None:
    file = written(tmp_path / "a.nq", *quads(1))
    found = ran(str(file), "--all", "--out", str(file / "out"))
    assert found.returncode == 1
    assert found.stderr.startswith("covergraph: ") and len(found.stderr.splitlines()) == 1


def test_progress_is_drawn_on_a_terminal(tmp_path: Path) -> None:
    path = written(tmp_path / "a.nq", *quads(200))
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "covergraph.cli", "batch", str(path), "--policy", FACET]
    run = subprocess.Popen(
        [*command, "--out", str(tmp_path / "out")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "120"},
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    drawn = b""
    try:
        while part := os.read(ours, 65536):
            drawn += part
    except OSError:
        # The other end is closed.
        pass
    assert run.wait() == 0
    assert b"a second" in drawn and b"time left" in drawn and b"200 records" in drawn
    assert run.stdout is not None and b"\x1b" not in run.stdout.read()


def test_comparison_is_printed(tmp_path: Path) -> None:
    path = written(tmp_path / "a.nq", *quads(40))
    out = tmp_path / "out"
    found = ran(
        str(path), "--policy", FACET, "--compare", "nia/cg-302@2024-01-01", "--out", str(out)
    )
    assert found.returncode == 0, found.stderr
    assert "leaves scope" in found.stdout and "by criterion" in found.stdout
    assert {p.name for p in out.iterdir() if p.is_file()} == {
        *OUTPUTS,
        "changes.ndjson",
        "changes.parquet",
    }
