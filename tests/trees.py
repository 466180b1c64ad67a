"""Small trees of criteria made for a test, by hand or drawn, with verdicts on their leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from hypothesis import strategies as st
from pyoxigraph import NamedNode

from covergraph.decision.decide import Decision, decide, scope
from covergraph.judge.valuation import PlainValuation, Value, Verdict
from covergraph.namespaces import COV
from covergraph.policies.criteria import Criterion, Kind, Policy, Route

MET, NOT_MET, SILENT = Verdict.MET, Verdict.NOT_MET, Verdict.NOT_DOCUMENTED
DEPTH = 2


def criterion(name: str, kind: Kind = Kind.CORE, **parts: object) -> Criterion:
    """Return a criterion that is told by its name."""
    iri = NamedNode(f"urn:test#{name}")
    return Criterion(iri, kind, name, None, (), "", **parts)  # type: ignore[arg-type]


def both(name: str, *members: Criterion, **parts: object) -> Criterion:
    return criterion(name, Kind.AND, members=members, **parts)


def either(name: str, *members: Criterion, **parts: object) -> Criterion:
    return criterion(name, Kind.OR, members=members, **parts)


def indication(name: str, when: Criterion, *rest: Criterion, **parts: object) -> Criterion:
    return both(name, when, *rest, applies_when=when, **parts)


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


def valuation(*leaves: tuple[Criterion, Verdict]) -> PlainValuation:
    return PlainValuation({c.iri: v for c, v in leaves})


def decided(of: Policy, verdicts: Mapping[NamedNode, Verdict]) -> tuple[Decision, Value]:
    found = PlainValuation(verdicts)
    value = found.value(of.root)
    return decide(scope(of, found)[0], value), value


A, B, C, D = (criterion(n) for n in "ABCD")


# --- Drawn -------------------------------------------------------------------------------


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
        mixed = draw(st.sampled_from([False, False, False, True]))
        members = tuple(
            indication(fresh("indication"), leaf(), tree(depth - 1), route=way_out())
            if not mixed or draw(st.booleans())
            else tree(depth - 1)
            for _ in width
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
    verdicts = {c.iri: draw(st.sampled_from(list(Verdict))) for c in policy(tree).leaves}
    silent = [iri for iri, v in verdicts.items() if v is SILENT]
    return Judged(tree, verdicts | dict.fromkeys(silent[8:], MET))
