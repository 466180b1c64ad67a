"""``covergraph batch``: many requests at once, with a summary of what became of them.

What is found is printed on standard output and the same whoever starts it; how fast it goes
is told on standard error.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .arguments import Every, OnDay, PayerKey, PlanKey, PolicyKey, day_from, last_day, one_decides

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from ..batch.run import Progress
    from ..decision.select import Catalogue

# More criteria than that are for the files, not for a screen.
MOST_CRITERIA = 20


def batch(
    inputs: Annotated[
        list[str], typer.Argument(help="Files of requests, or folders of them.", metavar="INPUT...")
    ],
    out: Annotated[Path, typer.Option(help="The folder to write to.")],
    policy: PolicyKey = None,
    payer: PayerKey = None,
    plan: PlanKey = None,
    every: Every = False,
    compare: Annotated[
        str | None,
        typer.Option(help="Say who gains and who loses under this policy: payer/policy@edition."),
    ] = None,
    on: OnDay = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Processes that decide; by default one per core.")
    ] = None,
    chunk: Annotated[
        int, typer.Option(min=1, max=10_000, help="Requests that a process takes at a time.")
    ] = 100,
) -> None:
    """Decide many requests; started again after an interruption, it goes on."""
    from ..batch.decider import Question
    from ..batch.run import run
    from ..engine import Reasoner
    from ..render.text import show

    one_decides(policy, payer, plan, every)
    question = Question(policy, payer, plan, every, day_from(on), compare, last_day())
    reasoner = Reasoner(look_ahead=False)
    started = time.monotonic()
    try:
        with Display(started) as display:
            report = run(reasoner, question, inputs, out, jobs or cores(), chunk, display.show)
    except KeyboardInterrupt:
        print("covergraph: stopped; the same command goes on from here", file=sys.stderr)
        raise typer.Exit(130) from None
    took, state = time.monotonic() - started, display.progress
    if report.already:
        print("this run was finished before; nothing was left to do", file=sys.stderr)
    elif state:
        fresh = state.records - state.resumed
        rest = f", {state.resumed} had been before" if state.resumed else ""
        told = f"{fresh} records read in {took:.1f} s, {fresh / took:.0f} a second{rest}"
        print(told, file=sys.stderr)
    for part in tables(report.summary, reasoner.catalogue):
        show(part)
    print(f"written to {out}", file=sys.stderr)


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Display:
    """A progress bar on standard error, where that is a terminal.

    Parameters
    ----------
    started : float
        When the run began, on the monotonic clock.
    """

    def __init__(self, started: float) -> None:
        self.started = started
        self.progress: Progress | None = None
        self._drawn = 0.0
        self._draw: Callable[[Progress], None] | None = None
        self._close: Callable[[], None] = lambda: None

    def __enter__(self) -> Display:
        if sys.stderr.isatty():
            self._open()
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def show(self, progress: Progress) -> None:
        """Draw the bar, at most some times a second."""
        self.progress = progress
        now = time.monotonic()
        if self._draw and (now - self._drawn > 0.2 or progress.writing):
            self._drawn = now
            self._draw(progress)

    def _open(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        # Without a thread of its own: processes are forked from this one.
        bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %  {task.fields[records]} records"),
            TextColumn("{task.fields[rate]:.0f} a second, time left"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            auto_refresh=False,
            transient=True,
        )
        task = bar.add_task("deciding", total=None, records=0, rate=0.0)

        def draw(progress: Progress) -> None:
            fresh = progress.records - progress.resumed
            bar.update(
                task,
                description="writing" if progress.writing else "deciding",
                total=progress.total,
                completed=progress.position,
                records=progress.records,
                rate=fresh / max(time.monotonic() - self.started, 0.001),
                refresh=True,
            )

        bar.start()
        self._draw, self._close = draw, bar.stop


# --- What is printed -------------------------------------------------------------------------


def tables(summary: dict[str, Any], catalogue: Catalogue) -> list[RenderableType]:
    """Return the summary of a run as tables."""
    from rich.text import Text

    counts = f"{summary['records']} records: {summary['decided']} decided"
    rejected = summary["rejected"]
    counts += f", {rejected} rejected (see rejects.ndjson)" if rejected else ""
    parts: list[RenderableType] = [Text(counts)]
    if program := summary["faults"].get("program"):
        parts.append(Text(f"{program} of the rejects are faults of the program, not of the input"))
    if summary["repeated"]:
        named = f"{summary['repeated']} records have a request of the same name as another's"
        parts.append(Text(f"{named} (repeated in the output)"))
    parts.append(decision_table(summary["decisions"]))
    if "changes" in summary:
        parts += change_tables(summary["changes"], catalogue)
    return parts


def decision_table(decisions: list[dict[str, Any]]) -> Table:
    from ..decision.decide import Decision

    columns = [decision.value for decision in Decision]
    table = plain_table("policy", "edition")
    for decision in columns:
        table.add_column(decision.replace("-", "\n", 1).replace("-", " "), justify="right")
    rows: dict[tuple[str, str], dict[str, int]] = {}
    for d in decisions:
        rows.setdefault((d["policy"], d["edition"] or "none"), {})[d["decision"]] = d["requests"]
    for (policy, edition), found in rows.items():
        table.add_row(policy, edition, *(str(found.get(decision, 0)) for decision in columns))
    return table


def change_tables(changes: dict[str, Any], catalogue: Catalogue) -> list[RenderableType]:
    """Return who gains and who loses, by decision and by criterion."""
    from rich.text import Text

    from ..render.text import sections

    counts = [f"{n} {change}" for change, n in changes["changed"].items()]
    parts: list[RenderableType] = [
        Text(),
        Text(", ".join([*counts, f"{changes['same']} the same"])),
    ]
    moves = plain_table("change", "before", "after")
    moves.add_column("requests", justify="right")
    for m in changes["moves"]:
        moves.add_row(m["change"], m["before"], m["after"], str(m["requests"]))
    by = plain_table("change", "by criterion", "section")
    by.add_column("requests", justify="right")
    known = {
        criterion.iri.value: criterion
        for editions in catalogue.editions.values()
        for policy in editions
        for criterion in policy.criteria.values()
    }
    most = sorted(changes["by"], key=lambda b: -b["requests"])
    for b in most[:MOST_CRITERIA]:
        criterion = known[b["criterion"]]
        where = sections(criterion.citations)
        by.add_row(b["change"], criterion.label, where, str(b["requests"]))
    parts += [moves, Text(), by] if changes["moves"] else []
    if len(most) > MOST_CRITERIA:
        parts.append(Text(f"and {len(most) - MOST_CRITERIA} more in summary.json"))
    return parts


def plain_table(*headings: str) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=heading in ("policy", "edition"))
    return table
