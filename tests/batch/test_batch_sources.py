"""Inputs of every kind, and what becomes of the ones that cannot be read."""

from __future__ import annotations

import gzip
import json
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pytest

from covergraph.batch import sources
from covergraph.batch.quads import LONG_LINE
from covergraph.batch.records import Chunk, Record, chunk_digest
from covergraph.batch.sources import BROKEN, DAMAGED, chunks_of, records_of
from covergraph.errors import InputError
from covergraph.request.formats import LARGEST
from tests.batch.runs import json_lines, quads, turtle, written

COMPRESS = {
    "gz": gzip.compress,
    "zst": lambda data: pa.compress(data, codec="zstd", asbytes=True),
}


def read(*inputs: Path, largest: int = 100) -> list[Record]:
    return [r for chunk in chunks_of([str(i) for i in inputs], largest) for r in chunk.records]


def told(records: list[Record]) -> list[tuple[int, int, int, bytes]]:
    return [(r.number, r.line, r.byte, r.data) for r in records]


@pytest.mark.parametrize("end", ["gz", "zst"])
def test_compressed_file_holds_what_it_held(tmp_path: Path, end: str) -> None:
    data = b"".join(quads(300))
    plain = read(written(tmp_path / "a.nq", data))
    packed = COMPRESS[end](data)
    assert told(read(written(tmp_path / f"a.nq.{end}", packed))) == told(plain)
    # In several parts, one after another, as programs that append leave it.
    half = len(data) // 2
    parts = COMPRESS[end](data[:half]), COMPRESS[end](data[half:])
    assert told(read(written(tmp_path / f"b.nq.{end}", *parts))) == told(plain)
    # A name need not tell.
    assert told(read(written(tmp_path / "c.nq", packed))) == told(plain)


@pytest.mark.parametrize("end", ["gz", "zst"])
@pytest.mark.parametrize("lost", [1, 8, 1000])
def test_compressed_file_that_breaks_off_says_so(tmp_path: Path, end: str, lost: int) -> None:
    packed = COMPRESS[end](b"".join(quads(300)))
    found = read(written(tmp_path / f"a.nq.{end}", packed[:-lost]))
    assert found[-1].fault == BROKEN and not found[-1].data
    assert [r.number for r in found] == list(range(1, len(found) + 1))
    whole = [r.data for r in read(written(tmp_path / "a.nq", *quads(300)))]
    assert [r.data for r in found[:-1]] == whole[: len(found) - 1]


@pytest.mark.parametrize("end", ["gz", "zst"])
@pytest.mark.parametrize("content", [b"", b"<urn:s> <urn:p> <urn:o> <urn:g> .\n"])
def test_file_that_is_not_as_compressed_as_its_name_says_so(
    tmp_path: Path, end: str, content: bytes
) -> None:
    (record,) = read(written(tmp_path / f"a.nq.{end}", content))
    assert "named as compressed" in record.fault


def test_damage_inside_of_a_compressed_file_is_seen(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(b"".join(quads(300))))
    packed[len(packed) // 2] ^= 0xFF
    damaged = written(tmp_path / "a.nq.gz", bytes(packed))
    found = read(damaged, written(tmp_path / "b.nq", *quads(1)))
    assert [r.fault for r in found].count(DAMAGED) == 1
    assert found[-2].fault == DAMAGED
    assert found[-1].data, "the next input is read"


def test_lines_of_json_are_records_but_for_blank_ones(tmp_path: Path) -> None:
    one, two = json_lines(2)
    path = written(tmp_path / "a.ndjson", b"\xef\xbb\xbf", one, b"\r\n \n", two.rstrip(), b"\r\n")
    found = read(path)
    text = path.read_bytes()
    assert [(r.number, r.line) for r in found] == [(1, 1), (2, 4)]
    assert all(text[r.byte :].startswith(r.data.rstrip()) for r in found)
    assert found[1].data.rstrip() == two.rstrip()


def test_line_too_long_is_a_fault_in_its_place(tmp_path: Path) -> None:
    long = b'"' + b"x" * (3 * LARGEST) + b'"\n'
    just = b'"' + b"x" * (LARGEST - 2) + b'"\n'
    for text in (b"1\n" + long + b"2\n", long + b"1\n2\n", b"1\n2\n" + long, just + long + just):
        found = read(written(tmp_path / "a.ndjson", text))
        assert [r.line for r in found] == [1, 2, 3]
        assert [r.fault for r in found].count(LONG_LINE) == 1
        whole = [r for r in found if not r.fault]
        assert all(text[r.byte :].startswith(r.data + b"\n") for r in whole)
        # Without a last line end too.
        assert len(read(written(tmp_path / "a.ndjson", text[:-1]))) == 3


def test_blocks_end_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "a.nq", b"\xef\xbb\xbf# first\r\n", *quads(4))
    whole = told(read(path))
    assert len(whole) == 4
    for size in (3, 7, 64, 997):
        monkeypatch.setattr(sources, "BLOCK", size)
        assert told(read(path)) == whole


