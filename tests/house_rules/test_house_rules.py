"""The house rules: our own files keep them, and every rule catches its slip.

A slip is a small change to the files as they are: a line of Turtle added, a triple
taken away. Slips at different nodes do not disturb each other, so many are made in one
copy of the knowledge and judged in one run. Each must be named by its own rule, at its
own node and in its own file, and nothing else may be named.
"""

from __future__ import annotations

from functools import cache, lru_cache

import pytest
import rdflib
from pyoxigraph import NamedNode, RdfFormat, parse

from covergraph.authoring.lint import Finding, lint, misplaced_files
from covergraph.knowledge.base import INFERRED, Knowledge, knowledge, knowledge_root
from covergraph.namespaces import COV, PREFIXES
from covergraph.triples import Spo, Triples
from tests.house_rules.criteria import COMPOSITES, CRITERIA, LEAVES
from tests.house_rules.policies import POLICIES, READINGS, TERMS, VALUES
from tests.house_rules.reading import PATHS, SILENCE
from tests.house_rules.slips import Slip

IN_PYTHON = {"path-mirrors-iri", "criterion-depth", "open-silence", "code-succession"}
SLIPS = [*CRITERIA, *COMPOSITES, *LEAVES, *SILENCE, *PATHS, *VALUES, *POLICIES, *TERMS, *READINGS]


# --- Making slips ------------------------------------------------------------------------


def file_with(ending: str) -> str:
    """Return the file that describes a node, by the end of its IRI."""
    return next(
        file
        for node, file in knowledge().files.items()
        if isinstance(node, NamedNode) and node.value.endswith(ending)
    )


@lru_cache(maxsize=1)
def places() -> dict[str, str]:
    """From the words that slips use to files: one policy, its clauses, one component."""
    policy = file_with("#first-block-relief")
    clauses = knowledge().file_of(cited_document(policy))
    component = file_with("components#MinimumIntervalComponent")
    return {"policy": policy, "clauses": clauses, "component": component}


def cited_document(policy: str) -> NamedNode:
    return next(
        o
        for _, p, o in knowledge().by_file[policy]
        if p == COV.fromDocument and isinstance(o, NamedNode)
    )


def payer() -> str:
    return f"<{knowledge().triples.instances(COV.Payer)[0].value}>"


def another_clause() -> str:
    """Return a clause of a document that the policy does not encode."""
    t, own = knowledge().triples, cited_document(places()["policy"])
    other = next(c for c in t.instances(COV.Clause) if t.value(c, COV.inDocument) != own)
    return f"<{other.value}>"


def prefixes(file: str) -> dict[str, str]:
    """Return what the names in a slip for a file stand for."""
    sources = cited_document(places()["policy"]).value.removesuffix("document")
    own = next(
        node.value.rsplit("#", 1)[0] + "#"
        for node, described in knowledge().files.items()
        if described == file and isinstance(node, NamedNode) and "#" in node.value
    )
    return {"": own, "clause": sources, **{k: str(v) for k, v in PREFIXES.items()}}


def named(name: str, file: str) -> NamedNode:
    prefix, local = name.split(":", 1)
    return NamedNode(prefixes(file)[prefix] + local)


def turtle(text: str, file: str) -> list[Spo]:
    header = "".join(f"@prefix {k}: <{v}> . " for k, v in prefixes(file).items())
    stands_for = {"CITED": "clause:i-a-4", "ANOTHER": another_clause(), "PAYER": payer()}
    for word, meant in stands_for.items():
        text = text.replace(word, meant)
    text = header + text
    return [
        (t.subject, t.predicate, t.object)
        for t in parse(text.encode(), format=RdfFormat.TURTLE, rename_blank_nodes=True)
    ]


def without(triples: list[Spo], steps: str, file: str) -> list[Spo]:
    """Return the triples without those that the last step takes from a node."""
    start, *links, last = (named(step, file) for step in steps.split())
    nodes = {start}
    for link in links:
        nodes = {o for s, p, o in triples if s in nodes and p == link}  # type: ignore[misc]
    kept = [(s, p, o) for s, p, o in triples if not (s in nodes and p == last)]
    assert len(kept) < len(triples), f"there is nothing to take away at {steps}"
    return kept


def rebuilt(by_file: dict[str, list[Spo]]) -> Knowledge:
    """Return the knowledge that these files would give."""
    built = Knowledge(knowledge().root, Triples(), {}, by_file)
    for name, triples in by_file.items():
        built.triples.update(triples)
        # What is inferred of a term stands in a file of its own, and the term does not.
        for s, _, _ in triples if name != INFERRED else ():
            built.files.setdefault(s, name)
    return built


