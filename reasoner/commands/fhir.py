"""``covergraph fhir``: what is taken over from a bundle, what is not, and why."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from .arguments import OnDay, OrderName, day_from, inputs, one_of

FORMS = ("text", "json", "turtle")


def show(
    bundle: Annotated[str, typer.Argument(help="A file or folder of FHIR, or -.")],
    order: OrderName = None,
    on: OnDay = None,
    form: Annotated[str, typer.Option("--format", help="text, json or turtle.")] = "text",
) -> None:
    """Show what of a bundle becomes a request, and what does not."""
    from ..engine import Reasoner
    from ..fhir.reader import FhirReader, NoOrder
    from ..fhir.shown import left_behind, mapped_data, taken
    from ..render.text import show as printed

    one_of(form, FORMS)
    reasoner = Reasoner(at_once=False)
    ((name, data),) = inputs([bundle])
    try:
        found = FhirReader(reasoner).read(data, name, day_from(on), order)
    except NoOrder as none:
        if form == "text":
            for part in left_behind(none.left):
                printed(part)
        raise
    if form == "json":
        print(json.dumps([mapped_data(m) for m in found], indent=2, ensure_ascii=False))
    elif form == "turtle":
        for mapped in found:
            print(_turtle(mapped.text), end="")
    else:
        for mapped in found:
            printed(taken(mapped, reasoner.knowledge))


def _turtle(text: bytes) -> str:
    """Return a request as Turtle that can be decided as it is."""
    from ..render.graph import written
    from ..request.formats import parse_turtle
    from ..triples import Triples

    return written(Triples(parse_turtle(text.decode())))
