"""`create`: one try, an exact streamed body, and an honest word on whether the API may have made a batch."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from batchdeck.errors import (
    AcceptanceUnknown,
    AccountHeld,
    ApiUnreachable,
    BatchDeckError,
    DeckDamaged,
    NotSent,
    RateLimited,
    RequestRefused,
)

if TYPE_CHECKING:
    from batchdeck.api.gateway import Gateway
    from tests.unit.api.conftest import Exchange, RawServer


@pytest.fixture
def body(tmp_path: Path) -> Path:
    path = tmp_path / "body.json"
    path.write_bytes(b'{"requests":[{"custom_id":"a"},{"custom_id":"b"}]}')
    return path


async def create(gateway: Gateway, body: Path) -> Any:
    return await gateway.create_batch(body, body.stat().st_size)


async def test_a_body_arrives_as_it_is_in_the_file(
    gateway: Gateway, server: RawServer, body: Path, batch_json: dict[str, Any]
) -> None:
    server.answer(200, batch_json)
    sent: list[int] = []
    batch = await gateway.create_batch(body, body.stat().st_size, on_sent=sent.append)

    (seen,) = server.seen
    assert (seen.method, seen.path) == ("POST", "/v1/messages/batches")
    assert seen.body == body.read_bytes()
    assert seen.headers["content-length"] == str(len(seen.body))
    assert seen.headers["content-type"] == "application/json"
    assert "transfer-encoding" not in seen.headers
    assert sent == [len(seen.body)]
    assert (batch.id, batch.status, batch.counts.processing) == ("msgbatch_01", "in_progress", 2)
