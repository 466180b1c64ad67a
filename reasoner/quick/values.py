"""One value or name at a time: plain ones pass, all else is for the long way."""

from __future__ import annotations

import re
from decimal import Decimal

from pyoxigraph import Literal

from ..facts import Value
from ..namespaces import REQUESTS, XSD
from ..records import UNNAMED
from ..wellformed import OURS, SCHEMES
from .tables import Spec

WHOLE, DECIMAL = XSD.integer, XSD.decimal
_WHOLE = re.compile(r"[0-9]{1,17}")
_PLAIN = re.compile(r"[0-9]{1,9}\.[0-9]{1,8}")


class Unsure(Exception):
    """The request is not plain; it is for the long way to say what it is."""


def refuse_name(node: str) -> None:
    """Refuse names that the long way looks at closely."""
    if (
        not node.isascii()
        or not node.isprintable()
        or " " in node
        or node.startswith(OURS)
        or node.startswith(UNNAMED)
        or node == REQUESTS
        or not SCHEMES.match(node)
    ):
        raise Unsure


def number_of(value: Literal, spec: Spec) -> Value:
    """Return a plain number within its bounds."""
    text = value.value
    number: int | Decimal
    datatype = value.datatype
    if datatype in (WHOLE, DECIMAL):
        if _WHOLE.fullmatch(text):
            number = int(text)
        elif datatype == DECIMAL and _PLAIN.fullmatch(text):
            number = Decimal(text)
            if number == number.to_integral_value():
                number = int(number)
        else:
            raise Unsure
        if spec.lowest <= number <= spec.highest:
            return number
    raise Unsure
