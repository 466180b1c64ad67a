"""What an answer says of itself: the same bytes every time, and all that it rests on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from pyoxigraph import RdfFormat, parse, serialize

from covergraph.engine import Reasoner
from covergraph.render.data import Recorder, shapes_digest
from covergraph.render.graph import decision_graph, validation_report, written
from covergraph.version import engine_version
from tests.tools.case_files import CASES, load_case
from tests.variations import (
    CENTENE,
    EARLY,
    EXAMPLES,
    FIRST_BLOCK,
    GAPS,
    GM070,
    SACROILIAC,
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
            print(written(graph), written(graph, "application/ld+json"))
"""


def every_form(reasoner: Reasoner, data: bytes, key: str = CENTENE) -> list[str]:
    """Return an answer as JSON, and each graph of it as Turtle and JSON-LD."""
    recorder = Recorder(reasoner.knowledge)
    answer = answered(reasoner, data, key)
    graphs = decision_graph(answer, recorder), validation_report(answer)
    return [json.dumps(recorder.answer(answer))] + [
        written(g, form) for g in graphs for form in ("text/turtle", "application/ld+json")
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
    return Recorder(reasoner.knowledge).answer(answered(reasoner, data, key))["receipt"]


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
    verdicts = Recorder(reasoner.knowledge).answer(answer)["receipt"]["verdicts"]
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
        answer = answered(reasoner, example(name), key)
        told = recorder.answer(answer)
        assert recorder.text(answer) == json.dumps(told, ensure_ascii=False)
        assert json.loads(recorder.text(answer)) == told
        decisions.add(told["decision"])
    assert decisions == {"not-covered", "needs-information", "covered", "out-of-scope"}


def test_every_form_of_a_first_block_names_its_policy(reasoner: Reasoner) -> None:
    for text in every_form(reasoner, example(FIRST_BLOCK))[:3]:
        assert "policies/centene/cp-mp-171/2019-07-01#policy" in text


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
    assert Recorder(reasoner.knowledge).answer(answer)["receipt"]["shapes"] == {"sha256": digest}
    assert len(digest) == 64
