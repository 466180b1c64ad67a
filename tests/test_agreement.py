"""Both judges say the same: on every case, and on requests made of what the shapes name."""

from __future__ import annotations

import pytest

from reasoner.compiled.lower import leaves_of
from reasoner.criteria import Policy
from reasoner.engine import Reasoner
from reasoner.errors import InputError
from reasoner.knowledge import knowledge, policy_key
from reasoner.lowering import Lowering
from tests.agree import difference, drawn
from tests.case_files import Case
from tests.laws import FULL
from tests.laws import told as shown

EDITIONS = Lowering(knowledge()).policies()
EACH = 2000 if FULL else 20


@pytest.fixture(scope="module")
def policy_of(reasoner: Reasoner) -> dict[str, Policy]:
    found = reasoner.catalogue.editions.values()
    return {p.iri.value: p for editions in found for p in editions}


def test_both_judges_give_a_case_the_same_answer(case: Case, policy_of: dict[str, Policy]) -> None:
    fault = difference(case.request_ttl, policy_of[case.policy.value])
    assert not fault, shown(fault, case.request_ttl)


@pytest.mark.parametrize("policy", EDITIONS, ids=lambda p: f"{p.key}/{p.edition}")
def test_both_judges_give_generated_requests_the_same_answer(policy: Policy) -> None:
    judged = 0
    for data in drawn(policy, EACH, seed=1):
        try:
            fault = difference(data, policy)
        except InputError:
            continue
        judged += 1
        assert not fault, shown(fault, data)
    assert judged, "the gate refuses all that is drawn"


@pytest.mark.parametrize("policy", EDITIONS, ids=lambda p: f"{p.key}/{p.edition}")
def test_every_leaf_is_lowered(policy: Policy) -> None:
    lowered = leaves_of(policy, knowledge())
    assert [leaf.name for leaf in lowered] == [leaf.iri.value for leaf in policy.leaves]
    assert policy_key(policy.iri) == policy.key
