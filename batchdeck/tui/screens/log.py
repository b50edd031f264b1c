"""The log on a screen: what was done in the deck, and the calls this process made to the API; newest last."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from batchdeck.domain.calls import ApiCall
from batchdeck.domain.columns import CALL_FIELDS
from batchdeck.errors import BatchDeckError
from batchdeck.tui.actions.bindings import bindings_of
from batchdeck.tui.actions.catalogue import ACTIONS
from batchdeck.tui.actions.context import Context, Place
from batchdeck.tui.actions.registry import Registry
from batchdeck.tui.screens.call_rows import CallRows, call_text
from batchdeck.tui.screens.deck_screen import DeckScreen
from batchdeck.tui.screens.log_rows import LOG_COLUMNS, LogLine, facts_text, line_text
from batchdeck.tui.tracking import Work
from batchdeck.tui.widgets.lines import say
from batchdeck.tui.widgets.notices import Notice
from batchdeck.tui.widgets.query_table import QueryTable
from batchdeck.tui.widgets.row_table import RecordRows, RowTable

if TYPE_CHECKING:
    from batchdeck.deck import Deck

_MOST_LINES = 5_000
_LOOK_SECONDS = 0.5
"""How often it is looked whether there were calls: a look compares two numbers."""


class LogScreen(DeckScreen):
    """The last lines of the audit log, or the last calls. A list follows its newest row until the operator
    moves away from it."""

    PLACE = Place.LOG
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(ACTIONS, Place.LOG, Place.EVERYWHERE)
    DEFAULT_CSS = """
    LogScreen {
        & > #views { height: 1; padding: 0 1; }
        & > #line { height: 4; padding: 1 1 0 1; }
        & > Notice { display: none; }
        & > #calls { display: none; }
        &.-calls > #calls { display: block; }
        &.-calls > #lines { display: none; }
        &.-empty > Notice { display: block; }
        &.-empty > #lines, &.-empty > #calls, &.-empty > #line { display: none; }
    }
    """

    def __init__(self, registry: Registry, deck: Deck, work: Work) -> None:
        super().__init__(registry, deck, work)
        self._lines: list[LogLine] = []
        self._error: BatchDeckError | None = None
        """Why the audit log cannot be read."""
        self._has_read = False
        self._calls: tuple[ApiCall, ...] = ()
        self._calls_seen = 0

    def body(self) -> ComposeResult:
        yield Static(id="views", markup=False)
        yield RowTable(self._rows(), id="lines")
        yield QueryTable(CallRows(()), CALL_FIELDS, id="calls")
        yield Notice()
        yield Static(id="line", markup=False)

    def on_mount(self) -> None:
        for table in self.query(RowTable):
            table.follow(True)
        self.set_interval(_LOOK_SECONDS, self._take_calls)
        self._take_calls()
        self._read()

    def crumbs(self) -> tuple[str, ...]:
        return ("batches", "log")

    def facts(self) -> Context:
        return Context(Place.LOG)

    @property
    def table(self) -> RowTable | None:
        """The list that is shown: lines of the audit log, or calls."""
        if not self.is_mounted:
            return None
        return self.query_one("#calls" if self.shows_calls else "#lines", RowTable)

    @property
    def shows_calls(self) -> bool:
        return self.has_class("-calls")

    def _rows(self) -> RecordRows[LogLine]:
        return RecordRows(LOG_COLUMNS, self._lines, key_of=lambda line: line.n)

    # Reading

    def renew(self) -> None:
        self._take_calls()
        self._read()
        self.renew_lines()

    def on_work_ended(self) -> None:
        self.renew()

    @work(exclusive=True, group="log")
    async def _read(self) -> None:
        self._error = None
        try:
            lines: list[LogLine] = list(await asyncio.to_thread(self.deck.log, _MOST_LINES))
        except BatchDeckError as error:
            self._error = error
        else:
            if [line.n for line in lines] != [line.n for line in self._lines]:
                self._lines = lines
                self.query_one("#lines", RowTable).show(self._rows())
        self._has_read = True
        self._renew_notice()
        self.renew_lines()

    def _take_calls(self) -> None:
        """Show the calls made since the last look; none at all costs nothing."""
        if self._calls_seen == self.deck.api_calls_made:
            return
        self._calls_seen = self.deck.api_calls_made
        self._calls = self.deck.api_calls()
        self.query_one("#calls", QueryTable).show(CallRows(self._calls))
        self._renew_notice()
        self.renew_lines()

    # Showing

    def act_view_calls(self) -> None:
        """Show the calls, or the audit log."""
        self.toggle_class("-calls")
        self._renew_notice()
        self._focus_list()
        self.renew_lines()

    def _renew_notice(self) -> None:
        """Say why the list that is wanted has no rows, in its place."""
        notice = self.query_one(Notice)
        if self.shows_calls:
            if is_empty := not self._calls:
                notice.say("This process has not called the API yet", "Calls appear here as they are made")
        elif self._error is not None:
            is_empty = True
            notice.say_error(self._error)
        elif is_empty := self._has_read and not self._lines:
            notice.say("Nothing has been done in this deck yet", "Esc goes back")
        self.set_class(is_empty, "-empty")

    @on(RowTable.Changed)
    @on(RowTable.Moved)
    def renew_lines(self) -> None:
        super().renew_lines()
        say(self.query_one("#views", Static), self._views())
        text = ""
        if self.shows_calls:
            if (call := self._call) is not None:
                text = call_text(call)
        elif (line := self._line) is not None:
            text = line_text(line)
        say(self.query_one("#line", Static), text)

    def _views(self) -> Content:
        """Return the names of both lists with their counts, the one that is shown marked."""
        names = (("audit log", len(self._lines)), ("API calls", self._calls_seen))
        parts: list[str | tuple[str, str]] = []
        for place, (name, count) in enumerate(names):
            is_shown = place == self.shows_calls
            parts.append((f"▸{name} {count:,}", "bold") if is_shown else f" {name} {count:,}")
            parts.append("  ")
        return Content.assemble(*parts)

    @property
    def _line(self) -> LogLine | None:
        """The line of the audit log under the cursor."""
        key = self.query_one("#lines", RowTable).cursor_key
        return next((line for line in reversed(self._lines) if line.n == key), None)

    @property
    def _call(self) -> ApiCall | None:
        """The call under the cursor. A paused list may show one that is kept nowhere else any more."""
        view = self.query_one("#calls", QueryTable).view
        index = view.cursor_index
        return view.source.records[index] if index is not None and isinstance(view.source, CallRows) else None

    @on(RowTable.Opened)
    def _show_whole(self) -> None:
        self.act_copy_show()

    def what_to_copy(self) -> str:
        if self.shows_calls:
            call = self._call
            return "" if call is None else call.request_id or f"{call.method} {call.path}"
        line = self._line
        return "" if line is None else f"{line.t} {line.action} {facts_text(line)}"
