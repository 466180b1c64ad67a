"""What a decision turns on, and the smallest sets of what is missing, on small trees."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given

from covergraph.decision.decide import Decision, Scope, decide, scope
from covergraph.decision.explain import deciding, missing
from covergraph.judge.valuation import COVERED, Outcome, PlainValuation, Value, Verdict
from covergraph.namespaces import COV
from covergraph.policies.criteria import Criterion, Policy
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
    policy,
    route,
    valuation,
)


def explained(of: Policy, *leaves: tuple[Criterion, Verdict]) -> tuple[list[str], list[set[str]]]:
    """Return the names of the deciding criteria and of the missing sets."""
    found = valuation(*leaves)
    where = scope(of, found)
    value = found.value(of.root)
    ways = missing(of, found, where[0], value)
    turning = deciding(of, found, decide(where[0], value), where, ways)
    return [c.name for c in turning], [{c.name for c in way} for way in ways]


def test_not_covered_turns_on_every_leaf_that_is_not_met_by_itself() -> None:
    of = policy(both("root", A, B, C, either("or", D, criterion("E"))))
    verdicts = [(A, NOT_MET), (B, MET), (C, SILENT), (D, NOT_MET), (criterion("E"), NOT_MET)]
    assert explained(of, *verdicts) == (["A", "D", "E"], [])


def test_not_covered_in_no_indication_turns_on_what_they_apply_to() -> None:
    of = policy(both("root", either("or", indication("one", A, B), indication("two", C, D))))
    verdicts = [(A, NOT_MET), (B, NOT_MET), (C, NOT_MET), (D, MET)]
    assert explained(of, *verdicts) == (["A", "C"], [])


def test_review_turns_on_the_criterion_whose_route_opens() -> None:
    group = both("group", A, B, route=route())
    assert explained(policy(both("root", group, C)), (A, NOT_MET), (B, MET), (C, MET)) == (
        ["group"],
        [],
    )


def test_covered_rests_on_the_leaves_that_carry_it() -> None:
    of = policy(both("root", A, either("or", B, C)))
    assert explained(of, (A, MET), (B, NOT_MET), (C, MET))[0] == ["A", "C"]


def test_information_is_asked_for_in_the_smallest_sets() -> None:
    of = policy(both("root", A, either("or", B, both("and", C, D), both("more", B, C))))
    verdicts = [(A, SILENT), (B, SILENT), (C, SILENT), (D, SILENT)]
    assert explained(of, *verdicts) == (
        ["A", "B", "C", "D"],
        [{"A", "B"}, {"A", "C", "D"}],
    )


def test_grounds_of_a_route_are_asked_for_where_review_is_the_best_end() -> None:
    of = policy(both("root", criterion("leaf", route=route(both("grounds", A, B)))))
    verdicts = [(criterion("leaf"), NOT_MET), (A, MET), (B, SILENT)]
    assert explained(of, *verdicts) == (["B"], [{"B"}])


# --- Any tree ------------------------------------------------------------


@given(judged())
def test_something_is_missing_exactly_while_information_is_needed(drawn: Judged) -> None:
    of, found = policy(drawn.tree), PlainValuation(drawn.verdicts)
    value = found.value(drawn.tree)
    where, criteria = scope(of, found)
    ways = missing(of, found, where, value)
    decision = decide(where, value)
    turning = deciding(of, found, decision, (where, criteria), ways)
    if decision is Decision.NEEDS_INFORMATION:
        assert turning and all(drawn.verdicts[c.iri] is SILENT for c in turning)
        assert set(turning) == {c for way in ways for c in way}
    else:
        assert not ways


@given(judged())
def test_missing_sets_are_all_the_smallest_that_reach_the_best_end(drawn: Judged) -> None:
    """Trees in which it may help that an indication does not apply have a test of their own."""
    tree, verdicts = drawn.tree, drawn.verdicts
    if {c.otherwise for c in policy(tree).criteria.values()} & {COV.NeedsReview, COV.OutOfScope}:
        return
    found = PlainValuation(verdicts)
    worst, best = found.value(tree)
    ways = missing(policy(tree), found, Scope.IN, Value(worst, best))
    if worst is best:
        assert ways == []
        return
    silent = [c for c in policy(tree).leaves if verdicts[c.iri] is SILENT]
    enough: list[frozenset[Criterion]] = []
    for size in range(len(silent) + 1):
        for some in map(frozenset, combinations(silent, size)):
            settled = PlainValuation(verdicts | dict.fromkeys((c.iri for c in some), MET))
            if not any(k <= some for k in enough) and settled.value(tree).worst is best:
                enough.append(some)
    assert set(ways) == set(enough) and len(ways) == len(enough)


@given(judged(once=True))
def test_meeting_the_deciding_leaves_undoes_a_denial(
    drawn: Judged,
) -> None:
    tree, verdicts = drawn.tree, drawn.verdicts
    of, found = policy(tree), PlainValuation(verdicts)
    decision = decide(Scope.IN, found.value(tree))
    turning = deciding(of, found, decision, (Scope.IN, ()), [])
    if decision is Decision.NOT_COVERED:
        assert turning and all(verdicts[c.iri] is NOT_MET for c in turning)
        mended = PlainValuation(verdicts | {c.iri: MET for c in turning})
        assert mended.value(tree).best > Outcome.NOT_COVERED
    elif decision is Decision.COVERED:
        assert all(verdicts[c.iri] is MET for c in turning)
        others = dict.fromkeys(verdicts.keys() - {c.iri for c in turning}, NOT_MET)
        assert PlainValuation(verdicts | others).value(tree) == COVERED
    elif decision is Decision.NEEDS_REVIEW:
        assert turning and all(c.route for c in turning)
