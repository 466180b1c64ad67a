"""The graph itself, as JSON."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from .base import Iri, Model


class Term(Model):
    """A term of a document."""

    id: str
    type: list[str]
    label: str
    definition: str | None


class Document(Model):
    """A document of the graph; its Turtle is the file it was written in."""

    id: str
    terms: list[Term]


class ShapeFile(Model):
    """A file of shapes."""

    id: str
    file: str


class ShapeFiles(Model):
    """Every file of shapes."""

    id: str
    files: list[ShapeFile]


class Fact(Model):
    """A named fact that a record affirms or denies."""

    id: Iri
    name: str
    label: str
    definition: str
    statedOf: list[str]
    silence: str = Field(description="How it reads when nothing is said.")
    readBy: list[str] = Field(description="The policies whose criteria look at it.")


class Property(Fact):
    """A property that a request may state."""

    takes: str | None = Field(description="The datatype or the class of its values.")
    lowest: float | None
    highest: float | None
    unit: str | None
    several: bool


class Vocabulary(Model):
    """Everything a request may state."""

    id: Iri
    properties: list[Property]
    facts: list[Fact]


class Context(Model):
    """The pinned JSON-LD context."""

    context: dict[str, Any] = Field(alias="@context")
