"""The web service: a thin HTTP face on the reasoner.

The service adds no judgement of its own. A request that comes in over HTTP must get the same
verdict, with the same citations, as the same request given to the ``covergraph`` command, so
everything that decides lives in ``reasoner`` and this module only carries questions in and
answers out. The application comes from a factory, ``create_app``, so that importing the module
costs nothing and every test can have an application of its own.
"""

from importlib.metadata import version
from typing import Literal

from fastapi import FastAPI
from pydantic import BaseModel

DISTRIBUTION = "covergraph"


class Health(BaseModel):
    """The answer to a liveness probe, with the version that gave it."""

    status: Literal["ok"] = "ok"
    version: str


def create_app() -> FastAPI:
    """Build the application, named and versioned as the installed distribution is."""
    installed = version(DISTRIBUTION)
    app = FastAPI(title=DISTRIBUTION, version=installed)

    @app.get("/health")
    def health() -> Health:
        """Say that the service is up, and which version of it."""
        return Health(version=installed)

    return app
