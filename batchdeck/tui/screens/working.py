"""What screens with long work of their own have: stopping it, and the question before leaving it behind."""

from __future__ import annotations

from batchdeck.tui.screens.deck_screen import DeckScreen
from batchdeck.tui.screens.leaving import LeavingDialog
from batchdeck.tui.tracking import Piece
from batchdeck.tui.widgets.question import Question


class WorkingScreen(DeckScreen):
    """A screen that starts work which goes on without it.

    Esc asks while the work is under way: `y` stops it and stays, Esc again leaves it going on. Every other
    way out leaves it going on unasked.
    """

    _piece: Piece | None = None
    """The work started last; None before any."""

    # For each screen to say

    def what_stays(self) -> tuple[str, str]:
        """Return what becomes of the work when it goes on, and when it is stopped; a sentence each."""
        raise NotImplementedError

    def stop(self, piece: Piece) -> None:
        """Stop the work, and show that it has been."""
        raise NotImplementedError

    # What it does

    @property
    def is_busy(self) -> bool:
        return self._piece is not None and not self._piece.is_over

    @property
    def busy_with(self) -> str:
        """The work under way, in a phrase; empty for none."""
        return self._piece.name if self._piece is not None and not self._piece.is_over else ""

    def act_nav_stop(self) -> None:
        if self._piece is not None and not self._piece.is_over:
            self.stop(self._piece)

    def leave(self) -> None:
        piece = self._piece
        if piece is None or piece.is_over or piece.is_stopping:
            self.go_back()
            return
        on, stopped = self.what_stays()
        question = Question(
            "Leave while this is under way?",
            (f"▸ {piece}", on, stopped),
            yes="stop it",
            no="leave it going on",
        )
        self.app.push_screen(LeavingDialog(question, self, piece), self._answered)

    def _answered(self, stops: bool | None) -> None:
        """Do what was answered; None says that the work ended before there was an answer."""
        if stops:
            self.act_nav_stop()
        elif stops is False:
            self.go_back()
