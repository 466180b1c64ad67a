"""What is read word by word is what a parser reads, and what no parser reads is not read.

The words of a text are looked up without a parser. So every text that is read that way has to
state, statement by statement, what pyoxigraph finds in it.
"""

from __future__ import annotations

from typing import NoReturn

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyoxigraph import RdfFormat, parse, serialize

from covergraph.engine import Reasoner
from covergraph.namespaces import BASE, REQUESTS
from covergraph.plain import TYPE
from covergraph.quick import QuickReader, words
from covergraph.quick.words import Raw, Unsure, parsed, words_of
from tests.laws import FULL
from tests.tools.case_files import load_cases

CASES = [case.request_ttl for case in load_cases()]
EXAMPLES = 20000 if FULL else 2000
PREFIXES = {
    "": "https://example.org/r#",
    "code": BASE + "codes#",
    "cov": BASE + "ontology#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
HEAD = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items())
COMMENT = "# What is here is no statement: cov:affirms cov:Nothing .\n"


@pytest.fixture
def quick(reasoner: Reasoner) -> QuickReader:
    return reasoner.quick


def read(quick: QuickReader, text: str) -> Raw | None:
    """Return what the words of a text state, or None where they are not plain."""
    try:
        return quick.words.read(words_of(text))
    except Unsure:
        return None


def agrees(quick: QuickReader, text: str) -> bool:
    """Hold what words state to what a parser finds, and say whether they were read at all."""
    raw = read(quick, text)
    if raw is None:
        return False
    # A parser that refuses fails the test.
    assert quick.words.read(parsed(text, RdfFormat.TURTLE)) == raw, text
    return True


def as_turtle(data: bytes) -> str:
    triples = parse(data, format=RdfFormat.TURTLE, base_iri=REQUESTS)
    text = serialize(triples, format=RdfFormat.TURTLE, prefixes=PREFIXES)
    assert isinstance(text, bytes)
    return text.decode()


def commented(text: str) -> str:
    lines = text.splitlines(keepends=True)
    return COMMENT.join(line.replace(" .\n", f" . {COMMENT}") for line in lines)


def never(*_: object, **__: object) -> NoReturn:
    pytest.fail("parsed")


def test_requests_as_programs_write_them_are_read_by_words(
    quick: QuickReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = [form for data in CASES for form in (data.decode(), as_turtle(data))]
    assert all(agrees(quick, text) and agrees(quick, commented(text)) for text in written)
    monkeypatch.setattr(words, "parse", never)
    for text in written[:20]:
        assert quick.read(text.encode(), "request", None, never) is not None
    for data in CASES[:10]:
        assert quick.read(data, "request", "application/n-triples", never) is not None


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
LINKS = ["a", "rdfs:label", "cov:affirms", "cov:hasPain", "cov:startedOn", "cov:reliefPercent"]
BLANKS = [" ", " ", " ", "\n", "\t", "\r\n", "  ", "", "\x0c", "\x1f", "\n# b\n", " # b\n"]


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Return statements with a few words, or blanks between them, that may be anything."""
    found = []
    for _ in range(draw(st.integers(1, 4))):
        found.append(draw(st.sampled_from([":a", ":b", "<https://example.org/r#a>"])))
        for mark in draw(st.sampled_from([".", ";.", ",.", ",;,."])):
            if found[-1] != ",":
                found.append(draw(st.sampled_from(LINKS)))
            found += [draw(st.sampled_from(PLAIN)), mark]
    for _ in range(draw(st.integers(0, 2))):
        found[draw(st.integers(0, len(found) - 1))] = draw(st.sampled_from(ODD + PLAIN))
    odd = draw(st.integers(0, 2 * len(found)))
    blanks = [draw(st.sampled_from(BLANKS)) if at == odd else " " for at in range(len(found))]
    head = draw(st.sampled_from([HEAD, HEAD, HEAD, HEAD.replace("cov:", "c:"), HEAD[:-1], ""]))
    return head + "".join(word + blank for word, blank in zip(found, blanks, strict=True))


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), deadline=None)
@given(text=texts())
@example(HEAD + ':a cov:affirms "a # b" ; cov:affirms cov:L4-L5 .')
@example(HEAD + ':a rdfs:label """ # """ .')
@example(HEAD + ":a cov:hasPain a .")
@example(HEAD + ":a cov:hasPain :b . @prefix cov: <urn:b> . :b cov:affirms cov:Patient .")
@example(HEAD + HEAD + ":a cov:hasPain :b .")
def test_words_state_what_a_parser_finds(quick: QuickReader, text: str) -> None:
    agrees(quick, text)


@pytest.mark.parametrize(
    "text",
    [
        ":a cov:hasPain :b , <https://example.org/r#c> .",
        ':a rdfs:label "text" , "text"@en ; a cov:Patient .',
        ':a cov:startedOn "2024-02-29"^^xsd:date ; cov:reliefPercent 7 , 7.5 , "8"^^xsd:decimal .',
        ":a cov:hasPain :b . # two statements\n# of one record\n:a cov:affirms cov:L4-L5 .",
    ],
)
def test_plain_words_are_read(quick: QuickReader, text: str) -> None:
    assert agrees(quick, HEAD + text)


def test_terms_of_the_vocabulary_are_known_under_their_own_prefix_only(quick: QuickReader) -> None:
    text = HEAD.replace(PREFIXES["cov"], "https://example.org/other#") + ":a a cov:Patient ."
    raw = read(quick, text)
    assert raw == {PREFIXES[""] + "a": {TYPE: {"https://example.org/other#Patient": None}}}


def test_what_requests_share_is_not_changed(quick: QuickReader) -> None:
    def shared() -> str:
        specs = [s for role in quick.roles.values() for s in role.specs.values()]
        return repr([quick.roles, quick.narrower, quick.requested, [s.closures for s in specs]])

    for data in CASES:
        quick.read(data, "request", None, never)
    before = shared()
    for data in reversed(CASES):
        quick.read(data, "request", None, never)
    assert shared() == before
