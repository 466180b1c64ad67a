"""What a run is made of: records, one for each request, in chunks that travel together.

A record carries its place in the input, so that whoever reads a refusal finds it, and a
chunk is the unit of work: what is done is known by chunk.
"""

from __future__ import annotations

from hashlib import blake2b, sha256
from struct import Struct
from typing import NamedTuple

DIGEST_BYTES = 16
KEY = 1 + 8 + DIGEST_BYTES
# Lines of decisions, of changes and of rejects; line and byte in the input.
SHAPE = Struct("<HHHQQ")


class Record(NamedTuple):
    """One request as it stands in the input, or what stands where one should.

    Parameters
    ----------
    source : str
        The input file.
    number : int
        The number of the record in its file, from 1; 0 for the file itself.
    line, byte : int
        Where it begins: the line from 1, and how many bytes come before it, decompressed.
        Line 0 is not known.
    form : str
        What its bytes are read as.
    data : bytes
        The request; empty where there is a fault.
    graph : bytes
        For N-Quads, the name of its graph as it is read, without escapes.
    fault : str
        Why the record cannot be read; empty where it can be tried.
    """

    source: str
    number: int
    line: int
    byte: int
    form: str
    data: bytes
    graph: bytes = b""
    fault: str = ""


class Chunk(NamedTuple):
    """Records that one process takes at a time.

    Parameters
    ----------
    ordinal, first : int
        The number of the chunk, and of its first record, in the whole run, from 0.
    position : int
        How many bytes of the inputs, as they lie on disk, were read up to here.
    """

    ordinal: int
    first: int
    records: list[Record]
    position: int


class Result(NamedTuple):
    """What became of a chunk, ready to be written.

    Parameters
    ----------
    decisions, changes, rejects : bytes
        Lines of JSON.
    shape : bytes
        For each record a ``SHAPE``: how many lines it has in each of the three, and its place.
    keys : bytes
        Each one ``KEY`` long: of what kind it is, the number of the record in the whole run,
        and the digest of what another record should not share.
    """

    decisions: bytes
    changes: bytes
    rejects: bytes
    shape: bytes
    keys: bytes


def digest(text: bytes) -> bytes:
    return blake2b(text, digest_size=DIGEST_BYTES).digest()


def chunk_digest(records: list[Record]) -> bytes:
    """Return what tells the records of a chunk, and their places, from any others."""
    # Over all that is read, so the one that processors have instructions for.
    seen = sha256()
    for r in records:
        place = f"{r.source}\n{r.number} {r.line} {r.byte} {r.form} {len(r.data)} {r.fault}\n"
        seen.update(place.encode("utf-8", "surrogateescape"))
        seen.update(r.data)
    return seen.digest()[:DIGEST_BYTES]
