"""The library of queries over the derived view.

What each query must answer was read from the payers' documents, not from the program. A
number that is changed in a shape changes the answer and the decision alike.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from pyoxigraph import QuerySolutions, Store

from covergraph.commands.query import answered, text_of
from covergraph.decision.decide import Decision
from covergraph.engine import Reasoner
from covergraph.errors import InputError
from covergraph.knowledge.base import Knowledge, knowledge, knowledge_root, load
from covergraph.namespaces import COV, RDF
from covergraph.policies.criteria import Policy
from covergraph.policies.lowering import Lowering
from covergraph.render.solutions import written
from covergraph.sparql.gate import admit
from covergraph.sparql.library import library, named_query
from covergraph.sparql.store import VIEW, open_store

EDITIONS: list[Policy] = Lowering(knowledge()).policies()
KEYS = {policy.label: policy.key for policy in EDITIONS}
NIA_300, NIA_408, NIA_301, NIA_302 = "nia/cg-300", "nia/cg-408", "nia/cg-301", "nia/cg-302"
NIA_305, NIA_310, NIA_404, NIA_405 = "nia/cg-305", "nia/cg-310", "nia/cg-404", "nia/cg-405"
CENTENE, GM, EBI = "centene/cp-mp-171", "nhs-gm/gm070", "nhs-england/ebi-2k"
SPINAL = "nhs-spinal/spinal-pain"
NEUROTOMY, INJECTIONS = "wa-hca/facet-neurotomy", "wa-hca/spinal-injections"

Rows = set[tuple[str, ...]]


@pytest.fixture(scope="module")
def store() -> Store:
    return open_store(knowledge())


def ask(store: Store, name: str, *columns: str) -> Rows:
    """Return some columns of a named query's answer; a policy by its key."""
    found = answered(store, text_of(name))
    assert isinstance(found, QuerySolutions)
    return {tuple(shown(row[c]) for c in columns) for row in found}


def shown(term: object) -> str:
    value = "" if term is None else str(getattr(term, "value", term))
    return KEYS.get(value, value)


# --- What the documents say ------------------------------------------------------------

