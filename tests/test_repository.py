"""What the repository promises: payers stay in their files, and every criterion has its cases."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest
from pyoxigraph import NamedNode

from covergraph.decision.decide import Decision
from covergraph.engine import Reasoner
from covergraph.knowledge.base import knowledge
from covergraph.namespaces import COV, POLICIES, compact
from covergraph.policies.clauses import is_combination
from covergraph.policies.criteria import Policy
from covergraph.policies.lowering import Lowering
from tests.silence import is_open
from tests.tools.case_files import CASES, load_cases
from tests.variations import EXAMPLES, ROOT

CHECKOUT = Path(__file__).resolve().parent.parent
SHAPES = ROOT / "shapes" / "policies"
PROGRAM = sorted(
    path
    for folder in ("reasoner", "api")
    for path in (CHECKOUT / folder).rglob("*")
    if path.is_file() and "__pycache__" not in path.parts and "_knowledge" not in path.parts
)
EXAMPLE_FILES = sorted(EXAMPLES.glob("*.ttl"))
EDITIONS: list[Policy] = Lowering(knowledge()).policies()


# --- No payer in the program --------------------------------------------------------------


def payer_names() -> set[str]:
    """Return what payers and their policies are called: keys, labels, document numbers."""
    names = {part for policy in EDITIONS for part in policy.key.split("/")}
    for policy in EDITIONS:
        names |= {policy.payer_label, policy.label.partition(":")[0]}
        names |= {word for word in policy.label.partition(":")[0].split() if "." in word}
    return names


def test_names_of_payers_are_known() -> None:
    assert {"centene", "cp-mp-171", "nhs-gm", "gm070", "NHS Greater Manchester"} <= payer_names()
    assert len(PROGRAM) > 20


@pytest.mark.parametrize("name", sorted(payer_names()))
def test_no_payer_is_named_in_the_program(name: str) -> None:
    """In no spelling: CP.MP.171 is cp-mp-171 and cp_mp_171."""
    spelling = r"[\W_]*".join(re.findall(r"\w+", name.replace("_", " ")))
    pattern = re.compile(rf"(?<![a-z0-9]){spelling}(?![a-z0-9])", re.IGNORECASE)
    for path in PROGRAM:
        found = pattern.search(path.read_text())
        assert not found, f"{path.relative_to(CHECKOUT)}: {found and found.group()}"


# --- Paths mirror IRIs ----------------------------------------------------------------------


@pytest.mark.parametrize("policy", EDITIONS, ids=lambda p: f"{p.key}@{p.edition}")
def test_path_of_a_policy_mirrors_its_iri(policy: Policy) -> None:
    place = f"{policy.key}/{policy.edition}"
    assert policy.iri == POLICIES[f"{place}#policy"]
    assert knowledge().file_of(policy.iri) == f"shapes/policies/{place}.ttl"
    payer = policy.key.partition("/")[0]
    written = [iri for iri in policy.criteria if not is_combination(iri.value)]
    for iri in written:
        # A criterion that policies of one payer share lies in a folder of its own beside them.
        own = iri.value.startswith(f"{POLICIES}{place}#")
        assert own or iri.value.startswith(f"{POLICIES}{payer}/shared")
        path = iri.value.removeprefix(POLICIES).partition("#")[0]
        assert knowledge().file_of(iri) == f"shapes/policies/{path}.ttl"
    assert policy.payer == POLICIES[f"{payer}#payer"]
    assert knowledge().file_of(policy.payer) == f"shapes/policies/{payer}/payer.ttl"


def test_every_policy_file_holds_an_edition() -> None:
    files = {p.relative_to(SHAPES).as_posix() for p in SHAPES.rglob("*.ttl")}
    editions = {f"{p.key}/{p.edition}.ttl" for p in EDITIONS}
    payers = {f"{p.key.partition('/')[0]}/payer.ttl" for p in EDITIONS}
    shared = {f for f in files if f.split("/")[1].startswith("shared")}
    assert files - shared == editions | payers


def test_case_lies_in_the_folder_of_its_policy() -> None:
    for case in load_cases():
        folder = case.path.parent.relative_to(CASES).as_posix()
        assert case.policy == POLICIES[f"{folder}#policy"], case
        assert f"requests/{folder.rpartition('/')[0]}/{case.path.stem}#".encode() in (
            case.request_ttl
        ), case


# --- Every criterion has its cases ------------------------------------------------------------


@pytest.mark.parametrize("policy", EDITIONS, ids=lambda p: f"{p.key}@{p.edition}")
def test_every_leaf_has_a_case_of_each_verdict(policy: Policy) -> None:
    expected: dict[NamedNode, set[NamedNode]] = defaultdict(set)
    for case in load_cases():
        for criterion, verdict in case.expected_verdicts.items():
            expected[criterion].add(verdict)
    lacking = [
        f"{leaf.name}: no case is {compact(verdict.value)}"
        for leaf in policy.leaves
        for verdict in (COV.Met, COV.NotMet, COV.NotDocumented)
        if verdict not in expected[leaf.iri]
        and (verdict != COV.NotDocumented or is_open(leaf, policy))
    ]
    assert not lacking, "\n".join(lacking)


@pytest.mark.parametrize("policy", EDITIONS, ids=lambda p: f"{p.key}@{p.edition}")
def test_no_case_expects_silence_of_what_is_closed(policy: Policy) -> None:
    closed = {leaf.iri for leaf in policy.leaves if not is_open(leaf, policy)}
    for case in (c for c in load_cases() if c.policy == policy.iri):
        for criterion, verdict in case.expected_verdicts.items():
            assert verdict != COV.NotDocumented or criterion not in closed, case


@pytest.mark.parametrize("policy", EDITIONS, ids=lambda p: f"{p.key}@{p.edition}")
def test_cases_of_a_policy_reach_every_decision_it_can_make(policy: Policy) -> None:
    found = {case.expected_decision for case in load_cases() if case.policy == policy.iri}
    reviewed = any(c.route or c.otherwise == COV.NeedsReview for c in policy.criteria.values())
    wanted = {COV.Covered, COV.NotCovered, COV.NeedsInformation, COV.OutOfScope}
    assert found >= wanted | ({COV.NeedsReview} if reviewed else set())


def test_cases_name_only_criteria_of_their_policy() -> None:
    criteria = {policy.iri: policy.criteria.keys() for policy in EDITIONS}
    for case in load_cases():
        named = case.expected_verdicts.keys() | (case.expected_deciding or frozenset())
        assert named <= criteria[case.policy], case


# --- Examples -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EXAMPLE_FILES, ids=lambda path: path.stem)
def test_example_is_decided_by_the_payer_it_names(reasoner: Reasoner, path: Path) -> None:
    answers = reasoner.decide_all(reasoner.read(path.read_bytes(), name=path.name))
    assert answers
    assert all(a.decision is not Decision.OUT_OF_SCOPE and a.deciding for a in answers)


def test_examples_tell_their_story_in_a_comment_and_have_names_of_their_own() -> None:
    for path in EXAMPLE_FILES:
        text = path.read_text()
        assert "\n# " in text
        assert f"requests/{path.stem}#" in text
