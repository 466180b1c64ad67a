"""What routes ask of the workers, and how their answers are sent."""

from __future__ import annotations

import asyncio
import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from covergraph.days import day_written

from .cache import Cache
from .keeping import IDS, Keeper
from .metrics import Metrics
from .models import LookupQuery
from .negotiation import JSON, LONGEST, RESOURCE, chosen
from .problems import Problem
from .settings import Settings
from .workers.client import Reply, Workers

# The knowledge changes when a server is started with another; a client may ask again soon.
UNCHANGING = "public, max-age=300"
PRIVATE = "private, max-age=300"
NEVER = "no-store"
ANY_DAY = b"0000-00-00"
LOOKUPS_KEPT = 20 * 2**20
TAG = '"cg-'
LOOKUP_WORDS = frozenset(LookupQuery.model_fields)
_PLAIN = re.compile(r"[A-Za-z0-9.-]{1,64}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Pairs: TypeAlias = list[tuple[str, str]]
# Media type, code, day, payer, diagnosis.
LookupKey: TypeAlias = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class LookupPage:
    """A page that serves every day of the same editions, and its digest."""

    answer: Reply
    digest: str


class Service:
    """The workers behind a server, and the pages that they have written."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.workers = Workers()
        self.metrics = Metrics()
        self.keeper = Keeper(settings.decisions) if settings.decisions else None
        self.writing: dict[str, asyncio.Task[Reply]] = {}
        self.lookups: Cache[LookupKey, LookupPage] = Cache(most_bytes=LOOKUPS_KEPT)
        self.turning_days: list[str] = []
        self.payers: list[str] = []
        # The days and payers for which the lookups of every code were written.
        self.shelves: set[tuple[str, str]] = set()

    async def page(self, request: Request, do: str, lane: str = "page", **words: Any) -> Response:
        """Answer with a page that does not change while the server runs."""
        answer = await self.written(job_of(request, do, words), lane)
        return self.unchanging(answer.body, answer.media_type, tag_of(answer.body))

    async def lookup(self, request: Request, asked: LookupQuery) -> Response:
        """Answer a lookup from the page that serves every day of the same editions.

        A page is written once for a code and the editions in force; the day is put in after.
        """
        await self._know_days()
        media_type = offered(request.headers.get("accept", ""))
        if media_type is None:
            raise Problem(406, "none of the accepted types is offered", hint=", ".join(RESOURCE))
        words = asked.model_dump(exclude_none=True)
        key = self._lookup_key(words, media_type)
        page = self.lookups.get(key) or await self._from_shelf(key)
        if page is None:
            job = {**words, "do": "coverage", "accept": media_type}
            answer = await self.written(job | {"code": key[1], "date": key[2] or asked.date})
            page = self._kept(key, answer)
        headers, body = self._dated(page, asked.date)
        return Response(body, headers=dict(headers))

    async def _from_shelf(self, key: LookupKey) -> LookupPage | None:
        """Return a lookup after writing those of all codes with it, if that was not done yet.

        The form is the one that nearly everybody asks for; the others are written one by one.
        """
        media_type, _, day, payer, diagnosis = key
        if media_type != JSON or not day or diagnosis or (day, payer) in self.shelves:
            return None
        with suppress(Problem):
            await self._shelve(day, payer, "page")
        return self.lookups.get(key)

    async def _shelve(self, day: str, payer: str, lane: str) -> None:
        job = {"do": "shelf", "accept": JSON, "date": day}
        answer = await self.written(job | ({"payer": payer} if payer else {}), lane)
        if (day, payer) not in self.shelves:
            self.shelves.add((day, payer))
            for code, body in pages_of(answer.body):
                self._kept((JSON, code, day, payer, ""), Reply(answer.status, JSON, body))

    async def write_ahead(self) -> None:
        """Write the lookups of every code under each payer before anybody asks, latest first."""
        with suppress(Problem):
            await self._know_days()
            for day in reversed(self.turning_days):
                for payer in self.payers:
                    if (day, payer) not in self.shelves:
                        await self._shelve(day, payer, "ahead")

    async def _know_days(self) -> None:
        if not self.turning_days:
            found = json.loads((await self.written({"do": "turning days"})).body)
            self.turning_days, self.payers = found["days"], found["payers"]

    def _kept(self, key: LookupKey, answer: Reply) -> LookupPage:
        """Return an answer as a lookup, and keep it if it serves more than one day."""
        page = LookupPage(answer, sha256(answer.body).hexdigest()[:32])
        if key[2]:
            self.lookups.keep(key, page, len(answer.body))
        return page

    def remembered_lookup(self, query: bytes, accept: bytes) -> tuple[Pairs, bytes] | None:
        """Return the answer to a lookup whose page is written already, if it is plain to read.

        This is how most lookups are answered, so it takes no way round: what is not written
        in the one plain way goes through the route and its checks.
        """
        words = {}
        for part in query.decode("latin-1").split("&"):
            name, _, value = part.partition("=")
            if name in words or name not in LOOKUP_WORDS or not _PLAIN.fullmatch(value):
                return None
            words[name] = value
        if "code" not in words or not _DAY.fullmatch(words.get("date", "")):
            return None
        media_type = offered(accept.decode("latin-1"))
        if media_type is None or not is_day(words["date"]):
            return None
        page = self.lookups.get(self._lookup_key(words, media_type))
        return self._dated(page, words["date"]) if page else None

    def _lookup_key(self, words: dict[str, str], media_type: str) -> LookupKey:
        """Return what a page serves; the day in it is the first of the same editions, if known."""
        turn = max(bisect_right(self.turning_days, words["date"]) - 1, 0)
        known = self.turning_days[turn] if self.turning_days and is_day(words["date"]) else ""
        payer, diagnosis = words.get("payer", ""), words.get("diagnosis", "")
        return media_type, words["code"].upper(), known, payer, diagnosis.upper()

    def _dated(self, page: LookupPage, day: str) -> tuple[Pairs, bytes]:
        body = page.answer.body.replace(ANY_DAY, day.encode())
        return self._headers(page.answer.media_type, f'{TAG}{page.digest}{day}"'), body

    async def written(self, job: dict[str, Any], lane: str = "page") -> Reply:
        """Have a page written; callers who ask for the same one at once wait for one worker."""
        key = json.dumps(job, sort_keys=True)
        task = self.writing.get(key)
        if task is None:
            task = asyncio.create_task(self.workers.do(lane, job))
            self.writing[key] = task
            task.add_done_callback(lambda done: self._written_by(key, done))
        return await asyncio.shield(task)

    def _written_by(self, key: str, done: asyncio.Task[Reply]) -> None:
        """Forget a task that has ended; how, is known, whether anybody still waits or not."""
        self.writing.pop(key, None)
        if not done.cancelled():
            done.exception()

    def unchanging(self, body: bytes, media_type: str, tag: str) -> Response:
        """Return a response that can be remembered, here and by others."""
        return Response(body, headers=dict(self._headers(media_type, tag)))

    def _headers(self, media_type: str, tag: str) -> Pairs:
        return [
            ("content-type", with_charset(media_type)),
            ("etag", tag),
            ("cache-control", PRIVATE if self.settings.keys else UNCHANGING),
            ("vary", "Accept"),
        ]

    async def work(self, lane: str, job: dict[str, Any], body: bytes, holder: str = "") -> Response:
        """Answer with what a worker makes of a body; no cache keeps it.

        Decisions among it are counted, and where they are to be kept, are kept before they are
        told.
        """
        if self.keeper is not None:
            job = {**job, "keep": True}
        answer = await self.workers.do(lane, job, body)
        headers = {
            "Content-Type": with_charset(answer.media_type),
            "Cache-Control": NEVER,
            "Vary": "Accept",
        }
        if self.keeper is not None and answer.answers:
            headers[IDS] = ", ".join(await self.keeper.keep(answer.answers, holder))
        self.metrics.decided(answer.answers)
        return Response(answer.body, headers=headers)

    async def kept(self, id: str, holder: str) -> Response:
        """Answer with a decision that was kept, to whose key asked for it."""
        if self.keeper is None:
            raise Problem(404, "this server keeps no decisions")
        found = (await self.keeper.find(id, holder)).told()
        body = json.dumps(found, ensure_ascii=False).encode()
        return Response(body, headers={"Content-Type": JSON, "Cache-Control": NEVER})


def pages_of(shelf: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the pages of a shelf with their codes."""
    first, _, pages = shelf.partition(b"\n")
    start = 0
    for code, length in json.loads(first).items():
        yield code, pages[start : start + length]
        start += length


def tag_of(body: bytes) -> str:
    """Return the strong entity tag of a representation that can be remembered."""
    return f'{TAG}{sha256(body).hexdigest()[:32]}"'


def offered(accept: str) -> str | None:
    """Return the form of a resource that a caller likes best; None when it takes none."""
    return _offered(accept[:LONGEST])


@lru_cache(maxsize=256)
def _offered(accept: str) -> str | None:
    found = chosen(accept, RESOURCE)
    return found[0] if found else None


def job_of(request: Request, do: str, words: dict[str, Any]) -> dict[str, Any]:
    return {"do": do, "accept": request.headers.get("accept", ""), **words}


def is_day(text: str) -> bool:
    try:
        day_written(text)
    except ValueError:
        return False
    return True


def with_charset(media_type: str) -> str:
    return f"{media_type};charset=utf-8" if media_type.startswith("text/") else media_type