def test_folder_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for n, request in enumerate(turtle(3)):
        written(folder / f"{n}.ttl", request)
    written(folder / "sub" / "a.nq.gz", gzip.compress(b"".join(quads(2))))
    written(folder / "B.json", b"{}")
    written(folder / ".hidden", b"x")
    written(folder / ".git" / "a.ttl", b"x")
    written(folder / "README.md", b"x")
    found = read(folder)
    names = [str(Path(r.source).relative_to(folder)) for r in found]
    assert names == ["0.ttl", "1.ttl", "2.ttl", "B.json", "README.md", *["sub/a.nq.gz"] * 2]
    assert [r.source.rsplit("/")[-1] for r in found if r.fault] == ["README.md"]


def test_document_too_large_is_not_held(tmp_path: Path) -> None:
    (record,) = read(written(tmp_path / "a.ttl", b"#" * (LARGEST + 1)))
    assert "larger" in record.fault and not record.data


@pytest.mark.parametrize("name", ["a.nq", "a.ndjson"])
def test_empty_file_of_many_requests_has_none(tmp_path: Path, name: str) -> None:
    assert read(written(tmp_path / name)) == []
    assert read(written(tmp_path / name, b"\n \n\n")) == []


def test_file_that_cannot_be_opened_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "a.nq"
    path.symlink_to(tmp_path / "nowhere.nq")
    ((record, _),) = records_of(path)
    assert record.fault and record.number == 0


def test_chunks_are_the_same_whenever_they_are_made(tmp_path: Path) -> None:
    path = written(tmp_path / "a.nq", *quads(23))
    chunks = list(chunks_of([str(path)], 5))
    assert [len(c.records) for c in chunks] == [5, 5, 5, 5, 3]
    assert [c.first for c in chunks] == [0, 5, 10, 15, 20]
    assert [c.ordinal for c in chunks] == list(range(5))
    assert chunks[-1].position == path.stat().st_size
    again = list(chunks_of([str(path)], 5))
    assert [chunk_digest(c.records) for c in again] == [chunk_digest(c.records) for c in chunks]
    assert len({chunk_digest(c.records) for c in chunks}) == 5


def test_chunk_of_heavy_records_is_sent_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "HEAVIEST", 20_000)
    chunks: list[Chunk] = list(chunks_of([str(written(tmp_path / "a.nq", *quads(40)))], 1000))
    assert len(chunks) > 3 and sum(len(c.records) for c in chunks) == 40


# --- Inputs that are refused before anything is decided -----------------------------------------


def test_inputs_that_cannot_be_meant_are_refused(tmp_path: Path) -> None:
    file = written(tmp_path / "in" / "a.nq", *quads(1))
    other = written(tmp_path / "a.csv", b"x")
    for names, what in (
        ([str(tmp_path / "none.nq")], "no such file"),
        ([str(other)], "not read"),
        (["-"], "reads files"),
        ([str(file), str(file)], "given twice"),
        ([str(file), str(tmp_path / "in" / ".." / "in" / "a.nq")], "given twice"),
        ([str(file.parent), str(file)], "given twice"),
        ([str(file), str(file.parent)], "given twice"),
    ):
        with pytest.raises(InputError, match=what):
            sources.checked(names)
    sources.checked([str(file)])
    sources.checked([str(file.parent)])


@pytest.mark.parametrize("end", ["gz", "zst"])
@pytest.mark.parametrize("form", ["nq", "ndjson"])
@pytest.mark.parametrize("line", [b"\n", b" \t\n", b"#\n"])
def test_compressed_file_that_grows_out_of_proportion_is_refused(
    tmp_path: Path, end: str, form: str, line: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "FREE", 1 << 20)
    packed = COMPRESS[end](line * (8_000_000 // len(line)))
    found = list(islice(records_of(written(tmp_path / f"a.{form}.{end}", packed)), 3))
    if line != b"#\n" or form == "nq":
        (place,) = found
        assert "more than 200 times its own size" in place.record.fault


def test_blank_lines_change_neither_lines_nor_places(tmp_path: Path) -> None:
    plain = json_lines(3)
    spread = [b"\n" * 700_000, b" " + plain[0], b"\n \t\n\n", plain[1], b"\n" * 600_000, plain[2]]
    found = read(written(tmp_path / "a.ndjson", *spread))
    assert [json.loads(r.data) for r in found] == [json.loads(line) for line in plain]
    whole = b"".join(spread)
    for record in found:
        assert whole[record.byte :].startswith(record.data)
        assert record.line == whole.count(b"\n", 0, record.byte) + 1
