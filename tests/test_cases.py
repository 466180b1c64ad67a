"""Each case reaches the verdicts and the decision that it expects."""

from __future__ import annotations

import pytest
from pyoxigraph import NamedNode

from covergraph.decision.decide import Decision
from covergraph.engine import Answer
from covergraph.judge import Verdict
from covergraph.namespaces import COV, local_name
from tests.laws import AnswerOf
from tests.silence import is_open
from tests.tools.case_files import Case

DECISIONS = {
    COV.Covered: Decision.COVERED,
    COV.NotCovered: Decision.NOT_COVERED,
    COV.NeedsInformation: Decision.NEEDS_INFORMATION,
    COV.NeedsReview: Decision.NEEDS_REVIEW,
    COV.OutOfScope: Decision.OUT_OF_SCOPE,
}


@pytest.fixture
def answer(case: Case, answer_of: AnswerOf) -> Answer:
    return answer_of(case.request_ttl, case.policy)


def test_case_reaches_its_verdicts(case: Case, answer: Answer) -> None:
    """Composites too; no verdict can be expected where no edition was judged."""
    given = {}
    if answer.policy and answer.valuation:
        of = answer.policy.criteria
        known = [iri for iri in case.expected_verdicts if iri in of]
        given = {iri: answer.valuation.verdict(of[iri]).iri for iri in known}
    assert by_name(given) == by_name(case.expected_verdicts)


def test_case_reaches_its_decision(case: Case, answer: Answer) -> None:
    """The decision, and what it turns on where the case says so, all of it and no more."""
    assert case.expected_decision in DECISIONS, "a case says which decision it expects"
    assert answer.decision is DECISIONS[case.expected_decision]
    if case.expected_deciding is not None:
        assert {c.name for c in answer.deciding} == {
            local_name(c.value) for c in case.expected_deciding
        }
    if answer.policy:
        assert answer.policy.iri == case.policy, "another edition answered"


def test_case_leaves_open_only_what_silence_can(answer: Answer) -> None:
    if answer.policy and answer.valuation:
        verdicts = answer.valuation.verdicts
        silent = [c for c in answer.policy.leaves if verdicts[c.iri] is Verdict.NOT_DOCUMENTED]
        assert [c.name for c in silent if not is_open(c, answer.policy)] == []


def by_name(verdicts: dict[NamedNode, NamedNode]) -> dict[str, str]:
    return {local_name(c.value): local_name(v.value) for c, v in sorted(verdicts.items(), key=str)}
