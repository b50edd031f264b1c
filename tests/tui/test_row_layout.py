"""Columns at any width: dropped in their order, never overlapping, no wider than need be."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from batchdeck.tui.widgets.row_table.layout import GAP, lay_out
from batchdeck.tui.widgets.row_table.paint import fit
from batchdeck.tui.widgets.row_table.rows import Align, Column, Cut


def column(name: str, width: int, *, grow: int = 0, widest: int = 0, drop: int = 0) -> Column[Any]:
    return Column(name, name.upper(), str, width, grow=grow, widest=widest, drop=drop)


columns_drawn = st.lists(
    st.builds(
        column,
        st.just("c"),
        st.integers(1, 20),
        grow=st.integers(0, 3),
        widest=st.sampled_from([0, 25, 40]),
        drop=st.integers(0, 3),
    ),
    max_size=12,
)


@given(columns_drawn, st.integers(0, 200), st.booleans())
def test_columns_never_overlap_and_keep_their_order(
    columns: list[Column[Any]], width: int, all_columns: bool
) -> None:
    layout = lay_out(columns, width, all_columns=all_columns)
    for before, after in zip(layout.spans, layout.spans[1:], strict=False):
        assert before.column < after.column
        assert after.x == before.end + GAP
    for span in layout.spans:
        assert span.width >= columns[span.column].width
        widest = columns[span.column].widest
        assert not widest or span.width <= max(widest, columns[span.column].width)
    assert layout.width == (layout.spans[-1].end if layout.spans else 0)


@given(columns_drawn, st.integers(0, 200))
def test_a_narrow_screen_drops_columns_in_the_stated_order(columns: list[Column[Any]], width: int) -> None:
    layout = lay_out(columns, width)
    shown = {span.column for span in layout.spans}
    dropped = [c for i, c in enumerate(columns) if i not in shown]
    assert all(c.drop for c in dropped)
    still_droppable = [columns[i] for i in shown if columns[i].drop]
    assert (
        not dropped
        or not still_droppable
        or max(c.drop for c in dropped) <= min(c.drop for c in still_droppable)
    )
    assert layout.width <= width or not still_droppable


@given(columns_drawn, st.integers(0, 200))
def test_all_columns_are_there_when_asked_for(columns: list[Column[Any]], width: int) -> None:
    assert len(lay_out(columns, width, all_columns=True).spans) == len(columns)


def test_what_is_left_over_goes_to_the_columns_that_grow() -> None:
    columns = [column("a", 5), column("b", 5, grow=1), column("c", 5, grow=2, widest=12)]
    layout = lay_out(columns, 60)
    assert layout.width == 60
    assert [span.width for span in layout.spans] == [5, 60 - 5 - 12 - 2 * GAP, 12]


def test_a_click_finds_its_column_also_on_the_gap_after_it() -> None:
    layout = lay_out([column("a", 3), column("b", 4)], 40)
    assert [layout.at(x) for x in range(10)] == [0, 0, 0, 0, 1, 1, 1, 1, 1, None]


@given(st.text(), st.integers(0, 40), st.sampled_from(Align), st.sampled_from(Cut))
def test_a_fitted_text_has_exactly_its_width(text: str, width: int, align: Align, cut: Cut) -> None:
    printable = "".join(char for char in text if char.isprintable())
    assert cell_len(fit(printable, width, align, cut)) == width


def test_long_names_keep_both_ends_when_cut_in_the_middle() -> None:
    assert fit("annual-report-2019.pdf", 15, cut=Cut.MIDDLE) == "annual-…019.pdf"
    assert fit("annual-report-2019.pdf", 15) == "annual-report-…"
    assert fit("17", 5, Align.RIGHT) == "   17"
    assert fit("你好吗", 4) == "你 …"
