"""What comes from outside at the edges of the program: days too far ahead, endless queries, disks
that are full, and names that are nobody's business."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from covergraph.batch.decider import Decider, Question
from covergraph.batch.records import Record
from covergraph.engine import Reasoner
from covergraph.errors import InputError
from covergraph.formats import JSON_LD, TURTLE
from covergraph.request.horizon import SETTING, horizon, refuse_beyond
from tests.commands import ROOT, Run, file, refused
from tests.variations import EARLY, FIRST_BLOCK, example

# --- Days -----------------------------------------------------------------------------------


def test_horizon_is_the_end_of_a_year() -> None:
    assert horizon(date(2024, 6, 10), {}) == date(2029, 12, 31)
    assert horizon(date(2024, 6, 10), {SETTING: "0"}) == date(2024, 12, 31)
    for wrong in ("-1", "five", "101", "99999999999999999999", ""):
        with pytest.raises(InputError, match=SETTING):
            horizon(date(2024, 6, 10), {SETTING: wrong})
    refuse_beyond(date(2024, 12, 31), date(2024, 12, 31))
    with pytest.raises(InputError, match="too far ahead"):
        refuse_beyond(date(2025, 1, 1), date(2024, 12, 31))


def test_service_too_far_ahead_is_refused(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stated = tmp_path / "request.ttl"
    stated.write_bytes(example(FIRST_BLOCK))
    ahead = f"{date.today().year + 6}-01-01"
    refused(run("decide", stated, "--date", ahead), "--date", "too far ahead")
    monkeypatch.setenv(SETTING, "6")
    assert run("decide", stated, "--date", ahead, "--all").status == 0


@pytest.mark.parametrize("day", ["2024-W30-1", "20240713", "2024-7-13", "2024-07-13T00:00"])
def test_day_is_written_in_one_way(run: Run, day: str) -> None:
    refused(run("decide", file(EARLY), "--date", day), "--date", "YYYY-MM-DD")


# --- Queries --------------------------------------------------------------------------------


def test_query_has_a_time_limit(run: Run, tmp_path: Path) -> None:
    crossed = " ".join(f"?s{n} ?p{n} ?o{n} ." for n in range(5))
    path = tmp_path / "endless.rq"
    path.write_text(f"SELECT (COUNT(*) AS ?n) WHERE {{ {crossed} }}")
    began = time.monotonic()
    refused(run("query", path, "--seconds", "1"), "longer than 1 seconds", "--seconds")
    assert time.monotonic() - began < 120
    path.write_text("SELECT ?x WHERE { VALUES ?x { 1 2 } }")
    assert "2 rows" in run("query", path, "--seconds", "60").out


# --- Disks ----------------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is full")
def test_full_disk_is_told_in_a_line() -> None:
    with open("/dev/full", "wb") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "covergraph.cli", "decide", file(EARLY), "--format", "json"],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert ran.returncode == 1
    assert ran.stderr == "covergraph: standard output: no space left on device\n"


# --- Names ----------------------------------------------------------------------------------

SECRET = "MRN-7731-DOE"
PREFIXES = f"""
@prefix cov: <https://w3id.org/covergraph/ontology#> .
@prefix code: <https://w3id.org/covergraph/codes#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix x: <http://clinic.example/{SECRET}/> .
x:r a cov:CoverageRequest ; cov:dateOfService "2024-06-10"^^xsd:date ;
    cov:hasPatient x:p ; cov:requestsProcedure x:q . x:q cov:hasProcedureCode code:64493 .
"""
IN_TURTLE = [
    f"x:p cov:hasDiagnosis code:{SECRET} .",
    f"x:p cov:hasDiagnosis <http://clinic.example/{SECRET}> .",
    f"x:p cov:affirms cov:{SECRET} .",
    f"x:p cov:{SECRET} 1 .",
    f"x:p x:{SECRET} 1 .",
    f"x:p owl:{SECRET} 1 .",
    f"x:p a x:{SECRET} .",
    f"x:p a owl:{SECRET} .",
    f"x:p cov:hasPain x:{SECRET} . x:{SECRET} cov:averagePainScore 99 .",
    f"_:{SECRET} cov:averagePainScore 5 .",
    f"x:p cov:underwent [ cov:hasProcedureCode code:{SECRET} ] .",
    f"x:p cov:hasPain <{SECRET}:x> .",
    f"x:p cov:hasPain <{SECRET.lower()}:x> .",
    f"x:p cov:hasPatient x:{SECRET} .",
]
IN_JSON = [
    {SECRET: 1},
    {"type": "CoverageRequest", SECRET: 1},
    {"type": "CoverageRequest", "hasPatient": {SECRET: {"birthDate": None}}},
    {"type": "CoverageRequest", "hasPatient": {"birthDate": None, SECRET: []}},
    {"type": SECRET},
    {"@context": {SECRET: "@nest"}, "type": "CoverageRequest"},
    {"@context": {f"@{SECRET}": "x"}},
    {f"@{SECRET}": 1},
    {f"{SECRET} with blanks": 1},
]


@pytest.mark.parametrize("form", ["turtle", "json"])
def test_reject_repeats_no_name_that_is_none_of_ours(reasoner: Reasoner, form: str) -> None:
    decider = Decider(reasoner, Question(every=True))
    if form == "turtle":
        records = [(TURTLE.read_as, (PREFIXES + said).encode()) for said in IN_TURTLE]
    else:
        records = [(JSON_LD.read_as, json.dumps(said).encode()) for said in IN_JSON]
    for number, (read_as, data) in enumerate(records, start=1):
        found = decider.outcome(Record("a", number, 1, 0, read_as, data))
        (line,) = found.rejects
        told = json.loads(line)
        assert told["fault"] == "input", line
        assert SECRET.lower() not in line.lower(), line
        with pytest.raises(InputError):
            reasoner.read(data, media_type=None)


def test_desk_is_told_the_name(reasoner: Reasoner) -> None:
    with pytest.raises(InputError, match=SECRET):
        reasoner.read((PREFIXES + IN_TURTLE[0]).encode())
