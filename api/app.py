"""The web service: a thin HTTP face on the reasoner.

The service adds no judgement of its own. A request that comes in over HTTP must get the
same verdict, with the same citations, as the same request given to the ``covergraph``
command, so everything that decides lives in ``reasoner``. It does not even run here: the
server waits, and ``workers`` compute, so that no caller can hold up another. ``create_app``
returns the ASGI application; the routes are in ``routes``, what surrounds them in
``middleware``.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any

from fastapi import FastAPI, Query
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from . import examples, models
from .keys import KeyFile
from .metrics import MEDIA_TYPE as METRICS_TYPE
from .middleware import Middleware
from .negotiation import prefers_page
from .openapi import PROBLEM_MODELS, refusing, settled
from .pages.routes import page_routes, refused
from .problems import Problem
from .routes import router
from .service import NEVER, Service
from .settings import DISTRIBUTION, Settings
from .settings import settings as from_environment

DESCRIPTION = """Payers' medical policies as one knowledge graph: look policies up, decide coverage
requests, compare payers in SPARQL. Every resource is JSON, JSON-LD or Turtle, by `Accept`."""
TAGS = [
    {"name": "policies", "description": "What payers publish."},
    {"name": "procedures", "description": "What is asked for, and who covers it."},
    {"name": "decisions", "description": "What a patient's request comes to."},
    {"name": "sparql", "description": "Any question on the graph."},
    {"name": "graph", "description": "The graph itself."},
]


def create_app(settings: Settings | None = None) -> Middleware:
    """Build the application; by default as the environment says."""
    settings = settings or from_environment()
    service = Service(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # A server that cannot decide does not listen. Queries have a view to derive, and wait.
        await service.workers.open()
        rereading_keys(settings.keys)
        ahead = asyncio.create_task(service.write_ahead())
        yield
        ahead.cancel()
        service.workers.close()
        if service.keeper is not None:
            await service.keeper.close()

    app = FastAPIOffline(
        title=DISTRIBUTION,
        version=settings.version,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        lifespan=lifespan,
        redoc_url=None,
        static_url="/docs/assets",
        # The badge would ask a validator on another host.
        swagger_ui_parameters={"validatorUrl": None},
        redirect_slashes=False,
    )

    def told() -> Response:
        found = models.Health(
            status="ok", version=settings.version, knowledge=service.workers.knowledge
        )
        return Response(found.model_dump_json(), headers=JSON_NOW)

    @app.get("/live", tags=["graph"], responses=refusing(400) | _healthy())
    async def live(_: Annotated[models.Nothing, Query()]) -> Response:
        """Say that the server runs, and which version of it."""
        return told()

    @app.get("/health", tags=["graph"], responses=refusing(400, 503) | _healthy())
    async def health(_: Annotated[models.Nothing, Query()]) -> Response:
        """Say that the server runs and its knowledge can be used."""
        if service.workers.is_shut():
            raise Problem(503, "the server's knowledge cannot be used", hint=service.workers.broken)
        return told()

    @app.get("/ready", tags=["graph"], responses=refusing(400, 503) | _healthy())
    async def ready(_: Annotated[models.Nothing, Query()]) -> Response:
        """Say that decisions, lookups and queries are all answered now."""
        if not service.workers.is_ready():
            what = "the server's knowledge cannot be used" if service.workers.broken else "loading"
            raise Problem(503, what, hint=service.workers.broken, headers={"Retry-After": "5"})
        return told()

    @app.get("/metrics", tags=["graph"], responses=refusing(400) | _counted())
    async def metrics(_: Annotated[models.Nothing, Query()]) -> Response:
        """Show what was counted since the server was started, as Prometheus reads it."""
        headers = {"Content-Type": METRICS_TYPE, "Cache-Control": NEVER}
        return Response(service.metrics.text(service.workers), headers=headers)

    app.router.routes.extend(page_routes(service))
    app.include_router(router(service))
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Problem, _problem)
    _describe(app, settings)
    return Middleware(app, app.router, service)


def rereading_keys(keys: KeyFile) -> None:
    """Read the keys again on SIGHUP, which would end the server otherwise."""
    if hasattr(signal, "SIGHUP"):
        with suppress(RuntimeError, ValueError):
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, keys.reread)


JSON_NOW = {"Content-Type": "application/json", "Cache-Control": NEVER}


def _healthy() -> dict[int | str, dict[str, Any]]:
    content = {"application/json": {"example": examples.HEALTH}}
    return {200: {"description": "It is up.", "model": models.Health, "content": content}}


def _counted() -> dict[int | str, dict[str, Any]]:
    content = {METRICS_TYPE.partition(";")[0]: {"schema": {"type": "string"}}}
    return {200: {"description": "The counts.", "content": content}}


def _describe(app: FastAPI, settings: Settings) -> None:
    generated = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = settled(generated(), PROBLEM_MODELS)
            if settings.keys:
                scheme = {"type": "http", "scheme": "bearer"}
                document["components"]["securitySchemes"] = {"key": scheme}
                document["security"] = [{"key": []}]
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    if prefers_page(request.headers.get("accept", "")):
        return refused(error)
    headers = {"Content-Type": error.media_type, "Cache-Control": NEVER, **error.headers}
    return Response(error.body(), error.status, headers)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = {404: "no such address"}.get(error.status_code, "this is not answered")
    return await _problem(request, Problem(error.status_code, detail))


async def _invalid(request: Request, error: Exception) -> Response:
    """Say which parameter is at fault; its value, and the name of an unknown one, stay unsaid."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place, *names = first["loc"]
    name = names[0] if names else ""
    if first["type"] == "extra_forbidden":
        problem = Problem(400, "unknown parameter", str(place))
    elif first["type"] == "missing":
        problem = Problem(400, f"the parameter {name} is missing", str(place))
    else:
        pattern = first.get("ctx", {}).get("pattern", "")
        hint = f"it matches {pattern}" if pattern else ""
        problem = Problem(
            400, f"the parameter {name} is not written as it must be", str(place), hint
        )
    return await _problem(request, problem)
