"""ICD-10-CM by release: when a code is valid, what succeeded it, and how it may be written."""

from __future__ import annotations

import struct
from datetime import date
from pathlib import Path

import pytest

from covergraph.authoring.succession import forgotten
from covergraph.engine import Reasoner
from covergraph.errors import InputError
from covergraph.knowledge import codes
from covergraph.knowledge.base import knowledge
from covergraph.knowledge.releases import Releases, releases, spelled
from covergraph.lookup import diagnosis_code
from covergraph.namespaces import CODE, COV
from covergraph.request import gate
from covergraph.request.coding import code_notes
from tests.tools import icd_releases

CASE = Path(__file__).parent / "cases/centene/cp-mp-171/2019-07-01"
WRITTEN = CASE / "successor-of-a-listed-diagnosis.ttl"


def held() -> Releases:
    return releases(knowledge().root)


def day(written: str) -> date:
    return date.fromisoformat(written)


def names(found: list) -> list[str]:  # type: ignore[type-arg]
    return [codes.plain(code) for code in found]


# --- The table ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "count"),
    [
        # As CMS gives them for each fiscal year.
        ("2015-10-01", 69_823),
        ("2016-10-01", 71_486),
        ("2017-10-01", 71_704),
        ("2018-10-01", 71_932),
        ("2019-10-01", 72_184),
        ("2020-10-01", 72_616),
        ("2021-01-01", 72_621),
        ("2021-10-01", 72_748),
        ("2022-04-01", 72_750),
        ("2022-10-01", 73_639),
        ("2023-04-01", 73_674),
        ("2023-10-01", 74_044),
        ("2024-10-01", 74_260),
        ("2025-10-01", 74_719),
        ("2026-10-01", 74_879),
    ],
)
def test_each_release_has_as_many_codes_as_were_published(on: str, count: int) -> None:
    entries = (held().entry(c) for found in held().categories for c in held().category(found))
    assert sum(e is not None and e.valid_on(day(on)) for e in entries) == count


def test_the_table_is_sorted_and_every_line_is_found() -> None:
    lines = (knowledge().root / "data/codes/icd-10-cm.tsv").read_text().splitlines()
    written = [line.split("\t")[0] for line in lines if not line.startswith("#")]
    assert written == sorted(set(written))
    assert len(written) == 75_909
    assert all(code in held() and spelled(code) == code for code in written)


def test_what_succeeded_a_code_is_valid_from_the_day_after() -> None:
    for category in held().categories:
        for code in held().category(category):
            entry = held().entry(code)
            assert entry is not None and (entry.last or not entry.successors)
            for new in entry.successors:
                later = held().entry(new)
                assert later is not None and entry.last is not None
                assert (later.first - entry.last).days == 1, (code, new)


@pytest.mark.parametrize(
    "code", ["", "M", "M54", "M54.", "M54.55", "M54.5\t", "M54.500", "ZZZ", "#"]
)
def test_what_never_was_a_code_is_not_found(code: str) -> None:
    assert code not in held()
    assert held().entry(code) is None


def test_without_a_table_nothing_is_known(tmp_path: Path) -> None:
    assert releases(tmp_path).entry("M54.5") is None
    assert releases(tmp_path).of(day("2024-01-01")) is None


# --- Validity and succession -------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "on", "valid"),
    [
        ("M54.5", "2015-09-30", False),
        ("M54.5", "2015-10-01", True),
        ("M54.5", "2021-09-30", True),
        ("M54.5", "2021-10-01", False),
        ("M54.50", "2021-09-30", False),
        ("M54.50", "2021-10-01", True),
        ("M54.50", "2040-01-01", True),
        ("U07.1", "2020-03-31", False),
        ("U07.1", "2020-04-01", True),
        ("M54", "2022-01-01", False),
        ("64493", "2022-01-01", False),
    ],
)
def test_a_code_is_valid_from_its_first_to_its_last_day(code: str, on: str, valid: bool) -> None:
    assert codes.valid_on(CODE[code], day(on), knowledge()) is valid


@pytest.mark.parametrize(
    ("on", "release"),
    [
        ("2015-09-30", None),
        ("2015-10-01", "2015-10-01"),
        ("2022-03-31", "2021-10-01"),
        ("2022-04-01", "2022-04-01"),
        ("2025-04-01", "2024-10-01"),  # changed no code
        ("2031-01-01", "2026-10-01"),
    ],
)
def test_a_day_falls_in_the_release_before_it(on: str, release: str | None) -> None:
    found = codes.release_of(day(on), knowledge())
    assert found == (release and day(release))


@pytest.mark.parametrize(
    ("code", "new"),
    [
        ("M54.5", ["M54.50", "M54.51", "M54.59"]),
        ("M51.36", ["M51.360", "M51.361", "M51.362", "M51.369"]),
        ("V20.0XXA", ["V20.01XA", "V20.09XA"]),  # in place of a placeholder
        ("C86.0", ["C86.00", "C86.01"]),
        ("S06.0X2A", []),
        ("M54.50", []),
        ("M54", []),
    ],
)
def test_successors(code: str, new: list[str]) -> None:
    assert names(codes.successors(CODE[code], knowledge())) == new
    for one in new:
        assert code in names(codes.predecessors(CODE[one], knowledge()))


def test_a_successor_that_was_retired_gives_way_to_its_own() -> None:
    at_once = names(codes.successors_on(CODE["K35.2"], day("2018-10-01"), knowledge()))
    later = names(codes.successors_on(CODE["K35.2"], day("2024-01-01"), knowledge()))
    assert at_once == ["K35.20", "K35.21"]
    assert "K35.20" not in later and "K35.200" in later


