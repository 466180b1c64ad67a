"""What the program calls itself in what it writes."""

from __future__ import annotations

from functools import cache

ENGINE = "covergraph"


@cache
def engine_version() -> str:
    """Return the version of the installed distribution."""
    from importlib.metadata import version

    return version(ENGINE)
