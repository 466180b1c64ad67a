"""Reads statements word by word, where blanks part every term and every mark.

Programs write Turtle and N-Triples that way, and so do most people. What a word stands for is
then looked up, and only the names and values of the request itself are taken apart. A text
that is written otherwise is parsed, and its triples are read as such words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from pyoxigraph import RdfFormat, parse

from ..namespaces import PREFIXES, REQUESTS, XSD
from ..plain import TYPE, Number, Value
from ..request.formats import DEEPEST
from ..request.records import UNNAMED
from ..request.values import day_in
from ..request.wellformed import COMMENTS, OURS

# What is stated: of every record, by property, the values in the order of the text.
Raw: TypeAlias = dict[str, dict[str, dict[Value, None]]]

COMMENT_IRIS = frozenset(p.value for p in COMMENTS)
# What stands for the text of a comment, which is not kept: no name, day or number is empty.
TEXT = ""

# What an IRI may hold behind its host. Percent and two digits stand for one character.
_REST = r"[A-Za-z0-9._~:@!$&'()*+,;=/-]*(?:%[0-9A-Fa-f]{2}[A-Za-z0-9._~:@!$&'()*+,;=/-]*)*"
_IRI = re.compile(
    rf"<(https?://[A-Za-z0-9][A-Za-z0-9.-]*(?:/{_REST})?(?:\?{_REST})?(?:\#{_REST})?"
    r"|urn:[a-z0-9][A-Za-z0-9._:-]*)>"
)
_PREFIX = re.compile(r"(?:[A-Za-z][A-Za-z0-9-]*)?:")
_LOCAL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?")
_TEXT = re.compile(r'"(?:[^"\\]|\\[tbnrf"\'\\])*"(?:@[A-Za-z]+)?')
_WHOLE = re.compile(r"[0-9]{1,17}")
_DECIMAL = re.compile(r"[0-9]{1,9}\.[0-9]{1,8}")
# The prefixes under which terms of the vocabulary are looked up as they are written.
CUSTOMARY = {f"{p}:": f"<{PREFIXES[p]}>" for p in ("cov", "code", "rdf", "rdfs", "xsd")}
RESERVED = (*OURS, UNNAMED)
_COMMENT = re.compile(r"[ \n]#[^\r\n]*")
# What parts words for Python and not for Turtle.
ODD_BLANKS = "\v\f\x1c\x1d\x1e\x1f"
# How the word of a value begins, and that of no name.
VALUE = frozenset('"0123456789')


class Unsure(Exception):
    """The request is not plain; it is for the long way to say what it is."""


class Spelled(NamedTuple):
    """What words stand for, under some of the customary prefixes.

    Parameters
    ----------
    links, concepts : dict
        What may stand for a property, and for a class of record or a concept.
    kinds : dict
        What may follow the text of a value, and what reads that text.
    """

    links: dict[str, str]
    concepts: dict[str, str]
    kinds: dict[str, Callable[[str], Value]]


class Words:
    """Reads words; keeps those of the vocabulary and none of a request.

    Parameters
    ----------
    links, concepts : iterable of str
        The properties, and the classes of record and the concepts, by their IRIs.
    """

    def __init__(self, links: Iterable[str], concepts: Iterable[str]) -> None:
        self.links = (TYPE, *COMMENT_IRIS, *links)
        self.concepts = tuple(concepts)
        self._spelled: dict[frozenset[str], Spelled] = {}

    def read(self, words: Iterable[str]) -> Raw:
        """Return what some words state.

        Raises
        ------
        Unsure
            When a word is not of the vocabulary and is no plain name or value either, or does
            not stand where it may.
        """
        left = iter(words)
        try:
            word = next(left)
            prefixes: dict[str, str] = {}
            customary = []
            while word == "@prefix":
                prefix, iri, dot, word = next(left), next(left), next(left), next(left)
                if dot != "." or prefix in prefixes:
                    raise Unsure
                if CUSTOMARY.get(prefix) == iri:
                    customary.append(prefix)
                    prefixes[prefix] = iri[1:-1]
                elif _PREFIX.fullmatch(prefix):
                    prefixes[prefix] = name_of(iri, {})
                else:
                    raise Unsure
            spelled = self._spelled.get(frozenset(customary)) or self._spell(customary)
            return _statements(word, left, prefixes, spelled)
        except (KeyError, StopIteration):
            raise Unsure from None

    def _spell(self, prefixes: list[str]) -> Spelled:
        """Return the words of the vocabulary, whole and under some prefixes."""

        def spelled(iris: Iterable[str]) -> Iterator[tuple[str, str]]:
            for iri in iris:
                yield f"<{iri}>", iri
                for prefix in prefixes:
                    local = iri.removeprefix(CUSTOMARY[prefix][1:-1])
                    if local != iri and _LOCAL.fullmatch(local):
                        yield prefix + local, iri

        made = Spelled(
            {"a": TYPE, **dict(spelled(self.links))},
            dict(spelled(self.concepts)),
            {f"^^{word}": READ[iri] for word, iri in spelled(READ)},
        )
        self._spelled[frozenset(prefixes)] = made
        return made


def words_of(text: str) -> list[str]:
    """Return the words of a text, its comments left out.

    Whatever looks like a comment within a string leaves a word behind that opens a string and
    does not close it, and nothing takes that for a word.
    """
    if not text.isascii() or any(c in text for c in ODD_BLANKS):
        raise Unsure
    if " #" in text or "\n#" in text:
        text = _COMMENT.sub(" ", text)
    return text.split()


def parsed(text: str, form: RdfFormat) -> list[str]:
    """Return the terms of each statement of a text, and the dot behind it, as words."""
    if "{" in text or "<<" in text:
        raise Unsure
    if ("[" in text or "(" in text) and text.count("[") + text.count("(") > DEEPEST:
        raise Unsure
    words: list[str] = []
    for t in parse(text, format=form, base_iri=REQUESTS):
        words += str(t).split(" ", 2)
        words.append(".")
    return words


def _statements(word: str, left: Iterator[str], prefixes: dict[str, str], spelled: Spelled) -> Raw:
    """Return what is stated, from the first subject on."""
    links, concepts, kinds = spelled
    names: dict[str, str] = {}
    raw: Raw = {}
    while word:
        node = names.get(word)
        if node is None:
            node = names[word] = name_of(word, prefixes)
        record = raw.get(node)
        if record is None:
            record = raw[node] = {}
        mark = ";"
        while mark == ";":
            p = links[next(left)]
            values = record.get(p)
            if values is None:
                values = record[p] = {}
            mark = ","
            while mark == ",":
                word = next(left)
                value: Value | None = concepts.get(word) or names.get(word)
                if value is None:
                    if word[0] in VALUE:
                        value = value_of(word, kinds)
                    else:
                        value = names[word] = name_of(word, prefixes)
                values[value] = None
                mark = next(left)
        if mark != ".":
            raise Unsure
        word = next(left, "")
    return raw


def name_of(word: str, prefixes: dict[str, str]) -> str:
    """Return the IRI that a word names."""
    if word[0] == "<":
        if found := _IRI.fullmatch(word):
            return found[1]
    else:
        prefix, colon, local = word.partition(":")
        if _LOCAL.fullmatch(local):
            return prefixes[prefix + colon] + local
    raise Unsure


def refuse_name(node: str) -> None:
    """Refuse names that no record may have, and what is no name but a day or a text."""
    if node.startswith(RESERVED) or node == REQUESTS or ":" not in node:
        raise Unsure


def value_of(word: str, kinds: dict[str, Callable[[str], Value]]) -> Value:
    """Return the value that a word writes."""
    if word[0] != '"':
        return _number(word)
    text, _, kind = word[1:].partition('"')
    if kind in kinds:
        return kinds[kind](text)
    if _TEXT.fullmatch(word):
        return TEXT
    raise Unsure


def _day(text: str) -> str:
    if day_in(text) is None:
        raise Unsure
    return text


def _whole(text: str) -> int:
    if _WHOLE.fullmatch(text):
        return int(text)
    raise Unsure


def _number(text: str) -> Number:
    if not _DECIMAL.fullmatch(text):
        return _whole(text)
    whole, _, part = text.partition(".")
    return Decimal(text) if part.strip("0") else int(whole)


READ: dict[str, Callable[[str], Value]] = {
    XSD.date.value: _day,
    XSD.integer.value: _whole,
    XSD.decimal.value: _number,
}
