"""Whatever judges one request in a warm process: ours, pySHACL, Jena and pyrudof.

Each is asked for a number of timings of one request and returns seconds on the clock and of
the processor. Those that live in another process time themselves, so no pipe is in a figure.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import pyshacl
from pyoxigraph import RdfFormat, parse
from rdflib import Graph
from rdflib.namespace import SH
from rdflib.term import Node

from covergraph.engine import Answer, Reasoner
from covergraph.judge.compiled.generate import judging_leaves
from covergraph.judge.compiled.leaves import leaves_of
from covergraph.judge.reference import failing_shapes, to_rdflib, verdicts_of
from covergraph.render.data import Recorder
from covergraph.triples import Triples
from tests.benchmarks import forms
from tests.benchmarks.given import Given, prepared, resident, whole, wrapped
from tests.benchmarks.peers.environment import LinePeer
from tests.benchmarks.peers.jena import Jena
from tests.benchmarks.peers.rudof import RudofPeer
from tests.laws import written

# Seconds on the clock and of the processor.
Timing = tuple[float, float]
OUT_OF_PROFILE = "its constraint components are skipped without a word"


@dataclass(frozen=True)
class Contender:
    """One row of the table.

    Parameters
    ----------
    name, given : str
        What it is called, and what it was given to do.
    timings : callable
        Takes a request and how often, and returns the timings.
    burst : int
        How often it is asked in one go; slow ones once.
    few : bool
        It is so slow that it is asked about one request of each policy only.
    """

    name: str
    given: str
    timings: Callable[[Given, int], Sequence[Timing]]
    burst: int = 20
    few: bool = False


class DisagreementError(AssertionError):
    """A contender's verdicts are not ours: what it does is not what we do."""


def timed(act: Callable[[Given], object]) -> Callable[[Given, int], list[Timing]]:
    """Return what times a function of this process."""

    def timings(given: Given, times: int) -> list[Timing]:
        found = []
        for _ in range(times):
            worked, began = time.thread_time(), time.perf_counter()
            act(given)
            found.append((time.perf_counter() - began, time.thread_time() - worked))
        return found

    return timings


def same_verdicts(name: str, given: Given, failing: Iterable[str], core: bool = False) -> None:
    """Raise an error unless an engine gives every leaf our verdict."""
    theirs = verdicts_of(given.policy.leaves, failing)
    valuation = given.answer.valuation
    assert valuation is not None
    for leaf in given.policy.leaves:
        ours, found = valuation.verdicts[leaf.iri], theirs[leaf.iri]
        if ours is not found and not (core and leaf.component):
            raise DisagreementError(f"{name}, {given.name}, {leaf.name}: {found}, ours {ours}")


