"""What the Costs screen lists: sums by job, document, recipe, day or model, and what they mean in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from batchdeck.domain.spending import CostRow, CostsBy, CostTable
from batchdeck.domain.text import show
from batchdeck.tui.glyphs import NOTHING
from batchdeck.tui.screens.spans import counted, dollars
from batchdeck.tui.widgets.row_table import Align, Column, Cut

OF_ALL = (CostsBy.JOB, CostsBy.RECIPE, CostsBy.DAY, CostsBy.MODEL)
OF_JOB = (CostsBy.DOCUMENT, CostsBy.MODEL, CostsBy.DAY)
"""What costs can be grouped by, in the order of the key that goes on to the next."""


@dataclass(frozen=True, slots=True)
class CostLine:
    """One row with a key that no other row has."""

    key: str
    row: CostRow

    @property
    def cached(self) -> int:
        usage = self.row.usage
        return usage.cache_read + usage.cache_write_1h + usage.cache_write_5m


def cost_lines(table: CostTable) -> list[CostLine]:
    """Return the rows of a table; those of one name (two files called alike) get keys of their own."""
    seen: Counter[str] = Counter()
    lines = []
    for row in table.rows:
        seen[row.key] += 1
        lines.append(CostLine(row.key if seen[row.key] == 1 else f"{row.key}\0{seen[row.key]}", row))
    return lines


def _tokens(count: int) -> str:
    return f"{count:,}" if count else NOTHING


def _number(
    id: str, title: str, width: int, value: Callable[[CostLine], int], *, letter: str = "", drop: int = 0
) -> Column[CostLine]:
    return Column(
        id,
        title,
        lambda line: _tokens(value(line)),
        width,
        align=Align.RIGHT,
        drop=drop,
        sort=value,
        letter=letter,
    )


def _sum(
    id: str, title: str, value: Callable[[CostRow], float | None], *, letter: str = "", drop: int = 0
) -> Column[CostLine]:
    return Column(
        id,
        title,
        lambda line: dollars(value(line.row) or None),
        9,
        align=Align.RIGHT,
        drop=drop,
        sort=lambda line: value(line.row) or 0.0,
        letter=letter,
    )


def cost_columns(by: CostsBy) -> Sequence[Column[CostLine]]:
    """Return the columns of a table that is grouped by something."""
    return (
        Column[CostLine](
            "what",
            by.value.upper(),
            lambda line: show(line.row.name or line.row.key, 200),
            14,
            grow=1,
            cut=Cut.MIDDLE,
            sort=lambda line: (line.row.name or line.row.key).casefold(),
        ),
        _number("pages", "PAGES", 7, lambda line: line.row.pages, letter="P"),
        _number("input", "INPUT", 10, lambda line: line.row.usage.input, letter="I", drop=3),
        _number("cached", "CACHED", 10, lambda line: line.cached, drop=1),
        _number("output", "OUTPUT", 10, lambda line: line.row.usage.output, letter="O", drop=4),
        _sum("cost", "COST", lambda row: row.cost, letter="C"),
        _sum("estimated", "ESTIMATE", lambda row: row.estimated, letter="E"),
        _sum("pending", "TO COME", lambda row: row.pending, drop=2),
        _sum("saved", "SAVED", lambda row: row.saved, letter="S", drop=5),
    )


def total_line(table: CostTable) -> str:
    """Return what all rows come to."""
    total = table.total
    parts = [f"by {table.by}", f"{dollars(total.cost or 0.0)} for {counted(total.pages, 'paid answer')}"]
    if total.saved:
        parts.append(f"{dollars(total.saved)} less than in real time")
    if total.pending:
        parts.append(f"~{dollars(total.pending)} to come")
    return " · ".join(parts)


def detail_lines(row: CostRow) -> list[str]:
    """Return what there is to say of one row: estimate against cost, saved against real time, the cache."""
    usage = row.usage
    name = show(f"{row.name} ({row.key})" if row.name else row.key, 120)
    if row.cost is None:
        lines = [f"{name}: nothing paid for yet"]
    else:
        off = row.over_estimate
        against = (
            f", {abs(off):.0%} {'over' if off > 0 else 'under'} the estimate of {dollars(row.estimated)}"
            if off is not None
            else ""
        )
        lines = [f"{name}: {dollars(row.cost)} for {counted(row.pages, 'paid answer')}{against}"]
        if row.saved:
            saved = f"{dollars(row.saved)} saved"
            lines.append(f"real time would have cost {dollars(row.realtime_cost)}: {saved}")
        elif row.cost:
            lines.append("paid at the real-time price")
    if row.pending:
        lines.append(f"about {dollars(row.pending)} is under way (an estimate)")
    written = usage.cache_write_1h + usage.cache_write_5m
    if usage.cache_read or written:
        lines.append(f"cache: {usage.cache_read:,} tokens read, {written:,} written")
    if row.unpriced:
        lines.append(f"! {counted(row.unpriced, 'answer')} in no sum: no price, no usage, or lost")
    return lines
