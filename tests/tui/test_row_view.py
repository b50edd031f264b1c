"""The view of a table against a plain model: cursor, marks, ranges, sorting, filtering, new data."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from batchdeck.tui.widgets.row_table.order import finish
from batchdeck.tui.widgets.row_table.rows import Column, RecordRows
from batchdeck.tui.widgets.row_table.view import Filter, RowView, Sort


@dataclass(frozen=True)
class Record:
    name: str
    size: int


COLUMNS = [
    Column[Record]("name", "NAME", lambda r: r.name, 8, sort=lambda r: r.name),
    Column[Record]("size", "SIZE", lambda r: str(r.size), 8, sort=lambda r: r.size),
]
records = st.lists(
    st.builds(Record, st.text("abc", min_size=1, max_size=3), st.integers(0, 5)),
    unique_by=lambda record: record.name,
    max_size=30,
)


def rows(items: list[Record]) -> RecordRows[Record]:
    return RecordRows(COLUMNS, items, key_of=lambda record: record.name)


class ViewMachine(RuleBasedStateMachine):
    """Does the same to a view and to sets and lists, and compares."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[Record] = []
        self.marked: set[str] = set()
        self.wanted: str | None = None
        self.view = RowView(rows([]))

    def arrange(self, items: list[Record] | None = None) -> None:
        source = self.view.source if items is None else rows(items)
        self.view.adopt(finish(self.view.arrangement(source)), source)

    def shown(self) -> list[Record]:
        view = self.view
        kept = [r for r in self.records if (view.filter.text in f"{r.name} {r.size}") != view.filter.inverse]
        kept = kept if view.filter else self.records
        if view.sort is None:
            return kept
        by = (lambda r: r.name) if view.sort.column == "name" else (lambda r: r.size)
        return sorted(kept, key=by, reverse=view.sort.reverse)

    @rule(items=records)
    def new_data(self, items: list[Record]) -> None:
        self.records = items
        names = {record.name for record in items}
        self.marked &= names
        self.arrange(items)

    @rule(column=st.sampled_from(["name", "size", None]), reverse=st.booleans())
    def sort(self, column: str | None, reverse: bool) -> None:
        self.view.sort = None if column is None else Sort(column, reverse)
        self.arrange()

    @rule(text=st.text("abc0", max_size=2), inverse=st.booleans())
    def filter(self, text: str, inverse: bool) -> None:
        self.view.filter = Filter(text, inverse)
        self.arrange()

    @precondition(lambda self: len(self.view) > 0)
    @rule(data=st.data())
    def move(self, data: st.DataObject) -> None:
        position = data.draw(st.integers(-3, len(self.view) + 3))
        self.view.move_to(position)
        self.wanted = str(self.view.cursor_key)
        assert self.view.cursor == min(max(position, 0), len(self.view) - 1)

    @precondition(lambda self: len(self.view) > 0)
    @rule()
    def mark(self) -> None:
        open_range = self.view.anchor is not None
        in_range = {str(self.view.key_at(position)) for position in self.view.range_positions}
        key = str(self.view.cursor_key)
        self.view.toggle_mark()
        self.marked = self.marked | in_range if open_range else self.marked ^ {key}

    @precondition(lambda self: len(self.view) > 0)
    @rule()
    def begin_range(self) -> None:
        self.view.begin_range()

    @rule()
    def mark_all(self) -> None:
        self.view.mark_all_shown()
        self.marked |= {record.name for record in self.shown()}

    @rule()
    def undo(self) -> None:
        undone = self.view.undo()
        if undone == "marks":
            self.marked = set()
        self.arrange()

    @invariant()
    def shows_what_it_should(self) -> None:
        assert [self.view.key_at(i) for i in range(len(self.view))] == [r.name for r in self.shown()]

    @invariant()
    def marks_go_with_their_rows(self) -> None:
        assert {self.view.source.key(index) for index in self.view.marks} == self.marked
        assert len(self.view.marks) == len(self.marked)
        shown = {record.name for record in self.shown()}
        assert self.view.marks.count_in(self.view.order) == len(self.marked & shown)

    @invariant()
    def the_cursor_is_on_a_row_and_on_its_own_where_that_is_shown(self) -> None:
        shown = [record.name for record in self.shown()]
        assert (self.view.cursor == -1) == (not shown)
        if self.wanted in shown:
            assert self.view.cursor_key == self.wanted
        elif self.wanted is not None and self.wanted not in {record.name for record in self.records}:
            self.wanted = str(self.view.cursor_key) if shown else None

    @invariant()
    def a_selection_is_marks_and_range_else_the_cursor(self) -> None:
        in_range = {str(self.view.key_at(position)) for position in self.view.range_positions}
        expected = self.marked | in_range or ({str(self.view.cursor_key)} if self.view.cursor >= 0 else set())
        assert set(self.view.selection()) == expected
        assert self.view.selected == len(expected)


ViewMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
test_view_machine = ViewMachine.TestCase


def test_rows_that_are_their_own_names_keep_marks_while_the_list_grows() -> None:
    view = RowView(RecordRows([], range(3)))
    view.mark_all_shown()
    longer = RecordRows([], range(5))
    view.adopt(range(5), longer)
    assert list(view.marks) == [0, 1, 2]
    view.adopt(range(2), RecordRows([], range(2)))
    assert list(view.marks) == [0, 1]


def test_marking_a_million_rows_takes_a_byte_each() -> None:
    view = RowView(RecordRows([], range(1_000_000)))
    view.mark_all_shown()
    assert len(view.marks) == 1_000_000
    assert 999_999 in view.marks
    assert 1_000_000 not in view.marks
    view.marks.toggle(500_000)
    assert view.selected == 999_999


def test_a_filter_says_what_it_does() -> None:
    assert str(Filter("lease")) == "/lease"
    assert str(Filter("lease", inverse=True, only=bool, label="failures only")) == "failures only · /!lease"
    assert not Filter()


def test_a_condition_and_a_typed_text_both_have_to_hold() -> None:
    source = rows([Record("a", 1), Record("ab", 2), Record("b", 3)])
    match = Filter("a", only=lambda index: index > 0).match(source)
    assert match is not None
    assert [match(i) for i in range(3)] == [False, True, False]
    assert Filter().match(source) is None


def test_filtering_ignores_case_and_takes_signs_as_they_are() -> None:
    source = rows([Record("A.B", 1), Record("axb", 2)])
    match = Filter("a.b").match(source)
    assert match is not None
    assert [match(i) for i in range(2)] == [True, False]


def test_the_cursor_returns_to_its_row_when_the_filter_is_lifted() -> None:
    view = RowView(rows([Record(name, 0) for name in "abcdef"]))
    view.move_to(4)
    view.filter = Filter("a")
    view.adopt(finish(view.arrangement()))
    assert view.cursor_key == "a"
    assert view.undo() == "filter"
    view.adopt(finish(view.arrangement()))
    assert view.cursor_key == "e"


def test_a_cursor_that_rests_on_top_stays_there_through_new_data() -> None:
    view = RowView(rows([Record("b", 0), Record("c", 0)]))
    newer = rows([Record("a", 0), Record("b", 0), Record("c", 0)])
    view.adopt(range(3), newer)
    assert view.cursor_key == "b"
    view.rest_on_top()
    view.adopt(range(4), rows([Record("0", 0), *newer.records]))
    assert view.cursor_key == "0"
    view.adopt(range(3), newer)
    view.move_to(1)
    view.adopt(range(4), rows([Record("0", 0), *newer.records]))
    assert view.cursor_key == "b"