def ours(reasoner: Reasoner, given: list[Given]) -> list[Contender]:
    """Return our own rows, from the whole way to its parts."""
    policies = {g.policy.iri: g.policy for g in given}
    functions = {
        iri: judging_leaves(leaves_of(p, reasoner.knowledge), p.key) for iri, p in policies.items()
    }
    laid_out = {g.name: prepared(reasoner, g.turtle) for g in given}
    answers = {g.name: g.answer for g in given}
    facts = {name: answer.prepared.facts for name, answer in answers.items()}
    dense = {g.name: forms.dense(g.turtle) for g in given}
    lines = {g.name: forms.json_line(g.turtle, reasoner.knowledge) for g in given}
    recorder = Recorder(reasoner.knowledge)

    def judged(g: Given, data: bytes, media_type: str | None = None) -> Answer:
        return reasoner.answer(prepared(reasoner, data, media_type), g.key)

    def decision(g: Given) -> object:
        return judged(g, g.turtle)

    def traced(g: Given) -> object:
        return reasoner.trace(judged(g, g.turtle))

    def parsed(g: Given) -> object:
        return reasoner.trace(judged(g, dense[g.name]))

    def line(g: Given) -> object:
        return reasoner.trace(judged(g, lines[g.name], forms.JSON))

    def told(g: Given) -> object:
        return recorder.text(judged(g, g.turtle))

    def every(g: Given) -> object:
        return reasoner.decide_all(reasoner.read(g.turtle), every=True)

    def verdicts(g: Given) -> object:
        return functions[g.policy.iri](facts[g.name])

    def read(g: Given) -> object:
        return prepared(reasoner, g.turtle)

    def answer(g: Given) -> object:
        return reasoner.answer(laid_out[g.name], g.key)

    def trace(g: Given) -> object:
        return reasoner.trace(answers[g.name])

    return [
        Contender(
            TRACED,
            "Turtle as programs write it; gate, classification, decision, trace",
            timed(traced),
        ),
        Contender(PARSED, "the same, without a blank that Turtle can do without", timed(parsed)),
        Contender(LINE, "the same from a line of plain JSON, records nested", timed(line), burst=5),
        Contender(TOLD, "the answer as JSON text, with trace and receipt", timed(told), burst=5),
        Contender(DECIDED, "the same without the trace", timed(decision)),
        Contender("of it: read", "gate, classification and facts", timed(read)),
        Contender("of it: answer", "verdicts, decision, what is missing", timed(answer)),
        Contender("of it: trace", "what every leaf looked at", timed(trace)),
        Contender(VERDICTS, "facts already laid out; the generated function", timed(verdicts)),
        Contender(EVERY, "Turtle; a decision of each policy", timed(every), burst=5),
    ]


def before(reasoner: Reasoner, peer: LinePeer, given: list[Given]) -> list[Contender]:
    """Return the same ways of another checkout, in a process of its own."""

    def row(
        name: str, what: str, form: Callable[[Given], bytes], media_type: str | None = None
    ) -> Contender:
        texts = {g.name: form(g).decode() for g in given}

        def timings(g: Given, times: int) -> list[Timing]:
            return [(w, c) for w, c in peer.ask(what, g.key, texts[g.name], media_type, times)]

        return Contender(f"before, {name}", "the same by another checkout", timings, burst=5)

    def line(g: Given) -> bytes:
        return forms.json_line(g.turtle, reasoner.knowledge)

    return [
        row(TRACED, "trace", lambda g: g.turtle),
        row(PARSED, "trace", lambda g: forms.dense(g.turtle)),
        row(LINE, "trace", line, forms.JSON),
        row(TOLD, "json", lambda g: g.turtle),
    ]


TRACED = "covergraph: Turtle to decision with trace"
PARSED = "covergraph: dense Turtle to decision with trace"
LINE = "covergraph: JSON line to decision with trace"
TOLD = "covergraph: Turtle to JSON answer with receipt"
DECIDED = "covergraph: Turtle to decision"
VERDICTS = "covergraph: facts to verdicts"
EVERY = "covergraph: Turtle to decisions of all fourteen policies"
JENA = "Jena SHACL"
JENA_WHOLE = "Jena SHACL, yes or no only"
BEST = "pySHACL at its best"
DEFAULT = "pySHACL, default call"
RUDOF = "pyrudof, SHACL Core only"


