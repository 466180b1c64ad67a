"""From Turtle or N-Triples to plain statements, by way of a parser.

What the parser finds is written as N-Triples before Python looks at it, because a term of a
parser costs more than a word. Terms of the vocabulary are looked up, so that their strings
are those of the tables.
"""

from __future__ import annotations

from collections.abc import Iterable

from pyoxigraph import RdfFormat, parse, serialize

from ..namespaces import REQUESTS
from ..plain import Statements, Value
from ..request.formats import DEEPEST
from ..request.wellformed import COMMENTS
from .written import READ, Unsure

# What may follow the text of a value, and what reads that text.
_KINDS = {f"^^<{iri}>": read for iri, read in READ.items()}
_COMMENTS = frozenset(p.value for p in COMMENTS)


class RdfReader:
    """Reads statements about named records; keeps words of the vocabulary and none of a request.

    Parameters
    ----------
    known : iterable of (str, str)
        What the vocabulary allows to be stated of a record: a property and a concept.
    links : iterable of str
        The properties.
    """

    def __init__(self, known: Iterable[tuple[str, str]], links: Iterable[str]) -> None:
        self.links = {f"<{iri}>": iri for iri in links}
        self.known = {f"<{p}> <{o}>": (p, o) for p, o in known}

    def statements(self, text: str, form: RdfFormat) -> Statements:
        """Return what a text states, comments left out; unnamed nodes keep their labels.

        Raises
        ------
        Unsure
            When a value is no plain day or number.
        SyntaxError
            When a parser does not take the text.
        """
        if "{" in text or "<<" in text:
            raise Unsure
        if ("[" in text or "(" in text) and text.count("[") + text.count("(") > DEEPEST:
            raise Unsure
        quads = parse(text, format=form, base_iri=REQUESTS)
        written = serialize(quads, format=RdfFormat.N_TRIPLES)
        assert isinstance(written, bytes)
        links, statements = self.links, self.known
        found: Statements = {}
        value: Value
        before = ""
        *lines, _ = written.decode().split(" .\n")
        for line in lines:
            s, said = line.split(" ", 1)
            if s != before:
                before, record = s, found.setdefault(_name(s), {})
            if said in statements:
                p, value = statements[said]
            else:
                word, o = said.split(" ", 1)
                p = links.get(word) or _name(word)
                if o[0] != '"':
                    value = _name(o)
                elif p in _COMMENTS:
                    continue
                else:
                    text, _, kind = o[1:].partition('"')
                    if kind not in _KINDS:
                        raise Unsure
                    value = _KINDS[kind](text)
            values = record.get(p)
            if values is None:
                values = record[p] = {}
            values[value] = None
        return found


def _name(word: str) -> str:
    """Return an IRI, or the label of an unnamed node as it is written."""
    if word[0] == "<":
        return word[1:-1]
    if word[0] != "_":
        raise Unsure
    return word
