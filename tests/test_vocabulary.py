"""The vocabulary page says what the ontology says."""

from __future__ import annotations

from covergraph.authoring.vocabulary import PAGE, vocabulary
from covergraph.engine import Reasoner
from covergraph.namespaces import compact


def page(reasoner: Reasoner) -> str:
    editions = [p for found in reasoner.catalogue.editions.values() for p in found]
    return vocabulary(reasoner.knowledge, editions)


def test_page_is_up_to_date(reasoner: Reasoner) -> None:
    """``covergraph vocabulary --write`` mends it."""
    assert (reasoner.knowledge.root / PAGE).read_text() == page(reasoner)


def test_page_names_everything_a_request_may_state(reasoner: Reasoner) -> None:
    text = page(reasoner)
    stated = [p.iri for p in reasoner.knowledge.properties.values() if p.stated_of]
    for term in [*stated, *reasoner.knowledge.facts]:
        assert f"`{compact(term.value)}`" in text
