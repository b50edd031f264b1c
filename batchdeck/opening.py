"""Opening a deck: every adapter is made here, once, and handed to the operations as one context."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import getpass
import os
from collections.abc import Callable, Coroutine, Generator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar

from batchdeck.api.call_log import CallLog
from batchdeck.config import Settings, load_prices, load_settings
from batchdeck.config_prices import price_file
from batchdeck.config_reading import PREFIX
from batchdeck.connection import SANDBOX_ENDPOINT, Connection, check_endpoint, endpoint_of, resolve_base_url
from batchdeck.domain.batches import has_unended_runs
from batchdeck.domain.outcomes import JUDGE_VERSION
from batchdeck.domain.text import show
from batchdeck.errors import BatchDeckError, UsageError
from batchdeck.operations.context import Context
from batchdeck.operations.workers import Workers
from batchdeck.store.audit import AuditLog
from batchdeck.store.layout import prepare_deck
from batchdeck.store.ledger import Ledger
from batchdeck.store.page_tables import PageTables
from batchdeck.store.sweep import sweep
from batchdeck.store.vault import Vault

_SANDBOX_POLL_FLOOR = 0.5
"""Seconds: the sandbox is this machine's own, and its batches take seconds."""


@dataclass(frozen=True, slots=True)
class OpenOptions:
    """How a deck is to be opened; see `Deck.open`."""

    sandbox: bool = False
    base_url: str | None = None
    api_key: str | None = None
    profile: str | None = None
    read_only: bool = False
    settings: Settings | None = None
    faults: Path | None = None
    force_network_fs: bool = False
    now: Callable[[], dt.datetime] | None = None


async def open_deck(home: Path, options: OpenOptions) -> tuple[Context, Connection]:
    """Open the deck in `home`, making it if it is new. Nothing is sent to the API yet.

    Raises:
        DeckError: the deck cannot be used as it is.
        UsageError: a real deck was asked to be a sandbox deck, or to talk to another endpoint.
    """
    context, connection = await asyncio.to_thread(_open, home, options, dict(os.environ))
    if not options.read_only and has_unended_runs(context.ledger.submissions().values()):
        # Not at the top: it brings judging with it, which takes a second to import.
        from batchdeck.operations.realtime_end import end_stopped_runs

        await end_stopped_runs(context)
    return context, connection


def _open(home: Path, options: OpenOptions, environ: Mapping[str, str]) -> tuple[Context, Connection]:
    layout = prepare_deck(home, force_network_fs=options.force_network_fs)
    settings = options.settings or load_settings(layout.root, environ)
    ledger = Ledger.open(layout, read_only=options.read_only)
    meta = ledger.meta
    base_url = resolve_base_url(options.base_url, settings.api.base_url, environ)
    is_sandbox = options.sandbox or meta.sandbox
    if options.sandbox and meta.endpoint and not meta.sandbox:
        raise UsageError(
            f"This deck belongs to {show(meta.endpoint, 80)}: real and sandbox batches never mix.",
            hint="Choose another folder for the sandbox with --deck.",
        )
    if meta.sandbox and options.base_url is not None:
        raise UsageError(
            "This is a sandbox deck: it cannot talk to another endpoint.",
            hint="Choose another folder with --deck.",
        )
    if is_sandbox:
        settings = _for_sandbox(settings)
    else:
        check_endpoint(meta.endpoint, endpoint_of(base_url))
    now = options.now or _utc_now
    profile = None if is_sandbox else _profile(meta.profile, options.profile or settings.api.profile)
    connection = Connection(
        settings=settings,
        base_url=base_url,
        sandbox_state=layout.sandbox if is_sandbox else None,
        faults=options.faults,
        api_key=options.api_key,
        profile=profile,
        environ=environ,
        calls=CallLog(now),
    )
    if is_sandbox and not meta.sandbox and not options.read_only:
        with ledger.transaction() as tx:
            tx.put(replace(tx.meta, endpoint=SANDBOX_ENDPOINT, sandbox=True))
    operator = _operator(environ)
    prices = load_prices(price_file(settings))
    context = Context(
        layout=layout,
        ledger=ledger,
        vault=Vault(layout),
        tables=PageTables(layout, ledger, prices, judge_version=JUDGE_VERSION),
        audit=AuditLog(layout, operator=operator, now=now, read_only=options.read_only),
        settings=settings,
        prices=prices,
        workers=Workers(settings.workers.count, memory_bytes=settings.limits.memory_bytes),
        readers=Workers(1, memory_bytes=settings.limits.memory_bytes),
        open_gateway=connection.gateway,
        endpoint=connection.endpoint,
        profile=profile or "",
        operator=operator,
        read_only=options.read_only,
        now=now,
    )
    return context, connection


def tidy(context: Context) -> None:
    """Remove what interrupted runs left, where it can be: a later call does it otherwise.

    At the end of a run: whoever opens a deck waits for its first list, and every batch has a folder to be
    looked into.
    """
    if context.read_only:
        return
    with contextlib.suppress(BatchDeckError, OSError):
        context.ledger.refresh()  # a body that another process has prepared since is needed
        sweep(context.layout, context.ledger, context.now())


def _profile(of_deck: str, asked: str | None) -> str | None:
    """Return the profile to use: a deck stays with the workspace it was first used with.

    Raises:
        UsageError: another one was asked for.
    """
    if of_deck and asked and of_deck != asked:
        raise UsageError(
            f"This deck belongs to the profile “{show(of_deck, 60)}”: another workspace has other batches.",
            hint="Choose another folder for the other workspace with --deck: one deck each.",
        )
    return of_deck or asked


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _for_sandbox(settings: Settings) -> Settings:
    """Poll often and decide soon: the sandbox is this machine's own and nobody else uses it."""
    polling = replace(
        settings.polling, floor_seconds=min(settings.polling.floor_seconds, _SANDBOX_POLL_FLOOR)
    )
    reconcile = replace(
        settings.reconcile, exclusive_workspace=True, quiet_seconds=min(5.0, settings.reconcile.quiet_seconds)
    )
    # What is meant for a real deck is not fed to whichever sandbox is opened in the same shell.
    is_from_shell = settings.origins.get("inbox.folder", "").startswith(PREFIX)
    inbox = replace(settings.inbox, folder=None) if is_from_shell else settings.inbox
    return replace(settings, polling=polling, reconcile=reconcile, inbox=inbox)


def _operator(environ: Mapping[str, str]) -> str:
    """Return who is asking: `BATCHDECK_OPERATOR`, else the account's name."""
    named = environ.get("BATCHDECK_OPERATOR")
    if named:
        return show(named, 60)
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


class Closable(Protocol):
    """What is closed when its block ends."""

    async def close(self) -> None: ...


D = TypeVar("D", bound=Closable)


class Opening(Generic[D]):
    """A deck about to be opened: await it, or enter it with ``async with``, which closes it again."""

    def __init__(self, opening: Coroutine[Any, Any, D]) -> None:
        self._opening = opening
        self._deck: D | None = None

    def __await__(self) -> Generator[Any, None, D]:
        return self._opening.__await__()

    async def __aenter__(self) -> D:
        self._deck = await self._opening
        return self._deck

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._deck is not None:
            await self._deck.close()
