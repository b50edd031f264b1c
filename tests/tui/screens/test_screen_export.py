"""The export screen over a real deck: its options, its report, the log after it."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from textual.widgets._toast import Toast

from batchdeck.deck import Deck
from batchdeck.tui.app import DeckApp
from batchdeck.tui.screens.export import ExportScreen
from batchdeck.tui.screens.export_rows import REPORT_COLUMNS
from batchdeck.tui.screens.log import LogScreen
from batchdeck.tui.widgets.row_table import RowTable

Shows = Callable[..., Awaitable[str]]
Until = Callable[[Callable[[], object]], Awaitable[None]]


async def test_exporting_reports_and_is_logged(
    library: Path, play_deck: Any, shows: Shows, until: Until, tmp_path: Path
) -> None:
    # A deck of its own: the log of the shared one stays as it is.
    async with play_deck(shutil.copytree(library, tmp_path / "library")) as (app, pilot, _):
        await pilot.press("x")
        await shows(app, "template document")
        await pilot.press("e", *"figures sideways", "enter")
        await until(lambda: any("Figures are" in note.message for note in app._notifications))
        await pilot.press("e", *f"folder {tmp_path}/out", "enter")
        await until(lambda: app.screen._folder == f"{tmp_path}/out")
        app.notify("said before")
        await pilot.press("x")
        await until(lambda: app.screen._report is not None)
        # The rows come with the verdict, not a quarter of a second later, and nothing lies over either.
        assert app.screen.query_one(RowTable).view.source.columns is REPORT_COLUMNS
        assert not app._notifications
        await shows(app, "for review")
        assert len(list((tmp_path / "out").glob("*.html"))) >= 2
        await pilot.press("at")
        await until(lambda: isinstance(app.screen, LogScreen))
        await shows(app, "export", "following")


async def test_what_is_told_does_not_lie_over_what_the_work_has_come_to(library: Path, until: Until) -> None:
    async with Deck.open(library, read_only=True) as deck:
        app = DeckApp(deck, environ={"TERM": "xterm-256color"})
        async with app.run_test(size=(80, 24), notifications=True):
            screen = ExportScreen(app.registry, deck, app.work, job=deck.jobs()[0].id)
            await app.push_screen(screen)
            app.notify("22 pages ok, 11 failed.", title="Another has ended", timeout=600)
            await until(lambda: any(toast.region.height for toast in screen.query(Toast)))
            greatest = screen.query_one("#verdict").styles.max_height
            assert greatest is not None
            below = app.size.height - screen.query(Toast).first().region.bottom
            assert below >= greatest.value + len(("status", "keys"))
