"""What all screens share: the lines around the body, and the gate through which every action passes.

At the gate an action is refused with its reason, asked about with counts and cost, or done. Keys, footer,
palette and command line all end here, so nothing that costs or destroys can be reached another way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Static

from batchdeck.domain.text import show
from batchdeck.errors import FilterError, UsageError
from batchdeck.tui.actions.commands import completions, read_command
from batchdeck.tui.actions.context import Context, Place
from batchdeck.tui.actions.registry import Action, Registry
from batchdeck.tui.manners.terminal_app import TerminalApp
from batchdeck.tui.widgets.crumbs import Crumbs
from batchdeck.tui.widgets.key_bar import KeyBar
from batchdeck.tui.widgets.prompt import Prompt
from batchdeck.tui.widgets.question import Proposal, QuestionDialog
from batchdeck.tui.widgets.row_table import Filter, RowTable, describe

_FILTER = "filter"
_COMMAND = "command"
_MOST_ROWS = 5_000
"""Rows that are copied at once; a terminal's clipboard takes fewer."""


class FrameScreen(Screen[None]):
    """A screen with crumbs above, status and keys below, a line to type in, and the gate."""

    PLACE: ClassVar[Place]
    IS_ROOT: ClassVar[bool] = False
    """Whether there is nothing to go back to."""
    AUTO_FOCUS = "RowTable"

    def __init__(self, registry: Registry, *, side: Sequence[str] = (), badge: str = "") -> None:
        """`side` and `badge` stand in the top line: deck and endpoint, and what must not be overlooked."""
        super().__init__()
        self._registry = registry
        self._side = side
        self._badge = badge
        self._filter_before = Filter()

    # For each screen to say

    def body(self) -> ComposeResult:
        """Yield what stands between the lines."""
        raise NotImplementedError

    def crumbs(self) -> tuple[str, ...]:
        """Return the way from home to here."""
        return (str(self.PLACE),)

    def facts(self) -> Context:
        """Return what actions are judged by, besides the facts of the list."""
        return Context(self.PLACE)

    def status(self) -> str:
        """Return what the line above the keys says."""
        return "" if self.table is None else describe(self.table)

    def remark(self) -> str:
        """Return what stands beside the keys where there is room."""
        return ""

    def what_to_copy(self) -> str:
        """Return the id or value of what is under the cursor; empty for nothing."""
        return "" if self.table is None or self.table.cursor_key is None else str(self.table.cursor_key)

    # Composition

    def compose(self) -> ComposeResult:
        yield Crumbs(self.crumbs(), side=self._side, badge=self._badge)
        yield from self.body()
        yield Static(id="status", markup=False)
        yield Prompt()
        yield KeyBar()

    @property
    def registry(self) -> Registry:
        return self._registry

    @property
    def place(self) -> Place:
        return self.PLACE

    @property
    def table(self) -> RowTable | None:
        """The list that list actions are about: the focused one, else the first."""
        focused = self.focused
        return focused if isinstance(focused, RowTable) else next(iter(self.query(RowTable)), None)

    @property
    def terminal(self) -> TerminalApp:
        """The app, as far as a screen may know it."""
        assert isinstance(self.app, TerminalApp)
        return self.app

    @on(RowTable.Changed)
    @on(RowTable.Moved)
    def renew_lines(self) -> None:
        """Show anew where one is and what can be done; what has not changed is not repainted."""
        self.query_one(Crumbs).crumbs = self.crumbs()
        status = self.query_one("#status", Static)
        text = self.status()
        if self.table is not None and self.table.filter_error:
            text = f"✗ {show(self.table.filter_error, 300)}"
        if str(status.content) != text:
            status.update(text)
        self.query_one(KeyBar).say(self._registry, self.context(), self.remark())

    def on_resize(self) -> None:
        self.call_after_refresh(self._renew_if_there)

    def _renew_if_there(self) -> None:
        if self.query(Crumbs):  # not where the screen has been left since
            self.renew_lines()

    # The gate

    def context(self) -> Context:
        """Return the facts by which actions are judged now."""
        table = self.table
        if table is None:
            return self.facts()
        return replace(
            self.facts(),
            rows=len(table.view),
            selected=table.view.selected,
            marked=len(table.view.marks),
            filtered=bool(table.view.filter),
            has_pattern=table.pattern is not None,
        )

    def action_act(self, action_id: str) -> None:
        self.perform(action_id)

    @on(KeyBar.Pressed)
    def _perform_clicked(self, event: KeyBar.Pressed) -> None:
        self.perform(event.action_id)

    def perform(self, action_id: str, argument: str = "") -> None:
        """Do an action, ask first, or say why it cannot be done."""
        if action_id not in self._registry:
            if self._registry.is_stripped(action_id):
                self.notify("This session is read-only.", title="Not available", severity="warning")
            return
        action = self._registry[action_id]
        reason = (
            action.blocked(self.context()) if action.is_at(self.PLACE) else "That is not for this screen."
        )
        if reason:
            self.notify(reason, title=f"Not now: {action.title}", severity="warning")
            return
        if action.spends or action.dangerous:
            self.app.clear_notifications()  # Nothing lies over what is sent, what it costs, and how it goes.
        performer = self._performer(action)
        if action.asks_first:
            proposal = performer()
            assert isinstance(proposal, Proposal)
            self.app.push_screen(
                QuestionDialog(proposal.question), lambda yes: proposal.do() if yes else None
            )
        elif action.takes:
            performer(argument)
        else:
            performer()

    def _performer(self, action: Action) -> Callable[..., object]:
        """Find who performs an action: the list, the screen, or the app."""
        owner = next(owner for owner in (self.table, self, self.app) if hasattr(owner, action.performer))
        performer: Callable[..., object] = getattr(owner, action.performer)
        return performer

    # What every screen does

    def act_nav_back(self) -> None:
        """Undo the innermost state, then go back."""
        prompt = self.query_one(Prompt)
        if prompt.is_asking:
            prompt.leave()
        elif self.table is None or not self.table.undo():
            self.leave()

    def leave(self) -> None:
        """Go back at the operator's Esc."""
        self.go_back()

    def go_back(self) -> None:
        """Leave this screen for the one before."""
        if self.IS_ROOT:
            self.notify("This is the first screen. q leaves.")
        else:
            self.dismiss()

    def act_nav_help(self) -> None:
        from batchdeck.tui.widgets.help import HelpScreen

        self.app.clear_notifications()  # or one lies over the keys, mostly over why one of them did nothing
        keys = HelpScreen(self._registry, self.context())
        self.app.push_screen(keys, lambda wanted: self.perform(wanted) if wanted else None)

    def act_nav_palette(self) -> None:
        self.app.action_command_palette()

    def act_nav_quit(self) -> None:
        self.app.exit(0)

    def act_nav_command(self) -> None:
        commands = self._registry.commands(self.PLACE)
        self.query_one(Prompt).ask(_COMMAND, ":", complete=lambda typed: completions(typed, commands))

    def act_copy_id(self) -> None:
        if value := self.what_to_copy():
            self.terminal.offer(value, value if len(value) <= 60 else f"{len(value):,} characters")

    def act_copy_show(self) -> None:
        from batchdeck.tui.widgets.help import ValueScreen

        if value := self.what_to_copy():
            self.app.push_screen(ValueScreen(value))

    def act_copy_rows(self) -> None:
        table = self.table
        if table is None:
            return
        if table.view.selected > _MOST_ROWS:
            self.terminal.notify_error(
                UsageError(
                    f"{table.view.selected:,} rows are too many for a terminal's clipboard.",
                    hint="Mark fewer rows, or use the command line: `batchdeck pages … --json`.",
                )
            )
            return
        rows = list(table.plain_rows())
        self.terminal.offer("\n".join(rows), f"{len(rows):,} row{'s' if len(rows) != 1 else ''}")

    # The line to type in

    @on(RowTable.FilterWanted)
    def _ask_for_filter(self, event: RowTable.FilterWanted) -> None:
        self._filter_before = event.table.view.filter
        self.query_one(Prompt).ask(_FILTER, "/")

    @on(Prompt.Typed)
    def _filter_while_typing(self, event: Prompt.Typed) -> None:
        if event.what == _FILTER and self.table is not None:
            self.table.filter_by(event.text)

    @on(Prompt.Left)
    def _leave_prompt(self, event: Prompt.Left) -> None:
        if event.what == _FILTER and self.table is not None:
            self._filter_as_before(self.table)
        self._close_prompt()

    @on(Prompt.Given)
    def _take_answer(self, event: Prompt.Given) -> None:
        self._close_prompt()
        if event.what == _FILTER and self.table is not None:
            self.table.filter_by(event.text)
            if error := self.table.filter_error:
                # What is no filter filters nothing, not even by what of it was one while it was typed.
                self._filter_as_before(self.table)
                self.terminal.notify_error(FilterError(error))
        elif event.what == _COMMAND and event.text.strip():
            try:
                action, argument = read_command(event.text, self._registry.commands(self.PLACE))
            except UsageError as error:
                self.terminal.notify_error(error)
            else:
                self.perform(action.id, argument)

    def _filter_as_before(self, table: RowTable) -> None:
        table.filter_error = ""  # it was about what was typed, which is gone
        table.set_filter(self._filter_before)

    @on(Prompt.TypedAhead)
    def _take_key(self, event: Prompt.TypedAhead) -> None:
        self.app.post_message(event.key)

    def _close_prompt(self) -> None:
        prompt = self.query_one(Prompt)
        if not prompt.is_asking:  # else it has been asked again meanwhile
            prompt.hide()
            self.set_focus(self.table)

    def _focus_list(self) -> None:
        if self.table is not None:
            self.table.focus()
