"""``covergraph ontology``: hold the ontology against an OWL reasoner."""

from __future__ import annotations

from typing import Annotated

import typer


def check(
    requests: Annotated[
        list[str] | None,
        typer.Argument(help="Requests to compare; by default every example and test request."),
    ] = None,
) -> None:
    """Check that the ontology is consistent, and that both reasoners infer the same."""
    from .. import owl
    from ..knowledge.base import knowledge

    found = owl.requests_to_check(knowledge(), requests or [])
    report = owl.check(knowledge(), found)
    print("\n".join(report.lines))
    if not report.ok:
        raise typer.Exit(1)


def build() -> None:
    """Write the inferred class hierarchy that the program ships."""
    from .. import owl
    from ..knowledge.base import INFERRED, knowledge

    known = knowledge()
    (known.root / INFERRED).write_text(owl.build(known))
    print(f"wrote {INFERRED}")
