"""The one door to the Message Batches API: create, watch, collect. Nothing is stored here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from batchdeck.api.bodies import HeldBody, SpooledBody
from batchdeck.api.call_log import CallLog
from batchdeck.api.calls import Calls, believe, read
from batchdeck.api.failures import acceptance_unknown, unreachable, wait_asked_for
from batchdeck.api.patience import Patience
from batchdeck.api.readings import (
    Answered,
    BatchPage,
    Polled,
    UnreadableAnswer,
    read_batch,
    read_batch_page,
    read_models,
    read_rate_limits,
    read_table,
)
from batchdeck.api.settings import ApiSettings
from batchdeck.api.threads import WritingBehind, import_quietly, in_thread
from batchdeck.domain.batches import RemoteBatch
from batchdeck.domain.models import ModelInfo
from batchdeck.errors import DeckDamaged, ResultsIncomplete

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

_BATCHES = "/v1/messages/batches"
_WRITE_BLOCK = 1 << 20
"""Bytes of results collected before a worker thread writes them."""
_LINES_LIMIT = 64_000_000
"""Bytes read at most to recognise a batch by its first lines."""
_MODELS_A_PAGE = 1000
_MOST_TOKENS = 1_000_000_000
"""No request has as many: caps go by what is counted, and must not go by nonsense."""
_COUNTABLE = ("model", "messages", "system", "tools", "tool_choice", "thinking", "output_config")
"""What the token counter accepts of a request's parameters."""


