"""What the tests share: one reasoner, every case judged once, and how many examples to try.

A judgement takes a tenth of a second, so the answers to the cases are kept, and the tests
that ask about one case are brought together by the session-wide ``case``. ``COVERGRAPH_LAWS=full``
tries everything where the ordinary run takes a sample, always the same one.
"""

from __future__ import annotations

import io
import sys
from functools import cache, lru_cache
from pathlib import Path

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
from tests.laws import FULL, AnswerOf, ShapesOf, sampled
from tests.tools.case_files import Case, load_cases

CASES = load_cases()

settings.register_profile("sample", derandomize=True, database=None, deadline=None)
settings.register_profile("full", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile("full" if FULL else "sample")


@pytest.fixture(scope="session")
def reasoner() -> Reasoner:
    return Reasoner()


@pytest.fixture(scope="session")
def answer_of(reasoner: Reasoner) -> AnswerOf:
    """Return what answers a request, as bytes, under a policy; the latest answers are kept."""
    undated = Reasoner(reasoner.knowledge, reasoner.judge, look_ahead=False)

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


@pytest.fixture(scope="session", params=CASES, ids=str)
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


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker that tells how many cases an ordinary run tries."""
    line = "sample(count, decision): in an ordinary run, try so many cases that expect a decision"
    config.addinivalue_line("markers", line)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = [item for item in items if in_sample(item)]


def in_sample(item: pytest.Item) -> bool:
    """Return whether a test is not sampled, or its case belongs to the test's sample."""
    marker = item.get_closest_marker("sample")
    if marker is None:
        return True
    count, decision = marker.args if len(marker.args) == 2 else (*marker.args, None)
    fit = [c for c in CASES if decision is None or c.expected_decision == decision]
    name = item.originalname  # type: ignore[attr-defined]
    return item.callspec.params["case"] in drawn(name, count, tuple(fit))  # type: ignore[attr-defined]


@cache
def drawn(name: str, count: int, cases: tuple[Case, ...]) -> list[Case]:
    return sampled(cases, count, name)
