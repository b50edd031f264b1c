"""The home screen over a real deck: what it shows, how it is filtered, what it asks before it acts."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from batchdeck.config import Settings
from batchdeck.config_sections import Notify, Standing
from batchdeck.deck import Deck
from batchdeck.domain.overview import JobState
from batchdeck.domain.secret import Secret
from batchdeck.errors import AccountHeld
from batchdeck.sandbox.samples import write_samples
from batchdeck.tui.manners.colour import ColourMode
from batchdeck.tui.screens.job import JobScreen
from batchdeck.tui.widgets.query_table import QueryTable

from ...receivers import Hook, hook

Text = Callable[[Any], str]
Shows = Callable[..., Awaitable[str]]
BecomesGolden = Callable[[str, Callable[[], str]], Awaitable[None]]
Until = Callable[[Callable[[], object]], Awaitable[None]]
Look = tuple[str, tuple[int, int], ColourMode]


async def test_home_looks_as_kept(
    look: Look,
    library: Path,
    play_deck: Any,
    screen_text: Text,
    steady: Callable[[str], str],
    becomes_golden: BecomesGolden,
) -> None:
    name, size, colours = look
    async with play_deck(library, size, colours) as (app, _, _):
        await becomes_golden(f"home-{name}", lambda: steady(screen_text(app)))


async def test_an_empty_deck_says_how_to_begin(tmp_path: Path, play_deck: Any, shows: Shows) -> None:
    async with play_deck(tmp_path / "deck", sandbox=True) as (app, _, _):
        await shows(app, "No batches yet", "This is a sandbox", "SANDBOX")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [("status:failed", 1), ("failed>1000", 0), ("pages>5 job:pap", 1), ("!job:papers", 0), ("nobody", 0)],
)
async def test_home_is_filtered_by_the_grammar(
    typed: str, shown: int, library: Path, play_deck: Any, until: Until
) -> None:
    async with play_deck(library) as (app, pilot, _):
        table = app.screen.query_one(QueryTable)
        await until(lambda: len(table.view) == 1)
        await pilot.press("slash", *typed, "enter")
        await until(lambda: table.view.filter and len(table.view) == shown)
        await pilot.press("escape")
        await until(lambda: len(table.view) == 1)


async def test_a_filter_that_cannot_be_read_is_explained(
    library: Path, play_deck: Any, shows: Shows, until: Until
) -> None:
    async with play_deck(library) as (app, pilot, _):
        await pilot.press("slash", *"stauts:failed")
        await shows(app, "✗ ", "“stauts”")
        await pilot.press("enter")
        await until(lambda: any("“stauts”" in note.message for note in app._notifications))


async def test_enter_shows_the_job(library: Path, play_deck: Any, until: Until) -> None:
    async with play_deck(library) as (app, pilot, _):
        await until(lambda: app.screen.query_one(QueryTable).cursor_key is not None)
        rows = app.screen.query_one(QueryTable).view.source
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, JobScreen))
        await pilot.press("escape")
        await until(lambda: app.screen is app.home)
        await pilot.pause()
        assert (
            app.screen.query_one(QueryTable).view.source is rows
        )  # nothing has changed, nothing is made anew
        await pilot.press("minus")
        await until(lambda: isinstance(app.screen, JobScreen))


async def test_deleting_asks_and_keeps_the_archive(
    tmp_path: Path, play_deck: Any, until: Until, shows: Shows
) -> None:
    home = tmp_path / "deck"
    (kept,) = write_samples(tmp_path / "papers", "accounts")
    async with play_deck(home, sandbox=True, now=None) as (app, pilot, deck):
        async with Deck.open(home) as other:
            await other.submit(other.plan(await other.scan([kept])))
            # Another process wrote, this one polls: both without a key being pressed.
            await until(lambda: deck.batches())
            await until(lambda: all(row.archived for row in deck.batches()))
        await shows(app, "done")
        await until(lambda: any("has ended" in note.title for note in app._notifications))
        await pilot.press("colon", *"delete", "enter")
        await shows(app, "Delete 1 batch at the API")
        await pilot.press("y")
        await until(lambda: deck.batch(deck.batches()[0].id).gone)
        assert deck.batches()[0].good == 2


async def test_a_banner_says_what_needs_the_operator_and_goes_when_it_is_done(
    library: Path, tmp_path: Path, play_deck: Any, until: Until, shows: Shows
) -> None:
    home, faults = tmp_path / "deck", tmp_path / "faults.toml"
    faults.write_text(
        '[[calls]]\nendpoint = "create"\naction = "billing"\noccurrences = 1\n'
        '[[calls]]\nendpoint = "create"\naction = "reset_before"\noccurrences = 2\n'
    )
    shutil.copytree(library, home)
    accounts, handbook = write_samples(tmp_path / "papers", "accounts", "handbook")
    # The clock stands still, so that what is in doubt stays so.
    stands = dt.datetime.now(dt.UTC)
    async with play_deck(home, sandbox=True, now=lambda: stands, faults=faults) as (app, pilot, deck):
        with pytest.raises(AccountHeld):
            await deck.submit(deck.plan(await deck.scan([accounts]), again=True))
        await shows(app, "The account needs you: Your credit balance", "said so: mended")
        await pilot.press("colon", *"mended", "enter")
        await until(lambda: not deck.held)
        await until(lambda: not app.home.has_class("-warned"))
        assert (await deck.submit(deck.plan(await deck.scan([handbook]), again=True))).in_doubt
        await shows(
            app, "It is not known whether the API took 1 submission", "neither sent again nor given up"
        )


async def test_what_of_a_batch_was_sent_again_is_said_beside_what_came_of_it(
    library: Path, tmp_path: Path, play_deck: Any, shows: Shows
) -> None:
    home = tmp_path / "deck"
    shutil.copytree(library, home)
    async with play_deck(home, sandbox=True, now=None) as (app, pilot, deck):
        (batch,) = deck.batches()
        failed = batch.failed or 0
        await deck.retry(await deck.plan_retry(batch.job))
        await shows(app, f"{failed} sent again since")
        # Where it is short, the list has the lines.
        await pilot.resize_terminal(40, 12)
        await shows(app, "papers", without=("sent again since",))
        await pilot.resize_terminal(80, 24)
        await shows(app, "sent again since")


async def test_what_a_standing_order_does_is_told(
    library: Path, tmp_path: Path, play_deck: Any, until: Until
) -> None:
    home, out = tmp_path / "deck", tmp_path / "out"
    shutil.copytree(library, home)
    orders = Standing(auto_retry=True, auto_export=str(out))
    with hook() as web:
        settings = Settings(standing=orders, notify=Notify(urls=(Secret(web.url),), on=("job_complete",)))
        await _play_orders(home, settings, web, play_deck, until)
    assert len(list(out.glob("*/*.report.json"))) == 2


async def _play_orders(home: Path, settings: Settings, web: Hook, play_deck: Any, until: Until) -> None:
    async with play_deck(home, sandbox=True, now=None, settings=settings) as (app, pilot, deck):
        # Nothing is open: what is to be done is found without a key being pressed.
        def is_told(words: str) -> bool:
            title = "Standing order: papers"
            return any(note.title == title and words in note.message for note in app._notifications)

        await until(lambda: is_told("sends failed pages again"))
        await until(lambda: is_told("exported"))
        assert deck.job_state(deck.jobs()[0]) is JobState.COMPLETE
        # Who is away is told as well, once all is done, and where the export lies.
        await until(lambda: web.messages)
        assert [title.partition(":")[0] for title in web.titles] == ["papers"]
        assert f"{settings.standing.auto_export}/" in web.messages[0]["message"]
        await pilot.press("colon", *"notify-test", "enter")
        await until(lambda: any(note.title == "Test message" for note in app._notifications))
        assert "can reach you" in web.titles[-1]


async def test_what_is_no_filter_says_why_and_filters_nothing(
    library: Path, tmp_path: Path, play_deck: Any, shows: Shows, until: Until
) -> None:
    home = tmp_path / "deck"
    shutil.copytree(library, home)
    async with play_deck(home) as (app, pilot, deck):
        rows = len(deck.batches())
        await pilot.press("/", *"pages>many")
        await shows(app, "✗ ", "pages")
        await pilot.press("enter")
        await until(lambda: any("“many” is not a number" in note.message for note in app._notifications))
        assert (len(app.screen.table.view), app.screen.table.view.filter.text) == (rows, "")
