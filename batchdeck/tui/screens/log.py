"""The audit log on a screen: who did what, when, at what cost, newest last."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from batchdeck.domain.text import show
from batchdeck.errors import BatchDeckError
from batchdeck.tui.actions.bindings import bindings_of
from batchdeck.tui.actions.catalogue import ACTIONS
from batchdeck.tui.actions.context import Context, Place
from batchdeck.tui.actions.registry import Registry
from batchdeck.tui.glyphs import Tone
from batchdeck.tui.screens.deck_screen import DeckScreen
from batchdeck.tui.tracking import Work
from batchdeck.tui.widgets.lines import say
from batchdeck.tui.widgets.notices import Notice
from batchdeck.tui.widgets.row_table import Cell, Column, RecordRows, RowTable

if TYPE_CHECKING:
    from batchdeck.deck import Deck

_MOST_LINES = 5_000
_BAD = frozenset({"refused", "in_doubt", "not_sent", "duplicate", "absent"})


class LogLine(Protocol):
    """A line of the audit log, as the deck returns it."""

    @property
    def n(self) -> int: ...
    @property
    def t(self) -> str: ...
    @property
    def uid(self) -> int: ...
    @property
    def operator(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def pid(self) -> int: ...
    @property
    def action(self) -> str: ...
    @property
    def facts(self) -> Mapping[str, Any]: ...


def _when(line: LogLine) -> str:
    """Return the moment in local time; a line that somebody else wrote may hold anything."""
    try:
        return f"{dt.datetime.fromisoformat(line.t).astimezone():%Y-%m-%d %H:%M:%S}"
    except ValueError:
        return show(line.t, 19)


def _what(line: LogLine) -> Cell:
    word = show(line.action.replace("_", " "), 40)
    return Cell(word, Tone.BAD if line.action in _BAD else Tone.STRONG)


def _fact(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_fact(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_fact, value))}]"
    return str(value)


def facts_text(line: LogLine) -> str:
    """Return the facts of a line as they are shown: names and values, safe."""
    return show("  ".join(f"{name}={_fact(value)}" for name, value in line.facts.items()), 1_000)


LOG_COLUMNS = (
    Column[LogLine]("when", "WHEN", _when, 19, sort=lambda line: line.t, letter="W"),
    Column[LogLine]("what", "WHAT", _what, 10, sort=lambda line: line.action, letter="A"),
    Column[LogLine]("facts", "FACTS", facts_text, 24, grow=1),
    Column[LogLine](
        "who", "WHO", lambda line: show(line.operator, 40), 12, drop=2, sort=lambda line: line.operator
    ),
    Column[LogLine]("process", "PROCESS", lambda line: show(f"{line.pid}@{line.host}", 40), 16, drop=1),
)


class LogScreen(DeckScreen):
    """The last lines of the audit log. It follows the newest line until the operator moves away from it."""

    PLACE = Place.LOG
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(ACTIONS, Place.LOG, Place.EVERYWHERE)
    DEFAULT_CSS = """
    LogScreen {
        & > #line { height: 4; padding: 1 1 0 1; }
        & > Notice { display: none; }
        &.-empty > Notice { display: block; }
        &.-empty > RowTable, &.-empty > #line { display: none; }
    }
    """

    def __init__(self, registry: Registry, deck: Deck, work: Work) -> None:
        super().__init__(registry, deck, work)
        self._lines: list[LogLine] = []

    def body(self) -> ComposeResult:
        yield RowTable(self._rows())
        yield Notice()
        yield Static(id="line", markup=False)

    def on_mount(self) -> None:
        self.query_one(RowTable).follow(True)
        self._read()

    def crumbs(self) -> tuple[str, ...]:
        return ("batches", "log")

    def facts(self) -> Context:
        return Context(Place.LOG)

    def _rows(self) -> RecordRows[LogLine]:
        return RecordRows(LOG_COLUMNS, self._lines, key_of=lambda line: line.n)

    # Reading

    def renew(self) -> None:
        self._read()
        self.renew_lines()

    def on_work_ended(self) -> None:
        self.renew()

    @work(exclusive=True, group="log")
    async def _read(self) -> None:
        try:
            lines: list[LogLine] = list(await asyncio.to_thread(self.deck.log, _MOST_LINES))
        except BatchDeckError as error:
            self.query_one(Notice).say_error(error)
            self.add_class("-empty")
            return
        self.set_class(not lines, "-empty")
        if not lines:
            self.query_one(Notice).say("Nothing has been done in this deck yet", "Esc goes back")
        if [line.n for line in lines] != [line.n for line in self._lines]:
            self._lines = lines
            self.query_one(RowTable).show(self._rows())
        self.renew_lines()

    # Showing

    @on(RowTable.Changed)
    @on(RowTable.Moved)
    def renew_lines(self) -> None:
        super().renew_lines()
        line = self._line
        if line is None:
            say(self.query_one("#line", Static), "")
            return
        who = show(f"{line.operator} (uid {line.uid}), process {line.pid} on {line.host}", 200)
        say(
            self.query_one("#line", Static),
            f"#{line.n:,} {show(line.action, 40)} · {who}\n{facts_text(line)}",
        )

    @property
    def _line(self) -> LogLine | None:
        key = self.query_one(RowTable).cursor_key
        return next((line for line in reversed(self._lines) if line.n == key), None)

    def what_to_copy(self) -> str:
        line = self._line
        return "" if line is None else f"{line.t} {line.action} {facts_text(line)}"
