"""From the bytes of a record to its lines of output.

One function goes from bytes to decisions, and every refusal of a record comes out of this
module as a line that says where and why, without repeating what the record says of a
patient: a fault of the program is named by its kind and its place in the program alone.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from ..engine import Answer, Reasoner
from ..errors import InputError, KnowledgeError
from ..formats import JSON_LD, N_QUADS, N_TRIPLES, TURTLE
from ..render.data import missing_sets
from ..render.words import ENDS
from ..request.gate import DEFAULT_NAME, Request
from ..request.horizon import refuse_beyond
from ..request.records import UNNAMED
from .change import Change, Compared, as_if_in_force, compared
from .quads import plain, statements
from .records import SHAPE, Chunk, Record, Result, digest

MEDIA_TYPES = {
    N_QUADS.read_as: N_TRIPLES.media_type,
    TURTLE.read_as: TURTLE.media_type,
    JSON_LD.read_as: JSON_LD.media_type,
}
GRAPH, REQUEST = b"g", b"r"
TWO_GRAPHS = "a line of the record stands in another graph"

_LINE = re.compile(r"line (\d+)")
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True)
class Question:
    """Who is asked, of each request; without any key, whoever the request names.

    Parameters
    ----------
    policy, payer, plan : str or None
        The key of one of them.
    every : bool
        Ask all policies.
    on : date or None
        Another date of service than the request's.
    compare : str or None
        A second policy, or edition of one, whose answers are held against the first's.
    latest : date
        The last day that may be a date of service.
    """

    policy: str | None = None
    payer: str | None = None
    plan: str | None = None
    every: bool = False
    on: date | None = None
    compare: str | None = None
    latest: date = date.max


class RecordLines(NamedTuple):
    """The lines that one record gives, and what it must not share with another."""

    decisions: list[str]
    changes: list[str]
    rejects: list[str]
    keys: list[bytes]


@dataclass(frozen=True)
class Decider:
    """Decides records by one reasoner and one question."""

    reasoner: Reasoner
    question: Question

    def answers(self, data: bytes, media_type: str) -> tuple[Request, list[Answer]]:
        """Return the request that some bytes state, and its answers: the one way through."""
        asked = self.question
        prepared = self.reasoner.read(data, DEFAULT_NAME, media_type, asked.on)
        refuse_beyond(prepared.request.date, asked.latest)
        if asked.compare:
            keys = (asked.policy or "", asked.compare)
            return prepared.request, [self._any_day.answer(prepared, key) for key in keys]
        found = self.reasoner.decide_all(
            prepared, asked.policy, asked.payer, asked.plan, asked.every
        )
        return prepared.request, found

    @cached_property
    def _any_day(self) -> Reasoner:
        return as_if_in_force(self.reasoner)

    def _plainly(self, record: Record) -> tuple[Request, list[Answer]] | None:
        """Decide quads whose graph is taken off as text; None where they must be parsed."""
        bare = plain(record.data, record.graph) if record.form == N_QUADS.read_as else None
        try:
            return self.answers(bare, MEDIA_TYPES[record.form]) if bare else None
        except InputError:
            # Whether they are N-Quads at all is to be said first.
            return None

    def outcome(self, record: Record) -> RecordLines:
        """Decide one record, or say why not; whatever happens is the record's own matter."""
        graphs = [record.graph] if record.graph else []
        try:
            if record.fault:
                raise InputError(record.fault)
            data, found = record.data, self._plainly(record)
            if found is None:
                if record.form == N_QUADS.read_as:
                    data, graphs = statements(data, record.graph)
                    if graphs != [record.graph]:
                        raise InputError(TWO_GRAPHS)
                found = self.answers(data, MEDIA_TYPES[record.form])
            request, answers = found
            decisions = [self._decision(record, request, a) for a in answers]
            changes = []
            if self.question.compare:
                both = compared(*answers)
                if both.change is not Change.SAME:
                    changes.append(self._change(record, request, both))
            # What has no name of its own can't be the same as another.
            name = named(request)
            keys = [REQUEST + digest(name.encode())] if name else []
            return RecordLines(decisions, changes, [], keys + graph_keys(record, graphs))
        except InputError as error:
            told = error.discreet()
            rejected = reject(record, told.what, told.where, told.hint)
        except KnowledgeError as error:
            rejected = reject(record, str(error), of="program")
        except Exception as error:
            rejected = reject(record, ailment(error), of="program")
        return RecordLines([], [], [rejected], graph_keys(record, graphs))

    def result(self, chunk: Chunk, outcomes: list[RecordLines]) -> Result:
        """Put the outcomes of a chunk's records together."""
        shape, keys = [], []
        for at, (record, found) in enumerate(zip(chunk.records, outcomes, strict=True)):
            lines = (len(found.decisions), len(found.changes), len(found.rejects))
            shape.append(SHAPE.pack(*lines, record.line, record.byte))
            ordinal = (chunk.first + at).to_bytes(8, "big")
            keys += [key[:1] + ordinal + key[1:] for key in found.keys]
        return Result(
            "".join(line for o in outcomes for line in o.decisions).encode(),
            "".join(line for o in outcomes for line in o.changes).encode(),
            "".join(line for o in outcomes for line in o.rejects).encode(),
            b"".join(shape),
            b"".join(keys),
        )

    def _decision(self, record: Record, request: Request, answer: Answer) -> str:
        policy, value = answer.policy, answer.value
        return line(
            {
                "request": named(request),
                "source": record.source,
                "record": record.number,
                "date": request.date.isoformat(),
                "policy": answer.selection.key,
                "edition": policy.edition if policy else None,
                "decision": answer.decision.value,
                "worst": ENDS[value.worst].key if value else None,
                "best": ENDS[value.best].key if value else None,
                "deciding": [c.iri.value for c in answer.deciding],
                "missing": [[c.iri.value for c in way] for way in missing_sets(answer)],
                "reason": answer.reason,
                "notes": [note.text for note in answer.notes],
                "rests_on": [reading.words for reading in answer.rests_on],
                "repeated": False,
            }
        )

    def _change(self, record: Record, request: Request, both: Compared) -> str:
        sides: dict[str, Any] = {}
        for side, answer in (("before", both.before), ("after", both.after)):
            policy, value = answer.policy, answer.value
            sides |= {
                f"{side}_policy": answer.selection.key,
                f"{side}_edition": policy.edition if policy else None,
                f"{side}_decision": answer.decision.value,
                f"{side}_worst": ENDS[value.worst].key if value else None,
                f"{side}_best": ENDS[value.best].key if value else None,
            }
        return line(
            {
                "request": named(request),
                "source": record.source,
                "record": record.number,
                "date": request.date.isoformat(),
                "change": both.change.value,
                **sides,
                "by": list(dict.fromkeys(c.iri.value for c in both.by)),
            }
        )


