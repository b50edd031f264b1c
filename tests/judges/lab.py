"""A real JupyterLab in a headless Chromium, and the dashboards in its cells as a person sees them."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import struct
import subprocess
import sys
import termios
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

TOKEN = "judge"
_FRAMES = 'iframe[title^="BatchDeck dashboard"]'
_COLLECT = """
  window.__shown = [];
  window.addEventListener("message", ({ data }) => {
    if (data.output) window.__shown.push(Array.from(new Uint8Array(data.output)));
  });
"""


def wait_until(holds: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    """Wait until something is so and return what it is."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not in {seconds:.0f} s")
        time.sleep(0.1)
    return found


@contextlib.contextmanager
def jupyter_lab(folder: Path) -> Iterator[str]:
    """Serve a folder; the value is the server's address."""
    runtime = folder / ".runtime"
    places = {"CONFIG_DIR": ".config", "DATA_DIR": ".data", "RUNTIME_DIR": ".runtime"}
    environ = os.environ | {f"JUPYTER_{name}": str(folder / place) for name, place in places.items()}
    _keep_quiet(folder / ".config")
    words = ["--no-browser", "--port=0", "--ip=127.0.0.1", "--allow-root", "--expose-app-in-browser"]
    words += [f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={folder}"]
    with (folder / ".log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *words],
            env=environ | {"IPYTHONDIR": str(folder / ".ipython")},
            cwd=folder,
            stdout=log,
            stderr=log,
        )
    try:
        yield wait_until(lambda: _address(runtime), "the server's address")
    finally:
        server.terminate()
        server.wait(30)


def _keep_quiet(config: Path) -> None:
    """Let JupyterLab ask nobody for news of itself."""
    settings = config / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(
        '{"fetchNews": "false", "checkForUpdates": false}'
    )


def _address(runtime: Path) -> str:
    for note in runtime.glob("jpserver-*.json"):
        with contextlib.suppress(OSError, ValueError):
            url = str(json.loads(note.read_text())["url"])
            urllib.request.urlopen(f"{url}api?token={TOKEN}").close()
            return url
    return ""


@contextlib.contextmanager
def browser_page(requests: list[str]) -> Iterator[Any]:
    """Open a page in Chromium; every address it asks for is noted."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1200, "height": 1000})
        page.add_init_script(_COLLECT)
        page.on("request", lambda request: requests.append(request.url))
        try:
            yield page
        finally:
            browser.close()


class Notebook:
    """One notebook, open in the page."""

    def __init__(self, page: Any, url: str, name: str) -> None:
        self.page = page
        page.goto(f"{url}lab/tree/{name}?token={TOKEN}")
        self._wait_for_kernel()

    def _wait_for_kernel(self) -> None:
        idle = (
            "() => window.jupyterapp?.shell.currentWidget?.context?.sessionContext?.session?.kernel?.status"
        )
        wait_until(lambda: self.page.evaluate(idle) == "idle", "an idle kernel", 90)

    def reload(self) -> None:
        self.page.reload()
        self._wait_for_kernel()

    def command(self, name: str) -> None:
        """Run a command of JupyterLab by its name."""
        self.page.evaluate("(name) => void window.jupyterapp.commands.execute(name)", name)

    def select(self, cell: int) -> None:
        panel = "window.jupyterapp.shell.currentWidget.content"
        self.page.evaluate(f"(at) => {{ {panel}.activeCellIndex = at; {panel}.deselectAll(); }}", cell)

    def output(self, cell: int) -> str:
        """Return what stands below a cell, as text."""
        return str(
            self.page.locator(".jp-Notebook .jp-CodeCell").nth(cell).locator(".jp-OutputArea").inner_text()
        )

    def dashboards(self, count: int) -> list[InCell]:
        """Return the dashboards that are on show, once there are so many."""
        frames = wait_until(
            lambda: (found := self.page.query_selector_all(_FRAMES)) and len(found) == count and found,
            f"{count} dashboards",
        )
        return [InCell(self.page, frame) for frame in frames]


class InCell:
    """One dashboard in one cell: what its terminal was sent, drawn by a terminal of ours."""

    def __init__(self, page: Any, frame: Any) -> None:
        import pyte

        self._page = page
        self.element = frame
        self._fed = 0
        self._screen = pyte.Screen(250, 100)
        self._stream = pyte.ByteStream(self._screen)

    @property
    def text(self) -> str:
        """What it shows."""
        shown = self.element.content_frame().evaluate(f"() => window.__shown.slice({self._fed})")
        self._fed += len(shown)
        for data in shown:
            self._stream.feed(bytes(data))
        return "\n".join(line.rstrip() for line in self._screen.display)

    def wait_for(self, *wanted: str, seconds: float = 60) -> str:
        text = ""

        def shows() -> bool:
            nonlocal text
            text = self.text
            return all(part in text for part in wanted)

        try:
            wait_until(shows, f"{wanted}", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{text}") from None
        return text

    def see(self) -> None:
        """Scroll to it: a browser lets a frame rest that nobody sees."""
        self.element.scroll_into_view_if_needed()

    def focus(self) -> None:
        self.see()
        self.element.click(position={"x": 300, "y": 200})

    def has_focus(self) -> bool:
        """Say whether it is what keys go to."""
        return bool(self.element.evaluate("(frame) => document.activeElement === frame"))

    def press(self, *keys: str) -> None:
        for key in keys:
            self._page.keyboard.press(key)

    def picture(self, path: Path) -> None:
        """Leave a picture of the page with this dashboard on it."""
        self.see()
        self._page.screenshot(path=path)


def dashboards_under(folder: Path) -> list[int]:
    """Return the processes that show a deck below a folder, oldest first."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit():
                words = (entry / "cmdline").read_bytes().split(b"\0")
                if b"batchdeck.notebook.child" in words and any(str(folder).encode() in w for w in words):
                    started = int(_stat(entry.name)[19])
                    found.append((started, int(entry.name)))
    return [pid for _, pid in sorted(found)]


def _stat(pid: int | str) -> list[str]:
    """Return what the kernel tells of a process, from its state on (proc(5))."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def with_descendants(pids: list[int]) -> set[int]:
    """Return processes with all that they have started."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            if entry.name.isdigit():
                parent = int(_stat(entry.name)[1])
                children.setdefault(parent, []).append(int(entry.name))
    found, waiting = set(pids), list(pids)
    while waiting:
        new = children.get(waiting.pop(), [])
        found |= set(new)
        waiting += new
    return found


def is_running(pid: int) -> bool:
    try:
        return _stat(pid)[0] != "Z"
    except OSError:
        return False


def screen_size(pid: int) -> tuple[int, int]:
    """Return columns and lines of a process's terminal."""
    with open(f"/proc/{pid}/fd/0", "rb", buffering=0) as terminal:
        packed = fcntl.ioctl(terminal, termios.TIOCGWINSZ, b"\0" * 8)
    lines, columns, _, _ = struct.unpack("HHHH", packed)
    return columns, lines


def listening(pids: set[int]) -> set[int]:
    """Return those of some processes that listen on a port."""
    inodes = set()
    for table in ("tcp", "tcp6"):
        for row in Path("/proc/net", table).read_text().splitlines()[1:]:
            fields = row.split()
            if fields[3] == "0A":
                inodes.add(f"socket:[{fields[9]}]")
    found = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    if os.readlink(descriptor) in inodes:
                        found.add(pid)
    return found
