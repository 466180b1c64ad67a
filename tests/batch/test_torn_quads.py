"""No part of a torn request is ever decided, however its names are spelled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Quad, RdfFormat, parse

from covergraph.batch.quads import plain, requests_of, statements
from covergraph.batch.records import Record
from covergraph.errors import InputError

NAMES = ["urn:g:1", "urn:g:2", "urn:g:é", "urn:g:1%20", "https://example.org/r/1#request"]
LABELS = ["_:1", "_:01", "_:0a", "_:g.1", "_:gé"]


def records(text: bytes) -> list[Record]:
    return list(requests_of("file.nq", [(text, 1, 0)]))


def stated(record: Record) -> list[str]:
    """Return the statements that a record would be decided on; a reject decides nothing."""
    if record.fault:
        return []
    bare, graphs = plain(record.data, record.graph), [record.graph]
    if bare is None:
        try:
            bare, graphs = statements(record.data, record.graph)
        except InputError:
            return []
    if graphs != [record.graph]:
        return []
    name = record.graph.decode()
    return [f"{q.triple} {name}" for q in parse(bare, format=RdfFormat.N_TRIPLES)]


def all_stated(text: bytes) -> list[str]:
    quads: list[Quad] = list(parse(text, format=RdfFormat.N_QUADS))
    return [f"{q.triple} {q.graph_name}" for q in quads]


def spelled(text: str) -> st.SearchStrategy[str]:
    """Spell each character of an IRI or a literal as itself, or by either escape."""
    ways = [st.sampled_from([c, f"\\u{ord(c):04X}", f"\\U{ord(c):08x}"]) for c in text]
    return st.tuples(*ways).map("".join)


graph_names = st.sampled_from(NAMES + LABELS)


def of_graph(name: str) -> st.SearchStrategy[str]:
    return st.just(name) if name.startswith("_:") else spelled(name).map("<{}>".format)


OBJECTS = st.one_of(
    spelled("urn:o").map("<{}>".format),
    st.sampled_from(["_:b", "_:b.1", "_:é"]),
    spelled("a <urn:g:1> .é").map('"{}"'.format),
    spelled("x").map('"{}"@en-gb'.format),
    st.just('"a\\n\\"\\\\ <urn:g:1> ."'),
    spelled("urn:t").map('"5"^^<{}>'.format),
)
GAPS = st.sampled_from([" ", "  ", "\t"])


@st.composite
def lines_of(draw: st.DrawFn, name: str) -> list[str]:
    """Draw the lines of one request, each spelled in its own way."""
    found = []
    for n in range(draw(st.integers(1, 4))):
        terms = [
            draw(spelled("urn:s").map("<{}>".format)),
            f"<urn:p:{n}>",
            draw(OBJECTS),
            draw(of_graph(name)),
        ]
        gap = draw(GAPS)
        found.append(gap.join(terms) + draw(st.sampled_from([" .", ".", " . # a comment", " .\r"])))
    return found


@st.composite
def files(draw: st.DrawFn) -> list[tuple[str, list[str]]]:
    names = draw(st.lists(graph_names, min_size=1, max_size=4, unique=True))
    return [(name, draw(lines_of(name))) for name in names]


@given(files())
def test_a_request_is_one_record_however_its_lines_spell_its_name(
    parts: list[tuple[str, list[str]]],
) -> None:
    text = "".join(f"{line}\n" for _, lines in parts for line in lines).encode()
    found = records(text)
    names = [f"<{n}>" if not n.startswith("_:") else n for n, _ in parts]
    assert [r.graph.decode() for r in found] == names and not any(r.fault for r in found)
    assert b"".join(r.data for r in found) == text
    assert [line for r in found for line in stated(r)] == all_stated(text)


@given(files(), st.data())
def test_no_part_of_a_torn_request_is_decided(
    parts: list[tuple[str, list[str]]], data: st.DataObject
) -> None:
    """Damage one line anywhere: its request is decided whole, if it can still be read, or not."""
    at = data.draw(st.integers(0, len(parts) - 1))
    lines = parts[at][1]
    which = data.draw(st.integers(0, len(lines) - 1))
    line = lines[which].encode()
    place = data.draw(st.integers(0, len(line) - 1))
    damage = data.draw(st.sampled_from([b"", b"\\", b"\xff", b"\\u0020", b"<", b" ", b"\0"]))
    torn = data.draw(st.sampled_from([line[:place], line[:place] + damage + line[place + 1 :]]))
    before = [x.encode() for _, part in parts[:at] for x in part] + [
        x.encode() for x in lines[:which]
    ]
    after = [x.encode() for x in lines[which + 1 :]] + [
        x.encode() for _, part in parts[at + 1 :] for x in part
    ]
    text = b"".join(x + b"\n" for x in [*before, torn, *after])
    decided = [x for r in records(text) for x in stated(r)]
    name = parts[at][0] if parts[at][0].startswith("_:") else f"<{parts[at][0]}>"
    try:
        readable = all_stated(torn + b"\n")
    except (SyntaxError, ValueError):
        readable = []
    if not readable and torn.strip() and not torn.strip().startswith(b"#"):
        # What cannot be read may have said anything of the request, so that none of it counts.
        assert not [x for x in decided if x.endswith(f" {name}")]
    else:
        assert set(readable) <= set(decided) or not [x for x in decided if x.endswith(f" {name}")]


@pytest.mark.parametrize("last", ["<urn:g:\\u0031>", "<urn:g:\\U00000031>", "<urn:\\u0067:1>"])
def test_last_line_that_escapes_the_name_belongs_to_the_request(last: str) -> None:
    line = "<urn:s> <urn:p> <urn:o> "
    (one,) = records(f"{line}<urn:g:1> .\n{line}{last} .\n".encode())
    assert one.graph == b"<urn:g:1>" and one.data.count(b"\n") == 2


@pytest.mark.parametrize(
    "last", ["<urn:g:\\u0020>", "<urn:g:\\uD800>", "<urn:g:%1>", "<g:1", "<1>"]
)
def test_line_whose_name_cannot_be_read_spoils_its_neighbours(last: str) -> None:
    line = "<urn:s> <urn:p> <urn:o> "
    found = records(f"{line}<urn:g:1> .\n{line}{last} .\n{line}<urn:g:2> .\n".encode())
    assert [bool(r.fault) for r in found] == [True, True]
