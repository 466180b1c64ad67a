"""The settled readings: numbered, named by the criteria that follow them, and shown."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from covergraph.engine import Reasoner
from covergraph.namespaces import COV
from covergraph.policies.criteria import Criterion
from covergraph.policies.lowering import settled_readings
from covergraph.render.data import Recorder, followed
from covergraph.render.text import Renderer, read

ACTIVE = "nia/cg-302"


@pytest.fixture(scope="module")
def criteria(reasoner: Reasoner) -> list[Criterion]:
    editions = [p for found in reasoner.catalogue.editions.values() for p in found]
    return [c for policy in editions for c in policy.criteria.values()]


def test_readings_are_numbered_from_one_without_a_gap(reasoner: Reasoner) -> None:
    known = settled_readings(reasoner.knowledge)
    assert [r.number for r in known.values()] == [str(n + 1) for n in range(len(known))]
    assert all(r.label and r.text for r in known.values())


def test_criterion_follows_the_readings_that_its_shape_names(
    reasoner: Reasoner, criteria: list[Criterion]
) -> None:
    t = reasoner.knowledge.triples
    for criterion in criteria:
        named = set(t.objects(criterion.iri, COV.followsReading))
        assert {r.iri for r in criterion.readings} == named, criterion.name
        numbers = [int(r.number) for r in criterion.readings]
        assert numbers == sorted(numbers), criterion.name
    assert any(len(c.readings) > 1 for c in criteria)


def test_reading_stands_after_what_is_particular_to_the_text(criteria: list[Criterion]) -> None:
    criterion = next(c for c in criteria if len(c.readings) > 1)
    first, second = criterion.readings
    assert read(criterion) == (
        f"{criterion.interpretation} (reading {first.number}: {first.label};"
        f" reading {second.number}: {second.label})"
    )
    assert not any(read(c) for c in criteria if not (c.interpretation or c.readings))


def test_policy_shows_each_reading_with_its_number(reasoner: Reasoner) -> None:
    policy = reasoner.catalogue.edition_of(ACTIVE)
    console = Console(file=StringIO(), width=2000)
    console.print(Renderer(Recorder(reasoner.knowledge)).policy(policy))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    readings = {r for c in policy.root.order for r in c.readings if c is not policy.root}
    assert readings
    for reading in readings:
        assert f"reading {reading.number}: {reading.label}" in shown


def test_json_gives_a_reading_with_its_text(criteria: list[Criterion]) -> None:
    criterion = next(c for c in criteria if c.readings)
    first = criterion.readings[0]
    assert followed(criterion)[0] == {
        "reading": first.iri.value,
        "label": first.label,
        "definition": first.text,
    }
