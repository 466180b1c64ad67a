"""The addresses of pages: those of the data, for whoever would rather have HTML.

A page stands at the address of its data and is chosen by what a caller accepts, so that a link
can be followed by a program and by a person. Everybody else gets what they always got. What is
typed into a form is judged behind the same walls as any request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Match, Route

from ..bodies import body_of, essence
from ..negotiation import HTML, JSON, prefers_page
from ..problems import Problem
from ..service import NEVER, Service, tag_of
from . import render

FORM = "application/x-www-form-urlencoded"
LONGEST_QUERY = 2000
Words = dict[str, list[str]]
Answering = Callable[[Request], Awaitable[Response]]


class PageRoute(Route):
    """An address that answers those who prefer a page, and is none for everybody else."""

    def matches(self, scope: MutableMapping[str, Any]) -> tuple[Match, Any]:
        if scope["type"] != "http" or not prefers_page(Headers(scope=scope).get("accept", "")):
            return Match.NONE, {}
        match, child = super().matches(scope)
        # What is no method of a page may be one of the data.
        return (match, {**child, "route": self}) if match is Match.FULL else (Match.NONE, {})


def page_routes(service: Service) -> list[BaseRoute]:
    """Return the routes of all pages, answered by a service."""
    pages = Pages(service)

    def route(path: str, answer: Answering, *methods: str) -> BaseRoute:
        return PageRoute(path, shown(answer), methods=list(methods or ("GET",)))

    def known(path: str, name: str) -> BaseRoute:
        async def answer(request: Request) -> Response:
            return await pages.known(name, list(request.path_params.values()))

        return route(path, answer)

    return [
        route("/", pages.home),
        route("/coverage", pages.worded("coverage")),
        known("/policies", "policies"),
        known("/payers", "policies"),
        known("/policies/{payer}", "payer"),
        known("/policies/{payer}/{policy}", "edition"),
        known("/policies/{payer}/{policy}/{edition}", "edition"),
        known("/procedures", "procedures"),
        known("/procedures/{name}", "procedure"),
        known("/codes", "codes"),
        known("/codes/{system}/{code}", "code"),
        known("/vocabulary", "vocabulary"),
        route("/compare", pages.compare),
        route("/requests/new", pages.worded("request")),
        route("/requests/new", pages.posted("asking"), "POST"),
        route("/decisions", pages.posted("decision"), "POST"),
        route("/decisions", pages.begin),
        *(Route(f"/pages/{name}", pages.asset(name)) for name in render.ASSETS),
    ]


def shown(answer: Answering) -> Answering:
    """Return an answer whose refusals are pages as well."""

    async def guarded(request: Request) -> Response:
        try:
            return await answer(request)
        except Problem as problem:
            return refused(problem)

    return guarded


def refused(problem: Problem) -> Response:
    """Return the page of a problem."""
    headers = {"Content-Type": f"{HTML};charset=utf-8", "Cache-Control": NEVER, "Vary": "Accept"}
    return Response(
        render.refusal(problem), problem.status, {**headers, **render.GUARDS, **problem.headers}
    )


class Pages:
    """The server's side of pages: what is asked of a worker, and how it is sent."""

    def __init__(self, service: Service) -> None:
        self.service = service

    async def known(self, name: str, at: list[str]) -> Response:
        """Answer with a page of what does not change while the server runs."""
        return await self._written({"do": "page", "page": name, "at": at})

    async def home(self, request: Request) -> Response:
        words = words_of(request)
        asked = " ".join(words.get("q", [])).strip()[:200]
        return await self._written({"do": "page", "page": "home", "q": asked})

    def worded(self, name: str) -> Answering:
        """Return the answer with a page that the words of an address say more about."""

        async def answer(request: Request) -> Response:
            words = words_of(request)
            given: dict[str, Any] = first(words)
            if name == "request":
                # What a chart says is posted, and read from no address.
                given = {k: words[k] for k in ("code", "payer") if k in words}
            return await self._written({"do": "page", "page": name, "words": given})

        return answer

    async def compare(self, request: Request) -> Response:
        """Answer with a comparison, which the worker for questions makes and another lays out."""
        words = words_of(request)
        job: dict[str, Any] = {"do": "page", "page": "compare", "words": words}
        if not first(words).get("procedure"):
            return await self._written(job)
        named = {k: v for k, v in first(words).items() if k in ("procedure", "region") and v}
        if payers := ",".join(words.get("payer", [])):
            named["payer"] = payers
        question = {"do": "compare", "accept": JSON, **named}
        found = await self.service.workers.do("comparison", question)
        job |= {"page": "matrix", "as": first(words).get("as", "")}
        return self._sent(await self.service.workers.do("page", job, found.body), "comparison.csv")

    def posted(self, name: str) -> Answering:
        """Return the answer to a form; nobody keeps it."""

        async def answer(request: Request) -> Response:
            essence(request, (FORM,))
            body = await body_of(request, self.service.settings.largest_body)
            reply = await self.service.workers.do("decision", {"do": "page", "page": name}, body)
            headers = {"Cache-Control": NEVER, "Vary": "Accept", **render.GUARDS}
            media_type = reply.media_type
            if not media_type.startswith(HTML):
                suffix = "json" if media_type == JSON else "ttl"
                headers["Content-Disposition"] = f'attachment; filename="decisions.{suffix}"'
            headers["Content-Type"] = (
                f"{media_type};charset=utf-8" if media_type == HTML else media_type
            )
            return Response(reply.body, reply.status, headers)

        return answer

    async def begin(self, _: Request) -> Response:
        """Lead to the form: a decision has no address of its own, because nobody keeps it."""
        return RedirectResponse("/requests/new", 303)

    def asset(self, name: str) -> Answering:
        async def answer(_: Request) -> Response:
            body = render.assets()[name]
            return self.service.unchanging(body, render.ASSETS[name], tag_of(body))

        return answer

    async def _written(self, job: dict[str, Any]) -> Response:
        return self._sent(await self.service.written(job))

    def _sent(self, reply: Any, name: str = "") -> Response:
        found = self.service.unchanging(reply.body, reply.media_type, tag_of(reply.body))
        found.headers.update(render.GUARDS)
        if name and reply.media_type != HTML:
            found.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return found


def words_of(request: Request) -> Words:
    """Return the words of an address, several to a name.

    Raises
    ------
    Problem
        400 when there are more than any page has.
    """
    if len(request.scope["query_string"]) > LONGEST_QUERY:
        raise Problem(400, "the address is too long", hint=urlencode({"at most": LONGEST_QUERY}))
    found: Words = {}
    for name, value in request.query_params.multi_items():
        if value.strip():
            found.setdefault(name, []).append(value.strip())
    return found


def first(words: Words) -> dict[str, str]:
    return {name: values[0] for name, values in words.items()}
