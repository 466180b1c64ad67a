"""How a server is run, as ``covergraph serve`` passes it on: by the environment.

The server imports its application by name, so nothing can be handed over in Python.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.metadata import version
from ipaddress import IPv6Address, ip_address
from pathlib import Path

from covergraph.errors import InputError
from covergraph.request.horizon import horizon

from .keys import FILE, KeyFile, key_file

DISTRIBUTION = "covergraph"
LARGEST_BODY = "COVERGRAPH_LARGEST_BODY"
HOST = "COVERGRAPH_HOST"
DECISIONS = "COVERGRAPH_DECISIONS"
OPEN = KeyFile()
INSTALLED = version(DISTRIBUTION)


@dataclass(frozen=True)
class Settings:
    """How a server is run.

    Parameters
    ----------
    keys : KeyFile
        Who may ask; everybody, where there are none.
    largest_body : int
        The bytes of the longest request graph.
    decisions : Path or None
        The file that decisions are kept in, where they are kept.
    """

    keys: KeyFile = OPEN
    largest_body: int = 1_000_000
    version: str = INSTALLED
    decisions: Path | None = None


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
    keys = key_file(environment)
    host = environment.get(HOST, "127.0.0.1")
    if not keys and not is_loopback(host):
        raise InputError(
            f"without API keys the server listens on this machine only, and {host} is open to more",
            hint=f"name a file of keys with --keys or {FILE};"
            " python -m covergraph.api.keys NAME makes one",
        )
    horizon(date.today(), environment)
    decisions = environment.get(DECISIONS, "")
    return Settings(keys, int(most), decisions=Path(decisions) if decisions else None)


@lru_cache(maxsize=1024)
def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach a host."""
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    # Where a server listens to both, IPv4 comes in the clothes of IPv6.
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def is_address(host: str) -> bool:
    """Return whether a host is named by its address."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
