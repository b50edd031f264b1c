"""Watching: polls, lists, cancelling, counting; patient only where repeating is harmless."""

from __future__ import annotations

import base64
import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from batchdeck.errors import (
    AcceptanceUnknown,
    AccountHeld,
    ApiNotFound,
    ApiUnreachable,
    NotSent,
    RateLimited,
    RequestRefused,
)

if TYPE_CHECKING:
    from batchdeck.api.gateway import Gateway
    from tests.unit.api.conftest import Exchange, RawServer


async def test_a_poll_gives_the_batch_and_when_to_ask_again(
    gateway: Gateway, server: RawServer, batch_json: dict[str, Any], key: str
) -> None:
    server.answer(200, batch_json, retry_after="10")
    batch, retry_after = await gateway.retrieve("msgbatch_01")
    assert retry_after == 10.0
    assert batch.created_at == dt.datetime(2026, 11, 1, 10, 0, 0, 123456, tzinfo=dt.UTC)
    assert batch.expires_at - batch.created_at == dt.timedelta(hours=24)
    assert not batch.has_ended
    assert not batch.has_results
    (seen,) = server.seen
    assert (seen.method, seen.path) == ("GET", "/v1/messages/batches/msgbatch_01")
    assert seen.headers["authorization"] == f"Bearer {key}"


async def test_what_this_version_does_not_know_is_data(
    gateway: Gateway, server: RawServer, batch_json: dict[str, Any]
) -> None:
    server.answer(
        200, batch_json | {"processing_status": "pondering", "request_counts": {"dreaming": 3}, "x": []}
    )
    polled = await gateway.retrieve("msgbatch_01")
    assert polled.batch.status == "pondering"
    assert polled.batch.counts.total == 0
    assert polled.retry_after is None


async def test_an_ended_batch_has_its_times_and_counts(
    gateway: Gateway, server: RawServer, batch_json: dict[str, Any]
) -> None:
    server.answer(
        200,
        batch_json
        | {
            "processing_status": "ended",
            "request_counts": {"processing": 0, "succeeded": 1, "errored": 1, "canceled": 2, "expired": 3},
            "ended_at": "2026-11-01T11:00:00Z",
            "cancel_initiated_at": "2026-11-01T10:30:00",
            "archived_at": "nonsense",
            "results_url": "https://elsewhere.example/results",
        },
    )
    batch = (await gateway.retrieve("msgbatch_01")).batch
    assert batch.has_ended
    assert batch.has_results
    assert batch.counts.total == 7
    assert batch.ended_at == dt.datetime(2026, 11, 1, 11, tzinfo=dt.UTC)
    assert batch.cancel_initiated_at == dt.datetime(2026, 11, 1, 10, 30, tzinfo=dt.UTC)
    assert batch.archived_at is None


async def test_passing_troubles_of_a_poll_are_waited_out(
    gateway: Gateway, server: RawServer, batch_json: dict[str, Any], pauses: list[float]
) -> None:
    async def reset(exchange: Exchange) -> None:
        exchange.reset()

    server.refuse(529, "overloaded_error", "Overloaded")
    server.script.append(reset)
    server.answer(200, batch_json)
    assert (await gateway.retrieve("msgbatch_01")).batch.id == "msgbatch_01"
    assert len(server.seen) == 3
    assert len(pauses) == 2
    assert 0.375 <= pauses[0] <= 0.5
    assert 0.75 <= pauses[1] <= 1.0


async def test_patience_ends_after_three_tries(
    gateway: Gateway, server: RawServer, pauses: list[float]
) -> None:
    for _ in range(3):
        server.refuse(500, "api_error", "Internal server error")
    with pytest.raises(ApiUnreachable, match="Internal server error") as caught:
        await gateway.retrieve("msgbatch_01")
    assert caught.value.status == 500
    assert len(pauses) == 2


