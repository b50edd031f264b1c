"""`batchdeck serve` as a process, spoken to over real sockets: who gets in, what they get, what is left."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from yarl import URL

from batchdeck.deck import Deck
from batchdeck.sandbox.samples import write_samples
from tests.e2e.conftest import wait_for

SECRETS = {
    "ANTHROPIC_API_KEY": "sk-ant-not-for-the-browser",
    "ANTHROPIC_AUTH_TOKEN": "token-not-for-the-browser",
    "AWS_SECRET_ACCESS_KEY": "aws-not-for-the-browser",
    "SSH_AUTH_SOCK": "/nowhere/not-for-the-browser",
}
ANSWER_SECONDS = 60.0


@dataclass
class Server:
    """A server process and its newest link."""

    process: subprocess.Popen[str]
    environ: dict[str, str]
    links: list[list[str]] = field(default_factory=list)

    def read_links(self) -> str:
        """Wait for the next line it prints, and return this machine's link in it."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the server ended"
        self.links.append(json.loads(line)["links"])
        return self.link

    @property
    def link(self) -> str:
        return self.links[-1][0]

    @property
    def base(self) -> str:
        """Its address, with the last slash."""
        return self.link.partition("?")[0]

    @property
    def origin(self) -> str:
        parts = urlsplit(self.link)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def children(self) -> list[int]:
        """The dashboards it has started that still run."""
        return children_of(self.process.pid)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(ANSWER_SECONDS)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        return code


def children_of(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def facts_of(pid: int, kind: str) -> list[str]:
    """What a process was started with: its ``cmdline`` or its ``environ``."""
    return Path(f"/proc/{pid}/{kind}").read_bytes().decode().split("\0")


def is_gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has taken note of counts as ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


Start = Callable[..., Server]


def start_server(deck: Path, *options: str, environ: dict[str, str] | None = None) -> Server:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ}
    environment = kept | SECRETS | (environ or {})
    command = [sys.executable, "-m", "batchdeck", "--deck", str(deck), "serve", "--json", *options]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    server = Server(process, environment)
    server.read_links()
    return server


@pytest.fixture(scope="module")
def deck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sandbox deck with one job, exported before any answer is there."""
    folder = tmp_path_factory.mktemp("served")
    write_samples(folder / "samples")

    async def make() -> None:
        async with Deck.open(folder / "deck", sandbox=True) as deck:
            scan = await deck.scan([folder / "samples" / "accounts.pdf"])
            submitted = await deck.submit(deck.plan(scan, name="accounts"))
            await deck.export(submitted.job)

    asyncio.run(make())
    return folder / "deck"


@pytest.fixture(scope="module")
def server(deck: Path) -> Iterator[Server]:
    """A read-only server for one tab at a time."""
    started = start_server(deck, "--port", "0", "--max-sessions", "1")
    yield started
    assert started.stop() == 0


@pytest.fixture
def start(deck: Path) -> Iterator[Start]:
    started: list[Server] = []

    def begin(*options: str, **more: Any) -> Server:
        started.append(start_server(deck, *options, **more))
        return started[-1]

    yield begin
    for server in started:
        if server.process.poll() is None:
            server.stop()


@contextlib.asynccontextmanager
async def browser(connector: aiohttp.BaseConnector | None = None) -> AsyncIterator[aiohttp.ClientSession]:
    """Somebody's browser: keeps cookies, follows no redirects by itself."""
    async with aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.CookieJar(unsafe=True),
        timeout=aiohttp.ClientTimeout(ANSWER_SECONDS),
    ) as session:
        yield session


async def sign_in(session: aiohttp.ClientSession, server: Server) -> str:
    """Use the newest link; return the Set-Cookie header."""
    async with session.get(server.link) as answer:
        assert answer.status == 200
        cookie = answer.headers["Set-Cookie"]
    server.read_links()
    return cookie


async def status_of(session: aiohttp.ClientSession, url: str, **options: Any) -> int:
    async with session.get(url, allow_redirects=False, **options) as answer:
        return answer.status


async def drawn(tab: aiohttp.ClientWebSocketResponse, wanted: str) -> str:
    """Wait until a tab has been sent a text, and return all that came."""
    text = ""
    while wanted not in text:
        message = await tab.receive(ANSWER_SECONDS)
        assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT), (message, text[-2000:])
        text += message.data if isinstance(message.data, str) else message.data.decode()
    return text


async def raw(server: Server, *lines: str) -> str:
    """Send a request as typed, and return the answer's status line."""
    where = urlsplit(server.base)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    answer = await asyncio.wait_for(reader.readline(), ANSWER_SECONDS)
    writer.close()
    await writer.wait_closed()
    return answer.decode().strip()


