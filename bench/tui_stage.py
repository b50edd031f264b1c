"""What `bench/tui.py` plays in a terminal: one list in our table, in Textual's own, or nothing but a line.

Keys: `l` loads the rows, `c` changes one cell, `q` ends and writes what was measured inside to a file.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from memory import memory_mb
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Static

HEADS = ("#", "DOCUMENT", "PAGE", "OUTCOME", "TOKENS")


class Rows(Sequence[int]):
    """Rows 0 to n, of which one was changed so many times."""

    def __init__(self, size: int, changes: int = 0) -> None:
        self._size = size
        self.changes = changes

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        return range(self._size)[index]


def texts(index: int, changes: int = 0) -> tuple[str, ...]:
    """Return the cells of one row, as strings."""
    tokens = index * 37 % 5_000 + (changes if index == 3 else 0)
    return (f"{index:07d}", f"report-{index % 977}.pdf", str(index % 40 + 1), "✓ ok", f"{tokens:,}")


class Inside:
    """What only the process itself can measure: its own time, its loop's gaps, its memory."""

    def __init__(self) -> None:
        self.figures: dict[str, float] = {}
        self._gap = 0.0

    async def watch(self) -> None:
        """Note the longest time for which the loop could not turn."""
        before = time.perf_counter()
        while True:
            await asyncio.sleep(0.002)
            now = time.perf_counter()
            self._gap = max(self._gap, now - before - 0.002)
            before = now

    def begin(self) -> None:
        self._gap = 0.0
        self._start = (time.perf_counter(), time.process_time(), memory_mb(what="VmRSS"))

    def end(self) -> None:
        wall, processor, resident = self._start
        self.figures |= {
            "load_s": time.perf_counter() - wall,
            "load_cpu_s": time.process_time() - processor,
            "load_mb": memory_mb(what="VmRSS") - resident,
            "gap_ms": self._gap * 1e3,
        }


class Bare(App[None]):
    """The least that Textual can show."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "quit")]

    def compose(self) -> ComposeResult:
        yield Static("READY")


class Stock(App[None]):
    """Textual's own DataTable."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit"),
        Binding("l", "load"),
        Binding("c", "change"),
        Binding("j", "down"),
    ]

    def __init__(self, rows: int, inside: Inside) -> None:
        super().__init__()
        self._rows, self._inside, self._changes = rows, inside, 0

    def compose(self) -> ComposeResult:
        yield DataTable[str](cursor_type="row")
        yield Static("READY")

    def on_mount(self) -> None:
        self.table.styles.height = "1fr"
        self.table.add_columns(*HEADS)
        self.table.add_rows(texts(index) for index in range(1_000))
        self._watching = asyncio.create_task(self._inside.watch())

    @property
    def table(self) -> DataTable[str]:
        return self.query_one(DataTable)

    def action_load(self) -> None:
        self._inside.begin()
        self.table.clear()
        self.table.add_rows(texts(index) for index in range(self._rows))
        self.call_after_refresh(self._loaded)

    def _loaded(self) -> None:
        self._inside.end()
        self.query_one(Static).update("LOADED")

    def action_change(self) -> None:
        from textual.coordinate import Coordinate

        self._changes += 1
        self.table.update_cell_at(Coordinate(3, 4), texts(3, self._changes)[4])

    def action_down(self) -> None:
        self.table.action_cursor_down()


def ours(rows: int, inside: Inside) -> App[int]:
    """Return the dashboard's frame with its table."""
    import batchdeck.tui
    from batchdeck.tui.actions.bindings import bindings_of
    from batchdeck.tui.actions.catalogue import ACTIONS
    from batchdeck.tui.actions.context import Place
    from batchdeck.tui.actions.registry import Registry
    from batchdeck.tui.manners.colour import decide_colours
    from batchdeck.tui.manners.terminal_app import TerminalApp
    from batchdeck.tui.screens.frame import FrameScreen
    from batchdeck.tui.widgets.row_table import Align, Column, RecordRows, RowTable

    def columns(changes: int) -> Sequence[Column[int]]:
        def cell(place: int) -> Column[int]:
            head = HEADS[place]
            align = Align.RIGHT if head in ("PAGE", "TOKENS") else Align.LEFT
            return Column(head, head, lambda i: texts(i, changes)[place], 10, align=align, sort=lambda i: i)

        return tuple(map(cell, range(len(HEADS))))

    shown = columns(0)

    class Screen(FrameScreen):
        PLACE = Place.BATCHES
        IS_ROOT = True
        BINDINGS: ClassVar[list[BindingType]] = [
            *bindings_of(ACTIONS, Place.BATCHES, Place.EVERYWHERE),
            Binding("l", "load", priority=True),
            Binding("c", "change", priority=True),
        ]
        loaded = 1_000
        changes = 0
        word = "READY"

        def body(self) -> ComposeResult:
            yield RowTable(RecordRows(shown, Rows(self.loaded)))

        def status(self) -> str:
            return self.word

        def action_load(self) -> None:
            inside.begin()
            self.loaded = rows
            self.query_one(RowTable).show(RecordRows(shown, Rows(rows)))
            self.call_after_refresh(self._loaded)

        def _loaded(self) -> None:
            inside.end()
            self.word = "LOADED"
            self.renew_lines()

        def action_change(self) -> None:
            self.changes += 1
            changed = Rows(self.loaded, self.changes)
            latest = self.changes

            class Changed(RecordRows[int]):
                def cells(self, index: int) -> tuple[str, ...]:
                    return texts(index, latest)

            self.query_one(RowTable).show(Changed(shown, changed))

    class Dashboard(TerminalApp):
        CSS_PATH = Path(batchdeck.tui.__file__).parent / "batchdeck.tcss"

        def get_default_screen(self) -> FrameScreen:
            return Screen(Registry(ACTIONS))

        def on_mount(self) -> None:
            self._watching = asyncio.create_task(inside.watch())

    return Dashboard(environ=os.environ, colours=decide_colours(os.environ))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("stage", choices=["bare", "stock", "ours"])
    parser.add_argument("rows", type=int)
    parser.add_argument("report", type=Path)
    arguments = parser.parse_args()
    inside = Inside()
    if arguments.stage == "bare":
        Bare().run()
    elif arguments.stage == "stock":
        Stock(arguments.rows, inside).run()
    else:
        ours(arguments.rows, inside).run()
    arguments.report.write_text(json.dumps(inside.figures))


if __name__ == "__main__":
    main()
