"""A deck's way to its API: the endpoint, the credential, the sandbox's process, the gateway on first use."""

from __future__ import annotations

import asyncio
import importlib
import os
import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from batchdeck.api.call_log import CallLog
from batchdeck.domain.text import show
from batchdeck.errors import UsageError

if TYPE_CHECKING:
    from batchdeck.api.gateway import Gateway
    from batchdeck.config import Settings
    from batchdeck.sandbox.launch import Running

SANDBOX_ENDPOINT = "sandbox"
OFFICIAL_URL = "https://api.anthropic.com"


class Connection:
    """Connects once, when first needed: the SDK takes about a second to import.

    Args:
        sandbox_state: folder of the sandbox's state, or None for a real deck.
        base_url: the API's address, already resolved from flags and environment.
        calls: takes note of every call, whichever gateway makes it.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        base_url: str,
        sandbox_state: Path | None = None,
        faults: Path | None = None,
        api_key: str | None = None,
        profile: str | None = None,
        environ: Mapping[str, str] | None = None,
        calls: CallLog | None = None,
    ) -> None:
        self._settings = settings
        self._base_url = base_url
        self._sandbox_state = sandbox_state
        self._faults = faults
        self._api_key = api_key
        self._profile = profile
        self._environ = environ if environ is not None else os.environ
        self._connecting = asyncio.Lock()
        self._gateway: Gateway | None = None
        self._sandbox: Running | None = None
        self.calls = calls if calls is not None else CallLog()
        """The calls made so far."""
        self.credential_source = ""
        """Where the key came from, in words; empty before the first call."""

    @property
    def is_sandbox(self) -> bool:
        return self._sandbox_state is not None

    @property
    def is_open(self) -> bool:
        """Whether there is a gateway: a sandbox has started, a credential was found."""
        return self._gateway is not None

    @property
    def endpoint(self) -> str:
        """What the deck's ledger records: one deck talks to one endpoint."""
        if self.is_sandbox:
            return SANDBOX_ENDPOINT
        return endpoint_of(self._base_url)

    @property
    def shown_endpoint(self) -> str:
        return "SANDBOX" if self.is_sandbox else show(urlsplit(self._base_url).netloc, 60)

    @property
    def words(self) -> tuple[str, ...]:
        """The command line's words that another process gets to the same endpoint by."""
        if self.is_sandbox:
            return ()
        profile = ("--profile", self._profile) if self._profile else ()
        return ("--base-url", self._base_url, *profile)

    @property
    def environ(self) -> dict[str, str]:
        """What such a process needs in its environment: a key that was given to this one by hand."""
        return {"ANTHROPIC_API_KEY": self._api_key} if self._api_key and not self.is_sandbox else {}

    async def gateway(self) -> Gateway:
        """Return the gateway, connecting first if need be; a sandbox is started if none is running.

        Raises:
            AccountHeld: there is no usable credential.
            ConfigError: the address cannot be used safely.
        """
        async with self._connecting:
            if self._gateway is None or not await self._sandbox_is_up():
                # Whoever still waits on the gateway of a sandbox that died is told so by this, too.
                await self._close_gateway()
                self._gateway = await self._connect()
            return self._gateway

    async def close(self) -> None:
        """Close connections, and let the sandbox go: it stops by itself when nobody uses it any more."""
        sandbox, self._sandbox = self._sandbox, None
        try:
            await self._close_gateway()
        finally:
            if sandbox is not None:
                sandbox.release()

    async def _close_gateway(self) -> None:
        gateway, self._gateway = self._gateway, None
        if gateway is not None:
            await gateway.close()

    async def _sandbox_is_up(self) -> bool:
        """Whether the sandbox, where there is one, still runs: somebody may have killed its process."""
        if self._sandbox_state is None:
            return True
        from batchdeck.sandbox.presence import is_served

        return await asyncio.to_thread(is_served, self._sandbox_state)

    async def _connect(self) -> Gateway:
        # In a thread: the SDK's import would hold the event loop, and with it the dashboard, for a second.
        await asyncio.to_thread(importlib.import_module, "batchdeck.api.gateway")
        from batchdeck.api.credentials import find_credential
        from batchdeck.api.gateway import Gateway
        from batchdeck.api.keyring import read_key
        from batchdeck.api.settings import ApiSettings

        base_url = self._base_url
        if self._sandbox_state is not None:
            if self._sandbox is not None:
                self._sandbox.release()
            self._sandbox = await _Launch(self._sandbox_state, self._faults).wait()
            base_url = self._sandbox.base_url
        # In a thread as well: a keyring may ask its owner to unlock it.
        credential = await asyncio.to_thread(
            find_credential,
            explicit=self._api_key,
            profile=self._profile or self._settings.api.profile,
            key_file=key_file_of(self._settings),
            read_keyring=partial(read_key, endpoint_of(self._base_url)),
            environ=self._environ,
            sandbox_key=self._sandbox.api_key if self._sandbox is not None else None,
        )
        self.credential_source = credential.source
        trusted = self._settings.api.trusted_hosts or ""
        return await Gateway.open(
            ApiSettings(
                base_url=base_url,
                api_key=credential.key,
                profile=credential.profile,
                workspace_id=self._settings.api.workspace_id,
                trusted_hosts=frozenset(filter(None, map(str.strip, trusted.split(",")))),
            ),
            log=self.calls,
        )


class _Launch:
    """The start of a sandbox in a thread. A thread cannot be stopped: what it brings to nobody is let go."""

    def __init__(self, state: Path, faults: Path | None) -> None:
        self._state = state
        self._faults = faults
        self._turn = threading.Lock()
        self._running: Running | None = None
        self._is_wanted = True

    async def wait(self) -> Running:
        """Return the sandbox when it runs."""
        try:
            return await asyncio.to_thread(self._run)
        except asyncio.CancelledError:
            with self._turn:
                self._is_wanted = False
                if self._running is not None:
                    self._running.release()
            raise

    def _run(self) -> Running:
        from batchdeck.sandbox.launch import ensure_running

        running = ensure_running(self._state, faults=self._faults)
        with self._turn:
            self._running = running
            if not self._is_wanted:
                running.release()
        return running


def key_file_of(settings: Settings) -> Path | None:
    """Return the key file that the settings name, or None."""
    named = settings.api.key_file
    return Path(named).expanduser() if named else None


def resolve_base_url(flag: str | None, setting: str | None, environ: Mapping[str, str]) -> str:
    """Return the API's address: flag, setting, `ANTHROPIC_BASE_URL`, else the official one."""
    return (flag or setting or environ.get("ANTHROPIC_BASE_URL") or OFFICIAL_URL).rstrip("/")


def endpoint_of(base_url: str) -> str:
    """Return what identifies an endpoint: its origin and path. Ports of this machine change from run to run
    and are left out."""
    parts = urlsplit(base_url)
    host = (parts.hostname or "").lower()
    is_local = host in {"localhost", "127.0.0.1", "::1"}
    return f"{parts.scheme}://{'localhost' if is_local else parts.netloc.lower()}{parts.path}"


def check_endpoint(recorded: str, asked: str) -> None:
    """Refuse to mix endpoints in one deck.

    Raises:
        UsageError: the deck's batches live at another endpoint than the one asked for.
    """
    if recorded and recorded != asked:
        raise UsageError(
            f"This deck belongs to {show(recorded, 80)}, not to {show(asked, 80)}: batches of two endpoints "
            "never mix in one deck.",
            hint="Choose another folder with --deck.",
        )
