"""Whatever is measured on a whole process: batches, a cold shell, a server.

Time is what the clock says outside the process; memory is the proportional set size of it and
all its children, so that pages which they share count once.
"""

from __future__ import annotations

import os
import re
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "covergraph.cli"]
EXAMPLE = "data/examples/block-with-gaps.ttl"
UNDER = "centene/cp-mp-171"
TOLD = re.compile(r"(\d+) records read in ([\d.]+) s")
FIRST_ANSWER = 60.0


@dataclass
class Memory:
    """The most that a process and its children held, in MB; 0 where Linux does not say."""

    process: int
    most: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)

    def held(self) -> float:
        return sum(map(proportional, family(self.process))) / 1024

    def watch(self) -> None:
        while not self._stop.wait(0.05):
            self.most = max(self.most, self.held())

    def stop(self) -> None:
        self._stop.set()


def family(process: int) -> list[int]:
    """Return a process and all below it."""
    found = [process]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                found += map(int, task.read_text().split())
            except OSError:
                continue
    return found


def proportional(process: int) -> int:
    """Return the proportional set size of a process, in kB."""
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0
    found = re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)
    return int(found[1]) if found else 0


def processor_of_children() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


@dataclass(frozen=True)
class BatchRun:
    """One run of ``covergraph batch``: what it told, and what it took."""

    requests: int
    jobs: int
    seconds: float
    processor: float
    memory: float

    @property
    def rate(self) -> float:
        return self.requests / self.seconds

    @property
    def per_core(self) -> float:
        return self.requests / self.processor


def batches(sizes: list[tuple[int, int]]) -> Iterator[BatchRun]:
    """Run batches of so many requests with so many processes, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        for count, jobs in sizes:
            source = Path(folder) / f"{count}.nq"
            if not source.exists():
                write = [
                    "-m",
                    "tests.batch.many_requests",
                    str(count),
                    str(source),
                    "--under",
                    UNDER,
                ]
                subprocess.run([sys.executable, *write], cwd=ROOT, check=True)
            run = batch(source, jobs, Path(folder) / f"{count}-{jobs}")
            told = f"batch of {count} with {jobs}: {run.rate:.0f} a second"
            print(told, file=sys.stderr, flush=True)
            yield run


def batch(source: Path, jobs: int, out: Path) -> BatchRun:
    """Run one batch on as many cores as it has processes that decide.

    The process that reads and writes shares these cores: on one of its own it would do its
    part for nothing, and two cores would be compared with more than one.
    """
    before = processor_of_children()
    asked = ["batch", str(source), "--policy", UNDER, "--out", str(out), "--jobs", str(jobs)]
    process = subprocess.Popen(
        [*COMMAND, *asked],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(process.pid, sorted(os.sched_getaffinity(0))[:jobs])
    memory = Memory(process.pid)
    watcher = threading.Thread(target=memory.watch)
    watcher.start()
    _, said = process.communicate()
    memory.stop()
    watcher.join()
    told = TOLD.search(said)
    if process.returncode or told is None:
        raise RuntimeError(f"covergraph batch failed: {said}")
    spent = processor_of_children() - before
    return BatchRun(int(told[1]), jobs, float(told[2]), spent, memory.most)


def cold_shell(times: int, *arguments: str) -> list[tuple[float, float]]:
    """Return seconds on the clock and of the processor of a command that is started anew."""
    found = []
    for _ in range(times + 1):
        before, began = processor_of_children(), time.perf_counter()
        subprocess.run([*COMMAND, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
        took = time.perf_counter() - began
        found.append((took, processor_of_children() - before))
    # The first start fills the file cache.
    return found[1:]


@dataclass(frozen=True)
class Served:
    """A server: seconds to its first answer, the MB it held after so many, what it refused."""

    seconds: float
    memory: float
    answers: int
    refused: int


def has_server() -> bool:
    asked = subprocess.run([*COMMAND, "serve", "--help"], cwd=ROOT, capture_output=True)
    return asked.returncode == 0


@contextmanager
def server(port: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", str(port)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


def served(turtles: list[bytes], answers: int) -> Served:
    """Start a server, wait for its first decision, and ask it for many more."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/decisions?policy={UNDER}"

    def ask(body: bytes) -> None:
        asked = urllib.request.Request(address, body, {"Content-Type": "text/turtle"})
        with urllib.request.urlopen(asked, timeout=30) as answer:
            answer.read()

    def refuses(body: bytes) -> bool:
        try:
            ask(body)
        except urllib.error.HTTPError as error:
            print(f"the server refused: {error.read()!r}", file=sys.stderr)
            return True
        return False

    began = time.perf_counter()
    with server(port) as process:
        while True:
            try:
                ask(turtles[0])
                break
            except urllib.error.HTTPError:
                raise
            except OSError:
                if process.poll() is not None or time.perf_counter() - began > FIRST_ANSWER:
                    raise
                time.sleep(0.01)
        first = time.perf_counter() - began
        refused = sum(refuses(turtles[i % len(turtles)]) for i in range(answers))
        return Served(first, Memory(process.pid).held(), answers - refused, refused)
