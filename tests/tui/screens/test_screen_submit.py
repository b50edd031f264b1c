"""The submit screen over a real sandbox deck: choosing, planning, changing, sending."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from batchdeck.domain.planning import Plan
from batchdeck.domain.resources import template_root
from batchdeck.sandbox.samples import write_samples
from batchdeck.tui.screens import submit_rows
from batchdeck.tui.screens.submit import SubmitScreen
from batchdeck.tui.widgets.row_table import RowTable

Shows = Callable[..., Awaitable[str]]
Until = Callable[[Callable[[], object]], Awaitable[None]]


async def test_from_a_path_to_a_batch(
    tmp_path: Path, play_deck: Any, shows: Shows, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned: list[Plan] = []
    lines = submit_rows.planned_lines

    def counted(plan: Plan) -> list[submit_rows.FileLine]:
        planned.append(plan)
        return lines(plan)

    monkeypatch.setattr(submit_rows, "planned_lines", counted)
    papers = tmp_path / "papers"
    write_samples(papers, "accounts", "damaged")
    async with play_deck(tmp_path / "deck", sandbox=True) as (app, pilot, deck):
        app.home.perform("deck.submit", str(papers))
        await shows(app, "y sends them", "damaged beyond repair", "2 pages of 1 document")
        assert isinstance(app.screen, SubmitScreen)
        view = app.screen.query_one(RowTable).view
        await until(
            lambda: "damaged" in str(view.cursor_key)
        )  # the plan puts it first, a moment after the lines say so
        await pilot.press("enter")
        await shows(app, "no pages can be found in it.", "Esc back", without=("y sends",))
        await pilot.press("escape", "e")
        await shows(app, "model  max_tokens  pages")
        await pilot.press(*"pages x", "enter")
        await until(lambda: any("“x” is not a page range" in note.message for note in app._notifications))
        await pilot.press("e")
        await until(lambda: not app._notifications)  # nothing lies over what is typed
        await pilot.press(*"pages 2", "enter")
        await shows(app, "1 page of 1 document", "y sends them")
        await pilot.press("e", *"pages all", "enter")
        await shows(app, "2 pages of 1 document")
        await pilot.press("e", *"pages 2", "enter")
        await shows(app, "1 page of 1 document", "y sends them")
        assert not deck.batches()
        made = len(planned)
        await pilot.press("y")
        await shows(app, "1 page submitted in 1 batch", "✓ prepared")
        assert len(planned) == made  # the lines are made for a plan, not for each of its events
        await pilot.press("y")
        await pilot.pause()
        assert len(deck.batches()) == 1


async def test_a_folder_without_pdfs_can_not_be_sent(tmp_path: Path, play_deck: Any, shows: Shows) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    async with play_deck(tmp_path / "deck", sandbox=True) as (app, pilot, deck):
        app.home.perform("deck.submit", str(empty))
        await shows(app, "No usable page is left")
        await pilot.press("y")
        await pilot.pause()
        assert not deck.jobs()


async def test_what_is_refused_as_a_batch_is_offered_in_real_time_with_its_price(
    tmp_path: Path, play_deck: Any, shows: Shows
) -> None:
    faults = tmp_path / "faults.toml"
    faults.write_text('[[calls]]\nendpoint = "create"\naction = "too_large_html"\n')
    papers = tmp_path / "papers"
    write_samples(papers, "accounts")
    async with play_deck(tmp_path / "deck", sandbox=True, faults=faults) as (app, pilot, deck):
        app.home.perform("deck.submit", str(papers))
        await shows(app, "y sends them", "2 pages of 1 document")
        await pilot.press("y")
        await shows(app, "In real time they would cost about $", "e,", "mode realtime, then y")
        assert not [row for row in deck.batches() if row.id]
        await pilot.press("e", *"mode realtime", "enter")
        await shows(app, "Goes on with the unfinished job", "2 at once in real time", "y sends them")
        await pilot.press("y")
        await shows(app, "2 pages submitted in 1 batch")
        (row,) = [row for row in deck.batches() if row.id]
        assert (row.realtime, row.good) == (True, 2)
        await pilot.press("escape", "down")
        await shows(app, "» real time, full price")


async def test_another_recipe_looks_at_other_files_whose_answers_are_exported_as_data(
    tmp_path: Path, play_deck: Any, shows: Shows, until: Until
) -> None:
    folder = tmp_path / "desk"
    folder.mkdir()
    tickets = template_root() / "prompts" / "tickets" / "sample" / "tickets.jsonl"
    (folder / "tickets.jsonl").write_bytes(tickets.read_bytes())
    (folder / "letter.txt").write_text("Dear library, thank you.")
    async with play_deck(tmp_path / "deck", sandbox=True) as (app, pilot, deck):
        app.home.perform("deck.submit", str(folder))
        await shows(app, "No usable page is left")
        await pilot.press("e", *"recipe nonsense", "enter")
        await until(lambda: any("no recipe “nonsense”" in note.message for note in app._notifications))
        await pilot.press("e", *"recipe tickets", "enter")
        await shows(app, "8 pages of 1 document", "tickets.jsonl", "claude-haiku-5-5", "y sends them")
        await pilot.press("y")
        await shows(app, "8 pages submitted in 1 batch")
        (job,) = deck.jobs()
        usual, choices = deck.export_choices(job.id)
        assert usual == "jsonl"
        assert {template.name for template in choices} == {"jsonl", "csv", "markdown", "html"}


async def test_files_to_choose_from_are_those_the_recipe_reads(
    tmp_path: Path, play_deck: Any, shows: Shows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("paper.pdf", "note.txt", "rows.csv"):
        (tmp_path / name).write_text("x")
    async with play_deck(tmp_path / "deck", sandbox=True) as (app, pilot, _):
        app.home.perform("deck.submit")
        await shows(app, "paper.pdf", "recipe pdf-to-html")
        await pilot.press("escape", "e", *"recipe summarize", "enter")
        await shows(app, "paper.pdf", "note.txt", "recipe summarize")
        await pilot.press("e", *"recipe classify", "enter")
        await shows(app, "note.txt", "rows.csv", "recipe classify")
