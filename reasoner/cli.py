"""The command line: which commands there are, and how the program ends.

Exit status: 0 when a decision was made, 2 when the input is at fault, 1 when the program
or its knowledge is.
"""

from __future__ import annotations

import signal
import sys
from typing import Annotated

import typer

from .collector import collect_seldom
from .commands import authoring, batch, compare, decide, ontology, policies, prove, query, serve
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
about_ontology.command("check")(ontology.check)
about_ontology.command("build")(ontology.build)


def main() -> None:
    """Run the command line; a person's mistake is one line on standard error."""
    if hasattr(signal, "SIGPIPE"):
        # A reader that goes away, such as `head`, ends the program without a word.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    collect_seldom()
    try:
        app()
    except InputError as error:
        print(f"covergraph: {error}", file=sys.stderr)
        sys.exit(2)
    except CovergraphError as error:
        print(f"covergraph: {error}", file=sys.stderr)
        sys.exit(1)


def version_asked(asked: bool) -> None:
    if asked:
        print(f"{ENGINE} {engine_version()}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=version_asked, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    """Decide coverage requests against payers' medical policies."""


if __name__ == "__main__":
    main()
