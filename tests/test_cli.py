"""The command line: who decides what, in which format, and the other commands."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
import rdflib
from pyoxigraph import RdfFormat, parse, serialize

from covergraph.authoring.lint import Finding
from covergraph.engine import Reasoner
from covergraph.namespaces import COV
from covergraph.version import engine_version
from tests.commands import Ran, Run, decisions, file, refused, started, unwrapped
from tests.variations import CENTENE, EARLY, FACET_NHS, GM070, SACROILIAC, example

KEYS = {
    "request", "policy", "edition", "decision", "worst", "best",
    "deciding", "criteria", "missing", "earliest", "receipt",
}  # fmt: skip


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


@pytest.mark.parametrize("option", ["--judge", "--engine"])
def test_judge_is_chosen_by_either_name(run: Run, option: str) -> None:
    """The older one is not shown."""
    told = decisions(run("decide", file(EARLY), option, "compiled", "--format", "json"))
    assert told[0]["receipt"]["engine"]["judge"] == "compiled"
    assert run("decide", file(EARLY), option, "oracle").status == 2
    assert (option in run("decide", "--help").out) is (option == "--judge")


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


def test_policies_as_data_says_from_when_to_when(run: Run, reasoner: Reasoner) -> None:
    found = decisions(run("policies", "--format", "json"))
    assert [f["key"] for f in found] == [
        key for key, editions in reasoner.catalogue.editions.items() for _ in editions
    ]
    (first,) = (f for f in found if f["key"] == CENTENE)
    assert first == {
        "key": CENTENE,
        "payer": "centene",
        "label": reasoner.catalogue.edition_of(CENTENE).label,
        "edition": "2019-07-01",
        "inForceFrom": "2019-07-01",
        "inForceUntil": None,
    }
    assert any(f["inForceUntil"] for f in found)
    rows = list(csv.DictReader(io.StringIO(run("policies", "--format", "csv").out)))
    assert rows == [{k: v or "" for k, v in f.items()} for f in found]
    refused(run("policies", "--format", "xml"), "xml", "json")


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
