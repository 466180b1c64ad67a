"""What a criterion may be made of: composites, and what is refused by name."""

from __future__ import annotations

from math import comb

import pytest
from pyoxigraph import NamedNode

from covergraph.errors import KnowledgeError
from covergraph.judge.reference import failing_shapes, to_rdflib
from covergraph.namespaces import COV
from covergraph.policies.criteria import Criterion, Kind
from covergraph.policies.lowering import MAX_COMBINATIONS, MAX_DEPTH, Lowering
from covergraph.policies.standard import Standard
from tests.components.support import (
    MET,
    add,
    bench,
    facts_of,
    judged,
    policy_around,
    request,
)

BLOCK = "cov:hasProcedureCode code:64493"
LUMBAR_PAIN = ":pain cov:inRegion cov:LumbarRegion"


def patient(stated: str, procedure: str = BLOCK) -> str:
    return request(procedure=procedure, patient=stated)


def pain(stated: str = "") -> str:
    return request(procedure=BLOCK, patient="cov:hasPain :pain", more=f"{LUMBAR_PAIN} {stated} .")


def shape(path: str, constraint: str) -> str:
    return f"sh:property [ a sh:PropertyShape ; sh:path {path} ; {constraint} ]"


# --- Composites -------------------------------------------------------------------------------

FINDINGS = ("PositiveFacetLoading", "PainWorseAtNight", "ImagingShowsNoOtherCause", "Infection")


def lowered(turtle: str) -> Criterion:
    """Lower the criterion ``:top`` of a few lines of Turtle."""
    base = add(turtle)
    return Lowering(bench().knowledge).criterion(NamedNode(base + "top"))


def counting(n: int, of: int) -> str:
    """Return a criterion that asks for so many of so many facts."""
    members = "".join(
        f":m{i} a cov:Criterion , sh:NodeShape ; cov:affirmedFact cov:{FINDINGS[i % 4]} .\n"
        for i in range(of)
    )
    listed = " ".join(f":m{i}" for i in range(of))
    return (
        f":top a cov:Criterion , sh:NodeShape ; cov:atLeast {n} ; cov:ofCriteria ( {listed} ) .\n"
        + members
    )


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_at_least_n_is_the_alternatives_of_n_criteria_each(n: int) -> None:
    top = lowered(counting(n, of=4))
    assert top.kind is Kind.OR
    assert len(top.members) == comb(4, n)
    chosen = [{m.name for m in alternative.members} for alternative in top.members]
    if n == 1:
        assert [m.name for m in top.members] == ["m0", "m1", "m2", "m3"]
    else:
        assert all(alternative.kind is Kind.AND for alternative in top.members)
        assert all(len(names) == n for names in chosen)
        assert len({frozenset(names) for names in chosen}) == comb(4, n)
        assert len({alternative.iri for alternative in top.members}) == comb(4, n)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
@pytest.mark.parametrize("affirmed", range(5))
def test_the_expansion_is_standard_shacl(n: int, affirmed: int) -> None:
    policy = policy_around(lowered(counting(n, of=4)))
    stated = " , ".join(f"cov:{fact}" for fact in FINDINGS[:affirmed])
    read, facts = facts_of(patient(f"cov:affirms {stated}" if stated else ""))
    shapes = to_rdflib(Standard(bench().knowledge, policy).policy_shapes())
    failed = failing_shapes(to_rdflib(facts), shapes)
    assert bool(failed) is (affirmed < n)
    verdicts = judged(policy, read, facts)
    assert sum(found is MET for found in verdicts.values()) == affirmed


def test_alternatives_are_not_judged_and_their_leaves_once() -> None:
    policy = policy_around(lowered(counting(2, of=4)))
    assert [leaf.name for leaf in policy.leaves] == ["m0", "m1", "m2", "m3"]


@pytest.mark.parametrize(("n", "of"), [(3, 10), (2, 16), (1, 120), (119, 120)])
def test_as_many_combinations_as_a_reader_can_bear_are_taken(n: int, of: int) -> None:
    assert len(lowered(counting(n, of)).members) == MAX_COMBINATIONS


@pytest.mark.parametrize(("n", "of"), [(4, 10), (2, 17), (1, 121), (120, 121)])
def test_more_combinations_are_refused(n: int, of: int) -> None:
    with pytest.raises(KnowledgeError, match=f"more than {MAX_COMBINATIONS} combinations"):
        lowered(counting(n, of))


def nested(depth: int) -> str:
    """Return a leaf under so many composites."""
    chain = "".join(
        f":c{i} a cov:Criterion , sh:NodeShape ; sh:and ( :c{i + 1} ) .\n" for i in range(depth)
    ).replace(":c0 ", ":top ", 1)
    leaf = ":top" if depth == 0 else f":c{depth}"
    return chain + f"{leaf} a cov:Criterion , sh:NodeShape ; cov:affirmedFact cov:Infection ."


# --- What is refused, by name --------------------------------------------------------------------

