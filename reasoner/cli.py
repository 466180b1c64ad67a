"""The command line: which commands there are, and how the program ends.

Exit status: 0 when a decision was made, 2 when the input is at fault, 1 when the program
or its knowledge is.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Annotated

import typer

from .collector import collect_seldom
from .commands import (
    authoring,
    batch,
    compare,
    decide,
    fhir,
    kept,
    ontology,
    policies,
    prove,
    query,
    serve,
)
from .errors import CovergraphError, InputError
from .version import ENGINE, engine_version

app = typer.Typer(
    name=ENGINE,
    help="Decide coverage requests against payers' medical policies.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
)
about_ontology = typer.Typer(help="Check the ontology with an OWL reasoner.", no_args_is_help=True)
app.add_typer(about_ontology, name="ontology")
about_decisions = typer.Typer(help="Look into the decisions that were kept.", no_args_is_help=True)
app.add_typer(about_decisions, name="decisions")
about_fhir = typer.Typer(help="See what is read of FHIR.", no_args_is_help=True)
app.add_typer(about_fhir, name="fhir")
app.add_typer(prove.app, name="prove")

app.command("decide")(decide.decide)
app.command("batch")(batch.batch)
app.command("policies")(policies.policies)
app.command("policy")(policies.policy)
app.command("clauses")(policies.clauses)
app.command("compare")(compare.compare)
app.command("change")(prove.change)
app.command("query")(query.query)
app.command("queries")(query.queries)
app.command("vocabulary")(authoring.vocabulary)
app.command("lint")(authoring.lint)
app.command("serve")(serve.serve)
app.command("replay")(kept.replay)
about_decisions.command("verify")(kept.verify)
about_decisions.command("show")(kept.show)
about_fhir.command("show")(fhir.show)
about_ontology.command("check")(ontology.check)
about_ontology.command("build")(ontology.build)


def main() -> None:
    """Run the command line; a person's mistake is one line on standard error."""
    if hasattr(signal, "SIGPIPE"):
        # A reader that goes away, such as `head`, ends the program without a word.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    collect_seldom()
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except InputError as error:
        print(f"covergraph: {error}", file=sys.stderr)
        sys.exit(2)
    except CovergraphError as error:
        print(f"covergraph: {error}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        if error.filename is None:
            # The disk that the output goes to is full: what is left of it would fail once more.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        reason = (error.strerror or str(error)).lower()
        print(f"covergraph: {error.filename or 'standard output'}: {reason}", file=sys.stderr)
        sys.exit(1)


def version_asked(asked: bool) -> None:
    if asked:
        print(f"{ENGINE} {engine_version()}")
        raise typer.Exit


def warn_of_departures(command: str | None) -> None:
    """Say on standard error that the knowledge is not that of the release, where it is not.

    Two commands say it in their own way: the server refuses to start, and lint lists it.
    """
    from .knowledge.base import knowledge_root
    from .knowledge.manifest import departure

    if command not in ("serve", "lint") and (told := departure(knowledge_root())):
        print(f"covergraph: {told}", file=sys.stderr)


@app.callback()
def root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=version_asked, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    """Decide coverage requests against payers' medical policies."""
    warn_of_departures(context.invoked_subcommand)


if __name__ == "__main__":
    main()
