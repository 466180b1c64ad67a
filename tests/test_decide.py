"""How verdicts become decisions, on small trees made for the purpose.

The algebra is small enough to be checked exhaustively, and the trees small enough to ask
an oracle that tries every way in which the undocumented may turn out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import NamedNode

from covergraph.decision.decide import (
    COVERED,
    NOT_COVERED,
    OF_RANK,
    REVIEW,
    UNKNOWN,
    Decision,
    Kind,
    Outcome,
    Scope,
    Valuation,
    Value,
    decide,
    scope,
)
from covergraph.decision.explain import deciding, missing
from covergraph.judge import Verdict
from covergraph.judge.compiled.values import valuing
from covergraph.namespaces import COV
from covergraph.policies.criteria import Criterion, Policy, Route

MET, NOT_MET, SILENT = Verdict.MET, Verdict.NOT_MET, Verdict.NOT_DOCUMENTED
DEPTH = 2
VALUES = [Value(w, b) for w, b in product(Outcome, repeat=2) if w <= b]
NO, MAYBE_REVIEW, ANY, REVIEW_OR_BETTER = (
    Value(Outcome.NOT_COVERED, Outcome.NOT_COVERED),
    Value(Outcome.NOT_COVERED, Outcome.REVIEW),
    Value(Outcome.NOT_COVERED, Outcome.COVERED),
    Value(Outcome.REVIEW, Outcome.COVERED),
)


# --- Trees and what they are asked ---------------------------------------------------


def criterion(name: str, kind: Kind = Kind.CORE, **parts: object) -> Criterion:
    """Return a criterion that is told by its name."""
    iri = NamedNode(f"urn:test#{name}")
    return Criterion(iri, kind, name, None, (), "", **parts)  # type: ignore[arg-type]


def both(name: str, *members: Criterion, **parts: object) -> Criterion:
    return criterion(name, Kind.AND, members=members, **parts)


def either(name: str, *members: Criterion, **parts: object) -> Criterion:
    return criterion(name, Kind.OR, members=members, **parts)


def indication(name: str, when: Criterion, *rest: Criterion, **parts: object) -> Criterion:
    return both(name, when, *rest, applies_when=when, is_indication=True, **parts)


def route(grounds: Criterion | None = None) -> Route:
    return Route(NamedNode("urn:test#route"), "a route", grounds, ())


def policy(
    root: Criterion, applies_when: Criterion | None = None, *exclusions: Criterion
) -> Policy:
    iri, day = NamedNode("urn:test#policy"), date(2020, 1, 1)
    return Policy(
        iri, "p", "p", iri, "p", COV.CoverageRequest, day, None, None,
        exclusions, applies_when, root,
    )  # fmt: skip


def valuation(*leaves: tuple[Criterion, Verdict]) -> Valuation:
    return Valuation({c.iri: v for c, v in leaves})


def decided(of: Policy, verdicts: Mapping[NamedNode, Verdict]) -> tuple[Decision, Value]:
    found = Valuation(verdicts)
    value = found.value(of.root)
    return decide(scope(of, found)[0], value), value


A, B, C, D = (criterion(n) for n in "ABCD")


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
        return Valuation(self.verdicts).value(asked)


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


@pytest.mark.parametrize("value", VALUES)
def test_ends_that_meet_are_the_decision_and_ends_apart_a_question(value: Value) -> None:
    settled = {NO: Decision.NOT_COVERED, REVIEW: Decision.NEEDS_REVIEW, COVERED: Decision.COVERED}
    assert decide(Scope.IN, value) is settled.get(value, Decision.NEEDS_INFORMATION)
    assert decide(Scope.OUT, value) is Decision.OUT_OF_SCOPE
    assert decide(Scope.OPEN, value) is Decision.NEEDS_INFORMATION


@pytest.mark.parametrize("verdicts", list(product(Verdict, repeat=3)))
def test_verdict_on_a_composite_is_that_of_three_valued_logic(
    verdicts: tuple[Verdict, ...],
) -> None:
    found = valuation(*zip((A, B, C), verdicts, strict=True))
    order = [NOT_MET, SILENT, MET]
    assert found.verdict(both("and", A, B, C)) is min(verdicts, key=order.index)
    assert found.verdict(either("or", A, B, C)) is max(verdicts, key=order.index)


# --- Indications ---------------------------------------------------------------------------


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
    found = Valuation(verdicts)
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
    found = Valuation(verdicts)
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


# --- What is deciding, what is missing ----------------------------------------------------------


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


# --- Any tree, against an oracle ------------------------------------------------------------------


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


def leaves(of: Criterion) -> Iterable[Criterion]:
    return policy(of).leaves


def completions(verdicts: Mapping[NamedNode, Verdict]) -> Iterable[dict[NamedNode, bool]]:
    """Yield every way in which the undocumented may turn out."""
    silent = [iri for iri, v in verdicts.items() if v is SILENT]
    for turned in product((False, True), repeat=len(silent)):
        yield {i: v is MET for i, v in verdicts.items()} | dict(zip(silent, turned, strict=True))


@st.composite
def trees(draw: st.DrawFn, once: bool) -> Criterion:
    """Return a tree; with ``once`` every leaf occurs once and nothing is an indication.

    Without it leaves may be shared and groups of indications have their "otherwise".
    """
    count = 0
    shared = [criterion(f"leaf{i}") for i in range(1, 7)]

    def fresh(kind: str) -> str:
        nonlocal count
        count += 1
        return f"{kind}{count}"

    def leaf() -> Criterion:
        return criterion(fresh("leaf")) if once else draw(st.sampled_from(shared))

    def way_out() -> Route | None:
        kind = draw(st.sampled_from(["none", "none", "open", "grounds"]))
        return None if kind == "none" else route(leaf() if kind == "grounds" else None)

    def tree(depth: int) -> Criterion:
        kinds = ["leaf", "and", "or"] if once else ["leaf", "and", "or", "group"]
        kind = draw(st.sampled_from(kinds)) if depth else "leaf"
        if kind == "leaf":
            # A shared leaf is the same criterion everywhere, so it carries no route of its own.
            return criterion(fresh("leaf"), route=way_out()) if once else leaf()
        width = range(draw(st.integers(1, 3)))
        if kind != "group":
            members = tuple(tree(depth - 1) for _ in width)
            of = Kind.AND if kind == "and" else Kind.OR
            return criterion(fresh(kind), of, members=members, route=way_out())
        members = tuple(
            indication(fresh("indication"), leaf(), tree(depth - 1), route=way_out()) for _ in width
        )
        choices = [None, COV.NotCovered, COV.NeedsReview]
        # Only a group that the policy itself names can take the request out of its scope.
        outermost = [COV.OutOfScope] if depth == DEPTH else []
        otherwise = draw(st.sampled_from([*choices, *outermost]))
        return either(fresh("group"), *members, otherwise=otherwise, route=way_out())

    return both("root", *(tree(DEPTH) for _ in range(draw(st.integers(1, 2)))))


@dataclass(frozen=True)
class Judged:
    """A tree with the verdicts on its leaves."""

    tree: Criterion
    verdicts: dict[NamedNode, Verdict]

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Tell hypothesis how to print a failing example on one line."""
        told = {iri.value.rpartition("#")[2]: v.value for iri, v in self.verdicts.items()}
        printer.text(f"{sketch(self.tree)} where {told}")


