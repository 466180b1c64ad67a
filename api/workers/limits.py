"""What a process that works for a caller may use, set by the process on itself.

The kernel holds the limits, so that no fault of a parser or a query engine can lift
them. They are set after everything that is needed has been loaded and opened.
"""

from __future__ import annotations

import os
import resource
from dataclasses import dataclass
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Limits:
    """Bounds on one job.

    Parameters
    ----------
    seconds : float
        Time on the clock, after which its process is killed.
    memory : int
        Bytes of address space beyond what the process has when it starts.
    answer : int
        Bytes of the longest answer.
    nice : int
        How far it stands back for other processes.
    """

    seconds: float = 5.0
    memory: int = 256 * 2**20
    answer: int = 10 * 2**20
    nice: int = 10


def confine(limits: Limits) -> None:
    """Set the limits on this process: memory, CPU time, no new file or socket, no core file.

    Memory is bounded where the system tells how much a process has; time always is.
    """
    if space := address_space():
        most = space + limits.memory
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    seconds = int(limits.seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # A descriptor's number must stay under the limit, so at 0 none can be opened.
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    os.nice(limits.nice)


def address_space() -> int:
    """Return the bytes of address space that this process has mapped; 0 where nothing tells."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * PAGE
    except OSError:
        return 0
