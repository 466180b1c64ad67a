"""``covergraph policies``, ``policy`` and ``clauses``: what is encoded, and from what."""

from __future__ import annotations

import csv
import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from .arguments import one_of

if TYPE_CHECKING:
    from ..decision.select import Catalogue

FORMATS = ("table", "json", "csv")


def policies(
    form: Annotated[str, typer.Option("--format", help="table, json or csv.")] = "table",
) -> None:
    """List the policies with their payers and dates."""
    from ..engine import Reasoner
    from ..render.data import Recorder
    from ..render.text import Renderer, show

    one_of(form, FORMATS)
    reasoner = Reasoner()
    if form == "table":
        show(Renderer(Recorder(reasoner.knowledge)).policies(reasoner.catalogue))
        return
    found = listed(reasoner.catalogue)
    if form == "json":
        print(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        writer = csv.DictWriter(sys.stdout, list(found[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)


def listed(catalogue: Catalogue) -> list[dict[str, str | None]]:
    """Return every edition with the first and the last date of service that it decides."""
    return [
        {
            "key": key,
            "payer": key.partition("/")[0],
            "label": policy.label,
            "edition": policy.edition,
            "inForceFrom": policy.effective_from.isoformat(),
            "inForceUntil": last.isoformat() if (last := catalogue.last_day(policy)) else None,
        }
        for key, editions in catalogue.editions.items()
        for policy in editions
    ]


def policy(
    key: Annotated[str, typer.Argument(help="payer/policy, or payer/policy@edition.")],
) -> None:
    """Show the criteria of one policy as a tree, with their sections."""
    from ..engine import Reasoner
    from ..render.data import Recorder
    from ..render.text import Renderer, show

    reasoner = Reasoner()
    renderer = Renderer(Recorder(reasoner.knowledge))
    show(renderer.policy(reasoner.catalogue.edition_of(key)))


def clauses(
    key: Annotated[str | None, typer.Argument(help="payer/policy; all of them without.")] = None,
) -> None:
    """Show what became of every clause of a policy's document."""
    from ..engine import Reasoner
    from ..policies.clauses import register, uncited
    from ..render.data import Recorder
    from ..render.text import Renderer, show

    reasoner = Reasoner()
    renderer = Renderer(Recorder(reasoner.knowledge))
    editions = (
        [reasoner.catalogue.edition_of(key)]
        if key
        else [p for found in reasoner.catalogue.editions.values() for p in found]
    )
    unsettled = 0
    for policy in editions:
        found = register(policy, reasoner.knowledge)
        show(renderer.register(policy, found, whole=key is not None))
        unsettled += sum(not c.settled for c in found) + len(uncited(policy))
    if unsettled:
        raise typer.Exit(1)
