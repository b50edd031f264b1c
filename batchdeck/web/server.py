"""The guarded server: what passes the guard gets the page, a file of it, an export or a dashboard."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import WSCloseCode, web

from batchdeck.domain.text import show
from batchdeck.web.child import DashboardCommand
from batchdeck.web.exports import Listed, content_type, is_shown, list_files, open_file
from batchdeck.web.guard import Addresses, SignIns
from batchdeck.web.headers import ALWAYS, EXPORT_POLICY, NOTHING_POLICY, make_nonce, page_policy
from batchdeck.web.options import ServeOptions, is_prefix
from batchdeck.web.pages import assets, render
from batchdeck.web.process import DashboardProcess
from batchdeck.web.session import join

if TYPE_CHECKING:
    from batchdeck.deck import Deck

_HEARTBEAT_SECONDS = 15.0
"""A tab that does not answer for so long has gone, and its dashboard with it."""
_PATIENCE_SECONDS = 3.0
"""How long a tab waits for a place: one that is reloaded asks before its old self has gone."""
_MOST_MESSAGE_BYTES = 1 << 20
_CHUNK = 1 << 18
_FONT_SIZES = range(8, 41)
Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


class WebServer:
    """Answers for one deck.

    Args:
        deck: opened read-only; the caller closes it.
        command: starts a dashboard.
        addresses: the names under which we may be spoken to.
        sign_ins: who may; its link has to be shown to the operator.
        on_sign_in: called when a link has been used, and there is a new one.
    """

    def __init__(
        self,
        deck: Deck,
        command: DashboardCommand,
        options: ServeOptions,
        *,
        addresses: Addresses,
        sign_ins: SignIns,
        on_sign_in: Callable[[], None],
    ) -> None:
        self._deck = deck
        self._command = command
        self._options = options
        self._addresses = addresses
        self._sign_ins = sign_ins
        self._on_sign_in = on_sign_in
        self._places = asyncio.Semaphore(options.max_sessions)
        self._sockets: set[web.WebSocketResponse] = set()
        self._cookie = f"batchdeck-{options.port or os.getpid()}"

    def application(self) -> web.Application:
        """Return what answers. Its shutdown ends every dashboard."""
        application = web.Application(middlewares=[self._guard], client_max_size=1024)
        for base in dict.fromkeys(("", self._options.prefix)):
            application.router.add_get(f"{base}/", self._page, allow_head=False)
            application.router.add_get(f"{base}/ws", self._dashboard, allow_head=False)
            application.router.add_get(f"{base}/assets/{{name}}", self._asset, allow_head=False)
            application.router.add_get(f"{base}/exports/", self._exported_jobs, allow_head=False)
            application.router.add_get(f"{base}/exports/{{job}}/", self._exported_files, allow_head=False)
            application.router.add_get(
                f"{base}/exports/{{job}}/{{name:.+}}", self._exported_file, allow_head=False
            )
        application.on_response_prepare.append(_forbid)
        application.on_shutdown.append(self._close_all)
        return application

    # The guard

    @web.middleware
    async def _guard(self, request: web.Request, handler: Answering) -> web.StreamResponse:
        """Let a request through whose host and origin are ours and whose sender has signed in."""
        local = request.transport.get_extra_info("sockname") if request.transport is not None else None
        address = str(local[0]) if isinstance(local, tuple) else ""
        if not self._addresses.is_own_host(request.headers.getall("Host", []), address):
            return _refuse("Unknown host", "This server is not known by that name. --origin adds one.")
        origins = request.headers.getall("Origin", [])
        is_socket = request.path.endswith("/ws")
        if len(origins) != 1 if is_socket else len(origins) > 1:
            return _refuse("No origin", "Dashboards are opened from the page of this server only.")
        if origins and not self._addresses.is_own_origin(origins[0], request.headers["Host"]):
            return _refuse("Foreign origin", "Pages from elsewhere may not speak to this server.")
        prefix = self._options.prefix
        if prefix and request.path == prefix:
            # The cookie is for what lies below the slash.
            raise web.HTTPFound(location=f"{prefix.rpartition('/')[2]}/")
        if request.path in ("/", f"{prefix}/") and "token" in request.query:
            return self._sign_in(request)
        if not self._is_signed_in(request):
            return _refuse("Not signed in", "Open the link that batchdeck serve has printed last.")
        return await handler(request)

    def _is_signed_in(self, request: web.Request) -> bool:
        return self._sign_ins.is_signed_in(request.cookies.get(self._cookie, ""))

    def _sign_in(self, request: web.Request) -> web.StreamResponse:
        """Trade the link's token for a cookie.

        Answered with a page that goes on by itself, not with a redirect: after a click elsewhere, a redirect
        would still count as coming from there, and the strict cookie be withheld.
        """
        cookie = self._sign_ins.redeem(request.query["token"])
        if cookie is None:
            return _refuse(
                "This link does not work", "A link works once. batchdeck serve has printed a new one."
            )
        response = _page("message", title="BatchDeck", text="Opening the dashboard.", onward="./")
        response.set_cookie(
            self._cookie,
            cookie,
            path=f"{self._prefix_of(request)}/",
            httponly=True,
            samesite="Strict",
            secure=self._is_secure(request),
        )
        self._on_sign_in()
        return response

    def _prefix_of(self, request: web.Request) -> str:
        """Return the path the cookie is for: the prefix as configured, or as a trusted proxy says."""
        said = request.headers.get("X-Forwarded-Prefix", "").rstrip("/") if self._options.trust_proxy else ""
        return said if is_prefix(said) else self._options.prefix

    def _is_secure(self, request: web.Request) -> bool:
        said = request.headers.get("X-Forwarded-Proto", "") if self._options.trust_proxy else ""
        return said == "https" or self._addresses.is_reached_by_tls(request.headers["Host"])

    # Pages and files

    async def _page(self, request: web.Request) -> web.StreamResponse:
        size = request.query.get("fontsize", "")
        font_size = int(size) if size.isascii() and size.isdigit() and int(size) in _FONT_SIZES else 16
        return _page(
            "dashboard",
            deck=show(self._deck.path.name, 60),
            font_size=font_size,
            most=self._options.max_sessions,
        )

    async def _asset(self, request: web.Request) -> web.StreamResponse:
        try:
            path, kind = assets()[request.match_info["name"]]
        except KeyError:
            raise web.HTTPNotFound from None
        body = await asyncio.to_thread(path.read_bytes)
        response = web.Response(
            body=body, headers={"Content-Type": kind, "Cache-Control": "private, max-age=3600"}
        )
        response.enable_compression()
        return response

    async def _exported_jobs(self, _: web.Request) -> web.StreamResponse:
        self._deck.refresh()
        rows = [
            {"name": show(job.name, 80), "link": f"{job.id}/", "note": f"{len(job.documents)}"}
            for job in self._deck.jobs()
            if self._deck.exported(job.id) is not None
        ]
        return _page(
            "list",
            title="Exported jobs",
            up="../",
            heads=("Job", "Documents"),
            rows=rows,
            nothing="No job of this deck has been exported yet: x in the dashboard does.",
        )

    async def _exported_files(self, request: web.Request) -> web.StreamResponse:
        folder, name = self._export(request.match_info["job"])
        files = await asyncio.to_thread(list_files, folder)
        return _page(
            "list",
            title=show(name, 80),
            up="../../",
            heads=("File", "Size"),
            rows=[_row(file) for file in files],
            nothing="There is no file in this job's exports folder.",
        )

    async def _exported_file(self, request: web.Request) -> web.StreamResponse:
        folder, _ = self._export(request.match_info["job"])
        name = request.match_info["name"]
        try:
            file = await asyncio.to_thread(open_file, folder, name)
        except FileNotFoundError:
            raise web.HTTPNotFound from None
        with file:
            response = web.StreamResponse(
                headers={"Content-Type": content_type(name), "Content-Security-Policy": EXPORT_POLICY}
            )
            if not is_shown(name):
                response.headers["Content-Disposition"] = "attachment"
            response.content_length = os.fstat(file.fileno()).st_size
            await response.prepare(request)
            left = response.content_length
            while left > 0 and (chunk := await asyncio.to_thread(file.read, min(_CHUNK, left))):
                left -= len(chunk)
                await response.write(chunk)
        await response.write_eof()
        return response

    def _export(self, job_id: str) -> tuple[Path, str]:
        """Return the exports folder and the name of a job that is called by its whole id."""
        self._deck.refresh()
        for job in self._deck.jobs():
            folder = self._deck.exported(job.id) if job.id == job_id else None
            if folder is not None and not folder.is_symlink():
                return folder, job.name
        raise web.HTTPNotFound

    # Dashboards

    async def _dashboard(self, request: web.Request) -> web.StreamResponse:
        """Give a tab a dashboard of its own, for as long as both last."""
        async with self._place() as is_free:
            if not is_free:
                text = f"{self._options.max_sessions} dashboards are open, and no more may be."
                return _refuse("No place is free", text, status=503)
            socket = web.WebSocketResponse(heartbeat=_HEARTBEAT_SECONDS, max_msg_size=_MOST_MESSAGE_BYTES)
            await socket.prepare(request)
            environment = self._command.environment(
                os.environ, width=_cells(request, "width", 80), height=_cells(request, "height", 24)
            )
            process = await DashboardProcess.start(self._command.arguments, environment)
            self._sockets.add(socket)
            try:
                await join(
                    socket,
                    process,
                    idle_seconds=self._options.idle_seconds,
                    is_welcome=lambda: self._is_signed_in(request),
                )
            finally:
                self._sockets.discard(socket)
                await process.end()
            return socket

    @contextlib.asynccontextmanager
    async def _place(self) -> AsyncIterator[bool]:
        """Hold one of the places for dashboards; gives False where none gets free in time."""
        try:
            await asyncio.wait_for(self._places.acquire(), _PATIENCE_SECONDS)
        except TimeoutError:
            yield False
            return
        try:
            yield True
        finally:
            self._places.release()

    async def _close_all(self, _: web.Application) -> None:
        closing = [socket.close(code=WSCloseCode.GOING_AWAY, message=b"stopped") for socket in self._sockets]
        await asyncio.gather(*closing, return_exceptions=True)


async def _forbid(_: web.Request, response: web.StreamResponse) -> None:
    """Put on every answer what the browser may not do with it."""
    for name, value in ALWAYS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", NOTHING_POLICY)
    response.headers.popall("Server", None)


def _page(template: str, *, status: int = 200, **values: object) -> web.Response:
    nonce = make_nonce()
    return web.Response(
        text=render(template, nonce=nonce, **values),
        status=status,
        content_type="text/html",
        charset="utf-8",
        headers={"Content-Security-Policy": page_policy(nonce)},
    )


def _refuse(title: str, text: str, *, status: int = 403) -> web.Response:
    return _page("message", status=status, title=title, text=text, onward="")


def _row(file: Listed) -> dict[str, str]:
    return {"name": show(file.name, 200), "link": file.link, "note": f"{file.size:,} bytes"}


def _cells(request: web.Request, name: str, usual: int) -> int:
    said = request.query.get(name, "")
    return min(max(int(said), 1), 1000) if said.isascii() and said.isdigit() and len(said) < 6 else usual
