"""Which other SHACL engines judge our requests rightly, what the rest miss, and how fast.

Asked for right verdicts first: two requests of each policy, one covered and one not, with the
leaves and twins as plain SHACL, each verdict compared with the reference judge's; and the
policy as one shape, which is to conform exactly when the request is covered. Only an engine
with every verdict right is timed, in turns with pySHACL on the same bytes.

    python -m tests.benchmarks.engines
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median

from pyoxigraph import NamedNode

from covergraph.engine import Reasoner
from covergraph.judge import Verdict
from covergraph.judge.reference import ReferenceJudge, verdicts_of
from covergraph.judge.valuation import Outcome
from covergraph.policies.criteria import Policy
from covergraph.triples import Triples
from tests.benchmarks.engine_examples import EXAMPLES
from tests.benchmarks.engine_peers import Engine, Lacking, engines
from tests.benchmarks.engine_section import section
from tests.benchmarks.given import MOST, Given, as_written, whole, wrapped
from tests.benchmarks.results import OTHERS
from tests.laws import written
from tests.tools.case_files import load_cases

RESULTS = Path(__file__).with_name("RESULTS.md")


@dataclass(frozen=True)
class Question:
    """One request with all that follows from it, and what the reference judge says."""

    given: Given
    data: str
    verdicts: dict[NamedNode, Verdict]
    covered: bool

    @property
    def name(self) -> str:
        return self.given.name

    @property
    def leaves(self) -> str:
        """What the leaves and twins of its policy are called."""
        return self.given.key

    @property
    def whole(self) -> str:
        return f"{self.given.key} as one shape"


@dataclass
class Found:
    """What one engine answered.

    Parameters
    ----------
    right, verdicts : int
        How many of the verdicts are the reference judge's.
    requests_right, conforming_right : int
        On how many requests all verdicts are; and conforming is the same as covered.
    misread : list of str
        The examples that it gets wrong.
    times : float or None
        How many times as fast as pySHACL, the median over the requests.
    """

    engine: Engine
    right: int = 0
    verdicts: int = 0
    requests_right: int = 0
    conforming_right: int = 0
    misread: list[str] = field(default_factory=list)
    times: float | None = None

    @property
    def is_right(self) -> bool:
        return self.right == self.verdicts


def questions(reasoner: Reasoner) -> Iterator[Question]:
    """Yield a covered request and another one of each policy, drawn by its key."""
    judge = ReferenceJudge(reasoner.knowledge)
    cases = load_cases()
    for policy in policies(reasoner):
        own = [case for case in cases if case.policy == policy.iri]
        Random(policy.key).shuffle(own)
        seen: set[bool] = set()
        for case in own:
            given = Given(str(case), policy, as_written(case.request_ttl), reasoner)
            answer = given.answer
            if given.size > MOST or answer.valuation is None:
                continue
            covered = answer.valuation.value(policy.root).worst is Outcome.COVERED
            if covered not in seen:
                seen.add(covered)
                data = given.turtle + b"\n" + written(given.inferred(Triples()))
                verdicts = dict(judge(policy, answer.prepared))
                yield Question(given, data.decode(), verdicts, covered)
            if len(seen) == 2:
                break


def policies(reasoner: Reasoner) -> list[Policy]:
    """Return the latest edition of every policy."""
    editions = reasoner.catalogue.editions
    return [editions[key][-1] for key in sorted(editions)]


def asked(engine: Engine, reasoner: Reasoner, given: list[Question]) -> Found:
    """Return what an engine makes of the requests and of the examples."""
    found = Found(engine)
    for policy in {q.given.policy.iri: q.given.policy for q in given}.values():
        q = next(q for q in given if q.given.policy is policy)
        engine.shapes(q.leaves, written(wrapped(reasoner.knowledge, policy)).decode())
        engine.shapes(q.whole, written(whole(reasoner.knowledge, policy)).decode())
    for q in given:
        engine.request(q.name, q.data)
        _, failing = engine.report(q.leaves, q.name)
        theirs = verdicts_of(q.given.policy.leaves, failing)
        right = sum(theirs[leaf] is verdict for leaf, verdict in q.verdicts.items())
        found.right += right
        found.verdicts += len(q.verdicts)
        found.requests_right += right == len(q.verdicts)
        conforms, _ = engine.report(q.whole, q.name)
        found.conforming_right += conforms is q.covered
    for example in EXAMPLES:
        engine.shapes(example.name, example.shapes)
        engine.request(example.name, example.data)
        conforms, _ = engine.report(example.name, example.name)
        if conforms:
            found.misread.append(example.name)
    return found


def timed(found: list[Found], given: list[Question], rounds: int, burst: int) -> None:
    """Time engines in turns, pySHACL once for every burst of another; the first round warms up."""
    chance = Random(1)
    took: dict[tuple[str, str], list[float]] = {}
    for round_ in range(rounds + 1):
        turns = [(f.engine, q) for f in found for q in given]
        chance.shuffle(turns)
        for engine, q in turns:
            times = 1 if engine.name == "pySHACL" else burst
            seconds = engine.seconds(q.leaves, q.name, times)
            if round_:
                took.setdefault((engine.name, q.name), []).extend(seconds)
        print(f"round {round_} of {rounds}", file=sys.stderr, flush=True)
    for f in found:
        name = f.engine.name
        each = (median(took["pySHACL", q.name]) / median(took[name, q.name]) for q in given)
        f.times = median(each)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", help="where to install the engines; else a throwaway folder")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    reasoner = Reasoner()
    given = list(questions(reasoner))
    found: list[Found] = []
    lacking: list[Lacking] = []
    with ExitStack() as stack:
        for engine in engines(stack, options.python):
            if isinstance(engine, Lacking):
                print(f"{engine.name} is left out: {engine.why}", file=sys.stderr)
                lacking.append(engine)
                continue
            found.append(asked(engine, reasoner, given))
            print(f"{engine.name}: {found[-1].right} of {found[-1].verdicts}", file=sys.stderr)
        timed([f for f in found if f.is_right], given, options.rounds, burst=3)
    text = section(found, lacking, len(given), len(policies(reasoner)))
    print(text)
    kept = options.out.read_text().partition(OTHERS)[0] if options.out.exists() else ""
    options.out.write_text(kept + text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
