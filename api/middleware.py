"""What surrounds every request: keys, methods, memory, errors and the log.

Plain ASGI, because it runs for every answer. What never changes is remembered in the
bytes it was sent in, so that most lookups come from here. Nothing that fails further in
gets out as anything but a problem, and the log holds the route, never the address: that
may carry a caller's words.
"""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from starlette.routing import Match, Mount, Router

from covergraph.errors import KnowledgeError

from .cache import Cache
from .guesses import Door
from .keys import HOLDER, presented
from .negotiation import HTML, LONGEST, prefers_page
from .pages.render import ASSETS, GUARDS, refusal
from .problems import MEDIA_TYPE, Problem
from .service import TAG, Service
from .settings import is_address, is_loopback
from .workers.client import busy
from .workers.forkserver import report

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

# What anybody may see: that the server is up, and what dresses the page that says no.
OPEN = frozenset({"/health", "/live", "/ready", *(f"/pages/{name}" for name in ASSETS)})
PAGES_KEPT = 12 * 2**20
LOOKUPS = "/coverage"
# What a machine has run out of: descriptors or memory, which others give back soon.
SPENT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN})
METHODS = ("GET", "HEAD", "POST", "OPTIONS")
SAFE: Headers = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer")]
log = logging.getLogger("covergraph.access")


@dataclass(frozen=True)
class Page:
    """An answer as it was sent."""

    headers: Headers
    body: bytes
    etag: bytes


