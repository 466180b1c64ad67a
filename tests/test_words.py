"""Every form of output has a word for every decision and for every end of a value."""

from __future__ import annotations

from typing import get_args

from covergraph.api import models
from covergraph.api.models.decisions import End
from covergraph.decision.decide import SETTLED, Decision
from covergraph.judge.valuation import Outcome
from covergraph.render.words import DECISIONS, ENDS


def test_every_decision_and_end_has_its_words() -> None:
    assert DECISIONS.keys() == set(Decision)
    assert ENDS.keys() == set(Outcome)
    assert all(words.title and words.term for words in DECISIONS.values())


def test_equal_ends_are_called_as_the_decision_they_are() -> None:
    for end, decision in SETTLED.items():
        assert ENDS[end].key == decision.value
        assert ENDS[end].term == DECISIONS[decision].term


def test_service_promises_the_words_that_are_used() -> None:
    """Its models are written out, so that they can be read without what decides."""
    assert set(get_args(End)) == {words.key for words in ENDS.values()}
    promised = models.Decision.model_fields["decision"].annotation
    assert set(get_args(promised)) == {decision.value for decision in Decision}
