"""The README's calls, word for word: each is answered, and as it shows."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise

import httpx
import pytest

from tests.api.conftest import ROOT

LOCAL = "http://127.0.0.1:8000"
FENCE = re.compile(r"^```\w*\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def calls() -> list[tuple[list[str], str]]:
    """Return the words of every call of this machine, with the answer that stands below it."""
    text = (ROOT / "README.md").read_text()
    fences = list(FENCE.finditer(text))
    found = []
    for fence, after in pairwise([*fences, None]):
        assert fence is not None
        if not fence[1].startswith("curl "):
            continue
        commands = re.split(r"\n(?=curl )", fence[1].replace("\\\n", " "))
        answered = after and not text[fence.end() : after.start()].strip() and len(commands) == 1
        found += [(shlex.split(c), after[1] if answered and after else "") for c in commands]
    return [(words, below) for words, below in found if LOCAL in " ".join(words)]


def test_readme_shows_calls() -> None:
    assert len(calls()) >= 4
    assert any(below for _, below in calls())


@pytest.mark.parametrize(("words", "shown"), calls(), ids=lambda v: v[-1] if v else "")
def test_call_is_answered_as_the_readme_shows(
    client: httpx.Client, words: list[str], shown: str
) -> None:
    headers: dict[str, str] = {}
    form: dict[str, str] = {}
    body: bytes | None = None
    address = ""
    rest = iter(words[1:])
    for word in rest:
        if word == "-H":
            name, _, value = next(rest).partition(": ")
            headers[name] = value
        elif word == "--data-binary":
            body = (ROOT / next(rest).removeprefix("@")).read_bytes()
        elif word == "--data-urlencode":
            name, _, value = next(rest).partition("=")
            form[name] = value
        else:
            assert word.startswith(LOCAL), word
            address = word.removeprefix(LOCAL)
    if body is not None:
        answer = client.post(address, content=body, headers=headers)
    elif form:
        answer = client.post(address, data=form, headers=headers)
    else:
        answer = client.get(address, headers=headers)
    assert answer.status_code == 200, answer.text
    if shown:
        assert answer.text.split() == shown.split()
