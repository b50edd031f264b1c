"""Sending calls through the SDK's client, and whether to believe the answers; not what they mean."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

from batchdeck.api.bodies import TrackedBody
from batchdeck.api.call_log import CallLog
from batchdeck.api.failures import creation_failure_from, describe_network_error, failure_from, unreachable
from batchdeck.api.patience import Patience
from batchdeck.api.readings import UnreadableAnswer
from batchdeck.api.settings import ApiSettings
from batchdeck.errors import ResultsIncomplete

if TYPE_CHECKING:
    import httpx2
    from anthropic import AsyncAnthropic, RequestOptions

_T = TypeVar("_T")
JSON = {"content-type": "application/json"}


class Calls:
    """The SDK's client with BatchDeck's own timeouts, tries and errors around each call; `log` notes them."""

    def __init__(
        self, client: AsyncAnthropic, settings: ApiSettings, patience: Patience, log: CallLog
    ) -> None:
        self._client = client
        self._log = log
        self._secret = settings.api_key
        self._timeouts = settings.timeouts
        self._patience = patience

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    async def post_once(
        self, path: str, body: TrackedBody, *, read_timeout: float, what: str
    ) -> httpx2.Response:
        """Post a body that must not be acted on twice, in one try.

        Args:
            read_timeout: seconds to wait for the answer.
            what: what is sent, as an error names it ("batch", "request").

        Raises:
            RequestRefused, AccountHeld, RateLimited, NotSent: the API has not acted on it.
            AcceptanceUnknown: it may have.
        """
        import anthropic
        import httpx2

        times = self._timeouts
        try:
            with self._log.follow("POST", path, self._secret, body) as call:
                call.response = await self._client.post(
                    path,
                    content=body,
                    cast_to=httpx2.Response,
                    options={
                        "headers": {**JSON, "content-length": str(body.size)},
                        "max_retries": 0,
                        "timeout": httpx2.Timeout(read_timeout, connect=times.connect, write=times.write),
                    },
                )
                return call.response
        except anthropic.AnthropicError as error:
            raise creation_failure_from(error, self._secret, left_whole=body.left_whole, what=what) from None

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        content: bytes | None = None,
    ) -> httpx2.Response:
        """Send a call that changes nothing twice, a few times if need be."""
        return await self._patience.keep_trying(lambda: self.send(method, path, query=query, content=content))

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        content: bytes | None = None,
        read_timeout: float | None = None,
    ) -> httpx2.Response:
        """Send a call once and return its successful answer, read."""
        import anthropic
        import httpx2

        times = self._timeouts
        options: RequestOptions = {
            "max_retries": 0,
            "timeout": httpx2.Timeout(read_timeout or times.read, connect=times.connect, write=times.write),
        }
        if query:
            options["params"] = query
        if content is not None:
            options["headers"] = JSON
        try:
            with self._log.follow(method, path, self._secret, content) as call:
                match method:
                    case "GET":
                        answer = await self._client.get(path, cast_to=httpx2.Response, options=options)
                    case "DELETE":
                        answer = await self._client.delete(path, cast_to=httpx2.Response, options=options)
                    case _:
                        answer = await self._client.post(
                            path, content=content, cast_to=httpx2.Response, options=options
                        )
                call.response = answer
                return answer
        except anthropic.AnthropicError as error:
            raise failure_from(error, self._secret) from None

    @asynccontextmanager
    async def open_stream(self, path: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a stream of results; what breaks it inside the block becomes ResultsIncomplete."""
        import anthropic
        import httpx2

        async def open_() -> tuple[httpx2.Response, ExitStack[bool | None]]:
            try:
                with ExitStack[bool | None]() as until_read:
                    call = until_read.enter_context(self._log.follow("GET", path, self._secret))
                    stream = await self._client.get(
                        path,
                        cast_to=object,
                        options={"headers": {"accept": "application/binary"}, "max_retries": 0},
                        stream=True,
                        stream_cls=anthropic.AsyncStream[object],
                    )
                    call.response = stream.response
                    return stream.response, until_read.pop_all()
            except anthropic.AnthropicError as error:
                raise failure_from(error, self._secret) from None

        response, until_read = await self._patience.keep_trying(open_)
        try:
            with until_read:
                yield _unpacked(response)
        except httpx2.HTTPError as error:
            raise ResultsIncomplete(
                f"The results stopped arriving. {describe_network_error(error, self._secret)}",
                hint="They are downloaded again from the start; that costs nothing.",
            ) from None
        finally:
            await response.aclose()


def _unpacked(response: httpx2.Response) -> AsyncIterator[bytes]:
    """Return a body's bytes as they come; what was packed on the way is unpacked. Handing bytes that are not
    packed through that as well costs a twelfth of a download's processor time."""
    return response.aiter_bytes() if "content-encoding" in response.headers else response.aiter_raw()


def read(response: httpx2.Response, reading: Callable[[object], _T]) -> _T:
    """Read an answer's JSON.

    Raises:
        UnreadableAnswer: not JSON, or not what `reading` expects.
    """
    try:
        data = json.loads(response.content)
    except ValueError:
        raise UnreadableAnswer("that is not JSON") from None
    return reading(data)


def believe(response: httpx2.Response, reading: Callable[[object], _T]) -> _T:
    """Read an answer's JSON, where asking again is harmless.

    Raises:
        ApiUnreachable: whoever answered, it was not the API.
    """
    try:
        return read(response, reading)
    except UnreadableAnswer as error:
        raise unreachable(f"The answer is not the API's: {error}. Is base_url right?") from None
