"""A real server on a real socket, and a client of it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "data" / "examples"
STARTS_WITHIN = 30.0


@dataclass(frozen=True)
class Server:
    """A server that runs: where, as which process, and where its log is."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pids(self) -> list[int]:
        """Return the server's process and every process below it."""
        found = [self.process.pid]
        for pid in found:
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                found += [int(child) for child in task.read_text().split()]
        return found


def at_rest(server: Server) -> list[int]:
    """Return the processes of a server once no worker is at work, writing pages ahead for one."""
    deadline = time.monotonic() + STARTS_WITHIN
    while len(server.pids) > 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    return server.pids


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(log: Path, *options: str, **environment: str) -> Iterator[Server]:
    """Run ``covergraph serve`` until the block ends."""
    port = free_port()
    command = [sys.executable, "-m", "covergraph.cli", "serve", "--port", str(port), *options]
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=out, stderr=out, env={**os.environ, **environment}
        )
    server = Server(f"http://127.0.0.1:{port}", process, log)
    try:
        deadline = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                httpx.get(f"{server.url}/health")
                break
            except httpx.TransportError:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.05)
        yield server
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("server") / "log"
    with serving(log, "--log", COVERGRAPH_QUERY_SECONDS="2") as running:
        yield running


@pytest.fixture(scope="session")
def client(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=60) as found:
        yield found
