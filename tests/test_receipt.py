"""What an answer says of itself: the same bytes every time, and all that it rests on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, parse, serialize

from covergraph.decision.evidence import Reads
from covergraph.engine import Answer, Reasoner
from covergraph.facts.layout import facts_of
from covergraph.facts.prepared import Prepared
from covergraph.namespaces import compact, local_name
from covergraph.policies.criteria import Criterion, Policy
from covergraph.render.data import Recorder, shapes_digest
from covergraph.render.graph import decision_graph, validation_report, written
from covergraph.version import engine_version
from tests.tools.case_files import CASES, Case, load_case, load_cases
from tests.variations import (
    CENTENE,
    EARLY,
    EXAMPLES,
    FIRST_BLOCK,
    GAPS,
    GM070,
    SACROILIAC,
    THORACIC,
    add_edition,
    answered,
    copied_tree,
    edit,
    example,
    policy_file,
    reasoner_of,
)

# Prints every form of the answers to the examples that are named.
EVERY_FORM = """
import json, sys
from pathlib import Path
from covergraph.engine import Reasoner
from covergraph.render.data import Recorder
from covergraph.render.text import Renderer, show
from covergraph.render.graph import decision_graph, validation_report, written
from covergraph.version import engine_version
reasoner = Reasoner()
recorder = Recorder(reasoner.knowledge)
for name in sys.argv[1:]:
    request = reasoner.read(Path(name).read_bytes(), name)
    for answer in reasoner.decide_all(request, every=True):
        show(Renderer(recorder).answer(answer))
        print(json.dumps(recorder.answer(answer)))
        for graph in (decision_graph(answer, recorder), validation_report(answer)):
            print(written(graph, "turtle"), written(graph, "jsonld"))
