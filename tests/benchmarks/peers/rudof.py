"""pyrudof in an environment of its own, which nothing else of the project needs."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

from .environment import Environment, LinePeer, NotInstalled

REQUIREMENT = "pyrudof>=0.3.35"
PEER = Path(__file__).with_name("rudof_peer.py")

__all__ = ["REQUIREMENT", "NotInstalled", "RudofPeer"]


class RudofPeer(LinePeer):
    """One Python process with pyrudof; a context manager that starts and ends it.

    Parameters
    ----------
    environment : Environment or None
        Where to install it; by default this Python if it has pyrudof, else a throwaway one.
    """

    def __init__(self, environment: Environment | None = None) -> None:
        here = environment is None and find_spec("pyrudof") is not None
        # Kept, because a throwaway folder goes when nothing holds it.
        self._environment = environment or Environment(sys.executable if here else None)
        if not here:
            self._environment.need(REQUIREMENT)
        super().__init__(self._environment.python, str(PEER))