def with_slips(slips: list[Slip]) -> Knowledge:
    by_file = dict(knowledge().by_file)
    for slip in slips:
        file = places().get(slip.file, slip.file)
        triples = by_file[file]
        if slip.drop:
            triples = without(triples, slip.drop, file)
        by_file[file] = triples + turtle(slip.add, file)
        terms = "ontology/coverage.ttl"
        by_file[terms] = by_file[terms] + turtle(slip.terms, terms)
    return rebuilt(by_file)


@lru_cache(maxsize=1)
def batches() -> list[list[Slip]]:
    """Spread the slips so that no two in a batch are at the same node."""
    spread: list[list[Slip]] = []
    for slip in SLIPS:
        free = (batch for batch in spread if slip.at not in {other.at for other in batch})
        batch = next(free, None)
        if batch is None:
            spread.append([slip])
        else:
            batch.append(slip)
    return spread


@cache
def findings_of(batch: int) -> list[Finding]:
    return lint(with_slips(batches()[batch]))


def expected(slip: Slip) -> tuple[str, str, str]:
    return places().get(slip.file, slip.file), slip.at, slip.rule


# --- Tests -------------------------------------------------------------------------------------


def test_our_own_files_keep_the_rules() -> None:
    assert lint(knowledge()) == []


@pytest.mark.parametrize("slip", SLIPS, ids=str)
def test_slip_is_named_by_its_rule(slip: Slip) -> None:
    """The rule of a slip names it, with its file, and no other rule does."""
    batch = next(i for i, members in enumerate(batches()) if slip in members)
    found = {(f.file, f.subject, f.rule) for f in findings_of(batch) if f.subject == slip.at}
    assert found == ({expected(slip)} if slip.rule else set())


def test_slips_disturb_nothing_else() -> None:
    for i, batch in enumerate(batches()):
        found = {(f.file, f.subject, f.rule) for f in findings_of(i)}
        assert found == {expected(slip) for slip in batch if slip.rule}


def test_finding_says_which_term_is_meant() -> None:
    messages = {f.message for i in range(len(batches())) for f in findings_of(i)}
    assert "the ontology does not declare the term: cov:MedicareMembr" in messages
    assert "the SHACL term is not one that a policy may use: sh:minCuont" in messages


def test_file_lies_where_its_iri_says_and_describes_only_its_own() -> None:
    by_file = dict(knowledge().by_file)
    policy, clauses = places()["policy"], places()["clauses"]
    moved = policy.replace("2019-07-01", "2020-01-01")
    by_file[moved] = by_file.pop(policy)
    by_file[clauses] = by_file[clauses] + turtle("cov:Infection cov:unit 'x'@en .", clauses)
    found = [(f.file, f.subject, f.rule) for f in lint(rebuilt(by_file), [misplaced_files])]
    assert found == [
        (clauses, "cov:Infection", "path-mirrors-iri"),
        (moved, ":policy", "path-mirrors-iri"),
    ]


def house_rules() -> rdflib.Graph:
    return rdflib.Graph().parse(knowledge_root() / "shapes" / "house-rules.ttl", format="turtle")


def rules() -> dict[str, rdflib.URIRef]:
    graph = house_rules()
    shapes = (rdflib.SH.NodeShape, rdflib.SH.PropertyShape)
    return {
        str(s).rsplit("#", 1)[-1]: s
        for kind in shapes
        for s in graph.subjects(rdflib.RDF.type, kind)
        if isinstance(s, rdflib.URIRef)
    }


def test_every_rule_has_its_slip() -> None:
    caught = {slip.rule for slip in SLIPS} | {"path-mirrors-iri"}
    assert caught - {""} == rules().keys() | IN_PYTHON


def test_every_rule_says_what_it_asks_and_why() -> None:
    graph = house_rules()
    for name, rule in rules().items():
        assert graph.value(rule, rdflib.RDFS.label), name
        assert graph.value(rule, rdflib.RDFS.comment), name
        parts = [
            rule,
            *graph.objects(rule, rdflib.SH.property),
            *graph.objects(rule, rdflib.SH.sparql),
        ]
        assert any(graph.value(part, rdflib.SH.message) for part in parts), name


def test_rules_name_only_terms_that_exist() -> None:
    """The rules are held to what they ask of the components: no misspelt term of ours."""
    terms = {s.value for s in knowledge().files if isinstance(s, NamedNode)}
    used = {
        str(node)
        for triple in house_rules()
        for node in triple
        if isinstance(node, rdflib.URIRef) and str(node).startswith(COV)
    }
    assert used <= terms
