"""The command line: decide requests, show policies, check the knowledge.

Exit status: 0 when a decision was made, 2 when the input is at fault, 1 when the program
or its knowledge is.
"""

from __future__ import annotations

import atexit
import gc
import json
import signal
import sys
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .commands.batch import batch_command
from .errors import CovergraphError, InputError

COLLECTED_AFTER = 50_000

app = typer.Typer(
    name="covergraph",
    help="Decide coverage requests against payers' medical policies.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
)
ontology = typer.Typer(help="Check the ontology with an OWL reasoner.", no_args_is_help=True)
app.add_typer(ontology, name="ontology")
app.command("batch")(batch_command)


class Format(StrEnum):
    """How decisions are printed."""

    TEXT = "text"
    JSON = "json"
    TURTLE = "turtle"
    JSONLD = "jsonld"
    SHACL = "shacl"


class Engine(StrEnum):
    """What judges: the fast judge, or pySHACL, which it is tested against."""

    COMPILED = "compiled"
    REFERENCE = "reference"


def main() -> None:
    """Run the command line; a person's mistake is one line on standard error."""
    if hasattr(signal, "SIGPIPE"):
        # A reader that goes away, such as `head`, ends the program without a word.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    # What is loaded stays: a collection would go through all of it and find nothing, while it
    # is loaded as at the very end. Nor does a request leave much that only a collection finds.
    gc.set_threshold(COLLECTED_AFTER)
    atexit.register(gc.freeze)
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
        from .render.data import ENGINE, engine_version

        print(f"{ENGINE} {engine_version()}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=version_asked, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    """Decide coverage requests against payers' medical policies."""


@app.command("decide")
def decide_command(
    requests: Annotated[list[str], typer.Argument(help="Files, or - for standard input.")],
    policy: Annotated[
        str | None, typer.Option(help="Decide under one policy: payer/policy.")
    ] = None,
    payer: Annotated[str | None, typer.Option(help="Decide under a payer's policies.")] = None,
    plan: Annotated[str | None, typer.Option(help="Decide under a plan, by precedence.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Decide under every policy.")] = False,
    on: Annotated[str | None, typer.Option("--date", help="Another date of service.")] = None,
    form: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TEXT,
    engine: Annotated[Engine, typer.Option(help="What judges.")] = Engine.COMPILED,
) -> None:
    """Decide whether each requested procedure is covered, and why."""
    from .engine import Reasoner
    from .knowledge.base import knowledge
    from .render.data import Recorder
    from .render.graph import decision_graph, validation_report, written
    from .render.text import Renderer, show
    from .triples import Triples

    if sum(map(bool, (policy, payer, plan, every))) > 1:
        raise InputError("--policy, --payer, --plan and --all exclude each other")
    day = day_from(on)
    if engine is Engine.REFERENCE:
        from .judge.reference import ReferenceJudge

        reasoner = Reasoner(judge=ReferenceJudge(knowledge()), at_once=False)
    else:
        reasoner = Reasoner(at_once=False)
    recorder = Recorder(reasoner.knowledge)
    # Every file is read before the first decision is printed: nothing half done.
    read = [reasoner.read(data, name, on=day) for name, data in inputs(requests)]
    decided = [(r, reasoner.decide_all(r, policy, payer, plan, every)) for r in read]
    answers = [a for _, found in decided for a in found]
    if form is Format.TEXT:
        renderer = Renderer(recorder)
        for request, found in decided:
            show(renderer.heading(request))
            if every:
                from .render.overview import overview

                show(overview(found))
            for answer in found:
                show(renderer.answer(answer))
    elif form is Format.JSON:
        print(json.dumps([recorder.answer(a) for a in answers], indent=2, ensure_ascii=False))
    else:
        graph = Triples()
        for answer in answers:
            shacl = form is Format.SHACL
            graph.update(validation_report(answer) if shacl else decision_graph(answer, recorder))
        print(written(graph, "jsonld" if form is Format.JSONLD else "turtle"), end="")


@app.command("policies")
def policies_command() -> None:
    """List the policies with their payers and dates."""
    from .engine import Reasoner
    from .render.data import Recorder
    from .render.text import Renderer, show

    reasoner = Reasoner()
    renderer = Renderer(Recorder(reasoner.knowledge))
    show(renderer.policies(reasoner.catalogue))


@app.command("policy")
def policy_command(
    key: Annotated[str, typer.Argument(help="payer/policy, or payer/policy@edition.")],
) -> None:
    """Show the criteria of one policy as a tree, with their sections."""
    from .engine import Reasoner
    from .render.data import Recorder
    from .render.text import Renderer, show

    reasoner = Reasoner()
    renderer = Renderer(Recorder(reasoner.knowledge))
    show(renderer.policy(reasoner.catalogue.edition_of(key)))


@app.command("clauses")
def clauses_command(
    key: Annotated[str | None, typer.Argument(help="payer/policy; all of them without.")] = None,
) -> None:
    """Show what became of every clause of a policy's document."""
    from .engine import Reasoner
    from .policies.clauses import register, uncited
    from .render.data import Recorder
    from .render.text import Renderer, show

    reasoner = Reasoner()
    renderer = Renderer(Recorder(reasoner.knowledge))
    editions = (
        [reasoner.catalogue.edition_of(key)]
        if key
        else [p for found in reasoner.catalogue.editions.values() for p in found]
    )
    unsettled = 0
    for policy in editions:
        clauses = register(policy, reasoner.knowledge)
        show(renderer.register(policy, clauses, whole=key is not None))
        unsettled += sum(not c.settled for c in clauses) + len(uncited(policy))
    if unsettled:
        raise typer.Exit(1)


@app.command("compare")
def compare_command(
    procedure: Annotated[str, typer.Argument(help="A class, such as facet-joint-denervation.")],
    region: Annotated[str | None, typer.Option(help="Such as lumbar; all without.")] = None,
    payer: Annotated[list[str] | None, typer.Option(help="Only this payer; repeatable.")] = None,
    form: Annotated[str, typer.Option("--format", help="table, markdown, csv or json.")] = "table",
) -> None:
    """Show what each payer asks for a procedure, concern by concern."""
    from .commands.compare import compare

    compare(procedure, region, payer, form)


@app.command("query")
def query_command(
    query: Annotated[str, typer.Argument(help="A file, - for standard input, or a name.")],
    form: Annotated[str, typer.Option("--format", help="table, csv, json or turtle.")] = "table",
) -> None:
    """Run a SPARQL query of the library, or one of your own, over the whole graph."""
    from .commands.query import query as run

    run(query, form)


@app.command("queries")
def queries_command() -> None:
    """List the queries of the library with the questions that they answer."""
    from .commands.query import queries

    queries()


@app.command("vocabulary")
def vocabulary_command(
    write: Annotated[bool, typer.Option("--write", help="Write data/vocabulary.md.")] = False,
) -> None:
    """Print everything a request may state, as Markdown."""
    from .authoring.vocabulary import PAGE, vocabulary
    from .engine import Reasoner

    reasoner = Reasoner()
    editions = [p for found in reasoner.catalogue.editions.values() for p in found]
    page = vocabulary(reasoner.knowledge, editions)
    if write:
        (reasoner.knowledge.root / PAGE).write_text(page)
        print(f"wrote {PAGE}")
    else:
        print(page, end="")


@app.command("lint")
def lint_command() -> None:
    """Check the ontology, the shapes and the clause registers against the house rules."""
    from .authoring.lint import lint
    from .knowledge.base import knowledge

    findings = lint(knowledge())
    for finding in findings:
        print(f"{finding.file}: {finding.subject}: {finding.rule}: {finding.message}")
    print(f"{len(findings)} finding{'' if len(findings) == 1 else 's'}")
    if findings:
        raise typer.Exit(1)


@app.command("serve")
def serve_command(
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port.", min=0, max=65535)] = 8000,
    keys: Annotated[Path | None, typer.Option(help="A file of hashed API keys.")] = None,
    log: Annotated[bool, typer.Option("--log", help="Log each request by its route.")] = False,
) -> None:
    """Serve lookups, decisions and SPARQL over HTTP."""
    from .commands.serve import serve

    serve(host, port, keys, log)


@ontology.command("check")
def check_command(
    requests: Annotated[
        list[str] | None,
        typer.Argument(help="Requests to compare; by default every example and test request."),
    ] = None,
) -> None:
    """Check that the ontology is consistent, and that both reasoners infer the same."""
    from .knowledge.base import knowledge
    from .owl import check, requests_to_check

    found = requests_to_check(knowledge(), [p for p in requests or []])
    report = check(knowledge(), found)
    print("\n".join(report.lines))
    if not report.ok:
        raise typer.Exit(1)


@ontology.command("build")
def build_command() -> None:
    """Write the inferred class hierarchy that the program ships."""
    from .knowledge.base import INFERRED, knowledge
    from .owl import build

    known = knowledge()
    (known.root / INFERRED).write_text(build(known))
    print(f"wrote {INFERRED}")


def inputs(names: list[str]) -> list[tuple[str, bytes]]:
    """Return the name and the bytes of each input.

    Raises
    ------
    InputError
        When a file is missing, is a folder or cannot be read.
    """
    found = []
    for name in names:
        if name == "-":
            found.append(("standard input", sys.stdin.buffer.read()))
            continue
        try:
            found.append((name, Path(name).read_bytes()))
        except OSError as error:
            raise InputError((error.strerror or "cannot be read").lower(), name) from None
    return found


def day_from(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError("--date takes a day as YYYY-MM-DD") from None


if __name__ == "__main__":
    main()
