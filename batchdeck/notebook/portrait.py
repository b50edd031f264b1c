"""Draws the home screen of a deck without a terminal: ``python -m batchdeck.notebook.portrait --deck DIR …``.

Each time the screen has changed it writes it to standard output, an SVG as one JSON string a line. It never
changes the deck, and it ends when its standard input does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sys
import threading
from typing import BinaryIO

from batchdeck.deck import Deck
from batchdeck.tui.app import DeckApp

_SIZE = (100, 26)
_LOOK_SECONDS = 0.5
_OUTSIDE_FONTS = re.compile(r"@font-face\s*\{.*?\}", re.DOTALL)
"""Textual's pictures name fonts of a content network; a reader's browser must not ask for them."""
_TERMINAL = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}


def main() -> None:
    """Draw until standard input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--deck", required=True)
    parser.add_argument("--base-url")
    parser.add_argument("--profile")
    parser.add_argument("--read-only", action="store_true", help="it is, in any case")
    chosen = parser.parse_args()
    # Textual keeps what is printed to itself while it runs.
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as output:
        asyncio.run(_draw(chosen.deck, chosen.base_url, chosen.profile, output))


async def _draw(deck: str, base_url: str | None, profile: str | None, output: BinaryIO) -> None:
    async with Deck.open(deck, base_url=base_url, profile=profile, read_only=True) as opened:
        app = DeckApp(opened, environ=_TERMINAL)
        loop = asyncio.get_running_loop()

        def wait_for_the_end() -> None:
            sys.stdin.buffer.read()
            loop.call_soon_threadsafe(app.exit)

        threading.Thread(target=wait_for_the_end, name="batchdeck-end", daemon=True).start()
        drawing = asyncio.create_task(_write_changes(app, output))
        try:
            await app.run_async(headless=True, size=_SIZE, mouse=False)
        finally:
            drawing.cancel()


async def _write_changes(app: DeckApp, output: BinaryIO) -> None:
    drawn = ""
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        if not app.is_running or not app.screen_stack:
            continue
        svg = _OUTSIDE_FONTS.sub("", app.export_screenshot(title="BatchDeck"))
        if svg != drawn:
            drawn = svg
            try:
                output.write(json.dumps(svg).encode() + b"\n")
                output.flush()
            except BrokenPipeError:
                app.exit()
                return


if __name__ == "__main__":
    main()
