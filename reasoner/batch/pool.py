"""A pool of processes that decide chunks, and survive what a record may do to one of them.

Each process has a socket and at most two chunks: the one it decides and the next. The
parent neither waits for a process nor lets one wait: what does not fit into a socket is
sent when it does. A process that dies gives its chunk back, and a fresh one decides that
chunk with a process for each record, so that the record that kills is known, is refused,
and takes nothing with it.
"""

from __future__ import annotations

import os
import pickle
import selectors
import signal
import socket
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from struct import Struct
from typing import Any

from ..collector import shared
from ..errors import CovergraphError
from .decider import Decider, RecordLines, graph_keys, reject
from .records import Chunk, Record, Result, chunk_digest

# The chunk that is decided and the next one.
HELD = 2
# A chunk that ends so many processes is no record's doing.
MOST_DEATHS = 3
# Seconds of processor time that a record may take.
LONGEST = 120.0
_SIZE = Struct("<Q")

Done = Callable[[Chunk, bytes, Result], None]


@dataclass
class Task:
    """A chunk to decide, and how many processes have died on it."""

    chunk: Chunk
    deaths: int = 0


@dataclass(eq=False)
class Worker:
    """A process, what it was given and has not answered, and what is still to be sent to it."""

    process: BaseProcess
    line: socket.socket
    held: deque[Task] = field(default_factory=deque)
    outgoing: deque[memoryview] = field(default_factory=deque)
    incoming: bytearray = field(default_factory=bytearray)


def decide_all(
    chunks: Iterator[Chunk], jobs: int, decider: Decider, done: Done, tick: Callable[[], None]
) -> None:
    """Decide every chunk in so many processes.

    Parameters
    ----------
    done : callable
        Takes each chunk with the digest of its records and its results, in any order.
    tick : callable
        Called several times a second.

    Raises
    ------
    CovergraphError
        When processes die whatever they are given.
    """
    # A write to a process that has died must be an error here and not the end of the program.
    before = signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    pool = Pool(chunks, decider, done)
    try:
        with shared():
            for _ in range(jobs):
                pool.hire()
            while pool.busy():
                pool.turn()
                tick()
    finally:
        pool.dismiss()
        signal.signal(signal.SIGPIPE, before)


class Pool:
    """The processes and the work that is left."""

    def __init__(self, chunks: Iterator[Chunk], decider: Decider, done: Done) -> None:
        self.chunks, self.decider, self.done = chunks, decider, done
        self.again: deque[Task] = deque()
        self.workers: list[Worker] = []
        self.selector = selectors.DefaultSelector()
        self.exhausted = False

    def hire(self) -> None:
        """Start a process."""
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        # A process that inherits the parent's ends would keep its siblings from noticing that
        # the parent is gone.
        parents = [ours, *(w.line for w in self.workers)]
        process = get_context("fork").Process(
            target=work, args=(theirs, parents, self.decider), daemon=True
        )
        process.start()
        theirs.close()
        ours.setblocking(False)
        worker = Worker(process, ours)
        self.workers.append(worker)
        self.selector.register(ours, selectors.EVENT_READ, worker)

    def busy(self) -> bool:
        """Give out work; say whether any is left or under way."""
        for _ in range(HELD):
            for worker in self.workers:
                if len(worker.held) < HELD and (task := self._next()):
                    self._give(worker, task)
        return any(w.held for w in self.workers)

    def _next(self) -> Task | None:
        if self.again:
            return self.again.popleft()
        if self.exhausted:
            return None
        chunk = next(self.chunks, None)
        self.exhausted = chunk is None
        return Task(chunk) if chunk else None

    def _give(self, worker: Worker, task: Task) -> None:
        worker.held.append(task)
        message = pickle.dumps((task.chunk, task.deaths > 0), pickle.HIGHEST_PROTOCOL)
        worker.outgoing += memoryview(_SIZE.pack(len(message))), memoryview(message)
        self._send(worker)

    def _send(self, worker: Worker) -> None:
        while worker.outgoing:
            part = worker.outgoing.popleft()
            try:
                sent = worker.line.send(part)
            except BlockingIOError:
                sent = 0
            except OSError:
                # It has died; reading from it will say so.
                worker.outgoing.clear()
                break
            if sent < len(part):
                worker.outgoing.appendleft(part[sent:])
                break
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if worker.outgoing else 0)
        self.selector.modify(worker.line, events, worker)

    def turn(self) -> None:
        """Send and take in what there is."""
        for key, events in self.selector.select(timeout=0.2):
            worker: Worker = key.data
            if events & selectors.EVENT_WRITE:
                self._send(worker)
            if events & selectors.EVENT_READ:
                self._receive(worker)

    def _receive(self, worker: Worker) -> None:
        try:
            part = worker.line.recv(1 << 20)
        except BlockingIOError:
            return
        except OSError:
            part = b""
        if not part:
            self._bury(worker)
            return
        held = worker.incoming
        held += part
        while len(held) >= _SIZE.size:
            end = _SIZE.size + _SIZE.unpack_from(held)[0]
            if len(held) < end:
                break
            digest, result = pickle.loads(bytes(held[_SIZE.size : end]))
            del held[:end]
            self.done(worker.held.popleft().chunk, digest, Result(*result))

    def _bury(self, worker: Worker) -> None:
        """Take back what a dead process held, and start another."""
        self.selector.unregister(worker.line)
        worker.line.close()
        worker.process.join()
        self.workers.remove(worker)
        for at, task in enumerate(worker.held):
            # It was deciding the first; the others it had not begun.
            task.deaths += at == 0
            if task.deaths >= MOST_DEATHS:
                code = worker.process.exitcode
                raise CovergraphError(
                    f"the processes that decide die (exit code {code}) even with one record each"
                )
            self.again.append(task)
        if self.again or not self.exhausted:
            self.hire()

    def dismiss(self) -> None:
        """End every process."""
        for worker in self.workers:
            worker.line.close()
        for worker in self.workers:
            if worker.held:
                worker.process.terminate()
            worker.process.join()
        self.selector.close()


