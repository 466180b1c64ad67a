"""Decisions that are kept: added only, and any change is noticed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from covergraph.api.keeping import Keeper
from covergraph.api.problems import Problem
from covergraph.errors import CovergraphError, InputError
from covergraph.kept import Decisions, Kept, verified

ANSWER = {
    "policy": "payer/policy",
    "edition": "2024-01-01",
    "decision": "covered",
    "receipt": {"request": {"sha256": "0" * 64}, "verdicts": {}},
}


def row(number: int) -> Kept:
    return Kept(f"id-{number}", "2024-06-10T08:00:00Z", "clinic", "p/q", "", "covered", "{}")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "decisions"
    decisions = Decisions(path, new=True)
    decisions.append([row(1), row(2)])
    decisions.append([row(3)])
    decisions.close()
    return path


def altered(log: Path, *statements: str) -> None:
    """Change a file as somebody would who may write to it."""
    with sqlite3.connect(log) as connection:
        connection.execute("DROP TRIGGER never_changed")
        connection.execute("DROP TRIGGER never_removed")
        for statement in statements:
            connection.execute(statement)


def test_what_was_kept_is_found_and_verified(log: Path) -> None:
    assert Decisions(log).find("id-2") == row(2)
    assert Decisions(log).find("id-4") is None
    assert verified(log)[0] == 3


@pytest.mark.parametrize(
    "statement", ["UPDATE decisions SET holder = 'x'", "DELETE FROM decisions"]
)
def test_rows_are_added_only(log: Path, statement: str) -> None:
    with sqlite3.connect(log) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE decisions SET decision = 'not-covered' WHERE number = 2", "row 2 is not as it"),
        ("UPDATE decisions SET receipt = '[]' WHERE number = 1", "row 1 is not as it"),
        ("DELETE FROM decisions WHERE number = 2", "row 2 is missing"),
        ("DELETE FROM decisions WHERE number = 1", "row 1 is missing"),
        ("UPDATE decisions SET number = 7 WHERE number = 3", "row 3 is missing"),
    ],
)
def test_change_is_noticed(log: Path, statement: str, told: str) -> None:
    altered(log, statement)
    with pytest.raises(InputError, match=told):
        verified(log)


def test_end_that_was_cut_off_is_noticed_by_a_seal_that_was_written_down(log: Path) -> None:
    _, seal = verified(log)
    assert verified(log, seal)[0] == 3
    altered(log, "DELETE FROM decisions WHERE number = 3")
    assert verified(log)[0] == 2
    with pytest.raises(InputError, match="no row has the seal"):
        verified(log, seal)


def test_file_that_is_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("not a database, and long enough to be looked at as one" * 100)
    with pytest.raises(InputError, match="cannot be opened"):
        Decisions(path)
    with pytest.raises(InputError, match="no such file"):
        verified(tmp_path / "none")


def test_nothing_is_kept_of_a_call_that_failed(log: Path) -> None:
    decisions = Decisions(log)
    with pytest.raises(CovergraphError):
        decisions.append([row(4), row(1)])
    assert decisions.find("id-4") is None
    decisions.append([row(5)])
    assert verified(log)[0] == 4


def test_keeper_keeps_what_comes_together_and_shows_it_to_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "decisions"

    async def run() -> list[list[str]]:
        keeper = Keeper(path)
        calls = [keeper.keep([ANSWER, ANSWER], f"holder-{n}") for n in range(20)]
        ids = await asyncio.gather(*calls)
        found = await keeper.find(ids[3][1], "holder-3")
        assert found.told()["receipt"] == ANSWER["receipt"]
        with pytest.raises(Problem):
            await keeper.find(ids[3][1], "holder-4")
        await keeper.close()
        return ids

    ids = asyncio.run(run())
    assert len({i for found in ids for i in found}) == 40
    assert verified(path)[0] == 40


WRITER = """
import sys
from pathlib import Path
from covergraph.kept import Decisions, Kept
decisions, n = Decisions(Path(sys.argv[1]), new=True), 0
while True:
    n += 1
    decisions.append([Kept(f"{sys.argv[2]}-{n}", "", "", "p/q", "", "covered", "{}")])
    print(f"{sys.argv[2]}-{n}", flush=True)
"""


def test_kill_loses_nothing_that_was_acknowledged_and_keeps_nothing_twice(tmp_path: Path) -> None:
    path = tmp_path / "decisions"
    acknowledged: list[str] = []
    for attempt in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(attempt)], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        for _ in range(5 + 11 * attempt):
            process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
        # The last line may be torn; whole ones were acknowledged.
        rest, _ = process.communicate()
        told = [n for n in range(1, 6 + 11 * attempt)] + list(
            range(6 + 11 * attempt, 6 + 11 * attempt + rest.count(b"\n"))
        )
        acknowledged += [f"{attempt}-{n}" for n in told]
    decisions = Decisions(path)
    for id in acknowledged:
        assert decisions.find(id) is not None, id
    count, _ = verified(path)
    assert len(acknowledged) <= count <= len(acknowledged) + 4
    assert json.loads(decisions.find("0-1").receipt) == {}  # type: ignore[union-attr]
