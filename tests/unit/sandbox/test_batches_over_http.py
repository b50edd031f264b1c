"""The life of a batch: made, polled, listed, cancelled, fetched, deleted, through the SDK and plain HTTP."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anthropic
import pytest

if TYPE_CHECKING:
    from tests.unit.sandbox.conftest import Api, Row, Start


@pytest.fixture
def client(api: Api) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=api.base_url, api_key=api.key, max_retries=0) as client:
        yield client


def test_the_sdk_takes_a_batch_through_its_whole_life(client: anthropic.Anthropic, text_row: Row) -> None:
    made = client.messages.batches.create(requests=[text_row(f"row-{n}") for n in range(5)])  # type: ignore[misc]
    assert made.processing_status == "in_progress"
    assert (made.request_counts.processing, made.request_counts.succeeded) == (5, 0)
    assert made.results_url is None
    assert made.expires_at - made.created_at == dt.timedelta(hours=24)

    deadline = time.monotonic() + 30
    while (batch := client.messages.batches.retrieve(made.id)).processing_status != "ended":
        assert time.monotonic() < deadline
        assert batch.request_counts.processing == 5, "counts stay in processing until all of it has ended"
        time.sleep(0.02)
    assert batch.request_counts.processing == 0
    assert batch.request_counts.succeeded == 5
    assert batch.ended_at is not None
    assert batch.ended_at >= batch.created_at

    results = list(client.messages.batches.results(made.id))
    assert {result.custom_id for result in results} == {f"row-{n}" for n in range(5)}
    assert {result.result.type for result in results} == {"succeeded"}
    assert made.id in [listed.id for listed in client.messages.batches.list(limit=1_000)]

    assert client.messages.batches.delete(made.id).type == "message_batch_deleted"
    with pytest.raises(anthropic.NotFoundError):
        client.messages.batches.retrieve(made.id)


async def test_the_asynchronous_sdk_reads_results_too(api: Api, text_row: Row) -> None:
    batch_id = api.create([text_row("only")])
    api.ended(batch_id)
    async with anthropic.AsyncAnthropic(base_url=api.base_url, api_key=api.key) as client:
        lines = [line async for line in await client.messages.batches.results(batch_id)]
    assert [line.custom_id for line in lines] == ["only"]


def test_results_come_in_another_order_than_the_requests(api: Api, text_row: Row) -> None:
    batch_id = api.create([text_row(f"row-{n:02}") for n in range(30)])
    api.ended(batch_id)
    names = [line["custom_id"] for line in api.lines(batch_id)]
    assert sorted(names) == [f"row-{n:02}" for n in range(30)]
    assert names != sorted(names)


def test_a_running_batch_says_how_long_to_wait_and_an_ended_one_does_not(api: Api, text_row: Row) -> None:
    batch_id = api.create([text_row("a")])
    path = f"/v1/messages/batches/{batch_id}"
    running = api.call("GET", path)
    assert running.json()["processing_status"] == "in_progress"
    assert 1 <= int(running.headers["retry-after"]) <= 10
    api.ended(batch_id)
    assert "retry-after" not in api.call("GET", path).headers


def test_results_are_a_jsonl_stream_without_a_length(api: Api, text_row: Row) -> None:
    batch_id = api.create([text_row("a"), text_row("b")])
    batch = api.ended(batch_id)
    assert batch["results_url"] == f"{api.base_url}/v1/messages/batches/{batch_id}/results"
    answer = api.http.get(
        batch["results_url"], headers={"x-api-key": api.key, "anthropic-version": "2023-06-01"}
    )
    assert answer.headers["content-type"] == "application/x-jsonl"
    assert answer.headers["transfer-encoding"] == "chunked"
    assert answer.content.endswith(b"\n")
    assert len(answer.content.splitlines()) == 2


def test_every_answer_tells_what_it_is_and_how_much_may_be_called(api: Api) -> None:
    headers = api.call("GET", "/v1/messages/batches").headers
    assert headers["x-batchdeck-sandbox"] == "offline engine; not a vision model"
    assert headers["request-id"].startswith("req_sandbox_")
    assert headers["anthropic-organization-id"]
    assert headers["anthropic-workspace-id"]
    limit = int(headers["anthropic-ratelimit-requests-limit"])
    assert 0 < int(headers["anthropic-ratelimit-requests-remaining"]) < limit
    reset = dt.datetime.fromisoformat(headers["anthropic-ratelimit-requests-reset"])
    assert reset.tzinfo is not None


def test_times_have_microseconds_and_an_offset(api: Api, text_row: Row) -> None:
    made = api.retrieve(api.create([text_row("a")]))
    for name in ("created_at", "expires_at"):
        assert made[name].endswith("+00:00")
        assert len(made[name]) == len("2026-11-21T07:10:43.014269+00:00")


def test_results_are_not_there_before_the_end(start: Start, text_row: Row) -> None:
    api = start("--batch-seconds=60")
    batch_id = api.create([text_row("a")])
    answer = api.call("GET", f"/v1/messages/batches/{batch_id}/results")
    assert answer.status_code == 404
    assert answer.json()["error"] == {
        "type": "not_found_error",
        "message": f"Message Batch {batch_id} has no available results.",
    }
    refused = api.call("DELETE", f"/v1/messages/batches/{batch_id}")
    assert refused.status_code == 400
    assert refused.json()["error"]["message"] == (
        "In progress batches cannot be deleted. Consider canceling the batch instead."
    )


def test_cancelling_keeps_what_was_done_and_cancels_the_rest(start: Start, text_row: Row) -> None:
    api = start("--batch-seconds=600", "--cancel-seconds=5")
    batch_id = api.create([text_row(f"row-{n:02}") for n in range(40)])
    api.advance(250)
    cancelled = api.call("POST", f"/v1/messages/batches/{batch_id}/cancel").json()
    assert cancelled["processing_status"] == "canceling"
    assert cancelled["cancel_initiated_at"] is not None
    assert cancelled["request_counts"]["processing"] == 40
    again = api.call("POST", f"/v1/messages/batches/{batch_id}/cancel")
    assert again.status_code == 200, "cancelling twice changes nothing"
    assert again.json()["cancel_initiated_at"] == cancelled["cancel_initiated_at"]
    assert api.retrieve(batch_id)["processing_status"] == "canceling"

    api.advance(5)
    counts = api.ended(batch_id)["request_counts"]
    assert counts["processing"] == 0
    assert counts["succeeded"] > 0
    assert counts["canceled"] > 0
    assert counts["succeeded"] + counts["canceled"] == 40
    results = [line["result"] for line in api.lines(batch_id)]
    assert results.count({"type": "canceled"}) == counts["canceled"]
    refused = api.call("POST", f"/v1/messages/batches/{batch_id}/cancel")
    assert refused.status_code == 400


@pytest.fixture(scope="module")
def listed(
    start_on: Callable[[Path], Api], tmp_path_factory: pytest.TempPathFactory, text_row: Row
) -> Iterator[tuple[Api, list[str]]]:
    api = start_on(tmp_path_factory.mktemp("paging") / "state")
    ids = [api.create([text_row("a")]) for _ in range(7)]
    yield api, ids[::-1]
    api.close()


def page(api: Api, **query: Any) -> tuple[list[str], bool, str | None, str | None]:
    answer = api.call("GET", "/v1/messages/batches", params=query)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return [batch["id"] for batch in body["data"]], body["has_more"], body["first_id"], body["last_id"]


def test_lists_come_newest_first_and_whole_by_default(listed: tuple[Api, list[str]]) -> None:
    api, newest_first = listed
    assert page(api) == (newest_first, False, newest_first[0], newest_first[-1])


def test_after_id_goes_to_older_ones(listed: tuple[Api, list[str]]) -> None:
    api, ids = listed
    assert page(api, limit=3) == (ids[:3], True, ids[0], ids[2])
    assert page(api, limit=3, after_id=ids[2]) == (ids[3:6], True, ids[3], ids[5])
    assert page(api, limit=3, after_id=ids[5]) == (ids[6:], False, ids[6], ids[6])
    assert page(api, after_id=ids[6]) == ([], False, None, None)


def test_before_id_gives_what_directly_precedes(listed: tuple[Api, list[str]]) -> None:
    api, ids = listed
    assert page(api, limit=2, before_id=ids[5]) == (ids[3:5], True, ids[3], ids[4])
    assert page(api, limit=9, before_id=ids[2]) == (ids[:2], False, ids[0], ids[1])


def test_the_sdk_walks_all_pages(listed: tuple[Api, list[str]]) -> None:
    api, ids = listed
    with anthropic.Anthropic(base_url=api.base_url, api_key=api.key) as client:
        assert [batch.id for batch in client.messages.batches.list(limit=2)] == ids


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"limit": "0"}, "limit: Input should be greater than or equal to 1"),
        ({"limit": "1001"}, "limit: Input should be less than or equal to 1000"),
        ({"limit": "x"}, "limit: Input should be a valid integer, unable to parse string as an integer"),
        ({"after_id": "msgbatch_x"}, "msgbatch_x is not the id of a Message Batch"),
        ({"after_id": "a", "before_id": "b"}, "Only one of after_id and before_id may be given"),
    ],
)
def test_impossible_pages_are_refused(
    listed: tuple[Api, list[str]], query: dict[str, str], message: str
) -> None:
    answer = listed[0].call("GET", "/v1/messages/batches", params=query)
    assert answer.status_code == 400
    assert answer.json()["error"] == {"type": "invalid_request_error", "message": message}
