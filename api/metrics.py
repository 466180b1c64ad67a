"""What is counted of a server, as Prometheus reads it.

Labels are routes, statuses, policies and decisions: what the program names itself. Nothing a
caller writes becomes a label, so that their number is bounded and no value gets out.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from .workers.client import Workers

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# The upper ends of the durations that are counted together, in seconds.
ENDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

Labels = tuple[tuple[str, str], ...]


class Metrics:
    """The counts since the server was started."""

    def __init__(self) -> None:
        self.requests: Counter[Labels] = Counter()
        self.decisions: Counter[Labels] = Counter()
        self.seconds: dict[str, tuple[list[int], float]] = {}

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self.requests[("method", method), ("route", route), ("status", str(status))] += 1
        counts, total = self.seconds.get(route, ([0] * (len(ENDS) + 1), 0.0))
        counts[bisect_left(ENDS, seconds)] += 1
        self.seconds[route] = counts, total + seconds

    def decided(self, answers: Iterable[dict[str, Any]]) -> None:
        """Count decisions."""
        for answer in answers:
            labels = (("policy", answer["policy"]), ("decision", answer["decision"]))
            self.decisions[labels] += 1

    def text(self, workers: Workers) -> str:
        """Return all counts in the text format of Prometheus."""
        name = "covergraph_http_requests_total"
        parts = [*_family(name, "counter", "Requests by route and status.", self.requests)]
        name = "covergraph_decisions_total"
        parts += _family(name, "counter", "Decisions by policy.", self.decisions)
        lanes = workers.lanes.items()
        waiting: dict[Labels, int] = {(("lane", name),): lane.queue for name, lane in lanes}
        name = "covergraph_jobs_waiting"
        parts += _family(name, "gauge", "Jobs that wait for a worker.", waiting)
        busy: dict[Labels, int] = {(("lane", name),): lane.under_way for name, lane in lanes}
        name = "covergraph_jobs_running"
        parts += _family(name, "gauge", "Jobs that a worker does.", busy)
        parts += self._durations()
        return "\n".join(parts) + "\n"

    def _durations(self) -> Iterator[str]:
        name = "covergraph_http_request_seconds"
        yield f"# HELP {name} How long requests took, by route."
        yield f"# TYPE {name} histogram"
        for route, (counts, total) in sorted(self.seconds.items()):
            below = 0
            for end, count in zip((*map(str, ENDS), "+Inf"), counts, strict=True):
                below += count
                yield f"{name}_bucket{_written((('route', route), ('le', end)))} {below}"
            yield f"{name}_sum{_written((('route', route),))} {total:.6f}"
            yield f"{name}_count{_written((('route', route),))} {below}"


def _family(name: str, kind: str, about: str, counts: dict[Labels, int]) -> Iterator[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"
    for labels, count in sorted(counts.items()):
        yield f"{name}{_written(labels)} {count}"


def _written(labels: Labels) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels) + "}"
