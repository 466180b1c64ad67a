"""The laws on generated requests: near every bound that the shapes name, and beside the cases."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings

from covergraph.decision.decide import Decision
from covergraph.engine import Reasoner
from covergraph.errors import InputError
from covergraph.knowledge.base import knowledge
from covergraph.policies.criteria import Policy
from covergraph.policies.lowering import Lowering
from tests.laws import (
    FULL,
    AnswerOf,
    ShapesOf,
    disagreement,
    narrows,
    reductions,
    seeded,
    stated,
    told,
    written,
)
from tests.named import Named
from tests.tools.case_files import load_cases
from tests.tools.generate import changed, requests

EDITIONS = Lowering(knowledge()).policies()
# An ordinary run draws few, for pySHACL judges each as a whole.
EXAMPLES = 1000 if FULL else 8


@pytest.mark.parametrize("policy", EDITIONS, ids=lambda p: f"{p.key}/{p.edition}")
def test_shape_conforms_when_covered_and_silence_never_settles(
    policy: Policy, reasoner: Reasoner, answer_of: AnswerOf, shapes_of: ShapesOf
) -> None:
    """Both laws on one request, so that it is judged once; one way of saying less each time."""
    named = Named(reasoner.knowledge, policy, reasoner.classifier)
    cases = [case.request_ttl for case in load_cases() if case.policy == policy.iri]
    seen: Counter[Decision | str] = Counter()

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(requests(named) | changed(named, cases))
    def laws_hold(data: bytes) -> None:
        try:
            answer = answer_of(data, policy.iri)
        except InputError:
            seen["refused"] += 1
            return
        seen[answer.decision] += 1
        fault = disagreement(answer, shapes_of)
        assert not fault, told(fault, data)
        reduced = reductions(stated(data), reasoner.knowledge, data)
        less = written(seeded(data).choice(reduced)) if reduced else data
        try:
            fault = narrows(answer_of(less, policy.iri), answer)
        except InputError:
            return  # an earlier procedure without region: refused, so nothing is decided
        assert not fault, told(f"{fault}; with less, then with more documented:", less, data)

    laws_hold()
    assert seen.total() > seen["refused"], "the gate refuses all that is drawn"
    if FULL:
        assert seen[Decision.NOT_COVERED] and seen[Decision.NEEDS_INFORMATION], seen
