"""One page: its source on the left; on the right what came back, or why nothing did."""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from batchdeck.domain.outcomes import Outcome, Remedy
from batchdeck.domain.text import show
from batchdeck.errors import BatchDeckError
from batchdeck.tui.actions.bindings import bindings_of
from batchdeck.tui.actions.catalogue import ACTIONS
from batchdeck.tui.actions.context import Context, Place
from batchdeck.tui.actions.registry import Registry
from batchdeck.tui.manners.colour import ColourMode
from batchdeck.tui.manners.pictures import PictureMode
from batchdeck.tui.screens.deck_screen import DeckScreen, PageSeen
from batchdeck.tui.screens.page_views import PageFacts, Tab, show_text, view, words_line
from batchdeck.tui.signs import OUTCOME_SIGNS
from batchdeck.tui.tracking import Work
from batchdeck.tui.widgets.crumbs import Crumbs
from batchdeck.tui.widgets.kitty import KittyPicture, draw_kitty
from batchdeck.tui.widgets.lines import say
from batchdeck.tui.widgets.picture import draw_picture

if TYPE_CHECKING:
    from batchdeck.deck import Deck

_DPI = {PictureMode.BLOCKS: 72, PictureMode.KITTY: 144}
_FAILED = frozenset(outcome for outcome in Outcome if outcome.is_failure)