# Who gets in


async def test_a_link_works_once_and_nothing_is_shown_without_its_cookie(server: Server) -> None:
    base, link = server.base, server.link
    async with browser() as anybody:
        for path in ("", "assets/textual.js", "exports/", "?token=", "?token=" + "x" * 43):
            assert await status_of(anybody, base + path) == 403, path
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await anybody.ws_connect(base + "ws", origin=server.origin)
        assert refused.value.status == 403
        anybody.cookie_jar.update_cookies({f"batchdeck-{urlsplit(base).port}": "guessed"})
        assert await status_of(anybody, base) == 403
    async with browser() as owner:
        cookie = await sign_in(owner, server)
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
        assert await status_of(owner, base) == 200
        # Again, by whoever it is: refused, and nothing changes.
        assert await status_of(owner, link) == 403
        assert await status_of(owner, base, headers={"X-Forwarded-Prefix": "/elsewhere"}) == 200
    async with browser() as thief:
        assert await status_of(thief, link) == 403
        assert await status_of(thief, base) == 403
    async with browser() as second:
        assert server.link != link
        await sign_in(second, server)
        assert await status_of(second, base) == 200


async def test_other_hosts_and_origins_are_refused_even_with_the_cookie(server: Server) -> None:
    async with browser() as owner:
        cookie = (await sign_in(owner, server)).partition(";")[0]
    host = urlsplit(server.base).netloc
    port = urlsplit(server.base).port
    upgrade = (
        *("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"),
        *("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", f"Cookie: {cookie}"),
    )

    async def page(*headers: str) -> str:
        return await raw(server, "GET / HTTP/1.1", f"Cookie: {cookie}", *headers)

    async def tab(*headers: str) -> str:
        return await raw(server, "GET /ws HTTP/1.1", *upgrade, *headers)

    # As browsers speak to it: directly, and through a tunnel from another port.
    for own in (host, f"localhost:{port}", "localhost:9000", "[::1]:9000", "LOCALHOST"):
        assert " 200 " in await page(f"Host: {own}"), own
    for foreign in (
        *(
            f"evil.example:{port}",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "localhost@evil.example",
        ),
        *("localhost.", "", "192.0.2.7", "[::2]"),
    ):
        assert " 403 " in await page(f"Host: {foreign}"), foreign
        assert " 403 " in await tab(f"Host: {foreign}", f"Origin: http://{foreign}"), foreign
    assert " 20" not in await page(f"Host: {host}", "Host: evil.example")
    assert " 20" not in await page()
    assert " 403 " in await page(f"Host: {host}", "Origin: https://evil.example")
    for origin in (
        *("http://evil.example", "null", "", f"http://localhost:{port}", "http://127.0.0.1:1"),
        f"http://{host}.evil.example",
    ):
        assert " 403 " in await tab(f"Host: {host}", f"Origin: {origin}"), origin
    assert " 403 " in await tab(f"Host: {host}")
    assert " 403 " in await tab(f"Host: {host}", f"Origin: http://{host}", "Origin: http://evil.example")
    assert " 101 " in await tab(f"Host: {host}", f"Origin: http://{host}")
    await asyncio.to_thread(wait_for, lambda: not server.children)


async def test_what_the_page_is_made_of_lies_on_this_server(server: Server) -> None:
    async with browser() as owner:
        await sign_in(owner, server)
        async with owner.get(server.base) as answer:
            headers, text = answer.headers, await answer.text()
        policy = headers["Content-Security-Policy"]
        assert {"default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'"} <= set(
            policy.split("; ")
        )
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert "Server" not in headers
        nonces = re.findall(r'<script nonce="([^"]+)" src="[^"]+"></script>', text)
        assert nonces
        assert all(f"'nonce-{nonce}'" in policy for nonce in nonces)
        assert text.count("<script") == len(nonces)
        assert not any(secret in text for secret in SECRETS.values())
        wanted = re.findall(r'(?:src|href)="(assets/[^"]+)"', text)
        async with owner.get(server.base + "assets/web.css") as answer:
            style = await answer.text()
        wanted += ["assets/" + name for name in re.findall(r'url\("([^"]+)"\)', style)]
        assert len(wanted) == 6
        for address in wanted:
            assert "://" not in address
            assert await status_of(owner, server.base + address) == 200, address
        for address in ("assets/../server.py", "assets/%2e%2e/server.py", "static/", "download/x", "assets/"):
            assert await status_of(owner, server.base + address) == 404, address
        async with owner.get(server.base) as again:
            assert again.headers["Content-Security-Policy"] != policy


