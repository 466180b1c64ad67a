"""What several commands take: requests, who decides them, a day, a format."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..days import day_written
from ..errors import InputError
from ..request.horizon import horizon, refuse_beyond

if TYPE_CHECKING:
    from ..engine import Reasoner
    from ..facts.prepared import Prepared
    from ..fhir.drafts import Left
    from ..fhir.reader import FhirReader

PolicyKey = Annotated[
    str | None,
    typer.Option("--policy", help="Decide under one policy: payer/policy, or with @edition."),
]
PayerKey = Annotated[str | None, typer.Option("--payer", help="Decide under a payer's policies.")]
PlanKey = Annotated[str | None, typer.Option("--plan", help="Decide under a plan, by precedence.")]
Every = Annotated[bool, typer.Option("--all", help="Decide under every policy.")]
OrderName = Annotated[
    str | None,
    typer.Option("--order", help="Of FHIR, decide this order only: ServiceRequest/ID, or its id."),
]
OnDay = Annotated[str | None, typer.Option("--date", help="Another date of service.")]


# The files of a folder that hold resources of FHIR.
OF_FHIR = (".json", ".ndjson")


def inputs(names: list[str]) -> list[tuple[str, bytes | dict[str, bytes]]]:
    """Return the name and the bytes of each input; of a folder of FHIR, all files by name.

    Raises
    ------
    InputError
        When a file is missing or cannot be read, or a folder holds no file of FHIR.
    """
    found: list[tuple[str, bytes | dict[str, bytes]]] = []
    for name in names:
        if name == "-":
            found.append(("standard input", sys.stdin.buffer.read()))
            continue
        path = Path(name)
        try:
            files = (
                sorted(p for p in path.iterdir() if p.suffix in OF_FHIR) if path.is_dir() else []
            )
            if files:
                found.append((name, {p.name: p.read_bytes() for p in files}))
            else:
                found.append((name, path.read_bytes()))
        except OSError as error:
            raise InputError((error.strerror or "cannot be read").lower(), name) from None
    return found


def requests_in(
    name: str, data: bytes | dict[str, bytes], reasoner: Reasoner, on: date | None = None
) -> list[Prepared]:
    """Return the requests that an input holds: several where it is FHIR and asks for several.

    Raises
    ------
    InputError
        When it holds none, or one that is at fault.
    """
    from ..fhir.reader import FhirReader

    return [prepared for prepared, _ in read_with_rest(name, data, FhirReader(reasoner), on)]


def read_with_rest(
    name: str,
    data: bytes | dict[str, bytes],
    reader: FhirReader,
    on: date | None = None,
    order: str | None = None,
) -> list[tuple[Prepared, tuple[Left, ...] | None]]:
    """Return each request that an input holds, with what of FHIR was not used and why.

    Raises
    ------
    InputError
        When it holds none, or one that is at fault.
    """
    from ..fhir.resources import is_fhir

    if isinstance(data, bytes) and not is_fhir(data):
        return [(reader.reasoner.read(data, name, on=on), None)]
    return [(mapped.prepared, mapped.left) for mapped in reader.read(data, name, on, order)]


def day_from(text: str | None) -> date | None:
    """Return the day that ``--date`` names, if it is given.

    Raises
    ------
    InputError
        When it is not a day of the calendar, or lies too far ahead.
    """
    if text is None:
        return None
    try:
        day = day_written(text)
    except ValueError:
        raise InputError("--date takes a day as YYYY-MM-DD") from None
    refuse_beyond(day, last_day(), "--date")
    return day


def last_day() -> date:
    """Return the last day that may be a date of service today."""
    return horizon(date.today())


def one_decides(policy: str | None, payer: str | None, plan: str | None, every: bool) -> None:
    """Check that at most one option says who decides.

    Raises
    ------
    InputError
        When several do.
    """
    if sum(map(bool, (policy, payer, plan, every))) > 1:
        raise InputError("--policy, --payer, --plan and --all exclude each other")


def one_of(form: str, forms: Sequence[str]) -> None:
    """Check that a format is among those that a command prints.

    Raises
    ------
    InputError
        When it is not; the hint lists them.
    """
    if form not in forms:
        raise InputError(f"no format is called {form!r}", hint=f"there are: {', '.join(forms)}")
