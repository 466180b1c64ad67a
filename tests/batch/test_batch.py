"""A batch gives the decisions that deciding one by one gives, in the order of its input."""

from __future__ import annotations

import gzip
import json
import re
from datetime import date
from pathlib import Path

import pytest

from covergraph.engine import Reasoner
from covergraph.errors import InputError
from covergraph.render.data import Recorder
from tests.batch import many_requests
from tests.batch.many_requests import numbered, triples_of
from tests.batch.runs import (
    CASES,
    FACET,
    contents,
    decided,
    decisions,
    json_lines,
    quads,
    rejects,
    table,
    turtle,
    written,
)

SECRET = "secret-7391"


def test_batch_decides_as_one_by_one(reasoner: Reasoner, tmp_path: Path) -> None:
    count = 12
    decided(reasoner, tmp_path / "out", written(tmp_path / "a.nq", *quads(count)))
    recorder = Recorder(reasoner.knowledge)
    expected = []
    for request in turtle(count):
        (answer,) = reasoner.decide_all(reasoner.read(request), policy=FACET)
        expected.append(recorder.answer(answer))
    found = decisions(tmp_path / "out")
    assert len({d["decision"] for d in found}) > 2
    for n, (one, many) in enumerate(zip(expected, found, strict=True)):
        for key in ("request", "policy", "edition", "decision", "worst", "best", "reason"):
            assert many[key] == one[key]
        assert many["deciding"] == [c["criterion"] for c in one["deciding"]]
        assert many["missing"] == [[c["criterion"] for c in way] for way in one["missing"]]
        assert many["record"] == n + 1 and many["source"] == str(tmp_path / "a.nq")
    assert table(tmp_path / "out" / "decisions.parquet") == found
    assert rejects(tmp_path / "out") == []


def test_every_format_gives_the_same_decisions(reasoner: Reasoner, tmp_path: Path) -> None:
    count = 5
    for n, request in enumerate(turtle(count)):
        written(tmp_path / "folder" / f"{n}.ttl", request)
    inputs = {
        "quads": written(tmp_path / "a.nq.gz", gzip.compress(b"".join(quads(count)))),
        "lines": written(tmp_path / "a.ndjson", *json_lines(count)),
        "folder": tmp_path / "folder",
    }
    found = {}
    for name, path in inputs.items():
        decided(reasoner, tmp_path / "out" / name, path)
        found[name] = [
            {k: v for k, v in d.items() if k not in ("source", "record")}
            for d in decisions(tmp_path / "out" / name)
        ]
    assert len(found["quads"]) == count
    assert found["quads"] == found["lines"] == found["folder"]


def test_order_is_that_of_the_input_whatever_decides(reasoner: Reasoner, tmp_path: Path) -> None:
    path = written(tmp_path / "a.nq", *quads(11), b"nonsense\n")
    outs = []
    for jobs in (1, 3):
        out = tmp_path / str(jobs)
        decided(reasoner, out, path, jobs=jobs, chunk=2)
        outs.append(contents(out))
    assert outs[0] == outs[1]
    assert [d["record"] for d in decisions(tmp_path / "3")] == list(range(1, 11))
    assert [r["record"] for r in rejects(tmp_path / "3")] == [11]


def test_plain_requests_without_a_name_are_told_apart_by_their_place(
    reasoner: Reasoner, tmp_path: Path
) -> None:
    plain = {
        "type": "CoverageRequest",
        "dateOfService": "2022-09-19",
        "requestsProcedure": {"hasProcedureCode": "code:64635"},
        "hasPatient": {"hasDiagnosis": "code:M47.816"},
    }
    path = written(tmp_path / "a.ndjson", (json.dumps(plain) + "\n").encode() * 2)
    report = decided(reasoner, tmp_path / "out", path)
    found = decisions(tmp_path / "out")
    assert [(d["request"], d["record"], d["repeated"]) for d in found] == [
        (None, 1, False),
        (None, 2, False),
    ], rejects(tmp_path / "out")
    assert report.summary["repeated"] == 0


