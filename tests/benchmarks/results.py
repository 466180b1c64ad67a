"""What a run of the benchmark found, as RESULTS.md."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import version
from statistics import median, quantiles
from typing import TYPE_CHECKING

from tests.benchmarks import contenders as c
from tests.benchmarks.processes import BatchRun

if TYPE_CHECKING:
    from tests.benchmarks.bench import Run

# What begins the section that is written by `make engines`; `make bench` leaves it as it is.
OTHERS = "## Other SHACL engines\n"

UNEQUAL = """\
- **Others return a report, ours a decision.** A SHACL report says which wrappers fail. Ours adds
  classification, gate, decision, deciding criteria, what is missing, and a trace with the facts
  that each criterion looked at and its citations.
- **Others are spared the classification.** They do not apply OWL. What follows from a request
  (types, regions, broader facts) is handed to them ready made, and checked: on every request
  measured here they give every leaf our verdict.
- **Ours parses too.** pyoxigraph reads our Turtle, dense or with blanks before its marks; JSON is
  read by the standard `json`.
- **pySHACL and Jena judge leaf and twin, whatever the leaf says.** We ask for the twin only where
  a leaf fails. "Yes or no only" is Jena on the policy as one shape: it may stop early, tells no
  verdict, and cannot tell "not covered" from "needs information".
- **pyrudof skips what it cannot do.** Constraint components with a SPARQL validator conform, and
  nothing says so; its row judges the leaves of SHACL Core alone.
- **Jena parses and collects garbage in threads of its own.** Its processor time is that of the
  thread that validates, without them.
