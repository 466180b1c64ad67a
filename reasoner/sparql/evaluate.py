"""From an admitted query to the bytes of its answer.

Meant to run in a process of its own (``limits``): a query may still ask for more time or
memory than there is, and the engine then ends the process.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

from pyoxigraph import (
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
)

from ..errors import InputError
from ..namespaces import COV

ROWS = {
    "application/sparql-results+json": QueryResultsFormat.JSON,
    "application/sparql-results+xml": QueryResultsFormat.XML,
    "text/csv": QueryResultsFormat.CSV,
    "text/tab-separated-values": QueryResultsFormat.TSV,
}
PLACE = re.compile(r"error at (\d+):(\d+)")
# A yes or a no has no form in CSV and TSV.
YES_OR_NO = ("application/sparql-results+json", "application/sparql-results+xml")


@dataclass(frozen=True)
class Answered:
    """The answer to a query, and its media type."""

    media_type: str
    body: bytes


class _Bounded(io.BytesIO):
    """A buffer that refuses to grow past a bound."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def write(self, data: bytes) -> int:  # type: ignore[override]
        if self.tell() + len(data) > self.most:
            raise InputError(
                f"the answer is larger than {self.most} bytes", hint="ask for fewer rows: LIMIT"
            )
        return super().write(data)


def evaluate(store: Store, query: str, media_type: str, most: int) -> Answered:
    """Answer a query that ``gate.admit`` let through.

    Parameters
    ----------
    store : Store
        What is asked; its default graph only.
    media_type : str
        One of ``ROWS`` for SELECT and ASK, a type of graphs for CONSTRUCT and DESCRIBE.
    most : int
        The bytes of the longest answer.

    Raises
    ------
    InputError
        When the text is not valid SPARQL, or the answer is too long.
    """
    out = _Bounded(most)
    try:
        found = store.query(query)
        if isinstance(found, QueryTriples):
            found.serialize(out, format=RdfFormat.from_media_type(media_type))
        elif isinstance(found, QuerySolutions | QueryBoolean):
            found.serialize(out, format=ROWS[media_type])
    except SyntaxError as error:
        raise misread(error) from None
    except (RuntimeError, OSError, ValueError):
        # Such as a function that there is not. The engine's own words repeat the query.
        raise InputError("the query cannot be answered") from None
    return Answered(media_type, out.getvalue())


def misread(error: SyntaxError) -> InputError:
    """Return the refusal of what is not valid SPARQL, with the place that the parser names."""
    found = PLACE.match(str(error))
    where = f"line {found[1]}, column {found[2]}" if found else ""
    undeclared = "Prefix not found" in str(error)
    hint = "does it declare every prefix? PREFIX cov: <" + COV + ">" if undeclared else ""
    return InputError("not a valid SPARQL query", where, hint)
