"""``covergraph serve``: the HTTP service.

The application is named, not imported: the service builds on the reasoner and never the
other way round. What it has to know is passed on in the environment.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

APPLICATION = "covergraph.api.app:create_app"
PROTOCOL = "covergraph.api.protocol:BoundedProtocol"
HOST, KEYS_FILE = "COVERGRAPH_HOST", "COVERGRAPH_KEYS_FILE"
DECISIONS_FILE = "COVERGRAPH_DECISIONS"
# How long answers on their way may take when the server is told to stop: longer than any job.
GRACE = 12


def serve(
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port.", min=0, max=65535)] = 8000,
    keys: Annotated[Path | None, typer.Option(help="A file of hashed API keys.")] = None,
    decisions: Annotated[Path | None, typer.Option(help="A file to keep decisions in.")] = None,
    log: Annotated[bool, typer.Option("--log", help="Log each request by its route.")] = False,
) -> None:
    """Serve lookups, decisions and SPARQL over HTTP."""
    import uvicorn

    if hasattr(signal, "SIGPIPE"):
        # The command line ends with its reader; a server outlives a caller that hangs up.
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        # Until the server has loaded it has no keys to read again.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for told in (signal.SIGTERM, signal.SIGINT):
        # The server finishes what is under way, and then passes the signal on.
        signal.signal(told, lambda *_: sys.exit(0))
    os.environ[HOST] = host
    if keys is not None:
        os.environ[KEYS_FILE] = str(keys)
    if decisions is not None:
        os.environ[DECISIONS_FILE] = str(decisions)
    uvicorn.run(
        APPLICATION,
        factory=True,
        host=host,
        port=port,
        http=PROTOCOL,
        access_log=False,
        log_config=logging_of(log),
        server_header=False,
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=GRACE,
    )


def logging_of(log: bool) -> dict[str, Any]:
    """Return where the server's log goes: standard error, without anything a caller wrote."""
    import logging

    plain = {"format": "%(asctime)s %(levelname)s %(message)s"}
    stderr = {"class": "logging.StreamHandler", "formatter": "plain"}
    level = {"handlers": ["stderr"], "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"plain": plain},
        "handlers": {"stderr": stderr},
        "loggers": {
            "uvicorn": level | {"level": logging.INFO},
            "covergraph": level | {"level": logging.INFO if log else logging.WARNING},
        },
    }
