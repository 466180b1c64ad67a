"""The parameters of calls."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .base import Day, Key, Model, Written


class LookupQuery(Model):
    """A lookup before there is a patient."""

    code: Written = Field(description="A CPT or HCPCS code.", examples=["64493"])
    date: Day = Field(description="The date of service, which picks the edition.")
    payer: Key | None = Field(
        None, description="The key of a payer, as /payers lists them; every payer without."
    )
    diagnosis: Written | None = Field(
        None, description="An ICD-10-CM code, taken as the only diagnosis.", examples=["M47.816"]
    )


class CompareQuery(Model):
    """A comparison of payers."""

    procedure: str = Field(
        pattern=r"^[a-z][a-z-]{1,99}$",
        description="The name of a class of procedures.",
        examples=["facet-joint-denervation"],
    )
    region: str | None = Field(
        None,
        pattern=r"^[a-z][a-z-]{1,49}$",
        description="cervical, thoracic, lumbar or sacroiliac; every region without.",
        examples=["lumbar"],
    )
    payer: str | None = Field(
        None,
        pattern=r"^[a-z0-9-]{1,64}(,[a-z0-9-]{1,64}){0,19}$",
        description="Keys of payers, with commas between; every payer without.",
    )


class DecisionQuery(Model):
    """By whom a request is decided; without any of these, by whom it names itself."""

    policy: str | None = Field(
        None,
        pattern=r"^[a-z0-9-]{1,50}/[a-z0-9-]{1,50}(@\d{4}-\d{2}-\d{2})?$",
        description="One policy, payer/policy, or one edition of it, payer/policy@edition.",
    )
    payer: Key | None = Field(None, description="Every policy of a payer.")
    plan: Key | None = Field(None, description="A plan, by its order of precedence.")
    all: Literal["true"] | None = Field(None, description="Every policy of every payer.")
    date: Day | None = Field(None, description="Another date of service than the request's.")
    order: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9./ -]{1,120}$",
        description="Of FHIR, the only order to decide: ServiceRequest/ID, or its id.",
    )