# --- In the process ------------------------------------------------------------------------


def work(line: socket.socket, parents: list[socket.socket], decider: Decider) -> None:
    """Decide chunks until the parent is gone."""
    # Ctrl-C reaches the whole group; the parent ends it in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for end in parents:
        end.close()
    try:
        while True:
            chunk, alone = received(line)
            decide = isolated if alone else timed
            outcomes = [decide(decider, record) for record in chunk.records]
            result = decider.result(chunk, outcomes)
            message = pickle.dumps(
                (chunk_digest(chunk.records), tuple(result)), pickle.HIGHEST_PROTOCOL
            )
            line.sendall(_SIZE.pack(len(message)) + message)
    except (EOFError, OSError):
        # Nobody is left to answer.
        os._exit(0)


def received(line: socket.socket) -> tuple[Chunk, bool]:
    chunk, alone = pickle.loads(exactly(line, _SIZE.unpack(exactly(line, _SIZE.size))[0]))
    return Chunk(*chunk), alone


def exactly(line: socket.socket, size: int) -> bytes:
    data = bytearray(size)
    view, at = memoryview(data), 0
    while at < size:
        got = line.recv_into(view[at:])
        if not got:
            raise EOFError
        at += got
    return bytes(data)


def timed(decider: Decider, record: Record) -> RecordLines:
    """Decide one record; past its time the system ends the process, whatever it is doing."""
    signal.setitimer(signal.ITIMER_PROF, LONGEST)
    outcome = decider.outcome(record)
    signal.setitimer(signal.ITIMER_PROF, 0)
    return outcome


def isolated(decider: Decider, record: Record) -> RecordLines:
    """Decide one record in a process of its own, and say so if it dies."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            with open(writing, "wb") as file:
                pickle.dump(tuple(timed(decider, record)), file)
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as file:
        told = file.read()
    _, status = os.waitpid(child, 0)
    if told and not os.WIFSIGNALED(status):
        found: tuple[Any, ...] = pickle.loads(told)
        return RecordLines(*found)
    how = "the process that decided it ended"
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        late = os.WTERMSIG(status) == signal.SIGPROF
        how = f"took more than {LONGEST:.0f} seconds" if late else f"{how} by {name}"
    graphs = [record.graph] if record.graph else []
    return RecordLines([], [], [reject(record, how, of="program")], graph_keys(record, graphs))
