"""The top line: where one is, and which deck and endpoint this is. A sandbox says so plainly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from batchdeck.domain.text import show
from batchdeck.tui.glyphs import CRUMB
from batchdeck.tui.widgets.row_table.paint import fit
from batchdeck.tui.widgets.row_table.rows import Cut

_LEAST_CRUMBS = 24
"""Cells the way is given before anything on the right."""
_DIVIDER = " · "


class Crumbs(Widget):
    """One line: the way here on the left, deck and endpoint on the right, the sandbox badge always."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"crumbs--here", "crumbs--badge", "crumbs--muted"}
    DEFAULT_CSS = """
    Crumbs {
        height: 1;
        width: 1fr;
        & .crumbs--here { text-style: bold; }
        & .crumbs--badge { text-style: bold reverse; color: $warning; }
        & .crumbs--muted { color: $text-muted; }
    }
    """
    crumbs: reactive[tuple[str, ...]] = reactive(())
    """Names of the screens from home to here."""
    side: reactive[tuple[str, ...]] = reactive(())
    """What stands on the right, the most important first; the last go first where there is no room."""

    def __init__(
        self,
        crumbs: Sequence[str] = (),
        *,
        side: Sequence[str] = (),
        badge: str = "",
        id: str | None = None,
    ) -> None:
        """`badge` is set apart on the right, for what must never be overlooked (SANDBOX, READ-ONLY)."""
        super().__init__(id=id)
        self._badge = show(badge, 30)
        self.set_reactive(Crumbs.crumbs, tuple(crumbs))
        self.set_reactive(Crumbs.side, tuple(side))

    def render(self) -> Content:
        badge = f" {self._badge} " if self._badge else ""
        width = self.size.width - 2 - cell_len(badge)
        way = f" {CRUMB} ".join(("BatchDeck", *(show(crumb, 60) for crumb in self.crumbs)))
        parts = [show(part, 80) for part in self.side]
        while parts and cell_len(_DIVIDER.join(parts)) > width - min(cell_len(way), _LEAST_CRUMBS) - 1:
            parts.pop()
        side = _DIVIDER.join(parts)
        way = fit(way, max(width - cell_len(side) - bool(side), 0), cut=Cut.MIDDLE)
        before, mark, here = way.rstrip().rpartition(f"{CRUMB} ")
        gap = " " * (max(width - cell_len(side), 0) - cell_len(way.rstrip()))
        return Content.assemble(
            " ",
            (before + mark, self._look("muted")),
            (here, self._look("here")),
            gap,
            (side + " " if side else " ", self._look("muted")),
            (badge, self._look("badge")),
        )

    def _look(self, part: str) -> Style:
        return self.get_visual_style(f"crumbs--{part}", partial=True)