class Gateway:
    """One API endpoint, spoken to through the official SDK. Serves many tasks of one event loop.

    Every method raises AccountHeld (the operator acts first), RequestRefused (the same call would be refused
    again), ApiNotFound, RateLimited or ApiUnreachable, and only those unless it says otherwise. Calls that
    change nothing twice are tried a few times before they raise.
    """

    def __init__(
        self, client: AsyncAnthropic, settings: ApiSettings, patience: Patience, log: CallLog
    ) -> None:
        self.settings = settings
        self._calls = Calls(client, settings, patience, log)

    @classmethod
    async def open(
        cls, settings: ApiSettings, patience: Patience | None = None, log: CallLog | None = None
    ) -> Gateway:
        """Import the SDK and build its client, in a worker thread. No request is made yet.

        Args:
            settings: the endpoint and who asks.
            patience: how often calls that change nothing twice are tried.
            log: takes note of every call.

        Raises:
            ConfigError: the address cannot be used safely.
            AccountHeld: there is no usable credential.
        """

        def connect() -> AsyncAnthropic:
            import_quietly("batchdeck.api.client")
            from batchdeck.api.client import build_client

            return build_client(settings)

        return cls(await in_thread(connect), settings, patience or Patience(), log or CallLog())

    async def close(self) -> None:
        """Close all connections."""
        await self._calls.close()

    async def create_batch(
        self, body_path: Path, size: int, *, on_sent: Callable[[int], None] | None = None
    ) -> RemoteBatch:
        """Make a batch of the body in a file, in one try that is never repeated.

        Args:
            body_path: the complete JSON body, `{"requests":[...]}`.
            size: its length in bytes.
            on_sent: told how many bytes are out, each piece counted before it is handed to the network: a
                count below `size` proves that no server has the whole body, whatever happens next.

        Raises:
            RequestRefused, AccountHeld: the API said no; there is no batch.
            RateLimited: not now; there is no batch.
            NotSent: the body provably never left whole; there is no batch.
            AcceptanceUnknown: there may be a batch. Look for it before sending anything again.
            DeckDamaged: the file is missing or not of that size; nothing was sent.
        """
        await in_thread(_require_size, body_path, size)
        body = SpooledBody(body_path, size, on_sent)
        wait = self.settings.timeouts.create
        response = await self._calls.post_once(_BATCHES, body, read_timeout=wait, what="batch")
        try:
            return read(response, read_batch)
        except UnreadableAnswer as error:
            raise acceptance_unknown(
                f"The API took the batch, but its answer cannot be read: {error}", response.status_code
            ) from None

    async def retrieve(self, batch_id: str) -> Polled:
        """Ask how a batch stands, and when the API wants to be asked again.

        Raises:
            ApiNotFound: unknown, or not known yet: valid ids have answered 404 for a while.
        """
        response = await self._calls.ask("GET", _path(batch_id))
        return Polled(believe(response, read_batch), wait_asked_for(response.headers))

    async def list_batches(self, after_id: str | None = None, limit: int = 100) -> BatchPage:
        """List the workspace's batches, newest first, at most `limit` (1 to 1,000) after `after_id`."""
        query: dict[str, object] = {"limit": limit}
        if after_id:
            query["after_id"] = after_id
        return believe(await self._calls.ask("GET", _BATCHES, query=query), read_batch_page)

    async def iterate_batches(self, page_size: int = 100) -> AsyncIterator[RemoteBatch]:
        """Yield all the workspace's batches, newest first, fetching a page when it is reached."""
        after_id: str | None = None
        while True:
            page = await self.list_batches(after_id, page_size)
            for batch in page.batches:
                yield batch
            if not page.has_more or not page.batches:
                return
            if page.last_id == after_id:
                raise unreachable("The API's list of batches leads back to its own beginning.")
            after_id = page.last_id

    async def newest_batch_id(self) -> str:
        """Return the id of the workspace's newest batch, or an empty string when there is none."""
        page = await self.list_batches(limit=1)
        return page.batches[0].id if page.batches else ""

    async def cancel(self, batch_id: str) -> RemoteBatch:
        """Ask for a batch to be canceled. What it has finished by then is kept, and paid."""
        return believe(await self._calls.ask("POST", f"{_path(batch_id)}/cancel"), read_batch)

    async def delete(self, batch_id: str) -> None:
        """Delete an ended batch and its results from the API, in one try."""
        await self._calls.send("DELETE", _path(batch_id))

    async def download_results(
        self,
        batch_id: str,
        write: Callable[[bytes], object],
        *,
        on_bytes: Callable[[int], None] | None = None,
    ) -> None:
        """Stream a batch's results, byte for byte, from the configured API (never from `results_url`).

        Args:
            batch_id: an ended batch.
            write: takes the next bytes, in order, in a worker thread, one call at a time.
            on_bytes: told how many bytes have come so far, as each piece comes.

        Raises:
            ApiNotFound: not there, or not yet; nothing was written.
            ResultsIncomplete: the stream broke; throw away what was written and download again. A stream that
                ends cleanly but early raises nothing: compare its rows with what was submitted.
        """
        block: list[bytes] = []
        received = blocked = 0
        writing = WritingBehind(write)
        async with self._calls.open_stream(f"{_path(batch_id)}/results") as pieces:
            try:
                async for piece in pieces:
                    block.append(piece)
                    received += len(piece)
                    if on_bytes is not None:
                        on_bytes(received)
                    if received - blocked >= _WRITE_BLOCK:
                        await writing.put(block)
                        block, blocked = [], received
                await writing.put(block)
            finally:
                await writing.settle()

    async def first_result_lines(self, batch_id: str, count: int = 1) -> list[bytes]:
        """Return the first `count` lines of a batch's results, without line ends, and hang up.

        Raises:
            ApiNotFound: not there, or not yet.
            ResultsIncomplete: the stream broke, or those lines are over 64 MB long.
        """
        start, lines = bytearray(), 0
        async with self._calls.open_stream(f"{_path(batch_id)}/results") as pieces:
            async for piece in pieces:
                start += piece
                lines += piece.count(b"\n")
                if lines >= count:
                    break
                if len(start) > _LINES_LIMIT:
                    raise ResultsIncomplete(f"The first results are over {_LINES_LIMIT:,} bytes long.")
        return [line for line in bytes(start).splitlines()[:count] if line]

    async def answer(self, params: bytes) -> Answered:
        """Ask for one answer in real time, at the full price, in one try that is never repeated.

        Args:
            params: the parameters of a Messages request, as JSON.

        Raises:
            RequestRefused, AccountHeld: the API said no; nothing was answered.
            RateLimited: not now; nothing was answered.
            NotSent: the request provably never left whole.
            AcceptanceUnknown: it left, and no answer can be had: it may have been answered, and paid for.
        """
        wait = self.settings.timeouts.message
        response = await self._calls.post_once(
            "/v1/messages", HeldBody(params), read_timeout=wait, what="request"
        )
        try:
            message = read(response, read_table)
        except UnreadableAnswer as error:
            raise acceptance_unknown(
                f"The API took the request, but its answer cannot be read: {error}", response.status_code
            ) from None
        raw: bytes = response.content.strip()
        if b"\n" in raw or b"\r" in raw:
            raw = await in_thread(msgspec.json.encode, message)
        return Answered(raw, read_rate_limits(response.headers))

    async def count_tokens(self, params: Mapping[str, Any]) -> int:
        """Return how many input tokens a request has. Free, with a rate limit of its own."""
        countable = {name: params[name] for name in _COUNTABLE if name in params}
        content = await in_thread(msgspec.json.encode, countable)
        response = await self._calls.ask("POST", "/v1/messages/count_tokens", content=content)
        tokens = believe(response, read_table).get("input_tokens")
        if not isinstance(tokens, int) or not 0 < tokens < _MOST_TOKENS or tokens is True:
            raise unreachable("The API's answer does not say how many tokens there are.")
        return tokens

    async def list_models(self) -> list[ModelInfo]:
        """List the models the API offers."""
        response = await self._calls.ask("GET", "/v1/models", query={"limit": _MODELS_A_PAGE})
        return believe(response, read_models)


def _path(batch_id: str) -> str:
    return f"{_BATCHES}/{quote(batch_id, safe='')}"


def _require_size(path: Path, size: int) -> None:
    try:
        actual = path.stat().st_size
    except OSError as error:
        raise DeckDamaged(f"The request body cannot be read: {error.strerror}.") from None
    if actual != size:
        raise DeckDamaged(f"The request body has {actual:,} bytes instead of {size:,}.")
