"""The dashboard's app: one deck, its background work, its screens. What screens do is theirs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.command import Provider
from textual.message import Message

from batchdeck.domain.events import Event, Finished, Operation
from batchdeck.tui.actions.catalogue import ACTIONS
from batchdeck.tui.actions.registry import Registry
from batchdeck.tui.manners.browser import is_served
from batchdeck.tui.manners.colour import ColourMode, decide_colours
from batchdeck.tui.manners.pictures import decide_pictures
from batchdeck.tui.manners.terminal_app import TerminalApp
from batchdeck.tui.screens.batches import MAKING_SAMPLES, BatchesScreen
from batchdeck.tui.screens.deck_screen import DeckChanged
from batchdeck.tui.tracking import Work, WorkEnded, WorkMoved
from batchdeck.tui.watching import Watch
from batchdeck.tui.widgets.palette import ActionProvider

if TYPE_CHECKING:
    from batchdeck.deck import Deck


class DeckApp(TerminalApp):
    """The dashboard over one opened deck, which stays its caller's to close."""

    CSS_PATH = Path(__file__).with_name("batchdeck.tcss")
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {ActionProvider}

    def __init__(
        self,
        deck: Deck,
        *,
        environ: Mapping[str, str] = os.environ,
        colours: ColourMode | None = None,
        samples: Path | None = None,
        make_samples: Callable[[], object] | None = None,
        when_loaded: Callable[[], object] | None = None,
    ) -> None:
        """Take the deck to show.

        Args:
            deck: an opened deck.
            environ: describes the terminal.
            colours: how many to use; by default what settings and terminal say.
            samples: folder that the Submit screen proposes.
            make_samples: makes it, called in a thread; None where it is there.
            when_loaded: called once when all is in memory that the dashboard is made of.
        """
        interface = deck.settings.interface
        colours = decide_colours(environ, interface.colour) if colours is None else colours
        super().__init__(
            environ=environ,
            colours=colours,
            pictures=decide_pictures(environ, colours, interface.pictures),
            bell=interface.bell,
            notify=interface.notify,
            clock=deck.now,
        )
        self.registry = Registry(
            ACTIONS, keymap=interface.keys, read_only=deck.read_only, is_served=is_served(environ)
        )
        self.set_keymap(self.registry.keymap())
        self.deck = deck
        self.work = Work(self)
        self.follower = Watch(self, deck, self.work, when_loaded)
        self.home = BatchesScreen(self.registry, deck, self.work, samples=samples)
        self._make_samples = make_samples

    def get_default_screen(self) -> BatchesScreen:
        """Begin with the home screen, rather than with a blank one under it that is drawn first."""
        return self.home

    def on_mount(self) -> None:
        # What takes time begins when the first screen has been painted.
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.follower.start()
        if self._make_samples is not None:
            self.work.start(MAKING_SAMPLES, Operation(_making(self._make_samples)), quiet=True)

    def act_view_refresh(self) -> None:
        """Ask the API now."""
        self.follower.poll_now()
        self.notify("Asking the API now.", timeout=2)

    def act_view_log(self) -> None:
        """Show the log; on the log itself, stay."""
        from batchdeck.tui.screens.log import LogScreen

        if not isinstance(self.screen, LogScreen):
            self.push_screen(LogScreen(self.registry, self.deck, self.work))

    def act_view_costs(self) -> None:
        """Show what was paid; on the costs themselves, stay."""
        from batchdeck.tui.screens.costs import CostsScreen

        if not isinstance(self.screen, CostsScreen):
            self.push_screen(CostsScreen(self.registry, self.deck, self.work))

    # News goes to the screen that is shown; none is while the app closes

    def on_deck_changed(self) -> None:
        self._tell_screen(DeckChanged())

    def on_work_moved(self) -> None:
        self._tell_screen(WorkMoved())

    def on_work_ended(self, event: WorkEnded) -> None:
        self._tell_screen(WorkEnded(event.piece))

    def _tell_screen(self, news: Message) -> None:
        if self.screen_stack:
            self.screen.post_message(news)


async def _making(make: Callable[[], object]) -> AsyncGenerator[Event, None]:
    await asyncio.to_thread(make)
    yield Finished(None)
