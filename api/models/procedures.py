"""Procedures and codes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .base import Iri, Model


class ProcedureBrief(Model):
    """A class of procedures, in short."""

    id: Iri
    name: str = Field(description="What other calls name it by.")
    label: str
    definition: str | None


class Procedures(Model):
    """Every class of procedures."""

    id: Iri
    procedures: list[ProcedureBrief]


class EditionBrief(Model):
    """The latest edition of a policy."""

    policy: Iri
    key: str
    edition: str
    label: str


class CodeBrief(Model):
    """A procedure code, in short."""

    id: Iri
    code: str
    system: Literal["cpt", "hcpcs"]
    label: str = Field(description="Our own words; CPT descriptors are not reproduced.")
    regions: list[str]
    addOnTo: list[str] = Field(description="The primary codes of an add-on code.")


class Procedure(ProcedureBrief):
    """A class of procedures, what falls under it, and who speaks of it."""

    broader: list[str]
    narrower: list[str]
    codes: list[CodeBrief]
    kinds: list[str] = Field(description="What it is called where a payer uses no codes.")
    policies: list[EditionBrief]


class ProcedureCode(CodeBrief):
    """A procedure code, its classes, its add-ons, and who speaks of it."""

    procedures: list[str]
    addOns: list[str]
    implies: list[str] = Field(description="The region, technique and guidance it always means.")
    policies: list[EditionBrief]


class DiagnosisCode(Model):
    """A diagnosis code, and the policies that name it or its class."""

    id: Iri
    code: str
    system: Literal["icd-10-cm"]
    label: str
    classes: list[str]
    broader: list[str]
    policies: list[EditionBrief]


class TabledCode(Model):
    """A code that a policy or the ontology speaks of."""

    id: Iri
    code: str
    label: str


class CodeSystem(Model):
    """A code system with the codes that are spoken of; any other ICD-10-CM code is known too."""

    system: Literal["cpt", "hcpcs", "icd-10-cm"]
    codes: list[TabledCode]


class Codes(Model):
    """Every code system."""

    id: Iri
    systems: list[CodeSystem]
