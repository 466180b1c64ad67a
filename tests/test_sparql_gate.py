"""The gate lets SPARQL 1.1 queries through and nothing that does more than read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Store

from covergraph.errors import InputError
from covergraph.sparql.gate import DEEPEST, LONGEST, MOST_OPERATORS, QueryForm, admit

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "PREFIX ex: <http://x.example/>\n"
SERVED = "<http://127.0.0.1:9/>"
ADMITTED = {
    "rows": "SELECT * WHERE { ?s ?p ?o }",
    "small letters": "select distinct ?s where { ?s a ?c } order by desc(?s) limit 3 offset 1",
    "yes or no": "ASK { ?s ?p ?o }",
    "graph": "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }",
    "graph in short": "CONSTRUCT WHERE { ?s ?p ?o }",
    "description": "DESCRIBE <http://x.example/a>",
    "base in a comment": "# FROM the start: LOAD, SERVICE\nASK {}",
    "keywords in a string": "ASK { ?s ?p 'SERVICE', \"LOAD <x>\", '''FROM'''  }",
    "quotes in a string": r"""ASK { ?s ?p "a \" b", 'it\'s', '''a'b''c''', "" , '' }""",
    "hash in an IRI": "ASK { ?s <http://x.example/a#b> ?o } # and a comment",
    "names": PREFIX + r"ASK { ex:a-b.c ex:d%20e ex:f\-g . _:b1 ex:from ex:service }",
    "numbers": "ASK { ?s ?p 1, -2, +3.5, .5, 1e10, 1.5E-3, true, false }",
    "tags and types": PREFIX + "ASK { ?s ?p 'x'@en-GB, 'y'^^ex:t, '1'^^<http://x.example/t> }",
    "paths": PREFIX + "ASK { ?s ex:a/^ex:b|(ex:c)*/!(ex:d|^ex:e)?/ex:f+ ?o }",
    "functions": "SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s ?p ?o FILTER(REGEX(STR(?o), 'a', 'i')"
    " && ?o >= 3 || !BOUND(?p) && ?p != ?o && NOT EXISTS { ?o ?p ?s }) } GROUP BY ?p",
    "group concat": "SELECT (GROUP_CONCAT(?o; SEPARATOR=', ') AS ?x) { ?s ?p ?o } HAVING (1 < 2)",
    "values": "SELECT * { VALUES (?a ?b) { (1 UNDEF) } } VALUES ?c { 2 }",
    "sub-select": "SELECT * { { SELECT ?s { ?s ?p ?o } } MINUS { ?s ?p 1 } OPTIONAL { ?s ?p 2 } }",
    "union": "SELECT * { { ?s ?p 1 } UNION { ?s ?p 2 } BIND(IF(?p, 1, 2) AS ?z) }",
    "less than": "ASK { ?s ?p ?o FILTER(?o < 3 && ?o > 1) FILTER(?a<?b) }",
    "lists": "ASK { ?s ?p ( 1 2 ( 3 ) ), [ ?p 4 ], [], () }",
}
REFUSED = {
    "nothing": "",
    "insert": "INSERT DATA { <http://x.example/a> <http://x.example/b> 1 }",
    "delete": "DELETE WHERE { ?s ?p ?o }",
    "load": f"LOAD {SERVED}",
    "load with a prologue": PREFIX + f"LOAD {SERVED}",
    "clear": "CLEAR ALL",
    "drop": "DROP DEFAULT",
    "with": f"WITH {SERVED} DELETE {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o }}",
    "service": f"SELECT * {{ SERVICE {SERVED} {{ ?s ?p ?o }} }}",
    "silent service": f"SELECT * {{ sErViCe SILENT {SERVED} {{ ?s ?p ?o }} }}",
    "service by variable": "SELECT * { ?s ?p ?x SERVICE ?x { ?s ?p ?o } }",
    "service by name": PREFIX + "SELECT * { SERVICE ex:a { ?s ?p ?o } }",
    "service as an escape": f"SELECT * {{ \\u0053ERVICE {SERVED} {{ ?s ?p ?o }} }}",
    "service as a long escape": f"SELECT * {{ \\U00000053ERVICE {SERVED} {{ ?s ?p ?o }} }}",
    "service between quotes in comments": f"# '''\nSELECT * {{ SERVICE {SERVED} {{}} }} # '''",
    "service after a quote in an IRI": "ASK { ?s <http://x.example/#'> ?o SERVICE "
    f"{SERVED} {{}} }}",
    "service stuck to a word": f"ASK {{ ?s ?p trueSERVICE{SERVED}{{}} }}",
    "service stuck to a number": f"ASK {{ ?s ?p 1SERVICE{SERVED}{{}} }}",
    "service stuck to a name": "PREFIX x: <http://x.example/> ASK { SERVICEx:a {} }",
    "service in what may be a comment": "ASK { ?a ?b ?c FILTER(?a<?b#>'''\n) SERVICE "
    f"{SERVED} {{}} #'''\n}}",
    "service in what may be a comment after a name": "PREFIX b: <http://x.example/> "
    f"ASK {{ ?a ?c ?d FILTER(?a<b:c#>'''\n) SERVICE {SERVED} {{}} #'''\n}}",
    "from": f"SELECT * FROM {SERVED} WHERE {{ ?s ?p ?o }}",
    "from stuck to a star": f"SELECT *FROM{SERVED}WHERE {{ ?s ?p ?o }}",
    "from by name": PREFIX + "SELECT * FROM ex:a WHERE { ?s ?p ?o }",
    "from stuck to a name": PREFIX + "SELECT * FROMex:a WHERE { ?s ?p ?o }",
    "from named": f"SELECT * FROM NAMED {SERVED} WHERE {{ ?s ?p ?o }}",
    "from a file": "SELECT * FROM <file:///etc/passwd> WHERE { ?s ?p ?o }",
    "relative IRI": "SELECT * { <x> ?p ?o }",
    "quoted triple": "SELECT * { << ?s ?p ?o >> ?q 1 }",
    "annotation": "SELECT * { ?s ?p ?o {| ?q 1 |} }",
    "open string": "SELECT * { ?s ?p 'x }",
    "open long string": "SELECT * { ?s ?p '''x }",
    "line break in a string": "SELECT * { ?s ?p 'x\n' }",
    "unknown escape": r"SELECT * { ?s ?p 'x\z' }",
    "nul": "ASK { ?s ?p '\0' }",
    "right-to-left override": "ASK { ?s ?p '\u202e' }",
    "zero-width space": "SER\u200bVICE",
    "lone surrogate": "ASK { ?s ?p '\ud800' }",
    "unknown word": "SELECT * { ?s ?p ?o } LATERAL { }",
    "Cyrillic": "\u0405ELECT * { ?s ?p ?o }",
    "too long": "ASK { " + " " * LONGEST + "}",
    "deep groups": "ASK " + "{" * (DEEPEST + 1) + "}" * (DEEPEST + 1),
    "deep parentheses": "ASK { FILTER(" + "(" * DEEPEST + "1" + ")" * DEEPEST + ") }",
    "deep brackets": "ASK { ?s ?p " + "[ ?p " * DEEPEST + "1" + "]" * DEEPEST + " }",
    "many negations": "ASK { FILTER(" + "!" * (MOST_OPERATORS + 1) + "true) }",
    "many sums": "ASK { FILTER(1" + "+1" * (MOST_OPERATORS + 1) + ") }",
    "many unions": "ASK { {}" + "UNION{}" * (MOST_OPERATORS + 1) + " }",
    "many steps": PREFIX + "ASK { ?s ex:a" + "/ex:a" * (MOST_OPERATORS + 1) + " ?o }",
}


@pytest.mark.parametrize("query", ADMITTED.values(), ids=ADMITTED)
def test_query_is_admitted_and_is_one(query: str) -> None:
    admit(query)
    Store().query(query)


@pytest.mark.parametrize("query", REFUSED.values(), ids=REFUSED)
def test_query_is_refused(query: str) -> None:
    with pytest.raises(InputError):
        admit(query)


@pytest.mark.parametrize("form", QueryForm)
def test_form_is_told(form: QueryForm) -> None:
    head = {QueryForm.DESCRIBE: "?s", QueryForm.CONSTRUCT: "{ }", QueryForm.ASK: ""}.get(form, "*")
    assert admit(f"{form.value.lower()} {head} {{ ?s ?p ?o }}") is form


def test_refusal_names_the_place() -> None:
    with pytest.raises(InputError) as refusal:
        admit(f"SELECT *\nWHERE {{\n  SERVICE {SERVED} {{}} }}")
    assert refusal.value.where == "line 3, column 3"


FRAGMENTS = st.sampled_from(
    [
        *("SERVICE", "service", "SERVICEx:a", SERVED, "FROM", "NAMED", "true", "1", "a", "."),
        *("{", "}", "(", ")", "'", "'''", '"', '"""', "#", "\n", "\\", " ", "<", ">", "<?b#>"),
        *("?x", "x:", "x:y", "_:b", "@en", "^^", "|", "/", "&&", "*"),
        *("SELECT", "WHERE", "FILTER", "OPTIONAL"),
    ]
)


