"""Mutation test over the shapes: would the cases notice a misreading?

Every bound is moved by one, every "and" turned into "or" and back, every criterion
dropped, every reading of silence flipped (``mutations.py``). A mutant is caught when some
case's expected verdicts, decision or deciding criteria no longer hold. Only what a mutant
can change is judged again: one leaf for a bound or a silence, nothing at all for a
combination.

Run as ``python -m tests.tools.mutants [--judge reference] [KEY…]``; prints the figure and the
survivors.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import repeat

from pyoxigraph import NamedNode

from covergraph.decision.decide import Scope, decide, scope
from covergraph.decision.explain import deciding, missing
from covergraph.decision.select import Catalogue
from covergraph.engine import Reasoner
from covergraph.errors import KnowledgeError
from covergraph.facts.history import rules_of, view_of
from covergraph.facts.prepared import Prepared
from covergraph.judge import Judge
from covergraph.judge.compiled import CompiledJudge
from covergraph.judge.reference import ReferenceJudge
from covergraph.judge.valuation import PlainValuation, Verdict
from covergraph.knowledge.base import Knowledge
from covergraph.namespaces import COV
from covergraph.policies.criteria import Policy
from covergraph.render.words import DECISIONS
from tests.tools.case_files import Case, load_cases
from tests.tools.mutations import Mutation, mutations_of

JudgeOf = Callable[[Knowledge], Judge]
JUDGES: dict[str, JudgeOf] = {"compiled": CompiledJudge, "reference": ReferenceJudge}


@dataclass(frozen=True)
class Judged:
    """A case as it is prepared, as the policy sees it, and the verdicts on every leaf.

    Parameters
    ----------
    verdicts : Mapping or None
        None where the policy does not speak to the request.
    """

    case: Case
    prepared: Prepared
    seen: Prepared
    verdicts: Mapping[NamedNode, Verdict] | None


@dataclass(frozen=True)
class Mutant:
    """A policy that says something else than the document, and whether a case notices.

    Parameters
    ----------
    shared : str
        The IRI of the criterion, when several policies share it; else empty.
    """

    name: str
    caught: bool
    shared: str = ""


def main() -> None:
    parser = argparse.ArgumentParser(description="Would the cases notice a misreading?")
    parser.add_argument("keys", nargs="*", metavar="KEY", help="a policy; all, without any")
    parser.add_argument("--judge", choices=JUDGES, default="compiled", help="what judges")
    asked = parser.parse_args()
    keys = asked.keys or list(Reasoner().catalogue.editions)
    with ProcessPoolExecutor(max_workers=2) as pool:
        run = pool.map(mutants_of, keys, repeat(JUDGES[asked.judge]))
        found = dict(zip(keys, run, strict=True))
    # A misreading of a shared shape is one mutant; the cases of any policy may notice it.
    noticed = {(m.shared, m.name) for ms in found.values() for m in ms if m.shared and m.caught}
    counted: set[tuple[str, str]] = set()
    total = caught = 0
    for key, mutants in found.items():
        own = [m for m in mutants if not m.shared or (m.shared, m.name) not in counted]
        counted |= {(m.shared, m.name) for m in own if m.shared}
        survivors = [m.name for m in own if not m.caught and (m.shared, m.name) not in noticed]
        total, caught = total + len(own), caught + len(own) - len(survivors)
        print(f"{key}: {len(own) - len(survivors)} of {len(own)} mutants caught")
        for name in survivors:
            print(f"  survived: {name}")
    print(f"{caught} of {total} mutants caught, {100 * caught / max(total, 1):.1f} %")


def mutants_of(key: str, judge_of: JudgeOf = CompiledJudge) -> list[Mutant]:
    """Return the mutants of one policy, each with whether the cases catch it.

    Parameters
    ----------
    judge_of : Callable
        Makes a judge of the knowledge with a misreading in it.
    """
    reasoner = Reasoner()
    reasoner.judge = judge_of(reasoner.knowledge)
    found = []
    for policy in reasoner.catalogue.editions[key]:
        judged = list(judge_cases(reasoner, policy))
        broken = [
            str(j.case) for j in judged if j.verdicts and not holds(j.case, policy, j.verdicts)
        ]
        assert not broken, f"cases that fail without any mutation: {broken}"
        own = policy.iri.value.partition("#")[0]
        for mutation in mutations_of(reasoner.knowledge, policy):
            shared = "" if mutation.at.value.startswith(own) else mutation.at.value
            caught = is_caught(mutation, policy, judged, reasoner, judge_of)
            found.append(Mutant(mutation.name, caught, shared))
    return found


def judge_cases(reasoner: Reasoner, policy: Policy) -> Iterator[Judged]:
    for case in load_cases():
        if case.policy != policy.iri:
            continue
        prepared = reasoner.read(case.request_ttl, str(case))
        on, types = prepared.request.date, prepared.facts.types
        seen = reasoner.seen_by(policy, prepared)
        chosen = reasoner.catalogue.select(policy.key, on, types).chosen is policy
        yield Judged(case, prepared, seen, reasoner.judge(policy, seen) if chosen else None)


def holds(case: Case, policy: Policy, verdicts: Mapping[NamedNode, Verdict]) -> bool:
    """Return whether all that a case expects is so under a policy and some verdicts."""
    valuation = PlainValuation(verdicts)
    where = scope(policy, valuation)
    value = valuation.value(policy.root)
    decision = decide(where[0], value)
    if case.expected_decision not in (None, DECISIONS[decision].term):
        return False
    criteria = policy.criteria
    for iri, verdict in case.expected_verdicts.items():
        if iri in criteria and valuation.verdict(criteria[iri]).iri != verdict:
            return False
    if case.expected_deciding is None:
        return True
    ways = missing(policy, valuation, where[0], value) if where[0] is not Scope.OUT else []
    turning = deciding(policy, valuation, decision, where, ways)
    return {c.iri for c in turning} == set(case.expected_deciding)


def is_caught(
    mutation: Mutation,
    policy: Policy,
    cases: list[Judged],
    reasoner: Reasoner,
    judge_of: JudgeOf,
) -> bool:
    """Return whether some case notices a misreading of a policy."""
    if mutation.dates:
        return any(misdated(mutation.policy, j, reasoner) for j in cases)
    if not mutation.leaves:
        return any(j.verdicts and not holds(j.case, mutation.policy, j.verdicts) for j in cases)
    known = mutation.knowledge()
    try:
        rules = rules_of(policy, known)
    except KnowledgeError:
        # Two leaves that merge sides differently are refused when they are read.
        return True
    judge = judge_of(known)
    root = replace(policy.root, members=mutation.leaves)
    lone = replace(policy, root=root, exclusions=(), applies_when=None)
    changing = {leaf.iri for leaf in mutation.leaves}
    # Cases that name what is misread are the likeliest to notice.
    for j in sorted(cases, key=lambda j: not changing & j.case.expected_verdicts.keys()):
        if j.verdicts is None:
            continue
        seen = j.seen
        if mutation.history:
            seen = j.prepared.seen_by(view_of(rules, j.prepared.facts, j.prepared.facts.day))
        verdicts = {**j.verdicts, **judge(lone, seen)}
        if verdicts != j.verdicts and not holds(j.case, policy, verdicts):
            return True
    return False


def misdated(policy: Policy, judged: Judged, reasoner: Reasoner) -> bool:
    """Return whether a case notices that a policy is in force on other days."""
    catalogue = Catalogue(reasoner.knowledge, {policy.key: [policy]})
    on, types = judged.prepared.request.date, judged.prepared.facts.types
    chosen = catalogue.select(policy.key, on, types).chosen
    if judged.verdicts and chosen is None:
        return judged.case.expected_decision != COV.OutOfScope
    if chosen and not judged.verdicts:
        return not holds(judged.case, policy, reasoner.judge(policy, judged.seen))
    return False


if __name__ == "__main__":
    main()
