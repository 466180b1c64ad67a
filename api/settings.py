"""How a server is run, as ``covergraph serve`` passes it on: by the environment.

The server imports its application by name, so nothing can be handed over in Python.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from ipaddress import ip_address

from covergraph.errors import InputError

from .keys import FILE, Keys, stored_keys

DISTRIBUTION = "covergraph"
LARGEST_BODY = "COVERGRAPH_LARGEST_BODY"
HOST = "COVERGRAPH_HOST"
OPEN = Keys()
INSTALLED = version(DISTRIBUTION)


@dataclass(frozen=True)
class Settings:
    """How a server is run.

    Parameters
    ----------
    keys : Keys
        Who may ask; everybody, where there are none.
    largest_body : int
        The bytes of the longest request graph.
    """

    keys: Keys = OPEN
    largest_body: int = 1_000_000
    version: str = INSTALLED


def settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings that the environment states.

    Raises
    ------
    InputError
        When a setting cannot be read.
    """
    most = environment.get(LARGEST_BODY, "1000000")
    if not most.isdecimal() or not 1 <= int(most) <= 1_000_000:
        raise InputError(f"{LARGEST_BODY} takes a number of bytes, at most 1000000")
    keys = stored_keys(environment)
    host = environment.get(HOST, "127.0.0.1")
    if not keys and not is_loopback(host):
        raise InputError(
            f"without API keys the server listens on this machine only, and {host} is open to more",
            hint=f"name a file of keys with --keys or {FILE};"
            " python -m covergraph.api.keys NAME makes one",
        )
    return Settings(keys, int(most))


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach a host."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
