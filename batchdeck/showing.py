"""The place where a notebook hooks in: what a deck can only do where there is somewhere to show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from batchdeck.errors import UsageError

if TYPE_CHECKING:
    from batchdeck.deck import Deck


class Face(Protocol):
    """What a notebook can do with a deck."""

    def live(self, deck: Deck, *, seconds: float, track: bool) -> Any:
        """Show a table of open batches and keep it up to date; see `Deck.live`."""

    def dashboard(self, deck: Deck, *, height: int, picture: bool) -> Any:
        """Show the dashboard; see `Deck.dashboard`."""


_faces: list[Face] = []


def show_with(face: Face) -> None:
    """Let a face show decks from now on."""
    _faces[:] = [face]


def face() -> Face:
    """Return what shows decks.

    Raises:
        UsageError: nothing does, for this is no notebook.
    """
    if not _faces:
        raise UsageError(
            "There is nowhere to show it: this is no notebook.",
            hint="In Jupyter: pip install 'batchdeck[notebook]', then %load_ext batchdeck. In a terminal: "
            "batchdeck.",
        )
    return _faces[0]


class Shown:
    """What a deck can do where there is a notebook."""

    def live(self, *, seconds: float = 1.0, track: bool = True) -> Any:
        """Keep a table of open batches up to date in the output of a notebook's cell.

        Other cells go on meanwhile. Await what is returned to wait until nothing is open any more; its
        `stop` ends it before.

        Args:
            seconds: how often the deck is looked at.
            track: also poll and archive, unless another process does. Standing orders and the inbox are left
                alone: a table spends nothing.

        Raises:
            UsageError: this is no notebook.
        """
        return face().live(cast("Deck", self), seconds=seconds, track=track)

    def dashboard(self, *, height: int = 560, picture: bool = False) -> Any:
        """Show the dashboard in the output of a notebook's cell, keyboard and all.

        It is a process of its own on the same deck, with the deck's own settings, and ends with its cell or
        with the kernel.

        Args:
            height: in CSS pixels.
            picture: a live picture of the home screen instead, to be read only.

        Raises:
            UsageError: this is no notebook.
        """
        return face().dashboard(cast("Deck", self), height=height, picture=picture)
