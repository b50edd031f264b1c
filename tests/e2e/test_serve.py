"""`batchdeck serve` as a process, spoken to over real sockets: who gets in, what they get, what is left."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from yarl import URL

from batchdeck.deck import Deck
from batchdeck.sandbox.samples import write_samples
from tests.e2e.conftest import wait_for
from tests.e2e.serving import (
    ANSWER_SECONDS,
    SECRETS,
    Server,
    browser,
    drawn,
    facts_of,
    is_gone,
    leaves_nothing,
    raw,
    sign_in,
    start_server,
    status_of,
)

Start = Callable[..., Server]


@pytest.fixture(scope="module")
def deck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sandbox deck with one job, exported before any answer is there."""
    folder = tmp_path_factory.mktemp("served")
    write_samples(folder / "samples", "accounts")

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
