"""However a request is written, the short way reads it as the long way does, or not at all.

The same request comes as Turtle, as N-Triples, and as JSON in our names or in whole IRIs. Words
of such texts are then exchanged for others, and blanks for odder ones: what is read must be
what the gate reads, to the digest.
"""

from __future__ import annotations

import json
import re
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyoxigraph import RdfFormat, parse

from covergraph.namespaces import CONTEXT_IRI, COV, REQUESTS
from tests.both_ways import (
    PREFIXES,
    as_json_ld,
    as_plain_json,
    as_turtle,
    compare,
    is_plain,
    quickly,
)
from tests.laws import FULL
from tests.tools.case_files import load_cases

CASES = [case.request_ttl for case in load_cases() if is_plain(case.request_ttl)]
EXAMPLES = 5000 if FULL else 400
COMMENT = "# What is here is no statement: cov:affirms cov:Nothing .\n"
N_TRIPLES = "application/n-triples"


def commented(text: str) -> str:
    lines = text.splitlines(keepends=True)
    return COMMENT.join(line.replace(" .\n", f" . {COMMENT}") for line in lines)


def dense(text: str) -> str:
    return re.sub(r" ([;,.])(?=\s)", r"\1", text)


@pytest.mark.parametrize("at", range(10))
def test_request_is_one_however_it_is_written(at: int) -> None:
    for data in CASES[at::10] if FULL else CASES[at::100]:
        turtle = as_turtle(data)
        plain = as_plain_json(data)
        found = {
            wanted.request.digest
            for text in (
                data,
                turtle.encode(),
                commented(turtle).encode(),
                dense(turtle).encode(),
                as_json_ld(data),
                json.dumps({"@graph": json.loads(as_json_ld(data))}).encode(),
                json.dumps(plain).encode(),
                json.dumps({"@context": CONTEXT_IRI} | plain, indent=2).encode(),
            )
            if (wanted := compare(text)) is not None or pytest.fail(text.decode())
        }
        lines = "".join(f"{t} .\n" for t in parse(data, format=RdfFormat.TURTLE)).encode()
        quads = compare(lines, N_TRIPLES)
        assert quads is not None and found == {quads.request.digest}


@pytest.mark.parametrize("step", [1 if FULL else 7])
def test_every_case_is_read_the_short_way_in_every_format(step: int) -> None:
    for data in CASES[::step]:
        plain = json.dumps(as_plain_json(data)).encode()
        digests = {
            read.request.digest if (read := quickly(text)) else text
            for text in (data, as_turtle(data).encode(), as_json_ld(data), plain)
        }
        assert len(digests) == 1


PLAIN = [
    ":a",
    ":a-b.c",
    "cov:Patient",
    "cov:affirms",
    "cov:ReliefAfterInjection",
    "cov:L4-L5",
    "code:64493",
    "code:M54.50",
    "xsd:date",
    "<https://example.org/r#a>",
    "<https://example.org/a/../b?c=%20d#e>",
    "<urn:a:b>",
    "7",
    "07",
    "7.5",
    '"2024-02-29"^^xsd:date',
    '"2024-02-29"^^<http://www.w3.org/2001/XMLSchema#date>',
    '"7"^^xsd:decimal',
    '"text"',
    '"text"@en',
    '""',
]
ODD = [
    ":a.",
    ":-a",
    "::a",
    ":a\\-b",
    ":a#b",
    "cov:",
    "other:a",
    "_:a",
    "[]",
    "()",
    "a",
    "A",
    "true",
    "<https://example.org/a%2>",
    "<https://example.org:80/a>",
    "<URN:a>",
    "<#a>",
    "<>",
    "<a b>",
    "<https://exa\\u006dple.org/>",
    "<< :a :b :c >>",
    "7.",
    "-7",
    "+7",
    ".5",
    "7e0",
    "9" * 18,
    '"2024-02-30"^^xsd:date',
    '"2024-02-29" ^^ xsd:date',
    "'2024-02-29'^^xsd:date",
    '"7.0"^^xsd:integer',
    '"7"^^xsd:double',
    '"text"@en-GB',
    '"two words"',
    '"a # b"',
    '"a\\" # b"',
    '"a\\"',
    '"a',
    '"',
    '"""',
    '"""a\n# b"""',
    "'",
    "'a # b'",
    "#",
    "# b",
    "# b\n",
    "\n# b\n",
    "#b\r:a",
    "{",
    "}",
    "\N{NO-BREAK SPACE}",
    "\N{LATIN SMALL LETTER A WITH DIAERESIS}",
    "\x0b",
    "\x1c",
    "@base",
    "@prefix",
    "PREFIX",
    "@prefix cov: <https://example.org/other#> .",
    ";",
    ",",
    ".",
]
BLANKS = ["\n", "\t", "\r\n", "  ", "", "\x0c", "\x1f", "\n# b\n", " # b\n"]
# Statements beside those of the request, for words that it does not have.
MORE = (
    'rdfs:label "text" , "text"@en',
    "cov:affirms cov:Infection",
    "cov:reliefPercent 7",
    'cov:startedOn "2024-02-29"^^xsd:date',
    "a cov:Patient",
)


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """Return a request in Turtle with a few words, or blanks between them, that may be anything."""
    text = as_turtle(draw(st.sampled_from(CASES[::20])))
    node = draw(st.sampled_from(re.findall(r"(?m)^(\S+) ", text)[len(PREFIXES) :]))
    text += f"{node} {draw(st.sampled_from(MORE))} ."
    words = text.split(" ")
    for _ in range(draw(st.integers(0, 2))):
        words[draw(st.integers(0, len(words) - 1))] = draw(st.sampled_from(ODD + PLAIN))
    odd = draw(st.integers(0, 2 * len(words)))
    return "".join(
        word + (draw(st.sampled_from(BLANKS)) if at == odd else " ")
        for at, word in enumerate(words)
    ).encode()


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), deadline=None)
@given(data=texts())
def test_odd_turtle_is_read_the_same_both_ways(data: bytes) -> None:
    compare(data)
    compare(data, N_TRIPLES)


