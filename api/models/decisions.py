"""Decisions and reports."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from pydantic import Field

from .base import Citation, Day, Iri, Model, SettledReading

End = Literal["not-covered", "needs-review", "covered"]
Verdict = Literal["met", "not met", "not documented"]


class Brief(Model):
    """A criterion with its verdict."""

    criterion: Iri
    label: str
    verdict: Verdict
    citations: list[Citation]


class Statement(Model):
    """A statement of the request that a criterion read."""

    record: str
    property: str
    value: str
    followsFrom: list[str] | None = Field(
        None, description="The code, kind, level or nerves that an unstated value follows from."
    )
    derivedFrom: list[str] | None = Field(
        None, description="The FHIR resources that the statement was made from."
    )


class JudgedRoute(Model):
    """A way to a person's decision, with its grounds as judged."""

    label: str
    grounds: Judged | None


class Judged(Brief):
    """A criterion as judged, with the facts it read."""

    worst: End
    best: End
    applies: Verdict
    interpretation: str | None
    readings: list[SettledReading] = Field(description="The settled readings it follows.")
    facts: list[Statement] = Field(default_factory=list)
    combines: Literal["and", "or"] | None = None
    members: list[Judged] = Field(default_factory=list)
    route: JudgedRoute | None = None


class OpenRoute(Model):
    """A way that stays open to the requester."""

    route: Iri
    label: str
    citations: list[Citation]


class CodingNote(Model):
    """A remark on codes that do not fit what is stated, or that were set aside."""

    note: str
    about: list[Iri] = Field(description="The codes and concepts it is about.")


class Reading(Model):
    """Silence of the record that criteria read as none or absent."""

    reading: str = Field(description="What is not stated.")
    criteria: list[Iri]
    citations: list[Citation]


class Question(Model):
    """What would settle a criterion that is missing."""

    criterion: Iri
    asks: list[str] = Field(description="What to state, or to deny.")
    notCounted: list[str] = Field(description="Records that do not count, each with the reason.")


class AllOf(Model):
    """What is needed together."""

    allOf: list[Need]


class OneOf(Model):
    """Alternatives any of which is enough."""

    oneOf: list[Need]


class AtLeast(Model):
    """Alternatives of which so many are enough."""

    atLeast: int
    of: list[Need]


Need: TypeAlias = Brief | AllOf | OneOf | AtLeast


class NotUsed(Model):
    """What of a bundle of FHIR was not used."""

    resource: str
    place: str = Field(description="Where it stands, as FHIRPath.")
    reason: str


class Decision(Model):
    """A request under one policy: what ``covergraph decide --format json`` prints."""

    request: str
    policy: str
    edition: str | None
    decision: Literal["covered", "not-covered", "needs-information", "needs-review", "out-of-scope"]
    worst: End | None
    best: End | None
    reason: str
    precedence: str | None
    deciding: list[Brief]
    missing: list[list[Brief]] = Field(
        description="The smallest sets of undocumented criteria that lead to the best end; of "
        "very many the first."
    )
    missingGrouped: AllOf | None = Field(
        description="What is missing, each choice with its alternatives side by side."
    )
    questions: list[Question]
    earliest: Day | None
    earliestDecision: str | None
    funding: str | None
    routes: list[OpenRoute]
    notes: list[CodingNote] = Field(description="Coding notes. They change no decision.")
    restsOn: list[Reading] = Field(
        description="The smallest set of readings of silence that, kept while all other silence "
        "is open, yields the same decision."
    )
    criteria: list[Judged]
    receipt: dict[str, Any] = Field(description="Versions, hashes, editions and every verdict.")
    notUsed: list[NotUsed] | None = Field(
        None, description="What of a bundle of FHIR was not used, and why."
    )


class KeptDecision(Model):
    """A decision that was kept."""

    id: str
    made: str = Field(description="When it was made, in UTC.")
    holder: str = Field(description="Whose key asked for it; empty where no key is needed.")
    policy: str
    edition: str | None
    decision: str
    receipt: dict[str, Any] = Field(description="Versions, hashes, editions and every verdict.")


class Result(Model):
    """One result of a report: a violation where not met, a warning where not documented."""

    severity: Literal["violation", "warning", "info"]
    message: str
    criterion: str | None


class Report(Model):
    """Whether a request conforms to a policy; it does exactly when it is covered."""

    policy: str
    edition: str | None
    conforms: bool
    results: list[Result]


class Reports(Model):
    """One report for each policy."""

    reports: list[Report]


for model in (Judged, JudgedRoute, AllOf, OneOf, AtLeast, Decision):
    model.model_rebuild()
