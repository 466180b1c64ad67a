"""Decisions are kept before they are told: who gets an answer finds it in the log.

Decisions that are made while others are being written wait for the disk together, so that it
is asked once for all of them.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from covergraph.errors import CovergraphError
from covergraph.kept import Decisions, Kept

from .problems import Problem

IDS = "Decision-Ids"


class Keeper:
    """Keeps decisions in a file, from one event loop.

    Parameters
    ----------
    path : Path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self.decisions = Decisions(path, new=True)
        # Apart, so that what is being written is not read before it is on the disk.
        self.reader = Decisions(path)
        self.reading = asyncio.Lock()
        self.waiting: list[tuple[list[Kept], asyncio.Future[None]]] = []
        self.writing: asyncio.Task[None] | None = None

    async def keep(self, answers: Iterable[dict[str, Any]], holder: str) -> list[str]:
        """Keep the answers of one call, and return their ids once they are on the disk.

        Raises
        ------
        Problem
            503 when they cannot be kept.
        """
        made = datetime.now(UTC).isoformat(timespec="milliseconds")
        rows = [row_of(answer, made, holder) for answer in answers]
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append((rows, done))
        if self.writing is None or self.writing.done():
            self.writing = asyncio.create_task(self._write())
        try:
            # A caller who hangs up takes nothing out of what is being written.
            await asyncio.shield(done)
        except CovergraphError:
            raise Problem(503, "the decision cannot be kept, so it is not told") from None
        return [row.id for row in rows]

    async def _write(self) -> None:
        while self.waiting:
            taken, self.waiting = self.waiting, []
            try:
                rows = [row for found, _ in taken for row in found]
                await asyncio.to_thread(self.decisions.append, rows)
            except CovergraphError as error:
                for _, done in taken:
                    done.set_exception(error)
                    # Whether its caller still waits or not.
                    done.exception()
            else:
                for _, done in taken:
                    done.set_result(None)

    async def find(self, id: str, holder: str) -> Kept:
        """Return a decision to whose key asked for it.

        Raises
        ------
        Problem
            404 for anybody else, as if there were none.
        """
        async with self.reading:
            found = await asyncio.to_thread(self.reader.find, id)
        if found is None or found.holder != holder:
            raise Problem(404, "no such decision")
        return found

    async def close(self) -> None:
        if self.writing is not None:
            await self.writing
        self.reader.close()
        self.decisions.close()


def row_of(answer: dict[str, Any], made: str, holder: str) -> Kept:
    return Kept(
        secrets.token_hex(16),
        made,
        holder,
        answer["policy"],
        answer["edition"] or "",
        answer["decision"],
        json.dumps(answer["receipt"], ensure_ascii=False),
    )
