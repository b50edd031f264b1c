"""What every screen over a deck has: the deck, the background work, news of both, and the way back."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from textual.message import Message

from batchdeck.tui.actions.registry import Registry
from batchdeck.tui.screens.frame import FrameScreen
from batchdeck.tui.tracking import Work
from batchdeck.tui.widgets.row_table import describe

if TYPE_CHECKING:
    from batchdeck.deck import Deck


class DeckChanged(Message, bubble=False):
    """The deck is not what it was, by this process or another; or a minute has passed and ages differ."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, DeckChanged)


class PageSeen(Message, bubble=False):
    """A page was looked at last, on the screen that was left for this one."""

    def __init__(self, index: int) -> None:
        super().__init__()
        self.index = index


class DeckScreen(FrameScreen):
    """A screen over a deck. Subclasses say in `renew` how they take in news."""

    def __init__(self, registry: Registry, deck: Deck, work: Work, **what: object) -> None:
        """`what` is what the screen is about, as its own constructor takes it."""
        badges = [
            word for word, holds in (("SANDBOX", deck.is_sandbox), ("READ-ONLY", deck.read_only)) if holds
        ]
        side = (f"deck: {deck.path.name}",)
        super().__init__(
            registry, side=side if deck.is_sandbox else (deck.endpoint, *side), badge=" · ".join(badges)
        )
        self.deck = deck
        self.work = work
        self._what = what
        self._came_back_from: Callable[[], DeckScreen] | None = None

    def renew(self) -> None:
        """Show what has changed in the deck."""
        self.renew_lines()

    def status(self) -> str:
        """Return trouble first, then what is under way, then the state of the list."""
        parts = [f"! {self.work.trouble}"] if self.work.trouble else []
        if self.work.is_reaching and not self.work.trouble and self.work.polled_by in ("", "this process"):
            deck = self.deck
            parts.append("starting the sandbox…" if deck.is_sandbox else f"connecting to {deck.endpoint}…")
        parts += self.work.working
        if self.table is not None:
            parts.append(describe(self.table))
        return " · ".join(parts)

    # News

    def on_deck_changed(self) -> None:
        self.renew()

    def on_screen_resume(self) -> None:
        """Take in what happened while another screen was shown."""
        if self.is_mounted and self.query("#status"):
            self.renew()

    def on_work_moved(self) -> None:
        self.renew_lines()

    def on_work_ended(self) -> None:
        self.renew_lines()

    def act_nav_quit(self) -> None:
        """Leave; ask first while something the operator has begun would stop half-way."""
        pieces = (piece for piece in self.work.pieces if not (piece.is_quiet or piece.is_stopping))
        piece = next(pieces, None)
        if piece is None:
            super().act_nav_quit()
            return
        from batchdeck.tui.screens.leaving import LeavingDialog, quit_question

        quit_now = super().act_nav_quit
        self.app.push_screen(
            LeavingDialog(quit_question(piece), self, piece), lambda yes: quit_now() if yes else None
        )

    def act_view_pause(self) -> None:
        if self.table is not None:
            self.table.pause(not self.table.paused)

    def act_view_follow(self) -> None:
        if self.table is not None:
            self.table.follow(not self.table.following)

    def tell_export(self, job: str, file: str = "") -> None:
        """Show where a job was exported to, or one file of it: in a browser open it, in a terminal say the
        path and offer it to the clipboard, since over SSH there is no browser to open it with."""
        folder = self.deck.exported(job)
        if folder is not None and self.app.is_web and Path(file or folder).is_relative_to(folder):
            name = Path(file).relative_to(folder).as_posix() if file else ""
            self.terminal.open_beside(f"exports/{job}/{quote(os.fsencode(name))}")
        elif file:
            self.terminal.offer(file, file)
        elif folder is not None:
            self.terminal.offer(str(folder), f"Exported to {folder}")

    # Going to and fro

    def show_screen(self, screen: DeckScreen) -> None:
        """Go on to another screen; `-` and Esc come back."""
        self.app.push_screen(screen)

    def again(self) -> DeckScreen:
        """Return a new screen about the same things."""
        return type(self)(self._registry, self.deck, self.work, **self._what)

    @property
    def below(self) -> DeckScreen | None:
        """The screen that this one was opened on."""
        screen = self.app.screen_stack[-2] if len(self.app.screen_stack) > 1 else None
        return screen if isinstance(screen, DeckScreen) else None

    def go_back(self) -> None:
        if self.below is not None:
            self.below._came_back_from = self.again
        super().go_back()

    def act_view_last(self) -> None:
        """Go to the screen one came from: the one below, or the one last left for this one."""
        if self._came_back_from is not None:
            again, self._came_back_from = self._came_back_from, None
            self.show_screen(again())
        else:
            self.go_back()
