"""Which records share what no two should: the name of a graph, or of a request.

A graph whose lines stand in two places is two halves of a request, and neither can be
decided. Two requests of one name are each decided, and said to be so. To find them without
holding every name, the digests are spread over files by their first bits, and each file is
small enough to be looked at whole: memory for a hundredth of the names, and eight bytes for
each record that is found.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from shutil import rmtree
from typing import NamedTuple

from .decider import GRAPH, REQUEST
from .ledger import Ledger
from .records import DIGEST_BYTES, KEY

FILES = 128
_ENTRY = 8 + DIGEST_BYTES


class Twins(NamedTuple):
    """The numbers of records, in order.

    Parameters
    ----------
    torn : array of int
        Those whose graph stands in another record too.
    repeated : array of int
        Those whose request has the name of another's.
    """

    torn: array[int]
    repeated: array[int]


def twins_in(ledger: Ledger) -> Twins:
    """Return the records of a finished ledger that share a name."""
    folder = ledger.folder / "names"
    # A run that was killed here left what it had.
    rmtree(folder, ignore_errors=True)
    for kind in (GRAPH, REQUEST):
        (folder / kind.decode()).mkdir(parents=True)
    _spread(ledger, folder)
    torn = array("Q")
    for shared in _shared(folder / GRAPH.decode(), torn):
        torn.extend(shared)
    # A record with lines of two graphs may share both.
    torn = array("Q", sorted(set(torn)))
    repeated = array("Q")
    for shared in _shared(folder / REQUEST.decode(), torn):
        repeated.extend(shared)
    rmtree(folder)
    return Twins(torn, array("Q", sorted(repeated)))


def _spread(ledger: Ledger, folder: Path) -> None:
    with ExitStack() as stack:
        files = {
            kind[0]: [
                stack.enter_context((folder / kind.decode() / str(n)).open("wb"))
                for n in range(FILES)
            ]
            for kind in (GRAPH, REQUEST)
        }
        for _, result in ledger.results():
            keys = result.keys
            for at in range(0, len(keys), KEY):
                bucket = keys[at + 9] % FILES
                files[keys[at]][bucket].write(keys[at + 1 : at + KEY])


def _shared(folder: Path, without: array[int]) -> Iterator[list[int]]:
    """Yield the numbers of the records under each digest that several have."""
    for path in folder.iterdir():
        data = path.read_bytes()
        keys = [data[at + 8 : at + _ENTRY] for at in range(0, len(data), _ENTRY)]
        # Nearly always no two are the same.
        if len(set(keys)) == len(keys):
            continue
        first: dict[bytes, int] = {}
        more: dict[bytes, list[int]] = {}
        for at, key in enumerate(keys):
            number = int.from_bytes(data[at * _ENTRY : at * _ENTRY + 8], "big")
            if holds(without, number):
                continue
            if first.setdefault(key, number) != number:
                more.setdefault(key, [first[key]]).append(number)
        yield from more.values()


def holds(numbers: array[int], number: int) -> bool:
    """Return whether a sorted array has a number."""
    at = bisect_left(numbers, number)
    return at < len(numbers) and numbers[at] == number