async def test_a_short_wait_asked_for_is_obeyed_and_a_long_one_handed_on(
    gateway: Gateway, server: RawServer, batch_json: dict[str, Any], pauses: list[float]
) -> None:
    server.refuse(429, "rate_limit_error", "Slow down", retry_after="3")
    server.refuse(503, "api_error", "Back soon", retry_after="4")
    server.answer(200, batch_json)
    await gateway.retrieve("msgbatch_01")
    assert pauses == [3.0, 4.0]

    server.refuse(429, "rate_limit_error", "Slow down", retry_after="600")
    with pytest.raises(RateLimited) as caught:
        await gateway.retrieve("msgbatch_01")
    assert caught.value.retry_after == 600.0
    assert pauses == [3.0, 4.0]


@pytest.mark.parametrize(
    ("status", "type_", "kind"),
    [
        (404, "not_found_error", ApiNotFound),
        (401, "authentication_error", AccountHeld),
        (400, "invalid_request_error", RequestRefused),
    ],
)
async def test_a_clear_no_is_not_argued_with(
    gateway: Gateway, server: RawServer, status: int, type_: str, kind: type[Exception]
) -> None:
    server.refuse(status, type_, "No", request_id="req_1")
    with pytest.raises(kind, match="req_1") as caught:
        await gateway.retrieve("msgbatch_01")
    assert type(caught.value) is kind
    assert len(server.seen) == 1


@pytest.mark.parametrize("answer", [b"<html>Sign in</html>", b"null", b'{"type": "message_batch"}'])
async def test_a_stranger_who_answers_is_not_believed(
    gateway: Gateway, server: RawServer, answer: bytes
) -> None:
    server.answer(200, answer)
    with pytest.raises(ApiUnreachable, match="base_url"):
        await gateway.retrieve("msgbatch_01")


@pytest.mark.parametrize("id_", ["../../etc/passwd", "a/b", "", ".hidden", "x" * 200, "a\nb", 7])
async def test_an_id_that_could_leave_its_folder_is_refused(
    gateway: Gateway, server: RawServer, batch_json: dict[str, Any], id_: object
) -> None:
    server.answer(200, {"data": [batch_json | {"id": id_}], "has_more": False})
    with pytest.raises(ApiUnreachable, match="no usable id"):
        await gateway.list_batches()


async def test_an_id_never_leaves_its_place_in_the_address(
    gateway: Gateway, server: RawServer, batch_json: dict[str, Any]
) -> None:
    server.answer(200, batch_json)
    await gateway.retrieve("a/../../models?x=1#y")
    assert server.seen[0].path == "/v1/messages/batches/a%2F..%2F..%2Fmodels%3Fx%3D1%23y"


async def test_lists_come_page_by_page(
    gateway: Gateway, server: RawServer, batch_json: dict[str, Any]
) -> None:
    def page(*ids: str, has_more: bool) -> dict[str, Any]:
        return {
            "data": [batch_json | {"id": id_} for id_ in ids],
            "has_more": has_more,
            "first_id": ids[0],
            "last_id": ids[-1],
        }

    server.answer(200, page("b4", "b3", has_more=True))
    server.answer(200, page("b2", has_more=False))
    assert [batch.id async for batch in gateway.iterate_batches(page_size=2)] == ["b4", "b3", "b2"]
    assert [seen.path for seen in server.seen] == [
        "/v1/messages/batches?limit=2",
        "/v1/messages/batches?limit=2&after_id=b3",
    ]


async def test_a_list_without_end_is_noticed(
    gateway: Gateway, server: RawServer, batch_json: dict[str, Any]
) -> None:
    for _ in range(2):
        server.answer(200, {"data": [batch_json], "has_more": True})
    with pytest.raises(ApiUnreachable, match="leads back"):
        [batch async for batch in gateway.iterate_batches()]


async def test_the_newest_batch_is_the_first_listed(
    gateway: Gateway, server: RawServer, batch_json: dict[str, Any]
) -> None:
    server.answer(200, {"data": [batch_json], "has_more": True})
    server.answer(200, {"data": [], "has_more": False})
    assert await gateway.newest_batch_id() == "msgbatch_01"
    assert await gateway.newest_batch_id() == ""
    assert server.seen[0].path == "/v1/messages/batches?limit=1"


