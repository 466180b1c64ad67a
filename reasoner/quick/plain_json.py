"""From JSON to plain statements: our names or whole IRIs for properties, and no context of its own.

What a key means is looked up in a table made from the pinned context, so that nothing is
expanded. A key or a value that the table does not have, or a key that stands where another
means the same, is for the long way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, NoReturn

from ..knowledge.base import Knowledge
from ..namespaces import CODE, CONTEXT_IRI, COV, REQUESTS
from ..plain import TYPE, Statements, Value
from ..request.context import shipped_context
from ..request.wellformed import COMMENTS
from .tables import HAS_DIAGNOSIS, Role, Spec, Takes
from .written import LABEL, READ, Unsure, day, number, whole

# As deep as records stand in each other, and deeper than any request needs.
DEEPEST = 8
NAMES = ("id", "@id")
_LOCAL = re.compile(r"[A-Za-z0-9_-]*#[A-Za-z0-9_-]+")
_DIAGNOSIS = re.compile(r"[A-Za-z][0-9][0-9A-Za-z.]{1,7}")

Reader = Callable[[Any], Value]


class JsonReader:
    """Reads plain JSON; keeps tables of the vocabulary and nothing of a request."""

    def __init__(self, roles: Mapping[str, Role], knowledge: Knowledge) -> None:
        self.context = shipped_context(knowledge)
        self.comments = {iri.value for iri in COMMENTS} | {"label", "comment"}
        # From a key to its property, and to what reads a value; None where records stand.
        classes = self._spelled(roles, str(COV)).__getitem__
        self.keys: dict[str, tuple[str, Reader | None]] = {
            "type": (TYPE, classes),
            "@type": (TYPE, classes),
            TYPE: (TYPE, _named({c: c for c in roles}.__getitem__)),
        }
        specs: dict[str, list[Spec]] = {}
        for role in roles.values():
            for p, spec in role.specs.items():
                specs.setdefault(p, []).append(spec)
        for p, alike in specs.items():
            local = p.removeprefix(str(COV))
            self.keys[p] = (p, self._reader_under_iri(alike))
            if local in self.context:
                self.keys[local] = (p, self._reader_under_name(alike, self.context[local]))

    def statements(self, text: str) -> Statements:
        """Return what a text states, comments left out; unnamed records get labels.

        Raises
        ------
        Unsure
            When something in it is not plain.
        ValueError
            When it is not JSON.
        """
        document = json.loads(
            text,
            object_pairs_hook=_once,
            parse_int=whole,
            parse_float=number,
            parse_constant=_no_number,
        )
        if isinstance(document, dict):
            if document.pop("@context", CONTEXT_IRI) != CONTEXT_IRI:
                raise Unsure
            if "@graph" in document:
                document, alone = document["@graph"], len(document) == 1
                if not alone:
                    raise Unsure
        found: Statements = {}
        for node in document if type(document) is list else [document]:
            if type(node) is not dict:
                raise Unsure
            self._record(node, found, 1)
        return found

    def _record(self, node: dict[str, Any], found: Statements, depth: int) -> str:
        """Add what an object states, and return its name."""
        if depth > DEEPEST:
            raise Unsure
        names = [node[key] for key in NAMES if key in node]
        if len(names) > 1 or not node:
            raise Unsure
        name = name_of(names[0]) if names else f"{LABEL}b{len(found)}"
        record = found.setdefault(name, {})
        for key, value in node.items():
            if key in NAMES:
                continue
            values = value if type(value) is list else [value]
            if not values:
                raise Unsure
            if key in self.comments:
                _refuse_texts(values)
                continue
            stated: dict[Value, None] = {}
            p, read = self.keys[key]
            for v in values:
                stated[read(v) if read else self._name(v, found, depth)] = None
            there = record.setdefault(p, stated)
            # What is said twice is for the long way to count.
            if len(stated) != len(values) or (there is not stated and stated.keys() & there):
                raise Unsure
            if there is not stated:
                there.update(stated)
        return name

    def _name(self, value: object, found: Statements, depth: int) -> str:
        """Return the name of the record that a value is or names."""
        if type(value) is dict:
            return self._record(value, found, depth + 1)
        return name_of(value)

    def _reader_under_name(self, specs: list[Spec], term: Mapping[str, Any]) -> Reader | None:
        """Return what reads a value under a name of the context, which says what text means."""
        takes, among = specs[0].takes, {c for spec in specs for c in spec.among}
        if takes is Takes.RECORD:
            return None
        if takes is not Takes.CONCEPT:
            return _day if takes is Takes.DAY else _number
        if term["@type"] == "@id":
            return {c: c for c in among}.__getitem__
        vocabulary = term["@context"]["@vocab"] if "@context" in term else str(COV)
        table = self._spelled(among, vocabulary)
        return self._or_diagnosis(table) if specs[0].iri == HAS_DIAGNOSIS else table.__getitem__

    def _reader_under_iri(self, specs: list[Spec]) -> Reader | None:
        """Return what reads a value under the IRI of its property, which says all in full."""
        takes, among = specs[0].takes, {c: c for spec in specs for c in spec.among}
        if takes is Takes.RECORD:
            return None
        if takes is not Takes.CONCEPT:
            return _literal
        return _named(
            self._or_diagnosis(among) if specs[0].iri == HAS_DIAGNOSIS else among.__getitem__
        )

    def _or_diagnosis(self, table: dict[str, str]) -> Reader:
        """Return what reads a code of a table, or one that only the plain list has."""

        def read(value: Any) -> Value:
            known = table.get(value)
            if known is not None:
                return known
            local: str = value.removeprefix(CODE) if ":" in value else value
            if not _DIAGNOSIS.fullmatch(local) or local in self.context:
                raise Unsure
            return str(CODE) + local

        return read

    def _spelled(self, iris: Iterable[str], vocabulary: str) -> dict[str, str]:
        """Return what stands for some terms where bare names are those of a vocabulary."""
        found = {}
        for iri in iris:
            found[iri] = iri
            local = iri.removeprefix(vocabulary)
            if local != iri and ":" not in local and local not in self.context:
                found[local] = iri
        return found


def name_of(value: object) -> str:
    """Return the IRI that a record is named by, one of ours where only its end is given."""
    if type(value) is not str:
        raise Unsure
    if _LOCAL.fullmatch(value):
        return REQUESTS + value
    # A path that goes up or nowhere is another IRI to some.
    if "/." in value:
        raise Unsure
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unsure
    return found


def _no_number(_: str) -> NoReturn:
    raise Unsure


def _named(read: Reader) -> Reader:
    """Return what reads a concept that stands as an object with a name."""

    def concept(value: Any) -> Value:
        if type(value) is not dict or value.keys() != {"@id"}:
            raise Unsure
        return read(value["@id"])

    return concept


def _day(value: Any) -> Value:
    if type(value) is not str:
        raise Unsure
    return day(value)


def _number(value: Any) -> Value:
    # Truth is a number to Python.
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return value
    raise Unsure


def _literal(value: Any) -> Value:
    """Return a value that says its type, or a number, which need not."""
    if type(value) is not dict:
        return _number(value)
    if value.keys() != {"@value", "@type"} or type(value["@value"]) is not str:
        raise Unsure
    return READ[value["@type"]](value["@value"])


def _refuse_texts(values: list[Any]) -> None:
    """Raise Unsure unless a comment is text, and surely nothing else."""
    for value in values:
        text = value["@value"] if type(value) is dict and value.keys() == {"@value"} else value
        if type(text) is not str or text.startswith("@"):
            raise Unsure
        # Half of a surrogate pair raises an error of its own.
        text.encode()
    if len(values) > 1:
        raise Unsure
