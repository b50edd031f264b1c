"""Listening on loopback, or on a socket file of the operator's own, until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from batchdeck.domain.text import show
from batchdeck.errors import UsageError
from batchdeck.web.child import DashboardCommand
from batchdeck.web.guard import Addresses, SignIns
from batchdeck.web.options import ServeOptions
from batchdeck.web.pages import assets
from batchdeck.web.server import WebServer

if TYPE_CHECKING:
    from batchdeck.deck import Deck

_ANY = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - read, not bound
_ENDING_SECONDS = 30.0
_BACKLOG = 64


@dataclass(frozen=True, slots=True)
class Serving:
    """What the operator has to know: the links that work once, all for the same browser."""

    links: tuple[str, ...]
    """This machine's first, then one for each `--origin`."""
    port: int | None
    """None on a socket file."""


async def serve(
    deck: Deck,
    command: DashboardCommand,
    options: ServeOptions,
    *,
    announce: Callable[[Serving], None],
) -> None:
    """Serve dashboards over a deck until cancelled; no process is left then.

    Args:
        deck: opened read-only.
        announce: called when the server is ready, and again with a new link whenever one has been used.

    Raises:
        UsageError: the address cannot be listened on, or the libraries for it are not installed.
    """
    assets()
    async with _listening(options) as listener:
        port = None if options.unix_socket is not None else int(listener.getsockname()[1])
        sign_ins = SignIns(time.monotonic, options.idle_seconds)

        def tell() -> None:
            announce(Serving(_links(options, port, sign_ins.token), port))

        bound = options.host if options.unix_socket is None else ""
        server = WebServer(
            deck,
            command,
            replace(options, port=port or 0),
            addresses=Addresses(options.origins, bound),
            sign_ins=sign_ins,
            on_sign_in=tell,
        )
        runner = web.AppRunner(
            server.application(), access_log=None, handle_signals=False, shutdown_timeout=_ENDING_SECONDS
        )
        await runner.setup()
        try:
            await web.SockSite(runner, listener, backlog=_BACKLOG).start()
            tell()
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()


def _links(options: ServeOptions, port: int | None, token: str) -> tuple[str, ...]:
    host = _ANY.get(options.host, f"[{options.host}]" if ":" in options.host else options.host)
    local = f"http://{host}:{port}" if port is not None else f"http://localhost:{options.port}"
    return tuple(f"{base}{options.prefix}/?token={token}" for base in (local, *options.origins))


@contextlib.asynccontextmanager
async def _listening(options: ServeOptions) -> AsyncIterator[socket.socket]:
    if options.unix_socket is not None:
        path = options.unix_socket
        listener = bind_file(path)
        try:
            yield listener
        finally:
            path.unlink(missing_ok=True)
    else:
        yield await _bind_port(options.host, options.port)


async def _bind_port(host: str, port: int) -> socket.socket:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise UsageError(
            f"{show(host, 80)} port {port} cannot be listened on: {error.strerror or error}.",
            hint="Another server may be there: choose another --port, or 0 for any free one.",
        ) from None
    return listener


def bind_file(path: Path) -> socket.socket:
    """Take a socket file of mode 0600; one that nobody listens on any more is replaced.

    Raises:
        UsageError: somebody does, or something else is there.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # Made with its mode: between making and changing it, others could connect.
    umask = os.umask(0o177)
    try:
        _remove_stale(path)
        listener.bind(str(path))
    except OSError as error:
        listener.close()
        raise UsageError(
            f"{show(str(path), 200)} cannot be listened on: {error.strerror or error}.",
            hint="Give --unix-socket a new file in a folder of your own.",
        ) from None
    finally:
        os.umask(umask)
    return listener


def _remove_stale(path: Path) -> None:
    try:
        is_socket = stat.S_ISSOCK(path.lstat().st_mode)
    except FileNotFoundError:
        return
    if not is_socket:
        return  # binding says that it is in the way
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
