"""Errors as ``application/problem+json`` (RFC 9457).

A problem says what is wrong, where, and what to do. It is made from our own words
alone: no value of the caller's comes back, for it may be a patient's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from covergraph.errors import InputError

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """A request that is not answered as it was meant.

    Parameters
    ----------
    status : int
        The HTTP status.
    detail : str
        What is wrong, in one sentence.
    where : str
        The line, node or parameter it was found at; may be empty.
    hint : str
        What to do about it; may be empty.
    headers : mapping
        Further headers of the answer.
    """

    media_type = MEDIA_TYPE

    def __init__(
        self,
        status: int,
        detail: str,
        where: str = "",
        hint: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.where, self.hint = status, detail, where, hint
        self.headers = dict(headers or {})

    @classmethod
    def of(cls, error: InputError, status: int = 400) -> Problem:
        return cls(status, error.what, error.where, error.hint)

    @property
    def title(self) -> str:
        """The words that go with the status."""
        return HTTPStatus(self.status).phrase

    def body(self) -> bytes:
        """Return the problem as JSON; what is empty is left out."""
        stated = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "where": self.where,
            "hint": self.hint,
        }
        return json.dumps({k: v for k, v in stated.items() if v}, ensure_ascii=False).encode()
