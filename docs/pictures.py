"""Makes the README's pictures from a real dashboard over a demo deck: ``python docs/pictures.py DECK``."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from batchdeck.deck import Deck
from batchdeck.tui.app import DeckApp

IMAGES = Path(__file__).with_name("images")
SIZE = (100, 26)


def _without_outside_fonts(svg: str) -> str:
    """Textual's pictures name fonts of a content network; a reader's browser must not ask for them."""
    return re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL)


async def _pictures(folder: Path) -> None:
    async with Deck.open(folder, read_only=True) as deck:
        app = DeckApp(deck, environ={"TERM": "xterm-256color", "COLORTERM": "truecolor"})
        async with app.run_test(size=SIZE) as pilot:
            for name, keys in (("home", ()), ("page", ("enter", "e", "enter"))):
                for key in keys:
                    await pilot.press(key)
                    for _ in range(40):
                        await pilot.pause(0.05)
                svg = app.export_screenshot(title="BatchDeck")
                (IMAGES / f"{name}.svg").write_text(_without_outside_fonts(svg))


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    asyncio.run(_pictures(Path(sys.argv[1])))
