"""A short version of ``make mutants``: the cases notice a misreading."""

from __future__ import annotations

from mutants import mutants_of

ENOUGH = 0.95


def test_cases_notice_nearly_every_misreading_of_a_small_policy() -> None:
    found = mutants_of("nhs-england/ebi-2k")
    caught = sum(m.caught for m in found)
    survivors = [m.name for m in found if not m.caught]
    assert caught >= ENOUGH * len(found), survivors
