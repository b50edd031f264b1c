"""The question before work under way is left behind, or stopped by quitting."""

from __future__ import annotations

from textual.screen import Screen

from batchdeck.tui.tracking import Piece, WorkEnded, WorkMoved
from batchdeck.tui.widgets.question import Question, QuestionDialog


class LeavingDialog(QuestionDialog):
    """Asks what is to become of the work when its screen is left, or all is; gone once the work is over."""

    def __init__(self, question: Question, asking: Screen[None], piece: Piece) -> None:
        super().__init__(question)
        self._asking = asking
        self._piece = piece

    def on_work_moved(self) -> None:
        """Let the screen below go on showing how far the work has come."""
        self._asking.post_message(WorkMoved())

    def on_work_ended(self, event: WorkEnded) -> None:
        if event.piece is self._piece:
            self.dismiss(None)
        self._asking.post_message(WorkEnded(event.piece))


def quit_question(piece: Piece) -> Question:
    """Return what is asked before quitting while a piece of work is under way."""
    return Question(
        "Quit while this is under way?",
        (
            f"▸ {piece}",
            "y stops it and quits: what was sent stays sent, what is written stays; the same again goes on "
            "from there.",
            "Esc or n stays, and lets it go on.",
        ),
        yes="stop it and quit",
        no="stay",
    )