async def test_cancelling_is_asked_again_and_deleting_is_not(
    gateway: Gateway, server: RawServer, batch_json: dict[str, Any]
) -> None:
    server.refuse(500, "api_error", "Hiccup")
    server.answer(200, batch_json | {"processing_status": "canceling"})
    assert (await gateway.cancel("msgbatch_01")).status == "canceling"

    server.refuse(500, "api_error", "Hiccup")
    with pytest.raises(ApiUnreachable):
        await gateway.delete("msgbatch_01")
    server.answer(200, {"id": "msgbatch_01", "type": "message_batch_deleted"})
    await gateway.delete("msgbatch_01")
    assert [(seen.method, seen.path) for seen in server.seen] == [
        ("POST", "/v1/messages/batches/msgbatch_01/cancel"),
        ("POST", "/v1/messages/batches/msgbatch_01/cancel"),
        ("DELETE", "/v1/messages/batches/msgbatch_01"),
        ("DELETE", "/v1/messages/batches/msgbatch_01"),
    ]


async def test_models_say_what_a_submission_needs_to_know(gateway: Gateway, server: RawServer) -> None:
    server.answer(
        200,
        {
            "data": [
                {
                    "id": "claude-sonnet-5-5",
                    "max_tokens": 128000,
                    "retires_at": None,
                    "lifecycle": "active",
                    "display_name": "Claude Sonnet 5.5",
                    "capabilities": {"batch": {"supported": True}, "pdf_input": {"supported": False}},
                },
                {"id": "claude-old", "retires_at": "2026-11-30T00:00:00Z", "capabilities": None},
            ],
            "has_more": False,
        },
    )
    new, old = await gateway.list_models()
    assert (new.max_tokens, new.batch, new.pdf, new.retires_at) == (128000, True, False, None)
    assert (old.max_tokens, old.batch, old.pdf) == (None, None, None)
    assert old.retires_at == dt.datetime(2026, 11, 30, tzinfo=dt.UTC)


PARAMS: dict[str, Any] = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 64_000,
    "output_config": {"effort": "low"},
    "messages": [{"role": "user", "content": [{"type": "document", "source": {"data": b"\x00%PDF"}}]}],
}


async def test_tokens_are_counted_without_what_the_counter_refuses(
    gateway: Gateway, server: RawServer
) -> None:
    server.answer(200, {"input_tokens": 2811})
    assert await gateway.count_tokens(PARAMS) == 2811
    sent = json.loads(server.seen[0].body)
    assert set(sent) == {"model", "messages", "output_config"}
    assert base64.b64decode(sent["messages"][0]["content"][0]["source"]["data"]) == b"\x00%PDF"
    assert server.seen[0].path == "/v1/messages/count_tokens"


@pytest.mark.parametrize("tokens", [0, -5, True, None, "100", 1e3, 10**400])
async def test_a_count_that_cannot_be_one_is_not_believed(
    gateway: Gateway, server: RawServer, tokens: object
) -> None:
    server.answer(200, {"input_tokens": tokens})
    with pytest.raises(ApiUnreachable, match="how many tokens"):
        await gateway.count_tokens(PARAMS)


async def test_a_message_in_real_time_is_asked_for_once(
    gateway: Gateway, server: RawServer, pauses: list[float]
) -> None:
    params = msgspec.json.encode(PARAMS)
    server.answer(200, {"type": "message", "content": []})
    answered = await gateway.answer(params)
    assert json.loads(answered.message) == {"type": "message", "content": []}
    assert server.seen[0].body == params

    server.refuse(500, "api_error", "Hiccup")
    with pytest.raises(AcceptanceUnknown):
        await gateway.answer(params)
    assert len(server.seen) == 2
    assert pauses == []


async def test_an_answer_over_several_lines_is_kept_in_one(gateway: Gateway, server: RawServer) -> None:
    server.answer(200, b'{"type": "message",\n "content": [{"type": "text", "text": "a\\nb"}]}')
    answered = await gateway.answer(b"{}")
    assert b"\n" not in answered.message
    assert json.loads(answered.message)["content"][0]["text"] == "a\nb"


async def test_nobody_there_is_said_plainly(gateway: Gateway, server: RawServer) -> None:
    await server.stop_listening()
    with pytest.raises(ApiUnreachable, match="Connect") as caught:
        await gateway.retrieve("msgbatch_01")
    assert not isinstance(caught.value, NotSent)
    assert "base_url" in caught.value.hint
