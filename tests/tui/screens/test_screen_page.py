"""The page screen over a real deck: source, answer, the other views, and going from page to page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from batchdeck.tui.manners.colour import ColourMode
from batchdeck.tui.screens.page import PageScreen
from batchdeck.tui.screens.readable import readable

Text = Callable[[Any], str]
Shows = Callable[..., Awaitable[str]]
BecomesGolden = Callable[[str, Callable[[], str]], Awaitable[None]]
Until = Callable[[Callable[[], object]], Awaitable[None]]
Look = tuple[str, tuple[int, int], ColourMode]


async def open_page(app: Any, deck: Any, index: int, until: Until) -> PageScreen:
    screen = PageScreen(app.registry, deck, app.work, job=deck.jobs()[0].id, index=index)
    app.push_screen(screen)
    await until(lambda: screen._facts is not None)
    return screen


async def test_page_looks_as_kept(
    look: Look,
    library: Path,
    play_deck: Any,
    screen_text: Text,
    becomes_golden: BecomesGolden,
    until: Until,
) -> None:
    name, size, colours = look
    async with play_deck(library, size, colours) as (app, _, deck):
        await open_page(app, deck, 1, until)
        await becomes_golden(f"page-{name}", lambda: screen_text(app))


async def test_n_goes_from_failure_to_failure_and_round(library: Path, play_deck: Any, until: Until) -> None:
    async with play_deck(library) as (app, pilot, deck):
        screen = await open_page(app, deck, 0, until)
        failed = deck.pages(screen.job).failed_indices()
        seen = []
        for _ in range(len(failed) + 1):
            await pilot.press("n")
            seen.append(screen.index)
            await until(lambda: screen._facts is not None and screen._facts.row.index == screen.index)
        assert seen == [*failed, failed[0]]


async def test_every_view_shows_something(library: Path, play_deck: Any, until: Until, shows: Shows) -> None:
    async with play_deck(library) as (app, pilot, deck):
        await open_page(app, deck, 0, until)
        for words in ("<h1>", '"custom_id"', "max_tokens", "every passage"):
            await pilot.press("tab")
            await shows(app, words)


@pytest.mark.parametrize("colours", [ColourMode.FULL, ColourMode.NONE])
async def test_i_draws_the_page(
    colours: ColourMode, library: Path, play_deck: Any, until: Until, shows: Shows
) -> None:
    async with play_deck(library, colours=colours) as (app, pilot, deck):
        await open_page(app, deck, 0, until)
        await pilot.press("i")
        drawn = "▀▀▀▀" if colours is ColourMode.FULL else "████"
        await shows(app, drawn)
        await pilot.press("i")
        await shows(app, without=(drawn,))


def test_html_is_read_as_lines() -> None:
    markup = (
        "<h2>Rent</h2><p>On  the\nfirst <b>day</b></p><ol><li>one<ul><li>deep</li></ul></li><li>two</li></ol>"
        "<table><tr><th>A</th><td>1</td></tr></table><script>no()</script>"
    )
    assert readable(markup).splitlines() == [
        "## Rent", "", "On the first day", "", "1. one", "  • deep", "2. two", "", "A │ 1",
    ]  # fmt: skip