TOP = ":top a cov:Criterion , sh:NodeShape"
MEMBER = ":a a cov:Criterion , sh:NodeShape ; cov:affirmedFact cov:Infection ."
SPACING = (
    'cov:minimumInterval "P14D"^^xsd:dayTimeDuration ; cov:ofProcedure cov:FacetJointInjection ;'
    " cov:regionScope cov:SameRegion"
)
PERFORMER = "( cov:requestsProcedure cov:performedBy )"
DEEP = "sh:qualifiedMinCount 1 ; sh:qualifiedValueShape [ a sh:NodeShape ; sh:minLength 3 ]"
PATTERN = 'sh:minCount 1 ; sh:pattern "^(a+)+$"'


@pytest.mark.parametrize(
    ("turtle", "names"),
    [
        pytest.param(f"{TOP} .", "requires nothing", id="a criterion that requires nothing"),
        pytest.param(
            f'{TOP} ; cov:interpretation "left to the reader"@en .',
            "requires nothing",
            id="a criterion that only comments",
        ),
        pytest.param(
            f"{TOP} ; {SPACING} ; cov:followsReading cov:LumbarRegion .",
            "cov:LumbarRegion, which is not a settled reading",
            id="a reading that is not settled",
        ),
        pytest.param(
            f"{TOP} ; {shape(PERFORMER, 'sh:minCuont 1')} .", "sh:minCuont", id="a misspelt term"
        ),
        pytest.param(
            f"{TOP} ; {shape(PERFORMER, DEEP)} .",
            "sh:minLength",
            id="a term outside the profile, two blank nodes down",
        ),
        pytest.param(
            f"{TOP} ; {shape(PERFORMER, PATTERN)} .", "sh:pattern", id="a regular expression"
        ),
        pytest.param(
            f"{TOP} ; {shape(PERFORMER, 'sh:minCount 1')} ; sh:deactivated true .",
            "sh:deactivated",
            id="a shape that is switched off",
        ),
        pytest.param(f"{TOP} ; sh:node :a . {MEMBER}", "sh:node", id="another shape by sh:node"),
        pytest.param(
            f'{TOP} ; sh:sparql [ sh:select "SELECT $this WHERE {{}}" ] .',
            "sh:sparql",
            id="SPARQL in a policy",
        ),
        pytest.param(
            f'{TOP} ; sh:js [ sh:jsFunctionName "f" ] .', "sh:js", id="JavaScript in a policy"
        ),
        pytest.param(
            f"{TOP} ; sh:and ( :a ) ; {shape(PERFORMER, 'sh:minCount 1')} . {MEMBER}",
            "sh:property",
            id="a composite that judges by itself",
        ),
        pytest.param(
            f"{TOP} ; sh:or ( :a ) ; cov:affirmedFact cov:Infection . {MEMBER}",
            "cov:affirmedFact",
            id="a composite with a one-line form",
        ),
        pytest.param(
            f"{TOP} ; sh:and ( :a ) ; sh:or ( :a ) . {MEMBER}",
            "exactly one list",
            id="a composite that combines in two ways",
        ),
        pytest.param(
            f"{TOP} ; cov:affirmedFact cov:Infection ; cov:absentFact cov:LocalInfection .",
            "more than its one line",
            id="two one-line forms",
        ),
        pytest.param(
            f"{TOP} ; cov:affirmedFact cov:Infection ; {SPACING} .",
            "more than its one line",
            id="a one-line form with a component",
        ),
        pytest.param(
            f"{TOP} ; {SPACING} ; {shape(PERFORMER, 'sh:minCount 1')} .",
            "fits 0 components, not one: .*sh:property",
            id="a component with SHACL Core",
        ),
        pytest.param(
            f"{TOP} ; {SPACING} ; cov:maximumSessions 2 .",
            "fits 0 components",
            id="two components",
        ),
        pytest.param(
            f"{TOP} ; cov:ofProcedure cov:FacetJointInjection ; cov:regionScope cov:SameRegion .",
            "components, not one",
            id="parameters that do not say which component",
        ),
        pytest.param(
            f"{TOP} ; {SPACING} ; cov:minimumIntervall 3 .",
            "cov:minimumIntervall",
            id="a parameter that no component takes",
        ),
        pytest.param(
            f"{TOP} ; cov:affirmedFact cov:Infektion .", "not declared", id="an undeclared fact"
        ),
        pytest.param(
            f"{TOP} ; {SPACING} ; cov:withIntent cov:DiagnosticIntent , cov:TherapeuticIntent .",
            "cov:withIntent twice",
            id="a parameter given twice",
        ),
        pytest.param(
            f"{TOP} ; {SPACING.replace('dayTimeDuration', 'duration')} .",
            "cov:minimumInterval a wrong type",
            id="a duration that queries cannot take off a date",
        ),
        pytest.param(
            f'{TOP} ; cov:minimumElapsed "P3M"^^xsd:yearMonthDuration ; cov:sinceDate "onset" .',
            "cov:sinceDate a wrong type",
            id="a text for a property",
        ),
        pytest.param(
            f'{TOP} ; cov:minimumElapsed "P3M"^^xsd:yearMonthDuration ; '
            "cov:sinceDate cov:performedOn .",
            "cov:sinceDate what it cannot be: cov:performedOn",
            id="a date of earlier procedures",
        ),
        pytest.param(
            f'{TOP} ; cov:betweenLessThan "P45Y"^^xsd:yearMonthDuration ; '
            "cov:sinceDate cov:birthDate ; cov:untilDate cov:averagePainScore .",
            "cov:untilDate what it cannot be: cov:averagePainScore",
            id="a property that is no date",
        ),
        pytest.param(
            f"{TOP} ; cov:withTherapy cov:ActiveTherapy ; cov:regionScope cov:OtherRegion .",
            "cov:regionScope what it cannot be: cov:OtherRegion",
            id="a course of therapy for other regions",
        ),
        pytest.param(
            f"{TOP} ; cov:affirmedFact cov:FunctionalImprovement .",
            "in one line for a fact of the earlier procedure",
            id="one line for a fact of an earlier procedure",
        ),
        pytest.param(
            f"{TOP} ; cov:affirmedFact cov:Infection , cov:MedicareMember .",
            "names 2 facts",
            id="two facts in one line",
        ),
        pytest.param(
            f"{TOP} ; sh:property :p . :p a sh:PropertyShape ; sh:path {PERFORMER} .",
            "a shape of its own",
            id="a property shape with a name",
        ),
        pytest.param(
            f"{TOP} ; cov:atLeast 2 ; sh:or ( :a ) . {MEMBER}",
            "counts without saying what",
            id="a count over an alternative",
        ),
        pytest.param(
            f'{TOP} ; cov:atLeast "two" ; cov:ofCriteria ( :a ) . {MEMBER}',
            "asks for two of 1",
            id="a count in words",
        ),
        pytest.param(
            f"{TOP} ; cov:atLeast 2 ; cov:ofCriteria ( :a :a ) . {MEMBER}",
            "asks for 2 of 1",
            id="one criterion counted twice",
        ),
        pytest.param(f"{TOP} ; sh:and ( :top ) .", "recurs", id="a criterion of itself"),
        pytest.param(
            f"{TOP} ; sh:and ( :a ) . :a a cov:Criterion , sh:NodeShape ; sh:or ( :top ) .",
            "recurs",
            id="a criterion of its own criterion",
        ),
        pytest.param(nested(MAX_DEPTH + 1), f"more than {MAX_DEPTH}", id="nested too deep"),
        pytest.param(f"{TOP} ; sh:and () .", "combines nothing", id="an empty list"),
        pytest.param(
            f"{TOP} ; sh:and ( [ a cov:Criterion ; cov:affirmedFact cov:Infection ] ) .",
            "has no name",
            id="a member without a name",
        ),
        pytest.param(
            f"{TOP} ; sh:and ( :a ) . :a a sh:NodeShape ; cov:affirmedFact cov:Infection .",
            "is not one",
            id="a member that is no criterion",
        ),
        pytest.param(
            ":top a cov:Indication , sh:NodeShape ; sh:and ( :a ) . " + MEMBER,
            "is an indication",
            id="an indication that does not say when it applies",
        ),
        pytest.param(
            ":top a cov:Indication , sh:NodeShape ; cov:appliesWhen :b ; sh:and ( :a :b ) ."
            + MEMBER
            + MEMBER.replace(":a ", ":b "),
            "must come first",
            id="an indication whose condition is not its first conjunct",
        ),
        pytest.param(counting(0, of=3), "asks for 0 of 3", id="none of three"),
        pytest.param(counting(4, of=3), "asks for 4 of 3", id="four of three"),
        pytest.param(
            f"{TOP} ; cov:ofCriteria ( :a ) . {MEMBER}", "asks for 0 of 1", id="a count not given"
        ),
    ],
)
def test_what_steps_outside_the_profile_is_refused_by_name(turtle: str, names: str) -> None:
    with pytest.raises(KnowledgeError, match=names):
        lowered(turtle)


def test_a_leaf_under_as_many_composites_as_are_allowed_is_taken() -> None:
    top = lowered(nested(MAX_DEPTH))
    assert policy_around(top).leaves[0].kind is Kind.AFFIRMED


def test_a_criterion_is_lowered_once_however_often_it_is_used() -> None:
    top = lowered(
        f"{TOP} ; sh:and ( :b :c ) . {MEMBER}"
        ":b a cov:Criterion , sh:NodeShape ; sh:or ( :a ) ."
        ":c a cov:Criterion , sh:NodeShape ; sh:or ( :a ) ."
    )
    assert top.members[0].members[0] is top.members[1].members[0]
    assert len(policy_around(top).leaves) == 1


def test_every_shipped_policy_keeps_to_the_profile() -> None:
    policies = Lowering(bench().knowledge).policies()
    assert policies
    for policy in policies:
        shapes = Standard(bench().knowledge, policy).leaves_and_twins()
        assert {leaf.iri for leaf in policy.leaves} <= set(shapes.nodes())
        assert not shapes.pairs(COV.affirmedFact) + shapes.pairs(COV.absentFact)
