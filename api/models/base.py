"""What all models share, and what every part of the service answers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$", examples=["2024-06-10"])]
Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9/-]{0,99}$")]
Written = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.]{1,9}$")]
Iri = Annotated[str, Field(description="An IRI under https://w3id.org/covergraph/.")]


class Model(BaseModel):
    """No field is converted, none is dropped, none is unknown."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Nothing(Model):
    """No parameters."""


class Citation(Model):
    """A clause of a payer's document."""

    clause: Iri
    section: str
    place: str = Field(description="Where in the section.")
    summary: str = Field(description="What it says, in our words.")


class SettledReading(Model):
    """How every policy is read where its document leaves it open."""

    reading: Iri
    label: str
    definition: str


class ProblemDetails(Model):
    """RFC 9457. Nothing of what was sent is repeated."""

    type: Literal["about:blank"]
    title: str
    status: int
    detail: str = Field(description="What is wrong.")
    where: str = Field("", description="The line, the node or the parameter it was found at.")
    hint: str = Field("", description="What to do about it.")


class Health(Model):
    """The server is up, and this is its version."""

    status: Literal["ok"]
    version: str
    knowledge: str = Field(description="SHA-256 of the knowledge; empty before it is loaded.")
