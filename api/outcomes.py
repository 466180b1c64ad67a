"""Errors as an OperationOutcome, for those who speak FHIR.

It says what a problem says: what is wrong, where as FHIRPath, and what to do. No value of a
bundle comes back.
"""

from __future__ import annotations

import json
import re

from .problems import Problem

MEDIA_TYPE = "application/fhir+json"
# What kind of trouble a status is, in the codes of FHIR (IssueType).
ISSUES = {
    400: "invalid",
    404: "not-found",
    406: "not-supported",
    408: "timeout",
    413: "too-long",
    415: "not-supported",
    422: "processing",
    503: "transient",
}
_FHIRPATH = re.compile(r"[A-Za-z]+(?:\[\d+\])?(?:\.[A-Za-z]+(?:\[\d+\])?)*\Z")


class Outcome(Problem):
    """A problem that is told in FHIR."""

    media_type = MEDIA_TYPE

    @classmethod
    def told(cls, problem: Problem) -> Outcome:
        return cls(problem.status, problem.detail, problem.where, problem.hint, problem.headers)

    def body(self) -> bytes:
        """Return the problem as an OperationOutcome; what is empty is left out."""
        fatal = self.status >= 500
        text = self.detail + (f" ({self.hint})" if self.hint else "")
        issue: dict[str, object] = {
            "severity": "fatal" if fatal else "error",
            "code": ISSUES.get(self.status, "exception" if fatal else "processing"),
            "details": {"text": text},
        }
        if _FHIRPATH.match(self.where):
            issue["expression"] = [self.where]
        elif self.where:
            issue["diagnostics"] = self.where
        told = {"resourceType": "OperationOutcome", "issue": [issue]}
        return json.dumps(told, ensure_ascii=False).encode()