def test_the_tables_of_policies_have_every_successor() -> None:
    assert list(forgotten(knowledge())) == []


# --- Notes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stated", "on", "notes"),
    [
        (["M54.5"], "2021-09-30", []),
        (["M54.50", "M47.816", "64493"], "2022-01-10", []),
        (
            ["M54.5"],
            "2022-01-10",
            ["M54.5 was retired on 2021-10-01; its successors are M54.50, M54.51 and M54.59"],
        ),
        # What follows from a successor was not stated.
        (["M54.5", "M54.50"], "2022-01-10", []),
        (
            ["M54.50"],
            "2021-01-10",
            ["M54.50 is valid from 2021-10-01, after the date of service; before that: M54.5"],
        ),
        (
            ["J12.82"],
            "2020-11-01",
            ["J12.82 is valid from 2021-01-01, after the date of service"],
        ),
        (["S06.0X2A"], "2024-01-01", ["S06.0X2A was retired on 2016-10-01 and has no successor"]),
    ],
)
def test_a_code_of_another_release_gets_a_note(
    stated: list[str], on: str, notes: list[str]
) -> None:
    assert code_notes([CODE[c] for c in stated], day(on), knowledge()) == notes


# --- Spelling -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("M5450", "M54.50"),
        ("m54.50", "M54.50"),
        ("m5450", "M54.50"),
        ("v200xxa", "V20.0XXA"),
        ("i10", "I10"),
        ("c7a00", "C7A.00"),
        ("M54.", "M54."),
        ("M54..5", "M54..5"),
        ("64493", "64493"),
        ("M5450 ", "M5450 "),
    ],
)
def test_a_code_has_one_spelling(written: str, read: str) -> None:
    assert spelled(written) == read


@pytest.mark.parametrize("written", ["M5450", "m54.50", "m5450"])
def test_a_request_is_the_same_however_its_code_is_written(written: str) -> None:
    text = WRITTEN.read_text()
    other = text.replace("code:M54.50", f"code:{written}")
    reasoner = Reasoner()
    one, two = (
        reasoner.read(_request(data).encode(), media_type="text/turtle").request
        for data in (text, other)
    )
    assert one.digest == two.digest
    assert set(one.triples) == set(two.triples)
    assert (two.patient, COV.hasDiagnosis, CODE["M54.50"]) in two.triples


@pytest.mark.parametrize("written", ["M5450", "m54.50", "A000"])
def test_json_and_lookups_take_every_spelling(written: str) -> None:
    assert codes.plain(diagnosis_code(written, knowledge())) == spelled(written)
    document = (
        '{"type": "CoverageRequest", "dateOfService": "2022-05-16", "requestsProcedure": '
        '{"hasProcedureCode": "64493"}, "hasPatient": {"hasDiagnosis": "CODE"}}'
    ).replace("CODE", written)
    request = gate.read(document.encode())
    assert CODE[spelled(written)] in request.triples.objects(request.patient, COV.hasDiagnosis)


def test_a_retired_code_is_read_and_one_that_never_was_is_refused() -> None:
    text = _request(WRITTEN.read_text())
    retired = gate.read(text.replace("code:M54.50", "code:V200XXA").encode())
    assert CODE["V20.0XXA"] in retired.triples.objects(retired.patient, COV.hasDiagnosis)
    with pytest.raises(InputError, match=r"unknown code M54\.55 \(near: M54\.5"):
        gate.read(text.replace("code:M54.50", "code:M54.55").encode())


def _request(case: str) -> str:
    """Return the request of a case."""
    head, rest = case.split(":case a")
    return head + rest.split(" .\n", 1)[1]


# --- How the table is made ---------------------------------------------------------------


def test_the_tool_joins_spans_and_finds_what_says_more() -> None:
    rows = [
        (b"A000", 20151001, 20270331),
        (b"M545", 20151001, 20191231),
        (b"M545", 20200101, 20210930),
        (b"M5450", 20211001, 20270331),
        (b"T528X1A", 20151001, 20210930),
        (b"T52811A", 20211001, 20270331),
        (b"T52811D", 20211001, 20270331),
        (b"Z99", 20151001, 20210930),
        (b"Y99", 20211001, 20270331),
    ]
    master = b"".join(struct.pack("<8sIIII", *row, 0, 0) for row in rows)
    conversion = struct.pack("<8s8sIHB", b"Z99", b"Y99", 20211001, 2, 1)
    data = (
        struct.pack("<4s7I", b"DECM", len(rows), 32, 0, 0, 0, 0, 0)
        + master
        + struct.pack("<4sIII", b"CDCI", 1, 28, 2022)
        + conversion
        + bytes(23)
    )
    text = icd_releases.table(icd_releases.valid_days(data), icd_releases.taken_from(data))
    assert [line for line in text.splitlines() if line[0] != "#"] == [
        "A00.0",
        "M54.5\t\t2021-09-30\tM54.50",
        "M54.50\t2021-10-01",
        "T52.811A\t2021-10-01",
        "T52.811D\t2021-10-01",
        "T52.8X1A\t\t2021-09-30\tT52.811A",
        "Y99\t2021-10-01",
        "Z99\t\t2021-09-30\tY99",
    ]
    assert "# releases 2015-10-01 2021-10-01\n# until 2027-03-31\n" in text
