"""The comparison: what each cell says was read from the documents; nothing is cut off.

What a comparison makes of a whole procedure before anything is known of the patient is
held against the reasoner itself, on requests that state hardly more than the procedure.
"""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from pyoxigraph import NamedNode, Store

from covergraph import cli
from covergraph.comparison.asked import AskedProcedure, classes, payers
from covergraph.comparison.matrix import Cell, CellKind, Matrix, matrix, stances
from covergraph.comparison.requirements import Reader
from covergraph.comparison.wording import bare, period
from covergraph.engine import Reasoner
from covergraph.errors import InputError
from covergraph.judge.valuation import Outcome
from covergraph.knowledge.base import knowledge, policy_key
from covergraph.namespaces import COV
from covergraph.sparql.store import shipped_store
from tests.tools.case_files import load_cases

PAYERS = ("centene", "nhs-england", "nhs-gm", "nhs-spinal", "nia", "wa-hca")
ADDRESSED, REFUSED, SILENT = CellKind.REQUIRED, CellKind.REFUSED, CellKind.NOT_ADDRESSED


@pytest.fixture(scope="module")
def store() -> Store:
    return shipped_store()


@pytest.fixture(scope="module")
def lumbar(store: Store) -> Matrix:
    return matrix(store, "facet-joint-denervation", "lumbar")


def cell(found: Matrix, concern: str, payer: str) -> Cell:
    column = [c.key for c in found.columns].index(payer)
    return next(r.cells[column] for r in found.rows if r.label == concern)


# --- Lumbar denervation, beside the documents ----------------------------------------------


def test_six_payers_stand_side_by_side(lumbar: Matrix) -> None:
    assert tuple(c.key for c in lumbar.columns) == PAYERS
    assert [c.stance for c in lumbar.columns] == [ADDRESSED] * 2 + [SILENT] + [ADDRESSED] * 3
    assert lumbar.columns[4].policies == ("nia/cg-302",)
    assert lumbar.columns[5].policies == ("wa-hca/facet-neurotomy",)


@pytest.mark.parametrize(
    ("concern", "payer", "says"),
    [
        ("levels in a session", "centene", "at most 3 levels [I.A.4, II.A.3, II.B.3]"),
        ("interval between procedures", "centene", "repeat: at least 6 months after the last"),
        ("interval between procedures", "centene", "[II.B.1]"),
        ("interval between procedures", "nhs-spinal", "at least 12 months after the last"),
        ("response to earlier procedures", "centene", "initial: at least 75 percent relief"),
        ("response to earlier procedures", "centene", "[II.A.2]"),
        (
            "response to earlier procedures",
            "centene",
            "repeat: at least 50 percent relief for at least 4 months with 'functional",
        ),
        (
            "response to earlier procedures",
            "nia",
            "initial: at least 70 percent relief or functional improvement for less than 3 months",
        ),
        ("response to earlier procedures", "wa-hca", "at least 80 percent relief"),
        ("duration of pain", "nia", "initial: at least 3 months since onset date [Indications]"),
        ("duration of pain", "wa-hca", "at least 6 months since onset date"),
        ("severity of pain", "nia", "average pain of at least 6 points on a scale of 0 to 10"),
        ("severity of pain", "nia", "pain that causes functional disability or"),
        ("severity of pain", "nhs-spinal", "moderate to severe pain [Facet joint pain]"),
        ("number of sessions", "nia", "repeat: at most 2 sessions, this one included"),
        ("number of sessions", "nia", "within 12 months (two sides within 1 month count as one)"),
        ("age", "nhs-england", "only: at least 19 years since birth date [Summary of"),
        ("age", "wa-hca", "at least 18 years since birth date"),
        ("imaging guidance", "nia", "fluoroscopy or CT [Indications]"),
        ("technique", "centene", "conventional radiofrequency; anything else is refused [II, IV]"),
        ("technique", "nhs-england", "only: thermal radiofrequency"),
        ("purpose", "wa-hca", "none of: headache"),
        ("supporting diagnosis", "centene", "one of 29 listed diagnoses; else judgement: "),
    ],
)
def test_cell_says_what_the_document_says(
    lumbar: Matrix, concern: str, payer: str, says: str
) -> None:
    assert says in cell(lumbar, concern, payer).text


