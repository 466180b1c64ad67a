"""A run from its first file to its last: read, decide, keep, write.

Whoever starts a run again with the same words in the same folder goes on with it; what is
done is not done twice. Any other words in that folder are refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..engine import Reasoner
from ..errors import CovergraphError, InputError
from ..knowledge.base import Knowledge
from ..version import engine_version
from . import output, sources
from .decider import Decider, Question
from .ledger import Ledger
from .pool import decide_all
from .records import Chunk, Result

CHUNK = 100


@dataclass
class Progress:
    """How far a run has come.

    Parameters
    ----------
    total, position : int
        The bytes of the inputs as they lie on disk, and how many of them are done with.
    resumed, records : int
        The records that an earlier start decided, and all that are decided.
    writing : bool
        Everything is decided and the files are being written.
    """

    total: int = 0
    position: int = 0
    resumed: int = 0
    records: int = 0
    writing: bool = False


@dataclass(frozen=True)
class Report:
    """What a run found, and whether it was all found before."""

    summary: dict[str, Any]
    already: bool


def run(
    reasoner: Reasoner,
    question: Question,
    inputs: list[str],
    out: Path,
    jobs: int,
    largest: int = CHUNK,
    show: Callable[[Progress], None] = lambda _: None,
) -> Report:
    """Decide every record of the inputs and write what was found to a folder.

    Parameters
    ----------
    jobs : int
        How many processes decide.
    largest : int
        How many records a process takes at a time.
    show : callable
        Is told several times a second how far the run has come.

    Raises
    ------
    InputError
        When the inputs, the keys or the folder cannot be used.
    """
    refuse_unknown(reasoner, question)
    sources.checked(inputs)
    refuse_output_among(inputs, out)
    comparing = bool(question.compare)
    progress = Progress(total=sum(map(sources.size_of, sources.files_of(inputs))))
    identity = identity_of(reasoner.knowledge, question, inputs, largest)
    try:
        with Ledger(out, identity, output.names_of(comparing)) as ledger:
            already = ledger.finished
            _decide(reasoner, question, inputs, ledger, jobs, largest, progress, show)
            if already:
                return Report(written(out, comparing), already)
            progress.writing = True
            show(progress)
            summary = output.write(out, ledger, comparing)
            ledger.finish()
            return Report(summary, already)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CovergraphError(f"{error.filename or out}: {reason}") from None


def _decide(
    reasoner: Reasoner,
    question: Question,
    inputs: list[str],
    ledger: Ledger,
    jobs: int,
    largest: int,
    progress: Progress,
    show: Callable[[Progress], None],
) -> None:
    chunks = 0

    def left() -> Iterator[Chunk]:
        nonlocal chunks
        for chunk in sources.chunks_of(inputs, largest):
            chunks += 1
            if not ledger.holds(chunk):
                yield chunk
                continue
            progress.resumed += len(chunk.records)
            progress.records += len(chunk.records)
            progress.position = max(progress.position, chunk.position)
            show(progress)

    def done(chunk: Chunk, digest: bytes, result: Result) -> None:
        ledger.add(chunk.ordinal, len(chunk.records), digest, result)
        progress.records += len(chunk.records)
        progress.position = max(progress.position, chunk.position)

    decide_all(left(), jobs, Decider(reasoner, question), done, lambda: show(progress))
    ledger.sync()
    ledger.close_input(chunks)


def written(out: Path, comparing: bool) -> dict[str, Any]:
    """Return the summary of a run that is finished, whose files are all still there."""
    for name in output.names_of(comparing):
        if not (out / name).exists():
            raise InputError(
                f"the run is finished, and {name} is no longer there",
                str(out),
                "choose another folder with --out",
            )
    try:
        summary: dict[str, Any] = json.loads((out / output.SUMMARY).read_bytes())
    except ValueError:
        hint = "choose another folder with --out"
        raise InputError("is damaged", str(out / output.SUMMARY), hint) from None
    return summary


def refuse_unknown(reasoner: Reasoner, question: Question) -> None:
    """Refuse a key that does not exist, before a million requests are read.

    Raises
    ------
    InputError
        Naming the key.
    """
    catalogue = reasoner.catalogue
    for key in (question.policy, question.compare):
        if key:
            catalogue.edition_of(key)
    if question.payer:
        catalogue.policy_keys(question.payer)
    if question.plan:
        catalogue.plan_policies(question.plan)
    if question.compare and not question.policy:
        raise InputError("--compare needs --policy", hint="it says what to compare with")
    if question.compare and question.compare == question.policy:
        raise InputError("--policy and --compare are the same")


def refuse_output_among(inputs: list[str], out: Path) -> None:
    """Refuse to write into a folder that is read: the next start would read its own output."""
    folder = out.resolve()
    for name in inputs:
        path = Path(name).resolve()
        if path.is_dir() and (folder == path or path in folder.parents):
            raise InputError("--out lies in a folder that is read", name)


def identity_of(
    knowledge: Knowledge, question: Question, inputs: list[str], largest: int
) -> dict[str, Any]:
    """Return all that the results of a run depend on, in the words of the command line."""
    return {
        "program": engine_version(),
        "knowledge": knowledge.digest,
        "input": inputs,
        "--policy": question.policy,
        "--payer": question.payer,
        "--plan": question.plan,
        "--all": question.every,
        "--date": question.on.isoformat() if question.on else None,
        "--compare": question.compare,
        "last date of service": question.latest.isoformat(),
        "--chunk": largest,
    }
