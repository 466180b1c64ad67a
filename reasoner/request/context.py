"""Which JSON names mean which terms: the pinned context, and what a caller may add.

A JSON-LD context can swap the meaning of a request, and a remote one is fetched by
most processors. So the pinned context is made from the ontology and never fetched, and
a caller's own may only give names to IRIs: no imports, no nested contexts, no second
meaning for a name.
"""

from __future__ import annotations

import re
from typing import Any

from pyoxigraph import NamedNode

from ..errors import InputError, theirs
from ..knowledge.base import Knowledge
from ..namespaces import CODE, CONTEXT_IRI, COV, RDFS, XSD, compact, local_name

Context = dict[str, Any]

KEYWORDS = frozenset({"@id", "@type", "@value", "@language", "@graph", "@set"})
_DEFINES = frozenset({"@id", "@type", "@container"})
# The JSON-LD rule for when a plain name is a prefix: its IRI ends in a delimiter.
_DELIMITERS = tuple(":/?#[]@")
_UNFIT = re.compile(r"[\x00-\x20<>\"{}|\\^`]")


def shipped_context(knowledge: Knowledge) -> Context:
    """Return the pinned context: a name for every property that a request may state.

    Facts, regions and roles are written by their bare names (``"Infection"``), codes by
    the plain code (``"64493"``) or as ``code:64493``, other records as nested objects or
    by their IRI. Dates are strings ("2024-06-10", "2024-06" or "2024"), numbers are numbers.
    An empty list says that there was none, null that nothing is known.
    """
    terms: Context = {
        "@version": 1.1,
        "@vocab": str(COV),
        "id": "@id",
        "type": "@type",
        "cov": str(COV),
        "code": str(CODE),
        "xsd": str(XSD),
        "label": RDFS.label.value,
        "comment": RDFS.comment.value,
    }
    for iri, declared in sorted(knowledge.properties.items(), key=lambda item: item[0].value):
        if not declared.stated_of:
            continue
        term: Context = {"@id": compact(iri.value)}
        if declared.value_type is not None:
            term["@type"] = compact(declared.value_type.value)
        else:
            term |= _link(declared.takes, knowledge)
        terms[local_name(iri.value)] = term
    return terms


def _link(takes: NamedNode | None, knowledge: Knowledge) -> Context:
    concepts = knowledge.instances_of(takes) if takes is not None else []
    if any(c.value.startswith(CODE) for c in concepts):
        # Scoped, so that a bare code is no term of the ontology.
        return {"@type": "@vocab", "@context": {"@vocab": str(CODE)}}
    return {"@type": "@vocab" if any(c.value.startswith(COV) for c in concepts) else "@id"}


def caller_context(stated: object, knowledge: Knowledge) -> Context:
    """Return one inline context for what a document states as its ``@context``.

    Raises
    ------
    InputError
        When a context would have to be fetched, or does more than name IRIs.
    """
    parts = stated if isinstance(stated, list) else [stated]
    merged: Context = {}
    for part in parts:
        if isinstance(part, str):
            if part != CONTEXT_IRI:
                raise InputError(
                    "remote JSON-LD contexts are not fetched",
                    "@context",
                    f"use {CONTEXT_IRI}, or write the context inline",
                )
            terms = shipped_context(knowledge)
        elif isinstance(part, dict):
            terms = {name: _checked(name, value) for name, value in part.items()}
        else:
            raise InputError("a context is an object or the pinned IRI", "@context")
        for name, value in terms.items():
            if merged.setdefault(name, value) != value:
                raise InputError(f"{shown(name)} is given two meanings", "@context")
    return merged


def _checked(name: str, value: object) -> object:
    """Return a term definition that only names an IRI; refuse any other."""
    where = "@context"
    if name == "@version":
        return 1.1
    if name == "@vocab":
        if value != COV:
            raise InputError("@vocab can only be the ontology", where, str(COV))
        return value
    if name == "@base":
        if not isinstance(value, str) or not re.match(r"https?://", value):
            raise InputError("@base must be an absolute http or https IRI", where)
        return value
    if name.startswith("@") or not name or ":" in name or _UNFIT.search(name):
        raise InputError(f"{shown(name)} cannot be a term of a context", where)
    if isinstance(value, str):
        if value.startswith("@") and value not in KEYWORDS - {"@graph", "@set"}:
            raise InputError(f"{shown(name)} stands for a keyword that is not read", where)
        return value
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise InputError(f"{shown(name)} is not a simple term definition", where)
    for key, meaning in value.items():
        allowed = {"@id", "@vocab"} if key == "@type" else {"@set"} if key == "@container" else ()
        keyword = meaning.startswith("@")
        if key not in _DEFINES or ((keyword or key == "@container") and meaning not in allowed):
            raise InputError(f"{shown(name)} is not a simple term definition", where)
    return value


def meaning(key: str, terms: Context) -> str:
    """Return the keyword a JSON key stands for, or the empty string for a property.

    Raises
    ------
    InputError
        When a JSON-LD processor would drop the key.
    """
    definition = terms.get(key)
    if isinstance(definition, str) and definition.startswith("@"):
        return definition
    if key.startswith("@"):
        if key not in KEYWORDS:
            only = " below the top" if key == "@context" else ""
            raise InputError(f"{shown(key)} is not read{only}")
        return key
    prefix, colon, rest = key.partition(":")
    known = terms.get(prefix)
    if definition is None or (isinstance(definition, dict) and "@id" not in definition):
        absolute = (prefix in ("http", "https") and rest.startswith("//")) or prefix == "urn"
        compacted = isinstance(known, str) and known.endswith(_DELIMITERS)
        if _UNFIT.search(key) or not (absolute or compacted if colon else "@vocab" in terms):
            raise InputError(
                f"the key {shown(key)} means nothing and would be dropped",
                hint="use a term of the context, a known prefix or an absolute IRI",
            )
    return ""


def expanded(name: str, terms: Context) -> str:
    """Return the IRI that a name of a document stands for, or the name where it stands for none."""
    definition = terms.get(name)
    stated = definition.get("@id", name) if isinstance(definition, dict) else definition or name
    prefix, colon, rest = str(stated).partition(":")
    base = terms.get(prefix)
    if colon and isinstance(base, str) and not rest.startswith("//"):
        return base + rest
    vocabulary = terms.get("@vocab")
    return f"{vocabulary}{stated}" if not colon and isinstance(vocabulary, str) else str(stated)


def shown(name: str) -> str:
    """Return a name of the caller's on one line, cut to a length that fits one."""
    clean = "".join(c if c.isprintable() else "?" for c in name)
    return theirs(f'"{clean[:60]}"')