def pyshacl_rows(reasoner: Reasoner, given: list[Given]) -> list[Contender]:
    """Return pySHACL as fast as we can make it, and as its documentation calls it."""
    kept = to_rdflib(resident(reasoner))
    shapes = {g.policy.iri: to_rdflib(wrapped(reasoner.knowledge, g.policy)) for g in given}
    plain = {iri: plain_graph(graph) for iri, graph in shapes.items()}
    inferred = {g.name: list(to_rdflib(g.inferred(resident(reasoner)))) for g in given}
    facts = {g.name: list(to_rdflib(g.inferred(Triples()))) for g in given}

    def best(g: Given) -> set[Node]:
        stated = Triples.of(parse(g.turtle, format=RdfFormat.TURTLE))
        own = [*to_rdflib(stated), *inferred[g.name]]
        for triple in own:
            kept.add(triple)
        try:
            return failing_shapes(kept, shapes[g.policy.iri])
        finally:
            for triple in own:
                kept.remove(triple)

    def default(g: Given) -> set[Node]:
        data = Graph().parse(data=g.turtle, format="turtle")
        for triple in facts[g.name]:
            data.add(triple)
        _, report, _ = pyshacl.validate(data, shacl_graph=plain[g.policy.iri])
        return set(report.objects(None, SH.sourceShape))

    for act, name in ((best, BEST), (default, DEFAULT)):
        for g in given if name == BEST else one_of_each(given):
            same_verdicts(name, g, map(str, act(g)))
    handed = "Turtle, and what follows from it ready made; leaves and twins"
    return [
        Contender(
            BEST,
            f"{handed}; pyoxigraph parses, ontology resident, in place, queries translated once",
            timed(best),
            burst=1,
        ),
        Contender(
            DEFAULT,
            f"{handed}; rdflib parses, `validate(data, shacl_graph=shapes)`",
            timed(default),
            burst=1,
            few=True,
        ),
    ]


def one_of_each(given: list[Given]) -> list[Given]:
    return list({g.policy.iri: g for g in given}.values())


def plain_graph(graph: Graph) -> Graph:
    """Return a graph that parses every query anew, as rdflib's own does."""
    found = Graph()
    for triple in graph:
        found.add(triple)
    return found


def jena_rows(reasoner: Reasoner, given: list[Given], jena: Jena) -> list[Contender]:
    """Return Jena, asked for every verdict and asked for a yes or no."""
    kept = resident(reasoner)
    jena.ask("resident", written(kept))
    for g in one_of_each(given):
        jena.ask("shapes", g.policy.iri.value, written(wrapped(reasoner.knowledge, g.policy)))
        jena.ask("shapes", g.policy.iri.value + WHOLE, written(whole(reasoner.knowledge, g.policy)))
    for g in given:
        jena.ask("request", g.name, g.turtle, written(g.inferred(kept)))
        same_verdicts(JENA, g, jena.ask("report", g.policy.iri.value, g.name))

    def asked(suffix: str) -> Callable[[Given, int], list[Timing]]:
        def timings(g: Given, times: int) -> list[Timing]:
            lines = jena.ask("time", g.policy.iri.value + suffix, g.name, str(times))
            pairs = [line.split() for line in lines]
            return [(int(wall) / 1e9, int(cpu) / 1e9) for wall, cpu in pairs]

        return timings

    handed = "Turtle, and what follows from it ready made and parsed; ontology resident"
    return [
        Contender(JENA, f"{handed}; leaves and twins", asked(""), burst=20),
        Contender(JENA_WHOLE, f"{handed}; the policy as one shape, no verdicts", asked(WHOLE)),
    ]


WHOLE = "-whole"


def rudof_rows(reasoner: Reasoner, given: list[Given], rudof: RudofPeer) -> list[Contender]:
    """Return pyrudof, which reads no constraint components."""
    for g in one_of_each(given):
        shapes = wrapped(reasoner.knowledge, g.policy, core=True)
        rudof.ask("shapes", g.policy.iri.value, written(shapes).decode())
    for g in given:
        # merge=False replaces what is there, so nothing can be resident.
        facts = g.turtle + b"\n" + written(g.inferred(Triples()))
        rudof.ask("request", g.name, facts.decode())
        same_verdicts(RUDOF, g, rudof.ask("report", g.policy.iri.value, g.name), core=True)

    def timings(g: Given, times: int) -> list[Timing]:
        return [(w, c) for w, c in rudof.ask("time", g.policy.iri.value, g.name, times)]

    handed = "Turtle with what follows from it; leaves and twins of SHACL Core"
    return [Contender(RUDOF, f"{handed}: {OUT_OF_PROFILE}", timings, burst=2)]
