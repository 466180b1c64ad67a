"""Payers, plans and policies."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .base import Citation, Day, Iri, Model, SettledReading


class Plan(Model):
    """A plan lists its policies, first the one that decides where it speaks."""

    id: Iri
    type: Literal["cov:Plan"]
    key: str
    label: str
    policies: list[str] = Field(description="Keys of policies, in the order of precedence.")
    precedence: str | None = Field(description="Why this order.")


class Payer(Model):
    """A payer with its plans and its policies."""

    id: Iri
    type: Literal["cov:Payer"]
    key: str = Field(description="What other calls name it by.")
    label: str
    policies: list[str] = Field(description="Keys of its policies.")
    plans: list[Plan]


class Payers(Model):
    """Every payer."""

    id: Iri
    payers: list[Payer]


class PolicySummary(Model):
    """One edition of a policy, in short."""

    id: Iri
    type: Literal["cov:Policy"]
    key: str = Field(description="payer/policy")
    label: str
    payer: str = Field(description="The key of the payer.")
    ofPayer: Iri
    edition: str = Field(description="The first date of service it decides.")
    effectiveFrom: Day
    effectiveUntil: Day | None = Field(description="The last date of service; null while open.")
    addresses: str = Field(description="What the policy speaks to.")
    codes: list[str] = Field(description="The codes that the document names.")


class Policies(Model):
    """Every edition of every policy."""

    id: Iri
    policies: list[PolicySummary]


class Policy(Model):
    """One policy with its editions."""

    id: Iri
    key: str
    label: str
    payer: str
    ofPayer: Iri
    editions: list[PolicySummary]


class Way(Model):
    """A way to a person's decision."""

    id: Iri
    label: str
    citations: list[Citation]


class Criterion(Model):
    """One requirement, with all it is made of."""

    criterion: Iri
    label: str
    concern: str | None = Field(description="What it is about, shared by all payers.")
    refusal: bool = Field(description="Whether it states what is refused, positively.")
    interpretation: str | None = Field(description="The reading chosen where the text leaves one.")
    readings: list[SettledReading] = Field(description="The settled readings it follows.")
    citations: list[Citation]
    appliesWhen: Criterion | None = Field(None, description="What brings an indication into play.")
    otherwise: str | None = Field(None, description="What follows when no indication applies.")
    combines: Literal["and", "or"] | None = None
    members: list[Criterion] = Field(default_factory=list)
    reviewRoute: ReviewRoute | None = None


class ReviewRoute(Way):
    """A way to a person's decision, with the grounds it needs."""

    grounds: Criterion | None


class Clause(Model):
    """A clause of the document, and what became of it."""

    clause: Iri
    section: str
    place: str
    summary: str
    fate: str = Field(description="encoded, definition, informative or left to judgement")
    note: str | None
    citedBy: list[str] = Field(description="The criteria that cite it, by their local names.")


class DocumentOf(Model):
    """The payer's document."""

    id: Iri
    label: str


class Edition(PolicySummary):
    """One edition with its criteria and the clauses of its document."""

    document: DocumentOf | None
    exclusions: list[Criterion] = Field(description="What puts a request out of scope.")
    appliesWhen: Criterion | None
    criteria: Criterion
    clauses: list[Clause]


for model in (Criterion, ReviewRoute, Edition):
    model.model_rebuild()
