"""The engine's parts on pieces of text set by hand: rows, columns, tables, lists, heads and feet, inline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from batchdeck.sandbox.engine.blocks import (
    Block,
    Contents,
    Heading,
    ItemList,
    Look,
    Paragraph,
    TableBlock,
)
from batchdeck.sandbox.engine.columns import in_reading_order
from batchdeck.sandbox.engine.furniture import sort_furniture
from batchdeck.sandbox.engine.inline import Words, compounds_of, inline_html, link_forms, plain_text
from batchdeck.sandbox.engine.language import guess_language
from batchdeck.sandbox.engine.paragraphs import make_blocks
from batchdeck.sandbox.engine.shapes import Piece, Row, make_row, make_rows
from batchdeck.sandbox.engine.tables import Table, find_tables

SIZE = 10.0
LOOK = Look(size=SIZE, gap=2.0, bold_is_usual=False, in_contents=False)


def piece(
    text: str, x: float, y: float, *, size: float = SIZE, width: float | None = None, **style: object
) -> Piece:
    """A piece with its top left corner at (x, y), half an em a letter wide unless told."""
    right = x + (width if width is not None else len(text) * size / 2)
    return replace(Piece(text, (x, y, right, y + size), size), **style)  # type: ignore[arg-type]


def lines(texts: Sequence[str], x: float = 0, y: float = 0, **style: object) -> Iterator[Piece]:
    for number, text in enumerate(texts):
        yield piece(text, x, y + 12 * number, **style)  # type: ignore[arg-type]


def blocks(pieces: Sequence[Piece], look: Look = LOOK) -> list[Block]:
    return list(make_blocks(make_rows(pieces), look))


def texts(found: Sequence[Block]) -> list[tuple[str, str]]:
    shown = []
    for block in found:
        match block:
            case Heading():
                shown.append((f"h{block.level}", plain_text(block.rows, Words())))
            case Paragraph():
                shown.append(("pre" if block.is_print else "p", plain_text(block.rows, Words())))
            case Contents():
                shown.extend(("entry", row.text) for row in block.rows)
            case ItemList():
                shown.extend((item.style, plain_text(item.rows, Words())) for item in block.items)
            case TableBlock():
                shown.append(("table", str(len(block.table.rows))))
            case _:
                shown.append(("figure", ""))
    return shown


class TestRows:
    def test_what_stands_on_one_line_is_one_row_from_left_to_right(self) -> None:
        rows = make_rows([piece("right", 50, 1), piece("left", 0, 0), piece("below", 0, 14)])
        assert [row.text for row in rows] == ["left right", "below"]

    def test_a_raised_sign_stays_on_its_row(self) -> None:
        rows = make_rows([piece("note", 0, 10), piece("7", 20, 8, size=6)])
        assert [row.text for row in rows] == ["note7"]

    def test_scripts_that_run_to_the_left_are_read_from_the_right(self) -> None:
        row = make_row([piece("שלום", 50, 0), piece("עולם", 0, 0)])
        assert row.is_rtl
        assert row.text == "שלום עולם"

    def test_wide_gaps_part_segments(self) -> None:
        (row,) = make_rows([piece("a", 0, 0), piece("b", 10, 0), piece("c", 60, 0)])
        assert [segment.text for segment in row.segments()] == ["a b", "c"]


class TestColumns:
    def left(self, count: int, y: float = 0) -> list[Piece]:
        return [piece(f"left {n} " + "x" * 30, 0, y + 12 * n, width=190) for n in range(count)]

    def right(self, count: int, y: float = 0) -> list[Piece]:
        return [piece(f"right {n} " + "y" * 30, 200, y + 12 * n, width=190) for n in range(count)]

    def order(self, pieces: Sequence[Piece]) -> list[str]:
        return [" ".join(row.text.split()[:2]) for column in in_reading_order(pieces, SIZE) for row in column]

    def test_two_columns_are_read_one_after_the_other(self) -> None:
        pieces = [p for pair in zip(self.left(6), self.right(6), strict=True) for p in pair]
        assert self.order(pieces) == [f"left {n}" for n in range(6)] + [f"right {n}" for n in range(6)]

    def test_a_title_over_both_comes_first_and_what_is_below_last(self) -> None:
        title, foot = (
            piece("title " + "t" * 60, 0, 0, width=390),
            piece("below " + "b" * 60, 0, 200, width=390),
        )
        pieces = [foot, *self.right(6, 30), *self.left(6, 30), title]
        order = self.order(pieces)
        assert order[0].startswith("title")
        assert order[-1].startswith("below")
        assert order[1:13] == [f"left {n}" for n in range(6)] + [f"right {n}" for n in range(6)]

    def test_columns_may_end_and_begin_at_different_heights(self) -> None:
        pieces = [*self.left(8), *self.right(5, 6)]
        assert self.order(pieces) == [f"left {n}" for n in range(8)] + [f"right {n}" for n in range(5)]

    def test_a_table_is_not_taken_for_columns(self) -> None:
        pieces = [p for n in range(8) for p in (piece(f"row {n}", 0, 12 * n), piece(f"{n}00", 200, 12 * n))]
        assert self.order(pieces) == [f"row {n}" for n in range(8)]


class TestTables:
    def grid(self, *rows: Sequence[str], y: float = 0, bold_head: bool = False) -> list[Piece]:
        return [
            piece(cell, 100.0 * column, y + 14 * number, bold=bold_head and number == 0)
            for number, row in enumerate(rows)
            for column, cell in enumerate(row)
            if cell
        ]

    def table(self, pieces: Sequence[Piece]) -> Table:
        (found,) = find_tables(make_rows(pieces), SIZE)
        assert isinstance(found, Table)
        return found

    def test_cells_that_line_up_are_a_table(self) -> None:
        table = self.table(
            self.grid(["Kind", "Held"], ["Maps", "12"], ["Books", "345"], ["Seeds", "6"], bold_head=True)
        )
        assert table.header_rows == 1
        assert [[cell.text for cell in row] for row in table.rows][1:] == [
            ["Maps", "12"],
            ["Books", "345"],
            ["Seeds", "6"],
        ]
        assert [cell.is_header for cell in table.rows[1]] == [True, False]

    def test_empty_cells_keep_their_place(self) -> None:
        table = self.table(
            self.grid(["", "2024", "2025"], ["Fines", "61", ""], ["Rooms", "", "10"], ["Sale", "2", "3"])
        )
        assert [[cell.text for cell in row] for row in table.rows] == [
            ["", "2024", "2025"],
            ["Fines", "61", ""],
            ["Rooms", "", "10"],
            ["Sale", "2", "3"],
        ]
        assert table.header_rows == 1
        assert {sum(cell.span for cell in row) for row in table.rows} == {3}

    def test_a_line_that_only_goes_on_with_a_cell_is_no_row(self) -> None:
        pieces = [
            *self.grid(["Kind", "What it is", "No"], ["Maps", "flat things", "1"], bold_head=True),
            piece("in drawers", 100, 14 + 11),
            *self.grid(["Books", "bound", "2"], ["Seeds", "small", "3"], y=44),
        ]
        table = self.table(pieces)
        assert [row[1].text for row in table.rows] == [
            "What it is",
            "flat things in drawers",
            "bound",
            "small",
        ]

    def test_figures_set_as_one_run_are_parted_by_the_columns(self) -> None:
        rows = [[f"Region {n}", f"1{n}", f"2{n}", f"3{n}"] for n in range(10)]
        pieces = [
            piece(cell, 60.0 * column, 14.0 * number, width=20)
            for number, row in enumerate(rows)
            for column, cell in enumerate(row)
        ]
        pieces += [piece("West", 0, 140, width=20), piece("13 23 33", 60, 140, width=140)]
        table = self.table(pieces)
        assert [cell.text for cell in table.rows[-1]] == ["West", "13", "23", "33"]

    def test_a_heading_over_several_columns_spans_them(self) -> None:
        pieces = [
            piece("Kind", 0, 0),
            piece("Actual numbers of the year", 100, 0, width=130),
            *self.grid(["A", "1", "2"], ["B", "3", "4"], ["C", "5", "6"], y=14),
        ]
        table = self.table(pieces)
        assert [(cell.text, cell.span) for cell in table.rows[0]] == [
            ("Kind", 1),
            ("Actual numbers of the year", 2),
        ]

    def test_two_columns_of_sentences_are_no_table(self) -> None:
        sentence = "a sentence of rather more than nine words that goes on"
        pieces = [p for n in range(5) for p in (piece(sentence, 0, 14 * n), piece(sentence, 300, 14 * n))]
        assert all(not isinstance(part, Table) for part in find_tables(make_rows(pieces), SIZE))


class TestBlocks:
    def test_rows_set_close_are_a_paragraph_and_a_gap_ends_it(self) -> None:
        pieces = [*lines(["One row", "and another."]), *lines(["A new one", "goes on"], y=36)]
        assert texts(blocks(pieces)) == [("p", "One row and another."), ("p", "A new one goes on")]

    def test_an_indented_row_begins_a_paragraph(self) -> None:
        wide = "x" * 40
        pieces = [*lines([wide, wide, "end of it."]), piece("Indented " + wide, 12, 36), *lines([wide], y=48)]
        assert [text.split()[0] for _, text in texts(blocks(pieces))] == [wide, "Indented"]

    def test_headings_go_by_size_weight_and_number(self) -> None:
        pieces = [
            piece("The title", 0, 0, size=20),
            piece("A part", 0, 40, size=14),
            piece("A section", 0, 70, size=12),
            piece("Bold and short", 0, 100, bold=True),
            piece("2.1.3 Numbered", 0, 130, size=12, bold=True),
            piece("Bold, with a full stop at its end.", 0, 160, bold=True),
            *lines(["Running text that is long enough to be the usual size of it."], y=190),
        ]
        assert [kind for kind, _ in texts(blocks(pieces))] == ["h1", "h2", "h3", "h4", "h4", "p", "p"]

    def test_where_all_is_bold_bold_says_nothing(self) -> None:
        pieces = [piece("Short and bold", 0, 0, bold=True)]
        assert texts(blocks(pieces, replace(LOOK, bold_is_usual=True))) == [("p", "Short and bold")]

    def test_marks_make_lists_and_are_taken_out_of_the_text(self) -> None:
        pieces = [
            piece("•", 0, 0, width=4),
            piece("first entry", 12, 0),
            piece("that goes on", 12, 12),
            piece("•", 0, 24, width=4),
            piece("second", 12, 24),
        ]
        assert texts(blocks(pieces)) == [("bullet", "first entry that goes on"), ("bullet", "second")]

    def test_numbers_count_and_lists_lie_in_lists(self) -> None:
        pieces = [
            piece("4. four", 0, 0),
            piece("a) inner", 20, 12),
            piece("b) other", 20, 24),
            piece("5. five", 0, 36),
        ]
        (found,) = blocks(pieces)
        assert isinstance(found, ItemList)
        assert [(item.style, item.value) for item in found.items] == [("number", 4), ("number", 5)]
        assert [(inner.style, inner.value) for inner in found.items[0].children] == [
            ("letter", 1),
            ("letter", 2),
        ]

    def test_a_single_dash_or_number_makes_no_list(self) -> None:
        assert texts(blocks([piece("– as he said", 0, 0)])) == [("p", "– as he said")]
        assert texts(blocks([piece("1. only one", 0, 0)])) == [("p", "1. only one")]

    def test_numbers_that_do_not_follow_each_other_are_two_things(self) -> None:
        found = blocks([piece("3. three", 0, 0), piece("7. seven", 0, 12)])
        assert texts(found) == [("p", "3. three"), ("p", "7. seven")]

    def test_print_keeps_its_rows(self) -> None:
        found = blocks(list(lines(["def f():", "    return 1"], mono=True)))
        assert [kind for kind, _ in texts(found)] == ["pre"]

    def test_rows_with_leader_dots_are_entries_of_a_table_of_contents(self) -> None:
        pieces = list(lines(["Welcome ......... 1", "Your first day . . . . . . 2"]))
        assert [kind for kind, _ in texts(blocks(pieces))] == ["entry", "entry"]


class TestFurniture:
    def page(self, *extra: Piece) -> list[Row]:
        body = [piece(f"row {n} of the text of this page", 50, 100 + 12 * n) for n in range(40)]
        return make_rows([*body, *extra])

    def test_head_foot_and_number_are_told_from_the_text(self) -> None:
        rows = self.page(piece("A running head", 50, 40), piece("– 17 –", 250, 760))
        found = sort_furniture(rows, 800, SIZE)
        assert [row.text for row in found.head] == ["A running head"]
        assert [row.text for row in found.foot] == ["– 17 –"]
        assert found.printed_page == "17"
        assert len(found.body) == 40

    @pytest.mark.parametrize(("text", "number"), [("vii", "vii"), ("Page 3 of 9", "3"), ("12 Chapter", "12")])
    def test_page_numbers_come_in_many_forms(self, text: str, number: str) -> None:
        assert sort_furniture(self.page(piece(text, 250, 770)), 800, SIZE).printed_page == number

    def test_a_large_title_at_the_top_is_no_running_head(self) -> None:
        found = sort_furniture(self.page(piece("The Title", 50, 30, size=20)), 800, SIZE)
        assert found.head == ()

    def test_notes_are_small_numbered_and_at_the_end(self) -> None:
        rows = self.page(
            piece("1 The first note", 50, 600, size=8),
            piece("that goes on here", 50, 610, size=8),
            piece("2 The second note", 50, 620, size=8),
        )
        found = sort_furniture(rows, 800, SIZE)
        notes = [(note.mark, " ".join(row.text for row in note.rows)) for note in found.notes]
        assert notes == [("1", "The first note that goes on here"), ("2", "The second note")]


class TestInline:
    def html(self, *pieces: Piece, **words: object) -> str:
        return inline_html(make_rows(pieces), Words(**words))  # type: ignore[arg-type]

    def test_text_is_escaped_and_quotes_are_not(self) -> None:
        assert self.html(piece('a < b & "c"', 0, 0)) == 'a &lt; b &amp; "c"'

    def test_emphasis_takes_no_spaces_with_it(self) -> None:
        html = self.html(piece("very", 0, 0), piece("bold", 25, 0, bold=True), piece("words", 50, 0))
        assert html == "very <strong>bold</strong> words"

    def test_a_word_divided_at_the_end_of_a_row_is_joined(self) -> None:
        assert self.html(piece("accessi-", 0, 0), piece("bility", 0, 12)) == "accessibility"
        assert self.html(piece("accessi\u00ad", 0, 0), piece("bi\u00adlity", 0, 12)) == "accessibility"

    def test_a_compound_keeps_its_hyphen_and_a_name_too(self) -> None:
        known = compounds_of(["a well-known thing"])
        pieces = (piece("a well-", 0, 0), piece("known fact", 0, 12))
        assert self.html(*pieces, compounds=known) == "a well-known fact"
        assert self.html(piece("Anglo-", 0, 0), piece("Saxon", 0, 12)) == "Anglo- Saxon"

    def test_raised_signs_are_notes_only_if_there_is_one(self) -> None:
        pieces = (piece("said", 0, 10), piece("3", 20, 8, size=6, after_space=False))
        assert self.html(*pieces, notes=frozenset({"3"})) == 'said<sup data-note="3">3</sup>'
        assert self.html(*pieces) == "said<sup>3</sup>"

    def test_lowered_signs_are_lowered(self) -> None:
        assert self.html(piece("H", 0, 0), piece("2", 5, 6, size=6, after_space=False)) == "H<sub>2</sub>"

    def test_printed_addresses_lead_to_themselves_as_the_request_lists_them(self) -> None:
        text = piece("see www.example.org/a, or write to me@example.org.", 0, 0)
        listed = link_forms(["http://www.example.org/a/"])
        assert self.html(text, links=listed) == (
            'see <a href="http://www.example.org/a/">www.example.org/a</a>, or write to '
            '<a href="mailto:me@example.org">me@example.org</a>.'
        )

    def test_the_words_of_a_link_carry_it(self) -> None:
        html = self.html(piece("our", 0, 0), piece("page", 20, 0, link="https://example.org/?a=1&b=2"))
        assert html == 'our <a href="https://example.org/?a=1&amp;b=2">page</a>'


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("", "und"),
        ("1234 5678", "und"),
        ("The cat and the dog are in the house of the king.", "en"),
        ("Der Hund und die Katze sind nicht in dem Haus.", "de"),
        ("Le chat et le chien sont dans la maison du roi.", "fr"),
        ("Привет, как дела?", "ru"),
        ("これは日本語です", "ja"),
        ("在開始之前，你需要確認", "zh"),
        ("مرحبا بالعالم", "ar"),
        ("Lorem", "en"),
    ],
)
def test_languages_are_guessed_by_script_and_common_words(text: str, language: str) -> None:
    assert guess_language(text) == language
