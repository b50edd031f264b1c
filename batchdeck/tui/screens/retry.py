"""Sending failed pages again: a line for each cause with its change and cost, before the key that spends."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from batchdeck.domain.outcomes import Outcome
from batchdeck.domain.planning import RetryChoice, RetryPlan, Submitted
from batchdeck.domain.text import show
from batchdeck.errors import BatchDeckError, NotFound, UsageError
from batchdeck.tui.actions.bindings import bindings_of
from batchdeck.tui.actions.catalogue import ACTIONS
from batchdeck.tui.actions.context import Context, Place
from batchdeck.tui.actions.registry import Registry
from batchdeck.tui.glyphs import Tone
from batchdeck.tui.screens.batch_rows import short_id
from batchdeck.tui.screens.changes import Fields, completions, read_change, read_tokens, read_yes
from batchdeck.tui.screens.retry_rows import CAUSE_COLUMNS, CauseLine, cause_lines, without
from batchdeck.tui.screens.sending import WHAT_STAYS, Sending, ending
from batchdeck.tui.screens.spans import counted, price_range
from batchdeck.tui.screens.working import WorkingScreen
from batchdeck.tui.tracking import Piece, Work
from batchdeck.tui.widgets.lines import say
from batchdeck.tui.widgets.notices import Notice
from batchdeck.tui.widgets.prompt import Prompt
from batchdeck.tui.widgets.row_table import RecordRows, RowTable

if TYPE_CHECKING:
    from batchdeck.deck import Deck

_CHANGE = "change"


class RetryScreen(WorkingScreen):
    """What a retry would send. Nothing is sent before `y`."""

    PLACE = Place.RETRY
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(ACTIONS, Place.RETRY, Place.EVERYWHERE)
    DEFAULT_CSS = """
    RetryScreen {
        & > #what { height: 2; padding: 0 1; text-style: bold; }
        & > #cost { height: auto; padding: 1 1 0 1; }
        & > #progress { height: auto; max-height: 8; padding: 0 1; }
        & > #cost.-bad { color: $error; }
        & > #cost.-good { color: $success; }
        & > #cost.-warn { color: $warning; }
        & > Notice { display: none; }
        &.-empty > Notice { display: block; }
        &.-empty > RowTable { display: none; }
    }
    """

    def __init__(
        self,
        registry: Registry,
        deck: Deck,
        work: Work,
        *,
        target: str,
        indices: frozenset[int] = frozenset(),
    ) -> None:
        """`target` is a job or a batch; `indices` are the marked pages, none for all failures."""
        super().__init__(registry, deck, work, target=target, indices=indices)
        self.target = target
        self._indices = indices
        self._by_outcome: dict[Outcome, dict[str, object]] = {}
        self._left_out: set[Outcome] = set()
        self._asked_for: set[Outcome] = set()
        self._plan: RetryPlan | None = None
        self._lines: list[CauseLine] = []
        self._why_none = "The plan is being made."
        self._sending: Sending | None = None

    def body(self) -> ComposeResult:
        yield Static(id="what", markup=False)
        yield RowTable(RecordRows(CAUSE_COLUMNS, (), key_of=_key_of))
        yield Notice()
        yield Static(id="cost", markup=False)
        yield Static(id="progress", markup=False)

    def on_mount(self) -> None:
        self.add_class("-empty")
        self.query_one(Notice).say("Looking at the failures…")
        self._plan_anew()

    def crumbs(self) -> tuple[str, ...]:
        return ("batches", self.job_name, "retry")

    @property
    def job_name(self) -> str:
        try:
            return self.deck.job(self.target).name
        except NotFound:
            return short_id(self.target)

    # Planning

    @work(exclusive=True, group="plan")
    async def _plan_anew(self) -> None:
        """Work out what would be sent, with the operator's changes."""
        choice = RetryChoice(
            indices=self._indices,
            by_outcome=self._by_outcome,
            asked_for=frozenset(self._asked_for),
            account_mended=Outcome.ERRORED in self._asked_for,
        )
        try:
            plan = await self.deck.plan_retry(self.target, choice)
            errors = await asyncio.to_thread(self._error_types)
        except BatchDeckError as error:
            self._plan, self._why_none = None, error.message
            self.query_one(Notice).say_error(error)
            self.add_class("-empty")
            self.renew_lines()
            return
        self._plan = without(plan, self._left_out, self.deck.prices)
        self._lines = cause_lines(self._plan, self.deck.prices, errors)
        self._why_none = "No failed page here can be sent as it stands: e changes that."
        self.set_class(not self._lines, "-empty")
        if not self._lines:
            self._why_none = "No page has failed here."
            self.query_one(Notice).say("No page has failed here", "Esc goes back")
        self.query_one(RowTable).show(RecordRows(CAUSE_COLUMNS, self._lines, key_of=_key_of))
        self._focus_list()
        self.renew_lines()

    def _error_types(self) -> Mapping[int, str]:
        groups = self.deck.failures(self.target)
        return {index: group.error_type for group in groups if group.error_type for index in group.pages}

    # Showing

    @on(RowTable.Changed)
    @on(RowTable.Moved)
    def renew_lines(self) -> None:
        super().renew_lines()
        plan = self._plan
        text, tone = self._cost_line()
        say(self.query_one("#what", Static), self._heading())
        cost = self.query_one("#cost", Static)
        say(cost, text)
        for each in (Tone.BAD, Tone.GOOD, Tone.WARN):
            cost.set_class(each is tone, f"-{each}")
        lines = self._sending.lines(6) if self._sending is not None else self._skip_note(plan)
        say(self.query_one("#progress", Static), "\n".join(lines))

    def _heading(self) -> str:
        if self._plan is None:
            return f"Retry failed pages of {show(self.job_name, 60)}"
        chosen = "marked pages" if self._indices else "failed pages"
        total = self._plan.pages + len(self._plan.skipped)
        return f"Retry {self._plan.pages:,} of {total:,} {chosen} of {show(self.job_name, 60)}"

    def _cost_line(self) -> tuple[str, Tone]:
        if self._sending is not None and (
            self._sending.result or self._sending.error or self._sending.stopped
        ):
            return ending(self._sending)
        plan = self._plan
        if plan is None or not self._lines:
            return "", Tone.PLAIN
        if not plan.turns:
            return f"✗ {self._why_none}", Tone.BAD
        return f"{counted(plan.pages, 'page')}, {price_range(plan.estimate)}. y sends them.", Tone.STRONG

    def _skip_note(self, plan: RetryPlan | None) -> list[str]:
        """Say in full why the pages under the cursor are left out; the list may have cut it short."""
        line = self._line
        if plan is None or line is None or line.sent:
            return []
        return [f"{counted(line.pages, 'page')} {line.outcome}, not sent: {show(line.says, 300)}"]

    @property
    def _line(self) -> CauseLine | None:
        key = self.query_one(RowTable).cursor_key
        return next((line for line in self._lines if line.key == key), None)

    def facts(self) -> Context:
        is_open = self._sending is None or self._sending.error is not None
        ready = self._plan is not None and bool(self._plan.turns) and is_open
        reason = self._why_none if is_open else "This has been sent."
        return Context(
            Place.RETRY,
            ready=ready,
            not_ready=reason,
            working=self.busy_with,
        )

    # Changing

    @on(RowTable.Opened)
    def _open_row(self) -> None:
        """What a cause holds is its change."""
        self.act_plan_edit()

    @property
    def _fields(self) -> Fields:
        models = tuple(sorted(self.deck.prices.models))
        return {
            "model": models,
            "max_tokens": ("8192", "16384", "32000", "64000"),
            "as_image": ("yes", "no"),
            "skip": ("yes", "no"),
            "send": ("yes", "no"),
        }

    def act_plan_edit(self) -> None:
        """Change what is done about the cause under the cursor."""
        line = self._line
        if line is None:
            self.notify("There is no cause to change.")
            return
        fields = self._fields
        self.query_one(Prompt).ask(
            f"{_CHANGE} {line.outcome}",
            f"{line.outcome}: change",
            complete=lambda typed: completions(typed, fields),
        )

    @on(Prompt.Given)
    def _change_given(self, event: Prompt.Given) -> None:
        verb, _, outcome = event.what.partition(" ")
        if verb != _CHANGE or not event.text.strip():
            return
        try:
            self._change(Outcome(outcome), *read_change(event.text, self._fields))
        except UsageError as error:
            self.terminal.notify_error(error)
        else:
            self._sending = None
            self._plan_anew()

    def _change(self, outcome: Outcome, name: str, value: str) -> None:
        changes: dict[str, Any] = self._by_outcome.setdefault(outcome, {})
        match name:
            case "model":
                changes["model"] = value or None
            case "max_tokens":
                changes["max_tokens"] = read_tokens(value)
            case "as_image":
                changes["as_image"] = read_yes(value)
            case _:
                if read_yes(value) == (name == "skip"):
                    self._left_out.add(outcome)
                else:
                    self._left_out.discard(outcome)
                    self._asked_for.add(outcome)

    # Doing

    def act_plan_confirm(self) -> None:
        """Send what is proposed."""
        assert self._plan is not None
        self._sending = Sending()
        self._piece = self.work.start(
            f"retrying {self.job_name}",
            self.deck.retry(self._plan),
            on_event=self._sending.note,
            on_done=self._finish,
            on_error=self._fail,
        )
        self.renew_lines()

    def _finish(self, result: Submitted) -> None:
        assert self._sending is not None
        self._sending.result = result
        self._tell()

    def _fail(self, error: BatchDeckError) -> None:
        assert self._sending is not None
        self._sending.error = error
        self._tell()

    def _tell(self) -> None:
        assert self._sending is not None
        if self.is_current:
            self.renew_lines()
        else:
            self.notify(ending(self._sending, is_left=True)[0], title=f"Retry of {self.job_name}")

    def stop(self, piece: Piece) -> None:
        piece.cancel()
        if self._sending is not None:
            self._sending.stopped = True
        self.renew_lines()

    def what_stays(self) -> tuple[str, str]:
        return WHAT_STAYS


def _key_of(line: CauseLine) -> str:
    return line.key
