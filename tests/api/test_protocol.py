"""Heads are bounded in bytes and in time, and nobody's answer is waited for without end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn

from covergraph.api import protocol
from covergraph.api.protocol import LONGEST_HEAD, BoundedProtocol

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bytes]]


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the length of the body, or with as many bytes as the path says."""
    size = 0
    while scope["method"] == "POST":
        message = await receive()
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    body = b"x" * int(scope["path"][1:] or 0) or str(size).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


def talked(talk: Talk) -> bytes:
    """Return what a talk with a server on a socket of its own comes to."""

    async def run() -> bytes:
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            config = uvicorn.Config(
                application, http=BoundedProtocol, lifespan="off", log_level="critical"
            )
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve([listening]))
            while not server.started:
                await asyncio.sleep(0.01)
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            try:
                return await asyncio.wait_for(talk(reader, writer), 20)
            finally:
                writer.close()
                server.should_exit = True
                await serving

    return asyncio.run(run())


def sending(*parts: bytes, pause: float = 0.0) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(pause)
        except ConnectionError:
            pass
        return await reader.read()

    return talk


def test_head_within_its_bound_is_read_and_a_long_body_with_it() -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 300000\r\nA: "
    head += b"a" * (LONGEST_HEAD - len(head) - 100) + b"\r\n\r\n"
    answer = talked(sending(head + b"b" * 300_000))
    assert answer.startswith(b"HTTP/1.1 200") and b"300000" in answer


@pytest.mark.parametrize("end", [b"", b"\r\n\r\n"])
@pytest.mark.parametrize("size", [LONGEST_HEAD + 10, 4_000_000])
def test_head_above_its_bound_is_refused_before_anything_else(size: int, end: bytes) -> None:
    if not end and size < LONGEST_HEAD + protocol.PIECE:
        size = LONGEST_HEAD + 2 * protocol.PIECE
    answer = talked(sending(b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * size + end))
    assert answer.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
    assert answer.count(b"HTTP/1.1") == 1


def test_many_headers_count_together() -> None:
    lines = b"".join(b"A%d: %s\r\n" % (n, b"a" * 90) for n in range(200))
    answer = talked(sending(b"GET / HTTP/1.1\r\nHost: x\r\n" + lines + b"\r\n"))
    assert answer.startswith(b"HTTP/1.1 431")


def test_requests_one_behind_the_other_are_all_answered() -> None:
    one = b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 9000 + b"\r\n\r\n"
    last = one.replace(b"Host: x", b"Host: x\r\nConnection: close")
    assert talked(sending(one + one + last)).count(b"HTTP/1.1 200") == 3


def test_head_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.3)
    slow = sending(*[b"GET / HTTP/1.1\r\n", *[b"A: a\r\n"] * 40], pause=0.05)
    assert talked(slow).startswith(b"HTTP/1.1 408")
    assert talked(sending(b"")) == b"", "who says nothing is told nothing"


def test_caller_who_does_not_read_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "WRITE_SECONDS", 0.3)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"GET /50000000 HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.sleep(1.5)
        got = b""
        try:
            while part := await reader.read(2**20):
                got += part
        except ConnectionError:
            pass
        return got

    assert len(talked(talk)) < 50_000_000
