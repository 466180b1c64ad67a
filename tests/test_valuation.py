"""What verdicts are worth and how they combine, on small trees.

The algebra is small enough to be checked exhaustively, and the trees small enough to ask
an oracle that tries every way in which the undocumented may turn out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product

import pytest
from hypothesis import given
from pyoxigraph import NamedNode

from covergraph.judge.valuation import (
    COVERED,
    NOT_COVERED,
    REVIEW,
    UNKNOWN,
    Outcome,
    PlainValuation,
    Value,
    Verdict,
)
from covergraph.namespaces import COV
from covergraph.policies.criteria import Criterion, Kind
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
    criterion,
    either,
    indication,
    judged,
    route,
    valuation,
)

VALUES = [Value(w, b) for w, b in product(Outcome, repeat=2) if w <= b]
NO, MAYBE_REVIEW, ANY, REVIEW_OR_BETTER = (
    Value(Outcome.NOT_COVERED, Outcome.NOT_COVERED),
    Value(Outcome.NOT_COVERED, Outcome.REVIEW),
    Value(Outcome.NOT_COVERED, Outcome.COVERED),
    Value(Outcome.REVIEW, Outcome.COVERED),
)


# --- The algebra -----------------------------------------------------------------------

# A leaf that is worth each value: its verdict, whether it has a route, and the grounds.
WAYS: dict[Value, tuple[Verdict, bool, Verdict | None]] = {
    COVERED: (MET, False, None),
    NO: (NOT_MET, False, None),
    ANY: (SILENT, False, None),
    REVIEW: (NOT_MET, True, None),
    REVIEW_OR_BETTER: (SILENT, True, None),
    MAYBE_REVIEW: (NOT_MET, True, SILENT),
}


class Worth:
    """Leaves that are worth what a test wants, and the verdicts that make them so."""

    def __init__(self) -> None:
        self.verdicts: dict[NamedNode, Verdict] = {}

    def leaf(self, value: Value) -> Criterion:
        verdict, has_route, grounds = WAYS[value]
        name = f"leaf-{len(self.verdicts)}"
        why = criterion(f"{name}-grounds") if grounds else None
        if why and grounds:
            self.verdicts[why.iri] = grounds
        made = criterion(name, route=route(why) if has_route else None)
        self.verdicts[made.iri] = verdict
        return made

    def of(self, asked: Criterion) -> Value:
        return PlainValuation(self.verdicts).value(asked)


@pytest.mark.parametrize("value", VALUES)
def test_every_value_can_be_made(value: Value) -> None:
    worth = Worth()
    assert worth.of(worth.leaf(value)) == value


@pytest.mark.parametrize(("a", "b"), list(product(VALUES, repeat=2)))
def test_and_is_the_minimum_and_or_the_maximum_of_each_end(a: Value, b: Value) -> None:
    worth = Worth()
    x, y = worth.leaf(a), worth.leaf(b)
    assert worth.of(both("and", x, y)) == Value(min(a.worst, b.worst), min(a.best, b.best))
    assert worth.of(either("or", x, y)) == Value(max(a.worst, b.worst), max(a.best, b.best))


@pytest.mark.parametrize(("a", "b", "c"), list(product(VALUES, repeat=3)))
def test_grouping_and_order_change_nothing(a: Value, b: Value, c: Value) -> None:
    worth = Worth()
    x, y, z = (worth.leaf(v) for v in (a, b, c))
    for made in (both, either):
        flat = worth.of(made("flat", x, y, z))
        assert worth.of(made("left", made("inner", x, y), z)) == flat
        assert worth.of(made("right", x, made("inner", y, z))) == flat
        assert worth.of(made("back", z, y, x)) == flat


@pytest.mark.parametrize(("a", "grounds"), list(product(VALUES, repeat=2)))
def test_a_route_lifts_to_review_and_no_further(a: Value, grounds: Value) -> None:
    worth = Worth()
    why = worth.leaf(grounds)
    lifted = worth.of(both("routed", worth.leaf(a), route=route(why)))
    for end, before, open_ in zip(lifted, a, grounds, strict=True):
        assert end == (max(before, Outcome.REVIEW) if open_ is Outcome.COVERED else before)


# --- The table of the design, row by row -------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "expected"), [(MET, COVERED), (NOT_MET, NOT_COVERED), (SILENT, UNKNOWN)]
)
def test_verdict_without_a_route(verdict: Verdict, expected: Value) -> None:
    assert valuation((A, verdict)).value(A) == expected


@pytest.mark.parametrize(
    ("verdict", "grounds", "expected"),
    [
        (MET, None, COVERED),
        (NOT_MET, None, REVIEW),
        (SILENT, None, REVIEW_OR_BETTER),
        (MET, MET, COVERED),
        (NOT_MET, MET, REVIEW),
        (SILENT, MET, REVIEW_OR_BETTER),
        (MET, NOT_MET, COVERED),
        (NOT_MET, NOT_MET, NO),
        (SILENT, NOT_MET, ANY),
        (MET, SILENT, COVERED),
        (NOT_MET, SILENT, MAYBE_REVIEW),
        (SILENT, SILENT, ANY),
    ],
)
def test_verdict_with_a_route(verdict: Verdict, grounds: Verdict | None, expected: Value) -> None:
    """A route with documented grounds, or without any, lifts both ends; silence one."""
    way_out = route(B if grounds else None)
    leaf = criterion("leaf", route=way_out)
    assert valuation((leaf, verdict), (B, grounds or NOT_MET)).value(leaf) == expected


@pytest.mark.parametrize("verdicts", list(product(Verdict, repeat=3)))
def test_verdict_on_a_composite_is_that_of_three_valued_logic(
    verdicts: tuple[Verdict, ...],
) -> None:
    found = valuation(*zip((A, B, C), verdicts, strict=True))
    order = [NOT_MET, SILENT, MET]
    assert found.verdict(both("and", A, B, C)) is min(verdicts, key=order.index)
    assert found.verdict(either("or", A, B, C)) is max(verdicts, key=order.index)


# --- Indications ----------------------------------------------------------------------


def test_indication_that_does_not_apply_drops_out_with_its_route() -> None:
    gone = indication("gone", A, B, route=route())
    other = indication("other", C, D)
    group = either("group", gone, other)
    found = valuation((A, NOT_MET), (B, MET), (C, MET), (D, NOT_MET))
    assert found.value(gone) == REVIEW, "by itself its route would open"
    assert found.value(group) == NOT_COVERED
    assert found.in_play(group) == [other]


@pytest.mark.parametrize("applies", [MET, SILENT])
def test_indication_that_may_apply_stays_in_play(applies: Verdict) -> None:
    group = either("group", indication("one", A, B), indication("two", C, D))
    found = valuation((A, applies), (B, MET), (C, NOT_MET), (D, MET))
    assert found.value(group) == {MET: COVERED, SILENT: UNKNOWN}[applies]


# --- Any tree, against an oracle ------------------------------------------------------------


def outcome(of: Criterion, truth: Mapping[NamedNode, bool]) -> Outcome:
    """Return what a criterion is worth when everything is documented, as the design says it."""
    worth = Outcome.NOT_COVERED
    if of.is_leaf:
        worth = Outcome.COVERED if truth[of.iri] else Outcome.NOT_COVERED
    elif of.kind is Kind.AND:
        worth = min(outcome(m, truth) for m in of.members)
    elif playing := [m for m in of.members if in_play(m, truth)]:
        worth = max(outcome(m, truth) for m in playing)
    elif of.otherwise == COV.NeedsReview:
        worth = Outcome.REVIEW
    if of.route:
        open_ = of.route.grounds is None or outcome(of.route.grounds, truth) is Outcome.COVERED
        worth = max(worth, Outcome.REVIEW) if open_ else worth
    return worth


def in_play(of: Criterion, truth: Mapping[NamedNode, bool]) -> bool:
    return of.applies_when is None or outcome(of.applies_when, truth) is Outcome.COVERED


def completions(verdicts: Mapping[NamedNode, Verdict]) -> Iterable[dict[NamedNode, bool]]:
    """Yield every way in which the undocumented may turn out."""
    silent = [iri for iri, v in verdicts.items() if v is SILENT]
    for turned in product((False, True), repeat=len(silent)):
        yield {i: v is MET for i, v in verdicts.items()} | dict(zip(silent, turned, strict=True))


@given(judged(once=True))
def test_the_ends_are_the_worst_and_the_best_of_all_completions(
    drawn: Judged,
) -> None:
    """Exactly so where every leaf occurs once: intervals treat leaves as independent."""
    tree, verdicts = drawn.tree, drawn.verdicts
    outcomes = [outcome(tree, truth) for truth in completions(verdicts)]
    assert PlainValuation(verdicts).value(tree) == Value(min(outcomes), max(outcomes))


@given(judged())
def test_no_completion_leaves_the_ends(
    drawn: Judged,
) -> None:
    """With shared leaves the ends may be too wide (A or not A), but never too narrow."""
    tree, verdicts = drawn.tree, drawn.verdicts
    worst, best = PlainValuation(verdicts).value(tree)
    assert all(worst <= outcome(tree, truth) <= best for truth in completions(verdicts))
