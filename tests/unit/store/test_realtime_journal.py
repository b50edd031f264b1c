"""The journal of a real-time run: what left, what came, and what a killed process leaves behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from batchdeck.domain.outcomes import ANSWER_LOST
from batchdeck.store.layout import DeckLayout, make_folder
from batchdeck.store.realtime import RealtimeJournal, answer_row, error_row, read_journal, result_rows

KEY = "0123456789"


@pytest.fixture
def layout(tmp_path: Path) -> DeckLayout:
    layout = DeckLayout(tmp_path)
    make_folder(layout.batch(KEY), parents=True)
    return layout


def rows_of(layout: DeckLayout) -> dict[str, dict[str, object]]:
    rows = b"".join(result_rows(layout, KEY, read_journal(layout, KEY), "killed")).splitlines()
    return {row["custom_id"]: row["result"] for row in map(json.loads, rows)}


def test_answers_are_kept_byte_for_byte_and_what_is_open_counts_as_lost(layout: DeckLayout) -> None:
    journal = RealtimeJournal(layout, KEY)
    for name in ("a", "b", "c", "d"):
        journal.sent(name)
    message = b'{"type":"message","content":[{"type":"text","text":"\xc3\xa9 1.0"}]}'
    journal.answered(answer_row("b", message))
    journal.answered(error_row("c", "invalid_request_error", "no"))
    journal.free("d")
    journal.close()
    state = read_journal(layout, KEY)
    assert (list(state.answered), state.lost, state.went_out) == (["b", "c"], ("a",), ("b", "c", "a"))
    assert message in b"".join(result_rows(layout, KEY, state, "killed"))
    rows = rows_of(layout)
    assert rows["c"] == {
        "type": "errored",
        "error": {"type": "error", "error": {"type": "invalid_request_error", "message": "no"}},
    }
    assert rows["a"]["error"] == {"type": "error", "error": {"type": ANSWER_LOST, "message": "killed"}}


def test_a_line_cut_off_by_a_crash_is_not_believed_and_written_over(layout: DeckLayout) -> None:
    journal = RealtimeJournal(layout, KEY)
    journal.sent("a")
    journal.close()
    whole = layout.realtime(KEY).read_bytes()
    layout.realtime(KEY).write_bytes(whole + b'{"custom_id":"a","result":{"type":"succ')
    assert read_journal(layout, KEY).lost == ("a",)
    again = RealtimeJournal(layout, KEY)
    again.answered(answer_row("a", b'{"type":"message"}' + b" " * 40))
    again.close()
    assert list(read_journal(layout, KEY).answered) == ["a"]
    assert rows_of(layout)["a"]["type"] == "succeeded"


def test_a_page_that_is_sent_again_after_it_was_free_is_answered_once(layout: DeckLayout) -> None:
    journal = RealtimeJournal(layout, KEY)
    journal.sent("a")
    journal.free("a")
    assert read_journal(layout, KEY).went_out == ()
    journal.sent("a")
    journal.answered(answer_row("a", b'{"type":"message"}'))
    journal.close()
    assert read_journal(layout, KEY).went_out == ("a",)
