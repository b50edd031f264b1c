"""The gateway and the sandbox agree on the Message Batches API, in calm and under faults."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from batchdeck.api.gateway import Gateway
from batchdeck.api.patience import Patience
from batchdeck.api.settings import ApiSettings
from batchdeck.domain.batches import RemoteBatch
from batchdeck.domain.requests import BODY_PREFIX, BODY_SEPARATOR, BODY_SUFFIX
from batchdeck.domain.secret import Secret
from batchdeck.errors import (
    AcceptanceUnknown,
    AccountHeld,
    ApiNotFound,
    ApiRefused,
    ApiUnreachable,
    RateLimited,
    RequestRefused,
    ResultsIncomplete,
)
from batchdeck.recipes.prompts import PageContext, build_params, encode_request
from batchdeck.recipes.recipe import load_recipe

RECIPE = load_recipe("pdf-to-html")
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6260f8ffff3f0005fe02fe"
    "a735818f0000000049454e44ae426082"
)


def params_of(page: int, *, model: str = RECIPE.model) -> dict[str, Any]:
    context = PageContext(page, 9, document="scan.pdf")
    return build_params(RECIPE, context, b"", model=model, max_tokens=2_000, as_image=PNG)


@pytest.fixture
def spool(tmp_path: Path) -> Callable[..., tuple[Path, int]]:
    """Write a batch body and return its path and size."""

    def write(*requests: tuple[str, dict[str, Any]]) -> tuple[Path, int]:
        lines = [encode_request(custom_id, params) for custom_id, params in requests]
        path = tmp_path / "body.json"
        size = path.write_bytes(BODY_PREFIX + BODY_SEPARATOR.join(lines) + BODY_SUFFIX)
        return path, size

    return write


@pytest.fixture
async def gateway(calm: ApiSettings) -> AsyncIterator[Gateway]:
    opened = await Gateway.open(calm)
    yield opened
    await opened.close()


async def wait_for_end(gateway: Gateway, batch: RemoteBatch) -> RemoteBatch:
    for _ in range(600):
        if batch.has_ended:
            return batch
        await asyncio.sleep(0.05)
        batch = (await gateway.retrieve(batch.id)).batch
    raise AssertionError(f"{batch.id} did not end")


async def download(gateway: Gateway, batch_id: str) -> bytes:
    received = bytearray()
    await gateway.download_results(batch_id, received.extend)
    return bytes(received)


async def test_a_batch_from_its_creation_to_its_deletion(
    gateway: Gateway, spool: Callable[..., tuple[Path, int]]
) -> None:
    path, size = spool(*((f"page-{n}", params_of(n)) for n in (1, 2, 3)))
    batch = await gateway.create_batch(path, size)
    assert (batch.status, batch.counts.processing, batch.counts.total) == ("in_progress", 3, 3)
    assert batch.expires_at - batch.created_at == dt.timedelta(hours=24)
    assert await gateway.newest_batch_id() == batch.id

    ended = await wait_for_end(gateway, batch)
    assert (ended.counts.processing, ended.counts.succeeded, ended.has_results) == (0, 3, True)
    assert ended.ended_at is not None
    results = await download(gateway, batch.id)
    rows = [json.loads(line) for line in results.splitlines()]
    assert {row["custom_id"] for row in rows} == {"page-1", "page-2", "page-3"}
    for row in rows:
        text = row["result"]["message"]["content"][-1]["text"]
        assert text.startswith(f'<article data-bd="1" data-page="{row["custom_id"][-1]}"')
    assert await gateway.first_result_lines(batch.id, 2) == results.splitlines()[:2]

    await gateway.delete(batch.id)
    with pytest.raises(ApiNotFound):
        await gateway.retrieve(batch.id)


async def test_cancelling_and_its_limits(gateway: Gateway, spool: Callable[..., tuple[Path, int]]) -> None:
    # Many rows, so that it does not end before it has been asked for what only an ended one has.
    batch = await gateway.create_batch(*spool(*((f"a-{n}", params_of(1)) for n in range(40))))
    with pytest.raises(ApiNotFound):
        await download(gateway, batch.id)
    with pytest.raises(RequestRefused):
        await gateway.delete(batch.id)
    assert (await gateway.cancel(batch.id)).status in {"canceling", "ended"}
    ended = await wait_for_end(gateway, batch)
    assert ended.counts.total == 40


async def test_lists_run_from_the_newest_page_by_page(
    gateway: Gateway, spool: Callable[..., tuple[Path, int]]
) -> None:
    made = [(await gateway.create_batch(*spool((f"n-{n}", params_of(n))))).id for n in (1, 2, 3)]
    first, has_more, last_id = await gateway.list_batches(limit=2)
    assert [batch.id for batch in first] == made[:0:-1]
    assert (has_more, last_id) == (True, made[1])
    listed = [batch.id async for batch in gateway.iterate_batches(page_size=2)]
    assert listed[:3] == made[::-1]
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize(
    "requests",
    [
        (),
        (("same", {}), ("same", {})),
        (("not allowed!", {}),),
        (("x" * 65, {}),),
    ],
)
async def test_what_is_wrong_at_once_is_refused(
    gateway: Gateway, spool: Callable[..., tuple[Path, int]], requests: tuple[tuple[str, dict[str, Any]], ...]
) -> None:
    before = await gateway.newest_batch_id()
    with pytest.raises(RequestRefused, match="HTTP 400"):
        await gateway.create_batch(*spool(*requests))
    assert await gateway.newest_batch_id() == before


async def test_what_is_wrong_with_a_row_comes_back_with_it(
    gateway: Gateway, spool: Callable[..., tuple[Path, int]]
) -> None:
    batch = await gateway.create_batch(
        *spool(("fine", params_of(1)), ("hot", params_of(2) | {"temperature": 1.0}))
    )
    ended = await wait_for_end(gateway, batch)
    assert (ended.counts.succeeded, ended.counts.errored) == (1, 1)
    rows = {
        row["custom_id"]: row["result"]
        for row in map(json.loads, (await download(gateway, batch.id)).splitlines())
    }
    assert rows["hot"]["error"]["error"]["type"] == "invalid_request_error"


async def test_an_answer_in_real_time_and_its_tokens(gateway: Gateway) -> None:
    message = json.loads((await gateway.answer(msgspec.json.encode(params_of(4)))).message)
    assert message["stop_reason"] == "end_turn"
    assert 'data-page="4"' in message["content"][-1]["text"]
    usage = message["usage"]
    assert await gateway.count_tokens(params_of(4)) == (
        usage["input_tokens"] + usage["cache_creation_input_tokens"] + usage["cache_read_input_tokens"]
    )
    with pytest.raises(ApiRefused, match="model"):
        await gateway.answer(msgspec.json.encode(params_of(4, model="claude-nothing")))


async def test_the_default_model_is_there_and_can_do_the_work(gateway: Gateway) -> None:
    models = {model.id: model for model in await gateway.list_models()}
    ours = models[RECIPE.model]
    assert ours.batch
    assert ours.pdf
    assert ours.max_tokens is not None
    assert ours.max_tokens >= RECIPE.max_tokens


async def test_a_wrong_key_holds_the_account(calm: ApiSettings) -> None:
    gateway = await Gateway.open(ApiSettings(calm.base_url, Secret("another")))
    with pytest.raises(AccountHeld, match="HTTP 401"):
        await gateway.newest_batch_id()
    await gateway.close()


CREATION_FAULTS: list[tuple[str, type[Exception], int]] = [
    ("rate_limit", RateLimited, 0),
    ("spend_limit", AccountHeld, 0),
    ("usage_limit", AccountHeld, 0),
    ("billing", AccountHeld, 0),
    ("unauthorized", AccountHeld, 0),
    ("forbidden", AccountHeld, 0),
    ("too_large_html", RequestRefused, 0),
    ("server_error", AcceptanceUnknown, 0),
    ("overloaded", AcceptanceUnknown, 0),
    ("gateway_timeout", AcceptanceUnknown, 0),
    ("reset_before", AcceptanceUnknown, 0),
    ("reset_after", AcceptanceUnknown, 1),
    ("error_after", AcceptanceUnknown, 1),
    ("garbage", AcceptanceUnknown, 1),
]
"""What goes wrong with `create`, what is made of it, and how many batches there are in truth."""


async def test_every_fault_of_create_is_read_on_the_safe_side(
    start_sandbox: Callable[[str], ApiSettings], spool: Callable[..., tuple[Path, int]]
) -> None:
    rules = "".join(
        f'[[calls]]\nendpoint = "create"\naction = "{action}"\noccurrences = {number}\n'
        for number, (action, _, _) in enumerate(CREATION_FAULTS, 1)
    )
    gateway = await Gateway.open(start_sandbox(rules))
    body = spool(("a", params_of(1)))
    known: set[str] = set()
    for action, kind, made in CREATION_FAULTS:
        with pytest.raises(kind) as caught:
            await gateway.create_batch(*body)
        assert type(caught.value) is kind, action
        listed = {batch.id async for batch in gateway.iterate_batches()}
        assert len(listed - known) == made, action
        known = listed
    assert (await gateway.create_batch(*body)).id not in known
    await gateway.close()


RESULT_FAULTS = ["cut", "short", "torn", "not_found", "server_error"]


async def test_every_fault_of_results_is_noticed_or_handed_on_as_it_is(
    start_sandbox: Callable[[str], ApiSettings], spool: Callable[..., tuple[Path, int]]
) -> None:
    rules = "".join(
        f'[[calls]]\nendpoint = "results"\naction = "{action}"\noccurrences = {number}\n'
        for number, action in enumerate(RESULT_FAULTS, 1)
    )
    gateway = await Gateway.open(start_sandbox(rules), Patience(tries=1))
    batch = await gateway.create_batch(*spool(*((f"page-{n}", params_of(n)) for n in range(1, 9))))
    await wait_for_end(gateway, batch)
    with pytest.raises(ResultsIncomplete):
        await download(gateway, batch.id)
    short, torn = await download(gateway, batch.id), await download(gateway, batch.id)
    assert (short.count(b"\n"), short[-1:]) == (4, b"\n")
    assert (torn.count(b"\n"), torn[-1:] == b"\n") == (4, False)
    with pytest.raises(ApiNotFound):
        await download(gateway, batch.id)
    with pytest.raises(ApiUnreachable):
        await download(gateway, batch.id)
    assert (await download(gateway, batch.id)).count(b"\n") == 8
    await gateway.close()
