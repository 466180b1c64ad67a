"""Making a function from generated text, so that a traceback shows the text."""

from __future__ import annotations

import linecache
from collections.abc import Mapping
from typing import Any


def made(function: str, text: str, constants: Mapping[str, Any], title: str) -> Any:
    """Return a function that a text defines.

    Parameters
    ----------
    function : str
        The name that the text gives it.
    constants : mapping
        From the names that the text uses to what they stand for.
    title : str
        What tracebacks call the file.
    """
    name = f"<covergraph {title}>"
    namespace = dict(constants)
    exec(compile(text, name, "exec"), namespace)
    # Without a time of change, linecache looks for no such file.
    linecache.cache[name] = len(text), None, text.splitlines(keepends=True), name
    return namespace[function]