@pytest.mark.parametrize(
    ("concern", "payer"),
    [
        ("age", "centene"),
        ("duration of pain", "nhs-england"),
        ("imaging guidance", "nhs-spinal"),
        ("levels in a session", "nia"),
        ("technique", "wa-hca"),
    ],
)
def test_payer_that_says_nothing_has_an_empty_cell(
    lumbar: Matrix, concern: str, payer: str
) -> None:
    assert cell(lumbar, concern, payer) == Cell(CellKind.SILENT, "-")


def test_cell_of_a_payer_that_does_not_address_it_says_so(lumbar: Matrix) -> None:
    assert {r.cells[2].text for r in lumbar.rows} == {"not addressed"}


def test_cell_carries_its_criteria_and_clauses(lumbar: Matrix) -> None:
    found = cell(lumbar, "interval between procedures", "centene")
    (entry,) = found.entries
    assert entry.policy == "centene/cp-mp-171" and entry.edition == "2019-07-01"
    assert entry.phases == ("repeat",)
    assert [c.rsplit("#", 1)[1] for c in entry.criteria] == ["neurotomy-spacing"]
    assert [c.section for c in found.citations] == ["II.B.1"]


def test_every_entry_cites_a_section(store: Store) -> None:
    for procedure in ("facet-joint-denervation", "epidural-injection", "spinal-cord-stimulation"):
        for row in matrix(store, procedure).rows:
            for entry in (e for c in row.cells for e in c.entries):
                assert entry.text and all(c.section for c in entry.citations), entry
                assert entry.citations, entry


# --- Other procedures and regions ---------------------------------------------------------


def test_thoracic_denervation_is_refused_with_its_section(store: Store) -> None:
    found = matrix(store, "facet-joint-denervation", "thoracic")
    stance = dict(zip(PAYERS, (c.stance for c in found.columns), strict=True))
    assert {p for p, s in stance.items() if s is REFUSED} == {"centene", "wa-hca"}
    assert {p for p, s in stance.items() if s is SILENT} == {"nhs-england", "nhs-gm", "nhs-spinal"}
    assert cell(found, "region", "centene").text.startswith("refused: ")
    assert "III" in cell(found, "region", "centene").text
    assert cell(found, "technique", "centene").text == "refused"


def test_injection_that_is_not_commissioned_is_refused(store: Store) -> None:
    found = matrix(store, "facet-joint-injection", "lumbar")
    column = next(c for c in found.columns if c.key == "nhs-gm")
    assert column.stance is REFUSED
    text = cell(found, "procedure", "nhs-gm").text
    assert "no longer commissioned" in text and "New patients: Lumbar" in text


def test_medial_branch_blocks_are_left_to_another_policy(store: Store) -> None:
    """GM070 names them only to send the reader elsewhere."""
    found = matrix(store, "medial-branch-block", "lumbar")
    assert next(c for c in found.columns if c.key == "nhs-gm").stance is SILENT


def test_cells_of_several_policies_say_which(store: Store) -> None:
    found = matrix(store, "epidural-injection", "lumbar", ["nia"])
    assert found.columns[0].policies == ("nia/cg-300", "nia/cg-408")
    both = cell(found, "levels in a session", "nia").text
    assert re.search(r"at most 2 levels \[cg-300 Indications.*; cg-408 Indications", both)
    alone = cell(found, "documents required", "nia").entries
    assert {e.policy for e in alone} == {"nia/cg-300", "nia/cg-408"}


def test_sessions_that_did_not_help_are_counted(store: Store) -> None:
    found = matrix(store, "epidural-injection", "lumbar", ["wa-hca"])
    text = cell(found, "response to earlier procedures", "wa-hca").text
    assert "improvement' in all but at most 2 sessions, this one included, of epidural" in text
    assert "at most 3 sessions" in cell(found, "number of sessions", "wa-hca").text


def test_finer_class_is_asked_for_its_own_region(store: Store) -> None:
    found = matrix(store, "cervical-facet-joint-denervation")
    assert "100 percent" in cell(found, "response to earlier procedures", "wa-hca").text
    assert "80 percent" not in cell(found, "response to earlier procedures", "wa-hca").text


def test_payers_are_chosen_by_their_keys(store: Store) -> None:
    found = matrix(store, "facet-joint-denervation", "lumbar", ["wa-hca", "nia"])
    assert [c.key for c in found.columns] == ["wa-hca", "nia"]


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        (("facet-denervation",), "facet-joint-denervation"),
        (("facet-joint-denervation", "lumber"), "lumbar"),
        (("facet-joint-denervation", "lumbar", ["centeen"]), "centene"),
    ],
)
def test_slip_is_answered_with_the_nearest(store: Store, asked: tuple[str, ...], hint: str) -> None:
    with pytest.raises(InputError) as caught:
        matrix(store, *asked)  # type: ignore[arg-type]
    assert hint in caught.value.hint


