"""Exporting a job: template, folder, figures; then how each document came out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from batchdeck.domain.events import DocumentExported, Event
from batchdeck.domain.planning import DocumentReport, ExportReport
from batchdeck.domain.text import show
from batchdeck.errors import BatchDeckError, UsageError
from batchdeck.tui.actions.bindings import bindings_of
from batchdeck.tui.actions.catalogue import ACTIONS
from batchdeck.tui.actions.context import Context, Place
from batchdeck.tui.actions.registry import Registry
from batchdeck.tui.glyphs import Tone
from batchdeck.tui.screens.changes import Fields, completions, read_change
from batchdeck.tui.screens.export_rows import REPORT_COLUMNS, WAITING_COLUMNS, verdict
from batchdeck.tui.screens.paths import short_path
from batchdeck.tui.screens.spans import counted
from batchdeck.tui.screens.working import WorkingScreen
from batchdeck.tui.tracking import Piece, Work
from batchdeck.tui.widgets.lines import say
from batchdeck.tui.widgets.prompt import Prompt
from batchdeck.tui.widgets.row_table import RecordRows, RowTable, describe

if TYPE_CHECKING:
    from batchdeck.deck import Deck

_CHANGE = "change"
_FIGURES = ("embed", "files")
_WRITES_DOCUMENTS = "x writes one HTML document for each PDF; failed pages are marked, never left out."


class ExportScreen(WorkingScreen):
    """One job on its way to HTML. The work goes on when the screen is left; its report is on disk as well."""

    PLACE = Place.EXPORT
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(ACTIONS, Place.EXPORT, Place.EVERYWHERE)
    DEFAULT_CSS = """
    ExportScreen {
        & > #options { height: 4; padding: 0 1; }
        & > #verdict { height: auto; max-height: 6; padding: 1 1 0 1; }
        & > #verdict.-bad { color: $error; }
        & > #verdict.-good { color: $success; }
        & > #verdict.-warn { color: $warning; }
    }
    """

    def __init__(self, registry: Registry, deck: Deck, work: Work, *, job: str, folder: str = "") -> None:
        """`folder` is where the files go; the deck's own exports folder by default."""
        super().__init__(registry, deck, work, job=job, folder=folder)
        self.job = deck.job(job)
        defaults = deck.settings.export
        self._usual, choices = deck.export_choices(self.job.id)
        self._choices = {template.name: template.summary for template in choices}
        self._template = self._usual
        self._figures: str = defaults.figures
        self._folder = folder
        self._report: ExportReport | None = None
        self._arrived: dict[str, DocumentExported] = {}
        self._error: BatchDeckError | None = None

    def body(self) -> ComposeResult:
        yield Static(id="options", markup=False)
        yield RowTable(self._rows())
        yield Static(id="verdict", markup=False)

    def on_mount(self) -> None:
        self.renew_lines()

    def crumbs(self) -> tuple[str, ...]:
        return ("batches", self.job.name, "export")

    # Showing

    def _rows(self) -> RecordRows[Any]:
        if self._report is not None:
            return RecordRows(REPORT_COLUMNS, self._report.documents, key_of=_html_of)
        return RecordRows(
            WAITING_COLUMNS,
            [(ref, self._arrived.get(ref.name)) for ref in self.job.documents],
        )

    @property
    def target_folder(self) -> Path | None:
        """Where the files are, or were put last; None before an export."""
        return self._report.folder if self._report is not None else self.deck.exported(self.job.id)

    @on(RowTable.Changed)
    @on(RowTable.Moved)
    def renew_lines(self) -> None:
        super().renew_lines()
        folder = short_path(self._folder) if self._folder else "the deck's own exports folder"
        say(
            self.query_one("#options", Static),
            f"{show(self.job.name, 60)}: {counted(len(self.job.documents), 'document')}, "
            f"{counted(self.job.pages, 'page')}\n"
            f"template {show(self._template, 60)} · figures {self._figures} · into {show(folder, 200)}\n"
            f"{self._summary_of_template()}",
        )
        text, tone = self._verdict()
        line = self.query_one("#verdict", Static)
        say(line, text)
        for each in (Tone.BAD, Tone.GOOD, Tone.WARN):
            line.set_class(each is tone, f"-{each}")

    def _summary_of_template(self) -> str:
        return show(self._choices.get(self._template, "a template of your own"), 200)

    def _verdict(self) -> tuple[str, Tone]:
        if self._error is not None:
            hint = f" {self._error.hint}" if self._error.hint else ""
            return f"✗ {self._error.title}: {show(self._error.message + hint, 600)}", Tone.BAD
        if self._report is not None:
            return verdict(self._report)
        if self.is_busy:
            return f"▸ {self._piece}", Tone.PLAIN
        if self.target_folder is not None:
            return (
                f"Exported before, to {show(short_path(str(self.target_folder)), 300)}. x exports again.",
                Tone.PLAIN,
            )
        if "document" in self._choices:
            return _WRITES_DOCUMENTS, Tone.PLAIN
        return "x writes all answers into one file; failed ones say why, never left out.", Tone.PLAIN

    def status(self) -> str:
        table = self.table
        others = [str(p) for p in self.work.pieces if not p.is_quiet and p is not self._piece]
        return " · ".join([*others, describe(table)] if table is not None else others)

    def facts(self) -> Context:
        return Context(
            Place.EXPORT,
            ready=True,
            exported=self.target_folder is not None,
            working=self.busy_with,
        )

    def what_to_copy(self) -> str:
        key = self.query_one(RowTable).cursor_key
        if isinstance(key, str):
            return key
        return str(self.target_folder) if self.target_folder is not None else ""

    # Doing

    def act_export_start(self) -> None:
        """Write the documents."""
        self._report, self._error, self._arrived = None, None, {}
        operation = self.deck.export(
            self.job.id, out=self._folder or None, template=self._template, figures=self._figures
        )
        self._piece = self.work.start(
            f"exporting {self.job.name}",
            operation,
            on_event=self._note,
            on_done=self._finish,
            on_error=self._fail,
        )
        self._show_rows()

    def _note(self, event: Event) -> None:
        if isinstance(event, DocumentExported):
            self._arrived[event.document] = event

    def _finish(self, report: ExportReport) -> None:
        self._report = report
        if self.is_attached:
            self._show_result()
        else:
            self.notify(verdict(report)[0], title=f"{self.job.name} is exported")

    def _fail(self, error: BatchDeckError) -> None:
        self._error = error
        if self.is_attached:
            self._show_result()
        else:
            self.terminal.notify_error(error)

    def _show_rows(self) -> None:
        self.query_one(RowTable).show(self._rows())
        self.renew_lines()

    def _show_result(self) -> None:
        """Show what it came to: rows and verdict at the same moment, and no toast over them."""
        self.app.clear_notifications()
        self._show_rows()
        table = self.query_one(RowTable)
        if not table.paused:
            table.take_news()

    def on_work_moved(self) -> None:
        if self._report is None:
            self._show_rows()

    def stop(self, piece: Piece) -> None:
        piece.cancel()
        self.notify("What is written so far stays; x begins anew.", title="Stopped")

    def what_stays(self) -> tuple[str, str]:
        return (
            "Esc or n leaves: it goes on in the background.",
            "y stops it: what is written so far stays; x begins anew.",
        )

    def act_job_open_export(self) -> None:
        """Show where the document under the cursor is, or the export as a whole."""
        self.tell_export(self.job.id, self.what_to_copy())

    @on(RowTable.Opened)
    def _open_row(self) -> None:
        if self.target_folder is not None:
            self.act_job_open_export()

    # Changing

    @property
    def _fields(self) -> Fields:
        names = (self._template, *(name for name in self._choices if name != self._template))
        return {"template": names, "figures": _FIGURES, "folder": (self._folder,)}

    def act_plan_edit(self) -> None:
        fields = self._fields
        self.query_one(Prompt).ask(_CHANGE, "change", complete=lambda typed: completions(typed, fields))

    @on(Prompt.Given)
    def _change_given(self, event: Prompt.Given) -> None:
        if event.what != _CHANGE or not event.text.strip():
            return
        defaults = self.deck.settings.export
        try:
            name, value = read_change(event.text, self._fields)
            match name:
                case "template":
                    self._template = value or self._usual
                case "figures":
                    if value and value not in _FIGURES:
                        raise UsageError(
                            "Figures are embedded or files.", hint="Type figures embed, or figures files."
                        )
                    self._figures = value or defaults.figures
                case _:
                    self._folder = str(Path(value).expanduser()) if value else ""
        except UsageError as error:
            self.terminal.notify_error(error)
        self.renew_lines()


def _html_of(record: DocumentReport) -> str:
    return str(record.html)
