"""Which cases an ordinary run asks the slow judges about, the same ones in every run.

A stratum is a leaf and a verdict on it: met, not met, or not documented; or a decision of a
policy. From each policy so many cases are taken that every stratum that its cases reach is
there, and as few as greed finds. A case that is taken for a decision is judged as a whole, any
other on the leaves that it is taken for. The compiled judge tells which they reach: where it is
wrong of one that is chosen for it, the slow judge says so, and where it reaches a verdict no
more, the verdict is missed. Only chance that is seeded breaks ties, and no clock. Tests that
need fewer take cases in turns from every policy and from every decision that its cases expect.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import cache
from itertools import zip_longest
from typing import TypeVar

import pytest
from pyoxigraph import NamedNode

from covergraph.knowledge.base import policy_key
from covergraph.namespaces import COV
from covergraph.policies.criteria import Policy
from tests.laws import seeded
from tests.silence import is_open
from tests.tools.agree import compiled
from tests.tools.case_files import Case, load_cases

T = TypeVar("T", bound=Hashable)
R = TypeVar("R", bound=Hashable)
Stratum = tuple[NamedNode, NamedNode]


def strata_of(policy: Policy) -> set[Stratum]:
    """Return every leaf of a policy with each verdict that a request can bring it."""
    return {
        (leaf.iri, verdict)
        for leaf in policy.leaves
        for verdict in (COV.Met, COV.NotMet, COV.NotDocumented)
        if verdict != COV.NotDocumented or is_open(leaf, policy)
    }


@cache
def reached(case: Case) -> frozenset[Stratum]:
    """Return the verdicts on leaves that a case reaches, and its decision."""
    reasoner = compiled()
    answer = reasoner.answer(reasoner.read(case.request_ttl), policy_key(case.policy))
    found: set[Stratum] = {(case.policy, COV[answer.decision.name])}
    if answer.valuation is not None:
        found |= {(leaf, v.iri) for leaf, v in answer.valuation.verdicts.items()}
    return frozenset(found)


def reached_by(cases: Iterable[Case]) -> set[Stratum]:
    """Return all that cases reach."""
    return set().union(*map(reached, cases))


def cover(of: Mapping[T, frozenset[R]]) -> dict[T, frozenset[R]]:
    """Return few that reach all that all reach, each with what it adds: always the most."""
    left, chosen = frozenset[R]().union(*of.values()), {}
    pool = seeded("strata").sample(list(of), len(of))
    while left:
        best = max(pool, key=lambda one: len(left & of[one]))
        chosen[best] = left & of[best]
        left -= of[best]
        pool.remove(best)
    return chosen


def in_turns(cases: Iterable[Case]) -> list[Case]:
    """Return cases so that policies take turns, and a run that breaks off has asked of each."""
    return interleaved(by_policy(cases).values())


@cache
def stratified() -> dict[Case, frozenset[Stratum]]:
    """Return the cases that stand for all, each with what it is taken for."""
    chosen: dict[Case, frozenset[Stratum]] = {}
    for cases in by_policy(load_cases()).values():
        chosen |= cover({case: reached(case) for case in cases})
    return chosen


def taken_whole(case: Case) -> bool:
    """Return whether a case is taken for its decision."""
    return any(iri == case.policy for iri, _ in stratified().get(case, ()))


@cache
def some(test: str, count: int, decision: NamedNode | None = None) -> frozenset[Case]:
    """Return so many cases for a test, in turns from each decision of each policy."""
    groups: dict[object, list[Case]] = {}
    for case in load_cases():
        if decision in (None, case.expected_decision):
            groups.setdefault((case.policy, case.expected_decision), []).append(case)
    chance = seeded(test)
    shuffled = [chance.sample(group, len(group)) for group in groups.values()]
    return frozenset(interleaved(shuffled)[:count])


def by_policy(cases: Iterable[Case]) -> dict[NamedNode, list[Case]]:
    found: dict[NamedNode, list[Case]] = {}
    for case in cases:
        found.setdefault(case.policy, []).append(case)
    return found


def interleaved(groups: Iterable[Sequence[Case]]) -> list[Case]:
    turns = zip_longest(*groups)
    return [case for turn in turns for case in turn if case is not None]


def case_of(item: pytest.Item) -> Case:
    """Return the case that a collected test is about."""
    found: Case = item.callspec.params["case"]  # type: ignore[attr-defined]
    return found
