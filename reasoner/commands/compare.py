"""``covergraph compare``: what payers ask for a procedure, side by side."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from .arguments import one_of

FORMATS = ("table", "markdown", "csv", "json")


def compare(
    procedure: Annotated[str, typer.Argument(help="A class, such as facet-joint-denervation.")],
    region: Annotated[str | None, typer.Option(help="Such as lumbar; all without.")] = None,
    payer: Annotated[list[str] | None, typer.Option(help="Only this payer; repeatable.")] = None,
    form: Annotated[str, typer.Option("--format", help="table, markdown, csv or json.")] = "table",
) -> None:
    """Show what each payer asks for a procedure, concern by concern."""
    from rich.console import Console

    from ..comparison.matrix import matrix
    from ..render.comparison import comma_separated, markdown, side_by_side
    from ..render.text import show
    from ..sparql.store import shipped_store

    one_of(form, FORMATS)
    found = matrix(shipped_store(), procedure, region, payer)
    if form == "table":
        show(side_by_side(found, Console().width))
    elif form == "markdown":
        print(markdown(found), end="")
    elif form == "csv":
        print(comma_separated(found), end="")
    else:
        print(json.dumps(asdict(found), indent=2, ensure_ascii=False))