def named(request: Request) -> str | None:
    """Return the request's own name; None when it has none."""
    return None if request.iri.value.startswith(UNNAMED) else request.iri.value


def graph_keys(record: Record, graphs: list[bytes]) -> list[bytes]:
    """Return the keys of graphs: one name is one graph in all files, a blank node in its own."""
    own = record.source.encode() + b"\n"
    return [GRAPH + digest(own + g if g.startswith(b"_:") else g) for g in graphs]


def reject(record: Record, reason: str, where: str = "", hint: str = "", of: str = "input") -> str:
    """Return the line that says why a record is not decided."""

    def counted(found: re.Match[str]) -> str:
        return f"line {int(found[1]) + record.line - 1}"

    return line(
        {
            "source": record.source,
            "record": record.number or None,
            "line": record.line or None,
            "byte": record.byte if record.line else None,
            "reason": reason,
            # The reader counts lines from the start of the record.
            "where": _LINE.sub(counted, where, count=1) if where else None,
            "hint": hint or None,
            "fault": of,
        }
    )


def ailment(error: BaseException) -> str:
    """Say what went wrong in the program, by kind and place: its words may hold a value."""
    place = error.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    at = f" at {Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}" if place else ""
    return f"the program failed: {type(error).__name__}{at}"


def line(fields: dict[str, Any]) -> str:
    return _encode(fields) + "\n"
