"""JSON text by forms that are filled in, so that what stays the same is written out once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

# The text of some data, and of a text alone.
as_json = json.JSONEncoder(ensure_ascii=False).encode
quoted = json.encoder.encode_basestring
_SLOT = re.compile(r'"\\u0000(\d+)"')


def slot(number: int) -> str:
    """Return what stands in a form for a value; nothing else that is written has such a sign."""
    return f"\0{number}"


def listed(texts: Iterable[str]) -> str:
    return f"[{', '.join(texts)}]"


class Form:
    """The text of some data, with slots in it."""

    def __init__(self, data: Any) -> None:
        self._parts = _SLOT.split(as_json(data))
        self._slots = [int(number) for number in self._parts[1::2]]

    def filled(self, values: Sequence[str]) -> str:
        """Return the text with the JSON of a value in each slot, by the number of the slot."""
        parts = self._parts.copy()
        parts[1::2] = map(values.__getitem__, self._slots)
        return "".join(parts)
