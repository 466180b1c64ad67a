"""No criterion that the loader takes lets documenting turn "met" or "not met" around.

Leaves are drawn over the whole closed profile, most of them such as nobody would write. Those
that the loader takes are judged on requests that leave much open, and again once more of it is
documented: a verdict that was settled stays.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from random import Random

from pyoxigraph import NamedNode

from covergraph.errors import InputError, KnowledgeError
from covergraph.judge import Verdict, Verdicts
from covergraph.judge.compiled import CompiledJudge
from covergraph.judge.compiled.leaves import leaves_of
from covergraph.namespaces import COV
from covergraph.policies.criteria import Criterion, Kind, Policy
from covergraph.policies.lowering import Lowering
from tests.components.support import add, bench, facts_of, policy_around, prepared_of, request
from tests.laws import FULL

LEAVES, PAIRS = (3000, 3000) if FULL else (400, 400)

# --- Leaves -----------------------------------------------------------------------------------

VALUES = {
    "treatsRegion": ["cov:LumbarRegion", "cov:CervicalRegion"],
    "treatsLevel": ["cov:L3-L4", "cov:L4-L5", "cov:C3-C4"],
    "onSide": ["cov:LeftSide", "cov:RightSide"],
    "hasIntent": ["cov:DiagnosticIntent", "cov:TherapeuticIntent"],
    "usesTechnique": [
        *("cov:Radiofrequency", "cov:ThermalRadiofrequency", "cov:PulsedRadiofrequency"),
        *("cov:MedialBranchTechnique", "cov:IntraArticularTechnique"),
    ],
    "usesGuidance": [
        *("cov:ImagingGuidance", "cov:Fluoroscopy", "cov:FluoroscopyOrCt", "cov:Ultrasound"),
    ],
    "performedBy": ["cov:Physician", "cov:NursePractitioner"],
    "isFor": ["cov:FacetMediatedPain", "cov:HeadachePurpose"],
    "usesInjectate": ["cov:Corticosteroid", "cov:LongActingAnesthetic"],
    "hasChronicity": ["cov:Chronic", "cov:Acute"],
    "averagePainScore": ["3.0", "6.0", "8.0"],
    "hasDiagnosis": ["code:M54.2", "code:M47.816"],
    "affirms": [
        *("cov:PositiveFacetLoading", "cov:PainWorseAtNight"),
        *("cov:FacetSyndromeFindings", "cov:PainOnExtensionAndRotation"),
    ],
    "denies": ["cov:PositiveFacetLoading", "cov:PainWorseAtNight"],
    "onsetDate": ['"2024-01-01"^^xsd:date', '"2023-01-01"^^xsd:date'],
    "reliefPercent": ["50.0", "80.0"],
}
OF_PROCEDURE = [
    *("treatsRegion", "treatsLevel", "onSide", "hasIntent", "usesTechnique"),
    *("usesGuidance", "performedBy", "isFor", "usesInjectate"),
]
OF_PAIN = ["hasChronicity", "averagePainScore", "onsetDate"]
OF_PATIENT = ["affirms", "denies", "hasDiagnosis"]
PATHS = [
    *((["requestsProcedure"], p) for p in OF_PROCEDURE),
    *((["concernsPain"], p) for p in OF_PAIN),
    *((["hasPatient"], p) for p in OF_PATIENT),
    (["hasPatient", "hasPain"], "hasChronicity"),
    (["hasPatient", "underwent"], "reliefPercent"),
    (["hasPatient", "underwent"], "hasIntent"),
    (["alsoPlanned"], "treatsRegion"),
]
CLASSES = ["FacetJointInjection", "LumbarFacetJointInjection", "FacetJointDenervation"]
FACTS = {
    "Patient": ["PositiveFacetLoading", "FacetSyndromeFindings", "Infection"],
    "PainRecord": ["InterferesWithDailyActivities", "NonRadicularPain", "NewPathology"],
}


def drawn_leaf(chance: Random) -> str:
    """Return what a leaf asks, in Turtle."""
    if chance.random() < 0.1:
        fact = chance.choice([f for facts in FACTS.values() for f in facts])
        body = f"cov:{chance.choice(['affirmedFact', 'absentFact'])} cov:{fact}"
    else:
        parts = [node_part(chance) for _ in range(1 if chance.random() < 0.8 else 2)]
        body = " ; ".join(parts)
    if chance.random() < 0.1:
        body += " ; cov:silenceMeans cov:NotDocumented"
    return body


def node(body: str) -> str:
    return f"[ a sh:NodeShape ; {body} ]"


def shape_at(path: str, body: str) -> str:
    return f"sh:property [ a sh:PropertyShape ; sh:path {path} ; {body} ]"


def node_part(chance: Random) -> str:
    roll = chance.random()
    if roll < 0.07:
        return f"sh:not {node(property_part(chance))}"
    if roll < 0.12:
        return shape_at("cov:requestsProcedure", class_part(chance))
    return property_part(chance)


def class_part(chance: Random) -> str:
    return f"sh:minCount 1 ; sh:class cov:{chance.choice(CLASSES)}"


def property_part(chance: Random) -> str:
    before, last = chance.choice(PATHS)
    roll = chance.random()
    if roll < 0.1:
        # The path in two shapes, one inside the other.
        outer, inner = " ".join(f"cov:{p}" for p in before), constraints_on(chance, last)
        nested = shape_at(f"cov:{last}", inner)
        if chance.random() < 0.5:
            least = chance.choice(["sh:qualifiedMinCount 1", "sh:qualifiedMaxCount 1"])
            nested = f"{least} ; sh:qualifiedValueShape {node(nested)}"
        return shape_at(f"( {outer} )" if len(before) > 1 else outer, nested)
    end = f"cov:{last}"
    if roll < 0.16:
        other = chance.choice([p for b, p in PATHS if b == before])
        end = f"[ sh:alternativePath ( cov:{last} cov:{other} ) ]"
    path = " ".join([*(f"cov:{p}" for p in before), end])
    return (
        f"sh:property [ a sh:PropertyShape ; sh:path ( {path} ) ; {constraints_on(chance, last)} ]"
    )


def constraints_on(chance: Random, last: str) -> str:
    """Return constraints on the values at the end of a path."""
    values = VALUES[last]
    one = chance.choice(values)
    several = " ".join(chance.sample(values, chance.randint(1, len(values))))
    n = chance.choice([1, 1, 2])
    among, is_one = node(f"sh:in ( {several} )"), node(f"sh:hasValue {one}")
    ways = [
        f"sh:hasValue {one}",
        f"sh:in ( {several} )",
        f"sh:maxCount {chance.choice([0, 1, 2])}",
        f"sh:qualifiedMinCount {n} ; sh:qualifiedValueShape {among}",
        f"sh:qualifiedMaxCount {n - 1} ; sh:qualifiedValueShape {is_one}",
        f"sh:not {among}",
        f"sh:or ( {is_one} {among} )",
        "sh:nodeKind sh:IRI",
    ]
    if last in ("averagePainScore", "reliefPercent"):
        bound = chance.choice(["minInclusive", "maxExclusive"])
        ways += [f"sh:datatype xsd:decimal ; sh:{bound} {one}"] * 4
    asked = chance.sample(ways, 1 if chance.random() < 0.7 else 2)
    asked += [f"sh:minCount {chance.choice([1, 1, 2])}"] if chance.random() < 0.6 else []
    return " ; ".join(asked)


@dataclass(frozen=True)
class Drawn:
    """The leaves that the loader took, and why it refused the others."""

    policy: Policy
    text: dict[NamedNode, str]
    refused: Counter[str]


@cache
def drawn() -> Drawn:
    chance, knowledge = Random(11), bench().knowledge
    taken: dict[NamedNode, str] = {}
    members, refused = [], Counter[str]()
    while len(members) < LEAVES:
        text = drawn_leaf(chance)
        iri = NamedNode(add(f":leaf a cov:Criterion , sh:NodeShape ; {text} .") + "leaf")
        if iri in taken:
            continue
        try:
            criterion = Lowering(knowledge).criterion(iri)
            leaves_of(policy_around(criterion), knowledge)
        except KnowledgeError as error:
            refused[str(error).split(": ", 1)[-1]] += 1
            continue
        taken[iri] = text
        members.append(criterion)
    root = Criterion(COV.Policy, Kind.AND, "", None, (), "", members=tuple(members))
    around = policy_around(members[0])
    policy = Policy(**{**vars(around), "root": root})
    return Drawn(policy, taken, refused)


# --- Requests -----------------------------------------------------------------------------------

PROCEDURES = [
    *("cov:hasProcedureCode code:64493", "cov:hasKind code:facet-joint-denervation"),
    *("cov:hasProcedureCode code:64999 ; cov:hasKind code:facet-joint-denervation",),
]
COMPLETE = {"treatsLevel", "onSide", "usesInjectate", "isFor"}
SINGLE = {"treatsRegion", "hasIntent", "performedBy", "hasChronicity", "averagePainScore"}
Statement = tuple[str, str, str]


def drawn_statements(chance: Random, share: float) -> list[Statement]:
    """Return some of what a record may state, in a random order."""
    found: list[Statement] = []
    for p in OF_PROCEDURE:
        found += [(":procedure", p, v) for v in VALUES[p] if chance.random() < share]
    for pain in (":pain", ":neck"):
        found += [(pain, p, v) for p in OF_PAIN for v in VALUES[p] if chance.random() < share]
        for fact in FACTS["PainRecord"]:
            if chance.random() < share:
                found.append((pain, chance.choice(["affirms", "denies"]), f"cov:{fact}"))
    for fact in {*VALUES["affirms"], "cov:Infection"}:
        if chance.random() < share:
            found.append((":patient", chance.choice(["affirms", "denies"]), fact))
    found.sort()
    chance.shuffle(found)
    return found


def kept(stated: list[Statement], further: list[Statement]) -> list[Statement]:
    """Return the further statements that speak of what the stated ones leave open."""
    said = {(s, p) for s, p, _ in stated}
    facts = {(s, o) for s, p, o in stated if p in ("affirms", "denies")}
    return [
        (s, p, o)
        for s, p, o in further
        if ((s, o) not in facts if p in ("affirms", "denies") else True)
        and not ((s, p) in said and p in COMPLETE | SINGLE | {"onsetDate"})
        and o not in ABSENT
    ]


def read_anyway(text: str) -> set[str]:
    """Return what is read of the requested procedure where a request is silent, by its codes.

    It is no open question either: what is stated takes its place.
    """
    try:
        facts = prepared_of(*facts_of(text)).facts
    except InputError:
        return set()
    return {d.property.rpartition("#")[2] for d in facts.defaults.get(facts.procedure_iri, ())}


# Their silence is no open question, so that stating them is a change and no documenting.
ABSENT = {"cov:Infection", "cov:NewPathology"}


def turtle(procedure: str, statements: list[Statement]) -> str:
    own = [f"cov:{p} {o}" for s, p, o in statements if s == ":procedure"]
    of_patient = [f"cov:{p} {o}" for s, p, o in statements if s == ":patient"]
    more = ""
    for pain, region in ((":pain", "cov:LumbarRegion"), (":neck", "cov:CervicalRegion")):
        said = [f"cov:{p} {o}" for s, p, o in statements if s == pain]
        if said:
            of_patient.append(f"cov:hasPain {pain}")
            more += f"{pain} cov:inRegion {region} ; {' ; '.join(said)} .\n"
    return request(
        procedure=" ; ".join([procedure, *own]), patient=" ; ".join(of_patient), more=more
    )


def verdicts(judge: CompiledJudge, policy: Policy, text: str) -> Verdicts | None:
    """Return the verdicts on a request; None where the gate refuses it."""
    try:
        read, facts = facts_of(text)
    except InputError:
        return None
    return judge(policy, prepared_of(read, facts))


def test_documenting_turns_no_settled_verdict_around() -> None:
    policy, text = drawn().policy, drawn().text
    judge, chance = CompiledJudge(bench().knowledge), Random(7)
    tried, settled, turned = 0, Counter[Verdict](), {}
    while tried < PAIRS:
        procedure = chance.choice(PROCEDURES)
        stated = drawn_statements(chance, chance.choice([0.05, 0.15]))
        further = kept(stated, drawn_statements(chance, chance.choice([0.05, 0.2])))
        anyway = read_anyway(turtle(procedure, stated))
        further = [(s, p, o) for s, p, o in further if s != ":procedure" or p not in anyway]
        before = verdicts(judge, policy, turtle(procedure, stated))
        after = verdicts(judge, policy, turtle(procedure, stated + further))
        if before is None or after is None:
            continue
        tried += 1
        for iri, verdict in before.items():
            settled[verdict] += 1
            if verdict is not Verdict.NOT_DOCUMENTED and after[iri] is not verdict:
                turned.setdefault(text[iri], (verdict.value, after[iri].value, stated, further))
    assert min(settled[v] for v in Verdict) > tried * LEAVES / 50, "the leaves turn on nothing"
    assert not turned, "\n".join(f"{leaf}\n    {how}" for leaf, how in turned.items())
