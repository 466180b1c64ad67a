"""Purposes: what follows from one, what one rules out, and words that dates refute."""

from __future__ import annotations

import pytest
from pyoxigraph import NamedNode

from covergraph.engine import Answer, Reasoner
from covergraph.errors import InputError
from covergraph.judge.valuation import Verdict
from covergraph.knowledge.base import knowledge
from covergraph.namespaces import COV, SH, compact
from covergraph.policies.criteria import Criterion, Kind, Policy
from covergraph.policies.standard import steps

KNOWN = knowledge()
PURPOSES = [
    p
    for p in KNOWN.instances_of(COV.TreatmentPurpose)
    if KNOWN.triples.value(p, COV.replacedBy) is None
]
SYNONYMS = [p for p in KNOWN.instances_of(COV.TreatmentPurpose) if p not in PURPOSES]
ASKED = {
    "nia/cg-300": "code:64483",
    "nia/cg-302": "code:64635",
    "nia/cg-305": "code:27096",
    "nia/cg-310": "code:62362",
    "nia/cg-404": "code:64520",
    "nia/cg-405": "code:63650",
    "nia/cg-408": "code:62323",
    "nhs-spinal/spinal-pain": "code:64483",
    "wa-hca/spinal-injections": "code:62323",
    "wa-hca/facet-neurotomy": "code:64635",
}
CODE, EPIDURAL = "cov:hasProcedureCode", "nia/cg-300"


def request(key: str, *purposes: str, onset: str = "", closed: bool = False) -> str:
    """Return a request that states what it is for, and little else."""
    stated = f" ; cov:isFor {' , '.join(purposes)}" if purposes else ""
    since = f' ; cov:onsetDate "{onset}"^^xsd:date' if onset else ""
    complete = " ; cov:completeFor cov:TreatmentPurposes" if closed else ""
    region = "cov:SacroiliacRegion" if key == "nia/cg-305" else "cov:LumbarRegion"
    return f"""
        @prefix : <https://example.org/purposes#> .
        @prefix code: <https://w3id.org/covergraph/codes#> .
        @prefix cov: <https://w3id.org/covergraph/ontology#> .
        @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
        :r a cov:CoverageRequest ; cov:dateOfService "2024-08-10"^^xsd:date ;
            cov:requestsProcedure :p ; cov:hasPatient :x{complete} .
        :p {CODE} {ASKED[key]} ; cov:treatsRegion {region}{stated} .
        :x cov:hasPain :pain . :pain cov:inRegion {region}{since} .
    """


def answered(reasoner: Reasoner, key: str, *purposes: str, **how: str | bool) -> Answer:
    data = request(key, *purposes, **how).encode()  # type: ignore[arg-type]
    (answer,) = reasoner.decide_all(reasoner.read(data), policy=key)
    return answer


def about_purposes(policy: Policy) -> list[Criterion]:
    """Return the leaves that ask for a purpose and leave it open where none is stated."""
    t = KNOWN.triples
    return [
        leaf
        for leaf in policy.leaves
        if leaf.kind is Kind.CORE
        and t.value(leaf.iri, COV.silenceMeans) is None
        and any(
            COV.isFor in list(steps(t, t.value(shape, SH.path)))
            for shape in t.objects(leaf.iri, SH.property)
        )
    ]