# --- What is said of a whole procedure is what the reasoner finds ---------------------------

REQUEST = """
@prefix : <https://w3id.org/covergraph/requests/bare#> .
@prefix code: <https://w3id.org/covergraph/codes#> .
@prefix cov: <https://w3id.org/covergraph/ontology#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
:request a cov:CoverageRequest ; cov:dateOfService "2024-06-10"^^xsd:date ;
    cov:requestsProcedure :procedure ; cov:hasPatient :patient .
:procedure {asks} ; cov:treatsRegion cov:{region} .
:patient cov:hasPain :pain . :pain cov:inRegion cov:{region} .
"""
NECK_TO_LOW_BACK = ("CervicalRegion", "ThoracicRegion", "LumbarRegion")
LOW_BACK, JOINT = ("LumbarRegion",), ("SacroiliacRegion",)
BARE = (
    ("FacetJointInjection", "cov:hasProcedureCode code:64490", NECK_TO_LOW_BACK[:2]),
    ("FacetJointInjection", "cov:hasProcedureCode code:64493", LOW_BACK),
    ("FacetJointDenervation", "cov:hasKind code:facet-joint-denervation", NECK_TO_LOW_BACK),
    ("MedialBranchBlock", "cov:hasKind code:medial-branch-block", NECK_TO_LOW_BACK),
    ("SacroiliacJointInjection", "cov:hasKind code:sacroiliac-joint-injection", JOINT),
    ("SacroiliacJointDenervation", "cov:hasKind code:sacroiliac-joint-denervation", JOINT),
    ("SacroiliacJointFusion", "cov:hasKind code:sacroiliac-joint-fusion", JOINT),
    ("EpiduralInjection", "cov:hasKind code:epidural-injection", NECK_TO_LOW_BACK),
    ("InfusionPumpProcedure", "cov:hasKind code:infusion-pump-procedure", LOW_BACK),
    ("SpinalCordStimulation", "cov:hasKind code:spinal-cord-stimulation", LOW_BACK),
    ("SympatheticNerveBlock", "cov:hasKind code:sympathetic-nerve-block", LOW_BACK),
    ("IntradiscalTherapy", "cov:hasKind code:intradiscal-therapy", LOW_BACK),
    ("TriggerPointInjection", "cov:hasKind code:trigger-point-injection", LOW_BACK),
    ("Prolotherapy", "cov:hasKind code:prolotherapy", LOW_BACK),
    ("Acupuncture", "cov:hasKind code:acupuncture", LOW_BACK),
    ("SpinalImaging", "cov:hasKind code:spinal-imaging", NECK_TO_LOW_BACK),
    ("Discectomy", "cov:hasKind code:discectomy", LOW_BACK),
    ("SpinalDecompression", "cov:hasKind code:spinal-decompression", NECK_TO_LOW_BACK),
    ("DiscReplacement", "cov:hasKind code:disc-replacement", LOW_BACK),
)


def kinds(store: Store, procedure: NamedNode, region: NamedNode | None) -> dict[str, CellKind]:
    """Return what each policy that addresses it makes of a procedure, by its key."""
    reader = Reader(store)
    asked = AskedProcedure(reader, procedure, region)
    return {
        policy_key(policy): stance.kind
        for payer in payers(reader).values()
        for policy, stance in stances(asked, payer).items()
    }


@pytest.mark.parametrize(
    ("procedure", "asks", "region"),
    [(procedure, asks, region) for procedure, asks, regions in BARE for region in regions],
)
def test_stance_is_what_the_reasoner_makes_of_a_bare_request(
    store: Store, reasoner: Reasoner, procedure: str, asks: str, region: str
) -> None:
    held = kinds(store, COV[procedure], COV[region])
    request = reasoner.read(REQUEST.format(asks=asks, region=region).encode())
    for answer in reasoner.decide_all(request, every=True):
        kind = held.get(answer.selection.key, SILENT)
        best = answer.value.best if answer.value else None
        # Without a history a bare request may fail where another would not.
        expected = {
            SILENT: best is None,
            REFUSED: best in (Outcome.NOT_COVERED, Outcome.REVIEW),
            CellKind.JUDGEMENT: best is Outcome.REVIEW,
            ADDRESSED: best is not None,
        }[kind]
        assert expected, (answer.selection.key, kind, answer.decision, best)


