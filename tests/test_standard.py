"""Leaves as plain SHACL, the twins that grant silence, and what no criterion may say."""

from __future__ import annotations

from itertools import product
from math import comb

import pytest
from pyoxigraph import NamedNode

from covergraph.errors import KnowledgeError
from covergraph.judge import Verdict
from covergraph.judge.reference import failing_shapes, to_rdflib
from covergraph.namespaces import COV
from covergraph.policies.criteria import Criterion, Kind
from covergraph.policies.lowering import MAX_COMBINATIONS, MAX_DEPTH, Lowering
from covergraph.policies.standard import Standard
from tests.components.support import (
    MET,
    NOT_DOCUMENTED,
    NOT_MET,
    add,
    bench,
    facts_of,
    judged,
    policy_around,
    request,
    verdict,
)

BLOCK = "cov:hasProcedureCode code:64493"
DENERVATION = "cov:hasKind code:facet-joint-denervation"
LUMBAR_PAIN = ":pain cov:inRegion cov:LumbarRegion"


def patient(stated: str, procedure: str = BLOCK) -> str:
    return request(procedure=procedure, patient=stated)


def pain(stated: str = "") -> str:
    return request(procedure=BLOCK, patient="cov:hasPain :pain", more=f"{LUMBAR_PAIN} {stated} .")


def shape(path: str, constraint: str) -> str:
    return f"sh:property [ a sh:PropertyShape ; sh:path {path} ; {constraint} ]"


# --- One-line forms -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("leaf", "affirmed", "denied", "silent"),
    [
        pytest.param("cov:affirmedFact {open}", MET, NOT_MET, NOT_DOCUMENTED, id="affirmed, open"),
        pytest.param("cov:absentFact {open}", NOT_MET, MET, NOT_DOCUMENTED, id="absent, open"),
        pytest.param("cov:affirmedFact {absent}", MET, NOT_MET, NOT_MET, id="affirmed, absent"),
        pytest.param("cov:absentFact {absent}", NOT_MET, MET, MET, id="absent, absent"),
        pytest.param(
            "cov:affirmedFact {open} ; cov:silenceMeans cov:Absent",
            MET,
            NOT_MET,
            NOT_MET,
            id="affirmed, open but read as absent here",
        ),
        pytest.param(
            "cov:absentFact {open} ; cov:silenceMeans cov:Absent",
            NOT_MET,
            MET,
            MET,
            id="absent, open but read as absent here",
        ),
        pytest.param(
            "cov:affirmedFact {absent} ; cov:silenceMeans cov:NotDocumented",
            MET,
            NOT_MET,
            NOT_DOCUMENTED,
            id="affirmed, absent but open here",
        ),
        pytest.param(
            "cov:absentFact {absent} ; cov:silenceMeans cov:NotDocumented",
            NOT_MET,
            MET,
            NOT_DOCUMENTED,
            id="absent, absent but open here",
        ),
    ],
)
def test_a_named_fact_is_read_as_its_silence_says(
    leaf: str, affirmed: Verdict, denied: Verdict, silent: Verdict
) -> None:
    names = {"open": "cov:FacetSyndromeFindings", "absent": "cov:Infection"}
    fact = names["open" if "{open}" in leaf else "absent"]
    leaf = leaf.format(**names)
    # Another fact is stated beside it, so that silence on one is not silence on all.
    assert verdict(leaf, patient(f"cov:affirms {fact} , cov:MedicareMember")) is affirmed
    assert verdict(leaf, patient(f"cov:denies {fact} ; cov:affirms cov:MedicareMember")) is denied
    assert verdict(leaf, patient("cov:affirms cov:MedicareMember")) is silent
    assert verdict(leaf, patient("cov:denies cov:MedicareMember")) is silent


def test_a_narrower_fact_affirms_and_a_broader_denial_denies() -> None:
    broad, narrow = "cov:affirmedFact cov:Infection", "cov:absentFact cov:LocalInfection"
    assert verdict(broad, patient("cov:affirms cov:LocalInfection")) is MET
    assert verdict(narrow, patient("cov:denies cov:Infection")) is MET
    asked = "cov:affirmedFact cov:PositiveFacetLoading"
    assert verdict(asked, patient("cov:affirms cov:FacetSyndromeFindings")) is NOT_DOCUMENTED
    assert verdict(asked, patient("cov:denies cov:FacetSyndromeFindings")) is NOT_MET


def test_a_fact_of_pain_is_read_from_the_pain_of_the_region() -> None:
    leaf = "cov:affirmedFact cov:InterferesWithDailyActivities"
    fact = "cov:InterferesWithDailyActivities"
    assert verdict(leaf, pain(f"; cov:affirms {fact}")) is MET
    assert verdict(leaf, pain(f"; cov:denies {fact}")) is NOT_MET
    assert verdict(leaf, pain()) is NOT_DOCUMENTED
    assert verdict(leaf, patient("")) is NOT_DOCUMENTED
    elsewhere = request(
        procedure=BLOCK,
        patient="cov:hasPain :pain",
        more=f":pain cov:inRegion cov:CervicalRegion ; cov:denies {fact} .",
    )
    assert verdict(leaf, elsewhere) is NOT_DOCUMENTED


