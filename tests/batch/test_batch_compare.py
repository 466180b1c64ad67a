"""Who gains and who loses between two policies, or two editions of one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from covergraph.batch.change import as_if_in_force
from covergraph.engine import Reasoner
from covergraph.errors import InputError
from tests.batch.many_requests import NUMBER
from tests.batch.runs import FACET, decided, decisions, facet_cases, quads, rejects, rows, written
from tests.variations import add_edition, copied_tree, reasoner_of

BLOCK_RELIEF = "positive-blocks"
COUNT = 60


@pytest.fixture(scope="module")
def two_editions(tmp_path_factory: pytest.TempPathFactory) -> Reasoner:
    """A reasoner with a later edition that asks less of an earlier block, and more of weeks."""
    root = copied_tree(tmp_path_factory.mktemp("knowledge"))
    add_edition(root, FACET, "2031-01-01", ("cov:minimumRelief 75", "cov:minimumRelief 60"))
    return reasoner_of(root)


def changes(out: Path) -> list[dict[str, object]]:
    return rows(out / "changes.ndjson")


def test_change_of_an_edition_is_told_by_request_and_criterion(
    two_editions: Reasoner, tmp_path: Path
) -> None:
    path = written(tmp_path / "a.nq", *quads(COUNT), b"nonsense\n")
    out = tmp_path / "out"
    later = f"{FACET}@2031-01-01"
    report = decided(two_editions, out, path, policy=FACET, compare=later)
    both = decisions(out)
    assert len(both) == 2 * (COUNT - 1) and len(rejects(out)) == 1
    old, new = both[::2], both[1::2]
    assert {d["edition"] for d in old} <= {"2019-07-01", None}
    assert {d["edition"] or d["reason"] for d in new} == {
        "2031-01-01",
        "the policy speaks only to a facet joint intervention",
    }, "asked as if it were in force"
    told = {c["record"]: c for c in changes(out)}
    for before, after in zip(old, new, strict=True):
        same = all(before[k] == after[k] for k in ("decision", "worst", "best"))
        change = told.get(before["record"])
        assert (change is None) == same
        if change:
            assert change["before_decision"] == before["decision"]
            assert change["after_decision"] == after["decision"]
    counts = Counter(c["change"] for c in told.values())
    assert counts["gains"] > 0 and counts["loses"] == 0
    assert report.summary["changes"]["changed"] == counts
    assert report.summary["changes"]["same"] == COUNT - 1 - len(told)
    gains = [c for c in told.values() if c["change"] == "gains"]
    assert any(iri.endswith("2019-07-01#" + BLOCK_RELIEF) for c in gains for iri in c["by"])
    by = Counter((c["change"], iri) for c in told.values() for iri in c["by"])
    listed = report.summary["changes"]["by"]
    assert {(b["change"], b["criterion"]): b["requests"] for b in listed} == by
    table = pq.read_table(out / "changes.parquet").to_pylist()
    assert [r | {"date": r["date"].isoformat()} for r in table] == changes(out)


def test_what_one_way_gains_the_other_loses(two_editions: Reasoner, tmp_path: Path) -> None:
    path = written(tmp_path / "a.nq", *quads(COUNT))
    old, new = f"{FACET}@2019-07-01", f"{FACET}@2031-01-01"
    there = decided(two_editions, tmp_path / "there", path, policy=old, compare=new)
    back = decided(two_editions, tmp_path / "back", path, policy=new, compare=old)
    one, other = (r.summary["changes"]["changed"] for r in (there, back))
    assert one["gains"] == other["loses"] > 0
    assert [c["record"] for c in changes(tmp_path / "there")] == [
        c["record"] for c in changes(tmp_path / "back")
    ]
    by = [c["by"] for c in changes(tmp_path / "there") if c["change"] == "gains"]
    assert by == [c["by"] for c in changes(tmp_path / "back") if c["change"] == "loses"]


def test_policy_of_another_payer_does_not_speak_to_all(reasoner: Reasoner, tmp_path: Path) -> None:
    path = written(tmp_path / "a.nq", *quads(COUNT))
    report = decided(reasoner, tmp_path / "out", path, policy=FACET, compare="nia/cg-302")
    found = report.summary["changes"]["changed"]
    assert found["leaves scope"] > 0
    for change in changes(tmp_path / "out"):
        outside = change["after_decision"] == "out-of-scope"
        assert (change["change"] == "leaves scope") == outside
        assert (change["after_worst"] is None) == outside


def test_edition_answers_on_any_day_only_when_it_is_named(two_editions: Reasoner) -> None:
    prepared = two_editions.read(facet_cases()[0].replace(NUMBER, b"0"))
    reasoner = as_if_in_force(two_editions)
    editions = {
        key: a.policy.edition if (a := reasoner.answer(prepared, key)).policy else None
        for key in (FACET, f"{FACET}@2019-07-01", f"{FACET}@2031-01-01")
    }
    assert list(editions.values()) == ["2019-07-01", "2019-07-01", "2031-01-01"]
    # The reasoner it was made from is as it was.
    plain = two_editions.answer(prepared, f"{FACET}@2031-01-01")
    assert plain.policy is None
    assert as_if_in_force(two_editions).answer(prepared, "nia/cg-300@2024-01-01").policy is None


def test_edition_that_does_not_exist_is_refused(reasoner: Reasoner, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such edition"):
        path = written(tmp_path / "a.nq")
        decided(reasoner, tmp_path / "out", path, policy=FACET, compare=f"{FACET}@1999-01-01")