SCORE = "6"
SEVERITY: Rows = {
    *((key, "at least", SCORE) for key in (NIA_300, NIA_408, NIA_301, NIA_302, NIA_305)),
    *((key, "at least", SCORE) for key in (NIA_310, NIA_404, NIA_405)),
    (NIA_310, "is", "persists despite treatment"),
    (NIA_408, "is", "persists despite treatment"),
    (SPINAL, "is", "moderate to severe pain"),
}
DURATION: Rows = {
    (CENTENE, "at least", "P3M", "I.A.2"),
    (SPINAL, "at least", "P3M", "Sciatica"),
    (NIA_302, "at least", "P3M", "Indications"),
    (NIA_404, "less than", "P3M", "Indications, acute pain, Repeat injections"),
    (NIA_404, "at least", "P3M", "Indications, chronic pain, Repeat injections"),
    (NEUROTOMY, "at least", "P6M", "Lumbar Facet Neurotomy, Cervical Facet Neurotomy"),
}
DURATION_OF: Rows = {
    *((key, "at least", "P3M") for key in (CENTENE, SPINAL, NIA_301, NIA_302, NIA_305, NIA_404)),
    *((key, "less than", "P3M") for key in (NIA_300, NIA_408, NIA_404)),
    (NEUROTOMY, "at least", "P6M"),
    # The purpose or the record of pain calls it so, by its onset where that is known.
    *((key, "at least", "P90D") for key in (NIA_310, NIA_408)),
    (NIA_405, "at least", "P3M"),
    *((key, "is", "chronic") for key in (NIA_310, NIA_404, NIA_405, NIA_408)),
    *((key, "is", "chronic intractable pain") for key in (NIA_310, NIA_408)),
    *((key, "is", "chronic pain") for key in (NIA_404, NIA_405)),
    *((NIA_404, "is", called) for called in ("acute", "acute pain")),
    (NIA_404, "at most", "0"),
}
SIX_WEEKS, TWO_WEEKS, TWELVE_WEEKS = "P42D", "P14D", "P84D"
CARE: Rows = {
    (CENTENE, "active therapy", SIX_WEEKS, ""),
    (CENTENE, "activity modification", SIX_WEEKS, ""),
    (CENTENE, "NSAID therapy", "P21D", ""),
    (CENTENE, "NSAID therapy", "", ""),
    (SPINAL, "conservative therapy", SIX_WEEKS, ""),
    *(
        (key, "active therapy", SIX_WEEKS, "P6M")
        for key in (NIA_300, NIA_408, NIA_301, NIA_302, NIA_305)
    ),
    (NIA_300, "conservative therapy", TWO_WEEKS, ""),
    (NIA_408, "conservative therapy", TWO_WEEKS, ""),
    (NIA_408, "active therapy", TWELVE_WEEKS, ""),
    (NIA_408, "conservative therapy", TWELVE_WEEKS, ""),
    (NIA_310, "active therapy", TWELVE_WEEKS, ""),
    (NIA_310, "conservative therapy", TWELVE_WEEKS, ""),
    (NIA_310, "oral or transdermal opiates", TWELVE_WEEKS, ""),
    (NIA_404, "conservative therapy", TWO_WEEKS, ""),
    (NIA_404, "conservative therapy", "", ""),
    (NIA_405, "active therapy", "P6M", ""),
    (NIA_405, "pharmacotherapy for angina", "P1M", ""),
}
BLOCKS: Rows = {
    (CENTENE, "responding sessions", "2"),
    (CENTENE, "minimum relief", "75"),
    (CENTENE, "with fact", "painful movements regained"),
    (EBI, "responding sessions", "1"),
    (EBI, "with fact", "significant short-term improvement"),
    (SPINAL, "with fact", "pain improved"),
    (NIA_302, "responding sessions", "1"),
    (NIA_302, "minimum relief", "70"),
    (NIA_302, "or fact", "functional improvement"),
    (NIA_302, "relief duration less than", "P3M"),
    (NIA_302, "with fact", "lasted as long as the anesthetic"),
    (NEUROTOMY, "responding sessions", "2"),
    (NEUROTOMY, "responding sessions", "1"),
    (NEUROTOMY, "with fact", "short-acting block"),
    (NEUROTOMY, "with fact", "long-acting block"),
    (NEUROTOMY, "minimum relief", "80"),
    (NEUROTOMY, "minimum relief", "100"),
}
RESPONSE: Rows = {
    (CENTENE, "minimum relief", "75"),
    (CENTENE, "minimum relief", "50"),
    (CENTENE, "minimum relief duration", "P4M"),
    (SPINAL, "minimum relief", "70"),
    (SPINAL, "minimum relief duration", "P6M"),
    *((key, "minimum relief", "30") for key in (NIA_300, NIA_408)),
    *(
        (key, "minimum relief", "50")
        for key in (NIA_300, NIA_408, NIA_301, NIA_302, NIA_305, NIA_404)
    ),
    *((key, "minimum relief duration", "P2M") for key in (NIA_300, NIA_408, NIA_301, NIA_305)),
    (NIA_302, "minimum relief duration", "P4M"),
    (NEUROTOMY, "minimum relief duration", "P6M"),
}
YEAR = "P1Y"
SESSIONS: Rows = {
    (CENTENE, "2", ""),
    *((key, *limit) for key in (NIA_300, NIA_408) for limit in (("3", ""), ("6", ""))),
    *((key, limit, YEAR) for key in (NIA_300, NIA_408) for limit in ("4", "6")),
    (NIA_301, "4", YEAR),
    (NIA_302, "2", YEAR),
    (NIA_302, "1", "P32D"),
    (NIA_305, "4", YEAR),
    (NIA_404, "4", YEAR),
    (NIA_404, "6", YEAR),
    (NIA_404, "3", ""),
    (INJECTIONS, "3", "P6M"),
}
INTERVALS: Rows = {
    (CENTENE, "P14D", "same region"),
    (CENTENE, "P6M", "same region"),
    (SPINAL, YEAR, "same region"),
    *((key, "P14D", "same region") for key in (NIA_300, NIA_408, NIA_301, NIA_305)),
    *((key, "P7D", "other region") for key in (NIA_300, NIA_408, NIA_301)),
    (NIA_301, "P7D", "same region"),
    (NIA_404, "P7D", "same region"),
    (NIA_404, "P7D", "any region"),
    # Nothing else on the same date.
    *(
        (key, "P1D", scope)
        for key in (NIA_300, NIA_301, NIA_302, NIA_305, NIA_408)
        for scope in ("same region", "other region")
    ),
}
LEVELS: Rows = {
    (CENTENE, "3", "levels"),
    (NIA_300, "2", "levels"),
    (NIA_408, "2", "levels"),
    (NEUROTOMY, "1", "levels"),
    (NEUROTOMY, "2", "levels"),
    (NEUROTOMY, "1", "sides"),
}
AGE: Rows = {
    (EBI, "at least", "P19Y"),
    (NIA_305, "less than", "P45Y"),
    (NEUROTOMY, "at least", "P18Y"),
}
GUIDANCE: Rows = {
    *((key, "imaging guidance") for key in (GM, NIA_301, NIA_305, NIA_404)),
    (NIA_302, "fluoroscopy or CT"),
    (INJECTIONS, "fluoroscopy or CT"),
}
INTENT: Rows = {
    (CENTENE, "diagnostic"),
    *((key, i) for key in (SPINAL, NIA_300, NIA_301) for i in ("diagnostic", "therapeutic")),
    *((NIA_408, i) for i in ("diagnostic", "therapeutic", "trial")),
    *((NIA_310, i) for i in ("trial", "permanent", "replacement")),
    *((NIA_405, i) for i in ("trial", "permanent", "replacement", "revision or removal")),
    (INJECTIONS, "therapeutic"),
}
ALONE: Rows = {
    ("government program", "Centene"),
    ("supporting diagnosis", "Centene"),
    *(
        (concern, "National Imaging Associates (Evolent)")
        for concern in (
            "active therapy",
            "contraindications",
            "effect on function",
            "imaging guidance",
            "number of sessions",
        )
    ),
}
FACET_CODES = ("64490", "64491", "64492", "64493", "64494", "64495")
DENERVATION_CODES = ("64633", "64634", "64635", "64636")
ULTRASOUND = ("0213T", "0214T", "0215T", "0216T", "0217T", "0218T")
EPIDURAL_CODES = ("62320", "62321", "62322", "62323", "64479", "64480", "64483", "64484")
CODES: Rows = {
    *((CENTENE, code) for code in FACET_CODES + DENERVATION_CODES),
    *((NIA_301, code) for code in FACET_CODES + ULTRASOUND),
    *((NIA_302, code) for code in DENERVATION_CODES),
    *((key, code) for key in (NIA_300, NIA_408) for code in EPIDURAL_CODES),
    (NIA_305, "27096"),
    *((NIA_310, code) for code in ("62350", "62351", "62355", "62360", "62361", "62362")),
    *((NIA_404, code) for code in ("64510", "64517", "64520", "64530")),
    *((NIA_405, c) for c in ("63650", "63655", "63661", "63662", "63663", "63664")),
    *((NIA_405, c) for c in ("63685", "63688")),
}
SAME_DAY = "case-by-case consideration of different regions on one day"
ROUTES: Rows = {
    (CENTENE, "review against Medicare's determinations"),
    (CENTENE, "review against the state Medicaid provisions"),
    (CENTENE, "review of a diagnosis that is not listed"),
    (GM, "individual funding request"),
    (GM, "review against NICE IPG578"),
    (SPINAL, "exceptional circumstances"),
    *((key, SAME_DAY) for key in (NIA_300, NIA_408, NIA_301, NIA_302, NIA_305, NIA_404)),
    (NIA_301, "review of unusual circumstances, such as a recurrent injury"),
    (INJECTIONS, "agency review"),
}
COVERS, REFUSES, SILENT = "covered under conditions", "refused", "not addressed"
PAYERS = {
    "Centene": (COVERS, COVERS, REFUSES),
    "NHS England, Evidence-Based Interventions": (COVERS, SILENT, SILENT),
    "NHS Greater Manchester": (SILENT, SILENT, SILENT),
    "NHS commissioner, spinal pain policy": (COVERS, SILENT, SILENT),
    "National Imaging Associates (Evolent)": (COVERS, COVERS, COVERS),
    "Washington State Health Care Authority": (COVERS, COVERS, REFUSES),
}
STANCES: Rows = {
    (payer, f"{region} region", stance)
    for payer, stances in PAYERS.items()
    for region, stance in zip(("lumbar", "cervical", "thoracic"), stances, strict=True)
}

