"""The named queries that ship with the program.

Each is one file under ``queries``. It opens with the question that it answers, in
comments, and is meant to be copied, changed and run again.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from ..errors import not_called

QUERIES = Path(__file__).resolve().parent / "queries"


@dataclass(frozen=True)
class NamedQuery:
    """A query of the library: its name, the question it answers, and its text."""

    name: str
    question: str
    text: str


@lru_cache(maxsize=1)
def library() -> dict[str, NamedQuery]:
    """Return the queries by name, in alphabetical order."""
    found = {}
    for path in sorted(QUERIES.glob("*.rq")):
        text = path.read_text()
        found[path.stem] = NamedQuery(path.stem, question_of(text), text)
    return found


def question_of(text: str) -> str:
    """Return the comment that a query opens with, as one line."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    return " ".join(lines)


def named_query(name: str) -> NamedQuery:
    """Return a query by its name.

    Raises
    ------
    InputError
        When there is none; the hint names the nearest.
    """
    found = library().get(name)
    if found is not None:
        return found
    near = get_close_matches(name, library(), n=3, cutoff=0.4)
    raise not_called(name, "query", near, "covergraph queries lists them")
