"""One browser tab and its dashboard: what is typed goes in, what is drawn comes out; both end together."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Callable

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from batchdeck.domain.text import show
from batchdeck.web.process import NEWS, SCREEN, DashboardProcess

_EXPORT_LINK = re.compile(r"exports/(?:[A-Za-z0-9_-]+/(?:[A-Za-z0-9_.~%-]+)?)?")
"""The only addresses a dashboard may have the browser open."""
_CELLS = range(1, 1001)
_WRONG = WSCloseCode.POLICY_VIOLATION


class NotUnderstood(Exception):
    """The page said something that is no message of the terminal's."""


async def join(
    socket: web.WebSocketResponse,
    process: DashboardProcess,
    *,
    idle_seconds: float,
    is_welcome: Callable[[], bool],
) -> None:
    """Carry packets both ways until the tab is closed, the dashboard is left, or nobody touches it for long.

    `is_welcome` is asked at every message. The process is the caller's to end.
    """
    showing = asyncio.create_task(_show(socket, process))
    try:
        while True:
            message = await socket.receive(timeout=idle_seconds)
            if message.type is not WSMsgType.TEXT:
                break
            if not is_welcome():
                await socket.close(code=_WRONG)
                break
            await _take(message, socket, process)
    except TimeoutError:
        await socket.close(code=WSCloseCode.OK, message=b"idle")
    except NotUnderstood:
        await socket.close(code=_WRONG)
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)


async def _take(message: WSMessage, socket: web.WebSocketResponse, process: DashboardProcess) -> None:
    """Hand one message of the page to the dashboard."""
    try:
        said = json.loads(message.data)
    except ValueError:
        raise NotUnderstood from None
    match said:
        case ["stdin", str(text)]:
            await process.type(text)
        case ["resize", {"width": int(width), "height": int(height)}] if width in _CELLS and height in _CELLS:
            await process.tell("resize", width=width, height=height)
        case ["focus" | "blur" as what, *_]:
            await process.tell(what)
        case ["ping", str(mark)]:
            await socket.send_str(json.dumps(["pong", mark[:40]]))
        case _:
            raise NotUnderstood


async def _show(socket: web.WebSocketResponse, process: DashboardProcess) -> None:
    """Send the page what the dashboard draws; close the page's socket when it has ended."""
    with contextlib.suppress(ConnectionError):
        async for kind, payload in process.packets():
            if kind == SCREEN:
                await socket.send_bytes(payload)
            elif kind == NEWS and (address := _address_in(payload)):
                await socket.send_str(json.dumps(["open_url", {"url": address, "new_tab": True}]))
        await process.end()
        if process.last_words:
            lines = show(process.last_words, newlines=True).replace("\n", "\r\n")
            await socket.send_bytes(f"\x1b[?1049l\x1b[0m\r\n{lines}".encode())
        await socket.close()


def _address_in(payload: bytes) -> str:
    """Return the address that the dashboard wants opened, where it is one of ours; else empty."""
    news = json.loads(payload)
    address = news.get("url") if news.get("type") == "open_url" else None
    return address if isinstance(address, str) and _EXPORT_LINK.fullmatch(address) else ""
