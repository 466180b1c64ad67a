"""What every job is: the words of a call go in, bytes or a problem come out.

What jobs work on is loaded once, in a fork server. They run in workers, which can open no
file, so whatever they read has been read before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from covergraph.errors import CovergraphError, InputError

from ..negotiation import JSON, RESOURCE, chosen
from ..problems import Problem
from .limits import Limits

Arguments = dict[str, Any]
Job = Callable[[Arguments, bytes, Limits], "Done"]


@dataclass(frozen=True)
class Done:
    """What a job gave: bytes with a status and a media type, or a problem.

    Parameters
    ----------
    answers : list of dict
        The decisions among it, each with its policy, for the server to count and to keep.
    """

    status: int = 200
    media_type: str = JSON
    body: bytes = b""
    problem: dict[str, Any] = field(default_factory=dict)
    answers: list[dict[str, Any]] = field(default_factory=list)

    def head(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "media_type": self.media_type,
            "problem": self.problem,
            "answers": self.answers,
        }


class Jobs:
    """Jobs by name; a caller's mistake is a problem, anything else is raised."""

    jobs: dict[str, Job]

    def do(self, job: Arguments, body: bytes, limits: Limits) -> Done:
        """Do a job."""
        try:
            return self.jobs[job["do"]](job, body, limits)
        except Problem as problem:
            found = problem
        except InputError as error:
            found = Problem.of(error)
        except CovergraphError:
            found = Problem(500, "the server's own knowledge does not let it answer")
        return Done(
            problem={
                "status": found.status,
                "detail": found.detail,
                "where": found.where,
                "hint": found.hint,
            }
        )


def preferred(job: Arguments, offered: Any) -> tuple[str, str]:
    """Return the representation that a caller asks for.

    Raises
    ------
    Problem
        406 when none of what is offered is accepted.
    """
    found = chosen(job.get("accept", ""), tuple(offered))
    if found is None:
        raise Problem(406, "none of the accepted types is offered", hint=", ".join(offered))
    return found


def negotiated(job: Arguments, offered: Any = RESOURCE) -> str:
    return preferred(job, offered)[0]
