"""A second opinion on every verdict, from SHACL engines that no one here wrote.

Jena runs SPARQL constraints and so judges everything: every leaf, every twin, and each policy
as one shape. pyrudof judges the leaves that are SHACL Core. Where an engine is not installed
its tests are skipped, and ``pytest -rs`` says why.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from covergraph.judge.reference import verdicts_of
from covergraph.judge.valuation import Outcome, Verdicts
from covergraph.knowledge.base import knowledge
from covergraph.policies.criteria import Policy
from covergraph.policies.lowering import Lowering
from tests.benchmarks.given import wrapped
from tests.benchmarks.peers import jena
from tests.benchmarks.peers.rudof import REQUIREMENT, RudofPeer
from tests.benchmarks.second_opinion import JenaJudge
from tests.laws import FULL, AnswerOf, written
from tests.laws import told as shown
from tests.tools.agree import JENA, difference, hold_generated
from tests.tools.case_files import Case

NO_JENA = jena.missing()
with_jena = pytest.mark.skipif(bool(NO_JENA), reason=f"no second opinion from Jena: {NO_JENA}")
with_pyrudof = pytest.mark.skipif(
    find_spec("pyrudof") is None,
    reason=f"no second opinion from pyrudof: {REQUIREMENT} is not installed",
)
EDITIONS = Lowering(knowledge()).policies()
EACH = 2000 if FULL else 100


# --- Jena ---------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def jena_judge() -> JenaJudge:
    return JenaJudge(knowledge())


@with_jena
@pytest.mark.sample
def test_jena_gives_every_leaf_of_a_case_our_verdict(
    case: Case, answer_of: AnswerOf, jena_judge: JenaJudge
) -> None:
    answer = answer_of(case.request_ttl, case.policy)
    if answer.policy is None or answer.valuation is None:
        return  # no edition is in force
    theirs = jena_judge(answer.policy, answer.prepared)
    ours = answer.valuation.verdicts
    assert not differing(ours, theirs), shown(case.label, case.request_ttl)


@with_jena
@pytest.mark.sample(60)
def test_jena_reports_what_it_answers_shape_by_shape(
    case: Case, answer_of: AnswerOf, jena_judge: JenaJudge
) -> None:
    answer = answer_of(case.request_ttl, case.policy)
    if answer.policy is None:
        return  # no edition is in force
    reported = jena_judge.reported(answer.policy, answer.prepared)
    assert reported == jena_judge(answer.policy, answer.prepared)


@with_jena
@pytest.mark.sample(200)
def test_a_policy_conforms_in_jena_exactly_when_its_criteria_are_covered(
    case: Case, answer_of: AnswerOf, jena_judge: JenaJudge
) -> None:
    answer = answer_of(case.request_ttl, case.policy)
    if answer.policy is None or answer.valuation is None:
        return  # no edition is in force
    covered = answer.valuation.value(answer.policy.root).worst is Outcome.COVERED
    assert jena_judge.conforms(answer.policy, answer.prepared) is covered


@with_jena
@pytest.mark.parametrize("policy", EDITIONS, ids=lambda p: f"{p.key}/{p.edition}")
def test_jena_gives_generated_requests_the_same_answer(policy: Policy) -> None:
    hold_generated(policy, EACH, 2, lambda data: difference(data, policy, JENA))


# --- pyrudof ------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def rudof() -> Iterator[RudofPeer]:
    with RudofPeer() as peer:
        for policy in EDITIONS:
            core = wrapped(knowledge(), policy, core=True)
            peer.ask("shapes", policy.iri.value, written(core).decode())
        yield peer


@with_pyrudof
@pytest.mark.sample(40)
def test_pyrudof_gives_every_core_leaf_of_a_case_our_verdict(
    case: Case, answer_of: AnswerOf, rudof: RudofPeer
) -> None:
    answer = answer_of(case.request_ttl, case.policy)
    if answer.policy is None or answer.valuation is None:
        return  # no edition is in force
    rudof.ask("request", "case", written(answer.facts).decode())
    theirs = verdicts_of(answer.policy.leaves, rudof.ask("report", case.policy.value, "case"))
    core = {leaf.iri for leaf in answer.policy.leaves if leaf.component is None}
    ours = {iri: v for iri, v in answer.valuation.verdicts.items() if iri in core}
    assert not differing(ours, theirs), shown(case.label, case.request_ttl)


# What pyrudof 0.3.35 does otherwise: a shape that is a constraint component conforms, and
# nothing says that it was not judged. The day this fails, components can be compared too.
NEVER_CONFORMS = """
@prefix : <urn:example:> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
:Never a sh:ConstraintComponent ;
    sh:parameter [ sh:path :never ] ;
    sh:nodeValidator [ a sh:SPARQLSelectValidator ;
        sh:select "SELECT $this WHERE { $this ?property ?value }" ] .
:shape a sh:NodeShape ; sh:targetNode :node ; :never true .
"""


@with_jena
def test_jena_judges_constraint_components() -> None:
    with jena.Jena() as process:
        process.ask("shapes", "never", NEVER_CONFORMS)
        assert process.ask("judge", "never", "<urn:example:node> a <urn:example:Thing> .") == [
            "urn:example:shape"
        ]


@with_pyrudof
def test_pyrudof_skips_constraint_components(rudof: RudofPeer) -> None:
    rudof.ask("shapes", "never", NEVER_CONFORMS)
    rudof.ask("request", "any", "<urn:example:node> a <urn:example:Thing> .")
    assert rudof.ask("report", "never", "any") == []


def differing(ours: Verdicts, theirs: Verdicts) -> list[str]:
    """Return what two engines say otherwise of the leaves that the first one judged."""
    return [
        f"{iri.value}: {verdict.value}, theirs {theirs[iri].value}"
        for iri, verdict in ours.items()
        if verdict is not theirs[iri]
    ]
