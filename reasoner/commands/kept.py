"""``covergraph decisions`` and ``replay``: what was decided, checked and decided again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError
from .arguments import inputs, requests_in

if TYPE_CHECKING:
    from ..engine import Reasoner

Log = Annotated[Path, typer.Argument(help="The file that the server keeps decisions in.")]
# What two receipts may differ in, in the words for it.
COMPARED = {
    "engine": "the version of the program",
    "knowledge": "the knowledge",
    "shapes": "the files of the edition",
    "policy": "the edition",
    "reason": "the reason for it",
}


def verify(
    log: Log,
    seal: Annotated[str, typer.Option(help="A seal that was written down before.")] = "",
) -> None:
    """Check that every decision is there as it was written, and print the last seal."""
    from ..kept import verified

    count, last = verified(log, seal)
    print(f"{count} decision{'' if count == 1 else 's'}, all as written; the last seal: {last}")


def show(log: Log, id: Annotated[str, typer.Argument(help="Of the decision.")]) -> None:
    """Print one decision with its receipt as JSON."""
    print(json.dumps(kept(log, id), indent=2, ensure_ascii=False))


def replay(
    decision: Annotated[str, typer.Argument(help="An id, or a file with the answer as JSON.")],
    request: Annotated[str, typer.Argument(help="The request that was decided.")],
    log: Annotated[
        Path | None, typer.Option("--decisions", help="The file that the id is kept in.")
    ] = None,
) -> None:
    """Decide a request again as it was decided, and say whether anything differs."""
    from ..engine import Reasoner

    before = kept(log, decision) if log else answered_in(decision)
    reasoner = Reasoner(at_once=False)
    differing = list(differences(before, again(before, request, reasoner)))
    for told in differing:
        print(told)
    if differing:
        raise typer.Exit(1)
    print(f"the same: {before['decision']} under {before['policy']}")


def kept(log: Path, id: str) -> dict[str, Any]:
    from ..kept import Decisions

    decisions = Decisions(log)
    found = decisions.find(id)
    decisions.close()
    if found is None:
        raise InputError("no decision has this id", str(log))
    return found.told()


def answered_in(name: str) -> dict[str, Any]:
    """Return the answer that a file holds, as ``decide --format json`` prints it.

    Raises
    ------
    InputError
        When it holds none, or several.
    """
    ((_, data),) = inputs([name])
    try:
        found = json.loads(data) if isinstance(data, bytes) else None
    except ValueError:
        raise InputError("is not valid JSON", name) from None
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, dict) or not {"policy", "decision", "receipt"} <= found.keys():
        raise InputError("holds no answer, or several", name, "decide --format json prints one")
    return found


def again(before: dict[str, Any], request: str, reasoner: Reasoner) -> dict[str, Any]:
    """Return what the request comes to now, under the same edition and on the same day.

    Raises
    ------
    InputError
        When it is another request than the one that was decided.
    """
    from ..days import day_written
    from ..render.data import Recorder

    receipt = before["receipt"]
    ((name, data),) = inputs([request])
    day = day_written(receipt["dateOfService"])
    digest = receipt["request"]["sha256"]
    read = requests_in(name, data, reasoner, day)
    prepared = next((p for p in read if p.request.digest == digest), None)
    if prepared is None:
        raise InputError("is not the request that was decided", name)
    edition = f"@{before['edition']}" if before["edition"] else ""
    answer = reasoner.answer(prepared, f"{before['policy']}{edition}")
    return Recorder(reasoner.knowledge, reasoner.reads).answer(answer)


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return what differs between two answers, each in a line."""
    found = []
    if before["decision"] != after["decision"]:
        found.append(f"the decision was {before['decision']}, and is {after['decision']}")
    was, now = before["receipt"], after["receipt"]
    found += [f"{words} differs" for key, words in COMPARED.items() if was[key] != now[key]]
    for leaf in sorted(was["verdicts"].keys() | now["verdicts"].keys()):
        one, other = was["verdicts"].get(leaf, "none"), now["verdicts"].get(leaf, "none")
        if one != other:
            found.append(f"<{leaf}> was {one}, and is {other}")
    return found
