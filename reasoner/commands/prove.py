"""``covergraph prove``: policies held against each other for every possible patient."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InputError
from .arguments import day_from, inputs, one_of, requests_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..engine import Reasoner
    from ..prove.questions import Answered, Prover

FORMATS = ("text", "json")
MATRIX_FORMATS = ("table", "csv")

Key = Annotated[str, typer.Argument(help="payer/policy, or with @edition.")]
Procedure = Annotated[
    str | None, typer.Option(help="Only this class, such as facet-joint-denervation.")
]
Region = Annotated[str | None, typer.Option(help="Only in this region, such as lumbar.")]
OnDay = Annotated[str | None, typer.Option("--date", help="The date of service.")]
Sessions = Annotated[int, typer.Option(min=0, max=16, help="So many earlier procedures at most.")]
Courses = Annotated[int, typer.Option(min=0, max=6, help="So many courses of therapy at most.")]
Planned = Annotated[int, typer.Option(min=0, max=4, help="So many planned beside at most.")]
Budget = Annotated[int, typer.Option(min=1, help="Give a question up after so many conflicts.")]
Form = Annotated[str, typer.Option("--format", help="text or json.")]
MILLION = 1_000_000

app = typer.Typer(
    help="Hold policies against each other for every possible patient.", no_args_is_help=True
)


@app.command("contains")
def contains(
    first: Key,
    second: Key,
    procedure: Procedure = None,
    region: Region = None,
    date: OnDay = None,
    sessions: Sessions = 3,
    courses: Courses = 1,
    planned: Planned = 1,
    budget: Budget = MILLION,
    form: Form = "text",
) -> None:
    """Does the second policy cover all that the first covers? If not, for which criteria."""
    from ..prove import questions

    bounds = (sessions, courses, planned)
    prover = _prover([first, second], procedure, region, date, bounds, budget, form)
    _show(questions.contains(prover), prover, form)


@app.command("equivalent")
def equivalent(
    first: Key,
    second: Key,
    procedure: Procedure = None,
    region: Region = None,
    date: OnDay = None,
    sessions: Sessions = 3,
    courses: Courses = 1,
    planned: Planned = 1,
    budget: Budget = MILLION,
    form: Form = "text",
) -> None:
    """Do two policies cover the same?"""
    from ..prove import questions

    bounds = (sessions, courses, planned)
    prover = _prover([first, second], procedure, region, date, bounds, budget, form)
    _show(questions.equivalent(prover), prover, form)


@app.command("disjoint")
def disjoint(
    first: Key,
    second: Key,
    procedure: Procedure = None,
    region: Region = None,
    date: OnDay = None,
    sessions: Sessions = 3,
    courses: Courses = 1,
    planned: Planned = 1,
    budget: Budget = MILLION,
    form: Form = "text",
) -> None:
    """Is nobody covered by both of two policies?"""
    from ..prove import questions

    bounds = (sessions, courses, planned)
    prover = _prover([first, second], procedure, region, date, bounds, budget, form)
    _show(questions.disjoint(prover), prover, form)


@app.command("never-covers")
def never_covers(
    key: Key,
    procedure: Procedure = None,
    region: Region = None,
    date: OnDay = None,
    sessions: Sessions = 3,
    courses: Courses = 1,
    planned: Planned = 1,
    budget: Budget = MILLION,
    form: Form = "text",
) -> None:
    """Does a policy cover nobody, of a procedure or in a region?"""
    from ..prove import questions

    bounds = (sessions, courses, planned)
    prover = _prover([key], procedure, region, date, bounds, budget, form)
    _show(questions.never_covers(prover), prover, form)


@app.command("lint")
def lint(
    key: Key,
    date: OnDay = None,
    sessions: Sessions = 3,
    courses: Courses = 1,
    planned: Planned = 1,
    budget: Budget = MILLION,
    form: Form = "text",
) -> None:
    """Which criteria of a policy are never met, never not met, or change no decision?"""
    from ..prove.idle import idle

    prover = _prover([key], None, None, date, (sessions, courses, planned), budget, form)
    _show(idle(prover), prover, form)


@app.command("diff")
def diff(
    old: Key,
    new: Key,
    date: OnDay = None,
    sessions: Sessions = 3,
    courses: Courses = 1,
    planned: Planned = 1,
    budget: Budget = MILLION,
    form: Form = "text",
) -> None:
    """Who gains and who loses between two editions of a policy, by criterion?"""
    from ..prove import questions

    prover = _prover([old, new], None, None, date, (sessions, courses, planned), budget, form)
    _show(questions.between_editions(prover), prover, form)


@app.command("matrix")
def matrix(
    procedure: Annotated[str, typer.Argument(help="Such as facet-joint-denervation.")],
    region: Region = None,
    date: OnDay = None,
    sessions: Sessions = 3,
    courses: Courses = 1,
    planned: Planned = 1,
    budget: Budget = MILLION,
    form: Annotated[str, typer.Option("--format", help="table or csv.")] = "table",
) -> None:
    """Of all policies that address a procedure, which covers all that which other covers?"""
    from ..prove import many, told

    one_of(form, MATRIX_FORMATS)
    keys = many.addressing(_reasoner(), procedure)
    bounds = (sessions, courses, planned)
    prover = _prover(keys, procedure, region, date, bounds, budget, "text")
    cells = many.matrix(prover)
    if form == "csv":
        print(told.comma_separated(cells), end="")
        return
    lines = [*told.table(cells), "", *told.strictest_first(cells)]
    print("\n".join([*lines, "", *told.bounds_told(prover.within)]))


def change(
    request: Annotated[str, typer.Argument(help="A file with one request, or - to read it.")],
    policy: Annotated[str, typer.Option(help="payer/policy, or with @edition.")],
    budget: Budget = MILLION,
) -> None:
    """What would turn the answer on a request: documented, planned otherwise, or later."""
    from ..engine import Reasoner
    from ..prove.changing import changes
    from ..prove.told import changes_told

    ((name, data),) = inputs([request])
    reasoner = Reasoner()
    prepared, *more = requests_in(name, data, reasoner)
    if more:
        raise InputError("asks for several procedures", name, "give a file that asks for one")
    found = changes(reasoner, prepared, policy, budget)
    print("\n".join(changes_told(found, policy, reasoner.knowledge)))


def _reasoner() -> Reasoner:
    from ..engine import Reasoner

    return Reasoner(look_ahead=False, any_day=True)


def _prover(
    keys: Sequence[str],
    procedure: str | None,
    region: str | None,
    day: str | None,
    bounds: tuple[int, int, int],
    budget: int,
    form: str,
) -> Prover:
    from ..prove.questions import Prover
    from ..prove.world import Bounds

    one_of(form, FORMATS)
    service = day_from(day)
    return Prover(_reasoner(), keys, procedure, region, service, Bounds(*bounds), budget)


def _show(answered: Answered, prover: Prover, form: str) -> None:
    from ..prove.told import as_data, told

    if form == "json":
        print(json.dumps(as_data(answered), indent=2, ensure_ascii=False))
    else:
        print("\n".join(told(answered, prover.vocabulary.knowledge)))
