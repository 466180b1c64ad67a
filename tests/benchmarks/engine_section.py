"""What the other engines answered, as the last section of RESULTS.md."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from tests.benchmarks.engine_examples import EXAMPLES
from tests.benchmarks.results import OTHERS

if TYPE_CHECKING:
    from tests.benchmarks.engine_peers import Lacking
    from tests.benchmarks.engines import Found

HOW = """\
Of each policy a covered request and another one: {requests} requests under {policies} policies,
each with all that follows from it ready made. Every leaf and its twin are asked as plain SHACL,
and the verdicts compared with the reference judge's; the policy is asked as one shape, which is
to conform exactly when the request is covered. Only engines with every verdict right are timed,
in turns with pySHACL, on the same Turtle bytes, from bytes to the report on every leaf and twin.
The figure is the median, over the requests, of the ratio to pySHACL at its best; other work shared
the machine, so ratios are given and no times."""
WRONG = """\
The smallest examples of what goes wrong: one constraint component with one parameter `$w` and one
SPARQL query, and one node that does not conform. "Wrong" is an engine to which it conforms; none
says that it did not judge."""
WHY = """\
The wheels of the four that stand on Oxigraph carry 0.5.9 or 0.5.11 of it, or its evaluator of
these. Up to 0.5.11 Oxigraph takes months off a date wrongly over the turn of a year, and reads
`10 - 3 - 2` as 9; 0.5.12, tried through pyoxigraph, does neither. shacl-rust and pyshifty read
brackets that stand first as if they were not there, which then meets the second fault.
pyshacl-turbo finds no value for a parameter in `HAVING`, and shacl compares no dates. pyrudof
judges no SPARQL validator, as before."""
AGAIN = """\
Again, from a clean checkout: `make engines`, or
`python -m tests.benchmarks.engines --python PYTHON` with a Python of your own to install them into.
`tests/benchmarks/engine_examples.py` has the examples whole. An engine that is not listed was not
asked."""


def section(
    found: Sequence[Found], lacking: Sequence[Lacking], requests: int, policies: int
) -> str:
    """Return the section, with its heading."""
    lines = [
        OTHERS.rstrip(),
        "",
        f"Asked by `make engines` on {date.today().isoformat()}.",
        *HOW.format(requests=requests, policies=policies).splitlines(),
        "",
        "| engine | version | what it is | verdicts right | requests wholly right |"
        " conforms when covered | as fast as pySHACL |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(line(f, requests) for f in found),
        *(f"| {one.name} | not asked: {one.why} | | | | | |" for one in lacking),
        "",
        *WRONG.splitlines(),
        "",
        f"| example | {' | '.join(f.engine.name for f in found)} |",
        "| --- |" + " --- |" * len(found),
    ]
    for example in EXAMPLES:
        cells = ("**wrong**" if example.name in f.misread else "right" for f in found)
        lines.append(f"| {example.name} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", *WHY.splitlines(), "", *AGAIN.splitlines()]) + "\n"


def line(found: Found, requests: int) -> str:
    engine = found.engine
    times = "not timed" if found.times is None else f"{found.times:,.3g} times"
    return (
        f"| {engine.name} | {engine.version} | {engine.kind} |"
        f" {found.right:,} of {found.verdicts:,} | {found.requests_right} of {requests} |"
        f" {found.conforming_right} of {requests} | {times} |"
    )
