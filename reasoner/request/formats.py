"""From a caller's bytes to triples, in the few formats that are read.

Turtle, N-Triples and JSON-LD state a request; everything else is refused by name.
Text is checked before a parser sees it: parsers recurse, fetch, and drop what they do
not understand, and a refusal must come from us. Nothing is kept of a document that
does not parse to its end.
"""

from __future__ import annotations

import re

from pyoxigraph import NamedNode, RdfFormat, Triple, parse

from ..errors import InputError
from ..formats import FORMATS, HTML, JSON_LD, N_QUADS, TRIG, TURTLE, XML, Format
from ..knowledge.base import Knowledge
from ..namespaces import REQUESTS
from ..triples import Spo
from .jsonld import parse_json

LARGEST = 1_000_000
DEEPEST = 64

SUFFIXES = {suffix: f for f in FORMATS for suffix in f.suffixes}
MEDIA_TYPES = {media_type: f for f in FORMATS for media_type in f.media_types}
SNIFFED = {"text/plain", "application/octet-stream"}
READ = "Turtle, N-Triples and JSON-LD are read"

_SUFFIX = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,7}\Z")
_MARKUP = re.compile(
    r"<[?!]|<(?P<tag>[A-Za-z_][\w.-]*(?::[\w.-]+)?)(?:\s+[\w:.-]+\s*=|>(?=.*</(?P=tag)\s*>\s*\Z))",
    re.DOTALL,
)
# One pass, so that a quote in a comment or a hash in a string misleads nobody. The
# possessive loops keep it linear on hostile text.
_TURTLE = re.compile(
    r"""
    \#[^\n\r]*
  | \"{3}(?:[^"\\]|\\.|"(?!""))*+(?:\"{3}|\\?\Z)
  | '{3}(?:[^'\\]|\\.|'(?!''))*+(?:'{3}|\\?\Z)
  | "(?:[^"\\\n\r]|\\.)*+"?
  | '(?:[^'\\\n\r]|\\.)*+'?
  | <(?:[^\x00-\x20<>"{}|^`\\]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*+>
  | \\.
  | (?P<star><<)
  | (?P<graph>\{)
  | (?P<open>[\[(])
  | (?P<close>[\])])
    """,
    re.VERBOSE | re.DOTALL,
)
_REASONS = {
    "dot is expected": "a statement does not end with a dot",
    "end of file": "the text ends too soon",
    "has not been declared": "a prefix is not declared",
    "IRI": "not a valid IRI",
}


def read_triples(data: bytes, name: str, media_type: str | None, knowledge: Knowledge) -> list[Spo]:
    """Return the triples of a document, in its order.

    Parameters
    ----------
    data : bytes
        The document as it came.
    name : str
        A file name, whose suffix tells the format when no media type does.
    media_type : str or None
        The declared media type; it goes before the suffix.
    knowledge : Knowledge
        The terms that the pinned JSON-LD context is made of.

    Raises
    ------
    InputError
        When the document is in no format that is read, or does not parse.
    """
    text, form = document(data, name, media_type)
    return parse_json(text, knowledge) if form == JSON_LD.read_as else parse_turtle(text)


def document(data: bytes, name: str, media_type: str | None) -> tuple[str, str]:
    """Return the text of a document and its format, Turtle or JSON-LD."""
    text = _text(data)
    return text, _format(text, name, media_type)


def parse_turtle(text: str) -> list[Spo]:
    """Parse Turtle, and with it N-Triples."""
    _refuse_by_text(text)
    found: list[Spo] = []
    try:
        for t in parse(text, format=RdfFormat.TURTLE, base_iri=REQUESTS):
            # The pre-check leaves no way to write one; a parser that finds one disagrees.
            if isinstance(t.subject, Triple) or isinstance(t.object, Triple):
                raise InputError("RDF-star triple terms are not read")
            found.append((t.subject, t.predicate, t.object))
    except SyntaxError as error:
        if _is_quads(text):
            raise InputError("named graphs are not read", hint=READ) from None
        where = f"line {error.lineno}, column {error.offset}" if error.lineno else ""
        # The parser's own words repeat the text it stumbled on, which may be a patient's.
        reason = next((ours for theirs, ours in _REASONS.items() if theirs in str(error)), "")
        raise InputError("not valid Turtle" + (f": {reason}" if reason else ""), where) from None
    except ValueError:
        raise InputError("not valid Turtle") from None
    return found


def _text(data: bytes) -> str:
    if len(data) > LARGEST:
        raise InputError(f"the input is larger than {LARGEST} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("the input is not UTF-8", f"byte {error.start}") from None
    if not text.strip():
        raise InputError("the input is empty", hint="it must hold one cov:CoverageRequest")
    return text


def _format(text: str, name: str, media_type: str | None) -> str:
    """Return Turtle or JSON-LD: by media type, else by suffix, else by how the text begins."""
    start = text.lstrip()
    declared = _declared(name, media_type)
    if declared in (XML, HTML) or _MARKUP.match(start):
        _refuse_markup(start, declared)
    if declared in (N_QUADS, TRIG):
        raise InputError("named graphs are not read", hint=READ)
    if declared:
        return declared.read_as
    # Turtle may begin with a blank node in brackets, but no bracket of it holds a brace.
    return (JSON_LD if re.match(r"\{|\[\s*\{", start) else TURTLE).read_as


def _declared(name: str, media_type: str | None) -> Format | None:
    if media_type:
        essence, _, parameters = media_type.lower().partition(";")
        if "charset" in parameters and "utf-8" not in parameters:
            raise InputError("only UTF-8 is read")
        if essence.strip() in SNIFFED:
            return None
        if essence.strip() not in MEDIA_TYPES:
            named = "".join(c for c in essence if c.isprintable()).strip()[:60]
            raise InputError(f"the media type {named} is not read", hint=READ)
        return MEDIA_TYPES[essence.strip()]
    suffix = _SUFFIX.search(name)
    if not suffix:
        return None
    if suffix.group().lower() not in SUFFIXES:
        raise InputError(f"files ending in {suffix.group()} are not read", hint=READ)
    return SUFFIXES[suffix.group().lower()]


def _refuse_markup(start: str, declared: Format | None) -> None:
    if declared == HTML or re.match(r"<!doctype\s+html|<html", start, re.IGNORECASE):
        raise InputError("HTML is not read", hint=READ)
    dtd = re.search(r"<!(DOCTYPE|ENTITY)", start, re.IGNORECASE)
    raise InputError("RDF/XML is not read" + (", and its DTD is refused" if dtd else ""), hint=READ)


def _refuse_by_text(text: str) -> None:
    """Refuse what no request needs and a recursive parser may fall over."""
    depth = 0
    for token in _TURTLE.finditer(text):
        if token.lastgroup is None:
            continue
        depth += {"open": 1, "close": -1}.get(token.lastgroup, 0)
        if token.lastgroup == "star":
            raise InputError("RDF-star (<<) is not read", _line(text, token.start()))
        if token.lastgroup == "graph":
            raise InputError(
                "named graphs and annotations are not read", _line(text, token.start())
            )
        if depth > DEEPEST:
            raise InputError(f"nested more than {DEEPEST} deep", _line(text, token.start()))


def _line(text: str, at: int) -> str:
    return f"line {text.count(chr(10), 0, at) + 1}"


def _is_quads(text: str) -> bool:
    try:
        quads = list(parse(text, format=RdfFormat.N_QUADS))
    except (SyntaxError, ValueError):
        return False
    return any(isinstance(q.graph_name, NamedNode) for q in quads)
