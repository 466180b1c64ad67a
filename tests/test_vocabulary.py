"""The vocabulary page says what the ontology says."""

from __future__ import annotations

import pytest

from covergraph.authoring.vocabulary import PAGE, vocabulary
from covergraph.engine import Reasoner
from covergraph.namespaces import compact


def page(reasoner: Reasoner) -> str:
    editions = [p for found in reasoner.catalogue.editions.values() for p in found]
    return vocabulary(reasoner.knowledge, editions)


def test_page_is_up_to_date(reasoner: Reasoner) -> None:
    """``covergraph vocabulary --write`` mends it."""
    assert (reasoner.knowledge.root / PAGE).read_text() == page(reasoner)


def rows(text: str, heading: str) -> list[list[str]]:
    """Return the cells of the table under a heading, without its head."""
    section = text.split(f"\n{heading}\n", 1)[1].split("\n#", 1)[0]
    found = [line.strip("| ").split(" | ") for line in section.splitlines() if line[:2] == "| "]
    return found[1:]


def test_no_value_stands_there_twice(reasoner: Reasoner) -> None:
    text = page(reasoner).split("\n## Values\n")[1].split("\n## Settled")[0]
    for table in text.split("\n### ")[1:]:
        names = [line.split("`")[1] for line in table.splitlines() if line.startswith("| `")]
        assert len(names) == len(set(names)), table.splitlines()[0]


@pytest.mark.parametrize(
    ("heading", "term", "expected"),
    [
        (
            "### Patient: assessment",
            "cov:ConservativeManagementFailed",
            "follows from `cov:OtherTherapiesFailed`;"
            " follows: a course of conservative therapy for the low back that did not help,"
            " a course of conservative therapy for the neck that did not help,"
            " a course of conservative therapy for the sacroiliac joint or the low back"
            " that did not help,"
            " a course of conservative therapy for the upper back that did not help,"
            " a course of cognitive behavioral therapy that did not help,"
            " a course of medicines that did not help",
        ),
        (
            "### Earlier procedure: response to a procedure",
            "cov:PainImproved",
            "follows from `cov:MeaningfulImprovement`, `cov:SignificantShortTermImprovement`;"
            " follows: relief is improvement;"
            " denied: no relief is no improvement",
        ),
        ("### Patient: finding", "cov:Uveitis", "stated"),
        (
            "### Patient: finding",
            "cov:AllodyniaOrHyperalgesia",
            "follows from `cov:Allodynia`, `cov:Hyperalgesia`; denied where all narrower ones are",
        ),
    ],
)
def test_page_says_what_a_fact_follows_from(
    reasoner: Reasoner, heading: str, term: str, expected: str
) -> None:
    (row,) = (r for r in rows(page(reasoner), heading) if r[0] == f"`{term}`")
    assert row[3] == expected


def test_page_says_which_policies_read_a_purpose(reasoner: Reasoner) -> None:
    found = {r[0]: r for r in rows(page(reasoner), "### treatment purpose")}
    assert "nia/cg-404" in found["`cov:ComplexRegionalPainSyndrome`"][-1]
    assert "nia/cg-302" in found["`cov:FacetMediatedPain`"][-1]
    assert found["`cov:FailedSpineSurgeryPain`"][1].startswith("Read as `cov:FailedBackSurgery")


def test_page_names_everything_a_request_may_state(reasoner: Reasoner) -> None:
    text = page(reasoner)
    stated = [p.iri for p in reasoner.knowledge.properties.values() if p.stated_of]
    for term in [*stated, *reasoner.knowledge.facts]:
        assert f"`{compact(term.value)}`" in text