class PageScreen(DeckScreen):
    """A page of a job with its source and its answer side by side."""

    PLACE = Place.PAGE
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(ACTIONS, Place.PAGE, Place.EVERYWHERE)
    DEFAULT_CSS = """
    PageScreen {
        & VerticalScroll {
            width: 1fr;
            border: round $border;
            padding: 0 1;
            scrollbar-size: 0 0;
            border-title-color: $foreground;
        }
        & VerticalScroll.-side { border: round $accent; }
        & > #words { height: 1; padding: 0 1; }
    }
    """

    def __init__(self, registry: Registry, deck: Deck, work: Work, *, job: str, index: int) -> None:
        """`index` is the page's global index in the job."""
        super().__init__(registry, deck, work, job=job, index=index)
        self.job = job
        self.index = index
        self._facts: PageFacts | None = None
        self._failed: list[int] = []
        self._pages = 0
        self._tab = Tab.ANSWER
        self._shows_picture = False
        self._sent: KittyPicture | None = None
        """The picture that the terminal holds."""
        self._drawn: tuple[int, int] | None = None
        """Page and width of the picture that is shown."""

    def body(self) -> ComposeResult:
        with Horizontal():
            with VerticalScroll(id="source", can_focus=False):
                yield Static(id="source-text", markup=False)
            with VerticalScroll(id="answer", can_focus=False, classes="-side"):
                yield Static(id="answer-text", markup=False)
        yield Static(id="words", markup=False)

    def on_mount(self) -> None:
        self._load()

    def on_unmount(self) -> None:
        self._free_picture()

    def on_resize(self) -> None:
        if self._shows_picture:
            self.call_after_refresh(self._draw)

    def crumbs(self) -> tuple[str, ...]:
        job = self.deck.job(self.job).name
        if self._facts is None:
            return ("batches", job, f"#{self.index:04d}")
        row = self._facts.row
        return ("batches", job, f"{row.document} p. {row.label or row.page}")

    # Reading

    def renew(self) -> None:
        self._load()

    @work(exclusive=True, group="page")
    async def _load(self) -> None:
        """Read the page in a thread, and show it if it is still the one that is wanted."""
        try:
            facts, failed, pages = await asyncio.to_thread(self._read, self.index)
        except BatchDeckError as error:
            say(self.query_one("#answer-text", Static), f"{error.title}\n{error.message}\n{error.hint}")
            return
        is_same = facts == self._facts and failed == self._failed
        self._facts, self._failed, self._pages = facts, failed, pages
        if not is_same:
            self._show()
        self.renew_lines()

    def _read(self, index: int) -> tuple[PageFacts, list[int], int]:
        table = self.deck.pages(self.job)
        row = table.row_of(index)
        answer = self.deck.answer(row.custom_id) if row.custom_id else None
        missing: tuple[str, ...] = ()
        if answer is not None and row.recall is not None:
            missing = self.deck.missing_words(self.job, index, row.custom_id)
        facts = PageFacts(row, table.attempts(index), answer, missing, self._read_source(index))
        return facts, table.indices_where(_FAILED), len(table)

    def _read_source(self, index: int) -> str:
        try:
            source = self.deck.source_page(self.job, index)
        except BatchDeckError as error:
            return f"{error.title}\n\n{error.message}"
        return source.text or "This page has no text layer: it is a picture. i shows it."

    # Showing

    def _show(self) -> None:
        facts = self._facts
        if facts is None:
            return
        say(self.query_one("#answer-text", Static), view(self._tab, facts, self.deck.now()))
        say(self.query_one("#words", Static), words_line(facts))
        tabs = " ".join(f"[b]▸{tab}[/]" if tab is self._tab else f"{tab}" for tab in Tab)
        self.query_one("#answer").border_title = tabs
        self._show_source(facts)

    def _show_source(self, facts: PageFacts) -> None:
        source = self.query_one("#source")
        if self._shows_picture:
            source.border_title = "source: picture"
            self._draw()
        else:
            self._free_picture()
            source.border_title = "source: text layer"
            say(self.query_one("#source-text", Static), show_text(facts.source))

    @work(exclusive=True, group="picture")
    async def _draw(self) -> None:
        line = self.query_one("#source-text", Static)
        width = max(self.query_one("#source").content_size.width, 8)
        index = self.index
        if self._drawn == (index, width):
            return
        drawn: Content | KittyPicture
        try:
            drawn = await asyncio.to_thread(self._picture, index, width)
        except BatchDeckError as error:
            drawn = Content(show(f"{error.title}. {error.message}", 500))
        if not self._shows_picture:
            return
        self._free_picture()
        self._drawn = (index, width)
        if isinstance(drawn, KittyPicture):
            self._sent = drawn
            self.terminal.send(drawn.sent)
            drawn = drawn.cells
        say(line, drawn)

    def _picture(self, index: int, width: int) -> Content | KittyPicture:
        terminal = self.terminal
        png = self.deck.source_image(self.job, index, dpi=_DPI[terminal.pictures])
        if terminal.pictures is PictureMode.KITTY:
            has_truecolor = terminal.console.color_system == "truecolor"
            return draw_kitty(png, width, has_truecolor=has_truecolor, environ=terminal.environ)
        return draw_picture(png, width, colours=terminal.colours is not ColourMode.NONE)

    def _free_picture(self) -> None:
        """Forget the picture that is shown, and let the terminal forget it."""
        self._drawn = None
        if self._sent is not None:
            self.terminal.send(self._sent.freed)
            self._sent = None

    def renew_lines(self) -> None:
        super().renew_lines()
        if self._facts is not None:
            row = self._facts.row
            attempt = f"attempt {row.attempts}" if row.attempts else "not sent"
            self.query_one(Crumbs).side = (f"#{row.index:04d} {attempt}",)

    def status(self) -> str:
        state = super().status()
        if self._facts is None:
            return state or "reading…"
        parts = [
            state,
            str(OUTCOME_SIGNS[self._facts.row.outcome]),
            f"page {self.index + 1:,} of {self._pages:,}",
        ]
        if self._failed:
            parts.append(f"{len(self._failed):,} failed")
        return " · ".join(part for part in parts if part)

    def what_to_copy(self) -> str:
        return self._facts.row.custom_id if self._facts is not None else ""

    def facts(self) -> Context:
        row = self._facts.row if self._facts is not None else None
        can_retry = row is not None and row.remedy not in (Remedy.NOTHING, Remedy.OPERATOR_FIRST)
        is_held = row is not None and row.remedy is Remedy.OPERATOR_FIRST
        return Context(
            Place.PAGE,
            in_job=True,
            retryable=int(can_retry),
            failures=len(self._failed),
            held=row.detail if row is not None and is_held else "",
        )

    # Going through the pages

    def go_back(self) -> None:
        if self.below is not None:
            self.below.post_message(PageSeen(self.index))
        super().go_back()

    def _go_to(self, index: int) -> None:
        self.index = index
        self._what["index"] = index
        for side in self.query(VerticalScroll):
            side.scroll_home(animate=False)
        self._load()

    def act_page_next(self) -> None:
        if self.index + 1 < self._pages:
            self._go_to(self.index + 1)
        else:
            self.notify("This is the last page.", timeout=2)

    def act_page_previous(self) -> None:
        if self.index > 0:
            self._go_to(self.index - 1)
        else:
            self.notify("This is the first page.", timeout=2)

    def act_page_next_failure(self) -> None:
        place = bisect_right(self._failed, self.index)
        self._go_to(self._failed[place % len(self._failed)])

    def act_page_previous_failure(self) -> None:
        self._go_to(self._failed[bisect_left(self._failed, self.index) - 1])

    def act_page_tab(self) -> None:
        self._turn_to(self._tab.step(1))

    def act_page_tab_back(self) -> None:
        self._turn_to(self._tab.step(-1))

    def _turn_to(self, tab: Tab) -> None:
        self._tab = tab
        self.query_one("#answer", VerticalScroll).scroll_home(animate=False)
        self._show()

    def act_page_picture(self) -> None:
        self._shows_picture = not self._shows_picture
        self._show()

    def act_job_retry(self) -> None:
        from batchdeck.tui.screens.retry import RetryScreen

        self.show_screen(
            RetryScreen(
                self._registry, self.deck, self.work, target=self.job, indices=frozenset({self.index})
            )
        )

    # Scrolling one of the sides

    @property
    def _side_scrolled(self) -> VerticalScroll:
        return self.query_one(".-side", VerticalScroll)

    def _scroll(self, lines: int) -> None:
        self._side_scrolled.scroll_relative(y=lines, animate=False)

    def _screenful(self) -> int:
        return max(self._side_scrolled.content_size.height - 1, 1)

    def act_page_down(self) -> None:
        self._scroll(1)

    def act_page_up(self) -> None:
        self._scroll(-1)

    def act_page_page_down(self) -> None:
        self._scroll(self._screenful())

    def act_page_page_up(self) -> None:
        self._scroll(-self._screenful())

    def act_page_top(self) -> None:
        self._side_scrolled.scroll_home(animate=False)

    def act_page_bottom(self) -> None:
        self._side_scrolled.scroll_end(animate=False)

    def act_page_side(self) -> None:
        for side in self.query(VerticalScroll):
            side.toggle_class("-side")