@given(st.lists(FRAGMENTS, max_size=14).map("".join))
def test_what_is_admitted_never_asks_another_server(middle: str) -> None:
    """Whatever the fragments come to, the engine finds no SERVICE and no FROM in it.

    The engine is asked where a connection cannot be made: had it understood a SERVICE or a
    FROM, it would fail to reach the server, or refuse the unknown graph.
    """
    query = f"PREFIX x: <http://x.example/> SELECT * WHERE {{ {middle} }}"
    try:
        admit(query)
    except InputError:
        return
    try:
        list(Store().query(query))  # type: ignore[arg-type]
    except SyntaxError:
        return
    except (OSError, RuntimeError, ValueError) as error:
        raise AssertionError(query) from error


def test_process_that_answers_can_open_nothing() -> None:
    """What the gate might miss fails in the child: no file, no connection, bounded memory."""
    script = """
import socket, sys
from pyoxigraph import Store
from covergraph.api.workers.limits import Limits, confine
store = Store()
socket_of_before = socket.socket()
confine(Limits(seconds=2, memory=64 * 2**20))
found = []
for attempt in (
    lambda: socket.socket(),
    lambda: open("/etc/passwd"),
    lambda: list(store.query("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }")),
    lambda: bytearray(512 * 2**20),
):
    try:
        attempt()
    except BaseException as error:
        found.append(type(error).__name__)
    else:
        found.append("done")
sys.stdout.write(" ".join(found))
"""
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split()[:2] == ["OSError", "OSError"]
    assert ran.stdout.split()[2] != "done"
    assert ran.stdout.split()[3] == "MemoryError"
