"""What uvicorn leaves open: how long a head may be, and how long anybody may take.

A header is put together in memory piece by piece before the application hears of it, so its
bound belongs here. Nothing is waited for without end: not for a head, not for a caller to take
what was sent. (The body of a request has its time in ``bodies``.)
"""

from __future__ import annotations

from asyncio import TimerHandle, Transport
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .problems import MEDIA_TYPE, Problem

# The bytes of the longest head: the line of the request with all its headers.
LONGEST_HEAD = 16 * 2**10
PIECE = 4 * 2**10
HEAD_SECONDS, WRITE_SECONDS, LINGER_SECONDS = 10.0, 30.0, 2.0
TOO_LONG = Problem(431, f"the headers are longer than {LONGEST_HEAD} bytes")
TOO_SLOW = Problem(408, "the headers did not come in time")


class BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 with a bound on heads and on the time that either end takes."""

    head: int | None = 0
    refused = False
    head_timer: TimerHandle | None = None
    write_timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        # In pieces, so that no more of a head than its bound is ever put together.
        for start in range(0, len(data), PIECE):
            if self.refused or self.transport.is_closing():
                return
            piece, before = data[start : start + PIECE], self.head
            super().data_received(piece)
            # A head that ended, or began, within this piece is counted when it is whole.
            if before is not None and self.head is not None and self.head >= before:
                self.head = before + len(piece)
                if self.head > LONGEST_HEAD:
                    self._refuse(TOO_LONG)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.head = 0
        self._expect_head()

    def on_headers_complete(self) -> None:
        if self.refused:
            return
        self.head = None
        if self.head_timer is not None:
            self.head_timer.cancel()
        if len(self.url) + sum(len(k) + len(v) + 4 for k, v in self.headers) > LONGEST_HEAD:
            self._refuse(TOO_LONG)
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self.refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self.refused:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        # What still comes of a body that nobody reads would keep the connection for ever.
        if self.cycle.response_complete and self.cycle.more_body:
            self._expect_head()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.write_timer = self.loop.call_later(WRITE_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.write_timer is not None:
            self.write_timer.cancel()

    def _expect_head(self) -> None:
        if self.head_timer is not None:
            self.head_timer.cancel()
        self.head_timer = self.loop.call_later(HEAD_SECONDS, self._late)

    def _late(self) -> None:
        if not self.transport.is_closing():
            # Nothing is said to who has said nothing.
            if self.head:
                self._refuse(TOO_SLOW)
            else:
                self.transport.close()

    def _refuse(self, problem: Problem) -> None:
        """Send a problem, unless an earlier answer is on its way, and hang up."""
        self.refused = True
        self._stop()
        cycle: Any = self.cycle
        if (cycle is None or cycle.response_complete) and self.transport.can_write_eof():
            self.transport.write(written(problem))
            self.transport.write_eof()
            # What is still on its way is thrown away: to close on it would take the answer with it.
            self.loop.call_later(LINGER_SECONDS, self.transport.abort)
        else:
            self.transport.close()

    def _stop(self) -> None:
        for timer in (self.head_timer, self.write_timer):
            if timer is not None:
                timer.cancel()


def written(problem: Problem) -> bytes:
    """Return a problem as the bytes of a whole answer."""
    body = problem.body()
    head = (
        f"HTTP/1.1 {problem.status} {problem.title}\r\n"
        f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\n"
        "cache-control: no-store\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
