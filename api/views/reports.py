"""A conformance report as JSON, read off the SHACL report it stands for."""

from __future__ import annotations

from typing import Any

from covergraph.engine import Answer
from covergraph.namespaces import SH, local_name
from covergraph.render.graph import validation_report
from covergraph.triples import Term


def report_view(answer: Answer) -> dict[str, Any]:
    """Return whether a request conforms to a policy, and every result that speaks against it."""
    graph = validation_report(answer)
    (report,) = graph.instances(SH.ValidationReport)
    policy = answer.policy

    def result(node: Term) -> dict[str, Any]:
        return {
            "severity": local_name(graph.text(node, SH.resultSeverity)).lower(),
            "message": graph.text(node, SH.resultMessage),
            "criterion": graph.text(node, SH.sourceShape) or None,
        }

    return {
        "policy": answer.selection.key,
        "edition": policy.edition if policy else None,
        "conforms": graph.text(report, SH.conforms) == "true",
        "results": [result(node) for node in graph.objects(report, SH.result)],
    }