# --- JSON --------------------------------------------------------------------------------------

KEYS = [
    "id", "@id", "type", "@type", "@value", "@graph", "@context", "@set", "@language", "label",
    "comment", "cov:affirms", "code", "affirms", "denies", "hasPain", "hasDiagnosis",
    "hasProcedureCode", "reliefPercent", "startedOn", "underwent", "concernsPain", "unheardOf", "",
    str(COV) + "affirms", str(COV) + "reliefPercent", "http://example.org/p", "_:p",
]  # fmt: skip
ODD_VALUES: list[Any] = [
    None, True, False, 0, -1, 7, 7.0, 7.5, 101, 1e3, 10**18, 10**19, "", "7", "x", [], {}, [[]],
    ["x", "x"], [7, 7.0], [None], "Infection", "cov:Infection", str(COV) + "Infection", "infection",
    "64493", "code:64493", 64493,
    "M54.50", "M54.5", "A00.0", "Z99.99", "@id", "@type", "id", "type",
    "label", "code", "affirms", "CoverageRequest", "Patient", "LumbarRegion", "L4-L5",
    "2024-02-29", "2024-02-30", "2024-1-1", "#a", "a#b", "a#b#c", "a", "a/b#c", "../a#b", ":a",
    "_:a", "http://example.org/a", "https://example.org/a/../b", "https://example.org/\u00e4",
    "http://example.org/a b", "http://example.org/\u202e", "urn:a:b", "URN:a", "cov:a", REQUESTS,
    REQUESTS + "node#c14n0", str(COV) + "a", "\ud800", "\u0000", {"id": "a#b"}, {"@id": "a#b"},
    {"@value": "7"}, {"@value": 7}, {"@value": "x", "@language": "en"}, {"@value": None},
    {"@value": "2024-02-29", "@type": "xsd:date"}, 
    {"@set": ["Infection"]}, {"@list": ["Infection"]},
    {"@value": "7.50", "@type": "http://www.w3.org/2001/XMLSchema#decimal"},
    {"@value": "7.50", "@type": "http://www.w3.org/2001/XMLSchema#integer"},
    {"@value": "2024-02-29", "@type": "http://www.w3.org/2001/XMLSchema#date"},
    {"@id": str(COV) + "Infection"}, {"id": str(COV) + "Infection"}, {"@id": "cov:Infection"},
]  # fmt: skip


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every container of a document with each of its keys or places."""
    if not isinstance(value, dict | list):
        return []
    keys = list(value) if isinstance(value, dict) else range(len(value))
    return [(value, k) for k in keys] + [p for k in keys for p in places(value[k])]


def odd_values(*more: Any) -> st.SearchStrategy[Any]:
    """Draw any odd value, or one of ``more``: a copy, since a later step may change it."""
    return st.sampled_from([*more, *ODD_VALUES]).map(deepcopy)


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """Return a request in JSON with a few keys or values that may be anything."""
    data = draw(st.sampled_from(CASES[::20]))
    whole = draw(st.booleans())
    document = json.loads(as_json_ld(data)) if whole else as_plain_json(data)
    for _ in range(draw(st.integers(1, 2))):
        found = places(document)
        if not found:
            break
        where, key = draw(st.sampled_from(found))
        how = draw(st.sampled_from(["value", "value", "more", "key", "double", "drop"]))
        if how == "value":
            where[key] = draw(odd_values())
        elif how == "more" and isinstance(where, dict):
            where[draw(st.sampled_from(KEYS))] = draw(odd_values())
        elif how == "key" and isinstance(where, dict):
            where[draw(st.sampled_from(KEYS))] = where.pop(key)
        elif how == "double":
            where[key] = [where[key], draw(odd_values(where[key]))]
        elif how == "drop":
            del where[key]
    return json.dumps(document).encode()


@settings(max_examples=EXAMPLES * 3, suppress_health_check=list(HealthCheck), deadline=None)
@given(data=documents())
def test_odd_json_is_read_the_same_both_ways(data: bytes) -> None:
    compare(data, "application/json")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"label"', '"label": "a", "label"'),
        ("87", "87.0e0"),
        ("87", "NaN"),
        ("87", "087"),
        ("87", "-0"),
        ("{", "{" * 100_000),
        ("{", "[" * 100_000 + "{"),
        ("{", '{"@context": {"reliefPercent": "cov:averagePainScore"}, '),
        ("{", '{"@context": null, '),
        ("{", f'{{"@context": ["{CONTEXT_IRI}"], '),
    ],
)
def test_json_that_is_not_plain_goes_the_long_way(old: str, new: str) -> None:
    document = json.loads(json.dumps(as_plain_json(CASES[0]))) | {"label": "a 87"}
    text = json.dumps(document)
    assert quickly(text.encode()) is not None
    text = text.replace('"a 87"', "87") if old == "87" else text
    assert quickly(text.replace(old, new, 1).encode()) is None
