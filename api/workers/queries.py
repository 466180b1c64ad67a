"""Queries on the graph, and the comparison that is made of them."""

from __future__ import annotations

from covergraph.comparison.matrix import matrix
from covergraph.errors import InputError
from covergraph.formats import GRAPH_TYPES
from covergraph.knowledge.base import Knowledge
from covergraph.sparql.evaluate import ROWS, YES_OR_NO, evaluate
from covergraph.sparql.gate import QueryForm, admit
from covergraph.sparql.store import open_store

from ..negotiation import JSON
from ..problems import Problem
from ..representation import represented
from ..views.comparison import comparison
from .base import Arguments, Done, Jobs, negotiated
from .limits import Limits


class QueryJobs(Jobs):
    """The store that callers' queries are answered from, and the questions it is asked."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.store = open_store(knowledge)
        self.jobs = {"sparql": self.sparql, "compare": self.compare}
        evaluate(self.store, "ASK {}", YES_OR_NO[0], 1000)

    def sparql(self, job: Arguments, body: bytes, limits: Limits) -> Done:
        """Answer a query on the graph."""
        query = decoded(body)
        form = admit(query)
        offered = GRAPH_TYPES if form.gives_graph else YES_OR_NO if form is QueryForm.ASK else ROWS
        # Any client that takes JSON takes JSON results.
        aliases = () if form.gives_graph else (JSON,)
        media_type = negotiated(job, (*offered, *aliases))
        asked = "application/sparql-results+json" if media_type == JSON else media_type
        found = evaluate(self.store, query, asked, limits.answer)
        return Done(200, found.media_type, found.body)

    def compare(self, job: Arguments, _: bytes, __: Limits) -> Done:
        """Answer with what payers ask for a procedure, side by side."""
        media_type = negotiated(job)
        payers = job["payer"].split(",") if job.get("payer") else None
        try:
            found = matrix(self.store, job["procedure"], job.get("region"), payers)
        except InputError as error:
            # What was asked for is not repeated.
            what = "unknown procedure, region or payer"
            raise Problem(400, what, hint=error.hint) from None
        return Done(200, media_type, represented(comparison(found), media_type))


def decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError("the query is not UTF-8", f"byte {error.start}") from None
