"""Which representation a caller gets: what it accepts, of what there is.

Quality values decide, then how closely a range names the type, then the order in which
a resource offers its types. Parameters of a range are left aside, but for ``profile``,
by which a decision is asked for as a SHACL report.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from covergraph import formats

JSON, JSON_LD, TURTLE, N_TRIPLES = (
    f.media_type for f in (formats.JSON, formats.JSON_LD, formats.TURTLE, formats.N_TRIPLES)
)
FHIR = formats.FHIR.media_type
MARKDOWN = "text/markdown"
RESOURCE = (JSON, JSON_LD, TURTLE)
HTML = "text/html"
SHACL_PROFILE = "http://www.w3.org/ns/shacl#"

LONGEST = 1000
_RANGE = re.compile(r"\s*([\w.+*-]+)/([\w.+*-]+)\s*((?:;[^,]*)?)\Z")
_PARAMETER = re.compile(r';\s*([\w-]+)\s*=\s*(?:"([^"]*)"|([^\s;",]*))\s*')
_MEMBERS = re.compile(r'(?:[^,"]|"[^"]*")+')


@dataclass(frozen=True)
class Range:
    """One member of an Accept header."""

    type: str
    subtype: str
    quality: float
    profile: str

    def fits(self, media_type: str) -> int:
        """Return how closely it names a type: 0 not at all, 3 by its full name."""
        type_, _, subtype = media_type.partition("/")
        if (self.type, self.subtype) == (type_, subtype):
            return 3
        if self.type == type_ and self.subtype == "*":
            return 2
        return 1 if (self.type, self.subtype) == ("*", "*") else 0


def ranges(accept: str) -> list[Range]:
    """Read an Accept header; what is no media range is passed over."""
    found = []
    for member in _MEMBERS.findall(accept[:LONGEST]):
        match = _RANGE.match(member)
        if not match:
            continue
        stated = {k.lower(): a or b for k, a, b in _PARAMETER.findall(match.group(3))}
        try:
            quality = min(max(float(stated.get("q", "1")), 0.0), 1.0)
        except ValueError:
            continue
        found.append(Range(match[1].lower(), match[2].lower(), quality, stated.get("profile", "")))
    return found


def chosen(accept: str, offered: Sequence[str]) -> tuple[str, str] | None:
    """Return the media type that a caller likes best, and the profile it asks for.

    Parameters
    ----------
    accept : str
        The Accept header; an empty one accepts everything.
    offered : sequence of str
        The types there are, the preferred one first.

    Returns
    -------
    tuple of str or None
        None when nothing that is offered is accepted.
    """
    accepted = ranges(accept or "*/*")
    best: tuple[float, int] = (0.0, 0)
    found = None
    for media_type in offered:
        closest = max(accepted, key=lambda r: (r.fits(media_type), r.quality), default=None)
        if closest is None or not closest.fits(media_type):
            continue
        rank = (closest.quality, closest.fits(media_type))
        if closest.quality > 0 and rank > best:
            best, found = rank, (media_type, closest.profile)
    return found


@lru_cache(maxsize=256)
def prefers_page(accept: str) -> bool:
    """Return whether a caller would rather have a page than any form of the data."""
    found = chosen(accept, (*RESOURCE, MARKDOWN, HTML))
    return found is not None and found[0] == HTML