# What they get


async def test_a_tab_is_a_read_only_dashboard_without_secrets_and_there_are_no_more_than_may_be(
    server: Server,
) -> None:
    async with browser() as owner:
        await sign_in(owner, server)
        address = server.base + "ws?width=100&height=30"
        async with owner.ws_connect(address, origin=server.origin) as tab:
            screen = await drawn(tab, "quit")
            assert "READ-ONLY" in screen
            assert not {"submit", "retry", "export"} & set(screen.split())
            [child] = server.children
            assert "--read-only" in facts_of(child, "cmdline")
            inherited = facts_of(child, "environ")
            assert not any(secret in entry for entry in inherited for secret in SECRETS.values())
            assert any(entry.startswith("PATH=") for entry in inherited)
            # A second tab.
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await owner.ws_connect(address, origin=server.origin)
            assert refused.value.status == 503
            assert server.children == [child]
            await tab.send_str(json.dumps(["resize", {"width": 60, "height": 20}]))
            await drawn(tab, "quit")
            await tab.send_str(json.dumps(["stdin", "q"]))
            message = await tab.receive(ANSWER_SECONDS)
            while message.type is aiohttp.WSMsgType.BINARY:
                message = await tab.receive(ANSWER_SECONDS)
            assert message.type is aiohttp.WSMsgType.CLOSE
        await asyncio.to_thread(wait_for, lambda: is_gone(child))
        # What is no message of the terminal's ends the tab, and the place is free again.
        for nonsense in ('{"not": "ours"}', '["resize", {"width": -1, "height": 1e9}]', "[", '["stdin", 3]'):
            async with owner.ws_connect(address, origin=server.origin) as tab:
                await tab.send_str(nonsense)
                message = await tab.receive(ANSWER_SECONDS)
                while message.type is aiohttp.WSMsgType.BINARY:
                    message = await tab.receive(ANSWER_SECONDS)
                assert message.type is aiohttp.WSMsgType.CLOSE, nonsense
        await asyncio.to_thread(wait_for, lambda: not server.children)


async def test_an_export_opens_from_the_dashboard_and_nothing_else_of_the_disk_does(
    server: Server, deck: Path
) -> None:
    [job] = [folder.name for folder in (deck / "exports").iterdir()]
    folder = deck / "exports" / job
    (folder / "link.html").symlink_to(deck / "ledger.json")
    (folder / "linked").symlink_to(deck)
    (folder / ".hidden.html").write_text("hidden")
    (folder / "part.bin").write_bytes(b"\0\1")
    (folder / "odd <name> & 100%.txt").write_text("odd")
    os.mkfifo(folder / "pipe.html")
    (deck / "exports" / "other").symlink_to(deck)
    async with browser() as owner:
        await sign_in(owner, server)
        async with owner.ws_connect(server.base + "ws", origin=server.origin) as tab:
            await drawn(tab, "quit")
            await tab.send_str(json.dumps(["stdin", "o"]))
            news = re.search(r'\["open_url".*?\]', await drawn(tab, "open_url"))
            assert news is not None
            address = json.loads(news[0])[1]["url"]
        assert address == f"exports/{job}/"
        async with owner.get(server.base + address) as answer:
            listing = await answer.text()
        names = re.findall(r'<tr><td><a href="([^"]+)">', listing)
        assert "odd%20%3Cname%3E%20%26%20100%25.txt" in names
        assert not {"link.html", "linked", ".hidden.html", "pipe.html"} & set(names)
        for name in names:
            async with owner.get(URL(server.base + address + name, encoded=True)) as answer:
                assert answer.status == 200
                assert answer.headers["Content-Security-Policy"].startswith("sandbox")
                assert "allow-scripts" not in answer.headers["Content-Security-Policy"]
                body, kind = await answer.read(), answer.headers["Content-Type"]
                is_page = name.endswith(".html")
                assert is_page == kind.startswith("text/html")
                assert ("Content-Disposition" in answer.headers) == name.endswith(".bin")
                if is_page:
                    assert body == (folder / name).read_bytes()
        for escape in (
            *("link.html", "linked/ledger.json", ".hidden.html", "pipe.html", "nothing.html", "linked"),
            *("..%2f..%2fledger.json", "%2e%2e/%2e%2e/ledger.json", "x/..%2f..%2f..%2fledger.json"),
            *("%2fetc%2fpasswd", "..%5c..%5cledger.json", "x%00.html", "%ff.html"),
        ):
            address = f"{server.base}exports/{job}/{escape}"
            async with owner.get(URL(address, encoded=True)) as answer:
                assert answer.status == 404, escape
        for other in ("other/ledger.json", "..%2fledger.json", "%2e%2e%2f", "", job[:3] + "/"):
            status = await status_of(owner, f"{server.base}exports/{other}")
            assert status == (200 if not other else 404), other


