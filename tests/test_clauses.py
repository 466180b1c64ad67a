"""Every sentence of every document is accounted for."""

from __future__ import annotations

import pytest

from covergraph.engine import Reasoner
from covergraph.namespaces import COV
from covergraph.policies.clauses import register, uncited


def editions(reasoner: Reasoner) -> list:
    return [p for found in reasoner.catalogue.editions.values() for p in found]


def test_every_policy_has_a_register(reasoner: Reasoner) -> None:
    for policy in editions(reasoner):
        assert register(policy, reasoner.knowledge), policy.key


def test_every_clause_has_a_fate_that_holds(reasoner: Reasoner) -> None:
    """A clause is cited by the policy, or its note says why not."""
    for policy in editions(reasoner):
        loose = [c.iri.value for c in register(policy, reasoner.knowledge) if not c.settled]
        assert not loose


def test_encoded_clauses_are_cited_and_only_they_decide(reasoner: Reasoner) -> None:
    for policy in editions(reasoner):
        for clause in register(policy, reasoner.knowledge):
            if clause.fate in ("encoded", "definition"):
                assert clause.cited_by, clause.iri.value


def test_every_criterion_cites_a_clause_of_its_own_document(reasoner: Reasoner) -> None:
    for policy in editions(reasoner):
        assert not uncited(policy), policy.key


def test_no_clause_summary_is_long_enough_to_be_a_copy(reasoner: Reasoner) -> None:
    """Summaries are in our own words; a paragraph would be the document's."""
    triples = reasoner.knowledge.triples
    for clause in triples.instances(COV.Clause):
        assert len(triples.text(clause, COV.summary)) < 400, clause


@pytest.mark.parametrize("part", ["section", "place", "summary"])
def test_clauses_say_where_they_stand_and_what_they_say(reasoner: Reasoner, part: str) -> None:
    triples = reasoner.knowledge.triples
    silent = [c for c in triples.instances(COV.Clause) if not triples.text(c, COV[part])]
    assert not silent
