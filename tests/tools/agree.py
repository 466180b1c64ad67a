"""Do the judges agree? Asked of as many generated requests as one likes.

Each request is made of what the shapes of one policy name: at a bound, just beside it, silent,
denied, several times, in another region, at every edge of a window. The judges give their
verdict on every leaf, and the whole answer must be the same: decision, deciding criteria, what
is missing, the earliest date. A disagreement is saved as a case to be looked at.

Where Jena is installed, the compiled judge is held against Jena on every request and against
pySHACL, the reference, on one in a hundred, which takes as long; elsewhere against pySHACL on
all. What is drawn depends on the seed alone, and not on how many processes share the work.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import NamedTuple

from covergraph.engine import Answer, Reasoner
from covergraph.errors import CovergraphError, InputError
from covergraph.facts.prepared import Prepared
from covergraph.judge.compiled import CompiledJudge
from covergraph.judge.reference import ReferenceJudge
from covergraph.knowledge.base import knowledge
from covergraph.policies.criteria import Criterion, Policy
from tests.benchmarks.peers import jena
from tests.benchmarks.second_opinion import JenaJudge
from tests.laws import seeded
from tests.laws import told as shown
from tests.named import Named
from tests.tools.case_files import load_cases
from tests.tools.generate import by_chance

COMPILED, REFERENCE, JENA = CompiledJudge.name, ReferenceJudge.name, JenaJudge.name
BOTH = "both"
# Requests that one process judges before it takes others.
PORTION = 250


class Portion(NamedTuple):
    """Some of the requests drawn for a policy: from which one on, and how many."""

    policy: str
    start: int
    count: int
    seed: int
    every: dict[str, int]
    home: Path | None


@dataclass
class Tally:
    """What came of some requests."""

    judged: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    verdicts: int = 0
    differing: list[tuple[bytes, str]] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.judged += other.judged
        self.refused += other.refused
        self.verdicts += other.verdicts
        self.differing += other.differing


@cache
def compiled(look_ahead: bool = True) -> Reasoner:
    return Reasoner(look_ahead=look_ahead)


@cache
def held_against(judge: str, home: Path | None = None, look_ahead: bool = True) -> Reasoner:
    """Return the reasoner with another judge, which is started when it is first asked for."""
    known = knowledge()
    other = JenaJudge(known, home) if judge == JENA else reference()
    return Reasoner(known, other, look_ahead)


@cache
def reference() -> ReferenceJudge:
    return ReferenceJudge(knowledge())


def difference(
    data: bytes,
    policy: Policy,
    *judges: str,
    home: Path | None = None,
    look_ahead: bool = True,
) -> str:
    """Say in what the judges' answers differ; the empty string when they agree.

    Parameters
    ----------
    judges : str
        What the compiled judge is held against, ``reference`` or ``jena`` or both; the
        reference by default.
    look_ahead : bool
        Whether the earliest date is compared too, for which the judges are asked many times.

    Raises
    ------
    InputError
        When the request is refused.
    """
    prepared = compiled().read(data)
    asked = judges or (REFERENCE,)
    found = (differs(prepared, policy, judge, home, look_ahead) for judge in asked)
    return "; ".join(fault for fault in found if fault)


def difference_on(leaves: Collection[Criterion], data: bytes, policy: Policy) -> str:
    """Say in which verdicts on some leaves pySHACL differs; the empty string when in none."""
    prepared = compiled().seen_by(policy, compiled().read(data))
    theirs = reference().on(policy, prepared, leaves)
    ours = compiled().judge.valued(policy, prepared).verdicts
    return "; ".join(
        f"{iri.value}: compiled {ours[iri].value}, {REFERENCE} {verdict.value}"
        for iri, verdict in theirs.items()
        if ours[iri] is not verdict
    )


def hold_generated(
    policy: Policy, count: int, seed: int, differs_in: Callable[[bytes], str]
) -> None:
    """Fail where the compiled judge and another differ on requests drawn for a policy.

    Parameters
    ----------
    differs_in : callable
        Says in what they differ on a request; the empty string when they agree.
    """
    judged = 0
    for data in drawn(policy, count, seed):
        try:
            fault = differs_in(data)
        except InputError:
            continue
        judged += 1
        assert not fault, shown(fault, data)
    assert judged, "the gate refuses all that is drawn"


def differs(
    prepared: Prepared, policy: Policy, judge: str, home: Path | None, look_ahead: bool
) -> str:
    """Compare two answers to one request. That a judge fails is a difference too."""
    key = f"{policy.key}@{policy.edition}"
    try:
        a = told(compiled(look_ahead).answer(prepared, key))
        b = told(held_against(judge, home, look_ahead).answer(prepared, key))
    except (CovergraphError, jena.JenaError) as error:
        return f"compiled or {judge}: {error}"
    return "; ".join(f"{k}: compiled {a[k]}, {judge} {b[k]}" for k in a if a[k] != b[k])


def told(answer: Answer) -> dict[str, object]:
    """Return all that an answer says."""
    verdicts = answer.valuation.verdicts if answer.valuation else {}
    return {
        **{iri.value: verdict.value for iri, verdict in verdicts.items()},
        "decision": answer.decision,
        "value": answer.value,
        "deciding": [c.iri.value for c in answer.deciding],
        "missing": [sorted(c.iri.value for c in way) for way in answer.missing],
        "earliest": answer.earliest and (answer.earliest.day, answer.earliest.decision),
        "routes": [r.iri.value for r in answer.routes],
        "funding": answer.funding,
    }


def drawn(policy: Policy, count: int, seed: int, start: int = 0) -> Iterator[bytes]:
    """Yield generated requests for a policy: made of what its shapes name, or changed cases."""
    named, cases = named_of(policy)
    for number in range(start, start + count):
        yield by_chance(seeded(seed, policy.iri.value, number), named, cases)


@cache
def named_of(policy: Policy) -> tuple[Named, list[bytes]]:
    """Return what the shapes of a policy name, and the requests of its cases."""
    cases = [case.request_ttl for case in load_cases() if case.policy == policy.iri]
    return Named(compiled().knowledge, policy, compiled().classifier), cases


def judged(portion: Portion) -> Tally:
    """Draw some requests and hold the answers to each against one another."""
    (policy,) = (p for p in policies() if p.iri.value == portion.policy)
    found = Tally()
    for data in drawn(policy, portion.count, portion.seed, portion.start):
        number = found.judged[COMPILED]
        asked = [judge for judge, every in portion.every.items() if number % every == 0]
        try:
            fault = difference(data, policy, *asked, home=portion.home)
        except InputError:
            found.refused += 1
            continue
        found.judged.update([COMPILED, *asked])
        found.verdicts += len(policy.leaves)
        if fault:
            found.differing.append((data, fault))
    return found


def policies() -> list[Policy]:
    found = (p for editions in compiled().catalogue.editions.values() for p in editions)
    return sorted(found, key=lambda p: p.iri.value)


def portions(asked: argparse.Namespace, seed: int, home: Path | None) -> Iterator[Portion]:
    """Yield what is to be judged, shared among the policies."""
    chosen = [p for p in policies() if p.key.startswith(asked.policy)]
    for i, policy in enumerate(chosen):
        share = asked.count // len(chosen) + (i < asked.count % len(chosen))
        for start in range(0, share, PORTION):
            count = min(PORTION, share - start)
            yield Portion(policy.iri.value, start, count, seed, every(asked), home)


def every(asked: argparse.Namespace) -> dict[str, int]:
    """Return the judges to ask, each with how many requests it is asked one of."""
    if asked.judge != BOTH:
        return {asked.judge: 1}
    return {REFERENCE: 1} if jena.missing() else {JENA: 1, REFERENCE: asked.every}


def shared(work: list[Portion], jobs: int) -> Iterator[Tally]:
    """Yield what came of each portion, in their order; one job needs no other process."""
    if jobs == 1:
        yield from map(judged, work)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(judged, work)


def main(arguments: list[str]) -> int:
    asked = parsed(arguments)
    seed = Random().randrange(1 << 30) if asked.seed is None else asked.seed
    print(f"seed {seed}; {against(asked)}", flush=True)
    total, began = Tally(), time.monotonic()
    with TemporaryDirectory() as folder:
        home = jena.compiled(Path(folder)) if JENA in every(asked) else None
        work = list(portions(asked, seed, home))
        results = zip(work, shared(work, asked.jobs), strict=True)
        for policy, found in groupby(results, key=lambda pair: pair[0].policy):
            for _, tally in found:
                total.add(tally)
                for data, fault in tally.differing:
                    save(asked.save, policy, data, fault)
            count = total.judged[COMPILED]
            rate = count / (time.monotonic() - began)
            differ = len(total.differing)
            print(f"{policy}: {count} judged, {differ} differ, {rate:.0f} a second", flush=True)
    print(summary(total))
    return 1 if total.differing else 0


def parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, help="how many requests, shared among the policies")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--save", type=Path, default=Path("disagreements"))
    parser.add_argument("--policy", default="", help="only policies whose key begins so")
    parser.add_argument("--judge", choices=(BOTH, REFERENCE, JENA), default=BOTH)
    parser.add_argument(
        "--every", type=int, default=100, help="with both: ask the reference one request in so many"
    )
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="processes that share the work"
    )
    asked = parser.parse_args(arguments)
    if asked.judge == JENA and (lacking := jena.missing()):
        parser.error(f"no Jena: {lacking}")
    return asked


def against(asked: argparse.Namespace) -> str:
    """Say what the compiled judge is going to be held against."""
    lacking = jena.missing() if asked.judge == BOTH else ""
    parts = [
        judge if n == 1 else f"one request in {n} against {judge} too"
        for judge, n in every(asked).items()
    ]
    told = f"compiled against {', '.join(parts)}"
    return f"no Jena ({lacking}): {told} alone" if lacking else told


def summary(total: Tally) -> str:
    judged = dict(total.judged)
    count = judged.pop(COMPILED, 0)
    held = ", ".join(f"{n} with {judge}" for judge, n in judged.items())
    differ = len(total.differing)
    return (
        f"{count} requests and {total.verdicts} verdicts compared ({held}), "
        f"{total.refused} refused by the gate: {differ} disagreement{'' if differ == 1 else 's'}"
    )


def save(folder: Path, policy: str, data: bytes, fault: str) -> None:
    """Write a disagreement where a person can make a case of it."""
    folder.mkdir(parents=True, exist_ok=True)
    number = len(list(folder.glob("*.ttl"))) + 1
    (folder / f"{number:04}.ttl").write_text(f"# {policy}\n# {fault}\n{data.decode()}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
