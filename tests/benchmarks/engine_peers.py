"""Every SHACL engine that is compared, asked through one small seam.

Shapes and requests are sent once and have names, so that an engine may live in another
process; what is timed is timed there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from pyoxigraph import RdfFormat, parse
from rdflib import Graph

from covergraph.judge.reference import failing_shapes, to_rdflib
from covergraph.triples import Triples
from tests.benchmarks.peers import jena
from tests.benchmarks.peers.environment import Environment, LinePeer, NotInstalled
from tests.benchmarks.peers.rudof import RudofPeer
from tests.benchmarks.peers.topbraid import TopBraid

OTHERS = Path(__file__).with_name("peers") / "others_peer.py"
# What each is, and what to install; with the versions that were asked.
PYTHON = {
    "pyshacl-turbo": ("Rust, on Oxigraph", "pyshacl-turbo==0.6.5"),
    "shacl": ("Rust, on Oxigraph", "shacl==0.3.4"),
    "pyshifty": ("Rust, on Oxigraph", "pyshifty[rdflib]==0.5.1"),
    "shacl-rust": ("Rust, on Oxigraph", "shacl-rust==0.2.12"),
}
# Whether a request conforms, and which shapes it fails.
Report = tuple[bool, set[str]]


@dataclass(frozen=True)
class Engine:
    """One engine: what takes shapes and requests by name, judges one by the other, and times it."""

    name: str
    kind: str
    version: str
    shapes: Callable[[str, str], object]
    request: Callable[[str, str], object]
    report: Callable[[str, str], Report]
    seconds: Callable[[str, str, int], list[float]]


@dataclass(frozen=True)
class Lacking:
    """An engine that is not here, and why."""

    name: str
    why: str


def engines(stack: ExitStack, python: str | None) -> Iterator[Engine | Lacking]:
    """Yield every engine, or why it is not here; what it needs goes with the stack.

    Parameters
    ----------
    python : str or None
        A Python to install engines into; by default one in a throwaway folder.
    """
    environment = stack.enter_context(Environment(python))
    starts: dict[str, Callable[[], Engine]] = {
        "pySHACL": pyshacl_here,
        "Jena SHACL": lambda: jena_engine(stack),
        "TopBraid": lambda: topbraid_engine(stack, environment),
        **{name: lambda name=name: python_engine(stack, environment, name) for name in PYTHON},
        "pyrudof": lambda: rudof_engine(stack, environment),
    }
    for name, start in starts.items():
        try:
            yield start()
        except NotInstalled as error:
            yield Lacking(name, str(error))


def pyshacl_here() -> Engine:
    """Return pySHACL at its best, in this process: Turtle to report, queries translated once."""
    graphs: dict[str, Graph] = {}
    requests: dict[str, str] = {}

    def read(text: str) -> Graph:
        return to_rdflib(Triples.of(parse(text, format=RdfFormat.TURTLE)))

    def shapes(name: str, text: str) -> None:
        graphs[name] = read(text)

    def report(name: str, request: str) -> Report:
        failing = set(map(str, failing_shapes(read(requests[request]), graphs[name])))
        return not failing, failing

    def seconds(name: str, request: str, times: int) -> list[float]:
        found = []
        for _ in range(times):
            began = time.perf_counter()
            report(name, request)
            found.append(time.perf_counter() - began)
        return found

    told = f"{version('pyshacl')}, rdflib {version('rdflib')}"
    return Engine("pySHACL", "Python", told, shapes, requests.__setitem__, report, seconds)


def jena_engine(stack: ExitStack) -> Engine:
    if lacking := jena.missing():
        raise NotInstalled(lacking)
    process = stack.enter_context(jena.Jena())

    def report(shapes: str, request: str) -> Report:
        failing = set(process.ask("report", shapes, request))
        return not failing, failing

    def request(name: str, text: str) -> None:
        process.ask("request", name, text, "")

    return on_java("Jena SHACL", "Java", jena.version(), process, request, report)


def topbraid_engine(stack: ExitStack, environment: Environment) -> Engine:
    process = stack.enter_context(TopBraid(environment))

    def request(name: str, text: str) -> None:
        process.ask("request", name, text)

    return on_java("TopBraid", "Java, on Jena", process.version, process, request, process.report)


def on_java(
    name: str,
    kind: str,
    told: str,
    process: jena.FramedProcess,
    request: Callable[[str, str], object],
    report: Callable[[str, str], Report],
) -> Engine:
    """Return an engine in a Java process, which tells nanoseconds on the clock first."""

    def seconds(shapes: str, asked: str, times: int) -> list[float]:
        lines = process.ask("time", shapes, asked, str(times))
        return [int(line.split()[0]) / 1e9 for line in lines]

    def shapes(name: str, text: str) -> None:
        process.ask("shapes", name, text)

    return Engine(name, kind, told, shapes, request, report, seconds)


def python_engine(stack: ExitStack, environment: Environment, name: str) -> Engine:
    kind, requirement = PYTHON[name]
    # Two of them answer with graphs of rdflib.
    environment.need(requirement, "rdflib")
    peer = stack.enter_context(LinePeer(environment.python, str(OTHERS), name))

    def report(shapes: str, request: str) -> Report:
        conforms, failing = peer.ask("report", shapes, request)
        return conforms, set(failing)

    return by_lines(name, kind, peer, report)


def rudof_engine(stack: ExitStack, environment: Environment) -> Engine:
    peer = stack.enter_context(RudofPeer(environment))

    def report(shapes: str, request: str) -> Report:
        failing = set(peer.ask("report", shapes, request))
        return not failing, failing

    return by_lines("pyrudof", "Rust", peer, report)


def by_lines(name: str, kind: str, peer: LinePeer, report: Callable[[str, str], Report]) -> Engine:
    """Return an engine in a Python process, which tells seconds on the clock first."""

    def seconds(shapes: str, request: str, times: int) -> list[float]:
        return [wall for wall, _ in peer.ask("time", shapes, request, times)]

    def shapes(name: str, text: str) -> None:
        peer.ask("shapes", name, text)

    def request(name: str, text: str) -> None:
        peer.ask("request", name, text)

    return Engine(name, kind, peer.ask("version"), shapes, request, report, seconds)
