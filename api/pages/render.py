"""From the data of an answer to a page.

A page says what the answer says, in the words of the trade. All templates are compiled before
the first caller comes, because a worker can open no file; all that they print is escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from covergraph.decision.decide import Decision
from covergraph.namespaces import BASE, local_name
from covergraph.render.words import DECISIONS

from ..problems import Problem

FOLDER = Path(__file__).resolve().parent
ASSETS = {
    "style.css": "text/css",
    "script.js": "text/javascript",
    "mark.svg": "image/svg+xml",
}
NONE_SIGN = "\N{EN DASH}"
# A sign beside each colour: no meaning hangs on colour alone.
SIGNS = {
    "covered": "✓",
    "not-covered": "✕",
    "needs-information": "?",
    "needs-review": "◆",
    "out-of-scope": NONE_SIGN,
    "conditions": "☐",
    "refused": "✕",
    "review": "◆",
    "not addressed": NONE_SIGN,
    "met": "✓",
    "not met": "✕",
    "not documented": "?",
    "depends on the record": "☐",
}
# Which colour a verdict, a decision or a finding has.
TONES = {
    "covered": "yes",
    "met": "yes",
    "not-covered": "no",
    "refused": "no",
    "not met": "no",
    "needs-information": "open",
    "not documented": "open",
    "conditions": "open",
    "depends on the record": "open",
    "needs-review": "person",
    "review": "person",
}
WORDS = {
    "conditions": "Covered under conditions",
    "refused": "Not covered",
    "review": "A reviewer decides",
    "not addressed": "Not addressed",
    "depends on the policy": "Depends on the policy",
}


# Nothing from another host, nothing inline, no frame around a page, no form to elsewhere.
POLICY = (
    "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
GUARDS = {"Content-Security-Policy": POLICY, "Cross-Origin-Opener-Policy": "same-origin"}


@cache
def assets() -> dict[str, bytes]:
    """Return the style sheet and the script, read once."""
    return {name: (FOLDER / name).read_bytes() for name in ASSETS}


@cache
def environment() -> Environment:
    """Return the templates, all of them compiled."""
    found = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        cache_size=-1,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {
        # Until there is knowledge at hand, a term goes by its name.
        "label": str,
        "day": day,
        "place": place,
        "fragment": local_name,
        "sentence": sentence,
        "sign": lambda word: SIGNS.get(word, NONE_SIGN),
        "tone": lambda word: TONES.get(word, "none"),
        "said": said,
    }
    mark = sha256(b"".join(assets().values())).hexdigest()[:12]
    found.globals |= {"mark": mark, "counts": counts}
    for name in found.list_templates():
        found.get_template(name)
    return found


def page(name: str, values: Mapping[str, Any]) -> bytes:
    """Return a page by the name of its template."""
    return environment().get_template(f"{name}.html").render(values).encode()


def labelling(label: Callable[[str], str]) -> None:
    """Say how a term is called; without knowledge at hand it goes by its name."""
    environment().filters["label"] = label


def refusal(problem: Problem) -> bytes:
    """Return the page of a problem, made of our own words alone."""
    return page("problem", {"problem": problem})


def day(written: str | None) -> str:
    """Return a date as people write it: 10 June 2024."""
    if not written:
        return ""
    try:
        found = date.fromisoformat(written)
    except ValueError:
        return written
    return f"{found.day} {found:%B %Y}"


def place(iri: str) -> str:
    """Return the address of one of our own names on this server; nothing for any other."""
    return "/" + iri.removeprefix(BASE) if iri.startswith(BASE) else ""


def sentence(text: str) -> str:
    """Return a text that begins with a capital."""
    return text[:1].upper() + text[1:]


def said(word: str) -> str:
    """Return a decision or a finding in words."""
    if word in {d.value for d in Decision}:
        return DECISIONS[Decision(word)].title.capitalize()
    return WORDS.get(word) or sentence(word)


def counts(node: Mapping[str, Any], verdict: str) -> int:
    """Return how many leaves of a tree have a verdict."""
    members = node.get("members") or []
    if not members:
        return int(node["verdict"] == verdict)
    return sum(counts(member, verdict) for member in members)
