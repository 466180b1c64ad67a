"""What the command line prints for people in prior authorization."""

from __future__ import annotations

import re

import pytest

from covergraph.decision.decide import Decision
from covergraph.engine import Answer, Reasoner
from covergraph.render.data import Recorder
from covergraph.render.text import Renderer, show
from tests.commands import Run, file
from tests.variations import (
    EARLY,
    FACET_NHS,
    FIRST_BLOCK,
    GAPS,
    GM070,
    SACROILIAC,
    THORACIC,
    example,
)

NAMES = [GAPS, FIRST_BLOCK, FACET_NHS, EARLY, SACROILIAC, THORACIC]
# What a person in prior authorization need not know.
JARGON = re.compile(r"https?:|\b(cov|sh|code|xsd|rdf):|\b(shape|triple|graph|SHACL|None|True)\b")


@pytest.fixture(scope="module")
def answers(reasoner: Reasoner) -> list[Answer]:
    """Every example under every policy, judged once."""
    found = []
    for name in NAMES:
        request = reasoner.read(example(name), name=f"{name}.ttl")
        found += reasoner.decide_all(request, every=True)
    return found


def text_of(
    reasoner: Reasoner,
    answer: Answer,
    width: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    capsys.readouterr()
    show(Renderer(Recorder(reasoner.knowledge)).answer(answer))
    return capsys.readouterr().out


@pytest.mark.parametrize("width", [80, 60])
def test_nothing_is_cut_off(
    reasoner: Reasoner,
    answers: list[Answer],
    width: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Every word of every deciding criterion is there, on lines no longer than asked."""
    for answer in answers:
        text = text_of(reasoner, answer, width, monkeypatch, capsys)
        assert max(map(len, text.splitlines())) <= width
        assert "…" not in text and "..." not in text
        words = set(text.split())
        for criterion in answer.deciding:
            assert words.issuperset(criterion.label.split()), criterion.name
            for citation in criterion.citations:
                assert all(word in text for word in citation.section.split())


def test_text_speaks_the_language_of_prior_authorization(
    reasoner: Reasoner,
    answers: list[Answer],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for answer in answers:
        text = text_of(reasoner, answer, 80, monkeypatch, capsys)
        assert not JARGON.search(text), JARGON.search(text)
        decision = answer.decision.name.replace("_", " ")
        others = {d.name.replace("_", " ") for d in Decision} - {decision}
        line = next(line for line in text.splitlines() if line.startswith(decision))
        assert not any(line.startswith(other) for other in others if len(other) > len(decision))
        policy = answer.policy or answer.selection.considered[-1].policy
        assert policy.label.split(":")[0] in text


def test_text_says_what_to_do(run: Run) -> None:
    """What is missing, when to ask again, which way is left, how it is paid."""
    gaps = run("decide", file(GAPS)).out
    assert "NEEDS INFORMATION" in gaps
    assert "at best covered" in gaps and "at worst not covered" in gaps
    for words in ("documented", "I.A.3 (second)", "imaging studies", "2024-01-22", "relief"):
        assert words in gaps, words
    early = run("decide", file(EARLY)).out
    for words in ("NOT COVERED", "II.B.1", "at least 6 months", "2023-11-13", "2024-05-13"):
        assert words in early, words
    nhs = run("decide", file(FACET_NHS)).out
    for words in ("NOT COVERED", "New patients: Lumbar", "individual funding request"):
        assert words in nhs, words
    assert "COVERED, with individual prior approval" in run("decide", file(SACROILIAC)).out
    assert "OUT OF SCOPE" in run("decide", file(SACROILIAC), "--payer", "centene").out
    first = run("decide", file(FIRST_BLOCK)).out
    assert "\nCOVERED" in first and "edition of 2019-07-01" in first


def test_piped_text_is_plain(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    for words in (["decide", *map(file, NAMES), "--all"], ["policies"], ["policy", GM070]):
        text = run(*words).out
        assert "\x1b" not in text
        assert all(line == line.rstrip() for line in text.splitlines())
        assert text.endswith("\n")
