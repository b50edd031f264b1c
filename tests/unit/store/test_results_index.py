"""The index of results: what was judged comes back by page, and a stale or damaged one is never believed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from batchdeck.domain.costs import Usage
from batchdeck.domain.outcomes import ANSWER_LOST, Outcome, ResultFacts, Verdict
from batchdeck.errors import DeckDamaged, NotFound, StorageFailed
from batchdeck.store import index as index_module
from batchdeck.store.index import (
    LONGEST_DETAIL,
    STRANGER,
    BatchIndex,
    IndexRow,
    is_index_current,
    read_index,
    write_index,
)
from batchdeck.store.layout import DeckLayout, make_folder
from tests.unit.store import made
from tests.unit.store.faulty import FaultyDisk, no_space

KEY = "00000000aa"
FOREIGN = "msgbatch_01Foreign"


def row(
    page: int,
    outcome: Outcome = Outcome.OK,
    *,
    key: str = KEY,
    offset: int = 0,
    usage: Usage | None = None,
    recall: float | None = None,
    detail: str = "",
    model: str = "model-a",
    error_type: str = "",
) -> IndexRow:
    facts = ResultFacts(
        made.custom_id(key, page) if page >= 0 else "elsewhere",
        "succeeded",
        stop_reason="end_turn",
        error_type=error_type,
        usage=usage or Usage(),
        model=model,
    )
    return IndexRow(page, facts, Verdict(outcome, detail), recall, offset, 10)


def indexed(layout: DeckLayout, rows: Sequence[IndexRow], key: str = KEY) -> BatchIndex:
    make_folder(layout.batch(key))
    write_index(layout, key, rows, results_sha256="ab" * 32, judge_version=3)
    return read_index(layout, key)


def test_rows_come_back_by_page(layout: DeckLayout) -> None:
    usage = Usage(1, 2, 3, 4, 5)
    index = indexed(
        layout,
        [
            row(9, Outcome.TRUNCATED, offset=7, usage=usage, detail="cut", error_type="x"),
            row(2, offset=300, recall=0.25, model="model-b"),
            row(5, Outcome.MISSING, offset=2**40),
        ],
    )
    assert list(index.pages) == [2, 5, 9]
    last = index.row_of(9)
    assert last == 2
    assert index.outcome(last) is Outcome.TRUNCATED
    assert index.usage_of(last) == usage
    assert index.place(last) == (7, 10)
    assert [index.text(last, name) for name in ("error_type", "stop_reason", "model", "detail")] == [
        "x",
        "end_turn",
        "model-a",
        "cut",
    ]
    assert [index.recall(place) for place in range(3)] == [0.25, None, None]
    assert index.place(1) == (2**40, 10)
    assert [index.row_of(page) for page in (-1, 0, 3, 10)] == [None, None, None, None]
    assert index.span(2, 6) == (0, 2)
    assert index.results_sha256 == "ab" * 32


def test_sums_over_all_rows(layout: DeckLayout) -> None:
    rows = [row(page, usage=Usage(page, 2, 3, 4, 5), model=f"model-{page % 2}") for page in range(5)]
    index = indexed(layout, [*rows, row(7, Outcome.ERRORED, model="")])
    assert index.tally() == {Outcome.OK: 5, Outcome.ERRORED: 1}
    assert index.usage() == Usage(10, 10, 15, 20, 25)
    assert index.usage_by_model() == {
        "model-0": Usage(6, 6, 9, 12, 15),
        "model-1": Usage(4, 4, 6, 8, 10),
        "": Usage(),
    }
    only = indexed(layout, rows[:1])
    assert only.usage_by_model() == {"model-0": Usage(0, 2, 3, 4, 5)}


def test_paid_answers_without_usage_are_counted_over_all_rows_or_some(layout: DeckLayout) -> None:
    silent = [
        row(page, outcome) for page, outcome in enumerate((Outcome.OK, Outcome.ERRORED, Outcome.REFUSED))
    ]
    index = indexed(layout, [*silent, row(3, usage=Usage(0, 2))])
    assert (index.unmeasured(), index.unmeasured(1, 4), index.unmeasured(3)) == (2, 1, 0)
    lost = indexed(layout, [row(0, Outcome.ERRORED, error_type=ANSWER_LOST), row(1, usage=Usage(1, 2))])
    assert lost.unmeasured() == 1


@pytest.mark.parametrize("largest", [0, 1, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, 2**63])
def test_numbers_of_any_size_come_back(layout: DeckLayout, largest: int) -> None:
    tokens = min(largest, 2**32 - 1)
    usage = Usage(tokens, tokens, tokens, tokens, tokens)
    index = indexed(layout, [row(0), row(1, offset=largest, usage=usage, detail="why"), row(2, offset=1)])
    assert [index.place(at) for at in range(3)] == [(0, 10), (largest, 10), (1, 10)]
    assert [index.usage_of(at) for at in range(3)] == [Usage(), usage, Usage()]
    assert [index.text(at, "detail") for at in range(3)] == ["", "why", ""]
    assert index.usage() == usage
    by_row = index.numbered_by_row()
    assert [by_row.place(at)[0] for at in range(3)] == sorted([0, largest, 1])


def test_an_index_may_be_empty(layout: DeckLayout) -> None:
    index = indexed(layout, [])
    assert (len(index), index.tally(), index.usage(), index.usage_by_model()) == (0, {}, Usage(), {})


def test_of_two_rows_of_a_page_the_first_counts(layout: DeckLayout) -> None:
    index = indexed(layout, [row(1, offset=5), row(1, Outcome.ERRORED, offset=6), row(0)])
    assert list(index.pages) == [0, 1]
    assert index.place(1) == (5, 10)


def test_rows_of_other_submissions_are_strangers_in_our_own_batch(layout: DeckLayout) -> None:
    rows = [row(0), row(1, key="00000000bb"), row(STRANGER), row(2, key="00000000bb")]
    assert list(indexed(layout, rows).pages) == [STRANGER, STRANGER, STRANGER, 0]
    assert list(indexed(layout, rows, FOREIGN).pages) == [STRANGER, 0, 1, 2]


def test_rows_of_a_batch_made_elsewhere_are_numbered_as_they_stand(layout: DeckLayout) -> None:
    rows = [
        row(STRANGER, offset=20, detail="b"),
        row(3, offset=0, detail="a"),
        row(STRANGER, offset=40, detail="c"),
    ]
    index = indexed(layout, rows, FOREIGN).numbered_by_row()
    assert list(index.pages) == [0, 1, 2]
    assert [index.text(place, "detail") for place in range(3)] == ["a", "b", "c"]


def test_what_comes_from_outside_is_bounded(layout: DeckLayout, monkeypatch: pytest.MonkeyPatch) -> None:
    long, hostile = "x" * 5_000, "\x1b]52;c;\x07 \ud800"
    usage = Usage(2**40, -5, 0, 0, 0)
    index = indexed(layout, [row(0, detail=long, error_type=hostile, usage=usage), row(1, detail=hostile)])
    assert len(index.text(0, "detail")) == LONGEST_DETAIL
    assert index.text(0, "error_type").isprintable()
    assert index.usage_of(0) == Usage(2**32 - 1, 0, 0, 0, 0)


def test_more_kinds_of_text_than_there_are_numbers_for(layout: DeckLayout) -> None:
    rows = [row(page, error_type=f"error-{page}") for page in range(70_000)]
    index = indexed(layout, rows)
    assert index.text(10, "error_type") == "error-10"
    assert index.text(69_999, "error_type") == "…"


def test_an_index_belongs_to_its_results_and_its_judge(layout: DeckLayout) -> None:
    assert not is_index_current(layout, KEY, "ab" * 32, 3)
    indexed(layout, [row(0)])
    assert is_index_current(layout, KEY, "ab" * 32, 3)
    assert not is_index_current(layout, KEY, "cd" * 32, 3)
    assert not is_index_current(layout, KEY, "ab" * 32, 4)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-1],
        lambda data: data + b"x",
        lambda data: data[:-5] + bytes([data[-5] ^ 1]) + data[-4:],
        lambda data: b"{}\n" + data,
        lambda data: b"",
        lambda data: b'{"\xff' + data[3:],
        lambda data: data.replace(b'"format":1', b'"format":9', 1),
    ],
)
def test_a_damaged_index_is_removed_to_be_made_anew(layout: DeckLayout, spoil: object) -> None:
    indexed(layout, [row(0), row(1)])
    path = layout.index(KEY)
    assert callable(spoil)
    path.write_bytes(spoil(path.read_bytes()))
    is_index_current(layout, KEY, "ab" * 32, 3)
    with pytest.raises(DeckDamaged):
        read_index(layout, KEY)
    assert not path.exists()
    with pytest.raises(NotFound):
        read_index(layout, KEY)


def test_outcomes_keep_their_names_when_their_numbers_change(
    layout: DeckLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = tuple(reversed(Outcome))
    monkeypatch.setattr(index_module, "OUTCOMES", outcomes)
    monkeypatch.setattr(index_module, "CODE_OF", {outcome: code for code, outcome in enumerate(outcomes)})
    indexed(layout, [row(0), row(1, Outcome.REFUSED)])
    monkeypatch.undo()
    index = read_index(layout, KEY)
    assert [index.outcome(place) for place in range(2)] == [Outcome.OK, Outcome.REFUSED]


def test_a_full_disk_leaves_the_old_index(layout: DeckLayout) -> None:
    indexed(layout, [row(0)])
    for at in range(1, 6):
        with pytest.raises(StorageFailed):
            write_index(
                layout,
                KEY,
                [row(0), row(1)],
                results_sha256="cd" * 32,
                judge_version=3,
                disk=FaultyDisk(at, no_space, tear=0.5),
            )
        assert is_index_current(layout, KEY, "ab" * 32, 3)
        assert [path.name for path in layout.batch(KEY).iterdir()] == ["results.idx"]
