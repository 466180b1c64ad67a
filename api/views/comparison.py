"""What a comparison looks like from outside: rows are concerns, columns payers."""

from __future__ import annotations

from typing import Any

from covergraph.comparison.matrix import Cell, Column, Entry, Matrix, Row
from covergraph.namespaces import BASE

from .policies import View


def comparison(matrix: Matrix) -> View:
    """Return what payers ask for a procedure, by concern."""
    region = f"&region={matrix.region}" if matrix.region else ""
    return {
        "id": f"{BASE}compare?procedure={matrix.procedure}{region}",
        "procedure": matrix.procedure,
        "label": matrix.label,
        "region": matrix.region or None,
        "regionLabel": matrix.region_label or None,
        "columns": [_column(c) for c in matrix.columns],
        "rows": [_row(row, matrix.columns) for row in matrix.rows],
    }


def _column(column: Column) -> dict[str, Any]:
    return {
        "id": column.payer,
        "key": column.key,
        "label": column.label,
        "stance": column.stance.value,
        "policies": list(column.policies),
    }


def _row(row: Row, columns: tuple[Column, ...]) -> dict[str, Any]:
    return {
        "concern": row.concern,
        "label": row.label,
        "cells": [_cell(cell, column) for cell, column in zip(row.cells, columns, strict=True)],
    }


def _cell(cell: Cell, column: Column) -> dict[str, Any]:
    return {
        "payer": column.key,
        "kind": cell.kind.value,
        "text": cell.text,
        "entries": [_entry(e) for e in cell.entries],
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "key": entry.policy,
        "edition": entry.edition,
        "kind": entry.kind.value,
        "phases": list(entry.phases),
        "text": entry.text,
        "criterion": list(entry.criteria),
        "citations": [
            {"clause": c.clause, "section": c.section, "place": c.place} for c in entry.citations
        ],
    }
