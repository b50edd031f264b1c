"""Reading results: the facts of every kind of row, wherever its bytes lie; no row stops the reading."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from batchdeck.domain.costs import Usage
from batchdeck.domain.outcomes import Outcome, ResultFacts, classify
from batchdeck.errors import StorageFailed
from batchdeck.store import results
from batchdeck.store.layout import DeckLayout, make_folder
from batchdeck.store.results import UNREADABLE, read_row, read_row_id, scan_results
from tests.unit.store import made


def scan(tmp_path: Path, content: bytes) -> list[tuple[ResultFacts, str, int, int]]:
    path = tmp_path / "results.jsonl"
    path.write_bytes(content)
    rows = list(scan_results(path, with_text=True))
    assert [(facts, offset, length) for facts, _, offset, length in rows] == list(scan_results(path))
    for _, _, offset, length in rows:
        assert content[offset : offset + length] == content[offset : offset + length].strip()
    return rows


def facts_of(tmp_path: Path, line: bytes) -> ResultFacts:
    [(facts, _, _, _)] = scan(tmp_path, line)
    return facts


def test_an_answer_with_everything(tmp_path: Path) -> None:
    usage = {
        "input_tokens": 10,
        "output_tokens": 20,
        "cache_creation_input_tokens": 70,
        "cache_read_input_tokens": 50,
        "cache_creation": {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 40},
        "server_tool_use": None,
    }
    content = [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "text", "text": "<h1>", "citations": None},
        {"type": "tool_use", "text": "not this", "input": {}},
        {"type": "text", "text": "x</h1>"},
    ]
    [(facts, text, _, _)] = scan(tmp_path, made.good_line("a", content=content, usage=usage))
    assert text == "<h1>x</h1>"
    assert facts == ResultFacts(
        "a",
        "succeeded",
        stop_reason="end_turn",
        usage=Usage(10, 20, 30, 40, 50),
        has_text=True,
        model="model-a-20260101",
    )


def test_cache_writes_without_their_parts_are_the_short_ones(tmp_path: Path) -> None:
    usage = {
        "input_tokens": 1,
        "output_tokens": 2,
        "cache_creation_input_tokens": 3,
        "cache_read_input_tokens": None,
    }
    assert facts_of(tmp_path, made.good_line("a", usage=usage)).usage == Usage(1, 2, 3, 0, 0)


@pytest.mark.parametrize("message", [{"content": []}, {"content": [{"type": "text", "text": " \n"}]}])
def test_an_answer_without_text(tmp_path: Path, message: dict[str, Any]) -> None:
    facts = facts_of(tmp_path, made.good_line("a", **message))
    assert classify(facts).outcome is Outcome.EMPTY


def test_blocks_of_kinds_to_come_do_not_spoil_a_paid_answer(tmp_path: Path) -> None:
    content = [
        {"type": "newer", "text": {"deep": [1]}},
        {"type": "text", "text": "kept"},
        {"type": "text", "text": None},
    ]
    [(facts, text, _, _)] = scan(tmp_path, made.good_line("a", content=content))
    assert (text, classify(facts).outcome) == ("kept", Outcome.OK)
    assert classify(facts_of(tmp_path, made.good_line("a", content=None))).outcome is Outcome.EMPTY


def test_a_refusal_carries_its_category(tmp_path: Path) -> None:
    details = {"type": "refusal", "category": "bio", "explanation": "because"}
    facts = facts_of(tmp_path, made.good_line("a", stop_reason="refusal", stop_details=details))
    assert (facts.stop_reason, facts.error_type, facts.message) == ("refusal", "bio", "because")
    assert facts_of(tmp_path, made.good_line("a", stop_reason="refusal", stop_details=None)).error_type == ""


def test_an_error_carries_its_inner_type_and_message(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, made.bad_line("a", "invalid_request_error", "Could not process PDF"))
    assert facts == ResultFacts(
        "a", "errored", error_type="invalid_request_error", message="Could not process PDF"
    )


@pytest.mark.parametrize("kind", ["expired", "canceled", "something_newer"])
def test_other_types_are_data(tmp_path: Path, kind: str) -> None:
    assert facts_of(tmp_path, made.line("a", {"type": kind})) == ResultFacts("a", kind)


@pytest.mark.parametrize(
    ("line", "custom_id"),
    [
        (b"not json\n", ""),
        (b'{"custom_id": "a"\n', ""),
        (b"[1]\n", ""),
        (b"null\n", ""),
        (b"\xff\xfe\n", ""),
        (b"[" * 100_000 + b"\n", ""),
        (b'{"custom_id": 5, "result": {"type": "expired"}}\n', ""),
        (b'{"custom_id": "a"}\n', "a"),
        (b'{"custom_id": "a", "result": "odd"}\n', "a"),
        (b'{"custom_id": "a", "result": {"type": "succeeded", "message": {"content": "text"}}}\n', "a"),
        (b'{"custom_id": "a", "result": {"type": "succeeded", "message": {"stop_reason": 1}}}\n', "a"),
    ],
)
def test_a_row_of_an_unknown_shape_stops_nothing(tmp_path: Path, line: bytes, custom_id: str) -> None:
    rows = scan(tmp_path, made.good_line("before") + line + made.good_line("after"))
    assert [row[0].custom_id for row in rows] == ["before", custom_id, "after"]
    odd = rows[1][0]
    assert odd.type == UNREADABLE
    assert classify(odd).outcome is Outcome.ERRORED
    assert classify(odd).detail == odd.message


def test_a_part_of_an_unknown_shape_costs_no_more_than_that_part(tmp_path: Path) -> None:
    answer = facts_of(tmp_path, made.good_line("a", usage={"input_tokens": "9"}, stop_details="new"))
    assert answer == ResultFacts(
        "a", "succeeded", stop_reason="end_turn", has_text=True, model="model-a-20260101"
    )
    failed = facts_of(tmp_path, made.line("b", {"type": "errored", "error": {"error": "text"}}))
    assert failed == ResultFacts("b", "errored")
    newer = facts_of(tmp_path, made.line("c", {"type": "new", "message": {"usage": {"input_tokens": "9"}}}))
    assert classify(newer).detail == "unknown result type “new”"


def test_blank_lines_and_carriage_returns_are_passed_over(tmp_path: Path) -> None:
    content = b"\r\n" + made.good_line("a").replace(b"\n", b"\r\n") + b"\n   \n" + made.bad_line("b")
    assert [row[0].custom_id for row in scan(tmp_path, content)] == ["a", "b"]


def test_rows_longer_than_any_buffer(tmp_path: Path) -> None:
    text = "é" * 3_000_000
    rows = scan(tmp_path, made.good_line("a", text) + made.bad_line("b"))
    assert [(row[0].custom_id, len(row[1])) for row in rows] == [("a", 3_000_000), ("b", 0)]


def test_a_row_beyond_all_bounds_is_not_taken_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "LONGEST_LINE", 5_000)
    content = made.good_line("a") + made.good_line("b", "x" * 3_000_000) + made.good_line("c")
    path = tmp_path / "results.jsonl"
    path.write_bytes(content)
    rows = list(scan_results(path))
    assert [(facts.custom_id, facts.type) for facts, _, _ in rows] == [
        ("a", "succeeded"),
        ("", UNREADABLE),
        ("c", "succeeded"),
    ]
    assert content[rows[2][1] :] == made.good_line("c")


def test_the_last_line_may_lack_its_end(tmp_path: Path) -> None:
    assert [row[0].custom_id for row in scan(tmp_path, made.good_line("a").rstrip())] == ["a"]


def test_one_row_is_read_by_its_place(layout: DeckLayout) -> None:
    make_folder(layout.batch("k"))
    lines = [made.good_line("a"), made.bad_line("b"), made.good_line("c", "☃")]
    layout.results("k").write_bytes(b"".join(lines))
    for line, (_, offset, length) in zip(lines, scan_results(layout.results("k")), strict=True):
        row = read_row(layout, "k", offset, length)
        assert row == line.rstrip()
        assert read_row_id(row) == json.loads(line)["custom_id"]


def test_results_that_are_not_there(layout: DeckLayout) -> None:
    with pytest.raises(StorageFailed):
        list(scan_results(layout.results("k")))
    with pytest.raises(StorageFailed):
        read_row(layout, "k", 0, 10)
