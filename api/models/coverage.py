"""Lookups."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .base import Citation, Day, Iri, Model, SettledReading
from .policies import Way

Outcome = Literal["conditions", "refused", "review", "not addressed"]


class Condition(Model):
    """A requirement that is in play, with what the lookup alone settles of it."""

    criterion: Iri
    label: str
    concern: str | None
    refusal: bool
    interpretation: str | None
    readings: list[SettledReading] = Field(description="The settled readings it follows.")
    citations: list[Citation]
    verdict: Literal["met", "not met", "depends on the record"]
    combines: Literal["and", "or"] | None = None
    members: list[Condition] = Field(default_factory=list)
    reviewRoute: ConditionalRoute | None = None


class ConditionalRoute(Way):
    """A way to a person's decision, with the grounds it needs."""

    grounds: Condition | None


class PolicyCoverage(Model):
    """What one policy says of a code, before there is a patient."""

    policy: Iri
    key: str
    label: str
    payerLabel: str
    edition: str
    effectiveFrom: Day
    effectiveUntil: Day | None
    outcome: Outcome = Field(
        description="conditions: covered if the record meets them. refused: cannot be covered, "
        "whatever the record says. review: left to a person. Never covered: no record is read."
    )
    deciding: list[Condition] = Field(description="What a refusal or a review turns on.")
    routes: list[Way] = Field(description="The ways to a person's decision.")
    scopeDependsOn: list[Condition] = Field(
        description="What the record must say for the policy to speak at all."
    )
    conditions: Condition


class DecidingCriterion(Model):
    """A criterion that puts a code out of scope."""

    criterion: Iri
    label: str
    concern: str | None
    refusal: bool
    interpretation: str | None
    readings: list[SettledReading]
    citations: list[Citation]


class NotAddressed(Model):
    """A policy that does not speak to the code on the day, and why."""

    key: str
    edition: str | None
    reason: str
    deciding: list[DecidingCriterion]


class Coverage(Model):
    """What payers say of a code on a day, before there is a patient."""

    id: Iri
    code: str
    system: Literal["cpt", "hcpcs"]
    label: str
    procedures: list[str]
    regions: list[str]
    date: Day
    payer: str | None
    diagnosis: str | None
    outcome: Literal["conditions", "refused", "review", "not addressed", "depends on the policy"]
    policies: list[PolicyCoverage]
    notAddressed: list[NotAddressed]


for model in (Condition, ConditionalRoute):
    model.model_rebuild()
