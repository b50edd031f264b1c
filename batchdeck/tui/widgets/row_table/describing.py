"""A table's state in one line of words: where the cursor is, what is marked, filtered, sorted, paused."""

from __future__ import annotations

from batchdeck.tui.glyphs import ASCENDING, DESCENDING
from batchdeck.tui.widgets.row_table.grid import RowGrid


def describe(grid: RowGrid) -> str:
    """Return the state of a table as the status line shows it."""
    view = grid.view
    total = len(view.source)
    parts = [f"{view.cursor + 1:,} of {len(view):,}" if len(view) else "nothing to show"]
    if view.filter:
        parts[0] += f" ({total:,} in all)" if len(view) else f", {total:,} in all"
        parts.append(str(view.filter))
    if view.anchor is not None:
        parts.append(f"range of {len(view.range_positions):,}")
    if view.marks:
        hidden = len(view.marks) - view.marks.count_in(view.order) if view.filter else 0
        parts.append(f"{len(view.marks):,} marked" + (f", {hidden:,} of them not shown" if hidden else ""))
    if view.sort is not None:
        column = next(column for column in view.source.columns if column.id == view.sort.column)
        parts.append(f"by {column.title.lower()} {DESCENDING if view.sort.reverse else ASCENDING}")
    if grid.is_arranging:
        parts.append("working it out…")
    if grid.paused:
        parts.append("paused, news waiting" if grid.has_news else "paused")
    if grid.following:
        parts.append("following")
    return " · ".join(parts)