# --- Twins of SHACL Core --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        pytest.param("", NOT_DOCUMENTED, id="nothing stated"),
        pytest.param("cov:Fluoroscopy", MET, id="a narrower concept"),
        pytest.param("cov:FluoroscopyOrCt", MET, id="the concept itself"),
        pytest.param("cov:ImagingGuidance", NOT_DOCUMENTED, id="a broader concept"),
        pytest.param("cov:Ultrasound", NOT_MET, id="an alternative"),
        pytest.param("cov:NoImagingGuidance", NOT_MET, id="an alternative of the broader concept"),
    ],
)
def test_a_concept_may_be_meant_by_a_broader_one(stated: str, expected: Verdict) -> None:
    leaf = shape(
        "( cov:requestsProcedure cov:usesGuidance )",
        "sh:minCount 1 ; sh:hasValue cov:FluoroscopyOrCt",
    )
    said = f"{DENERVATION} ; cov:usesGuidance {stated}" if stated else DENERVATION
    assert verdict(leaf, request(procedure=said)) is expected


def test_a_concept_of_another_axis_rules_nothing_out() -> None:
    leaf = shape(
        "( cov:requestsProcedure cov:usesTechnique )",
        "sh:minCount 1 ; sh:hasValue cov:ConventionalRadiofrequency",
    )
    said = f"{DENERVATION} ; cov:usesTechnique cov:MedialBranchTechnique"
    assert verdict(leaf, request(procedure=said)) is NOT_DOCUMENTED
    both = f"{said} , cov:ConventionalRadiofrequency"
    assert verdict(leaf, request(procedure=both)) is MET
    neither = f"{said} , cov:PulsedRadiofrequency"
    assert verdict(leaf, request(procedure=neither)) is NOT_MET


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("", NOT_DOCUMENTED),
        ("cov:LumbarRegion", MET),
        ("cov:CervicalRegion", MET),
        ("cov:ThoracicRegion", NOT_MET),
    ],
)
def test_one_of_several_concepts_is_enough(stated: str, expected: Verdict) -> None:
    leaf = shape(
        "( cov:requestsProcedure cov:treatsRegion )",
        "sh:minCount 1 ; sh:in ( cov:LumbarRegion cov:CervicalRegion )",
    )
    said = f"{DENERVATION} ; cov:treatsRegion {stated}" if stated else DENERVATION
    assert verdict(leaf, request(procedure=said)) is expected


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("", NOT_DOCUMENTED),
        ("cov:Fluoroscopy", MET),
        ("cov:ComputedTomography", MET),
        ("cov:FluoroscopyOrCt", NOT_DOCUMENTED),
        ("cov:Ultrasound", NOT_MET),
    ],
)
def test_a_qualified_value_may_have_broader_concepts_beside_it(
    stated: str, expected: Verdict
) -> None:
    leaf = shape(
        "( cov:requestsProcedure cov:usesGuidance )",
        "sh:qualifiedMinCount 1 ; sh:qualifiedValueShape"
        " [ a sh:NodeShape ; sh:in ( cov:Fluoroscopy cov:ComputedTomography ) ]",
    )
    said = f"{DENERVATION} ; cov:usesGuidance {stated}" if stated else DENERVATION
    assert verdict(leaf, request(procedure=said)) is expected


@pytest.mark.parametrize(
    ("score", "expected"),
    [(None, NOT_DOCUMENTED), (0, NOT_MET), (5, NOT_MET), (5.9, NOT_MET), (6, MET), (7, MET)],
)
def test_a_number_below_the_bound_is_not_met(score: float | None, expected: Verdict) -> None:
    leaf = shape(
        "( cov:concernsPain cov:averagePainScore )",
        "sh:minCount 1 ; sh:datatype xsd:decimal ; sh:minInclusive 6.0",
    )
    stated = f"; cov:averagePainScore {score}" if score is not None else ""
    assert verdict(leaf, pain(stated)) is expected


@pytest.mark.parametrize(
    ("levels", "expected"),
    [(0, NOT_DOCUMENTED), (1, MET), (2, MET), (3, MET), (4, NOT_MET)],
)
def test_the_stated_levels_are_all_there_are(levels: int, expected: Verdict) -> None:
    leaf = shape("( cov:requestsProcedure cov:treatsLevel )", "sh:minCount 1 ; sh:maxCount 3")
    stated = ["cov:L1-L2", "cov:L2-L3", "cov:L3-L4", "cov:L4-L5"][:levels]
    said = f"{BLOCK} ; cov:treatsLevel {' , '.join(stated)}" if stated else BLOCK
    assert verdict(leaf, request(procedure=said)) is expected


