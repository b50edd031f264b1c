"""Submitting: choose a folder, see what is in it and what it would cost, and send it with `y`."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from batchdeck.domain.batches import Mode
from batchdeck.domain.counting import CountedEstimate
from batchdeck.domain.documents import Scan
from batchdeck.domain.events import DocumentScanned, Event
from batchdeck.domain.planning import Plan, Submitted
from batchdeck.errors import AccountHeld, ApiRefused, BatchDeckError, UsageError
from batchdeck.tui.actions.bindings import bindings_of
from batchdeck.tui.actions.catalogue import ACTIONS
from batchdeck.tui.actions.context import Context, Place
from batchdeck.tui.actions.registry import Registry
from batchdeck.tui.glyphs import Tone
from batchdeck.tui.screens.changes import Fields, completions, read_change
from batchdeck.tui.screens.deck_screen import DeckScreen
from batchdeck.tui.screens.paths import Entry, complete_path, entries_of, folder_being_typed, path_meant
from batchdeck.tui.screens.sending import WHAT_STAYS, Sending, ending
from batchdeck.tui.screens.spans import counted, price_range
from batchdeck.tui.screens.submit_plan import Wishes
from batchdeck.tui.screens.submit_rows import (
    ENTRY_COLUMNS,
    FILE_COLUMNS,
    FileLine,
    PlannedRows,
    count_line,
    file_text,
    key_of_entry,
    key_of_file,
    options_line,
    scanned_line,
    shown_path,
)
from batchdeck.tui.screens.submit_words import browsing_line, why_unsendable, words_below
from batchdeck.tui.screens.working import WorkingScreen
from batchdeck.tui.tracking import Piece, Work
from batchdeck.tui.widgets.help import ValueScreen
from batchdeck.tui.widgets.lines import say
from batchdeck.tui.widgets.prompt import Prompt
from batchdeck.tui.widgets.row_table import RecordRows, RowTable

if TYPE_CHECKING:
    from batchdeck.deck import Deck

_PATH = "path"
_CHANGE = "change"
_KEPT = "submit"
"""Under this name the app keeps the screen that was left while it looked at files."""


class SubmitScreen(WorkingScreen):
    """From a folder to batches. Nothing is sent before `y`; what is under way goes on when one leaves."""

    PLACE = Place.SUBMIT
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(ACTIONS, Place.SUBMIT, Place.EVERYWHERE)
    DEFAULT_CSS = """
    SubmitScreen {
        & > #path { height: 1; padding: 0 1; text-style: bold; }
        & > #options { height: auto; max-height: 2; padding: 0 1; }
        & > #plan { height: auto; max-height: 9; padding: 1 1 0 1; }
        & > #plan.-bad { color: $error; }
        & > #plan.-good { color: $success; }
        & > #plan.-warn { color: $warning; }
    }
    """

    def __init__(self, registry: Registry, deck: Deck, work: Work, *, folder: str = "") -> None:
        """`folder` is looked at straight away; without one the operator is asked."""
        super().__init__(registry, deck, work, folder=folder)
        self._path = folder
        self._browsed = folder_being_typed(folder)
        self._wishes = Wishes()
        self._scanned: list[FileLine] = []
        self._scan: Scan | None = None
        self._plan: Plan | None = None
        self._planned: PlannedRows | None = None
        self._error: BatchDeckError | None = None
        self._sending: Sending | None = None
        self._counted = ""

    def body(self) -> ComposeResult:
        yield Static(id="path", markup=False)
        yield Static(id="options", markup=False)
        yield RowTable(RecordRows(ENTRY_COLUMNS, (), key_of=key_of_entry))
        yield Static(id="plan", markup=False)

    def on_mount(self) -> None:
        if self._path:
            self._look_at(self._path)
        else:
            self.call_after_refresh(self.act_plan_folder)

    def crumbs(self) -> tuple[str, ...]:
        return ("batches", "submit")

    # Choosing a folder

    def act_plan_folder(self, path: str = "") -> None:
        """Look at a folder or file, or ask for one."""
        if path:
            self._look_at(path)
            return
        self._scan = self._plan = self._sending = self._error = None
        typed = self._path or (os.getcwd() + "/")
        self._browse(folder_being_typed(typed))
        suffixes = self._wishes.suffixes()
        self.query_one(Prompt).ask(_PATH, "path", typed, lambda begun: complete_path(begun, suffixes))

    def _browse(self, folder: str) -> None:
        self._browsed, entries = folder, entries_of(folder, self._wishes.suffixes())
        self.query_one(RowTable).show(RecordRows(ENTRY_COLUMNS, entries, key_of=key_of_entry))
        self.renew_lines()

    @on(Prompt.Typed)
    def _path_typed(self, event: Prompt.Typed) -> None:
        if event.what == _PATH and (folder := folder_being_typed(event.text)) != self._browsed:
            self._browse(folder)

    @on(RowTable.Opened)
    def _open_row(self, event: RowTable.Opened) -> None:
        source = event.table.view.source
        assert isinstance(source, RecordRows)
        record: Entry | FileLine = source.record(source.index_of(event.key) or 0)
        if isinstance(record, FileLine):
            self.app.push_screen(ValueScreen(file_text(record)))
        elif record.is_folder:
            self._path = record.path + "/"
            self._browse(self._path)
        else:
            self._look_at(record.path)

    # Scanning and planning

    def _look_at(self, path: str) -> None:
        full = str(Path(path_meant(path)).expanduser())
        if not os.path.lexists(full):
            self.terminal.notify_error(UsageError("There is nothing at that path.", hint="f asks again."))
            return
        self._path, self._scanned = full, []
        self._scan = self._plan = self._sending = self._error = None
        self._piece = self.work.start(
            "looking at files",
            self.deck.scan([full], recipe=self._wishes.recipe),
            on_event=self._note_scan,
            on_done=self._finish_scan,
            on_error=self._fail,
        )
        self._show_files()
        self._focus_list()

    def _note_scan(self, event: Event) -> None:
        if isinstance(event, DocumentScanned):
            self._scanned.append(scanned_line(event.file))

    def _finish_scan(self, scan: Scan) -> None:
        self._scan = scan
        self._make_plan()
        if self not in self.app.screen_stack:
            self.notify("s shows what it holds and what it would cost.", title=f"Looked at {self._path}")

    def _make_plan(self) -> None:
        if self._scan is None:
            return
        wishes, table = self._wishes, self.query_one(RowTable) if self.is_attached else None
        if self._plan is None and table is not None and table.view.cursor <= 0:
            # Until now files stood as they came; the plan puts those that need a look first.
            table.view.rest_on_top()
        try:
            self._counted = ""
            self._plan = self.deck.plan(
                self._scan,
                recipe=wishes.recipe,
                model=wishes.model,
                max_tokens=wishes.max_tokens,
                pages=wishes.pages or None,
                name=wishes.name,
                again=wishes.again,
                mode=wishes.mode,
                ladder=wishes.ladder or None,
            )
        except BatchDeckError as error:
            self.terminal.notify_error(error)
        if self.is_attached:
            self._show_files()

    # Showing

    def renew(self) -> None:
        if self.is_busy or self._plan is not None:
            self._show_files()
        else:
            self.renew_lines()

    def _show_files(self) -> None:
        self.query_one(RowTable).show(self._files())
        self.renew_lines()

    def _files(self) -> RecordRows[FileLine]:
        if self._plan is None:
            return RecordRows(FILE_COLUMNS, list(self._scanned), key_of=key_of_file)
        if self._planned is None or self._planned.plan is not self._plan:
            self._planned = PlannedRows(self._plan)
        return self._planned if self._sending is None else self._planned.at(self._sending.prepared)

    def on_work_moved(self) -> None:
        if self.is_busy or self._sending is not None:
            self._show_files()
        else:
            self.renew_lines()

    @on(RowTable.Changed)
    @on(RowTable.Moved)
    def renew_lines(self) -> None:
        super().renew_lines()
        say(self.query_one("#path", Static), shown_path(self._path or self._browsed))
        text, tone = self._words()
        say(self.query_one("#options", Static), self._options())
        line = self.query_one("#plan", Static)
        say(line, text)
        for each in (Tone.BAD, Tone.GOOD, Tone.WARN):
            line.set_class(each is tone, f"-{each}")

    def _options(self) -> str:
        if self._plan is not None:
            return options_line(self._plan, self._wishes.pages, again=self._wishes.again)
        if self.is_busy:
            pages = sum(line.pages for line in self._scanned)
            return f"{counted(pages, 'page')} in {counted(len(self._scanned), 'file')} so far"
        return browsing_line(self._wishes.recipe)

    def _words(self) -> tuple[str, Tone]:
        """Return what is said below the list: the plan, how sending goes, what it came to."""
        may_send = not self.deck.read_only
        return words_below(
            self._sending, self._error, self._plan, self._counted, self._why_not(), may_send=may_send
        )

    # What actions are about

    def _why_not(self) -> str:
        plan = self._plan
        if plan is None:
            return "Choose a folder first."
        if self._sending is not None and self._sending.error is None and not self._sending.stopped:
            return "This has been sent."
        return why_unsendable(plan)

    def facts(self) -> Context:
        why_not = self._why_not()
        return Context(Place.SUBMIT, ready=not why_not, not_ready=why_not, working=self.busy_with)

    # Changing

    @property
    def _fields(self) -> Fields:
        return self._wishes.fields(sorted(self.deck.prices.models))

    def act_plan_edit(self) -> None:
        """Change model, tokens, pages, name or recipe."""
        fields = self._fields
        self.query_one(Prompt).ask(_CHANGE, "change", complete=lambda typed: completions(typed, fields))

    @on(Prompt.Given)
    def _given(self, event: Prompt.Given) -> None:
        if event.what == _PATH and event.text.strip():
            self._look_at(event.text.strip())
        elif event.what == _CHANGE and event.text.strip():
            try:
                wishes = self._wishes.changed(*read_change(event.text, self._fields))
            except BatchDeckError as error:
                self.terminal.notify_error(error)
            else:
                self._sending = self._error = None
                self._wish(wishes)

    def _wish(self, wishes: Wishes) -> None:
        """Take changed wishes; another recipe may read other files, so they are looked at anew."""
        has_other_recipe, self._wishes = wishes.recipe != self._wishes.recipe, wishes
        if not has_other_recipe:
            self._make_plan()
        elif self._scan is not None:
            self._look_at(self._path)
        else:
            self._browse(self._browsed)

    # Doing

    def act_plan_count(self) -> None:
        """Count a few pages at the API, and estimate by them."""
        plan = self._plan
        assert plan is not None
        take, counting = partial(self._take_count, plan), self.deck.count_estimate(plan)
        self.work.start("counting tokens", counting, on_done=take)

    def _take_count(self, plan: Plan, found: CountedEstimate) -> None:
        if self._plan is plan and self._sending is None:
            self._plan, self._counted = replace(plan, estimate=found.estimate), count_line(found)
            if self.is_attached:
                self._show_files()

    def act_plan_confirm(self) -> None:
        """Submit the plan that is shown."""
        assert self._plan is not None
        self._sending = Sending()
        operation: Any = self.deck.submit(self._plan)
        self._piece = self.work.start(
            f"submitting {self._plan.name}",
            operation,
            on_event=self._sending.note,
            on_done=self._finish,
            on_error=self._fail,
        )
        self._show_files()

    def _finish(self, result: Submitted) -> None:
        assert self._sending is not None
        self._sending.result = result
        if result.refused and not result.held and result.unsent:
            self._offer(self._sending, result.job)
        self._tell(self._sending)

    def _fail(self, error: BatchDeckError) -> None:
        self._error = error
        if self._sending is not None:
            self._sending.error = error
            if isinstance(error, ApiRefused) and error.job and not isinstance(error, AccountHeld):
                self._offer(self._sending, error.job)
            self._tell(self._sending)
        elif self.is_current:
            self._show_files()
        else:
            self.terminal.notify_error(error)

    def _offer(self, sending: Sending, job: str) -> None:
        """Offer real time, with its price, for what was refused as a batch."""
        cost = price_range(self.deck.unsent(job, Mode.REALTIME).estimate)
        sending.offer = f"In real time they would cost {cost}: e, mode realtime, then y."
        self._make_plan()

    def _tell(self, sending: Sending) -> None:
        if self.is_current:
            self._show_files()
        else:
            self.notify(ending(sending, is_left=True)[0], title="Submitting")

    def stop(self, piece: Piece) -> None:
        """Stop; what is on disk or sent stays, and the same plan goes on from there."""
        piece.cancel()
        if self._sending is None:
            self.notify("Nothing was sent; f looks at a folder again.", title="Stopped")
        else:
            self._sending.stopped = True
            self._make_plan()

    def what_stays(self) -> tuple[str, str]:
        if self._sending is not None:
            return WHAT_STAYS
        return (
            "Esc or n leaves: the files are looked at in the background, and s comes back to them.",
            "y stops it: nothing was sent.",
        )

    def go_back(self) -> None:
        """Leave. While files are being looked at, the screen is kept for the next that is opened."""
        piece = self._piece
        if piece is not None and not (piece.is_over or piece.is_stopping) and self._sending is None:
            if (other := kept_submit(self.app)) is not None:
                other.drop()
            self.app.install_screen(self, _KEPT)
        super().go_back()

    def again(self) -> DeckScreen:
        return kept_submit(self.app) or super().again()

    def drop(self) -> None:
        """End for good; call it when the screen is neither shown nor kept."""
        if self._piece is not None:
            self._piece.cancel()
        self.remove()


def kept_submit(app: App[Any]) -> SubmitScreen | None:
    """Return the screen that was left while it looked at files; whoever takes it shows it, or drops it."""
    if not app.is_screen_installed(_KEPT):
        return None
    screen = app.get_screen(_KEPT)
    app.uninstall_screen(_KEPT)
    return screen if isinstance(screen, SubmitScreen) else None
