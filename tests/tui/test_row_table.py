"""The table under keys and mouse: what it shows, repaints and asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
from textual.pilot import Pilot

from batchdeck.tui.widgets.row_table import Filter, RecordRows, RowTable, Sort, describe


def table_of(pilot: Pilot[Any]) -> RowTable:
    return pilot.app.screen.query_one(RowTable)


async def settle(pilot: Pilot[Any]) -> None:
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


def calls_of(monkeypatch: pytest.MonkeyPatch, owner: object, method: str) -> list[tuple[Any, ...]]:
    """Record the positional arguments of every call of a method, which goes on working."""
    calls: list[tuple[Any, ...]] = []
    original = getattr(owner, method)

    def recording(*arguments: Any, **options: Any) -> Any:
        calls.append(arguments)
        return original(*arguments, **options)

    monkeypatch.setattr(owner, method, recording)
    return calls


@pytest.mark.parametrize(
    ("keys", "row"),
    [
        (["j", "down", "j"], 3),
        (["j", "j", "k"], 1),
        (["G"], 199),
        (["end", "g"], 0),
        (["pagedown"], 19),
        (["pagedown", "pagedown", "pageup"], 19),
        (["ctrl+d", "ctrl+u"], 0),
        (["k"], 0),
    ],
)
async def test_keys_move_the_cursor_and_keep_it_in_sight(
    stage: ModuleType, keys: list[str], row: int
) -> None:
    app = stage.StageApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*keys)
        table = table_of(pilot)
        assert table.cursor_key == row
        first = table.scroll_offset.y
        assert first <= table.view.cursor < first + table.page_size


async def test_a_list_shows_what_it_is_and_where_the_cursor_is(
    stage: ModuleType, screen_text: Callable[[Any], str]
) -> None:
    app = stage.StageApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("j", "space", "v", "j")
        lines = screen_text(app).splitlines()
        assert lines[1].split() == ["#", "DOCUMENT", "PAGE", "OUTCOME", "TOKENS", "COST"]
        assert lines[3].startswith(" • 0001")
        assert lines[4].startswith(" ◦ 0002")
        assert lines[5].startswith("▌◦ 0003")
        assert "… truncated" in lines[4]
        assert lines[22] == " 4 of 200 · range of 2 · 1 marked"


async def test_enter_and_double_click_open_and_a_click_on_the_gutter_marks(stage: ModuleType) -> None:
    app = stage.StageApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("j", "enter")
        await pilot.click(RowTable, offset=(20, 5), times=2)
        await pilot.click(RowTable, offset=(1, 7))
        await pilot.pause()
        assert app.home.opened == [1, 4]
        assert list(table_of(pilot).view.marks) == [6]


async def test_the_wheel_scrolls_and_takes_the_cursor_along_only_as_far_as_it_must(stage: ModuleType) -> None:
    app = stage.StageApp()
    async with app.run_test(size=(80, 24)) as pilot:
        table = table_of(pilot)
        await pilot.press("j", "j", "j", "j")
        await pilot._post_mouse_events([_wheel_down()], RowTable)
        assert (table.scroll_offset.y, table.view.cursor) == (3, 4)
        await pilot._post_mouse_events([_wheel_down()], RowTable)
        assert (table.scroll_offset.y, table.view.cursor) == (6, 6)


def _wheel_down() -> type:
    from textual.events import MouseScrollDown

    return MouseScrollDown


async def test_shift_letter_and_header_click_sort_and_again_turn_round(
    stage: ModuleType, screen_text: Callable[[Any], str]
) -> None:
    app = stage.StageApp()
    async with app.run_test(size=(80, 24)) as pilot:
        table = table_of(pilot)
        await pilot.press("P")
        assert table.view.sort == Sort("page", reverse=False)
        assert "PAGE▲" in screen_text(app)
        await pilot.press("P")
        assert table.view.sort == Sort("page", reverse=True)
        assert "PAGE▼" in screen_text(app)
        await pilot.click(RowTable, offset=(10, 0))
        assert table.view.sort == Sort("document")
        await pilot.press("equals_sign")
        assert table.view.sort is None


async def test_sorting_keeps_the_cursor_on_its_row(stage: ModuleType) -> None:
    app = stage.StageApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("j", "j", "j", "I", "I")
        table = table_of(pilot)
        assert table.cursor_key == 3
        assert table.view.cursor == 196
        assert table.scroll_offset.y <= 196 < table.scroll_offset.y + table.page_size


async def test_matches_are_gone_to_with_n_and_highlighted(stage: ModuleType) -> None:
    app = stage.StageApp()
    async with app.run_test(size=(80, 24)) as pilot:
        table = table_of(pilot)
        await pilot.press("/", *"report-3", "enter")
        assert {table.view.key_at(i) % 7 for i in range(len(table.view))} == {3}
        assert table.is_highlighting
        await pilot.press("escape")
        assert len(table.view) == 200
        assert table_of(pilot).is_highlighting is False
        await pilot.press("n")
        assert table.cursor_key == 3
        await pilot.press("n", "n")
        assert table.cursor_key == 17
        await pilot.press("N")
        assert table.cursor_key == 10
        await pilot.press("escape")
        assert table_of(pilot).is_highlighting is False


async def test_columns_go_in_their_order_and_come_back_by_key(
    stage: ModuleType, screen_text: Callable[[Any], str], until: Callable[..., Any]
) -> None:
    app = stage.StageApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.resize_terminal(46, 24)
        await until(lambda: "COST" not in screen_text(app))
        assert screen_text(app).splitlines()[1].split() == ["#", "DOCUMENT", "PAGE", "OUTCOME"]
        await pilot.press("w")
        await pilot.press("l", "l")
        assert "COST" in screen_text(app).splitlines()[1]
        assert screen_text(app).splitlines()[2].startswith("▌")
        await pilot.press("w")
        assert table_of(pilot).scroll_offset.x == 0


async def test_only_what_changed_is_repainted(stage: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    app = stage.StageApp()
    async with app.run_test(size=(80, 24)) as pilot:
        table = table_of(pilot)
        await pilot.press("j")
        repaints = calls_of(monkeypatch, table, "refresh")
        await pilot.press("1")
        await pilot.pause()
        ((changed,),) = repaints
        assert (changed.y, changed.height) == (4, 1)
        assert changed.width < 20
        repaints.clear()
        table.show(RecordRows(stage.COLUMNS, list(app.home.records)))
        table.take_news()
        assert repaints == []


async def test_news_that_comes_fast_is_painted_once_in_a_quarter_of_a_second(
    stage: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = stage.StageApp()
    async with app.run_test(size=(80, 24)) as pilot:
        table = table_of(pilot)
        arranged = calls_of(monkeypatch, table, "_arrange")
        monkeypatch.setattr(table._pace, "_clock", lambda: 1_000.0)
        for tokens in range(1_000):
            first = replace(app.home.records[0], tokens=tokens)
            table.show(RecordRows(stage.COLUMNS, [first, *app.home.records[1:]]))
        assert len(arranged) == 1
        assert table.has_news
        table.take_news()
        assert len(arranged) == 2
        assert table.view.source.cells(0)[4] == "999"


async def test_a_paused_display_holds_still_until_it_is_let_go(stage: ModuleType) -> None:
    app = stage.StageApp()
    async with app.run_test(size=(80, 24)) as pilot:
        table = table_of(pilot)
        table.pause(True)
        table.show(RecordRows(stage.COLUMNS, app.home.records[:5]))
        await pilot.pause()
        assert len(table.view) == 200
        assert describe(table) == "1 of 200 · paused, news waiting"
        table.pause(False)
        assert len(table.view) == 5


async def test_following_stays_with_the_newest_row_until_the_cursor_is_moved_up(stage: ModuleType) -> None:
    app = stage.StageApp()
    async with app.run_test(size=(80, 24)) as pilot:
        table = table_of(pilot)
        table.follow(True)
        table.show(RecordRows(stage.COLUMNS, [stage.row(i) for i in range(300)]))
        table.take_news()
        assert table.cursor_key == 299
        await pilot.press("k")
        table.show(RecordRows(stage.COLUMNS, [stage.row(i) for i in range(400)]))
        table.take_news()
        assert table.cursor_key == 298


async def test_rows_above_do_not_move_what_is_looked_at(stage: ModuleType) -> None:
    app = stage.StageApp()
    async with app.run_test(size=(80, 24)) as pilot:
        table = table_of(pilot)

        def keyed(first: int) -> RecordRows[Any]:
            records = [stage.row(i) for i in range(first, 200)]
            return RecordRows(stage.COLUMNS, records, key_of=lambda record: str(record.index))

        table.show(keyed(10))
        table.take_news()
        await pilot.press("pagedown", "pagedown", "j")
        line = table.view.cursor - table.scroll_offset.y
        key = table.cursor_key
        table.show(keyed(0))
        table.take_news()
        assert table.cursor_key == key
        assert table.view.cursor - table.scroll_offset.y == line


async def test_a_million_rows_ask_only_for_those_on_screen(stage: ModuleType) -> None:
    records = stage.ManyRows(1_000_000)
    app = stage.StageApp(records)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("G")
        assert table_of(pilot).cursor_key == 999_999
        await pilot.press("g", "pagedown", "asterisk")
        assert table_of(pilot).view.selected == 1_000_000
        assert records.looked_at < 2_000


@pytest.mark.parametrize("work", ["sort", "filter", "search"])
async def test_long_lists_are_worked_on_while_the_loop_goes_on(stage: ModuleType, work: str) -> None:
    app = stage.StageApp(stage.ManyRows(60_000))
    async with app.run_test(size=(80, 24)) as pilot:
        table = table_of(pilot)
        turns: list[int] = []

        async def count_turns() -> None:
            while True:
                turns.append(1)
                await asyncio.sleep(0)

        counting = asyncio.create_task(count_turns())
        if work == "sort":
            table.set_sort(Sort("tokens", reverse=True))
        elif work == "filter":
            table.set_filter(Filter("report-3"))
        else:
            table.set_filter(Filter("no such thing"))
            table.view.filter = Filter()
            table.act_list_next_match()
        assert len(table.view) == 60_000
        turns.clear()
        await settle(pilot)
        counting.cancel()
        assert len(turns) > 20
        if work == "sort":
            assert table.view.source.cells(table.view.order[0])[4] == "4,999"
        elif work == "filter":
            assert all(table.view.key_at(i) % 7 == 3 for i in range(0, len(table.view), 500))


async def test_news_never_restarts_work_on_a_long_list(stage: ModuleType) -> None:
    app = stage.StageApp(stage.ManyRows(60_000))
    async with app.run_test(size=(80, 24)) as pilot:
        table = table_of(pilot)
        table.set_filter(Filter("report-3"))
        assert table.is_arranging
        assert "working it out…" in describe(table)
        table.show(RecordRows(stage.COLUMNS, stage.ManyRows(70_000)))
        assert table.has_news
        await settle(pilot)
        table.take_news()
        await settle(pilot)
        assert len(table.view.source) == 70_000
        assert len(table.view) == 10_000


async def test_rows_are_copied_as_plain_text(stage: ModuleType) -> None:
    hostile = replace(stage.row(0), document="a\x1b[2Jb\tc")
    app = stage.StageApp([hostile, stage.row(1), stage.row(2)])
    async with app.run_test(size=(80, 24)) as pilot:
        table = table_of(pilot)
        assert list(table.plain_rows()) == ["0000\ta␛[2Jb␉c\t1\t✓ ok\t0\t$0.000"]
        await pilot.press("j", "space", "space")
        assert [line[:4] for line in table.plain_rows()] == ["0001", "0002"]


async def test_an_empty_list_bears_every_key(stage: ModuleType) -> None:
    app = stage.StageApp([])
    async with app.run_test(size=(80, 24)) as pilot:
        keys = ["j", "k", "G", "g", "space", "v", "asterisk", "backslash", "n", "N", "enter", "w", "P", "h"]
        await pilot.press(*keys, "pagedown", "pageup", "ctrl+y", "y", "Y")
        assert describe(table_of(pilot)) == "nothing to show · by page ▲"
