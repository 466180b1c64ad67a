"""How fast, compared with what: everything that the README says of speed is measured here.

All engines judge the same requests in one run and take turns at random, so that whatever else
the machine does falls on all of them. The garbage collector runs as the program sets it.

    python -m tests.benchmarks.bench --million
"""

from __future__ import annotations

import argparse
import cProfile
import os
import platform
import pstats
import re
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from pathlib import Path
from random import Random
from statistics import median

from covergraph.collector import COLLECTED_AFTER, collect_seldom
from covergraph.engine import Reasoner
from tests.benchmarks import contenders as c
from tests.benchmarks import processes
from tests.benchmarks.given import Given, prepared, requests
from tests.benchmarks.peers import jena
from tests.benchmarks.peers.environment import LinePeer
from tests.benchmarks.peers.rudof import NotInstalled, RudofPeer
from tests.benchmarks.results import row_lines, with_others, written_results

RESULTS = Path(__file__).with_name("RESULTS.md")
BEFORE = Path(__file__).with_name("peers") / "before_peer.py"
EACH = 6
SMALL, LARGE, MILLION = 10_000, 100_000, 1_000_000


# From the key of a policy to the timings of its requests.
Timings = dict[str, list[c.Timing]]


@dataclass
class Run:
    """All that one run of the benchmark found.

    Parameters
    ----------
    rows : list of Contender
        What was timed, in the order of the table.
    timings : dict
        From the name of a contender, and the key of a policy, to the timings of its requests.
    versions : dict
        From the name of an engine to its version, or to why it is not there.
    """

    requests: list[Given]
    rows: list[c.Contender] = field(default_factory=list)
    timings: dict[str, Timings] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    batches: list[processes.BatchRun] = field(default_factory=list)
    cold: list[c.Timing] = field(default_factory=list)
    told_version: list[c.Timing] = field(default_factory=list)
    server: processes.Served | None = None
    profile: str = ""
    load: tuple[float, float] = (0.0, 0.0)
    day: date = field(default_factory=date.today)

    def clock(self, name: str, policy: str = "") -> list[float]:
        return [wall for wall, _ in self._timings(name, policy)]

    def wall(self, name: str, policy: str = "") -> float:
        return median(self.clock(name, policy))

    def processor(self, name: str, policy: str = "") -> float:
        return median(own for _, own in self._timings(name, policy))

    def _timings(self, name: str, policy: str) -> list[c.Timing]:
        """Return the timings of a row, under one policy or all."""
        found = self.timings[name]
        return found[policy] if policy else [t for some in found.values() for t in some]


def one_request(run: Run, reasoner: Reasoner, rounds: int, before: str | None, own: bool) -> None:
    """Let every engine judge the requests, in turns."""
    with ExitStack() as stack:
        run.rows = c.ours(reasoner, run.requests)
        if before:
            peer = stack.enter_context(LinePeer(before, "-E", str(BEFORE), str(COLLECTED_AFTER)))
            run.rows += c.before(reasoner, peer, run.requests)
        if not own:
            others(run, reasoner, stack)
        run.timings = taking_turns(run.rows, run.requests, rounds)


def others(run: Run, reasoner: Reasoner, stack: ExitStack) -> None:
    """Add the rows of other engines."""
    run.rows += c.pyshacl_rows(reasoner, run.requests)
    run.versions["pySHACL"] = f"{version('pyshacl')}, rdflib {version('rdflib')}"
    if lacking := jena.missing():
        run.versions["Jena SHACL"] = f"not measured: {lacking}"
    else:
        process = stack.enter_context(jena.Jena())
        run.rows += c.jena_rows(reasoner, run.requests, process)
        run.versions["Jena SHACL"] = f"{jena.version()}, {process.ask('version')[0]}"
    try:
        rudof = stack.enter_context(RudofPeer())
        run.rows += c.rudof_rows(reasoner, run.requests, rudof)
        run.versions["pyrudof"] = rudof.ask("version")
    except NotInstalled as error:
        run.versions["pyrudof"] = f"not measured: {error}"


def taking_turns(rows: list[c.Contender], given: list[Given], rounds: int) -> dict[str, Timings]:
    """Return the timings of every row; the first round only warms up."""
    chance = Random(1)
    found: dict[str, Timings] = {row.name: {g.policy.key: [] for g in given} for row in rows}
    few = c.one_of_each(given)
    for round_ in range(rounds + 1):
        turns = [(row, g) for row in rows for g in (few if row.few else given)]
        chance.shuffle(turns)
        for row, g in turns:
            # A machine of Java compiles what it has run some thousand times.
            times = row.burst if round_ or row.burst == 1 else 10 * row.burst
            timings = row.timings(g, times)
            if round_:
                found[row.name][g.policy.key] += timings
        print(f"round {round_} of {rounds}", file=sys.stderr, flush=True)
    return found


def profile_of(reasoner: Reasoner, given: list[Given], lines: int = 15) -> str:
    """Return where the time of a decision with its trace goes, function by function."""
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(50):
        for g in given:
            reasoner.trace(reasoner.answer(prepared(reasoner, g.turtle), g.key))
    profile.disable()
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    whole = sum(own for _, _, own, _, _ in stats.values())
    calls = 50 * len(given)
    most = sorted(stats.items(), key=lambda item: -item[1][2])[:lines]
    told = []
    for (path, _, name), (_, count, own, _, _) in most:
        _, mark, after = path.rpartition("/reasoner/")
        where = f"reasoner/{after}: " if mark else ""
        name = re.sub(r" at 0x\w+", "", name)
        told.append(f"{own / whole:5.1%}  {count / calls:7.1f} calls  {where}{name}")
    return "\n".join(told)


def cpu_model() -> str:
    try:
        found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.processor()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--million", action="store_true", help="a batch of a million, too")
    parser.add_argument("--without-batches", action="store_true")
    parser.add_argument("--before", help="the Python of another checkout, to be measured beside")
    parser.add_argument("--own", action="store_true", help="our own rows alone, and no page")
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args(arguments)
    collect_seldom()
    reasoner = Reasoner()
    run = Run(requests(reasoner, EACH))
    load = os.getloadavg()[0]
    one_request(run, reasoner, asked.rounds, asked.before, asked.own)
    if asked.own:
        print("\n".join(row_lines(run)))
        return 0
    print("profile, cold shell, server, batches", file=sys.stderr, flush=True)
    run.profile = profile_of(reasoner, run.requests)
    run.cold = processes.cold_shell(20, "decide", processes.EXAMPLE)
    run.told_version = processes.cold_shell(20, "--version")
    if processes.has_server():
        turtles = [g.turtle for g in run.requests if g.policy.key == processes.UNDER]
        run.server = processes.served(turtles, 1000)
    if not asked.without_batches:
        sizes = [(SMALL, 1), (LARGE, 1), (SMALL, 2), (LARGE, 2)]
        run.batches = list(processes.batches(sizes + [(MILLION, 2)] * asked.million))
    run.load = load, os.getloadavg()[0]
    text = written_results(run, cpu_model(), os.cpu_count() or 1)
    print(text)
    before_ = asked.out.read_text() if asked.out.exists() else ""
    asked.out.write_text(with_others(text, before_))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
