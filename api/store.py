"""The store that callers' queries are answered from."""

from __future__ import annotations

from pyoxigraph import Quad, Store

from reasoner.knowledge import Knowledge


def open_store(knowledge: Knowledge) -> Store:
    """Return a store over everything that is known."""
    store = Store()
    store.extend(Quad(s, p, o) for s, p, o in knowledge.triples)
    return store
