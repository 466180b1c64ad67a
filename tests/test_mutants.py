"""A short version of ``make mutants``: the cases notice a misreading. And what is misread."""

from __future__ import annotations

import pytest

from covergraph.knowledge.base import knowledge
from covergraph.namespaces import COV, local_name
from covergraph.policies.clauses import is_combination
from covergraph.policies.criteria import Policy
from covergraph.policies.lowering import Lowering
from tests.tools.mutants import mutants_of
from tests.tools.mutations import mutations_of

ENOUGH = 0.95
POLICIES = Lowering(knowledge()).policies()
COUNTING = [p for p in POLICIES if any(is_combination(c.name) for c in p.criteria.values())]
WITH_EPISODES = [p for p in POLICIES if knowledge().triples.value(p.iri, COV.episode)]


def test_cases_notice_nearly_every_misreading_of_a_small_policy() -> None:
    found = mutants_of("nhs-england/ebi-2k")
    caught = sum(m.caught for m in found)
    survivors = [m.name for m in found if not m.caught]
    assert caught >= ENOUGH * len(found), survivors


@pytest.mark.parametrize("policy", COUNTING, ids=lambda p: p.key)
def test_a_count_is_misread_as_it_is_written(policy: Policy) -> None:
    t = knowledge().triples
    misread = {m.name for m in mutations_of(knowledge(), policy)}
    assert not any(is_combination(name.partition(":")[0]) for name in misread)
    counts = [c for c in policy.criteria.values() if t.text(c.iri, COV.atLeast)]
    assert counts
    for count in counts:
        n, head = int(t.text(count.iri, COV.atLeast)), t.value(count.iri, COV.ofCriteria)
        assert head is not None
        listed = [local_name(m.value) for m in t.items(head)]
        moved = {n - 1, n + 1} & set(range(1, len(listed) + 1))
        expected = {f"{count.name}: at least {n} becomes {other}" for other in moved}
        if n < len(listed):
            expected |= {f"{count.name}: {name} dropped" for name in listed}
        assert {name for name in misread if name.startswith(f"{count.name}: ")} == expected


@pytest.mark.parametrize("policy", WITH_EPISODES, ids=lambda p: p.key)
def test_what_stands_on_a_policy_is_misread(policy: Policy) -> None:
    misread = {m.name for m in mutations_of(knowledge(), policy)}
    assert misread >= {
        "episode: P2Y becomes P23M",
        "episode: P2Y becomes P25M",
        "episode: brokenBy dropped",
        "episode: brokenByFact dropped",
        "effective from 2024-01-01 becomes 2023-12-31",
        "effective from 2024-01-01 becomes 2024-01-02",
    }
