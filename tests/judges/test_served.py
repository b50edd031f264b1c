"""A browser at `batchdeck serve`: the whole main job by keyboard, nothing from outside, no breach."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image

from batchdeck.deck import Deck
from batchdeck.html.external import Judges
from batchdeck.sandbox.samples import write_samples
from tests.judges.visiting import visit

pytestmark = pytest.mark.judges

SECRET = "sk-ant-not-for-any-page"
FAULTS = """
[[rows]]
outcome = "truncated"
pages = 2
attempts = 1
"""
PICTURES = Path(__file__).parents[2] / "docs" / "images"
_FEWEST_SHADES = 12
"""Of grey that a drawn screen has at least: letters have soft edges."""


@pytest.fixture
def link(tmp_path: Path) -> Iterator[str]:
    """A link to a deck with nothing in it yet, served for writing from a sandbox with faults."""
    write_samples(tmp_path / "papers", "accounts", "minutes-scan")
    (tmp_path / "faults.toml").write_text(FAULTS)
    environ = {**os.environ, "ANTHROPIC_API_KEY": SECRET}
    sandbox = subprocess.Popen(
        [
            *(sys.executable, "-m", "batchdeck.sandbox", "--state", str(tmp_path / "state")),
            *("--faults", str(tmp_path / "faults.toml"), "--batch-seconds", "0.5", "--key", SECRET),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert sandbox.stdout is not None
    environ |= {"ANTHROPIC_BASE_URL": json.loads(sandbox.stdout.readline())["base_url"]}
    environ |= {"BATCHDECK_POLLING_FLOOR_SECONDS": "0.5", "BATCHDECK_POLLING_CEILING_SECONDS": "1"}
    command = [sys.executable, "-m", "batchdeck", "--deck", str(tmp_path / "deck")]
    command += ["serve", "--write", "--port", "0", "--json"]
    server = subprocess.Popen(command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    yield json.loads(server.stdout.readline())["links"][0]
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    for process in (server, sandbox):
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        assert process.stdout is not None
        process.stdout.close()
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[str]:
    """The address of another server of this machine, whose pages a browser takes for the same site."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "index.html").write_text(
        "<!DOCTYPE html><link rel=icon href=data:,><title>elsewhere</title>"
    )
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"]
    server = subprocess.Popen(
        command, cwd=tmp_path / "elsewhere", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert server.stdout is not None
    with server.stdout:
        port = re.search(r"port (\d+)", server.stdout.readline())
        assert port is not None
        yield f"http://127.0.0.1:{port[1]}/"
        server.kill()
        server.wait()


def test_the_main_job_by_keyboard_in_a_browser(
    link: str, elsewhere: str, judges: Judges, tmp_path: Path
) -> None:
    base = link.partition("?")[0]
    tab_from_elsewhere = f"""new Promise((resolve) => {{
        const socket = new WebSocket("{base.replace("http", "ws")}ws");
        socket.onopen = () => resolve("in");
        socket.onerror = () => resolve("refused");
    }})"""
    pictures = {name: tmp_path / f"web-{name}.png" for name in ("job", "page", "home", "export")}
    seen = visit(
        judges,
        [
            ("open", link),
            ("see", "No batches yet"),
            ("ask", ["address", "location.href"]),
            ("ask", ["font", "document.fonts.check(\"16px 'Roboto Mono'\")"]),
            ("ask", ["cookie", "document.cookie"]),
            # Submit a folder.
            ("press", "s"),
            ("see", "all of this folder"),
            ("type", "papers"),
            ("press", "Enter"),
            ("see", "y sends them"),
            ("press", "y"),
            ("see", "submitted in 1 batch"),
            ("press", "Escape"),
            ("see", "✗"),
            # Into a failed page.
            ("press", "Enter"),
            ("see", "truncated"),
            ("press", "e"),
            ("see", "failures only"),
            ("picture", str(pictures["job"])),
            ("press", "Enter"),
            ("see", "max_tokens"),
            ("resize", [1240, 700]),
            # The last line of the source, which was below the edge before.
            ("see", "closed for four days"),
            ("picture", str(pictures["page"])),
            ("press", "Escape"),
            ("see", "failures only"),
            ("press", "Escape"),
            ("see", "0000"),
            ("press", "Escape"),
            ("see", "✗"),
            # Send them again.
            ("press", "r"),
            ("see", "y sends them"),
            ("press", "y"),
            ("see", "submitted in 1 batch"),
            ("press", "Escape"),
            ("see", "✓ done"),
            # Export, and read what came out.
            ("press", "x"),
            ("see", "x writes one HTML document"),
            ("press", "x"),
            ("see", "for review"),
            ("press", "Escape"),
            ("see", "done"),
            ("picture", str(pictures["home"])),
            ("popup", "o"),
            ("ask", ["list", "document.querySelectorAll('td a').length"]),
            ("click", "a[href^='minutes'][href$='.html']:not([href*='report'])"),
            ("ask", ["heading", "document.querySelector('h1').textContent"]),
            (
                "ask",
                ["figures", "[...document.images].map((image) => image.complete && image.naturalWidth > 0)"],
            ),
            ("picture", str(pictures["export"])),
            ("back", None),
            ("tab", elsewhere),
            ("ask", ["elsewhere", tab_from_elsewhere]),
            ("back", None),
            ("press", "q"),
            ("seePage", "body.-closed"),
        ],
    )
    assert seen.answers == {
        "address": base,
        "font": True,
        "cookie": "",
        "list": 6,
        "heading": seen.answers["heading"],
        "figures": [True],
        "elsewhere": "refused",
    }
    assert seen.answers["heading"]
    # Only the tab from elsewhere was told off, and by our server.
    assert seen.violations == ()
    assert [re.sub(r":\d+", "", error) for error in seen.errors] == [
        "WebSocket connection to 'ws://127.0.0.1/ws' failed: "
        "Error during WebSocket handshake: Unexpected response code: 403"
    ]
    ours = {urlsplit(address).netloc for address in (base, elsewhere)}
    assert {urlsplit(address).netloc for address in seen.requests} == ours
    assert SECRET not in seen.drawn
    for name, picture in pictures.items():
        with Image.open(picture) as image:
            assert len(image.convert("L").getcolors() or ()) >= _FEWEST_SHADES, name
    if os.environ.get("WRITE_PICTURES"):
        shutil.copy(pictures["page"], PICTURES)


HOSTILE = """<!DOCTYPE html><title>calm</title><h1>Hostile</h1>
<script>document.title = "ran"</script><img src="figure.png" onload="document.title = 'ran'">
<img src="http://evil.example/seen.png"><link rel="stylesheet" href="http://evil.example/seen.css">
<iframe src="../../"></iframe><object data="../../"></object><svg onload="document.title = 'ran'"></svg>
<form action="../../ws"><button>Press</button></form><meta http-equiv="refresh" content="0; url=javascript:1">
"""


def test_an_exported_document_shows_its_pictures_and_does_nothing_else(
    judges: Judges, tmp_path: Path
) -> None:
    write_samples(tmp_path / "samples", "accounts")

    async def make() -> str:
        async with Deck.open(tmp_path / "deck", sandbox=True) as deck:
            scan = await deck.scan([tmp_path / "samples" / "accounts.pdf"])
            return (await deck.submit(deck.plan(scan))).job

    job = asyncio.run(make())
    folder = tmp_path / "deck" / "exports" / job
    folder.mkdir()
    (folder / "hostile.html").write_text(HOSTILE)
    Image.new("RGB", (3, 3), "red").save(folder / "figure.png")
    command = [sys.executable, "-m", "batchdeck", "--deck", str(tmp_path / "deck")]
    server = subprocess.Popen(
        [*command, "serve", "--port", "0", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout is not None
    with server.stdout:
        link = json.loads(server.stdout.readline())["links"][0]
        base = link.partition("?")[0]
        seen = visit(
            judges,
            [
                ("open", link),
                ("see", "READ-ONLY"),
                ("open", f"{base}exports/{job}/hostile.html"),
                ("ask", ["title", "document.title"]),
                ("ask", ["pictures", "[...document.images].map((image) => image.naturalWidth)"]),
                ("ask", ["frames", "frames.length"]),
                ("click", "button"),
                ("ask", ["address", "location.href"]),
            ],
        )
        server.terminate()
        assert server.wait(60) == 0
    assert seen.answers == {
        "title": "calm",
        "pictures": [3, 0],
        "frames": seen.answers["frames"],
        "address": f"{base}exports/{job}/hostile.html",
    }
    assert not any("evil.example" in address for address in seen.requests)