def verdicts(
    reasoner: Reasoner, key: str, purpose: NamedNode | None, closed: bool
) -> dict[str, Verdict]:
    stated = () if purpose is None else (f"<{purpose.value}>",)
    answer = answered(reasoner, key, *stated, closed=closed)
    assert answer.policy is not None and answer.valuation is not None
    valuation = answer.valuation
    return {leaf.name: valuation.verdict(leaf) for leaf in about_purposes(answer.policy)}


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("key", ASKED)
def test_a_broader_purpose_never_says_what_a_narrower_one_contradicts(
    reasoner: Reasoner, key: str, closed: bool
) -> None:
    """A complete list that states the broader one rules out what it says nothing of at all.

    Beside a purpose that names no cause, what the class is meant for holds as beside none.
    """
    unstated = verdicts(reasoner, key, None, closed)
    of = {p: verdicts(reasoner, key, p, closed) for p in PURPOSES}
    for purpose in PURPOSES:
        for broader in KNOWN.broader_of(purpose) - {purpose}:
            line = KNOWN.broader_of(broader) | KNOWN.narrower[broader]
            if closed and not KNOWN.broader_of(purpose) <= line:
                continue
            for leaf, verdict in of[broader].items():  # type: ignore[index]
                if broader in KNOWN.nameless and verdict is unstated[leaf]:
                    continue
                said = (key, leaf, compact(broader.value), compact(purpose.value))
                assert verdict in (Verdict.NOT_DOCUMENTED, of[purpose][leaf]), said


@pytest.mark.parametrize("synonym", SYNONYMS, ids=lambda p: compact(p.value))
@pytest.mark.parametrize("key", ASKED)
def test_a_synonym_changes_nothing(reasoner: Reasoner, key: str, synonym: NamedNode) -> None:
    instead = KNOWN.triples.value(synonym, COV.replacedBy)
    assert instead is not None
    one, other = (answered(reasoner, key, f"<{p.value}>") for p in (synonym, instead))
    assert one.request.digest == other.request.digest
    assert (one.decision, one.value) == (other.decision, other.value)


@pytest.mark.parametrize("key", ASKED)
def test_another_purpose_never_denies_one_that_it_does_not_exclude(
    reasoner: Reasoner, key: str
) -> None:
    """Stating a purpose turns a question into an answer, or leaves it; it refuses nothing."""
    for purpose in PURPOSES:
        verdict = verdicts(reasoner, key, purpose, False)
        if purpose not in KNOWN.incompatible:
            assert Verdict.NOT_MET not in verdict.values(), (key, purpose)


@pytest.mark.parametrize(
    ("purposes", "onset", "what"),
    [
        (["cov:AcutePain"], "2022-06-01", "cov:AcutePain contradicts cov:onsetDate 2022-06-01"),
        (["cov:ChronicPain"], "2024-06-01", "cov:ChronicPain contradicts cov:onsetDate"),
        (["cov:ChronicRadicularPain"], "2024-06-01", "cov:ChronicRadicularPain contradicts"),
        (["cov:ChronicIntractablePain"], "2024-05-16", "it stands for pain of at least 90 days"),
        (["cov:AcutePain", "cov:ChronicPain"], "", "exclude each other"),
        (["cov:AcutePain", "cov:NeuropathicBackPain"], "", "exclude each other"),
    ],
)
def test_words_that_contradict_are_refused(
    reasoner: Reasoner, purposes: list[str], onset: str, what: str
) -> None:
    """On the long way, to which the short way leaves it."""
    with pytest.raises(InputError) as refused:
        answered(reasoner, EPIDURAL, *purposes, onset=onset)
    assert what in str(refused.value)


@pytest.mark.parametrize(
    ("purpose", "onset"),
    [
        ("cov:AcutePain", "2024-05-11"),
        ("cov:ChronicPain", "2024-05-10"),
        ("cov:ChronicIntractablePain", "2024-05-12"),
        ("cov:AcuteOrExacerbatedRadicularPain", "2022-06-01"),
    ],
)
def test_words_that_agree_are_read(reasoner: Reasoner, purpose: str, onset: str) -> None:
    assert answered(reasoner, EPIDURAL, purpose, onset=onset).policy


ACUTE, CHRONIC = "cov:hasChronicity cov:Acute", "cov:hasChronicity cov:Chronic"
FLARED = 'cov:exacerbationDate "{}"^^xsd:date'


