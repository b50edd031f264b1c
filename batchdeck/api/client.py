"""Building the SDK's client so that credentials reach one host only and nothing is resent behind our back.

Importing this module imports `anthropic` (about a second): `Gateway.open` does so in a worker thread.
"""

from __future__ import annotations

import httpcore2
import httpx2
from anthropic import AnthropicError, AsyncAnthropic, DefaultAsyncHttpxClient

from batchdeck.api.failures import NO_KEY_HINT, clean
from batchdeck.api.settings import ApiSettings, check_address
from batchdeck.errors import AccountHeld, ConfigError

_READ = 1 << 17
"""Bytes that a connection takes in one go; pieces of twice the size take longer again."""

# With httpcore's own 64 KB a download takes a quarter to a half longer: each piece costs a turn of the loop.
httpcore2.AsyncHTTP11Connection.READ_NUM_BYTES = _READ


def build_client(settings: ApiSettings) -> AsyncAnthropic:
    """Return a client for `settings` that follows no redirect and retries nothing by itself.

    The SDK's own HTTP client is kept, with its keep-alive socket options and the environment's proxies.

    Raises:
        ConfigError: the address cannot be used safely.
        AccountHeld: there is no usable credential.
    """
    check_address(settings)
    home = httpx2.URL(settings.base_url)

    async def stay_home(request: httpx2.Request) -> None:
        if (request.url.scheme, request.url.host, request.url.port) != (home.scheme, home.host, home.port):
            raise ConfigError(f"Refused to send credentials to {clean(request.url.host, None, 80)}.")

    http_client = DefaultAsyncHttpxClient(follow_redirects=False, event_hooks={"request": [stay_home]})
    times = settings.timeouts
    try:
        client = AsyncAnthropic(
            api_key=settings.api_key.reveal() if settings.api_key is not None else None,
            profile=settings.profile,
            base_url=settings.base_url,
            max_retries=0,
            timeout=httpx2.Timeout(times.read, connect=times.connect, write=times.write),
            default_headers={"anthropic-workspace-id": settings.workspace_id}
            if settings.workspace_id
            else None,
            http_client=http_client,
        )
    except AnthropicError as error:
        raise AccountHeld(clean(str(error), settings.api_key), hint=NO_KEY_HINT) from None
    if client.api_key is None and client.auth_token is None and client.credentials is None:
        raise AccountHeld("There is no API key.", hint=NO_KEY_HINT)
    return client
