"""A submission's request log: on the disk whole before anything is sent, and read back by page and by id."""

from __future__ import annotations

import hashlib

import pytest

from batchdeck.errors import DeckDamaged, NotFound, StorageFailed
from batchdeck.store.layout import DeckLayout
from batchdeck.store.requests import (
    LoggedRequest,
    RequestIds,
    RequestLogWriter,
    read_custom_ids,
    read_requests,
)
from tests.unit.store import made
from tests.unit.store.faulty import FaultyDisk, no_space

KEY = "00000000aa"


def test_requests_come_back_in_their_order(layout: DeckLayout) -> None:
    log = RequestLogWriter(layout, KEY)
    requests = [
        LoggedRequest(made.custom_id(KEY, 7), 7, {"model": "model-a", "max_tokens": 4096}),
        LoggedRequest(made.custom_id(KEY, 3), 3, {"model": "model-b", "nested": {"a": [1, None]}}),
    ]
    for request in requests:
        log.add(request.custom_id, request.index, request.params)
    assert not layout.requests(KEY).exists()
    digest = log.finish()
    assert list(read_requests(layout, KEY)) == requests
    assert digest == hashlib.sha256(layout.requests(KEY).read_bytes()).hexdigest()
    assert read_custom_ids(layout, KEY) == {request.custom_id: request.index for request in requests}


@pytest.mark.parametrize("finished", [True, False])
def test_a_discarded_log_leaves_nothing(layout: DeckLayout, finished: bool) -> None:
    log = RequestLogWriter(layout, KEY)
    log.add("a", 0, {})
    if finished:
        log.finish()
    log.discard()
    assert not layout.batch(KEY).exists()


def test_discarding_leaves_what_is_not_the_logs(layout: DeckLayout) -> None:
    log = RequestLogWriter(layout, KEY)
    layout.results(KEY).write_bytes(b"results")
    log.discard()
    assert [path.name for path in layout.batch(KEY).iterdir()] == ["results.jsonl"]


def test_a_failing_disk_is_reported_and_no_log_is_there(layout: DeckLayout) -> None:
    for at in (1, 2):
        log = RequestLogWriter(layout, KEY, disk=FaultyDisk(at, no_space))
        log.add("a", 0, {})
        with pytest.raises(StorageFailed):
            log.finish()
        assert not layout.requests(KEY).exists()
        log.discard()


def test_damage_is_named_by_its_line(layout: DeckLayout) -> None:
    made.log_requests(layout, KEY, range(3))
    path = layout.requests(KEY)
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    with pytest.raises(DeckDamaged, match="line 3:"):
        list(read_requests(layout, KEY))
    path.write_bytes(whole[:-40] + b"\xff" + whole[-39:])
    with pytest.raises(DeckDamaged, match="line 3:"):
        list(read_requests(layout, KEY))


def test_a_submission_without_a_log_is_not_found(layout: DeckLayout) -> None:
    with pytest.raises(NotFound):
        read_custom_ids(layout, KEY)


def test_ids_are_read_when_they_are_wanted(layout: DeckLayout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RequestIds, "_REMEMBERED", 5)
    keys = [f"{number:010x}" for number in range(3)]
    for number, key in enumerate(keys):
        made.log_requests(layout, key, range(number * 3, number * 3 + 3))
    ids = RequestIds(layout)
    for _ in range(2):
        for number, key in enumerate(keys):
            assert ids.get(key, number * 3 + 1) == made.custom_id(key, number * 3 + 1)
    assert ids.get(keys[0], 99) == ""
    assert ids.get("00000000ff", 0) == ""
    assert sum(map(len, ids._ids.values())) <= 5


def test_ids_are_found_whatever_the_order_in_which_pages_were_sent(layout: DeckLayout) -> None:
    sent = [4, 9, 12, 2, 7]
    made.log_requests(layout, KEY, sent)
    ids = RequestIds(layout)
    found = {index: ids.get(KEY, index) for index in range(14)}
    assert found == {index: made.custom_id(KEY, index) if index in sent else "" for index in range(14)}


@pytest.mark.parametrize(
    "custom_id",
    [
        f"{KEY}-0000003-p7",
        f"{KEY}-0000003-report-2024-p7",
        f"{KEY}-0000003-report-p07",
        f"{KEY}-0000003-report-p",
        f"{KEY}-0000004-report-p7",
        f"{KEY}-3-report-p7",
        f"{KEY}-0000003-report-p4294967294",
        f"{KEY}-0000003-report-p4294967295",
        f"{KEY}-0000003-report-p{'9' * 5_000}",
        "7",
        "",
        "of-somebody-else",
    ],
)
def test_an_id_of_any_form_is_given_back_as_it_was_sent(layout: DeckLayout, custom_id: str) -> None:
    log = RequestLogWriter(layout, KEY)
    for index, sent in ((2, f"{KEY}-0000002-report-p6"), (3, custom_id)):
        log.add(sent, index, {})
    log.finish()
    ids = RequestIds(layout)
    assert [ids.get(KEY, index) for index in (2, 3, 4)] == [f"{KEY}-0000002-report-p6", custom_id, ""]
