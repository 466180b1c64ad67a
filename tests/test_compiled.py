"""The compiled judge counts in bits what the page of values says, and tracebacks show its code."""

from __future__ import annotations

from traceback import format_exception

import pytest
from hypothesis import given, settings

from covergraph.engine import Reasoner
from covergraph.judge.compiled import CompiledJudge, CompiledValuation, bits
from covergraph.judge.compiled.values import valuing_criteria
from covergraph.judge.valuation import PlainValuation
from covergraph.knowledge.base import policy_key
from covergraph.policies.criteria import Kind
from tests.laws import FULL
from tests.tools.case_files import load_cases
from tests.trees import MET, NOT_MET, SILENT, Judged, judged, policy


def counted(drawn: Judged) -> CompiledValuation:
    """Return what the compiled judge makes of a tree and its verdicts."""
    of = policy(drawn.tree)
    leaf = {NOT_MET: bits.NOT_MET, SILENT: bits.NOT_DOCUMENTED, MET: bits.MET}
    leaves = [leaf[drawn.verdicts[c.iri]] for c in of.leaves]
    found = valuing_criteria(of, "drawn")(leaves)
    return CompiledValuation(of, dict(zip(of.place, found, strict=True)))


# So many that a group whose "otherwise" counts is among them.
@settings(max_examples=2000 if FULL else 300)
@given(judged())
def test_the_compiled_judge_counts_as_the_page_says(drawn: Judged) -> None:
    of, page, found = policy(drawn.tree), PlainValuation(drawn.verdicts), counted(drawn)
    criteria = list(of.place)
    assert found.verdicts == page.verdicts
    assert found.verdicts_on(criteria) == page.verdicts_on(criteria)
    for c in criteria:
        assert found.value(c) == page.value(c), c.name
        assert found.verdict(c) is page.verdict(c), c.name
        assert found.bare(c) == page.bare(c), c.name
        assert found.grounds(c) == page.grounds(c), c.name
        assert found.applies(c) is page.applies(c), c.name
        assert found.best(c) is page.best(c), c.name
        assert found.is_covered(c) is page.is_covered(c), c.name
        if c.kind is Kind.OR:
            assert found.applying(c) is page.applying(c), c.name
            assert found.in_play(c) == page.in_play(c), c.name


def test_a_traceback_shows_the_generated_code(reasoner: Reasoner) -> None:
    judge = CompiledJudge(reasoner.knowledge)
    key, editions = next(iter(reasoner.catalogue.editions.items()))
    made = judge.compiled(editions[-1])
    for function, title, line in (
        (made.judge_leaves, "leaves", "kinds = facts.procedure_types"),
        (made.value_criteria, "criteria", "= leaves"),
    ):
        with pytest.raises((AttributeError, TypeError)) as caught:
            function(None)  # type: ignore[arg-type]
        told = "".join(format_exception(caught.value))
        assert f'File "<covergraph policy {key}@{editions[-1].edition}: {title}>", line 2' in told
        assert line in told


def test_judge_may_serve_two_reasoners(reasoner: Reasoner) -> None:
    """What it keeps belongs to a policy as one reasoner lowered it, not to the policy's name."""
    judge = CompiledJudge(reasoner.knowledge)
    case = load_cases()[0]
    key = policy_key(case.policy)
    found = []
    for _ in range(2):
        other = Reasoner(reasoner.knowledge, judge)
        found.append(other.answer(other.read(case.request_ttl), key).decision)
    assert found[0] is found[1]
