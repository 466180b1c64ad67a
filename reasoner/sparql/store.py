"""All that the program knows in one in-memory SPARQL store, with the derived view.

The store holds ontology, shapes, clause registers and code tables as they were loaded,
and the flat view that the queries under ``queries/view`` derive from them, one after the
other: every requirement of every policy as one node, and what each policy makes of each
procedure. Nothing is authored twice; nothing of a caller's ever enters it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad, Store

from ..knowledge.base import Knowledge, knowledge
from ..namespaces import BASE, COV, XSD

VIEW = Path(__file__).resolve().parent / "queries" / "view"
# What the steps leave for one another; it is of no use to a reader.
STEPS = BASE + "steps#"
STEP = re.compile(r"\bstep:\w+")
RECURSIVE = re.compile(r"^# .*Run until", re.MULTILINE)


def open_store(knowledge: Knowledge) -> Store:
    """Return a store over the knowledge and the view derived from it.

    Parameters
    ----------
    knowledge : Knowledge
        What was loaded; it is not changed.
    """
    store = Store()
    store.bulk_extend(Quad(s, p, o) for s, p, o in knowledge.triples)
    store.extend(positions(knowledge))
    steps = [path.read_text() for path in sorted(VIEW.glob("*.rq"))]
    for step in steps:
        derive(store, step)
    names = " ".join(sorted({name for step in steps for name in STEP.findall(step)}))
    store.update(
        f"PREFIX step: <{STEPS}> DELETE {{ ?s ?p ?o }} WHERE {{ VALUES ?p {{ {names} }} ?s ?p ?o }}"
    )
    return store


@lru_cache(maxsize=1)
def shipped_store() -> Store:
    """Return the store over what ships with the program, built on first use."""
    return open_store(knowledge())


def derive(store: Store, query: str) -> None:
    """Add what a CONSTRUCT finds, and again until it finds nothing new."""
    before = -1
    while before < len(store):
        before = len(store)
        # The same query as an insertion, so that nothing passes through Python.
        store.update(query.replace("CONSTRUCT {", "INSERT {", 1))
        if not RECURSIVE.search(query):
            return


def positions(knowledge: Knowledge) -> list[Quad]:
    """Return where each named term stands in the files, which a store does not keep."""
    named = (n for n in knowledge.triples.nodes() if isinstance(n, NamedNode))
    return [
        Quad(n, COV.position, Literal(str(i), datatype=XSD.integer)) for i, n in enumerate(named)
    ]
