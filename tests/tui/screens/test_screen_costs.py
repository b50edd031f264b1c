"""The Costs screen over a real deck, and counting on the Submit screen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from batchdeck.sandbox.samples import write_samples
from batchdeck.tui.screens.costs import CostsScreen

Shows = Callable[..., Awaitable[str]]
Until = Callable[[Callable[[], object]], Awaitable[None]]


async def test_costs_are_grouped_by_a_key_and_gone_into(
    library: Path, play_deck: Any, shows: Shows, until: Until
) -> None:
    async with play_deck(library) as (app, pilot, deck):
        await shows(app, "papers")
        await pilot.press("m")
        await shows(app, "JOB", "by job", "less than in real time", "the estimate of", "cache:")
        await pilot.press("b")
        await shows(app, "RECIPE", "pdf-to-html")
        await pilot.press("colon", *"by model", "enter")
        await shows(app, "MODEL", "claude-sonnet-5-5")
        await pilot.press("colon", *"by weather", "enter")
        await until(lambda: any("grouped by “weather”" in note.message for note in app._notifications))
        await pilot.press("colon", *"by job", "enter")
        await shows(app, "by job")
        await until(lambda: app.screen.what_to_copy() == deck.jobs()[0].id)
        await pilot.press("enter")
        seen = await shows(app, "DOCUMENT", "accounts.pdf", "handbook.pdf", "Advice: ")
        assert "claude-haiku-5-5 would have cost" in " ".join(seen.split())
        await pilot.press("escape", "escape")
        await until(lambda: not isinstance(app.screen, CostsScreen))


async def test_an_empty_deck_says_so_and_a_plan_is_counted(
    tmp_path: Path, play_deck: Any, shows: Shows
) -> None:
    papers = tmp_path / "papers"
    write_samples(papers, "accounts")
    async with play_deck(tmp_path / "deck", sandbox=True) as (app, pilot, deck):
        await pilot.press("m")
        await shows(app, "Nothing has cost anything yet")
        await pilot.press("escape")
        app.home.perform("deck.submit", str(papers))
        await shows(app, "y sends them", without=("counted",))
        await pilot.press("t")
        await shows(app, "2 pages counted in 3 free calls", "out by a default", "y sends them")
        assert not deck.jobs()
