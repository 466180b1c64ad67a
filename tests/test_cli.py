"""The command line: what it prints, what it refuses, and with which exit status.

Most commands run in this process, with the reasoner that the tests share; a few run as a
person runs them, in a process of their own.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import rdflib
from pyoxigraph import RdfFormat, parse, serialize

from covergraph import cli
from covergraph.authoring.lint import Finding
from covergraph.decision.decide import Decision
from covergraph.engine import Answer, Reasoner
from covergraph.errors import KnowledgeError
from covergraph.namespaces import COV
from covergraph.render.data import Recorder
from covergraph.render.text import Renderer, show
from covergraph.version import engine_version
from tests.variations import (
    CENTENE,
    EARLY,
    EXAMPLES,
    FACET_NHS,
    FIRST_BLOCK,
    GAPS,
    GM070,
    ROOT,
    SACROILIAC,
    THORACIC,
    Change,
    example,
)

NAMES = [GAPS, FIRST_BLOCK, FACET_NHS, EARLY, SACROILIAC, THORACIC]
KEYS = {
    "request", "policy", "edition", "decision", "worst", "best",
    "deciding", "criteria", "missing", "earliest", "receipt",
}  # fmt: skip
# What a person in prior authorization need not know.
JARGON = re.compile(r"https?:|\b(cov|sh|code|xsd|rdf):|\b(shape|triple|graph|SHACL|None|True)\b")


class Ran(NamedTuple):
    """What a command printed and returned."""

    status: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(
    reasoner: Reasoner, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Run the command line in this process."""
    monkeypatch.setattr("covergraph.engine.Reasoner", lambda **_: reasoner)
    monkeypatch.setenv("COLUMNS", "80")

    def run(*words: str | Path, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "argv", ["covergraph", *map(str, words)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        try:
            cli.main()
            status = 0
        except SystemExit as exit_:
            status = exit_.code if isinstance(exit_.code, int) else 0
        return Ran(status, *capsys.readouterr())

    return run


def file(name: str) -> str:
    return str(EXAMPLES / f"{name}.ttl")


def unwrapped(text: str) -> str:
    """Return text as one line, without the branches of a tree."""
    return re.sub(r"[│├└─\s]+", " ", text)


def decisions(ran: Ran) -> list[dict[str, Any]]:
    assert (ran.status, ran.err) == (0, "")
    found = json.loads(ran.out)
    assert isinstance(found, list)
    return found


def refused(ran: Ran, *parts: str) -> None:
    """Check that a command failed on its input, with one line that says all the parts."""
    assert ran.status == 2
    assert ran.out == ""
    assert ran.err.startswith("covergraph: ") and ran.err.count("\n") == 1, ran.err
    for part in parts:
        assert part in ran.err, (part, ran.err)


# --- What is decided ----------------------------------------------------------------------


def test_file_is_decided_under_the_payer_that_it_names(run: Run) -> None:
    (told,) = decisions(run("decide", file(EARLY), "--format", "json"))
    assert told.keys() >= KEYS
    assert told["request"].endswith("/repeat-neurotomy-too-early#request")
    assert (told["policy"], told["edition"]) == (CENTENE, "2019-07-01")
    assert (told["decision"], told["worst"], told["best"]) == ("not-covered",) * 3
    assert [c["criterion"].rpartition("#")[2] for c in told["deciding"]] == ["neurotomy-spacing"]
    assert told["deciding"][0]["citations"][0]["section"] == "II.B.1"
    assert (told["earliest"], told["missing"]) == ("2024-05-13", [])
    assert told["criteria"] and told["receipt"]["verdicts"]


def test_several_files_are_decided_in_their_order(run: Run) -> None:
    told = decisions(run("decide", file(SACROILIAC), file(EARLY), "--format", "json"))
    assert [t["decision"] for t in told] == ["covered", "not-covered"]
    text = run("decide", file(SACROILIAC), file(EARLY)).out
    assert text.index("sacroiliac-injection.ttl") < text.index("repeat-neurotomy-too-early.ttl")


@pytest.mark.parametrize("form", [RdfFormat.TURTLE, RdfFormat.N_TRIPLES, RdfFormat.JSON_LD])
def test_standard_input_is_read_in_any_format(run: Run, form: RdfFormat) -> None:
    stdin = serialize(parse(example(SACROILIAC), format=RdfFormat.TURTLE), format=form)
    assert isinstance(stdin, bytes)
    (told,) = decisions(run("decide", "-", "--format", "json", stdin=stdin))
    assert told["decision"] == "covered"


def test_standard_input_stands_among_files(run: Run) -> None:
    ran = run("decide", "-", file(EARLY), stdin=example(SACROILIAC))
    assert ran.status == 0
    assert "standard input, date of service 2023-11-20" in unwrapped(ran.out)
    assert f"{EARLY}.ttl, date of service 2024-04-15" in unwrapped(ran.out)


@pytest.mark.parametrize(
    ("options", "policies"),
    [
        (("--policy", GM070), [GM070]),
        (("--policy", f"{GM070}@2019-08-01"), [GM070]),
        (("--payer", "nhs-gm"), [GM070]),
        (("--plan", "nhs-gm/commissioned-care"), [GM070]),
        (("--payer", "centene"), [CENTENE]),
    ],
)
def test_policy_payer_plan_and_all_choose_who_decides(
    run: Run, options: tuple[str, ...], policies: list[str]
) -> None:
    told = decisions(run("decide", file(FACET_NHS), *options, "--format", "json"))
    assert [t["policy"] for t in told] == policies


def test_all_decides_under_every_policy(run: Run, reasoner: Reasoner) -> None:
    told = decisions(run("decide", file(FACET_NHS), "--all", "--format", "json"))
    assert [t["policy"] for t in told] == reasoner.catalogue.policy_keys()


@pytest.mark.parametrize(
    "options",
    [
        ("--policy", GM070, "--payer", "centene"),
        ("--payer", "centene", "--plan", "centene/health-plan"),
        ("--all", "--policy", GM070),
    ],
)
def test_options_that_say_who_decides_exclude_each_other(
    run: Run, options: tuple[str, ...]
) -> None:
    refused(run("decide", file(FACET_NHS), *options), "exclude")


def test_date_moves_the_date_of_service(run: Run) -> None:
    for day, decision in (("2024-05-12", "not-covered"), ("2024-05-13", "covered")):
        (told,) = decisions(run("decide", file(EARLY), "--date", day, "--format", "json"))
        assert told["decision"] == decision
        assert told["receipt"]["dateOfService"] == day
    text = run("decide", file(EARLY), "--date", "2024-05-13").out
    assert "date of service 2024-05-13" in unwrapped(text)


def test_date_before_what_the_request_states_is_refused(run: Run) -> None:
    refused(run("decide", file(EARLY), "--date", "2024-04-01"), EARLY, "date")


@pytest.mark.parametrize("day", ["tomorrow", "2024-02-30", "13/05/2024", "2024-5-1", ""])
def test_date_that_is_none_is_refused(run: Run, day: str) -> None:
    refused(run("decide", file(EARLY), "--date", day), "--date")


# --- Formats --------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")
def test_every_rdf_format_reads_back(run: Run, reasoner: Reasoner) -> None:
    """Two parsers find the same triples in both, and the decisions of two requests among them."""
    found = []
    for form, syntax in (("turtle", RdfFormat.TURTLE), ("jsonld", RdfFormat.JSON_LD)):
        ran = run("decide", file(EARLY), file(SACROILIAC), "--all", "--format", form)
        assert (ran.status, ran.err) == (0, "")
        name = {"turtle": "turtle", "jsonld": "json-ld"}[form]
        graph = rdflib.Graph().parse(data=ran.out, format=name)
        decided = list(graph.subjects(rdflib.URIRef(COV.hasOutcome.value)))
        assert len(decided) == 2 * len(reasoner.catalogue.editions)
        found += [set(graph), {str(t) for t in parse(ran.out, format=syntax)}]
    assert found[0] == found[2] and found[1] == found[3]
    assert len(found[0]) == len(found[1])


def test_shacl_format_is_one_report_for_each_decision(run: Run) -> None:
    ran = run("decide", file(EARLY), file(SACROILIAC), "--format", "shacl")
    assert (ran.status, ran.err) == (0, "")
    report = rdflib.Graph().parse(data=ran.out, format="turtle")
    conforms = [o.toPython() for o in report.objects(None, rdflib.SH.conforms)]
    assert sorted(conforms) == [False, True]
    assert len(list(report.subjects(rdflib.RDF.type, rdflib.SH.ValidationReport))) == 2


def test_format_that_does_not_exist_is_a_fault_of_the_input(run: Run) -> None:
    ran = run("decide", file(EARLY), "--format", "xml")
    assert ran.status == 2 and ran.out == ""
    assert "xml" in ran.err and "turtle" in ran.err


# --- Input at fault ---------------------------------------------------------------------------


def test_unknown_keys_suggest_the_nearest(run: Run) -> None:
    refused(run("decide", file(EARLY), "--policy", "centene/cp.mp.171"), CENTENE)
    refused(run("decide", file(EARLY), "--payer", "nhs"), "nhs-gm")
    refused(run("decide", file(EARLY), "--plan", "centene/plan"), "centene/health-plan")
    refused(run("policy", "nhs-gm/gm07"), GM070)
    refused(run("policy", f"{GM070}@2020-01-01"), "2019-08-01")
    refused(run("decide", file(EARLY), "--policy", f"{GM070}@2020-01-01"), "2019-08-01")


def test_file_that_cannot_be_read_is_named(run: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty.ttl"
    empty.touch()
    refused(run("decide", tmp_path / "nowhere.ttl"), "nowhere.ttl")
    refused(run("decide", empty), "empty.ttl", "empty")
    refused(run("decide", tmp_path), str(tmp_path))
    refused(run("decide", "-"), "standard input", "empty")


BAD: dict[str, tuple[Change, ...]] = {
    "broken Turtle": (("cov:hasPatient :patient .", "cov:hasPatient :patient"),),
    "no request": (("a cov:CoverageRequest ;", ""),),
    "two requests": ((":patient cov:hasDiagnosis", ":other a cov:CoverageRequest .\n:patient "
                      "cov:hasDiagnosis"),),
    "an unknown code": (("code:64635 , code:64636", "code:99999"),),
    "a code and a region that contradict": (
        ("cov:performedBy", "cov:treatsRegion cov:SacroiliacRegion ; cov:performedBy"),
    ),
    "a day that there is not": (("2024-04-15", "2024-02-30"),),
    "an earlier procedure without a date": (
        ('    cov:performedOn "2023-11-13"^^xsd:date ;\n', ""),
    ),
    "an earlier procedure after the service": (("2023-11-13", "2024-05-13"),),
    "a fact affirmed and denied": (
        ("cov:affirms cov:Fun", "cov:denies cov:FunctionalImprovement ; cov:affirms cov:Fun"),
    ),
    "a negative relief": (("cov:reliefPercent 70", "cov:reliefPercent -1"),),
    "more than all of the pain": (("cov:reliefPercent 70", "cov:reliefPercent 101"),),
    "a word for a number": (("cov:reliefPercent 70", 'cov:reliefPercent "seventy"'),),
    "not a number": (("cov:reliefPercent 70", 'cov:reliefPercent "NaN"^^xsd:double'),),
    "a class": ((":patient cov:has", ":X a <http://www.w3.org/2002/07/owl#Class> .\n:patient "
                 "cov:has"),),
    "a type that only classification gives": (
        (":neurotomy cov:has", ":neurotomy a cov:FacetJointDenervation ; cov:has"),
    ),
    "a derived fact": ((":patient cov:has", ":request cov:concernsPain :p .\n:patient cov:has"),),
}  # fmt: skip


@pytest.mark.parametrize("changes", BAD.values(), ids=BAD)
def test_bad_request_is_refused_in_one_line(
    run: Run, tmp_path: Path, changes: tuple[Change, ...]
) -> None:
    path = tmp_path / "bad.ttl"
    path.write_bytes(example(EARLY, *changes))
    refused(run("decide", path, "--format", "json"), f"{path}: ")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("remote.jsonld", '{"@context": "https://example.org/context", "@id": "x:y"}'),
        ("markup.rdf", '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e "e">]><r>&e;</r>'),
        ("page.ttl", "<!doctype html><html><body>Not found</body></html>"),
        ("list.json", "[1, 2"),
        ("what.csv", "a,b\n1,2\n"),
        ("no-prefix.ttl", "cov:a cov:b cov:c ."),
    ],
)
def test_what_is_no_request_is_refused_in_one_line(
    run: Run, tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text)
    refused(run("decide", tmp_path / name), name)


def test_request_that_names_no_payer_is_told_what_to_name(run: Run) -> None:
    payer = "cov:underPayer <https://w3id.org/covergraph/policies/centene#payer> ;"
    ran = run("decide", "-", stdin=example(EARLY, (payer, "")))
    refused(ran, "standard input", "policy")


@pytest.mark.parametrize("form", ["text", "json", "turtle", "jsonld", "shacl"])
def test_one_bad_file_among_good_ones_leaves_no_output(run: Run, tmp_path: Path, form: str) -> None:
    bad = tmp_path / "bad.ttl"
    bad.write_text("no Turtle")
    refused(run("decide", file(EARLY), bad, file(SACROILIAC), "--format", form), "bad.ttl")
    # It parses, and contradicts itself only once it is classified.
    bad.write_bytes(example(EARLY, ("cov:L4-L5 , cov:L5-S1", "cov:L4-L5 , cov:T6-T7")))
    refused(run("decide", file(SACROILIAC), bad, "--format", form), "bad.ttl")


def test_fault_of_the_program_is_told_from_one_of_the_input(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> Reasoner:
        raise KnowledgeError("a policy lacks its target class")

    monkeypatch.setattr("covergraph.engine.Reasoner", broken)
    ran = run("decide", file(EARLY))
    assert ran.status == 1 and ran.out == ""
    assert ran.err == "covergraph: a policy lacks its target class\n"


def test_call_without_a_request_is_a_fault_of_the_input(run: Run) -> None:
    assert run("decide").status == 2
    assert run("nonsense").status == 2
    assert run("policy").status == 2


# --- Text for people --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def answers(reasoner: Reasoner) -> list[Answer]:
    """Every example under every policy, judged once."""
    found = []
    for name in NAMES:
        request = reasoner.read(example(name), name=f"{name}.ttl")
        found += reasoner.decide_all(request, every=True)
    return found


def text_of(
    reasoner: Reasoner,
    answer: Answer,
    width: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    capsys.readouterr()
    show(Renderer(Recorder(reasoner.knowledge)).answer(answer))
    return capsys.readouterr().out


@pytest.mark.parametrize("width", [80, 60])
def test_nothing_is_cut_off(
    reasoner: Reasoner,
    answers: list[Answer],
    width: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Every word of every deciding criterion is there, on lines no longer than asked."""
    for answer in answers:
        text = text_of(reasoner, answer, width, monkeypatch, capsys)
        assert max(map(len, text.splitlines())) <= width
        assert "…" not in text and "..." not in text
        words = set(text.split())
        for criterion in answer.deciding:
            assert words.issuperset(criterion.label.split()), criterion.name
            for citation in criterion.citations:
                assert all(word in text for word in citation.section.split())


def test_text_speaks_the_language_of_prior_authorization(
    reasoner: Reasoner,
    answers: list[Answer],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for answer in answers:
        text = text_of(reasoner, answer, 80, monkeypatch, capsys)
        assert not JARGON.search(text), JARGON.search(text)
        decision = answer.decision.name.replace("_", " ")
        others = {d.name.replace("_", " ") for d in Decision} - {decision}
        line = next(line for line in text.splitlines() if line.startswith(decision))
        assert not any(line.startswith(other) for other in others if len(other) > len(decision))
        policy = answer.policy or answer.selection.considered[-1].policy
        assert policy.label.split(":")[0] in text


def test_text_says_what_to_do(run: Run) -> None:
    """What is missing, when to ask again, which way is left, how it is paid."""
    gaps = run("decide", file(GAPS)).out
    assert "NEEDS INFORMATION" in gaps
    assert "at best covered" in gaps and "at worst not covered" in gaps
    for words in ("documented", "I.A.3 (second)", "imaging studies", "2024-01-22", "relief"):
        assert words in gaps, words
    early = run("decide", file(EARLY)).out
    for words in ("NOT COVERED", "II.B.1", "at least 6 months", "2023-11-13", "2024-05-13"):
        assert words in early, words
    nhs = run("decide", file(FACET_NHS)).out
    for words in ("NOT COVERED", "New patients: Lumbar", "individual funding request"):
        assert words in nhs, words
    assert "COVERED, with individual prior approval" in run("decide", file(SACROILIAC)).out
    assert "OUT OF SCOPE" in run("decide", file(SACROILIAC), "--payer", "centene").out
    first = run("decide", file(FIRST_BLOCK)).out
    assert "\nCOVERED" in first and "edition of 2019-07-01" in first


def test_piped_text_is_plain(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    for words in (["decide", *map(file, NAMES), "--all"], ["policies"], ["policy", GM070]):
        text = run(*words).out
        assert "\x1b" not in text
        assert all(line == line.rstrip() for line in text.splitlines())
        assert text.endswith("\n")


# --- The other commands -------------------------------------------------------------------------


@pytest.mark.parametrize("width", ["80", "120"])
def test_policies_lists_both_with_payer_and_dates(
    run: Run, monkeypatch: pytest.MonkeyPatch, width: str
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    ran = run("policies")
    assert (ran.status, ran.err) == (0, "")
    for words in (CENTENE, "Centene", "2019-07-01", GM070, "NHS Greater", "2019-08-01"):
        assert words in ran.out, words
    assert max(map(len, ran.out.splitlines())) <= int(width)


@pytest.mark.parametrize("key", [CENTENE, GM070, f"{CENTENE}@2019-07-01"])
def test_policy_shows_every_criterion_with_section_and_reading(
    run: Run, reasoner: Reasoner, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    ran = run("policy", key)
    assert (ran.status, ran.err) == (0, "")
    text = unwrapped(ran.out)
    policy = reasoner.catalogue.edition_of(key)
    assert policy.label in text and policy.edition in text
    shown = {*policy.exclusions, policy.applies_when, *policy.root.members} - {None}
    while shown:
        criterion = shown.pop()
        shown.update(criterion.members)
        assert criterion.label in text, criterion.name
        assert criterion.interpretation in text, criterion.name
        assert all(c.section in text for c in criterion.citations), criterion.name
        if criterion.route:
            assert criterion.route.label in text, criterion.name
        if criterion.route and criterion.route.grounds:
            assert criterion.route.grounds.label in text, criterion.name


def test_policy_tree_fits_the_page(run: Run) -> None:
    for key in (CENTENE, GM070):
        text = run("policy", key).out
        assert max(map(len, text.splitlines())) <= 80
        assert "…" not in text


def test_lint_exits_by_what_it_finds(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("covergraph.authoring.lint.lint", lambda knowledge: [])
    assert run("lint") == Ran(0, "0 findings\n", "")
    found = Finding("shapes/policies/a/b/2020-01-01.ttl", ":spacing", "citation", "cites nothing")
    monkeypatch.setattr("covergraph.authoring.lint.lint", lambda knowledge: [found])
    ran = run("lint")
    assert ran.status == 1
    line, count = ran.out.splitlines()
    assert all(part in line for part in (found.file, found.subject, found.rule, found.message))
    assert count == "1 finding"


def test_version_is_that_of_the_distribution(run: Run) -> None:
    assert run("--version") == Ran(0, f"covergraph {engine_version()}\n", "")


def test_help_names_every_command(run: Run) -> None:
    ran = run("--help")
    assert ran.status == 0
    for command in ("decide", "policies", "policy", "lint", "ontology"):
        assert command in ran.out


# --- In a process of its own ----------------------------------------------------------------------


def started(
    *words: str, cwd: Path = ROOT, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "covergraph.cli", *words],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        env={k: v for k, v in os.environ.items() if k != "COLUMNS"},
        check=False,
    )


def test_program_decides_from_anywhere(tmp_path: Path) -> None:
    ran = started("decide", "-", "--format", "json", cwd=tmp_path, stdin=example(SACROILIAC))
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert [d["decision"] for d in json.loads(ran.stdout)] == ["covered"]


def test_program_prints_plain_text_of_80_columns_into_a_pipe() -> None:
    ran = started("decide", file(EARLY))
    assert (ran.returncode, ran.stderr) == (0, b"")
    lines = ran.stdout.decode().splitlines()
    assert max(map(len, lines)) <= 80
    assert b"\x1b" not in ran.stdout and all(line == line.rstrip() for line in lines)


def test_program_fails_in_one_line_without_a_traceback() -> None:
    ran = started("decide", file(EARLY), "-", stdin=b"@prefix")
    assert (ran.returncode, ran.stdout) == (2, b"")
    assert ran.stderr.startswith(b"covergraph: standard input") and ran.stderr.count(b"\n") == 1
