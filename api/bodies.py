"""Reading what a caller sends: no more than is allowed, and only what is understood."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request

from .problems import Problem

SECONDS = 20.0


async def body_of(request: Request, most: int) -> bytes:
    """Return the body of a request.

    Parameters
    ----------
    most : int
        The bytes of the longest body, declared or not.

    Raises
    ------
    Problem
        413 when it is longer, 408 when it does not come, 400 when it is cut off.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > most:
        raise too_large(most)
    parts, size = [], 0
    try:
        async with asyncio.timeout(SECONDS):
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise too_large(most)
                parts.append(part)
    except TimeoutError:
        raise Problem(
            408, "the body did not come in time", headers={"Connection": "close"}
        ) from None
    except ClientDisconnect:
        raise Problem(400, "the body is cut off") from None
    return b"".join(parts)


def too_large(most: int) -> Problem:
    # What is still on its way is not waited for.
    return Problem(413, f"the body is larger than {most} bytes", headers={"Connection": "close"})


def essence(request: Request, understood: tuple[str, ...]) -> str:
    """Return the media type of a body.

    Raises
    ------
    Problem
        415 when it is none of those that are understood, or in another encoding.
    """
    stated, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(415, "compressed bodies are not read")
    if stated.strip() not in understood:
        raise Problem(415, "this media type is not read", hint=", ".join(understood))
    if "charset" in parameters and "utf-8" not in parameters:
        raise Problem(415, "only UTF-8 is read")
    return stated.strip()