"""


def every_form(reasoner: Reasoner, data: bytes, key: str = CENTENE) -> list[str]:
    """Return an answer as JSON, and each graph of it as Turtle and JSON-LD."""
    recorder = Recorder(reasoner.knowledge)
    answer = answered(reasoner, data, key)
    graphs = decision_graph(answer, recorder), validation_report(answer)
    return [json.dumps(recorder.answer(answer))] + [
        written(g, form) for g in graphs for form in ("turtle", "jsonld")
    ]


# --- The same bytes ---------------------------------------------------------------------


def test_same_request_gives_the_same_bytes(reasoner: Reasoner) -> None:
    other = Reasoner(reasoner.knowledge)
    assert every_form(reasoner, example(GAPS)) == every_form(other, example(GAPS))


def test_order_names_and_serialisation_give_the_same_bytes(reasoner: Reasoner) -> None:
    """Nodes without a name get their names from what they are, not from where they stand."""
    unnamed = example(GAPS, (":patient", "_:p"), (":pain", "_:a"), (":first-block", "_:b"))
    triples = list(parse(unnamed, format=RdfFormat.TURTLE, rename_blank_nodes=True))
    others = [
        serialize(reversed(triples), format=RdfFormat.N_TRIPLES),
        serialize(triples, format=RdfFormat.JSON_LD),
    ]
    expected = every_form(reasoner, unnamed)
    for other in others:
        assert isinstance(other, bytes)
        assert every_form(reasoner, other) == expected


def test_two_processes_give_the_same_bytes() -> None:
    """Neither hash seeds nor the parser's own random state show in the output."""
    files = [str(EXAMPLES / f"{name}.ttl") for name in (GAPS, EARLY)]
    printed = [
        subprocess.run(
            [sys.executable, "-c", EVERY_FORM, *files],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert printed[0] == printed[1]
    assert printed[0].count(b"NEEDS INFORMATION") >= 1, "the text is among what was compared"


def test_no_form_names_the_file_or_the_day_it_was_made(reasoner: Reasoner) -> None:
    data = example(EARLY)
    named = reasoner.read(data, name="some-file.ttl")
    (answer,) = reasoner.decide_all(named, policy=CENTENE)
    assert json.dumps(Recorder(reasoner.knowledge).answer(answer)) == every_form(reasoner, data)[0]


# --- What the receipt names ---------------------------------------------------------------


def receipt(reasoner: Reasoner, data: bytes, key: str = CENTENE) -> dict[str, object]:
    return Recorder(reasoner.knowledge).receipt(answered(reasoner, data, key))


def test_receipt_names_engine_and_judge(reasoner: Reasoner) -> None:
    engine = receipt(reasoner, example(EARLY))["engine"]
    assert engine == {"name": "covergraph", "version": engine_version(), "judge": "compiled"}


def test_receipt_names_editions_considered_and_the_one_chosen(tmp_path: Path) -> None:
    root = copied_tree(tmp_path)
    add_edition(root, CENTENE, "2022-01-01")
    found = receipt(reasoner_of(root), example(EARLY))
    considered = found["considered"]
    assert isinstance(considered, list)
    first, second = considered
    assert first["edition"].endswith("/2019-07-01#policy") and first["inForce"] is False
    assert second["edition"].endswith("/2022-01-01#policy") and second["inForce"] is True
    assert "2021-12-31" in first["reason"]
    assert found["policy"] == second["edition"]
    assert found["dateOfService"] == "2024-04-15"
    assert found["reason"]


def test_receipt_of_a_request_that_no_edition_decides(reasoner: Reasoner) -> None:
    found = receipt(reasoner, example(SACROILIAC))
    assert found["policy"] is None and found["shapes"] is None
    assert found["verdicts"] == {}
    assert found["reason"] and found["considered"]


def test_receipt_names_every_verdict(reasoner: Reasoner) -> None:
    answer = answered(reasoner, example(GAPS))
    assert answer.policy is not None and answer.valuation is not None
    verdicts = Recorder(reasoner.knowledge).receipt(answer)["verdicts"]
    assert verdicts.keys() == {leaf.iri.value for leaf in answer.policy.leaves}
    assert set(verdicts.values()) == {"met", "not met", "not documented"}
    for leaf in answer.policy.leaves:
        assert verdicts[leaf.iri.value] == answer.valuation.verdict(leaf).value


def test_tree_holds_every_criterion_that_has_a_say(reasoner: Reasoner) -> None:
    """Exclusions, the scope, the criteria and the grounds of routes, with their citations."""
    story = load_case(CASES / GM070 / "2019-08-01" / "lumbar-first-exceptional.ttl")
    answer = answered(reasoner, story.request_ttl, GM070)
    found: dict[str, dict[str, object]] = {}

    def visit(node: dict[str, object]) -> None:
        found[str(node["criterion"])] = node
        for member in node.get("members", []):  # type: ignore[attr-defined]
            visit(member)
        route = node.get("route")
        if isinstance(route, dict) and route["grounds"]:
            visit(route["grounds"])

    for part in Recorder(reasoner.knowledge).answer(answer)["criteria"]:
        visit(part)
    assert answer.policy is not None and answer.valuation is not None
    assert found.keys() == {iri.value for iri in answer.policy.criteria}
    for criterion in answer.policy.criteria.values():
        node = found[criterion.iri.value]
        assert node["label"] == criterion.label
        assert node["verdict"] == answer.valuation.verdict(criterion).value
        assert bool(node["citations"]) or criterion is answer.policy.root
    json.dumps(list(found.values()))


def test_answer_is_plain_data_for_every_decision(reasoner: Reasoner) -> None:
    recorder = Recorder(reasoner.knowledge)
    decisions = set()
    for name, key in [
        (EARLY, CENTENE),
        (GAPS, CENTENE),
        (SACROILIAC, GM070),
        (SACROILIAC, CENTENE),
    ]:
        told = recorder.answer(answered(reasoner, example(name), key))
        assert json.loads(json.dumps(told)) == told
        decisions.add(told["decision"])
    assert decisions == {"not-covered", "needs-information", "covered", "out-of-scope"}


# --- Hashes -------------------------------------------------------------------------------


def request_hash(reasoner: Reasoner, data: bytes) -> object:
    return receipt(reasoner, data)["request"]


def test_request_hash_is_that_of_the_graph_and_not_of_its_bytes(reasoner: Reasoner) -> None:
    data = example(EARLY)
    triples = list(parse(data, format=RdfFormat.TURTLE))
    for form in (RdfFormat.N_TRIPLES, RdfFormat.JSON_LD):
        other = serialize(reversed(triples), format=form)
        assert isinstance(other, bytes) and other != data
        assert request_hash(reasoner, other) == request_hash(reasoner, data)


def test_request_hash_changes_with_any_fact(reasoner: Reasoner) -> None:
    changes = [
        ("cov:reliefPercent 70", "cov:reliefPercent 71"),
        (" , code:64636", ""),
        ("cov:affirms cov:Functional", "cov:denies cov:Functional"),
    ]
    stories = [example(EARLY), *(example(EARLY, c) for c in changes)]
    hashes = {reasoner.read(data).request.digest for data in stories}
    assert len(hashes) == len(stories)


def test_shapes_hash_is_that_of_the_files_that_decide(reasoner: Reasoner, tmp_path: Path) -> None:
    root = copied_tree(tmp_path)

    def digest(key: str = CENTENE) -> str:
        knowledge_of = reasoner_of(root)
        policy = knowledge_of.catalogue.edition_of(key)
        return shapes_digest(knowledge_of.knowledge, policy)

    shipped = digest()
    here = reasoner.catalogue.edition_of(CENTENE)
    assert shipped == shapes_digest(reasoner.knowledge, here), "where the files lie is no matter"
    other = digest(GM070)
    assert other != shipped

    edit(policy_file(root, CENTENE), ("cov:minimumRelief 50", "cov:minimumRelief 51"))
    changed = digest()
    assert changed != shipped
    assert digest(GM070) == other, "the file of another policy does not count"

    for shared in ("ontology/facts.ttl", "data/codes/cpt.ttl", "shapes/components/elapsed.ttl"):
        before = digest(GM070)
        (root / shared).write_text((root / shared).read_text() + "\n# A remark.\n")
        assert digest(GM070) != before, shared


def test_shapes_hash_stands_in_the_receipt(reasoner: Reasoner) -> None:
    answer = answered(reasoner, example(EARLY))
    assert answer.policy is not None
    digest = shapes_digest(reasoner.knowledge, answer.policy)
    assert Recorder(reasoner.knowledge).receipt(answer)["shapes"] == {"sha256": digest}
    assert len(digest) == 64


# --- The facts that a criterion looked at ---------------------------------------------------

CENTENE_CASES = CASES / CENTENE / "2019-07-01"
GM070_CASES = CASES / GM070 / "2019-08-01"


def prepared(reasoner: Reasoner, data: bytes) -> Prepared:
    return reasoner.read(data)


def leaf_of(policy: Policy, name: str) -> Criterion:
    return next(leaf for leaf in policy.leaves if leaf.name == name)


def told(reasoner: Reasoner, path: Path, name: str) -> set[tuple[str, str, str]]:
    """Return the facts that a leaf looked at in a case, in short: record, property, value."""
    story = load_case(path)
    facts = prepared(reasoner, story.request_ttl).facts
    leaf = leaf_of(policy_of(reasoner, story), name)
    return {
        (local_name(s), compact(p).removeprefix("cov:"), local_name(o))
        for s, p, o in Reads(reasoner.knowledge).facts_read(leaf, facts)
    }


def policy_of(reasoner: Reasoner, story: Case) -> Policy:
    editions = (p for found in reasoner.catalogue.editions.values() for p in found)
    return next(p for p in editions if p.iri == story.policy)


@pytest.mark.parametrize(
    ("story", "leaf", "expected"),
    [
        # A narrower fact that was stated stands for the one that is asked.
        ("pain-worse-at-night", "clinical-findings", {("patient", "affirms", "PainWorseAtNight")}),
        ("first-lumbar-block", "pain-duration", {("pain", "onsetDate", "2021-11-08")}),
        ("first-lumbar-block", "supporting-diagnosis", {("patient", "hasDiagnosis", "M47.816")}),
        ("first-lumbar-block", "number-of-blocks", set()),
        ("first-lumbar-block", "nsaid-contraindicated", set()),
        (
            "first-lumbar-block",
            "levels",
            {("block", "treatsLevel", "L4-L5"), ("block", "treatsLevel", "L5-S1")},
        ),
        # Inferred from code and levels where it is not stated.
        ("first-lumbar-block", "injection-region", {("block", "treatsRegion", "LumbarRegion")}),
        (
            "first-lumbar-block",
            "nsaid-course",
            {
                ("ibuprofen", "ofTherapy", "NsaidTherapy"),
                ("ibuprofen", "startedOn", "2022-03-02"),
                ("ibuprofen", "endedOn", "2022-04-05"),
                ("ibuprofen", "hadOutcome", "InadequateResponse"),
            },
        ),
        ("performer-not-stated", "performed-by-physician", set()),
    ],
)
def test_criterion_shows_the_facts_it_looked_at(
    reasoner: Reasoner, story: str, leaf: str, expected: set[tuple[str, str, str]]
) -> None:
    assert told(reasoner, CENTENE_CASES / f"{story}.ttl", leaf) == expected


def test_criterion_shows_the_denial_that_decides(reasoner: Reasoner) -> None:
    path = CENTENE_CASES / "imaging-shows-another-cause.ttl"
    denied = {("patient", "denies", "ImagingShowsNoOtherCause")}
    assert told(reasoner, path, "imaging-findings") == denied
    path = GM070_CASES / "lumbar-repeat-local-infection.ttl"
    assert told(reasoner, path, "no-infection") == {("patient", "affirms", "LocalInfection")}


def test_criterion_shows_earlier_procedures_with_all_that_is_stated(reasoner: Reasoner) -> None:
    facts = told(reasoner, CENTENE_CASES / "third-block.ttl", "number-of-blocks")
    assert {record for record, _, _ in facts} == {"first-block", "second-block"}
    assert ("second-block", "performedOn", "2022-04-11") in facts
    # A block is no earlier neurotomy.
    assert not told(reasoner, CENTENE_CASES / "third-block.ttl", "earlier-neurotomy")


def test_criterion_shows_only_facts_of_the_request_in_a_fixed_order(reasoner: Reasoner) -> None:
    reads = Reads(reasoner.knowledge)
    for story in load_cases():
        ready = prepared(reasoner, story.request_ttl)
        at_length = facts_of(
            ready.request.iri, ready.request.triples, ready.triples, reasoner.terms
        )
        all_facts = {tuple(term.value for term in t) for t in ready.triples}
        policy = policy_of(reasoner, story)
        together = reads.all_read(policy, ready.facts)
        for criterion, among_all in zip(policy.criteria.values(), together, strict=True):
            found = reads.facts_read(criterion, ready.facts)
            assert criterion.is_leaf or not found
            assert set(found) <= all_facts, (story, criterion.name)
            assert list(found) == sorted(set(found))
            assert found == reads.facts_read(criterion, at_length), "the short way in agrees"
            assert found == among_all, criterion.name
            assert reads.silent(criterion, ready.facts) == reads.silent(criterion, at_length)


def test_criterion_shows_once_what_is_said_twice(reasoner: Reasoner) -> None:
    story = load_case(CENTENE_CASES / "third-block.ttl")
    policy, request = policy_of(reasoner, story), story.request_ttl
    plain, *doubled = (
        reasoner.trace(reasoner.answer(prepared(reasoner, request + again), policy.key))
        for again in (b"", *request.splitlines(keepends=True))
    )
    assert any(traced.statements for traced in plain)
    assert all(found == plain for found in doubled)


def lacking(reasoner: Reasoner, story: str, name: str) -> list[str]:
    """Return in words what a leaf asks of the records of a case and does not find."""
    found = load_case(CENTENE_CASES / f"{story}.ttl")
    leaf = leaf_of(policy_of(reasoner, found), name)
    facts = prepared(reasoner, found.request_ttl).facts
    return Reads(reasoner.knowledge).silent(leaf, facts)


@pytest.mark.parametrize(
    ("story", "leaf", "gap"),
    [
        ("first-block-relief-not-documented", "first-block-relief", "relief"),
        ("physical-therapy-without-outcome", "active-therapy", "outcome"),
        ("functional-improvement-not-documented", "previous-neurotomy-response", "improvement"),
    ],
)
def test_gap_of_a_record_is_named(reasoner: Reasoner, story: str, leaf: str, gap: str) -> None:
    (found,) = lacking(reasoner, story, leaf)
    assert gap in found
    assert lacking(reasoner, "first-lumbar-block", leaf) == []


@pytest.mark.parametrize(
    ("story", "leaf"),
    [
        ("recent-neurotomy-in-the-neck", "previous-neurotomy-response"),
        ("pulsed-neurotomy-in-between", "previous-neurotomy-response"),
        ("earlier-pulsed-neurotomy", "previous-neurotomy-response"),
        ("blocks-in-the-neck", "positive-blocks"),
    ],
)
def test_record_that_would_not_count_is_not_asked_to_say_more(
    reasoner: Reasoner, story: str, leaf: str
) -> None:
    assert lacking(reasoner, story, leaf) == []


def test_out_of_scope_answer_shows_no_criteria(reasoner: Reasoner) -> None:
    answer: Answer = answered(reasoner, example(THORACIC), GM070)
    assert Recorder(reasoner.knowledge).answer(answer)["criteria"] == []


def test_every_form_of_a_first_block_names_its_policy(reasoner: Reasoner) -> None:
    for text in every_form(reasoner, example(FIRST_BLOCK))[:3]:
        assert "policies/centene/cp-mp-171/2019-07-01#policy" in text
