"""An answer as RDF: a decision with its provenance, or a SHACL validation report.

Every node has an IRI made from the digest of the request and the edition, so that the
same answer is always the same graph, and the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, serialize

from ..decision.decide import Decision
from ..engine import Answer
from ..formats import TURTLE
from ..judge.valuation import Verdict
from ..namespaces import COV, PREFIXES, PROV, RDF, RDFS, REQUESTS, SH, XSD
from ..policies.criteria import Criterion
from ..triples import Spo, Triples
from ..version import ENGINE, engine_version
from .data import Recorder, ordered
from .words import DECISIONS, ENDS

SEVERITY = {
    Verdict.NOT_MET: SH.Violation,
    Verdict.NOT_DOCUMENTED: SH.Warning,
    Verdict.MET: SH.Info,
}


def node_of(answer: Answer, part: str) -> NamedNode:
    """Return the IRI of a part of an answer."""
    policy = answer.policy
    edition = f"{answer.selection.key}/{policy.edition}" if policy else answer.selection.key
    day = answer.request.date.isoformat()
    return REQUESTS[f"{answer.request.digest}/{day}/{edition}#{part}"]


def decision_graph(answer: Answer, recorder: Recorder) -> Triples:
    """Return the decision, its judgements and its receipt in our own terms and PROV-O."""
    out = Triples()
    decision, policy = node_of(answer, "decision"), answer.policy
    out.add(decision, RDF.type, COV.Decision)
    out.add(decision, RDF.type, PROV.Entity)
    out.add(decision, COV.onRequest, answer.request.iri)
    out.add(decision, COV.hasOutcome, DECISIONS[answer.decision].term)
    out.add(decision, RDFS.comment, Literal(answer.reason))
    out.add(decision, COV.requestHash, Literal(answer.request.digest))
    out.add(decision, COV.engineVersion, Literal(f"{ENGINE} {engine_version()}"))
    out.add(decision, COV.knowledgeHash, Literal(recorder.knowledge.digest))
    out.add(decision, PROV.wasDerivedFrom, answer.request.iri)
    for (record, _, _), sources in answer.request.sources.items():
        for name in sources:
            source = REQUESTS[f"fhir/{quote(name)}"]
            out.add(NamedNode(record), PROV.wasDerivedFrom, source)
    if answer.value:
        out.add(decision, COV.worstOutcome, ENDS[answer.value.worst].term)
        out.add(decision, COV.bestOutcome, ENDS[answer.value.best].term)
    if answer.funding:
        out.add(decision, COV.fundedBy, answer.funding)
    if answer.earliest:
        day = Literal(answer.earliest.day.isoformat(), datatype=XSD.date)
        out.add(decision, COV.earliestDate, day)
    for note in answer.notes:
        out.add(decision, COV.codingNote, Literal(note.text, language="en"))
    out.update(_rests_on(decision, answer))
    for criterion in answer.deciding:
        out.add(decision, COV.decidedBy, criterion.iri)
    for criterion in {c for way in answer.missing for c in way}:
        out.add(decision, COV.isMissing, criterion.iri)
    if policy and answer.valuation:
        out.add(decision, COV.underPolicy, policy.iri)
        out.add(decision, PROV.wasDerivedFrom, policy.iri)
        out.add(decision, COV.shapesHash, Literal(recorder.shapes_digest(policy)))
        for criterion in policy.criteria.values():
            judgement = node_of(answer, f"judgement-{criterion.name}")
            verdict = answer.valuation.verdict(criterion)
            out.add(decision, COV.hasJudgement, judgement)
            out.add(judgement, RDF.type, COV.Judgement)
            out.add(judgement, COV.onCriterion, criterion.iri)
            out.add(judgement, COV.hasVerdict, verdict.iri)
    return out


def validation_report(answer: Answer) -> Triples:
    """Return the same judgement as a standard ``sh:ValidationReport``.

    It conforms exactly when the request is covered. Each result is a criterion that the
    answer turns on: a violation where it is not met, a warning where it is not documented.
    """
    out = Triples()
    report = node_of(answer, "report")
    covered = answer.decision is Decision.COVERED
    out.add(report, RDF.type, SH.ValidationReport)
    out.add(report, SH.conforms, Literal("true" if covered else "false", datatype=XSD.boolean))
    # A report that conforms has no result, so what it rests on stands beside.
    out.update(_rests_on(report, answer))
    if covered:
        return out
    missing = [c for way in answer.missing for c in ordered(way)]
    for criterion in dict.fromkeys([*answer.deciding, *missing]):
        _result(out, report, answer, criterion)
    if not answer.deciding:
        result = node_of(answer, "result-scope")
        out.add(report, SH.result, result)
        out.update(_described(result, answer, SH.Info, answer.reason))
    return out


def _rests_on(subject: NamedNode, answer: Answer) -> Iterator[Spo]:
    """Yield the readings of silence that a decision rests on."""
    for i, reading in enumerate(answer.rests_on, start=1):
        node = node_of(answer, f"silence-{i}")
        yield subject, COV.restsOn, node
        yield node, RDF.type, COV.SilenceRead
        yield node, RDFS.comment, Literal(reading.words, language="en")
        for criterion in reading.criteria:
            yield node, COV.onCriterion, criterion.iri


def _result(out: Triples, report: NamedNode, answer: Answer, criterion: Criterion) -> None:
    assert answer.valuation is not None
    result = node_of(answer, f"result-{criterion.name}")
    verdict = answer.valuation.verdict(criterion)
    sections = ", ".join(dict.fromkeys(c.section for c in criterion.citations if c.section))
    text = f"{verdict.value}: {criterion.label}" + (f" ({sections})" if sections else "")
    severity = SH.Info if answer.decision is Decision.OUT_OF_SCOPE else SEVERITY[verdict]
    out.add(report, SH.result, result)
    out.update(_described(result, answer, severity, text))
    out.add(result, SH.sourceShape, criterion.iri)


def _described(result: NamedNode, answer: Answer, severity: NamedNode, text: str) -> list[Spo]:
    return [
        (result, RDF.type, SH.ValidationResult),
        (result, SH.focusNode, answer.request.iri),
        (result, SH.resultSeverity, severity),
        (result, SH.sourceConstraintComponent, SH.NodeConstraintComponent),
        (result, SH.resultMessage, Literal(text, language="en")),
    ]


def written(graph: Triples, media_type: str = TURTLE.media_type) -> str:
    """Serialise a graph without blank nodes, sorted, so that equal graphs give equal bytes."""
    triples = sorted((Triple(s, p, o) for s, p, o in graph), key=str)
    used = {str(t) for triple in triples for t in (triple.predicate, triple.subject, triple.object)}
    prefixes = {k: str(v) for k, v in PREFIXES.items() if any(u.startswith(f"<{v}") for u in used)}
    return serialised(triples, media_type, prefixes)


def serialised(triples: Iterable[Triple], media_type: str, prefixes: dict[str, str]) -> str:
    """Serialise triples as they come, and their prefixes in a fixed order."""
    form = RdfFormat.from_media_type(media_type)
    data = serialize(triples, format=form, prefixes=prefixes)
    assert isinstance(data, bytes)
    lines = data.decode().splitlines(keepends=True)
    # The serialiser keeps its prefixes in no order.
    lines.sort(key=lambda line: (0, line) if line.startswith("@prefix ") else (1, ""))
    return "".join(lines)
