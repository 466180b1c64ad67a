"""JSON and JSON-LD, read so that nothing is dropped and nothing is fetched.

JSON-LD processors pass over what they cannot map, keep the last or both of two equal
keys, and turn numbers into floating point. Each is an error here or is settled before
the parser runs: one walk checks every key, writes every number as a decimal and every date
as the day, month or year that it is, and counts the triples the document must give. A count
that differs means something was lost. An empty list says that there was none, and null that
nothing is known; neither is a triple of JSON-LD, so what they say is written out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from pyoxigraph import NamedNode, RdfFormat, parse

from ..errors import InputError, last_of, theirs
from ..knowledge.base import Knowledge
from ..namespaces import COV, REQUESTS, XSD
from ..triples import Spo
from .context import KEYWORDS, Context, caller_context, expanded, meaning, shipped_context, shown
from .listing import LISTING

DEEPEST = 64
LONGEST_NUMBER = 18

_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|(?P<open>[\[{])|(?P<close>[\]}])', re.DOTALL)
_KEYWORD = re.compile(r"@[A-Za-z]+\Z")
# How a date is written that is known to the month or the year alone.
_VAGUER = {
    re.compile(r"[0-9]{4}-[0-9]{2}\Z"): XSD.gYearMonth.value,
    re.compile(r"[0-9]{4}\Z"): XSD.gYear.value,
}


class _Number(str):
    """A JSON number as it was written."""


def parse_json(text: str, knowledge: Knowledge) -> list[Spo]:
    """Parse JSON-LD, or plain JSON under the pinned context.

    Raises
    ------
    InputError
        When it is not valid JSON, leaves the subset that is read, or would lose something.
    """
    document = _load(text)
    terms = shipped_context(knowledge)
    if isinstance(document, dict):
        if "@context" in document:
            terms = caller_context(document.pop("@context"), knowledge)
        nodes = _top(document, terms)
    elif isinstance(document, list):
        nodes = document
    else:
        raise InputError("the JSON is neither an object nor an array of objects")
    expected, walk = 0, _Walk(terms, knowledge)
    rewritten = []
    for node in nodes:
        if not isinstance(node, dict) or "@value" in node:
            raise InputError("only objects can stand at the top of the JSON")
        checked, count = walk.node(node, "")
        expected += count
        rewritten.append(checked)
    try:
        body = json.dumps({"@context": terms, "@graph": rewritten}, ensure_ascii=False).encode()
        quads = list(parse(body, format=RdfFormat.JSON_LD, base_iri=REQUESTS))
    except UnicodeEncodeError:
        raise InputError("the JSON holds half of a surrogate pair") from None
    except (SyntaxError, ValueError):
        raise InputError("the JSON-LD cannot be expanded to triples") from None
    if len(quads) != expected:
        raise InputError(
            "part of the JSON-LD would be lost", hint="check that every @id is a valid IRI"
        )
    return [(q.subject, q.predicate, q.object) for q in quads]


def _load(text: str) -> Any:
    depth = 0
    for token in _BRACKETS.finditer(text):
        depth += {"open": 1, "close": -1}.get(token.lastgroup or "", 0)
        if depth > DEEPEST:
            raise InputError(f"nested more than {DEEPEST} deep")
    try:
        return json.loads(
            text,
            object_pairs_hook=_unique,
            parse_int=_number,
            parse_float=_number,
            parse_constant=_no_number,
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InputError(f"not valid JSON: {error.msg}", where) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise InputError(f"duplicate key {shown(key)}")
        found[key] = value
    return found


def _number(written: str) -> _Number:
    if "e" in written.lower():
        raise InputError("a number is written with an exponent", hint="write it out in digits")
    if sum(c.isdigit() for c in written) > LONGEST_NUMBER:
        raise InputError(f"a number has more than {LONGEST_NUMBER} digits")
    return _Number(written)


def _no_number(written: str) -> NoReturn:
    raise InputError(f"{written} is not a number")


def _top(document: dict[str, Any], terms: Context) -> list[Any]:
    """Return the nodes of a document without its context: those of ``@graph``, or itself."""
    graphs = [key for key in document if meaning(key, terms) == "@graph"]
    if not graphs:
        return [document]
    if len(document) > 1:
        raise InputError("named graphs are not read", hint="@graph stands beside @context alone")
    graph = document[graphs[0]]
    return graph if isinstance(graph, list) else [graph]


@dataclass(frozen=True)
class _Walk:
    """The one walk over a document, under its context."""

    terms: Context
    knowledge: Knowledge

    def node(self, node: dict[str, Any], path: str) -> tuple[dict[str, Any], int]:
        """Return a node object with its values settled, and how many triples it gives."""
        result: dict[str, Any] = {}
        lists: dict[str, list[dict[str, str]]] = {}
        seen: set[str] = set()
        count = 0
        for key, value in node.items():
            where = self._step(path, key)
            keyword = _meaning(key, self.terms, path)
            if keyword and keyword in seen:
                raise InputError(f"duplicate {keyword}", path)
            seen.add(keyword)
            if keyword in ("@id", "@type"):
                texts = value if isinstance(value, list) and keyword == "@type" else [value]
                if not texts or any(not _is_text(t) for t in texts):
                    raise InputError(f"{keyword} must be an IRI", path)
                result[key] = value
                count += len(texts) if keyword == "@type" else 0
            elif keyword == "@graph":
                raise InputError("named graphs are not read", path)
            elif keyword:
                raise InputError(f"{keyword} does not belong here", path)
            elif value is None or value == []:
                same = expanded(key, self.terms)
                if any(expanded(k, self.terms) == same for k in node.keys() - {key}):
                    raise InputError("is stated under another name too", where)
                for p, about in self._unsaid(key, value, where):
                    lists.setdefault(p, []).append({"@id": about})
                    count += 1
            else:
                found = list(self._values(key, value, where))
                if not found:
                    raise InputError("states nothing", where, "leave it out")
                result[key] = [v for v, _ in found]
                count += sum(1 + inner for _, inner in found)
        for says, named in lists.items():
            result[says] = [*result.get(says, []), *named]
        return result, count

    def _step(self, path: str, key: str) -> str:
        """Return the path to what stands under a key; a key that is none of ours is marked."""
        iri = expanded(key, self.terms)
        ours = key in KEYWORDS or (
            iri == COV + key and key.isidentifier() and NamedNode(iri) in self.knowledge.properties
        )
        name = key if ours else theirs(_printable(key))
        return last_of(f"{path}.{name}" if path else name, 80)

    def _unsaid(self, key: str, value: object, path: str) -> Iterator[tuple[str, str]]:
        """Yield what an empty list or null says: how much of which list is on record."""
        link = NamedNode(expanded(key, self.terms))
        declared = self.knowledge.properties.get(link)
        whole = self.knowledge.triples.subjects(COV.listsBy, link)
        if whole and declared and declared.stated_of & LISTING:
            says = COV.partialFor if value is None else COV.completeFor
            yield says.value, whole[0].value
        elif value is not None:
            # Where there may be several values of what is no list of the record, no value is
            # stated; what must be stated, and what there is one of, cannot be empty.
            if whole or declared is None or declared.single or declared.required_of:
                raise InputError("states nothing", path, "leave it out")
        elif declared is None or not declared.stated_of:
            raise InputError("is null", path, "leave it out")
        elif declared.required_of:
            raise InputError("is null", path, "it must be stated")

    def _values(self, key: str, value: Any, path: str) -> Iterator[tuple[Any, int]]:
        """Yield each single value under a key, with the triples inside it."""
        if value is None:
            raise InputError("is null", path, "leave it out")
        if isinstance(value, list):
            for number, item in enumerate(value):
                yield from self._values(key, item, f"{path}[{number}]")
        elif isinstance(value, dict):
            keywords = {_meaning(k, self.terms, path) for k in value}
            if "@set" in keywords and len(value) == 1:
                yield from self._values(key, next(iter(value.values())), path)
            elif "@value" in keywords:
                yield _value_object(value, self.terms, path), 0
            else:
                yield self.node(value, path)
        elif isinstance(value, _Number):
            yield {"@value": str(value), "@type": XSD.decimal.value}, 0
        elif isinstance(value, str) and _KEYWORD.match(value):
            raise InputError("a JSON-LD keyword stands where a value belongs", path)
        else:
            yield self._dated(key, value), 0

    def _dated(self, key: str, value: Any) -> Any:
        """Return a value as it is; a month or a year, where a date is read, with its type."""
        definition = self.terms.get(key)
        if not isinstance(definition, dict) or not isinstance(value, str):
            return value
        if expanded(str(definition.get("@type", "")), self.terms) == XSD.date.value:
            for grammar, datatype in _VAGUER.items():
                if grammar.match(value):
                    return {"@value": value, "@type": datatype}
        return value


def _value_object(value: dict[str, Any], terms: Context, path: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, item in value.items():
        keyword = _meaning(key, terms, path)
        if keyword not in ("@value", "@type", "@language") or keyword in fields:
            raise InputError("is not a plain value", path)
        if keyword != "@value" and not _is_text(item):
            raise InputError(f"{keyword} must be text", path)
        fields[keyword] = item
    plain = fields["@value"]
    if isinstance(plain, _Number):
        return {"@type": XSD.decimal.value} | fields | {"@value": str(plain)}
    if not isinstance(plain, str | bool):
        raise InputError("is not a plain value", path)
    return fields


def _meaning(key: str, terms: Context, path: str) -> str:
    try:
        return meaning(key, terms)
    except InputError as error:
        raise error.at(path) from None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and not isinstance(value, _Number) and not _KEYWORD.match(value)


def _printable(name: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in name)