"""


@dataclass(frozen=True)
class Target:
    """One line of what is to be reached."""

    what: str
    wanted: str
    found: str
    met: bool | None

    def line(self) -> str:
        met = "not measured" if self.met is None else "yes" if self.met else "**no**"
        return f"| {self.what} | {self.wanted} | {self.found} | {met} |"


def duration(seconds: float) -> str:
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f} µs" if seconds < 0.0001 else f"{seconds * 1e3:.3f} ms"
    return f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds:.2f} s"


def targets(run: Run) -> list[Target]:
    """Return everything that was to be reached, with what was found."""

    def at_most(what: str, name: str, most: float) -> Target:
        wall, own = run.wall(name), run.processor(name)
        found = f"{duration(wall)} (processor {duration(own)})"
        return Target(what, f"{duration(most)} or better", found, wall <= most)

    def times(name: str, least: float) -> Target:
        what, wanted = f"the same, against {name}", f"at least {least:g} times as fast"
        if name not in run.timings:
            return Target(what, wanted, run.versions[name], None)
        ratio = run.wall(name) / run.wall(c.TRACED)
        own = run.processor(name) / run.processor(c.TRACED)
        found = f"{ratio:,.1f} times (processor {own:,.1f})"
        return Target(what, wanted, found, ratio >= least)

    def beside(what: str, name: str, most: float) -> Target:
        ratio = run.wall(name) / run.wall(c.TRACED)
        own = run.processor(name) / run.processor(c.TRACED)
        found = f"{ratio:.2f} times (processor {own:.2f})"
        return Target(what, f"at most {most:g} times that from Turtle", found, ratio <= most)

    found = [
        at_most("Turtle bytes to decision with trace, one policy", c.TRACED, 0.00025),
        times(c.BEST, 100),
        times(c.JENA, 2.5),
        beside("JSON line to decision with trace", c.LINE, 1.2),
        beside("Turtle to JSON answer with receipt", c.TOLD, 1.5),
        at_most("facts already indexed to verdicts", c.VERDICTS, 0.000015),
        at_most("the same request under all fourteen policies", c.EVERY, 0.0015),
        *batch_targets(run.batches),
    ]
    walls, owns = [w for w, _ in run.cold], [p for _, p in run.cold]
    text = f"{duration(median(walls))} (processor {duration(median(owns))})"
    met = median(walls) <= 0.6
    found.append(Target("`covergraph decide` from a cold shell", "0.6 s or better", text, met))
    start, held = "server start to first answer", "resident memory of a server"
    if run.server is None:
        why = "this version has no `covergraph serve`"
        return [
            *found,
            Target(start, "2 s or better", why, None),
            Target(held, "200 MB or less", why, None),
        ]
    s = run.server
    told = f"{s.memory:.0f} MB with its children, after {s.answers:,} decisions"
    told += f", {s.refused} refused" if s.refused else ""
    return [
        *found,
        Target(start, "2 s or better", duration(s.seconds), s.seconds <= 2),
        Target(held, "200 MB or less", told, s.memory <= 200),
    ]


def batch_targets(runs: list[BatchRun]) -> list[Target]:
    what = ("batch of N-Quads requests", "two cores against one", "memory, few to many requests")
    wanted = ("5,000 a second and core", "at least 1.8 times", "flat")
    if not runs:
        return [Target(w, x, "left out", None) for w, x in zip(what, wanted, strict=True)]
    one, two = ([r for r in runs if r.jobs == jobs] for jobs in (1, 2))
    small, large = one[0], one[-1]
    # Starting takes the same for few and many; it is not what a further request costs.
    steady = (large.requests - small.requests) / (large.processor - small.processor)
    same = next(r for r in two if r.requests == large.requests)
    ratio = same.rate / large.rate
    few, many = two[0], two[-1]
    grown = many.memory / few.memory
    return [
        Target(
            what[0],
            wanted[0],
            f"{steady:,.0f} a second of processor; {large.rate:,.0f} a second on the clock",
            steady >= 5000,
        ),
        Target(what[1], wanted[1], f"{ratio:.2f} times, {same.rate:,.0f} a second", ratio >= 1.8),
        Target(
            what[2],
            wanted[2],
            f"{few.memory:.0f} MB at {few.requests:,}, {many.memory:.0f} MB at {many.requests:,}",
            grown <= 1.1,
        ),
    ]


def written_results(run: Run, cpu: str, cores: int) -> str:
    """Return the whole page."""
    sizes = sorted(g.size for g in run.requests)
    policies = list(dict.fromkeys(g.policy.label.partition(":")[0] for g in run.requests))
    reached = targets(run)
    lines = [
        "# How fast, compared with what",
        "",
        f"Written by `make bench` on {run.day.isoformat()}. {cpu}, {cores} cores;"
        f" Python {platform.python_version()}, pyoxigraph {version('pyoxigraph')}."
        f" Load of the machine {run.load[0]:.1f} before and {run.load[1]:.1f} after.",
        "",
        f"{len(run.requests)} requests from the test cases of {', '.join(policies)}, as Turtle"
        f" with prefixes: {sizes[0]} to {sizes[-1]} triples, median {median(sizes):g}. Everything"
        " is warm, in one run, and takes turns at random; the garbage collector runs, as seldom"
        " as in the program. Figures are medians on the clock; where other work shares the"
        " cores, p5 says what an undisturbed call takes, and the time of the processor what it"
        " costs.",
        "",
        "| to reach | | found | reached |",
        "| --- | --- | --- | --- |",
        *(t.line() for t in reached),
        "",
        'What keeps those that are not reached is told in the README, under "How fast".',
        "",
        "## One request, one policy",
        "",
        *row_lines(run),
    ]
    lines += ["", *policy_lines(run)]
    lines += ["", "| engine | version |", "| --- | --- |"]
    lines += [f"| {name} | {told} |" for name, told in run.versions.items()]
    lines += ["", "## Where the comparison is unequal", "", UNEQUAL]
    lines += ["## Whole processes", "", *process_lines(run)]
    if any(t.met is False for t in reached):
        lines += [
            "## Where the time goes",
            "",
            "Turtle to decision with trace. A profiler makes calls dearer than they are.",
            "",
            "```",
            run.profile,
            "```",
        ]
    return "\n".join(lines).rstrip() + "\n"


def with_others(page: str, before: str) -> str:
    """Return a page with the section on other engines that the one before it has."""
    _, mark, others = before.partition(OTHERS)
    return page + f"\n{mark}{others}" if mark else page


def row_lines(run: Run) -> list[str]:
    """Return the table of everything that was timed."""
    base = run.wall(c.TRACED)
    found = [
        "| | median | p5 | p95 | processor | against ours | n | given |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in run.rows:
        clock = run.clock(row.name)
        low, *_, high = quantiles(clock, n=20)
        found.append(
            f"| {row.name} | {duration(median(clock))} | {duration(low)} | {duration(high)} |"
            f" {duration(run.processor(row.name))} | {median(clock) / base:,.2f} |"
            f" {len(clock):,} | {row.given} |"
        )
    return found


def policy_lines(run: Run) -> list[str]:
    """Return the medians of each policy: an earlier procedure costs more than a fact."""
    keys = list(dict.fromkeys(g.policy.key for g in run.requests))
    rows = [row.name for row in run.rows if not row.name.startswith("of it")]
    found = [f"| median | {' | '.join(keys)} |", "| --- |" + " --- |" * len(keys)]
    for name in rows:
        cells = " | ".join(duration(run.wall(name, key)) for key in keys)
        found.append(f"| {name} | {cells} |")
    return found


def process_lines(run: Run) -> list[str]:
    walls = [w for w, _ in run.cold]
    cold = f"{duration(median(walls))}, p95 {duration(quantiles(walls, n=20)[-1])}"
    version_ = duration(median(w for w, _ in run.told_version))
    found = [
        f"From a cold shell, {len(walls)} times each: `covergraph decide` {cold};"
        f" `covergraph --version` {version_}.",
        "",
    ]
    if run.batches:
        found += [
            "| batch | processes | a second | a second of processor | memory at most |",
            "| --- | --- | --- | --- | --- |",
        ]
        found += [
            f"| {r.requests:,} | {r.jobs} | {r.rate:,.0f} | {r.per_core:,.0f} | {r.memory:.0f} MB |"
            for r in run.batches
        ]
        found += [
            "",
            "A run has as many cores as it has processes that decide; the process that reads and"
            " writes shares them. Memory is the proportional set size of all processes together.",
            "",
        ]
    return found