def test_too_few_stated_levels_are_not_met() -> None:
    leaf = shape("( cov:requestsProcedure cov:treatsLevel )", "sh:minCount 2")
    said = f"{BLOCK} ; cov:treatsLevel cov:L4-L5"
    assert verdict(leaf, request(procedure=said)) is NOT_MET
    assert verdict(leaf, request(procedure=BLOCK)) is NOT_DOCUMENTED


@pytest.mark.parametrize(
    ("leaf", "story", "expected"),
    [
        pytest.param(
            shape("cov:requestsProcedure", "sh:minCount 1 ; sh:class cov:FacetJointInjection"),
            request(procedure=BLOCK),
            MET,
            id="the class of the procedure",
        ),
        pytest.param(
            shape("cov:requestsProcedure", "sh:minCount 1 ; sh:class cov:EpiduralInjection"),
            request(procedure=BLOCK),
            NOT_MET,
            id="another class of procedure",
        ),
        pytest.param(
            shape("cov:alsoPlanned", "sh:maxCount 0"),
            request(procedure=BLOCK),
            MET,
            id="nothing else is planned",
        ),
        pytest.param(
            shape("cov:alsoPlanned", "sh:maxCount 0"),
            request(
                procedure=BLOCK,
                visit="cov:alsoPlanned :other ;",
                more=":other cov:hasProcedureCode code:62323 .",
            ),
            NOT_MET,
            id="something else is planned",
        ),
        pytest.param(
            shape("( cov:hasPatient cov:hasDiagnosis )", "sh:hasValue code:M54.2"),
            request(procedure=BLOCK),
            NOT_MET,
            id="no diagnosis is stated",
        ),
        pytest.param(
            shape("( cov:hasPatient cov:hasDiagnosis )", "sh:hasValue code:M54.2")
            + " ; cov:silenceMeans cov:NotDocumented",
            request(procedure=BLOCK),
            NOT_DOCUMENTED,
            id="no diagnosis is stated, open here",
        ),
        pytest.param(
            shape("( cov:requestsProcedure cov:performedBy )", "sh:hasValue cov:Physician")
            + " ; cov:silenceMeans cov:Absent",
            request(procedure=BLOCK),
            NOT_MET,
            id="no performer is stated, absent here",
        ),
    ],
)
def test_what_is_complete_or_absent_grants_no_silence(
    leaf: str, story: str, expected: Verdict
) -> None:
    assert verdict(leaf, story) is expected


@pytest.mark.parametrize(
    ("performer", "intent"),
    list(product([None, "Physician", "NursePractitioner"], [None, "Diagnostic", "Therapeutic"])),
)
def test_two_properties_of_a_leaf_are_granted_each_for_itself(
    performer: str | None, intent: str | None
) -> None:
    leaf = (
        shape("( cov:requestsProcedure cov:performedBy )", "sh:hasValue cov:Physician")
        + " ; "
        + shape("( cov:requestsProcedure cov:hasIntent )", "sh:hasValue cov:DiagnosticIntent")
    )
    said = BLOCK
    said += f" ; cov:performedBy cov:{performer}" if performer else ""
    said += f" ; cov:hasIntent cov:{intent}Intent" if intent else ""
    stated = {performer, intent}
    refused = stated & {"NursePractitioner", "Therapeutic"}
    expected = NOT_MET if refused else NOT_DOCUMENTED if None in stated else MET
    assert verdict(leaf, request(procedure=said)) is expected


FACTS = ("PainOnExtensionAndRotation", "PositiveFacetLoading", "PainWorseAtNight")


@pytest.mark.parametrize("least", [1, 2, 3])
@pytest.mark.parametrize("said", list(product("yn?", repeat=3)), ids="".join)
def test_counted_facts_are_silent_one_by_one(least: int, said: tuple[str, ...]) -> None:
    listed = " ".join(f"cov:{fact}" for fact in FACTS)
    leaf = shape(
        "( cov:hasPatient cov:affirms )",
        f"sh:qualifiedMinCount {least} ; sh:qualifiedValueShape"
        f" [ a sh:NodeShape ; sh:in ( {listed} ) ]",
    )
    verbs = {"y": "affirms", "n": "denies"}
    stated = ["cov:affirms cov:MedicareMember"]
    for fact, word in zip(FACTS, said, strict=True):
        stated += [f"cov:{verbs[word]} cov:{fact}"] if word in verbs else []
    sure, possible = said.count("y"), 3 - said.count("n")
    expected = MET if sure >= least else NOT_DOCUMENTED if possible >= least else NOT_MET
    assert verdict(leaf, patient(" ; ".join(stated))) is expected


def test_a_component_reads_silence_as_its_criterion_says() -> None:
    leaf = f"{SPACING} ; cov:withIntent cov:DiagnosticIntent"
    story = request(
        procedure=BLOCK,
        patient="cov:underwent :earlier",
        more=':earlier cov:hasProcedureCode code:64493 ; cov:performedOn "2024-06-10"^^xsd:date .',
    )
    assert verdict(leaf, story) is NOT_DOCUMENTED
    assert verdict(f"{leaf} ; cov:silenceMeans cov:Absent", story) is NOT_MET


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
