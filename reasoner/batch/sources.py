"""From the names on the command line to records, in one order, without holding a file whole.

A suffix says what a file is, and its first bytes whether it is compressed. Whatever cannot
be read becomes a record with a fault, in its place: a compressed file that breaks off, a
line too long, a file of a kind that is not read. Nothing is passed over but blank lines,
comments and hidden files.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import pyarrow as pa

from ..errors import InputError
from ..formats import FORMATS, JSON_LD, JSON_LINES, N_QUADS
from ..request.formats import LARGEST
from . import quads
from .quads import LONG_LINE, TOO_LONG, Lines
from .records import Chunk, Record

FORMS = {suffix: f.read_as for f in FORMATS for suffix in f.batch_suffixes}
COMPRESSED = {".gz": "gzip", ".zst": "zstd"}
MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
READ = f"files ending in {', '.join(FORMS)} are read, and the same with .gz or .zst"
BOM = b"\xef\xbb\xbf"

# From the first sign of a line that is no blank to its end.
_WRITTEN = re.compile(rb"\S[^\n]*")

# How much a compressed file may hold: so many bytes, or so many times its own.
FREE, TIMES = 16 << 20, 200
BROKEN = "the compressed file breaks off; from this record on it is not read"
# A checksum stands at the end, so that damage is seen when the records are gone.
DAMAGED = (
    "the compressed file is damaged: from this record on it is not read, and the records "
    "before may not say what was written"
)
# Less than the longest line, so that a line too long is nearly never looked for.
BLOCK = 1 << 19
# A chunk that weighs this much goes out, however few its records.
HEAVIEST = 1 << 20


class Place(NamedTuple):
    """Where reading has come to: the records of a file so far, and its bytes on disk."""

    record: Record
    read: int


def chunks_of(inputs: list[str], largest: int) -> Iterator[Chunk]:
    """Yield the records of all inputs in chunks of so many at most.

    The same inputs give the same chunks, whoever asks and however often.
    """
    records: list[Record] = []
    ordinal = first = before = weight = position = 0
    for path in files_of(inputs):
        for record, read in records_of(path):
            records.append(record)
            weight += len(record.data)
            position = max(position, before + read)
            if len(records) == largest or weight >= HEAVIEST:
                yield Chunk(ordinal, first, records, position)
                ordinal, first = ordinal + 1, first + len(records)
                records, weight = [], 0
        before += size_of(path)
    if records:
        yield Chunk(ordinal, first, records, before)


def checked(inputs: list[str]) -> None:
    """Refuse inputs that are missing, of no kind that is read, or given twice.

    Raises
    ------
    InputError
        Naming the input.
    """
    resolved: dict[Path, str] = {}
    for name in inputs:
        path = Path(name)
        if name == "-":
            raise InputError(
                "a batch reads files, so that it can go on after an interruption", "standard input"
            )
        if not path.exists():
            raise InputError("no such file or folder", name)
        if path.is_file() and form_of(path) is None:
            raise InputError("this kind of file is not read", name, READ)
        whole = path.resolve()
        for other, given in resolved.items():
            if whole == other or whole in other.parents or other in whole.parents:
                raise InputError(f"is given twice, also by way of {given}", name)
        resolved[whole] = name


def files_of(inputs: list[str]) -> Iterator[Path]:
    """Yield the files of the inputs: folders in the order of names, hidden files left out.

    Raises
    ------
    InputError
        When a folder cannot be listed.
    """
    for name in inputs:
        if not os.path.isdir(name):
            yield Path(name)
            continue
        for folder, folders, files in os.walk(name, onerror=_unlisted):
            folders[:] = sorted(f for f in folders if not f.startswith("."))
            for file in sorted(f for f in files if not f.startswith(".")):
                yield Path(folder, file)


def _unlisted(error: OSError) -> None:
    raise InputError("the folder cannot be listed", str(error.filename)) from None


def size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def form_of(path: Path) -> str | None:
    """Return what a file holds by its suffix, the one of compression left aside."""
    suffixes = [s.lower() for s in path.suffixes[-2:]]
    if suffixes and suffixes[-1] in COMPRESSED:
        suffixes.pop()
    return FORMS.get(suffixes[-1]) if suffixes else None


def records_of(path: Path) -> Iterator[Place]:
    """Yield the records of one file, each with how far the file has been read.

    A file that cannot be read to its end yields a last record that says so, in place of the
    one that was being read: that one may lack its end, and is not decided.
    """
    source, form = os.fsencode(path).decode("utf-8", "replace"), form_of(path)
    number = 0
    try:
        if form is None:
            raise InputError("this kind of file is not read", hint=READ)
        if not path.is_file():
            raise InputError("not a regular file")
        with path.open("rb") as file:
            stream = _decompressed(path, file)
            for record in _parted(source, form, stream):
                yield Place(record, file.tell())
                number = record.number
    except InputError as error:
        yield Place(Record(source, 0, 0, 0, "", b"", b"", str(error)), 0)
    except OSError as error:
        yield Place(Record(source, number + 1, 0, 0, "", b"", b"", _ailment(error)), 0)


def _ailment(error: OSError) -> str:
    # Without an errno it is the decompressor that speaks.
    if error.errno:
        return (error.strerror or "cannot be read").lower()
    return BROKEN if "Truncated" in str(error) else DAMAGED


def _decompressed(path: Path, file: BufferedReader) -> BinaryIO:
    """Return the bytes of a file as they were before compression, whatever its name says.

    A file that is named as compressed must be: an empty one is one that broke off.
    """
    start = file.peek(4)[:4]
    found = next((kind for magic, kind in MAGIC.items() if start.startswith(magic)), None)
    if found is None:
        if path.suffix.lower() in COMPRESSED:
            raise InputError("the file is named as compressed, and is not")
        return file
    stream: BinaryIO = pa.CompressedInputStream(pa.PythonFile(file, "r"), found)
    return cast(BinaryIO, _Bounded(stream, file))


class _Bounded:
    """What a compressed file holds, as long as that is in proportion to its size."""

    def __init__(self, stream: BinaryIO, file: BufferedReader) -> None:
        self.stream, self.file, self.given = stream, file, 0

    def read(self, size: int = -1) -> bytes:
        data = self.stream.read(size)
        self.given += len(data)
        if self.given > max(FREE, TIMES * self.file.tell()):
            raise InputError(f"the compressed file holds more than {TIMES} times its own size")
        return data


def _parted(source: str, form: str, stream: BinaryIO) -> Iterator[Record]:
    if form == N_QUADS.read_as:
        return quads.requests_of(source, lines_of(stream))
    return _lines(source, stream) if form == JSON_LINES.read_as else _document(source, form, stream)


def _lines(source: str, stream: BinaryIO) -> Iterator[Record]:
    """Yield one record for each line that is not blank."""
    number = 0
    for run, first, offset in lines_of(stream):
        if run is TOO_LONG:
            number += 1
            yield Record(source, number, first, offset, JSON_LD.read_as, b"", b"", LONG_LINE)
            continue
        line, counted = first, 0
        for found in _WRITTEN.finditer(run):
            # What stands before the first sign that is no blank is part of its line.
            start = run.rfind(b"\n", 0, found.start()) + 1
            line, counted = line + run.count(b"\n", counted, start), start
            number += 1
            text = run[start : found.end()]
            yield Record(source, number, line, offset + start, JSON_LD.read_as, text)


def _document(source: str, form: str, stream: BinaryIO) -> Iterator[Record]:
    """Yield the one record that a whole file is."""
    parts, size = [], 0
    while size <= LARGEST and (part := stream.read(BLOCK)):
        parts.append(part)
        size += len(part)
    if size > LARGEST:
        reason = f"the input is larger than {LARGEST} bytes"
        yield Record(source, 1, 1, 0, form, b"", b"", reason)
    else:
        yield Record(source, 1, 1, 0, form, b"".join(parts))


def lines_of(stream: BinaryIO) -> Lines:
    """Yield runs of whole lines, the number of the first, and the bytes before.

    A line that is too long is read past and stands there as ``TOO_LONG``. A byte order mark
    at the very beginning is dropped, and a last line that has no end is given one.
    """
    rest, number, offset = b"", 1, 0
    skipped = 0
    while block := stream.read(BLOCK):
        if offset == 0 and number == 1 and not rest and not skipped and block.startswith(BOM):
            block, offset = block[len(BOM) :], len(BOM)
        if skipped:
            end = block.find(b"\n")
            if end < 0:
                skipped += len(block)
                continue
            yield TOO_LONG, number, offset
            number, offset = number + 1, offset + skipped + end + 1
            block, skipped = block[end + 1 :], 0
        whole = rest + block
        end = whole.rfind(b"\n") + 1
        run, rest = whole[:end], whole[end:]
        if run:
            if len(run) > LARGEST:
                yield from _with_long_lines(run, number, offset)
            else:
                yield run, number, offset
            number, offset = number + run.count(b"\n"), offset + len(run)
        if len(rest) > LARGEST:
            rest, skipped = b"", len(rest)
    if skipped:
        yield TOO_LONG, number, offset
    elif rest:
        yield rest + b"\n", number, offset


def _with_long_lines(run: bytes, number: int, offset: int) -> Lines:
    for line in run.split(b"\n")[:-1]:
        yield TOO_LONG if len(line) > LARGEST else line + b"\n", number, offset
        number, offset = number + 1, offset + len(line) + 1