def test_whoever_is_asked_answers(reasoner: Reasoner, tmp_path: Path) -> None:
    path = written(tmp_path / "a.nq", *quads(1))
    decided(reasoner, tmp_path / "all", path, every=True)
    keys = [d["policy"] for d in decisions(tmp_path / "all")]
    assert keys == list(reasoner.catalogue.editions)
    decided(reasoner, tmp_path / "payer", path, payer=FACET.partition("/")[0])
    assert [d["policy"] for d in decisions(tmp_path / "payer")] == [FACET]
    # The cases name no payer, so without a key nobody decides, and each record says so.
    decided(reasoner, tmp_path / "none", path, policy=None)
    assert "whose policy" in rejects(tmp_path / "none")[0]["reason"]


def test_another_date_of_service_decides(reasoner: Reasoner, tmp_path: Path) -> None:
    path = written(tmp_path / "a.nq", *quads(2))
    decided(reasoner, tmp_path / "out", path, policy=FACET, on=date(2030, 1, 1))
    assert {d["date"] for d in decisions(tmp_path / "out")} == {"2030-01-01"}
    decided(reasoner, tmp_path / "early", path, policy=FACET, on=date(2001, 1, 1))
    assert len(rejects(tmp_path / "early")) == 2


def test_summary_counts_what_is_there(reasoner: Reasoner, tmp_path: Path) -> None:
    path = written(tmp_path / "a.nq", *quads(9), b"nonsense\n")
    report = decided(reasoner, tmp_path / "out", path)
    assert json.loads((tmp_path / "out" / "summary.json").read_text()) == report.summary
    assert (report.summary["records"], report.summary["decided"]) == (9, 8)
    assert report.summary["faults"] == {"input": 1}
    told = {(d["policy"], d["decision"]): d["requests"] for d in report.summary["decisions"]}
    for (policy, decision), n in told.items():
        found = [d for d in decisions(tmp_path / "out") if d["decision"] == decision]
        assert policy == FACET and len(found) == n
    assert sum(told.values()) == 8


# --- Bad records --------------------------------------------------------------------------------


def test_bad_records_are_refused_and_the_rest_decided(reasoner: Reasoner, tmp_path: Path) -> None:
    good = json_lines(2)
    bad = [
        b'{"dateOfService": "%b"}\n' % SECRET.encode(),
        b"[1, 2\n",
        b"\xff\xfe\n",
        b'{"unheardOf": "%b"}\n' % SECRET.encode(),
    ]
    path = written(tmp_path / "a.ndjson", good[0], *bad, good[1])
    report = decided(reasoner, tmp_path / "out", path)
    assert [d["record"] for d in decisions(tmp_path / "out")] == [1, 6]
    found = rejects(tmp_path / "out")
    assert [(r["record"], r["line"], r["fault"]) for r in found] == [
        (n, n, "input") for n in (2, 3, 4, 5)
    ]
    assert all(r["reason"] and r["source"] == str(path) for r in found)
    text = path.read_bytes()
    assert [text[r["byte"] :].split(b"\n")[0] + b"\n" for r in found] == bad
    assert SECRET not in (tmp_path / "out" / "rejects.ndjson").read_text()
    # The reader's own line numbers are those of the file.
    assert found[1]["where"].startswith("line 3")
    assert (report.summary["decided"], report.summary["rejected"]) == (2, 4)


def test_graph_that_comes_back_is_refused_wherever_it_stands(
    reasoner: Reasoner, tmp_path: Path
) -> None:
    """Neither half of a request is decided, be they far apart or in two files."""
    requests = quads(6)
    lines = requests[0].splitlines(keepends=True)
    one = written(tmp_path / "a.nq", *lines[:5], *requests[1:4], *lines[5:])
    again = requests[2].splitlines(keepends=True)
    two = written(tmp_path / "b.nq", requests[4], *again[:1])
    report = decided(reasoner, tmp_path / "out", one, two, chunk=2)
    told = [(d["source"][-4:], d["record"]) for d in decisions(tmp_path / "out")]
    assert told == [("a.nq", 2), ("a.nq", 4), ("b.nq", 1)]
    found = rejects(tmp_path / "out")
    assert [(r["source"][-4:], r["record"]) for r in found] == [
        ("a.nq", 1),
        ("a.nq", 3),
        ("a.nq", 5),
        ("b.nq", 2),
    ]
    assert {r["reason"] for r in found if "graph" in r["reason"]}
    text = one.read_bytes()
    for r in found[:3]:
        assert text.count(b"\n", 0, r["byte"]) + 1 == r["line"]
    assert report.summary["records"] == 7 and report.summary["rejected"] == 4
    assert table(tmp_path / "out" / "decisions.parquet") == decisions(tmp_path / "out")


