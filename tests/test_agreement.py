"""Both judges say the same: on cases, and on requests made of what the shapes name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import NoReturn

import pytest
from pyoxigraph import NamedNode

from covergraph.engine import Reasoner
from covergraph.errors import KnowledgeError
from covergraph.judge.compiled import CompiledJudge
from covergraph.judge.compiled.leaves import leaves_of
from covergraph.knowledge.base import knowledge, policy_key
from covergraph.namespaces import compact
from covergraph.policies.criteria import Policy
from covergraph.policies.lowering import Lowering
from tests.laws import FULL, seeded
from tests.laws import told as shown
from tests.sampling import Stratum, case_of, reached, reached_by, strata_of, stratified
from tests.tools import agree
from tests.tools.agree import (
    difference,
    difference_on,
    drawn,
    hold_generated,
    main,
    named_of,
)
from tests.tools.case_files import Case, load_cases
from tests.tools.generate import by_chance
from tests.tools.mutations import leaf_misread

EDITIONS = Lowering(knowledge()).policies()
EACH, SOME = 2000 if FULL else 10, 8


@pytest.fixture(scope="module")
def policy_of(reasoner: Reasoner) -> dict[str, Policy]:
    found = reasoner.catalogue.editions.values()
    return {p.iri.value: p for editions in found for p in editions}


@pytest.mark.sample
def test_both_judges_give_a_case_the_same_answer(
    case: Case, policy_of: dict[str, Policy], request: pytest.FixtureRequest
) -> None:
    policy, asked = policy_of[case.policy.value], asked_of(case, request.config)
    if (case.policy, decision_on(case)) in asked:
        sample = request.config.getoption("cases") == "sample"
        fault = difference(case.request_ttl, policy, look_ahead=not sample)
    else:
        leaves = [leaf for leaf in policy.leaves if any(leaf.iri == iri for iri, _ in asked)]
        fault = difference_on(leaves, case.request_ttl, policy)
    assert not fault, shown(fault, case.request_ttl)


def asked_of(case: Case, config: pytest.Config) -> frozenset[Stratum]:
    """Return what both judges are asked for of a case in this run."""
    return stratified()[case] if config.getoption("cases") == "sample" else reached(case)


def decision_on(case: Case) -> NamedNode:
    (found,) = (decision for iri, decision in reached(case) if iri == case.policy)
    return found


def asked_of_the_reference(session: pytest.Session) -> dict[Case, frozenset[Stratum]]:
    """Return the cases that are put to both judges in this run, each with what is asked of it."""
    name = test_both_judges_give_a_case_the_same_answer.__name__
    items = [item for item in session.items if getattr(item, "originalname", "") == name]
    return {case: asked_of(case, session.config) for case in map(case_of, items)}


@pytest.mark.parametrize("policy", EDITIONS, ids=lambda p: f"{p.key}/{p.edition}")
def test_reference_is_asked_for_all_that_cases_of_a_policy_tell_apart(
    policy: Policy, request: pytest.FixtureRequest
) -> None:
    """No run passes with a policy unasked: looked up in what was collected, not in the plan."""
    of_each = asked_of_the_reference(request.session).items()
    asked = [strata for case, strata in of_each if case.policy == policy.iri]
    assert asked, f"no case of {policy.key} is put to the reference judge"
    lacking = reached_by(c for c in load_cases() if c.policy == policy.iri).difference(*asked)
    assert not lacking, told_apart(lacking)


def test_reference_is_asked_for_every_leaf_met_not_met_and_silent(
    request: pytest.FixtureRequest,
) -> None:
    """A leaf that policies share is asked for in the cases of one of them, or of each."""
    lacking = {s for policy in EDITIONS for s in strata_of(policy)}
    lacking = lacking.difference(*asked_of_the_reference(request.session).values())
    assert not lacking, told_apart(lacking)


def told_apart(strata: set[Stratum]) -> str:
    return "\n".join(sorted(f"{compact(s.value)}: {compact(v.value)}" for s, v in strata))


def test_sample_is_the_same_in_every_process() -> None:
    """Not the order of sets, which changes from process to process, makes the choice."""
    text = "from tests.sampling import stratified; print(*sorted(map(str, stratified())))"
    other = subprocess.run(
        [sys.executable, "-c", text],
        env={**os.environ, "PYTHONHASHSEED": "1"},
        cwd=Path(__file__).parents[1],
        capture_output=True,
        check=True,
    )
    assert other.stdout == f"{' '.join(sorted(map(str, stratified())))}\n".encode()


@pytest.mark.parametrize("policy", EDITIONS, ids=lambda p: f"{p.key}/{p.edition}")
def test_both_judges_give_generated_requests_the_same_answer(policy: Policy) -> None:
    """On some leaves each, for pySHACL takes its time over sessions; `make agree` asks of all."""
    chance, most = seeded("leaves", policy.key), len(policy.leaves) if FULL else SOME

    def differs_in(data: bytes) -> str:
        leaves = chance.sample(policy.leaves, min(most, len(policy.leaves)))
        return difference_on(leaves, data, policy)

    hold_generated(policy, EACH, 1, differs_in)


@pytest.mark.parametrize("policy", EDITIONS, ids=lambda p: f"{p.key}/{p.edition}")
def test_every_leaf_is_lowered(policy: Policy) -> None:
    lowered = leaves_of(policy, knowledge())
    assert [leaf.name for leaf in lowered] == [leaf.iri.value for leaf in policy.leaves]
    assert policy_key(policy.iri) == policy.key


# --- The tool itself --------------------------------------------------------------------------

FEW = "wa-hca/spinal-injections"
ONE_POLICY = ["--policy", FEW, "--judge", "reference", "--seed", "1"]


@pytest.mark.parametrize("misreading", ["P6M becomes P7M", "3 becomes 2"])
def test_a_bound_that_is_misread_is_found_and_saved(
    misreading: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    policy = next(p for p in EDITIONS if p.key == FEW)
    misread = (m for leaf in policy.leaves for m in leaf_misread(knowledge(), policy, leaf))
    mutation = next(m for m in misread if m.name.endswith(misreading))
    broken = Reasoner(knowledge(), CompiledJudge(mutation.knowledge()))
    monkeypatch.setattr(agree, "compiled", lambda *_: broken)
    few = ["8", *ONE_POLICY, "--seed", "7"]
    assert main([*few, "--jobs", "1", "--save", str(tmp_path)]) == 1
    saved = sorted(tmp_path.glob("*.ttl"))
    assert saved
    text = saved[0].read_text()
    assert mutation.at.value in text and f"# {policy.iri.value}" in text
    assert difference(saved[0].read_bytes(), policy)
    monkeypatch.undo()
    assert not difference(saved[0].read_bytes(), policy)


def test_a_judge_that_fails_is_a_difference(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fails(*_: object) -> NoReturn:
        raise KnowledgeError("no verdict")

    broken = Reasoner()
    monkeypatch.setattr(broken.judge, "valued", fails)
    monkeypatch.setattr(agree, "compiled", lambda *_: broken)
    assert main(["3", *ONE_POLICY, "--jobs", "1", "--save", str(tmp_path)]) == 1
    assert "no verdict" in (tmp_path / "0001.ttl").read_text()


def test_processes_share_the_work(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    save = ["--save", str(tmp_path / "none")]
    assert main(["8", *ONE_POLICY, "--jobs", "2", *save]) == 0
    shared = capsys.readouterr().out.splitlines()[-1]
    assert main(["8", *ONE_POLICY, "--jobs", "1", *save]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == shared
    assert not (tmp_path / "none").exists()


def test_what_is_drawn_depends_on_the_seed_alone() -> None:
    policy = EDITIONS[0]
    whole = list(drawn(policy, 6, seed=3))
    assert [*drawn(policy, 2, 3), *drawn(policy, 4, 3, start=2)] == whole
    assert list(drawn(policy, 6, seed=4)) != whole


def test_a_policy_without_cases_has_requests_drawn() -> None:
    named, _ = named_of(EDITIONS[0])
    assert all(by_chance(Random(n), named, []) for n in range(10))
