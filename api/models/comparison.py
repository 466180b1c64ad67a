"""Comparisons."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .base import Iri, Model

Said = Literal["required", "refused", "judgement", "not addressed", "-"]


class ClauseOf(Model):
    """Where a document says it."""

    clause: Iri
    section: str
    place: str


class ComparedRequirement(Model):
    """One requirement of a payer, with the bounds of the shape that decides."""

    key: str = Field(description="The key of the policy.")
    edition: str
    kind: Said
    phases: list[str] = Field(description="The indications it belongs to; all, when empty.")
    text: str
    criterion: list[Iri]
    citations: list[ClauseOf]


class ComparedCell(Model):
    """What one payer says on one concern."""

    payer: str
    kind: Said
    text: str
    entries: list[ComparedRequirement]


class ComparedRow(Model):
    """A concern, with one cell for each column, in the same order."""

    concern: str
    label: str
    cells: list[ComparedCell]


class ComparedPayer(Model):
    """A payer, and what it says on the procedure as a whole."""

    id: Iri
    key: str
    label: str
    stance: Said
    policies: list[str]


class Comparison(Model):
    """What payers ask for a procedure, side by side."""

    id: Iri
    procedure: str
    label: str
    region: str | None
    regionLabel: str | None
    columns: list[ComparedPayer]
    rows: list[ComparedRow]
