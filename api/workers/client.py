"""The server's end of the workers: ask for a job, wait, and take no for an answer.

So many jobs of a kind run at once, so many wait, and the rest are turned away at once:
a queue without an end would only make everybody late. What waits here costs the server
nothing but memory, so it answers a health check however busy the workers are.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

from covergraph.errors import KnowledgeError

from ..problems import Problem
from .forkserver import CRASHED, KINDS, OUT_OF_MEMORY, OUT_OF_TIME, READY

READ = 2**16
# A worker's own limit ends it first; this is for a fork server that hangs.
GRACE = 5.0
STARTING = 30.0
# How long loading may take before the server listens, and until broken knowledge is tried again.
OPENING, AGAIN = 300.0, 30.0
log = logging.getLogger("covergraph.workers")
# The fork servers, by the place of their sockets.
WORK, QUESTIONS = 0, 1


@dataclass(frozen=True)
class Reply:
    """What a job gave: a status, a media type and the bytes, and the decisions among them."""

    status: int
    media_type: str
    body: bytes
    answers: tuple[dict[str, Any], ...] = ()


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
        self.queue = self.under_way = 0


class Workers:
    """The fork servers, started when first needed and again when one has died.

    Attributes
    ----------
    broken : str
        Why the knowledge cannot be used; empty while it can.
    knowledge : str
        The digest of the knowledge that the first fork server loaded. Another is not taken up
        without a word: whoever wants that starts the server anew.
    """

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
        self.ready: list[asyncio.Future[str]] = []
        self.process: subprocess.Popen[bytes] | None = None
        self.broken, self.knowledge = "", ""
        self.tried_again = 0.0

    async def open(self) -> None:
        """Start the fork servers, and wait until they have loaded the knowledge.

        Raises
        ------
        KnowledgeError
            When it cannot be used.
        """
        self.start()
        try:
            await self._until_ready(WORK, OPENING)
        except Problem as problem:
            self.broken = self.broken or "what loads the knowledge has ended"
            raise KnowledgeError(self.broken) from problem

    def is_ready(self) -> bool:
        """Return whether every fork server has loaded and is there; start those that died."""
        if self.is_shut():
            return False
        self.start()
        loaded = [done for done in self.ready if done.done() and not done.cancelled()]
        try:
            for done in loaded:
                self._learn(done.result())
        except KnowledgeError as error:
            self._break(str(error))
        except OSError:
            self.close()
        else:
            if all(map(there, self.controls)):
                return len(loaded) == len(self.ready)
            self.close()
        return False

    def is_shut(self) -> bool:
        """Return whether the knowledge cannot be used, and is not tried again yet."""
        return bool(self.broken) and time.monotonic() < self.tried_again

    def _learn(self, digest: str) -> None:
        self.knowledge = self.knowledge or digest
        if digest != self.knowledge:
            raise KnowledgeError("it has changed since the server was started")
        self.broken = ""

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
        for loading in self.ready:
            # Whether anybody waits for it or not, what became of it is known.
            loading.add_done_callback(lambda done: done.cancelled() or done.exception())

    def close(self) -> None:
        """End the fork servers and with them every worker."""
        was_ready = bool(self.ready) and self.ready[WORK].done()
        for waiting in self.ready:
            waiting.cancel()
        for control in self.controls:
            control.close()
        self.controls, self.ready = [], []
        if self.process is not None:
            # A fork server ends when its server is gone; one that still loads does not hear it.
            try:
                self.process.wait(GRACE if was_ready else 0)
            except subprocess.TimeoutExpired:
                self.process.kill()
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
        lane.under_way += 1
        try:
            if self.is_shut():
                raise unusable()
            self.start()
            await self._until_ready(lane.server)
            return await self._ask(lane, json.dumps(job).encode() + b"\n" + body)
        finally:
            lane.under_way -= 1
            lane.slots.release()

    async def _until_ready(self, server: int, patience: float = STARTING) -> None:
        try:
            digest = await asyncio.wait_for(asyncio.shield(self.ready[server]), patience)
            self._learn(digest)
        except KnowledgeError as error:
            self._break(str(error))
            raise unusable() from None
        except asyncio.CancelledError:
            # Another caller found the fork servers dead, or this one is called off.
            if not self.ready or not self.ready[server].cancelled():
                raise
            raise starting_again() from None
        except (TimeoutError, OSError):
            self.close()
            raise starting_again() from None

    def _break(self, why: str) -> None:
        """Leave the knowledge alone for a while: it cannot be used, and no call changes that."""
        if not self.is_shut():
            log.error("the knowledge cannot be used: %s", why)
            self.broken, self.tried_again = why, time.monotonic() + AGAIN
            self.close()

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


async def said_ready(control: socket.socket) -> str:
    """Wait until a fork server says that it is ready, and return the digest of its knowledge.

    Raises
    ------
    KnowledgeError
        When it says that its knowledge cannot be used.
    OSError
        When it ends instead.
    """
    said = b""
    while not said.endswith(b"\n"):
        part = await asyncio.get_running_loop().sock_recv(control, READ)
        if not part:
            raise ConnectionError
        said += part
    told = said[1:].decode("utf-8", "replace").strip()
    if not said.startswith(READY):
        raise KnowledgeError(told)
    return told


def there(control: socket.socket) -> bool:
    """Return whether the other end of a socket is open."""
    try:
        return bool(control.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    except BlockingIOError:
        return True
    except OSError:
        return False


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
    return Reply(head["status"], head["media_type"], body, tuple(head["answers"]))


def died(reason: str, seconds: float) -> Problem:
    if reason == OUT_OF_TIME:
        return Problem(503, f"this takes longer than {seconds:g} seconds and was stopped")
    if reason == OUT_OF_MEMORY:
        return Problem(503, "this takes more memory than it may have and was stopped")
    return Problem(503, "this could not be finished and was stopped")


def unusable() -> Problem:
    return Problem(
        503, "the server's knowledge cannot be used", headers={"Retry-After": str(int(AGAIN))}
    )


def starting_again() -> Problem:
    detail = "the server is starting again; ask once more"
    return Problem(503, detail, headers={"Retry-After": "5"})


def busy() -> Problem:
    return Problem(503, "too many requests are waiting", headers={"Retry-After": "5"})