def sketch(of: Criterion) -> str:
    """Return a tree on one line, with what it applies to, its route and its "otherwise"."""
    text = of.name
    if not of.is_leaf:
        text = f"{of.kind.value}({', '.join(sketch(m) for m in of.members)})"
    if of.applies_when:
        text = f"[if {of.applies_when.name}] {text}"
    if of.otherwise:
        text += f" otherwise {of.otherwise.value.rpartition('#')[2]}"
    if of.route:
        text += f" review on {sketch(of.route.grounds) if of.route.grounds else 'any ground'}"
    return text


@st.composite
def judged(draw: st.DrawFn, once: bool = False) -> Judged:
    """Return a tree with verdicts, of which few enough are open to try all completions."""
    tree = draw(trees(once))
    verdicts = {c.iri: draw(st.sampled_from(list(Verdict))) for c in leaves(tree)}
    silent = [iri for iri, v in verdicts.items() if v is SILENT]
    return Judged(tree, verdicts | dict.fromkeys(silent[8:], MET))


@given(judged(once=True))
def test_the_ends_are_the_worst_and_the_best_of_all_completions(
    drawn: Judged,
) -> None:
    """Exactly so where every leaf occurs once: intervals treat leaves as independent."""
    tree, verdicts = drawn.tree, drawn.verdicts
    outcomes = [outcome(tree, truth) for truth in completions(verdicts)]
    assert Valuation(verdicts).value(tree) == Value(min(outcomes), max(outcomes))


@given(judged())
def test_no_completion_leaves_the_ends(
    drawn: Judged,
) -> None:
    """With shared leaves the ends may be too wide (A or not A), but never too narrow."""
    tree, verdicts = drawn.tree, drawn.verdicts
    worst, best = Valuation(verdicts).value(tree)
    assert all(worst <= outcome(tree, truth) <= best for truth in completions(verdicts))


@given(judged())
def test_the_generated_function_values_every_criterion_alike(drawn: Judged) -> None:
    of, found = policy(drawn.tree), Valuation(drawn.verdicts)
    bits = [OF_RANK[drawn.verdicts[leaf.iri].rank] for leaf in of.leaves]
    assert valuing(of)(bits) == [found.bits(c) for c in of.place]


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


@given(judged())
def test_something_is_missing_exactly_while_information_is_needed(drawn: Judged) -> None:
    of, found = policy(drawn.tree), Valuation(drawn.verdicts)
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
    found = Valuation(verdicts)
    worst, best = found.value(tree)
    ways = missing(policy(tree), found, Scope.IN, Value(worst, best))
    if worst is best:
        assert ways == []
        return
    silent = [c for c in leaves(tree) if verdicts[c.iri] is SILENT]
    enough: list[frozenset[Criterion]] = []
    for size in range(len(silent) + 1):
        for some in map(frozenset, combinations(silent, size)):
            settled = Valuation(verdicts | dict.fromkeys((c.iri for c in some), MET))
            if not any(k <= some for k in enough) and settled.value(tree).worst is best:
                enough.append(some)
    assert set(ways) == set(enough) and len(ways) == len(enough)


@given(judged(once=True))
def test_meeting_the_deciding_leaves_undoes_a_denial(
    drawn: Judged,
) -> None:
    tree, verdicts = drawn.tree, drawn.verdicts
    of, found = policy(tree), Valuation(verdicts)
    decision = decide(Scope.IN, found.value(tree))
    turning = deciding(of, found, decision, (Scope.IN, ()), [])
    if decision is Decision.NOT_COVERED:
        assert turning and all(verdicts[c.iri] is NOT_MET for c in turning)
        mended = Valuation(verdicts | {c.iri: MET for c in turning})
        assert mended.value(tree).best > Outcome.NOT_COVERED
    elif decision is Decision.COVERED:
        assert all(verdicts[c.iri] is MET for c in turning)
        others = dict.fromkeys(verdicts.keys() - {c.iri for c in turning}, NOT_MET)
        assert Valuation(verdicts | others).value(tree) == COVERED
    elif decision is Decision.NEEDS_REVIEW:
        assert turning and all(c.route for c in turning)
