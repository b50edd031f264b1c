"""State on disk: a server killed the hard way loses nothing, and any other one goes on with its batches."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from batchdeck.errors import DeckDamaged, DeckTooNew
from batchdeck.sandbox.storage import Storage

if TYPE_CHECKING:
    from tests.unit.sandbox.conftest import Api, Row, Start


def test_a_running_batch_survives_a_kill(start: Start, text_row: Row) -> None:
    api = start("--batch-seconds=600")
    batch_id = api.create([text_row(f"r{n}") for n in range(40)])
    before = api.retrieve(batch_id)
    api.kill()
    again = start("--batch-seconds=600")
    assert again.key == api.key
    assert again.retrieve(batch_id) == before
    again.advance(700)
    assert again.ended(batch_id)["request_counts"]["succeeded"] == 40
    assert len(again.lines(batch_id)) == 40


def test_an_ended_batch_keeps_its_results_byte_for_byte(start: Start, text_row: Row) -> None:
    api = start()
    batch_id = api.create([text_row(f"r{n}") for n in range(20)])
    batch = api.ended(batch_id)
    path = f"/v1/messages/batches/{batch_id}/results"
    content = api.call("GET", path).content
    folder = api.state / "batches" / batch_id
    kept = {"batch.json", "custom_ids.txt", "attempts.bin", "results.jsonl"}
    wait_until(lambda: {file.name for file in folder.iterdir()} == kept)
    api.kill()
    again = start()
    reopened = again.retrieve(batch_id)
    assert {**reopened, "results_url": ""} == {**batch, "results_url": ""}
    assert reopened["results_url"] == again.base_url + path
    assert again.call("GET", path).content == content


def test_a_cancelled_batch_stays_cancelled(start: Start, text_row: Row) -> None:
    api = start("--batch-seconds=600", "--cancel-seconds=300")
    batch_id = api.create([text_row(f"r{n}") for n in range(10)])
    cancelled = api.call("POST", f"/v1/messages/batches/{batch_id}/cancel").json()
    api.kill()
    again = start("--batch-seconds=600", "--cancel-seconds=300")
    assert again.retrieve(batch_id) == cancelled
    again.advance(300)
    assert again.ended(batch_id)["request_counts"]["canceled"] == 10


def test_kills_while_rows_are_answered_change_no_row(start: Start, page_row: Row, report_page: bytes) -> None:
    rows = [page_row(f"r{n:02}", report_page, page=n + 1) for n in range(48)]
    undisturbed = start("--seed=5")
    expected = [
        (line["custom_id"], line["result"]["message"]["content"])
        for line in undisturbed.lines(_created_and_ended(undisturbed, rows))
    ]
    state = undisturbed.state.parent / "killed"
    api = start("--seed=5", "--workers=1", state=state)
    batch_id = api.create(rows)
    parts = state / "batches" / batch_id / "parts"
    for wanted in (1, 2):
        deadline = time.monotonic() + 30
        while len(list(parts.glob("[0-9]*"))) < wanted:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        api.kill()
        api = start("--seed=5", "--workers=1", state=state)
    api.ended(batch_id)
    found = [(line["custom_id"], line["result"]["message"]["content"]) for line in api.lines(batch_id)]
    assert found == expected


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _children(api: Api) -> list[int]:
    """Return the ids of the server's workers."""
    path = Path(f"/proc/{api.process.pid}/task/{api.process.pid}/children")
    return [int(text) for text in path.read_text().split()]


def _created_and_ended(api: Api, rows: list[dict[str, Any]]) -> str:
    batch_id = api.create(rows)
    api.ended(batch_id)
    return batch_id


def test_a_deleted_batch_is_gone_and_its_id_is_never_given_again(start: Start, text_row: Row) -> None:
    api = start()
    first = _created_and_ended(api, [text_row("a")])
    assert api.call("DELETE", f"/v1/messages/batches/{first}").status_code == 200
    assert not (api.state / "batches" / first).exists()
    api.kill()
    again = start()
    assert again.create([text_row("a")]) != first


def test_no_worker_outlives_a_killed_server(start: Start, text_row: Row) -> None:
    api = start("--batch-seconds=600")
    api.create([text_row("a")])
    children = _children(api)
    assert children
    api.kill()
    wait_until(lambda: not any(Path(f"/proc/{child}").exists() for child in children))


def test_a_state_is_served_by_one_process_at_a_time(start: Start) -> None:
    api = start()
    second = subprocess.run(
        [sys.executable, "-m", "batchdeck.sandbox", f"--state={api.state}"],
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert second.returncode == 3
    assert b"Another process serves" in second.stderr


def test_a_wrong_faults_file_ends_the_start_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "faults.toml").write_text("[[rows]]\n")
    refused = subprocess.run(
        [
            *(sys.executable, "-m", "batchdeck.sandbox", f"--state={tmp_path / 'state'}"),
            f"--faults={tmp_path / 'faults.toml'}",
        ],
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert refused.returncode == 2
    assert b"`outcome` is missing" in refused.stderr


def test_a_worker_that_dies_is_replaced_and_its_rows_are_done_again(
    start: Start, page_row: Row, report_page: bytes
) -> None:
    api = start("--workers=1")
    batch_id = api.create([page_row(f"r{n}", report_page) for n in range(40)])
    (worker,) = _children(api)
    os.kill(worker, signal.SIGKILL)
    assert api.ended(batch_id)["request_counts"]["succeeded"] == 40
    assert _children(api) != [worker]


def test_a_state_of_a_newer_format_is_left_alone(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "state")
    path = storage.root / "state.json"
    path.write_text(path.read_text().replace('"format":1', '"format":2'))
    with pytest.raises(DeckTooNew):
        Storage(tmp_path / "state")
    path.write_text("not json")
    with pytest.raises(DeckDamaged, match=r"state\.json cannot be read"):
        Storage(tmp_path / "state")


def test_left_overs_of_killed_calls_are_swept(start: Start, text_row: Row) -> None:
    api = start()
    (api.state / "incoming" / "stray").mkdir()
    (api.state / "batches" / "msgbatch_half").mkdir()
    api.kill()
    again = start()
    assert list((again.state / "incoming").iterdir()) == []
    assert not (again.state / "batches" / "msgbatch_half").exists()
    assert again.create([text_row("a")])
