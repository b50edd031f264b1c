"""A `batchdeck serve` process, and browsers that speak to it over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

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


async def leaves_nothing(server: Server, number: int) -> None:
    """End a server while a tab is open, and wait until its dashboard has ended with all of its family."""
    [child] = server.children
    family = [child, *children_of(child)]
    code = await asyncio.to_thread(server.stop, number)
    assert code == (-number if number == signal.SIGKILL else 0)
    await asyncio.to_thread(wait_for, lambda: all(is_gone(pid) for pid in family))
