"""Do both judges agree? Asked of as many generated requests as one likes.

Each request is drawn from what the shapes of one policy name: at a bound, just beside it,
silent, denied, several times, in another region, at every edge of a window. Both judges give
their verdict on every leaf, and the whole answer must be the same: decision, deciding
criteria, what is missing, the earliest date. A disagreement is saved as a case to be looked at.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from pyoxigraph import NamedNode

from reasoner.criteria import Policy
from reasoner.engine import Answer, Reasoner
from reasoner.errors import InputError
from reasoner.judge.reference import ReferenceJudge
from tests.benchmarks.second_opinion import JenaJudge
from tests.case_files import load_cases
from tests.generate import changed, requests
from tests.named import Named

REFERENCE, JENA = ReferenceJudge.name, JenaJudge.name
# Requests drawn in one go; hypothesis slows down as one draw goes on.
DRAWN = 200


@lru_cache(maxsize=2)
def both(judge: str = REFERENCE) -> tuple[Reasoner, Reasoner]:
    """Return the compiled reasoner and the one it is held against."""
    compiled = Reasoner()
    other = JenaJudge if judge == JENA else ReferenceJudge
    return compiled, Reasoner(compiled.knowledge, other(compiled.knowledge))


def difference(data: bytes, policy: Policy, judge: str = REFERENCE) -> str:
    """Say in what the judges' answers differ; the empty string when they agree.

    Parameters
    ----------
    judge : str
        The judge that the compiled one is held against: ``reference`` or ``jena``.

    Raises
    ------
    InputError
        When the request is refused.
    """
    compiled, reference = both(judge)
    key = f"{policy.key}@{policy.edition}"
    quick = compiled.answer(compiled.prepare(compiled.read(data)), key)
    slow = reference.answer(reference.prepare(reference.read(data)), key)
    a, b = told(quick), told(slow)
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


def drawn(policy: Policy, count: int, seed: int) -> Iterator[bytes]:
    """Yield generated requests for a policy: made of what its shapes name, or changed cases."""
    compiled, _ = both()
    named = Named(compiled.knowledge, policy, compiled.classifier)
    cases = [case.request_ttl for case in load_cases() if case.policy == policy.iri]
    found: list[bytes] = []
    for start in range(0, count, DRAWN):

        @seeded(seed + start)
        @settings(
            max_examples=min(DRAWN, count - start),
            phases=[Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(requests(named) | changed(named, cases))
        def keep(data: bytes) -> None:
            found.append(data)

        keep()
        yield from found
        found.clear()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, help="how many requests, shared among the policies")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--save", type=Path, default=Path("disagreements"))
    parser.add_argument("--policy", default="", help="only policies whose key begins so")
    parser.add_argument("--judge", choices=(REFERENCE, JENA), default=REFERENCE)
    asked = parser.parse_args(arguments)
    seed = Random().randrange(1 << 30) if asked.seed is None else asked.seed
    compiled, _ = both()
    policies = [
        p
        for found in compiled.catalogue.editions.values()
        for p in found
        if p.key.startswith(asked.policy)
    ]
    print(f"seed {seed}")
    judged = refused = verdicts = differing = 0
    began = time.monotonic()
    for i, policy in enumerate(policies):
        share = asked.count // len(policies) + (i < asked.count % len(policies))
        for data in drawn(policy, share, seed):
            try:
                fault = difference(data, policy, asked.judge)
            except InputError:
                refused += 1
                continue
            judged += 1
            verdicts += len(policy.leaves)
            if fault:
                differing += 1
                save(asked.save, policy.iri, data, fault)
        rate = judged / (time.monotonic() - began)
        print(f"{policy.key}: {judged} judged, {differing} differ, {rate:.1f} a second", flush=True)
    print(
        f"{judged} requests and {verdicts} verdicts compared, {refused} refused by the gate: "
        f"{differing} disagreement{'' if differing == 1 else 's'}"
    )
    return 1 if differing else 0


def save(folder: Path, policy: NamedNode, data: bytes, fault: str) -> None:
    """Write a disagreement where a person can make a case of it."""
    folder.mkdir(parents=True, exist_ok=True)
    number = len(list(folder.glob("*.ttl"))) + 1
    text = f"# {policy.value}\n# {fault}\n{data.decode()}"
    (folder / f"{number:04}.ttl").write_text(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
