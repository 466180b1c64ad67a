"""The server's end of the workers: ask for a job, wait, and take no for an answer.

So many jobs of a kind run at once, so many wait, and the rest are turned away at once:
a queue without an end would only make everybody late. What waits here costs the server
nothing but memory, so it answers a health check however busy the workers are.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from ..problems import Problem
from .forkserver import CRASHED, KINDS, OUT_OF_MEMORY, OUT_OF_TIME

READ = 2**16
# A worker's own limit ends it first; this is for a fork server that hangs.
GRACE = 5.0
STARTING = 30.0
# The fork servers, by the place of their sockets.
WORK, QUESTIONS = 0, 1


@dataclass(frozen=True)
class Reply:
    """What a job gave: a status, a media type and the bytes."""

    status: int
    media_type: str
    body: bytes


@dataclass
class Lane:
    """How many jobs of a kind run at once, how many may wait and for how long, and who works."""

    kind: bytes
    at_once: int
    waiting: int
    patience: float
    server: int = WORK

    def __post_init__(self) -> None:
        self.slots = asyncio.Semaphore(self.at_once)
        self.queue = 0


class Workers:
    """The fork servers, started when first needed and again when one has died."""

    def __init__(self) -> None:
        cores = os.cpu_count() or 1
        self.lanes = {
            "page": Lane(b"p", cores, 1000, 20.0),
            "ahead": Lane(b"a", 1, 1, 20.0),
            "decision": Lane(b"d", cores, 64, 20.0),
            "comparison": Lane(b"p", 1, 64, 20.0, QUESTIONS),
            "query": Lane(b"q", cores, 16, 10.0, QUESTIONS),
        }
        self.controls: list[socket.socket] = []
        self.ready: list[asyncio.Future[None]] = []
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the fork servers if they do not run. They are ready when they have loaded all."""
        if self.process is not None and self.process.poll() is None:
            return
        self.close()
        pairs = [socket.socketpair() for _ in (WORK, QUESTIONS)]
        theirs = [end.fileno() for _, end in pairs]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "covergraph.api.workers.forkserver", *map(str, theirs)],
            pass_fds=theirs,
            stdin=subprocess.DEVNULL,
        )
        self.controls = [ours for ours, _ in pairs]
        for ours, end in pairs:
            ours.setblocking(False)
            end.close()
        self.ready = [asyncio.ensure_future(said_ready(ours)) for ours in self.controls]

    def close(self) -> None:
        """End the fork servers and with them every worker."""
        for waiting in self.ready:
            waiting.cancel()
        for control in self.controls:
            control.close()
        self.controls, self.ready = [], []
        if self.process is not None:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
            self.process.wait(GRACE)
            self.process = None

    async def do(self, lane_name: str, job: dict[str, Any], body: bytes = b"") -> Reply:
        """Have a job done, or say why not.

        Raises
        ------
        Problem
            503 when too many wait, or the job ran out of time or memory; 400 and the like
            as the job itself answers.
        """
        lane = self.lanes[lane_name]
        if lane.queue >= lane.waiting:
            raise busy()
        lane.queue += 1
        try:
            await asyncio.wait_for(lane.slots.acquire(), lane.patience)
        except TimeoutError:
            raise busy() from None
        finally:
            lane.queue -= 1
        try:
            self.start()
            await self._until_ready(lane.server)
            return await self._ask(lane, json.dumps(job).encode() + b"\n" + body)
        finally:
            lane.slots.release()

    async def _until_ready(self, server: int) -> None:
        try:
            await asyncio.wait_for(asyncio.shield(self.ready[server]), STARTING)
        except asyncio.CancelledError:
            # Another caller found the fork servers dead, or this one is called off.
            if not self.ready or not self.ready[server].cancelled():
                raise
            raise starting_again() from None
        except (TimeoutError, OSError):
            self.close()
            raise starting_again() from None

    async def _ask(self, lane: Lane, job: bytes) -> Reply:
        limits = KINDS[lane.kind]
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self.controls[lane.server], [lane.kind], [theirs.fileno()])
            except OSError:
                ours.close()
                self.close()
                raise starting_again() from None
        reader, writer = await asyncio.open_unix_connection(sock=ours)
        try:
            async with asyncio.timeout(limits.seconds + GRACE):
                writer.write(job)
                writer.write_eof()
                return answered(await _all(reader, limits.answer), limits.seconds)
        except TimeoutError:
            raise died(OUT_OF_TIME, limits.seconds) from None
        except OSError:
            raise died(CRASHED, limits.seconds) from None
        finally:
            writer.close()


async def said_ready(control: socket.socket) -> None:
    """Wait until a fork server says that it is ready.

    Raises
    ------
    OSError
        When it ends instead.
    """
    if not await asyncio.get_running_loop().sock_recv(control, 1):
        raise ConnectionError


async def _all(reader: asyncio.StreamReader, most: int) -> bytes:
    parts = []
    size = 0
    while part := await reader.read(READ):
        size += len(part)
        if size > most + READ:
            raise Problem(503, "the answer is larger than is sent")
        parts.append(part)
    return b"".join(parts)


def answered(data: bytes, seconds: float) -> Reply:
    """Return the answer on a channel, or raise what became of the worker that owed it."""
    first, _, body = data.partition(b"\n")
    try:
        head = json.loads(first)
    except ValueError:
        raise died(CRASHED, seconds) from None
    if reason := head.get("died"):
        raise died(reason, seconds)
    if len(body) != head["length"]:
        raise died(OUT_OF_TIME, seconds)
    if problem := head.get("problem"):
        raise Problem(**problem)
    return Reply(head["status"], head["media_type"], body)


def died(reason: str, seconds: float) -> Problem:
    if reason == OUT_OF_TIME:
        return Problem(503, f"this takes longer than {seconds:g} seconds and was stopped")
    if reason == OUT_OF_MEMORY:
        return Problem(503, "this takes more memory than it may have and was stopped")
    return Problem(503, "this could not be finished and was stopped")


def starting_again() -> Problem:
    detail = "the server is starting again; ask once more"
    return Problem(503, detail, headers={"Retry-After": "5"})


def busy() -> Problem:
    return Problem(503, "too many requests are waiting", headers={"Retry-After": "5"})
