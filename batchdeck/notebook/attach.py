"""Making IPython know the deck: formatters for its values, a teller for its operations, magics."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from batchdeck.domain.events import Operation
from batchdeck.notebook.cards import Card
from batchdeck.notebook.decks import refresh_before_cells
from batchdeck.notebook.render import card_html, card_text
from batchdeck.notebook.telling import tell_of_operation
from batchdeck.notebook.views import CARDS, CARDS_BY_NAME
from batchdeck.showing import show_with

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def attach(shell: InteractiveShell) -> None:
    """Let a shell show the deck's values and tell of its operations. Doing it again changes nothing."""
    from batchdeck.notebook.face import NotebookFace

    assert shell.display_formatter is not None
    formatters = shell.display_formatter.formatters
    for kind, make in CARDS.items():
        formatters["text/html"].for_type(kind, _as_html(make))
        formatters["text/plain"].for_type(kind, _as_text(make))
    for (module, name), make in CARDS_BY_NAME.items():
        formatters["text/html"].for_type_by_name(module, name, _as_html(make))
        formatters["text/plain"].for_type_by_name(module, name, _as_text(make))
    refresh_before_cells(shell)
    Operation.teller = tell_of_operation
    show_with(NotebookFace())


def _as_html(make: Callable[[Any], Card | None]) -> Callable[[Any], str | None]:
    def format_html(value: Any) -> str | None:
        card = make(value)
        return card_html(card) if card is not None else None

    return format_html


def _as_text(make: Callable[[Any], Card | None]) -> Callable[[Any, Any, bool], None]:
    def format_text(value: Any, printer: Any, cycle: bool) -> None:
        card = None if cycle else make(value)
        printer.text(card_text(card) if card is not None else repr(value))

    return format_text
