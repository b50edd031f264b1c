"""BatchDeck: an operator's dashboard for the Anthropic Message Batches API.

The public face is lazy: importing the package imports nothing heavy, so that the dashboard's first paint
does not wait for libraries it does not need yet.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from batchdeck._version import __version__

if TYPE_CHECKING:
    from batchdeck import errors as errors
    from batchdeck.deck import Deck as Deck

__all__ = ["Deck", "__version__", "errors"]


def __getattr__(name: str) -> Any:
    if name == "Deck":
        from batchdeck.deck import Deck

        _attach_to_notebook()
        return Deck
    if name == "errors":
        from importlib import import_module

        return import_module("batchdeck.errors")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext batchdeck``: values that show themselves, and the ``%batchdeck`` magic."""
    from batchdeck.notebook.attach import attach
    from batchdeck.notebook.magics import register

    attach(shell)
    register(shell)


def _attach_to_notebook() -> None:
    """Let values show themselves where IPython runs already; it is never what brings IPython in."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None:
        from batchdeck.notebook.attach import attach

        attach(shell)