# Under which addresses


async def test_under_a_prefix_and_behind_a_proxy(start: Start) -> None:
    server = start(
        *("--port", "0", "--prefix", "/services/deck", "--origin", "https://hub.example.org", "--trust-proxy")
    )
    port = urlsplit(server.base).port
    assert urlsplit(server.base).path == "/services/deck/"
    assert server.links[-1][1].startswith("https://hub.example.org/services/deck/?token=")
    hub = {"Host": "hub.example.org"}
    async with browser() as owner:
        cookie = await sign_in(owner, server)
        assert "Path=/services/deck/" in cookie.split("; ")
        assert "Secure" not in cookie
        assert await status_of(owner, server.base) == 200
        assert await status_of(owner, server.base + "assets/web.js") == 200
        assert await status_of(owner, server.base.rstrip("/")) == 302
    async with browser() as owner:
        # The proxy takes the prefix off, and says so; the browser comes by TLS.
        token = parse_qs(urlsplit(server.link).query)["token"][0]
        async with owner.get(
            f"http://127.0.0.1:{port}/",
            params={"token": token},
            headers=hub | {"X-Forwarded-Prefix": "/user/me/proxy/1", "X-Forwarded-Proto": "https"},
        ) as answer:
            cookie = answer.headers["Set-Cookie"]
        assert {"Path=/user/me/proxy/1/", "Secure"} <= set(cookie.split("; "))
        carried = hub | {"Cookie": cookie.partition(";")[0]}
        plain = f"http://127.0.0.1:{port}/"
        assert await status_of(owner, plain, headers=carried) == 200
        for origin, allowed in (
            *(("https://hub.example.org:444", False), ("https://example.org", False)),
            ("https://hub.example.org", True),
        ):
            connecting = owner.ws_connect(plain + "ws", headers=carried, origin=origin)
            if allowed:
                async with connecting as tab:
                    await drawn(tab, "quit")
                    if origin == "https://hub.example.org":
                        await leaves_nothing(server, signal.SIGTERM)
            else:
                with pytest.raises(aiohttp.WSServerHandshakeError):
                    await connecting


async def test_a_socket_file_is_the_operators_alone(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "deck.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    server = start("--unix-socket", str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    async with browser(aiohttp.UnixConnector(str(path))) as owner:
        await sign_in(owner, server)
        async with owner.ws_connect(server.base + "ws", origin=server.origin) as tab:
            await drawn(tab, "READ-ONLY")
            assert await status_of(owner, server.base, headers={"Host": "evil.example"}) == 403
            await leaves_nothing(server, signal.SIGINT)
    assert not path.exists()


# What is left after


async def leaves_nothing(server: Server, number: int) -> None:
    """End a server while a tab is open, and wait until its dashboard has ended with all of its family."""
    [child] = server.children
    family = [child, *children_of(child)]
    code = await asyncio.to_thread(server.stop, number)
    assert code == (-number if number == signal.SIGKILL else 0)
    await asyncio.to_thread(wait_for, lambda: all(is_gone(pid) for pid in family))


async def test_with_write_it_may_and_no_dashboard_outlives_a_server_that_was_killed(start: Start) -> None:
    server = start("--port", "0", "--write")
    async with browser() as owner:
        await sign_in(owner, server)
        async with owner.ws_connect(server.base + "ws", origin=server.origin) as tab:
            assert "READ-ONLY" not in await drawn(tab, "submit")
            await leaves_nothing(server, signal.SIGKILL)


async def test_what_nobody_touches_is_closed_and_signed_out(start: Start) -> None:
    server = start("--port", "0", "--idle-minutes", "0.04")
    async with browser() as owner:
        await sign_in(owner, server)
        async with owner.ws_connect(server.base + "ws", origin=server.origin) as tab:
            message = await tab.receive(ANSWER_SECONDS)
            while message.type is aiohttp.WSMsgType.BINARY:
                message = await tab.receive(ANSWER_SECONDS)
            assert message.type is aiohttp.WSMsgType.CLOSE
        await asyncio.to_thread(wait_for, lambda: not server.children)
        assert await status_of(owner, server.base) == 403