EXPECTED: dict[str, tuple[tuple[str, ...], Rows]] = {
    "pain-severity": (("policy", "comparison", "value"), SEVERITY),
    "pain-duration": (("policy", "comparison", "value"), DURATION_OF),
    "conservative-care": (("policy", "therapy", "course", "window"), CARE),
    "blocks-before-denervation": (("policy", "asks", "value"), BLOCKS),
    "sessions-per-window": (("policy", "sessions", "window"), SESSIONS),
    "minimum-intervals": (("policy", "interval", "region"), INTERVALS),
    "levels-per-session": (("policy", "value", "unit"), LEVELS),
    "age": (("policy", "comparison", "value"), AGE),
    "guidance": (("policy", "value"), GUIDANCE),
    "intent": (("policy", "value"), INTENT),
    "only-one-payer": (("concern", "payer"), ALONE),
    "codes": (("policy", "code"), CODES),
    "exception-routes": (("policy", "route"), ROUTES),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_query_answers_what_the_documents_say(store: Store, name: str) -> None:
    columns, expected = EXPECTED[name]
    assert ask(store, name, *columns) == expected


def test_pain_duration_cites_the_sections_of_the_documents(store: Store) -> None:
    assert ask(store, "pain-duration", "policy", "comparison", "value", "sections") >= DURATION


def test_response_before_a_repeat_is_what_the_documents_say(store: Store) -> None:
    found = ask(store, "response-before-repeat", "policy", "asks", "value")
    assert {row for row in found if row[1].startswith("minimum relief")} == RESPONSE


def test_stances_on_denervation_are_what_the_documents_say(store: Store) -> None:
    found = ask(store, "stances", "payer", "region", "stance")
    assert {row for row in found if row[1] != "sacroiliac region"} == STANCES


def test_refusal_names_what_it_rests_on(store: Store) -> None:
    found = ask(store, "stances", "payer", "region", "because")
    refused = {row[0] for row in found if row[1] == "thoracic region" and "thoracic" in row[2]}
    assert refused == {"Centene", "Washington State Health Care Authority"}


def test_judgement_is_told_with_its_section(store: Store) -> None:
    found = ask(store, "left-to-judgement", "policy", "section", "summary")
    assert any(p == CENTENE and s == "Important Reminder" for p, s, _ in found)
    assert all(section and summary for _, section, summary in found)


def test_every_query_of_the_library_is_tested() -> None:
    beside = {"response-before-repeat", "stances", "left-to-judgement"}
    assert EXPECTED.keys() | beside == library().keys()


# --- What the library promises -----------------------------------------------------------


@pytest.mark.parametrize("name", library())
def test_query_opens_with_its_question_and_passes_the_gate(name: str) -> None:
    query = library()[name]
    assert "?" in query.question
    admit(query.text)


@pytest.mark.parametrize("path", [*VIEW.glob("*.rq"), *VIEW.parent.glob("*.rq")], ids=str)
def test_no_query_holds_a_number_or_an_unknown_term(path: Path, store: Store) -> None:
    lines = [line for line in path.read_text().splitlines() if not line.startswith(("#", "PREFIX"))]
    numbers = [n for line in lines for n in re.findall(r"(?<![\w#/])\d+", line)]
    # Only one payer is one, whatever the policies say.
    assert numbers == (["1"] if path.stem == "only-one-payer" else [])
    terms = set(re.findall(r"\bcov:(\w+)", "\n".join(lines)))
    known = {t for t in terms if any(store.quads_for_pattern(COV[t], RDF.type, None, None))}
    assert terms == known


def test_unknown_query_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean pain-duration"):
        named_query("pain-durations")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("SELECT ?x WHERE {\n  ?x a ?y .\n  ?x ?y \n}", "line 4"),
        ("SELECT ?x {\n SERVICE <http://example.org/> { ?x a ?y } }", "line 2.*SERVICE"),
        ("DELETE WHERE { ?s ?p ?o }", "read only"),
        ("SELECT ?x FROM <http://example.org/> { ?x a ?y }", "FROM"),
        ("PREFIX cov: <https://w3id.org/covergraph/ontology#>\nSELECT ?x { ?x a kov:Y }", "line 2"),
    ],
)
def test_query_that_cannot_be_run_is_told_with_its_line(store: Store, text: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        answered(store, text)


def test_answers_are_written_in_each_form(store: Store) -> None:
    rows = "SELECT ?c { ?c a <https://w3id.org/covergraph/ontology#Payer> }"
    answer = answered(store, rows)
    assert len(written(answer, "csv").splitlines()) == 7
    assert '"bindings"' in written(answered(store, rows), "json")
    assert written(answered(store, "ASK { ?s ?p ?o }"), "table") == "yes\n"
    graph = (
        "CONSTRUCT { ?c a ?t } WHERE { ?c a ?t ; a <https://w3id.org/covergraph/ontology#Payer> }"
    )
    assert "cov:Payer" in written(answered(store, graph), "turtle")
    for text, form in ((rows, "turtle"), (graph, "csv")):
        with pytest.raises(InputError):
            written(answered(store, text), form)


# --- The number that is shown is the number that decides ---------------------------------


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    """Return the knowledge with one relief threshold lowered in the shape, and only there."""
    root: Path = tmp_path_factory.mktemp("changed")
    for folder in ("ontology", "shapes", "data"):
        shutil.copytree(knowledge_root() / folder, root / folder)
    path = root / "shapes/policies/centene/cp-mp-171/2019-07-01.ttl"
    text = path.read_text()
    assert text.count("cov:minimumRelief 50 ;") == 1
    path.write_text(text.replace("cov:minimumRelief 50 ;", "cov:minimumRelief 90 ;"))
    return load(root)


def test_threshold_that_is_shown_is_the_one_that_decides(
    store: Store, changed: Knowledge, reasoner: Reasoner
) -> None:
    """A repeat after 70 % relief is covered while 50 are asked, and is not when 90 are."""
    early = (knowledge_root() / "data/examples/repeat-neurotomy-too-early.ttl").read_bytes()
    request = early.replace(b'"2024-04-15"', b'"2024-06-15"')
    assert request != early
    before = (CENTENE, "minimum relief", "50")
    after = (CENTENE, "minimum relief", "90")
    columns = ("policy", "asks", "value")
    assert before in ask(store, "response-before-repeat", *columns)
    assert after not in ask(store, "response-before-repeat", *columns)
    other = ask(open_store(changed), "response-before-repeat", *columns)
    assert after in other and before not in other
    decided = [
        r.decide_all(r.read(request), CENTENE)[0].decision for r in (reasoner, Reasoner(changed))
    ]
    assert decided == [Decision.COVERED, Decision.NOT_COVERED]
