"""A small dashboard without a deck: the frame, a list of made-up pages and a question, for tests to act on.

Run as a script it plays in a real terminal; keys that only the stage knows change its data.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.widgets import Button, DataTable, Label, Log, OptionList, Static, Tree

import batchdeck.tui
from batchdeck.domain.outcomes import Outcome
from batchdeck.errors import StorageFailed
from batchdeck.tui.actions.bindings import bindings_of
from batchdeck.tui.actions.catalogue import ACTIONS
from batchdeck.tui.actions.context import Context, Place
from batchdeck.tui.actions.registry import Registry
from batchdeck.tui.manners.colour import ColourMode, decide_colours
from batchdeck.tui.manners.terminal_app import TerminalApp
from batchdeck.tui.screens.frame import FrameScreen
from batchdeck.tui.signs import OUTCOME_SIGNS
from batchdeck.tui.widgets.palette import ActionProvider
from batchdeck.tui.widgets.question import Proposal, Question
from batchdeck.tui.widgets.row_table import Align, Cell, Column, Cut, RecordRows, RowTable

SHEET = Path(batchdeck.tui.__file__).parent / "batchdeck.tcss"
SECRET = "sk-ant-stage-0123456789abcdef"
HOSTILE = "evil\x1b]52;c;SEFDSw==\x07\x1b[31337m\x9b31338m\u202egnp.exe\u200b\x00\udcff[/][@click=app.quit]x"


@dataclass(frozen=True, slots=True)
class Row:
    index: int
    document: str
    page: int
    outcome: Outcome
    tokens: int


COLUMNS: Sequence[Column[Row]] = (
    Column("index", "#", lambda r: f"{r.index:04d}", 5, sort=lambda r: r.index, letter="I"),
    Column(
        "document",
        "DOCUMENT",
        lambda r: r.document,
        12,
        grow=1,
        widest=40,
        cut=Cut.MIDDLE,
        sort=lambda r: r.document,
        letter="D",
    ),
    Column("page", "PAGE", lambda r: str(r.page), 5, align=Align.RIGHT, sort=lambda r: r.page, letter="P"),
    Column("outcome", "OUTCOME", lambda r: Cell.sign(OUTCOME_SIGNS[r.outcome]), 14, drop=3),
    Column(
        "tokens", "TOKENS", lambda r: f"{r.tokens:,}", 8, align=Align.RIGHT, sort=lambda r: r.tokens, drop=2
    ),
    Column("cost", "COST", lambda r: f"${r.tokens / 1e5:.3f}", 8, align=Align.RIGHT, drop=1),
)
_OUTCOMES = (Outcome.OK, Outcome.OK, Outcome.TRUNCATED, Outcome.OK, Outcome.REFUSED, Outcome.PENDING)


def row(index: int) -> Row:
    return Row(index, f"report-{index % 7}.pdf", index % 40 + 1, _OUTCOMES[index % 6], index * 37 % 5_000)


class ManyRows(Sequence[Row]):
    """Any number of rows, made when they are looked at and counted."""

    def __init__(self, count: int) -> None:
        self._size = count
        self.looked_at = 0

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        self.looked_at += 1
        return row(index)


class StageScreen(FrameScreen):
    PLACE = Place.BATCHES
    IS_ROOT = True
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_of(ACTIONS, Place.BATCHES, Place.EVERYWHERE),
        Binding("1", "stage_change", show=False),
        Binding("2", "stage_crash", show=False),
        Binding("3", "stage_sinks", show=False),
    ]

    def __init__(self, registry: Registry, records: Sequence[Row], **lines: Any) -> None:
        super().__init__(registry, **lines)
        self.records = records
        self.facts_now = Context(Place.BATCHES, in_job=True, cancelable=2)
        self.done: list[str] = []
        self.opened: list[object] = []

    def body(self) -> ComposeResult:
        yield RowTable(RecordRows(COLUMNS, self.records))

    def facts(self) -> Context:
        return self.facts_now

    def remark(self) -> str:
        return "polled 03:12"

    def on_row_table_opened(self, event: RowTable.Opened) -> None:
        self.opened.append(event.key)

    def ask_batch_cancel(self) -> Proposal:
        question = Question(
            "Cancel 2 batches of annual-reports",
            (
                "960 pages in 2 batches stop where they are.",
                "Finished pages are kept, and cost what they cost.",
            ),
            "cancel 2 batches",
            "Up to $9.40 of $9.40 is not spent.",
        )
        return Proposal(question, lambda: self.done.append("canceled"))

    def act_deck_submit(self, folder: str) -> None:
        self.done.append(f"submit {folder}")

    def action_stage_change(self) -> None:
        """Change one cell of the list."""
        changed = list(self.records)
        changed[3] = replace(changed[3], tokens=changed[3].tokens + 1)
        self.records = changed
        self.query_one(RowTable).show(RecordRows(COLUMNS, changed))

    def action_stage_crash(self) -> None:
        api_key = SECRET
        raise RuntimeError(f"boom with {api_key} and {HOSTILE!s}")

    async def action_stage_sinks(self) -> None:
        """Show the hostile text in every kind of widget, as careless code would."""
        table = DataTable[str]()
        tree: Tree[None] = Tree(HOSTILE.replace("[", "\\["))
        log = Log()
        hostile_button = Button(HOSTILE.replace("[", "\\["))
        hostile_button.border_title = HOSTILE.replace("[", "\\[")
        await self.mount_all(
            [
                Static(HOSTILE, markup=False),
                Label(HOSTILE, markup=False),
                table,
                tree,
                log,
                OptionList(HOSTILE.replace("[", "\\[")),
                hostile_button,
            ]
        )
        table.add_column(HOSTILE.replace("[", "\\["))
        table.add_row(HOSTILE.replace("[", "\\["))
        log.write_line(HOSTILE)
        self.notify(HOSTILE, title=HOSTILE)
        self.terminal.notify_error(StorageFailed(HOSTILE, hint=HOSTILE))


class StageApp(TerminalApp):
    CSS_PATH = SHEET
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {ActionProvider}

    def __init__(
        self,
        records: Sequence[Row] | None = None,
        *,
        registry: Registry | None = None,
        colours: ColourMode = ColourMode.FULL,
        badge: str = "",
        crash_folder: Path | None = None,
        environ: dict[str, str] | None = None,
    ) -> None:
        super().__init__(
            environ={"TERM": "xterm-256color"} if environ is None else environ,
            colours=colours,
            crash_folder=crash_folder,
        )
        self.registry = registry or Registry(ACTIONS)
        self.set_keymap(self.registry.keymap())
        self.home = StageScreen(
            self.registry,
            [row(index) for index in range(200)] if records is None else records,
            side=("api.anthropic.com", "deck: default"),
            badge=badge,
        )

    def get_default_screen(self) -> StageScreen:
        return self.home


def main(arguments: Sequence[str]) -> int:
    environ = dict(os.environ)
    count = int(arguments[0])
    records: Sequence[Row] = [row(index) for index in range(count)]
    if "hostile" in arguments:
        records = [replace(row(0), document=HOSTILE), *records]
    crash_folder = Path(arguments[-1]) if "crash" in arguments else None
    app = StageApp(records, colours=decide_colours(environ), crash_folder=crash_folder, environ=environ)
    app.run()
    return app.return_code or 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
