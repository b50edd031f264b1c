"""Data on stdout: one JSON document, JSON lines, or plain aligned tables."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from batchdeck.domain.events import plain
from batchdeck.domain.text import show


def print_json(data: object) -> None:
    """Print one JSON document. ASCII only: names with odd bytes survive any terminal and any reader."""
    sys.stdout.write(json.dumps(plain(data), indent=1) + "\n")
    sys.stdout.flush()


def print_json_line(record: Mapping[str, Any]) -> None:
    """Print one JSON object on a line, at once."""
    sys.stdout.write(json.dumps(plain(record), separators=(",", ":")) + "\n")
    sys.stdout.flush()


def print_json_list(head: Mapping[str, object], name: str, rows: Iterable[object]) -> None:
    """Print ``{…head, name: [rows]}``, row by row, so that a million rows need no memory."""
    opening = json.dumps(plain(head))[:-1]
    sys.stdout.write(f"{opening}{', ' if head else ''}{json.dumps(name)}: [")
    for number, row in enumerate(rows):
        sys.stdout.write(("," if number else "") + "\n " + json.dumps(plain(row)))
    sys.stdout.write("\n]}\n")
    sys.stdout.flush()


def print_table(
    titles: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[int] = ()
) -> None:
    """Print rows in aligned columns, without colours or lines: fit for eyes, awk and screen readers.

    Args:
        right: positions of the columns that are aligned to the right.
    """
    cells = [list(titles), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(titles))]
    for row in cells:
        line = "  ".join(
            text.rjust(width) if column in right else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        sys.stdout.write(line.rstrip() + "\n")
    sys.stdout.flush()


def _cell(value: object) -> str:
    return "–" if value is None or value == "" else show(str(value), 100)


def money(usd: float | None) -> str:
    """Return dollars for a table: cents, or four digits for less than a cent."""
    if usd is None:
        return "–"
    return f"${usd:,.2f}" if usd >= 0.01 or usd == 0 else f"${usd:.4f}"


def size(count: int) -> str:
    """Return bytes for people, in powers of ten."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            return f"{amount:,.0f} {unit}" if unit == "B" else f"{amount:,.1f} {unit}"
        amount /= 1000
    raise AssertionError("unreachable")


def counted(count: int, one: str, many: str = "") -> str:
    """Return a number with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