class Middleware:
    """The application with all that surrounds it.

    Parameters
    ----------
    app : ASGI application
        What answers.
    router : Router
        Its routes, to say which methods an address allows.
    service : Service
        What remembers lookups, and knows who may ask: everybody, where there are no keys.
    """

    def __init__(self, app: App, router: Router, service: Service) -> None:
        self.app, self.router, self.service = app, router, service
        self.keys = service.settings.keys
        self.door = Door(self.keys)
        self.pages: Cache[tuple[str, bytes, bytes], Page] = Cache(most_bytes=PAGES_KEPT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._lifespan(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._answer(scope, receive, noted)
        except Problem as problem:
            await refuse(noted, problem, prefers_page(accepted(scope)))
        except Exception as error:
            spent = isinstance(error, OSError) and error.errno in SPENT
            if not spent:
                report(error)
            if not status:
                failed = busy() if spent else Problem(500, "the server failed")
                await refuse(noted, failed, prefers_page(accepted(scope)))
        finally:
            route = getattr(scope.get("route"), "path", "-")
            taken = time.perf_counter() - began
            method = scope["method"] if scope["method"] in METHODS else "other"
            self.service.metrics.answered(method, route, status, taken)
            log.info("%s %s %d %.1f ms", scope["method"], route, status, taken * 1000)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Start and end; a server that cannot start says why in a line."""

        async def plain(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed" and self.service.workers.broken:
                message = {**message, "message": f"covergraph: {self.service.workers.broken}"}
            await send(message)

        with suppress(KnowledgeError):
            await self.app(scope, receive, plain)

    def _admit(self, scope: Scope) -> None:
        """Let in who may ask, and say in the request whose key it was.

        Raises
        ------
        Problem
            400, 401 or 429 for a key; 403 where there are no keys, and the caller is not on this
            machine: whoever starts the server in whatever way, it is not open to others then.
        """
        client = (scope.get("client") or ("", 0))[0]
        if not self.keys:
            here = (scope.get("server") or ("", 0))[0]
            if not (is_local(client) and is_local(here)):
                raise Problem(403, "without API keys only callers on this machine are answered")
            return
        if scope["path"] in OPEN:
            return
        holder = self.door.holder(presented(scope["headers"]), client)
        if holder is None:
            raise Problem(
                401,
                "an API key is needed",
                hint="send it as Authorization: Bearer KEY",
                headers={"WWW-Authenticate": "Bearer"},
            )
        scope.setdefault("state", {})[HOLDER] = holder

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._admit(scope)
        method = scope["method"]
        headers = dict(scope["headers"])
        if method == "HEAD":
            scope, send = {**scope, "method": "GET"}, _without_body(send)
        elif method != "GET":
            allowed = self._allowed(scope)
            if method == "OPTIONS" and allowed:
                await _send(send, 204, [(b"allow", ", ".join(allowed).encode())], b"")
                return
            if allowed and method not in allowed:
                raise not_allowed(allowed)
            await self.app(scope, receive, send)
            return
        await self._get(scope, headers, receive, send)

    async def _get(
        self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, send: Send
    ) -> None:
        key = (scope["path"], scope["query_string"], headers.get(b"accept", b""))
        asked = headers.get(b"if-none-match", b"")
        # A page holds its day, and is remembered like any other.
        lookup = key[0] == LOOKUPS and not prefers_page(accepted(scope))
        page = self._lookup(*key[1:]) if lookup else self.pages.get(key)
        if page is None:
            allowed = self._allowed(scope)
            if allowed and "GET" not in allowed:
                raise not_allowed(allowed)
            caught = _Caught(send)
            await self.app(scope, receive, caught)
            page = caught.page()
            if page is None:
                return
            # What is accepted counts as it is kept; past its first part nobody has read it.
            if not lookup and len(key[2]) <= LONGEST:
                self.pages.keep(key, page, len(page.body) + sum(map(len, key)))
        if asked and _matches(asked, page.etag):
            kept = [h for h in page.headers if h[0] not in (b"content-type", b"content-length")]
            await _send(send, 304, kept, None)
        else:
            await _send(send, 200, page.headers, page.body)

    def _lookup(self, query: bytes, accept: bytes) -> Page | None:
        """Return a lookup that the service remembers; it knows its days, the memory does not."""
        found = self.service.remembered_lookup(query, accept)
        if found is None:
            return None
        pairs, body = found
        headers = [(k.encode(), v.encode()) for k, v in pairs]
        headers.append((b"content-length", str(len(body)).encode()))
        return Page(headers, body, dict(headers)[b"etag"])

    def _allowed(self, scope: Scope) -> list[str]:
        """Return the methods that an address answers to; none where not found: no such address."""
        found: set[str] = set()
        for method in ("GET", "POST"):
            probe = {**scope, "method": method}
            routes = [r for r in self.router.routes if method == "GET" or not isinstance(r, Mount)]
            if any(r.matches(probe)[0] is Match.FULL for r in routes):
                found |= {method, "OPTIONS"} | ({"HEAD"} if method == "GET" else set())
        return [m for m in METHODS if m in found]


def accepted(scope: Scope) -> str:
    """Return the Accept header of a call."""
    return str(dict(scope["headers"]).get(b"accept", b"").decode("latin-1"))


class _Caught:
    """Holds back an answer that can be remembered; any other goes straight out."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.start: Message | None = None
        self.parts: list[bytes] = []
        self.etag = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.etag = dict(message["headers"]).get(b"etag", b"")
            # A file of the documentation has a tag of its own and may be long.
            if message["status"] == 200 and self.etag.startswith(TAG.encode()):
                self.start = message
                return
        if self.start is None:
            await self.send(message)
        elif message["type"] == "http.response.body":
            self.parts.append(message.get("body", b""))

    def page(self) -> Page | None:
        if self.start is None:
            return None
        return Page(list(self.start["headers"]), b"".join(self.parts), self.etag)


def is_local(host: str) -> bool:
    """Return whether an end of a connection is on this machine, as any but an address is."""
    return is_loopback(host) or not is_address(host)


def not_allowed(allowed: list[str]) -> Problem:
    listed = ", ".join(allowed)
    return Problem(405, "this method is not allowed here", hint=listed, headers={"Allow": listed})


def _matches(asked: bytes, etag: bytes) -> bool:
    tags = [t.strip().removeprefix(b"W/") for t in asked.split(b",")]
    return etag in tags or b"*" in tags


def _without_body(send: Send) -> Send:
    async def bare(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return bare


async def refuse(send: Send, problem: Problem, as_page: bool = False) -> None:
    """Send a problem, as data or as a page."""
    media_type = f"{HTML};charset=utf-8" if as_page else MEDIA_TYPE
    headers = [(b"content-type", media_type.encode()), (b"cache-control", b"no-store")]
    stated = GUARDS | problem.headers if as_page else problem.headers
    headers += [(k.lower().encode(), v.encode()) for k, v in stated.items()]
    body = refusal(problem) if as_page else problem.body()
    headers.append((b"content-length", str(len(body)).encode()))
    await _send(send, problem.status, headers, body)


async def _send(send: Send, status: int, headers: Headers, body: bytes | None) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *SAFE]})
    await send({"type": "http.response.body", "body": body or b""})
