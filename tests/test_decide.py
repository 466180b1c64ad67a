"""How what criteria are worth becomes a decision, on small trees made for the purpose."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import NamedNode

from covergraph.decision.decide import Decision, Scope, decide, scope
from covergraph.decision.explain import deciding, missing
from covergraph.judge.valuation import COVERED, REVIEW, Outcome, PlainValuation, Value, Verdict
from covergraph.namespaces import COV
from tests.trees import (
    MET,
    NOT_MET,
    SILENT,
    A,
    B,
    C,
    D,
    Judged,
    both,
    decided,
    either,
    indication,
    judged,
    policy,
)

VALUES = [Value(w, b) for w, b in product(Outcome, repeat=2) if w <= b]
NO = Value(Outcome.NOT_COVERED, Outcome.NOT_COVERED)


@pytest.mark.parametrize("value", VALUES)
def test_ends_that_meet_are_the_decision_and_ends_apart_a_question(value: Value) -> None:
    settled = {NO: Decision.NOT_COVERED, REVIEW: Decision.NEEDS_REVIEW, COVERED: Decision.COVERED}
    assert decide(Scope.IN, value) is settled.get(value, Decision.NEEDS_INFORMATION)
    assert decide(Scope.OUT, value) is Decision.OUT_OF_SCOPE
    assert decide(Scope.OPEN, value) is Decision.NEEDS_INFORMATION


@pytest.mark.parametrize(
    ("otherwise", "expected"),
    [
        (None, Decision.NOT_COVERED),
        (COV.NotCovered, Decision.NOT_COVERED),
        (COV.NeedsReview, Decision.NEEDS_REVIEW),
        (COV.OutOfScope, Decision.OUT_OF_SCOPE),
    ],
)
def test_otherwise_decides_when_no_indication_applies(
    otherwise: NamedNode | None, expected: Decision
) -> None:
    group = either("group", indication("one", A, B), indication("two", C, D), otherwise=otherwise)
    silent = {A.iri: NOT_MET, B.iri: MET, C.iri: NOT_MET, D.iri: MET}
    assert decided(policy(both("root", group)), silent)[0] is expected
    applying = {**silent, A.iri: MET, B.iri: NOT_MET}
    assert decided(policy(both("root", group)), applying)[0] is Decision.NOT_COVERED


@pytest.mark.parametrize("otherwise", [COV.NeedsReview, COV.OutOfScope])
def test_otherwise_is_open_while_it_is_open_whether_an_indication_applies(
    otherwise: NamedNode,
) -> None:
    """Not covered if it applies, something else if not: that is a question, not a decision."""
    group = either("group", indication("one", A, B), otherwise=otherwise)
    of = policy(both("root", group))
    verdicts = {A.iri: SILENT, B.iri: NOT_MET}
    decision, value = decided(of, verdicts)
    assert decision is Decision.NEEDS_INFORMATION
    found = PlainValuation(verdicts)
    where = scope(of, found)
    ways = missing(of, found, where[0], value)
    assert deciding(of, found, decision, where, ways) == [A]


# --- Scope -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("excluded", "applies", "expected"),
    [
        (MET, MET, Decision.OUT_OF_SCOPE),
        (MET, NOT_MET, Decision.OUT_OF_SCOPE),
        (MET, SILENT, Decision.OUT_OF_SCOPE),
        (NOT_MET, MET, Decision.COVERED),
        (NOT_MET, NOT_MET, Decision.OUT_OF_SCOPE),
        (NOT_MET, SILENT, Decision.NEEDS_INFORMATION),
        (SILENT, MET, Decision.NEEDS_INFORMATION),
        (SILENT, NOT_MET, Decision.OUT_OF_SCOPE),
        (SILENT, SILENT, Decision.NEEDS_INFORMATION),
    ],
)
def test_scope_of_exclusion_and_condition(
    excluded: Verdict, applies: Verdict, expected: Decision
) -> None:
    of = policy(both("root", C), A, B)
    verdicts = {A.iri: applies, B.iri: excluded, C.iri: MET}
    assert decided(of, verdicts)[0] is expected
    found = PlainValuation(verdicts)
    where = scope(of, found)
    ways = missing(of, found, where[0], found.value(of.root))
    turning = deciding(of, found, expected, where, ways)
    if expected is Decision.OUT_OF_SCOPE:
        assert turning == ([B] if excluded is MET else [A])
        assert not ways
    elif expected is Decision.NEEDS_INFORMATION:
        open_ = {c for c in (A, B) if verdicts[c.iri] is SILENT}
        assert set(turning) == open_ and ways == [open_]


def test_undocumented_scope_keeps_a_settled_value_open() -> None:
    of = policy(both("root", C), A)
    assert decided(of, {A.iri: SILENT, C.iri: NOT_MET})[0] is Decision.NEEDS_INFORMATION


@given(judged(), st.booleans())
def test_documenting_a_leaf_moves_the_ends_only_towards_each_other(
    drawn: Judged, met: bool
) -> None:
    tree, verdicts = drawn.tree, drawn.verdicts
    before, value = decided(policy(tree), verdicts)
    for iri in (i for i, v in verdicts.items() if v is SILENT):
        after, narrowed = decided(policy(tree), verdicts | {iri: MET if met else NOT_MET})
        assert value.worst <= narrowed.worst <= narrowed.best <= value.best
        assert before is Decision.NEEDS_INFORMATION or before is after
