"""The dashboard in a real terminal: keys in, text out, the terminal given back; against a sandbox."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from batchdeck.sandbox.samples import write_samples

from .conftest import CORPUS, StartSandbox
from .pdfs import write_pdf
from .terminal import READY, Tmux

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")

FAULTS = """
[[rows]]
outcome = "truncated"
pages = 2
attempts = 1

[[rows]]
outcome = "refused"
pages = 1
attempts = 1
"""
FAST_POLLING = {"BATCHDECK_POLLING_FLOOR_SECONDS": "0.5", "BATCHDECK_POLLING_CEILING_SECONDS": "1"}


def gather_papers(folder: Path, *, is_real: bool) -> None:
    """Put a file of two pages, one of one page and one beyond repair into a folder.

    They are real documents where `is_real` and there are any beside the project, else our own samples.
    """
    if is_real and CORPUS.is_dir():
        folder.mkdir()
        for name, source in (("accounts", "tagged"), ("letter", "lichtenstein"), ("damaged", "invalid")):
            shutil.copy(CORPUS / "pdfs" / f"{source}.pdf", folder / f"{name}.pdf")
        return
    write_samples(folder, "accounts", "newsletter", "damaged")


@pytest.fixture
def dashboard(tmp_path: Path, start_sandbox: StartSandbox) -> Iterator[Callable[..., Tmux]]:
    """Start the dashboard over a fresh deck in a terminal of a size, with two documents to submit."""
    opened: list[Tmux] = []

    def start(
        columns: int = 80,
        lines: int = 24,
        *,
        is_real: bool = False,
        faults: str = FAULTS,
        gather: Callable[[Path], object] | None = None,
        **variables: str,
    ) -> Tmux:
        base_url, api_key = start_sandbox(faults)
        if gather is not None:
            gather(tmp_path / "papers")
        else:
            gather_papers(tmp_path / "papers", is_real=is_real)
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environ = {**kept, "LC_ALL": "C.UTF-8", "TERM": "xterm-256color", "SHELL": "/bin/bash"}
        environ |= {"ANTHROPIC_BASE_URL": base_url, "ANTHROPIC_API_KEY": api_key, **FAST_POLLING}
        pane = Tmux(f"batchdeck-test-{os.getpid()}", tmp_path, environ, columns, lines)
        opened.append(pane)
        # Inside tmux, tmux says what TERM is; a variable for the program itself is given on its line.
        given = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
        program = f"{given} {shlex.quote(sys.executable)} -m batchdeck --deck deck"
        pane.write(f"stty -g > before; {program}; echo code=$?; stty -g > after")
        pane.keys("Enter")
        pane.wait_for("No batches yet")
        return pane

    yield start
    for pane in opened:
        pane.close()


def submit(pane: Tmux) -> None:
    """Submit the folder by keys alone, and go back home."""
    pane.keys("s")
    pane.wait_for("all of this folder", "papers/")
    pane.write("papers")
    pane.keys("Enter")
    pane.wait_for("damaged.pdf", "3 pages of 2 documents", "y sends them", "$")
    pane.keys("y")
    pane.wait_for("3 pages submitted in 1 batch")
    pane.keys("Escape")
    pane.wait_for("✗ 3 failed   papers", "in flight")


def quit_and_check(pane: Tmux, folder: Path) -> None:
    """Quit; the terminal must be as it was before, and the exit code 0."""
    assert pane.ask("alternate_on") == "1"
    pane.keys("q")
    screen = pane.wait_for("code=0", READY)
    assert "Traceback" not in screen
    assert pane.ask("alternate_on") == "0"
    assert pane.ask("mouse_any_flag") == "0"
    assert pane.ask("cursor_flag") == "1"
    pane.wait_until(lambda _: (folder / "after").exists() and bool((folder / "after").read_text()), "stty")
    assert (folder / "before").read_text() == (folder / "after").read_text()


@dataclass(frozen=True)
class Setting:
    """The terminal that a whole job is done in."""

    columns: int = 80
    lines: int = 24
    variables: tuple[tuple[str, str], ...] = ()
    is_resized: bool = False
    is_real: bool = False
    """Whether the job is done with real documents, where there are any."""


SETTINGS = {
    "80x24": Setting(is_real=True),
    "200x50": Setting(200, 50, is_real=True),
    "no-color": Setting(variables=(("NO_COLOR", "1"),)),
    "screen": Setting(variables=(("TERM", "screen"),)),
    "resized": Setting(is_resized=True),
}


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS.keys())
def test_from_folder_to_export_by_keys(
    dashboard: Callable[..., Tmux], tmp_path: Path, setting: Setting
) -> None:
    pane = dashboard(setting.columns, setting.lines, is_real=setting.is_real, **dict(setting.variables))
    submit(pane)
    pane.keys("Enter")
    pane.wait_for("failed:", "truncated", "refused")
    pane.keys("e")
    pane.wait_for("failures only")
    pane.keys("g")
    pane.keys("Enter")
    pane.wait_for("accounts.pdf", "refused")
    if setting.is_resized:
        resize_to_and_fro(pane, "accounts.pdf", "refused")
    pane.keys("Escape")
    pane.wait_for("failures only")
    pane.keys("Escape")
    pane.wait_until(lambda screen: "failures only" not in screen, "all pages")
    pane.keys("Escape")
    pane.wait_for("✗ 3 failed   papers", "in flight")
    pane.keys("r")
    screen = pane.wait_for("Retry 1 of 3 failed pages", "→ 32,000", "not sent:", "y sends them")
    assert "$" in screen
    if setting.is_resized:
        resize_to_and_fro(pane, "Retry 1 of 3", "not sent:")
    pane.keys("y")
    pane.wait_for("1 page submitted in 1 batch")
    pane.keys("Escape")
    pane.wait_for("done")
    pane.keys("x")
    pane.wait_for("template document", "x writes one HTML document")
    pane.keys("x")
    pane.wait_for("Automated checks passed", "for review")
    assert len(list((tmp_path / "deck" / "exports").rglob("*.html"))) >= 2
    pane.keys("@")
    pane.wait_for("WHEN", "export", "send", "archived")
    pane.keys("Escape")
    pane.wait_for("template document")
    pane.keys("Escape")
    pane.wait_for("done", "in flight")
    quit_and_check(pane, tmp_path)


def resize_to_and_fro(pane: Tmux, *wanted: str) -> None:
    """Make the terminal wide, narrow, and what it was; each time the screen fills it and says the same."""
    for columns, lines, widest, narrowest in ((132, 40, 132, 101), (60, 20, 60, 0), (80, 24, 80, 61)):
        pane.resize(columns, lines)

        def fits(screen: str, widest: int = widest, narrowest: int = narrowest) -> bool:
            longest = max(map(len, screen.splitlines()))
            return narrowest <= longest <= widest and all(words in screen for words in wanted)

        pane.wait_until(fits, f"a screen of {columns}x{lines} with {wanted}")


def gather_long_papers(folder: Path) -> None:
    """Make documents that have more middle pages than first ones, and last ones after those."""
    for number in range(4):
        write_pdf(folder / f"{number}.pdf", 4, seed=number)


def test_a_ladder_stops_at_its_gate_and_goes_on_by_keys(
    dashboard: Callable[..., Tmux], tmp_path: Path
) -> None:
    faults = '[[rows]]\noutcome = "refused"\npages = "4"\nattempts = "1"\n'
    pane = dashboard(faults=faults, gather=gather_long_papers)
    pane.keys("s")
    pane.wait_for("all of this folder", "papers/")
    pane.write("papers")
    pane.keys("Enter")
    pane.wait_for("16 pages of 4 documents", "y sends them")
    pane.keys("e")
    pane.wait_for("change")
    pane.write("ladder 1,1,3,rest")
    pane.keys("Enter")
    pane.wait_for("1,1,3,rest · name papers", "y sends them")
    pane.keys("y")
    pane.wait_for("1 page submitted in 1 batch", "later rungs")
    pane.keys("Escape")
    pane.wait_for("✗ at a gate")
    pane.keys("g")
    screen = pane.wait_for("1 of 3 pages failed", "u goes on to the next rung")
    assert "▸ running" not in screen
    pane.keys("Enter")
    pane.wait_for("3.pdf", "refused")
    pane.keys("Escape")
    pane.wait_for("at a gate", "in flight")
    pane.keys("u")
    pane.wait_for("11 pages", "allowed 10%", "y send", "Esc leave it")
    pane.keys("y")
    pane.wait_for("3 failed")
    quit_and_check(pane, tmp_path)
