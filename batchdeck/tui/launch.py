"""Starting the dashboard in this terminal, once it is known that the terminal can show it."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING

from batchdeck.tui.manners.browser import is_served
from batchdeck.tui.manners.colour import refuse_unfit_terminal

if TYPE_CHECKING:
    from batchdeck.deck import Deck


def check_terminal() -> None:
    """Refuse to go on where nothing can be drawn. A browser, behind `batchdeck serve`, can draw.

    Raises:
        UsageError: not a terminal, or one that cannot place its cursor (``TERM=dumb``).
    """
    if is_served(os.environ):
        return
    refuse_unfit_terminal(os.environ, is_terminal=sys.stdin.isatty() and sys.stdout.isatty())


async def run_dashboard(
    deck: Deck, *, samples: Path | None = None, make_samples: Callable[[], object] | None = None
) -> int:
    """Show a deck until the operator quits; return the exit code.

    Args:
        deck: an opened deck; the caller closes it.
        samples: folder that the Submit screen proposes.
        make_samples: makes it, in a thread, once the first screen is painted; None where it is there.
    """
    from batchdeck.tui.app import DeckApp

    # Worker processes need this helper, and it cannot be started later: while the app runs, standard error is
    # caught and has no file descriptor to hand on.
    resource_tracker.ensure_running()
    # A collection goes through every function and style there is, for a tenth of a second in which no key is
    # answered. All these stay to the end: from then on it looks at what has come since.
    app = DeckApp(deck, samples=samples, make_samples=make_samples, when_loaded=gc.freeze)
    await app.run_async(mouse=deck.settings.interface.mouse)
    return app.return_code or 0
