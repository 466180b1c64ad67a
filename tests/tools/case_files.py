"""Test cases: a request and what is expected of it, in one Turtle file.

A file under ``cases/<payer>/<policy>/<effective-from>/`` holds one ``cov:TestCase`` and one
request. The case and the blank nodes below it are what the tests expect; the rest is what a
caller would send. The two are parted here, so that no expectation reaches the program, and
a file that says less or more than a case can say is refused: a misspelt expectation that
nobody reads would pass for ever.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pyoxigraph import BlankNode, NamedNode, RdfFormat, Triple, parse

from covergraph.namespaces import COV, RDF, RDFS
from covergraph.triples import Node, Triples

CASES = Path(__file__).resolve().parents[1] / "cases"
EXPECTATIONS = {COV.underTest, COV.expects, COV.expectsDecision, COV.expectsDeciding}


@dataclass(frozen=True)
class Case:
    """One story: a request, and the verdicts and the decision expected of it.

    Parameters
    ----------
    policy : NamedNode
        The policy edition that decides.
    expected_verdicts : dict
        The verdict expected of each criterion that the story turns on.
    expected_decision, expected_deciding : NamedNode or None, frozenset or None
        The decision and its deciding criteria; None where the case does not say.
    request_ttl : bytes
        The request as N-Triples, which are Turtle too.
    """

    path: Path
    label: str
    policy: NamedNode
    expected_verdicts: dict[NamedNode, NamedNode] = field(hash=False)
    expected_decision: NamedNode | None
    expected_deciding: frozenset[NamedNode] | None
    request_ttl: bytes = field(repr=False)

    def __str__(self) -> str:
        payer, policy, _, story = self.path.with_suffix("").parts[-4:]
        return f"{payer}/{policy}/{story}"


@cache
def load_cases(root: Path = CASES) -> tuple[Case, ...]:
    """Return every case under a folder, in the order of their paths; read once."""
    return tuple(load_case(path) for path in sorted(root.rglob("*.ttl")))


def load_case(path: Path) -> Case:
    """Return the one case of a file, or raise ValueError with what is wrong with it."""
    triples = Triples.of(parse(path=str(path), format=RdfFormat.TURTLE, rename_blank_nodes=True))
    cases = triples.instances(COV.TestCase)
    if len(cases) != 1 or len(triples.instances(COV.CoverageRequest)) != 1:
        raise ValueError(f"{path}: one cov:TestCase and one cov:CoverageRequest, please")
    case, below = cases[0], {cases[0]}
    if unread := triples.predicates(case).keys() - EXPECTATIONS - {RDF.type, RDFS.label}:
        raise ValueError(f"{path}: a case does not say {sorted(p.value for p in unread)}")
    verdicts = {}
    for pair in triples.objects(case, COV.expects):
        if not isinstance(pair, BlankNode):
            raise ValueError(f"{path}: cov:expects takes a blank node")
        below.add(pair)
        criterion = _one(triples, pair, COV.criterion, path)
        if criterion in verdicts or len(triples.predicates(pair)) != 2:
            raise ValueError(f"{path}: one criterion and one verdict, each criterion once, please")
        verdicts[criterion] = _one(triples, pair, COV.verdict, path)
    deciding = triples.objects(case, COV.expectsDeciding)
    decides = bool(triples.objects(case, COV.expectsDecision))
    return Case(
        path=path,
        label=triples.text(case, RDFS.label),
        policy=_one(triples, case, COV.underTest, path),
        expected_verdicts=verdicts,
        expected_decision=_one(triples, case, COV.expectsDecision, path) if decides else None,
        expected_deciding=frozenset(o for o in deciding if isinstance(o, NamedNode)) or None,
        request_ttl="".join(
            f"{Triple(*spo)} .\n" for spo in triples if spo[0] not in below
        ).encode(),
    )


def _one(triples: Triples, s: Node, p: NamedNode, path: Path) -> NamedNode:
    """Return the one IRI that a subject is linked to."""
    match triples.objects(s, p):
        case [NamedNode() as found]:
            return found
    raise ValueError(f"{path}: one IRI as {p.value}, please")
