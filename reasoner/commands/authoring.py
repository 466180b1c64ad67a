"""``covergraph lint`` and ``vocabulary``: what an author of policies and of requests needs."""

from __future__ import annotations

from typing import Annotated

import typer


def vocabulary(
    write: Annotated[bool, typer.Option("--write", help="Write data/vocabulary.md.")] = False,
) -> None:
    """Print everything a request may state, as Markdown."""
    from ..authoring.vocabulary import PAGE
    from ..authoring.vocabulary import vocabulary as vocabulary_page
    from ..engine import Reasoner

    reasoner = Reasoner()
    editions = [p for found in reasoner.catalogue.editions.values() for p in found]
    page = vocabulary_page(reasoner.knowledge, editions)
    if write:
        (reasoner.knowledge.root / PAGE).write_text(page)
        print(f"wrote {PAGE}")
    else:
        print(page, end="")


def lint() -> None:
    """Check the ontology, the shapes and the clause registers against the house rules."""
    from ..authoring import lint as rules
    from ..knowledge.base import knowledge
    from ..knowledge.manifest import departures

    found = knowledge()
    findings = rules.lint(found)
    for departure in (told := departures(found.root)):
        print(f"manifest.sha256: {departure}")
    for finding in findings:
        print(f"{finding.file}: {finding.subject}: {finding.rule}: {finding.message}")
    count = len(findings) + len(told)
    print(f"{count} finding{'' if count == 1 else 's'}")
    if count:
        raise typer.Exit(1)
