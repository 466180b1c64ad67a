"""The matrix over HTTP is the matrix of the program."""

from __future__ import annotations

import httpx
import pytest

from covergraph.comparison.matrix import matrix
from covergraph.knowledge.base import knowledge
from covergraph.sparql.store import open_store


def test_comparison_is_that_of_the_program(client: httpx.Client) -> None:
    words = {"procedure": "facet-joint-denervation", "region": "lumbar"}
    shown = client.get("/compare", params=words).json()
    found = matrix(open_store(knowledge()), "facet-joint-denervation", "lumbar")
    assert [(c["key"], c["stance"]) for c in shown["columns"]] == [
        (c.key, c.stance.value) for c in found.columns
    ]
    assert [r["label"] for r in shown["rows"]] == [r.label for r in found.rows]
    for row, wanted in zip(shown["rows"], found.rows, strict=True):
        assert [c["text"] for c in row["cells"]] == [c.text for c in wanted.cells]
    assert len(shown["columns"]) == 6
    sections = {
        c["section"]
        for row in shown["rows"]
        for cell in row["cells"]
        for entry in cell["entries"]
        for c in entry["citations"]
    }
    assert "II.B.1" in sections


def test_payers_can_be_picked(client: httpx.Client) -> None:
    words = {"procedure": "facet-joint-denervation", "payer": "nia,centene"}
    shown = client.get("/compare", params=words).json()
    assert {c["key"] for c in shown["columns"]} == {"nia", "centene"}
    assert all(len(row["cells"]) == 2 for row in shown["rows"])


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"region": "lumbar"},
        {"procedure": "haircut"},
        {"procedure": "facet-joint-denervation", "region": "knee"},
        {"procedure": "facet-joint-denervation", "payer": "nobody"},
        {"procedure": "facet-joint-denervation", "payer": ","},
        {"procedure": "Facet Joint"},
        {"procedure": "facet-joint-denervation", "patient": "x"},
    ],
)
def test_comparison_at_fault_is_refused(client: httpx.Client, words: dict[str, str]) -> None:
    answer = client.get("/compare", params=words)
    assert answer.status_code == 400
    for value in ("haircut", "knee", "nobody"):
        assert value not in answer.text
