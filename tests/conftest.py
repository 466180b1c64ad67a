"""What the tests share: one reasoner, every case judged once, and how many examples to try.

A judgement takes a tenth of a second, so the answers to the cases are kept, and the tests
that ask about one case are brought together by the session-wide ``case``. ``COVERGRAPH_LAWS=full``
tries everything where the ordinary run takes a sample, always the same one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import pytest
from case_files import Case, load_cases
from hypothesis import settings
from laws import FULL
from pyoxigraph import NamedNode

from reasoner.engine import Answer, Reasoner
from reasoner.knowledge import policy_key

settings.register_profile("sample", derandomize=True, database=None, deadline=None)
settings.register_profile("full", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile("full" if FULL else "sample")


class Undated(Reasoner):
    """Looks for no earliest date, which can cost several judgements more."""

    def _earliest(self, *_: object) -> None:
        return None


@pytest.fixture(scope="session")
def reasoner() -> Reasoner:
    return Reasoner()


@pytest.fixture(scope="session")
def answer_of(reasoner: Reasoner) -> Callable[[bytes, NamedNode], Answer]:
    """Return what answers a request, as bytes, under a policy; the latest answers are kept."""
    undated = Undated(reasoner.knowledge, reasoner.judge)

    @lru_cache(maxsize=64)
    def answer(data: bytes, policy: NamedNode) -> Answer:
        request = undated.read(data)
        return undated.answer(request, undated.prepare(request), policy_key(policy))

    return answer


@pytest.fixture(scope="session", params=load_cases(), ids=str)
def case(request: pytest.FixtureRequest) -> Case:
    """Return each case in turn."""
    found: Case = request.param
    return found