def test_line_of_another_graph_in_disguise_spoils_both(reasoner: Reasoner, tmp_path: Path) -> None:
    requests = [r.splitlines(keepends=True) for r in quads(2)]
    graphs = [r[0].split()[-2] for r in requests]
    # The last line of the second request stands in the first, with a comment that looks alike.
    moved = requests[1].pop().rstrip() + b" # " + graphs[0] + b" .\n"
    path = written(tmp_path / "a.nq", *requests[0], moved, *requests[1])
    decided(reasoner, tmp_path / "out", path)
    assert decisions(tmp_path / "out") == []
    assert len(rejects(tmp_path / "out")) == 2


def test_requests_of_one_name_are_each_decided_and_said_to_be_so(
    reasoner: Reasoner, tmp_path: Path
) -> None:
    lines = json_lines(3)
    path = written(tmp_path / "a.ndjson", lines[0], lines[1], lines[0], lines[2])
    report = decided(reasoner, tmp_path / "out", path, chunk=2)
    found = decisions(tmp_path / "out")
    assert [d["repeated"] for d in found] == [True, False, True, False]
    assert table(tmp_path / "out" / "decisions.parquet") == found
    assert report.summary["repeated"] == 2 and report.summary["rejected"] == 0


def test_blank_nodes_of_one_label_are_apart_in_two_graphs(
    reasoner: Reasoner, tmp_path: Path
) -> None:
    cases = [re.sub(rb"<[^>]*#patient>", b"_:b0", c) for c in triples_of(CASES)[:12]]
    path = written(tmp_path / "a.nq", *numbered(many_requests.quads(cases), len(cases)))
    decided(reasoner, tmp_path / "out", path, chunk=len(cases))
    found = decisions(tmp_path / "out")
    assert len(found) == len(cases), rejects(tmp_path / "out")
    for request, told in zip(numbered(cases, len(cases)), found, strict=True):
        (answer,) = reasoner.decide_all(reasoner.read(request), policy=FACET)
        assert told["decision"] == answer.decision.value


@pytest.mark.parametrize("name", ["a.nq", "a.ndjson"])
def test_empty_input_is_a_run_without_records(
    reasoner: Reasoner, tmp_path: Path, name: str
) -> None:
    report = decided(reasoner, tmp_path / "out", written(tmp_path / name))
    assert report.summary["records"] == 0 and report.summary["decisions"] == []
    assert decisions(tmp_path / "out") == table(tmp_path / "out" / "decisions.parquet") == []


def test_empty_turtle_file_is_refused(reasoner: Reasoner, tmp_path: Path) -> None:
    decided(reasoner, tmp_path / "out", written(tmp_path / "a.ttl"))
    assert "empty" in rejects(tmp_path / "out")[0]["reason"]


# --- What is refused before anything is decided -------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"policy": "nobody/nothing"}, "no policy is called"),
        ({"policy": f"{FACET}@1999-01-01"}, "no such edition"),
        ({"payer": "nobody"}, "no payer is called"),
        ({"plan": "nobody/nothing"}, "no plan is called"),
        ({"policy": FACET, "compare": "nobody/nothing"}, "no policy is called"),
        ({"compare": FACET, "every": True}, "needs --policy"),
        ({"policy": FACET, "compare": FACET}, "the same"),
    ],
)
def test_keys_are_looked_at_before_anything_is_read(
    reasoner: Reasoner, tmp_path: Path, asked: dict[str, str], what: str
) -> None:
    with pytest.raises(InputError, match=what):
        decided(reasoner, tmp_path / "out", written(tmp_path / "a.nq"), **asked)
    assert not (tmp_path / "out").exists()


def test_output_does_not_go_where_the_input_is(reasoner: Reasoner, tmp_path: Path) -> None:
    written(tmp_path / "in" / "a.nq", *quads(1))
    for out in (tmp_path / "in", tmp_path / "in" / "out"):
        with pytest.raises(InputError, match="a folder that is read"):
            decided(reasoner, out, tmp_path / "in")


def test_files_of_somebody_else_are_not_overwritten(reasoner: Reasoner, tmp_path: Path) -> None:
    mine = written(tmp_path / "out" / "rejects.ndjson", b"mine")
    with pytest.raises(InputError, match="no run left there"):
        decided(reasoner, tmp_path / "out", written(tmp_path / "a.nq", *quads(1)))
    assert mine.read_bytes() == b"mine"
