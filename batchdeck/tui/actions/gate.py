"""What stands between an action and its doing: the interface of whoever lets actions through."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from batchdeck.tui.actions.context import Context, Place
from batchdeck.tui.actions.registry import Registry


@runtime_checkable
class Gate(Protocol):
    """A screen as palette, help and command line see it."""

    @property
    def registry(self) -> Registry: ...

    @property
    def place(self) -> Place: ...

    def context(self) -> Context:
        """Return the facts by which actions are judged."""

    def perform(self, action_id: str, argument: str = "") -> None:
        """Do an action, ask first, or say why it cannot be done."""
