"""A comparison as a table that fits its window, as Markdown or CSV.

Every line wraps and nothing is cut off. Where the payers do not fit side by side, the
table goes on below with the next ones.
"""

from __future__ import annotations

import csv
import io

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..comparison.matrix import Cell, CellKind, Column, Matrix

CONCERN_WIDTH = 16
NARROWEST = 22
BETWEEN = 2
STYLES = {
    CellKind.REFUSED: "red",
    CellKind.JUDGEMENT: "magenta",
    CellKind.NOT_ADDRESSED: "dim",
    CellKind.SILENT: "dim",
}


def title(found: Matrix) -> str:
    return f"{found.label}, {found.region_label or 'any region'}"


def heading(column: Column) -> str:
    """Return a payer with its policies, or with what it makes of the whole procedure."""
    policies = ", ".join(p.split("/", 1)[-1] for p in column.policies)
    stance = "" if column.stance is CellKind.REQUIRED else column.stance.value
    return "\n".join(part for part in (column.label, policies, stance) if part)


def side_by_side(found: Matrix, width: int) -> RenderableType:
    """Return the table, in as many parts as the width needs."""
    fit = max(1, (width - CONCERN_WIDTH - BETWEEN) // (NARROWEST + BETWEEN))
    parts: list[RenderableType] = [Text(title(found), style="bold")]
    for start in range(0, len(found.columns), fit):
        chosen = range(start, min(start + fit, len(found.columns)))
        table = Table(box=SIMPLE_HEAD, show_lines=False, pad_edge=False, padding=(0, BETWEEN, 1, 0))
        table.add_column("concern", width=CONCERN_WIDTH, overflow="fold", vertical="top")
        for i in chosen:
            table.add_column(heading(found.columns[i]), ratio=1, overflow="fold", vertical="top")
        table.expand = True
        for row in found.rows:
            if any(row.cells[i].entries for i in chosen):
                table.add_row(row.label, *(_shown(row.cells[i]) for i in chosen))
        parts.append(table)
    return Group(*parts)


def _shown(cell: Cell) -> Text:
    lines = cell.text.split("\n")
    bullet = "- " if len(lines) > 1 else ""
    return Text("\n".join(f"{bullet}{line}" for line in lines), style=STYLES.get(cell.kind, ""))


def markdown(found: Matrix) -> str:
    """Return the table in Markdown; the entries of a cell are parted by a line break."""
    rows = [["concern", *(heading(c) for c in found.columns)]]
    rows += [[row.label, *(cell.text for cell in row.cells)] for row in found.rows]
    lines = [
        "| " + " | ".join(c.replace("|", "\\|").replace("\n", "<br>") for c in row) + " |"
        for row in rows
    ]
    lines.insert(1, "| --- " * len(rows[0]) + "|")
    return f"**{title(found)}**\n\n" + "\n".join(lines) + "\n"


def comma_separated(found: Matrix) -> str:
    """Return one line for each concern, with a column for each payer's key."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["concern", *(c.key for c in found.columns)])
    for row in found.rows:
        writer.writerow([row.label, *(cell.text for cell in row.cells)])
    return out.getvalue()
