"""The frame of a screen: the gate of all actions, the lines around the body, and what Esc undoes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any

import pytest
from textual import events
from textual.command import CommandPalette
from textual.css.stylesheet import Stylesheet
from textual.widgets import Input, Static

from batchdeck.errors import StorageFailed
from batchdeck.tui.actions.catalogue import ACTIONS
from batchdeck.tui.actions.context import Context, Place
from batchdeck.tui.actions.registry import Registry
from batchdeck.tui.manners.colour import ColourMode
from batchdeck.tui.widgets.crumbs import Crumbs
from batchdeck.tui.widgets.help import HelpScreen, ValueScreen
from batchdeck.tui.widgets.key_bar import KeyBar
from batchdeck.tui.widgets.notices import Notice
from batchdeck.tui.widgets.prompt import Prompt
from batchdeck.tui.widgets.question import QuestionDialog
from batchdeck.tui.widgets.row_table import RowTable

ScreenText = Callable[[Any], str]
Until = Callable[[Callable[[], object]], Awaitable[None]]


def told(app: Any) -> list[str]:
    """What the toasts say."""
    return [f"{note.title}: {note.message}" for note in app._notifications]


async def test_a_disabled_action_says_why_and_does_nothing(stage: ModuleType) -> None:
    app = stage.StageApp()
    app.home.facts_now = Context(Place.BATCHES)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("c")
        await pilot.pause()
        assert app.screen is app.home
        assert told(app) == [
            "Not now: cancel: The API has nothing left to do here, so nothing can be canceled."
        ]
        off = {action.id for action, enabled in app.home.query_one(KeyBar).hints if not enabled}
        assert {"batch.cancel", "job.retry", "job.export"} <= off


@pytest.mark.parametrize("key", ["y", "n", "escape", "q", "enter", "space"])
async def test_only_y_does_what_destroys(stage: ModuleType, key: str) -> None:
    app = stage.StageApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("c")
        assert isinstance(app.screen, QuestionDialog)
        await pilot.press(key)
        await pilot.pause()
        still_asks = key in ("enter", "space")
        assert isinstance(app.screen_stack[-1], QuestionDialog) == still_asks
    assert app.home.done == (["canceled"] if key == "y" else [])


async def test_the_question_names_counts_and_cost(stage: ModuleType, screen_text: ScreenText) -> None:
    app = stage.StageApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("c")
        await pilot.pause()
        text = screen_text(app)
        assert "960 pages in 2 batches" in text
        assert "$9.40" in text
        assert "y cancel 2 batches" in text


async def test_a_read_only_session_offers_nothing_that_changes_and_says_so_when_asked(
    stage: ModuleType, screen_text: ScreenText
) -> None:
    app = stage.StageApp(registry=Registry(ACTIONS, read_only=True), badge="READ-ONLY")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("c", "s")
        await pilot.pause()
        assert app.home.done == []
        assert told(app) == ["Not available: This session is read-only."] * 2
        lines = screen_text(app).splitlines()
        assert "READ-ONLY" in lines[0]
        assert "submit" not in lines[-1]
        await pilot.press("question_mark")
        await pilot.pause()
        assert "Cancel" not in screen_text(app)


async def test_changed_keys_work_and_old_ones_do_not(stage: ModuleType) -> None:
    app = stage.StageApp(registry=Registry(ACTIONS, keymap={"batch.cancel": "K"}))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("c")
        assert app.screen is app.home
        await pilot.press("K")
        assert isinstance(app.screen, QuestionDialog)


async def test_esc_undoes_the_innermost_state_first(stage: ModuleType) -> None:
    app = stage.StageApp()
    async with app.run_test(size=(80, 24)) as pilot:
        table = app.home.query_one(RowTable)
        await pilot.press("space", "/", *"report-3", "enter", "v", "/", *"x")
        assert table.view.filter.text == "x"
        await pilot.press("escape")
        assert table.view.filter.text == "report-3"
        assert table.has_focus
        await pilot.press("escape")
        assert table.view.anchor is None
        assert table.view.filter
        await pilot.press("escape")
        assert not table.view.filter
        assert len(table.view.marks) == 1
        await pilot.press("escape")
        assert not table.view.marks
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen is app.home
        assert told(app) == [": This is the first screen. q leaves."]


async def test_the_first_frame_makes_and_styles_only_what_it_shows(
    stage: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed = 0
    parse = Stylesheet.parse

    def counted(sheet: Stylesheet) -> None:
        nonlocal parsed
        parsed += 1
        parse(sheet)

    monkeypatch.setattr(Stylesheet, "parse", counted)
    app = stage.StageApp()
    async with app.run_test(size=(80, 24)) as pilot:
        assert app.screen_stack == [app.home]  # no blank screen under it, which would be painted before
        assert not app.query(Input)
        assert parsed <= 3
        await pilot.press("/", *"refused")
        assert app.home.query_one(Input).value == "refused"
        await pilot.press("escape", "/", *"ok")
        assert app.home.query_one(Input).value == "ok"


async def test_a_screen_that_is_being_left_asks_nothing_any_more(stage: ModuleType) -> None:
    app = stage.StageApp()
    async with app.run_test(size=(80, 24)):
        prompt = app.home.query_one(Prompt)
        await prompt.remove()
        prompt.ask("filter", "/")
        assert not prompt.is_asking


async def test_why_a_filter_is_refused_is_said_while_it_is_typed_and_not_after(
    stage: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = stage.StageApp()

    def refuse(table: RowTable, typed: str) -> None:
        table.filter_error = "no such field"
        table.post_message(table.Changed(table))

    monkeypatch.setattr(RowTable, "filter_by", refuse)
    async with app.run_test(size=(80, 24)) as pilot:
        status = app.home.query_one("#status", Static)
        for end in ("enter", "escape"):
            await pilot.press("/", "x")
            await pilot.pause()
            assert "no such field" in str(status.content)
            await pilot.press(end)
            await pilot.pause()
            assert "no such field" not in str(status.content)


async def test_a_filter_narrows_while_it_is_typed_and_inverts_with_an_exclamation_mark(
    stage: ModuleType,
) -> None:
    app = stage.StageApp()
    async with app.run_test(size=(80, 24)) as pilot:
        table = app.home.query_one(RowTable)
        await pilot.press("/", *"refused")
        assert len(table.view) == 33
        await pilot.press(*["backspace"] * 7, "exclamation_mark", *"refused", "enter")
        assert len(table.view) == 167
        assert not app.home.query_one(Prompt).is_asking
        await pilot.press("/", "enter")
        assert len(table.view) == 200


@pytest.mark.parametrize("end", ["enter", "escape"])
async def test_what_is_typed_after_the_line_is_closed_is_no_part_of_it(
    stage: ModuleType, end: str, until: Until
) -> None:
    app = stage.StageApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("slash")
        field = app.home.query_one(Prompt).query_one(Input)
        for key in ("r", "e", "f", end, "j", "j"):  # all under way before the first of them is looked at
            field.post_message(events.Key(key, key if len(key) == 1 else None))
        table = app.home.query_one(RowTable)
        await until(lambda: table.view.cursor == 2)
        assert table.view.filter.text == ("ref" if end == "enter" else "")
        assert table.has_focus


async def test_commands_are_completed_and_passed_through_the_gate(stage: ModuleType) -> None:
    app = stage.StageApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("colon", *"sub")
        await pilot.pause()
        await pilot.press("tab", "space", *"/data", "enter")
        assert app.home.done == ["submit /data"]
        await pilot.press("colon", *"cancel", "enter")
        assert isinstance(app.screen, QuestionDialog)
        await pilot.press("n", "colon", *"expotr", "enter")
        await pilot.pause()
        assert "Did you mean export?" in told(app)[-1]
        await pilot.press("colon", *"sort page", "enter")
        assert app.home.query_one(RowTable).view.sort is not None
        await pilot.press("colon", *"sort beauty", "enter")
        await pilot.pause()
        assert "index, document, page, tokens" in told(app)[-1]
        assert app.home.query_one(RowTable).has_focus


async def test_the_palette_finds_actions_and_does_them_through_the_gate(stage: ModuleType) -> None:
    app = stage.StageApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+p")
        assert isinstance(app.screen, CommandPalette)
        await pilot.press(*"cancel")
        await app.workers.wait_for_complete()
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, QuestionDialog)


async def test_help_lists_every_key_of_the_screen_with_what_cannot_be_done(
    stage: ModuleType, screen_text: ScreenText
) -> None:
    app = stage.StageApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("question_mark")
        assert isinstance(app.screen, HelpScreen)
        await pilot.pause()
        seen = screen_text(app)
        for _ in range(8):
            await pilot.press("space")
            seen += screen_text(app)
        for action in app.registry.at(Place.BATCHES):
            assert action.title in seen
        assert "Not now: No failed page here can be sent again." in seen
        assert "Lists" not in seen
        await pilot.press("g", "j", "k", "G", "escape")
        assert app.screen is app.home


async def test_help_reads_well_where_it_is_narrow_and_its_command_line_works(
    stage: ModuleType, screen_text: ScreenText
) -> None:
    app = stage.StageApp()
    async with app.run_test(size=(40, 12)) as pilot:
        await pilot.press("n")  # refused, with a toast
        assert len(app._notifications) == 1
        await pilot.press("question_mark")
        await pilot.pause()
        assert len(app._notifications) == 0
        lines = [line.rstrip() for line in screen_text(app).splitlines()]
        at = next(number for number, line in enumerate(lines) if line.split() == ["s", "submit"])
        assert lines[at + 1] == "   Choose a folder of PDFs and submit"
        assert lines[at + 2] == "   its pages as batches."
        await pilot.press("colon")
        await pilot.pause()
        assert app.screen is app.home
        assert app.home.query_one(Prompt).is_asking


async def test_copying_says_no_more_than_is_known_and_y_shows_the_value(
    stage: ModuleType, screen_text: ScreenText
) -> None:
    app = stage.StageApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("j", "y")
        await pilot.pause()
        assert told(app) == [": 1: sent to the terminal's clipboard. Should it not arrive, Y shows it."]
        await pilot.press("ctrl+y")
        await pilot.pause()
        assert told(app)[-1].startswith(": 1 row: sent")
        assert app.clipboard.startswith("0001\treport-1.pdf")
        await pilot.press("Y")
        assert isinstance(app.screen, ValueScreen)
        await pilot.press("escape")
        assert app.screen is app.home


async def test_too_many_rows_are_not_copied(stage: ModuleType) -> None:
    app = stage.StageApp(stage.ManyRows(5_001))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("asterisk", "ctrl+y")
        await pilot.pause()
        assert "5,001 rows are too many" in told(app)[-1]
        assert app.clipboard == ""


async def test_a_click_on_a_key_of_the_footer_is_that_key(stage: ModuleType, screen_text: ScreenText) -> None:
    app = stage.StageApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        x = screen_text(app).splitlines()[-1].index("c cancel")
        await pilot.click(KeyBar, offset=(x + 2, 0))
        await pilot.pause()
        assert isinstance(app.screen, QuestionDialog)


async def test_quitting_ends_with_success(stage: ModuleType) -> None:
    app = stage.StageApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("q")
    assert app.return_code == 0


async def test_errors_and_toasts_are_plain_text(stage: ModuleType) -> None:
    app = stage.StageApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.notify("[/] [@click=app.quit]a\x1b[31m\u202e", title="[b]")
        app.notify_error(StorageFailed("[/full]", hint="[/x]"))
        await pilot.pause()
        assert told(app)[0] == "[b]: [/] [@click=app.quit]a␛[31m\\u202e"
        assert "[/full]\n[/x]" in told(app)[1]


async def test_the_lines_fit_any_width(stage: ModuleType, screen_text: ScreenText) -> None:
    app = stage.StageApp(badge="SANDBOX")
    async with app.run_test(size=(120, 30)) as pilot:
        app.home.query_one(Crumbs).crumbs = (
            "batches",
            "a job with a rather long name",
            "lease-2019.pdf p. vii",
        )
        for width in (120, 80, 60, 40, 24):
            await pilot.resize_terminal(width, 12)
            await pilot.pause()
            lines = screen_text(app).splitlines()
            assert all(len(line) <= width for line in lines)
            assert "SANDBOX" in lines[0]
            assert "q quit" in lines[-1]


def test_a_notice_shows_an_error_with_its_way_on() -> None:
    notice = Notice()
    notice.say_error(StorageFailed("The disk [/] is full.", hint="Make room."))
    assert str(notice.content) == f"✗ {StorageFailed.title}\n\nThe disk [/] is full.\nMake room."
    notice.say("No batches yet")
    assert str(notice.content) == "No batches yet"


async def test_inputs_do_not_blink(stage: ModuleType) -> None:
    app = stage.StageApp()
    async with app.run_test(size=(80, 24)):
        assert not any(field.cursor_blink for field in app.home.query(Input))


@pytest.mark.parametrize(
    ("name", "size", "colours", "keys"),
    [
        ("list-80x24", (80, 24), ColourMode.FULL, ["j", "j", "space", "v", "j"]),
        ("list-120x40", (120, 40), ColourMode.FULL, ["j", "j", "space", "v", "j"]),
        ("list-no-color-80x24", (80, 24), ColourMode.NONE, ["j", "j", "space", "v", "j"]),
        ("list-narrow-46x12", (46, 12), ColourMode.FULL, []),
        ("question-80x24", (80, 24), ColourMode.FULL, ["c"]),
        ("filter-80x24", (80, 24), ColourMode.FULL, ["/", *"refu"]),
        ("help-80x24", (80, 24), ColourMode.FULL, ["question_mark"]),
    ],
)
async def test_screens_look_as_they_did(
    stage: ModuleType,
    screen_text: ScreenText,
    check_golden: Callable[[str, str], None],
    name: str,
    size: tuple[int, int],
    colours: ColourMode,
    keys: list[str],
) -> None:
    app = stage.StageApp(colours=colours, badge="SANDBOX")
    async with app.run_test(size=size) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        seen = screen_text(app) + "\n"
    check_golden(name, seen)
