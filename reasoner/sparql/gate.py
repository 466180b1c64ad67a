"""Which queries are let through: one pass over the text, word by word.

A filter that strips strings before comments, or comments before strings, can be told
that one is the other. So each token is taken where the last one ended, in the way the
SPARQL grammar does, and what no token fits is refused. Where the grammar lets a parser
read the same text in two ways, the text is refused: an IRI is written in full, a bare
word is one of the closed list below. The parser itself overflows the stack on deep
nesting and long chains of operators; both are counted first.
"""

from __future__ import annotations

import re
import unicodedata
from enum import Enum

from ..errors import InputError

LONGEST = 8192
DEEPEST = 32
MOST_OPERATORS = 500


class QueryForm(Enum):
    """What a query asks for: rows, a yes or no, or a graph."""

    SELECT = "SELECT"
    ASK = "ASK"
    CONSTRUCT = "CONSTRUCT"
    DESCRIBE = "DESCRIBE"

    @property
    def gives_graph(self) -> bool:
        return self in (QueryForm.CONSTRUCT, QueryForm.DESCRIBE)


_ESCAPE = r"\\[tbnrf\"'\\]"
_TOKEN = re.compile(
    rf"""
    (?P<space>[ \t\r\n]+)
  | (?P<comment>\#[^\r\n]*)
  | (?P<string>\"{{3}}(?:"{{0,2}}(?:[^"\\]|{_ESCAPE}))*+\"{{3}}
              |'{{3}}(?:'{{0,2}}(?:[^'\\]|{_ESCAPE}))*+'{{3}}
              |"(?:[^"\\\r\n]|{_ESCAPE})*+"
              |'(?:[^'\\\r\n]|{_ESCAPE})*+')
  | (?P<star><<|>>|\{{\|)
  | (?P<iri><[^\x00-\x20<>"{{}}|^`\\]*>)
  | (?P<variable>[?$]\w+)
  | (?P<blank>_:\w[\w.\-]*|\[\s*\])
  | (?P<tag>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
  | (?P<name>(?:[^\W\d_][\w.\-]*)?:(?:[\w:%\-.]|\\[_~.\-!$&'()*+,;=/?\#@%])*)
  | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<open>[{{(\[])
  | (?P<close>[}})\]])
  | (?P<operator>\|\||&&|\^\^|!=|<=|>=|[=<>!+\-*/|^?])
  | (?P<mark>[.;,])
    """,
    re.VERBOSE,
)
# An IRI in full cannot be read as "less than" and an expression: no expression begins so.
_FULL_IRI = re.compile(r"<https?://[^>]+>\Z|<urn:[A-Za-z0-9][A-Za-z0-9-]+:[^>#]+>\Z")
_UPDATES = "INSERT DELETE LOAD CLEAR DROP CREATE ADD MOVE COPY WITH USING DATA INTO"
_UPDATE = frozenset(_UPDATES.split())
_ELSEWHERE = {
    "SERVICE": "SERVICE is refused: nothing is asked of other servers",
    "FROM": "FROM is refused: there is one graph, and it is the one that is asked",
}
_KEYWORDS = """
    A AS ASC ASK BASE BIND BY CONSTRUCT DESC DESCRIBE DISTINCT EXISTS FALSE FILTER GRAPH GROUP
    HAVING IN LIMIT MINUS NOT OFFSET OPTIONAL ORDER PREFIX REDUCED SELECT SEPARATOR TRUE UNDEF
    UNION VALUES WHERE
"""
_FUNCTIONS = """
    ABS AVG BNODE BOUND CEIL COALESCE CONCAT CONTAINS COUNT DATATYPE DAY ENCODE_FOR_URI FLOOR
    GROUP_CONCAT HOURS IF IRI ISBLANK ISIRI ISLITERAL ISNUMERIC ISURI LANG LANGMATCHES LCASE MAX
    MD5 MIN MINUTES MONTH NOW RAND REGEX REPLACE ROUND SAMETERM SAMPLE SECONDS SHA1 SHA256 SHA384
    SHA512 STR STRAFTER STRBEFORE STRDT STRENDS STRLANG STRLEN STRSTARTS STRUUID SUBSTR SUM
    TIMEZONE TZ UCASE URI UUID YEAR
"""
_WORDS = frozenset((_KEYWORDS + _FUNCTIONS).split())
# Keywords need no space behind them, so one could open what looks like a prefix.
_OPENS_A_PREFIX = re.compile("service|from|load|insert|delete", re.IGNORECASE)


def admit(query: str) -> QueryForm:
    """Return what a query asks for, or refuse it.

    Parameters
    ----------
    query : str
        SPARQL 1.1 query text.

    Raises
    ------
    InputError
        When it is not a read-only query on the one graph, or is larger, deeper or longer than
        is parsed safely; it names the line.
    """
    if len(query.encode("utf-8", "surrogatepass")) > LONGEST:
        raise InputError(f"the query is longer than {LONGEST} bytes")
    _refuse_characters(query)
    form: QueryForm | None = None
    depth = operators = at = 0
    while at < len(query):
        token = _TOKEN.match(query, at)
        if token is None:
            raise _refusal("this cannot be read as SPARQL", query, at)
        kind, text = token.lastgroup, token.group()
        depth += (kind == "open") - (kind == "close")
        operators += kind == "operator" or text.upper() == "UNION"
        fault = _fault(kind or "", text)
        if depth > DEEPEST:
            fault = f"nested more than {DEEPEST} deep"
        elif operators > MOST_OPERATORS:
            fault = f"more than {MOST_OPERATORS} operators"
        if fault:
            raise _refusal(fault, query, at)
        if form is None and kind == "word" and text.upper() in QueryForm.__members__:
            form = QueryForm[text.upper()]
        at = token.end()
    if form is None:
        raise InputError("not a query", hint="begin with SELECT, ASK, CONSTRUCT or DESCRIBE")
    return form


def _fault(kind: str, text: str) -> str:
    """Return what is wrong with one token; empty when nothing is."""
    if kind == "word":
        return _word_fault(text.upper())
    if kind == "iri" and not _FULL_IRI.match(text):
        return "an IRI is not written in full, from http or https on"
    if kind == "name" and _OPENS_A_PREFIX.search(text.partition(":")[0]):
        return "a prefix holds the name of a keyword; call it something else"
    if kind == "star":
        return "RDF-star is not read"
    return ""


def _word_fault(word: str) -> str:
    if word in _UPDATE:
        return "SPARQL update is refused: the graph is read only"
    if word in _ELSEWHERE:
        return _ELSEWHERE[word]
    return "" if word in _WORDS else "a word is not a keyword or function of SPARQL 1.1"


def _refuse_characters(query: str) -> None:
    r"""Refuse ``\u`` escapes, which are read before anything else, and characters nobody sees."""
    escape = re.search(r"\\[uU]", query)
    if escape:
        raise _refusal(r"\u escapes are refused", query, escape.start())
    for at, char in enumerate(query):
        if char not in "\t\r\n" and unicodedata.category(char) in ("Cc", "Cf", "Cs"):
            raise _refusal("the query holds an invisible character", query, at)


def _refusal(what: str, text: str, at: int) -> InputError:
    line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    return InputError(what, f"line {line}, column {column}")
