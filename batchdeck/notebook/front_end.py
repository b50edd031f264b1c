"""The terminal in the browser: textual-serve's own page script, taken from where it is installed.

It is the script that its authors serve Textual apps with: xterm.js with its add-ons, and a few lines that
speak over a web socket. Here it runs in a frame without an address, shut off from the notebook's page, and
what it takes for a web socket leads to the cell (ADR 71).
"""

from __future__ import annotations

import functools
from importlib.resources import files

from markupsafe import Markup

from batchdeck.errors import UsageError
from batchdeck.notebook.render import fill

_WEBGL = "this.terminal.loadAddon(this.webglAddon),"
"""Where the script loads a painter that it replaces at once. A page may have 16 of those in all, and a
browser without a graphics card none."""


@functools.cache
def terminal_page() -> str:
    """Return the frame's document: style, script, and nothing to be fetched.

    Raises:
        UsageError: textual-serve is not installed, or is not as it was.
    """
    try:
        static = files("textual_serve") / "static"
        script = (static / "js" / "textual.js").read_text("utf-8")
        style = (static / "css" / "xterm.css").read_text("utf-8")
    except (ModuleNotFoundError, OSError) as error:
        raise UsageError(
            f"The terminal's front end is not there: {error}.", hint="pip install 'batchdeck[notebook]'"
        ) from None
    if "</script" in script or "</style" in style:
        raise UsageError(
            "The terminal's front end cannot be put into a frame.", hint="Use deck.dashboard(picture=True)."
        )
    # Files of an installed package, not text from outside.
    safe_script, safe_style = Markup(script.replace(_WEBGL, "")), Markup(style)  # noqa: S704
    return fill("terminal", script=safe_script, style=safe_style)