@pytest.mark.parametrize(
    ("onset", "said", "what"),
    [
        ("2022-06-01", ACUTE, "cov:Acute contradicts cov:onsetDate 2022-06-01 (it stands for"),
        ("2024-05-10", ACUTE, "it stands for pain of less than 3 months"),
        ("2024-05-11", ACUTE, ""),
        ("2024-05-11", CHRONIC, "cov:Chronic contradicts cov:onsetDate 2024-05-11"),
        ("2024-05-10", CHRONIC, ""),
        ("2024-05", ACUTE, ""),
        ("2024-05", CHRONIC, ""),
        ("2024-06", CHRONIC, "cov:Chronic contradicts cov:onsetDate 2024-06-01"),
        ("2024-04", ACUTE, "cov:Acute contradicts cov:onsetDate 2024-04-30"),
        # An exacerbation has an onset of its own, and takes nothing from a chronic pain.
        ("2022-06-01", f"{ACUTE} ; {FLARED.format('2024-07-01')}", ""),
        ("2022-06-01", f"{CHRONIC} ; {FLARED.format('2024-07-01')}", ""),
        ("2022-06-01", f"{ACUTE} ; cov:affirms cov:ExacerbationOfChronicPain", ""),
        (
            "2022-06-01",
            f"{ACUTE} ; {FLARED.format('2024-01-01')}",
            "cov:Acute contradicts cov:exacerbationDate 2024-01-01",
        ),
    ],
)
def test_a_word_for_the_pain_is_held_against_its_onset(
    reasoner: Reasoner, onset: str, said: str, what: str
) -> None:
    kind = "date" if len(onset) == len("2024-05-01") else "gYearMonth"
    text = request(EPIDURAL, onset="DAY").replace('"DAY"^^xsd:date', f'"{onset}"^^xsd:{kind}')
    data = text.replace("cov:onsetDate", f"{said} ; cov:onsetDate").encode()
    if not what:
        assert reasoner.decide_all(reasoner.read(data), policy=EPIDURAL)[0].policy
        return
    with pytest.raises(InputError) as refused:
        reasoner.read(data)
    assert what in str(refused.value)


def test_an_exacerbation_may_be_called_acute(reasoner: Reasoner) -> None:
    text = request(EPIDURAL, "cov:AcutePain", onset="2022-06-01")
    flared = text.replace("cov:onsetDate", f"{FLARED.format('2024-07-01')} ; cov:onsetDate")
    assert reasoner.read(flared.encode()).facts


def test_what_a_class_is_for_gives_way_to_what_is_stated(reasoner: Reasoner) -> None:
    key = "nia/cg-302"
    expected = [((), Verdict.MET), (("cov:HeadachePurpose",), Verdict.NOT_DOCUMENTED)]
    for purposes, verdict in expected:
        answer = answered(reasoner, key, *purposes)
        assert answer.policy is not None and answer.valuation is not None
        (leaf,) = about_purposes(answer.policy)
        assert answer.valuation.verdict(leaf) is verdict


def test_a_refusal_looks_at_nothing_that_merely_follows(reasoner: Reasoner) -> None:
    """Prolotherapy is refused for sacroiliac pain that is stated, not for what a class is for."""
    answer = answered(reasoner, "nhs-spinal/spinal-pain")
    assert answer.policy is not None and answer.valuation is not None
    refusals = [c for c in answer.policy.leaves if c.is_refusal and c.name.endswith("-refused")]
    said = {c.name: answer.valuation.verdict(c) for c in refusals}
    assert said["claudication-refused"] is said["low-back-injections-refused"] is Verdict.MET


@pytest.mark.parametrize("purpose", sorted(KNOWN.nameless, key=str), ids=lambda p: compact(p.value))
def test_pain_of_some_age_is_no_other_purpose(reasoner: Reasoner, purpose: NamedNode) -> None:
    """A facet neurotomy for chronic pain is for facet pain; one for sciatica may not be."""
    for key, leaf in (("nia/cg-302", "for-facet-pain"), ("nia/cg-305", "for-joint-pain")):
        for closed in (False, True):
            assert verdicts(reasoner, key, purpose, closed)[leaf] is Verdict.MET
        assert verdicts(reasoner, key, COV.Sciatica, False)[leaf] is Verdict.NOT_DOCUMENTED
