"""A process that dies or never ends costs a batch one record, or nothing."""

from __future__ import annotations

import faulthandler
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from covergraph.batch import pool as work
from covergraph.batch.decider import Decider
from covergraph.batch.ledger import Ledger
from covergraph.engine import Reasoner
from covergraph.errors import CovergraphError
from tests.batch.runs import (
    contents,
    decided,
    decisions,
    in_child,
    quads,
    rejects,
    written,
)

SECRET = "secret-7391"


def deep(graph: bytes) -> bytes:
    """Return a line that the parser of N-Quads dies of."""
    n = 20_000
    inner = b"<<( <urn:s> <urn:p> " * n + b"<urn:o>" + b" )>>" * n
    return b"<urn:s> <urn:p> " + inner + b" " + graph + b" .\n"


@pytest.fixture
def quiet() -> Iterator[None]:
    """The crashes are meant: nothing is to be said of them."""
    was = faulthandler.is_enabled()
    faulthandler.disable()
    yield
    if was:
        faulthandler.enable()


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("jobs", [1, 2])
def test_record_that_kills_its_process_is_refused_alone(
    reasoner: Reasoner, tmp_path: Path, jobs: int
) -> None:
    requests = quads(7)
    for n in (2, 5):
        graph = requests[n].splitlines()[0].split()[-2]
        requests[n] += deep(graph)
    path = written(tmp_path / "a.nq", *requests)
    report = decided(reasoner, tmp_path / "out", path, jobs=jobs, chunk=3)
    assert [d["record"] for d in decisions(tmp_path / "out")] == [1, 2, 4, 5, 7]
    assert [(r["record"], r["fault"]) for r in rejects(tmp_path / "out")] == [
        (3, "program"),
        (6, "program"),
    ]
    assert "SIGSEGV" in rejects(tmp_path / "out")[0]["reason"]
    assert report.summary["faults"] == {"program": 2}


def test_process_that_is_killed_from_outside_costs_nothing(
    reasoner: Reasoner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "a.nq", *quads(8))
    decided(reasoner, tmp_path / "plain", path)
    once = tmp_path / "once"
    answers = Decider.answers

    def killed(self: Decider, data: bytes, media_type: str) -> object:
        if b"/5#" in data and not once.exists():
            once.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return answers(self, data, media_type)

    monkeypatch.setattr(Decider, "answers", killed)
    decided(reasoner, tmp_path / "out", path)
    assert once.exists()
    assert contents(tmp_path / "out") == contents(tmp_path / "plain")


def test_record_that_never_ends_is_refused(
    reasoner: Reasoner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = Decider.answers

    def slow(self: Decider, data: bytes, media_type: str) -> object:
        while b"/1#" in data:
            pass
        return answers(self, data, media_type)

    monkeypatch.setattr(Decider, "answers", slow)
    monkeypatch.setattr(work, "LONGEST", 3.0)
    decided(reasoner, tmp_path / "out", written(tmp_path / "a.nq", *quads(3)))
    assert [d["record"] for d in decisions(tmp_path / "out")] == [1, 3]
    assert rejects(tmp_path / "out")[0]["reason"] == "took more than 3 seconds"


def test_fault_of_the_program_is_a_reject_without_its_words(
    reasoner: Reasoner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = Decider.answers

    def faulty(self: Decider, data: bytes, media_type: str) -> object:
        if b"/1#" in data:
            raise ValueError(SECRET)
        return answers(self, data, media_type)

    monkeypatch.setattr(Decider, "answers", faulty)
    decided(reasoner, tmp_path / "out", written(tmp_path / "a.nq", *quads(3)))
    (reject,) = rejects(tmp_path / "out")
    assert (
        reject["fault"] == "program" and "ValueError at test_batch_processes.py" in reject["reason"]
    )
    assert SECRET not in json.dumps(reject)


def test_processes_that_die_whatever_they_are_given_end_the_run(
    reasoner: Reasoner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "received", lambda line: os._exit(9))
    with pytest.raises(CovergraphError, match="die"):
        decided(reasoner, tmp_path / "out", written(tmp_path / "a.nq", *quads(3)))


def test_processes_end_when_the_parent_is_killed(reasoner: Reasoner, tmp_path: Path) -> None:
    path = written(tmp_path / "a.nq", *quads(40))
    seen = tmp_path / "pids"

    def begin() -> None:
        def killed(self: object, *_: object) -> None:
            me = os.getpid()
            children = Path(f"/proc/{me}/task/{me}/children").read_text()
            seen.write_text(children)
            os.kill(me, signal.SIGKILL)

        Ledger.add = killed  # type: ignore[method-assign, assignment]
        decided(reasoner, tmp_path / "out", path, chunk=1)

    assert os.WTERMSIG(in_child(begin)) == signal.SIGKILL
    pids = seen.read_text().split()
    assert len(pids) == 2
    for _ in range(100):
        if not any(Path(f"/proc/{pid}").exists() and _alive(pid) for pid in pids):
            break
        signal.sigtimedwait([], 0.1)
    assert not any(_alive(pid) for pid in pids)


def _alive(pid: str) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
