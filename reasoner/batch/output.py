"""The files of a run, written once everything is decided.

The lines are put in the order of the input, whatever order they were decided in; records
that turn out to share a graph are taken out and refused. The tables of Parquet and the
summary are then made from those very lines, so that no two files can disagree. Each file is
complete before it gets its name.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.json as pa_json
import pyarrow.parquet as pq

from .decider import line as line_of
from .ledger import Ledger, flushed, part_of, put
from .records import SHAPE, Result
from .twins import Twins, holds, twins_in

DECISIONS, CHANGES, REJECTS, SUMMARY = "decisions", "changes", "rejects", "summary.json"
TORN = "the lines of its graph stand in several places of the input"
TORN_HINT = "sort the file by graph"
# Lines are read in small blocks, since reading them takes many times their size, and rows are
# written in larger groups.
BLOCK = 1 << 19
GROUP = 4 * BLOCK
_ONCE, _REPEATED = b'"repeated":false}\n', b'"repeated":true}\n'

_TEXT, _TEXTS = pa.string(), pa.list_(pa.string())
DECISION_COLUMNS = pa.schema(
    {
        "request": _TEXT,
        "source": _TEXT,
        "record": pa.int64(),
        "date": pa.date32(),
        "policy": _TEXT,
        "edition": _TEXT,
        "decision": _TEXT,
        "worst": _TEXT,
        "best": _TEXT,
        "deciding": _TEXTS,
        "missing": pa.list_(_TEXTS),
        "reason": _TEXT,
        "notes": _TEXTS,
        "rests_on": _TEXTS,
        "repeated": pa.bool_(),
    }
)
_SIDE = ("policy", "edition", "decision", "worst", "best")
CHANGE_COLUMNS = pa.schema(
    {
        "request": _TEXT,
        "source": _TEXT,
        "record": pa.int64(),
        "date": pa.date32(),
        "change": _TEXT,
        **{f"before_{name}": _TEXT for name in _SIDE},
        **{f"after_{name}": _TEXT for name in _SIDE},
        "by": _TEXTS,
    }
)


def names_of(comparing: bool) -> tuple[str, ...]:
    """Return the names of the files a run writes; the summary is the last of them."""
    tables = (DECISIONS, CHANGES) if comparing else (DECISIONS,)
    lines = [f"{t}.{end}" for t in tables for end in ("ndjson", "parquet")]
    return (*lines, f"{REJECTS}.ndjson", SUMMARY)


def write(out: Path, ledger: Ledger, comparing: bool) -> dict[str, Any]:
    """Write every file of a run whose records are all decided; return the summary."""
    names = names_of(comparing)
    records = _write_lines(out, ledger, twins_in(ledger), comparing)
    decided = _write_table(out / f"{DECISIONS}.ndjson", DECISION_COLUMNS, _tally_decisions)
    summary: dict[str, Any] = {
        **records,
        "decisions": [
            {"policy": policy, "edition": edition, "decision": decision, "requests": count}
            for (policy, edition, decision), count in in_order(decided)
        ],
    }
    if comparing:
        changed = _write_table(out / f"{CHANGES}.ndjson", CHANGE_COLUMNS, _tally_changes)
        summary["changes"] = _changes(changed, records["decided"])
    with part_of(out / SUMMARY).open("wb") as file:
        file.write(json.dumps(summary, indent=2, ensure_ascii=False).encode() + b"\n")
        flushed(file)
    for name in names:
        put(out / name)
    return summary


def in_order(counts: Counter[tuple[Any, ...]]) -> list[tuple[tuple[Any, ...], int]]:
    return sorted(counts.items(), key=lambda c: [str(part or "") for part in c[0]])


# --- Lines -----------------------------------------------------------------------------------


def _write_lines(out: Path, ledger: Ledger, twins: Twins, comparing: bool) -> dict[str, Any]:
    """Write the lines in the order of the input; return how many records there were."""
    found = {"records": 0, "decided": 0, "rejected": 0, "repeated": len(twins.repeated)}
    faults: Counter[str] = Counter()
    names = (DECISIONS, CHANGES, REJECTS) if comparing else (DECISIONS, REJECTS)
    with ExitStack() as stack:
        files = {
            name: stack.enter_context(part_of(out / f"{name}.ndjson").open("wb")) for name in names
        }
        for entry, result in ledger.results():
            first, last = found["records"], found["records"] + entry.records
            if any(_between(numbers, first, last) for numbers in twins):
                result = _mended(result, first, twins)
            for name, file in files.items():
                file.write(getattr(result, name))
            refused = [json.loads(line) for line in result.rejects.splitlines()]
            faults.update(r["fault"] for r in refused)
            found["records"] = last
            found["rejected"] += len(refused)
        for file in files.values():
            flushed(file)
    found["decided"] = found["records"] - found["rejected"]
    return {**found, "faults": dict(sorted(faults.items()))}


def _between(numbers: Any, first: int, last: int) -> bool:
    at = bisect_left(numbers, first)
    return at < len(numbers) and numbers[at] < last


def _mended(result: Result, first: int, twins: Twins) -> Result:
    """Return the lines of a chunk with torn graphs refused and repeated requests marked."""
    lines = [part.splitlines(keepends=True) for part in result[:3]]
    kept: tuple[list[bytes], list[bytes], list[bytes]] = ([], [], [])
    at = [0, 0, 0]
    for n, shape in enumerate(SHAPE.iter_unpack(result.shape)):
        own = [lines[k][at[k] : at[k] + shape[k]] for k in range(3)]
        at = [at[k] + shape[k] for k in range(3)]
        if holds(twins.torn, first + n) and own[0]:
            own = [[], [], [_torn(own[0][0], *shape[3:])]]
        elif holds(twins.repeated, first + n):
            own[0] = [line.removesuffix(_ONCE) + _REPEATED for line in own[0]]
        for k in range(3):
            kept[k].extend(own[k])
    joined = [b"".join(part) for part in kept]
    return Result(joined[0], joined[1], joined[2], result.shape, result.keys)


def _torn(decided: bytes, line: int, byte: int) -> bytes:
    said = json.loads(decided)
    place = {"source": said["source"], "record": said["record"], "line": line, "byte": byte}
    reason = {"reason": TORN, "where": None, "hint": TORN_HINT, "fault": "input"}
    return line_of({**place, **reason}).encode()


# --- Tables ----------------------------------------------------------------------------------


def _write_table(lines: Path, columns: pa.Schema, tally: Any) -> Counter[tuple[Any, ...]]:
    """Write lines of JSON as Parquet too; return what there is of each kind."""
    found: Counter[tuple[Any, ...]] = Counter()
    path = part_of(lines.with_suffix(".parquet"))
    with path.open("wb") as file:
        with (
            part_of(lines).open("rb") as source,
            pq.ParquetWriter(file, columns, compression="zstd") as writer,
        ):
            for table in _groups(_tables(source, columns)):
                writer.write_table(table)
                found.update(tally(table))
        flushed(file)
    return found


def _groups(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    held: list[pa.Table] = []
    for table in tables:
        held.append(table)
        if sum(t.nbytes for t in held) >= GROUP:
            yield pa.concat_tables(held)
            held.clear()
    if held:
        yield pa.concat_tables(held)


def _tables(file: BinaryIO, columns: pa.Schema) -> Iterator[pa.Table]:
    # Arrow reads a date from JSON only as text.
    dates = columns.get_field_index("date")
    read = columns.set(dates, pa.field("date", pa.string()))
    options = pa_json.ParseOptions(explicit_schema=read, unexpected_field_behavior="error")
    rest = b""
    while block := file.read(BLOCK):
        whole, newline, rest = (rest + block).rpartition(b"\n")
        if newline:
            table = pa_json.read_json(
                pa.BufferReader(whole + newline),
                pa_json.ReadOptions(use_threads=False, block_size=2 * len(whole) + 2),
                options,
            )
            yield table.set_column(dates, "date", table["date"].cast(pa.date32()))


def _tally_decisions(table: pa.Table) -> Counter[tuple[Any, ...]]:
    return _counted(table, ["policy", "edition", "decision"])


def _tally_changes(table: pa.Table) -> Counter[tuple[Any, ...]]:
    found: Counter[tuple[Any, ...]] = Counter()
    moves = _counted(table, ["change", "before_decision", "after_decision"])
    found.update({("move", *move): count for move, count in moves.items()})
    for change, by in zip(table["change"].to_pylist(), table["by"].to_pylist(), strict=True):
        found.update(("by", change, criterion) for criterion in by)
    return found


def _counted(table: pa.Table, by: list[str]) -> Counter[tuple[Any, ...]]:
    grouped = table.group_by(by).aggregate([([], "count_all")])
    rows = grouped.to_pylist()
    return Counter({tuple(r[name] for name in by): r["count_all"] for r in rows})


def _changes(tally: Counter[tuple[Any, ...]], decided: int) -> dict[str, Any]:
    moves = [(key[1:], n) for key, n in in_order(tally) if key[0] == "move"]
    changes: Counter[str] = Counter()
    for (change, _, _), n in moves:
        changes[change] += n
    return {
        "changed": dict(sorted(changes.items())),
        "same": decided - changes.total(),
        "moves": [
            {"change": change, "before": before, "after": after, "requests": n}
            for (change, before, after), n in moves
        ],
        "by": [
            {"change": key[1], "criterion": key[2], "requests": n}
            for key, n in in_order(tally)
            if key[0] == "by"
        ],
    }
