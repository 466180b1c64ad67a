"""The requests that a check compares: those named, or every example and test request."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pyoxigraph import BlankNode, RdfFormat, Triple, serialize

from ..errors import InputError
from ..knowledge.base import Knowledge
from ..namespaces import COV
from ..request import gate
from ..request.formats import read_triples
from ..triples import Term, Triples

FOLDERS = ("data/examples", "tests/cases")


def requests_to_check(knowledge: Knowledge, paths: Sequence[str] = ()) -> dict[str, Triples]:
    """Return requests as stated, by file name.

    Parameters
    ----------
    paths : sequence of str
        Files that hold a request each; without any, all under the folders of examples
        and, in a checkout, of test cases.

    Raises
    ------
    InputError
        When a file cannot be read, or the gate refuses what it holds.
    """
    if paths:
        files = {path: Path(path) for path in paths}
    else:
        files = {
            path.relative_to(knowledge.root).as_posix(): path
            for folder in FOLDERS
            for path in sorted((knowledge.root / folder).rglob("*.ttl"))
        }
    found = {}
    for name, path in files.items():
        try:
            data = path.read_bytes()
        except OSError as error:
            raise InputError((error.strerror or "cannot be read").lower(), name) from None
        if b"TestCase" in data:
            data = _without_case(data, name, knowledge)
        found[name] = gate.read(data, name=name, knowledge=knowledge).triples
    return found


def _without_case(data: bytes, name: str, knowledge: Knowledge) -> bytes:
    """Return a test case's request alone, as N-Triples, without what is expected of it."""
    triples = Triples(read_triples(data, name, None, knowledge))
    expected: set[Term] = set()
    queue: list[Term] = list(triples.instances(COV.TestCase))
    while queue:
        node = queue.pop()
        expected.add(node)
        queue += [o for s, _, o in triples if s == node and isinstance(o, BlankNode)]
    kept = (Triple(*t) for t in triples if t[0] not in expected)
    return serialize(kept, format=RdfFormat.N_TRIPLES) or b""
