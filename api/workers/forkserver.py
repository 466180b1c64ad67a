"""The process that holds the knowledge, and a worker forked from it for every job.

Whatever computes does so in a worker: a page, a lookup, a decision, a query. A worker is a
copy of this process, so it starts in a few milliseconds with everything loaded. It sets
limits on itself, reads one job, writes one answer and is gone; nothing of one caller is
left for the next. One that outlasts its time is killed, and the server, which only waits
for bytes, notices no more than that the answer is a refusal.

The server asks on a socket: one byte that names the kind of job, and with it a
descriptor of the job's own channel. On that channel the server writes the job and reads
the answer; what ends a worker early is told there in its stead.

There are two fork servers, the second a copy of the first: one for pages, lookups and
decisions, which is ready soon, and one for queries, which has a view to derive first.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from covergraph.collector import collect_never, settle
from covergraph.errors import CovergraphError, KnowledgeError

from .limits import Limits, confine

if TYPE_CHECKING:
    from .base import Jobs

MEBIBYTE = 2**20
# The kinds of job, each with what it may use.
KINDS = {
    b"p": Limits(seconds=10.0, memory=512 * MEBIBYTE, answer=32 * MEBIBYTE, nice=2),
    b"d": Limits(seconds=10.0, memory=512 * MEBIBYTE, answer=32 * MEBIBYTE, nice=5),
    # What nobody waits for yet.
    b"a": Limits(seconds=20.0, memory=512 * MEBIBYTE, answer=32 * MEBIBYTE, nice=15),
    b"q": Limits(
        seconds=float(os.environ.get("COVERGRAPH_QUERY_SECONDS", "5")),
        memory=256 * MEBIBYTE,
        answer=10 * MEBIBYTE,
        nice=5,
    ),
}
# The first of what a fork server says of itself: with its knowledge, or why it cannot work.
READY, BROKEN = b".", b"!"
MOST_WORKERS = 32
OUT_OF_TIME, OUT_OF_MEMORY, CRASHED = "time", "memory", "crash"
# A worker says by this status that Python itself ran out of memory.
EXIT_MEMORY = 77


@dataclass(frozen=True)
class RunningJob:
    """A job that a worker does: its channel, and when the worker is killed."""

    channel: socket.socket
    deadline: float


class ForkServer:
    """Forks workers on demand, kills the late ones and tells what became of the others.

    Parameters
    ----------
    control : socket
        Where the server asks.
    jobs : Jobs
        What workers do.
    digest : str
        The digest of the knowledge that they do it by.
    """

    def __init__(self, control: socket.socket, jobs: Jobs, digest: str) -> None:
        self.control, self.jobs, self.digest = control, jobs, digest
        self.workers: dict[int, RunningJob] = {}

    def run(self) -> None:
        """Serve until the server is gone."""
        settle()
        woken, wake = socket.socketpair()
        for end in (woken, wake):
            end.setblocking(False)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        selector = selectors.DefaultSelector()
        selector.register(self.control, selectors.EVENT_READ)
        selector.register(woken, selectors.EVENT_READ)
        with contextlib.suppress(BrokenPipeError):
            self.control.sendall(READY + self.digest.encode() + b"\n")
        while True:
            selector.select(self._next_deadline())
            with contextlib.suppress(BlockingIOError):
                woken.recv(4096)
            self._bury()
            self._kill_late()
            if not self._accept(selector):
                break
        signal.set_wakeup_fd(-1)
        for pid in self.workers:
            os.kill(pid, signal.SIGKILL)

    def _next_deadline(self) -> float | None:
        if not self.workers:
            return None
        first = min(c.deadline for c in self.workers.values())
        return max(0.0, first - time.monotonic())

    def _accept(self, selector: selectors.BaseSelector) -> bool:
        """Fork for one job that waits, if one does; return whether the server is still there."""
        self.control.setblocking(False)
        try:
            kind, descriptors, _, _ = socket.recv_fds(self.control, 1, 1)
        except BlockingIOError:
            return True
        finally:
            self.control.setblocking(True)
        if not kind:
            return False
        if not descriptors:
            # Too many are open here; this one is closed with that, and the server sees it.
            return True
        channel = socket.socket(fileno=descriptors[0])
        limits = KINDS[kind]
        if len(self.workers) >= MOST_WORKERS:
            tell(channel, CRASHED)
            return True
        try:
            pid = os.fork()
        except OSError:
            tell(channel, CRASHED)
            return True
        if pid == 0:
            selector.close()
            self._work(channel, limits)
        self.workers[pid] = RunningJob(channel, time.monotonic() + limits.seconds)
        return True

    def _work(self, channel: socket.socket, limits: Limits) -> NoReturn:
        """Do one job in a worker, and end it."""
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            collect_never()
            # Other callers' channels are none of this job's business.
            for worker in self.workers.values():
                worker.channel.close()
            self.control.close()
            with channel, channel.makefile("rwb") as stream:
                job = json.loads(stream.readline())
                body = stream.read()
                confine(limits)
                answer = self.jobs.do(job, body, limits)
                head = answer.head() | {"length": len(answer.body)}
                stream.write(json.dumps(head).encode() + b"\n")
                stream.write(answer.body)
            status = 0
        except MemoryError:
            status = EXIT_MEMORY
        except BaseException as error:
            # Where it was, and never what it said: that may hold a caller's words.
            report(error)
        finally:
            os._exit(status)

    def _bury(self) -> None:
        """Take leave of the workers that have ended, and say so for those that died."""
        while self.workers:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            worker = self.workers.pop(pid, None)
            if worker is None:
                continue
            code = os.waitstatus_to_exitcode(status)
            if code != 0:
                tell(worker.channel, reason(code, late=time.monotonic() >= worker.deadline))
            worker.channel.close()

    def _kill_late(self) -> None:
        now = time.monotonic()
        for pid, worker in self.workers.items():
            if now >= worker.deadline:
                os.kill(pid, signal.SIGKILL)


def reason(code: int, late: bool) -> str:
    """Return why a worker died: what it ran out of, or that it crashed."""
    if code in (-signal.SIGXCPU, -signal.SIGKILL) and (late or code == -signal.SIGXCPU):
        return OUT_OF_TIME
    # Engines in native code abort when an allocation fails.
    if code in (EXIT_MEMORY, -signal.SIGABRT, -signal.SIGKILL):
        return OUT_OF_MEMORY
    return CRASHED


def tell(channel: socket.socket, died: str) -> None:
    """Write what a worker died of in place of its answer; a reader that is gone hears nothing."""
    try:
        channel.setblocking(False)
        channel.send(json.dumps({"died": died}).encode() + b"\n")
    except OSError:
        pass


def report(error: BaseException) -> None:
    """Write the kind of an error and the place in our own code to standard error."""
    print(f"covergraph: {placed(error)}", file=sys.stderr, flush=True)


def placed(error: BaseException) -> str:
    """Return the kind of an error and its place in the code; its words may hold a caller's."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
    return f"{type(error).__name__} at {place}"


