"""How a plain request writes names, days and numbers, whatever format it is in.

Each of these takes less than the gate does. What is written otherwise is not plain.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from ..namespaces import REQUESTS, XSD
from ..plain import Number, Value
from ..request.records import UNNAMED
from ..request.values import day_in
from ..request.wellformed import OURS

# What an IRI may hold behind its host. Percent and two digits stand for one character.
_REST = r"[A-Za-z0-9._~:@!$&'()*+,;=/-]*(?:%[0-9A-Fa-f]{2}[A-Za-z0-9._~:@!$&'()*+,;=/-]*)*"
_IRI = re.compile(
    rf"https?://[A-Za-z0-9][A-Za-z0-9.-]*(?:/{_REST})?(?:\?{_REST})?(?:\#{_REST})?"
    r"|urn:[a-z0-9][A-Za-z0-9._:-]*"
)
_WHOLE = re.compile(r"[0-9]{1,17}")
_DECIMAL = re.compile(r"[0-9]{1,9}\.[0-9]{1,8}")
RESERVED = (*OURS, UNNAMED)


class Unsure(Exception):
    """The request is not plain; it is for the long way to say what it is."""


def refuse_name(node: str) -> None:
    """Raise Unsure at what may not name a record, or is no name at all."""
    if node.startswith(RESERVED) or node == REQUESTS or not _IRI.fullmatch(node):
        raise Unsure


def day(text: str) -> str:
    if day_in(text) is None:
        raise Unsure
    return text


def whole(text: str) -> int:
    if _WHOLE.fullmatch(text):
        return int(text)
    raise Unsure


def number(text: str) -> Number:
    if not _DECIMAL.fullmatch(text):
        return whole(text)
    before, _, part = text.partition(".")
    return Decimal(text) if part.strip("0") else int(before)


READ: dict[str, Callable[[str], Value]] = {
    XSD.date.value: day,
    XSD.integer.value: whole,
    XSD.decimal.value: number,
}