def test_no_case_is_covered_against_its_stance(store: Store, reasoner: Reasoner) -> None:
    """What is covered is addressed and not refused; what is not addressed is out of scope."""
    known = set(classes(Reader(store)))
    found: dict[tuple[NamedNode, NamedNode | None], dict[str, CellKind]] = {}
    covered = 0
    for case in load_cases():
        facts = reasoner.read(case.request_ttl).triples
        ((_, procedure),) = facts.pairs(COV.requestsProcedure)
        region = facts.value(procedure, COV.treatsRegion)
        assert region is None or isinstance(region, NamedNode)
        told = set()
        for cls in facts.types(procedure):
            if isinstance(cls, NamedNode) and cls in known:
                if (cls, region) not in found:
                    found[cls, region] = kinds(store, cls, region)
                told.add(found[cls, region].get(policy_key(case.policy), SILENT))
        # A decompression with fusion is both, and one of the two may be refused alone.
        if case.expected_decision == COV.Covered:
            assert ADDRESSED in told, str(case)
            covered += 1
        if told == {SILENT} and case.expected_decision is not None:
            assert case.expected_decision == COV.OutOfScope, str(case)
    assert covered > 100


# --- How it is printed ---------------------------------------------------------------------


def printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int, *words: str
) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr("sys.argv", ["covergraph", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    return capsys.readouterr().out


LUMBAR = ("compare", "facet-joint-denervation", "--region", "lumbar")


@pytest.mark.parametrize("width", [80, 120, 200])
def test_table_fits_its_window_and_cuts_nothing_off(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    lumbar: Matrix,
    width: int,
) -> None:
    out = printed(monkeypatch, capsys, width, *LUMBAR)
    assert max(map(len, out.splitlines())) <= width
    assert "…" not in out
    letters = re.sub(r"[\s-]+", "", out)
    for column in lumbar.columns:
        assert column.label.split()[0] in out
    for section in ("II.B.1", "II.A.2"):
        assert section in letters


def test_table_is_one_block_where_the_window_is_wide(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wide = printed(monkeypatch, capsys, 200, *LUMBAR)
    narrow = printed(monkeypatch, capsys, 80, *LUMBAR)
    assert wide.count("concern") == 1
    assert narrow.count("concern") > 1


def test_csv_markdown_and_json_hold_the_same_cells(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], lumbar: Matrix
) -> None:
    out = printed(monkeypatch, capsys, 80, *LUMBAR, "--format", "csv")
    rows = list(csv.reader(io.StringIO(out)))
    assert rows[0] == ["concern", *PAYERS]
    assert [r[1:] for r in rows[1:]] == [[c.text for c in r.cells] for r in lumbar.rows]
    told = json.loads(printed(monkeypatch, capsys, 80, *LUMBAR, "--format", "json"))
    assert [r["label"] for r in told["rows"]] == [r.label for r in lumbar.rows]
    marked = printed(monkeypatch, capsys, 80, *LUMBAR, "--format", "markdown").splitlines()
    assert len(marked) == len(lumbar.rows) + 4
    assert {line.count(" | ") for line in marked[4:]} == {len(PAYERS)}


def test_overview_of_every_policy_comes_before_the_decisions(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(knowledge().root / "data/examples/repeat-neurotomy-too-early.ttl")
    out = printed(monkeypatch, capsys, 120, "decide", file, "--all")
    overview, _, rest = out.partition("edition of")
    assert "centene/cp-mp-171" in overview and "II.B.1" in overview
    assert "ask again from 2024-05-13" in overview
    assert "nia/cg-302" in overview and "to be documented" in overview
    assert "Out of scope: nhs-gm/gm070" in overview
    assert "NOT COVERED" in rest


@pytest.mark.parametrize(
    ("written", "words"),
    [("P14D", "2 weeks"), ("P32D", "32 days"), ("P1Y", "12 months"), ("P19Y", "19 years")],
)
def test_periods_read_as_documents_write_them(written: str, words: str) -> None:
    assert period(written) == words


def test_brackets_go_only_when_they_are_around_the_whole() -> None:
    assert bare("(a and b)") == "a and b"
    assert bare("(a) or (b)") == "(a) or (b)"


def test_reader_asks_only_for_named_nodes(store: Store) -> None:
    reader = Reader(store)
    assert all(isinstance(p, NamedNode) for p in payers(reader).values())
