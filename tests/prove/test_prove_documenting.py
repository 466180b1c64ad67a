"""Documenting an open fact never unsettles a decision, for every patient within the bounds."""

from __future__ import annotations

import pytest

from covergraph.prove.documenting import Documenting
from covergraph.prove.questions import common_day
from covergraph.prove.world import Bounds
from tests.prove.proving import FULL, NEEDS_SOLVER, keys, reasoner

pytestmark = NEEDS_SOLVER


@pytest.mark.skipif(not FULL, reason="make prove asks it")
@pytest.mark.parametrize("key", keys())
def test_documenting_more_never_unsettles_a_decision(key: str) -> None:
    policy = reasoner().catalogue.edition_of(key)
    asking = Documenting(
        reasoner(), policy, common_day(reasoner(), [policy]), Bounds(1, 1, 1), new_pains=False
    )
    found = asking.decision()
    assert found is None, f"{found.first.turtle}\n{found.second.turtle}"
