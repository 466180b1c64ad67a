"""A run that is killed goes on, and what comes out is what would have come out without."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from covergraph.batch import ledger as ledger_module
from covergraph.batch import output
from covergraph.batch.decider import Decider
from covergraph.engine import Reasoner
from covergraph.errors import CovergraphError, InputError
from tests.batch.runs import (
    FACET,
    contents,
    decided,
    decisions,
    die,
    in_child,
    quads,
    rejects,
    written,
)

ROOT = Path(__file__).resolve().parents[2]


def given_input(folder: Path) -> Path:
    """Return an input with all that a run has to settle: bad records, torn graphs, twins."""
    requests = quads(30)
    torn = requests[3].splitlines(keepends=True)
    again = requests[7].replace(b"requests/7>", b"requests/again>")
    parts = [*requests[:3], *torn[:4], *requests[4:9], b"nonsense\n", *requests[9:], again]
    return written(folder / "a.nq", *parts, *torn[4:])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return given_input(tmp_path)


@pytest.fixture
def expected(reasoner: Reasoner, tmp_path: Path, path: Path) -> dict[str, Any]:
    """What a run gives that nobody disturbs."""
    report = decided(reasoner, tmp_path / "plain", path)
    assert report.summary["rejected"] >= 3 and report.summary["repeated"] == 2
    return contents(tmp_path / "plain")


class Dying:
    """A function that kills its process group the n-th time, before or after it acts."""

    def __init__(self, act: Any, at: int, after: bool) -> None:
        self.act, self.left, self.after = act, at, after

    def __call__(self, *given: Any, **named: Any) -> Any:
        self.left -= 1
        if self.left == 0 and not self.after:
            die()
        result = self.act(*given, **named)
        if self.left == 0:
            die()
        return result


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_run_that_dies_at_any_step_goes_on(
    reasoner: Reasoner,
    tmp_path: Path,
    path: Path,
    expected: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    after: bool,
) -> None:
    """Killed at its first write to disk, at its second, and so on until none is left."""
    monkeypatch.setattr(ledger_module, "SYNC_EVERY", 0.0)
    act = getattr(os, call)
    for step in range(1, 100):
        out = tmp_path / f"out{step}"
        with monkeypatch.context() as dying:
            dying.setattr(os, call, Dying(act, step, after))
            status = in_child(partial(decided, reasoner, out, path))
        if not os.WIFSIGNALED(status):
            assert status == 0
            break
        assert os.WTERMSIG(status) == signal.SIGKILL
        decided(reasoner, out, path)
        assert contents(out) == expected, f"killed at {call} {step}"
        shutil.rmtree(out)
    # The journal of several chunks, the files of the end, their names, the word that it is done.
    assert step > (6 if call == "replace" else 20)


def test_run_that_dies_again_and_again_gets_there(
    reasoner: Reasoner, tmp_path: Path, path: Path, expected: dict[str, Any], monkeypatch: Any
) -> None:
    monkeypatch.setattr(ledger_module, "SYNC_EVERY", 0.0)
    act, out = os.fsync, tmp_path / "out"
    deaths = 0
    while True:
        with monkeypatch.context() as dying:
            dying.setattr(os, "fsync", Dying(act, 6, True))
            status = in_child(partial(decided, reasoner, out, path))
        if not os.WIFSIGNALED(status) or deaths > 30:
            break
        deaths += 1
    # Six writes are too few for the end, which has to be written in one go.
    assert deaths > 2
    decided(reasoner, out, path)
    assert contents(out) == expected


def test_what_is_done_is_not_done_twice(
    reasoner: Reasoner, tmp_path: Path, path: Path, expected: dict[str, Any], monkeypatch: Any
) -> None:
    monkeypatch.setattr(ledger_module, "SYNC_EVERY", 0.0)
    out = tmp_path / "out"
    with monkeypatch.context() as dying:
        dying.setattr(output, "write", lambda *_: die())
        in_child(partial(decided, reasoner, out, path))
    monkeypatch.setattr(Decider, "outcome", lambda *_: die())
    decided(reasoner, out, path)
    assert contents(out) == expected


def test_torn_end_of_either_file_is_cut_off(
    reasoner: Reasoner, tmp_path: Path, path: Path, expected: dict[str, Any], monkeypatch: Any
) -> None:
    """Whatever a crash left at the end of the journal or of the results."""
    monkeypatch.setattr(ledger_module, "SYNC_EVERY", 0.0)
    with monkeypatch.context() as dying:
        dying.setattr(output, "write", lambda *_: die())
        in_child(partial(decided, reasoner, tmp_path / "whole", path))
    size = {
        name: (tmp_path / "whole" / "run" / name).stat().st_size for name in ("journal", "results")
    }
    drawn = random.Random(7)
    for n in range(12):
        out = tmp_path / f"out{n}"
        shutil.copytree(tmp_path / "whole", out)
        for name, whole in size.items():
            file = out / "run" / name
            if name == "journal" or n % 3 == 0:
                os.truncate(file, drawn.randrange(whole + 1))
            if n % 2:
                file.write_bytes(file.read_bytes() + drawn.randbytes(50))
        decided(reasoner, out, path)
        assert contents(out) == expected


def test_results_that_rot_on_disk_are_noticed(
    reasoner: Reasoner, tmp_path: Path, path: Path, monkeypatch: Any
) -> None:
    out = tmp_path / "out"
    with monkeypatch.context() as dying:
        dying.setattr(output, "write", lambda *_: die())
        in_child(partial(decided, reasoner, out, path))
    results = out / "run" / "results"
    data = bytearray(results.read_bytes())
    data[len(data) // 2] ^= 1
    results.write_bytes(data)
    with pytest.raises(CovergraphError, match="damaged"):
        decided(reasoner, out, path)


# --- The same command, another command ----------------------------------------------------------


def test_finished_run_is_told_again(reasoner: Reasoner, tmp_path: Path, path: Path) -> None:
    first = decided(reasoner, tmp_path / "out", path)
    before = contents(tmp_path / "out")
    again = decided(reasoner, tmp_path / "out", path, jobs=1)
    assert not first.already and again.already
    assert first.summary == again.summary and contents(tmp_path / "out") == before
    (tmp_path / "out" / "decisions.parquet").unlink()
    with pytest.raises(InputError, match="no longer there"):
        decided(reasoner, tmp_path / "out", path)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"policy": FACET, "every": False, "chunk": 5}, "--chunk: 4, not 5"),
        ({"policy": f"{FACET}@2019-07-01"}, "--policy"),
        ({"every": True}, "--policy"),
        ({"policy": FACET, "compare": "nhs-gm/gm070"}, "--compare: none, not nhs-gm/gm070"),
    ],
)
def test_another_command_in_the_folder_of_a_run_is_refused(
    reasoner: Reasoner, tmp_path: Path, path: Path, changed: dict[str, Any], named: str
) -> None:
    decided(reasoner, tmp_path / "out", path)
    before = contents(tmp_path / "out")
    with pytest.raises(InputError) as refused:
        decided(reasoner, tmp_path / "out", path, **changed)
    assert named in str(refused.value) and "another folder" in refused.value.hint
    assert contents(tmp_path / "out") == before


def test_other_inputs_in_the_folder_of_a_run_are_refused(
    reasoner: Reasoner, tmp_path: Path, path: Path
) -> None:
    decided(reasoner, tmp_path / "out", path)
    other = written(tmp_path / "b.nq", *quads(2))
    with pytest.raises(InputError, match="another input"):
        decided(reasoner, tmp_path / "out", path, other)
    text = path.read_bytes()
    for changed in (
        text.replace(b"64493", b"64490", 1),
        text + b"".join(quads(1, first=900)),
        b"".join(quads(3)),
        b"",
        b"# moved by a line\n" + text,
    ):
        assert changed != text
        path.write_bytes(changed)
        with pytest.raises(InputError, match="have changed"):
            decided(reasoner, tmp_path / "out", path)
    path.write_bytes(text)
    assert decided(reasoner, tmp_path / "out", path).already


def test_other_knowledge_in_the_folder_of_a_run_is_refused(
    reasoner: Reasoner, tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided(reasoner, tmp_path / "out", path)
    monkeypatch.setitem(vars(reasoner.knowledge), "digest", "0" * 64)
    with pytest.raises(InputError, match="another knowledge"):
        decided(reasoner, tmp_path / "out", path)


def test_two_runs_do_not_write_to_one_folder(
    reasoner: Reasoner, tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = []

    def meanwhile(*_: Any) -> Any:
        def act() -> None:
            with pytest.raises(InputError, match="another run is writing"):
                decided(reasoner, tmp_path / "out", path)

        other.append(in_child(act))
        raise InputError("enough")

    monkeypatch.setattr(output, "write", meanwhile)
    with pytest.raises(InputError, match="enough"):
        decided(reasoner, tmp_path / "out", path)
    assert other == [0]


def test_full_disk_is_told_and_nothing_is_lost(
    reasoner: Reasoner, tmp_path: Path, path: Path, expected: dict[str, Any], monkeypatch: Any
) -> None:
    act, out = os.fsync, tmp_path / "out"
    calls = 0

    def full(file: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise OSError(28, "No space left on device")
        act(file)

    monkeypatch.setattr(ledger_module, "SYNC_EVERY", 0.0)
    with monkeypatch.context() as filling:
        filling.setattr(os, "fsync", full)
        with pytest.raises(CovergraphError, match="no space left"):
            decided(reasoner, out, path)
    decided(reasoner, out, path)
    assert contents(out) == expected


# --- The command itself -------------------------------------------------------------------------


def started(out: Path, path: Path, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "covergraph.cli", "batch", str(path), "--policy", FACET]
    return subprocess.Popen(
        [*command, "--out", str(out), "--chunk", "20", *more],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def test_command_killed_at_random_moments_goes_on(tmp_path: Path) -> None:
    """The whole process group, with ``kill -9``, as often as it takes."""
    path = written(tmp_path / "a.nq", *quads(3000), b"nonsense\n", *quads(20, first=3000))
    began = time.monotonic()
    whole = started(tmp_path / "plain", path)
    printed, told = whole.communicate()
    took = time.monotonic() - began
    assert whole.returncode == 0, told
    drawn = random.Random(11)
    out, kills = tmp_path / "out", 0
    for share in (0.4, 0.6, 0.8):
        run = started(out, path)
        time.sleep(took * (share + drawn.random() / 10))
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
            kills += 1
        run.communicate()
    last = started(out, path)
    again, told = last.communicate()
    assert last.returncode == 0, told
    assert kills >= 1
    assert again == printed
    assert contents(out) == contents(tmp_path / "plain")
    assert len(decisions(out)) == 3018 and len(rejects(out)) == 2


def test_interrupted_command_says_how_to_go_on(tmp_path: Path) -> None:
    # So many that a busy machine cannot finish before it is told to stop.
    path = written(tmp_path / "a.nq", *quads(15_000))
    run = started(tmp_path / "out", path)
    while not (tmp_path / "out" / "run").exists():
        time.sleep(0.005)
    os.killpg(run.pid, signal.SIGINT)
    _, told = run.communicate(timeout=30)
    assert run.returncode == 130
    assert b"goes on" in told and b"Traceback" not in told
    again = started(tmp_path / "out", path)
    _, told = again.communicate()
    assert again.returncode == 0, told
    assert len(decisions(tmp_path / "out")) == 15_000
