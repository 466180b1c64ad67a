"""What the command line refuses: one line, and an exit status that says whose fault it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from covergraph.engine import Reasoner
from covergraph.errors import KnowledgeError
from tests.commands import Run, file, refused
from tests.variations import CENTENE, EARLY, GM070, SACROILIAC, Change, example


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
