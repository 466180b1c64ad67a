"""N-Quads are parted by the line, and no statement is lost, doubled or given to another."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import RdfFormat, Triple, parse

from covergraph.batch.quads import NO_GRAPH, TOO_LONG, UNREADABLE, plain, requests_of, statements
from covergraph.batch.records import Record
from covergraph.errors import InputError
from covergraph.request.formats import LARGEST
from tests.batch.runs import quads

S = b"<urn:s> <urn:p> "


def parted(text: bytes, *cuts: int) -> list[Record]:
    """Return the records of a text whose lines come in runs."""
    lines = text.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    places = [0, *cuts, len(lines)]
    runs = []
    for start, end in pairwise(places):
        offset = sum(len(line) + 1 for line in lines[:start])
        runs.append((b"".join(line + b"\n" for line in lines[start:end]), start + 1, offset))
    return list(requests_of("file.nq", runs))


def test_each_graph_is_a_record_with_its_place() -> None:
    text = b'%b"a" <urn:g1> .\n%b"b" <urn:g1> .\n%b"c" <urn:g2> .\n' % (S, S, S)
    one, two = parted(text)
    assert (one.number, one.line, one.byte, one.graph) == (1, 1, 0, b"<urn:g1>")
    assert one.data == text[: two.byte] and two.data == text[two.byte :]
    assert (two.number, two.line, two.graph) == (2, 3, b"<urn:g2>")


def test_places_are_those_of_the_text_whatever_runs_the_lines_come_in() -> None:
    text = b"# a comment\n\n" + b"".join(quads(5))
    whole = parted(text)
    assert len(whole) == 5
    for record in whole:
        assert text[record.byte :].startswith(record.data)
        assert text.count(b"\n", 0, record.byte) + 1 == record.line
    count = text.count(b"\n")
    for cut in range(count):
        assert parted(text, cut) == whole
    assert parted(text, *range(1, count)) == whole


def test_lines_of_a_graph_may_be_written_in_several_ways() -> None:
    lines = [
        b'%b"a" <urn:g> .' % S,
        b'%b"b"  <urn:g>  .' % S,
        b"<urn:s><urn:p><urn:o><urn:g>.",
        b'\t%b"c" <urn:g> . # a comment with <urn:other> .' % S,
        b'%b"d" <urn:g> .\r' % S,
        b"",
        b"# a comment about <urn:other> .",
        b'%b"e"@en <urn:g> .' % S,
    ]
    (record,) = parted(b"\n".join(lines))
    assert not record.fault
    text, graphs = statements(record.data, record.graph)
    assert graphs == [b"<urn:g>"] and text.count(b"\n") == 6


def test_comments_and_blank_lines_between_graphs_are_passed_over() -> None:
    text = b'# one\n%b"a" <urn:g1> .\n\n  # two\n%b"b" <urn:g2> .\n# end' % (S, S)
    assert [r.fault for r in parted(text)] == ["", ""]
    assert parted(b"# only\n\n") == []


def test_graph_named_by_a_blank_node_is_a_record() -> None:
    one, two = parted(b'%b"a" _:g.1 .\n%b"b" _:h .\n' % (S, S))
    assert (one.graph, two.graph) == (b"_:g.1", b"_:h")
    assert statements(one.data, one.graph) == (b'%b"a" .\n' % S, [b"_:g.1"])


@pytest.mark.parametrize(
    ("stray", "reason"),
    [
        (b'%b"x" .' % S, NO_GRAPH),
        (b"<urn:s> <urn:p> <urn:o> .", NO_GRAPH),
        (b"<urn:s> <urn:p> <urn:g1> .", NO_GRAPH),
        (b"<urn:s> <urn:p> ", UNREADABLE),
        (b'%b"never ends <urn:g0> .' % S, UNREADABLE),
        (b"<< <urn:a> <urn:b> <urn:c> >> <urn:p> <urn:o> <urn:g> .", UNREADABLE),
    ],
)
def test_line_that_belongs_to_no_graph_spoils_both_that_it_may_have_belonged_to(
    stray: bytes, reason: str
) -> None:
    lines = [b'%b"%d" <urn:g%d> .' % (S, n, n) for n in range(4)]
    found = parted(b"\n".join([*lines[:2], stray, *lines[2:]]))
    told = f"line 3: {reason}; it may belong here"
    if b"<urn:g1> ." in stray:
        # It ends as its neighbour's lines do; that it has no graph the parser sees.
        assert [bool(r.fault) for r in found] == [False] * 4
        with pytest.raises(InputError, match="named graph"):
            statements(found[1].data, found[1].graph)
    else:
        assert [r.fault for r in found] == ["", told, told, ""]
        assert [bool(r.data) for r in found] == [True, False, False, True]


def test_line_that_belongs_to_no_graph_inside_of_one_spoils_that_one_only() -> None:
    text = b'%b"a" <urn:g1> .\n%b"b" <urn:g2> .\nnonsense\n%b"c" <urn:g2> .\n%b"d" <urn:g3> .\n'
    found = parted(text % (S, S, S, S))
    assert [bool(r.fault) for r in found] == [False, True, False]


def test_file_without_any_graph_is_one_refusal() -> None:
    (record,) = parted(b'%b"a" .\n' % S * 1000)
    assert record.fault == f"line 1: {NO_GRAPH}" and not record.data


def test_long_line_spoils_its_neighbours() -> None:
    runs = [
        (b'%b"a" <urn:g1> .\n' % S, 1, 0),
        (TOO_LONG, 2, 30),
        (b'%b"b" <urn:g2> .\n' % S, 3, 9),
    ]
    found = list(requests_of("file.nq", runs))
    assert [r.fault[:8] for r in found] == ["line 2: "] * 2
    assert [r.line for r in found] == [1, 3]


def test_request_that_grows_too_large_is_refused_and_not_kept() -> None:
    line = b'%b"%b" <urn:g1> .\n' % (S, b"x" * 1000)
    found = parted(line * (LARGEST // 1000 + 1) + b'%b"a" <urn:g2> .\n' % S)
    assert [bool(r.fault) for r in found] == [True, False]
    assert "larger" in found[0].fault and not found[0].data


def test_hostile_line_costs_no_time() -> None:
    text = b"_:" * 400_000 + b"\n" + b'"\\' * 300_000 + b"\n" + b"<a" * 300_000 + b"\n"
    (record,) = parted(text)
    assert record.fault


# --- What a record's lines state ----------------------------------------------------------------

WORDS = st.sampled_from(
    [
        b"<urn:s>",
        b"<urn:p>",
        b"<urn:g>",
        b"<urn:h>",
        b"<relative>",
        b"_:b0",
        b"_:g",
        b'"text"',
        b'"a <urn:g> ."',
        b'"\\""',
        b'"x"@en',
        b'"5"^^<http://www.w3.org/2001/XMLSchema#integer>',
        b"'single'",
        b'"""long"""',
        b"a",
        b";",
        b",",
        b"5",
        b"#",
        b".",
        b"\\",
        b"@prefix",
        b"<<",
        b">>",
        b"\r",
        b"\xff",
        b"\xc3\xa9",
    ]
)
LINES = st.lists(
    st.lists(WORDS, max_size=5).map(lambda words: b" ".join([*words, b"<urn:g> ."]))
    | st.just(b'<urn:s> <urn:p> "x" <urn:g> .'),
    min_size=1,
    max_size=4,
)


@given(LINES)
def test_statements_are_what_a_parser_of_n_quads_finds(lines: list[bytes]) -> None:
    """The quick way must take nothing that a parser would not, and read it no other way."""
    data = b"".join(line + b"\n" for line in lines)
    bare = triples(plain(data, b"<urn:g>") or b"\0")
    try:
        expected = list(parse(data, format=RdfFormat.N_QUADS))
    except (SyntaxError, ValueError):
        assert bare is None
        with pytest.raises(InputError):
            statements(data, b"<urn:g>")
        return
    names = {str(q.graph_name).encode() for q in expected}
    if b"DEFAULT" in names:
        assert bare is None
        with pytest.raises(InputError):
            statements(data, b"<urn:g>")
        return
    text, graphs = statements(data, b"<urn:g>")
    # A record of comments alone states nothing in the graph that it seems to be of.
    assert set(graphs) == names or (not expected and not text.strip())
    assert triples(text) == [q.triple for q in expected]
    if bare is not None:
        assert bare == triples(text) and graphs == [b"<urn:g>"]


def triples(text: bytes) -> list[Triple] | None:
    try:
        return [q.triple for q in parse(text, format=RdfFormat.N_TRIPLES)]
    except (SyntaxError, ValueError):
        return None


def test_generated_requests_go_the_quick_way() -> None:
    for request in quads(60):
        (record,) = parted(request)
        bare = plain(record.data, record.graph)
        assert bare is not None and triples(bare) == triples(
            statements(record.data, record.graph)[0]
        )
        (record,) = parted(request.replace(b"\n", b"\r\n"))
        assert plain(record.data, record.graph) == bare
