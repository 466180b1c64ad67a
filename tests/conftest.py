"""What the tests share: one reasoner, every case judged once, and how much is tried.

The answers to the cases are kept, and the tests that ask about one case are brought together
by the session-wide ``case``. Tests that are dear try a sample of the cases, always the same one,
and the rest with ``--cases rest``; ``--cases all`` tries both. ``COVERGRAPH_LAWS=full`` draws
as many requests as one has patience for.
"""

from __future__ import annotations

import io
import sys
from functools import cache, lru_cache
from math import inf
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import settings
from pyoxigraph import NamedNode
from rdflib import Graph

from covergraph import cli
from covergraph.engine import Answer, Reasoner
from covergraph.judge.reference import to_rdflib
from covergraph.knowledge.base import policy_key
from covergraph.policies.criteria import Policy
from covergraph.policies.standard import Standard
from tests.commands import Ran, Run
from tests.laws import FULL, AnswerOf, ShapesOf
from tests.sampling import case_of, in_turns, some, stratified, taken_whole
from tests.tools.case_files import Case, load_cases

ENDS = pytest.StashKey[float]()
NOT_FINISHED = "NOT FINISHED, the time is up"

settings.register_profile("sample", derandomize=True, database=None, deadline=None)
settings.register_profile("full", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile("full" if FULL else "sample")


@pytest.fixture(scope="session")
def reasoner() -> Reasoner:
    return Reasoner()


@pytest.fixture(scope="session")
def answer_of(reasoner: Reasoner) -> AnswerOf:
    """Return what answers a request, as bytes, under a policy; the latest answers are kept."""
    undated = Reasoner(reasoner.knowledge, look_ahead=False)

    @lru_cache(maxsize=64)
    def answer(data: bytes, policy: NamedNode) -> Answer:
        return undated.answer(undated.read(data), policy_key(policy))

    return answer


@pytest.fixture(scope="session")
def shapes_of(reasoner: Reasoner) -> ShapesOf:
    """Return what writes a whole policy as plain SHACL."""

    @cache
    def shapes(policy: Policy) -> Graph:
        return to_rdflib(Standard(reasoner.knowledge, policy).policy_shapes())

    return shapes


@pytest.fixture(scope="session", params=in_turns(load_cases()), ids=str)
def case(request: pytest.FixtureRequest) -> Case:
    """Return each case in turn."""
    found: Case = request.param
    return found


@pytest.fixture
def run(
    reasoner: Reasoner, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Run the command line in this process."""
    monkeypatch.setattr("covergraph.engine.Reasoner", lambda **_: reasoner)
    monkeypatch.setenv("COLUMNS", "80")

    def run(*words: str | Path, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "argv", ["covergraph", *map(str, words)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        try:
            cli.main()
            status = 0
        except SystemExit as exit_:
            status = exit_.code if isinstance(exit_.code, int) else 0
        return Ran(status, *capsys.readouterr())

    return run


# --- Which cases, and until when ---------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    cases = "try a sample of the cases where that is dear, what the sample leaves out, or all"
    parser.addoption("--cases", choices=("sample", "rest", "all"), default="sample", help=cases)
    minutes = "begin no test after so many minutes; the rest is skipped, and told as not finished"
    parser.addoption("--minutes", type=float, default=inf, help=minutes)


def pytest_configure(config: pytest.Config) -> None:
    """Note when the time is up, and declare the marker of the tests that are dear."""
    config.stash[ENDS] = monotonic() + 60 * config.getoption("minutes")
    line = (
        "sample(count, decision): in an ordinary run, try so many cases, of those that expect "
        "a decision; without a count, every leaf met, not met and not documented"
    )
    config.addinivalue_line("markers", line)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    which = config.getoption("cases")
    items[:] = [item for item in items if which == "all" or belongs(item, which)]


def belongs(item: pytest.Item, which: str) -> bool:
    """Return whether a test is in a run: one that takes all cases is no part of the rest."""
    marker = item.get_closest_marker("sample")
    if marker is None:
        return which == "sample"
    name = item.originalname  # type: ignore[attr-defined]
    case = case_of(item)
    if marker.args:
        return (case in some(name, *marker.args)) is (which == "sample")
    return case in stratified() if which == "sample" else not taken_whole(case)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if monotonic() > item.config.stash[ENDS]:
        pytest.skip(NOT_FINISHED)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say aloud what the time did not suffice for."""
    skipped = terminalreporter.stats.get("skipped", [])
    late = sum(NOT_FINISHED in str(report.longrepr) for report in skipped)
    if late:
        line = f"{NOT_FINISHED}: {late} tests were not begun"
        terminalreporter.write_sep("!", line, red=True, bold=True)
