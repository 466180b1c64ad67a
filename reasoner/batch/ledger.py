"""What is done, so that a run that was killed goes on where it stopped.

Results are appended to one file in whatever order they are ready, and a journal says which
chunk lies where. An entry is written only after its results are on the disk, and carries a
checksum, so the journal up to its first bad entry is what is done; whatever follows in
either file was being written when the run ended, and is cut off.

An entry also carries a digest of the records it answers. A run that goes on reads its
inputs again from the beginning and passes over what is done, but not without looking: an
input that has changed since is refused.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple
from zlib import crc32

from ..errors import CovergraphError, InputError
from .records import Chunk, Result, chunk_digest

FOLDER = "run"
# How long finished work may stay in memory, in seconds: what a loss of power can cost.
SYNC_EVERY = 1.0

_SECTIONS = Struct("<5Q")
# Chunk, records, offset, length, checksum of the results, digest of the records.
_ENTRY = Struct("<QQQQI16s")
_CHECK = Struct("<I")
_WHOLE = _ENTRY.size + _CHECK.size


class Entry(NamedTuple):
    """Where the results of a chunk lie, and which records they answer."""

    chunk: int
    records: int
    offset: int
    length: int
    checksum: int
    digest: bytes


class Ledger:
    """The results of a run on disk, and what is in them.

    Parameters
    ----------
    out : Path
        The folder of the run's output.
    identity : dict
        All that the results depend on.

    Raises
    ------
    InputError
        When the folder is in use, holds another run, or files that are no run's.
    """

    def __init__(self, out: Path, identity: dict[str, Any], outputs: tuple[str, ...]) -> None:
        self.folder = out / FOLDER
        self.identity = identity
        known = self.folder / "run.json"
        if not known.exists():
            taken = [name for name in outputs if (out / name).exists()]
            if taken:
                hint = "choose another folder with --out"
                raise InputError(f"holds {taken[0]}, which no run left there", str(out), hint)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = (self.folder / "lock").open("a")
        try:
            fcntl.lockf(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError("another run is writing to this folder", str(out)) from None
        said = said_by(known) if known.exists() else {"run": identity}
        refuse_other(said["run"], identity, out)
        self.finished = bool(said.get("finished"))
        if not known.exists():
            self._write_run({"run": identity})
        self.entries: dict[int, Entry] = {}
        self._unsynced: list[Entry] = []
        self._synced = time.monotonic()
        self._open()

    def _open(self) -> None:
        """Read the journal up to its first bad entry, and cut off what follows."""
        self._journal = open_to_append(self.folder / "journal")
        self._results = open_to_append(self.folder / "results")
        self._journal.seek(0)
        size = self._results.seek(0, os.SEEK_END)
        end = good = 0
        while len(whole := self._journal.read(_WHOLE)) == _WHOLE:
            body = whole[: _ENTRY.size]
            entry = Entry(*_ENTRY.unpack(body))
            missing = entry.offset + entry.length > size and not self.finished
            if _CHECK.unpack(whole[_ENTRY.size :])[0] != crc32(body) or missing:
                break
            self.entries[entry.chunk] = entry
            end, good = max(end, entry.offset + entry.length), good + _WHOLE
        self._journal.truncate(good)
        self._results.truncate(0 if self.finished else end)
        self._journal.seek(0, os.SEEK_END)
        self._results.seek(0, os.SEEK_END)

    def holds(self, chunk: Chunk) -> bool:
        """Return whether a chunk is done.

        Raises
        ------
        InputError
            When other records were done under its number.
        """
        entry = self.entries.get(chunk.ordinal)
        if entry is None:
            if self.finished:
                raise changed_since()
            return False
        if entry.records != len(chunk.records) or entry.digest != chunk_digest(chunk.records):
            raise changed_since()
        return True

    def add(self, chunk: int, records: int, digest: bytes, result: Result) -> None:
        """Keep the results of a chunk."""
        packed = _SECTIONS.pack(*map(len, result)) + b"".join(result)
        entry = Entry(chunk, records, self._results.tell(), len(packed), crc32(packed), digest)
        self._results.write(packed)
        self._unsynced.append(entry)
        if time.monotonic() - self._synced > SYNC_EVERY:
            self.sync()

    def sync(self) -> None:
        """Bring what is kept to the disk: the results first, then the entries that name them."""
        flushed(self._results)
        for entry in self._unsynced:
            body = _ENTRY.pack(*entry)
            self._journal.write(body + _CHECK.pack(crc32(body)))
            self.entries[entry.chunk] = entry
        flushed(self._journal)
        self._unsynced.clear()
        self._synced = time.monotonic()

    def close_input(self, chunks: int) -> None:
        """Say how many chunks the inputs had; more of them done is another input."""
        if len(self.entries) != chunks:
            raise changed_since()

    def results(self) -> Iterator[tuple[Entry, Result]]:
        """Yield the results of every chunk, in the order of the input."""
        for index in range(len(self.entries)):
            entry = self.entries[index]
            self._results.seek(entry.offset)
            packed = self._results.read(entry.length)
            if crc32(packed) != entry.checksum:
                raise CovergraphError(f"{self.folder}: the results of the run are damaged on disk")
            lengths = _SECTIONS.unpack_from(packed)
            parts, at = [], _SECTIONS.size
            for length in lengths:
                parts.append(packed[at : at + length])
                at += length
            yield entry, Result(*parts)

    def finish(self) -> None:
        """Say that the output is complete, and drop what it was made of."""
        self._write_run({"run": self.identity, "finished": True})
        self.finished = True
        self._results.truncate(0)

    def _write_run(self, said: dict[str, Any]) -> None:
        path = self.folder / "run.json"
        with part_of(path).open("wb") as file:
            file.write(json.dumps(said, indent=2, ensure_ascii=False).encode() + b"\n")
            flushed(file)
        put(path)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # A disk that is full must not hide that it is.
        if not isinstance(error, OSError):
            self.sync()
        for file in (self._results, self._journal, self._lock):
            file.close()


def changed_since() -> InputError:
    return InputError(
        "the inputs have changed since the run began", hint="choose another folder with --out"
    )


def said_by(known: Path) -> dict[str, Any]:
    """Return what a run has said of itself.

    Raises
    ------
    InputError
        When the file is damaged.
    """
    try:
        said = json.loads(known.read_bytes())
    except ValueError:
        said = None
    if isinstance(said, dict) and isinstance(said.get("run"), dict):
        return said
    hint = "choose another folder with --out"
    raise InputError("is damaged, so that the run cannot go on", str(known), hint)


def refuse_other(known: dict[str, Any], asked: dict[str, Any], out: Path) -> None:
    """Refuse to go on with a run that was begun with something else."""
    for name in {**known, **asked}:
        if known.get(name) != asked.get(name):
            raise InputError(
                f"holds a run with another {name}: {shown(known.get(name))}, "
                f"not {shown(asked.get(name))}",
                str(out),
                "choose another folder with --out",
            )


def shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "none" if value is None else str(value)[:60]


def open_to_append(path: Path) -> BinaryIO:
    return path.open("r+b" if path.exists() else "w+b")


def flushed(file: BinaryIO) -> None:
    """Bring a file to the disk."""
    file.flush()
    os.fsync(file.fileno())


def part_of(path: Path) -> Path:
    """Return where a file is written before it is complete."""
    return path.with_name(path.name + ".part")


def put(path: Path) -> None:
    """Put a complete file in its place, at once."""
    os.replace(part_of(path), path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