def main() -> None:
    """Run the fork servers on the sockets whose descriptors are the arguments."""
    # Imported here, so that a server that only talks to workers loads none of it.
    from covergraph.knowledge.base import knowledge, knowledge_root
    from covergraph.knowledge.manifest import departure

    from .jobs import ReasonerJobs
    from .queries import QueryJobs

    # What is meant for the server reaches its whole group; it ends this process when it is done.
    for meant in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(meant, signal.SIG_IGN)
    work, questions = (socket.socket(fileno=int(number)) for number in sys.argv[1:])
    asked = [work, questions]
    try:
        # First, so that a file which is damaged is told as that.
        if told := departure(knowledge_root()):
            raise KnowledgeError(told)
        known = knowledge()
        other = os.fork()
        if other == 0:
            # While it derives its view, others ask for pages.
            os.nice(5)
            asked = [questions]
            work.close()
            server = ForkServer(questions, QueryJobs(known), known.digest)
        else:
            asked = [work]
            questions.close()
            server = ForkServer(work, ReasonerJobs(known), known.digest)
    except Exception as error:
        for control in asked:
            with contextlib.suppress(OSError):
                control.sendall(BROKEN + cause(error).encode() + b"\n")
        sys.exit(1)
    server.run()
    if other:
        end(other)
    # At once: to take down a heap of this size object by object would only keep the server.
    os._exit(0)


def end(pid: int) -> None:
    """Wait a moment until the other fork server ends too; while it loads, it does not hear."""
    for _ in range(20):
        try:
            if os.waitpid(pid, os.WNOHANG) != (0, 0):
                return
        except ChildProcessError:
            return
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)


def cause(error: Exception) -> str:
    """Return in one line why the knowledge cannot be used."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {(error.strerror or 'cannot be read').lower()}"
    told = str(error) if isinstance(error, CovergraphError) else placed(error)
    return " ".join(told.split())


if __name__ == "__main__":
    main()
